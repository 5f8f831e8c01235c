//! Cluster and policy to findings, one file per rule.
//!
//! A rule of families C and K may look at the [`Inventory`]; every other rule sees the cluster
//! alone, and so also judges every simulated step. Start reading at [`check`].

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::SlotSet;
use crate::model::ZoneId;
use crate::policy::Policy;
use crate::policy::Wanted;

/// Something bad about the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub subject: Subject,
    /// Fact, then consequence; no full stop after one sentence.
    pub message: String,
    /// What to do about this one.
    pub help: String,
    /// Where to look in the capture, best first.
    pub evidence: Vec<Fact>,
}

/// What a finding is about. Findings are compared by rule and subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    Node(NodeId),
    /// Slots, and the node that a finding of that kind names (an open slot's node).
    Slots(SlotSet, Option<NodeId>),
    Host(HostId),
    Zone(ZoneId),
    Capture,
}

/// A fact of the capture; the inventory knows where it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    /// The node's line: in its own view, else in the first view that lists it.
    Node(NodeId),
    /// The line of `node` in the view of `observer`; without a line, the first line of that view.
    Seen { observer: NodeId, node: NodeId },
    /// The note that a node did not answer, else as [`Fact::Node`].
    Unreachable(NodeId),
    /// The replication section of its INFO, else as [`Fact::Node`].
    Replication(NodeId),
}

/// What a rule looks at.
pub struct Context<'a> {
    pub cluster: &'a Cluster,
    pub policy: &'a Policy,
    pub wanted: &'a Wanted,
    /// `cluster.shards()`, computed once.
    pub shards: Vec<Shard>,
}

impl<'a> Context<'a> {
    pub fn new(cluster: &'a Cluster, policy: &'a Policy, wanted: &'a Wanted) -> Self {
        Self {
            cluster,
            policy,
            wanted,
            shards: cluster.shards(),
        }
    }
}

/// Who cures a finding, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cure {
    /// A default plan.
    Yes,
    /// A plan that was asked to.
    Asked,
    /// Only a human.
    No,
}

/// What a rule looks at: a [`Check::Cluster`] rule also judges every simulated step.
#[derive(Clone, Copy)]
pub enum Check {
    Cluster(fn(&Context, &mut Vec<Finding>)),
    Capture(fn(&Inventory, &mut Vec<Finding>)),
}

/// One rule: its file is its page.
pub struct Rule {
    pub code: &'static str,
    /// Kebab-case; the file's name in snake_case.
    pub id: &'static str,
    pub severity: Severity,
    pub cure: Cure,
    pub check: Check,
    /// The file's own `//!` lines: What, Why, Do.
    pub page: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}
