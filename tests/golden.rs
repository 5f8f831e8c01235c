//! `samples/<case>/` in, `golden/<case>/<output>.snap` out: one test per case and output.
//!
//! A case is a directory with a `capture/` and a `case.toml`: a sentence on what it shows, and
//! the command lines to run. No Rust is touched to add one: make the directory, run
//! `INSTA_UPDATE=always cargo test --test golden`, and read `git diff golden/` as a reviewer.

mod common;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::Arguments;
use libtest_mimic::Failed;
use libtest_mimic::Trial;
use serde::Deserialize;
use serde_json::Value;

use crate::common::Answer;
use crate::common::topoplan_with;

/// One directory of `samples/`.
#[derive(Clone)]
struct Case {
    name: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    /// What the case shows, in a sentence.
    about: String,
    run: Vec<Run>,
}

/// One command line.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Name of the golden file.
    output: String,
    /// `@` stands for the capture, also at the start of an argument: `@/../policy.toml`.
    args: Vec<String>,
    /// The exit code; 0 if it is not named.
    #[serde(default)]
    exit: u8,
    /// The output of the case whose data goes to standard input.
    stdin: Option<String>,
}

impl Case {
    fn read(name: &str) -> Self {
        let path = format!("samples/{name}/case.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let file: CaseFile = toml::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(!file.about.trim().is_empty(), "{path}: `about` is empty");
        assert!(!file.run.is_empty(), "{path}: nothing is run");
        let outputs: BTreeSet<&str> = file.run.iter().map(|r| r.output.as_str()).collect();
        assert_eq!(
            outputs.len(),
            file.run.len(),
            "{path}: two runs have one output"
        );
        Self {
            name: name.to_owned(),
            runs: file.run,
        }
    }

    fn run(&self, run: &Run) -> Answer {
        let stdin = match &run.stdin {
            None => String::new(),
            Some(output) => {
                let earlier = self.runs.iter().find(|r| r.output == *output);
                let earlier = earlier.unwrap_or_else(|| panic!("no run has the output {output}"));
                assert_ne!(earlier.output, run.output, "{output} feeds itself");
                self.run(earlier).stdout
            }
        };
        topoplan_with(&self.words(&run.args), stdin.as_bytes())
    }

    fn words(&self, args: &[String]) -> Vec<String> {
        let capture = format!("samples/{}/capture", self.name);
        let words = args.iter().map(|arg| match arg.strip_prefix('@') {
            Some(rest) => format!("{capture}{rest}"),
            None => arg.clone(),
        });
        words.collect()
    }

    /// Code and severity of every finding that the case's `check` runs give.
    fn findings(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for run in self
            .runs
            .iter()
            .filter(|r| r.args.first().is_some_and(|a| a == "check"))
        {
            let mut args = self.words(&run.args);
            if let Some(at) = args.iter().position(|a| a == "--format") {
                args.drain(at..=at + 1);
            }
            args.extend(["--format".to_owned(), "json".to_owned()]);
            let answer = topoplan_with(&args, b"");
            let report: Value = serde_json::from_str(&answer.stdout)
                .unwrap_or_else(|e| panic!("{}: {e}\n{}", self.name, answer.text()));
            let text = |finding: &Value, key: &str| finding[key].as_str().map(str::to_owned);
            for finding in report["findings"].as_array().expect("findings are a list") {
                let code = text(finding, "code").expect("a code is a string");
                let severity = text(finding, "severity").expect("a severity is a string");
                found.insert((code, severity));
            }
        }
        found
    }
}

/// Names of the directories of `dir` or of the files in it, sorted.
fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The library of a script is the same in all of them and lies in `src/emit/guarded`; the line that
/// gives its hash is the last that is shown.
fn without_library(text: &str) -> &str {
    const HASH: &str = "\n# SHA-256 of all that follows this line: ";
    let Some(at) = text.find(HASH) else {
        return text;
    };
    let line = text[at + 1..]
        .find('\n')
        .map_or(text.len(), |end| at + 1 + end + 1);
    &text[..line]
}

fn golden(case: &Case, run: &Run) -> Result<(), Failed> {
    let answer = case.run(run);
    let mut shown = without_library(&answer.stdout).to_owned();
    if !answer.stderr.is_empty() {
        shown.push_str("\n--- stderr ---\n");
        shown.push_str(&answer.stderr);
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(format!("../golden/{}", case.name));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(run.output.as_str(), shown));
    if answer.exit != run.exit {
        return Err(format!("exit code {}, not {}", answer.exit, run.exit).into());
    }
    let again = case.run(run);
    if (&again.stdout, &again.stderr) != (&answer.stdout, &answer.stderr) {
        return Err("the second run gave other bytes than the first".into());
    }
    Ok(())
}

/// A rule that fires nowhere is not known to work.
fn every_rule_fires(cases: &[Case]) -> Result<(), Failed> {
    let fired: BTreeSet<String> = cases
        .iter()
        .flat_map(Case::findings)
        .map(|(code, _)| code)
        .collect();
    let silent: Vec<&str> = topoplan::rules::all()
        .map(|rule| rule.code.as_str())
        .filter(|code| !fired.contains(*code))
        .collect();
    if silent.is_empty() {
        return Ok(());
    }
    Err(format!("no sample shows {}", silent.join(", ")).into())
}

fn healthy_is_silent(cases: &[Case]) -> Result<(), Failed> {
    let mut healthy = cases
        .iter()
        .filter(|c| c.name.starts_with("healthy-"))
        .peekable();
    if healthy.peek().is_none() {
        return Err("no case is called healthy-*".into());
    }
    for case in healthy {
        let found = case.findings();
        if let Some((code, severity)) = found.iter().find(|(_, s)| s != "note") {
            return Err(format!("{}: {severity} {code}", case.name).into());
        }
    }
    Ok(())
}

/// A golden without a run is a leftover that nobody would notice.
fn no_golden_is_left_over(cases: &[Case]) -> Result<(), Failed> {
    let outputs: BTreeMap<&str, BTreeSet<String>> = cases
        .iter()
        .map(|c| {
            let outputs = c.runs.iter().map(|r| format!("{}.snap", r.output));
            (c.name.as_str(), outputs.collect())
        })
        .collect();
    for case in names(Path::new("golden")) {
        let known = outputs.get(case.as_str());
        for file in names(&Path::new("golden").join(&case)) {
            let pending = file.ends_with(".snap.new");
            if !pending && !known.is_some_and(|known| known.contains(&file)) {
                return Err(format!("golden/{case}/{file} belongs to no run").into());
            }
        }
    }
    Ok(())
}

fn main() {
    // Paths in the goldens are relative to the repository.
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR")).expect("the repository is there");
    let arguments = Arguments::from_args();
    let names = names(Path::new("samples"));
    assert!(!names.is_empty(), "samples/ has no case");
    let cases: Vec<Case> = names.iter().map(|name| Case::read(name)).collect();
    let mut trials = Vec::new();
    for case in &cases {
        for run in &case.runs {
            let (case, run) = (case.clone(), run.clone());
            let name = format!("{}::{}", case.name, run.output);
            trials.push(Trial::test(name, move || golden(&case, &run)));
        }
    }
    for (name, test) in [
        ("every_rule_fires", every_rule_fires as fn(&[Case]) -> _),
        ("healthy_is_silent", healthy_is_silent),
        ("no_golden_is_left_over", no_golden_is_left_over),
    ] {
        let cases = cases.clone();
        trials.push(Trial::test(name, move || test(&cases)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
