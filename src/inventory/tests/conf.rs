//! Files on disk that a server would not take, and whose they are.

use super::*;
use crate::inventory::Fault;
use crate::inventory::Outcome;

const VARS: &str = "vars currentEpoch 9 lastVoteEpoch 0\n";

/// The file on the disk of a node, with a quote that is not closed.
fn broken(of: char) -> String {
    let text = view(of, FOUR).text;
    format!("{}{VARS}", text.replacen("connected", "\"connected", 1))
}

#[test]
fn a_file_belongs_to_its_writer_then_to_its_path_then_to_its_folder() {
    for (path, text) in [
        ("somewhere/nodes.conf", broken('c')),
        ("10.0.0.3_7003/nodes.conf", String::new()),
        ("redis-7003/nodes.conf", String::new()),
        ("beside/nodes.conf", String::new()),
    ] {
        let mut all = views("abd", FOUR);
        all.push(file("beside/cluster-nodes.txt", &view('c', FOUR).text));
        all.push(file(path, &text));
        let inventory = inventory(all);
        let [conf] = &inventory.conf_faults[..] else {
            panic!("{path}: {:?}", inventory.conf_faults);
        };
        assert_eq!(conf.owner, Some(id(&inventory, 'c')), "{path}");
        assert!(conf.runs, "{path}");
    }
}

#[test]
fn a_file_nobody_else_can_be_asked_about_is_of_a_process_that_may_not_run() {
    let mut all = views("ab", FOUR);
    all.push(file("x/nodes.conf", &broken('c')));
    let found = inventory(all);
    assert_eq!(found.conf_faults[0].owner, Some(id(&found, 'c')));
    assert!(!found.conf_faults[0].runs);
    assert_eq!(found.conf_faults[0].outcome(), Outcome::Refuses);
    let stray = inventory(vec![file("a.txt", &dump(FOUR)), file("nodes.conf", "")]);
    let [conf] = &stray.conf_faults[..] else {
        panic!("{:?}", stray.conf_faults);
    };
    assert_eq!((conf.owner, conf.outcome()), (None, Outcome::Forgets));
}

#[test]
fn the_captured_version_decides() {
    let bad_id = "x 10.0.0.9:7009@17009 master - 0 0 1 connected\n";
    for (version, expected) in [("6.2.16", Outcome::Misreads), ("7.0.15", Outcome::Refuses)] {
        let mut all = views("abc", FOUR);
        let info = format!("# Server\r\nredis_version:{version}\r\n");
        all.push(of('a', "info.txt", &info));
        let file = dump(FOUR).replace("17004 slave", "17004 myself,slave");
        all.push(of('d', "nodes.conf", &format!("{bad_id}{file}{VARS}")));
        let found = inventory(all);
        let faults = found.conf_faults.iter().flat_map(|c| &c.faults);
        let faults: Vec<_> = faults.map(|f| (f.fault, f.outcome)).collect();
        assert_eq!(faults, [(Fault::Id, expected)]);
    }
}

#[test]
fn of_two_myself_lines_the_one_of_the_place_is_believed() {
    let mut all = views("abc", FOUR);
    let edited = view('b', FOUR).text;
    let edited = edited.replace("17004 slave", "17004 myself,slave");
    all.push(of('d', "nodes.conf", &format!("{edited}{VARS}")));
    let found = inventory(all);
    let told: Vec<_> = found
        .conf_faults
        .iter()
        .map(|c| (c.owner, c.runs, c.faults[0].fault))
        .collect();
    assert_eq!(told, [(Some(id(&found, 'd')), false, Fault::TwoMyself)]);
}

#[test]
fn a_copied_file_is_of_the_node_with_which_it_lies() {
    let mut all = views("abc", FOUR);
    let copied = format!("{}{VARS}", view('b', FOUR).text);
    all.push(of('a', "nodes.conf", &copied));
    all.push(of('d', "nodes.conf", &copied));
    all.push(of('b', "nodes.conf", &copied));
    let found = inventory(all);
    let told: Vec<_> = found
        .conf_faults
        .iter()
        .map(|c| (c.owner, c.runs, c.outcome(), c.faults[0].place.line))
        .collect();
    let of = |node, runs| (Some(id(&found, node)), runs, Outcome::Impersonates, 2);
    assert_eq!(told, [of('a', true), of('d', false)]);
    assert!(
        found.conf_faults[0].faults[0]
            .what
            .contains("10.0.0.2:7002")
    );
}
