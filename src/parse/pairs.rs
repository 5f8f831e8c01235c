//! `key:value` lines, as `INFO` and `CLUSTER INFO` print them.

use crate::diagnostic::Parse;
use crate::parse::Pair;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::block::pieces;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

/// Every pair in the order of the file; `# Section` lines are passed over.
pub(super) fn pairs<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (line, text) in block.lines() {
        if is_noise(text) {
            continue;
        }
        for piece in pieces(text) {
            match pair(piece) {
                Some((key, value)) => pairs.push(Pair {
                    key,
                    value: value.into(),
                    line,
                }),
                None if piece.starts_with('#') => {}
                None => log.say(
                    Parse::Pair,
                    format!("{} is no `key:value`; the line was skipped", quote(piece)),
                    Spot {
                        line,
                        text,
                        part: piece,
                    },
                ),
            }
        }
    }
    pairs
}

/// The key is one word; the value may be anything.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let plain = !key.is_empty() && !key.starts_with('#') && !key.contains(char::is_whitespace);
    plain.then_some((key, value))
}
