//! `diff` on the captures of the repository: every event of a night is named once, and a capture
//! is like itself.

use std::fs;

use serde_json::Value;

use crate::common::topoplan;

fn report(args: &[&str]) -> (u8, Value) {
    let mut words = vec!["diff", "--format", "json"];
    words.extend(args);
    let answer = topoplan(&words);
    let report = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|why| panic!("{why}\n{}", answer.text()));
    (answer.exit, report)
}

/// `change address` of every change of a node.
fn changes(report: &Value) -> Vec<String> {
    let nodes = report["nodes"].as_array().expect("a list");
    let text = |node: &Value, key: &str| node[key].as_str().unwrap_or("-").to_owned();
    nodes
        .iter()
        .map(|n| format!("{} {}", text(n, "change"), text(n, "address")))
        .collect()
}

#[test]
fn a_capture_is_like_itself() {
    for sample in fs::read_dir("samples").expect("the samples") {
        let capture = sample.expect("a sample").path().join("capture");
        let name = capture.to_str().expect("a plain name");
        let (exit, report) = report(&[name, name]);
        assert_eq!(exit, 0, "{name}: {report:#}");
        assert_eq!(
            (&report["changes"], &report["worse"]),
            (&0.into(), &0.into())
        );
    }
}

#[test]
fn every_event_of_the_runbook_is_named_once() {
    let (exit, report) = report(&["samples/runbook-before/capture", "samples/runbook/capture"]);
    assert_eq!(exit, 1);
    assert_eq!(
        changes(&report),
        [
            "reborn 127.0.0.1:18202",
            "reborn 127.0.0.1:18253",
            "promoted 127.0.0.1:18250",
            "promoted 127.0.0.1:18252",
            "demoted 127.0.0.1:18200",
            "forgotten 127.0.0.1:18253",
        ]
    );
    let slots = report["slots"].as_array().expect("a list");
    assert!(
        slots.iter().all(|s| s["change"] == "failed-over"),
        "{slots:#?}"
    );
    assert_eq!(slots.len(), 2);
}

#[test]
fn what_is_undone_is_no_change_and_the_way_back_is_another() {
    let (before, after) = ("samples/runbook-before/capture", "samples/runbook/capture");
    let (exit, round) = report(&[before, after, before]);
    assert_eq!((exit, &round["changes"]), (0, &0.into()));
    let series = round["series"].as_array().expect("a list");
    assert_eq!(series.len(), 2);
    let gone = |step: &Value| step["findings"]["gone"].as_array().expect("a list").len();
    let new = |step: &Value| step["findings"]["new"].as_array().expect("a list").len();
    assert_eq!(
        (gone(&series[0]), new(&series[0])),
        (new(&series[1]), gone(&series[1]))
    );
}

#[test]
fn the_values_of_a_runbook_are_compared() {
    let at = |part: &str| format!("samples/night-compared/capture/{part}");
    let (_, report) = report(&[&at("1-before"), &at("2-failed")]);
    let values = report["values"].as_array().expect("a list");
    let of = |what: &str| {
        let value = values
            .iter()
            .find(|v| v["what"] == what && v["address"].is_null());
        let value = value.unwrap_or_else(|| panic!("no {what}"));
        format!("{} {} {}", value["old"], value["new"], value["verdict"])
    };
    assert_eq!(of("rowcount"), "123000 121600 \"worse\"");
    assert_eq!(of("keys"), "1230 1216 \"worse\"");
    assert_eq!(of("mem-keys"), "615 608 \"moved\"");
    assert_eq!(of("row-groups"), "123 121 \"moved\"");
    assert_eq!(of("flash-db-ttl"), "\"2592000\" \"2592000\" \"same\"");
    assert_eq!(of("state-ok"), "\"6 of 6\" \"5 of 5\" \"worse\"");
    assert_eq!(of("out-of-memory"), "\"0 of 6\" \"1 of 5\" \"worse\"");
    assert_eq!(of("full-percent"), "\"81.00\" \"81.00\" \"same\"");
}

#[test]
fn two_clusters_are_not_compared() {
    let answer = topoplan(&[
        "diff",
        "samples/runbook/capture",
        "samples/host-lost/capture",
    ]);
    assert_eq!(answer.exit, 2);
    assert!(
        answer.stderr.contains("no node in common"),
        "{}",
        answer.text()
    );
}

#[test]
fn what_a_capture_that_is_cut_off_lacks_is_unknown() {
    let scratch = crate::common::Scratch::new("diff-cut");
    let whole = fs::read_to_string("samples/one-view/capture/nodes.txt");
    let Ok(whole) = whole else {
        panic!("samples/one-view holds nodes.txt");
    };
    let lines: Vec<&str> = whole.lines().collect();
    let old = scratch.put("old.txt", &whole);
    let cut = lines[..lines.len() - 1].join("\n") + "\n" + &lines[lines.len() - 1][..30];
    let new = scratch.put("new.txt", cut);
    let (_, report) = report(&[
        old.to_str().unwrap_or_default(),
        new.to_str().unwrap_or_default(),
    ]);
    let gone = changes(&report);
    assert!(gone.iter().all(|c| !c.starts_with("forgotten")), "{gone:?}");
    assert!(
        report["slots"]
            .as_array()
            .is_some_and(|slots| slots.is_empty()),
        "{report:#}"
    );
}
