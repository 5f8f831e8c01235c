//! Links of the cluster bus that go one way only.

use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::sights::Sight;
use crate::model::NodeId;

/// Two nodes of which one has no link to the other, while the other's stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OneWay {
    /// It has no link to `to`.
    pub from: NodeId,
    pub to: NodeId,
    /// Whose `CLUSTER LINKS` says so.
    pub told_by: NodeId,
}

/// A healthy pair has two links, one opened by each. A node opens its own, so where only the
/// other's is there, it cannot reach it.
pub(super) fn one_way(gathered: &Gathered, index: &Index, inventory: &Inventory) -> Vec<OneWay> {
    let mut found = Vec::new();
    for (id, node) in inventory.cluster.iter().filter(|(_, n)| n.is_live_member()) {
        let Some(answers) = node.address.as_ref().and_then(|a| gathered.answers.get(a)) else {
            continue;
        };
        // Whether this node opened one, and whether the other did.
        let mut peers: BTreeMap<NodeId, (bool, bool)> = BTreeMap::new();
        for &(token, outbound) in &answers.links {
            if let Some(peer) = index.get(token) {
                let links = peers.entry(peer).or_default();
                links.0 |= outbound;
                links.1 |= !outbound;
            }
        }
        // An answer about one peer may have been cut off behind its first link.
        if peers.len() < 2 {
            continue;
        }
        for (peer, (outbound, inbound)) in peers {
            let seen = inventory.sights.of(id, peer);
            if seen != Some(Sight::Connected) || !inventory.cluster.node(peer).is_live_member() {
                continue;
            }
            let (from, to) = match (outbound, inbound) {
                (true, false) => (peer, id),
                (false, true) => (id, peer),
                _ => continue,
            };
            found.push(OneWay {
                from,
                to,
                told_by: id,
            });
        }
    }
    found
}
