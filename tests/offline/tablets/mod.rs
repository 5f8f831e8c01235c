//! The other family: captures of FEDB, their plans, and scripts that are run against a played name
//! server (`ns_client.sh`), also under trouble.

mod document;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::topoplan;

/// A cluster of tablets `10.0.0.N:1` that a name server plays.
struct Played(Scratch);

struct Run {
    code: Option<i32>,
    text: String,
}

impl Played {
    /// Rows are `pid endpoint role alive`, of the table `flow`; tablets end in `!` if they are down.
    fn new(auto: bool, tablets: &[&str], rows: &[&str]) -> Self {
        let scratch = Scratch::new("tablets");
        scratch.put("ns.sh", include_str!("ns_client.sh"));
        scratch.put("auto", format!("{auto}\n"));
        let tablet = |name: &&str| match name.strip_suffix('!') {
            Some(name) => format!("10.0.0.{name}:1 kTabletOffline\n"),
            None => format!("10.0.0.{name}:1 kTabletHealthy\n"),
        };
        scratch.put("tablets", tablets.iter().map(tablet).collect::<String>());
        let row = |row: &&str| {
            let words: Vec<&str> = row.split(' ').collect();
            let [pid, endpoint, role, alive] = words[..] else {
                panic!("{row}");
            };
            format!("flow 4 {pid} 10.0.0.{endpoint}:1 {role} {alive} 100\n")
        };
        scratch.put("rows", rows.iter().map(row).collect::<String>());
        scratch.put("ops", "");
        Self(scratch)
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn ask(&self, command: &str) -> String {
        let output = Command::new("bash")
            .args(["./ns.sh", &format!("--cmd={command}")])
            .current_dir(self.dir())
            .output()
            .expect("bash runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What it shows, as a capture.
    fn capture(&self) -> PathBuf {
        let mut text = String::new();
        for command in ["confget", "showtablet", "showtable", "showopstatus"] {
            text += &format!("> {command}\n{}\n", self.ask(command));
        }
        self.0.put("capture/night.txt", text)
    }

    fn plan(&self, arguments: &[&str]) -> Value {
        let capture = self.capture().display().to_string();
        let file = self.dir().join("plan.json").display().to_string();
        let mut words = vec!["plan", &capture, "-o", &file, "--format", "json"];
        words.extend(arguments);
        let answer = topoplan(&words);
        assert_eq!(answer.exit, 0, "{}", answer.text());
        let script = topoplan(&["script", &file, "--tool", "fedb"]);
        assert_eq!(script.exit, 0, "{}", script.text());
        self.0.put("plan.sh", script.stdout);
        serde_json::from_str(&answer.stdout).expect("JSON")
    }

    fn run(&self, arguments: &[&str], answers: &str) -> Run {
        let mut child = Command::new("/usr/bin/env")
            .args(["--default-signal=INT", "bash", "plan.sh"])
            .args(arguments)
            .current_dir(self.dir())
            .env("FEDB_CLI", "bash ./ns.sh")
            .env("TOPOPLAN_RESTART", "./restart.sh")
            .env("TOPOPLAN_STOP", "./stop.sh")
            .env("TOPOPLAN_LOOK_SECONDS", "0.05")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut stdin = child.stdin.take().expect("piped");
        // It may have ended before it read all.
        let _ = stdin.write_all(answers.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let said = [output.stdout, output.stderr].concat();
        Run {
            code: output.status.code(),
            text: String::from_utf8_lossy(&said).into_owned(),
        }
    }

    /// A program that starts a tablet, as a human would.
    fn with_restarts(self) -> Self {
        self.with_program("restart", "kTabletHealthy")
    }

    /// A program that stops a tablet.
    fn with_stops(self) -> Self {
        self.with_program("stop", "kTabletOffline")
    }

    fn with_program(self, name: &str, state: &str) -> Self {
        let script = format!(
            "#!/bin/sh\nsed -i \"s/^$1 .*/$1 {state}/\" tablets\necho \"{name} $1\" >>log\n"
        );
        let path = self.0.put(&format!("{name}.sh"), script);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).expect("its own file");
        self
    }

    /// The commands that change something, of all runs so far.
    fn sent(&self) -> Vec<String> {
        let log = fs::read_to_string(self.dir().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn auto(&self) -> String {
        let text = fs::read_to_string(self.dir().join("auto")).expect("kept");
        text.trim().to_owned()
    }

    /// Codes of what is found now.
    fn found(&self) -> Vec<String> {
        let capture = self.capture().display().to_string();
        codes(&topoplan(&["check", &capture, "--format", "json"]))
    }
}

fn codes(answer: &Answer) -> Vec<String> {
    let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let code = |f: &Value| f["code"].as_str().expect("a code").to_owned();
    findings.iter().map(code).collect()
}

fn actions(plan: &Value) -> Vec<&str> {
    let steps = plan["steps"].as_array().expect("a list");
    steps
        .iter()
        .map(|s| s["action"].as_str().expect("a word"))
        .collect()
}

const CRASHED: [&str; 6] = [
    "0 1 leader yes",
    "0 2 follower yes",
    "0 3 follower yes",
    "1 2 leader yes",
    "1 1 follower yes",
    "1 3 follower yes",
];

/// By its name: what commands of Redis clusters alone refuse.
pub fn is_sample_of_tablets(capture: &str) -> bool {
    ["/fedb-", "/kafka-"]
        .iter()
        .any(|family| capture.contains(family))
}

#[test]
fn a_crash_is_cured_step_by_step() {
    let played = Played::new(false, &["1!", "2", "3"], &CRASHED).with_restarts();
    assert_eq!(played.found(), ["T001", "T002", "T003", "T009"]);
    let plan = played.plan(&[]);
    assert_eq!(
        actions(&plan),
        ["offline-endpoint", "restart", "recover-endpoint"]
    );
    assert_eq!(plan["steps"][0]["address"], "10.0.0.1:1");
    assert_eq!(plan["steps"][0]["pid"], Value::Null);
    let run = played.run(&["--apply"], "y\ny\ny\n");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(
        played.sent(),
        [
            "offlineendpoint 10.0.0.1:1",
            "restart 10.0.0.1:1",
            "recoverendpoint 10.0.0.1:1"
        ]
    );
    assert_eq!(played.found(), ["P005", "T009"]);
    // All of it is so already.
    let again = played.run(&["--apply", "--yes"], "");
    assert_eq!(again.code, Some(0), "{}", again.text);
    assert_eq!(played.sent().len(), 3);
    let next = played.plan(&[]);
    assert_eq!(actions(&next), ["change-leader", "recover-table"]);
}

#[test]
fn without_apply_nothing_is_asked_and_without_yes_nothing_is_done() {
    let played = Played::new(false, &["1!", "2", "3"], &CRASHED);
    played.plan(&[]);
    let run = played.run(&[], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains("offlineendpoint 10.0.0.1:1"));
    assert!(played.sent().is_empty());
    let run = played.run(&["--apply"], "n\n");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(played.sent().is_empty(), "{}", run.text);
}

const SKEWED: [&str; 9] = [
    "0 1 leader yes",
    "0 2 follower yes",
    "0 3 follower yes",
    "1 1 leader yes",
    "1 2 follower yes",
    "1 3 follower yes",
    "2 1 leader yes",
    "2 2 follower yes",
    "2 3 follower yes",
];

#[test]
fn auto_failover_is_restored_at_every_ending() {
    let played = Played::new(true, &["1", "2", "3"], &SKEWED);
    let plan = played.plan(&[]);
    let words = actions(&plan);
    assert_eq!(words.first(), Some(&"set-auto-failover"));
    assert_eq!(words.last(), Some(&"set-auto-failover"));
    assert_eq!(plan["steps"][0]["value"], false);
    // Somebody says no in the middle.
    let run = played.run(&["--apply"], "y\ny\nn\n");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert_eq!(played.auto(), "true");
    // An operation fails.
    played.0.put("fail", "");
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("kFailed"), "{}", run.text);
    assert_eq!(played.auto(), "true");
    fs::remove_file(played.dir().join("fail")).expect("put there");
    // It goes on where it stopped.
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(played.auto(), "true");
    assert!(
        played.found().iter().all(|code| code == "T006"),
        "{:?}",
        played.found()
    );
}

#[test]
fn a_refusal_is_read_though_the_client_exits_with_0() {
    let played = Played::new(false, &["1", "2", "3"], &SKEWED);
    played.plan(&[]);
    // It comes on behind the script's back, between its look and its command.
    played
        .0
        .put("hook", "[[ $name != changeleader ]] || echo true >auto\n");
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(
        run.text.contains("auto_failover is enabled"),
        "{}",
        run.text
    );
    assert_eq!(played.sent().len(), 1);
}

#[test]
fn ok_without_an_operation_is_no_success() {
    let played = Played::new(false, &["1", "2", "3"], &SKEWED);
    let file = played.dir().join("plan.json");
    played.plan(&[]);
    let text = fs::read_to_string(&file).expect("written");
    fs::write(
        &file,
        text.replace("\"limit_ms\": 60000", "\"limit_ms\": 1000"),
    )
    .expect("its own file");
    let edited = topoplan(&["script", &file.display().to_string(), "--tool", "fedb"]);
    assert_eq!(edited.exit, 2, "{}", edited.text());
    let words = [
        "script",
        &file.display().to_string(),
        "--tool",
        "fedb",
        "--accept-edits",
    ];
    played.0.put("plan.sh", topoplan(&words).stdout);
    played.0.put("silent", "");
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("no operation came of it"), "{}", run.text);
}

#[test]
fn another_cluster_than_the_planned_one_is_left_alone() {
    let played = Played::new(false, &["1", "2", "3"], &SKEWED);
    played.plan(&[]);
    let rows = fs::read_to_string(played.dir().join("rows")).expect("kept");
    let rows = rows.replace("1 10.0.0.1:1 leader yes", "1 10.0.0.1:1 leader no");
    played.0.put("rows", rows);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(played.sent().is_empty(), "{}", run.text);
}

#[test]
fn a_tablet_is_drained_and_copies_are_doubled_before_they_go() {
    let rows = [
        "0 1 leader yes",
        "0 2 follower yes",
        "1 2 leader yes",
        "1 1 follower yes",
        "2 1 leader yes",
    ];
    let played = Played::new(true, &["1", "2", "3"], &rows);
    let plan = played.plan(&["--drain", "tablet:10.0.0.1:1", "--skip", "P005"]);
    let words = actions(&plan);
    assert_eq!(words[0], "set-auto-failover", "{words:?}");
    assert!(
        words.contains(&"migrate") && words.contains(&"del-replica"),
        "{words:?}"
    );
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let rows = fs::read_to_string(played.dir().join("rows")).expect("kept");
    assert!(!rows.contains("10.0.0.1:1"), "{rows}");
    assert_eq!(rows.matches(" leader yes ").count(), 3, "{rows}");
    assert_eq!(played.auto(), "true");
}

/// It is stopped last, only while it holds nothing, and is not started again by the next plan.
#[test]
fn a_drained_tablet_is_stopped_when_asked() {
    let rows = ["0 2 leader yes", "0 1 follower yes", "1 3 leader yes"];
    let played = Played::new(false, &["1", "2", "3"], &rows).with_stops();
    let arguments = [
        "--drain",
        "tablet:10.0.0.1:1",
        "--stop",
        "--skip",
        "P005,T008",
    ];
    let plan = played.plan(&arguments);
    assert_eq!(actions(&plan), ["migrate", "kill"]);
    assert_eq!(
        (&plan["complete"], &plan["steps"][1]["command"]),
        (&true.into(), &Value::Null)
    );
    let file = played.dir().join("plan.json").display().to_string();
    let verify = || {
        let capture = played.capture().display().to_string();
        topoplan(&["verify", &file, &capture]).exit
    };
    assert_eq!(verify(), 1);
    // A copy comes back to it behind the script's back.
    played.0.put("hook", "[[ $name != showtable || ! -s log || -e came ]] || { : >came; add flow 9 10.0.0.1:1; save; }\n");
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(
        run.text.contains("it holds a copy of flow 9"),
        "{}",
        run.text
    );
    fs::remove_file(played.dir().join("hook")).expect("put there");
    let kept = fs::read_to_string(played.dir().join("rows")).expect("kept");
    let kept: Vec<&str> = kept.lines().filter(|line| !line.contains(" 9 ")).collect();
    played.0.put("rows", kept.join("\n") + "\n");
    assert_eq!(verify(), 1);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(
        played.sent(),
        ["migrate 10.0.0.1:1 flow 0 10.0.0.3:1", "stop 10.0.0.1:1"]
    );
    assert_eq!(verify(), 0);
    assert!(actions(&played.plan(&arguments)).is_empty());
}

/// The night's findings are known; what comes on top of them is new.
#[test]
fn findings_are_selected_ignored_and_known_from_a_baseline() {
    let played = Played::new(false, &["1!", "2", "3"], &CRASHED);
    let capture = played.capture().display().to_string();
    let check = |arguments: &[&str]| {
        let words = [&["check", &capture, "--format", "json"], arguments].concat();
        let answer = topoplan(&words);
        (answer.exit, codes(&answer))
    };
    let owned = |codes: &[&str]| codes.iter().map(|&c| c.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        check(&["--select", "T"]).1,
        owned(&["T001", "T002", "T003", "T009"])
    );
    assert_eq!(
        check(&["--select", "T", "--ignore", "T001,alive-on-dead-tablet"]).1,
        owned(&["T002", "T009"])
    );
    assert_eq!(check(&["--ignore", "T"]), (0, vec![]));
    let file = played.dir().join("old.json").display().to_string();
    assert_eq!(check(&["--write-baseline", &file]).0, 1);
    assert_eq!(check(&["--baseline", &file]).0, 0);
    assert_eq!(check(&["--baseline", &file, "--new-only"]), (0, vec![]));
    // A second tablet dies, and with it the leader of the other partition.
    let tablets = fs::read_to_string(played.dir().join("tablets")).expect("kept");
    played.0.put(
        "tablets",
        tablets.replace("10.0.0.2:1 kTabletHealthy", "10.0.0.2:1 kTabletOffline"),
    );
    played.capture();
    let (exit, new) = check(&["--baseline", &file, "--new-only"]);
    assert_eq!((exit, new), (1, owned(&["T001", "T002", "T003"])));
}

/// A help promises what the plan does under the same policy; `explain` goes by it as well.
#[test]
fn helps_go_by_the_drains_of_the_policy() {
    let rows = ["0 1 leader yes", "0 2 follower no"];
    let played = Played::new(false, &["1", "2"], &rows);
    let capture = played.capture().display().to_string();
    let policy = "[[drain]]\ndomain = \"node:10.0.0.1:1\"\nthen = \"stop\"\n";
    let policy = played.0.put("policy.toml", policy).display().to_string();
    let help = |more: &[&str]| {
        let words = [
            &["check", &capture, "--select", "T004", "--format", "json"],
            more,
        ]
        .concat();
        let report: Value = serde_json::from_str(&topoplan(&words).stdout).expect("JSON");
        report["findings"][0]["help"]
            .as_str()
            .expect("a help")
            .to_owned()
    };
    assert!(
        help(&[]).contains("topoplan plan` recovers"),
        "{}",
        help(&[])
    );
    // Nobody outside could take the copy, so nothing at all is done.
    let blocked = topoplan(&["plan", &capture, "--policy", &policy]);
    assert_eq!(blocked.exit, 4, "{}", blocked.text());
    assert!(
        help(&["--policy", &policy]).contains("no plan does it"),
        "{}",
        help(&["--policy", &policy])
    );
    let explained = topoplan(&["explain", "flow 0", &capture, "--policy", &policy]);
    assert!(
        explained.stdout.contains("holds a copy of it already"),
        "{}",
        explained.text()
    );
}

#[test]
fn losses_are_held_against_demands() {
    let rows = [
        "0 1 leader yes",
        "0 2 follower yes",
        "0 3 follower yes",
        "1 2 leader yes",
        "1 3 follower yes",
    ];
    let played = Played::new(true, &["1", "2", "3", "4"], &rows);
    let capture = played.capture().display().to_string();
    let impact = |arguments: &[&str]| -> (u8, Value) {
        let words = [&["impact", &capture, "--format", "json"], arguments].concat();
        let answer = topoplan(&words);
        let report = serde_json::from_str(&answer.stdout).unwrap_or(Value::Null);
        (answer.exit, report)
    };
    let (exit, one) = impact(&["--each", "node", "--require", "serve"]);
    assert_eq!((exit, &one["ok"]), (0, &true.into()));
    let (exit, two) = impact(&["--pairs", "node", "--require", "serve,copies=1"]);
    let cases = two["cases"].as_array().expect("a list");
    assert_eq!((exit, cases.len()), (1, 6));
    let failed: Vec<&Value> = cases
        .iter()
        .filter(|case| {
            case["failed_demands"]
                .as_array()
                .is_some_and(|f| f.len() == 2)
        })
        .map(|case| &case["lose"])
        .collect();
    assert_eq!(
        failed,
        [&serde_json::json!(["node:10.0.0.2:1", "node:10.0.0.3:1"])]
    );
    let (exit, most) = impact(&["--grow", "host", "--require", "copies=1"]);
    let together = &most["grown"]["together"];
    let three = serde_json::json!(["host:10.0.0.1", "host:10.0.0.2", "host:10.0.0.4"]);
    assert_eq!(
        (exit, together, &most["grown"]["is_largest"]),
        (0, &three, &true.into())
    );
    // What a plan would change.
    played.plan(&["--drain", "node:10.0.0.3:1", "--skip", "P005,T007,T008"]);
    let file = played.dir().join("plan.json").display().to_string();
    let (exit, after) = impact(&[
        "--lose",
        "node:10.0.0.3:1",
        "--require",
        "copies=2",
        "--after",
        &file,
    ]);
    assert_eq!(
        (exit, &after["cases"][0]["shards_without_spare_copy"]),
        (0, &0.into())
    );
    assert_eq!(
        impact(&["--lose", "node:10.0.0.3:1", "--require", "copies=2"]).0,
        1
    );
    assert_eq!(impact(&["--each", "node", "--require", "majority"]).0, 2);
}

#[test]
fn a_drain_without_room_is_blocked() {
    let rows = ["0 1 leader yes", "0 2 follower yes"];
    let played = Played::new(false, &["1", "2"], &rows);
    let capture = played.capture().display().to_string();
    let answer = topoplan(&[
        "plan",
        &capture,
        "--drain",
        "node:10.0.0.1:1",
        "--format",
        "json",
    ]);
    assert_eq!(answer.exit, 4, "{}", answer.text());
    let plan: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert!(actions(&plan).is_empty());
    assert_eq!(plan["refusals"][0]["subject"], "flow 0 on 10.0.0.1:1");
}

#[test]
fn a_new_tablet_gets_a_follower_when_asked() {
    let rows = [
        "0 2 leader yes",
        "0 3 follower yes",
        "0 1 follower yes",
        "1 3 leader yes",
        "1 1 follower yes",
        "1 2 follower yes",
    ];
    let played = Played::new(false, &["1", "2", "3", "7"], &rows);
    assert!(actions(&played.plan(&[])).is_empty());
    let plan = played.plan(&["--only", "T007"]);
    let step = &plan["steps"][0];
    assert_eq!(actions(&plan), ["migrate"]);
    assert_eq!(
        (
            &step["target_address"],
            &step["table"],
            &step["pid"],
            &step["address"]
        ),
        (
            &"10.0.0.3:1".into(),
            &"flow".into(),
            &0.into(),
            &"10.0.0.7:1".into()
        )
    );
    let run = played.run(&["--apply"], "y\n");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(played.sent(), ["migrate 10.0.0.3:1 flow 0 10.0.0.7:1"]);
    assert_eq!(played.found(), ["T009"]);
}

#[test]
fn what_speaks_against_a_plan_refuses_it() {
    let electing = Played::new(true, &["1", "2"], &["0 1 leader no", "0 2 follower yes"]);
    let capture = electing.capture().display().to_string();
    let answer = topoplan(&["plan", &capture]);
    assert_eq!(answer.exit, 3, "{}", answer.text());
    assert!(answer.stdout.contains("electing"), "{}", answer.text());
    let forced = topoplan(&[
        "plan",
        &capture,
        "--force",
        "it has been so for an hour",
        "--format",
        "json",
    ]);
    assert_eq!(forced.exit, 0, "{}", forced.text());
    let plan: Value = serde_json::from_str(&forced.stdout).expect("JSON");
    let all = [
        "set-auto-failover",
        "change-leader",
        "recover-table",
        "set-auto-failover",
    ];
    assert_eq!(actions(&plan), all);
    let running = Played::new(false, &["1", "2"], &["0 1 leader yes", "0 2 follower no"]);
    running.0.put(
        "ops",
        "7 kReAddReplicaOP flow 0 kDoing put flow 0 10.0.0.2:1 follower yes\n",
    );
    let answer = topoplan(&["plan", &running.capture().display().to_string()]);
    assert_eq!(answer.exit, 3, "{}", answer.text());
}

/// What an operator reads meanwhile: `verify` follows the run.
#[test]
fn verify_follows_a_run() {
    let played = Played::new(false, &["1!", "2", "3"], &CRASHED).with_restarts();
    played.plan(&[]);
    let file = played.dir().join("plan.json").display().to_string();
    let verify = || {
        let capture = played.capture().display().to_string();
        topoplan(&["verify", &file, &capture])
    };
    assert_eq!(verify().exit, 1);
    // Somebody goes home after the restart, which nobody is asked about.
    played.run(&["--apply"], "y\nn\n");
    let answer = verify();
    assert_eq!(answer.exit, 1, "{}", answer.text());
    assert!(answer.stdout.contains("2 done"), "{}", answer.text());
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let answer = verify();
    assert_eq!(answer.exit, 0, "{}", answer.text());
    // Somebody else took a copy away: the plan is of another cluster.
    let played = Played::new(false, &["1!", "2", "3"], &CRASHED);
    played.plan(&[]);
    let file = played.dir().join("plan.json").display().to_string();
    played.0.put("rows", "flow 4 0 10.0.0.2:1 leader yes 100\n");
    let capture = played.capture().display().to_string();
    let answer = topoplan(&["verify", &file, &capture]);
    assert_eq!(answer.exit, 3, "{}", answer.text());
}

/// Every place of a plan file that `verify` judges, changed by hand: with the id of the new content the
/// file says of itself that it is whole.
#[test]
fn a_forged_plan_file_is_found() {
    let played = Played::new(true, &["1", "2", "3"], &SKEWED);
    let plan = played.plan(&[]);
    let file = played.dir().join("plan.json");
    let whole = fs::read_to_string(&file).expect("written");
    let forge = |from: &str, to: &str| {
        let forged = whole.replacen(from, to, 1);
        assert!(forged != whole, "{from} is nowhere");
        fs::write(&file, forged).expect("its own file");
        let answer = topoplan(&["verify", &file.display().to_string(), "--format", "json"]);
        assert_eq!(answer.exit, 2, "{from}: {}", answer.text());
        let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        let flaws = report["flaws"].as_array();
        let flaws = flaws.map_or(0, Vec::len);
        assert!(flaws > 1, "{from}: {}", answer.text());
    };
    assert_eq!(actions(&plan).len(), 6);
    forge("changeleader flow 1", "changeleader flow 2");
    forge("10.0.0.1:1 leader yes 100", "10.0.0.1:1 follower yes 100");
    forge("\"bound\": 0", "\"bound\": 1");
    forge("\"value\": false", "\"value\": true");
    forge("\"healthy\": []", "\"healthy\": [\"10.0.0.9:1\"]");
}

#[test]
fn goals_are_run_to_their_end() {
    let rows = ["0 1 leader yes", "1 2 leader yes", "1 1 follower yes"];
    let played = Played::new(false, &["1", "2", "3"], &rows);
    let plan = played.plan(&["--replicas", "1"]);
    assert_eq!(actions(&plan), ["add-replica"]);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let plan = played.plan(&["--replicas", "0", "--skip", "P005"]);
    assert_eq!(actions(&plan), ["del-replica"; 2]);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let rows = fs::read_to_string(played.dir().join("rows")).expect("kept");
    assert_eq!(rows.lines().count(), 2, "{rows}");
    let plan = played.plan(&["--remove", "node:10.0.0.1:1", "--skip", "P005"]);
    assert!(
        actions(&plan).contains(&"del-replica"),
        "{:?}",
        actions(&plan)
    );
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let rows = fs::read_to_string(played.dir().join("rows")).expect("kept");
    assert!(!rows.contains("10.0.0.1:1"), "{rows}");
}

#[test]
fn tablets_are_restarted_one_after_the_other() {
    let played = Played::new(true, &["1", "2", "3"], &CRASHED).with_restarts();
    let plan = played.plan(&["--restart", "all", "--skip", "P005"]);
    assert_eq!(actions(&plan).len(), 11);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    let sent = played.sent();
    let restarts = sent
        .iter()
        .filter(|line| line.starts_with("restart "))
        .count();
    assert_eq!((restarts, sent.len()), (3, 11), "{sent:?}");
    assert_eq!(played.auto(), "true");
    let rows = fs::read_to_string(played.dir().join("rows")).expect("kept");
    assert_eq!(rows.matches(" yes ").count(), 6, "{rows}");
}

/// Ctrl-C, while an operation runs that never ends.
#[test]
fn an_interrupted_run_turns_auto_failover_on_again() {
    let played = Played::new(true, &["1", "2", "3"], &SKEWED);
    played.plan(&[]);
    played.0.put("stuck", "");
    // By its own client: as if somebody pressed it at the second look at operations.
    played.0.put(
        "hook",
        "[[ $name != showopstatus || ! -s ops || -e pressed ]] || { : >pressed; kill -INT $(cat run.pid); }\n",
    );
    let script = fs::read_to_string(played.dir().join("plan.sh")).expect("written");
    let script = script.replacen("set -u -f\n", "set -u -f\nprintf '%s' \"$$\" >run.pid\n", 1);
    played.0.put("plan.sh", script);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(130), "{}", run.text);
    assert!(
        run.text.contains("auto_failover is on again"),
        "{}",
        run.text
    );
    assert_eq!(played.auto(), "true");
}

/// Two runs of one plan exclude each other, `--status` tells how far they are, and a killed run's command is
/// waited for and not sent again.
#[test]
fn a_run_is_alone_and_the_next_one_looks_for_what_it_sent() {
    for without_flock in [false, true] {
        let played = Played::new(false, &["1", "2", "3"], &SKEWED);
        played.plan(&[]);
        played.0.put("stuck", "");
        let path = match without_flock {
            false => std::env::var("PATH").expect("set"),
            true => bare(&played),
        };
        let run = |arguments: &[&str]| {
            let mut command = Command::new("bash");
            command
                .arg("plan.sh")
                .args(arguments)
                .current_dir(played.dir());
            command.env("PATH", &path).env("FEDB_CLI", "bash ./ns.sh");
            command.env("TOPOPLAN_LOOK_SECONDS", "0.05");
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        };
        let text = |output: std::process::Output| {
            let said = [output.stdout, output.stderr].concat();
            (
                output.status.code(),
                String::from_utf8_lossy(&said).into_owned(),
            )
        };
        let mut first = run(&["--apply", "--yes"]).spawn().expect("bash runs");
        for _ in 0..400 {
            if !played.sent().is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        let (code, said) = text(run(&["--apply", "--yes"]).output().expect("bash runs"));
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains(&format!(":{} --apply --yes", first.id())),
            "{said}"
        );
        let (code, said) = text(run(&["--status"]).output().expect("bash runs"));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(": sent, and its end was not seen"), "{said}");
        assert_eq!(played.sent().len(), 1, "{:?}", played.sent());
        first.kill().expect("own child");
        first.wait().expect("own child");
        // Its operation ends while the next run waits for it.
        fs::remove_file(played.dir().join("stuck")).expect("put there");
        let (code, said) = text(run(&["--apply", "--yes"]).output().expect("bash runs"));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("waiting for its end"), "{said}");
        let mut sent = played.sent();
        let all = sent.len();
        sent.sort();
        sent.dedup();
        assert_eq!(
            sent.len(),
            all,
            "nothing is sent twice: {:?}",
            played.sent()
        );
        let (_, said) = text(run(&["--status"]).output().expect("bash runs"));
        assert!(
            said.contains(": done at ") && !said.contains("open"),
            "{said}"
        );
    }
}

/// A directory of links to what the script and the played client need, without `flock`.
fn bare(played: &Played) -> String {
    let bin = played.dir().join("bin");
    fs::create_dir_all(&bin).expect("writable");
    for tool in [
        "bash", "timeout", "tail", "grep", "sleep", "mkdir", "mv", "rm", "cat",
    ] {
        let found = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(tool));
        let from = found.iter().find(|p| p.exists()).expect("a usual system");
        std::os::unix::fs::symlink(from, bin.join(tool)).expect("writable");
    }
    bin.display().to_string()
}

/// A client that never answers is given up, and what it leaves is said.
#[test]
fn a_client_that_hangs_is_given_up() {
    let played = Played::new(true, &["1", "2", "3"], &SKEWED);
    played.plan(&[]);
    let script = fs::read_to_string(played.dir().join("plan.sh")).expect("written");
    let script = script.replacen("call_seconds=60", "call_seconds=0.3", 1);
    played.0.put("plan.sh", script);
    played.0.put(
        "hook",
        "[[ $name != changeleader && $name != confset || $cmd == *false ]] || exec sleep 30\n",
    );
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("STILL OFF"), "{}", run.text);
    assert_eq!(played.auto(), "false");
    // The next run knows from its journal that it is to be restored, whatever else comes of it.
    fs::remove_file(played.dir().join("hook")).expect("put there");
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(played.auto(), "true");
}

/// Somebody else makes another one the leader while the script waits for an answer.
#[test]
fn a_leader_that_changes_meanwhile_stops_it() {
    let played = Played::new(false, &["1", "2", "3"], &SKEWED);
    played.plan(&[]);
    played.0.put(
        "hook",
        "[[ $name != showtable || ! -s log || -e moved ]] || { : >moved; lead flow 1 10.0.0.3:1; lead flow 2 10.0.0.2:1; }\n",
    );
    // It need not wait a minute for what does not come.
    let script = fs::read_to_string(played.dir().join("plan.sh")).expect("written");
    assert!(script.contains("]=60\n"));
    played.0.put("plan.sh", script.replace("]=60\n", "]=2\n"));
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("leads flow"), "{}", run.text);
}

#[test]
fn two_tables_of_one_name_are_told_apart_by_their_databases() {
    let played = Played::new(false, &["1", "2", "3"], &[]);
    played.0.put(
        "rows.shop",
        "flow 5 0 10.0.0.1:1 leader yes 100\nflow 5 0 10.0.0.2:1 follower no 90\n",
    );
    played.0.put(
        "rows.bank",
        "flow 9 0 10.0.0.3:1 leader yes 100\nflow 9 0 10.0.0.2:1 follower no 90\n",
    );
    let mut text = String::new();
    for command in ["confget", "showtablet"] {
        text += &format!("10.0.0.1:6527 > {command}\n{}\n", played.ask(command));
    }
    for database in ["shop", "bank"] {
        let output = Command::new("bash")
            .args([
                "./ns.sh",
                &format!("--database={database}"),
                "--cmd=showtable",
            ])
            .current_dir(played.dir())
            .output()
            .expect("bash runs");
        let rows = String::from_utf8_lossy(&output.stdout).into_owned();
        text += &format!("10.0.0.1:6527 {database}> showtable\n{rows}\n");
    }
    let capture = played.0.put("two/night.txt", text).display().to_string();
    let file = played.dir().join("plan.json").display().to_string();
    let words = [
        "plan",
        &capture,
        "-o",
        &file,
        "--skip",
        "P005,T008",
        "--format",
        "json",
    ];
    let answer = topoplan(&words);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    let plan: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    // One recoverendpoint is for all databases.
    assert_eq!(actions(&plan), ["recover-endpoint"]);
    let only = [
        "plan",
        &capture,
        "--replicas",
        "2",
        "--skip",
        "P005,T008",
        "-o",
        &file,
        "--format",
        "json",
    ];
    let answer = topoplan(&only);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    let plan: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let steps = plan["steps"].as_array().expect("a list");
    let databases: Vec<&Value> = steps
        .iter()
        .filter(|s| s["action"] == "add-replica")
        .map(|s| &s["database"])
        .collect();
    assert_eq!(databases, ["shop", "bank"]);
    // The name server knows all of them; the played one keeps them apart.
    let all = fs::read_to_string(played.dir().join("rows.shop")).expect("kept");
    played
        .0
        .put("rows.shop", all.replace("follower no", "follower yes"));
    let all = fs::read_to_string(played.dir().join("rows.bank")).expect("kept");
    played
        .0
        .put("rows.bank", all.replace("follower no", "follower yes"));
    let script = topoplan(&["script", &file, "--tool", "fedb"]);
    assert_eq!(script.exit, 0, "{}", script.text());
    played.0.put("plan.sh", script.stdout);
    let run = played.run(&["--apply", "--yes"], "");
    assert_eq!(run.code, Some(0), "{}", run.text);
    for (database, endpoint) in [("shop", "10.0.0.3:1"), ("bank", "10.0.0.1:1")] {
        let rows = fs::read_to_string(played.dir().join(format!("rows.{database}"))).expect("kept");
        assert!(rows.contains(endpoint), "{database}: {rows}");
    }
}

/// All of the outputs that were found, each by itself. They lie beside the repository; without them
/// this has nothing to judge and says so.
#[test]
fn every_output_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/dumps-fedb");
    let Ok(index) = fs::read_to_string(folder.join("INDEX.tsv")) else {
        let _ = writeln!(
            std::io::stderr(),
            "no outputs of FEDB beside the repository: nothing judged"
        );
        return;
    };
    let mut judged = 0;
    for line in index.lines() {
        let (name, about) = line.split_once('\t').expect("two columns");
        let path = folder.join(name).display().to_string();
        let answer = topoplan(&["check", &path, "--format", "json"]);
        assert!(answer.exit < 2, "{name}: {}", answer.text());
        let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        let dialect = report["inputs"][0]["dialect"].as_str().unwrap_or("");
        let (_, command) = about.split_once("command: ").expect("the command is named");
        let wanted = match command.split([' ', ';']).next().unwrap_or("") {
            "SHOW" => "show-table-status",
            "None" => "show-components",
            word if word.starts_with("show") || word.starts_with("get") || word == "confget" => {
                word
            }
            _ => "fedb-reply",
        };
        assert_eq!(dialect, wanted, "{name}");
        assert_eq!(report["server"]["name"], "fedb", "{name}");
        let whole = fs::read_to_string(&path).expect("text");
        let rows = whole
            .lines()
            .filter(|l| l.contains("leader") || l.contains("follower"))
            .count();
        if wanted == "showtable" {
            let held = &report["summary"];
            let live =
                held["masters"].as_u64().unwrap_or(0) + held["replicas"].as_u64().unwrap_or(0);
            let dead = whole
                .lines()
                .filter(|l| l.split_whitespace().any(|w| w == "no"))
                .count();
            assert_eq!(live as usize + dead, rows, "{name}");
        }
        judged += 1;
    }
    assert_eq!(judged, 75);
}
