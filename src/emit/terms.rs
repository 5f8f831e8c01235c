//! What whoever carries a plan out accepts, said before anything else: risks, assumptions,
//! decisions of those who made the plan.

use crate::action::Risk;
use crate::action::StepMode;
use crate::emit::Edits;
use crate::emit::checked::CheckedCluster;
use crate::emit::checked::CheckedStep;
use crate::emit::text::one_line;
use crate::emit::text::utc;
use crate::report::Exposure;
use crate::report::PlanReport;

/// Each as a label and a line of cleaned text.
pub(super) fn terms(
    plan: &PlanReport,
    edits: Edits,
    cluster: &CheckedCluster,
    steps: &[CheckedStep],
) -> Vec<String> {
    let lines = lines(plan, edits, cluster, steps).into_iter();
    lines
        .map(|(label, text)| format!("{label:<11} {}", one_line(&text)))
        .collect()
}

fn lines(
    plan: &PlanReport,
    edits: Edits,
    cluster: &CheckedCluster,
    steps: &[CheckedStep],
) -> Vec<(&'static str, String)> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    match edits {
        Edits::None => {}
        Edits::Accepted => lines.push((
            "edited",
            "the plan file was changed after it was made: nobody proved or simulated what it says \
             now"
            .to_owned(),
        )),
    }
    lines.extend(plan.options.iter().map(|o| ("asked for", o.clone())));
    lines.push(("writes", writes_at_risk(steps)));
    lines.extend(
        steps
            .iter()
            .filter_map(|s| Some(("DATA LOSS", format!("step {}: {}", s.id, s.loss()?)))),
    );
    let flushed: Vec<String> = steps
        .iter()
        .filter(|s| s.risk() == Some(Risk::Keys))
        .map(|s| s.id.to_string())
        .collect();
    if !flushed.is_empty() {
        let text = format!(
            "dropped in step {}: what a node without slots holds",
            flushed.join(", ")
        );
        lines.push(("keys", text));
    }
    if plan.exposure.is_empty() && !steps.is_empty() {
        let none = "none: no step takes a shard below two copies".to_owned();
        lines.push(("exposure", none));
    }
    for exposed in &plan.exposure {
        let text = format!("step {}: {}", exposed.step, exposure(exposed));
        lines.push(("exposure", text));
    }
    lines.extend(plan.assumptions.iter().map(|a| ("assumed", a.clone())));
    lines.extend(plan.advice.iter().map(|a| ("advice", a.clone())));
    let irreversible: Vec<String> = steps
        .iter()
        .filter(|s| s.undo().is_none())
        .map(|s| s.id.to_string())
        .collect();
    lines.push(match (steps.len(), irreversible.len()) {
        (0, _) => ("undo", "nothing is done".to_owned()),
        (_, 0) => ("undo", "every step can be taken back".to_owned()),
        (all, some) if all == some => ("undo", "no step can be taken back".to_owned()),
        _ => ("undo", format!("not of step {}", irreversible.join(", "))),
    });
    lines.push(("captured", cluster.taken.map_or(UNKNOWN.to_owned(), utc)));
    lines
}

const UNKNOWN: &str = "at a time that nothing in the capture tells";

/// Which writes a run may lose.
fn writes_at_risk(steps: &[CheckedStep]) -> String {
    let forced: Vec<String> = steps
        .iter()
        .filter(|s| s.mode.is_some_and(StepMode::is_forced))
        .map(|s| s.id.to_string())
        .collect();
    if forced.is_empty() {
        return "none at risk".to_owned();
    }
    format!(
        "at risk in step {}: what the promoted copy had not got yet is lost, also if the old master \
         returns",
        forced.join(", ")
    )
}

/// `slots 0-5460 have 1 copy, until …`.
pub(super) fn exposure(exposed: &Exposure) -> String {
    let copies = match exposed.copies {
        0 => "no copy".to_owned(),
        1 => "1 copy".to_owned(),
        n => format!("{n} copies"),
    };
    let reason = match exposed.reason.as_str() {
        "" => String::new(),
        reason => format!(", {reason}"),
    };
    one_line(&format!("slots {} have {copies}{reason}", exposed.shard))
}
