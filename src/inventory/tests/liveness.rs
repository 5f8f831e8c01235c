//! Who lives.

use super::*;
use crate::diagnostic::Capture;
use crate::model::Millis;
use crate::model::SilentFor;

const REFUSED: &str = "Could not connect to Redis at 10.0.0.4:7004: Connection refused\n";

/// `d` as the views of `a`, `b` and `c` have it.
fn seen(flags: [&str; 3]) -> Vec<Source> {
    let lines = |flags: &str| FOUR.replace("d slave b 2", &format!("d {flags}"));
    let with = |(node, flags): (char, &str)| view(node, &lines(flags));
    "abc".chars().zip(flags).map(with).collect()
}

fn lives(files: Vec<Source>) -> bool {
    node(&inventory(files), 'd').is_live()
}

const WELL: &str = "slave b 2";
const DOUBTED: &str = "slave,fail? b 2";
const FAILED: &str = "slave,fail b 2 down";

#[test]
fn failed_by_the_majority_is_dead_without_a_note() {
    assert!(!lives(seen([FAILED, FAILED, WELL])));
    assert!(lives(seen([FAILED, WELL, WELL])));
}

#[test]
fn doubted_by_one_view_lives() {
    assert!(lives(seen([DOUBTED, WELL, WELL])));
    assert!(lives(seen(["slave b 2 down", DOUBTED, WELL])));
}

#[test]
fn doubted_or_disconnected_everywhere_is_dead() {
    assert!(!lives(seen([DOUBTED, "slave b 2 down", DOUBTED])));
}

#[test]
fn a_note_kills_a_doubted_node_whatever_its_link_says() {
    let mut files = seen([DOUBTED, DOUBTED, WELL]);
    files.push(of('d', "UNREACHABLE", REFUSED));
    let inventory = inventory(files);
    assert!(!node(&inventory, 'd').is_live());
    let note = inventory.origins.unreachable(id(&inventory, 'd')).unwrap();
    assert_eq!(&*note.path, "nodes/10.0.0.4_7004/UNREACHABLE");
}

#[test]
fn a_node_that_answered_anything_lives() {
    for (name, answer) in [
        ("ping.txt", "PONG\n"),
        (
            "cluster-info.txt",
            "cluster_state:ok\r\ncluster_slots_assigned:16384\r\n",
        ),
        ("info.txt", "# Replication\r\nrole:slave\r\n"),
    ] {
        let mut files = seen([FAILED, FAILED, FAILED]);
        files.push(of('d', name, answer));
        assert!(lives(files), "{name}");
    }
}

#[test]
fn its_own_view_shows_that_it_runs() {
    let mut files = seen([FAILED, FAILED, FAILED]);
    files.push(view('d', FOUR));
    assert!(lives(files));
}

#[test]
fn the_only_witness_may_be_wrong_about_nobody() {
    let inventory = inventory(vec![view('a', FOUR)]);
    assert!(inventory.cluster.nodes.iter().all(|n| n.is_live()));
}

#[test]
fn a_node_that_did_and_did_not_answer_lives_and_is_told() {
    let mut files = views("abcd", FOUR);
    files.push(of('b', "UNREACHABLE", "Could not connect to Redis\n"));
    let inventory = inventory(files);
    assert!(node(&inventory, 'b').is_live());
    assert_eq!(codes(&inventory), [Capture::SilentButAnswers]);
}

#[test]
fn a_node_that_answered_one_command_and_not_another_lives_and_is_told() {
    let mut files = seen([FAILED, FAILED, FAILED]);
    files.push(of('d', "info.txt", "# Replication\r\nrole:slave\r\n"));
    files.push(of(
        'd',
        "cluster-nodes.txt",
        "Could not connect to Redis at 10.0.0.4:7004: Connection timed out\n",
    ));
    let inventory = inventory(files);
    let d = node(&inventory, 'd');
    assert!(d.is_live() && d.is_outvoted());
    assert_eq!(codes(&inventory), [Capture::SilentButAnswers]);
    assert!(!node(&inventory, 'a').is_outvoted());
}

#[test]
fn an_answer_of_an_older_capture_is_none() {
    let mut files = Vec::new();
    for (folder, clock) in [("tue", "1795000000000"), ("wed", "1795086400000")] {
        let flags = if folder == "tue" { WELL } else { FAILED };
        for source in seen([flags; 3]) {
            let text = source.text.replace(" 0 0 ", &format!(" 0 {clock} "));
            files.push(file(&format!("{folder}/{}", source.path), &text));
        }
    }
    let d = "nodes/10.0.0.4_7004";
    files.push(file(
        &format!("tue/{d}/info.txt"),
        "# Replication\r\nrole:slave\r\n",
    ));
    files.push(file(&format!("wed/{d}/UNREACHABLE"), REFUSED));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::OlderCapture]);
    assert!(!node(&inventory, 'd').is_live());
}

#[test]
fn a_view_from_before_a_process_came_back_under_another_id_never_knew_it() {
    // `d` died and came back as `e` at its address; the view of `c` is from in between.
    let old = FOUR.replace("d slave b 2", "d slave,fail b 2 down");
    let back = FOUR.replace("d slave b 2", "e@10.0.0.4:7004@17004 slave b 2");
    let mut files = vec![view('a', &back), view('b', &back), view('c', &old)];
    files.push(of('d', "UNREACHABLE", REFUSED));
    let inventory = inventory(files);
    let e = node(&inventory, 'e');
    assert!(e.is_only_silent());
    let c = id(&inventory, 'c');
    assert_eq!(e.seen.unseen_by.iter().collect::<Vec<_>>(), [c]);
    assert!(node(&inventory, 'd').seen.unseen_by.is_empty());
}

#[test]
fn a_process_that_was_started_after_a_node_died_never_knew_it() {
    let clocked = |lines: &str| dump(lines).replace(" - 0 0 ", " - 0 1795000100000 ");
    let lines = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave,fail b 2 down";
    let died_at = |pong: &str| {
        let mut files = Vec::new();
        for node in ['a', 'b', 'c'] {
            let text = clocked(lines).replace(
                &format!("{} ", endpoint(node)),
                &format!("{} myself,", endpoint(node)),
            );
            let text = text.replace(" 0 0 2 disconnected", &format!(" 1 {pong} 2 disconnected"));
            files.push(of(node, "cluster-nodes.txt", &text));
        }
        // `b` runs for 60 s, `a` for an hour.
        files.push(of('b', "info.txt", "# Server\r\nuptime_in_seconds:60\r\n"));
        files.push(of(
            'a',
            "info.txt",
            "# Server\r\nuptime_in_seconds:3600\r\n",
        ));
        let inventory = inventory(files);
        let d = node(&inventory, 'd');
        assert!(!d.is_live());
        let never: Vec<NodeId> = d.seen.unseen_by.iter().collect();
        (never, id(&inventory, 'b'))
    };
    let (never, b) = died_at("1795000030000");
    assert_eq!(never, [b]);
    assert_eq!(died_at("1795000050000").0, []);
    // Nobody says when.
    assert_eq!(died_at("0").0, []);
}

#[test]
fn a_silence_is_as_long_as_the_longest_ping_and_the_newest_pong_have_it() {
    let at = |node: char, ping: u64, pong: u64| {
        let lines = FOUR.replace("d slave b 2", "d slave,fail? b 2");
        let text = view(node, &lines)
            .text
            .replace(" 0 0 ", " 0 1795000100000 ");
        let own = format!("{} {} slave,fail? {}", name('d'), endpoint('d'), name('b'));
        let text = text.replace(
            &format!("{own} 0 1795000100000"),
            &format!("{own} {ping} {pong}"),
        );
        of(node, "cluster-nodes.txt", &text)
    };
    let silent_for = |files| node(&inventory(files), 'd').seen.silent_for;
    let ms = |ms| Some(Millis(ms));
    assert_eq!(
        silent_for(vec![
            at('a', 1_795_000_040_000, 1_795_000_030_000),
            at('b', 1_795_000_090_000, 1_795_000_080_000),
        ]),
        Some(SilentFor {
            ping: ms(60_000),
            pong: ms(20_000)
        })
    );
    // No ping is on its way, and the pong is as new as any.
    assert_eq!(
        silent_for(vec![at('a', 0, 1_795_000_100_000)]),
        Some(SilentFor {
            ping: None,
            pong: ms(0)
        })
    );
    assert_eq!(silent_for(views("abc", FOUR)), None);
}

/// A transcript in which `d` is asked, beside views that flag it.
fn asked(transcript: &str) -> bool {
    let mut files = seen([FAILED, FAILED, FAILED]);
    files.push(file("t.txt", transcript));
    lives(files)
}

#[test]
fn whatever_a_server_says_at_its_prompt_shows_that_it_runs() {
    for answer in [
        "role\n1) \"master\"\n2) (integer) 4773\n3) (empty array)",
        "cluster slots\n(error) MOVED",
        "get x\n(error) CLUSTERDOWN The cluster is down",
        "get x\n(error) MOVED 866 10.0.0.1:7001",
        "get x\n(nil)",
        "dbsize\n(integer) 7",
        "lastsave\n(integer) 1795000000",
        "keys *\n(empty array)",
    ] {
        assert!(asked(&format!("10.0.0.4:7004> {answer}\n")), "{answer}");
        let shell = format!("$ redis-cli -h 10.0.0.4 -p 7004 {answer}\n");
        assert!(asked(&shell), "{shell}");
        assert!(!asked(&format!("10.0.0.1:7001> {answer}\n")), "{answer}");
    }
}

#[test]
fn what_a_client_says_of_itself_is_no_answer() {
    for said in [
        "role\nError: Server closed the connection",
        "get x\nCould not connect to Redis at 10.0.0.4:7004: Connection refused",
        "get x\nCould not connect to Redis at 10.0.0.4:7004: No route to host",
        "cluster nodes\nit hangs and never comes back",
        "exit",
    ] {
        assert!(!asked(&format!("10.0.0.4:7004> {said}\n")), "{said}");
    }
}

#[test]
fn a_file_on_its_disk_is_no_answer() {
    let with = |name, text| {
        let mut files = seen([FAILED, FAILED, FAILED]);
        files.push(of('d', name, text));
        lives(files)
    };
    assert!(with("role.txt", "master\n14\n10.0.0.9\n7004\n14\n"));
    // Settings are kept for such a night, and say nothing of it.
    assert!(!with("config.txt", "maxmemory\n0\nport\n7004\n"));
    assert!(!with("redis.conf", "port 7004\ncluster-enabled yes\n"));
}
