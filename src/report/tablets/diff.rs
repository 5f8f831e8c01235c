//! The answer of `diff` about tablets.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff;
use crate::diff::PartitionChange;
use crate::diff::PartitionChanged;
use crate::diff::Strangers;
use crate::diff::TabletChanged;
use crate::diff::TabletDifference;
use crate::diff::TabletSide;
use crate::diff::TabletValue;
use crate::diff::Verdict;
use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::report;
use crate::report::DiffFinding;
use crate::report::DiffFindings;
use crate::report::DiffSide;
use crate::report::HostLoad;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::capture;
use crate::report::compared;
use crate::report::compared::Found;
use crate::report::compared::Tally;
use crate::report::tablets;
use crate::report::tablets::Promises;
use crate::rules;

/// What became of one tablet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffTablet {
    pub change: TabletChanged,
    pub address: String,
    pub worse: bool,
}

/// What became of one partition, or of one of its copies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffPartition {
    pub change: PartitionChanged,
    /// As texts call it.
    pub name: String,
    pub table: String,
    pub pid: u32,
    /// The endpoint that led, or held the copy.
    pub from: Option<String>,
    pub to: Option<String>,
    pub worse: bool,
}

/// A value before and after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffTabletValue {
    pub what: TabletValue,
    /// Of one partition.
    pub partition: Option<String>,
    pub old: Option<String>,
    pub new: Option<String>,
    pub verdict: Verdict,
    pub worse: bool,
}

/// What changed from one capture to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TabletDiffStep {
    /// Indexes into the captures.
    pub from: usize,
    pub to: usize,
    /// How many things changed: tablets, partitions, findings, and values that traffic does not move.
    pub changes: usize,
    /// How many of them are for the worse.
    pub worse: usize,
    pub nodes: Vec<DiffTablet>,
    pub partitions: Vec<DiffPartition>,
    pub findings: DiffFindings,
    pub before: Vec<HostLoad>,
    pub after: Vec<HostLoad>,
    pub values: Vec<DiffTabletValue>,
}

/// The answer of `diff`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TabletDiffReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// In the order in which they were given: the oldest first.
    pub captures: Vec<DiffSide>,
    pub notes: Vec<String>,
    /// From the first to the last.
    #[serde(flatten)]
    pub whole: TabletDiffStep,
    /// Of more than two captures: from each to the next.
    pub series: Vec<TabletDiffStep>,
}

/// One capture as `diff` takes it.
pub struct TabletCapture<'a> {
    pub name: String,
    pub inventory: &'a Inventory,
    pub seen: &'a TabletsSeen,
}

/// The answer of `diff`: at least two captures with their names, the oldest first.
pub fn diff_tablets(captures: &[TabletCapture]) -> Result<TabletDiffReport, Strangers> {
    let found: Vec<Vec<rules::Finding>> = captures
        .iter()
        .map(|c| tablets::found(c.inventory, &c.seen.state))
        .collect();
    let sides: Vec<TabletSide> = captures
        .iter()
        .zip(&found)
        .map(|(capture, findings)| TabletSide {
            state: &capture.seen.state,
            findings,
        })
        .collect();
    let (whole, series) = compared::series(sides.len(), |from, to| {
        let difference = diff::compare_tablets(&sides[from], &sides[to])?;
        let ends = [from, to].map(|at| End {
            capture: &captures[at],
            found: &found[at],
        });
        Ok(written(ends, (from, to), &difference))
    })?;
    let told = captures.iter().zip(&sides).map(|(capture, side)| DiffSide {
        name: capture.name.clone(),
        inputs: capture::inputs(capture.inventory),
        taken_ms: None,
        whole: side.is_whole(),
        doubts: Vec::new(),
        diagnostics: tablets::diagnostics(capture.inventory),
    });
    let told: Vec<DiffSide> = told.collect();
    Ok(TabletDiffReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        notes: compared::not_whole(&told, "partitions").collect(),
        whole,
        captures: told,
        series,
    })
}

struct End<'a> {
    capture: &'a TabletCapture<'a>,
    found: &'a [rules::Finding],
}

fn written(
    [old, new]: [End; 2],
    (from, to): (usize, usize),
    what: &TabletDifference,
) -> TabletDiffStep {
    let nodes: Vec<DiffTablet> = what
        .tablets
        .iter()
        .map(|(address, change)| DiffTablet {
            change: *change,
            address: address.clone(),
            worse: change.is_worse(),
        })
        .collect();
    let partition = |change: &PartitionChange| DiffPartition {
        change: change.change,
        name: change.name.clone(),
        table: change.table.clone(),
        pid: change.pid,
        from: change.from.clone(),
        to: change.to.clone(),
        worse: change.change.is_worse(),
    };
    let partitions: Vec<DiffPartition> = what.partitions.iter().map(partition).collect();
    let findings = compared::findings(&of(&old), &of(&new), &what.findings);
    let value = |value: &diff::TabletValueChange| DiffTabletValue {
        what: value.what,
        partition: value.partition.clone(),
        old: value.old.clone(),
        new: value.new.clone(),
        verdict: value.verdict,
        worse: value.verdict == Verdict::Worse,
    };
    let values: Vec<DiffTabletValue> = what.values.iter().map(value).collect();
    let worse = nodes.iter().map(|n| n.worse);
    let tally = Tally::of(
        worse.chain(partitions.iter().map(|p| p.worse)),
        &findings,
        values.iter().map(|v| v.verdict),
    );
    TabletDiffStep {
        from,
        to,
        changes: tally.changes,
        worse: tally.worse,
        nodes,
        partitions,
        findings,
        before: tablets::distribution(&old.capture.seen.state),
        after: tablets::distribution(&new.capture.seen.state),
        values,
    }
}

fn of<'a>(end: &'a End) -> Found<'a> {
    let seen = end.capture.seen;
    Found {
        all: end.found,
        write: Box::new(move |finding, was| {
            let told = tablets::finding(seen, &seen.state, finding, &Promises::none());
            DiffFinding {
                code: told.code,
                rule: told.rule,
                severity: told.severity,
                was,
                subject: told.subject,
                message: told.message,
                evidence: told.evidence,
            }
        }),
    }
}
