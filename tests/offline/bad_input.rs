//! Bad input: which exit code, and where the answer says it is bad.

use std::path::Path;

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::dump;
use crate::common::put_views;
use crate::common::topoplan;

/// One bad capture and what must come of it.
struct Row {
    name: &'static str,
    /// Fills an empty directory.
    fill: fn(&Scratch),
    exits: &'static [u8],
    /// Path and line, as the answer must name them.
    names: &'static str,
}

/// A healthy cluster goes on being judged, whatever lies beside it.
const JUDGED: &[u8] = &[0, 1];

const ROWS: &[Row] = &[
    Row {
        name: "binary",
        fill: |dir| {
            drop(dir.put(
                "dump.rdb",
                [0_u8, 159, 146, 150, 27, 91, 50, 74, 10, 255, 0],
            ))
        },
        exits: &[2],
        names: "dump.rdb:1",
    },
    Row {
        name: "garbage",
        fill: |dir| drop(dir.put("notes.txt", "call Kim about the disks\nat noon\n")),
        exits: &[2],
        names: "notes.txt:1",
    },
    Row {
        name: "nothing-in-it",
        fill: |dir| drop(dir.put("nodes.txt", "")),
        exits: &[2],
        names: "nodes.txt",
    },
    Row {
        name: "garbage-beside-views",
        fill: |dir| {
            put_views(dir, "view", 'a', "10.0.0");
            dir.put("notes.txt", "call Kim about the disks\n");
        },
        exits: JUDGED,
        names: "notes.txt:1",
    },
    Row {
        name: "garbage-in-a-view",
        fill: |dir| {
            put_views(dir, "view", 'a', "10.0.0");
            let text = dump('a', "10.0.0", 0).replacen("connected", "conected", 2);
            dir.put("view0.txt", text);
        },
        exits: JUDGED,
        names: "view0.txt:2",
    },
    Row {
        name: "cut-off-in-the-middle",
        fill: |dir| {
            put_views(dir, "view", 'a', "10.0.0");
            let text = dump('a', "10.0.0", 5);
            let end = text.rfind("slave").expect("the last node is a replica") + 3;
            dir.put("view5.txt", &text[..end]);
        },
        exits: JUDGED,
        names: "view5.txt:6",
    },
    Row {
        name: "two-clusters",
        fill: |dir| {
            put_views(dir, "one/view", 'a', "10.0.0");
            put_views(dir, "two/view", 'b', "10.9.9");
        },
        exits: &[0, 1, 2, 3],
        names: "two/view0.txt:1",
    },
    Row {
        name: "contradicting-maps",
        fill: |dir| {
            put_views(dir, "view", 'a', "10.0.0");
            dir.put("hosts-1.csv", "host,ip\nred,10.0.0.1\nblue,10.0.0.2\n");
            dir.put("hosts-2.csv", "host,ip\nred,10.0.0.1\ngreen,10.0.0.2\n");
        },
        exits: JUDGED,
        names: "hosts-2.csv:3",
    },
    Row {
        name: "a-map-with-a-broken-row",
        fill: |dir| {
            put_views(dir, "view", 'a', "10.0.0");
            dir.put(
                "disks.csv",
                "ip,port,dir\n10.0.0.1,7000,/d1\n10.0.0.1,many,/d2\n",
            );
        },
        exits: JUDGED,
        names: "disks.csv:3",
    },
];

fn check(path: &Path) -> Answer {
    topoplan(&[Path::new("check"), path])
}

#[test]
fn every_row_of_the_table() {
    let mut complaints = Vec::new();
    for row in ROWS {
        let scratch = Scratch::new(row.name);
        (row.fill)(&scratch);
        let answer = check(scratch.path());
        let (name, text) = (row.name, answer.text());
        if !row.exits.contains(&answer.exit) {
            complaints.push(format!("{name}: exit code {}\n{text}", answer.exit));
        }
        if !text.contains(row.names) {
            complaints.push(format!("{name}: does not name {}\n{text}", row.names));
        }
        if text.contains('\x1b') {
            complaints.push(format!("{name}: painted the terminal\n{text:?}"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_healthy_cluster_of_the_table_is_healthy() {
    let scratch = Scratch::new("healthy");
    put_views(&scratch, "view", 'a', "10.0.0");
    let answer = check(scratch.path());
    assert_eq!(
        (answer.exit, answer.stderr.as_str()),
        (0, ""),
        "{}",
        answer.text()
    );
}

#[test]
fn what_is_not_there_is_named() {
    let answer = check(Path::new("nowhere/at/all"));
    assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""));
    assert!(
        answer.stderr.contains("nowhere/at/all"),
        "{}",
        answer.stderr
    );

    let scratch = Scratch::new("empty-directory");
    let answer = check(scratch.path());
    assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""));
    let name = scratch.path().to_string_lossy();
    assert!(answer.stderr.contains(&*name), "{}", answer.stderr);
}

#[test]
fn a_flag_with_the_wrong_file_is_an_error_with_its_place() {
    let scratch = Scratch::new("wrong-files");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let capture = scratch.path().join("capture");
    let policy = scratch.put("policy.toml", "# wanted\nreplicas = \"many\"\n");
    let typo = scratch.put("typo.toml", "replicsa = 1\n");
    let map = scratch.put("map.csv", "hots,ip\na,10.0.0.1\n");
    for (flag, file, names) in [
        ("--policy", &policy, "policy.toml:2:12"),
        ("--policy", &typo, "typo.toml:1:1"),
        ("--hosts", &map, "map.csv:1:1"),
        ("--disks", &map, "map.csv:1:1"),
        ("--home", &map, "map.csv:1:1"),
    ] {
        let answer = topoplan(&[Path::new("check"), &capture, Path::new(flag), file]);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{flag}");
        assert!(answer.stderr.contains(names), "{flag}: {}", answer.stderr);
    }
}

#[test]
fn a_broken_plan_file_is_an_error_with_its_place() {
    let scratch = Scratch::new("plan-files");
    for (text, names) in [
        ("", "plan.json:1:1"),
        ("not json\n", "plan.json:1:"),
        ("{\n  \"schema_version\": 1,\n  \"plan_id\"", "plan.json:3:"),
        ("{\"schema_version\": 1}\n", "plan.json:1:"),
    ] {
        let plan = scratch.put("plan.json", text);
        let script = [
            Path::new("script"),
            &plan,
            Path::new("--tool"),
            Path::new("redis-cli"),
        ];
        let answer = topoplan(&script);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{text:?}");
        assert!(answer.stderr.contains(names), "{text:?}: {}", answer.stderr);
    }
}

#[test]
fn a_domain_that_is_not_there_is_named() {
    let scratch = Scratch::new("domains");
    put_views(&scratch, "view", 'a', "10.0.0");
    let capture = scratch.path().to_str().expect("a scratch path is UTF-8");
    for domain in [
        "host:nope",
        "zone:nope",
        "disk:10.0.0.1:/nope",
        "node:10.0.0.1:1",
    ] {
        let answer = topoplan(&["impact", capture, "--lose", domain]);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{domain}");
        let name = domain.rsplit(':').next().unwrap_or_default();
        assert!(answer.stderr.contains(name), "{domain}: {}", answer.stderr);
    }
}

#[test]
fn usage_errors_exit_2_and_print_no_data() {
    let scratch = Scratch::new("usage");
    put_views(&scratch, "view", 'a', "10.0.0");
    let capture = scratch.path().to_str().expect("a scratch path is UTF-8");
    let lines: &[&[&str]] = &[
        &[],
        &["chekc", capture],
        &["check"],
        &["check", capture, "--fail-on", "sometimes"],
        &["check", capture, "--quiet", "--verbose"],
        &["check", "-", "-"],
        &["plan", capture, "--only", "P999"],
        &["plan", capture, "--only", ","],
        &["plan", capture, "--only", "P001", "--skip", "P001"],
        &["plan", capture, "--through", "tomorrow"],
        &["plan", capture, "--force", " "],
        &["impact", capture],
        &["impact", capture, "--lose", "rack"],
        &["impact", capture, "--lose", "host:a", "--each", "host"],
        &["script", "plan.json", "--tool", "rm"],
        &["docs", "novel"],
    ];
    for line in lines {
        let answer = topoplan(line);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{line:?}");
        assert!(!answer.stderr.is_empty(), "{line:?} fails without a word");
    }
}

#[test]
fn an_unknown_code_comes_with_a_suggestion() {
    let scratch = Scratch::new("codes");
    put_views(&scratch, "view", 'a', "10.0.0");
    let capture = scratch.path().to_str().expect("a scratch path is UTF-8");
    let answer = topoplan(&["plan", capture, "--skip", "P001,skewed-master"]);
    assert_eq!(answer.exit, 2);
    assert!(
        answer.stderr.contains("did you mean `skewed-masters`?"),
        "{}",
        answer.stderr
    );
}
