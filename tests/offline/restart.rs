//! Rolling restarts of every sample: planned and verified, or refused with a witness; and taken up
//! again where a later capture shows some of it done.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::command_line::json;
use crate::common::Scratch;
use crate::common::topoplan;
use crate::common::topoplan_with;

fn samples() -> Vec<PathBuf> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let entries = fs::read_dir(dir).expect("the samples");
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.expect("an entry").path().join("capture"))
        .collect();
    paths.sort();
    paths
}

fn steps(plan: &Value) -> Vec<&Value> {
    plan["steps"].as_array().into_iter().flatten().collect()
}

#[test]
fn every_sample_is_restarted_or_refused_with_a_witness() {
    let mut planned = 0;
    for capture in samples() {
        let capture = capture.to_str().expect("UTF-8");
        // The other family has tests of its own.
        if crate::tablets::is_sample_of_tablets(capture) {
            continue;
        }
        for unit in ["process", "host"] {
            for more in [&[][..], &["--skip-blocked"], &["--roles", "as-before"]] {
                let mut args = vec!["plan", capture, "--restart", "all", "--unit", unit];
                args.extend(more);
                args.extend(["--format", "json"]);
                let answer = topoplan(&args);
                let plan = json(&answer);
                let told = format!("{capture} {unit} {more:?}: {}", answer.text());
                match answer.exit {
                    0 => {
                        let text = plan.to_string();
                        let checked = topoplan_with(&["verify", "-"], text.as_bytes());
                        assert_eq!(checked.exit, 0, "{told}{}", checked.text());
                        let script =
                            topoplan_with(&["script", "-", "--tool", "redis-cli"], text.as_bytes());
                        assert_eq!(script.exit, 0, "{told}{}", script.text());
                        planned += steps(&plan).len();
                    }
                    3 => assert!(plan["refused"].is_string(), "{told}"),
                    4 => {
                        assert!(steps(&plan).is_empty(), "{told}");
                        let refusals = plan["refusals"].as_array().map_or(0, Vec::len);
                        assert!(refusals > 0, "{told}");
                    }
                    other => panic!("exit {other}: {told}"),
                }
            }
        }
    }
    assert!(planned > 100, "{planned} steps");
}

/// The healthy sample with other processes at the addresses.
fn later(scratch: &Scratch, restarted: &[&str]) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/healthy-six-nodes/capture");
    let to = scratch.path().join("later");
    copy(&from, &to);
    for node in restarted {
        let path = to
            .join("nodes")
            .join(node.replace(':', "_"))
            .join("info.txt");
        let text = fs::read_to_string(&path).expect("it is there");
        let anew: Vec<String> = text
            .lines()
            .map(|line| match line.starts_with("run_id:") {
                true => format!("run_id:{}", "5".repeat(40)),
                false => line.to_owned(),
            })
            .collect();
        fs::write(&path, anew.join("\n")).expect("writable");
    }
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => {
                fs::copy(&path, &target).expect("writable");
            }
        }
    }
}

#[test]
fn what_is_left_of_a_plan_is_what_was_reviewed() {
    let scratch = Scratch::new("restart-again");
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/healthy-six-nodes/capture"
    );
    let file = scratch.path().join("plan.json");
    let file = file.to_str().expect("UTF-8");
    let made = topoplan(&["plan", capture, "--restart", "all", "-o", file]);
    assert_eq!(made.exit, 0, "{}", made.text());
    let plan: Value = serde_json::from_slice(&fs::read(file).expect("written")).expect("JSON");
    let all = steps(&plan);
    let first = all[0]["address"].as_str().expect("an address");
    let after = later(&scratch, &[first]);
    let after = after.to_str().expect("UTF-8");

    let answer = topoplan(&["verify", file, after, "--format", "json"]);
    assert_eq!(answer.exit, 1, "{}", answer.text());
    let report = json(&answer);
    assert_eq!(report["progress"]["done"], 1);
    assert_eq!(report["verdict"], "pending");

    let answer = topoplan(&["plan", after, "--resume", file, "--format", "json"]);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    let rest = json(&answer);
    let key = |step: &&Value| step["key"].clone();
    let kept: Vec<Value> = steps(&rest).iter().map(key).collect();
    assert_eq!(kept, all[1..].iter().map(key).collect::<Vec<_>>());
    assert_eq!(rest["again"]["done"], serde_json::json!([1]));
    let text = rest.to_string();
    let checked = topoplan_with(&["verify", "-"], text.as_bytes());
    assert_eq!(checked.exit, 0, "{}", checked.text());

    // Another cluster: nothing of it fits.
    let other = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/orphan-masters/capture"
    );
    assert_eq!(topoplan(&["verify", file, other]).exit, 3);
    assert_eq!(topoplan(&["plan", other, "--resume", file]).exit, 3);
    // What is asked for is told by the plan.
    let answer = topoplan(&["plan", after, "--resume", file, "--skip", "P005"]);
    assert_eq!(answer.exit, 2, "{}", answer.text());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/healthy-six-nodes/capture"
    );
    for more in [
        &["--unit", "host"][..],
        &["--restart", "some"],
        &["--restart", "host:nowhere"],
        &["--restart", "older-than:seven"],
        &["--restart", "all", "--to", "7.2.5-rc1"],
        &["--restart", "all", "--keep", "0"],
        &["--restart", "all", "--drain", "host:host-1"],
    ] {
        let mut args = vec!["plan", capture];
        args.extend(more);
        let answer = topoplan(&args);
        assert_eq!(answer.exit, 2, "{more:?}: {}", answer.text());
    }
}
