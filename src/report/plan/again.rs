//! A plan taken up again on a later capture: what is left of it, or the way back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action;
use crate::action::Action;
use crate::action::Draft;
use crate::action::Kind;
use crate::action::StepMode;
use crate::inventory::Inventory;
use crate::measure::Counts;
use crate::measure::Shares;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::Level;
use crate::plan::Request;
use crate::report;
use crate::report::Exposure;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::report::Refusal;
use crate::report::Step;
use crate::report::capture;
use crate::report::plan::anew::inverse;
use crate::report::plan::anew::moved;
use crate::report::plan::anew::onward;
use crate::report::plan::build;
use crate::report::plan::groups::Groups;
use crate::report::plan::identity::plan_id;
use crate::report::plan::step;
use crate::report::promises::Promises;
use crate::report::verify::Progress;
use crate::report::verify::StepState;
use crate::report::verify::progress;
use crate::rules::Phase;
use crate::simulate;

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the plan's end.
    Resume,
    /// Back to where it began.
    Undo,
}

/// The plan that was taken up, and what became of its steps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Again {
    pub way: Way,
    /// Of the plan that was taken up.
    pub plan_id: String,
    /// Its steps that are done by this capture.
    pub done: Vec<u32>,
    /// Its steps that are kept as reviewed, or taken back, in the order of this plan's.
    pub kept: Vec<u32>,
}

/// Why a plan is not taken up again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAgain {
    /// What of it no longer fits, in words.
    #[error("the cluster is no longer the planned one: {}", .0.join("; "))]
    Drifted(Vec<String>),
    #[error("step {0} cannot be read: {1}")]
    Step(u32, String),
    /// The simulation refuses what is left.
    #[error("what is left of the plan is no longer possible: {0}")]
    Broken(#[from] simulate::Broken),
}

/// Takes the plan up on the cluster of `inventory`.
pub fn again(inventory: &Inventory, old: &PlanReport, way: Way) -> Result<PlanReport, NotAgain> {
    let progress = progress(old, &inventory.cluster);
    let (kept, lost) = match way {
        Way::Resume => (left(&progress)?, Vec::new()),
        Way::Undo => back(old, &progress, &inventory.cluster),
    };
    let mut taken = Vec::new();
    for &index in &kept {
        let step = &old.steps[index];
        let action = match way {
            Way::Resume => onward(step, &inventory.cluster),
            Way::Undo => inverse(step, &inventory.cluster),
        };
        let action = action.map_err(|why| NotAgain::Step(step.id, why))?;
        taken.push((index, action));
    }
    let steps = set(old, &taken, way, &inventory.cluster);
    let mut report = written(inventory, old, &steps)?;
    report.refusals = lost
        .iter()
        .map(|&index| no_way_back(&old.steps[index]))
        .collect();
    let done = progress.steps.iter().filter(|s| s.state == StepState::Done);
    report.again = Some(Again {
        way,
        plan_id: old.plan_id.clone(),
        done: done.map(|s| s.id).collect(),
        kept: kept.iter().map(|&index| old.steps[index].id).collect(),
    });
    report.plan_id = plan_id(&mut report);
    Ok(report)
}

/// Positions of the steps that are left.
fn left(progress: &Progress) -> Result<Vec<usize>, NotAgain> {
    if progress.has_drifted() {
        let steps = progress.steps.iter();
        let drifted = steps.filter(|s| s.state == StepState::Drifted);
        let told =
            drifted.map(|s| format!("step {}: {}", s.id, s.why.as_deref().unwrap_or_default()));
        let all = told.chain(progress.drift.iter().cloned());
        return Err(NotAgain::Drifted(all.collect()));
    }
    let steps = progress.steps.iter().enumerate();
    let open = steps.filter(|(_, s)| s.state != StepState::Done);
    Ok(open.map(|(index, _)| index).collect())
}

/// Positions of the done steps that are taken back, the last first; and those that cannot be. A
/// restart leaves nothing to take back.
fn back(old: &PlanReport, progress: &Progress, at: &Cluster) -> (Vec<usize>, Vec<usize>) {
    let done = progress.steps.iter().enumerate();
    // Of a move that was stopped half-way some slots are there.
    let done = done.filter(|&(index, s)| {
        s.state == StepState::Done || !moved(&old.steps[index], at).is_empty()
    });
    let done = done.map(|(index, _)| index).rev();
    let done = done.filter(|&index| old.steps[index].action != Kind::Restart);
    // Who gave its last slot away follows who got it, and takes none.
    let leads = |name: &Option<String>| {
        let id = name.as_deref().and_then(|name| at.find(name));
        id.is_some_and(|id| at.node(id).is_live_member() && at.node(id).is_master())
    };
    done.partition(|&index| {
        let step = &old.steps[index];
        step.undo.is_some() || (!moved(step, at).is_empty() && leads(&step.node))
    })
}

fn no_way_back(step: &Step) -> Refusal {
    Refusal {
        subject: format!("step {}", step.id),
        reason: format!("nothing takes a {} back", step.action),
        unlock: String::new(),
        found: Vec::new(),
    }
}

/// The actions as steps: in their waves, or back one after the other.
fn set(old: &PlanReport, taken: &[(usize, Action)], way: Way, at: &Cluster) -> Vec<action::Step> {
    let places: BTreeMap<u32, usize> = taken
        .iter()
        .enumerate()
        .map(|(place, (index, _))| (old.steps[*index].id, place))
        .collect();
    let mut steps: Vec<action::Step> = Vec::new();
    for (place, (index, action)) in taken.iter().enumerate() {
        let step = &old.steps[*index];
        let subject = action.subject();
        let root = at.root(subject).unwrap_or(subject);
        let copies = matches!(action, Action::Replicate(_) | Action::Restart(_));
        let memory = at.node(root).used_memory.unwrap_or(1 << 20);
        let (phase, reason) = match way {
            Way::Resume => (step.phase, step.reason.clone()),
            Way::Undo => (Phase::Change, format!("takes step {} back", step.id)),
        };
        let draft = Draft {
            action: action.clone(),
            phase,
            urgency: 0,
            cures: match way {
                Way::Resume => step.cures.clone(),
                Way::Undo => Vec::new(),
            },
            reason,
            mib: if copies {
                memory.div_ceil(1 << 20) as i64
            } else {
                0
            },
            leaves: None,
        };
        steps.push(match way {
            Way::Resume => {
                let after: Vec<usize> = step
                    .after
                    .iter()
                    .filter_map(|id| places.get(id))
                    .copied()
                    .collect();
                let barrier = step
                    .barrier
                    .and_then(|id| places.range(..=id).map(|(_, &p)| p).max());
                action::Step {
                    draft,
                    wave: step.wave,
                    pause: step.pause_ms > 0 && !after.is_empty(),
                    after,
                    barrier,
                }
            }
            Way::Undo => action::Step {
                draft,
                wave: place as u32 + 1,
                after: Vec::new(),
                barrier: place.checked_sub(1),
                pause: false,
            },
        });
    }
    steps
}

/// The steps as a plan file.
fn written(
    inventory: &Inventory,
    old: &PlanReport,
    steps: &[action::Step],
) -> Result<PlanReport, NotAgain> {
    let at = &inventory.cluster;
    let (policy, wanted) = (&inventory.policy, inventory.policy.wanted(at));
    let run = simulate::run(at, steps, policy, &wanted)?;
    let found = capture::found(inventory);
    let promises = Promises::of(inventory, &found, None);
    let mut report = build::empty(inventory, &found, &Request::default());
    let told = |f: &crate::rules::Finding| capture::finding(inventory, at, f, &promises);
    report.found = found.iter().map(told).collect();
    report.options = old.options.clone();
    let groups = Groups::new(at, build::crowds(&run.moments));
    let address = |id: NodeId| at.node(id).address.as_ref().map(ToString::to_string);
    report.groups = groups.listed(address);
    let moments = steps.iter().zip(&run.moments).enumerate();
    report.steps = moments
        .map(|(index, (step, moment))| step::step(at, &groups, index, step, moment))
        .collect();
    report.seconds = report.steps.iter().map(|s| s.wait.expected_ms / 1000).sum();
    report.after = capture::distribution(&run.end);
    report.exposure = run
        .exposure
        .iter()
        .map(|e| Exposure {
            step: e.step as u32 + 1,
            shard: e.slots.to_string(),
            copies: e.copies,
            reason: build::exposure_reason(at, steps, e.step),
        })
        .collect();
    let remaining = run.remaining.iter();
    report.remaining = remaining
        .map(|f| capture::finding(inventory, &run.end, f, &promises))
        .collect();
    report.complete = old.complete;
    report.copied_mib = steps.iter().map(|s| s.draft.mib).sum();
    let shares = Shares::of(&at.copies(&at.shards()));
    let counts = |c: &Cluster| Counts::of(c, policy, &wanted, &c.shards(), shares);
    let (before, after) = (counts(at), counts(&run.end));
    let failovers = |risky: bool| {
        let failover = |s: &&Step| s.action == Kind::Failover;
        let all = report.steps.iter().filter(failover);
        let all = all.filter(|s| !risky || s.mode.is_some_and(StepMode::is_forced));
        all.count() as i64
    };
    let counted = [
        (Level::Failovers, failovers(false)),
        (Level::Risk, failovers(true)),
        (Level::Actions, steps.len() as i64),
        (Level::SyncMib, report.copied_mib),
    ];
    let spent = |level: Level| {
        let own = counted.iter().find(|(of, _)| *of == level);
        own.map_or(0, |(_, number)| *number)
    };
    // Proven is the plan that these steps are of.
    report.objective = old
        .objective
        .iter()
        .filter(|level| !level.level.is_of_goal())
        .map(|level| {
            let of = |counts: &Counts| counts.get(level.level);
            let value = of(&after).unwrap_or_else(|| spent(level.level));
            let settled = !level.selected || matches!(level.level, Level::Serve | Level::Risk);
            report::Level {
                level: level.level,
                before: of(&before).unwrap_or(0),
                value,
                bound: value,
                proof: match settled {
                    true => Proof::Count,
                    false => Proof::None,
                },
                selected: level.selected,
                without_moves: false,
            }
        })
        .collect();
    Ok(report)
}
