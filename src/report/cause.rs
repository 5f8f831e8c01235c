//! One thing that went wrong and explains many findings.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// One thing that went wrong, and the findings that follow from it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    pub cause: CauseKind,
    /// `host-2: all 8 processes are dead`
    pub message: String,
    /// Whom it struck: addresses.
    pub nodes: Vec<String>,
    /// Places in `findings`, from 0: they would not be there without it.
    pub follows: Vec<usize>,
}

#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// Every process of a host is dead.
    HostDead,
    /// Every process with its data on a disk is dead, and others of its host live.
    DiskDead,
    /// Groups of nodes that do not reach each other.
    Split,
}
