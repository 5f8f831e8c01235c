//! Where INFO of a node and the views differ on whom it follows.

use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;

/// Every address by which a node is known, in the cluster or where the capture reached it.
pub(super) fn names(
    gathered: &Gathered,
    by_address: &BTreeMap<Address, NodeId>,
) -> BTreeMap<Address, NodeId> {
    let mut names = BTreeMap::new();
    for (address, others) in &gathered.reached_at {
        if let Some(&id) = by_address.get(address) {
            names.extend(others.iter().map(|other| (other.clone(), id)));
        }
    }
    // What the views call a node counts for more than where somebody reached one.
    names.extend(
        by_address
            .iter()
            .map(|(address, &id)| (address.clone(), id)),
    );
    names
}

/// What INFO says of the role or the master of a node, if the views say otherwise.
///
/// An address that no node has is no contradiction: a master may have moved, or replicate over
/// a port that views do not print.
pub(super) fn find(
    id: NodeId,
    of: &Answers,
    names: &BTreeMap<Address, NodeId>,
    cluster: &Cluster,
) -> Option<Diagnostic> {
    let node = cluster.node(id);
    let told = |key: &str| of.info.get(key).map(|value| value.trim());
    let message = match (told("role")?, node.is_replica()) {
        ("master", true) => {
            let whose = node.master().map_or(String::new(), |master| {
                format!(" of {}", cluster.node(master))
            });
            format!(
                "INFO of {node} says `role:master`, the views say replica{whose}: its offset is not used"
            )
        }
        ("slave" | "replica", true) => {
            let port = told("master_port")?.parse().ok()?;
            let address = Address::new(told("master_host")?, port).ok()?;
            let (&other, master_id) = (names.get(&address)?, node.master()?);
            let (master, now) = (cluster.node(master_id), cluster.node(other));
            // A replica keeps the address of a ghost, whoever runs there now. With its link up it
            // copies the stranger, which may have nothing.
            let kept = master.is_ghost()
                && (!now.is_listed() || now.slots.is_empty())
                && told("master_link_status") != Some("up");
            if other == master_id || kept {
                return None;
            }
            format!(
                "INFO of {node} says that it follows {address}, the views say {master}: its offset and its link do not count for this shard"
            )
        }
        ("slave" | "replica", false) => {
            format!(
                "INFO of {node} says `role:slave`, the views say master: its offset is not used"
            )
        }
        _ => return None,
    };
    let odd = Diagnostic::new(Capture::InfoContradicts, message);
    let odd = match &of.info_place {
        Some(place) => odd.at(place.clone()),
        None => odd,
    };
    Some(odd.help("capture `cluster nodes` and `info` of it again, one right after the other: its role may just have changed"))
}
