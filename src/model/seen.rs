//! What the views say of a node, apart from what it is.

use crate::model::liveness::Opinion;
use crate::model::liveness::SilentFor;
use crate::model::node::NodeSet;
use crate::model::slots::SlotSet;

/// What was seen of one node.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Seen {
    /// Its own `cluster nodes` is in the capture, whole: who is absent there, it does not know.
    pub has_view: bool,
    pub opinion: Opinion,
    /// A report names it, by its id or by its address alone, and could not ask it.
    pub unlisted: bool,
    /// Some view lists it at its address; else only a file's name, a heading or a command line tells
    /// that.
    pub is_listed_there: bool,
    /// Where some view doubts it and tells times.
    pub silent_for: Option<SilentFor>,
    /// Live nodes whose views list it (not itself).
    pub known_by: NodeSet,
    /// Live nodes whose views list it as a replica without a master (`slave -`).
    pub masterless_in: NodeSet,
    /// Live nodes that never knew it alive: their views are older than this id, as they list
    /// another dead one at its address, or their processes were started after it was last heard
    /// of. Of dead members only.
    pub unseen_by: NodeSet,
    /// Other live nodes that claim some of the same slots in their own views, by slot.
    pub contested: SlotSet,
}
