//! How many slots everybody ends with: the fewest leave their owner.
//!
//! Knows numbers only. Slots that must leave are what is above the most that their owner may
//! keep, slots that must come what is below the least: no plan moves fewer than the larger of
//! both sums, and [`finals`] moves exactly as many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One that may own slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holder {
    pub have: u32,
    /// Fewest and most that it may end with.
    pub least: u32,
    pub most: u32,
    /// How much it should have beside the others.
    pub weight: u32,
    /// Bytes of one of its slots, on average: of two that could give, the lighter does.
    pub bytes: u64,
}

/// The limits contradict each other, or leave some slots without a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// The fair share of each by weight, rounded down and up.
pub fn shares(total: u32, weights: &[u32]) -> Vec<(u32, u32)> {
    let all: u64 = weights.iter().map(|&w| u64::from(w)).sum();
    let share = |&weight: &u32| {
        let parts = u64::from(total) * u64::from(weight);
        let down = parts.checked_div(all).unwrap_or(0);
        let up = parts
            .checked_add(all.saturating_sub(1))
            .and_then(|p| p.checked_div(all));
        (down as u32, up.unwrap_or(0) as u32)
    };
    weights.iter().map(share).collect()
}

/// What everybody ends with; see the module text. What is left open evens them out: who has most
/// for its weight gives first, who has least gets first; among equals the lighter slots go, then
/// those who come first.
pub fn finals(holders: &[Holder]) -> Result<Vec<u32>, NoRoom> {
    let total: u64 = holders.iter().map(|h| u64::from(h.have)).sum();
    let sum = |of: fn(&Holder) -> u32| holders.iter().map(|h| u64::from(of(h))).sum::<u64>();
    let (least, most) = (sum(|h| h.least), sum(|h| h.most));
    if least > total || most < total || holders.iter().any(|h| h.least > h.most) {
        return Err(NoRoom);
    }
    let mut finals: Vec<u32> = holders
        .iter()
        .map(|h| h.have.clamp(h.least, h.most))
        .collect();
    let kept: u64 = finals.iter().map(|&n| u64::from(n)).sum();
    // Load for its weight, in parts that 16384 slots cannot overflow.
    let load = |index: usize, slots: u32| {
        (u64::from(slots) << 32) / u64::from(holders[index].weight.max(1))
    };
    if kept > total {
        let mut givers: BinaryHeap<_> = (0..finals.len())
            .map(|i| (load(i, finals[i]), Reverse(holders[i].bytes), Reverse(i)))
            .collect();
        for _ in total..kept {
            while let Some((_, bytes, Reverse(i))) = givers.pop() {
                if finals[i] > holders[i].least {
                    finals[i] -= 1;
                    givers.push((load(i, finals[i]), bytes, Reverse(i)));
                    break;
                }
            }
        }
    } else {
        let mut takers: BinaryHeap<_> = (0..finals.len())
            .map(|i| Reverse((load(i, finals[i] + 1), i)))
            .collect();
        for _ in kept..total {
            while let Some(Reverse((_, i))) = takers.pop() {
                if finals[i] < holders[i].most {
                    finals[i] += 1;
                    takers.push(Reverse((load(i, finals[i] + 1), i)));
                    break;
                }
            }
        }
    }
    Ok(finals)
}

/// Slots that leave their owner in any plan within the limits.
pub fn fewest(holders: &[Holder]) -> u32 {
    let over: u32 = holders.iter().map(|h| h.have.saturating_sub(h.most)).sum();
    let under: u32 = holders.iter().map(|h| h.least.saturating_sub(h.have)).sum();
    over.max(under)
}

/// Pairs of a giver and a taker in any plan that moves the fewest slots: whoever must give is in
/// one, whoever must take is.
pub fn fewest_pairs(holders: &[Holder]) -> usize {
    let givers = holders.iter().filter(|h| h.have > h.most).count();
    let takers = holders.iter().filter(|h| h.have < h.least).count();
    givers.max(takers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(have: u32, least: u32, most: u32) -> Holder {
        Holder {
            have,
            least,
            most,
            weight: 1,
            bytes: 1,
        }
    }

    fn moved(holders: &[Holder], finals: &[u32]) -> u32 {
        let gives = holders
            .iter()
            .zip(finals)
            .map(|(h, &f)| h.have.saturating_sub(f));
        gives.sum()
    }

    /// Every way to end within the limits.
    fn all(holders: &[Holder]) -> Vec<Vec<u32>> {
        let total: u32 = holders.iter().map(|h| h.have).sum();
        let mut ways = vec![Vec::new()];
        for h in holders {
            let longer = |way: &Vec<u32>| {
                let way = way.clone();
                (h.least..=h.most).map(move |n| [way.clone(), vec![n]].concat())
            };
            ways = ways.iter().flat_map(longer).collect();
        }
        ways.retain(|way| way.iter().sum::<u32>() == total);
        ways
    }

    #[test]
    fn no_plan_within_the_limits_moves_fewer() {
        let mut tried = 0;
        for haves in [[6, 0, 0], [3, 3, 0], [5, 1, 2], [2, 2, 2], [7, 0, 1]] {
            for limits in [
                [(0, 0), (2, 4), (2, 4)],
                [(2, 3), (2, 3), (2, 3)],
                [(0, 9), (1, 9), (2, 2)],
            ] {
                let holders: Vec<Holder> = haves
                    .iter()
                    .zip(limits)
                    .map(|(&have, (least, most))| holder(have, least, most))
                    .collect();
                let best = all(&holders).iter().map(|way| moved(&holders, way)).min();
                match finals(&holders) {
                    Ok(ends) => {
                        tried += 1;
                        assert_eq!(Some(moved(&holders, &ends)), best, "{holders:?}");
                        assert_eq!(Some(fewest(&holders)), best, "{holders:?}");
                    }
                    Err(NoRoom) => assert_eq!(best, None, "{holders:?}"),
                }
            }
        }
        assert!(tried > 8);
    }

    #[test]
    fn a_fourth_master_takes_a_fourth_and_gives_it_back() {
        let share = shares(16384, &[1; 4]);
        assert_eq!(share, [(4096, 4096); 4]);
        let mut holders: Vec<Holder> = [5461, 5462, 5461, 0]
            .iter()
            .zip(share)
            .map(|(&have, (least, most))| holder(have, least, most))
            .collect();
        assert_eq!(finals(&holders), Ok(vec![4096; 4]));
        assert_eq!(fewest(&holders), 4096);
        assert_eq!(fewest_pairs(&holders), 3);
        for (h, most) in holders.iter_mut().zip([5462, 5462, 5462, 0]) {
            *h = holder(4096, 4096.min(most), most);
        }
        assert_eq!(finals(&holders), Ok(vec![5462, 5461, 5461, 0]));
    }

    #[test]
    fn weights_share_unevenly() {
        assert_eq!(
            shares(16384, &[2, 1, 1]),
            [(8192, 8192), (4096, 4096), (4096, 4096)]
        );
        assert_eq!(shares(10, &[1, 1, 1]), [(3, 4); 3]);
        assert_eq!(shares(10, &[0, 0]), [(0, 0); 2]);
    }

    #[test]
    fn who_has_most_gives_first() {
        let holders = [holder(9, 2, 9), holder(5, 2, 5), holder(0, 4, 4)];
        assert_eq!(finals(&holders), Ok(vec![5, 5, 4]));
    }
}
