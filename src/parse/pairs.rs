//! `key:value` lines, as `INFO` and `CLUSTER INFO` print them.

use crate::parse::Pair;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::log::Log;
use crate::parse::log::Once;
use crate::parse::log::Spot;

/// Every pair in the order of the file; `# Section` lines are passed over.
pub(super) fn pairs<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (line, text) in block.lines() {
        if is_noise(text) {
            continue;
        }
        let part = text.trim();
        match pair(part) {
            Some((key, value)) => pairs.push(Pair {
                key,
                value: value.into(),
                line,
            }),
            None if part.starts_with('#') || says_nothing(part) => {}
            None => log.once(Once::Pair, 1, Spot { line, text, part }),
        }
    }
    pairs
}

/// `CVA_comp_avg_ratio cannot be calculated …`, in every INFO of flashbase.
fn says_nothing(line: &str) -> bool {
    line.contains(" cannot be calculated")
}

/// The key is one word; the value may be anything.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let plain = !key.is_empty() && !key.starts_with('#') && !key.contains(char::is_whitespace);
    plain.then_some((key, value))
}
