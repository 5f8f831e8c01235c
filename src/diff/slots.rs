//! Which slots have another owner, and how they came to it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff::Side;
use crate::diff::nodes::Pairs;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;

/// How slots came to another owner.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SlotsChanged {
    /// Nobody owns them any more, dead or alive.
    Lost,
    /// The owner's process came back as another node and has them.
    Reborn,
    /// A replica of the old owner took them over.
    FailedOver,
    Moved,
    /// Nobody owned them.
    Assigned,
}

impl SlotsChanged {
    /// As printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Reborn => "reborn",
            Self::FailedOver => "failed over",
            Self::Moved => "moved",
            Self::Assigned => "assigned",
        }
    }

    pub fn is_worse(self) -> bool {
        match self {
            Self::Lost | Self::Reborn => true,
            Self::FailedOver | Self::Moved | Self::Assigned => false,
        }
    }
}

/// Slots that went from one owner to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotChange {
    pub change: SlotsChanged,
    pub slots: SlotSet,
    /// In the old capture.
    pub from: Option<NodeId>,
    /// In the new one.
    pub to: Option<NodeId>,
}

/// By what changed, then by the first slot.
pub(super) fn changes(old: &Side, new: &Side, pairs: &Pairs) -> Vec<SlotChange> {
    let (was, is) = (&old.inventory.cluster, &new.inventory.cluster);
    let (before, after) = (owners(was), owners(is));
    let mut moves: BTreeMap<(Option<NodeId>, Option<NodeId>), SlotSet> = BTreeMap::new();
    for slot in 0..SLOT_COUNT {
        let (from, to) = (before[usize::from(slot)], after[usize::from(slot)]);
        let kept = match (from, to) {
            (Some(from), Some(to)) => pairs.same(from) == Some(to),
            (None, None) => true,
            // What was not read may own them.
            (Some(_), None) => !new.is_whole(),
            (None, Some(_)) => !old.is_whole(),
        };
        if !kept {
            moves.entry((from, to)).or_default().insert(slot);
        }
    }
    let change = |((from, to), slots): ((Option<NodeId>, Option<NodeId>), SlotSet)| {
        let change = match (from, to) {
            (_, None) => SlotsChanged::Lost,
            (None, Some(_)) => SlotsChanged::Assigned,
            (Some(from), Some(to)) if pairs.reborn(from) == Some(to) => SlotsChanged::Reborn,
            (Some(from), Some(to)) if was_copy(was, pairs, from, to) => SlotsChanged::FailedOver,
            (Some(_), Some(_)) => SlotsChanged::Moved,
        };
        SlotChange {
            change,
            slots,
            from,
            to,
        }
    };
    let mut changes: Vec<SlotChange> = moves.into_iter().map(change).collect();
    changes.sort_by_key(|c| (c.change, c.slots.iter().next()));
    changes
}

/// By slot: the node that owns it, dead or alive.
fn owners(cluster: &Cluster) -> Vec<Option<NodeId>> {
    let mut owners = vec![None; usize::from(SLOT_COUNT)];
    for (id, node) in cluster.iter() {
        for slot in node.slots.iter() {
            let owner = &mut owners[usize::from(slot)];
            // Of two that claim it, the one that lives is asked.
            if owner.is_none_or(|other: NodeId| !cluster.node(other).is_live()) {
                *owner = Some(id);
            }
        }
    }
    owners
}

fn was_copy(was: &Cluster, pairs: &Pairs, from: NodeId, to: NodeId) -> bool {
    let mut copies = was.iter().filter(|(id, _)| was.root(*id) == Some(from));
    copies.any(|(id, _)| pairs.same(id) == Some(to))
}
