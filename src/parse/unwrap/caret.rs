//! What `cat -A` makes of a file: `$` at the end of every line, `^I` for a tab, `^M` for the
//! carriage return.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

pub(super) fn peel(page: &Source) -> Vec<Source> {
    let shown = |line: &&str| line.ends_with('$') && (line.ends_with("^M$") || has_node(line));
    if !page.text.contains('$') || !page.text.lines().any(|line| shown(&line)) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut at = 0;
    for line in page.text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let end = bare
            .strip_suffix('$')
            .map(|b| b.strip_suffix("^M").unwrap_or(b));
        let mut from = 0;
        let end = end.map_or(bare.len(), str::len);
        for (tab, _) in bare.get(..end).unwrap_or("").match_indices("^I") {
            clean.copy(&page.text, at + from..at + tab);
            clean.put("\t", at + tab);
            from = tab + 2;
        }
        clean.copy(&page.text, at + from..at + end);
        clean.copy(&page.text, at + bare.len()..at + line.len());
        at += line.len();
    }
    vec![page.cleaned(clean)]
}
