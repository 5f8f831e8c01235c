//! What changed between two captures of one cluster.
//!
//! Knows both captures as they were read and nothing of how the answer is written. A side that is
//! not whole proves nothing by what it lacks. Start reading at [`compare`].

mod findings;
mod nodes;
mod slots;
mod tablets;
mod values;

use crate::inventory::Inventory;
use crate::rules::Finding;

pub use findings::FindingChanges;
pub use nodes::NodeChange;
pub use nodes::NodeChanged;
pub use slots::SlotChange;
pub use slots::SlotsChanged;
pub use tablets::PartitionChange;
pub use tablets::PartitionChanged;
pub use tablets::TabletChanged;
pub use tablets::TabletDifference;
pub use tablets::TabletSide;
pub use tablets::TabletValue;
pub use tablets::TabletValueChange;
pub use tablets::compare_tablets;
pub use values::Amount;
pub use values::Value;
pub use values::ValueChange;
pub use values::Verdict;

/// One of the two captures, and what its rules find.
pub struct Side<'a> {
    pub inventory: &'a Inventory,
    pub findings: &'a [Finding],
}

impl Side<'_> {
    /// Every node and slot that it should show was read: what it lacks is not there.
    pub fn is_whole(&self) -> bool {
        let unread = self.inventory.cluster.unread;
        !self.inventory.incomplete && !unread.nodes && !unread.slots
    }
}

/// What is another in the new capture than in the old one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    pub nodes: Vec<NodeChange>,
    pub slots: Vec<SlotChange>,
    pub findings: FindingChanges,
    pub values: Vec<ValueChange>,
}

/// The captures have no node in common, neither by id nor by address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the two captures have no node in common, neither by id nor by address")]
pub struct Strangers;

/// What changed from `old` to `new`.
pub fn compare(old: &Side, new: &Side) -> Result<Difference, Strangers> {
    let pairs = nodes::Pairs::of(old, new);
    if pairs.is_empty() {
        return Err(Strangers);
    }
    Ok(Difference {
        nodes: nodes::changes(old, new, &pairs),
        slots: slots::changes(old, new, &pairs),
        findings: findings::changes(old, new),
        values: values::changes(old, new),
    })
}
