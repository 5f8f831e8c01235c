//! A set of slots with its owner and the nodes that copy it.

use crate::model::node::NodeId;
use crate::model::slots::SlotSet;

/// Index of a shard in [`crate::model::Cluster::shards`]: owners in node order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShardId(pub u32);

impl ShardId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A slot owner, dead or alive, with everything that follows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shard {
    /// The node that owns the slots: live, dead or a ghost.
    pub owner: NodeId,
    pub slots: SlotSet,
    /// Nodes that name the owner as their master, live or not, in node order.
    pub replicas: Vec<NodeId>,
    /// Nodes that follow the owner through another replica, in node order.
    pub chained: Vec<NodeId>,
}
