//! The briefs of answers about tablets that are not those of the other family.

use serde_json::Value;

use crate::render::brief::Brief;
use crate::render::brief::Table;
use crate::render::brief::changes::Changed;
use crate::render::brief::changes::Thing;
use crate::render::brief::changes::changed;
use crate::render::brief::changes::value;
use crate::render::brief::plans::Planned;
use crate::render::brief::plans::ids;
use crate::render::brief::plans::planned;
use crate::render::brief::plans::planned_of;
use crate::render::brief::record;
use crate::report::DiffPartition;
use crate::report::DiffTablet;
use crate::report::TabletDiffReport;
use crate::report::TabletPlan;

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
    let table = Table {
        title: "Steps",
        columns: STEPS,
        rows: steps.collect(),
    };
    planned(planned_of!(report, table))
}

/// Of `diff`: from the first capture to the last.
pub fn diff_tablets(report: &TabletDiffReport) -> Brief {
    let whole = &report.whole;
    let tablets = whole.nodes.iter();
    let partitions = whole.partitions.iter();
    let mut records: Vec<Value> = tablets.clone().map(|c| record("node", c)).collect();
    records.extend(partitions.clone().map(|c| record("partition", c)));
    let things = tablets.map(of_tablet).chain(partitions.map(of_partition));
    changed(Changed {
        version: &report.tool.version,
        captures: &report.captures,
        notes: &report.notes,
        changes: whole.changes,
        worse: whole.worse,
        findings: &whole.findings,
        things: things.collect(),
        records: [records, whole.values.iter().map(value).collect()],
    })
}

fn of_tablet(tablet: &DiffTablet) -> Thing {
    Thing {
        kind: "node",
        change: tablet.change.word(),
        what: tablet.address.clone(),
        slots: String::new(),
        from: String::new(),
        to: String::new(),
        worse: tablet.worse,
        who: tablet.address.clone(),
        id: tablet.address.clone(),
    }
}

fn of_partition(partition: &DiffPartition) -> Thing {
    Thing {
        kind: "partition",
        change: partition.change.word(),
        what: partition.name.clone(),
        slots: String::new(),
        from: partition.from.clone().unwrap_or_default(),
        to: partition.to.clone().unwrap_or_default(),
        worse: partition.worse,
        who: partition.name.clone(),
        id: partition.name.clone(),
    }
}
