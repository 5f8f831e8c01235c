//! The brief of `plan`, of either family.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::render::brief::Answer;
use crate::render::brief::Brief;
use crate::render::brief::Gauge;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::brief::Table;
use crate::render::brief::findings;
use crate::render::brief::gauges::of_findings;
use crate::render::brief::gauges::of_state;
use crate::render::brief::gauges::single;
use crate::render::brief::identity;
use crate::render::brief::of_diagnostics;
use crate::render::brief::record;
use crate::render::brief::row;
use crate::render::brief::tally;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::report::PlanReport;
use crate::report::Refusal;
use crate::report::State;
use crate::report::Summary;
use crate::text::words::count;

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

/// What a plan of either family comes to.
pub(super) struct Planned<'a> {
    pub version: &'a str,
    pub plan_id: &'a str,
    pub complete: bool,
    pub refused: &'a Option<String>,
    pub summary: &'a Summary,
    pub state: &'a State,
    pub found: &'a [Finding],
    pub remaining: &'a [Finding],
    pub refusals: &'a [Refusal],
    pub diagnostics: &'a [Diagnostic],
    pub steps: Table,
    pub step_records: Vec<Value>,
    /// Of each step.
    pub phases: Vec<String>,
}

/// What is the same in the plans of both families, by the same names.
macro_rules! planned_of {
    ($report:expr, $steps:expr) => {
        Planned {
            version: &$report.tool.version,
            plan_id: &$report.plan_id,
            complete: $report.complete,
            refused: &$report.refused,
            summary: &$report.summary,
            state: &$report.state,
            found: &$report.found,
            remaining: &$report.remaining,
            refusals: &$report.refusals,
            diagnostics: &$report.diagnostics,
            steps: $steps,
            step_records: $report.steps.iter().map(|s| record("step", s)).collect(),
            phases: $report.steps.iter().map(|s| s.phase.to_string()).collect(),
        }
    };
}
pub(super) use planned_of;

/// Of `plan`: what was found, and what the plan leaves of it.
pub fn plan(report: &PlanReport) -> Brief {
    let steps = report.steps.iter().map(|step| {
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
    let table = Table {
        title: "Steps",
        columns: STEPS,
        rows: steps.collect(),
    };
    planned(planned_of!(report, table))
}

pub(super) fn ids(ids: &[u32]) -> String {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    ids.join(" ")
}

pub(super) fn planned(of: Planned) -> Brief {
    let same = |a: &Finding, b: &Finding| {
        a.code == b.code && a.subject.kind == b.subject.kind && identity(a) == identity(b)
    };
    let found = of.found.iter().map(|finding| {
        match of.remaining.iter().find(|left| same(left, finding)) {
            // As it is in the end: the plan may have made it milder.
            Some(left) => Row {
                severity: left.severity,
                ..row(finding, RowState::Open)
            },
            None => row(finding, RowState::Cured),
        }
    });
    // What a plan brings about by itself is found nowhere before.
    let new = of.remaining.iter();
    let new = new.filter(|left| !of.found.iter().any(|found| same(left, found)));
    let rows: Vec<Row> = found.chain(new.map(|f| row(f, RowState::Open))).collect();
    let mut records = vec![json!({
        "kind": "plan",
        "plan_id": of.plan_id,
        "complete": of.complete,
        "refused": of.refused,
        "summary": of.summary,
        "state": of.state,
    })];
    let count_of_steps = of.step_records.len();
    records.extend(of.found.iter().map(|f| record("finding", f)));
    records.extend(of.step_records);
    records.extend(of.remaining.iter().map(|f| record("remaining", f)));
    records.extend(of.refusals.iter().map(|r| record("refusal", r)));
    records.extend(of_diagnostics(of.diagnostics));
    let mut gauges = of_state(of.state);
    gauges.extend(of_findings(
        "topoplan_findings",
        "Findings that the plan leaves.",
        &rows,
    ));
    let mut phases: BTreeMap<String, u64> = BTreeMap::new();
    for phase in of.phases {
        *phases.entry(phase).or_default() += 1;
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
        u64::from(of.refused.is_some()),
    ));
    let mut brief = Brief {
        answer: Answer::Plan,
        version: of.version.to_owned(),
        headline: String::new(),
        tables: vec![of.steps, findings(&rows)],
        gauges,
        records,
        rows,
        refused: of.refused.clone(),
    };
    let steps = count(count_of_steps, "step");
    brief.headline = match of.refused {
        Some(why) => format!("refused: {why}"),
        None => format!("{steps}, leaves {}", tally(&brief)),
    };
    brief
}
