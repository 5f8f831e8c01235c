//! Cluster and policy to target to ordered steps.
//!
//! Start reading at [`plan`]: `serve` promotes where masters are gone, `problem` says what is
//! left to decide, `target` decides it and proves that nothing better is possible, `draft` writes
//! the decision down as actions, `order` orders them, and `verdict` recounts every level on the
//! simulated end.

mod admission;
mod advice;
#[cfg(test)]
mod brute;
mod by_subject;
mod closing;
pub mod decision;
mod draft;
mod leftover;
pub mod level;
pub mod order;
pub mod problem;
mod request;
mod serve;
pub mod target;
mod unlocks;
mod verdict;
mod versions;
mod vouch;
pub mod why;

use crate::action::Counted;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules::Finding;
use crate::simulate;

pub use crate::action::Step;
pub use crate::rules::Phase;
pub use admission::Obstacle;
pub use admission::obstacles;
pub use decision::Decision;
pub use level::Level;
pub use level::Selection;
pub use problem::Problem;
pub use request::Request;
pub use target::Effort;
pub use target::Target;
pub use verdict::Kind;
pub use verdict::Value;
pub use vouch::BadVouch;
pub use vouch::vouch;
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
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoPlan {
    /// Nothing may be planned on this capture.
    #[error("refused: {0:?}")]
    Refused(Obstacle),
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

/// Plans, whatever capture the cluster is from. Pure: the same cluster, policy and request give the same plan.
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
    let selection = Selection::new(captured, request);
    let served = serve::serve(captured, request, selection.level(Level::Serve));
    let closing = closing::closings(captured, &selection);
    let settled: Vec<_> = closing.settled.clone();
    let inputs = problem::Inputs {
        captured,
        cluster: &served.cluster,
        policy,
        wanted,
        selection: &selection,
        request,
        settled: &settled,
    };
    let problem = Problem::new(&inputs);
    let target = target::decide(&problem, effort);
    let drafts = draft::drafts(
        &problem,
        captured,
        &served,
        &closing,
        &target.decision,
        wanted,
    );
    let steps = order::order(&Counted::new(captured.clone()), drafts);
    let run = simulate::run(captured, &steps, policy, wanted)?;
    let values = verdict::values(&problem, captured, wanted, &steps, &run.end, &target);
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
    let copied_mib = steps.iter().map(|s| s.draft.mib).sum();
    Ok(Plan {
        steps,
        values,
        target,
        end: run.end,
        exposure: run.exposure,
        moments: run.moments,
        remaining: run.remaining,
        refusals: notes.refusals,
        advice: notes.advice,
        assumptions: notes.assumptions,
        copied_mib,
        tried: Vec::new(),
        selection,
    })
}
