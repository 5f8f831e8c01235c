//! Who gives to whom: the fewest pairs of a giver and a taker.
//!
//! Amounts are matched as in a transport without costs: each group of givers and takers that add
//! up to the same number takes one pair fewer than it has members, so the most groups make the
//! fewest pairs. Few enough are tried all; of many, equals are matched first, and then each
//! taker is filled by the largest givers that fit whole.

use std::collections::BTreeMap;

/// So many slots from one to another, by index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    pub from: usize,
    pub to: usize,
    pub slots: u32,
}

/// Up to so many givers and takers are grouped in every way there is.
const TRIED: usize = 14;

/// Pairs that turn `have` into `finals`; both have the same sum.
pub fn pairs(have: &[u32], finals: &[u32]) -> Vec<Pair> {
    let each = || have.iter().zip(finals).enumerate();
    let mut gives: Vec<(usize, u32)> = each()
        .filter(|(_, (h, f))| h > f)
        .map(|(i, (h, f))| (i, h - f))
        .collect();
    let mut takes: Vec<(usize, u32)> = each()
        .filter(|(_, (h, f))| h < f)
        .map(|(i, (h, f))| (i, f - h))
        .collect();
    let mut pairs = equals(&mut gives, &mut takes);
    if gives.len() + takes.len() <= TRIED {
        for (gives, takes) in groups(&gives, &takes) {
            fill(&gives, &takes, &mut pairs);
        }
    } else {
        fill(&gives, &takes, &mut pairs);
    }
    pairs.sort_unstable();
    pairs
}

/// Takes out givers and takers of the same amount, in order. Such a pair is a group that no
/// better grouping needs to break up.
fn equals(gives: &mut Vec<(usize, u32)>, takes: &mut Vec<(usize, u32)>) -> Vec<Pair> {
    let mut by_amount: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &(from, slots) in gives.iter().rev() {
        by_amount.entry(slots).or_default().push(from);
    }
    let mut pairs = Vec::new();
    takes.retain(|&(to, slots)| {
        let from = by_amount.get_mut(&slots).and_then(Vec::pop);
        pairs.extend(from.map(|from| Pair { from, to, slots }));
        from.is_none()
    });
    gives.retain(|(from, _)| !pairs.iter().any(|p| p.from == *from));
    pairs
}

type Group = (Vec<(usize, u32)>, Vec<(usize, u32)>);

/// As many groups as there can be, each with givers and takers of the same sum.
fn groups(gives: &[(usize, u32)], takes: &[(usize, u32)]) -> Vec<Group> {
    let signed = gives.iter().map(|&(_, n)| i64::from(n));
    let amounts: Vec<i64> = signed
        .chain(takes.iter().map(|&(_, n)| -i64::from(n)))
        .collect();
    let all = (1_usize << amounts.len()) - 1;
    // Best number of groups that end within a set, and who was added last.
    let (mut sums, mut best, mut last) =
        (vec![0_i64; all + 1], vec![0_u32; all + 1], vec![0; all + 1]);
    for set in 1..=all {
        let low = set.trailing_zeros() as usize;
        sums[set] = sums[set & (set - 1)] + amounts[low];
        for member in (0..amounts.len()).filter(|m| set >> m & 1 == 1) {
            let before = best[set & !(1 << member)];
            if member == low || before > best[set] {
                best[set] = before;
                last[set] = member;
            }
        }
        best[set] += u32::from(sums[set] == 0);
    }
    let (mut found, mut set) = (Vec::new(), all);
    while set != 0 {
        let mut group: Group = (Vec::new(), Vec::new());
        loop {
            let member = last[set];
            match member.checked_sub(gives.len()) {
                None => group.0.push(gives[member]),
                Some(taker) => group.1.push(takes[taker]),
            }
            set &= !(1 << member);
            if sums[set] == 0 {
                break;
            }
        }
        group.0.sort_unstable();
        group.1.sort_unstable();
        found.push(group);
    }
    found
}

/// Every taker, the largest first, by the largest givers that fit whole, then by a part of the
/// smallest that does not.
fn fill(gives: &[(usize, u32)], takes: &[(usize, u32)], pairs: &mut Vec<Pair>) {
    let mut left: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &(from, slots) in gives.iter().rev() {
        left.entry(slots).or_default().push(from);
    }
    let mut takers = takes.to_vec();
    takers.sort_by_key(|&(to, slots)| (std::cmp::Reverse(slots), to));
    for (to, mut lacks) in takers {
        while lacks > 0 {
            let whole = left.range(..=lacks).next_back();
            let Some((&amount, _)) = whole.or_else(|| left.range(lacks..).next()) else {
                return;
            };
            let givers = left.get_mut(&amount);
            let Some(from) = givers.and_then(Vec::pop) else {
                left.remove(&amount);
                continue;
            };
            if left.get(&amount).is_some_and(Vec::is_empty) {
                left.remove(&amount);
            }
            let slots = amount.min(lacks);
            pairs.push(Pair { from, to, slots });
            lacks -= slots;
            if amount > slots {
                left.entry(amount - slots).or_default().push(from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(have: &[u32], pairs: &[Pair]) -> Vec<u32> {
        let mut ends = have.to_vec();
        for p in pairs {
            ends[p.from] -= p.slots;
            ends[p.to] += p.slots;
        }
        ends
    }

    /// The fewest pairs, trying every amount between every giver and taker.
    fn fewest(gives: &[u32], takes: &[u32]) -> usize {
        let Some((&first, rest)) = gives.split_first() else {
            return 0;
        };
        let mut best = usize::MAX;
        let mut amounts = vec![0; takes.len()];
        spread(first, 0, takes, &mut amounts, &mut |amounts| {
            let left: Vec<u32> = takes.iter().zip(amounts).map(|(t, a)| t - a).collect();
            let used = amounts.iter().filter(|&&a| a > 0).count();
            best = best.min(used + fewest(rest, &left));
        });
        best
    }

    fn spread(
        amount: u32,
        at: usize,
        room: &[u32],
        amounts: &mut Vec<u32>,
        then: &mut dyn FnMut(&[u32]),
    ) {
        if at == room.len() {
            if amount == 0 {
                then(amounts);
            }
            return;
        }
        for n in 0..=amount.min(room[at]) {
            amounts[at] = n;
            spread(amount - n, at + 1, room, amounts, then);
        }
        amounts[at] = 0;
    }

    #[test]
    fn few_are_paired_as_well_as_can_be() {
        let cases: [(&[u32], &[u32]); 8] = [
            (&[5, 0], &[2, 3]),
            (&[4, 3, 0, 0], &[0, 0, 5, 2]),
            (&[4, 3, 2, 0, 0], &[0, 0, 0, 5, 4]),
            (&[5, 4, 3, 0, 0, 0], &[0, 0, 0, 7, 4, 1]),
            (&[6, 0, 0, 0], &[0, 1, 2, 3]),
            (&[3, 3, 2, 0, 0], &[0, 0, 0, 4, 4]),
            (&[1, 2, 3, 0, 0, 0], &[0, 0, 0, 2, 2, 2]),
            (&[5, 3, 3, 0, 0], &[0, 0, 0, 6, 5]),
        ];
        for (have, finals) in cases {
            let pairs = pairs(have, finals);
            assert_eq!(applied(have, &pairs), finals);
            let diff = |a: &[u32], b: &[u32]| -> Vec<u32> {
                let all = a.iter().zip(b).map(|(a, b)| a.saturating_sub(*b));
                all.filter(|&n| n > 0).collect()
            };
            let best = fewest(&diff(have, finals), &diff(finals, have));
            assert_eq!(pairs.len(), best, "{have:?} -> {finals:?}: {pairs:?}");
        }
    }

    #[test]
    fn many_are_paired_in_whole_amounts() {
        // 1000 masters of 16 or 17 slots give to a hundred new ones.
        let mut have: Vec<u32> = (0..1000).map(|i| 16 + u32::from(i < 384)).collect();
        have.extend([0; 100]);
        let ends: Vec<u32> = (0..1100).map(|i| 14 + u32::from(i < 984)).collect();
        let pairs = pairs(&have, &ends);
        assert_eq!(applied(&have, &pairs), ends);
        assert_eq!(pairs.len(), 1000);
    }
}
