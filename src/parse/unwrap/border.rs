//! The border of a table or a pane around every line.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::offset_in;

const BARS: [char; 3] = ['|', '│', '┃'];

/// What stands within the border; none where a line has none at its right, or no node is inside.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let mut said = text.lines().filter(|line| !line.trim().is_empty());
    if !said.all(|line| line.trim_end().ends_with(BARS)) || !has_node(text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end_matches(['\r', '\n']);
        let inside = inside(end);
        let start = at + offset_in(line, inside).unwrap_or(0);
        clean.copy(text, start..start + inside.len());
        clean.copy(text, at + end.len()..at + line.len());
        at += line.len();
    }
    vec![page.cleaned(clean)]
}

/// Without the bars at both ends, and the one blank that stands beside them.
fn inside(line: &str) -> &str {
    let text = line.trim_end();
    let text = text.strip_suffix(BARS).unwrap_or(text).trim_end();
    let inner = text.trim_start().strip_prefix(BARS);
    inner.map_or(text, |inner| inner.strip_prefix(' ').unwrap_or(inner))
}
