//! New ids: by rank, in the order of the old ones, and alike where the old ones begin alike.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Characters by which reports shorten ids.
const HEAD: usize = 8;

/// New ids begin with a letter, so that a shortened one is no number.
const LOWEST: u64 = 0xa000_0000;

/// Length of an id that is no hex number.
const USUAL: usize = 40;

/// Old to new. Ids that share their first eight digits still do, so that a shortened id means
/// what it meant; the length of a hex id stays.
pub(super) fn rename(olds: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut groups: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for old in olds {
        groups.entry(head(old)).or_default().push(old);
    }
    let count = groups.len() as u64;
    let mut names = BTreeMap::new();
    for (rank, members) in (0..).zip(groups.values()) {
        let mut first = LOWEST + spread(rank, count, u64::from(u32::MAX) - LOWEST);
        // No new id may be taken for an old one.
        while groups.contains_key(format!("{first:08x}").as_str()) {
            first += 1;
        }
        let many = members.len() as u64;
        for (place, old) in (0..).zip(members) {
            let mut state = rank.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place;
            // Digits that are in an order only where there is something to order.
            let rest = match many {
                1 => mix(state),
                _ => spread(place, many, u64::MAX),
            };
            let mut new = format!("{first:08x}{rest:016x}");
            let hex = old.bytes().all(|b| b.is_ascii_hexdigit()) && old.len() > HEAD;
            let length = if hex { old.len() } else { USUAL };
            while new.len() < length {
                state = mix(state);
                new.push_str(&format!("{state:016x}"));
            }
            new.truncate(length);
            names.insert((*old).clone(), new);
        }
    }
    names
}

fn head(id: &str) -> &str {
    id.get(..HEAD).unwrap_or(id)
}

/// The middle of the part with this rank, where `0..=most` is cut into `count` parts.
fn spread(rank: u64, count: u64, most: u64) -> u64 {
    let wide = u128::from(most) * (2 * u128::from(rank) + 1) / (2 * u128::from(count.max(1)));
    // Below `most`, as the rank is below the count.
    wide as u64
}

/// Digits that look like those of an id (the finalizer of SplitMix64).
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_heads_and_lengths_stay() {
        let long = |start: &str| format!("{start}{}", "0".repeat(40 - start.len()));
        let olds = [
            long("aaaaaaaa1"),
            long("aaaaaaaa2"),
            long("bbbbbbbb"),
            "c".repeat(39),
            "node1".to_owned(),
        ];
        let names = rename(&BTreeSet::from(olds.clone()));
        let new: Vec<&String> = olds.iter().map(|old| &names[old]).collect();
        assert!(new.is_sorted(), "{new:?}");
        assert_eq!(new[0][..8], new[1][..8]);
        assert_ne!(new[1][..8], new[2][..8]);
        let lengths: Vec<usize> = new.iter().map(|n| n.len()).collect();
        assert_eq!(lengths, [40, 40, 40, 39, 40]);
        assert!(new.iter().all(|n| n.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn a_thousand_ids_stay_apart_and_say_nothing_of_the_old() {
        let olds: BTreeSet<String> = (0..1000_u64).map(|n| format!("{:040x}", mix(n))).collect();
        let names = rename(&olds);
        let new: BTreeSet<&String> = names.values().collect();
        assert_eq!(new.len(), olds.len());
        assert!(new.iter().all(|n| !olds.contains(n.as_str())));
        let again: BTreeSet<String> = (0..1000_u64).map(|n| format!("{:040x}", n)).collect();
        let others: BTreeSet<String> = rename(&again).into_values().collect();
        assert_eq!(others.len(), 1000);
    }
}
