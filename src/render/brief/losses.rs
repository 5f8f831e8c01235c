//! The brief of `impact`.

use serde_json::json;

use crate::diagnostic::Severity;
use crate::render::brief::Answer;
use crate::render::brief::Brief;
use crate::render::brief::Gauge;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::brief::Table;
use crate::render::brief::of_diagnostics;
use crate::render::brief::record;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::text::words::count;

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
    "hosts_short_of_memory",
];

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
            short_of_memory(case),
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
            "{open} of {} would {}",
            count(rows.len(), "case"),
            match report.cases.iter().any(|case| case.voters_needed > 0) {
                true => "take slots or the majority down",
                false => "leave shards without a leader",
            }
        ),
        tables: vec![cases],
        gauges: GAUGES.into_iter().map(gauge).collect(),
        records,
        rows,
        refused: None,
    }
}

/// Empty where the memory of no host is known.
fn short_of_memory(case: &ImpactCase) -> String {
    match case.memory.is_empty() {
        true => String::new(),
        false => case.memory.iter().filter(|r| !r.fits).count().to_string(),
    }
}

fn loss(report: &ImpactReport, case: &ImpactCase) -> Row {
    let lose = case.lose.join(" and ");
    // Of tablets nobody votes, and partitions have no slots.
    let votes = case.voters_needed > 0;
    let broken = case.slots_down > report.now.slots_down
        || (report.now.majority && !case.majority)
        || (!votes && case.shards_stuck + case.shards_lost > 0);
    let mut parts = Vec::new();
    if votes {
        parts.push(format!("{} down", count(case.slots_down as usize, "slot")));
    }
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
    if votes {
        let majority = if case.majority { "" } else { ": no majority" };
        parts.push(format!(
            "{} voters left, {} needed{majority}",
            case.voters_left, case.voters_needed
        ));
    } else if parts.is_empty() {
        parts.push("nothing breaks".to_owned());
    }
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
