//! The answer of `verify` about a plan of tablets: its steps walked again on the state that the file
//! tells of, its levels decided and proven again, and how far it is by a later capture.

use crate::inventory::TabletsSeen;
use crate::model::Tablets;
use crate::report;
use crate::report::AnyLevel;
use crate::report::CheckedLevel;
use crate::report::Proof;
use crate::report::SCHEMA_VERSION;
use crate::report::Verdict;
use crate::report::VerifyReport;
use crate::report::tablets;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::plan::TabletPlanFile;
use crate::report::tablets::plan::proof;
use crate::report::tablets::plan::step;
use crate::report::tablets::progress::progress;
use crate::report::tablets::record;
use crate::report::tablets::step::Steps;
use crate::report::verify::flaw::Flaws;
use crate::tablets::Plan;

/// Checks a plan file by itself.
pub fn verify_tablets(file: &TabletPlanFile) -> VerifyReport {
    let plan = &file.plan;
    let mut flaws = Flaws::default();
    if file.content_id != plan.plan_id {
        flaws.differs("plan_id", &plan.plan_id, &file.content_id);
    }
    match record::state(plan) {
        Ok(state) => check(plan, state, &mut flaws),
        Err(why) => flaws.cannot("cluster", &"the captured state", &why),
    }
    let levels = plan.objective.iter().map(|level| CheckedLevel {
        level: AnyLevel::Tablets(level.level),
        value: level.value,
        bound: level.bound,
        proof: level.proof,
        gap: None,
    });
    let flaws = flaws.list();
    VerifyReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        plan_id: plan.plan_id.clone(),
        content_id: file.content_id.clone(),
        verdict: match flaws.is_empty() {
            true => Verdict::Verified,
            false => Verdict::Changed,
        },
        flaws,
        levels: levels.collect(),
        steps: plan.steps.len(),
        progress: None,
    }
}

/// The same, with how far the plan is by a later capture; a file that was changed is not followed.
pub fn verify_tablets_at(file: &TabletPlanFile, at: &TabletsSeen) -> VerifyReport {
    let mut report = verify_tablets(file);
    if report.verdict != Verdict::Verified {
        return report;
    }
    // The file was read just now, so its state can be told.
    let Ok(state) = record::state(&file.plan) else {
        return report;
    };
    let progress = progress(&file.plan, state, &at.state);
    report.verdict = match (progress.is_done(), progress.has_drifted()) {
        (true, _) => Verdict::Verified,
        (false, true) => Verdict::Drifted,
        (false, false) => Verdict::Pending,
    };
    report.progress = Some(progress);
    report
}

fn check(plan: &TabletPlan, state: Tablets, flaws: &mut Flaws) {
    if plan.before != tablets::distribution(&state) {
        flaws.cannot("before", &"the distribution", "not that of the partitions");
    }
    if plan.refused.is_some() || plan.blocked {
        if !plan.steps.is_empty() {
            let steps = plan.steps.len();
            flaws.cannot("steps", &steps, "a plan that was refused has none");
        }
        return;
    }
    let Some(request) = plan.asked.request(&state) else {
        flaws.cannot("asked", &"a goal", "it names a tablet that is no member");
        return;
    };
    let end = walk(plan, &state, flaws);
    if plan.after != tablets::distribution(&end) {
        flaws.cannot("after", &"the distribution", "not what the steps lead to");
    }
    // Another version may decide in another way, and as well.
    if plan.tool.version != report::tool().version {
        return;
    }
    match crate::tablets::plan(&state, &request) {
        Ok(made) => decided(plan, &made, flaws),
        Err(why) => flaws.cannot("steps", &plan.steps.len(), &why.to_string()),
    }
}

/// Every step on what those before it lead to.
fn walk(plan: &TabletPlan, state: &Tablets, flaws: &mut Flaws) -> Tablets {
    let steps = Steps::of(state);
    let mut walked = state.clone();
    for (index, told) in plan.steps.iter().enumerate() {
        let field = |name: &str| format!("step {}: {name}", told.id);
        let says = told.said();
        let Some(act) = steps.act(told) else {
            flaws.cannot(&field("command"), &says, "it names what is not in the file");
            break;
        };
        if let Err(why) = act.guard(&walked) {
            flaws.cannot(&field("command"), &says, &why.to_string());
        }
        let planned = crate::tablets::Planned {
            act,
            stage: told.phase,
            cures: told.cures.clone(),
            reason: told.reason.clone(),
            risk: None,
            undo: told.undo.clone(),
        };
        let mut again = step(index, &planned, &walked);
        // Told in words, and judged by nobody.
        again.risk.clone_from(&told.risk);
        if again.command != told.command {
            let command = again.command.clone().unwrap_or_default();
            flaws.differs(&field("command"), &says, &command);
        }
        if again != *told {
            let reason = "its guard, its wait or its order is not what the step needs";
            flaws.cannot(&field("guard"), &says, reason);
        }
        planned.act.apply(&mut walked);
    }
    walked
}

/// What is decided on the same state: the levels with their proofs, and the steps.
fn decided(plan: &TabletPlan, made: &Plan, flaws: &mut Flaws) {
    let listed = plan.objective.iter().map(|level| level.level);
    if !listed.eq(made.values.iter().map(|value| value.count)) {
        let levels = plan.objective.len();
        flaws.cannot("objective", &levels, "not the levels of such a plan");
        return;
    }
    for (level, value) in plan.objective.iter().zip(&made.values) {
        let field = |name: &str| format!("objective.{}.{name}", level.level.name());
        flaws.same(&field("before"), level.before, value.before);
        flaws.same(&field("value"), level.value, value.value);
        flaws.same(&field("bound"), level.bound, value.bound);
        let word = |proof: Proof| format!("{proof:?}").to_lowercase();
        flaws.same(&field("proof"), word(level.proof), word(proof(value.shown)));
    }
    if plan.steps.len() != made.steps.len() {
        flaws.differs("steps", &plan.steps.len(), &made.steps.len());
    }
    if plan.exposure.len() != made.exposed.len() {
        flaws.differs("exposure", &plan.exposure.len(), &made.exposed.len());
    }
}
