//! The brief of `diff`: what got worse is open, what is gone is cured.

use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::diagnostic::Severity;
use crate::render::brief::Answer;
use crate::render::brief::Brief;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::brief::Table;
use crate::render::brief::gauges::single;
use crate::render::brief::identity_of;
use crate::render::brief::of_diagnostics;
use crate::render::brief::record;
use crate::render::brief::subject;
use crate::report::DiffFinding;
use crate::report::DiffFindings;
use crate::report::DiffNode;
use crate::report::DiffNodeChange;
use crate::report::DiffReport;
use crate::report::DiffSide;
use crate::report::DiffSlots;
use crate::text::words::count;

const CHANGES: &[&str] = &["kind", "change", "what", "slots", "from", "to", "worse"];

/// What changed, of captures of either family.
pub(super) struct Changed<'a> {
    pub version: &'a str,
    pub captures: &'a [DiffSide],
    pub notes: &'a [String],
    pub changes: usize,
    pub worse: usize,
    pub findings: &'a DiffFindings,
    /// What became of nodes, slots and the like.
    pub things: Vec<Thing>,
    /// Of each of them, then of each value.
    pub records: [Vec<Value>; 2],
}

/// What became of one of them: a line of the table, and a row that says it.
pub(super) struct Thing {
    pub kind: &'static str,
    pub change: &'static str,
    /// In the table.
    pub what: String,
    pub slots: String,
    pub from: String,
    pub to: String,
    pub worse: bool,
    /// In the row.
    pub who: String,
    pub id: String,
}

impl Thing {
    fn row(&self) -> Row {
        let Self {
            change, who, id, ..
        } = self;
        let ends = [self.from.as_str(), self.to.as_str()];
        let ends: Vec<&str> = ends.into_iter().filter(|end| !end.is_empty()).collect();
        Row {
            code: "diff",
            name: (*change).to_owned(),
            severity: Severity::Warning,
            state: if self.worse {
                RowState::Open
            } else {
                RowState::Passed
            },
            subject: who.clone(),
            message: format!("{who} {change}: {}", ends.join(" -> ")),
            help: String::new(),
            place: None,
            identity: format!("diff/{change}/{id}"),
        }
    }

    fn cells(self) -> Vec<String> {
        let Self {
            kind, change, what, ..
        } = self;
        let worse = self.worse.to_string();
        let words = [kind, change].map(str::to_owned);
        let cells = [what, self.slots, self.from, self.to, worse];
        words.into_iter().chain(cells).collect()
    }
}

/// Of `diff`: from the first capture to the last.
pub fn diff(report: &DiffReport) -> Brief {
    let whole = &report.whole;
    let nodes = whole.nodes.iter();
    let slots = whole.slots.iter();
    let mut records: Vec<Value> = nodes.clone().map(|c| record("node", c)).collect();
    records.extend(slots.clone().map(|c| record("slots", c)));
    changed(Changed {
        version: &report.tool.version,
        captures: &report.captures,
        notes: &report.notes,
        changes: whole.changes,
        worse: whole.worse,
        findings: &whole.findings,
        things: nodes.map(of_node).chain(slots.map(of_slots)).collect(),
        records: [records, whole.values.iter().map(value).collect()],
    })
}

pub(super) fn value(value: &impl Serialize) -> Value {
    record("value", value)
}

pub(super) fn changed(of: Changed) -> Brief {
    let mut rows: Vec<Row> = Vec::new();
    let found = of.findings;
    rows.extend(found.new.iter().map(|f| of_finding(f, RowState::Open)));
    let is_worse = |f: &&DiffFinding| f.was.is_some_and(|was| f.severity > was);
    let worse = found.changed.iter().filter(is_worse);
    rows.extend(worse.map(|f| of_finding(f, RowState::Open)));
    rows.extend(found.gone.iter().map(|f| of_finding(f, RowState::Cured)));
    rows.extend(of.things.iter().map(Thing::row));
    let mut lines: Vec<Vec<String>> = of.things.into_iter().map(Thing::cells).collect();
    for (word, findings) in [("new", &found.new), ("gone", &found.gone)] {
        for finding in findings {
            lines.push(vec![
                "finding".to_owned(),
                word.to_owned(),
                format!("{} {}", finding.code, finding.message),
                finding.subject.slots.clone().unwrap_or_default(),
                String::new(),
                String::new(),
                (word == "new").to_string(),
            ]);
        }
    }
    let names: Vec<&str> = of.captures.iter().map(|c| c.name.as_str()).collect();
    let mut records = vec![json!({
        "kind": "diff",
        "captures": names,
        "changes": of.changes,
        "worse": of.worse,
        "notes": of.notes,
    })];
    let [things, values] = of.records;
    records.extend(things);
    records.extend(found.new.iter().map(|f| record("new", f)));
    records.extend(found.changed.iter().map(|f| record("changed", f)));
    records.extend(found.gone.iter().map(|f| record("gone", f)));
    records.extend(values);
    for side in of.captures {
        records.extend(of_diagnostics(&side.diagnostics));
    }
    Brief {
        answer: Answer::Diff,
        version: of.version.to_owned(),
        headline: format!("{}, {} worse", count(of.changes, "change"), of.worse),
        tables: vec![Table {
            title: "Changes",
            columns: CHANGES,
            rows: lines,
        }],
        gauges: vec![
            single(
                "topoplan_diff_changes",
                "Changes from the first capture to the last.",
                of.changes as u64,
            ),
            single(
                "topoplan_diff_worse",
                "Of these: what got worse.",
                of.worse as u64,
            ),
        ],
        records,
        rows,
        refused: None,
    }
}

/// `master of 0-5460`, `replica of 10.0.0.1:7000, dead`
fn state(node: Option<&DiffNode>) -> String {
    let Some(node) = node else {
        return String::new();
    };
    let role = match (&node.master, &node.slots) {
        (Some(master), _) => format!("replica of {master}"),
        (None, Some(slots)) => format!("master of {slots}"),
        (None, None) => "without slots".to_owned(),
    };
    let dead = if node.live { "" } else { ", dead" };
    format!("{role}{dead}")
}

fn of_finding(finding: &DiffFinding, state: RowState) -> Row {
    let place = finding.evidence.first();
    Row {
        code: finding.code.as_str(),
        name: finding.rule.clone(),
        severity: finding.severity,
        state,
        subject: subject(&finding.subject),
        message: finding.message.clone(),
        help: String::new(),
        place: place.map(|p| (p.path.clone(), p.line, p.column)),
        identity: identity_of(finding.code.as_str(), &finding.subject),
    }
}

fn of_node(change: &DiffNodeChange) -> Thing {
    let sides = [&change.new, &change.old];
    let node = sides.into_iter().flatten().next();
    let id = node.map(|node| node.id.clone()).unwrap_or_default();
    Thing {
        kind: "node",
        change: change.change.word(),
        what: change.address.clone().unwrap_or_default(),
        slots: String::new(),
        from: state(change.old.as_ref()),
        to: state(change.new.as_ref()),
        worse: change.worse,
        who: change.address.clone().unwrap_or_else(|| id.clone()),
        id,
    }
}

fn of_slots(change: &DiffSlots) -> Thing {
    Thing {
        kind: "slots",
        change: change.change.word(),
        what: count(change.count as usize, "slot"),
        slots: change.slots.clone(),
        from: change.from.clone().unwrap_or_default(),
        to: change.to.clone().unwrap_or_default(),
        worse: change.worse,
        who: change.slots.clone(),
        id: change.slots.clone(),
    }
}
