//! What clients print instead of an answer when a node gives none.

use std::collections::BTreeSet;

use crate::model::Address;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "unreachable",
    sniff,
    parse,
};

/// How such a line begins, and what it may be instead of a beginning.
const BEGINNINGS: [&str; 9] = [
    "Could not connect to ",
    "timeout: ",
    "Connection refused",
    "Connection timed out",
    "No route to host",
    "Error: Connection reset by peer",
    "Error: Server closed the connection",
    "ssh: connect to host ",
    "not connected>",
];

/// All of it: a report of `redis-cli --cluster check` may begin with such a line and go on.
fn sniff(head: &Head) -> bool {
    let mut head = head.lines().peekable();
    head.peek().is_some() && head.all(is_no_answer)
}

pub(super) fn is_no_answer(line: &str) -> bool {
    BEGINNINGS.iter().any(|b| line.starts_with(b))
}

/// The host answered, and no process listens there: `Connection refused`. Not so where it was the
/// shell of the host that could not be reached.
pub fn is_refusal(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    (lower.contains("connection refused") || lower.contains("econnrefused"))
        && !lower.starts_with("ssh")
}

/// One section for every address; redis-cli says the same thing more than once.
fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut known = BTreeSet::new();
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        let text = text.trim();
        let of = address(text);
        if known.insert(of.clone()) {
            sections.push(Section {
                dialect: DIALECT.name,
                of,
                host: None,
                doubt: crate::parse::Doubt::None,
                line,
                facts: Facts::Unreachable(text),
            });
        }
    }
    // A line without an address repeats what another line said of a node.
    if sections.iter().any(|s| s.of.is_some()) {
        sections.retain(|s| s.of.is_some());
    }
    sections
}

/// The first word that is an address: `…at 10.0.0.1:7000: Connection refused`.
pub(super) fn address(text: &str) -> Option<Address> {
    text.split_whitespace()
        .map(|word| word.trim_matches([':', ',', '.', '(', ')']))
        .find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn addresses(text: &str) -> Vec<Option<String>> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        parsed
            .sections
            .iter()
            .map(|s| match s.facts {
                Facts::Unreachable(_) => s.of.as_ref().map(Address::to_string),
                ref other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn finds_the_address_in_the_text() {
        for (text, address) in [
            (
                "Could not connect to Redis at 10.0.0.1:7000: Connection refused\n",
                Some("10.0.0.1:7000"),
            ),
            (
                "timeout: no reply from 10.0.0.1:7000 in 5 s (connected)\n",
                Some("10.0.0.1:7000"),
            ),
            (
                "Could not connect to Valkey at fd01::5:7000: No route to host\n",
                Some("fd01::5:7000"),
            ),
            ("Connection refused\n", None),
        ] {
            assert_eq!(addresses(text), [address.map(str::to_owned)], "{text}");
        }
    }

    #[test]
    fn a_refusal_is_no_silence() {
        for (text, refused) in [
            (
                "Could not connect to Redis at 10.0.0.1:7000: Connection refused",
                true,
            ),
            ("Connection refused", true),
            (
                "Could not connect to Valkey at 10.0.0.1:7000: No route to host",
                false,
            ),
            (
                "timeout: no reply from 10.0.0.1:7000 in 5 s (connected)",
                false,
            ),
            ("Error: Server closed the connection", false),
            (
                "ssh: connect to host 10.0.0.1 port 22: Connection refused",
                false,
            ),
        ] {
            assert_eq!(is_refusal(text), refused, "{text}");
        }
    }

    #[test]
    fn says_it_once_per_node() {
        let line = "Could not connect to Redis at 10.0.0.1:7000: Connection refused\n";
        assert_eq!(addresses(&format!("{line}{line}")).len(), 1);
        let other = line.replace("7000", "7001");
        assert_eq!(addresses(&format!("{line}{other}")).len(), 2);
    }
}
