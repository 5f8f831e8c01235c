//! A finding: the rule that fires, on what, and where to look.

use std::cmp::Reverse;

use crate::diagnostic::Severity;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::PartitionId;
use crate::model::SlotSet;
use crate::model::TabletId;
use crate::model::ZoneId;
use crate::rules::Allowed;
use crate::rules::Help;
use crate::rules::Rule;

/// Something bad about the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub subject: Subject,
    /// Fact, then consequence; no full stop after one sentence.
    pub message: String,
    /// What to do about this one.
    pub help: Help,
    /// Where to look in the capture, best first.
    pub evidence: Vec<Fact>,
    /// Why it is nobody's trouble; see [`judge`](crate::rules::judge).
    pub allowed: Option<Allowed>,
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
    /// Of the other family.
    Tablets(OfTablets),
}

/// What a finding of the other family is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OfTablets {
    Tablet(TabletId),
    Partition(PartitionId),
    Copy(PartitionId, TabletId),
    /// An operation by its id, and the partition that it is about.
    Op(u64, Option<PartitionId>),
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
    /// The node's `CLUSTER INFO`, else as [`Fact::Node`].
    ClusterInfo(NodeId),
    /// The node's `CLUSTER LINKS`, else as [`Fact::Node`].
    Links(NodeId),
    /// The first handshake entry in the node's view, else as [`Fact::Node`].
    Handshake(NodeId),
    /// The first line of the view of that place in [`crate::inventory::Inventory::views`].
    View(usize),
    /// A fault of a `nodes.conf`: indexes in the inventory's files and in the file's faults.
    ConfFault { file: usize, fault: usize },
    /// The place of a diagnostic: its index in the inventory.
    Diagnostic(usize),
    /// A sentence of a report: its index in the inventory's disagreements.
    Disagreement(usize),
    /// What a process or a host tells of itself: an index in the inventory's places.
    Read(usize),
    /// A row of a map that no node needs: its index in the inventory.
    UnusedRow(usize),
    /// Of the other family.
    Tablets(RowOfTablets),
}

/// A fact of the other family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowOfTablets {
    /// The row of `showtablet`, else the first row that names the tablet.
    Tablet(TabletId),
    /// The row of a copy; without a tablet the first of the partition.
    Copy(PartitionId, Option<TabletId>),
    /// The row of an operation, by its id.
    Op(u64),
    /// Where `auto_failover` was read.
    AutoFailover,
}

impl Fact {
    pub(super) const AUTO_FAILOVER: Self = Self::Tablets(RowOfTablets::AutoFailover);

    pub(super) fn tablet(tablet: TabletId) -> Self {
        Self::Tablets(RowOfTablets::Tablet(tablet))
    }

    pub(super) fn copy(partition: PartitionId, tablet: impl Into<Option<TabletId>>) -> Self {
        Self::Tablets(RowOfTablets::Copy(partition, tablet.into()))
    }

    pub(super) fn op(id: u64) -> Self {
        Self::Tablets(RowOfTablets::Op(id))
    }
}

impl Finding {
    /// With the rule's usual severity; every rule adds help and evidence.
    pub(super) fn new(rule: &'static Rule, subject: Subject, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity,
            subject,
            message,
            help: Help::default(),
            evidence: Vec::new(),
            allowed: None,
        }
    }

    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(super) fn help(mut self, help: impl Into<Help>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) fn evidence(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.evidence = facts.into_iter().collect();
        self
    }

    /// The same rule fires on the same subject; message and severity may differ.
    pub fn is_same(&self, other: &Self) -> bool {
        self.rule == other.rule && self.subject == other.subject
    }
}

impl Subject {
    pub fn tablet(tablet: TabletId) -> Self {
        Self::Tablets(OfTablets::Tablet(tablet))
    }

    pub(super) fn partition(partition: PartitionId) -> Self {
        Self::Tablets(OfTablets::Partition(partition))
    }

    pub(super) fn copy(partition: PartitionId, tablet: TabletId) -> Self {
        Self::Tablets(OfTablets::Copy(partition, tablet))
    }

    pub(super) fn op(id: u64, partition: Option<PartitionId>) -> Self {
        Self::Tablets(OfTablets::Op(id, partition))
    }

    /// Places in node order: hosts and zones by name, slots by their first, then by node.
    fn rank(&self) -> (u8, u32, u32) {
        match self {
            Self::Capture => (0, 0, 0),
            Self::Node(id) => (1, id.0, 0),
            Self::Slots(slots, node) => (
                2,
                slots.iter().next().map_or(0, u32::from),
                node.map_or(0, |n| n.0 + 1),
            ),
            Self::Host(host) => (3, host.0, 0),
            Self::Zone(zone) => (4, zone.0, 0),
            Self::Tablets(of) => of.rank(),
        }
    }
}

impl OfTablets {
    fn rank(self) -> (u8, u32, u32) {
        match self {
            Self::Tablet(tablet) => (5, tablet.0, 0),
            Self::Partition(partition) => (6, partition.0, 0),
            Self::Copy(partition, tablet) => (6, partition.0, tablet.0 + 1),
            Self::Op(id, _) => (7, (id >> 32) as u32, id as u32),
        }
    }
}

/// Severity descending, code, subject. Stable, and rules are asked in a fixed order.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(|f| (Reverse(f.severity), f.rule.code, f.subject.rank()));
}
