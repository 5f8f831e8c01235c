//! What `verify` says of plan files: of ours nothing, of every changed one what was changed.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::command_line::json;
use crate::common::Scratch;
use crate::common::topoplan;
use crate::common::topoplan_with;

/// A capture of every sample.
fn samples() -> Vec<PathBuf> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let entries = fs::read_dir(dir).expect("the samples");
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.expect("an entry").path().join("capture"))
        .collect();
    paths.sort();
    assert!(paths.len() > 30);
    paths
}

/// The plan file of a sample.
fn plan_of(sample: &str, flags: &[&str]) -> Value {
    let capture = format!("{}/samples/{sample}/capture", env!("CARGO_MANIFEST_DIR"));
    let mut args = vec!["plan", &capture, "--format", "json"];
    args.extend(flags);
    json(&topoplan(&args))
}

fn verified(plan: &Value) -> (u8, Value, String) {
    let text = plan.to_string();
    let answer = topoplan_with(&["verify", "-", "--format", "json"], text.as_bytes());
    let shown = topoplan_with(&["verify", "-"], text.as_bytes());
    assert_eq!(answer.exit, shown.exit, "{}", shown.text());
    (answer.exit, json(&answer), shown.text())
}

/// The plan with the id that its content has now: whoever edits it may do that, too.
fn with_its_id(mut plan: Value) -> Value {
    let (_, report, _) = verified(&plan);
    if let Some(id) = report.get("content_id") {
        plan["plan_id"] = id.clone();
    }
    plan
}

/// Fields that do not fit.
fn flaws(report: &Value) -> Vec<String> {
    let flaws = report["flaws"].as_array().into_iter().flatten();
    let field = |f: &Value| f["field"].as_str().expect("a field").to_owned();
    flaws.map(field).collect()
}

#[test]
fn what_plan_writes_is_verified() {
    let mut steps = 0;
    for capture in samples() {
        let capture = capture.to_str().expect("UTF-8");
        if crate::tablets::is_sample_of_tablets(capture) {
            continue;
        }
        for flag in ["--keep-spares", "--allow-moves", "--forget-dead"] {
            let plan = json(&topoplan(&["plan", capture, flag, "--format", "json"]));
            steps += plan["steps"].as_array().map_or(0, Vec::len);
            let (exit, report, text) = verified(&plan);
            assert_eq!(
                (exit, flaws(&report)),
                (0, vec![]),
                "{capture} {flag} {text}"
            );
            assert_eq!(report["verdict"], "verified");
        }
    }
    assert!(steps > 100, "{steps}");
}

#[test]
fn plan_files_of_the_first_version_are_verified() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offline/plans");
    let files = fs::read_dir(dir).expect("the folder is there");
    for file in files.map(|f| f.expect("an entry").path()) {
        let answer = topoplan(&[std::ffi::OsStr::new("verify"), file.as_os_str()]);
        assert_eq!(answer.exit, 0, "{}", answer.text());
    }
}

/// The ways to every number, text and truth value below.
fn leaves(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &format!("{way}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                leaves(value, &format!("{way}/{at}"), found);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(way.to_owned()),
    }
}

fn change(value: &mut Value) {
    *value = match value {
        Value::Bool(is) => json!(!*is),
        Value::Number(number) => json!(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => json!(format!("{text}0")),
        Value::Null | Value::Array(_) | Value::Object(_) => panic!("no leaf"),
    };
}

#[test]
fn a_plan_that_was_changed_anywhere_is_refused() {
    let mut changed = 0;
    for sample in ["skewed-masters", "host-lost", "reborn-replicas"] {
        let plan = plan_of(sample, &[]);
        let mut ways = Vec::new();
        for part in [
            "objective",
            "certificate",
            "steps",
            "seconds",
            "cluster",
            "groups",
        ] {
            leaves(&plan[part], &format!("/{part}"), &mut ways);
        }
        for way in ways.iter().step_by(7) {
            let mut other = plan.clone();
            change(other.pointer_mut(way).expect("it was found there"));
            let answer = topoplan_with(&["verify", "-"], other.to_string().as_bytes());
            assert_eq!(answer.exit, 2, "{sample} {way}: {}", answer.text());
            let named = ["plan_id", "not a plan file"];
            let text = answer.text();
            assert!(named.iter().any(|n| text.contains(n)), "{way}: {text}");
            changed += 1;
        }
    }
    assert!(changed > 100, "{changed}");
}

#[test]
fn a_value_or_bound_is_refused_though_the_id_was_made_anew() {
    for sample in ["skewed-masters", "reborn-replicas", "pairs-on-one-host"] {
        let plan = plan_of(sample, &[]);
        let levels = plan["objective"].as_array().expect("levels").clone();
        for (at, level) in levels.iter().enumerate() {
            for field in ["value", "bound"] {
                for by in [-1, 1] {
                    let mut other = plan.clone();
                    let number = level[field].as_i64().expect("a number") + by;
                    other["objective"][at][field] = json!(number);
                    let (exit, report, _) = verified(&with_its_id(other));
                    let found = flaws(&report);
                    let name = level["level"].as_str().expect("a name");
                    assert_eq!(exit, 2, "{sample} {name}.{field}");
                    assert_ne!(found[0], "plan_id");
                    let here = format!("objective.{name}.");
                    assert!(found.iter().all(|f| f.starts_with(&here)), "{found:?}");
                }
            }
        }
    }
}

#[test]
fn a_value_is_refused_though_its_bound_was_changed_with_it() {
    let plan = plan_of("skewed-masters", &[]);
    let proven = [
        "over-host",
        "failovers",
        "actions",
        "risk",
        "serve",
        "sync-mib",
    ];
    for name in proven {
        let mut other = plan.clone();
        let levels = other["objective"].as_array_mut().expect("levels");
        let level = levels.iter_mut().find(|l| l["level"] == name);
        let level = level.unwrap_or_else(|| panic!("{name}"));
        for field in ["value", "bound"] {
            level[field] = json!(level[field].as_i64().expect("a number") + 1);
        }
        let (exit, report, _) = verified(&with_its_id(other));
        assert_eq!(exit, 2, "{name}");
        let field = format!("objective.{name}.value");
        assert!(flaws(&report).contains(&field), "{report}");
    }
}

#[test]
fn prices_and_steps_are_refused_though_the_id_was_made_anew() {
    let plan = plan_of("skewed-masters", &[]);
    let refused = |other: Value, way: &str| {
        let (exit, report, text) = verified(&with_its_id(other));
        assert_eq!(exit, 2, "{way}: {text}");
        assert!(!flaws(&report).contains(&"plan_id".to_owned()), "{way}");
        flaws(&report)
    };
    let mut without = plan.clone();
    without["certificate"]["prices"] = json!([]);
    assert!(!refused(without, "no prices").is_empty());
    let way = "/certificate/problem/classes/0/0";
    let mut other = plan.clone();
    change(other.pointer_mut(way).unwrap_or_else(|| panic!("{way}")));
    assert!(!refused(other, way).is_empty());
    for field in [
        "id",
        "key",
        "node",
        "target",
        "slots",
        "address",
        "target_address",
    ] {
        let mut other = plan.clone();
        let way = format!("/steps/0/{field}");
        let value = other.pointer_mut(&way).expect("a failover has it");
        match field {
            "slots" => *value = json!("0-1"),
            _ => change(value),
        }
        let found = refused(other, &way);
        assert!(found[0].starts_with("step 1"), "{field}: {found:?}");
    }
    let mut twice = plan.clone();
    let first = twice["steps"][0].clone();
    twice["steps"].as_array_mut().expect("steps").push(first);
    assert!(
        refused(twice, "a step twice")
            .iter()
            .any(|f| f.ends_with(": id"))
    );
    let mut swapped = plan.clone();
    swapped["steps"][0]["after"] = json!([2]);
    assert_eq!(refused(swapped, "order"), ["step 1: after"]);
}

#[test]
fn numbers_that_no_cluster_has_are_refused_and_not_added_up() {
    let plan = plan_of("reborn-replicas", &[]);
    let mut ways = Vec::new();
    leaves(&plan["certificate"], "/certificate", &mut ways);
    let mut tried = 0;
    for way in ways.iter().step_by(3) {
        for number in [i64::MAX, i64::MIN, -1, 1 << 40] {
            let mut other = plan.clone();
            let value = other.pointer_mut(way).expect("it was found there");
            if !value.is_number() || *value == json!(number) {
                continue;
            }
            *value = json!(number);
            // Whatever it says: there is an answer.
            let answer = topoplan_with(&["verify", "-"], other.to_string().as_bytes());
            assert_eq!(answer.exit, 2, "{way} {number}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
    let mut ownerless = plan.clone();
    ownerless["certificate"]["problem"]["classes"][0][2] = json!([]);
    let (_, report, _) = verified(&ownerless);
    assert!(report.to_string().contains("seat 0"), "{report}");
}

#[test]
fn no_byte_of_a_file_reaches_the_terminal_as_it_is() {
    let mut plan = plan_of("skewed-masters", &[]);
    let odd = "\u{1b}[31m\u{202e}\u{9b}x\n";
    plan["plan_id"] = json!(odd);
    plan["steps"][0]["node"] = json!(odd);
    plan["steps"][0]["tell"] = json!([odd]);
    plan["cluster"]["members"][0]["slots"] = json!(odd);
    let text = plan.to_string();
    for format in ["text", "json"] {
        let args = ["verify", "-", "--format", format];
        let shown = topoplan_with(&args, text.as_bytes());
        assert_eq!(shown.exit, 2);
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!shown.text().contains(raw), "{}", shown.text());
    }
}

#[test]
fn what_is_no_plan_file_is_said_to_be_none() {
    let scratch = Scratch::new("verify");
    for text in ["", "{}", "[]", "{\"schema_version\": 3}", "null", "\u{0}"] {
        let file = scratch.put("plan.json", text);
        let answer = topoplan(&[std::ffi::OsStr::new("verify"), file.as_os_str()]);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""), "{text:?}");
        assert!(
            answer.stderr.contains("not a plan file"),
            "{}",
            answer.stderr
        );
    }
}

#[test]
fn what_slots_and_restarts_come_to_is_counted_again() {
    // What is to move is there already.
    let there = [
        "--move",
        "0-99",
        "--from",
        "10.0.0.2:7000",
        "--to",
        "10.0.0.1:7000",
    ];
    let asked: [(&str, &[&str], &str); 7] = [
        ("fourth-master", &there, "reshard"),
        ("fourth-master", &["--join", "10.0.0.4:7000"], "reshard"),
        ("fourth-master", &["--shards", "4"], "reshard"),
        (
            "uneven-slots",
            &["--balance-slots", "--within", "20%"],
            "reshard",
        ),
        ("blank-nodes", &["--create"], "reshard"),
        ("healthy-six-nodes", &["--restart", "all"], "restart"),
        (
            "healthy-six-nodes",
            &["--restart", "host:host-1"],
            "restart",
        ),
    ];
    for (sample, flags, part) in asked {
        let plan = plan_of(sample, flags);
        let (exit, report, text) = verified(&plan);
        assert_eq!((exit, flaws(&report)), (0, vec![]), "{sample} {text}");
        let names = match part {
            "reshard" => ["moved", "moved_bound", "pairs", "pairs_bound"],
            _ => ["processes", "failovers_bound", "waves", "waves_bound"],
        };
        for name in names {
            let mut other = plan.clone();
            let number = other[part][name].as_i64().expect("a number");
            other[part][name] = json!(number + 1);
            let (exit, report, _) = verified(&with_its_id(other));
            let field = format!("{part}.{name}");
            assert_eq!(exit, 2, "{sample} {flags:?} {field}");
            assert!(flaws(&report).contains(&field), "{field}: {report}");
        }
        for at in 0..plan["steps"].as_array().map_or(0, Vec::len) {
            let mut other = plan.clone();
            other["steps"].as_array_mut().expect("steps").remove(at);
            let (exit, _, text) = verified(&with_its_id(other));
            assert_eq!(
                exit,
                2,
                "{sample} {flags:?} without step {}: {text}",
                at + 1
            );
        }
    }
}

#[test]
fn no_forged_bound_of_an_order_of_hosts_is_believed() {
    let plan = plan_of("healthy-six-nodes", &["--restart", "all", "--unit", "host"]);
    let (exit, report, text) = verified(&plan);
    assert_eq!((exit, flaws(&report)), (0, vec![]), "{text}");
    let told = &plan["restart"];
    assert_eq!(
        (&told["failovers"], &told["failovers_bound"]),
        (&json!(5), &json!(5))
    );
    assert_eq!(
        (&told["waves"], &told["waves_bound"]),
        (&json!(3), &json!(3))
    );
    for name in ["failovers", "failovers_bound", "waves", "waves_bound"] {
        for by in [-1, 1] {
            let mut other = plan.clone();
            let number = other["restart"][name].as_i64().expect("a number");
            other["restart"][name] = json!(number + by);
            let (exit, report, _) = verified(&with_its_id(other));
            let field = format!("restart.{name}");
            assert_eq!(exit, 2, "{field} {by}");
            assert!(
                flaws(&report).iter().any(|f| f.starts_with("restart.")),
                "{report}"
            );
        }
    }
    // Nor what it is added up from, where that makes a difference to the sum.
    let forge = |with: &dyn Fn(&mut Value)| {
        let mut other = plan.clone();
        with(&mut other["restart"]["order"]);
        verified(&with_its_id(other)).0
    };
    assert_eq!(forge(&|order| order["prices"] = json!([])), 2);
    assert_eq!(forge(&|order| order["stands"][0]["share"] = json!(0)), 2);
    assert_eq!(forge(&|order| order["stands"][0]["share"] = json!(2)), 2);
    assert_eq!(
        forge(&|order| {
            order["shards"][0]["copies"][1]["place"] = json!(null);
        }),
        2
    );
    assert_eq!(
        forge(&|order| {
            order["shards"].as_array_mut().expect("shards").remove(0);
        }),
        2
    );
    assert_eq!(forge(&|order| order["places"][0] = json!("elsewhere")), 2);
    let twice = |order: &mut Value| {
        let first = order["places"][0].clone();
        order["places"].as_array_mut().expect("places").push(first);
    };
    assert_eq!(forge(&twice), 2);
    let mut other = plan.clone();
    other["restart"]["order"] = json!(null);
    assert_eq!(verified(&with_its_id(other)).0, 2);
}
