//! The briefs of answers about tablets that are not those of the other family.

use serde_json::json;

use crate::diagnostic::Severity;
use crate::render::brief::Answer;
use crate::render::brief::Brief;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::brief::Table;
use crate::render::brief::changes::CHANGES;
use crate::render::brief::changes::of_finding;
use crate::render::brief::gauges::single;
use crate::render::brief::of_diagnostics;
use crate::render::brief::plans::Planned;
use crate::render::brief::plans::ids;
use crate::render::brief::plans::planned;
use crate::render::brief::record;
use crate::report::DiffFinding;
use crate::report::TabletDiffReport;
use crate::report::TabletPlan;
use crate::text::words::count;

const STEPS: &[&str] = &[
    "step",
    "phase",
    "action",
    "address",
    "target_address",
    "table",
    "pid",
    "command",
    "cures",
    "after",
    "reason",
];

/// Of `plan`.
pub fn plan_tablets(report: &TabletPlan) -> Brief {
    let steps = report.steps.iter().map(|step| {
        let cures: Vec<&str> = step.cures.iter().map(|code| code.as_str()).collect();
        vec![
            step.id.to_string(),
            step.phase.to_string(),
            step.action.name().to_owned(),
            step.address.clone().unwrap_or_default(),
            step.target_address.clone().unwrap_or_default(),
            step.table.clone().unwrap_or_default(),
            step.pid.map_or(String::new(), |pid| pid.to_string()),
            step.command.clone().unwrap_or_default(),
            cures.join(" "),
            ids(&step.after),
            step.reason.clone(),
        ]
    });
    planned(Planned {
        version: &report.tool.version,
        plan_id: &report.plan_id,
        complete: report.complete,
        refused: &report.refused,
        summary: &report.summary,
        state: &report.state,
        found: &report.found,
        remaining: &report.remaining,
        refusals: &report.refusals,
        diagnostics: &report.diagnostics,
        steps: Table {
            title: "Steps",
            columns: STEPS,
            rows: steps.collect(),
        },
        step_records: report.steps.iter().map(|s| record("step", s)).collect(),
        phases: report.steps.iter().map(|s| s.phase.to_string()).collect(),
    })
}

/// Of `diff`: from the first capture to the last.
pub fn diff_tablets(report: &TabletDiffReport) -> Brief {
    let whole = &report.whole;
    let found = &whole.findings;
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(found.new.iter().map(|f| of_finding(f, RowState::Open)));
    let is_worse = |f: &&DiffFinding| f.was.is_some_and(|was| f.severity > was);
    let worse = found.changed.iter().filter(is_worse);
    rows.extend(worse.map(|f| of_finding(f, RowState::Open)));
    rows.extend(found.gone.iter().map(|f| of_finding(f, RowState::Cured)));
    let mut changes: Vec<Vec<String>> = Vec::new();
    let mut change = |kind: &str, word: &str, what: &str, ends: [&str; 2], worse: bool| {
        let cells = [kind, word, what, "", ends[0], ends[1]];
        let mut cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        cells.push(worse.to_string());
        changes.push(cells);
        if kind == FINDING {
            return;
        }
        let ends: Vec<&str> = ends.into_iter().filter(|end| !end.is_empty()).collect();
        rows.push(Row {
            code: "diff",
            name: word.to_owned(),
            severity: Severity::Warning,
            state: if worse {
                RowState::Open
            } else {
                RowState::Passed
            },
            subject: what.to_owned(),
            message: format!("{what} {word}: {}", ends.join(" -> ")),
            help: String::new(),
            place: None,
            identity: format!("diff/{word}/{what}"),
        });
    };
    for node in &whole.nodes {
        let word = node.change.word();
        change("node", word, &node.address, ["", ""], node.worse);
    }
    for of in &whole.partitions {
        let end = |name: &Option<String>| name.clone().unwrap_or_default();
        let (from, to) = (end(&of.from), end(&of.to));
        let word = of.change.word();
        change("partition", word, &of.name, [&from, &to], of.worse);
    }
    for (word, findings) in [("new", &found.new), ("gone", &found.gone)] {
        for finding in findings {
            let what = format!("{} {}", finding.code, finding.message);
            change(FINDING, word, &what, ["", ""], word == "new");
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
    records.extend(whole.partitions.iter().map(|c| record("partition", c)));
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

/// The kind of change that has a row of its own already.
const FINDING: &str = "finding";
