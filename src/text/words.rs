//! Numbers with their nouns, and lists, as messages spell them.

/// More items than so many are counted, not listed.
pub const LISTED: usize = 4;

/// `1 slot`, `2 slots`, `2 copies`, `2 flushes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {}", plural(number, noun))
}

/// The noun as it stands behind `number`: `slot`, `slots`; `copies`, `flushes`.
pub fn plural(number: usize, noun: &str) -> String {
    // Some actions are named for many already.
    if number == 1 || noun.ends_with("slots") {
        return noun.to_owned();
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with("epoch") => format!("{noun}s"),
        _ if ["sh", "ch", "ss"].iter().any(|end| noun.ends_with(end)) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// `a, b and 3 more`.
pub fn list(items: &[String]) -> String {
    list_up_to(LISTED, items)
}

/// As [`list`], for what deserves more room.
pub fn list_up_to(limit: usize, items: &[String]) -> String {
    let shown = items.len().min(limit);
    let text = items[..shown].join(", ");
    match items.len() - shown {
        0 => text,
        rest => format!("{text} and {rest} more"),
    }
}

/// `24 GiB`, `1.5 GiB`, `512 B`: the largest unit of which there is one.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (bytes.max(1).ilog2() / 10) as usize;
    // Tenths, rounded down: no limit is shown too high.
    let tenths = (u128::from(bytes) * 10) >> (10 * unit);
    match tenths % 10 {
        0 => format!("{} {}", tenths / 10, UNITS[unit]),
        tenth => format!("{}.{tenth} {}", tenths / 10, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_unit() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (24 << 30, "24 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "copy"), "1 copy");
        assert_eq!(count(2, "copy"), "2 copies");
        assert_eq!(count(2, "key"), "2 keys");
        assert_eq!(count(0, "slot"), "0 slots");
        assert_eq!(count(2, "flush"), "2 flushes");
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let items: Vec<String> = (1..=6).map(|n| n.to_string()).collect();
        assert_eq!(list(&items[..4]), "1, 2, 3, 4");
        assert_eq!(list(&items), "1, 2, 3, 4 and 2 more");
        assert_eq!(list(&[]), "");
    }
}
