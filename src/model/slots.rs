//! A set of hash slots as a bitmap.

use std::fmt;
use std::str::FromStr;

/// Slots of a cluster: `CLUSTER_SLOTS` in every server version.
pub const SLOT_COUNT: u16 = 16384;

const WORDS: usize = SLOT_COUNT as usize / 64;

/// Hash slots 0 to 16383. An empty set owns no memory: most nodes of a view are replicas.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SlotSet {
    words: Option<Box<[u64; WORDS]>>,
}

impl SlotSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// All 16384 slots.
    pub fn full() -> Self {
        Self::from_ranges([(0, SLOT_COUNT - 1)])
    }

    /// Closed ranges; what lies beyond 16383 is left out.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u16, u16)>) -> Self {
        let mut set = Self::new();
        for (first, last) in ranges {
            set.insert_range(first, last);
        }
        set
    }

    /// Adds the closed range; what lies beyond 16383 is left out.
    pub fn insert_range(&mut self, first: u16, last: u16) {
        if first >= SLOT_COUNT || first > last {
            return;
        }
        let last = last.min(SLOT_COUNT - 1);
        let words = self.words.get_or_insert_with(|| Box::new([0; WORDS]));
        let (low, high) = (usize::from(first) / 64, usize::from(last) / 64);
        for (index, word) in words.iter_mut().enumerate().take(high + 1).skip(low) {
            let from = if index == low { first % 64 } else { 0 };
            let to = if index == high { last % 64 } else { 63 };
            *word |= (u64::MAX >> (63 - to)) & (u64::MAX << from);
        }
    }

    /// Adds one slot.
    pub fn insert(&mut self, slot: u16) {
        self.insert_range(slot, slot);
    }

    /// Takes one slot out.
    pub fn remove(&mut self, slot: u16) {
        if let Some(words) = &mut self.words
            && slot < SLOT_COUNT
        {
            words[usize::from(slot) / 64] &= !(1 << (slot % 64));
        }
        self.settle();
    }

    pub fn contains(&self, slot: u16) -> bool {
        let word = |w: &[u64; WORDS]| w[usize::from(slot) / 64] >> (slot % 64) & 1 == 1;
        slot < SLOT_COUNT && self.words.as_deref().is_some_and(word)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_none()
    }

    /// How many slots, 0 to 16384.
    pub fn len(&self) -> u32 {
        self.words
            .iter()
            .flat_map(|w| w.iter())
            .map(|w| w.count_ones())
            .sum()
    }

    /// Adds every slot of `other`.
    pub fn union_with(&mut self, other: &Self) {
        let Some(theirs) = &other.words else { return };
        let mine = self.words.get_or_insert_with(|| Box::new([0; WORDS]));
        mine.iter_mut()
            .zip(theirs.iter())
            .for_each(|(a, b)| *a |= b);
    }

    /// Takes every slot of `other` out.
    pub fn subtract(&mut self, other: &Self) {
        if let (Some(mine), Some(theirs)) = (&mut self.words, &other.words) {
            mine.iter_mut()
                .zip(theirs.iter())
                .for_each(|(a, b)| *a &= !b);
        }
        self.settle();
    }

    /// The slots in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = self.clone();
        match (&mut both.words, &other.words) {
            (Some(mine), Some(theirs)) => mine
                .iter_mut()
                .zip(theirs.iter())
                .for_each(|(a, b)| *a &= b),
            _ => both.words = None,
        }
        both.settle();
        both
    }

    /// Whether no slot is in both.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (&self.words, &other.words) else {
            return true;
        };
        mine.iter().zip(theirs.iter()).all(|(a, b)| a & b == 0)
    }

    /// The slots that are not in the set.
    pub fn complement(&self) -> Self {
        let mut rest = Self::full();
        rest.subtract(self);
        rest
    }

    /// Ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.ranges()
            .into_iter()
            .flat_map(|(first, last)| first..=last)
    }

    /// Closed ranges, ascending, as few as possible.
    pub fn ranges(&self) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        let Some(words) = &self.words else {
            return ranges;
        };
        for (index, &word) in words.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                let from = rest.trailing_zeros();
                let run = (rest >> from).trailing_ones();
                rest &= u64::MAX.checked_shl(from + run).unwrap_or(0);
                let first = (index as u32 * 64 + from) as u16;
                let last = first + (run - 1) as u16;
                match ranges.last_mut() {
                    Some(previous) if previous.1 + 1 == first => previous.1 = last,
                    _ => ranges.push((first, last)),
                }
            }
        }
        ranges
    }

    /// How many [`ranges`](Self::ranges) there are.
    pub fn range_count(&self) -> usize {
        let words = self.words.iter().flat_map(|words| words.iter());
        let starts = words.scan(0u64, |last, &word| {
            let starts = word & !(word << 1 | *last);
            *last = word >> 63;
            Some(starts.count_ones() as usize)
        });
        starts.sum()
    }

    // Equality compares bitmaps, so an emptied set must look like a new one.
    fn settle(&mut self) {
        if self
            .words
            .as_ref()
            .is_some_and(|w| w.iter().all(|&x| x == 0))
        {
            self.words = None;
        }
    }
}

impl fmt::Display for SlotSet {
    /// `0-5460,10923`: the field's own spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.ranges().into_iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            if first == last {
                write!(f, "{first}")?;
            } else {
                write!(f, "{first}-{last}")?;
            }
        }
        Ok(())
    }
}

/// The text is no set of slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotSlots;

impl FromStr for SlotSet {
    type Err = NotSlots;

    /// `0-5460,7000` in any order, or nothing for no slots. No signs, no blanks.
    fn from_str(text: &str) -> Result<Self, NotSlots> {
        let slot = |text: &str| {
            // `parse` would take a sign, too.
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let slot: Option<u16> = text.parse().ok();
            slot.filter(|&s| digits && s < SLOT_COUNT)
        };
        let range = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some((slot(first)?, slot(last)?)).filter(|(f, l)| f <= l)
        };
        if text.is_empty() {
            return Ok(Self::new());
        }
        let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
        ranges.map(Self::from_ranges).ok_or(NotSlots)
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_survive_word_borders() {
        let set = SlotSet::from_ranges([(0, 0), (63, 64), (127, 200), (16383, 16383)]);
        assert_eq!(set.ranges(), [(0, 0), (63, 64), (127, 200), (16383, 16383)]);
        assert_eq!(set.to_string(), "0,63-64,127-200,16383");
        assert_eq!(set.len(), 1 + 2 + 74 + 1);
        assert_eq!(set.iter().count(), 78);
    }

    #[test]
    fn complement_of_nothing_is_everything() {
        assert_eq!(SlotSet::new().complement().to_string(), "0-16383");
        assert_eq!(SlotSet::full().complement(), SlotSet::new());
        assert_eq!(SlotSet::full().len(), 16384);
    }

    #[test]
    fn slot_sets_are_read_in_any_order_and_nothing_else_is() {
        let read = |text: &str| text.parse::<SlotSet>();
        assert_eq!(read("7,0-5,6").map(|s| s.to_string()).as_deref(), Ok("0-7"));
        assert_eq!(read(""), Ok(SlotSet::new()));
        for bad in ["-", "1-", "5-1", "16384", "1,,2", " 1", "0x1", "+1-2"] {
            assert_eq!(read(bad), Err(NotSlots), "{bad}");
        }
    }

    #[test]
    fn emptied_equals_empty() {
        let mut set = SlotSet::from_ranges([(5, 5)]);
        set.remove(5);
        assert_eq!(set, SlotSet::new());
        assert!(set.is_empty());
    }
}
