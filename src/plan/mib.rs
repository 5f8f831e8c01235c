//! How much data a new replica of a shard copies.

use std::collections::BTreeMap;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Shard;

/// More than any machine has: what a damaged file claims must not make sums of all shards wrap.
const MOST_MIB: i64 = 1 << 32;

/// MiB of `used_memory` per shard: of its owner, else of a replica, else the median of the
/// known, else 1.
pub(super) struct MibTable {
    known: BTreeMap<NodeId, i64>,
    median: i64,
}

impl MibTable {
    pub fn new(cluster: &Cluster, shards: &[Shard]) -> Self {
        let mib = |id: NodeId| {
            cluster
                .node(id)
                .used_memory
                .map(|b| (b.div_ceil(1 << 20) as i64).min(MOST_MIB))
        };
        let known: BTreeMap<NodeId, i64> = shards
            .iter()
            .filter_map(|s| {
                let copies = std::iter::once(&s.owner).chain(&s.replicas);
                Some((s.owner, copies.copied().find_map(mib)?))
            })
            .collect();
        let mut sorted: Vec<i64> = known.values().copied().collect();
        sorted.sort_unstable();
        let median = sorted
            .get(sorted.len().saturating_sub(1) / 2)
            .copied()
            .unwrap_or(1);
        Self { known, median }
    }

    pub fn of(&self, owner: NodeId) -> i64 {
        self.known.get(&owner).copied().unwrap_or(self.median)
    }
}
