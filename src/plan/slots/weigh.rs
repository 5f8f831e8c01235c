//! What each slot weighs: its keys, or its share of the memory of who owns it.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::plan::slots::goal::Basis;

/// By slot. A slot takes its weight along, so this stays true while slots move.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    of: Vec<u64>,
    known: SlotSet,
    noise: u64,
}

/// What a server takes when it is empty: its own tables and a backlog for replicas, each about 1 MiB
/// (`server.c`, `repl-backlog-size`), and some buffers. It stays when slots go, so as much of a
/// difference is no reason to move any.
const EMPTY_BYTES: u64 = 4 << 20;

impl Weights {
    /// Of all slots that live masters own.
    ///
    /// Keys are those that servers count by slot, else those of the whole master, evenly. Memory is what
    /// servers tell by slot where all of them do; else `used_memory`, which counts more than that,
    /// so that of two masters not one is measured so and one so: each spreads its own over its slots,
    /// by bytes, else by keys, else evenly.
    pub fn of(at: &Cluster, by: Basis) -> Self {
        let mut weights = Self {
            of: vec![0; usize::from(SLOT_COUNT)],
            known: SlotSet::new(),
            noise: 0,
        };
        let owners = at.iter();
        let owners = owners.filter(|(_, n)| n.is_live() && !n.slots.is_empty());
        let owners: Vec<NodeId> = owners.map(|(id, _)| id).collect();
        let loads = &at.slot_loads;
        let told = owners
            .iter()
            .all(|&id| loads.bytes(&at.node(id).slots).is_some());
        let number = owners.len() as u64;
        let mut guessed = by == Basis::Memory && !told;
        for id in owners {
            let node = at.node(id);
            let (keys, bytes) = (loads.keys(&node.slots), loads.bytes(&node.slots));
            let by_keys = |slot: u16| loads.get(slot).keys.unwrap_or(0);
            let by_bytes = |slot: u16| loads.get(slot).bytes.unwrap_or(0);
            let evenly = |_| 1;
            match by {
                Basis::Slots => weights.spread(node.slots.len().into(), &node.slots, &evenly),
                Basis::Keys => match (keys, node.keys) {
                    (Some(all), _) => weights.spread(all, &node.slots, &by_keys),
                    (None, Some(all)) => {
                        guessed = true;
                        weights.spread(all, &node.slots, &evenly);
                    }
                    (None, None) => {}
                },
                Basis::Memory => match (bytes, node.used_memory) {
                    (Some(all), _) if told => weights.spread(all, &node.slots, &by_bytes),
                    (_, None) => {}
                    (Some(1..), Some(all)) => weights.spread(all, &node.slots, &by_bytes),
                    (_, Some(all)) if keys > Some(0) => {
                        weights.spread(all, &node.slots, &by_keys);
                    }
                    (_, Some(all)) => weights.spread(all, &node.slots, &evenly),
                },
            }
        }
        if guessed {
            // Slots that went are guessed anew among those of their new master: what one holds is known
            // no better than this.
            let most = weights.of.iter().max().copied().unwrap_or(0);
            weights.noise = most.saturating_add(number);
        }
        if by == Basis::Memory && !told {
            weights.noise = weights.noise.max(EMPTY_BYTES);
        }
        weights
    }

    /// `all` goes to the slots in these parts, to the last unit.
    fn spread(&mut self, all: u64, slots: &SlotSet, part: &dyn Fn(u16) -> u64) {
        let parts: u128 = slots.iter().map(|slot| u128::from(part(slot))).sum();
        let (mut seen, mut given) = (0u128, 0u128);
        for slot in slots.iter() {
            seen += u128::from(part(slot));
            let by_now = (u128::from(all) * seen).checked_div(parts).unwrap_or(0);
            if let Some(place) = self.of.get_mut(usize::from(slot)) {
                *place = (by_now - given) as u64;
            }
            given = by_now;
        }
        self.known.union_with(slots);
    }

    /// Differences up to this are none that moving a slot would lower.
    pub fn noise(&self) -> u64 {
        self.noise
    }

    pub fn slot(&self, slot: u16) -> u64 {
        self.of.get(usize::from(slot)).copied().unwrap_or(0)
    }

    /// Of all of them; `None` where that of any is not known.
    pub fn all(&self, slots: &SlotSet) -> Option<u64> {
        let known = self.known.intersection(slots) == *slots;
        known.then(|| slots.iter().map(|slot| self.slot(slot)).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotLoad;
    use crate::model::SlotLoads;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    #[test]
    fn memory_is_spread_by_what_is_told_of_slots() {
        let mut at = healthy();
        for name in ["m1", "m2", "m3"] {
            let node = id(&at, name);
            at.node_mut(node).used_memory = Some(1 << 20);
        }
        let evenly = Weights::of(&at, Basis::Memory);
        assert_eq!(evenly.all(&at.node(id(&at, "m1")).slots), Some(1 << 20));
        assert!(evenly.slot(0).abs_diff(evenly.slot(5000)) <= 1);
        // All keys of m1 are in slot 9; nothing is told of the others.
        let slots = at.node(id(&at, "m1")).slots.clone();
        let load = |slot: u16| SlotLoad {
            keys: Some(u64::from(slot == 9) * 70),
            bytes: None,
        };
        at.slot_loads = SlotLoads::new(slots.iter().map(|slot| (slot, load(slot))));
        let by_keys = Weights::of(&at, Basis::Memory);
        assert_eq!((by_keys.slot(9), by_keys.slot(10)), (1 << 20, 0));
        let keys = Weights::of(&at, Basis::Keys);
        assert_eq!(keys.all(&slots), Some(70));
        assert_eq!(keys.slot(9), 70);
        for node in &mut at.nodes {
            node.keys = None;
        }
        let keys = Weights::of(&at, Basis::Keys);
        assert_eq!(
            (keys.all(&slots), keys.all(&SlotSet::full())),
            (Some(70), None)
        );
    }
}
