//! Large clusters: the answers are right at a size at which anything quadratic would be felt.
//!
//! The default run takes seconds in a debug build and asserts answers, never times. For figures:
//!
//! ```text
//! cargo build --release && TOPOPLAN_SCALE=full cargo test --test offline scale -- --nocapture
//! ```
//!
//! measures the release binary on captures up to a thousand nodes seen from all of them (a
//! million lines) and prints seconds and peak memory.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use crate::common::Scratch;
use crate::common::large::Large;
use crate::common::large::Trouble;
use crate::common::topoplan;
use serde_json::Value;

fn capture(name: &str, large: Large) -> Scratch {
    let scratch = Scratch::new(name);
    large.write(scratch.path());
    scratch
}

fn answer(command: &str, scratch: &Scratch) -> (u8, Value) {
    let path = scratch.path().to_str().expect("a scratch path is UTF-8");
    let answer = topoplan(&[command, path, "--format", "json"]);
    let json = serde_json::from_str(&answer.stdout);
    (
        answer.exit,
        json.unwrap_or_else(|e| panic!("{e}: {answer:?}")),
    )
}

/// How often each word stands in `field` of the rows.
fn tally(rows: &Value, field: &str) -> Vec<(String, usize)> {
    let mut tally = std::collections::BTreeMap::new();
    for row in rows.as_array().expect("a list") {
        let word = row[field].as_str().expect("a word").to_owned();
        *tally.entry(word).or_insert(0) += 1;
    }
    tally.into_iter().collect()
}

fn count(rows: &Value, field: &str, word: &str) -> usize {
    let found = tally(rows, field).into_iter().find(|(w, _)| w == word);
    found.map_or(0, |(_, n)| n)
}

fn most_masters(plan: &Value) -> u64 {
    let hosts = plan["after"].as_array().expect("a distribution");
    let masters = hosts
        .iter()
        .map(|h| h["masters"].as_u64().expect("a count"));
    masters.max().expect("a host")
}

#[test]
fn a_healthy_cluster_has_no_finding() {
    let large = Large {
        info: true,
        ..Large::new(120, Trouble::Healthy)
    };
    let scratch = capture("scale-healthy", large);
    let (exit, check) = answer("check", &scratch);
    assert_eq!((exit, &check["findings"]), (0, &serde_json::json!([])));
    assert_eq!(check["diagnostics"], serde_json::json!([]));
    assert_eq!(check["views"]["read"], 120);
    assert_eq!(check["views"]["behind"], 0);
    let summary = &check["summary"];
    for (field, expected) in [
        ("nodes", 120),
        ("shards", 60),
        ("replicas", 60),
        ("hosts", 12),
    ] {
        assert_eq!(summary[field], expected, "{field}");
    }
    let (exit, plan) = answer("plan", &scratch);
    assert_eq!((exit, &plan["steps"]), (0, &serde_json::json!([])));
}

#[test]
fn a_host_that_returned_gets_its_share_of_masters_back() {
    let large = Large::new(300, Trouble::HostReturned);
    let scratch = capture("scale-returned", large);
    let (exit, plan) = answer("plan", &scratch);
    assert_eq!(exit, 0);
    let steps = tally(&plan["steps"], "action");
    assert_eq!(steps, [("failover".to_owned(), large.shards_of_the_host())]);
    assert_eq!(most_masters(&plan), large.shards_of_the_host() as u64);
    assert_eq!(count(&plan["remaining"], "code", "P005"), 0);
}

#[test]
fn a_replaced_host_is_filled_and_its_ghosts_are_forgotten() {
    let large = Large::new(120, Trouble::HostReplaced);
    let scratch = capture("scale-replaced", large);
    let ghosts = large.nodes_of_the_host();
    let (exit, check) = answer("check", &scratch);
    assert_eq!(exit, 1);
    assert_eq!(check["summary"]["ghosts"], ghosts);
    assert_eq!(check["summary"]["nodes"], 120);
    assert_eq!(count(&check["findings"], "code", "M001"), ghosts);
    assert_eq!(count(&check["findings"], "code", "R009"), ghosts);
    assert_eq!(count(&check["findings"], "code", "R001"), ghosts);
    let (exit, plan) = answer("plan", &scratch);
    assert_eq!(exit, 0);
    assert_eq!(count(&plan["steps"], "action", "forget"), ghosts);
    assert_eq!(count(&plan["steps"], "action", "replicate"), ghosts);
    for code in ["R001", "R009", "M001", "P001", "P003"] {
        assert_eq!(count(&plan["remaining"], "code", code), 0, "{code}");
    }
}

#[test]
fn every_orphan_gets_a_replica_on_another_host() {
    let large = Large::new(120, Trouble::Orphans);
    let scratch = capture("scale-orphans", large);
    let orphans = large.shards().div_ceil(10);
    let (exit, check) = answer("check", &scratch);
    assert_eq!(exit, 1);
    assert_eq!(count(&check["findings"], "code", "R001"), orphans);
    let (exit, plan) = answer("plan", &scratch);
    assert_eq!(exit, 0);
    assert_eq!(count(&plan["steps"], "action", "replicate"), orphans);
    assert_eq!(tally(&plan["remaining"], "code"), []);
}

// --- the other family ---------------------------------------------------------------------------

/// Partitions with three copies each on forty of sixty tablets: the other twenty are new. Every leader is on
/// the first thirty, so they have more than their share, too.
fn write_tablets(scratch: &Scratch, partitions: usize) {
    use std::fmt::Write as _;
    const TABLETS: usize = 60;
    let endpoint = |at: usize| format!("10.2.0.{}:9527", at + 1);
    let mut text = "> confget\n  key            value\n------------------------\n  auto_failover  false\n> showtablet\n  endpoint  state  age\n---------------------\n".to_owned();
    for tablet in 0..TABLETS {
        let _ = writeln!(text, "  {}  kTabletHealthy  3d", endpoint(tablet));
    }
    text += "> showtable\n  name  tid  pid  endpoint  role  ttl  is_alive  compress_type  offset  record_cnt  memused\n---------------------\n";
    for partition in 0..partitions {
        // No two turns of the same three tablets follow each other.
        let first = partition * 7 % 30;
        let places = [
            first,
            (first + 1 + partition % 11) % 40,
            30 + partition % 10,
        ];
        let mut held: Vec<usize> = Vec::new();
        for place in places {
            let free = (0..40).map(|step| (place + step) % 40);
            held.extend(free.into_iter().find(|at| !held.contains(at)));
        }
        for (copy, tablet) in held.into_iter().enumerate() {
            let role = if copy == 0 { "leader" } else { "follower" };
            let _ = writeln!(
                text,
                "  t{}  {}  {}  {}  {role}  0min  yes  kNoCompress  7  7  9.128 K",
                partition / 1000,
                1 + partition / 1000,
                partition % 1000,
                endpoint(tablet)
            );
        }
    }
    scratch.put("session.txt", text);
}

#[test]
fn very_many_partitions_are_judged_and_spread() {
    let full = std::env::var_os("TOPOPLAN_SCALE").is_some_and(|v| v == "full");
    let partitions = if full { 20_000 } else { 2_000 };
    let scratch = Scratch::new("scale-tablets");
    write_tablets(&scratch, partitions);
    let program = program(full);
    let path = scratch.path().to_str().expect("a scratch path is UTF-8");
    let run = |args: &[&str]| -> Value {
        let start = Instant::now();
        let output = Command::new(&program)
            .args(args)
            .args([path, "--format", "json"])
            .output()
            .expect("the program starts");
        println!("{partitions} partitions {args:?} {:?}", start.elapsed());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
    };
    let check = run(&["check"]);
    assert_eq!(count(&check["findings"], "code", "T007"), 20);
    for finding in check["findings"].as_array().expect("a list") {
        if finding["code"] == "T007" {
            let help = "`topoplan plan --only T007` tells whether a follower can be migrated to it";
            assert_eq!(finding["help"], help);
        }
    }
    for args in [&["plan"][..], &["plan", "--only", "T007,T008"]] {
        let plan = run(args);
        for level in plan["objective"].as_array().expect("levels") {
            assert_ne!(level["proof"], "none", "{args:?} {level}");
            assert_eq!(level["value"], level["bound"], "{args:?} {level}");
        }
        assert!(!plan["steps"].as_array().expect("steps").is_empty());
        let left = &plan["remaining"];
        match args.len() {
            1 => assert_eq!(count(left, "code", "P005"), 0),
            _ => assert_eq!(count(left, "code", "T007") + count(left, "code", "T008"), 0),
        }
    }
}

// --- figures ------------------------------------------------------------------------------------

/// A run of a child process.
struct Figures {
    /// Dumps that were understood.
    views: usize,
    exit: i32,
    seconds: f64,
    /// `None` where `/proc` does not tell.
    peak_mib: Option<u64>,
}

/// Runs the program on a capture; its answer goes to a file beside it.
fn measure(program: &Path, command: &str, scratch: &Scratch) -> Figures {
    let out = File::create(scratch.path().with_extension("out")).expect("a file for the answer");
    let start = Instant::now();
    let mut child = Command::new(program)
        .arg(command)
        .arg(scratch.path())
        .args(["--format", "json"])
        .stdout(out)
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mib = None;
    // The mark only rises, so the last one read is the peak, short of the last milliseconds.
    let exit = loop {
        peak_mib = fs::read_to_string(&status)
            .ok()
            .and_then(|text| peak(&text))
            .or(peak_mib);
        if let Some(exit) = child.try_wait().expect("it is our child") {
            break exit;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let seconds = start.elapsed().as_secs_f64();
    let answer = fs::read_to_string(scratch.path().with_extension("out")).expect("it was written");
    fs::remove_file(scratch.path().with_extension("out")).expect("it is ours");
    let answer: Value = serde_json::from_str(&answer).expect("the answer is whole");
    Figures {
        views: answer["inputs"]
            .as_array()
            .map_or(0, |inputs| count_views(inputs)),
        exit: exit.code().expect("no signal ended it"),
        seconds,
        peak_mib,
    }
}

fn count_views(inputs: &[Value]) -> usize {
    let dump = |i: &&Value| i["dialect"] == "cluster-nodes" && !i["view_of"].is_null();
    inputs.iter().filter(dump).count()
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib.div_ceil(1024))
}

/// The built program; in full mode the release build, which is the one that counts.
fn program(full: bool) -> PathBuf {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_topoplan"));
    if !full {
        return built;
    }
    let target = built.ancestors().nth(2).expect("target/PROFILE/topoplan");
    let release = target.join("release/topoplan");
    assert!(release.is_file(), "first: cargo build --release");
    release
}

#[test]
fn figures() {
    let full = std::env::var_os("TOPOPLAN_SCALE").is_some_and(|v| v == "full");
    let sizes: &[usize] = if full { &[24, 300, 1000] } else { &[24, 60] };
    let program = program(full);
    println!(
        "{:>6}  {:<14} {:<6} {:>8} {:>9}",
        "nodes", "trouble", "", "seconds", "peak MiB"
    );
    for &nodes in sizes {
        for trouble in [
            Trouble::Healthy,
            Trouble::HostReturned,
            Trouble::HostReplaced,
            Trouble::Orphans,
        ] {
            let scratch = capture("scale-figures", Large::new(nodes, trouble));
            let broken = matches!(trouble, Trouble::HostReplaced | Trouble::Orphans);
            for (command, expected) in [("check", i32::from(broken)), ("plan", 0)] {
                let figures = measure(&program, command, &scratch);
                let trouble = format!("{trouble:?}");
                let peak = figures.peak_mib.map_or("?".to_owned(), |m| m.to_string());
                println!(
                    "{nodes:>6}  {trouble:<14} {command:<6} {:>8.2} {peak:>9}",
                    figures.seconds
                );
                assert_eq!(figures.exit, expected, "{nodes} {trouble} {command}");
                assert_eq!(figures.views, nodes, "{trouble} {command}");
            }
        }
    }
}
