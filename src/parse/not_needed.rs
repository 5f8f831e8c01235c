//! Answers that are known and say nothing that others do not say better.
//!
//! Migrations of slots (Valkey 9) are not planned around; ROLE is part of INFO. They are passed
//! over in silence.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::host_ips;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "not-needed",
    sniff,
    parse,
};

/// An answer shows that its node runs.
fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let head = Head::of(block);
    // An empty list of JSON is what many a program prints that asked nobody.
    match is_log(&head) || head.json() == Some("[]") {
        true => Vec::new(),
        false => vec![Section::new(DIALECT.name, block, Facts::Nothing)],
    }
}

fn sniff(head: &Head) -> bool {
    is_log(head) || is_answer(head)
}

/// What `topoplan collect` writes about its own work.
fn is_log(head: &Head) -> bool {
    let begins = |line: &str| line.starts_with("# topoplan collect");
    head.raw_lines().next().is_some_and(begins) && !(host_ips::DIALECT.sniff)(head)
}

fn is_answer(head: &Head) -> bool {
    if let Some(json) = head.json() {
        let is_role = ["[\"master\",", "[\"slave\","]
            .iter()
            .any(|s| json.starts_with(s));
        return json == "[]" || is_role || json.starts_with("[{\"name\":");
    }
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let head: Vec<&str> = head.scalars().take(4).collect();
    match head.as_slice() {
        [empty] => empty.starts_with("(empty "),
        // GETSLOTMIGRATIONS; the second is a key of RESP3, where key and value share a line.
        ["name", "operation", ..] | ["name", _, "operation", ..] => true,
        // ROLE: offset, then replicas; or address, link and offset of the master.
        ["master", offset, ..] => number(offset),
        ["slave", _, port, link] => {
            const LINKS: [&str; 5] = ["connect", "connecting", "sync", "connected", "handshake"];
            number(port) && LINKS.contains(link)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn makes_no_noise() {
        for text in [
            "# topoplan collect 0.1.0: what was asked, on jump\n1 2 10.0.0.1:7000 PING: 5 bytes\n",
            "[{\"name\":\"ab\",\"operation\":\"EXPORT\"}]\n",
            "1)  1) \"name\"\n    2) \"ab\"\n    3) \"operation\"\n    4) \"EXPORT\"\n",
            "1) 1# \"name\" => \"ab\"\n   2# \"operation\" => \"EXPORT\"\n",
            "master\n14\n127.0.0.1\n7004\n14\n",
            "1) \"slave\"\n2) \"127.0.0.1\"\n3) (integer) 7001\n4) \"connected\"\n5) (integer) 14\n",
            "[\"master\",14,[]]\n",
            "(empty array)\n",
            "[]\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(sniff(&Head::of(Block::of(&source))), "{text}");
            let parsed = parse_file(&source);
            assert_eq!(parsed.diagnostics, [], "{text}");
            let told = |s: &Section| !matches!(s.facts, Facts::Nothing);
            assert!(!parsed.sections.iter().any(told), "{text}");
        }
    }
}
