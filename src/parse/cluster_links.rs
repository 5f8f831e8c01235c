//! `CLUSTER LINKS` (from 7.0): the connections of the cluster bus as one node has them.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::LinkRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::reply;
use crate::parse::reply::Item;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-links",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        return json.starts_with("[{\"direction\"");
    }
    let mut head = head.scalars();
    // The second is a key of RESP3, where key and value share a line.
    head.next() == Some("direction")
        && head
            .next()
            .is_some_and(|second| ["to", "from", "node"].contains(&second))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let answer = reply::read(block);
    let mut rows = Vec::new();
    let mut keep = |line, pairs: &[(&'a str, &Item<'a>)]| {
        let value = |name| pairs.iter().find(|p| p.0 == name).map(|p| &p.1.value);
        let outbound = match value("direction").and_then(|v| v.text()) {
            Some("to") => true,
            Some("from") => false,
            _ => return,
        };
        let node = value("node").and_then(|v| v.text());
        if let Some(node) = node.and_then(|id| listed::id(id, line, log)) {
            rows.push(LinkRow {
                line,
                node,
                outbound,
            });
        }
    };
    if reply::form(block).is_flat() {
        // Key and value in turn; every link begins with its direction, also behind one of which
        // a line is missing.
        let goes_on = |_: &Item, next: &Item| next.value.text() != Some("direction");
        for link in answer.roots.chunk_by(goes_on) {
            let pairs = link.chunks(2).filter_map(|pair| match pair {
                [key, item] => Some((key.value.text()?, item)),
                _ => None,
            });
            let pairs: Vec<_> = pairs.collect();
            keep(pairs.first().map_or(block.first_line, |p| p.1.line), &pairs);
        }
    } else {
        for link in answer.roots.iter().flat_map(|root| root.value.items()) {
            keep(link.line, &link.value.pairs());
        }
    }
    if !answer.complete {
        listed::cut_off(block, log);
    }
    vec![Section::new(DIALECT.name, block, Facts::Links(rows))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Parse;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn every_form_says_the_same() {
        let a = "a".repeat(40);
        for text in [
            format!("direction\nto\nnode\n{a}\nevents\nr\ndirection\nfrom\nnode\n{a}\nevents\n\n"),
            format!("direction to\nnode {a}\nevents \ndirection from\nnode {a}\n"),
            format!(
                "\"direction\",\"to\",\"node\",\"{a}\",\"create-time\",1,\"direction\",\"from\",\"node\",\"{a}\"\n"
            ),
            format!(
                "[{{\"direction\":\"to\",\"node\":\"{a}\",\"create-time\":1}},{{\"direction\":\"from\",\"node\":\"{a}\"}}]\n"
            ),
            format!(
                "1) 1) \"direction\"\n   2) \"to\"\n   3) \"node\"\n   4) \"{a}\"\n2) 1) \"direction\"\n   2) \"from\"\n   3) \"node\"\n   4) \"{a}\"\n"
            ),
            format!(
                "1) 1# \"direction\" => \"to\"\n   2# \"node\" => \"{a}\"\n2) 1# \"direction\" => \"from\"\n   2# \"node\" => \"{a}\"\n"
            ),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            let parsed = parse_file(&source);
            assert_eq!(parsed.diagnostics, [], "{text}");
            assert_eq!(parsed.sections[0].dialect, "cluster-links");
            let Facts::Links(rows) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            let seen: Vec<_> = rows.iter().map(|r| (r.node, r.outbound)).collect();
            assert_eq!(seen, [(&*a, true), (&*a, false)], "{text}");
        }
    }

    #[test]
    fn a_line_that_is_missing_costs_one_link() {
        let a = "a".repeat(40);
        let text = format!("direction\nto\nnode\n{a}\nevents\ndirection\nfrom\nnode\n{a}\n");
        let source = Source::new("f", text, String::new());
        let parsed = parse_file(&source);
        let Facts::Links(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let seen: Vec<_> = rows.iter().map(|r| (r.line, r.outbound)).collect();
        assert_eq!(seen, [(2, true), (7, false)]);
    }

    #[test]
    fn a_cut_answer_says_so() {
        let text = format!(
            "[{{\"direction\":\"to\",\"node\":\"{}\",\"cre",
            "a".repeat(40)
        );
        let source = Source::new("f", text, String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics[0].code, Parse::Truncated);
        let Facts::Links(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(rows.len(), 1);
    }
}
