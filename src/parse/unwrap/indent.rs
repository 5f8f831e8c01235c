//! A page that is set to the right as a whole.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// The page at the left edge; none where some line stands there, or no node is in it.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let said = page.text.lines().filter(|line| !line.trim().is_empty());
    let depth = said.map(blanks).min().unwrap_or(0);
    if depth == 0 || !has_node(&page.text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut at = 0;
    for line in page.text.split_inclusive('\n') {
        clean.copy(&page.text, at + blanks(line).min(depth)..at + line.len());
        at += line.len();
    }
    vec![page.cleaned(clean)]
}
