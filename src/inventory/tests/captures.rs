//! Several captures of one cluster.

use super::*;
use crate::diagnostic::Capture;

const MONDAY: u64 = 1_795_000_000_000;
const HOUR: u64 = 3_600_000;
/// `d` was down before `a` failed over to `c`.
const LATER: &str =
    "a slave c 3; b master - 2 8192-16383; c master - 3 0-8191; d slave,fail b 2 down";

/// The view of a node with that newest pong.
fn at(path: &str, node: char, lines: &str, clock: u64) -> Source {
    let text = view(node, lines).text;
    file(path, &text.replace(" 0 0 ", &format!(" 0 {clock} ")))
}

fn capture(name: &str, nodes: &str, lines: &str, clock: u64) -> Vec<Source> {
    let path = |node| format!("{name}/{}/cluster-nodes.txt", folder(node));
    let views = nodes.chars().map(|n| at(&path(n), n, lines, clock));
    views.collect()
}

fn message(inventory: &Inventory, code: Capture) -> String {
    let of_code = inventory.diagnostics.iter().find(|d| d.code == code);
    of_code.map_or_else(String::new, |d| d.message.clone())
}

#[test]
fn only_the_newest_of_several_captures_counts() {
    let mut files = capture("c-mon", "abcd", FOUR, MONDAY);
    files.extend(capture("b-tue", "abc", LATER, MONDAY + 24 * HOUR));
    files.extend(capture("a-sun", "abcd", FOUR, MONDAY - 24 * HOUR));
    let info = format!("c-mon/{}/info.txt", folder('a'));
    files.push(file(&info, "role:master\r\nused_memory:9\r\n"));
    files.push(file(
        "c-mon/hosts.csv",
        "host,ip\nh1,10.0.0.1\nh1,10.0.0.2\nh2,10.0.0.3\nh2,10.0.0.4\n",
    ));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::OlderCapture; 2]);
    assert!(
        message(&inventory, Capture::OlderCapture).contains("`a-sun/` is 2 d older than `b-tue/`"),
        "{:?}",
        inventory.diagnostics
    );
    assert_eq!(inventory.cluster.views, 3);
    assert_eq!(inventory.views_behind, 0);
    // Its only view is of a time when it ran.
    assert!(!node(&inventory, 'd').is_live());
    assert!(node(&inventory, 'c').is_master());
    assert_eq!(node(&inventory, 'a').used_memory, None);
    // Maps do not grow old.
    assert_eq!(inventory.cluster.hosts.len(), 2);
    let named = inventory.files.iter().filter(|f| f.view_of.is_some());
    assert_eq!(named.count(), 11);
}

#[test]
fn captures_may_be_parted_below_the_folder_of_each_node() {
    let mut files = Vec::new();
    for (time, lines, clock) in [("old", FOUR, MONDAY), ("new", LATER, MONDAY + 2 * HOUR)] {
        for node in ['a', 'b', 'c'] {
            files.push(at(
                &format!("{}/{time}/nodes.txt", folder(node)),
                node,
                lines,
                clock,
            ));
        }
    }
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::OlderCapture]);
    let said = message(&inventory, Capture::OlderCapture);
    assert!(
        said.contains("2 h older than") && said.contains("as are 2 others"),
        "{said}"
    );
    assert!(node(&inventory, 'c').is_master());
}

#[test]
fn sessions_of_many_nodes_are_captures_too() {
    let session = |path: &str, lines: &str, clock: u64| {
        let one = |node| {
            let text = at("", node, lines, clock).text;
            format!("{}> cluster nodes\n{text}", address(node))
        };
        file(path, &"abc".chars().map(one).collect::<String>())
    };
    let inventory = inventory(vec![
        session("tue.txt", LATER, MONDAY + 3 * HOUR),
        session("mon.txt", FOUR, MONDAY),
    ]);
    assert_eq!(codes(&inventory), [Capture::OlderCapture]);
    assert!(node(&inventory, 'c').is_master());
    assert_eq!(inventory.views_behind, 0);
}

#[test]
fn an_old_view_beside_the_new_one_leaves_the_rest_alone() {
    let mut files = views("abcd", FOUR);
    for file in &mut files {
        file.text = file
            .text
            .replace(" 0 0 ", &format!(" 0 {} ", MONDAY + HOUR));
    }
    files.push(at(&format!("{}/old.txt", folder('a')), 'a', LATER, MONDAY));
    files.push(of('a', "info.txt", "role:master\r\nused_memory:9\r\n"));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::OlderCapture]);
    assert_eq!(inventory.cluster.views, 4);
    assert_eq!(node(&inventory, 'a').used_memory, Some(9));
}

#[test]
fn a_clock_that_is_wrong_costs_no_view() {
    let mut files = capture("x", "abc", FOUR, MONDAY);
    files.push(at(
        &format!("x/{}/nodes.txt", folder('d')),
        'd',
        FOUR,
        MONDAY - 9 * HOUR,
    ));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(inventory.cluster.views, 4);
}

#[test]
fn what_a_node_says_of_its_clock_beats_its_pongs() {
    // By their pongs the first is the newer one.
    let mut files = capture("x", "abcd", LATER, MONDAY + HOUR);
    files.extend(capture("y", "abcd", FOUR, MONDAY));
    for (name, clock) in [("x", MONDAY), ("y", MONDAY + 5 * HOUR)] {
        for node in ['a', 'b', 'c', 'd'] {
            let path = format!("{name}/{}/info.txt", folder(node));
            files.push(file(
                &path,
                &format!("# Server\r\nserver_time_usec:{clock}000\r\n"),
            ));
        }
    }
    let inventory = inventory(files);
    let said = message(&inventory, Capture::OlderCapture);
    assert!(said.starts_with("`x/` is 5 h older than `y/`"), "{said}");
    assert!(node(&inventory, 'a').is_master());
}

#[test]
fn folders_that_are_each_newer_than_the_other_are_no_captures() {
    let mut files = capture("x", "ab", FOUR, MONDAY);
    files.extend(capture("y", "ab", FOUR, MONDAY));
    let path = |name: &str, node| format!("{name}/{}/later.txt", folder(node));
    files.push(at(&path("x", 'a'), 'a', LATER, MONDAY + HOUR));
    files.push(at(&path("y", 'b'), 'b', LATER, MONDAY + HOUR));
    let inventory = inventory(files);
    assert_eq!(inventory.cluster.views, 2);
    assert!(node(&inventory, 'c').is_master());
}

#[test]
fn clocks_that_contradict_each_other_are_none() {
    let told = |name: &str, clock: u64| {
        let text = format!("# Server\r\nserver_time_usec:{clock}000\r\n");
        file(&format!("x/{}/{name}.txt", folder('a')), &text)
    };
    let nodes = |name: &str, lines, clock| {
        let path = format!("x/{}/{name}.txt", folder('a'));
        at(&path, 'a', lines, clock)
    };
    for (early, late) in [("info", "server"), ("server", "info")] {
        let inventory = inventory(vec![
            nodes("nodes", LATER, MONDAY + HOUR),
            nodes("monday", FOUR, MONDAY),
            told(early, MONDAY - HOUR),
            told(late, MONDAY + 9 * HOUR),
        ]);
        let expected = [Capture::DoubtfulClock, Capture::OlderCapture];
        assert_eq!(codes(&inventory), expected);
        let said = message(&inventory, Capture::DoubtfulClock);
        assert!(
            said.starts_with("clocks under one name are 10 h apart"),
            "{said}"
        );
        // By its pongs.
        assert!(node(&inventory, 'c').is_master());
        assert_eq!(inventory.views[0].clock, Some(MONDAY + HOUR));
    }
    // Of one view only: nothing hangs on it.
    let inventory = inventory(vec![
        nodes("nodes", LATER, MONDAY),
        told("info", MONDAY - HOUR),
        told("server", MONDAY),
    ]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
}
