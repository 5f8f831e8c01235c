//! Which slots of a giver go where slots weigh differently: as little above what is wanted as
//! about one slot weighs, then few slots, then few ranges.

use std::cmp::Reverse;

use crate::model::SlotSet;

/// A range more is worth it where it saves so many slots: every range is a line that all nodes keep
/// and gossip, and a slot costs a few messages once.
const SLOTS_PER_RANGE: usize = 8;

/// Slots of `free` that weigh at least `wanted` together, or all of them.
pub fn pick(
    free: &SlotSet,
    taker: &SlotSet,
    each: &dyn Fn(u16) -> u128,
    wanted: u128,
) -> SlotSet {
    let all: u128 = free.iter().map(each).sum();
    if all <= wanted {
        return free.clone();
    }
    let grain = (all / u128::from(free.len().max(1))).max(1);
    let cost = |slots: &SlotSet| {
        let weight: u128 = slots.iter().map(each).sum();
        let mut joined = taker.clone();
        joined.union_with(slots);
        let mut left = free.clone();
        left.subtract(slots);
        let ranges = joined.ranges().len() + left.ranges().len();
        let above = (weight - wanted.min(weight)) / grain;
        (above, slots.len() as usize + SLOTS_PER_RANGE * ranges)
    };
    let runs = runs(free, taker, each, wanted, grain);
    let heavy = heavy(free, each, wanted);
    match cost(&heavy) < cost(&runs) {
        true => heavy,
        false => runs,
    }
}

/// Whole ranges, the heaviest first, and of the last one the part that weighs enough.
fn runs(
    free: &SlotSet,
    taker: &SlotSet,
    each: &dyn Fn(u16) -> u128,
    wanted: u128,
    grain: u128,
) -> SlotSet {
    let mut ranges: Vec<((u16, u16), u128)> = free
        .ranges()
        .into_iter()
        .map(|(first, last)| ((first, last), (first..=last).map(each).sum()))
        .collect();
    let (mut picked, mut left) = (SlotSet::new(), wanted);
    while left > 0 && !ranges.is_empty() {
        let touches = |(first, last): (u16, u16)| {
            let before = first.checked_sub(1).is_some_and(|s| taker.contains(s));
            before || taker.contains(last.saturating_add(1))
        };
        if ranges.iter().any(|(_, weight)| *weight >= left) {
            let enough = ranges.iter().filter(|(_, weight)| *weight >= left);
            let windows = enough.filter_map(|(range, _)| {
                let cost = |part: (u16, u16)| {
                    let inside = part.0 > range.0 && part.1 < range.1;
                    let cuts = usize::from(inside) + usize::from(!touches(part));
                    usize::from(part.1 - part.0) + SLOTS_PER_RANGE * cuts
                };
                window(*range, each, left, grain, &cost)
            });
            if let Some((_, (first, last))) = windows.min() {
                picked.insert_range(first, last);
            }
            return picked;
        }
        let next = (0..ranges.len())
            .max_by_key(|&i| (touches(ranges[i].0), ranges[i].1, Reverse(i)))
            .expect("there is one");
        let ((first, last), weight) = ranges.swap_remove(next);
        ranges.sort_unstable();
        picked.insert_range(first, last);
        left = left.saturating_sub(weight);
    }
    picked
}

/// How much above what is wanted, in slots of the usual weight, and what it costs.
type Price = (u128, usize);

/// Of all stretches of a range that weigh enough, and not with a slot less, the best.
fn window(
    (first, last): (u16, u16),
    each: &dyn Fn(u16) -> u128,
    wanted: u128,
    grain: u128,
    cost: &dyn Fn((u16, u16)) -> usize,
) -> Option<(Price, (u16, u16))> {
    let (mut start, mut weight) = (first, 0u128);
    let stretches = (first..=last).filter_map(|end| {
        weight += each(end);
        while start < end && weight - each(start) >= wanted {
            weight -= each(start);
            start += 1;
        }
        let stretch = (start, end);
        (weight >= wanted).then(|| (((weight - wanted) / grain, cost(stretch)), stretch))
    });
    stretches.min()
}

/// The heaviest that are still wanted, and the lightest that makes it enough.
fn heavy(free: &SlotSet, each: &dyn Fn(u16) -> u128, wanted: u128) -> SlotSet {
    let mut slots: Vec<u16> = free.iter().collect();
    slots.sort_by_key(|&slot| (Reverse(each(slot)), slot));
    let (mut picked, mut left) = (SlotSet::new(), wanted);
    let mut passed: Option<u16> = None;
    for slot in slots {
        if left == 0 {
            break;
        }
        if each(slot) <= left {
            picked.insert(slot);
            left -= each(slot);
        } else {
            passed = Some(slot);
        }
    }
    if left > 0 {
        // Lighter ones were taken: what was passed over last is the lightest that is enough.
        passed.into_iter().for_each(|slot| picked.insert(slot));
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> SlotSet {
        text.parse().expect("slots")
    }

    #[test]
    fn alike_ones_go_from_an_end_that_joins() {
        let even = |_| 10;
        let picked = pick(&set("0-99"), &set("100-199"), &even, 95);
        assert_eq!(picked, set("90-99"));
        assert_eq!(pick(&set("0-9,50"), &SlotSet::new(), &even, 200), set("0-9,50"));
    }

    #[test]
    fn one_heavy_slot_goes_alone() {
        let each = |slot| if slot == 42 { 1000 } else { 1 };
        let picked = pick(&set("0-999"), &set("2000-2999"), &each, 1000);
        assert_eq!(picked, set("42"));
    }

    #[test]
    fn what_is_picked_is_enough_and_not_much_more() {
        let each = |slot: u16| u128::from(slot % 7) + 1;
        for wanted in [1, 5, 100, 300, 390] {
            let picked = pick(&set("0-49,60-109"), &set("110-120"), &each, wanted);
            let weight: u128 = picked.iter().map(each).sum();
            assert!((wanted..wanted + 8).contains(&weight), "{wanted}: {weight}");
        }
    }
}
