//! `impact` as a gate: what is demanded of the state after a loss, pairs, what may go together,
//! and the state after a plan.

use serde_json::Value;

use crate::common::Scratch;
use crate::common::large::Large;
use crate::common::large::Trouble;
use crate::common::topoplan;

const SKEWED: &str = "samples/skewed-masters/capture";

fn report(capture: &str, args: &[&str]) -> (u8, Value) {
    let mut words = vec!["impact", capture, "--format", "json"];
    words.extend(args);
    let answer = topoplan(&words);
    let report = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|why| panic!("{why}\n{}", answer.text()));
    (answer.exit, report)
}

/// `lose: demand demand` of every case that fails one.
fn failed(report: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cases = list(&report["cases"]).into_iter();
    cases
        .filter_map(|case| {
            let lose: Vec<String> = list(&case["lose"]).iter().map(text).collect();
            let demands = list(&case["failed_demands"]);
            let demands: Vec<String> = demands.iter().map(|d| text(&d["demand"])).collect();
            (!demands.is_empty()).then(|| format!("{}: {}", lose.join("+"), demands.join(" ")))
        })
        .collect()
}

#[test]
fn a_demand_that_fails_is_an_exit_code_and_a_line() {
    let (exit, all) = report(SKEWED, &["--each", "host", "--require", "serve,majority"]);
    assert_eq!(exit, 1);
    assert_eq!(all["ok"], false);
    assert_eq!(failed(&all), ["host:host-3: serve majority"]);
    let (exit, one) = report(
        SKEWED,
        &["--lose", "host:host-1", "--require", "serve,majority"],
    );
    assert_eq!((exit, &one["ok"]), (0, &true.into()));
    let (exit, few) = report(SKEWED, &["--lose", "host:host-1", "--require", "copies=2"]);
    assert_eq!(exit, 1);
    assert_eq!(few["cases"][0]["copies_least"], 1);
    let (exit, none) = report(SKEWED, &["--each", "host"]);
    assert_eq!((exit, &none["ok"]), (0, &Value::Null));
}

#[test]
fn what_was_broken_before_the_loss_counts_as_well() {
    // Slots are uncovered already: whoever goes, not every slot is served.
    let (exit, report) = report(
        "samples/uncovered-slots/capture",
        &["--each", "host", "--require", "serve"],
    );
    assert_eq!(exit, 1);
    let cases = report["cases"].as_array().expect("cases");
    assert!(
        cases
            .iter()
            .all(|case| case["failed_demands"][0]["demand"] == "serve")
    );
}

#[test]
fn each_shard_that_fails_over_goes_to_somebody() {
    let (_, report) = report(SKEWED, &["--lose", "host:host-1"]);
    let case = &report["cases"][0];
    let successors = case["successors"].as_array().expect("successors");
    assert_eq!(case["shards_failed_over"], successors.len());
    assert!(
        successors.iter().all(|s| s["host"] == "host-2"),
        "{successors:#?}"
    );
    assert_eq!(case["cluster_down"], false);
}

#[test]
fn a_plan_is_judged_by_where_it_leads() {
    let scratch = Scratch::new("impact-after");
    let plan = scratch.path().join("plan.json");
    let plan = plan.to_str().expect("a plain path");
    assert_eq!(topoplan(&["plan", SKEWED, "-o", plan]).exit, 0);
    let demands = ["--each", "host", "--require", "serve,majority"];
    let mut after = demands.to_vec();
    after.extend(["--after", plan]);
    assert_eq!(report(SKEWED, &demands).0, 1);
    let (exit, report) = report(SKEWED, &after);
    assert_eq!(exit, 0, "{:?}", failed(&report));
    assert!(report["after_plan"].is_string());
    let strange = topoplan(&[
        "impact",
        "samples/host-lost/capture",
        "--each",
        "host",
        "--after",
        plan,
    ]);
    assert_eq!(strange.exit, 2);
    assert!(
        strange.stderr.contains("no such node"),
        "{}",
        strange.text()
    );
}

#[test]
fn plans_of_every_sample_can_be_supposed() {
    let scratch = Scratch::new("impact-suppose");
    let mut supposed = 0;
    for sample in std::fs::read_dir("samples").expect("the samples") {
        let capture = sample.expect("a sample").path().join("capture");
        let capture = capture.to_str().expect("a plain name");
        let plan = scratch.path().join("plan.json");
        let plan = plan.to_str().expect("a plain path");
        let _ = std::fs::remove_file(plan);
        if crate::tablets::is_sample_of_tablets(capture) {
            continue;
        }
        if topoplan(&["plan", capture, "-o", plan]).exit != 0 {
            continue;
        }
        let answer = topoplan(&["impact", capture, "--each", "node", "--after", plan]);
        assert_eq!(answer.exit, 0, "{capture}: {}", answer.text());
        supposed += 1;
    }
    assert!(supposed > 15, "{supposed}");
}

#[test]
fn every_pair_of_many_hosts_is_looked_at() {
    let scratch = Scratch::new("impact-pairs");
    let large = Large::new(600, Trouble::Healthy);
    large.write(scratch.path());
    let capture = scratch.path().to_str().expect("a plain path");
    let (exit, report) = report(capture, &["--pairs", "host", "--require", "majority"]);
    let hosts = large.hosts();
    let cases = report["cases"].as_array().expect("cases");
    assert_eq!((exit, cases.len()), (0, hosts * (hosts - 1) / 2));
}

#[test]
fn what_may_go_together_says_why_no_more() {
    let (exit, report) = report(SKEWED, &["--grow", "host"]);
    assert_eq!(exit, 0);
    let grown = &report["grown"];
    assert_eq!(grown["together"], serde_json::json!(["host:host-1"]));
    assert_eq!(grown["is_largest"], true);
    assert_eq!(grown["next"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["demands"], serde_json::json!(["serve", "majority"]));
}
