//! What was given with the views, and what was kept from earlier.

use super::*;
use crate::diagnostic::Capture;

/// `d` failed by all, and one more file.
fn with(path: &str, text: &str) -> Inventory {
    let mut files = views("abc", &FOUR.replace("d slave b 2", "d slave,fail b 2 down"));
    files.push(file(path, text));
    inventory(files)
}

fn lives(inventory: &Inventory) -> bool {
    node(inventory, 'd').is_live()
}

#[test]
fn a_file_that_is_named_for_the_disk_is_no_answer_whatever_it_holds() {
    let own = view('d', FOUR).text;
    for name in [
        "nodes.conf",
        "nodes-7004.conf",
        "10.0.0.4-nodes.conf",
        "nodes.conf.bak",
        "Nodes.conf",
    ] {
        let found = with(&format!("nodes/10.0.0.4_7004/{name}"), &own);
        assert!(!lives(&found), "{name}");
        assert_eq!(codes(&found), [Capture::NamedNodesConf], "{name}");
        // With the line that such a file ends in nothing has to be said.
        let whole = format!("{own}vars currentEpoch 2 lastVoteEpoch 0\n");
        let found = with(&format!("nodes/10.0.0.4_7004/{name}"), &whole);
        assert!(!lives(&found), "{name}");
        assert_eq!(codes(&found), [] as [Code; 0], "{name}");
    }
    for name in [
        "nodes.txt",
        "cluster-nodes",
        "nodes.conf-d/x",
        "mynodes.conf",
    ] {
        assert!(
            lives(&with(&format!("nodes/10.0.0.4_7004/{name}"), &own)),
            "{name}"
        );
    }
}

const SETTINGS: &str = "$ redis-cli -h 10.0.0.3 -p 7003 config get dir\n1) \"dir\"\n2) \"/data/c\"\n\
    $ redis-cli -h 10.0.0.4 -p 7004 config get dir\n1) \"dir\"\n2) \"/data/d\"\n";

#[test]
fn settings_that_lie_beside_the_views_vouch_for_nobody() {
    assert!(!lives(&with("home/config-get-dir.txt", SETTINGS)));
    let refused = SETTINGS.replace(
        "1) \"dir\"\n2) \"/data/c\"",
        "Could not connect to Redis at 10.0.0.3:7003: Connection refused",
    );
    let found = with("home/config-get-dir.txt", &refused);
    assert!(node(&found, 'c').is_live() && !lives(&found));
}

#[test]
fn settings_below_a_view_in_one_log_were_told_after_it() {
    let log = |first: &str, second: &str| format!("{first}{second}");
    let seen = dump(&FOUR.replace("d slave b 2", "d slave,fail b 2 down")).replace(
        &format!("{} master", endpoint('a')),
        &format!("{} myself,master", endpoint('a')),
    );
    let seen = format!("$ redis-cli -h 10.0.0.1 -p 7001 cluster nodes\n{seen}");
    let found = |text: &str| lives(&inventory(vec![file("night.log", text)]));
    assert!(found(&log(&seen, SETTINGS)));
    assert!(!found(&log(SETTINGS, &seen)));
}

#[test]
fn a_map_that_a_flag_names_says_nothing_of_life_or_death() {
    let old = format!(
        "{SETTINGS}$ redis-cli -h 10.0.0.4 -p 7004 ping\nPONG\n\
         $ redis-cli -h 10.0.0.3 -p 7003 ping\n\
         Could not connect to Redis at 10.0.0.3:7003: Connection refused\n"
    );
    let files = || views("abc", &FOUR.replace("d slave b 2", "d slave,fail b 2 down"));
    let maps = vec![file("config-get-dir.txt", &old)];
    let found = crate::inventory::read_with_maps(maps, files(), Policy::default());
    assert!(node(&found, 'c').is_live() && !lives(&found));
    assert!(node(&found, 'd').disk.is_some());
}

/// Views at this clock.
fn clocked(nodes: &str, lines: &str, clock: u64) -> Vec<Source> {
    let mut files = views(nodes, lines);
    for source in &mut files {
        source.text = source.text.replace(" - 0 0 ", &format!(" - 0 {clock} "));
    }
    files
}

const NIGHT: u64 = 1_795_000_000_000;

#[test]
fn an_answer_of_another_time_does_not_show_that_its_node_lives() {
    let answered_at = |clock: u64| {
        let lines = FOUR.replace("d slave b 2", "d slave,fail b 2 down");
        let mut files = clocked("abc", &lines, NIGHT);
        let info =
            format!("# Server\r\nserver_time_usec:{clock}000\r\n# Replication\r\nrole:slave\r\n");
        files.push(of('d', "info.txt", &info));
        let found = inventory(files);
        (lives(&found), codes(&found))
    };
    assert_eq!(answered_at(NIGHT - 30_000), (true, vec![]));
    assert_eq!(answered_at(NIGHT + 90_000), (true, vec![]));
    assert_eq!(
        answered_at(NIGHT - 600_000),
        (false, vec![Capture::OlderAnswer.code()])
    );
}

#[test]
fn a_view_from_before_its_node_died_is_left_out() {
    let viewed_at = |clock: u64, flags: &str| {
        let lines = FOUR.replace("d slave b 2", flags);
        let mut files = clocked("abc", &lines, NIGHT);
        files.extend(clocked("d", FOUR, clock));
        files.push(of('d', "ping.txt", "PONG\n"));
        let found = inventory(files);
        (lives(&found), codes(&found))
    };
    let dead = "d slave,fail b 2 down";
    assert_eq!(
        viewed_at(NIGHT - 600_000, dead),
        (
            false,
            vec![Capture::ViewOfTheDead.code(), Capture::OlderAnswer.code()]
        )
    );
    assert_eq!(viewed_at(NIGHT - 600_000, "d slave b 2"), (true, vec![]));
    assert_eq!(viewed_at(NIGHT - 5_000, dead), (true, vec![]));
    // Nobody says when.
    assert_eq!(viewed_at(0, dead), (true, vec![]));
}
