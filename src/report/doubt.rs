//! Why an answer from this capture may be wrong, for answers that go on all the same.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::model::SlotSet;

/// One reason.
pub(super) enum Doubt {
    /// Two live nodes claim slots, or views name two owners: nobody can say who has them.
    DisputedOwners(SlotSet),
    ViewsBehind {
        behind: usize,
        read: usize,
    },
    /// What the capture does not show may well be there.
    Incomplete,
    /// No view at all, only what tells less.
    Secondhand,
    /// What was on disk may be old.
    OnDisk,
}

/// What makes an answer doubtful.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DoubtKind {
    DisputedOwners,
    ViewsBehind,
    Incomplete,
    Secondhand,
    OnDisk,
}

/// A reason, as a report has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Doubted {
    pub kind: DoubtKind,
    pub message: String,
}

impl Doubt {
    fn kind(&self) -> DoubtKind {
        match self {
            Self::DisputedOwners(_) => DoubtKind::DisputedOwners,
            Self::ViewsBehind { .. } => DoubtKind::ViewsBehind,
            Self::Incomplete => DoubtKind::Incomplete,
            Self::Secondhand => DoubtKind::Secondhand,
            Self::OnDisk => DoubtKind::OnDisk,
        }
    }

    pub fn reported(&self) -> Doubted {
        Doubted {
            kind: self.kind(),
            message: self.to_string(),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DisputedOwners(slots) => write!(
                f,
                "two nodes claim slots {slots}: see `topoplan check` (C001, S002)"
            ),
            Self::ViewsBehind { behind, read } => {
                let disagree = if *behind == 1 { "disagrees" } else { "disagree" };
                write!(
                    f,
                    "{behind} of {read} views {disagree} with the rest: see `topoplan check`"
                )
            }
            Self::Incomplete => {
                f.write_str("views lack lines that stand in no other: nodes may be missing here")
            }
            Self::Secondhand => f.write_str(
                "no view is in the capture, and what lists the nodes instead leaves out nodes, links and slots",
            ),
            Self::OnDisk => f.write_str(
                "the views are nodes.conf files, which may be older than the cluster is now",
            ),
        }
    }
}

/// Every reason that the capture gives, the most fundamental first.
pub(super) fn doubts(inventory: &Inventory) -> Vec<Doubt> {
    let mut disputed = SlotSet::new();
    let conflicts = inventory.conflicts.iter();
    conflicts.for_each(|conflict| disputed.union_with(&conflict.slots));
    for (_, node) in inventory.cluster.iter().filter(|(_, n)| n.is_live()) {
        disputed.union_with(&node.seen.contested);
    }
    let (behind, read) = (inventory.views_behind, inventory.cluster.views);
    let all = [
        (!disputed.is_empty()).then_some(Doubt::DisputedOwners(disputed)),
        inventory.secondhand.map(|_| Doubt::Secondhand),
        inventory.incomplete.then_some(Doubt::Incomplete),
        inventory.views_on_disk.then_some(Doubt::OnDisk),
        (behind > 0).then_some(Doubt::ViewsBehind { behind, read }),
    ];
    all.into_iter().flatten().collect()
}
