//! The contract of the command line: exit codes, streams, files.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use topoplan::cli;

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::dump;
use crate::common::put_views;
use crate::common::topoplan;
use crate::common::topoplan_with;

/// A capture with one error: a replica runs on its master's host.
fn broken(scratch: &Scratch) -> String {
    for node in 0..6 {
        // The first replica goes from the second host to the first one, its master's.
        let text = dump('a', "10.0.0", node).replace("10.0.0.2:7001@17001", "10.0.0.1:7009@17009");
        scratch.put(&format!("capture/view{node}.txt"), text);
    }
    scratch.path().join("capture").display().to_string()
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|e| panic!("{e}\n{}", answer.text()))
}

#[test]
fn check_exits_by_its_findings() {
    let scratch = Scratch::new("exits");
    let capture = broken(&scratch);
    let answer = topoplan(&["check", &capture]);
    assert_eq!(answer.exit, 1, "{}", answer.text());
    assert!(answer.stdout.contains("P001"), "{}", answer.text());
    put_views(&scratch, "healthy/view", 'a', "10.0.0");
    let healthy = scratch.path().join("healthy").display().to_string();
    for level in ["error", "warning", "note"] {
        assert_eq!(topoplan(&["check", &capture, "--fail-on", level]).exit, 1);
        assert_eq!(topoplan(&["check", &healthy, "--fail-on", level]).exit, 0);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let scratch = Scratch::new("bytes");
    let capture = broken(&scratch);
    for line in [
        &["check", &capture][..],
        &["plan", &capture, "--format", "json"],
        &["impact", &capture, "--each", "host"],
    ] {
        let (first, second) = (topoplan(line), topoplan(line));
        assert!(first.exit <= 1, "{line:?}: {}", first.text());
        assert_eq!(first.text(), second.text(), "{line:?}");
    }
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let scratch = Scratch::new("json");
    let capture = broken(&scratch);
    for line in [
        &["check", &capture, "--format", "json"][..],
        &["plan", &capture, "--format", "json"],
        &["impact", &capture, "--each", "node", "--format", "json"],
        &["explain", "P001", "--format", "json"],
        &["docs", "schema"],
    ] {
        assert!(json(&topoplan(line)).is_object(), "{line:?}");
    }
}

#[test]
fn colour_is_asked_for() {
    let scratch = Scratch::new("colour");
    let capture = broken(&scratch);
    let painted = |when| {
        topoplan(&["check", &capture, "--color", when])
            .stdout
            .contains('\x1b')
    };
    assert!(painted("always"));
    assert!(!painted("never"));
    // The streams of a test are no terminal.
    assert!(!painted("auto"));
}

#[test]
fn what_is_reviewed_is_what_is_written() {
    let scratch = Scratch::new("written");
    let capture = broken(&scratch);
    let file = scratch.path().join("plan.json").display().to_string();
    let printed = topoplan(&["plan", &capture, "--format", "json"]);
    assert_eq!(printed.exit, 0, "{}", printed.text());
    let written = topoplan(&["plan", &capture, "-o", &file]);
    assert_eq!(written.exit, 0, "{}", written.text());
    assert!(written.stderr.contains("wrote "), "{}", written.stderr);
    assert_eq!(
        fs::read_to_string(&file).expect("the plan file"),
        printed.stdout
    );
    let from_file = topoplan(&["script", &file, "--tool", "redis-cli"]);
    let from_pipe = topoplan_with(
        &["script", "-", "--tool", "redis-cli"],
        printed.stdout.as_bytes(),
    );
    assert_eq!(from_file.exit, 0, "{}", from_file.text());
    assert_eq!(from_file.stdout, from_pipe.stdout);
}

#[test]
fn an_edited_plan_is_not_run_by_accident() {
    let scratch = Scratch::new("edited");
    let plan = topoplan(&["plan", &broken(&scratch), "--format", "json"]).stdout;
    let script = |text: &str, more: &[&str]| {
        let line = [&["script", "-", "--tool", "redis-cli"], more].concat();
        topoplan_with(&line, text.as_bytes())
    };
    // Another layout of the same content is no edit.
    let value: Value = serde_json::from_str(&plan).expect("a plan");
    assert_eq!(script(&value.to_string(), &[]).exit, 0);
    let id = value["plan_id"].as_str().expect("an id");
    let edited = plan.replace("\"limit_ms\":", "\"limit_ms\":9");
    assert_ne!(plan, edited);
    let refused = script(&edited, &[]);
    assert_eq!(refused.exit, 2, "{}", refused.text());
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("plan_id"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--accept-edits"),
        "{}",
        refused.stderr
    );
    let accepted = script(&edited, &["--accept-edits"]);
    assert_eq!(accepted.exit, 0, "{}", accepted.text());
    assert!(accepted.stderr.contains("edited"), "{}", accepted.stderr);
    assert!(!accepted.stdout.contains(id), "it has an id of its own");
}

/// Ids that damage made, and blank nodes in odd states: a plan that a script takes, or none.
#[test]
fn what_plan_writes_script_takes() {
    let long = "d".repeat(70);
    let plain = "d".repeat(40);
    let master = "a".repeat(39) + "0";
    let ids = [
        &plain,
        "node_4",
        "cluster-slave",
        "ab12:8815",
        &long,
        "n\u{f6}de",
    ];
    let states = [
        "myself,slave - 0 0 1 connected".to_owned(),
        "myself,master - 0 0 1 connected".to_owned(),
        format!("myself,slave {master} 0 0 1 connected"),
        "myself,slave,nofailover - 0 0 0 disconnected".to_owned(),
    ];
    let (mut taken, mut refused) = (0, 0);
    for id in ids {
        for state in &states {
            let scratch = Scratch::new("scriptable");
            for node in 0..5 {
                // The last replica is away: whoever stands by may be wanted.
                let text = dump('a', "10.0.0", node);
                let lines: Vec<&str> = text.lines().take(5).collect();
                scratch.put(&format!("capture/view{node}.txt"), lines.join("\n") + "\n");
            }
            let own = format!("{id} 10.0.0.9:7009@17009 {state}\n");
            scratch.put("capture/10.0.0.9_7009/nodes.txt", own);
            let capture = scratch.path().join("capture").display().to_string();
            let plan = topoplan(&["plan", &capture, "--format", "json"]);
            if plan.exit == 3 {
                assert_eq!(json(&plan)["steps"], Value::Array(Vec::new()));
                refused += 1;
                continue;
            }
            assert_eq!(plan.exit, 0, "{}", plan.text());
            for tool in ["redis-cli", "valkey-cli", "flashbase"] {
                let line = ["script", "-", "--tool", tool];
                let script = topoplan_with(&line, plan.stdout.as_bytes());
                assert_eq!(script.exit, 0, "{id} {state}: {}", script.stderr);
            }
            taken += usize::from(json(&plan)["steps"] != Value::Array(Vec::new()));
        }
    }
    println!("{taken} plans with steps taken, {refused} refused");
    assert!(taken > 0 && refused > 0, "{taken} {refused}");
}

#[test]
fn a_word_that_a_plan_file_cannot_hold_is_refused_where_it_stands() {
    let scratch = Scratch::new("words");
    let plan = topoplan(&["plan", &broken(&scratch), "--format", "json"]).stdout;
    let mut tried = 0;
    for (field, bad) in [
        ("action", "\\u001b[2Jflush"),
        ("phase", "serve)"),
        ("mode", "force; reboot"),
        ("until", "$(reboot)"),
        ("role", "`reboot`"),
        ("link", "down"),
    ] {
        let start = format!("\"{field}\":\"");
        for (at, line) in plan.lines().enumerate().filter(|(_, l)| l.contains(&start)) {
            let word = line.find(&start).expect("it is there") + start.len();
            let rest = line[word..].find('"').expect("it ends") + word;
            let bad = format!("{}{bad}{}", &line[..word], &line[rest..]);
            let edited: Vec<&str> = plan
                .lines()
                .enumerate()
                .map(|(n, l)| if n == at { bad.as_str() } else { l })
                .collect();
            let line = ["script", "-", "--tool", "redis-cli", "--accept-edits"];
            let refused = topoplan_with(&line, edited.join("\n").as_bytes());
            assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""), "{field}");
            let place = format!("-:{}:", at + 1);
            assert!(refused.stderr.contains(&place), "{}", refused.stderr);
            assert!(
                refused.stderr.contains("not a plan file"),
                "{}",
                refused.stderr
            );
            assert!(!refused.stderr.contains('\x1b'), "{:?}", refused.stderr);
            tried += 1;
        }
    }
    assert!(tried > 5, "only {tried} words stand in the plan");
}

#[test]
fn a_capture_may_come_through_a_pipe() {
    let answer = topoplan_with(
        &["check", "-", "--format", "json"],
        dump('a', "10.0.0", 0).as_bytes(),
    );
    assert!(answer.exit <= 1, "{}", answer.text());
    let report = json(&answer);
    assert_eq!(report["inputs"][0]["path"], "-");
    assert_eq!(report["summary"]["nodes"], 6);
}

#[test]
fn paths_are_relative_to_the_capture() {
    let scratch = Scratch::new("paths");
    put_views(&scratch, "night/view", 'a', "10.0.0");
    let dir = scratch.path().join("night").display().to_string();
    let report = json(&topoplan(&["check", &dir, "--format", "json"]));
    assert_eq!(report["inputs"][0]["path"], "view0.txt");
    let file = format!("{dir}/view3.txt");
    let report = json(&topoplan(&["check", &file, "--format", "json"]));
    assert_eq!(report["inputs"][0]["path"], "view3.txt");
}

/// Takes nothing, as a pipe whose reader is gone.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let args: Vec<OsString> = ["docs", "rules"].map(OsString::from).to_vec();
    let exit = cli::run(
        &args,
        cli::Streams {
            stdin: &mut io::empty(),
            stdout: &mut Gone,
            stderr: &mut Gone,
            stdout_screen: cli::Screen::default(),
            stderr_screen: cli::Screen::default(),
        },
    );
    assert_eq!(exit, 0);
}

#[test]
fn the_program_itself_answers_and_exits() {
    let scratch = Scratch::new("program");
    let capture = broken(&scratch);
    let output = Command::new(env!("CARGO_BIN_EXE_topoplan"))
        .args(["check", &capture])
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        output.stdout,
        topoplan(&["check", &capture]).stdout.as_bytes()
    );
}

#[test]
fn the_program_prints_help_and_its_version() {
    for (line, words) in [
        (&["--help"][..], "Usage: topoplan"),
        (&["-h"], "Usage: topoplan"),
        (&["plan", "--help"], "--accept-data-loss"),
        (
            &["--version"],
            concat!("topoplan ", env!("CARGO_PKG_VERSION")),
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_topoplan"))
            .args(line)
            .output()
            .expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{line:?}");
        assert!(text.contains(words), "{line:?}: {text}");
        assert!(output.stderr.is_empty(), "{line:?}");
    }
}

#[test]
fn the_program_survives_a_closed_pipe() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_topoplan"))
        .args(["docs", "rules"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_failure_is_an_object_where_json_was_asked_for() {
    let scratch = Scratch::new("objects");
    let capture = broken(&scratch);
    let policy = scratch.put("policy.toml", "# wanted\nreplicas = \"many\"\n");
    let policy = policy.display().to_string();
    type Row<'a> = (&'a [&'a str], &'a [u8], &'a str, Option<u64>);
    let rows: &[Row] = &[
        (
            &["check", "-", "--format", "json"],
            b"",
            "nothing-understood",
            None,
        ),
        (
            &["plan", "-", "--format=json"],
            b"call Kim\n",
            "nothing-understood",
            None,
        ),
        (
            &["impact", "-", "--each", "host", "--format", "json"],
            b"\0\xff\x01",
            "nothing-understood",
            None,
        ),
        (
            &["list", "no-slot", "-", "--format", "json"],
            b"",
            "nothing-understood",
            None,
        ),
        (
            &["check", "nowhere", "--format", "json"],
            b"",
            "input",
            None,
        ),
        (
            &["check", &capture, "--policy", &policy, "--format", "json"],
            b"",
            "input",
            Some(2),
        ),
        (&["check", "--format", "json"], b"", "usage", None),
        (&["chekc", "--format", "json"], b"", "usage", None),
        (&["explain", "P999", "--format", "json"], b"", "usage", None),
    ];
    for (line, stdin, kind, at) in rows {
        let answer = topoplan_with(line, stdin);
        assert_eq!(answer.exit, 2, "{line:?}: {}", answer.text());
        let report = json(&answer);
        let error = &report["error"];
        assert_eq!(error["kind"], *kind, "{line:?}");
        assert_eq!(error["exit"], 2, "{line:?}");
        assert_eq!(error["line"].as_u64(), *at, "{line:?}");
        let message = error["message"].as_str().expect("a message");
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
        assert!(!answer.stderr.is_empty(), "people are told as well");
        assert_eq!(report["schema_version"], 1);
        // Without it nothing is on standard output.
        let text: Vec<&str> = line
            .iter()
            .copied()
            .filter(|w| !w.contains("json") && *w != "--format")
            .collect();
        assert_eq!(topoplan_with(&text, stdin).stdout, "", "{text:?}");
    }
    let answer = topoplan_with(&["check", "-", "--format", "json"], b"call Kim\n");
    assert_eq!(
        json(&answer)["diagnostics"][0]["code"],
        "capture/unknown-file"
    );
}

#[test]
fn an_unreadable_input_leads_to_collect() {
    let answer = topoplan_with(&["check", "-"], b"call Kim\n");
    assert!(
        answer.stderr.contains("`topoplan collect`"),
        "{}",
        answer.stderr
    );
}

#[test]
fn what_is_no_plan_file_is_called_what_it_is() {
    let scratch = Scratch::new("no-plan");
    let capture = broken(&scratch);
    let script = |file: &str, stdin: &[u8]| {
        let answer = topoplan_with(&["script", file, "--tool", "redis-cli"], stdin);
        assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""));
        assert!(
            answer
                .stderr
                .contains("`topoplan plan CAPTURE -o plan.json` writes one"),
            "{}",
            answer.stderr
        );
        answer.stderr
    };
    assert!(script(&capture, b"").contains("is a directory"));
    let check = topoplan(&["check", &capture, "--format", "json"]).stdout;
    assert!(script("-", check.as_bytes()).contains("this is the answer of `check`"));
    let impact = topoplan(&["impact", &capture, "--each", "host", "--format", "json"]).stdout;
    assert!(script("-", impact.as_bytes()).contains("this is the answer of `impact`"));
    assert!(script("-", b"not json").contains("not a plan file"));
    let plan = topoplan(&["plan", &capture, "--format", "json"]).stdout;
    let mut plan: Value = serde_json::from_str(&plan).expect("a plan");
    plan["steps"][0]["command"] = "rm -rf /".into();
    let said = script("-", plan.to_string().as_bytes());
    assert!(
        said.contains("no plan has a field `steps.0.command`"),
        "{said}"
    );
}

#[test]
fn outputs_do_not_overwrite_inputs() {
    let scratch = Scratch::new("overwrite");
    let capture = broken(&scratch);
    let view = format!("{capture}/view0.txt");
    let before = fs::read(&view).expect("a view");
    let new = format!("{capture}/plan.json");
    for line in [
        &["plan", &capture, "-o", &view][..],
        &["plan", &view, "-o", &view],
        &["plan", &capture, "-o", &new],
        &["redact", &capture, "-o", &format!("{capture}/shared")],
    ] {
        let answer = topoplan(line);
        assert_eq!(answer.exit, 2, "{line:?}: {}", answer.text());
    }
    assert_eq!(fs::read(&view).expect("a view"), before);
    assert_eq!(fs::read_dir(&capture).expect("a folder").count(), 6);
}

#[test]
fn help_and_documents_are_there() {
    for (line, words) in [
        (&["help"][..], "Usage: topoplan"),
        (&["help", "plan"], "--accept-data-loss"),
        (&["help", "docs", "man"], "Usage: topoplan docs man"),
        (&["docs", "completions", "bash"], "complete -F _topoplan"),
        (&["docs", "completions", "zsh"], "#compdef topoplan"),
        (&["docs", "completions", "fish"], "complete -c topoplan"),
        (&["docs", "man"], ".TH topoplan 1"),
        (&["docs", "man", "plan"], ".TH topoplan-plan 1"),
    ] {
        let answer = topoplan(line);
        assert_eq!(answer.exit, 0, "{line:?}: {}", answer.text());
        assert!(answer.stdout.contains(words), "{line:?}: {}", answer.stdout);
        assert_eq!(answer.stderr, "");
    }
    let help = topoplan(&["plan", "--help"]).stdout;
    let (own, shared) = help
        .split_once("Options of every command:")
        .expect("a heading");
    assert!(
        !own.contains("--color") && !own.contains("--verbose"),
        "{own}"
    );
    assert!(
        shared.contains("--color") && shared.contains("--quiet"),
        "{shared}"
    );
    let answer = topoplan(&["docs", "man", "plna"]);
    assert!(
        answer.stderr.contains("did you mean `plan`?"),
        "{}",
        answer.stderr
    );
}
