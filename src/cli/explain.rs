//! `explain`: what a code means, why it matters, what to do; and of a capture or a plan, why
//! something is flagged and what would cure it.

use std::collections::BTreeSet;
use std::ffi::OsString;

use serde::Serialize;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::glossary;
use crate::cli::glossary::Word;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::cli::plan_file::AnyPlan;
use crate::cli::suggest;
use crate::diagnostic;
use crate::lint;
use crate::plan::Request;
use crate::render;
use crate::report;
use crate::report::ExplainReport;
use crate::report::PlanReport;
use crate::report::SCHEMA_VERSION;
use crate::report::TabletPlan;
use crate::report::Thing;
use crate::rules;
use crate::rules::Rule;

#[derive(clap::Args, Debug)]
pub(super) struct ExplainArgs {
    /// A code, a name or a word of the answers: P005, skewed-masters, parse/node-id, ghost; beside
    /// a capture or a plan also an address, an id, slots, a host, step:3
    #[arg(value_name = "WHAT")]
    code: String,
    /// Explain it of this capture, or of this plan file
    #[arg(value_name = "CAPTURE|plan.json")]
    capture: Vec<OsString>,
    /// What is wanted of the capture (TOML)
    #[arg(long, value_name = "FILE", requires = "capture")]
    policy: Option<OsString>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// A page for machines.
#[derive(Serialize)]
struct Page<'a> {
    schema_version: u32,
    code: &'a str,
    /// Null for a diagnostic.
    rule: Option<&'a str>,
    /// Null for a word.
    severity: Option<String>,
    /// Markdown.
    page: String,
}

/// What has a page.
enum Entry {
    Rule(&'static Rule),
    /// For lists of commands.
    Lint(&'static lint::Rule),
    Diagnostic(diagnostic::Code),
    Word(&'static Word),
}

pub(super) fn run(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if !args.capture.is_empty() {
        return of_capture(args, terminal);
    }
    let entry = find(&args.code).map_err(|help| {
        let message = format!("no rule, diagnostic or word is called `{}`", args.code);
        Failure::Usage(message, help)
    })?;
    let text = match args.format {
        Format::Text => render::explain(&entry.page(), terminal.data_look()),
        Format::Json => render::json::report(&entry.for_machines()),
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

/// A plan of either family, and what is called how in it.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Plan {
    Redis(PlanReport),
    Tablets(TabletPlan),
}

impl Plan {
    /// Of a plan file as it is; of a capture by the plan that its policy wants.
    fn read(capture: &CaptureArgs, terminal: &mut Terminal) -> Result<Self, Failure> {
        if let Some(file) = capture.lone_plan() {
            return Ok(match plan_file::read_any(&file, terminal)? {
                AnyPlan::Redis(file) => Self::Redis(file.plan),
                AnyPlan::Tablets(file) => Self::Tablets(file.plan),
            });
        }
        let inventory = capture.read_any(terminal)?;
        Ok(match &inventory.tablets {
            Some(seen) => {
                let request = report::standing_tablets(&inventory, &seen.state);
                Self::Tablets(report::plan_tablets(&inventory, seen, &request, Vec::new()))
            }
            None => {
                let request = Request::under(&inventory);
                let plan = report::plan(&inventory, &request);
                Self::Redis(plan.map_err(Failure::Internal)?)
            }
        })
    }

    fn thing(&self, word: &str) -> Option<Thing> {
        match self {
            Self::Redis(plan) => report::thing(plan, word),
            Self::Tablets(plan) => report::tablet_thing(plan, word),
        }
    }

    fn names(&self) -> BTreeSet<String> {
        match self {
            Self::Redis(plan) => report::names(plan),
            Self::Tablets(plan) => report::tablet_names(plan),
        }
    }

    fn explain(&self, thing: &Thing, page: Option<String>) -> ExplainReport {
        match self {
            Self::Redis(plan) => report::explain(plan, thing, page),
            Self::Tablets(plan) => report::explain_tablets(plan, thing, page),
        }
    }
}

fn of_capture(args: &ExplainArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let capture: CaptureArgs = CaptureArgs::of(&args.capture, args.policy.as_ref());
    let plan = Plan::read(&capture, terminal)?;
    let word = &args.code;
    let (thing, page) = match rules::find(word) {
        Some(rule) => (Some(Thing::Code(rule.code)), Some(page(rule))),
        None => (plan.thing(word), None),
    };
    let Some(thing) = thing else {
        // A word or a diagnostic has a page whatever the capture.
        if let Ok(entry) = find(word) {
            terminal.data(&render::explain(&entry.page(), terminal.data_look()))?;
            return Ok(Exit::Clean);
        }
        let names = plan.names();
        let mut known: Vec<&str> = rule_words().collect();
        known.extend(names.iter().map(String::as_str));
        let message = format!("nothing here is called `{word}`");
        let help = match suggest::nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match plan {
                Plan::Redis(_) => "name a code, an address, an id, slots, a host or step:1",
                Plan::Tablets(_) => "name a code, an endpoint, a host, `table pid` or step:1",
            }
            .to_owned(),
        };
        return Err(Failure::Usage(message, help));
    };
    let report = plan.explain(&thing, page);
    let text = match args.format {
        Format::Text => render::explained(&report, terminal.data_look()),
        Format::Json => render::json::report(&report),
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

impl Entry {
    fn page(&self) -> String {
        match self {
            Self::Rule(rule) => page(rule),
            Self::Lint(rule) => lint_page(rule),
            Self::Diagnostic(code) => diagnostic_page(*code),
            Self::Word(word) => format!("# {}\n\n{}", word.name, word.text),
        }
    }

    fn for_machines(&self) -> Page<'static> {
        let schema_version = SCHEMA_VERSION;
        match self {
            Self::Rule(rule) => Page {
                schema_version,
                code: rule.code.as_str(),
                rule: Some(rule.id),
                severity: Some(rule.severity.to_string()),
                page: rule.markdown(),
            },
            Self::Lint(rule) => Page {
                schema_version,
                code: rule.code.as_str(),
                rule: Some(rule.id),
                severity: Some(rule.severity.to_string()),
                page: rule.markdown(),
            },
            Self::Diagnostic(code) => Page {
                schema_version,
                code: code.as_str(),
                rule: None,
                severity: Some(code.severity().to_string()),
                page: code.markdown(),
            },
            Self::Word(word) => Page {
                schema_version,
                code: word.name,
                rule: None,
                severity: None,
                page: word.text.to_owned(),
            },
        }
    }
}

/// A rule's page in Markdown, under its code and name.
pub(super) fn page(rule: &Rule) -> String {
    format!(
        "# {} {}\n\n{}\n\n{}",
        rule.code,
        rule.id,
        rule.summary(),
        rule.markdown()
    )
}

/// The page of a rule for lists of commands in Markdown, under its code and name.
pub(super) fn lint_page(rule: &lint::Rule) -> String {
    format!(
        "# {} {}\n\n{}; of `lint`, about a list of commands\n\n{}",
        rule.code,
        rule.id,
        rule.severity,
        rule.markdown()
    )
}

/// A diagnostic's page in Markdown, under its code.
pub(super) fn diagnostic_page(code: diagnostic::Code) -> String {
    format!(
        "# {code}\n\n{}; about a captured file\n\n{}",
        code.severity(),
        code.markdown()
    )
}

/// The page of a code or a name, in any case; else a sentence about what may have been meant.
fn find(word: &str) -> Result<Entry, String> {
    let diagnostic = || word.trim().to_ascii_lowercase().parse();
    let entry = rules::find(word)
        .map(Entry::Rule)
        .or_else(|| lint::find(word).map(Entry::Lint))
        .or_else(|| diagnostic().ok().map(Entry::Diagnostic))
        .or_else(|| glossary::find(word).map(Entry::Word));
    let diagnostics = diagnostic::Code::all().map(diagnostic::Code::as_str);
    let words = glossary::WORDS.iter().map(|word| word.name);
    let of_lists = lint::Code::ALL.iter().map(|code| code.rule());
    let of_lists = of_lists.flat_map(|rule| [rule.code.as_str(), rule.id]);
    let known = rule_words().chain(of_lists).chain(diagnostics).chain(words);
    entry.ok_or_else(|| unknown(word, known))
}

/// The rule of a code or a name, as [`find`] finds it.
pub(super) fn find_rule(word: &str) -> Result<&'static Rule, String> {
    rules::find(word).ok_or_else(|| unknown(word, rule_words()))
}

fn rule_words() -> impl Iterator<Item = &'static str> {
    rules::all().flat_map(|rule| [rule.code.as_str(), rule.id])
}

fn unknown(word: &str, known: impl Iterator<Item = &'static str>) -> String {
    match suggest::nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "codes are listed by `topoplan docs rules`".to_owned(),
    }
}
