//! Unified diffs: the side that is newer, as far as it is shown.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;

/// What stands for lines that a diff leaves out.
const LEFT_OUT: &str = "...\n";

/// Lines that a diff shows around what changed, unless it was asked for another number.
const CONTEXT: usize = 3;

pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let is_hunk = |line: &str| line.starts_with("@@ -") && line.contains(" @@");
    if !text.lines().any(is_hunk) || !has_node(text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut first = None;
    let mut in_hunk = false;
    // Of the hunk: lines that both sides have, at its end.
    let mut alike = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let is_side = in_hunk && (line.starts_with(['+', '-', ' ']) || line.trim().is_empty());
        if is_hunk(line) {
            first = first.or(Some(at));
            if in_hunk || !line.contains("+1,") && !line.contains("+1 ") {
                clean.put(LEFT_OUT, at);
            }
            in_hunk = true;
            alike = 0;
        } else if is_side {
            let is_old = line.starts_with('-');
            let from = at + usize::from(!line.trim_end_matches(['\r', '\n']).is_empty());
            alike = if line.starts_with(' ') { alike + 1 } else { 0 };
            if !is_old {
                clean.copy(text, from..end);
            }
        } else if !line.starts_with('\\') && !is_name(line) {
            if std::mem::take(&mut in_hunk) && alike >= CONTEXT {
                clean.put(LEFT_OUT, at);
            }
            clean.copy(text, at..end);
        }
        at = end;
    }
    if in_hunk && alike >= CONTEXT {
        clean.put(LEFT_OUT, at);
    }
    let mut part = page.cleaned(clean);
    part.remark(Remark {
        kind: RemarkKind::Changed,
        place: page.place_at(first.unwrap_or(0)),
        message: "this is what changed between two views: it was read as the newer of them"
            .to_owned(),
    });
    vec![part]
}

/// Of the files that were compared.
fn is_name(line: &str) -> bool {
    ["--- ", "+++ ", "diff ", "index "]
        .iter()
        .any(|begin| line.starts_with(begin))
}
