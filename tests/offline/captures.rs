//! Captures of real broken clusters against what their makers know to be true.
//!
//! They lie in `../shared/captures` beside the repository, and are too large to be part of it.
//! Without them this test says so and has nothing to judge. Every complaint names its capture;
//! all captures are judged before the test fails.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use topoplan::model::SlotSet;

use crate::common::topoplan;

type Texts = BTreeSet<String>;

/// One capture, its truth, and what is wrong with our answers.
struct Case {
    name: String,
    capture: PathBuf,
    truth: Value,
    complaints: Vec<String>,
}

#[test]
fn judges_real_captures_right() {
    let Some(mut cases) = cases() else {
        say("no captures beside the repository: nothing to judge");
        return;
    };
    let total = cases.len();
    assert!(total > 0, "the directory of captures is empty");
    for case in &mut cases {
        judge(case);
    }
    let wrong: Vec<&Case> = cases.iter().filter(|c| !c.complaints.is_empty()).collect();
    say(&format!(
        "captures judged right: {} of {total}",
        total - wrong.len()
    ));
    let text: Vec<String> = wrong
        .iter()
        .map(|c| format!("{}:\n  {}", c.name, c.complaints.join("\n  ")))
        .collect();
    assert!(text.is_empty(), "\n{}", text.join("\n"));
}

/// To the real standard error, as the harness hides what a test that passes prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn cases() -> Option<Vec<Case>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("truth.json").is_file())
        .collect();
    folders.sort();
    let case = |folder: &PathBuf| {
        let text = fs::read_to_string(folder.join("truth.json")).expect("it was seen");
        Case {
            name: folder
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            capture: folder.join("capture"),
            truth: serde_json::from_str(&text).expect("truth is JSON"),
            complaints: Vec::new(),
        }
    };
    Some(folders.iter().map(case).collect())
}

fn judge(case: &mut Case) {
    let report = case.answer("check", &[]);
    let Some((exit, check)) = report else { return };
    let errors = check["summary"]["errors"].as_u64().unwrap_or(u64::MAX);
    case.same("exit of check", &u64::from(errors > 0), &u64::from(exit));
    if case.is_split() {
        judge_split(case, &check);
        return;
    }
    judge_findings(case, &check);
    judge_distribution(case, &check);
    judge_plan(case);
}

/// Each side was captured while the other was stopped, so every node speaks for itself: nobody
/// is dead, and the only question is who owns what both sides claim.
fn judge_split(case: &mut Case, check: &Value) {
    let claimed = slots([text(&case.truth["sides"]["claimed_on_both_sides"])]);
    let contested = slots(of_code(check, "S002").map(|f| text(&f["subject"]["slots"])));
    case.same("S002", &claimed, &contested);
    let none = Texts::new();
    for code in ["M001", "M003", "M004", "M007", "R007", "R009", "P001"] {
        case.same(code, &none, &by(check, &[code], "id"));
    }
    for code in ["S001", "S003"] {
        case.same(code, &none, &by(check, &[code], "slots"));
    }
    // The majority's owners win once the sides talk again.
    let majority = case.truth["sides"]["majority"].clone();
    let ids = |list: &str| set(items(&majority[list]).map(|x| text(&x["id"])));
    case.same("P009", &ids("failovered"), &by(check, &["P009"], "id"));
    let orphans = by(check, &["R001"], "id");
    let stray: Texts = orphans
        .difference(&ids("orphan_masters"))
        .cloned()
        .collect();
    case.same("R001 that no side has", &none, &stray);
    let Some((exit, plan)) = case.answer("plan", &[]) else {
        return;
    };
    case.same("exit of plan", &3, &exit);
    case.same(
        "steps of a refused plan",
        &0,
        &items(&plan["steps"]).count(),
    );
    if plan["refused"].is_null() {
        case.complain("the refused plan does not say why");
    }
}

/// Both ways: what is true is found, and nothing else is.
fn judge_findings(case: &mut Case, check: &Value) {
    let found = case.truth["findings"].clone();
    let ids = |list: &str| set(items(&found[list]).map(|x| text(&x["id"])));
    let addresses = |list: &str, field: &str| set(items(&found[list]).map(|x| text(&x[field])));
    case.same("M001", &ids("noaddr"), &by(check, &["M001"], "id"));
    case.same("dead", &ids("dead"), &by(check, &["M001", "M003"], "id"));
    case.same("M004", &half_forgotten(&found), &by(check, &["M004"], "id"));
    case.same(
        "M007",
        &addresses("not_members", "addr"),
        &by(check, &["M007"], "address"),
    );
    case.same("R001", &ids("orphan_masters"), &by(check, &["R001"], "id"));
    case.same(
        "R007",
        &addresses("chains", "replica"),
        &by(check, &["R007"], "address"),
    );
    // Where no slot is assigned at all there is no shard to copy: S001 says it once.
    let slotless = match text(&found["uncovered_slots"]).as_str() {
        "0-16383" => Texts::new(),
        _ => ids("no_slot_masters"),
    };
    case.same("R009", &slotless, &by(check, &["R009"], "id"));
    case.same(
        "P001",
        &addresses("same_host_pairs", "replica"),
        &by(check, &["P001"], "address"),
    );
    let mut away = ids("failovered");
    away.extend(ids("failbacked"));
    case.same("P009", &away, &by(check, &["P009"], "id"));
    let uncovered = slots([text(&found["uncovered_slots"])]);
    case.same(
        "S001",
        &uncovered,
        &slots(of_code(check, "S001").map(|f| text(&f["subject"]["slots"]))),
    );
    let contested = slots([text(&found["double_claimed"])]);
    case.same(
        "S002",
        &contested,
        &slots(of_code(check, "S002").map(|f| text(&f["subject"]["slots"]))),
    );
    let open = of_code(check, "S003").map(|f| {
        let subject = &f["subject"];
        format!("{} {}", text(&subject["address"]), text(&subject["slots"]))
    });
    case.same("S003", &open_slots(&found), &set(open));
    if case.name.contains("healthy") {
        let severe = items(&check["findings"])
            .filter(|f| f["severity"] != "note")
            .map(|f| text(&f["code"]));
        case.same("errors and warnings", &Texts::new(), &set(severe));
    }
}

/// Dead ids that some live members list and others do not, or that came back by gossip after a
/// FORGET: then as a replica without a master. A ghost is different: who joined later never
/// learned of it.
fn half_forgotten(found: &Value) -> Texts {
    let live = found["live"].as_u64().unwrap_or(0);
    let half = |x: &&Value| {
        let missed = x["seen_by"].as_u64().unwrap_or(0) < live;
        let returned = x["role"] == "replica" && x["master"].is_null();
        x["noaddr"] == false && (missed || returned)
    };
    set(items(&found["dead"]).filter(half).map(|x| text(&x["id"])))
}

/// `address slot` of `[4748->-ID]` and `[4748-<-ID]`.
fn open_slots(found: &Value) -> Texts {
    set(items(&found["open_slots"]).map(|open| {
        let bracket = text(&open["slot"]);
        let slot: String = bracket
            .chars()
            .filter_map(|c| match c {
                '[' => None,
                other => Some(other),
            })
            .take_while(char::is_ascii_digit)
            .collect();
        format!("{} {slot}", text(&open["addr"]))
    }))
}

fn judge_distribution(case: &mut Case, check: &Value) {
    let count = |v: &Value| v.as_u64().unwrap_or(u64::MAX);
    let hosts = case.truth["findings"]["hosts"].as_object().into_iter();
    let hosts: Vec<(&String, &Value)> = hosts.flatten().collect();
    // A replica of a slotless master copies nothing: a spare to us, a replica in its own words.
    let nothing_served = hosts.iter().all(|(_, h)| count(&h["masters"]) == 0);
    let mut truth = BTreeMap::new();
    for (host, there) in hosts {
        let (masters, replicas) = (count(&there["masters"]), count(&there["replicas"]));
        let idle = count(&there["no_slot_masters"]) + count(&there["not_members"]);
        let loads = if nothing_served {
            (masters, 0, idle + replicas)
        } else {
            (masters, replicas, idle)
        };
        truth.insert(host.clone(), loads);
    }
    let ours = |report: &Value| -> BTreeMap<String, (u64, u64, u64)> {
        let load = |h: &Value| {
            (
                count(&h["masters"]),
                count(&h["replicas"]),
                count(&h["spares"]),
            )
        };
        items(report).map(|h| (text(&h["host"]), load(h))).collect()
    };
    case.same("distribution", &truth, &ours(&check["distribution"]));
}

fn judge_plan(case: &mut Case) {
    let Some((exit, plan)) = case.answer("plan", &[]) else {
        return;
    };
    case.same("exit of plan", &0, &exit);
    let open = items(&case.truth["findings"]["open_slots"]).count() > 0;
    let expected = if open || case.name.starts_with("empty-cluster") {
        // A slot move may be going on, and who gets slots that nobody ever had is not ours.
        0
    } else {
        fewest_actions(&case.truth)
    };
    case.same("steps", &expected, &items(&plan["steps"]).count());
    judge_goal(case, &plan);
    if open {
        judge_settling(case);
    }
}

/// The reference plan's commands with one action per forgotten id, however many nodes are told.
fn fewest_actions(truth: &Value) -> usize {
    let commands = items(&truth["reference_plan"]).map(text);
    let commands: Vec<String> = commands.filter(|c| c.starts_with("redis-cli")).collect();
    let forgotten = commands
        .iter()
        .filter_map(|c| c.split_once(" cluster forget "));
    let ids: BTreeSet<&str> = forgotten.map(|(_, id)| id).collect();
    let others = commands.iter().filter(|c| !c.contains(" cluster forget "));
    others.count() + ids.len()
}

/// What may legitimately remain at the end.
fn judge_goal(case: &mut Case, plan: &Value) {
    let goal = case.truth["goal"].clone();
    if goal.as_object().is_none_or(|g| g.is_empty()) || case.name.starts_with("empty-cluster") {
        return;
    }
    let allowed = |field: &str| goal[field].as_u64().unwrap_or(0) as usize;
    let left = |code: &str| {
        let remaining = items(&plan["remaining"]);
        remaining.filter(|f| f["code"] == code).count()
    };
    case.same("R001 at the end", &allowed("orphan_masters"), &left("R001"));
    case.same("M003 at the end", &allowed("dead"), &left("M003"));
    case.same("M001 at the end", &0, &left("M001"));
    if goal["masters"] == "initial" {
        let masters = |v: &Value| v.as_u64().unwrap_or(u64::MAX);
        let initial: BTreeMap<String, u64> = case.truth["initial_masters_per_host"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(host, n)| (host.clone(), masters(n)))
            .collect();
        let after = items(&plan["after"]).map(|h| (text(&h["host"]), masters(&h["masters"])));
        case.same("masters at the end", &initial, &after.collect());
    }
}

/// Closing is planned on request where a slot is open at one end; at both ends keys may be on
/// both, and the move is finished.
fn judge_settling(case: &mut Case) {
    let Some((_, plan)) = case.answer("plan", &["--settle-slots"]) else {
        return;
    };
    let migrating = |o: &Value| text(&o["slot"]).contains("->-");
    let open = case.truth["findings"]["open_slots"].clone();
    let both = items(&open).any(migrating) && !items(&open).all(migrating);
    let (action, expected) = if both {
        ("migrate-slots", 1)
    } else {
        let least = case.truth["expected_min_commands"].as_u64();
        ("set-slot", least.unwrap_or(0) as usize)
    };
    let settling = items(&plan["steps"]).filter(|step| step["action"] == action);
    case.same("steps that settle slots", &expected, &settling.count());
    let all = items(&plan["steps"]).count();
    case.same("steps with --settle-slots", &expected, &all);
}

impl Case {
    fn is_split(&self) -> bool {
        !self.truth["sides"].is_null()
    }

    /// Exit code and JSON of one command.
    fn answer(&mut self, command: &str, flags: &[&str]) -> Option<(u8, Value)> {
        let capture = self.capture.to_string_lossy().into_owned();
        let mut args = vec![command, &capture, "--format", "json"];
        args.extend(flags);
        let answer = topoplan(&args);
        match serde_json::from_str(&answer.stdout) {
            Ok(value) => Some((answer.exit, value)),
            Err(error) => {
                self.complain(&format!(
                    "{command} gives no JSON: {error}; {}",
                    answer.stderr
                ));
                None
            }
        }
    }

    fn complain(&mut self, text: &str) {
        self.complaints.push(text.to_owned());
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, truth: &T, ours: &T) {
        if truth != ours {
            self.complain(&format!("{what}: true is {truth:?}, found is {ours:?}"));
        }
    }
}

fn of_code<'a>(report: &'a Value, code: &'a str) -> impl Iterator<Item = &'a Value> {
    items(&report["findings"]).filter(move |f| f["code"] == code)
}

/// A field of the subjects of all findings of these codes.
fn by(report: &Value, codes: &[&str], field: &str) -> Texts {
    set(codes
        .iter()
        .flat_map(|code| of_code(report, code))
        .map(|f| text(&f["subject"][field])))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("(null)").to_owned()
}

fn set(texts: impl Iterator<Item = String>) -> Texts {
    texts.collect()
}

/// The union of slot lists such as `0-100,7`, printed alike for alike sets.
fn slots(lists: impl IntoIterator<Item = String>) -> String {
    let mut union = SlotSet::new();
    for range in lists.into_iter().flat_map(|l| ranges(&l)) {
        union.insert_range(range.0, range.1);
    }
    union.to_string()
}

fn ranges(list: &str) -> Vec<(u16, u16)> {
    let number = |text: &str| text.trim().parse().expect("a slot number");
    list.split([',', ' '])
        .filter(|range| !range.is_empty())
        .map(|range| match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), number(range)),
        })
        .collect()
}
