//! The operator's way: capture, check, plan, script, run, and look again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use topoplan::diagnostic::Severity;
use topoplan::report::CheckReport;
use topoplan::report::Finding;
use topoplan::report::PlanReport;
use topoplan::report::Step;

use crate::servers::Servers;
use crate::views::Topology;

/// Longer than any plan here waits for anything.
const SCRIPT_LIMIT_SECONDS: &str = "150";

/// A plan and the directory with its script.
pub struct Planned {
    pub plan: PlanReport,
    pub dir: PathBuf,
}

impl Planned {
    pub fn actions(&self) -> Vec<&'static str> {
        let steps = self.plan.steps.iter();
        steps.map(|s| s.action.spec().word).collect()
    }

    pub fn count(&self, action: &str) -> usize {
        self.actions().iter().filter(|&&a| a == action).count()
    }

    /// What the runs of the script wrote down.
    pub fn journal(&self) -> String {
        let name = format!("plan-{}.journal", &self.plan.plan_id[..12]);
        fs::read_to_string(self.dir.join(name)).unwrap_or_default()
    }

    pub fn first(&self, action: &str) -> &Step {
        self.plan
            .steps
            .iter()
            .find(|step| step.action.spec().word == action)
            .unwrap_or_else(|| panic!("no {action} among {:?}", self.actions()))
    }
}

impl Servers {
    /// Captures the broken cluster, checks that `found` is found (code and how often), plans the
    /// cure, and writes the script.
    pub fn plan(&self, found: &[(&str, usize)]) -> Planned {
        self.plan_with(found, &[])
    }

    /// The same with options of `plan`.
    pub fn plan_with(&self, found: &[(&str, usize)], options: &[&str]) -> Planned {
        let capture = self.capture("before");
        let report = check(&self.root, &capture);
        let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &report.findings {
            *tally.entry(finding.code.as_str()).or_default() += 1;
        }
        for &(code, times) in found {
            let seen = tally.get(code).copied().unwrap_or_default();
            assert_eq!(seen, times, "{code} in {:#?}", report.findings);
        }
        let plan = plan(&self.root, &capture, "plan.json", options);
        assert_eq!(plan.refused, None);
        self.write_script(plan)
    }

    /// A plan for the cluster as it is, if one can be made.
    pub fn try_plan(&self, options: &[&str]) -> Option<Planned> {
        let capture = self.capture("again");
        let mut command = topoplan(&self.root);
        let output = run(command
            .arg("plan")
            .arg(&capture)
            .args(["-o", "plan.json"])
            .args(options));
        println!("{}", said(&output));
        if output.status.code() != Some(0) {
            return None;
        }
        let text = fs::read(self.root.join("plan.json")).expect("the plan file was written");
        Some(self.write_script(serde_json::from_slice(&text).expect("a plan file")))
    }

    /// The script of `plan.json`, in a directory of its own.
    pub fn write_script(&self, plan: PlanReport) -> Planned {
        let script = run(topoplan(&self.root).args(["script", "plan.json", "--tool", "redis-cli"]));
        assert_eq!(script.status.code(), Some(0), "{}", said(&script));
        // Each plan has a place of its own, and so a journal.
        let dir = self.root.join(format!("run-{}", &plan.plan_id[..12]));
        fs::create_dir_all(&dir).expect("the scratch directory is writable");
        fs::write(dir.join("plan.sh"), script.stdout).expect("the scratch directory is writable");
        Planned { plan, dir }
    }

    /// Runs the script and looks at the cluster again: nothing worse than a note is left except
    /// the codes in `left`, nothing remains to be planned, no key is lost, and running it again
    /// changes nothing.
    pub fn carry_out(&self, planned: &Planned, left: &[&str]) -> Topology {
        let shown = self.script(planned, &[]);
        assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
        let applied = self.script(planned, &["--apply"]);
        assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
        self.look_again(left);
        self.run_again(planned);
        self.wait_settled()
    }

    /// The node that a step names.
    pub fn at(&self, address: Option<&str>) -> usize {
        let address = address.expect("the step names a node");
        (0..self.nodes.len())
            .find(|&i| self.nodes[i].address.to_string() == address)
            .unwrap_or_else(|| panic!("{address} is no node of the test"))
    }

    /// The same script as if it never ran: what a run decided for good is forgotten.
    pub fn rewrite(&self, planned: &Planned) -> Planned {
        let dir = planned.dir.with_extension("again");
        fs::create_dir_all(&dir).expect("the scratch directory is writable");
        fs::copy(planned.dir.join("plan.sh"), dir.join("plan.sh")).expect("writable");
        Planned {
            plan: planned.plan.clone(),
            dir,
        }
    }

    /// Runs the script as it is.
    pub fn script(&self, planned: &Planned, arguments: &[&str]) -> Output {
        let output = run(Command::new("timeout")
            .args(["-k", "5", SCRIPT_LIMIT_SECONDS, "bash", "plan.sh"])
            .args(arguments)
            .env("TERM", "dumb")
            .env_remove("REDIS_CLI")
            .current_dir(&planned.dir));
        println!("bash plan.sh {}: {}", arguments.join(" "), said(&output));
        output
    }

    /// The cluster is as wanted, apart from findings of the codes in `left`.
    pub fn look_again(&self, left: &[&str]) {
        self.wait_settled();
        self.assert_keys();
        let capture = self.capture("after");
        let report = check(&self.root, &capture);
        let still: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|f| f.severity != Severity::Note && !left.contains(&f.code.as_str()))
            .collect();
        assert!(still.is_empty(), "still found: {still:#?}");
        let plan = plan(&self.root, &capture, "again.json", &[]);
        assert_eq!(plan.steps, [], "nothing remains to be done");
    }

    /// A second run finds everything done, and says so; also where a later step of the plan undid
    /// an earlier one's effect.
    fn run_again(&self, planned: &Planned) {
        let before = self.wait_settled();
        let again = self.script(planned, &["--apply"]);
        let text = said(&again);
        assert_eq!(again.status.code(), Some(0), "{text}");
        assert!(text.contains("Nothing to do"), "{text}");
        assert_eq!(self.wait_settled(), before, "{text}");
    }
}

/// Both streams, for a failed assertion.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn check(root: &Path, capture: &Path) -> CheckReport {
    check_with(root, capture, &[])
}

/// The same with options of `check`.
pub fn check_with(root: &Path, capture: &Path, options: &[&str]) -> CheckReport {
    let output = run(topoplan(root)
        .arg("check")
        .arg(capture)
        .args(["--format", "json"])
        .args(options));
    let report: CheckReport = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    let errors = report
        .findings
        .iter()
        .any(|f| f.severity == Severity::Error);
    assert_eq!(
        output.status.code(),
        Some(i32::from(errors)),
        "{}",
        said(&output)
    );
    report
}

fn plan(root: &Path, capture: &Path, file: &str, options: &[&str]) -> PlanReport {
    let mut command = topoplan(root);
    let output = run(command
        .arg("plan")
        .arg(capture)
        .args(["-o", file])
        .args(options));
    println!("{}", said(&output));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = fs::read(root.join(file)).expect("the plan file was written");
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub fn topoplan(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_topoplan"));
    command.current_dir(root);
    command
}

pub fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
