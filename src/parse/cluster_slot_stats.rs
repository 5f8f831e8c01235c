//! `CLUSTER SLOT-STATS` (Valkey from 8, Redis from 8.2 on): what each slot of a shard holds.
//!
//! An entry is a slot and a map that begins with `key-count` (`addReplySlotStat` in
//! `cluster_slot_stats.c`). Later Redis adds `memory-bytes`; cpu and network are of no use here.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::model::SLOT_COUNT;
use crate::model::SlotLoad;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::SlotRow;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::reply;
use crate::parse::reply::Item;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-slot-stats",
    sniff,
    parse,
};

const FIRST: &str = "key-count";

fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        let entry = json.strip_prefix("[[").unwrap_or_default();
        let behind = entry.trim_start_matches(|c: char| c.is_ascii_digit());
        let maps = [",{\"key-count\"", ",[\"key-count\""];
        return behind.len() < entry.len() && maps.iter().any(|map| behind.starts_with(map));
    }
    let mut head = head.scalars();
    let is_slot = |text: &str| text.parse::<u32>().is_ok();
    head.next().is_some_and(is_slot) && head.next() == Some(FIRST)
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let answer = reply::read(block);
    let mut rows = Vec::new();
    let mut keep = |slot: &Item<'a>, pairs: &[(&'a str, &Item<'a>)]| {
        let number = slot.value.integer().and_then(|n| u16::try_from(n).ok());
        let Some(number) = number.filter(|&n| n < SLOT_COUNT) else {
            let message = "this is no slot; what it holds was ignored";
            log.at_line(Diagnostic::new(Parse::Slot, message), slot.line);
            return;
        };
        let value = |name| {
            let item = pairs.iter().find(|p| p.0 == name)?.1;
            u64::try_from(item.value.integer()?).ok()
        };
        let load = SlotLoad {
            keys: value(FIRST),
            bytes: value("memory-bytes"),
        };
        rows.push(SlotRow { slot: number, load });
    };
    if reply::form(block).is_flat() {
        // Only the key that comes first tells where an entry begins: behind its slot.
        let items = &answer.roots;
        let begins = |at: &usize| items.get(at + 1).and_then(|i| i.value.text()) == Some(FIRST);
        let starts: Vec<usize> = (0..items.len()).filter(begins).collect();
        let ends = starts.iter().skip(1).copied().chain([items.len()]);
        for (&start, end) in starts.iter().zip(ends) {
            let entry = items.get(start..end).unwrap_or_default();
            if let Some((slot, map)) = entry.split_first() {
                let pairs = map.chunks_exact(2).filter_map(|pair| match pair {
                    [key, item] => Some((key.value.text()?, item)),
                    _ => None,
                });
                keep(slot, &pairs.collect::<Vec<_>>());
            }
        }
    } else {
        for entry in answer.roots.iter().flat_map(|root| root.value.items()) {
            if let [slot, map, ..] = entry.value.items() {
                keep(slot, &map.value.pairs());
            }
        }
    }
    if !answer.complete {
        listed::cut_off(block, log);
    }
    vec![Section::new(DIALECT.name, block, Facts::SlotStats(rows))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    type Told = (u16, Option<u64>, Option<u64>);

    fn rows(text: &str) -> (Vec<Told>, usize) {
        let source = Source::new("f", text.to_owned(), String::new());
        let parsed = parse_file(&source);
        let Some(Facts::SlotStats(rows)) = parsed.sections.first().map(|s| &s.facts) else {
            panic!("{text}: {parsed:?}");
        };
        let told = rows.iter().map(|r| (r.slot, r.load.keys, r.load.bytes));
        (told.collect(), parsed.diagnostics.len())
    }

    /// As `redis-cli` 7.0 prints what Redis 8.2.3 and Valkey 9.1.2 answer.
    #[test]
    fn every_form_says_the_same() {
        for text in [
            "7\nkey-count\n3\ncpu-usec\n0\n16383\nkey-count\n0\ncpu-usec\n12\n",
            "7\nkey-count 3\ncpu-usec 0\n16383\nkey-count 0\ncpu-usec 12\n",
            "7,\"key-count\",3,\"cpu-usec\",0,16383,\"key-count\",0,\"cpu-usec\",12\n",
            "[[7,{\"key-count\":3,\"cpu-usec\":0}],[16383,{\"key-count\":0,\"cpu-usec\":12}]]\n",
            "1) 1) (integer) 7\n   2) 1) \"key-count\"\n      2) (integer) 3\n      3) \"cpu-usec\"\n      4) (integer) 0\n\
             2) 1) (integer) 16383\n   2) 1) \"key-count\"\n      2) (integer) 0\n",
            "1) 1) (integer) 7\n   2) 1# \"key-count\" => (integer) 3\n      2# \"cpu-usec\" => (integer) 0\n\
             2) 1) (integer) 16383\n   2) 1# \"key-count\" => (integer) 0\n",
        ] {
            let expected = vec![(7, Some(3), None), (16383, Some(0), None)];
            assert_eq!(rows(text), (expected, 0), "{text}");
        }
    }

    #[test]
    fn bytes_are_read_where_they_are_told() {
        let text = "0\nkey-count\n2\nmemory-bytes\n4096\ncpu-usec\n1\n";
        assert_eq!(rows(text), (vec![(0, Some(2), Some(4096))], 0));
    }

    #[test]
    fn no_slot_is_said_and_a_cut_answer_too() {
        let text = "99999\nkey-count\n2\n4\nkey-count\n1\n";
        assert_eq!(rows(text), (vec![(4, Some(1), None)], 1));
        let text = "[[4,{\"key-count\":1}],[5,{\"key-c";
        assert_eq!(rows(text).1, 1);
    }
}
