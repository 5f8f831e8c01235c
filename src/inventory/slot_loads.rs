//! What slots hold, by the word of those who own them.

use crate::inventory::gathered::Gathered;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotLoads;
use crate::parse::SlotRow;

/// A replica tells of its master's slots, too (`markSlotsAssignedToMyShard`): it counts where the master
/// itself does not tell, and nobody counts for slots that are another's.
pub(super) fn apply(gathered: &Gathered, cluster: &mut Cluster) {
    let rows = |id: NodeId| -> &[SlotRow] {
        let address = cluster.node(id).address.as_ref();
        let answers = address.and_then(|a| gathered.answers.get(a));
        answers.map_or(&[], |a| &a.slot_rows)
    };
    let mut told = Vec::new();
    for wants_master in [false, true] {
        let nodes = cluster
            .iter()
            .filter(|(_, n)| n.is_master() == wants_master);
        for (id, node) in nodes {
            let owner = node.master().unwrap_or(id);
            let owns = |row: &&SlotRow| cluster.node(owner).slots.contains(row.slot);
            told.extend(rows(id).iter().filter(owns).map(|row| (row.slot, row.load)));
        }
    }
    cluster.slot_loads = SlotLoads::new(told);
    let loads = cluster.slot_loads.clone();
    for node in &mut cluster.nodes {
        let counted = || loads.keys(&node.slots).filter(|_| !node.slots.is_empty());
        node.keys = node.keys.or_else(counted);
    }
}
