//! Slots and their keys go from one live master to another, while both serve.

use std::sync::Arc;

use crate::action::Word;
use crate::action::prelude::*;
use crate::model::Node;
use crate::model::Role;
use crate::model::SlotSet;
use crate::text::words::count;

/// How slots are moved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// Opened at both ends, emptied by MIGRATE, given away by SETSLOT NODE: every server.
    Keys,
    /// `CLUSTER MIGRATESLOTS` at the source: Valkey from 9 on.
    Whole,
    /// `CLUSTER MIGRATION IMPORT` at the target: Redis from 8.4 on (`cluster_asm.c`).
    Import,
}

/// `slots` of `from` go to `to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrateSlots {
    pub from: NodeId,
    pub to: NodeId,
    pub slots: SlotSet,
    pub way: Way,
    /// Bytes of the slots, as far as the capture tells.
    pub bytes: u64,
    /// Who must see that they changed their owner.
    pub seen_by: Arc<[NodeId]>,
}

pub(super) static SPEC: Spec = Spec {
    word: "migrate-slots",
    shape: Shape {
        node: Need::Must,
        target: Need::Must,
        target_address: Need::Must,
        bus_port: Need::No,
        tell: Need::No,
        slots: Need::Must,
        modes: &[StepMode::Keys, StepMode::Whole, StepMode::Import],
        usual_mode: Some(StepMode::Keys),
        until: &[Until::SlotsOwned],
        guarded: Guarded::Node,
    },
    commands,
    risk: no_risk,
    says,
};

impl From<Way> for StepMode {
    fn from(way: Way) -> Self {
        match way {
            Way::Keys => Self::Keys,
            Way::Whole => Self::Whole,
            Way::Import => Self::Import,
        }
    }
}

/// By keys: those of the first slot; all others are alike. The target is told first: a client that the
/// source sends there must not be sent back.
fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let (from, to) = (step.node?.to_owned(), step.target?.to_owned());
    let (source, target) = (step.address?, step.target_address?);
    let slots = step.slots?.parse::<SlotSet>().ok()?;
    let ranges = slots.ranges();
    let ranges = ranges.iter().flat_map(|&(first, last)| [first, last]);
    let ranges: Vec<Word> = ranges.map(|slot| Value(slot.to_string())).collect();
    if step.mode == Some(StepMode::Whole) {
        let mut all = Command::new(source, [Key("CLUSTER"), Key("MIGRATESLOTS"), Key("SLOTSRANGE")]);
        all.words.extend(ranges);
        all.words.extend([Key("NODE"), Value(to)]);
        return Some(vec![all]);
    }
    if step.mode == Some(StepMode::Import) {
        let mut all = Command::new(target, [Key("CLUSTER"), Key("MIGRATION"), Key("IMPORT")]);
        all.words.extend(ranges);
        return Some(vec![all]);
    }
    let slot = slots.iter().next()?.to_string();
    let set = |at: &str, how: &'static str, id: &str| {
        let (slot, id) = (Value(slot.clone()), Value(id.to_owned()));
        Command::new(at, [Key("CLUSTER"), Key("SETSLOT"), slot, Key(how), id])
    };
    Some(vec![
        set(target, "IMPORTING", &from),
        set(source, "MIGRATING", &to),
        set(target, "NODE", &to),
        set(source, "NODE", &to),
    ])
}

fn says(step: &Spelled) -> Says {
    let slots = step.slots.unwrap_or_default();
    let number = slots.parse::<SlotSet>().map_or(0, |s| s.len()) as usize;
    Says {
        who: step.node_name(),
        becomes: format!("gives {} to {}: {slots}", count(number, "slot"), step.target_name()),
    }
}

impl MigrateSlots {
    /// How many keys go along: as servers count them by slot, else the slots' part of all.
    fn keys(&self, at: &Counted) -> Option<u64> {
        at.slot_loads.keys(&self.slots).or_else(|| {
            let from = at.node(self.from);
            let part = u128::from(from.keys?) * u128::from(self.slots.len());
            u64::try_from(part / u128::from(from.slots.len().max(1))).ok()
        })
    }
}

impl Act for MigrateSlots {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.from),
            target: Some(self.to),
            slots: Some(self.slots.clone()),
            mode: Some(self.way.into()),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.from
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let (from, to) = (at.node(self.from), at.node(self.to));
        let refuse = |why: String| Err(Unfit(why));
        for node in [from, to] {
            if !node.is_live_member() || node.is_replica() {
                return refuse(format!("{node} is no live master"));
            }
        }
        if self.from == self.to || self.slots.is_empty() {
            return refuse(format!("{from} has nothing to give to {to}"));
        }
        if from.slots.intersection(&self.slots) != self.slots {
            return refuse(format!("{from} does not own all of {}", self.slots));
        }
        let open = |n: &crate::model::Node, other: &crate::model::Node| {
            let ours = |o: &crate::model::OpenSlot| {
                self.slots.contains(o.slot) && o.peer.as_ref() == Some(&other.name)
            };
            n.open_slots.iter().any(|o| !ours(o))
        };
        if open(from, to) || open(to, from) {
            return refuse(format!("{from} or {to} has other slots open"));
        }
        Ok(())
    }

    /// The target takes a higher epoch with the slots (`clusterBumpConfigEpochWithoutConsensus`). A
    /// master that gave its last slot away follows who got it, and so do its replicas, where replica
    /// migration is allowed (`clusterUpdateSlotsConfigWith`).
    fn begin(&self, at: &mut Counted) {
        let epoch = at.top_epoch() + 1;
        let followers = at.followers(self.from).to_vec();
        let all = at.node(self.from).slots == self.slots;
        let follow = all && at.settings.allow_replica_migration;
        let mut touched = vec![self.from, self.to];
        touched.extend(followers.iter().filter(|_| follow));
        // Valkey 8 replicates SETSLOT, so the replicas' own lines close with it.
        let mut repeat = followers.clone();
        let copies = at.followers(self.to).to_vec();
        repeat.extend(&copies);
        let keys = self.keys(at);
        // What a master holds, its replicas do.
        let gives = |node: &mut Node| {
            node.used_memory = node.used_memory.map(|m| m.saturating_sub(self.bytes));
            node.keys = node.keys.map(|k| k.saturating_sub(keys.unwrap_or(0)));
        };
        let takes = |node: &mut Node| {
            node.used_memory = node.used_memory.map(|m| m.saturating_add(self.bytes));
            node.keys = match keys {
                Some(came) => node.keys.map(|k| k.saturating_add(came)),
                // Who held none holds some now.
                None => node.keys.filter(|&k| k > 0),
            };
        };
        at.edit(&touched, |cluster| {
            for id in repeat {
                let open = &mut cluster.node_mut(id).open_slots;
                open.retain(|o| !self.slots.contains(o.slot));
            }
            let from = cluster.node_mut(self.from);
            from.slots.subtract(&self.slots);
            from.open_slots.retain(|o| !self.slots.contains(o.slot));
            gives(from);
            if all {
                from.keys = Some(0);
            }
            if follow {
                for &id in [self.from].iter().chain(&followers) {
                    let node = cluster.node_mut(id);
                    node.role = Role::Replica(Some(self.to));
                }
            }
            for &id in followers.iter().filter(|_| !follow) {
                gives(cluster.node_mut(id));
            }
            for &id in &copies {
                takes(cluster.node_mut(id));
            }
            let to = cluster.node_mut(self.to);
            to.slots.union_with(&self.slots);
            to.open_slots.retain(|o| !self.slots.contains(o.slot));
            to.config_epoch = epoch;
            takes(to);
            let holds = (to.keys, to.used_memory);
            for &id in followers.iter().filter(|_| follow) {
                let node = cluster.node_mut(id);
                (node.keys, node.used_memory) = holds;
            }
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        // Slots that went already are no reason to stop, so which it owns is asked slot by slot.
        Guard::as_it_is(at, self.from)
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait {
            until: Until::SlotsOwned,
            at: Audience::Crowd(self.seen_by.clone(), None),
            limit_ms: 120_000,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        2 + u64::from(self.slots.len()) / 100 + (self.bytes >> 20) / 10
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Slots, 3)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::SlotsLeft(self.from)]
    }

    fn needs(&self) -> Vec<Milestone> {
        vec![
            Milestone::Known(self.to),
            Milestone::Emptied(self.to),
            Milestone::Promoted(self.from),
            Milestone::Promoted(self.to),
            Milestone::Closed(self.from),
            Milestone::Closed(self.to),
        ]
    }

    /// Both ends are busy with it.
    fn room(&self) -> Room {
        Room {
            busy: vec![self.from, self.to],
            ..Room::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    fn moving(at: &Counted, slots: SlotSet) -> MigrateSlots {
        MigrateSlots {
            from: id(at, "m1"),
            to: id(at, "m2"),
            slots,
            way: Way::Keys,
            bytes: 0,
            seen_by: [id(at, "m3")].into(),
        }
    }

    #[test]
    fn some_slots_leave_the_rest_as_it_was() {
        let mut at = Counted::new(healthy());
        let act = moving(&at, SlotSet::from_ranges([(0, 99)]));
        assert_eq!(act.precondition(&at), Ok(()));
        act.begin(&mut at);
        assert_eq!(at.uncovered_slots(), 0);
        assert_eq!(at.node(act.from).slots.len(), 5361);
        assert_eq!(at.node(act.to).slots.len(), 5561);
        assert_eq!(at.node(id(&at, "r1")).master(), Some(act.from));
        assert!(act.precondition(&at).is_err(), "they are gone");
    }

    #[test]
    fn whole_slots_are_pushed_by_valkey_and_pulled_by_redis() {
        let line = |mode| {
            let step = Spelled {
                node: Some("aa"),
                address: Some("10.0.0.1:7000"),
                target: Some("bb"),
                target_address: Some("10.0.0.2:7000"),
                bus_port: None,
                tell: &[],
                slots: Some("0-9,12"),
                mode: Some(mode),
                epoch: None,
            };
            let commands = commands(&step).expect("it has all that it takes");
            commands.iter().map(|c| format!("{} {}", c.at, c.line())).collect::<Vec<_>>()
        };
        assert_eq!(
            line(StepMode::Whole),
            ["10.0.0.1:7000 CLUSTER MIGRATESLOTS SLOTSRANGE 0 9 12 12 NODE bb"]
        );
        assert_eq!(
            line(StepMode::Import),
            ["10.0.0.2:7000 CLUSTER MIGRATION IMPORT 0 9 12 12"]
        );
    }

    #[test]
    fn who_gives_the_last_slot_follows_who_gets_it() {
        let mut at = Counted::new(healthy());
        let act = moving(&at, at.node(id(&at, "m1")).slots.clone());
        act.begin(&mut at);
        assert_eq!(at.node(act.from).master(), Some(act.to));
        assert_eq!(at.node(id(&at, "r1")).master(), Some(act.to));
        assert_eq!((at.uncovered_slots(), at.copies(act.to)), (0, 4));
    }
}
