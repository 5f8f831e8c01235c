//! The script that `collect` prints, run against a cluster that is played by files.

mod flashbase;
mod played;
mod trouble;

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::Scratch;
use crate::common::topoplan;
use crate::common::topoplan_with;

pub fn script(arguments: &[&str]) -> String {
    let answer = topoplan(&[&["collect"], arguments].concat());
    assert_eq!((answer.exit, answer.stderr.as_str()), (0, ""));
    answer.stdout
}

/// Every question that may be put to a server; none of them changes anything.
const QUESTIONS: [&str; 12] = [
    "PING",
    "TIME",
    "INFO",
    "INFO all",
    "CLUSTER MYID",
    "CLUSTER NODES",
    "CLUSTER INFO",
    "CLUSTER SHARDS",
    "CLUSTER SLOTS",
    "CLUSTER LINKS",
    "CLUSTER SLOT-STATS SLOTSRANGE 0 16383",
    "CONFIG GET *",
];

const FLASHBASE_QUESTIONS: [&str; 10] = [
    "cli-all ping",
    "cli-all info all",
    "cli-all cluster nodes",
    "cli-all cluster info",
    "cli-all config get dir",
    "cli-all config get cluster-node-timeout",
    "cli-all config get flash-db-ttl",
    "cluster-rowcount",
    "check-distribution",
    "find-noaddr",
];

#[test]
fn the_scripts_are_clean_in_the_eyes_of_shellcheck() {
    let scratch = Scratch::new("collect-shellcheck");
    for (name, arguments) in [
        ("nodes.sh", &["--seed", "10.0.0.1:7000"][..]),
        ("unseeded.sh", &[]),
        ("flashbase.sh", &["--flashbase"]),
    ] {
        let path = scratch.put(name, script(arguments));
        let shellcheck = Command::new("shellcheck")
            .args(["-s", "sh"])
            .arg(&path)
            .output();
        let Ok(output) = shellcheck else {
            panic!("shellcheck is not on PATH: apt-get install shellcheck");
        };
        assert!(output.status.success(), "{name}: {output:?}");
    }
}

/// What the one function that talks lets through, and that nothing goes past it.
fn gate(script: &str, function: &str, client: &str) -> BTreeSet<String> {
    let calls = |line: &&str| line.contains(client) && !line.trim_start().starts_with('#');
    let calls: Vec<&str> = script.lines().filter(calls).collect();
    assert_eq!(calls.len(), 1, "one place talks: {calls:?}");
    let start = script
        .find(&format!("\n{function}() {{"))
        .expect("the function that talks");
    let body = &script[start..];
    let body = &body[..body.find("\n}\n").expect("it has an end")];
    assert!(body.contains(calls[0]), "{body}");
    let patterns = body.lines().map(str::trim);
    let patterns = patterns.filter_map(|line| line.strip_suffix(") ;;"));
    patterns
        .flat_map(|line| line.split(" | "))
        .map(|pattern| pattern.replace('\'', ""))
        .collect()
}

#[test]
fn only_reading_commands_can_leave_the_scripts() {
    let nodes = gate(&script(&[]), "ask", "limited $client ");
    assert_eq!(nodes, QUESTIONS.map(str::to_owned).into());
    let flashbase = gate(&script(&["--flashbase"]), "flash", "limited $flashbase ");
    assert_eq!(flashbase, FLASHBASE_QUESTIONS.map(str::to_owned).into());
}

#[test]
fn no_word_of_the_scripts_is_run_twice_by_a_shell() {
    for script in [script(&[]), script(&["--flashbase"])] {
        let code = script.lines().filter(|l| !l.trim_start().starts_with('#'));
        for word in code.flat_map(str::split_whitespace) {
            assert!(!["eval", "source", "sudo"].contains(&word), "{word}");
        }
    }
}

#[test]
fn the_head_says_what_it_is() {
    for script in [script(&[]), script(&["--flashbase"])] {
        let head: Vec<&str> = script.lines().take(4).collect();
        assert_eq!(head[0], "#!/bin/sh");
        let version = format!("topoplan {}.", env!("CARGO_PKG_VERSION"));
        assert!(head[1].contains(&version), "{head:?}");
        assert!(head[2].contains("Read-only"), "{head:?}");
    }
}

#[test]
fn seeds_come_from_flags_and_files() {
    let scratch = Scratch::new("collect-seeds");
    let file = scratch.put(
        "nodes.txt",
        "# all\n10.0.0.2:7000 # b\n\n[fd00::1]:7001\r\n",
    );
    let file = file.display().to_string();
    let seeds = ["--seed", "jump.example.com:7000", "--nodes", &file];
    let text = script(&seeds);
    let baked = "\nbaked='jump.example.com:7000 10.0.0.2:7000 fd00::1:7001' given_only=''\n";
    assert!(text.contains(baked), "{text}");
    assert_eq!(text, script(&seeds));
    let piped = topoplan_with(&["collect", "--nodes", "-"], b"10.0.0.2:7000\n");
    assert!(
        piped
            .stdout
            .contains("\nbaked='10.0.0.2:7000' given_only=''\n")
    );
}

#[test]
fn what_is_no_address_does_not_get_into_the_script() {
    let long = format!("{}:7000", "h".repeat(201));
    for seed in [
        "10.0.0.1",
        "10.0.0.1:0",
        "10.0.0.1:70000",
        "'; reboot; ':7000",
        "$(reboot):7000",
        "-h:7000",
        "fe80::1%eth0:7000",
        &long,
    ] {
        let answer = topoplan(&["collect".to_owned(), format!("--seed={seed}")]);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{seed}");
        let piped = topoplan_with(
            &["collect", "--nodes", "-"],
            format!("#\n{seed}\n").as_bytes(),
        );
        assert_eq!((piped.exit, piped.stdout.as_str()), (2, ""), "{seed}");
        assert!(piped.stderr.contains("-:2:1: "), "{}", piped.stderr);
    }
    let both = topoplan(&["collect", "--flashbase", "--seed", "10.0.0.1:7000"]);
    assert_eq!(both.exit, 2);
}
