//! Characters that pages and word processors put for those of a line: entities, blanks that are
//! none, dashes, and what cannot be seen.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// The page with plain characters; none where no node's line has another.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if text.is_ascii() && !text.contains('&') {
        return Vec::new();
    }
    let odd = |line: &str| marks(line).next().is_some() && (has_node(line) || begins_odd(line));
    if !text.lines().any(odd) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut from = 0;
    for (at, length, with) in marks(text) {
        clean.copy(text, from..at);
        clean.put(with, at);
        from = at + length;
    }
    clean.copy(text, from..text.len());
    vec![page.cleaned(clean)]
}

/// A mark that cannot be seen stands before what is a node's line behind it.
fn begins_odd(line: &str) -> bool {
    line.starts_with(['\u{200b}', '\u{feff}', '\u{2060}'])
}

/// Byte and length of each character that stands for another one, and that.
fn marks(text: &str) -> impl Iterator<Item = (usize, usize, &'static str)> {
    let odd = |c: char| c == '&' || !c.is_ascii();
    text.match_indices(odd).filter_map(move |(at, _)| {
        let (with, length) = plain(text.get(..at)?, text.get(at..)?)?;
        Some((at, length, with))
    })
}

/// What stands for the character behind `before`, and how many bytes that takes.
fn plain(before: &str, text: &str) -> Option<(&'static str, usize)> {
    const ENTITIES: [(&str, &str); 8] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&#160;", " "),
    ];
    let first = text.chars().next()?;
    let length = first.len_utf8();
    let behind = text.get(length..).unwrap_or("");
    match first {
        '&' => {
            let found = ENTITIES.iter().find(|(name, _)| text.starts_with(name));
            found.map(|(name, with)| (*with, name.len()))
        }
        '\u{200b}' | '\u{feff}' | '\u{2060}' => Some(("", length)),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some((" ", length))
        }
        '–' | '—' | '−' if ends_apart(before) && begins_apart(behind) => Some(("-", length)),
        '–' | '−' if behind.starts_with(|c: char| c.is_ascii_digit()) => Some(("-", length)),
        _ => None,
    }
}

fn ends_apart(text: &str) -> bool {
    text.ends_with([' ', '\u{a0}', '|']) || text.ends_with("&nbsp;")
}

fn begins_apart(text: &str) -> bool {
    text.starts_with([' ', '\u{a0}', '|']) || text.starts_with("&nbsp;")
}
