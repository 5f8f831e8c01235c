//! Cluster and policy to target to ordered steps.
//!
//! Start reading at [`plan`]: `serve` promotes where masters are gone, `problem` says what is
//! left to decide, `pairing` and `roles` decide it as exact flows, `joint` where the two are
//! coupled, `draft` writes the decision down as actions, `order` orders them, and `verdict`
//! recounts every level on the simulated end.

mod admission;
mod advice;
#[cfg(test)]
mod brute;
mod closing;
mod columns;
mod coupled;
mod draft;
mod floors;
mod handout;
mod joint;
mod leftover;
pub mod level;
pub mod order;
mod pairing;
mod price;
pub mod problem;
mod relaxed;
mod request;
mod roles;
mod serve;
mod solve;
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
pub use level::Level;
pub use level::Selection;
pub use problem::Decision;
pub use problem::Problem;
pub use request::Request;
pub use verdict::Kind;
pub use verdict::Value;
pub use vouch::BadVouch;
pub use vouch::vouch;
pub use why::Advice;
pub use why::Assumption;
pub use why::Refusal;

/// Multipliers that prove one coupled level; see `joint`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    pub level: Level,
    /// Every multiplier is a whole number of `1 / scale`.
    pub scale: i64,
    /// Coupling row and multiplier, both as printed.
    pub multipliers: Vec<(String, i64)>,
}

/// A decided, ordered and simulated plan.
#[derive(Debug)]
pub struct Plan {
    pub selection: Selection,
    pub steps: Vec<Step>,
    /// What each step is on the cluster as the steps before left it.
    pub moments: Vec<simulate::Moment>,
    pub values: Vec<Value>,
    pub certificates: Vec<Certificate>,
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
    let mut plan = untried(inventory, found, request)?;
    unlocks::keep_true(&mut plan, request, |other| {
        untried(inventory, found, other).ok()
    });
    Ok(plan)
}

/// As [`on`], but what would unlock something was not tried.
pub fn untried(
    inventory: &Inventory,
    found: &[Finding],
    request: &Request,
) -> Result<Plan, NoPlan> {
    admission::admit(inventory, found, request).map_err(NoPlan::Refused)?;
    let wanted = inventory.policy.wanted(&inventory.cluster);
    plan(&inventory.cluster, &inventory.policy, &wanted, request)
}

/// Plans, whatever capture the cluster is from. Pure: the same cluster, policy and request give the same plan.
pub fn plan(
    captured: &Cluster,
    policy: &Policy,
    wanted: &Wanted,
    request: &Request,
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
    let solved = joint::solve(&problem);
    let drafts = draft::drafts(
        &problem,
        captured,
        &served,
        &closing,
        &solved.decision,
        wanted,
    );
    let steps = order::order(&Counted::new(captured.clone()), drafts);
    let run = simulate::run(captured, &steps, policy, wanted)?;
    let values = verdict::values(&problem, captured, wanted, &steps, &run.end, &solved);
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
        certificates: solved.certificates,
        end: run.end,
        exposure: run.exposure,
        moments: run.moments,
        remaining: run.remaining,
        refusals: notes.refusals,
        advice: notes.advice,
        assumptions: notes.assumptions,
        copied_mib,
        selection,
    })
}
