//! The policy file: where it is found, what is said of it, what it changes.

use std::fs;

use serde_json::Value;

use crate::command_line::json;
use crate::common::Scratch;
use crate::common::topoplan;
use crate::formats::schema;

const CAPTURE: &str = "samples/skewed-masters/capture";

fn copied(scratch: &Scratch, folder: &str) -> String {
    for node in fs::read_dir(format!("{CAPTURE}/nodes")).expect("a sample") {
        let node = node.expect("an entry").path();
        for file in fs::read_dir(&node).expect("a node") {
            let file = file.expect("an entry").path();
            let name = file.strip_prefix(CAPTURE).expect("it is below");
            let bytes = fs::read(&file).expect("a file");
            scratch.put(&format!("{folder}/{}", name.display()), bytes);
        }
    }
    format!("{}/{folder}", scratch.path().display())
}

fn severity_of(report: &Value, code: &str) -> Option<String> {
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|f| f["code"] == code)?;
    Some(found["severity"].as_str().expect("a word").to_owned())
}

#[test]
fn it_is_found_inside_the_capture_and_beside_it() {
    let scratch = Scratch::new("policy");
    let capture = copied(&scratch, "night");
    let check = || topoplan(&["check", &capture, "--format", "json"]);
    assert_eq!(
        severity_of(&json(&check()), "P005").as_deref(),
        Some("warning")
    );
    let beside = scratch.put("topoplan.toml", "[rules]\nP005 = \"note\"\n");
    let answer = check();
    assert!(answer.stderr.contains("policy: "), "{}", answer.stderr);
    assert_eq!(severity_of(&json(&answer), "P005").as_deref(), Some("note"));
    scratch.put("night/topoplan.toml", "[rules]\nP005 = \"error\"\n");
    let answer = check();
    assert_eq!(answer.exit, 1);
    let report = json(&answer);
    assert_eq!(severity_of(&report, "P005").as_deref(), Some("error"));
    let inputs = report["inputs"].as_array().expect("a list");
    let policies = inputs.iter().filter(|i| i["dialect"] == "policy");
    assert_eq!(policies.count(), 1);
    let beside = beside.to_str().expect("an ASCII path");
    let named = topoplan(&["check", &capture, "--format", "json", "--policy", beside]);
    assert_eq!(severity_of(&json(&named), "P005").as_deref(), Some("note"));
}

#[test]
fn what_is_allowed_counts_nowhere_and_is_cured_by_no_plan() {
    let scratch = Scratch::new("policy");
    let policy = scratch.put(
        "p.toml",
        "[rules]\nskewed-masters = \"allow\"\nQ001 = \"allow\"\n",
    );
    let policy = policy.to_str().expect("an ASCII path");
    let answer = topoplan(&["check", CAPTURE, "--format", "json", "--policy", policy]);
    let report = json(&answer);
    assert_eq!(report["summary"]["warnings"], 0);
    let findings = report["findings"].as_array().expect("a list");
    let p005 = findings
        .iter()
        .find(|f| f["code"] == "P005")
        .expect("it stays");
    assert_eq!(p005["allowed"], true);
    assert!(p005["allowed_by"].is_string());
    let fail = topoplan(&["check", CAPTURE, "--fail-on", "warning", "--policy", policy]);
    assert_eq!(fail.exit, 0, "{}", fail.text());
    let plan = json(&topoplan(&[
        "plan", CAPTURE, "--format", "json", "--policy", policy,
    ]));
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(0));
    let asked = [
        "plan", CAPTURE, "--format", "json", "--policy", policy, "--only", "P005",
    ];
    let plan = json(&topoplan(&asked));
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(4));
}

#[test]
fn every_mistake_is_drawn_in_its_place() {
    let scratch = Scratch::new("policy");
    let policy = scratch.put(
        "p.toml",
        "replicas = 1\n\n[rules]\nP05 = \"allow\"\nP001 = \"of\"\n",
    );
    let policy = policy.to_str().expect("an ASCII path");
    let answer = topoplan(&["check", CAPTURE, "--policy", policy]);
    assert_eq!(answer.exit, 2);
    for part in [
        "p.toml:4:1",
        "p.toml:5:8",
        "did you mean `P005`?",
        "it has 2 mistakes",
        "P05 = \"allow\"",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    let object = topoplan(&["check", CAPTURE, "--policy", policy, "--format", "json"]);
    let report = json(&object);
    assert_eq!(report["diagnostics"][0]["code"], "policy/mistake");
    assert_eq!(report["diagnostics"][1]["line"], 5);
}

#[test]
fn ends_are_held_against_the_capture_or_the_given_day() {
    let scratch = Scratch::new("policy");
    let entry = "[[ignore]]\ncode = \"P005\"\nreason = \"moves on Monday\"\nuntil = 2026-11-20\n";
    let policy = scratch.put("p.toml", entry);
    let policy = policy.to_str().expect("an ASCII path");
    let allowed = |more: &[&str]| {
        let mut args = vec!["check", CAPTURE, "--format", "json", "--policy", policy];
        args.extend(more);
        let report = json(&topoplan(&args));
        let findings = report["findings"].as_array().expect("a list").clone();
        let p005 = findings.into_iter().find(|f| f["code"] == "P005");
        p005.expect("it is found")["allowed"].clone()
    };
    // Taken on 2026-11-20.
    assert_eq!(allowed(&[]), true);
    assert_eq!(allowed(&["--now", "2026-11-21"]), false);
    assert_eq!(allowed(&["--now", "2026-11-20T23:59:59Z"]), true);
    let wrong = topoplan(&["check", CAPTURE, "--now", "yesterday"]);
    assert_eq!(wrong.exit, 2, "{}", wrong.text());
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let scratch = Scratch::new("baseline");
    let file = scratch.path().join("old.json");
    let file = file.to_str().expect("an ASCII path");
    let lost = "samples/host-lost/capture";
    assert_eq!(topoplan(&["check", lost, "--write-baseline", file]).exit, 1);
    let again = topoplan(&["check", lost, "--baseline", file, "--format", "json"]);
    assert_eq!(again.exit, 0, "{}", again.stderr);
    let report = json(&again);
    assert_eq!(report["summary"]["errors"], 0);
    assert!(
        report["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|f| f["known"] == true)
    );
    let new = topoplan(&[
        "check",
        lost,
        "--baseline",
        file,
        "--new-only",
        "--format",
        "json",
    ]);
    assert_eq!(json(&new)["findings"].as_array().map(Vec::len), Some(0));
    // An earlier report is a baseline, too; one finding less is one that is new.
    let mut earlier = json(&topoplan(&["check", lost, "--format", "json"]));
    earlier["findings"]
        .as_array_mut()
        .expect("a list")
        .remove(0);
    fs::write(file, earlier.to_string()).expect("a file");
    let new = topoplan(&[
        "check",
        lost,
        "--baseline",
        file,
        "--new-only",
        "--format",
        "json",
    ]);
    let report = json(&new);
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(new.exit, 1);
    for cause in report["causes"].as_array().expect("a list") {
        for place in cause["follows"].as_array().expect("a list") {
            assert_eq!(place, 0);
        }
    }
    fs::write(file, "{}").expect("a file");
    let wrong = topoplan(&["check", lost, "--baseline", file]);
    assert_eq!(wrong.exit, 2);
    assert!(wrong.stderr.contains("no baseline"), "{}", wrong.stderr);
}

#[test]
fn codes_are_selected_and_ignored_by_code_name_and_family() {
    let codes = |more: &[&str]| {
        let mut args = vec!["check", CAPTURE, "--format", "json"];
        args.extend(more);
        let report = json(&topoplan(&args));
        let findings = report["findings"].as_array().expect("a list");
        let mut codes: Vec<String> = findings
            .iter()
            .map(|f| f["code"].as_str().expect("a code").to_owned())
            .collect();
        codes.dedup();
        codes
    };
    assert_eq!(codes(&[]), ["P005", "Q001", "P009"]);
    assert_eq!(codes(&["--select", "P"]), ["P005", "P009"]);
    assert_eq!(codes(&["--ignore", "skewed-masters,p009"]), ["Q001"]);
    assert_eq!(codes(&["--select", "P", "--ignore", "P009"]), ["P005"]);
    let wrong = topoplan(&["check", CAPTURE, "--select", "P05"]);
    assert_eq!(wrong.exit, 2);
    assert!(
        wrong.stderr.contains("did you mean `P005`?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_plans_do_not_follow_is_said() {
    let scratch = Scratch::new("policy");
    let policy = scratch.put("p.toml", "[[drain]]\ndomain = \"host:host-1\"\n");
    let policy = policy.to_str().expect("an ASCII path");
    let answer = topoplan(&["plan", CAPTURE, "--policy", policy]);
    assert!(
        answer.stderr.contains("policy/not-followed"),
        "{}",
        answer.stderr
    );
}

#[test]
fn the_commented_file_and_its_schema_are_printed() {
    let scratch = Scratch::new("policy");
    let text = topoplan(&["docs", "policy"]).stdout;
    let file = scratch.put("p.toml", &text);
    let file = file.to_str().expect("an ASCII path");
    let answer = topoplan(&["check", CAPTURE, "--policy", file]);
    assert_eq!((answer.exit, answer.stderr.as_str()), (0, ""));
    let schema: Value = serde_json::from_str(&topoplan(&["docs", "policy-schema"]).stdout).unwrap();
    let policy: Value = toml::from_str("replicas = 2\n[rules]\nP005 = \"allow\"\n").unwrap();
    assert_eq!(schema::violations(&schema, &policy), [] as [String; 0]);
    let policy: Value = toml::from_str("replicas = 200\n[rules]\nP05 = \"allow\"\n").unwrap();
    assert_eq!(schema::violations(&schema, &policy).len(), 2);
}
