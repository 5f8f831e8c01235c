//! The brief of `diff`: what got worse is open, what is gone is cured.

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
use crate::report::DiffNode;
use crate::report::DiffNodeChange;
use crate::report::DiffReport;
use crate::report::DiffSlots;
use crate::text::words::count;

pub(super) const CHANGES: &[&str] = &["kind", "change", "what", "slots", "from", "to", "worse"];

/// Of `diff`: from the first capture to the last.
pub fn diff(report: &DiffReport) -> Brief {
    let whole = &report.whole;
    let mut rows: Vec<Row> = Vec::new();
    let found = &whole.findings;
    rows.extend(found.new.iter().map(|f| of_finding(f, RowState::Open)));
    let is_worse = |f: &&DiffFinding| f.was.is_some_and(|was| f.severity > was);
    let worse = found.changed.iter().filter(is_worse);
    rows.extend(worse.map(|f| of_finding(f, RowState::Open)));
    rows.extend(found.gone.iter().map(|f| of_finding(f, RowState::Cured)));
    rows.extend(whole.nodes.iter().map(of_node));
    rows.extend(whole.slots.iter().map(of_slots));
    let mut changes: Vec<Vec<String>> = Vec::new();
    for change in &whole.nodes {
        changes.push(vec![
            "node".to_owned(),
            change.change.word().to_owned(),
            change.address.clone().unwrap_or_default(),
            String::new(),
            state(change.old.as_ref()),
            state(change.new.as_ref()),
            change.worse.to_string(),
        ]);
    }
    for change in &whole.slots {
        changes.push(vec![
            "slots".to_owned(),
            change.change.word().to_owned(),
            count(change.count as usize, "slot"),
            change.slots.clone(),
            change.from.clone().unwrap_or_default(),
            change.to.clone().unwrap_or_default(),
            change.worse.to_string(),
        ]);
    }
    for (word, findings) in [("new", &found.new), ("gone", &found.gone)] {
        for finding in findings {
            changes.push(vec![
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
    let names: Vec<&str> = report.captures.iter().map(|c| c.name.as_str()).collect();
    let mut records = vec![json!({
        "kind": "diff",
        "captures": names,
        "changes": whole.changes,
        "worse": whole.worse,
        "notes": report.notes,
    })];
    records.extend(whole.nodes.iter().map(|c| record("node", c)));
    records.extend(whole.slots.iter().map(|c| record("slots", c)));
    records.extend(found.new.iter().map(|f| record("new", f)));
    records.extend(found.changed.iter().map(|f| record("changed", f)));
    records.extend(found.gone.iter().map(|f| record("gone", f)));
    records.extend(whole.values.iter().map(|v| record("value", v)));
    for side in &report.captures {
        records.extend(of_diagnostics(&side.diagnostics));
    }
    Brief {
        answer: Answer::Diff,
        version: report.tool.version.clone(),
        headline: format!("{}, {} worse", count(whole.changes, "change"), whole.worse),
        tables: vec![Table {
            title: "Changes",
            columns: CHANGES,
            rows: changes,
        }],
        gauges: vec![
            single(
                "topoplan_diff_changes",
                "Changes from the first capture to the last.",
                whole.changes as u64,
            ),
            single(
                "topoplan_diff_worse",
                "Of these: what got worse.",
                whole.worse as u64,
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

pub(super) fn of_finding(finding: &DiffFinding, state: RowState) -> Row {
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

fn of_node(change: &DiffNodeChange) -> Row {
    let sides = [&change.new, &change.old];
    let id = sides
        .into_iter()
        .flatten()
        .next()
        .map(|node| node.id.clone());
    let id = id.unwrap_or_default();
    let who = change.address.clone().unwrap_or_else(|| id.clone());
    let (old, new) = (state(change.old.as_ref()), state(change.new.as_ref()));
    let word = change.change.word();
    let states: Vec<&str> = [old.as_str(), new.as_str()]
        .into_iter()
        .filter(|state| !state.is_empty())
        .collect();
    of_change(change.worse, word, &who, &states.join(" -> "), &id)
}

fn of_slots(change: &DiffSlots) -> Row {
    let ends: Vec<&str> = [&change.from, &change.to]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let word = change.change.word();
    of_change(
        change.worse,
        word,
        &change.slots,
        &ends.join(" -> "),
        &change.slots,
    )
}

fn of_change(worse: bool, word: &str, who: &str, how: &str, id: &str) -> Row {
    Row {
        code: "diff",
        name: word.to_owned(),
        severity: Severity::Warning,
        state: if worse {
            RowState::Open
        } else {
            RowState::Passed
        },
        subject: who.to_owned(),
        message: format!("{who} {word}: {how}"),
        help: String::new(),
        place: None,
        identity: format!("diff/{word}/{id}"),
    }
}
