//! Cluster and policy to target to ordered steps.
//!
//! Start reading at [`plan`]: `serve` promotes where masters are gone, `problem` says what is
//! left to decide, `target` decides it and proves that nothing better is possible, `draft` writes
//! the decision down as actions, `order` orders them, and `verdict` recounts every level on the
//! simulated end.

mod added;
mod admission;
mod advice;
#[cfg(test)]
mod brute;
mod budget;
mod by_subject;
mod closing;
pub mod decision;
mod draft;
pub mod goal;
mod homeward;
mod leftover;
pub mod level;
mod mib;
mod moving;
pub mod order;
pub mod problem;
mod request;
pub mod restart;
pub mod rolling;
pub mod room;
mod serve;
pub mod slots;
pub mod target;
mod twins;
mod unlocks;
mod verdict;
mod versions;
mod vouch;
pub mod why;

use std::collections::BTreeMap;

use crate::action::Counted;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::goal::Demands;
use crate::policy::Flag;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules::Code;
use crate::rules::Finding;
use crate::simulate;

pub use crate::action::Step;
pub use crate::rules::Phase;
pub use added::Added;
pub use added::BadAddition;
pub use admission::Obstacle;
#[cfg(feature = "internals")]
pub use admission::obstacles;
pub use budget::per_host;
#[cfg(test)]
pub use decision::Decision;
pub use goal::BadGoal;
pub use goal::Goal;
pub use goal::GoalKind;
pub use level::Level;
pub use level::Selection;
pub use problem::Problem;
pub use request::Request;
pub use slots::Ending;
pub use slots::SlotTrouble;
pub use target::Effort;
pub use target::Target;
pub use twins::of_policy;
pub use verdict::Kind;
pub use verdict::Value;
pub use vouch::vouch;
use why::About;

pub use why::Advice;
pub use why::Assumption;
pub use why::Refusal;

/// A decided, ordered and simulated plan.
#[derive(Debug)]
pub struct Plan {
    pub selection: Selection,
    pub steps: Vec<Step>,
    /// What each step is on the cluster as the steps before left it.
    pub moments: Vec<simulate::Moment>,
    pub values: Vec<Value>,
    /// What was decided, and what proves it.
    pub target: Target,
    /// The cluster that the steps lead to.
    pub end: Cluster,
    pub exposure: Vec<simulate::Exposure>,
    /// Findings at the end.
    pub remaining: Vec<Finding>,
    pub refusals: Vec<Refusal>,
    /// What only a human can do, and what it would cure.
    pub advice: Vec<Advice>,
    /// What the capture does not show and the plan therefore assumes.
    pub assumptions: Vec<Assumption>,
    /// MiB copied by full syncs.
    pub copied_mib: i64,
    /// What was looked for to see whether an unlock opens anything, without proof.
    pub tried: Vec<(Request, Result<Plan, NoPlan>)>,
    /// What moving slots comes to, where that was asked for.
    pub slots: Option<slots::Tally>,
    /// What goals came to, in the order of the request.
    pub goals: Vec<goal::Outcome>,
    /// Shards that were left, as a goal is blocked on them.
    pub blocked: usize,
    /// What a rolling restart comes to, where one is asked for.
    pub restart: Option<restart::Summary>,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoPlan {
    /// Nothing may be planned on this capture.
    #[error("refused: {0:?}")]
    Refused(Obstacle),
    /// Slots cannot be moved as asked.
    #[error("slots: {0:?}")]
    Slots(SlotTrouble),
    /// What goals ask for makes no sense.
    #[error(transparent)]
    BadGoal(#[from] BadGoal),
    /// Goals that cannot be reached: one entry for each shard that is in the way.
    #[error("blocked: {0:?}")]
    Blocked(Vec<Refusal>),
    /// A step of ours that the simulation refuses: a bug.
    #[error("the planner made a plan that it cannot simulate: {0}")]
    Broken(#[from] simulate::Broken),
}

/// Plans on a capture, if that may be done; `found` are its findings. What a refusal names as its
/// unlock was tried: given, it changes the plan.
pub fn on(inventory: &Inventory, found: &[Finding], request: &Request) -> Result<Plan, NoPlan> {
    let mut plan = made(inventory, found, request, Effort::Proof)?;
    unlocks::keep_true(&mut plan, request, Effort::Proof, |other| {
        untried(inventory, found, other)
    });
    Ok(plan)
}

/// As [`on`], for those who ask what a plan comes to and not for its proof.
pub fn sketch(inventory: &Inventory, found: &[Finding], request: &Request) -> Result<Plan, NoPlan> {
    let mut plan = untried(inventory, found, request)?;
    unlocks::keep_true(&mut plan, request, Effort::Sketch, |other| {
        untried(inventory, found, other)
    });
    Ok(plan)
}

/// As [`sketch`], but what would unlock something was not tried.
pub fn untried(
    inventory: &Inventory,
    found: &[Finding],
    request: &Request,
) -> Result<Plan, NoPlan> {
    made(inventory, found, request, Effort::Sketch)
}

fn made(
    inventory: &Inventory,
    found: &[Finding],
    request: &Request,
    effort: Effort,
) -> Result<Plan, NoPlan> {
    admission::admit(inventory, found, request).map_err(NoPlan::Refused)?;
    let wanted = inventory.policy.wanted(&inventory.cluster);
    planned(
        &inventory.cluster,
        &inventory.policy,
        &wanted,
        request,
        effort,
    )
}

/// Why what is asked about slots cannot be had on this capture, if it cannot.
pub fn slot_trouble(inventory: &Inventory, request: &Request) -> Option<SlotTrouble> {
    let captured = &inventory.cluster;
    let selection = Selection::new(captured, request);
    let served = serve::serve(captured, request, selection.level(Level::Serve));
    slots::reshape(&served.cluster, &inventory.policy, &request.slots).err()
}

/// Plans, whatever capture the cluster is from. Pure: the same cluster, policy and request give the same plan.
#[cfg(any(test, feature = "internals"))]
pub fn plan(
    captured: &Cluster,
    policy: &Policy,
    wanted: &Wanted,
    request: &Request,
) -> Result<Plan, NoPlan> {
    planned(captured, policy, wanted, request, Effort::Proof)
}

fn planned(
    captured: &Cluster,
    policy: &Policy,
    wanted: &Wanted,
    request: &Request,
    effort: Effort,
) -> Result<Plan, NoPlan> {
    if let Some(ask) = request.restart() {
        return restart::plan(&restart::Given {
            captured,
            policy,
            wanted,
            request,
            effort,
            ask,
        });
    }
    // A new cluster of some nodes introduces nobody else.
    let narrowed = request.slots.create_of.is_some();
    let narrowed = narrowed.then(|| request.leaving([Code::UnmetNode].into()));
    let given = Given {
        captured,
        policy,
        wanted,
        request: narrowed.as_ref().unwrap_or(request),
        effort,
    };
    match changed(&given, Handovers::AsDecided) {
        // Slots are what was asked for, and can move without any of these.
        Err(NoPlan::Broken(_)) if !request.slots.is_empty() => changed(&given, Handovers::Left),
        made => made,
    }
}

/// What a plan is made of.
struct Given<'a> {
    captured: &'a Cluster,
    policy: &'a Policy,
    wanted: &'a Wanted,
    request: &'a Request,
    effort: Effort,
}

/// What becomes of handovers in a plan that moves slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Handovers {
    AsDecided,
    /// There is no order in which they fit.
    Left,
}

fn changed(given: &Given, handovers: Handovers) -> Result<Plan, NoPlan> {
    let Given {
        captured,
        policy,
        wanted,
        request,
        effort,
    } = *given;
    let selection = Selection::new(captured, request);
    let served = serve::serve(captured, request, selection.level(Level::Serve));
    let reshaped =
        slots::reshape(&served.cluster, policy, &request.slots).map_err(NoPlan::Slots)?;
    let real = reshaped.as_ref().map_or(&served.cluster, |r| &r.cluster);
    let closing = closing::closings(captured, &selection);
    let settled: Vec<_> = closing.settled.clone();
    let goals = goal::of_who_stays(&request.goals, &served.cluster, real);
    let mut demands = Demands::of(&goals, real)?;
    if let Some(reshaped) = &reshaped {
        reshaped.ask(&mut demands);
    }
    let rooms = room::Rooms::of(real, policy);
    if handovers == Handovers::Left {
        let owners = real.iter().filter(|(_, n)| !n.slots.is_empty());
        demands.staying.extend(owners.map(|(id, _)| id));
    }
    let spares = problem::spares(real, captured, &selection, request).0;
    let suppose = |firsts: BTreeMap<NodeId, NodeId>| {
        let mut supposed = goal::suppose(goal::Inputs {
            real,
            demands: demands.clone(),
            request,
            spares: spares.clone(),
            rooms: &rooms,
            settled: &settled,
            firsts,
        });
        supposed.reshaped = reshaped.is_some();
        supposed
    };
    let asked = suppose(BTreeMap::new());
    if !asked.blocked.is_empty() && !request.has(Flag::SkipBlocked) {
        return Err(NoPlan::Blocked(asked.blocked));
    }
    let inputs = problem::Inputs {
        captured,
        supposed: &asked,
        policy,
        wanted,
        selection: &selection,
        request,
        settled: &settled,
    };
    // Where first copies are to be chosen that is decided with the rest, and supposed then.
    let anew = Problem::anew(&inputs).map(|mut problem| {
        let target = room::decide(&mut problem, effort);
        (problem, target)
    });
    let supposed = match &anew {
        Some((problem, target)) => suppose(problem.firsts(&target.decision)),
        None => asked.clone(),
    };
    let mut problem = Problem::new(&problem::Inputs {
        supposed: &supposed,
        ..inputs
    });
    let adopted = anew.and_then(|(judged, target)| {
        let decision = problem.adopt(&judged, &target.decision)?;
        Some((judged, Target { decision, ..target }))
    });
    let (judged, target) = match adopted {
        Some((judged, target)) => (Some(judged), target),
        None => (None, room::decide(&mut problem, effort)),
    };
    let judged = judged.as_ref().unwrap_or(&problem);
    let mut drafts = draft::drafts(
        &problem,
        captured,
        &served,
        &closing,
        &target.decision,
        wanted,
    );
    if let Some(reshaped) = &reshaped {
        reshaped.join(&mut drafts);
    }
    let mut left = supposed.blocked.clone();
    if !request.goals.is_empty() {
        let end = target.decision.reach(&problem);
        let decided = goal::Decided {
            problem: &problem,
            drafts: &drafts,
            end: &end,
        };
        let blocked = request.goals.iter().flat_map(|goal| goal.blocked(&decided));
        let mut blocked: Vec<Refusal> = blocked.collect();
        // Each shard once, whoever of the goals is blocked on it.
        let mut seen: Vec<About> = Vec::new();
        blocked.retain(|refusal| {
            let new = !seen.contains(&refusal.about);
            seen.extend(new.then(|| refusal.about.clone()));
            new
        });
        let own = request.goals.iter().flat_map(|goal| goal.drafts(&decided));
        let mut own: Vec<_> = own.collect();
        goal::leave_each_once(&mut own);
        if !blocked.is_empty() && !request.has(Flag::SkipBlocked) {
            return Err(NoPlan::Blocked(blocked));
        }
        left.extend(blocked);
        drafts.extend(own);
        goal::leave_stopped_untold(&mut drafts);
    }
    let limits = budget::limits(captured, &policy.budgets);
    let mut steps = order::order(&Counted::new(captured.clone()), drafts, &limits);
    let mut cut = Vec::new();
    if handovers == Handovers::Left {
        left.push(Refusal::without_handovers());
    }
    if let Some(most) = request.max_steps.filter(|&most| most < steps.len()) {
        // Every prefix is safe, and what matters most comes first.
        cut.push(Refusal::cut(most, steps.len()));
        steps.truncate(most);
    }
    let run = simulate::run(captured, &steps, policy, wanted)?;
    let mut values = verdict::values(
        judged,
        captured,
        &request.goals,
        wanted,
        &steps,
        &run.end,
        &target,
    );
    // That nobody hands over is a choice, and what is decided behind it not the best of all.
    if request.slots.chooses() || !cut.is_empty() || handovers == Handovers::Left {
        verdict::open(&mut values);
    }
    let goals = goal::outcomes(&request.goals, captured, &run.end, &steps);
    let notes = advice::advice(&advice::Scene {
        captured,
        policy,
        wanted,
        request,
        selection: &selection,
        problem: &problem,
        served: &served,
        closing: &closing,
        end: &run.end,
        remaining: &run.remaining,
        steps: &steps,
    });
    let mut said = notes.refusals;
    if reshaped.is_some() {
        // What a goal about slots brings about needs nobody else.
        let lacks = run.end.uncovered();
        said.retain(|refusal| {
            if let About::Slots(slots) = &refusal.about {
                return !slots.intersection(&lacks).is_empty();
            }
            true
        });
    }
    // Of a plan that was cut nothing more is known to be impossible.
    if !cut.is_empty() {
        said.retain(|refusal| !refusal.reason.judges_the_end());
    }
    let copied_mib = steps.iter().map(|s| s.draft.mib).sum();
    Ok(Plan {
        steps,
        values,
        target,
        end: run.end,
        exposure: run.exposure,
        moments: run.moments,
        remaining: run.remaining,
        blocked: left.len() - usize::from(handovers == Handovers::Left),
        refusals: [left, cut, said].concat(),
        advice: notes.advice,
        assumptions: notes.assumptions,
        copied_mib,
        tried: Vec::new(),
        slots: reshaped.as_ref().map(|r| r.tally.clone()),
        goals,
        restart: None,
        selection,
    })
}
