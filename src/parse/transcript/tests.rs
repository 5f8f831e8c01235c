//! Whole files of many answers.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Parse;
use crate::parse::Authority;
use crate::parse::read as parse_file;
use crate::text::Source;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn node(port: u16) -> String {
    format!("{A} 10.0.0.1:{port}@1{port} myself,master - 0 0 1 connected 0-5")
}

/// Dialect, port of the node and first line of every section; codes of the diagnostics.
fn read(text: &str) -> (Vec<(&'static str, u16, u32)>, Vec<Code>) {
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
    assert_eq!(codes, [Capture::EmptyAnswer.code(), Parse::Address.code()]);
}

#[test]
fn a_command_that_topoplan_does_not_know_is_said_once() {
    let (sections, codes) = read(
        "redis client for 10.0.0.1:7000\nsome text\nredis client for 10.0.0.1:7001\n\
        more text\nredis client for 10.0.0.1:7002\nOK\n",
    );
    assert_eq!(codes, [Capture::UnknownAnswer]);
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
    assert_eq!(codes, [Capture::UnknownAnswer]);
}

#[test]
fn a_runbook_shows_its_prompts_as_angles() {
    let info = "role:slave\nmaster_host:10.0.0.1\nmaster_port:7000\nmaster_link_status:up\n";
    let text = format!(
        "> flashbase cli -h 10.0.0.1 -p 7001 info replication\n# Replication\n{info}\
        > flashbase cli -h 10.0.0.1 -p 7002 info replication\n# Replication\n{info}"
    );
    let (sections, codes) = read(&text);
    assert_eq!(sections, [("info", 7001, 2), ("info", 7002, 8)]);
    assert_eq!(codes, [] as [Code; 0]);
}

#[test]
fn a_ticket_is_cut_at_its_fences() {
    let node = node(7000);
    let text = format!(
        "Hi,\nwe lost a host tonight.\n\n### 10.0.0.1:7000\n```\n{node}\n```\nAnd INFO says\n\n```\n# Server\nredis_version:7.0.15\n```\nAny idea?\n"
    );
    let (sections, codes) = read(&text);
    assert_eq!(sections, [("cluster-nodes", 7000, 6), ("info", 0, 11)]);
    // One word for all that was written around them.
    assert_eq!(codes, [Capture::UnknownAnswer]);
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
    assert_eq!(codes, [] as [Code; 0]);
}

#[test]
fn an_answer_may_stand_behind_its_heading() {
    let node = node(7000);
    let text =
        format!(">>> Calling cluster nodes\n10.0.0.1:7000: {node}\n\n10.0.0.1:7001: {node}\n\n");
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
    assert_eq!(codes, [] as [Code; 0]);
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
    assert_eq!(codes, [Capture::UnknownAnswer]);
}

#[test]
fn keys_of_info_that_begin_as_cluster_info_does_cut_nothing() {
    let text = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\nconnected_clients:1\r\n\
        cluster_connections:10\r\nmaxclients:10000\r\n# Cluster\r\ncluster_enabled:1\r\n";
    let (sections, codes) = read(text);
    let names: Vec<_> = sections.iter().map(|s| (s.0, s.2)).collect();
    assert_eq!(names, [("info", 1)]);
    assert_eq!(codes, [] as [Code; 0]);
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
        assert_eq!(codes, [] as [Code; 0], "{text}");
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
        assert_eq!(said, vec![Capture::Filtered; expected], "{text}");
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
fn kinds(text: &str) -> (Vec<&'static str>, usize, Vec<Code>) {
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
                !codes.iter().any(|&c| c == Parse::Fields),
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
    for (first, text) in [
        (
            2,
            "10.0.0.1:7000> debug object x\nsome text\nmore\n10.0.0.1:7000> latency doctor\nDave\n",
        ),
        (2, "$ redis-cli -p 7000 debug object x\nsome text\nmore\n"),
        (
            1,
            "Hi,\nsee below\n$ date\nNov 20\n\n```\n$ redis-cli -h 10.0.0.1 object freq x\nmany\n```\nBye\n",
        ),
    ] {
        let source = Source::new("all.txt", text.into(), String::new());
        let parsed = parse_file(&source);
        let said = parsed.diagnostics.iter();
        let said: Vec<_> = said.filter(|d| d.code == Capture::UnknownAnswer).collect();
        let lines = said.iter().map(|d| d.place.as_ref().map(|p| p.line));
        assert_eq!(lines.collect::<Vec<_>>(), [Some(first)], "{text}");
    }
    let quiet = "10.0.0.1:7000> config set a b\nOK\n10.0.0.1:7000> get x\n(nil)\n10.0.0.1:7000> keys *\n(empty array)\n10.0.0.1:7000> ping\nPONG\n";
    assert_eq!(read(quiet).1, [] as [Code; 0]);
}

#[test]
fn many_lines_of_prose_are_no_part_of_a_view() {
    let text = format!("Hi,\nwe lost a host\nand then another\n{}\n", node(7000));
    let (sections, codes) = read(&text);
    assert_eq!(sections, [("cluster-nodes", 0, 4)]);
    assert_eq!(codes, [Capture::UnknownAnswer]);
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
