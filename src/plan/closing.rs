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
    /// The same where the other end was failed over: closed, and then moved from or to its heir.
    pub reopened: Vec<(NodeId, SlotSet)>,
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
        let mut reopened = SlotSet::new();
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
                Fate::Reopened { from, to } => {
                    reopened.insert(open.slot);
                    let moves = &mut closing.moves;
                    moves.entry((from, to)).or_default().insert(open.slot);
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
        if !reopened.is_empty() {
            closing.reopened.push((id, reopened));
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
    /// Its move is finished with the node that took over from the other end, which knows nothing of
    /// it: before Valkey 8 a replica does not hear of open slots, and an importing node does not hear
    /// that the slot has another owner (`clusterUpdateSlotsConfigWith`).
    Reopened {
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
        Some(other) => match heir(cluster, id, other, open) {
            Some(_) if !selection.has(Code::OpenSlot) => Fate::Left(OpenSlot::MayBeMoving),
            Some(heir) => match open.direction {
                model::Direction::Migrating => Fate::Reopened { from: id, to: heir },
                model::Direction::Importing => Fate::Reopened { from: heir, to: id },
            },
            None if !cluster.node(other).is_live() && !selection.accepts_loss => {
                Fate::Left(OpenSlot::OtherEndDead(other))
            }
            None if cluster.node(other).is_live() && !cluster.node(other).seen.has_view => {
                Fate::Left(OpenSlot::OtherEndUnseen(other))
            }
            None => closed(selection),
        },
        None => closed(selection),
    }
}

fn closed(selection: &Selection) -> Fate {
    match selection.has(Code::OpenSlot) {
        true => Fate::Closed,
        false => Fate::Left(OpenSlot::MayBeMoving),
    }
}

/// Who leads in the place of `other`, the end that `open` names and that leads no more: whose replica it
/// is, or who took the slot over from a dead one. It can be dealt with as that end could.
fn heir(cluster: &Cluster, id: NodeId, other: NodeId, open: &model::OpenSlot) -> Option<NodeId> {
    let end = cluster.node(other);
    let follows = || cluster.root(other).filter(|_| end.is_replica());
    let took_over = || {
        let mut owners = cluster.iter().filter(|(_, n)| n.is_live_member());
        let owner = owners.find(|(_, n)| n.slots.contains(open.slot));
        let importing = open.direction == model::Direction::Importing;
        owner
            .map(|(id, _)| id)
            .filter(|_| importing && !end.is_live())
    };
    let heir = match end.is_live() {
        true => follows(),
        false => took_over(),
    }?;
    let (here, there) = (cluster.node(id), cluster.node(heir));
    let slot = open.slot;
    let from = match open.direction {
        model::Direction::Migrating => here,
        model::Direction::Importing => there,
    };
    let once = here.open_slots.iter().filter(|o| o.slot == slot).count() == 1;
    let closed = there.open_slots.iter().all(|o| o.slot != slot);
    let free = heir != id && there.is_live_member() && there.is_master() && there.seen.has_view;
    // A source that gives its last slot away follows the target.
    let keeps = here.open_slots.len() < from.slots.len() as usize;
    (free && once && closed && keeps && from.slots.contains(slot)).then_some(heir)
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

    /// What is closed and then moved, of a shard that has lost its master to a failover.
    fn failed_over(text: &str, at: &str, way: Direction, back: bool) -> Closing {
        let mut cluster = testing::cluster(text);
        let (old, heir) = (testing::id(&cluster, "m1"), testing::id(&cluster, "r1"));
        open(&mut cluster, at, way, "m1");
        let slots = std::mem::take(&mut cluster.node_mut(old).slots);
        let lead = cluster.node_mut(heir);
        (lead.slots, lead.role) = (slots, model::Role::Master);
        if back {
            cluster.node_mut(old).role = model::Role::Replica(Some(heir));
        }
        let selection = Selection::new(&cluster, &settle());
        closings(&cluster, &selection)
    }

    #[test]
    fn what_is_open_to_a_node_that_was_failed_over_is_moved_with_its_heir() {
        const BACK: &str = "m1@h1 < r1@h2; m2@h2 <; m3@h3 <";
        const DEAD: &str = "m1!@h1 < r1@h2; m2@h2 <; m3@h3 <";
        for (text, back) in [(BACK, true), (DEAD, false)] {
            let closing = failed_over(text, "m2", Direction::Importing, back);
            assert_eq!((closing.reopened.len(), closing.moves.len()), (1, 1));
            assert_eq!((closing.stable.len(), closing.left.len()), (0, 0));
        }
        // Slot 7 is the heir's: the others' own slots come after it.
        let mut cluster = testing::cluster(BACK);
        let source = open(&mut cluster, "m1", Direction::Migrating, "m2");
        let (old, heir) = (testing::id(&cluster, "m2"), testing::id(&cluster, "m3"));
        let slots = std::mem::take(&mut cluster.node_mut(old).slots);
        cluster.node_mut(heir).slots.union_with(&slots);
        cluster.node_mut(old).role = model::Role::Replica(Some(heir));
        let closing = closings(&cluster, &Selection::new(&cluster, &settle()));
        let moves: Vec<_> = closing.moves.keys().copied().collect();
        assert_eq!((moves, closing.reopened.len()), (vec![(source, heir)], 1));
    }

    #[test]
    fn keys_that_went_to_a_dead_node_are_not_hidden() {
        let mut cluster = testing::cluster("m1@h1 <; m2@h2 <; m3@h3 <; x!@h1");
        open(&mut cluster, "m1", Direction::Migrating, "x");
        assert_eq!(closed(&cluster), []);
        let request = Request {
            flags: [Flag::SettleSlots, Flag::AcceptDataLoss].into(),
            ..Request::default()
        };
        let closing = closings(&cluster, &Selection::new(&cluster, &request));
        assert_eq!((closing.stable.len(), closing.left.len()), (1, 0));
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
