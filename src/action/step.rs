//! A step: an action in its place in the order of a plan.

use crate::action::Action;
use crate::model::NodeId;
use crate::rules::Code;
use crate::rules::Phase;

/// An action with what decides its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    pub action: Action,
    pub phase: Phase,
    /// Within a phase, smaller first: orphans before shards that have a replica.
    pub urgency: u8,
    pub cures: Vec<Code>,
    pub reason: String,
    /// MiB it copies.
    pub mib: i64,
    /// The shard a replica is taken from, by its owner, and whether that leaves it exposed.
    pub leaves: Option<Leave>,
}

/// A replica move seen from the shard that gives the replica up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leave {
    pub owner: NodeId,
    /// The shard has another usable copy beside its master, whatever comes.
    pub covered: bool,
    /// MiB of the shard: what is at stake while it waits for its new replica.
    pub mib: i64,
}

/// A step: an action in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub draft: Draft,
    pub wave: u32,
    /// Positions of steps that must be done before, ascending.
    pub after: Vec<usize>,
    /// All steps up to this position must be done before, too: what goes last names no step.
    pub barrier: Option<usize>,
    /// Servers refuse it for a while after the step before that it names: two failovers of one
    /// shard, as votes are withheld for twice the node timeout.
    pub pause: bool,
}
