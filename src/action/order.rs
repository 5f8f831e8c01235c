//! An action's place in the order of a plan: what it waits for, what waits for it.

use crate::model::NodeId;

/// Something that a step brings about and others wait for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Milestone {
    /// The node is a member that the others know.
    Known(NodeId),
    /// The node holds no key.
    Emptied(NodeId),
    /// The node follows the master that it is to follow.
    Attached(NodeId),
    /// A replica has come to the node's shard.
    Gained(NodeId),
    /// A replica has left the node.
    Left(NodeId),
    /// The node leads its shard.
    Promoted(NodeId),
    /// The node's open slots are closed.
    Closed(NodeId),
    /// The node has the epoch that it starts with.
    Epoch(NodeId),
    /// The node owns slots that came to it.
    SlotsCame(NodeId),
    /// The slots that are to leave the node have left.
    SlotsLeft(NodeId),
    /// Nobody lists the id any more.
    Forgotten(NodeId),
    /// The node runs no more, or no more as the member that it was.
    Stopped(NodeId),
}

/// Order within a phase.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// What lost its copies is in more danger than what has a slot open.
    Copies,
    Closings,
    Promotions,
    /// Slots change their owner between masters that stay.
    Slots,
    /// What came is claimed above all older claims.
    Epochs,
    /// What is stopped leads nothing any more.
    Stops,
    /// Waits for everything else in the plan.
    Last,
}

/// What a step shares with no other step of its wave.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Room {
    /// It goes alone.
    pub alone: bool,
    /// Nodes whose hosts are busy with it.
    pub busy: Vec<NodeId>,
    /// Later steps of its phase and rank wait for it.
    pub holds_up: bool,
}
