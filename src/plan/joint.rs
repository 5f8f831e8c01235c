//! Pairing and roles together.
//!
//! Three tries, each only where the one before left something unproven. First pairing, then
//! roles on its result. Then the roles with every spare free to lead anywhere it legally could,
//! again one flow: what that asks for is paired first. Its values are also a bound, as it
//! forbids less than the truth. At last, columns: level by level a bound from multipliers and,
//! where it lies below, the integer program.

use crate::flow::Cost;
use crate::flow::WIDTH;
use crate::plan::Certificate;
use crate::plan::columns;
use crate::plan::columns::Reach;
use crate::plan::coupled::Stage;
use crate::plan::floors::EARLY;
use crate::plan::floors::Floors;
use crate::plan::floors::least;
use crate::plan::level::DECIDED;
use crate::plan::level::Level;
use crate::plan::level::PRINTED;
use crate::plan::pairing;
use crate::plan::pairing::Pairing;
use crate::plan::price;
use crate::plan::problem::Decision;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::relaxed::Relaxed;
use crate::plan::roles;
use crate::plan::roles::Limits;
use crate::plan::verdict::Kind;

/// A decision and what is proven of it.
pub struct Solved {
    pub decision: Decision,
    pub certificates: Vec<Certificate>,
    /// By level: how far the value may be above the least possible, and how that is known.
    proofs: Vec<(i64, Kind)>,
}

impl Solved {
    /// How far the value may be above the least possible, and how that is known. A printed
    /// level that is decided in two parts is proven as its weaker part.
    pub fn proof(&self, level: Level) -> (i64, Kind) {
        let own = self.proofs[level as usize];
        let part = match level {
            Level::Missing => self.proofs[Level::Orphans as usize],
            _ => own,
        };
        let kind = if part.1 == Kind::None {
            Kind::None
        } else {
            own.1
        };
        (own.0.max(part.0), kind)
    }

    /// What the serve phase does follows from the capture alone.
    fn counted(mut self) -> Self {
        self.set(Level::Serve, 0, Kind::Count);
        self.set(Level::Risk, 0, Kind::Count);
        self
    }

    fn set(&mut self, level: Level, gap: i64, kind: Kind) {
        self.proofs[level as usize] = (gap, kind);
    }
}

/// Decides; see the module text.
pub fn solve(problem: &Problem) -> Solved {
    let mut paired = pairing::pair(problem);
    let first = lead(problem, &paired);
    let base = price::decision(problem, &first.decision);
    paired.proven &= first.proven && paired.cost == price::pairing(problem, &paired);
    // Where the best pairing moves nothing, no optimum does.
    paired.with_moves &= problem.allow_moves || base.0[Level::Moves as usize] > 0;
    let fixed = problem.spares.is_empty()
        && !paired.with_moves
        && problem.units.iter().all(|u| u.chained.is_empty());
    if fixed {
        return proven(first.decision, paired.proven);
    }
    let relaxed = Relaxed::new(problem, &paired);
    let mut best = first.decision;
    let mut value = base;
    if let Some(steered) = relaxed.steer(problem) {
        let decision = lead(problem, &steered).decision;
        let other = price::decision(problem, &decision);
        if is_better(&other, &value) {
            (best, value) = (decision, other);
        }
    }
    let mut solved = Solved {
        decision: best,
        certificates: Vec::new(),
        proofs: vec![(0, Kind::Flow); WIDTH],
    };
    if !(paired.proven && relaxed.proven) {
        // A check of ours failed: nothing may be called proven.
        for level in PRINTED {
            let gap = (value.0[level as usize] - least(problem, level)).max(0);
            solved.set(level, gap, Kind::None);
        }
        return solved;
    }
    let owners = problem.units.iter().map(|u| u.owner).collect();
    let unled = Decision {
        assignment: paired.assignment.clone(),
        masters: owners,
    };
    let floors = Floors::new(
        problem,
        &paired,
        price::decision(problem, &unled),
        relaxed.bound,
    );
    if !DECIDED.iter().all(|&l| floors.proves(problem, l, &value)) {
        refine(problem, &paired, &mut solved, &mut value, &floors);
    }
    tidy_ties(problem, &mut solved, &value);
    solved.counted()
}

fn proven(decision: Decision, checked: bool) -> Solved {
    let kind = if checked { Kind::Flow } else { Kind::None };
    let solved = Solved {
        decision,
        certificates: Vec::new(),
        proofs: vec![(0, kind); WIDTH],
    };
    solved.counted()
}

/// A pairing with the best roles for it.
struct Led {
    decision: Decision,
    proven: bool,
}

fn lead(problem: &Problem, paired: &Pairing) -> Led {
    let roles = roles::choose(problem, &paired.assignment);
    let decision = Decision {
        assignment: paired.assignment.clone(),
        masters: roles.masters,
    };
    let proven = roles.proven && price::roles(problem, &decision) == roles.cost;
    Led { decision, proven }
}

/// Better on the printed levels, in order.
fn is_better(a: &Cost, b: &Cost) -> bool {
    let key = |c: &Cost| -> Vec<i64> { c.0[..Level::TieHome as usize].to_vec() };
    key(a) < key(b)
}

fn usable_replicas(unit: &Unit) -> i64 {
    unit.fixed
        .iter()
        .chain(&unit.movable)
        .filter(|c| c.usable)
        .count() as i64
        - 1
}

/// Columns, level by level.
fn refine(
    problem: &Problem,
    paired: &Pairing,
    solved: &mut Solved,
    value: &mut Cost,
    floors: &Floors,
) {
    let base = &floors.pairing;
    let limits = Limits::new(problem, &paired.assignment);
    let barred = EARLY
        .iter()
        .copied()
        .filter(|&l| base.0[l as usize] == 0)
        .collect::<Vec<Level>>();
    // At most so many spares can end beyond what is wanted: a table that reaches so far is whole.
    let filling: i64 = problem.units.iter().map(|u| u.wanted.max(1)).sum::<i64>()
        - base.0[Level::Missing as usize]
        - problem
            .units
            .iter()
            .map(|u| usable_replicas(u).min(u.wanted.max(1)))
            .sum::<i64>();
    let surplus = (problem.spares.len() as i64 - filling.max(0)).max(0) as usize;
    let small = problem.units.len() <= 4 && problem.spares.len() <= 4;
    let surplus = if problem.keep_spares { 0 } else { surplus };
    let reach = |extra| Reach {
        barred: &barred,
        moves: paired.with_moves,
        extra,
    };
    // Replicas that move may all come to one shard.
    let movers: usize = problem
        .units
        .iter()
        .map(|u| u.movable.len() + u.chained.len())
        .sum();
    let arriving = if paired.with_moves { movers } else { 0 };
    let spares = if small && !problem.keep_spares {
        problem.spares.len()
    } else {
        surplus
    };
    let whole = columns::table(problem, &reach(spares + arriving));
    let is_whole = whole.is_some();
    let table = whole.or_else(|| columns::table(problem, &reach(usize::from(surplus > 0))));
    let mut frozen: Vec<(Level, i64)> = Vec::new();
    for level in DECIDED {
        if !floors.proves(problem, level, value) {
            match &table {
                Some(table) => {
                    let stage = Stage {
                        problem,
                        table,
                        limits: &limits,
                        level,
                        frozen: &frozen,
                    };
                    settle(&stage, is_whole, solved, value);
                }
                None => {
                    let gap = (value.0[level as usize] - least(problem, level)).max(0);
                    solved.set(level, gap, if gap > 0 { Kind::None } else { Kind::Count });
                }
            }
        }
        frozen.push((level, value.0[level as usize]));
    }
}

/// Proves or improves one level. A bound over a table that is not whole proves nothing.
fn settle(stage: &Stage, is_whole: bool, solved: &mut Solved, value: &mut Cost) {
    let level = stage.level;
    let bound = stage.bound(value.0[level as usize]);
    let least = match &bound {
        Some(bound) if is_whole => bound.value.max(least(stage.problem, level)),
        _ => least(stage.problem, level),
    };
    if least < value.0[level as usize] {
        let found = stage.better(bound.as_ref(), value.0[level as usize]);
        let decision = found.and_then(|chosen| stage.table.expand(stage.problem, &chosen));
        if let Some(decision) = decision {
            let other = price::decision(stage.problem, &decision);
            if is_better(&other, value) {
                *value = other;
                solved.decision = decision;
            }
        }
    }
    let gap = (value.0[level as usize] - least).max(0);
    let kind = match (gap, is_whole) {
        (0, true) => Kind::Multipliers,
        (0, false) => Kind::Count,
        _ => Kind::None,
    };
    solved.set(level, gap, kind);
    if is_whole {
        solved.certificates.extend(bound.map(|b| b.certificate));
    }
}

/// The roles once more on the final copies: among equals, home roles and low addresses.
fn tidy_ties(problem: &Problem, solved: &mut Solved, value: &Cost) {
    let roles = roles::choose(problem, &solved.decision.assignment);
    let other = Decision {
        assignment: solved.decision.assignment.clone(),
        masters: roles.masters,
    };
    if !is_better(value, &price::decision(problem, &other)) {
        solved.decision = other;
    }
}

#[cfg(test)]
mod tests {
    use crate::model::testing::cluster;
    use crate::plan::Kind;
    use crate::plan::Plan;
    use crate::plan::Request;
    use crate::policy::Policy;

    fn plan(text: &str) -> Plan {
        let (cluster, policy) = (cluster(text), Policy::default());
        let wanted = policy.wanted(&cluster);
        crate::plan::plan(&cluster, &policy, &wanted, &[], &Request::default()).expect("a plan")
    }

    fn value(plan: &Plan, name: &str) -> (i64, i64, Kind) {
        let value = plan
            .values
            .iter()
            .find(|v| v.level.name() == name)
            .expect("a level");
        (value.value, value.bound, value.kind)
    }

    #[test]
    fn a_replaced_host_gets_replicas_and_masters() {
        let plan = plan(
            "m1@h1 <; m2@h1 <; m3@h1 < r3@h2; m4@h2 <; m5@h2 <; m6@h2 < r6@h1; b1@h3 b2@h3 b3@h3 b4@h3",
        );
        assert_eq!(value(&plan, "missing").0, 0);
        assert_eq!(value(&plan, "over-host").0, 0);
        assert_eq!(value(&plan, "failovers"), (2, 2, Kind::Flow));
        assert!(
            plan.values.iter().all(|v| v.kind != Kind::None),
            "{:?}",
            plan.values
        );
    }

    #[test]
    fn a_scarce_spare_goes_where_it_also_balances() {
        let plan =
            plan("m4@h2 <; m1@h1 <; m2@h1 < r2@h2; m3@h1 < r3@h2; x@h3 < y@h1; z@h3 < w@h2; b@h3");
        assert_eq!(value(&plan, "missing").0, 1);
        assert_eq!(value(&plan, "over-host").0, 0);
        assert!(
            plan.values.iter().all(|v| v.bound == v.value),
            "{:?}",
            plan.values
        );
    }

    #[test]
    fn a_surplus_spare_may_lead() {
        // Nothing is missing, but only a spare on the empty host can take a master there.
        let plan = plan("m1@h1 < r1@h2; m2@h1 < r2@h2; m3@h2 < r3@h1; m4@h2 < r4@h1; b@h3");
        assert_eq!(value(&plan, "over-host").0, 0);
        assert_eq!(value(&plan, "tidy").0, 0);
        assert!(
            plan.values.iter().all(|v| v.kind != Kind::None),
            "{:?}",
            plan.values
        );
    }
}
