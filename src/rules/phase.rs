//! The phases of a plan: what a finding's cure waits for.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// Phases of a plan, in order.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Slots get a live owner.
    Serve,
    /// Shards get the copies that they lack, where they belong.
    Protect,
    /// Masters are spread.
    Spread,
    /// What only a goal asks for.
    Change,
    /// What is left over goes.
    Tidy,
}

impl Phase {
    pub const ALL: &[Self] = &[
        Self::Serve,
        Self::Protect,
        Self::Spread,
        Self::Change,
        Self::Tidy,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Protect => "protect",
            Self::Change => "change",
            Self::Spread => "spread",
            Self::Tidy => "tidy",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
