//! `/sys/kernel/mm/transparent_hugepage/enabled`: `always madvise [never]`.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::MachineRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "thp",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lines()
        .next()
        .is_some_and(|line| chosen(line).is_some())
}

/// The word in brackets; true if it is `never`.
fn chosen(line: &str) -> Option<bool> {
    const WORDS: [&str; 3] = ["always", "madvise", "never"];
    let mut words = line.split_whitespace();
    let bare = |word: &str| word.trim_matches(['[', ']']).to_owned();
    let all = words
        .clone()
        .map(bare)
        .eq(WORDS.iter().map(|w| (*w).to_owned()));
    let chosen = words.find(|word| word.starts_with('[') && word.ends_with(']'))?;
    all.then_some(chosen == "[never]")
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let rows = block.lines().filter_map(|(line, text)| {
        let never = chosen(text)?;
        Some(MachineRow {
            line,
            what: MachineFact::HugePages { never },
        })
    });
    let rows = rows.collect();
    vec![Section::new(DIALECT.name, block, Facts::Machine(rows))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::machine;

    #[test]
    fn the_word_in_brackets_counts() {
        for (text, never) in [
            ("[always] madvise never\n", false),
            ("always [madvise] never\n", false),
            ("always madvise [never]\n", true),
        ] {
            assert_eq!(machine(text), [MachineFact::HugePages { never }], "{text}");
        }
    }
}
