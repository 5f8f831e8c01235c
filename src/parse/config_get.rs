//! `CONFIG GET`: name line and value line in turn, numbered in a terminal, or one JSON object.

use std::collections::BTreeMap;

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::block::strip_markup;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "config-get",
    sniff,
    parse,
};

/// Names of one word; all others have a dash.
const WORDS: [&str; 18] = [
    "activedefrag",
    "activerehashing",
    "appendfilename",
    "appendfsync",
    "appendonly",
    "bind",
    "databases",
    "dbfilename",
    "dir",
    "hz",
    "logfile",
    "masterauth",
    "maxclients",
    "maxmemory",
    "port",
    "replicaof",
    "save",
    "slaveof",
];

fn sniff(block: Block) -> bool {
    if block.text.trim_start().starts_with('{') {
        return json(block).is_some();
    }
    // Values may be empty, so lines are counted, blank or not.
    let mut lines = block.text.lines().skip_while(|line| is_noise(line));
    let Some(first) = lines.next() else {
        return false;
    };
    let third = lines.nth(1).unwrap_or("");
    is_name(strip_markup(first)) && (third.is_empty() || is_word(strip_markup(third)))
}

fn is_name(text: &str) -> bool {
    WORDS.contains(&text) || is_word(text) && text.contains('-')
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let pairs = json(block).unwrap_or_else(|| in_turn(block, log));
    vec![Section::new(DIALECT.name, block, Facts::Config(pairs))]
}

fn in_turn<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let mut lines = block.lines().skip_while(|(_, line)| is_noise(line));
    while let Some((line, text)) = lines.next() {
        let key = strip_markup(text);
        if is_word(key) {
            // `$(…)` eats the line of an empty last value.
            let value = lines.next().map_or("", |(_, text)| strip_markup(text));
            pairs.push(Pair { key, value, line });
        } else if !is_noise(text) {
            log.warning(
                "parse/config-name",
                format!("{} is no setting; the line was skipped", quote(key)),
                Spot {
                    line,
                    text,
                    part: key,
                },
            );
        }
    }
    pairs
}

/// `redis-cli --json config get`: one object of strings on one line.
fn json(block: Block<'_>) -> Option<Vec<Pair<'_>>> {
    let settings: BTreeMap<&str, &str> = serde_json::from_str(block.text).ok()?;
    let pairs = settings.into_iter().map(|(key, value)| Pair {
        key,
        value,
        line: block.first_line,
    });
    let pairs: Vec<_> = pairs.collect();
    pairs.iter().any(|p| is_name(p.key)).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse as parse_file;
    use crate::source::Source;

    fn settings(text: &str) -> Vec<(String, String, u32)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        match &parsed.sections[0].facts {
            Facts::Config(pairs) => pairs
                .iter()
                .map(|p| (p.key.to_owned(), p.value.to_owned(), p.line))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_may_be_empty() {
        assert_eq!(
            settings("cluster-announce-ip\n\ncluster-enabled\nyes\nreplicaof\n\n"),
            [
                ("cluster-announce-ip".into(), "".into(), 1),
                ("cluster-enabled".into(), "yes".into(), 3),
                ("replicaof".into(), "".into(), 5),
            ]
        );
    }

    #[test]
    fn reads_the_terminal_and_the_json_form() {
        let dir = [("dir".to_owned(), "/data/disk1".to_owned(), 1)];
        assert_eq!(settings("1) \"dir\"\n2) \"/data/disk1\"\n"), dir);
        assert_eq!(settings("{\"dir\":\"/data/disk1\"}\n"), dir);
        assert_eq!(settings("dir\n/data/disk1\n"), dir);
    }

    #[test]
    fn finds_its_step_again() {
        let text = "cluster-enabled\nyes\n!!\ndir\n/d\n";
        let source = Source::new("f", text.into(), String::new());
        // Claimed only if the third line is a name, so ask the dialect itself.
        let mut log = Log::new(&source);
        let sections = parse(Block::of(&source), &mut log);
        let Facts::Config(pairs) = &sections[0].facts else {
            panic!("{sections:?}");
        };
        assert_eq!(pairs.len(), 2);
        assert_eq!(log.finish()[0].code, "parse/config-name");
    }
}
