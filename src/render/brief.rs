//! What every format for machines says of an answer: rows, tables and gauges, made once of the
//! reports of `check`, `plan` and `impact`.
//!
//! Texts are as captured: each format makes them harmless in its own way.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::diagnostic::Severity;
use crate::report::CheckReport;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::report::PlanReport;
use crate::report::Serves;
use crate::report::State;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::text::safe::safe;
use crate::text::words::count;

/// Which command answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Check,
    Plan,
    Impact,
}

impl Answer {
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Plan => "plan",
            Self::Impact => "impact",
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

/// A number for a monitor.
pub struct Gauge {
    pub name: &'static str,
    pub help: &'static str,
    pub samples: Vec<(Vec<(&'static str, String)>, u64)>,
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
const STEPS: &[&str] = &[
    "step",
    "phase",
    "wave",
    "action",
    "mode",
    "address",
    "target_address",
    "slots",
    "cures",
    "after",
    "reason",
];
const CASES: &[&str] = &[
    "lose",
    "nodes_lost",
    "slots_down",
    "slots_lost",
    "shards_failed_over",
    "shards_stuck",
    "shards_lost",
    "shards_without_spare_copy",
    "voters_left",
    "voters_needed",
    "majority",
];

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

/// Of `plan`: what was found, and what the plan leaves of it.
pub fn plan(report: &PlanReport) -> Brief {
    let same = |a: &Finding, b: &Finding| {
        a.code == b.code && a.subject.kind == b.subject.kind && identity(a) == identity(b)
    };
    let state = |finding: &Finding| {
        let left = report.remaining.iter().any(|left| same(left, finding));
        if left {
            RowState::Open
        } else {
            RowState::Cured
        }
    };
    let found = report.found.iter().map(|f| row(f, state(f)));
    // What a plan brings about by itself is found nowhere before.
    let new = report.remaining.iter();
    let new = new.filter(|left| !report.found.iter().any(|found| same(left, found)));
    let rows: Vec<Row> = found.chain(new.map(|f| row(f, RowState::Open))).collect();
    let steps = report.steps.iter().map(|step| {
        let ids = |ids: &[u32]| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let cures: Vec<&str> = step.cures.iter().map(|code| code.as_str()).collect();
        vec![
            step.id.to_string(),
            step.phase.to_string(),
            step.wave.to_string(),
            step.action.spec().word.to_owned(),
            step.mode
                .map_or(String::new(), |mode| mode.word().to_owned()),
            step.address.clone().unwrap_or_default(),
            step.target_address.clone().unwrap_or_default(),
            step.slots.clone().unwrap_or_default(),
            cures.join(" "),
            ids(&step.after),
            step.reason.clone(),
        ]
    });
    let steps = Table {
        title: "Steps",
        columns: STEPS,
        rows: steps.collect(),
    };
    let mut records = vec![json!({
        "kind": "plan",
        "plan_id": report.plan_id,
        "complete": report.complete,
        "refused": report.refused,
        "summary": report.summary,
        "state": report.state,
    })];
    records.extend(report.found.iter().map(|f| record("finding", f)));
    records.extend(report.steps.iter().map(|step| record("step", step)));
    records.extend(report.remaining.iter().map(|f| record("remaining", f)));
    records.extend(report.refusals.iter().map(|r| record("refusal", r)));
    records.extend(of_diagnostics(&report.diagnostics));
    let mut gauges = of_state(&report.state);
    gauges.extend(of_findings(
        "topoplan_findings",
        "Findings that the plan leaves.",
        &rows,
    ));
    let mut phases: BTreeMap<String, u64> = BTreeMap::new();
    for step in &report.steps {
        *phases.entry(step.phase.to_string()).or_default() += 1;
    }
    gauges.push(Gauge {
        name: "topoplan_plan_steps",
        help: "Steps of the plan.",
        samples: phases
            .into_iter()
            .map(|(phase, steps)| (vec![("phase", phase)], steps))
            .collect(),
    });
    gauges.push(single(
        "topoplan_plan_refused",
        "No plan is made on this capture.",
        u64::from(report.refused.is_some()),
    ));
    let mut brief = Brief {
        answer: Answer::Plan,
        version: report.tool.version.clone(),
        headline: String::new(),
        tables: vec![steps, findings(&rows)],
        gauges,
        records,
        rows,
        refused: report.refused.clone(),
    };
    let steps = count(report.steps.len(), "step");
    brief.headline = match &report.refused {
        Some(why) => format!("refused: {why}"),
        None => format!("{steps}, leaves {}", tally(&brief)),
    };
    brief
}

/// Of `impact`: each loss is a row; it is open if slots are down after it.
pub fn impact(report: &ImpactReport) -> Brief {
    let rows: Vec<Row> = report.cases.iter().map(|case| loss(report, case)).collect();
    let cases = report.cases.iter().map(|case| {
        vec![
            case.lose.join(" "),
            case.nodes_lost.to_string(),
            case.slots_down.to_string(),
            case.slots_lost.to_string(),
            case.shards_failed_over.to_string(),
            case.shards_stuck.to_string(),
            case.shards_lost.to_string(),
            case.shards_without_spare_copy.to_string(),
            case.voters_left.to_string(),
            case.voters_needed.to_string(),
            case.majority.to_string(),
        ]
    });
    let cases = Table {
        title: "Losses",
        columns: CASES,
        rows: cases.collect(),
    };
    let mut records = vec![json!({ "kind": "impact", "now": report.now, "doubts": report.doubts })];
    records.extend(report.cases.iter().map(|case| record("case", case)));
    records.extend(of_diagnostics(&report.diagnostics));
    type Count = fn(&ImpactCase) -> u64;
    const GAUGES: [(&str, &str, Count); 4] = [
        (
            "topoplan_impact_slots_down",
            "Slots that nobody serves after the loss.",
            |case| u64::from(case.slots_down),
        ),
        (
            "topoplan_impact_shards_lost",
            "Shards without a copy after the loss.",
            |case| case.shards_lost as u64,
        ),
        (
            "topoplan_impact_shards_stuck",
            "Shards whose copies cannot be elected.",
            |case| case.shards_stuck as u64,
        ),
        (
            "topoplan_impact_majority",
            "A majority of the masters is left.",
            |case| u64::from(case.majority),
        ),
    ];
    let gauge = |(name, help, count): (&'static str, &'static str, Count)| Gauge {
        name,
        help,
        samples: report
            .cases
            .iter()
            .map(|case| (vec![("lose", case.lose.join(" "))], count(case)))
            .collect(),
    };
    let open = rows
        .iter()
        .filter(|row| row.state == RowState::Open)
        .count();
    Brief {
        answer: Answer::Impact,
        version: report.tool.version.clone(),
        headline: format!(
            "{open} of {} would take slots or the majority down",
            count(rows.len(), "case")
        ),
        tables: vec![cases],
        gauges: GAUGES.into_iter().map(gauge).collect(),
        records,
        rows,
        refused: None,
    }
}

fn loss(report: &ImpactReport, case: &ImpactCase) -> Row {
    let lose = case.lose.join(" and ");
    let broken = case.slots_down > report.now.slots_down || (report.now.majority && !case.majority);
    let mut parts = vec![format!("{} down", count(case.slots_down as usize, "slot"))];
    for (number, what) in [
        (case.shards_failed_over, "failed over"),
        (case.shards_stuck, "stuck"),
        (case.shards_lost, "lost"),
        (case.shards_without_spare_copy, "left with a single copy"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number, "shard")));
        }
    }
    let votes = if case.majority { "" } else { ": no majority" };
    parts.push(format!(
        "{} voters left, {} needed{votes}",
        case.voters_left, case.voters_needed
    ));
    Row {
        code: "impact",
        name: "loss".to_owned(),
        severity: Severity::Error,
        state: if broken {
            RowState::Open
        } else {
            RowState::Passed
        },
        subject: lose.clone(),
        message: format!("without {lose}: {}", parts.join(", ")),
        help: String::new(),
        place: None,
        identity: format!("impact/{lose}"),
    }
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
    let subject = &finding.subject;
    let id = subject.id.as_deref().unwrap_or_default();
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let what = match subject.kind {
        SubjectKind::Node | SubjectKind::Shard | SubjectKind::View => id.to_owned(),
        SubjectKind::Slots => format!("{} {id}", of(&subject.slots)),
        SubjectKind::Host | SubjectKind::Disk => of(&subject.host),
        SubjectKind::Zone => of(&subject.zone),
        SubjectKind::Capture => "capture".to_owned(),
    };
    format!("{}/{what}", finding.code)
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

fn of_state(state: &State) -> Vec<Gauge> {
    let mut gauges = vec![
        single(
            "topoplan_slots_down",
            "Slots without a live owner.",
            u64::from(state.slots_down),
        ),
        Gauge {
            name: "topoplan_voters",
            help: "Masters that own slots: all, live, and how many an election needs.",
            samples: vec![
                (vec![("which", "all".to_owned())], state.voters as u64),
                (vec![("which", "live".to_owned())], state.voters_live as u64),
                (
                    vec![("which", "needed".to_owned())],
                    state.voters_needed as u64,
                ),
            ],
        },
    ];
    let serves = match state.serves {
        Serves::Yes => Some(1),
        Serves::Partly | Serves::No => Some(0),
        Serves::Unknown => None,
    };
    gauges.extend(serves.map(|serves| {
        single(
            "topoplan_serves",
            "Every node that was asked says that the cluster serves.",
            serves,
        )
    }));
    gauges.extend(state.host_losses.map(|losses| {
        single(
            "topoplan_survives_host_losses",
            "So many hosts may be lost at once, whichever they are.",
            losses as u64,
        )
    }));
    gauges.extend(state.taken_ms.map(|ms| {
        single(
            "topoplan_capture_timestamp_seconds",
            "When the first view was taken, by the clock of its node.",
            ms / 1000,
        )
    }));
    gauges
}

fn single(name: &'static str, help: &'static str, value: u64) -> Gauge {
    Gauge {
        name,
        help,
        samples: vec![(Vec::new(), value)],
    }
}

fn of_findings(name: &'static str, help: &'static str, rows: &[Row]) -> [Gauge; 2] {
    let mut open: BTreeMap<(&str, &str, Severity), u64> = BTreeMap::new();
    let mut allowed: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        match row.state {
            RowState::Open => {
                *open.entry((row.code, &row.name, row.severity)).or_default() += 1;
            }
            RowState::Allowed(_) => *allowed.entry(row.code).or_default() += 1,
            RowState::Cured | RowState::Known | RowState::Passed => {}
        }
    }
    let open = open.into_iter().map(|((code, name, severity), times)| {
        let labels = vec![
            ("code", code.to_owned()),
            ("rule", name.to_owned()),
            ("severity", severity.to_string()),
        ];
        (labels, times)
    });
    let allowed = allowed.into_iter();
    [
        Gauge {
            name,
            help,
            samples: open.collect(),
        },
        Gauge {
            name: "topoplan_findings_allowed",
            help: "Findings that the policy allows.",
            samples: allowed
                .map(|(code, times)| (vec![("code", code.to_owned())], times))
                .collect(),
        },
    ]
}

fn of_hosts(loads: &[HostLoad]) -> [Gauge; 3] {
    type Count = fn(&HostLoad) -> usize;
    let gauge = |name, help, count: Count| Gauge {
        name,
        help,
        samples: loads
            .iter()
            .map(|load| (vec![("host", load.host.clone())], count(load) as u64))
            .collect(),
    };
    [
        gauge("topoplan_masters", "Live masters with slots.", |load| {
            load.masters
        }),
        gauge("topoplan_replicas", "Live replicas.", |load| load.replicas),
        gauge("topoplan_spares", "Live nodes without a copy.", |load| {
            load.spares
        }),
    ]
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
