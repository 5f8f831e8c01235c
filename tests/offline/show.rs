//! Pictures and explanations: of small clusters and of large ones, and in agreement with `list`.

use serde_json::Value;

use crate::command_line::json;
use crate::common::Scratch;
use crate::common::large::Large;
use crate::common::large::Trouble;
use crate::common::topoplan;

const PICTURES: [&[&str]; 5] = [
    &[],
    &["--by", "host"],
    &["--as", "matrix"],
    &["--as", "slots"],
    &["--as", "sights"],
];

#[test]
fn the_distribution_is_the_runbooks_byte_for_byte() {
    for capture in ["samples/host-lost/capture", "samples/runbook/capture"] {
        let list = topoplan(&["list", "distribution", capture]);
        let show = topoplan(&["show", capture, "--as", "distribution"]);
        assert_eq!(list.stdout, show.stdout);
        assert!(!list.stdout.is_empty());
    }
}

/// Whatever the size, a picture fits on a few screens and in a hundred columns.
#[test]
fn pictures_of_large_clusters_are_short() {
    for (nodes, most) in [(60, 160), (1000, 260)] {
        let scratch = Scratch::new("show");
        Large::new(nodes, Trouble::HostReplaced).write(scratch.path());
        let capture = scratch.path().to_str().expect("an ASCII path");
        for picture in PICTURES {
            let mut args = vec!["show", capture];
            args.extend(picture);
            let answer = topoplan(&args);
            assert_eq!(answer.exit, 0, "{}", answer.text());
            let lines = answer.stdout.lines().count();
            assert!(lines > 5 && lines <= most, "{picture:?}: {lines} lines");
            let wide = answer
                .stdout
                .lines()
                .find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{picture:?}");
        }
    }
}

#[test]
fn the_worst_shard_stands_first() {
    let lost = "samples/host-lost/capture";
    let report = json(&topoplan(&["show", lost, "--format", "json"]));
    let shards = report["shards"].as_array().expect("a list");
    let usable: Vec<u64> = shards
        .iter()
        .map(|s| s["usable"].as_u64().unwrap())
        .collect();
    assert!(usable.is_sorted(), "{usable:?}");
    assert_eq!((usable[0], usable[11]), (1, 2));
    let down = "samples/uncovered-slots/capture";
    let report = json(&topoplan(&["show", down, "--format", "json"]));
    let live = |shard: &Value| shard["copies"][0]["live"].as_bool().unwrap();
    let shards = report["shards"].as_array().expect("a list");
    assert!(shards.windows(2).all(|w| live(&w[1]) || !live(&w[0])));
}

#[test]
fn a_plan_file_is_shown_as_it_was_made() {
    let scratch = Scratch::new("show");
    let file = scratch.path().join("plan.json");
    let file = file.to_str().expect("an ASCII path");
    let capture = "samples/skewed-masters/capture";
    let made = topoplan(&["plan", capture, "-o", file]);
    let shown = topoplan(&["show", file]);
    let without_next = |text: &str| text.split("\nnext ").next().unwrap().to_owned();
    assert_eq!(without_next(&made.stdout), without_next(&shown.stdout));
    let by = topoplan(&["show", capture, "--as", "slots", "--by", "host"]);
    assert_eq!(by.exit, 2, "{}", by.text());
}

#[test]
fn a_capture_and_its_plan_explain_alike() {
    let scratch = Scratch::new("explain");
    let file = scratch.path().join("plan.json");
    let file = file.to_str().expect("an ASCII path");
    let capture = "samples/skewed-masters/capture";
    topoplan(&["plan", capture, "-o", file]);
    for what in [
        "P005",
        "127.0.1.2:7000",
        "host-3",
        "1000",
        "0-1364",
        "step:2",
        "78550cb4",
    ] {
        let of_plan = topoplan(&["explain", what, file]);
        assert_eq!(of_plan.exit, 0, "{what}: {}", of_plan.text());
        assert_eq!(of_plan.stdout, topoplan(&["explain", what, capture]).stdout);
    }
    let report = json(&topoplan(&["explain", "P005", file, "--format", "json"]));
    assert_eq!(
        report["findings"][0]["steps"],
        serde_json::json!([1, 2, 3, 4])
    );
    assert_eq!(report["findings"][0]["stays"], false);
    let word = topoplan(&["explain", "ghost", capture]);
    assert_eq!(word.exit, 0, "{}", word.text());
    let slip = topoplan(&["explain", "host-9", capture]);
    assert_eq!(slip.exit, 2);
    assert!(
        slip.stderr.contains("did you mean `host-1`?"),
        "{}",
        slip.stderr
    );
}

/// What a plan leaves is explained by the level that decides and by what would unlock it.
#[test]
fn what_stays_is_explained_in_numbers() {
    let lost = "samples/host-lost/capture";
    let report = json(&topoplan(&["explain", "R001", lost, "--format", "json"]));
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 8);
    for finding in findings {
        assert_eq!(finding["stays"], true);
        let levels = finding["levels"].as_array().expect("a list");
        assert!(levels.iter().any(|level| level["level"] == "protect"));
        let refusals = finding["refusals"].as_array().expect("a list");
        assert!(
            refusals[0]["unlock"]
                .as_str()
                .is_some_and(|unlock| !unlock.is_empty())
        );
    }
    let text = topoplan(&["explain", "R001", lost]).stdout;
    assert!(text.contains("no plan brings it below 8"), "{text}");
}
