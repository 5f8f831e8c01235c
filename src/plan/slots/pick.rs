//! Which slots go: those that leave the fewest ranges.

use std::collections::BTreeSet;

use crate::model::SlotSet;
use crate::plan::slots::pairs::Pair;

/// Slots that change their owner, by index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    pub from: usize,
    pub to: usize,
    pub slots: SlotSet,
}

/// Picks the slots of every pair, in order. Whole ranges go before parts of one, what joins the
/// ranges of the taker before what does not, and a part is cut from an end.
pub fn pick(owned: &[SlotSet], pairs: &[Pair]) -> Vec<Transfer> {
    let mut owned = owned.to_vec();
    let mut transfers = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let slots = taken(&owned[pair.from], &owned[pair.to], pair.slots);
        owned[pair.from].subtract(&slots);
        owned[pair.to].union_with(&slots);
        transfers.push(Transfer {
            from: pair.from,
            to: pair.to,
            slots,
        });
    }
    transfers
}

/// `count` slots of `giver`.
fn taken(giver: &SlotSet, taker: &SlotSet, count: u32) -> SlotSet {
    let mut ranges: BTreeSet<(u16, u16)> = giver.ranges().into_iter().collect();
    let (mut all, mut picked) = (taker.clone(), SlotSet::new());
    let mut left = count;
    while left > 0 {
        let cuts = ranges.iter().flat_map(|&range| cuts(range, left));
        let Some((range, (first, last))) = cuts.min_by_key(|&(range, cut)| cost(range, cut, &all))
        else {
            break;
        };
        ranges.remove(&range);
        if first > range.0 {
            ranges.insert((range.0, first - 1));
        }
        if last < range.1 {
            ranges.insert((last + 1, range.1));
        }
        all.insert_range(first, last);
        picked.insert_range(first, last);
        left -= u32::from(last - first) + 1;
    }
    picked
}

type Range = (u16, u16);

/// What may go of a range: all of it, or as much as is still needed from its end or start.
fn cuts(range: Range, left: u32) -> impl Iterator<Item = (Range, Range)> {
    let (first, last) = range;
    let length = u32::from(last - first) + 1;
    let part = left.min(length) as u16;
    let end = Some((last - (part - 1), last));
    let start = (length > left).then_some((first, first + (part - 1)));
    end.into_iter().chain(start).map(move |cut| (range, cut))
}

/// Ranges that it adds for both together; then the longest goes, then the first.
fn cost(range: Range, cut: Range, taker: &SlotSet) -> (i32, std::cmp::Reverse<u16>, u16) {
    let (first, last) = cut;
    let joins = |slot: Option<u16>| i32::from(slot.is_some_and(|s| taker.contains(s)));
    let joined = joins(first.checked_sub(1)) + joins(last.checked_add(1));
    let added = i32::from(cut != range) - joined;
    (added, std::cmp::Reverse(last - first), first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> SlotSet {
        text.parse().expect("slots")
    }

    fn pair(from: usize, to: usize, slots: u32) -> Pair {
        Pair { from, to, slots }
    }

    #[test]
    fn a_new_master_gets_what_joins_and_gives_it_back_to_its_neighbours() {
        let owned = ["0-5460", "5461-10922", "10923-16383", ""].map(set);
        let out = pick(
            &owned,
            &[pair(0, 3, 1365), pair(1, 3, 1366), pair(2, 3, 1365)],
        );
        let said: Vec<String> = out.iter().map(|t| t.slots.to_string()).collect();
        assert_eq!(said, ["0-1364", "5461-6826", "10923-12287"]);
        let mut after = owned.to_vec();
        for t in &out {
            after[t.from].subtract(&t.slots);
            after[3].union_with(&t.slots);
        }
        let back = pick(
            &after,
            &[pair(3, 0, 1365), pair(3, 1, 1366), pair(3, 2, 1365)],
        );
        for t in &back {
            after[3].subtract(&t.slots);
            after[t.to].union_with(&t.slots);
        }
        assert_eq!(after, owned);
    }

    #[test]
    fn whole_ranges_go_before_parts() {
        let out = pick(&[set("0-9,20-24,30-31"), set("100-200")], &[pair(0, 1, 7)]);
        assert_eq!(out[0].slots, set("20-24,30-31"));
        let out = pick(&[set("0,2,4,6,8"), set("1")], &[pair(0, 1, 2)]);
        assert_eq!(out[0].slots, set("0,2"));
    }
}
