//! What is a fault, and where it stands.

use proptest::prelude::*;

use super::*;
use crate::model::Version;
use crate::parse::nodes_conf::fault::Loader;
use crate::parse::nodes_conf::fault::Outcome;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const VARS: &str = "vars currentEpoch 2 lastVoteEpoch 0\n";

fn own() -> String {
    format!("{A} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460\n")
}

fn other() -> String {
    format!("{B} 10.0.0.2:7000@17000 master - 0 0 2 connected 5461-16383\n")
}

fn faults(text: &str) -> Vec<(Fault, u32)> {
    let loaded = load(text, 1, Certainty::Named).expect("one file");
    loaded.faults.iter().map(|f| (f.fault, f.line)).collect()
}

#[test]
fn a_file_as_servers_write_it_has_no_fault() {
    let (own, other) = (own(), other());
    let aux = ",,tls-port=0,shard-id=cccccccccccccccccccccccccccccccccccccccc";
    for text in [
        format!("{own}{other}{VARS}"),
        format!("{VARS}{own}{other}"),
        format!("{own}{other}{VARS}\n\n\n"),
        format!("{own}{other}{}", VARS.trim_end()),
        format!("{own}{other}{VARS}").replace('\n', "\r\n"),
        format!("{own}{VARS}\0\0\0\0"),
        format!(
            "{own}{}{VARS}",
            other.replace("10.0.0.2:7000@17000", ":0@0")
        ),
        format!(
            "{own}{}{VARS}",
            other.replace("17000 ", &format!("17000{aux} "))
        ),
        format!("{own}{}{VARS}", other.replace("connected", "\"connected\"")),
        format!(
            "{own}{}{VARS}",
            other.replace("5461", &format!("[9->-{A}] 5461"))
        ),
    ] {
        assert_eq!(faults(&text), [], "{text}");
    }
    // A view that was saved under this name is no damaged file.
    assert_eq!(faults(&format!("{own}{other}")), []);
    assert_eq!(
        load(&own, 1, Certainty::Alike),
        Some(Loaded {
            myself: Some(A.to_owned()),
            ..Loaded::default()
        })
    );
}

#[test]
fn two_files_in_one_are_no_file_of_a_server() {
    let one = format!("{}{VARS}", own());
    assert_eq!(load(&format!("{one}{one}"), 1, Certainty::Named), None);
}

#[test]
fn a_replica_is_compared_with_a_master_above_it() {
    let of = |id: &str, flags: &str, master: &str, shard: &str| {
        let shard = match shard {
            "" => String::new(),
            shard => format!(",,shard-id={}", shard.repeat(40)),
        };
        format!("{id} 10.0.0.1:7000@17000{shard} {flags} {master} 0 0 1 connected\n")
    };
    for (replica, expected) in [
        ("1", vec![]),
        ("2", vec![(Fault::ShardId, 2)]),
        ("", vec![(Fault::ShardId, 2)]),
    ] {
        let master = of(A, "myself,master", "-", "1");
        let replica = of(B, "slave", A, replica);
        assert_eq!(faults(&format!("{master}{replica}{VARS}")), expected);
        assert_eq!(faults(&format!("{replica}{master}{VARS}")), []);
    }
}

#[test]
fn the_writer_is_known_even_from_a_line_that_cannot_be_read() {
    let text = own().replace("connected", "\"connected");
    let loaded = load(&format!("{text}{VARS}"), 1, Certainty::Named);
    let loaded = loaded.expect("one file");
    assert_eq!(loaded.myself.as_deref(), Some(A));
    assert_eq!(loaded.faults.len(), 1);
    assert_eq!(loaded.faults[0].fault, Fault::Quote);
}

#[test]
fn many_faults_do_not_hide_those_of_the_file() {
    let text = "x\n".repeat(10_000);
    let found = faults(&text);
    assert_eq!(found.len(), KEPT + 1);
    assert_eq!(found[KEPT], (Fault::NoMyself, 1));
}

#[test]
fn captured_text_is_escaped() {
    let loaded = load("\u{1b}[31m\n", 1, Certainty::Named).expect("one file");
    assert!(loaded.faults.iter().all(|f| !f.what.contains('\u{1b}')));
}

/// What redis-server 7.0.15 did with each of these; `tests/live` asks a real one again.
#[test]
fn every_fault_is_found_where_it_stands() {
    let (own, other) = (own(), other());
    let redis = Loader::Redis(Version::new(7, 0, 15));
    let second = |old: &str, new: &str| format!("{own}{}{VARS}", other.replace(old, new));
    let refused = [
        ("\n".to_owned(), Fault::NoNode, 1),
        (format!("{own}{other}\r\n{VARS}"), Fault::Blank, 3),
        (format!("{own}{other}{VARS}  "), Fault::Blank, 4),
        (second(" 0 0", " \"0 0"), Fault::Quote, 2),
        (format!("{own}{B} 10.0.0.2:7000\n{VARS}"), Fault::Fields, 2),
        (format!("{own}va"), Fault::Fields, 2),
        (second("bbbb ", "bbb "), Fault::Id, 2),
        (second("10.0.0.2:7000@17000", "10.0.0.2"), Fault::Address, 2),
        (second("master", "boss"), Fault::Flag, 2),
        (second("master", "master,"), Fault::Flag, 2),
        (second("master", "primary"), Fault::FlagOfValkey, 2),
        (second("master -", "slave x"), Fault::Peer, 2),
        (second("16383", "16384"), Fault::Slot, 2),
        (second("5461-", "[93] "), Fault::OpenSlot, 2),
        (second("5461-", "[93->-x] "), Fault::Peer, 2),
        (format!("{other}{VARS}"), Fault::NoMyself, 1),
        (second("master", "myself,master"), Fault::TwoMyself, 2),
        (format!("{own}vars currentEpoch\n"), Fault::Vars, 2),
    ];
    let misread = [
        (
            format!("{}{VARS}", own.replace("master", "slave")),
            Fault::Role,
            1,
        ),
        (format!("{own}{other}{other}{VARS}"), Fault::Duplicate, 3),
        (format!("{own}\0{other}{VARS}"), Fault::Nul, 2),
        (second("5461-16383", "9-8"), Fault::OddSlot, 2),
        (second("5461-16383", "abc"), Fault::OddSlot, 2),
        (format!("{own}{}", other.trim_end()), Fault::CutOff, 2),
    ];
    let behind = format!("{own}{other}vars currentEpoch 1 lastVoteEpoch 0\n");
    for (cases, outcome) in [
        (vec![(String::new(), Fault::Empty, 1)], Outcome::Forgets),
        (refused.to_vec(), Outcome::Refuses),
        (misread.to_vec(), Outcome::Misreads),
        (vec![(behind, Fault::EpochBehind, 3)], Outcome::Repairs),
    ] {
        for (text, fault, line) in cases {
            assert_eq!(faults(&text), [(fault, line)], "{text}");
            assert_eq!(fault.outcome(redis), outcome, "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_is_survived(text in "[a-c0-9 :@,=\\-\\[\\]\n\r\"'\0ü]{0,300}") {
        let _ = load(&text, 1, Certainty::Named);
    }
}
