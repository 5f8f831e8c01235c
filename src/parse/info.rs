//! `INFO`: all of it, some sections, or one.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::pairs::pair;
use crate::parse::pairs::pairs;

pub(super) static DIALECT: Dialect = Dialect {
    name: "info",
    sniff,
    parse,
};

/// A capture of `info | grep` has no heading; these keys are known without one.
const KEYS: [&str; 14] = [
    "cluster_enabled",
    "connected_clients",
    "connected_slaves",
    "db0",
    "isOOM",
    "loading",
    "master_replid",
    "redis_mode",
    "redis_version",
    "role",
    "run_id",
    "server_name",
    "uptime_in_seconds",
    "used_memory",
];

/// Sections that may be empty, so that a heading is all there is.
const EMPTY: [&str; 4] = ["Keyspace", "Errorstats", "Modules", "Commandstats"];

const KEYSPACE: &str = "# Keyspace";

fn sniff(head: &Head) -> bool {
    let mut head = head.lines();
    let Some(first) = head.next() else {
        return false;
    };
    match first.strip_prefix("# ") {
        Some(section) => {
            section.starts_with(|c: char| c.is_ascii_uppercase())
                && section.chars().all(|c| c.is_alphanumeric() || c == '_')
                && (head.next().is_some_and(follows_a_heading) || EMPTY.contains(&section))
        }
        None => pair(first).is_some_and(|(key, _)| KEYS.contains(&key)),
    }
}

fn follows_a_heading(line: &str) -> bool {
    line.starts_with("# ") || pair(line).is_some()
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut pairs = pairs(block, log);
    pairs.extend(keyspace(block));
    vec![Section::new(DIALECT.name, block, Facts::Info(pairs))]
}

/// An empty keyspace prints nothing but its heading.
fn keyspace(block: Block) -> Option<Pair> {
    let (line, _) = block.lines().find(|(_, text)| text.trim() == KEYSPACE)?;
    Some(Pair {
        key: KEYSPACE,
        value: "".into(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn values(text: &str) -> Vec<(String, String, u32)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        match &parsed.sections[0].facts {
            Facts::Info(pairs) => pairs
                .iter()
                .map(|p| (p.key.to_owned(), p.value.to_string(), p.line))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_sections_and_keeps_colons_of_values() {
        let text =
            "# Server\r\nredis_version:7.0.15\r\n\r\n# Replication\r\nslave0:ip=::1,port=7\r\n";
        assert_eq!(
            values(text),
            [
                ("redis_version".into(), "7.0.15".into(), 2),
                ("slave0".into(), "ip=::1,port=7".into(), 5),
            ]
        );
    }

    #[test]
    fn reads_an_empty_keyspace_and_a_filtered_answer() {
        assert_eq!(
            values("# Cluster\ncluster_enabled:1\n# Keyspace\n"),
            [
                ("cluster_enabled".into(), "1".into(), 2),
                ("# Keyspace".into(), String::new(), 3),
            ]
        );
        assert_eq!(values("role:slave\n").len(), 1);
    }
}
