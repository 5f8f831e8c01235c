//! Open slots: which a plan closes, and which it leaves and why.

use std::collections::BTreeMap;

use crate::model;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::level::Selection;
use crate::plan::why::OpenSlot;
use crate::rules::Code;

/// Open slots that the plan closes, and those it leaves.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Node and slots, in node order.
    pub stable: Vec<(NodeId, SlotSet)>,
    /// Slots open at both ends, by the ends: what is left of their keys goes to the importing one.
    pub moves: BTreeMap<(NodeId, NodeId), SlotSet>,
    /// Owners that are free to act on once these are closed.
    pub settled: Vec<NodeId>,
    /// Open slots that are left, and why.
    pub left: Vec<(NodeId, u16, OpenSlot)>,
}

/// A slot open on one side only is closed where the request selects it. One that is open on both
/// sides is moved to its end, as keys may be on both. A node closes a slot whatever
/// it says of it, so an entry that is left keeps the others of its slot open with it.
pub fn closings(cluster: &Cluster, selection: &Selection) -> Closing {
    let mut closing = Closing::default();
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
        let (mut stable, mut kept) = (SlotSet::new(), SlotSet::new());
        for open in &node.open_slots {
            match fate(cluster, selection, id, open) {
                Fate::Closed => stable.insert(open.slot),
                Fate::WithMaster => {}
                Fate::Moved { from, to } => {
                    closing
                        .moves
                        .entry((from, to))
                        .or_default()
                        .insert(open.slot);
                }
                Fate::Left(why) => {
                    kept.insert(open.slot);
                    closing.left.push((id, open.slot, why));
                }
            }
        }
        stable.subtract(&kept);
        if !stable.is_empty() {
            closing.stable.push((id, stable));
        }
    }
    let touched = |id: NodeId| {
        let end = cluster.node(id);
        closing.left.iter().any(|(node, slot, _)| {
            *node == id
                || cluster
                    .node(*node)
                    .open_slots
                    .iter()
                    .any(|o| o.slot == *slot && o.may_end_at(end))
        })
    };
    closing.settled = cluster
        .iter()
        .filter(|(id, n)| !n.slots.is_empty() && !touched(*id))
        .map(|(id, _)| id)
        .collect();
    closing
}

/// What becomes of one entry.
enum Fate {
    Closed,
    /// A replica repeats its master's line, and closes with it.
    WithMaster,
    /// Its move is finished.
    Moved {
        from: NodeId,
        to: NodeId,
    },
    Left(OpenSlot),
}

fn fate(cluster: &Cluster, selection: &Selection, id: NodeId, open: &model::OpenSlot) -> Fate {
    let node = cluster.node(id);
    if node.is_replica() {
        let open_there = |m| {
            cluster
                .node(m)
                .open_slots
                .iter()
                .any(|o| o.slot == open.slot)
        };
        return match node.master().is_some_and(open_there) {
            true => Fate::WithMaster,
            false => Fate::Left(OpenSlot::OnReplica),
        };
    }
    let slot = open.slot;
    let Some(peer) = &open.peer else {
        return Fate::Left(OpenSlot::OtherEndUnnamed);
    };
    match cluster.find(peer.as_str()) {
        Some(other) if cluster.node(other).has_other_end(node, open) => {
            let (from, to) = match open.direction {
                model::Direction::Migrating => (id, other),
                model::Direction::Importing => (other, id),
            };
            if selection.has(Code::OpenSlot) && can_be_finished(cluster, from, to, slot) {
                return Fate::Moved { from, to };
            }
            Fate::Left(OpenSlot::BothEnds {
                node: id,
                other,
                slot,
            })
        }
        Some(other) if !cluster.node(other).seen.has_view => {
            Fate::Left(OpenSlot::OtherEndUnseen(other))
        }
        _ if !selection.has(Code::OpenSlot) => Fate::Left(OpenSlot::MayBeMoving),
        _ => Fate::Closed,
    }
}

/// Both ends live, lead, and have the slot open for this move alone; and the source keeps others.
fn can_be_finished(cluster: &Cluster, from: NodeId, to: NodeId, slot: u16) -> bool {
    let (source, target) = (cluster.node(from), cluster.node(to));
    let once = |node: &model::Node| {
        let entries = node.open_slots.iter().filter(|o| o.slot == slot);
        node.is_live_member() && node.is_master() && node.seen.has_view && entries.count() == 1
    };
    let leaving = source.open_slots.iter();
    let leaving = leaving.filter(|o| o.direction == model::Direction::Migrating);
    once(source)
        && once(target)
        && source.slots.contains(slot)
        && leaving.count() < source.slots.len() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Direction;
    use crate::model::testing;
    use crate::plan::Request;
    use crate::policy::Flag;

    fn settle() -> Request {
        Request {
            flags: [Flag::SettleSlots].into(),
            ..Request::default()
        }
    }

    fn open(cluster: &mut Cluster, at: &str, direction: Direction, peer: &str) -> NodeId {
        let node = testing::id(cluster, at);
        let peer = cluster.node(testing::id(cluster, peer)).name.clone();
        cluster.node_mut(node).open_slots.push(model::OpenSlot {
            slot: 7,
            direction,
            peer: Some(peer),
            keys: None,
        });
        node
    }

    fn closed(cluster: &Cluster) -> Vec<NodeId> {
        let selection = Selection::new(cluster, &settle());
        let stable = closings(cluster, &selection).stable;
        stable.into_iter().map(|(node, _)| node).collect()
    }

    #[test]
    fn the_rests_of_two_moves_of_one_slot_are_both_closed() {
        let mut cluster = testing::healthy();
        let importing = open(&mut cluster, "m2", Direction::Importing, "m1");
        let migrating = open(&mut cluster, "m1", Direction::Migrating, "m3");
        let mut both = [importing, migrating];
        both.sort();
        assert_eq!(closed(&cluster), both);
    }

    #[test]
    fn what_is_open_at_both_ends_is_moved_on_request_alone() {
        let mut cluster = testing::healthy();
        let from = open(&mut cluster, "m1", Direction::Migrating, "m2");
        let to = open(&mut cluster, "m2", Direction::Importing, "m1");
        let selection = Selection::new(&cluster, &settle());
        let closing = closings(&cluster, &selection);
        let moves: Vec<_> = closing.moves.keys().copied().collect();
        assert_eq!((moves, closing.left.len()), (vec![(from, to)], 0));
        let selection = Selection::new(&cluster, &Request::default());
        let closing = closings(&cluster, &selection);
        assert_eq!((closing.moves.len(), closing.left.len()), (0, 2));
    }

    #[test]
    fn a_slot_that_one_entry_keeps_open_is_not_closed_for_another() {
        let mut cluster = testing::healthy();
        open(&mut cluster, "m1", Direction::Migrating, "m2");
        open(&mut cluster, "m2", Direction::Importing, "m1");
        open(&mut cluster, "m1", Direction::Migrating, "m3");
        assert_eq!(closed(&cluster), []);
    }
}
