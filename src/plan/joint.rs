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
use crate::plan::columns::Table;
use crate::plan::coupled::Stage;
use crate::plan::floors::EARLY;
use crate::plan::floors::Floors;
use crate::plan::floors::least;
use crate::plan::level::DECIDED;
use crate::plan::level::Level;
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

/// A bound on one level, and what it assumes: it holds for decisions that are no worse than
/// `prefix` on every level before. The three are only worth something together.
#[derive(Clone)]
struct Shown {
    level: Level,
    bound: i64,
    kind: Kind,
    prefix: Cost,
    certificate: Option<Certificate>,
}

impl Shown {
    /// The bound says something of a decision with this value.
    fn holds_for(&self, value: &Cost) -> bool {
        let before = DECIDED.iter().take_while(|&&l| l != self.level);
        before
            .map(|&l| l as usize)
            .all(|l| value.0[l] <= self.prefix.0[l])
    }
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
        conclude(problem, &mut solved, &value, None, &[]);
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
    let mut shown = Vec::new();
    if !DECIDED.iter().all(|&l| floors.proves(problem, l, &value)) {
        shown = refine(problem, &paired, &mut solved, &mut value, &floors);
    }
    tidy_ties(problem, &mut solved, &mut value);
    conclude(problem, &mut solved, &value, Some(&floors), &shown);
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

/// Columns, level by level, and what they prove.
fn refine(
    problem: &Problem,
    paired: &Pairing,
    solved: &mut Solved,
    value: &mut Cost,
    floors: &Floors,
) -> Vec<Shown> {
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
    let Some(table) = table else {
        return Vec::new();
    };
    // A better decision may change a level that was looked at before: then the bounds behind it
    // assume what is no longer so, and the walk begins anew.
    for _ in 0..WALKS {
        let walk = Walk {
            problem,
            table: &table,
            limits: &limits,
            floors,
            is_whole,
        };
        let begun_with = *value;
        let shown = walk.through(solved, value);
        if begun_with == *value || shown.iter().all(|s| s.holds_for(value)) {
            return shown;
        }
    }
    Vec::new()
}

/// So often a walk over the levels is begun; what is then not settled is not proven.
const WALKS: usize = 6;

/// One walk over the levels, each proven or improved where it can be.
struct Walk<'a> {
    problem: &'a Problem<'a>,
    table: &'a Table,
    limits: &'a Limits,
    floors: &'a Floors,
    /// A bound over a table that is not whole proves nothing.
    is_whole: bool,
}

impl Walk<'_> {
    /// Stops where an earlier level changed.
    fn through(&self, solved: &mut Solved, value: &mut Cost) -> Vec<Shown> {
        let mut frozen: Vec<(Level, i64)> = Vec::new();
        let mut shown = Vec::new();
        for level in DECIDED {
            if !self.floors.proves(self.problem, level, value) {
                let stage = Stage {
                    problem: self.problem,
                    table: self.table,
                    limits: self.limits,
                    level,
                    frozen: &frozen,
                };
                let prefix = *value;
                shown.extend(self.settle(&stage, solved, value, &prefix));
                let before = frozen.iter().all(|&(l, v)| value.0[l as usize] == v);
                if !before {
                    break;
                }
            }
            frozen.push((level, value.0[level as usize]));
        }
        shown
    }

    /// Improves the decision at one level if it can, and says what bounds the level.
    fn settle(
        &self,
        stage: &Stage,
        solved: &mut Solved,
        value: &mut Cost,
        prefix: &Cost,
    ) -> Option<Shown> {
        let level = stage.level;
        let at = value.0[level as usize];
        let bound = stage.bound(at);
        let floor = least(self.problem, level);
        let known = match &bound {
            Some(bound) if self.is_whole => bound.value.max(floor),
            _ => floor,
        };
        if known < at {
            let found = stage.better(bound.as_ref(), at);
            let decision = found.and_then(|chosen| stage.table.expand(self.problem, &chosen));
            if let Some(decision) = decision {
                let other = price::decision(self.problem, &decision);
                if is_better(&other, value) {
                    *value = other;
                    solved.decision = decision;
                }
            }
        }
        let bound = bound.filter(|_| self.is_whole)?;
        Some(Shown {
            level,
            bound: bound.value,
            kind: Kind::Multipliers,
            prefix: *prefix,
            certificate: Some(bound.certificate),
        })
    }
}

/// What is proven of the decision as it stands, level by level: by the flows, by multipliers
/// that assume nothing that is not so, or by counting. Behind a level that is not proven none
/// is, as a better value there may cost more later.
fn conclude(
    problem: &Problem,
    solved: &mut Solved,
    value: &Cost,
    floors: Option<&Floors>,
    shown: &[Shown],
) {
    let mut open = floors.is_none();
    for level in DECIDED {
        let at = value.0[level as usize];
        let floor = least(problem, level);
        let record = shown
            .iter()
            .find(|s| s.level == level && s.holds_for(value));
        let by_flow = floors.is_some_and(|f| f.proves(problem, level, value));
        let (bound, kind) = match record {
            _ if by_flow => (at, Kind::Flow),
            Some(record) if record.bound > floor => (record.bound, record.kind),
            _ => (floor, Kind::Count),
        };
        let gap = (at - bound).max(0);
        open |= gap > 0;
        solved.set(level, gap, if open { Kind::None } else { kind });
        if let Some(record) = record.filter(|_| kind == Kind::Multipliers) {
            solved.certificates.extend(record.certificate.clone());
        }
    }
}

/// The roles once more on the final copies: among equals, home roles and low addresses.
fn tidy_ties(problem: &Problem, solved: &mut Solved, value: &mut Cost) {
    let roles = roles::choose(problem, &solved.decision.assignment);
    let other = Decision {
        assignment: solved.decision.assignment.clone(),
        masters: roles.masters,
    };
    let price = price::decision(problem, &other);
    if !is_better(value, &price) {
        solved.decision = other;
        *value = price;
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
        crate::plan::plan(&cluster, &policy, &wanted, &Request::default()).expect("a plan")
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
