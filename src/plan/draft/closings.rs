//! Slots that a plan closes, or whose move it finishes.

use std::sync::Arc;

use crate::action::Draft;
use crate::action::MigrateSlots;
use crate::action::SetSlot;
use crate::action::Way;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::Phase;
use crate::plan::draft::Writer;
use crate::rules::Code;

impl Writer<'_> {
    pub(super) fn closing(&self, node: NodeId, slots: &SlotSet) -> Draft {
        Draft {
            action: SetSlot {
                node,
                slots: slots.clone(),
                moved_later: false,
            }
            .into(),
            phase: Phase::Protect,
            urgency: 0,
            cures: vec![Code::OpenSlot],
            reason: format!(
                "slot {slots} is open here only: the other end knows nothing of a move"
            ),
            mib: 0,
            leaves: None,
        }
    }

    pub(super) fn reopening(&self, node: NodeId, slots: &SlotSet) -> Draft {
        Draft {
            action: SetSlot {
                node,
                slots: slots.clone(),
                moved_later: true,
            }
            .into(),
            phase: Phase::Protect,
            urgency: 0,
            cures: vec![Code::OpenSlot],
            reason: "the other end of a move was failed over: who took over knows nothing of it, \
                     and while the slots are open here they keep their old owner here"
                .to_owned(),
            mib: 0,
            leaves: None,
        }
    }

    pub(super) fn finishing(
        &self,
        from: NodeId,
        to: NodeId,
        slots: &SlotSet,
        owners: &Arc<[NodeId]>,
    ) -> Draft {
        let (source, target) = (self.captured.node(from), self.captured.node(to));
        Draft {
            action: MigrateSlots {
                from,
                to,
                slots: slots.clone(),
                way: Way::Keys,
                bytes: 0,
                seen_by: owners.clone(),
            }
            .into(),
            phase: Phase::Protect,
            urgency: 0,
            cures: vec![Code::OpenSlot],
            reason: format!(
                "a move from {source} to {target} was cut off: keys may be at both ends"
            ),
            mib: 0,
            leaves: None,
        }
    }
}
