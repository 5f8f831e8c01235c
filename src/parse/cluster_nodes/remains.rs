//! What is left of a node's line: told from text that happens to stand near one.
//!
//! A date, a name, a line of a log, a question have nothing of a node. A line that was cut or
//! changed has: its id, an address with the port of the bus, or its fields in their order.

use crate::parse::node_field::endpoint;
use crate::parse::node_field::flag;
use crate::parse::node_field::open_slots;
use crate::parse::node_field::slot_range;
use crate::parse::node_line::Fields;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::is_hex;
use crate::text::lex::id::plain_ids;

/// Words looked at; a node that owns every other slot has thousands.
const WORDS: usize = 64;

/// Of the digits of an id so many are enough to tell it from a number, a word or a date.
const ID_MIN: usize = 8;
const DIGITS_MIN: usize = 15;

/// The line has something that only the line of a node has.
pub(super) fn is_remains(line: &str) -> bool {
    let words: Vec<&str> = Fields(line).take(WORDS).collect();
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    begins_with_id(
        first.trim_matches(|c: char| !c.is_ascii_alphanumeric()),
        rest,
    ) || is_garbled(line)
        || words.iter().any(|word| has_bus_port(word))
        || words.windows(3).any(is_middle)
        || words.windows(4).any(is_end)
        || is_rest_of_slots(first, rest)
}

/// The line is the beginning of an id, and nothing else: that of a list that stops there. A number
/// may be a count of what stands above it.
pub(super) fn is_cut_id(line: &str, nodes_above: usize, ended: bool) -> bool {
    let digits = line.bytes().all(|b| b.is_ascii_digit());
    let is_count = || matches!(line.parse::<usize>(), Ok(n) if n == 0 || n == nodes_above);
    let lower = line.bytes().all(|b| !b.is_ascii_uppercase());
    let is_part = line.len() < PLAIN_ID && !line.is_empty() && is_hex(line.as_bytes()) && lower;
    is_part && !(digits && ended && is_count())
}

/// An id, or a part of one that is alone or has an address behind it.
fn begins_with_id(first: &str, rest: &[&str]) -> bool {
    let is_part = first.len() >= ID_MIN
        && is_hex(first.as_bytes())
        && (first.len() >= DIGITS_MIN || !first.bytes().all(|b| b.is_ascii_digit()));
    let is_address = |word: &&str| {
        let of_ip = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']');
        word.starts_with(|c: char| c.is_ascii_digit() || c == '[' || c == ':')
            && word.chars().all(of_ip)
            && word.contains(['.', ':'])
    };
    plain_ids(first).next().is_some()
        || is_part && (first.len() >= PLAIN_ID || rest.first().is_none_or(is_address))
}

/// Digits of an id, and characters that no text has: bytes were changed.
fn is_garbled(line: &str) -> bool {
    const DIGITS: usize = 4;
    let odd = |c: char| c.is_control() && c != '\t' || c == char::REPLACEMENT_CHARACTER;
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let is_part = |word: &str| {
        word.len() >= DIGITS && is_hex(word.as_bytes()) && word.bytes().any(|b| b.is_ascii_digit())
    };
    line.contains(odd) && words.any(is_part)
}

/// `10.0.0.1:7000@17000`
fn has_bus_port(word: &str) -> bool {
    let bus = word.split_once('@').map_or("", |(_, bus)| bus);
    bus.starts_with(|c: char| c.is_ascii_digit()) && endpoint(word).is_ok()
}

/// `master - 0`: flags, the master, the time of a ping.
fn is_middle(words: &[&str]) -> bool {
    let [flags, master, ping] = words else {
        return false;
    };
    let is_id = |word: &str| word.len() >= ID_MIN && is_hex(word.as_bytes());
    flags.split(',').any(|word| flag(word).is_some())
        && (*master == "-" || is_id(master))
        && is_number(ping)
}

/// `0 1700000000000 3 connected`
fn is_end(words: &[&str]) -> bool {
    let [ping, pong, epoch, link] = words else {
        return false;
    };
    [ping, pong, epoch].iter().all(|word| is_number(word)) && is_link(link)
}

/// `connected 0-5460`, `5461-10922 [93->-…]`: ranges, of which no sentence is made.
fn is_rest_of_slots(first: &str, rest: &[&str]) -> bool {
    let is_range = |word: &&str| {
        let range = word.contains('-') && slot_range(word).is_ok_and(|(rest, _)| rest.is_empty());
        range || open_slots(word).is_ok_and(|(rest, _)| rest.is_empty())
    };
    let mut slots = rest.iter();
    match is_link(first) {
        true => !rest.is_empty() && slots.all(is_range),
        false => is_range(&first) && slots.all(is_range),
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn is_link(word: &str) -> bool {
    matches!(word, "connected" | "disconnected")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_nothing_of_a_node() {
        for text in [
            "Mon Nov  3 10:00:00 UTC 2025",
            "2025-11-03T10:00:00Z",
            "20251103 10:00:00 all is well",
            "18 Apr 2026 13:40:05  DEBUG - cluster nodes state from /10.0.0.1:6379:",
            "INFO  - changing master from //10.0.0.1:6379 to //10.0.0.4:6379 for [0-5460]",
            "redis-0:",
            "---------------rediscluster-prod-a-55hf2----------------",
            "1234:M 03 Oct 2025 12:00:00.123 * Marking node aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa () as failing",
            "18:M PONG contains mismatching sender ID. About node aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa () in shard",
            "Why does it not fail over?",
            "the master is connected, the slave is not",
            "10.0.0.1:7000",
            "10.0.0.1:7000 is the master",
            "9f86d081884c   redis:7   \"docker-entrypoint.s\"   2 hours ago   Up 2 hours",
            "OK",
            "0",
            "16384",
            "user@example.com",
            "connected",
        ] {
            assert!(!is_remains(text), "{text}");
        }
    }

    #[test]
    fn whatever_is_left_of_a_node_is_told() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let line = format!("{b} 10.0.0.2:7000@17000 slave {a} 0 1795213364139 1 connected");
        // Every beginning that is longer than a word of few letters, every end that has a field
        // before the last two.
        for end in ID_MIN..line.len() {
            assert!(is_remains(&line[..end]), "{}", &line[..end]);
        }
        for start in 0..line.find(" 1 connected").expect("its end") - 14 {
            assert!(is_remains(&line[start..]), "{}", &line[start..]);
        }
        for text in [
            "connected 0-5460",
            "5461-10922",
            "0-5460 [93->-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]",
            "x 10.0.0.2:7000@17000",
            "2449dc2c0\u{1}",
            "24\u{fffd}9dc2c01 10.0",
        ] {
            assert!(is_remains(text), "{text}");
        }
    }

    #[test]
    fn a_part_of_an_id_is_no_count() {
        for text in ["d", "dddd", "12ab", "7"] {
            assert!(is_cut_id(text, 3, true), "{text}");
        }
        assert!(is_cut_id("3", 3, false));
        for text in ["0", "3", "", "Add", "well", "- 3"] {
            assert!(!is_cut_id(text, 3, true), "{text}");
        }
    }
}
