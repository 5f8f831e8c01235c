//! Who knows whom, and which views lag behind.

use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::nodes::role_of;
use crate::inventory::whose::owner;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::SlotSet;
use crate::parse::Authority;
use crate::parse::Flags;

pub(super) fn link_observers(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &mut Cluster,
) {
    for &view in used {
        let view = &gathered.views[view];
        let Some(observer) = owner(gathered, view).and_then(|o| index.get(o)) else {
            continue;
        };
        for line in &view.lines {
            let fact = gathered.fact(line);
            let Some(node) = index.get(fact.token) else {
                continue;
            };
            if node == observer || fact.flags.has(Flags::HANDSHAKE) {
                continue;
            }
            let node = cluster.node_mut(node);
            node.seen.known_by.insert(observer);
            if fact.flags.has(Flags::REPLICA) && fact.master.is_none() {
                node.seen.masterless_in.insert(observer);
            }
        }
    }
}

/// Counts views that name another role, owner, address or member than the reconciled cluster. A node
/// that joined later never learns a `noaddr` id: that is no disagreement.
pub(super) fn views_behind(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> usize {
    let agrees: Vec<bool> = gathered
        .facts
        .iter()
        .map(|fact| {
            let Some(id) = index.get(fact.token) else {
                return true;
            };
            let node = cluster.node(id);
            let slots = SlotSet::from_ranges(fact.slots.iter().copied());
            let here = |a: Address| a.is_local() || node.address.as_ref() == Some(&a);
            node.is_ghost()
                || (fact.address().is_none_or(here)
                    && role_of(fact, index) == node.role
                    && (node.is_replica() || slots == node.slots))
        })
        .collect();
    let expected = cluster
        .iter()
        .filter(|(_, n)| n.membership == Membership::Member)
        .count();
    used.iter()
        .filter(|&&v| {
            let view = &gathered.views[v];
            let owner_unmet = owner(gathered, view)
                .and_then(|o| index.get(o))
                .is_some_and(|id| cluster.node(id).membership == Membership::Unmet);
            let known = view
                .lines
                .iter()
                .filter_map(|l| index.get(gathered.fact(l).token))
                .filter(|&id| cluster.node(id).membership == Membership::Member)
                .count();
            let ours = owner(gathered, view).is_none_or(|o| index.get(o).is_some());
            // What a view does not show for want of a line or a slot is no other opinion.
            let whole = !view.incomplete && !view.garbled;
            (ours && whole && !owner_unmet)
                && ((known != expected && view.authority != Authority::Slots)
                    || view.lines.iter().any(|l| !agrees[l.fact as usize]))
        })
        .count()
}
