//! Pages of nothing but strings: the lines of an output as a language prints them, or all of it in
//! one string with its line ends written out.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::escape::unescape;
use crate::text::offset_in;

/// The text of the strings; none where something else stands there, or no node does.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let mut said = text.lines().filter(|line| !line.trim().is_empty());
    if !said.all(|line| inside(line).is_some()) || !has_node(text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(inside) = inside(line) {
            let start = at + offset_in(line, inside).unwrap_or(0);
            match line.trim_start().starts_with('`') {
                true => clean.put(inside, start),
                false => unescape(inside, start, &mut clean),
            }
            // A string is whole, whether or not it ends with a line end.
            if !clean.text().ends_with('\n') {
                clean.put("\n", start + inside.len());
            }
        }
        at += line.len();
    }
    vec![page.cleaned(clean)]
}

/// `"…",`, `b'…'`, and what a chat sets in a letter of its own.
fn inside(line: &str) -> Option<&str> {
    let text = line.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    let text = text.strip_prefix('b').unwrap_or(text);
    let inside = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark);
    // `"a","b"` is a list of them.
    let one = |text: &&str| !text.contains("\",\"") && !text.contains("','");
    let quoted = inside('"').or_else(|| inside('\''));
    quoted.filter(one).or_else(|| inside('`'))
}
