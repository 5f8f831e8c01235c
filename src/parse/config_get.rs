//! `CONFIG GET`: name line and value line in turn, numbered in a terminal, or one JSON object.

use crate::diagnostic::Diagnostic;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::block::strip_markup;
use crate::parse::error_reply;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;
use crate::parse::log::quote_line;
use crate::parse::reply;
use crate::parse::reply::Form;
use crate::parse::reply::Value;

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

fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        // Names and texts, unlike other objects.
        let mut words = json.strip_prefix('{').unwrap_or("").split('"');
        return words.nth(1).is_some_and(is_name) && words.next() == Some(":");
    }
    if head.form() == Form::Numbered {
        return head
            .scalars()
            .find(|text| !is_refusal(text))
            .is_some_and(is_name);
    }
    // Values may be empty, so lines are counted, blank or not.
    let mut lines = head
        .raw_lines()
        .map(strip_markup)
        .skip_while(|line| is_noise(line) || is_refusal(line));
    let Some(first) = lines.next() else {
        return false;
    };
    let third = lines.nth(1).unwrap_or("");
    is_name(first) && (third.is_empty() || is_word(third) || is_refusal(third))
}

fn is_refusal(line: &str) -> bool {
    error_reply::refusal(line).is_some() || line.starts_with("(empty ")
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
    let pairs = match reply::form(block) {
        Form::Flat => in_turn(block, log),
        _ => nested(block, log),
    };
    vec![Section::new(DIALECT.name, block, Facts::Config(pairs))]
}

fn in_turn<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let mut lines = block.lines().skip_while(|(_, line)| is_noise(line));
    while let Some((line, text)) = lines.next() {
        let key = strip_markup(text);
        let spot = Spot {
            line,
            text,
            part: key,
        };
        if is_word(key) {
            // `$(…)` eats the line of an empty last value.
            let value = lines.next().map_or("", |(_, text)| strip_markup(text));
            pairs.push(Pair { key, value, line });
        } else if let Some(answer) = error_reply::refusal(key) {
            let message = format!("a CONFIG GET was refused with {}", quote_line(answer));
            log.warning("capture/refused", message, spot);
        } else if !is_noise(text) {
            let message = format!("{} is no setting; the line was skipped", quote(key));
            log.warning("parse/config-name", message, spot);
        }
    }
    pairs
}

/// Lists and maps of a terminal, and objects of `--json`; one or many.
fn nested<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let answer = reply::read(block);
    let mut pairs = Vec::new();
    for (key, line, value) in answer.roots.iter().flat_map(|root| settings(&root.value)) {
        match value.text() {
            Some(value) if is_word(key) => pairs.push(Pair { key, value, line }),
            _ => {
                let message = format!("the value of {} cannot be read; skipped", quote(key));
                log.at_line(Diagnostic::note("parse/config-value", message), line);
            }
        }
    }
    if !answer.complete && reply::form(block) == Form::Json {
        listed::cut_off(block, log);
    }
    pairs
}

/// Key, its line, value.
fn settings<'r, 'a>(answer: &'r Value<'a>) -> Vec<(&'a str, u32, &'r Value<'a>)> {
    match answer {
        Value::Map(entries) => entries
            .iter()
            .map(|(key, item)| (*key, item.line, &item.value))
            .collect(),
        _ => answer
            .items()
            .chunks(2)
            .filter_map(|pair| match pair {
                [key, item] => Some((key.value.text()?, key.line, &item.value)),
                _ => None,
            })
            .collect(),
    }
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

    #[test]
    fn many_answers_may_follow_each_other() {
        for text in [
            "dir\n/d\nport\n7000\n",
            "1) \"dir\"\n2) \"/d\"\n1) \"port\"\n2) \"7000\"\n",
            "1# \"dir\" => \"/d\"\n1# \"port\" => \"7000\"\n",
            "{\"dir\":\"/d\"}\n{\"port\":\"7000\"}\n",
            "(empty array)\n1) \"dir\"\n2) \"/d\"\n\n1) \"port\"\n2) \"7000\"\n",
        ] {
            let found: Vec<_> = settings(text).into_iter().map(|s| (s.0, s.1)).collect();
            let expected = [("dir", "/d"), ("port", "7000")].map(|(k, v)| (k.into(), v.into()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_refusal_among_settings_is_told() {
        for text in [
            "ERR unknown command `config`\ndir\n/d\n",
            "dir\n/d\nNOPERM this user has no permissions\nport\n7000\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, ["capture/refused"], "{text}");
            let Facts::Config(pairs) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert_eq!((pairs[0].key, pairs[0].value), ("dir", "/d"), "{text}");
        }
    }

    #[test]
    fn a_value_with_escapes_costs_only_itself() {
        let text = "{\"logfile\":\"a\\\\b\",\"dir\":\"/d\"}\n";
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::Config(pairs) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(pairs.len(), 1);
        assert_eq!(parsed.diagnostics[0].code, "parse/config-value");
    }
}
