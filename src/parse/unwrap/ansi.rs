//! Colours and movements of the cursor, anywhere in a line.

use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::ansi;

pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !ansi::any(text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['\u{1b}', '^'])) {
        let start = at + found;
        let length = ansi::sequence(text.get(start..).unwrap_or(""));
        if length > 0 {
            clean.copy(text, from..start);
            from = start + length;
        }
        at = start + length.max(1);
    }
    if from == 0 {
        return Vec::new();
    }
    clean.copy(text, from..text.len());
    vec![page.cleaned(clean)]
}
