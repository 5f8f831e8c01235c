//! Many answers in one file: a terminal log, a ticket, the output of a loop, files joined by
//! `cat`. Every part goes to the dialect that knows it; what none knows is said.

mod class;
mod cutter;
mod replied;
mod several;
mod unknown;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::parse::Doubt;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::dbsize;
use crate::parse::heading::Kind;
use crate::parse::heading::filter;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;
use crate::parse::recognise;

pub(super) use class::Class;
pub(super) use class::class;

use cutter::Answer;
use cutter::answers;
use unknown::Unknown;

/// The sections of a file. `None` if it is one answer without a heading that no dialect claims.
pub(super) fn sections<'a>(block: Block<'a>, log: &mut Log) -> Option<Vec<Section<'a>>> {
    let mut answers = answers(block);
    if let [Answer { heading: None, .. }] = &answers[..] {
        let dialect = recognise(block)?;
        return Some((dialect.parse)(block, log));
    }
    several::match_commands(&mut answers, log);
    let mut sections = Vec::new();
    let mut unknown = Unknown::default();
    let mut filter = None;
    let is_file_of_counts = dbsize::is_file(log.path());
    let mut counts = is_file_of_counts;
    for answer in &answers {
        filter = filter_of(answer).unwrap_or(filter);
        counts = counts_keys(answer).map_or(counts, |asked| asked || is_file_of_counts);
        let first = sections.len();
        if let Some(section) = named_count(answer).filter(|_| counts) {
            sections.push(section);
            continue;
        }
        read(answer, &mut sections, &mut unknown, log);
        if let Some((spot, name, is_said)) = &mut filter {
            let found = sections.get_mut(first..).unwrap_or(&mut []);
            if shorten(found) && !std::mem::replace(is_said, true) {
                let message = format!(
                    "what this command showed went through `{name}`: the views below may lack \
                     lines, and do not count as whole"
                );
                let diagnostic = Diagnostic::warning("capture/filtered", message);
                let diagnostic = diagnostic.help("capture `cluster nodes` without a filter");
                log.at_line(diagnostic, spot.line);
            }
        }
    }
    unknown.say(log);
    let named = answers.iter().any(|a| {
        let heading = a.heading.as_ref();
        heading.is_some_and(|(_, h)| h.of.is_some() && h.kind != Kind::End)
    });
    if !log.names_node() {
        doubt_nameless(&mut sections, named);
    }
    // What is left around answers that are read by themselves need not hold any.
    if sections.is_empty() && !log.is_of_part() {
        log.whole(Diagnostic::note(
            "capture/no-answer",
            "no answer in this file can be used",
        ));
    }
    Some(sections)
}

/// The filter behind the command above, until another command or the end of its output; whether
/// it was said.
type Filter<'a> = Option<(Spot<'a>, &'static str, bool)>;

/// What the heading of this answer changes of the filter. A loop has one command for all its
/// answers, which banners tell apart.
fn filter_of<'a>(answer: &Answer<'a>) -> Option<Filter<'a>> {
    let (spot, heading) = answer.heading.as_ref()?;
    match heading.kind {
        Kind::Command => Some(filter(spot.part).map(|name| (*spot, name, false))),
        Kind::Fence | Kind::End => Some(None),
        Kind::Banner | Kind::Bare | Kind::Rule => None,
    }
}

/// Whether the command that this heading shows asks how many keys there are; `None` where it
/// changes nothing, as between the answers of a loop.
fn counts_keys(answer: &Answer) -> Option<bool> {
    let (spot, heading) = answer.heading.as_ref()?;
    match heading.kind {
        Kind::Command => Some(dbsize::is_asked(spot.text)),
        Kind::Fence | Kind::End => Some(false),
        Kind::Banner | Kind::Bare | Kind::Rule => None,
    }
}

/// A number alone below the name of a node.
fn named_count<'a>(answer: &Answer<'a>) -> Option<Section<'a>> {
    let (_, heading) = answer.heading.as_ref()?;
    let is_name = matches!(heading.kind, Kind::Banner | Kind::Bare);
    let of = heading.of.clone().filter(|_| is_name)?;
    let section = dbsize::below_name(answer.body)?;
    Some(Section {
        of: Some(of),
        host: heading.host,
        ..section
    })
}

/// Lines may be missing in each list of nodes; false if there is none.
fn shorten(sections: &mut [Section]) -> bool {
    let mut any = false;
    for section in sections {
        if let Facts::Nodes(dump) = &mut section.facts {
            dump.incomplete = true;
            any = true;
        }
    }
    any
}

/// Where a file tells answers of several nodes apart, those without a name are not of the node
/// that happens to be named nearby.
fn doubt_nameless(sections: &mut [Section], named: bool) {
    let nameless = |s: &Section| s.of.is_none() && s.host.is_none();
    let whole = |s: &Section| match &s.facts {
        Facts::Info(pairs) => pairs.iter().any(|p| p.key == "role").then_some("role"),
        Facts::ClusterInfo(_) => Some("cluster"),
        _ => None,
    };
    let count = |kind| {
        let alike = sections.iter().filter(|s| nameless(s));
        alike.filter(|s| whole(s) == Some(kind)).count()
    };
    let lost = named || count("role") > 1 || count("cluster") > 1;
    for section in sections.iter_mut().filter(|s| lost && nameless(s)) {
        let of_node = matches!(
            section.facts,
            Facts::Info(_) | Facts::ClusterInfo(_) | Facts::Links(_)
        );
        if of_node && section.doubt == Doubt::None {
            section.doubt = Doubt::InFile;
        }
    }
}

fn read<'a>(
    answer: &Answer<'a>,
    sections: &mut Vec<Section<'a>>,
    unknown: &mut Unknown<'a>,
    log: &mut Log,
) {
    let body = answer.body;
    let empty = body.text.trim().is_empty();
    let Some((spot, heading)) = &answer.heading else {
        match recognise(body) {
            Some(dialect) => sections.extend((dialect.parse)(body, log)),
            None if empty => {}
            None => unknown::part(body, log),
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
            doubt: match heading.lost {
                true => Doubt::Everywhere,
                false => s.doubt,
            },
            facts: match s.facts {
                // Whatever it said, it lives.
                Facts::Nothing if heading.of.is_some() => Facts::Pong,
                facts => facts,
            },
            ..s
        }));
        return;
    }
    if let Some(section) = dbsize::below(spot.text, body, log) {
        sections.push(Section {
            of: heading.of.clone(),
            host: heading.host,
            ..section
        });
        return;
    }
    if heading.of.is_some() && replied::is_reply(body) {
        sections.push(Section {
            of: heading.of.clone(),
            host: heading.host,
            ..Section::new(replied::NAME, body, Facts::Pong)
        });
    }
    match (heading.kind, &heading.of) {
        (Kind::Banner | Kind::Bare, Some(of)) if empty => {
            log.warning(
                "capture/empty-answer",
                format!("{of} gave no answer"),
                *spot,
            );
        }
        (Kind::Banner | Kind::Bare, Some(of)) => {
            unknown.answer(*spot, of, named_count(answer).is_some());
        }
        (Kind::Rule, _) => {}
        _ if empty => {}
        (Kind::Command | Kind::End, _) => unknown.below_a_command(body),
        _ => unknown::part(body, log),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Authority;
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
        // What `date` said.
        assert_eq!(codes, ["capture/unknown-answer"]);
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
    fn a_call_joins_every_answer_to_its_node() {
        let text = ">>> Calling cluster info\n10.0.0.1:7000: cluster_state:ok\ncluster_size:3\n\n\
            redis-2:7001: cluster_state:fail\ncluster_size:3\n\n\
            10.0.0.3:7002: Could not connect to Redis at 10.0.0.3:7002: Connection refused\n";
        let (sections, codes) = read(text);
        assert_eq!(
            sections,
            [
                ("cluster-info", 7000, 2),
                ("cluster-info", 7001, 5),
                ("unreachable", 7002, 8)
            ]
        );
        assert_eq!(codes, [] as [&str; 0]);
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
    fn headings_of_every_kind_cut_views_and_name_their_nodes() {
        let (one, two) = (node(7000), node(7001));
        for (above, behind) in [
            ("-----\n{}\n-----", ""),
            ("::::::\n10.0.0.1_{p}/nodes.txt\n::::::", ""),
            (
                "C:\\redis>redis-cli.exe -h 10.0.0.1 -p {p} cluster nodes",
                "",
            ),
            (".{}\n----", "----\n"),
            ("{}\n========\n\n.. code-block:: text\n", "\n"),
            ("10.0.0.1_{p}/nodes.txt", ""),
            ("10.0.0.1-{p}:", ""),
            ("cat > 10.0.0.1_{p}.txt <<'EOF'", ""),
            ("{} connected!\n> cluster nodes", "\n"),
            ("{}\n> CLUSTER NODES", "\n"),
            ("09:00:00.123  INFO 1 --- [main] c.e.Dump : {} -> ", ""),
            ("[\u{200e}21/\u{200e}11/2026 09:01] Bob:\n{}\u{200b}", ""),
            ("\"{}\",\"cluster nodes\",\"", "\"\n"),
            ("{}\nstring(765) \"", "\"\n"),
        ] {
            let head = |port: &str| {
                let filled = above.replace("{}", &format!("10.0.0.1:{port}"));
                let joint = if above.ends_with('"') { "" } else { "\n" };
                filled.replace("{p}", port) + joint
            };
            let text = format!(
                "{}{one}\n{behind}{}{two}\n{behind}",
                head("7000"),
                head("7001")
            );
            let (sections, codes) = read(&text);
            let ports: Vec<_> = sections.iter().map(|s| (s.0, s.1)).collect();
            let expected = [("cluster-nodes", 7000), ("cluster-nodes", 7001)];
            assert_eq!(ports, expected, "{text}");
            assert_eq!(codes, [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn an_address_in_a_list_is_no_heading_of_what_stands_apart_from_it() {
        let text = format!("10.0.0.1:7000\n10.0.0.2:7000\n\n{}\n", node(7000));
        let (sections, _) = read(&text);
        let views = sections.iter().filter(|s| s.0 == "cluster-nodes");
        assert_eq!(views.map(|s| s.1).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_view_behind_a_filter_is_not_whole() {
        let node = node(7000);
        let incomplete = |text: &str| -> Vec<bool> {
            let source = Source::new("all.txt", text.into(), String::new());
            let parsed = parse_file(&source);
            let said: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            let dumps = parsed.sections.iter().filter_map(|s| match &s.facts {
                Facts::Nodes(dump) => Some(dump.incomplete),
                _ => None,
            });
            let dumps: Vec<bool> = dumps.collect();
            let expected = usize::from(dumps.contains(&true));
            assert_eq!(said, vec!["capture/filtered"; expected], "{text}");
            dumps
        };
        let asked = "$ redis-cli -p 7000 cluster nodes";
        for (text, expected) in [
            (format!("{asked} | grep master\n{node}\n"), vec![true]),
            (format!("{asked} | sort\n{node}\n"), vec![false]),
            (
                format!("{asked} | head -3\n{node}\n{asked}\n{node}\n"),
                vec![true, false],
            ),
            (
                format!(
                    "$ for p in 1 2; do redis-cli -p $p cluster nodes | grep master; done\n== 10.0.0.1:7000 ==\n{node}\n== 10.0.0.1:7001 ==\n{node}\n$\n{node}\n"
                ),
                vec![true, true, false],
            ),
            (format!("{asked} | tail -3\n```\n{node}\n```\n"), vec![true]),
        ] {
            assert_eq!(incomplete(&text), expected, "{text}");
        }
    }

    const SLOTS: &str = "1) 1) (integer) 0\n   2) (integer) 5460\n   3) 1) \"::1\"\n      2) (integer) 7471\n   4) 1) \"::1\"\n      2) (integer) 7474\n";

    /// Dialects of the answers, and how many node lines of views were read.
    fn kinds(text: &str) -> (Vec<&'static str>, usize, Vec<&'static str>) {
        let source = Source::new("all.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let lines = |s: &Section| match &s.facts {
            Facts::Nodes(dump) if dump.authority == Authority::View => dump.lines.len(),
            _ => 0,
        };
        let views = parsed.sections.iter().map(lines).sum();
        let names = parsed.sections.iter().map(|s| s.dialect).collect();
        (
            names,
            views,
            parsed.diagnostics.iter().map(|d| d.code).collect(),
        )
    }

    #[test]
    fn no_answer_swallows_the_one_behind_it() {
        let node = format!("{}\n", node(7000));
        let errors = "node1> CLUSTER failover\nERR You should send CLUSTER FAILOVER to a slave\nnode1> CLUSTER bumpepoch\nBUMPED 7\n";
        let flat = "0\n5460\n::1\n7471\n";
        let json = format!("[[0,5460,[\"::1\",7000,\"{A}\"]]]\n");
        let config = "dir\n/data\ncluster-announce-ip\nfd01::5\n";
        let report = format!(
            "M: {A} ::1:7000\n   slots:[0-16383] (16384 slots) master\nCould not connect to Redis at ::1:7001: Connection refused\n[OK] All 16384 slots covered.\n"
        );
        let table = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\n";
        for (other, dialect) in [
            (errors, "error-reply"),
            (SLOTS, "cluster-slots"),
            (flat, "cluster-slots"),
            (json.as_str(), "cluster-slots"),
            (config, "config-get"),
            (report.as_str(), "cluster-check"),
            (table, "host-map"),
        ] {
            for text in [
                format!("{node}{other}"),
                format!("{other}{node}"),
                format!("{node}{other}{node}"),
            ] {
                let (mut names, views, codes) = kinds(&text);
                let expected = text.matches("myself").count();
                assert_eq!(views, expected, "{text}");
                assert!(
                    !codes.iter().any(|c| c.starts_with("parse/fields")),
                    "{text}{codes:?}"
                );
                names.retain(|name| *name != "cluster-nodes");
                names.dedup();
                assert_eq!(names, [dialect], "{text}");
            }
        }
    }

    #[test]
    fn lists_of_two_answers_are_two_answers() {
        let (names, ..) = kinds(&format!("{SLOTS}{SLOTS}"));
        assert_eq!(names, ["cluster-slots"; 2]);
        let (names, ..) = kinds("1) \"dir\"\n2) \"/d\"\n1) \"port\"\n2) \"7000\"\n");
        assert_eq!(names, ["config-get"]);
    }

    #[test]
    fn what_is_not_known_is_said_once_with_its_first_line() {
        for text in [
            "10.0.0.1:7000> debug object x\nsome text\nmore\n10.0.0.1:7000> latency doctor\nDave\n",
            "$ redis-cli -p 7000 debug object x\nsome text\nmore\n",
        ] {
            let source = Source::new("all.txt", text.into(), String::new());
            let parsed = parse_file(&source);
            let said = &parsed.diagnostics[0];
            assert_eq!(said.code, "capture/unknown-answer", "{text}");
            assert_eq!(said.place.as_ref().unwrap().line, 2, "{text}");
            let again = parsed.diagnostics.iter().filter(|d| d.code == said.code);
            assert_eq!(again.count(), 1, "{text}");
        }
        let quiet = "10.0.0.1:7000> config set a b\nOK\n10.0.0.1:7000> get x\n(nil)\n10.0.0.1:7000> keys *\n(empty array)\n10.0.0.1:7000> ping\nPONG\n";
        assert_eq!(read(quiet).1, [] as [&str; 0]);
    }

    #[test]
    fn many_lines_of_prose_are_no_part_of_a_view() {
        let text = format!("Hi,\nwe lost a host\nand then another\n{}\n", node(7000));
        let (sections, codes) = read(&text);
        assert_eq!(sections, [("cluster-nodes", 0, 4)]);
        assert_eq!(codes, ["capture/unknown-answer"]);
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
