//! What every format for machines says of an answer: rows, tables and gauges, made once of the
//! reports of `check`, `plan`, `impact` and `diff`.
//!
//! Texts are as captured: each format makes them harmless in its own way.

mod changes;
mod gauges;
mod losses;
mod plans;
mod tablets;

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::diagnostic::Severity;
use crate::render::brief::gauges::of_findings;
use crate::render::brief::gauges::of_hosts;
use crate::render::brief::gauges::of_state;
use crate::report::CheckReport;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::Serves;
use crate::report::State;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::text::safe::safe;
use crate::text::words::count;

pub use changes::diff;
pub use gauges::Gauge;
pub use losses::impact;
pub use plans::plan;
pub use tablets::diff_tablets;
pub use tablets::plan_tablets;

/// Which command answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Check,
    Plan,
    Impact,
    Diff,
}

impl Answer {
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Plan => "plan",
            Self::Impact => "impact",
            Self::Diff => "diff",
        }
    }
}

/// An answer as formats for machines need it.
pub struct Brief {
    pub answer: Answer,
    pub version: String,
    /// One sentence: what came out.
    pub headline: String,
    pub rows: Vec<Row>,
    /// The first one is what a format that has room for one table prints.
    pub tables: Vec<Table>,
    pub gauges: Vec<Gauge>,
    /// Each with its kind: `finding`, `step`, `case`, `diagnostic`.
    pub records: Vec<Value>,
    /// Why there is no answer worth acting on.
    pub refused: Option<String>,
}

/// One thing that is wrong, or would be.
pub struct Row {
    /// The code of a rule; of a loss `impact`.
    pub code: &'static str,
    /// The name of a rule; of a loss what is lost.
    pub name: String,
    pub severity: Severity,
    pub state: RowState,
    pub subject: String,
    pub message: String,
    pub help: String,
    pub place: Option<(String, u32, u32)>,
    /// The same for the same thing in a later capture.
    pub identity: String,
}

/// Whether it is somebody's trouble.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowState {
    Open,
    /// The plan cures it.
    Cured,
    /// Why it is allowed.
    Allowed(String),
    /// A baseline has it.
    Known,
    /// A loss that breaks nothing.
    Passed,
}

impl RowState {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Cured => "cured",
            Self::Allowed(_) => "allowed",
            Self::Known => "known",
            Self::Passed => "passed",
        }
    }
}

pub struct Table {
    pub title: &'static str,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

impl Brief {
    /// The worst that is open.
    pub fn worst(&self) -> Option<Severity> {
        let open = self.rows.iter().filter(|row| row.state == RowState::Open);
        open.map(|row| row.severity).max()
    }

    /// Open rows of that severity.
    pub fn open(&self, severity: Severity) -> usize {
        let open = self.rows.iter().filter(|row| row.state == RowState::Open);
        open.filter(|row| row.severity == severity).count()
    }
}

const FINDINGS: &[&str] = &[
    "code", "rule", "severity", "state", "subject", "message", "help", "path", "line", "column",
];
const HOSTS: &[&str] = &["host", "masters", "replicas", "spares"];
/// Of `check`.
pub fn check(report: &CheckReport) -> Brief {
    let rows: Vec<Row> = report
        .findings
        .iter()
        .map(|f| row(f, RowState::Open))
        .collect();
    let mut records = vec![json!({
        "kind": "check",
        "summary": report.summary,
        "state": report.state,
        "server": report.server,
    })];
    records.extend(report.findings.iter().map(|f| record("finding", f)));
    records.extend(of_diagnostics(&report.diagnostics));
    let mut brief = Brief {
        answer: Answer::Check,
        version: report.tool.version.clone(),
        headline: String::new(),
        tables: vec![
            findings(&rows),
            Table {
                title: "Distribution",
                columns: HOSTS,
                rows: report.distribution.iter().map(host).collect(),
            },
        ],
        gauges: of_state(&report.state),
        records,
        rows,
        refused: None,
    };
    brief.gauges.extend(of_findings(
        "topoplan_findings",
        "Findings that count.",
        &brief.rows,
    ));
    brief.gauges.extend(of_hosts(&report.distribution));
    brief.headline = format!("{}, {}", serves(&report.state), tally(&brief));
    brief
}

fn row(finding: &Finding, state: RowState) -> Row {
    let state = match &finding.allowed_by {
        Some(why) if finding.allowed => RowState::Allowed(why.clone()),
        Some(_) | None if finding.known => RowState::Known,
        Some(_) | None => state,
    };
    let place = finding.evidence.first();
    Row {
        code: finding.code.as_str(),
        name: finding.rule.clone(),
        severity: finding.severity,
        state,
        subject: subject(&finding.subject),
        message: finding.message.clone(),
        help: finding.help.clone(),
        place: place.map(|p| (p.path.clone(), p.line, p.column)),
        identity: identity(finding),
    }
}

/// Code and subject: what makes two findings the same.
fn identity(finding: &Finding) -> String {
    identity_of(finding.code.as_str(), &finding.subject)
}

fn identity_of(code: &str, subject: &Subject) -> String {
    let id = subject.id.as_deref().unwrap_or_default();
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let what = match subject.kind {
        SubjectKind::Node | SubjectKind::Shard | SubjectKind::View => id.to_owned(),
        SubjectKind::Slots => format!("{} {id}", of(&subject.slots)),
        SubjectKind::Host | SubjectKind::Disk => of(&subject.host),
        SubjectKind::Zone => of(&subject.zone),
        SubjectKind::Capture => "capture".to_owned(),
    };
    format!("{code}/{what}")
}

/// Who or what it is about, by the name that people know.
pub(super) fn subject(subject: &Subject) -> String {
    let node = || {
        let names = [&subject.address, &subject.last_address, &subject.id];
        names
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_default()
    };
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    match subject.kind {
        SubjectKind::Node | SubjectKind::Shard | SubjectKind::View => node(),
        SubjectKind::Slots => of(&subject.slots),
        SubjectKind::Host | SubjectKind::Disk => of(&subject.host),
        SubjectKind::Zone => of(&subject.zone),
        SubjectKind::Capture => "the capture".to_owned(),
    }
}

fn findings(rows: &[Row]) -> Table {
    let cells = |row: &Row| {
        let (path, line, column) = match &row.place {
            Some((path, line, column)) => (path.clone(), line.to_string(), column.to_string()),
            None => Default::default(),
        };
        vec![
            row.code.to_owned(),
            row.name.clone(),
            row.severity.to_string(),
            row.state.word().to_owned(),
            row.subject.clone(),
            row.message.clone(),
            row.help.clone(),
            path,
            line,
            column,
        ]
    };
    Table {
        title: "Findings",
        columns: FINDINGS,
        rows: rows.iter().map(cells).collect(),
    }
}

fn host(load: &HostLoad) -> Vec<String> {
    let HostLoad {
        host,
        masters,
        replicas,
        spares,
    } = load;
    vec![
        host.clone(),
        masters.to_string(),
        replicas.to_string(),
        spares.to_string(),
    ]
}

fn record(kind: &str, of: &impl Serialize) -> Value {
    let value = serde_json::to_value(of).unwrap_or_default();
    let mut record = json!({ "kind": kind });
    if let (Value::Object(record), Value::Object(fields)) = (&mut record, value) {
        record.extend(fields);
    }
    record
}

fn of_diagnostics(diagnostics: &[Diagnostic]) -> impl Iterator<Item = Value> {
    diagnostics.iter().map(|d| record("diagnostic", d))
}

fn serves(state: &State) -> &'static str {
    match state.serves {
        Serves::Yes => "serves",
        Serves::Partly => "serves in part",
        Serves::No => "does not serve",
        Serves::Unknown => "nobody knows whether it serves",
    }
}

fn tally(brief: &Brief) -> String {
    let of = |severity: Severity| brief.open(severity);
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| of(*severity) > 0)
        .map(|severity| count(of(severity), severity.word()))
        .collect();
    if parts.is_empty() {
        "no findings".to_owned()
    } else {
        parts.join(", ")
    }
}

/// One visible line.
pub(super) fn line(text: &str) -> String {
    safe(text).into_owned()
}
