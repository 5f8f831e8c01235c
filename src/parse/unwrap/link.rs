//! Links that a chat or a mail made of an address: `[ADDRESS](http://ADDRESS)`,
//! `ADDRESS<http://ADDRESS>`, `<http://ADDRESS|ADDRESS>`.

use std::ops::Range;

use crate::parse::node_line::looks_like_node;
use crate::parse::unwrap::decoration::bare;
use crate::text::Extract;
use crate::text::Source;

/// Bytes of a line within which its address stands.
const REACH: usize = 300;

/// The page with the addresses of nodes alone; none where none is a link.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.contains("http") {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut changed = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        match link(line) {
            Some(kept) => {
                changed = true;
                for range in kept {
                    clean.copy(text, at + range.start..at + range.end);
                }
            }
            None => clean.copy(text, at..at + line.len()),
        }
        at += line.len();
    }
    match changed {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// What stays of a node's line in which the address is a link.
fn link(line: &str) -> Option<Vec<Range<usize>>> {
    let at = line.find("http").filter(|&at| at < REACH)?;
    let (before, rest) = line.split_at_checked(at)?;
    let in_brackets = before.ends_with("](");
    let open = if in_brackets { 2 } else { 1 };
    if !in_brackets && !before.ends_with('<') {
        return None;
    }
    let close = at + rest.find(if in_brackets { ')' } else { '>' })?;
    let start = at - open;
    let name = match in_brackets {
        true => before.rfind('[')? + 1..start,
        false => match line.get(at..close)?.rfind('|') {
            Some(bar) => at + bar + 1..close,
            None => start..start,
        },
    };
    let first = if in_brackets { name.start - 1 } else { start };
    let kept = vec![0..first, name, close + 1..line.len()];
    let parts: Option<Vec<&str>> = kept.iter().map(|range| line.get(range.clone())).collect();
    looks_like_node(bare(&parts?.concat())).then_some(kept)
}
