//! `CONFIG GET`: name line and value line in turn, numbered in a terminal, or one JSON object.

mod one_line;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::error_reply;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::redis_conf;
use crate::parse::reply;
use crate::parse::reply::Form;
use crate::parse::reply::Item;
use crate::parse::reply::Value;
use crate::text::quote::quote;
use crate::text::quote::quote_line;

pub(super) static DIALECT: Dialect = Dialect {
    name: "config-get",
    sniff,
    parse,
};

/// Names of one word; all others have a dash. From 7.0 on any of them may come first.
const WORDS: [&str; 36] = [
    "aclfile",
    "activedefrag",
    "activerehashing",
    "aof_rewrite_cpulist",
    "appenddirname",
    "appendfilename",
    "appendfsync",
    "appendonly",
    "bgsave_cpulist",
    "bind",
    "bio_cpulist",
    "daemonize",
    "databases",
    "dbfilename",
    "dir",
    "hz",
    "logfile",
    "loglevel",
    "masterauth",
    "masteruser",
    "maxclients",
    "maxmemory",
    "pidfile",
    "port",
    "primaryauth",
    "primaryuser",
    "rdbchecksum",
    "rdbcompression",
    "replicaof",
    "requirepass",
    "save",
    "server_cpulist",
    "slaveof",
    "supervised",
    "timeout",
    "unixsocket",
];

fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        // Names and texts, unlike other objects.
        let mut words = json.strip_prefix('{').unwrap_or("").split('"');
        return words.nth(1).is_some_and(is_name) && words.next() == Some(":");
    }
    if matches!(head.form(), Form::Numbered | Form::Csv) {
        return head
            .scalars()
            .find(|text| !is_refusal(text))
            .is_some_and(is_name);
    }
    if is_one_line(head) {
        return true;
    }
    if is_by_line(head.raw_lines()) {
        return is_answer_by_line(head);
    }
    // Values may be empty, so lines are counted, blank or not.
    let mut lines = head
        .raw_lines()
        .map(str::trim)
        .skip_while(|line| is_noise(line) || is_refusal(line));
    let Some(first) = lines.next() else {
        return false;
    };
    let keys: Vec<&str> = lines.skip(1).step_by(2).take(KEYS).collect();
    let is_key = |key: &&str| is_word(key) || is_refusal(key);
    match is_name(first) {
        true => keys.first().is_none_or(|key| key.is_empty() || is_key(key)),
        // A name of a later version, among others that are known.
        false => {
            let names = keys.iter().filter(|key| is_name(key)).count();
            is_word(first) && keys.iter().all(is_key) && 2 * names > keys.len() + 1
        }
    }
}

/// What a line that has many settings consists of: of each its name, and all words up to the
/// next name that is surely one. `None` for every other line.
pub fn settings_of_line(line: &str) -> Option<impl Iterator<Item = (&str, &str)>> {
    let mut rest = line.trim_start();
    one_line::is_one_line(line).then(|| {
        std::iter::from_fn(move || {
            let (name, behind) = rest.split_once(' ').unwrap_or((rest, ""));
            if name.is_empty() {
                return None;
            }
            let mut end = 0;
            for word in behind.split_inclusive(' ') {
                if one_line::is_sure(word.trim_end()) {
                    break;
                }
                end += word.len();
            }
            let (value, next) = behind.split_at(end);
            rest = next;
            Some((name, value.trim()))
        })
    })
}

/// All settings of an answer on each of its lines, or on the only one.
pub(super) fn is_one_line(head: &Head) -> bool {
    let mut lines = said(head.raw_lines()).take(KEYS).peekable();
    lines.peek().is_some() && lines.all(one_line::is_one_line)
}

/// Settings looked at where the first one is not known.
const KEYS: usize = 16;

/// Through a pipe, RESP3 puts name and value on one line: more lines have a blank than not.
fn is_by_line<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let (mut all, mut with_value) = (0, 0);
    for line in said(lines).take(2 * KEYS) {
        all += 1;
        let (key, value) = entry(line);
        // Columns of other programs are set apart by more blanks.
        if !is_word(key) || value.starts_with(' ') {
            return false;
        }
        with_value += usize::from(!value.is_empty());
    }
    2 * with_value > all
}

fn said<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let lines = lines.filter(|line| !is_noise(line)).map(str::trim);
    lines.filter(|line| !is_refusal(line))
}

fn entry(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

/// A file that a server is started with looks alike, but has a value for every setting.
pub(super) fn is_answer_by_line(head: &Head) -> bool {
    let (mut all, mut names, mut sure, mut empty) = (0, 0, 0, 0);
    for (key, value) in said(head.raw_lines()).map(entry) {
        all += 1;
        names += usize::from(is_name(key));
        sure += usize::from(WORDS.contains(&key) || key.starts_with("cluster-"));
        empty += usize::from(value.is_empty());
    }
    let is_answer = sure > 0 && 2 * names > all && is_by_line(head.raw_lines());
    is_answer && (empty > 0 || !redis_conf::is_conf(head))
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
        Form::Flat
            if said(block.text.lines())
                .next()
                .is_some_and(one_line::is_one_line) =>
        {
            one_line::read(block, log)
        }
        Form::Flat if is_by_line(block.text.lines()) => by_line(block, log),
        Form::Flat => in_turn(block, log),
        Form::Csv => {
            let answer = reply::read(block);
            let pairs = answer.roots.chunks(2).filter_map(setting);
            pairs.filter_map(|s| keep(s, log)).collect()
        }
        Form::Json | Form::Numbered => nested(block, log),
    };
    vec![Section::new(DIALECT.name, block, Facts::Config(pairs))]
}

fn by_line<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        let all = text.trim();
        let (key, value) = entry(all);
        match is_word(key) && !is_refusal(all) {
            true => pairs.push(Pair {
                key,
                value: value.into(),
                line,
            }),
            false => not_a_setting(all, line, text, log),
        }
    }
    pairs
}

fn in_turn<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let mut lines = block.lines().skip_while(|(_, line)| is_noise(line));
    while let Some((line, text)) = lines.next() {
        let key = text.trim();
        if is_word(key) {
            // `$(…)` eats the line of an empty last value.
            let value = lines.next().map_or("", |(_, text)| text.trim());
            let value = value.into();
            pairs.push(Pair { key, value, line });
        } else {
            not_a_setting(key, line, text, log);
        }
    }
    pairs
}

fn not_a_setting(key: &str, line: u32, text: &str, log: &mut Log) {
    let spot = Spot {
        line,
        text,
        part: key,
    };
    if let Some(answer) = error_reply::refusal(key) {
        let message = format!("a CONFIG GET was refused with {}", quote_line(answer));
        log.say(Capture::Refused, message, spot);
    } else if !is_noise(text) {
        let message = format!("{} is no setting; the line was skipped", quote(key));
        log.say(Parse::ConfigName, message, spot);
    }
}

/// Lists and maps of a terminal, and objects of `--json`; one or many.
fn nested<'a>(block: Block<'a>, log: &mut Log) -> Vec<Pair<'a>> {
    let answer = reply::read(block);
    let mut pairs = Vec::new();
    for root in &answer.roots {
        match &root.value {
            Value::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, item)| (*key, item.line, &item.value));
                pairs.extend(entries.filter_map(|s| keep(s, log)));
            }
            other => {
                let entries = other.items().chunks(2).filter_map(setting);
                pairs.extend(entries.filter_map(|s| keep(s, log)));
            }
        }
    }
    if !answer.complete && reply::form(block) == Form::Json {
        listed::cut_off(block, log);
    }
    pairs
}

/// Key, its line, value.
type Setting<'r, 'a> = (&'a str, u32, &'r Value<'a>);

fn setting<'r, 'a>(pair: &'r [Item<'a>]) -> Option<Setting<'r, 'a>> {
    match pair {
        [key, item] => Some((key.value.text()?, key.line, &item.value)),
        _ => None,
    }
}

fn keep<'a>((key, line, value): Setting<'_, 'a>, log: &mut Log) -> Option<Pair<'a>> {
    if let Value::Text(value) = value
        && is_word(key)
    {
        let value = value.clone();
        return Some(Pair { key, value, line });
    }
    let message = format!("the value of {} cannot be read; skipped", quote(key));
    log.at_line(Diagnostic::new(Parse::ConfigValue, message), line);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn settings(text: &str) -> Vec<(String, String, u32)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        // An empty list is an answer of any command.
        let mut facts = parsed.sections.iter().map(|s| &s.facts);
        match facts.find(|facts| !matches!(facts, Facts::Nothing)) {
            Some(Facts::Config(pairs)) => pairs
                .iter()
                .map(|p| (p.key.to_owned(), p.value.to_string(), p.line))
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
        assert_eq!(log.finish()[0].code, Parse::ConfigName);
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
            assert_eq!(codes, [Capture::Refused], "{text}");
            let Facts::Config(pairs) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert_eq!((pairs[0].key, &*pairs[0].value), ("dir", "/d"), "{text}");
        }
    }

    #[test]
    fn escapes_are_read_as_what_they_stand_for() {
        for text in [
            "{\"logfile\":\"a\\\\b\",\"dir\":\"/d\\u00e9\\t\"}\n",
            "1) \"logfile\"\n2) \"a\\\\b\"\n3) \"dir\"\n4) \"/d\\xc3\\xa9\\t\"\n",
            "\"logfile\",\"a\\\\b\",\"dir\",\"/d\\xc3\\xa9\\t\"\n",
        ] {
            let found: Vec<_> = settings(text).into_iter().map(|s| (s.0, s.1)).collect();
            let expected = [("logfile", "a\\b"), ("dir", "/dé\t")];
            assert_eq!(found, expected.map(|(k, v)| (k.into(), v.into())), "{text}");
        }
    }

    #[test]
    fn any_setting_may_come_first() {
        for first in ["requirepass", "timeout", "loglevel", "a-later-one", "later"] {
            let text = format!(
                "{first}\n\nsave\n3600 1 300 100\ntls-key-file\n\nlogfile\n/l\ntcp-backlog\n511\n"
            );
            assert_eq!(settings(&text).len(), 5, "{text}");
        }
    }

    #[test]
    fn resp3_through_a_pipe_has_a_setting_a_line() {
        let text = "tls-key-file \ntimeout 0\nsave 3600 1 300 100\ncluster-enabled yes\n";
        let expected = [
            ("tls-key-file", "", 1),
            ("timeout", "0", 2),
            ("save", "3600 1 300 100", 3),
            ("cluster-enabled", "yes", 4),
        ];
        let expected = expected.map(|(k, v, line)| (k.to_owned(), v.to_owned(), line));
        assert_eq!(settings(text), expected);
        for (text, dialect) in [
            (text, "config-get"),
            (
                "cluster-port 0\ncluster-link-sendbuf-limit 0\n",
                "config-get",
            ),
            ("cluster-enabled yes\nport 7000\ndir /d\n", "redis-conf"),
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert_eq!(parse_file(&source).sections[0].dialect, dialect, "{text}");
        }
        let pods = "redis-cluster-0   1/1  Running\nredis-cluster-1   1/1  Running\n";
        let source = Source::new("f", pods.into(), String::new());
        assert!(parse_file(&source).sections.is_empty());
    }
}
