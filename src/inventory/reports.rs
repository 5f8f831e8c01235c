//! What reports of a cluster check name beside the nodes that they list: members that they could not
//! ask, and what they say is wrong.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::Conflict;
use crate::inventory::Disagreement;
use crate::inventory::Disputed;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::Fact;
use crate::inventory::record::Line;
use crate::inventory::record::View;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::OpenSlot;
use crate::model::SlotSet;
use crate::parse::Authority;
use crate::parse::Wrong;
use crate::text::Place;

/// A client asks every node that it hears of. Addresses that gave no answer in the file of a report
/// are members of which nothing else is known, unless some report lists them.
pub(super) fn name_silent(gathered: &mut Gathered) {
    let reports = gathered.views.iter().enumerate();
    let reports = reports.filter(|(_, view)| view.authority == Authority::Check);
    let mut report_in: BTreeMap<usize, usize> = BTreeMap::new();
    let mut listed: BTreeSet<Address> = BTreeSet::new();
    for (index, view) in reports {
        report_in.entry(view.file).or_insert(index);
        let facts = view.lines.iter().map(|line| gathered.fact(line));
        listed.extend(facts.filter_map(Fact::address));
    }
    let is_elsewhere =
        |address: &Address| address.is_local() && !listed.iter().any(Address::is_local);
    let mut silent: BTreeMap<Address, (usize, Place)> = BTreeMap::new();
    for told in &gathered.told {
        if let Some(&report) = report_in.get(&told.file)
            && let (Some(address), Some(place)) = (&told.named, &told.said.unreachable)
            && !told.said.answered
            && !listed.contains(address)
            && !is_elsewhere(address)
        {
            silent
                .entry(address.clone())
                .or_insert((report, place.clone()));
        }
    }
    for (address, (report, place)) in silent {
        let fact = gathered.unlisted(&address);
        if let Some(view) = gathered.views.get_mut(report) {
            view.lines.push(Line {
                fact,
                line: place.line,
                column: place.column,
            });
        }
    }
}

/// What the reports say is wrong becomes conflicts, and what they do not say of whom is kept as
/// it is. Where every member gave its own view, these tell it better.
pub(super) fn take_complaints(gathered: &Gathered, inventory: &mut Inventory) {
    take_open_slots(gathered, inventory);
    let cluster = &inventory.cluster;
    let members = cluster.iter().filter(|(_, node)| node.is_live_member());
    if inventory.secondhand.is_none() && inventory.cluster.views >= members.count() {
        return;
    }
    let covered = cluster.uncovered().is_empty();
    let mut disagreements = BTreeSet::new();
    let mut disputed = Vec::new();
    for (view, complaint) in complaints(gathered) {
        let what = match &complaint.what {
            Wrong::NodesDisagree => Disputed::Owners,
            Wrong::SlotsUncovered if covered => Disputed::Coverage,
            // What no live node owns is known of the nodes that the report lists.
            Wrong::SlotsUncovered => continue,
            // They stand at the node.
            Wrong::OpenSlots { .. } => continue,
            Wrong::ManyOwners { slot, owners } => match claimants(cluster, owners) {
                Some(claimants) => {
                    disputed.push((*slot, claimants));
                    continue;
                }
                None => Disputed::Owners,
            },
        };
        let place = Place {
            path: view.path.clone(),
            line: complaint.line,
            column: 1,
        };
        disagreements.insert(Disagreement { place, what });
    }
    inventory.disagreements = disagreements.into_iter().collect();
    if inventory.secondhand.is_some() {
        for (slot, claimants) in disputed {
            dispute(&mut inventory.conflicts, slot, claimants);
        }
    }
}

/// A report asks each node for its open slots. The node's own view tells them better.
fn take_open_slots(gathered: &Gathered, inventory: &mut Inventory) {
    let cluster = &inventory.cluster;
    let mut open: Vec<(NodeId, OpenSlot)> = Vec::new();
    let reports = gathered.views.iter().chain(&gathered.lesser_views);
    for view in reports.filter(|view| view.authority == Authority::Check) {
        let mut listed: BTreeMap<Address, NodeId> = BTreeMap::new();
        for fact in view.lines.iter().map(|line| gathered.fact(line)) {
            let name = &gathered.names[fact.token as usize];
            let Some(node) = cluster.find(name.as_str()) else {
                continue;
            };
            listed.extend(fact.address().map(|address| (address, node)));
            open.extend(fact.open.iter().map(|&(slot, direction, peer)| {
                let peer = Some(gathered.names[peer as usize].clone());
                (
                    node,
                    OpenSlot {
                        slot,
                        direction,
                        peer,
                        keys: None,
                    },
                )
            }));
        }
        // Nodes are named as the client reached them, which other views may not know.
        for complaint in &view.complaints {
            if let Wrong::OpenSlots {
                node,
                direction,
                slots,
            } = &complaint.what
                && let Some(&id) = listed.get(node)
            {
                open.extend(slots.iter().map(|&slot| {
                    let direction = *direction;
                    (
                        id,
                        OpenSlot {
                            slot,
                            direction,
                            peer: None,
                            keys: None,
                        },
                    )
                }));
            }
        }
    }
    for (id, open) in open {
        let node = inventory.cluster.node_mut(id);
        let mut known = node.open_slots.iter();
        if !node.seen.has_view
            && known.all(|o| (o.slot, o.direction) != (open.slot, open.direction))
        {
            node.open_slots.push(open);
        }
    }
}

fn complaints(gathered: &Gathered) -> impl Iterator<Item = (&View, &crate::parse::Complaint)> {
    let views = gathered.views.iter().chain(&gathered.lesser_views);
    views.flat_map(|view| {
        view.complaints
            .iter()
            .map(move |complaint| (view, complaint))
    })
}

/// The nodes at these addresses, ascending; `None` where fewer than two are known.
fn claimants(cluster: &Cluster, owners: &[Address]) -> Option<Vec<NodeId>> {
    let nodes = cluster.iter();
    let at = nodes.filter(|(_, node)| node.address.as_ref().is_some_and(|a| owners.contains(a)));
    let claimants: Vec<NodeId> = at.map(|(id, _)| id).collect();
    (claimants.len() > 1).then_some(claimants)
}

/// A report asks each node for its own claims.
fn dispute(conflicts: &mut Vec<Conflict>, slot: u16, claimants: Vec<NodeId>) {
    let same = conflicts.iter_mut().find(|c| c.claimants == claimants);
    match same {
        Some(conflict) => {
            conflict.own_claims = true;
            conflict.slots.insert(slot);
        }
        None => conflicts.push(Conflict {
            slots: SlotSet::from_ranges([(slot, slot)]),
            claimants,
            own_claims: true,
        }),
    }
}
