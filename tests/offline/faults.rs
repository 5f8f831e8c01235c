//! Made-up captures that once got a wrong answer, each with what the right one must and must not say.
//!
//! `tests/faults/<kind>/expect.json` holds the expectations of a kind: a command line, the exit codes that are right, and
//! conditions on the answer. Every command runs twice, for its text and for its JSON.

use std::fs;
use std::path::Path;

use fancy_regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::common::topoplan;

/// One command line and what holds of its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    #[allow(
        dead_code,
        reason = "the kind is the directory's; it stands there for readers"
    )]
    kind: Option<String>,
    args: Vec<String>,
    exit: Vec<u8>,
    must: Vec<Claim>,
    #[serde(default)]
    must_not: Vec<Claim>,
    why: String,
}

/// A condition, and how many times it may be met at most.
#[derive(Deserialize)]
struct Claim {
    #[serde(flatten)]
    condition: Condition,
    at_most: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Condition {
    Any(Vec<Claim>),
    All(Vec<Claim>),
    /// A pattern in either stream of the text answer.
    Text(String),
    /// A pattern in why a plan is refused.
    Refused(String),
    PlanSteps(usize),
    /// Fields of an entry of the JSON list of that name.
    Finding(serde_json::Map<String, Value>),
    Diagnostic(serde_json::Map<String, Value>),
    Action(serde_json::Map<String, Value>),
    Distribution(serde_json::Map<String, Value>),
    Summary(serde_json::Map<String, Value>),
}

/// Both forms of one answer.
struct Answer {
    exit: u8,
    text: String,
    /// What was said on standard error beside the JSON.
    talk: String,
    json: Value,
}

fn matches(pattern: &str, text: &str) -> bool {
    let pattern = Regex::new(pattern).unwrap_or_else(|e| panic!("`{pattern}`: {e}"));
    pattern
        .is_match(text)
        .expect("no pattern here backtracks far")
}

/// The texts of an entry that a person reads as one.
fn words(entry: &Value) -> String {
    let of = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    format!("{}\n{}", of("message"), of("help"))
}

/// Whether a field of an entry is what is asked for: one of a list, or a pattern for texts.
fn is(entry: &Value, name: &str, wanted: &Value) -> bool {
    let place = || entry["evidence"].get(0).unwrap_or(entry);
    let subject = || entry.get("subject").unwrap_or(entry);
    match (name, wanted) {
        ("tell", wanted) => entry["tell"] == *wanted,
        (_, Value::Array(any)) => any.iter().any(|w| is(entry, name, w)),
        ("text", Value::String(pattern)) => matches(pattern, &words(entry)),
        ("severity", Value::String(any)) if any == "any" => true,
        ("severity", Value::String(one)) => one.split('|').any(|s| entry["severity"] == *s),
        ("line", line) => {
            place()["line"] == *line
                || entry["evidence"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|e| e["line"] == *line))
        }
        // A diagnostic may be named without its family.
        ("code", Value::String(code)) => entry["code"]
            .as_str()
            .is_some_and(|own| own.rsplit('/').next() == Some(code) || own == code),
        ("action" | "mode" | "masters" | "replicas" | "spares", w) => entry[name] == *w,
        ("id" | "target", Value::String(start)) => {
            let own = entry["subject"].get("id").or_else(|| entry.get(name));
            own.and_then(Value::as_str)
                .is_some_and(|id| id.starts_with(start.as_str()))
        }
        ("address" | "slots" | "host", w) => match subject().get(name) {
            Some(value) => value == w,
            None => entry[name] == *w,
        },
        (_, w) => entry.get(name).unwrap_or(&Value::Null) == w,
    }
}

fn count(list: &Value, fields: &serde_json::Map<String, Value>) -> usize {
    let entries = list.as_array().map_or(&[][..], Vec::as_slice);
    let fits = |entry: &&Value| fields.iter().all(|(name, wanted)| is(entry, name, wanted));
    entries.iter().filter(fits).count()
}

impl Answer {
    fn of(dir: &Path, args: &[String]) -> Self {
        // Relative arguments that name something in the directory of the kind.
        let args: Vec<String> = args
            .iter()
            .map(|a| {
                let inside = dir.join(a);
                if inside.exists() {
                    inside.to_string_lossy().into_owned()
                } else {
                    a.clone()
                }
            })
            .collect();
        let text = topoplan(&args);
        let json = topoplan(&[&args[..], &["--format".to_owned(), "json".to_owned()]].concat());
        assert_eq!(
            text.exit, json.exit,
            "{args:?}: the form of an answer changes its exit code"
        );
        Self {
            exit: text.exit,
            text: text.text(),
            talk: json.stderr,
            json: serde_json::from_str(&json.stdout).unwrap_or(Value::Null),
        }
    }

    /// How many times it meets a condition.
    fn meets(&self, condition: &Condition) -> usize {
        match condition {
            Condition::Any(any) => usize::from(any.iter().any(|c| self.holds(c))),
            Condition::All(all) => usize::from(all.iter().all(|c| self.holds(c))),
            Condition::Text(pattern) => usize::from(matches(pattern, &self.text)),
            Condition::Refused(pattern) => {
                let refusals = self.json["refusals"].as_array();
                let said: String = refusals
                    .into_iter()
                    .flatten()
                    .map(|r| format!("{}: {}\n", r["subject"], r["reason"]))
                    .collect();
                let whole = self.json["refused"].as_str().unwrap_or_default();
                usize::from(matches(pattern, &format!("{whole}\n{said}{}", self.talk)))
            }
            Condition::PlanSteps(n) => {
                let steps = self.json["steps"].as_array().map_or(0, Vec::len);
                usize::from(steps == *n)
            }
            Condition::Finding(fields) => count(&self.json["findings"], fields),
            Condition::Diagnostic(fields) => count(&self.json["diagnostics"], fields),
            Condition::Action(fields) => count(&self.json["steps"], fields),
            Condition::Distribution(fields) => {
                let plan = count(&self.json["before"], fields);
                count(&self.json["distribution"], fields).max(plan)
            }
            Condition::Summary(fields) => {
                let summary = &self.json["summary"];
                usize::from(fields.iter().all(|(name, wanted)| summary[name] == *wanted))
            }
        }
    }

    fn holds(&self, claim: &Claim) -> bool {
        let met = self.meets(&claim.condition);
        claim.at_most.map_or(met > 0, |most| met <= most)
    }
}

/// What is wrong with the answer to one expectation.
fn complaints(dir: &Path, e: &Expectation) -> Vec<String> {
    let answer = Answer::of(dir, &e.args);
    let mut wrong = Vec::new();
    if !e.exit.contains(&answer.exit) {
        wrong.push(format!("exit {}, not {:?}", answer.exit, e.exit));
    }
    for (n, claim) in e.must.iter().enumerate() {
        if !answer.holds(claim) {
            wrong.push(format!("must {} does not hold", n + 1));
        }
    }
    for (n, claim) in e.must_not.iter().enumerate() {
        if answer.holds(claim) {
            wrong.push(format!("must_not {} holds", n + 1));
        }
    }
    wrong
}

#[test]
fn every_answer_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let open = fs::read_to_string(root.join("open.txt")).unwrap_or_default();
    let mut open: Vec<&str> = open.lines().filter(|l| !l.is_empty()).collect();
    let mut kinds: Vec<_> = fs::read_dir(&root)
        .expect("the faults are there")
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| path.is_dir())
        .collect();
    kinds.sort();
    let (mut wrong, mut run) = (String::new(), 0);
    for dir in &kinds {
        let kind = dir.file_name().expect("it has a name").to_string_lossy();
        let text = fs::read_to_string(dir.join("expect.json")).expect("it is readable");
        let all: Vec<Expectation> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{kind}: {e}"));
        for (n, expectation) in all.iter().enumerate() {
            run += 1;
            let name = format!("{} {}: {}", &kind[..2], n + 1, expectation.args.join(" "));
            let said = complaints(dir, expectation);
            let known = open.iter().position(|o| *o == name).map(|i| open.remove(i));
            match (said.is_empty(), known) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(_)) => wrong += &format!("{name}: right now, so not open any more\n"),
                (false, None) => {
                    wrong += &format!("{name}: {}; {}\n", said.join(", "), expectation.why);
                }
            }
        }
    }
    for left in open {
        wrong += &format!("{left}: no such expectation\n");
    }
    assert!(run > 100, "only {run} expectations were found");
    assert!(wrong.is_empty(), "{wrong}");
}
