//! Answers that are known and say nothing that `CLUSTER NODES` does not say better.
//!
//! `CLUSTER SLOTS` leaves out failed replicas and those that never finished a sync, and a
//! `redis-cli --cluster check` report hangs on stopped nodes. They are passed over in silence.

use crate::parse::Dialect;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::cluster_nodes;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "not-needed",
    sniff,
    parse,
};

fn parse<'a>(_: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    Vec::new()
}

fn sniff(block: Block) -> bool {
    is_log(block) || is_answer(block)
}

/// What `topoplan collect` writes about its own work.
fn is_log(block: Block) -> bool {
    block.text.starts_with("# topoplan collect")
}

fn is_answer(block: Block) -> bool {
    !cluster_nodes::lists_nodes(block)
        && (is_json(block.text.trim_start()) || is_list(block) || is_report(block))
}

/// `redis-cli --json` of SLOTS, SHARDS, LINKS and GETSLOTMIGRATIONS.
fn is_json(text: &str) -> bool {
    ["[[", "[{\"slots\"", "[{\"direction\"", "[{\"name\""]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The same in a terminal or through a pipe: one value a line.
fn is_list(block: Block) -> bool {
    let mut head = block.head().map(value);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (first, second) = (head.next().unwrap_or(""), head.next().unwrap_or(""));
    match first {
        "slots" => second == "nodes" || second == "(empty array)" || is_number(second),
        // The third is that of RESP3, where key and value share a line.
        "direction" => ["to", "from", "node"].contains(&second),
        "name" => head.next() == Some("operation"),
        // Start, end, endpoint, port; numbers alone are a list of ports.
        _ => {
            let (endpoint, port) = (head.next().unwrap_or(""), head.next().unwrap_or(""));
            is_number(first) && is_number(second) && !is_number(endpoint) && is_number(port)
        }
    }
}

/// Frees a value of list numbers, map arrows, types and quotes.
fn value(line: &str) -> &str {
    let mut text = line.trim();
    loop {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text.get(digits..).unwrap_or("");
        match rest.strip_prefix(") ").or_else(|| rest.strip_prefix("# ")) {
            Some(rest) if digits > 0 => text = rest.trim_start(),
            _ => break,
        }
    }
    let text = text.strip_prefix("(integer) ").unwrap_or(text);
    let text = text.split_once(" =>").map_or(text, |(key, _)| key);
    text.trim_matches('"')
}

/// `redis-cli --cluster check`, `info`, `create`, and the `redis-trib.rb` before it.
fn is_report(block: Block) -> bool {
    const BEGINNINGS: [&str; 12] = [
        ">>> ",
        "*** ",
        "[OK] ",
        "[ERR] ",
        "[WARNING] ",
        "M: ",
        "S: ",
        "slots:",
        "replicates ",
        "Master[0] -> Slots",
        "[Warning] ",
        // What a wrapper writes when the report hung on a stopped node.
        "(no more output",
    ];
    block.head().any(|line| {
        BEGINNINGS.iter().any(|b| line.starts_with(b))
            || line.contains(" keys | ") && line.contains(" slots | ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse as parse_file;
    use crate::source::Source;

    #[test]
    fn makes_no_noise() {
        for text in [
            "0\n5460\n10.0.0.1\n7000\nab\n\n10.0.0.2\n7001\ncd\n",
            "1) 1) (integer) 0\n   2) (integer) 5460\n   3) 1) \"10.0.0.1\"\n      2) (integer) 7001\n",
            "[[0,5460,[\"10.0.0.1\",7001,\"ab\",[]]]]\n",
            "# topoplan collect 0.1.0: what was asked, on jump\n1 2 10.0.0.1:7000 PING: 5 bytes\n",
            "slots\n0\n5460\nnodes\nid\nab\n",
            "1) 1) \"slots\"\n   2) 1) (integer) 0\n      2) (integer) 5460\n",
            "1) 1# \"slots\" => \n      1) (integer) 10922\n",
            "[{\"slots\":[0,5460],\"nodes\":[]}]\n",
            "direction\nto\nnode\nab\n",
            " 1)  1) \"direction\"\n     2) \"to\"\n",
            " 1) 1# \"direction\" => \"to\"\n    2# \"node\" => \"ab\"\n",
            "(no more output; interrupted after 8 s)\n",
            "\u{1b}[29;1m>>> Performing Cluster Check (using node 10.0.0.1:7000)\n\u{1b}[0mM: ab 10.0.0.1:7000\n",
            "10.0.0.1:7000 (a5f1acac...) -> 62 keys | 5461 slots | 1 slaves.\n",
            "Could not connect to Redis at 10.0.0.1:7000: Connection refused\n*** WARNING: x\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(sniff(Block::of(&source)), "{text}");
            let parsed = parse_file(&source);
            assert_eq!(parsed.diagnostics, [], "{text}");
            assert!(parsed.sections.is_empty(), "{text}");
        }
    }
}
