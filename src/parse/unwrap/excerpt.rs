//! Lines with something around each of them, between lines of another kind: what somebody wrote
//! above them, a fence, the prompt of a terminal.

use std::ops::Range;

use crate::parse::node_line::is_plain_node;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// What stands above the nodes, what is around these, and what stands below; none where a node
/// stands bare, or nothing is known to be around the lines from the first node to the last.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let Some(nodes) = nodes(text).filter(|nodes| *nodes != (0..text.len())) else {
        return Vec::new();
    };
    let part = |range: Range<usize>| {
        let mut part = Extract::default();
        part.copy(text, range);
        page.part(part, None, None)
    };
    let inside = super::peel(&part(nodes.clone()));
    if inside.is_empty() {
        return inside;
    }
    let said = |range: Range<usize>| Some(part(range)).filter(|part| !part.text.trim().is_empty());
    let above = said(0..nodes.start).into_iter();
    above
        .chain(inside)
        .chain(said(nodes.end..text.len()))
        .collect()
}

/// From the first line with a node to the last; `None` where one of them has nothing around it.
fn nodes(text: &str) -> Option<Range<usize>> {
    let mut nodes: Option<Range<usize>> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if is_plain_node(line.trim_end_matches(['\r', '\n'])) {
            return None;
        }
        if has_node(line) {
            nodes = Some(nodes.map_or(at, |nodes| nodes.start)..end);
        }
        at = end;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use crate::parse::unwrap::tests::A;
    use crate::parse::unwrap::tests::B;
    use crate::parse::unwrap::tests::parts;

    #[test]
    fn logs_behind_prefixes_are_found_between_other_lines() {
        let line = |node: &str| {
            format!(
                "h1: {{\"log\":\"{node}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:00Z\"}}\n"
            )
        };
        let text = format!("What the hosts say:\n{}{}so far\n", line(A), line(B));
        let found = parts(&text);
        let nodes = format!("{A}\n{B}\n");
        assert!(
            found
                .iter()
                .any(|part| part.0 == nodes && part.1 == "h1" && part.2 == (2, 13)),
            "{found:?}"
        );
        let beside = parts(&format!("about\n{A}\nh1: \"{B}\"\n"));
        assert!(
            beside.iter().all(|part| part.0.contains("about")),
            "{beside:?}"
        );
    }
}
