//! What single slots hold, as far as a capture tells.

use std::sync::Arc;

use crate::model::slots::SLOT_COUNT;
use crate::model::slots::SlotSet;

/// What one slot holds; `None` where nothing tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SlotLoad {
    pub keys: Option<u64>,
    /// Of its keys and their values, in bytes (`kvstoreDictAllocSize`).
    pub bytes: Option<u64>,
}

/// What every slot holds. A slot takes it along, so no step of a plan changes this.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotLoads(Option<Arc<[SlotLoad]>>);

impl SlotLoads {
    /// Of a slot that is told twice, the last counts.
    pub fn new(told: impl IntoIterator<Item = (u16, SlotLoad)>) -> Self {
        let mut loads: Option<Vec<SlotLoad>> = None;
        for (slot, load) in told {
            let all =
                loads.get_or_insert_with(|| vec![SlotLoad::default(); usize::from(SLOT_COUNT)]);
            if let Some(place) = all.get_mut(usize::from(slot)) {
                *place = load;
            }
        }
        Self(loads.map(Arc::from))
    }

    pub fn get(&self, slot: u16) -> SlotLoad {
        let all = self.0.as_ref();
        let load = all.and_then(|all| all.get(usize::from(slot)));
        load.copied().unwrap_or_default()
    }

    /// Keys of all of them; `None` where those of any are not told.
    pub fn keys(&self, slots: &SlotSet) -> Option<u64> {
        self.sum(slots, |load| load.keys)
    }

    /// Bytes of all of them; `None` where those of any are not told.
    pub fn bytes(&self, slots: &SlotSet) -> Option<u64> {
        self.sum(slots, |load| load.bytes)
    }

    fn sum(&self, slots: &SlotSet, of: impl Fn(SlotLoad) -> Option<u64>) -> Option<u64> {
        self.0.as_ref()?;
        let mut all = slots.iter().map(|slot| of(self.get(slot)));
        all.try_fold(0u64, |sum, load| Some(sum.saturating_add(load?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_known_where_every_part_is() {
        let load = |keys| SlotLoad {
            keys: Some(keys),
            bytes: None,
        };
        let loads = SlotLoads::new([(3, load(5)), (4, load(7)), (3, load(6))]);
        let set = |text: &str| text.parse::<SlotSet>().expect("slots");
        assert_eq!(loads.keys(&set("3-4")), Some(13));
        assert_eq!(loads.keys(&set("3-5")), None);
        assert_eq!(loads.bytes(&set("3")), None);
        assert_eq!(SlotLoads::default().keys(&SlotSet::new()), None);
    }
}
