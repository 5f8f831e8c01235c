//! `check`: what is wrong, and where the captured files say so.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::baseline;
use crate::cli::capture::CaptureArgs;
use crate::cli::explain;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::cli::whole;
use crate::diagnostic::Severity;
use crate::render;
use crate::report;
use crate::report::CheckReport;
use crate::rules::Code;
use crate::text::words::count;

#[derive(clap::Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    capture: CaptureArgs<AnyFormat>,
    /// Exit with 1 if there is a finding of this severity or a worse one
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Only findings of these codes, names or families (P)
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    select: Vec<String>,
    /// No findings of these codes, names or families (P)
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Findings that this file has already do not count: a baseline, or an earlier report in JSON
    #[arg(long, value_name = "FILE")]
    baseline: Option<OsString>,
    /// Leave out what the baseline has already
    #[arg(long, requires = "baseline")]
    new_only: bool,
    /// Write what is found, for `--baseline` of later runs
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
}

pub(super) fn run(args: &CheckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let codes = args.codes()?;
    if let Some(file) = &args.write_baseline {
        whole::must_be_apart(file, args.capture.inputs())?;
    }
    let inventory = args.capture.read_any(terminal)?;
    let mut report = match &inventory.tablets {
        Some(seen) => report::check_tablets(&inventory, seen, |code| codes.contains(&code)),
        None => report::check_of(&inventory, |code| codes.contains(&code)),
    };
    if let Some(file) = &args.write_baseline {
        baseline::write(file, &report)?;
        terminal.talk(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &args.baseline {
        let gone = baseline::mark(file, &mut report, terminal)?;
        if gone > 0 {
            let gone = count(gone, "finding");
            terminal.talk(&format!("{gone} of the baseline are gone"));
        }
        if args.new_only {
            report.keep_new();
        }
    }
    let exit = if args.fail_on.counts(&report) == 0 {
        Exit::Clean
    } else {
        Exit::Found
    };
    let text = |terminal: &mut Terminal| {
        terminal.untold(&report.diagnostics, &report.findings);
        let look = terminal.data_look();
        terminal.data(&match report.tablets {
            Some(_) => render::check_tablets(&report, look),
            None => render::check(&report, look),
        })
    };
    let format = args.capture.format;
    let json = || render::json::report(&report);
    let brief = || render::check_brief(&report);
    form::answer(format, exit, terminal, json, brief, text)
}

impl CheckArgs {
    /// The codes whose findings are wanted.
    fn codes(&self) -> Result<BTreeSet<Code>, Failure> {
        let all = || Code::ALL.iter().copied().collect();
        let mut codes = match self.select.is_empty() {
            true => all(),
            false => named("--select", &self.select)?,
        };
        for code in named("--ignore", &self.ignore)? {
            codes.remove(&code);
        }
        Ok(codes)
    }
}

/// Codes by code, name or the letter of their family.
fn named(flag: &str, given: &[String]) -> Result<BTreeSet<Code>, Failure> {
    let mut codes = BTreeSet::new();
    for word in given.iter().map(|w| w.trim()).filter(|w| !w.is_empty()) {
        let letter = word.chars().next().map(|c| c.to_ascii_uppercase());
        let of_family = |code: &&Code| word.len() == 1 && Some(code.family().letter()) == letter;
        let family: Vec<Code> = Code::ALL.iter().filter(of_family).copied().collect();
        if !family.is_empty() {
            codes.extend(family);
            continue;
        }
        let rule = explain::find_rule(word)
            .map_err(|help| Failure::Usage(format!("`{flag} {word}`: no such code"), help))?;
        codes.insert(rule.code);
    }
    Ok(codes)
}

impl FailOn {
    /// Findings that count, of this severity or a worse one.
    fn counts(self, report: &CheckReport) -> usize {
        let least = match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        };
        let findings = report.findings.iter().filter(|finding| finding.counts());
        findings.filter(|finding| finding.severity >= least).count()
    }
}
