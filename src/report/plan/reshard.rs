//! What moving slots comes to.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::Cluster;
use crate::plan::slots::Basis;
use crate::plan::slots::Tally;

/// What moving slots comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reshard {
    /// Slots that move.
    pub moved: u32,
    /// No plan that ends as asked moves fewer.
    pub moved_bound: u32,
    /// Pairs of a master that gives and one that gets.
    pub pairs: usize,
    /// No plan that moves as few slots as any has fewer.
    pub pairs_bound: usize,
    /// MiB that move with the slots, as far as the capture tells.
    pub mib: u64,
    /// Keys or bytes that move, where masters are to share those; null where they share slots.
    pub load: Option<ReshardLoad>,
    /// Slots whose data is lost for good; empty where none are given up.
    pub given_up: String,
    /// Who owned slots, or does after the plan.
    pub masters: Vec<ReshardMaster>,
}

/// What a share is a share of, and how much of it moves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReshardLoad {
    pub by: LoadKind,
    pub moved: u64,
    /// No plan that ends within the limits moves less.
    pub bound: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadKind {
    Keys,
    Bytes,
}

/// A master's slots before and after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReshardMaster {
    pub id: String,
    pub address: Option<String>,
    pub before: u32,
    pub after: u32,
}

impl Reshard {
    pub(super) fn of(cluster: &Cluster, tally: &Tally) -> Self {
        let master = |&(id, before, after)| {
            let node = cluster.node(id);
            ReshardMaster {
                id: node.name.to_string(),
                address: node.address.as_ref().map(ToString::to_string),
                before,
                after,
            }
        };
        Self {
            moved: tally.moved,
            moved_bound: tally.moved_bound,
            pairs: tally.pairs,
            pairs_bound: tally.pairs_bound,
            mib: tally.mib,
            load: tally.load.and_then(|(by, moved, bound)| {
                let by = match by {
                    Basis::Slots => return None,
                    Basis::Keys => LoadKind::Keys,
                    Basis::Memory => LoadKind::Bytes,
                };
                Some(ReshardLoad { by, moved, bound })
            }),
            given_up: tally.given_up.to_string(),
            masters: tally.masters.iter().map(master).collect(),
        }
    }
}
