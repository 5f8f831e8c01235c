//! What every level came to, recounted on the simulated end, and how that is proven.

use crate::action::Action;
use crate::action::Mode;
use crate::action::Step;
use crate::measure;
use crate::measure::Counts;
use crate::model::Cluster;
use crate::plan::decision::Decision;
use crate::plan::goal::Goal;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::PRINTED;
use crate::plan::problem::Problem;
use crate::plan::target;
use crate::plan::target::By;
use crate::plan::target::Target;
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
    /// The bound holds as long as no replica that works is moved; moving one could do better.
    pub without_moves: bool,
}

/// Calls nothing proven that hangs on a choice which was made before. Nothing is below nothing:
/// levels of zero stay proven up to the first that is not.
pub fn open(values: &mut [Value]) {
    let behind = values
        .iter_mut()
        .filter(|value| value.kind != Kind::Count)
        .skip_while(|value| value.value == 0);
    behind.for_each(|value| value.kind = Kind::None);
}

/// Recounts every printed level and sets its proof beside it.
pub fn values(
    problem: &Problem,
    captured: &Cluster,
    goals: &[Goal],
    wanted: &Wanted,
    steps: &[Step],
    end: &Cluster,
    target: &Target,
) -> Vec<Value> {
    let counts = |cluster: &Cluster| {
        let shards = cluster.shards();
        Counts::of(cluster, problem.policy, wanted, &shards, problem.shares)
    };
    let supposed = problem.supposed;
    let after = Counts {
        serve: measure::serve(end),
        ..counts(&supposed.seen(end))
    };
    let present = Decision::present(problem).expand(problem);
    let start = counts(&present);
    // What a goal lets count for nothing counts for nothing from the start, and slots count where a
    // goal has them.
    let before = match supposed.differs() || supposed.reshaped {
        true => Counts {
            serve: measure::serve(captured),
            ..start
        },
        false => counts(captured),
    };
    let left = |level: Level, at: &Cluster| {
        let goals = goals.iter().filter(|goal| goal.level() == Some(level));
        goals.map(|goal| goal.left(at)).sum::<i64>()
    };
    let check = Recount {
        problem,
        paid: target.value - target.unchanged,
        start,
        end: after,
        masters: (left(Level::Masters, &present), left(Level::Masters, end)),
    };
    let asked = |level: Level| goals.iter().any(|goal| goal.level() == Some(level));
    let mut open = false;
    let mut values = Vec::new();
    let printed = PRINTED.into_iter();
    for level in printed.filter(|&level| !level.is_of_goal() || asked(level)) {
        let value = match level.is_of_goal() {
            true => left(level, end),
            false => after
                .get(level)
                .unwrap_or_else(|| spent(problem, steps, target, level)),
        };
        let selected = problem.selection.level(level);
        // A level that is not minimised has nothing to be proven of it, and what the serve phase
        // does follows from the capture alone, as does what a goal cannot reach.
        let settled =
            !selected || level.is_granted() || matches!(level, Level::Serve | Level::Risk);
        let (bound, kind) = if settled {
            (value, Kind::Count)
        } else {
            let (gap, kind) = proof(problem, target, level);
            open |= gap > 0 || kind == Kind::None || !check.agrees(level);
            (value - gap, if open { Kind::None } else { kind })
        };
        values.push(Value {
            level,
            before: match level.is_of_goal() {
                true if level == Level::Masters && supposed.differs() => left(level, &present),
                true => left(level, captured),
                false => before.get(level).unwrap_or(0),
            },
            value,
            bound,
            kind,
            selected,
            without_moves: level == Level::SameHost && value > 0 && target.without_moves,
        });
    }
    // The certificate is about what is decided behind such a choice.
    let decided = problem.units.iter().any(|unit| unit.first.is_some());
    let taken = !supposed.taken.is_empty() && !decided;
    if taken || problem.held_back || (problem.allow_moves && supposed.chose) {
        self::open(&mut values);
    }
    values
}

/// How far a level's value may be above the least possible, and how that is known.
fn proof(problem: &Problem, target: &Target, level: Level) -> (i64, Kind) {
    let value = level.of(&target.value);
    let least = target::least(problem, level);
    let known = target.bounds.iter().find(|(l, ..)| *l == level);
    match known {
        Some((_, bound, by)) => {
            let kind = match by {
                By::Flow => Kind::Flow,
                By::Columns => Kind::Multipliers,
            };
            ((value - (*bound).max(least)).max(0), kind)
        }
        None => ((value - least).max(0), Kind::None),
    }
}

/// The decision's price against the clusters before and after it, counted by the rules' code.
struct Recount<'a> {
    problem: &'a Problem<'a>,
    paid: Cost,
    start: Counts,
    end: Counts,
    /// What [`Level::Masters`] counts at both.
    masters: (i64, i64),
}

impl Recount<'_> {
    /// What the level gained in price is what it gained on the simulated end.
    fn agrees(&self, level: Level) -> bool {
        if level == Level::Masters {
            return self.masters.1 - self.masters.0 == level.of(&self.paid);
        }
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
        let paid = level.of(&self.paid);
        self.end
            .get(level)
            .zip(self.start.get(level))
            .is_none_or(|(e, s)| e - s == paid)
    }
}

/// Levels that are counts of a plan.
fn spent(problem: &Problem, steps: &[Step], target: &Target, level: Level) -> i64 {
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
        | Action::SetEpoch(_)
        | Action::AddSlots(_)
        | Action::MigrateSlots(_)
        | Action::BumpEpoch(_)
        | Action::Forget(_)
        | Action::Kill(_)
        | Action::Reset(_)
        | Action::Restart(_) => false,
    };
    match level {
        // With --allow-moves a move weighs nothing.
        Level::Moves if problem.allow_moves => 0,
        Level::Moves => count(&|s| s.draft.leaves.is_some()),
        Level::Surplus => Level::Surplus.of(&target.value),
        Level::Risk => count(&|s| failover(s, true)),
        Level::Failovers => count(&|s| failover(s, false)),
        Level::SyncMib => steps.iter().map(|s| s.draft.mib).sum(),
        Level::Actions => steps.len() as i64,
        Level::Serve
        | Level::Worse
        | Level::Protect
        | Level::Orphans
        | Level::Missing
        | Level::Drain
        | Level::Remove
        | Level::Pin
        | Level::Masters
        | Level::SameHost
        | Level::SameZone
        | Level::SameDisk
        | Level::Beside
        | Level::VotesHost
        | Level::VotesZone
        | Level::OverHost
        | Level::OverZone
        | Level::Home
        | Level::Tidy
        | Level::TieHome
        | Level::Tie => 0,
    }
}
