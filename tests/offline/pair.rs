//! `pair` on the lists that a runbook makes, the right way round and the wrong one.

use crate::common::Scratch;
use crate::common::topoplan;

const RUNBOOK: &str = "samples/runbook/capture";

/// The two lists of the runbook, as `find-noslot` and `find-noslave` print them.
fn lists(scratch: &Scratch) -> (String, String) {
    let put = |name: &str, kind: &str| {
        let list = topoplan(&["list", kind, RUNBOOK]).stdout;
        let path = scratch.put(name, list);
        path.to_str().expect("a plain path").to_owned()
    };
    (put("slaves", "no-slot"), put("masters", "no-slave"))
}

#[test]
fn the_lists_of_the_runbook_are_paired_as_a_plan_does() {
    let scratch = Scratch::new("pair-runbook");
    let (slaves, masters) = lists(&scratch);
    let args = [
        "pair",
        "--replicas",
        &slaves,
        "--masters",
        &masters,
        RUNBOOK,
    ];
    let blocked = topoplan(&args);
    assert_eq!(blocked.exit, 4, "{}", blocked.text());
    assert!(blocked.stdout.is_empty(), "{}", blocked.text());
    let mut forced = args.to_vec();
    forced.push("--force");
    let answer = topoplan(&forced);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    let list = scratch.put("pairs.sh", &answer.stdout);
    let list = list.to_str().expect("a plain path");
    let lint = topoplan(&["lint", list, RUNBOOK, "--fail-on", "warning"]);
    assert_eq!(lint.exit, 0, "{}\n{}", answer.stdout, lint.text());
    assert!(lint.stdout.contains("2 commands tried"), "{}", lint.text());
    forced.extend(["--tool", "redis-cli"]);
    let answer = topoplan(&forced);
    let list = scratch.put("pairs.sh", &answer.stdout);
    let lint = topoplan(&[
        "lint",
        list.to_str().unwrap_or_default(),
        RUNBOOK,
        "--fail-on",
        "warning",
    ]);
    assert_eq!(lint.exit, 0, "{}\n{}", answer.stdout, lint.text());
}

#[test]
fn swapped_lists_are_an_error_where_a_capture_tells() {
    let scratch = Scratch::new("pair-swapped");
    let (slaves, masters) = lists(&scratch);
    let answer = topoplan(&[
        "pair",
        "--replicas",
        &masters,
        "--masters",
        &slaves,
        RUNBOOK,
    ]);
    assert_eq!(answer.exit, 2);
    assert!(
        answer.stderr.contains("wrong way round"),
        "{}",
        answer.text()
    );
    assert!(answer.stdout.is_empty());
    let blind = topoplan(&[
        "pair",
        "--replicas",
        &masters,
        "--masters",
        &slaves,
        "--force",
    ]);
    assert!(
        blind.stdout.contains("no capture was given"),
        "{}",
        blind.text()
    );
}

#[test]
fn a_line_that_does_not_fit_is_named_and_left_out() {
    let scratch = Scratch::new("pair-odd");
    let (_, masters) = lists(&scratch);
    let odd = "127.0.0.1:18202\n127.0.0.1:18250 # serves\n127.0.0.1:9\nx y\n127.0.0.1:18202\n";
    let slaves = scratch.put("slaves", odd);
    let slaves = slaves.to_str().expect("a plain path");
    let answer = topoplan(&[
        "pair",
        "--replicas",
        slaves,
        "--masters",
        &masters,
        RUNBOOK,
        "--force",
    ]);
    assert_eq!(answer.exit, 1, "{}", answer.text());
    for line in [2, 3, 4, 5] {
        let place = format!("slaves:{line}: ");
        assert!(answer.stderr.contains(&place), "{line}\n{}", answer.text());
    }
    assert_eq!(
        answer.stdout.matches("do-replicate").count(),
        1,
        "{}",
        answer.text()
    );
    assert!(
        answer.stdout.contains("left without a replica"),
        "{}",
        answer.text()
    );
    let needs = topoplan(&[
        "pair",
        "--replicas",
        slaves,
        "--masters",
        &masters,
        "--tool",
        "redis-cli",
    ]);
    assert_eq!(needs.exit, 2);
}
