//! `TIME`: the clock of the node that answered, in seconds and microseconds.

use std::ops::Range;

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "time",
    sniff,
    parse,
};

/// From the first release of Redis to the year 2100: other pairs of numbers are no time.
const SECONDS: Range<u64> = 1_238_000_000..4_102_444_800;

const MICROSECONDS: Range<u64> = 0..1_000_000;

fn sniff(head: &Head) -> bool {
    clock(head).is_some()
}

/// Unix ms.
fn clock(head: &Head) -> Option<u64> {
    let mut numbers = head
        .scalars()
        .flat_map(|line| line.split([',', '[', ']']))
        .map(|text| text.trim_matches(['"', ' ']))
        .filter(|text| !text.is_empty());
    let mut next = |range: Range<u64>| {
        let number: u64 = numbers.next()?.parse().ok()?;
        range.contains(&number).then_some(number)
    };
    let clock = next(SECONDS)? * 1000 + next(MICROSECONDS)? / 1000;
    numbers.next().is_none().then_some(clock)
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let section = |clock| Section::new(DIALECT.name, block, Facts::Clock(clock));
    clock(&Head::of(block)).map(section).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn two_numbers_that_may_be_a_time() {
        for (text, clock) in [
            ("1795213334\n123456\n", Some(1_795_213_334_123)),
            (
                "1) \"1795213334\"\n2) \"999999\"\n",
                Some(1_795_213_334_999),
            ),
            ("[\"1795213334\",\"5\"]\n", Some(1_795_213_334_000)),
            ("1795213334\n", None),
            ("1795213334\n1000000\n", None),
            ("12\n5460\n", None),
            ("1795213334\n1\n2\n", None),
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            let found = match parsed.sections.first().map(|s| &s.facts) {
                Some(Facts::Clock(clock)) => Some(*clock),
                _ => None,
            };
            assert_eq!(found, clock, "{text}");
        }
    }
}
