use super::*;
use crate::inventory::read;
use crate::policy::Policy;
use crate::text::Source;

const M1: &str = "1111111111111111111111111111111111111111";
const M2: &str = "2222222222222222222222222222222222222222";
const M3: &str = "3333333333333333333333333333333333333333";
const R1: &str = "4444444444444444444444444444444444444444";
const NEW: &str = "5555555555555555555555555555555555555555";

/// Three masters on three hosts, of which the first has a replica; a process that nobody met.
/// `m1` is how the first master is flagged.
fn inventory(m1: &str) -> Inventory {
    let link = if m1.contains("fail") {
        "disconnected"
    } else {
        "connected"
    };
    let lines = |me: &str| {
        let of = |id: &str, rest: &str| {
            let flag = if id == me { "myself," } else { "" };
            format!("{id} {}\n", rest.replace("FLAGS", flag))
        };
        of(
            M1,
            &format!("10.0.0.1:7000@17000 FLAGS{m1} - 0 1 1 {link} 0-5460"),
        ) + &of(
            M2,
            "10.0.0.2:7000@17000 FLAGSmaster - 0 1 2 connected 5461-10922",
        ) + &of(
            M3,
            "10.0.0.3:7000@17000 FLAGSmaster - 0 1 3 connected 10923-16383",
        ) + &of(
            R1,
            &format!("10.0.0.2:7001@17001 FLAGSslave {M1} 0 1 1 connected"),
        )
    };
    let alone = format!("{NEW} 10.0.0.3:7001@17001 myself,master - 0 0 0 connected\n");
    let file = |path: &str, text: String| Source::new(path, text, String::new());
    let mut files = vec![
        file("10.0.0.2_7000/nodes.txt", lines(M2)),
        file("10.0.0.3_7000/nodes.txt", lines(M3)),
        file("10.0.0.2_7001/nodes.txt", lines(R1)),
        file("10.0.0.3_7001/nodes.txt", alone),
    ];
    if !m1.contains("fail") {
        files.push(file("10.0.0.1_7000/nodes.txt", lines(M1)));
    }
    read(files, Policy::default())
}

/// `line code` of every finding.
fn codes(m1: &str, list: &str) -> Vec<String> {
    let linted = lint(&inventory(m1), list);
    let of = |f: &Finding| format!("{} {}", f.line, f.code);
    let mut all: Vec<String> = linted.findings.iter().map(of).collect();
    all.dedup();
    all
}

fn cli(port: &str, command: &str) -> String {
    let (host, port) = port.split_once(':').expect("host:port");
    format!("redis-cli -h 10.0.0.{host} -p {port} cluster {command}\n")
}

#[test]
fn a_good_list_is_clean() {
    let list = cli("2:7001", "failover takeover")
        + "flashbase do-replicate 10.0.0.3:7001 10.0.0.2:7001\n"
        + "redis-cli -h 10.0.0.2 -p 7000 info\n";
    assert_eq!(codes("master,fail", &list), [] as [&str; 0]);
    let graceful = cli("2:7001", "failover");
    assert_eq!(codes("master", &graceful), ["1 L003"]);
}

#[test]
fn forgetting_before_promoting_loses_slots() {
    let forget = |at: &str| cli(at, &format!("forget {M1}"));
    let list = forget("2:7000") + &forget("3:7000") + &forget("2:7001");
    let found = codes("master,fail", &list);
    assert!(found.contains(&"1 L002".to_owned()), "{found:?}");
    // Its replica refuses, and then still lists it.
    assert!(found.contains(&"3 L001".to_owned()), "{found:?}");
    let first = cli("2:7001", "failover force") + &list;
    let found = codes("master,fail", &first);
    assert_eq!(found, [] as [&str; 0]);
}

#[test]
fn a_takeover_from_a_master_that_lives_loses_writes() {
    for mode in ["force", "takeover"] {
        let found = codes("master", &cli("2:7001", &format!("failover {mode}")));
        assert!(found.contains(&"1 L002".to_owned()), "{found:?}");
    }
    assert_eq!(codes("master,fail", &cli("2:7001", "failover")), ["1 L001"]);
    assert_eq!(codes("master", &cli("2:7000", "failover")), ["1 L001"]);
}

#[test]
fn what_stands_the_wrong_way_round_is_both_refused_and_named() {
    let found = codes(
        "master",
        "flashbase do-replicate 10.0.0.2:7000 10.0.0.3:7001\n",
    );
    assert_eq!(found, ["1 L001", "1 L006"]);
}

#[test]
fn what_needs_a_meeting_stands_behind_it() {
    let replicate = cli("3:7001", &format!("replicate {M1}"));
    let meet = cli("1:7000", "meet 10.0.0.3 7001");
    let late = replicate.clone() + &meet;
    assert_eq!(codes("master", &late)[..2], ["1 L001", "1 L009"]);
    assert_eq!(
        codes("master", &(meet.clone() + &replicate)),
        [] as [&str; 0]
    );
    let twice = meet.clone() + &meet + &replicate;
    assert_eq!(codes("master", &twice), ["2 L008"]);
}

#[test]
fn what_cannot_be_followed_is_said() {
    for list in [
        cli("9:7000", "failover"),
        "redis-cli -h $HOST -p 7000 cluster failover\n".to_owned(),
        "redis-cli --cluster rebalance 10.0.0.1:7000\n".to_owned(),
        "flashbase force-failover 10.0.0.9\n".to_owned(),
        "flashbase reset-distribution\n".to_owned(),
        "redis-cli -h 10.0.0.1 -p 7000 cluster addslots x\n".to_owned(),
    ] {
        assert_eq!(codes("master", &list), ["1 L010"], "{list}");
    }
    let reads = "redis-cli -h 10.0.0.9 -p 1 cluster nodes\nls\nit's said to redis-cli\n";
    assert_eq!(codes("master", reads), [] as [&str; 0]);
}

#[test]
fn a_tool_that_takes_over_from_who_lives_loses_writes() {
    let found = codes("master", "> flashbase force-failover 10.0.0.1\n");
    assert!(found.contains(&"1 L002".to_owned()), "{found:?}");
    assert_eq!(codes("master,fail", "cluster-failover.sh\n"), [] as [&str; 0]);
    // It goes through masters that live, and there is none.
    assert_eq!(codes("master,fail", "> flashbase force-failover 10.0.0.1\n"), [] as [&str; 0]);
}

#[test]
fn the_last_copy_is_not_emptied() {
    for command in ["shutdown nosave", "cluster reset hard"] {
        let list = format!("redis-cli -h 10.0.0.2 -p 7001 {command}\n");
        let found = codes("master,fail", &list);
        assert!(found.contains(&"1 L002".to_owned()), "{command}: {found:?}");
    }
    // A master with a replica is failed over first.
    let stop = "redis-cli -h 10.0.0.1 -p 7000 shutdown\n";
    let found = codes("master", stop);
    assert!(found.contains(&"1 L009".to_owned()), "{found:?}");
    let first = cli("2:7001", "failover") + stop;
    let found = codes("master", &first);
    assert!(
        !found
            .iter()
            .any(|f| f.ends_with("L009") || f.ends_with("L002")),
        "{found:?}"
    );
}

#[test]
fn any_text_is_read_without_a_panic() {
    let words = [
        "redis-cli",
        "-h",
        "10.0.0.1",
        "-p",
        "7000",
        "cluster",
        "forget",
        "addslots",
        "{0..9}",
        "$(",
        "'",
        "\"",
        "for",
        "in",
        "do",
        "done",
        ";",
        "|",
        "&",
        "\n",
        "#",
        "\\",
        "${",
        "}",
        "flashbase",
        "do-replicate",
        "--cluster",
        "call",
        "5>",
        "ssh",
        ">",
        "é",
        "=",
        "setslot",
        "node",
        "meet",
    ];
    let inventory = inventory("master");
    let mut state = 7u64;
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            text.push_str(words[(state >> 33) as usize % words.len()]);
            if state >> 40 & 3 != 0 {
                text.push(' ');
            }
        }
        let _ = lint(&inventory, &text);
    }
}
