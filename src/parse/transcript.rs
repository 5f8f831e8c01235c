//! Many answers in one file: a terminal log, a ticket, the output of a loop, files joined by
//! `cat`. Cuts them apart; every part goes to the dialect that knows it.

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::pieces;
use crate::parse::cluster_info::is_cluster_info;
use crate::parse::heading::Heading;
use crate::parse::heading::Kind;
use crate::parse::heading::heading;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;
use crate::parse::node_line::is_plain_node;
use crate::parse::node_line::looks_like_node;
use crate::parse::nodes_conf;
use crate::parse::pairs::pair;
use crate::parse::recognise;
use crate::parse::unreachable::is_no_answer;

/// A stretch of a file that one program wrote, and what stands above it.
#[derive(Debug)]
struct Answer<'a> {
    heading: Option<(Spot<'a>, Heading<'a>)>,
    body: Block<'a>,
}

/// The sections of a file. `None` if it is one answer without a heading that no dialect claims.
pub(super) fn sections<'a>(block: Block<'a>, log: &mut Log) -> Option<Vec<Section<'a>>> {
    let answers = answers(block);
    if let [Answer { heading: None, .. }] = &answers[..] {
        let dialect = recognise(block)?;
        return Some((dialect.parse)(block, log));
    }
    let mut sections = Vec::new();
    let mut unknown = Vec::new();
    for answer in &answers {
        read(answer, &mut sections, &mut unknown, log);
    }
    say_unknown(&unknown, log);
    if sections.is_empty() {
        log.whole(Diagnostic::note(
            "capture/no-answer",
            "no answer in this file can be used",
        ));
    }
    Some(sections)
}

fn read<'a>(
    answer: &Answer<'a>,
    sections: &mut Vec<Section<'a>>,
    unknown: &mut Vec<(Spot<'a>, Address)>,
    log: &mut Log,
) {
    let body = answer.body;
    let empty = body.text.trim().is_empty();
    let Some((spot, heading)) = &answer.heading else {
        match recognise(body) {
            Some(dialect) => sections.extend((dialect.parse)(body, log)),
            None if empty => {}
            None => not_known(body, log),
        }
        return;
    };
    if let Some(name) = heading.bad_name {
        let why = name.parse::<Address>().err().map(|why| why.to_string());
        let message = format!(
            "{} is no address: {}; the answer was skipped",
            quote(name),
            why.unwrap_or_default()
        );
        log.warning("parse/address", message, *spot);
        return;
    }
    if let Some(dialect) = recognise(body) {
        let found = (dialect.parse)(body, log).into_iter();
        sections.extend(found.map(|s| Section {
            of: s.of.or_else(|| heading.of.clone()),
            host: s.host.or(heading.host),
            facts: match s.facts {
                // Whatever it said, it lives.
                Facts::Nothing if heading.of.is_some() => Facts::Pong,
                facts => facts,
            },
            ..s
        }));
        return;
    }
    match (heading.kind, &heading.of) {
        (Kind::Banner | Kind::Bare, Some(of)) if empty => {
            log.warning(
                "capture/empty-answer",
                format!("{of} gave no answer"),
                *spot,
            );
        }
        (Kind::Banner | Kind::Bare, Some(of)) => unknown.push((*spot, of.clone())),
        // Whatever else was typed that day.
        (Kind::Command | Kind::End, _) => {}
        _ if empty => {}
        _ => not_known(body, log),
    }
}

/// One command asked of many nodes is one thing to say.
fn say_unknown(unknown: &[(Spot, Address)], log: &mut Log) {
    let Some((spot, of)) = unknown.first() else {
        return;
    };
    let message = match unknown.len() {
        1 => format!("the answer of {of} is not known to topoplan; it was not used"),
        n => format!(
            "the answers of {of} and of {} more nodes are not known to topoplan; they were not used",
            n - 1
        ),
    };
    log.note("capture/unknown-answer", message, *spot);
}

fn not_known(body: Block, log: &mut Log) {
    let mut lines = body.lines().filter(|(_, text)| !text.trim().is_empty());
    let Some((line, text)) = lines.next() else {
        return;
    };
    log.unknown_answer(
        1 + lines.count(),
        Spot {
            line,
            text,
            part: text.trim(),
        },
    );
}

/// What a line can be told to be at a glance; a change from one to another starts a new answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Nodes,
    ClusterInfo,
    Info,
    Pong,
    NoAnswer,
}

/// Cuts before every heading, and where one kind of answer follows another without one.
fn answers(block: Block<'_>) -> Vec<Answer<'_>> {
    let mut cutter = Cutter {
        block,
        answers: Vec::new(),
        heading: None,
        start: 0,
        first_line: block.first_line,
        class: None,
        ended: false,
    };
    let mut at = 0;
    for (line, text) in (block.first_line..).zip(block.text.split_inclusive('\n')) {
        let end = at + text.len();
        // Nearly every line of a capture is one of these.
        if cutter.class == Some(Class::Nodes) && !cutter.ended && is_plain_node(text) {
            at = end;
            continue;
        }
        let bare = text.trim_end_matches(['\r', '\n']);
        let follows = || {
            let next = block.text.get(end..).and_then(|rest| rest.lines().next());
            next.is_some_and(|next| class(next).is_some())
        };
        // In a list of addresses none is a heading.
        match heading(bare).filter(|found| found.kind != Kind::Bare || follows()) {
            Some(found) => {
                cutter.cut(at, line);
                let rest = found.rest.map_or(end, |rest| end_before(text, rest, at));
                cutter.open(line, bare, found, rest);
            }
            None => cutter.line(at, line, bare),
        }
        at = end;
    }
    cutter.cut(block.text.len(), u32::MAX);
    cutter.answers
}

/// Where `rest`, a slice of `text`, begins in the block.
fn end_before(text: &str, rest: &str, at: usize) -> usize {
    at + (rest.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

struct Cutter<'a> {
    block: Block<'a>,
    answers: Vec<Answer<'a>>,
    heading: Option<(Spot<'a>, Heading<'a>)>,
    /// Byte and line at which the present answer begins.
    start: usize,
    first_line: u32,
    class: Option<Class>,
    /// The next line of this kind is that of another answer: `CLUSTER INFO` or `INFO` has
    /// begun, or the `vars` line behind the nodes of a file on disk has come.
    ended: bool,
}

impl<'a> Cutter<'a> {
    /// Ends the present answer before the byte `at` of line `line`.
    fn cut(&mut self, at: usize, line: u32) {
        let text = self.block.text.get(self.start..at).unwrap_or("");
        let body = Block {
            text,
            first_line: self.first_line,
        };
        let first = self.answers.is_empty();
        // Blank lines before the first heading are no answer; an empty file is one.
        if self.heading.is_some() || !text.trim().is_empty() || first && line == u32::MAX {
            self.answers.push(Answer {
                heading: self.heading.clone(),
                body,
            });
        }
        self.start = at;
        self.first_line = line;
        self.class = None;
        self.ended = false;
    }

    /// Begins the answer below a heading, or behind it on its own line.
    fn open(&mut self, line: u32, text: &'a str, found: Heading<'a>, start: usize) {
        self.first_line = if found.rest.is_some() { line } else { line + 1 };
        self.start = start;
        let spot = Spot {
            line,
            text,
            part: text.trim(),
        };
        if found.kind == Kind::Fence
            && let Some(Answer { heading, body }) = self.answers.last()
            && body.text.trim().is_empty()
            && heading.is_some()
        {
            // The heading above an opening fence is that of the answer in it.
            self.heading = self.answers.pop().and_then(|a| a.heading);
        } else {
            self.heading = Some((spot, found));
        }
    }

    fn line(&mut self, at: usize, line: u32, text: &str) {
        let Some((class, begins)) = class(text) else {
            return;
        };
        // INFO has keys of that family, too, and may get more.
        if class == Class::ClusterInfo && !begins && self.class == Some(Class::Info) {
            return;
        }
        let again = match class {
            Class::Nodes => self.ended && !begins,
            _ => self.ended && begins,
        };
        if self.class.is_some_and(|known| known != class) || again {
            self.cut(at, line);
        }
        // A server reads the `vars` line wherever it stands, but writes it last.
        self.ended |= begins && (class != Class::Nodes || self.class == Some(class));
        self.class = Some(class);
    }
}

/// What the line is, and whether an answer of this class begins with it (or ends, with `vars`).
fn class(text: &str) -> Option<(Class, bool)> {
    let text = pieces(text).next()?;
    if looks_like_node(text) {
        return Some((Class::Nodes, false));
    }
    if nodes_conf::vars(text).is_some() {
        return Some((Class::Nodes, true));
    }
    if text == "PONG" {
        return Some((Class::Pong, false));
    }
    if is_no_answer(text) {
        return Some((Class::NoAnswer, false));
    }
    if let Some(section) = text.strip_prefix("# ") {
        let heading = section.starts_with(|c: char| c.is_ascii_uppercase())
            && section
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return heading.then_some((Class::Info, section == "Server"));
    }
    let (key, _) = pair(text)?;
    let plain = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // Reports and tables have keys of one word, too (`slots:`), but not these.
    let numbered = |key: &str| key.ends_with(|c: char| c.is_ascii_digit());
    let known = key.contains('_') || numbered(key) || ["role", "loading", "os"].contains(&key);
    if !plain || !known {
        return None;
    }
    match is_cluster_info(key) {
        true => Some((Class::ClusterInfo, key == "cluster_state")),
        false if key.starts_with("total_cluster_links") => Some((Class::ClusterInfo, false)),
        false => Some((Class::Info, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse as parse_file;
    use crate::source::Source;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn node(port: u16) -> String {
        format!("{A} 10.0.0.1:{port}@1{port} myself,master - 0 0 1 connected 0-5")
    }

    /// Dialect, port of the node and first line of every section; codes of the diagnostics.
    fn read(text: &str) -> (Vec<(&'static str, u16, u32)>, Vec<&'static str>) {
        let source = Source::new("all.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let sections = parsed
            .sections
            .iter()
            .map(|s| (s.dialect, s.of.as_ref().map_or(0, Address::port), s.line))
            .collect();
        let codes = parsed.diagnostics.iter().map(|d| d.code).collect();
        (sections, codes)
    }

    #[test]
    fn every_answer_is_read_by_its_own_dialect() {
        let node = node(7000);
        let text = format!(
            "redis client for 10.0.0.1:7000\n{node}\n\
            redis client for 10.0.0.1:7001\n\
            Could not connect to Redis at 10.0.0.1:7001: Connection refused\n\
            redis client for 10.0.0.1:7002\nPONG\n\
            redis client for 10.0.0.1:7003\ndir\n/data/disk1\n\
            redis client for 10.0.0.1:7004\ncluster_state:ok\n\
            redis client for 10.0.0.1:7005\n\
            redis client for nowhere\n\
            redis client for 10.0.0.1:7006\n# Keyspace\ndb0:keys=1\n"
        );
        let (sections, codes) = read(&text);
        assert_eq!(
            sections,
            [
                ("cluster-nodes", 7000, 2),
                ("unreachable", 7001, 4),
                ("ping", 7002, 6),
                ("config-get", 7003, 8),
                ("cluster-info", 7004, 11),
                ("info", 7006, 15),
            ]
        );
        assert_eq!(codes, ["capture/empty-answer", "parse/address"]);
    }

    #[test]
    fn a_command_that_topoplan_does_not_know_is_said_once() {
        let (sections, codes) = read(
            "redis client for 10.0.0.1:7000\nsome text\nredis client for 10.0.0.1:7001\n\
            more text\nredis client for 10.0.0.1:7002\nOK\n",
        );
        assert_eq!(codes, ["capture/unknown-answer"]);
        // What says OK lives.
        assert_eq!(sections.len(), 1);
        assert_eq!(sections[0].1, 7002);
    }

    #[test]
    fn a_terminal_log_is_cut_at_its_prompts() {
        let node = node(7000);
        let text = format!(
            "[op@jump ~]$ date\nFri Nov 20 22:22:56 UTC 2026\n\
            [op@jump ~]$ redis-cli -h 10.0.0.1 -p 7000\n\
            10.0.0.1:7000> cluster nodes\n{node}\n\
            10.0.0.1:7000> cluster info\ncluster_state:ok\n\
            10.0.0.1:7000> exit\n[op@jump ~]$ redis-cli -h 10.0.0.1 -p 7001 ping\nPONG\n[op@jump ~]$\n"
        );
        let (sections, codes) = read(&text);
        assert_eq!(
            sections,
            [
                ("cluster-nodes", 7000, 5),
                ("cluster-info", 7000, 7),
                ("ping", 7001, 10),
            ]
        );
        assert_eq!(codes, [] as [&str; 0]);
    }

    #[test]
    fn a_ticket_is_cut_at_its_fences() {
        let node = node(7000);
        let text = format!(
            "Hi,\nwe lost a host tonight.\n\n### 10.0.0.1:7000\n```\n{node}\n```\nAnd INFO says\n\n```\n# Server\nredis_version:7.0.15\n```\nAny idea?\n"
        );
        let (sections, codes) = read(&text);
        assert_eq!(sections, [("cluster-nodes", 7000, 6), ("info", 0, 11)]);
        assert_eq!(codes, ["capture/unknown-answer"; 3]);
    }

    #[test]
    fn files_joined_without_headings_are_told_apart() {
        let node = node(7000);
        let text = format!(
            "cluster_state:ok\r\ncluster_size:3\r\n{node}\n# Server\nredis_version:7.0.15\ncluster_state:ok\n"
        );
        let (sections, codes) = read(&text);
        let names: Vec<_> = sections.iter().map(|s| (s.0, s.2)).collect();
        assert_eq!(
            names,
            [
                ("cluster-info", 1),
                ("cluster-nodes", 3),
                ("info", 4),
                ("cluster-info", 6)
            ]
        );
        assert_eq!(codes, [] as [&str; 0]);
    }

    #[test]
    fn an_answer_may_stand_behind_its_heading() {
        let node = node(7000);
        let text = format!(
            ">>> Calling cluster nodes\n10.0.0.1:7000: {node}\n\n10.0.0.1:7001: {node}\n\n"
        );
        let (sections, _) = read(&text);
        assert_eq!(
            sections,
            [("cluster-nodes", 7000, 2), ("cluster-nodes", 7001, 4)]
        );
    }

    #[test]
    fn the_log_of_a_crash_has_a_view() {
        let node = node(7000);
        let text = format!(
            "123:M 20 Nov 2026 22:22:56 # Redis 7.0.15 crashed by signal: 11\n\n\
            ------ INFO OUTPUT ------\n# Server\nredis_version:7.0.15\n\n\
            ------ CLUSTER INFO OUTPUT ------\ncluster_state:ok\n\n\
            ------ CLUSTER NODES OUTPUT ------\n{node}\n\n\
            ------ REGISTERS ------\n123:M 20 Nov 2026 22:22:56 # RAX:0000\n"
        );
        let (sections, codes) = read(&text);
        let names: Vec<_> = sections.iter().map(|s| (s.0, s.2)).collect();
        assert_eq!(
            names,
            [("info", 4), ("cluster-info", 8), ("cluster-nodes", 11)]
        );
        assert_eq!(codes, ["capture/unknown-answer"]);
    }

    #[test]
    fn keys_of_info_that_begin_as_cluster_info_does_cut_nothing() {
        let text = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\nconnected_clients:1\r\n\
            cluster_connections:10\r\nmaxclients:10000\r\n# Cluster\r\ncluster_enabled:1\r\n";
        let (sections, codes) = read(text);
        let names: Vec<_> = sections.iter().map(|s| (s.0, s.2)).collect();
        assert_eq!(names, [("info", 1)]);
        assert_eq!(codes, [] as [&str; 0]);
    }

    #[test]
    fn one_answer_is_left_whole() {
        let block = |text| Block {
            text,
            first_line: 1,
        };
        for text in ["", "\n", "host,ip\nh1,10.0.0.1\n", "PONG\n", "dir\n/data\n"] {
            let found = answers(block(text));
            assert_eq!(found.len(), 1, "{text:?}");
            assert_eq!(found[0].body.text, text);
            assert!(found[0].heading.is_none());
        }
    }

    #[test]
    fn a_dump_below_a_heading_keeps_its_lines() {
        let text = format!("=== 10.0.0.9:7000 ===\n{}\n", node(7000));
        let source = Source::new("x", text, String::new());
        let parsed = parse_file(&source);
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!((dump.lines[0].line, dump.lines[0].column), (2, 1));
    }
}
