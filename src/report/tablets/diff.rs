//! The answer of `diff` about tablets.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diagnostic::Severity;
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
    let step = |from: usize, to: usize| {
        let difference = diff::compare_tablets(&sides[from], &sides[to])?;
        let ends = [from, to].map(|at| End {
            capture: &captures[at],
            found: &found[at],
        });
        Ok(written(ends, (from, to), &difference))
    };
    let last = sides.len() - 1;
    let series = match last {
        0 | 1 => Vec::new(),
        _ => (1..=last)
            .map(|to| step(to - 1, to))
            .collect::<Result<_, _>>()?,
    };
    let told = captures.iter().zip(&sides).map(|(capture, side)| DiffSide {
        name: capture.name.clone(),
        inputs: capture::inputs(capture.inventory),
        taken_ms: None,
        whole: side.is_whole(),
        doubts: Vec::new(),
        diagnostics: tablets::diagnostics(capture.inventory),
    });
    let told: Vec<DiffSide> = told.collect();
    let notes = told.iter().filter(|side| !side.whole).map(|side| {
        format!(
            "the list of partitions of {} is not whole: what it lacks is taken for unknown, not for gone",
            side.name
        )
    });
    Ok(TabletDiffReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        notes: notes.collect(),
        whole: step(0, last)?,
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
    let pick = |end: &End, indexes: &[usize]| -> Vec<DiffFinding> {
        indexes.iter().map(|&i| finding(end, i, None)).collect()
    };
    let changed = what.findings.changed.iter();
    let findings = DiffFindings {
        gone: pick(&old, &what.findings.gone),
        new: pick(&new, &what.findings.new),
        changed: changed
            .map(|&(before, now)| finding(&new, now, Some(old.found[before].severity)))
            .collect(),
        unknown: pick(&old, &what.findings.unknown),
    };
    let value = |value: &diff::TabletValueChange| DiffTabletValue {
        what: value.what,
        partition: value.partition.clone(),
        old: value.old.clone(),
        new: value.new.clone(),
        verdict: value.verdict,
        worse: value.verdict == Verdict::Worse,
    };
    let values: Vec<DiffTabletValue> = what.values.iter().map(value).collect();
    let counted = |value: &&DiffTabletValue| match value.verdict {
        Verdict::Better | Verdict::Worse => true,
        Verdict::Same | Verdict::Moved | Verdict::Unknown => false,
    };
    TabletDiffStep {
        from,
        to,
        changes: nodes.len()
            + partitions.len()
            + findings.gone.len()
            + findings.new.len()
            + findings.changed.len()
            + values.iter().filter(counted).count(),
        worse: nodes.iter().filter(|n| n.worse).count()
            + partitions.iter().filter(|p| p.worse).count()
            + findings.new.iter().filter(|f| f.is_worse()).count()
            + findings.changed.iter().filter(|f| f.is_worse()).count()
            + values.iter().filter(|v| v.worse).count(),
        nodes,
        partitions,
        findings,
        before: tablets::distribution(&old.capture.seen.state),
        after: tablets::distribution(&new.capture.seen.state),
        values,
    }
}

fn finding(end: &End, index: usize, was: Option<Severity>) -> DiffFinding {
    let seen = end.capture.seen;
    let told = tablets::finding(seen, &seen.state, &end.found[index], &Promises::none());
    DiffFinding {
        code: told.code,
        rule: told.rule,
        severity: told.severity,
        was,
        subject: told.subject,
        message: told.message,
        evidence: told.evidence,
    }
}
