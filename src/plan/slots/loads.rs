//! Who gives to whom where a share is one of keys or of memory.
//!
//! Of one master every slot is taken to hold as much as any other: what a capture tells is the sum.
//! A giver comes down to the most that it may keep, as no plan gets by with less; a taker that is
//! still below its least then gets more from those who have most.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::plan::slots::pairs::Pair;

/// Bits of a key or byte: small clusters have less than one a slot.
const FRACTION: u32 = 20;

/// One that owns slots, or is to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Laden {
    pub slots: u32,
    /// Keys or bytes of all its slots.
    pub load: u64,
    /// How much it should have beside the others; nothing: it is to be emptied.
    pub weight: u32,
}

/// What moves, and the fewest slots that must.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shifted {
    pub pairs: Vec<Pair>,
    pub fewest: u32,
    /// Masters that must give: each is in a pair.
    pub givers: usize,
}

/// Brings everybody within so many parts of a hundred of its share, as far as whole slots do.
pub fn shift(all: &[Laden], within: u32) -> Shifted {
    let load = |l: &Laden| u128::from(l.load) << FRACTION;
    let total: u128 = all.iter().map(load).sum();
    let weights: u128 = all.iter().map(|l| u128::from(l.weight)).sum();
    let share = |l: &Laden| total * u128::from(l.weight) / weights.max(1);
    let part = |share: u128| share * u128::from(within) / 100;
    let mut has: Vec<u128> = all.iter().map(load).collect();
    let mut left: Vec<u32> = all.iter().map(|l| l.slots).collect();
    // An empty master has nothing that could weigh: of one slot, one key or byte.
    let each: Vec<u128> = all
        .iter()
        .map(|l| match l.load {
            0 => 1 << FRACTION,
            _ => (load(l) / u128::from(l.slots.max(1))).max(1),
        })
        .collect();
    let mut shifted = Shifted::default();
    let mut moves: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| (Reverse(each[i]), i));
    for &from in &order {
        let most = share(&all[from]) + part(share(&all[from]));
        let over = has[from].saturating_sub(most);
        let must = match all[from].weight {
            0 => left[from],
            _ => u32::try_from(over.div_ceil(each[from]))
                .unwrap_or(u32::MAX)
                .min(left[from]),
        };
        shifted.fewest += must;
        shifted.givers += usize::from(must > 0);
        let mut rest = must;
        while rest > 0 {
            let lacks = |i: usize| share(&all[i]).saturating_sub(has[i]);
            let takers = (0..all.len()).filter(|&i| i != from && all[i].weight > 0);
            let Some(to) = takers.max_by_key(|&i| (lacks(i), Reverse(i))) else {
                break;
            };
            // As many as it lacks; the last one may carry it a little above.
            let fit = u32::try_from(lacks(to) / each[from])
                .unwrap_or(u32::MAX)
                .max(1);
            give(
                &mut moves,
                &mut has,
                &mut left,
                &each,
                (from, to, rest.min(fit)),
            );
            rest -= rest.min(fit);
        }
    }
    for to in (0..all.len()).filter(|&i| all[i].weight > 0) {
        let least = share(&all[to]) - part(share(&all[to]));
        while has[to] < least {
            let spare = |i: usize| has[i].saturating_sub(share(&all[i]));
            let givers = (0..all.len()).filter(|&i| i != to && spare(i) >= each[i] && left[i] > 1);
            let Some(from) = givers.max_by_key(|&i| (spare(i), Reverse(i))) else {
                break;
            };
            let wanted = (least - has[to])
                .div_ceil(each[from])
                .min(spare(from) / each[from]);
            let slots = u32::try_from(wanted)
                .unwrap_or(u32::MAX)
                .clamp(1, left[from] - 1);
            give(&mut moves, &mut has, &mut left, &each, (from, to, slots));
        }
    }
    let pairs = moves.into_iter();
    shifted.pairs = pairs
        .map(|((from, to), slots)| Pair { from, to, slots })
        .collect();
    shifted
}

fn give(
    moves: &mut BTreeMap<(usize, usize), u32>,
    has: &mut [u128],
    left: &mut [u32],
    each: &[u128],
    (from, to, slots): (usize, usize, u32),
) {
    let load = (each[from] * u128::from(slots)).min(has[from]);
    has[from] -= load;
    has[to] += load;
    left[from] -= slots;
    *moves.entry((from, to)).or_default() += slots;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laden(slots: u32, load: u64) -> Laden {
        Laden {
            slots,
            load,
            weight: 1,
        }
    }

    fn after(all: &[Laden], shifted: &Shifted) -> Vec<u64> {
        let mut has: Vec<u64> = all.iter().map(|l| l.load).collect();
        for p in &shifted.pairs {
            let load = all[p.from].load / u64::from(all[p.from].slots) * u64::from(p.slots);
            has[p.from] -= load;
            has[p.to] += load;
        }
        has
    }

    #[test]
    fn a_heavy_master_gives_what_is_above_its_share() {
        let all = [
            laden(5461, 5461 * 40),
            laden(5462, 5462 * 10),
            laden(5461, 5461 * 10),
        ];
        let shifted = shift(&all, 2);
        let ends = after(&all, &shifted);
        let share = all.iter().map(|l| l.load).sum::<u64>() / 3;
        let close = |n: &u64| n.abs_diff(share) * 100 <= share * 3;
        assert!(ends.iter().all(close), "{ends:?} of {share}");
        let moved: u32 = shifted.pairs.iter().map(|p| p.slots).sum();
        assert!(
            moved >= shifted.fewest && moved <= shifted.fewest + 60,
            "{shifted:?}"
        );
        assert!(shifted.pairs.iter().all(|p| p.from == 0));
    }

    #[test]
    fn even_ones_move_nothing_and_an_emptied_one_everything() {
        let even = [laden(5461, 1000), laden(5462, 1001), laden(5461, 999)];
        assert_eq!(shift(&even, 2), Shifted::default());
        let mut leaving = even;
        leaving[2].weight = 0;
        let moved: u32 = shift(&leaving, 2).pairs.iter().map(|p| p.slots).sum();
        assert_eq!(moved, 5461);
    }
}
