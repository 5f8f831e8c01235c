//! A plan with a restart in it: ordered, simulated and judged like any other.

use crate::plan::NoPlan;
use crate::plan::Plan;
use crate::plan::advice;
use crate::plan::goal;
use crate::plan::restart::Given;
use crate::plan::target;
use crate::plan::verdict;
use crate::simulate;

/// A plan with a restart in it.
pub fn plan(given: &Given) -> Result<Plan, NoPlan> {
    let Given {
        captured,
        policy,
        wanted,
        request,
        effort,
        ..
    } = *given;
    let ground = given.ground()?;
    let supposed = goal::Supposed::plain(&ground.cluster);
    let problem = given.problem(&ground, &supposed);
    let target = target::decide(&problem, effort);
    let woven = given.weave(&ground, &problem, &target);
    let (steps, mut summary) = (woven.steps, woven.summary);
    let run = simulate::run(captured, &steps, policy, wanted)?;
    let mut values = verdict::values(
        &problem,
        captured,
        &request.goals,
        wanted,
        &steps,
        &run.end,
        &target,
    );
    summary.settle(&values);
    summary.open(&mut values);
    let mut goals = goal::outcomes(&request.goals, captured, &run.end, &steps);
    goals.iter_mut().for_each(|goal| goal.says = summary.says());
    let notes = advice::advice(&advice::Scene {
        captured,
        policy,
        wanted,
        request,
        selection: &ground.selection,
        problem: &problem,
        served: &ground.served,
        closing: &ground.closing,
        end: &run.end,
        remaining: &run.remaining,
        steps: &steps,
    });
    let chosen = &ground.chosen;
    Ok(Plan {
        tried: Vec::new(),
        values,
        end: run.end,
        exposure: run.exposure,
        moments: run.moments,
        remaining: run.remaining,
        refusals: [&chosen.blocked[..], &chosen.down, &notes.refusals].concat(),
        advice: notes.advice,
        assumptions: notes.assumptions,
        copied_mib: steps.iter().map(|s| s.draft.mib).sum(),
        goals,
        blocked: chosen.blocked.len(),
        slots: None,
        restart: Some(summary),
        selection: ground.selection.clone(),
        steps,
        target,
    })
}
