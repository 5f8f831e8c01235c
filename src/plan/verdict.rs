//! What every level came to, recounted on the simulated end, and how that is proven.

use crate::action::Action;
use crate::action::Mode;
use crate::action::Step;
use crate::flow::Cost;
use crate::measure::Counts;
use crate::model::Cluster;
use crate::plan::joint::Solved;
use crate::plan::level::Level;
use crate::plan::level::PRINTED;
use crate::plan::price;
use crate::plan::problem::Assignment;
use crate::plan::problem::Copy;
use crate::plan::problem::Decision;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::policy::Wanted;

/// How a level's value was shown to be the least possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Potentials on a residual network.
    Flow,
    /// Multipliers on coupling rows.
    Multipliers,
    /// Counting alone.
    Count,
    /// The bound is below the value.
    None,
}

/// One level of the objective.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    pub level: Level,
    pub before: i64,
    pub value: i64,
    pub bound: i64,
    pub kind: Kind,
    pub selected: bool,
}

/// Recounts every printed level and sets its proof beside it.
pub fn values(
    problem: &Problem,
    captured: &Cluster,
    wanted: &Wanted,
    steps: &[Step],
    end: &Cluster,
    solved: &Solved,
) -> Vec<Value> {
    let counts = |cluster: &Cluster| Counts::of(cluster, problem.policy, wanted, &cluster.shards());
    let (before, after) = (counts(captured), counts(end));
    let present = Decision {
        assignment: Assignment::present(problem),
        masters: problem.units.iter().map(|u| u.owner).collect(),
    };
    let check = Recount {
        problem,
        paid: price::decision(problem, &solved.decision) - price::decision(problem, &present),
        start: counts(problem.cluster),
        end: after,
    };
    PRINTED
        .iter()
        .map(|&level| {
            let value = after
                .get(level)
                .unwrap_or_else(|| spent(problem, steps, solved, level));
            let selected = problem.selection.level(level);
            let (gap, kind) = solved.proof(level);
            let kind = if gap > 0 || !check.agrees(level) {
                Kind::None
            } else {
                kind
            };
            // A level that is not minimised has nothing to be proven of it.
            let (bound, kind) = if selected {
                (value - gap, kind)
            } else {
                (value, Kind::Count)
            };
            Value {
                level,
                before: before.get(level).unwrap_or(0),
                value,
                bound,
                kind,
                selected,
            }
        })
        .collect()
}

/// The decision's price against the clusters before and after it, counted by the rules' code.
struct Recount<'a> {
    problem: &'a Problem<'a>,
    paid: Cost,
    start: Counts,
    end: Counts,
}

impl Recount<'_> {
    /// What the level gained in price is what it gained on the simulated end.
    fn agrees(&self, level: Level) -> bool {
        let judged = matches!(
            level,
            Level::Protect
                | Level::Missing
                | Level::SameHost
                | Level::SameZone
                | Level::SameDisk
                | Level::VotesHost
                | Level::VotesZone
                | Level::OverHost
                | Level::OverZone
                | Level::Home
        );
        if !judged || !self.problem.selection.level(level) {
            return true;
        }
        let paid = self.paid.0[level as usize];
        self.end
            .get(level)
            .zip(self.start.get(level))
            .is_none_or(|(e, s)| e - s == paid)
    }
}

/// Levels that are counts of a plan.
fn spent(problem: &Problem, steps: &[Step], solved: &Solved, level: Level) -> i64 {
    let count = |test: &dyn Fn(&Step) -> bool| steps.iter().filter(|s| test(s)).count() as i64;
    let failover = |step: &Step, risky: bool| match &step.draft.action {
        Action::Failover(failover) => match failover.mode {
            Mode::Graceful => !risky,
            Mode::Force | Mode::Takeover => true,
        },
        Action::Meet(_)
        | Action::Flush(_)
        | Action::Replicate(_)
        | Action::SetSlot(_)
        | Action::Forget(_) => false,
    };
    match level {
        // With --allow-moves a move weighs nothing.
        Level::Moves if problem.allow_moves => 0,
        Level::Moves => count(&|s| s.draft.leaves.is_some()),
        Level::Surplus => surplus(problem, solved),
        Level::Risk => count(&|s| failover(s, true)),
        Level::Failovers => count(&|s| failover(s, false)),
        Level::SyncMib => steps.iter().map(|s| s.draft.mib).sum(),
        Level::Actions => steps.len() as i64,
        _ => 0,
    }
}

/// Recounted from the copies of every shard; see [`price::surplus`].
fn surplus(problem: &Problem, solved: &Solved) -> i64 {
    let copies = &solved.decision.assignment.copies;
    let of = |(unit, copies): (&Unit, &Vec<Copy>)| {
        let usable = copies.iter().filter(|c| c.usable).count() as i64 - 1;
        if unit.free {
            price::surplus(problem, unit, usable)
        } else {
            0
        }
    };
    problem.units.iter().zip(copies).map(of).sum()
}
