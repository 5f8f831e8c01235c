//! Pairing and roles together.
//!
//! Three tries, each only where the one before left something unproven. First pairing, then
//! roles on its result. Then the roles with every spare free to lead anywhere it legally could,
//! again one flow: what that asks for is paired first. Its values are also a bound, as it
//! forbids less than the truth. At last, columns: level by level a bound from multipliers and,
//! where it lies below, the integer program.

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SOURCE;
use crate::flow::WIDTH;
use crate::model::NodeId;
use crate::plan::Certificate;
use crate::plan::columns;
use crate::plan::columns::Reach;
use crate::plan::coupled::Stage;
use crate::plan::level::Level;
use crate::plan::level::PRINTED;
use crate::plan::level::add;
use crate::plan::pairing;
use crate::plan::pairing::Pairing;
use crate::plan::price;
use crate::plan::problem::Copy;
use crate::plan::problem::Decision;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::roles;
use crate::plan::roles::Limits;
use crate::plan::verdict::Kind;
use crate::policy::HomeRole;

/// A decision and what is proven of it.
pub struct Solved {
    pub decision: Decision,
    pub certificates: Vec<Certificate>,
    /// By level: how far the value may be above the least possible, and how that is known.
    proofs: Vec<(i64, Kind)>,
}

impl Solved {
    /// How far the value may be above the least possible, and how that is known.
    pub fn proof(&self, level: Level) -> (i64, Kind) {
        self.proofs[level as usize]
    }

    fn set(&mut self, level: Level, gap: i64, kind: Kind) {
        self.proofs[level as usize] = (gap, kind);
    }
}

/// Levels that the pairing flow decides before any role is looked at.
const EARLY: [Level; 5] = [
    Level::Protect,
    Level::Missing,
    Level::SameHost,
    Level::Moves,
    Level::Siblings,
];
/// Levels that roles decide.
const ROLES: [Level; 6] = [
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
    Level::Home,
    Level::Failovers,
];

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
    if let Some(decision) = relaxed.steer(problem) {
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
        PRINTED.iter().for_each(|&l| solved.set(l, 0, Kind::None));
        return solved;
    }
    let open = open_levels(problem, &value, &base, &relaxed.bound);
    if !open.is_empty() {
        refine(
            problem,
            &paired,
            &mut solved,
            &mut value,
            &base,
            &relaxed.bound,
        );
    }
    tidy_ties(problem, &mut solved, &value);
    solved
}

fn proven(decision: Decision, checked: bool) -> Solved {
    let kind = if checked { Kind::Flow } else { Kind::None };
    Solved {
        decision,
        certificates: Vec::new(),
        proofs: vec![(0, kind); WIDTH],
    }
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

/// Levels whose value is not met by a flow's bound, in order.
fn open_levels(problem: &Problem, value: &Cost, base: &Cost, roles: &Cost) -> Vec<Level> {
    let at = |c: &Cost, l: Level| c.0[l as usize];
    let exact = zone_floor(problem, base) == at(base, Level::SameZone);
    PRINTED
        .iter()
        .copied()
        .filter(|&level| {
            if level > Level::SameZone && !exact && !ROLES.contains(&level) {
                // The pairing flow saw another zone count than the roles left.
                return !matches!(level, Level::Risk);
            }
            if EARLY.contains(&level) {
                // Pairing alone decides them: no decision can be below its flow.
                at(value, level) > at(base, level)
            } else if level == Level::SameZone {
                at(value, level) > zone_floor(problem, base)
            } else if ROLES.contains(&level) {
                at(value, level) > at(roles, level)
            } else if level == Level::Actions {
                at(value, level) - at(value, Level::Failovers)
                    > at(base, level) - at(base, Level::Failovers)
            } else {
                at(value, level) > at(base, level)
            }
        })
        .collect()
}

/// With at most one replica a shard, which copy leads does not change whether both are in one
/// zone, so the pairing's value is the least; with more, nothing but zero is known.
fn zone_floor(problem: &Problem, base: &Cost) -> i64 {
    let single = problem
        .units
        .iter()
        .all(|u| u.fixed.len() + u.movable.len() + u.chained.len() <= 2 && u.wanted <= 1);
    let surplus = base.0[Level::Surplus as usize];
    if single && surplus == 0 {
        base.0[Level::SameZone as usize]
    } else {
        0
    }
}

/// Roles where every spare may lead any shard that it could legally copy.
struct Relaxed {
    /// Only the levels of [`ROLES`] mean anything.
    bound: Cost,
    proven: bool,
    /// Spare and unit of every shard that a spare leads.
    wishes: Vec<(NodeId, usize)>,
}

impl Relaxed {
    fn new(problem: &Problem, paired: &Pairing) -> Self {
        let limits = Limits::new(problem, &paired.assignment);
        let mut network = Network::new();
        let mut places = roles::PlaceNodes::new(problem, &mut network, &limits);
        let pool = Pool::new(problem, paired, &mut network, &mut places);
        let mut spare_arcs = Vec::new();
        for (index, unit) in problem.units.iter().enumerate() {
            let shard = network.node();
            network.arc(SOURCE, shard, 1, Cost::ZERO);
            let present = unit
                .fixed
                .iter()
                .chain(&unit.movable)
                .chain(unit.chained.iter());
            for copy in present {
                let chained = unit.chained.iter().any(|c| c.node == copy.node);
                if copy.node == unit.owner
                    || (problem.may_change_master(unit) && (copy.usable || chained))
                {
                    let to = places.of(problem, &mut network, &limits, copy);
                    network.arc(shard, to, 1, floor_price(problem, unit, copy));
                }
            }
            if !problem.may_change_master(unit) {
                continue;
            }
            for (group, copy, node) in &pool.groups {
                let cost = floor_price(problem, unit, copy);
                spare_arcs.push((network.arc(shard, *node, 1, cost), *group, index));
            }
        }
        let flow = network.solve(Amount::Most);
        let mut waiting = pool.spares.clone();
        let mut wishes = Vec::new();
        for (arc, group, unit) in spare_arcs {
            if flow.on(arc) == 0 || waiting[group].is_empty() {
                continue;
            }
            let home = waiting[group]
                .iter()
                .position(|&n| problem.at_home(n, &problem.units[unit]));
            wishes.push((waiting[group].remove(home.unwrap_or(0)), unit));
        }
        Self {
            bound: flow.cost(&network),
            proven: flow.verify(&network),
            wishes,
        }
    }

    /// Pairs what the relaxed roles wish for first, then the rest.
    fn steer(&self, problem: &Problem) -> Option<Decision> {
        if self.wishes.is_empty() {
            return None;
        }
        let mut units = problem.units.clone();
        let mut spares = problem.spares.clone();
        for &(node, unit) in &self.wishes {
            spares.retain(|s| s.copy.node != node);
            units[unit].fixed.push(problem.copy(node, true));
        }
        let steered = Problem {
            units,
            spares,
            asides: Vec::new(),
            ..problem.share()
        };
        let paired = pairing::pair(&steered);
        Some(lead(problem, &paired).decision)
    }
}

/// What leading costs at least, whatever else the unit gets: only the levels of [`ROLES`].
fn floor_price(problem: &Problem, unit: &Unit, master: &Copy) -> Cost {
    let away = |c: &Copy| match problem.home_role(c.node) {
        Some(HomeRole::Master) => c.node != master.node,
        Some(HomeRole::Replica) => c.node == master.node,
        None => false,
    };
    let mut cost = Cost::ZERO;
    if problem.selection.level(Level::Home) {
        let others = unit
            .fixed
            .iter()
            .filter(|c| c.node != master.node && away(c))
            .count() as i64;
        cost = add(cost, Level::Home, others + i64::from(away(master)));
    }
    if master.node != unit.owner {
        add(cost, Level::Failovers, 1)
    } else {
        cost
    }
}

/// Spares by place, each group with a node that its size bounds.
struct Pool {
    groups: Vec<(usize, Copy, usize)>,
    spares: Vec<Vec<NodeId>>,
}

impl Pool {
    fn new(
        problem: &Problem,
        paired: &Pairing,
        network: &mut Network,
        places: &mut roles::PlaceNodes,
    ) -> Self {
        let limits = Limits::new(problem, &paired.assignment);
        let mut pool = Self {
            groups: Vec::new(),
            spares: Vec::new(),
        };
        let mut members: std::collections::BTreeMap<(usize, Option<bool>), Vec<Copy>> =
            Default::default();
        let home = |c: &Copy| problem.home_role(c.node).map(|r| r == HomeRole::Master);
        for spare in &problem.spares {
            members
                .entry((spare.copy.place, home(&spare.copy)))
                .or_default()
                .push(spare.copy);
        }
        // A replica that moves may come to lead where it arrives.
        if paired.with_moves {
            let free = problem.units.iter().filter(|u| u.free);
            for copy in free.flat_map(|u| &u.movable) {
                members
                    .entry((copy.place, home(copy)))
                    .or_default()
                    .push(*copy);
            }
        }
        for copy in problem
            .units
            .iter()
            .filter(|u| u.free)
            .flat_map(|u| &u.chained)
        {
            members
                .entry((copy.place, home(copy)))
                .or_default()
                .push(*copy);
        }
        for copies in members.into_values() {
            let node = network.node();
            let to = places.of(problem, network, &limits, &copies[0]);
            network.arc(node, to, copies.len() as i64, Cost::ZERO);
            pool.groups.push((pool.spares.len(), copies[0], node));
            let spare = |c: &&Copy| problem.spares.iter().any(|s| s.copy.node == c.node);
            pool.spares
                .push(copies.iter().filter(spare).map(|c| c.node).collect());
        }
        pool
    }
}

/// Columns, level by level.
fn refine(
    problem: &Problem,
    paired: &Pairing,
    solved: &mut Solved,
    value: &mut Cost,
    base: &Cost,
    roles_bound: &Cost,
) {
    let limits = Limits::new(problem, &paired.assignment);
    let barred = EARLY
        .iter()
        .copied()
        .filter(|&l| base.0[l as usize] == 0)
        .collect();
    let short: i64 = base.0[Level::Missing as usize];
    let small = problem.units.len() <= 4 && problem.spares.len() <= 4;
    let attached = solved
        .decision
        .assignment
        .copies
        .iter()
        .map(Vec::len)
        .sum::<usize>();
    let present = problem
        .units
        .iter()
        .map(|u| u.fixed.len() + u.movable.len() + u.chained.len())
        .sum::<usize>();
    let lacking: i64 = problem
        .units
        .iter()
        .map(|u| (u.wanted - (u.fixed.len() + u.movable.len()) as i64 + 1).max(0))
        .sum();
    let beyond =
        (attached - present) as i64 > lacking - short || (problem.spares.len() as i64) > lacking;
    let extra = if small {
        problem.spares.len()
    } else {
        usize::from(beyond)
    };
    let reach = Reach {
        barred,
        moves: paired.with_moves,
        extra,
    };
    let table = columns::table(problem, &reach);
    let mut frozen: Vec<(Level, i64)> = Vec::new();
    for level in PRINTED
        .into_iter()
        .filter(|l| !matches!(l, Level::Serve | Level::Risk))
    {
        let levels = if level == Level::Moves {
            vec![level, Level::Siblings]
        } else {
            vec![level]
        };
        for level in levels {
            let flow_met = !open_levels(problem, value, base, roles_bound).contains(&level)
                && same_before(level, value, base, roles_bound);
            if !flow_met {
                match &table {
                    Some(table) => {
                        let stage = Stage {
                            problem,
                            table,
                            limits: &limits,
                            level,
                            frozen: &frozen,
                        };
                        settle(&stage, solved, value);
                    }
                    None => solved.set(
                        level,
                        value.0[level as usize] - floor(problem, level),
                        Kind::None,
                    ),
                }
            }
            frozen.push((level, value.0[level as usize]));
        }
    }
}

/// A flow's bound at a level holds only if all its levels before came out as in that flow.
fn same_before(level: Level, value: &Cost, base: &Cost, roles: &Cost) -> bool {
    let before = PRINTED.iter().copied().take_while(|&l| l != level);
    before.into_iter().all(|l| {
        let reference = if ROLES.contains(&l) { roles } else { base };
        ROLES.contains(&l) != ROLES.contains(&level)
            || value.0[l as usize] == reference.0[l as usize]
    })
}

/// What no decision can be below, by counting.
fn floor(problem: &Problem, level: Level) -> i64 {
    match level {
        Level::Tidy => {
            let untidy = problem.spares.iter().filter(|s| s.untidy).count();
            let chained: usize = problem.units.iter().map(|u| u.chained.len()).sum();
            -((untidy + chained) as i64)
        }
        _ => 0,
    }
}

/// Proves or improves one level.
fn settle(stage: &Stage, solved: &mut Solved, value: &mut Cost) {
    let level = stage.level;
    let now = value.0[level as usize];
    let bound = stage.bound(now);
    if bound.as_ref().is_some_and(|b| b.value >= now) {
        if let Some(bound) = bound {
            solved.set(level, 0, Kind::Multipliers);
            solved.certificates.push(bound.certificate);
        }
        return;
    }
    let found = stage.better(bound.as_ref(), now);
    let decision = found.and_then(|chosen| stage.table.expand(stage.problem, &chosen));
    if let Some(decision) = decision {
        let other = price::decision(stage.problem, &decision);
        if is_better(&other, value) {
            *value = other;
            solved.decision = decision;
        }
    }
    let now = value.0[level as usize];
    let floor = bound.as_ref().map_or(i64::MIN, |b| b.value);
    let gap = now.saturating_sub(floor.max(self::floor(stage.problem, level)));
    solved.set(
        level,
        gap.max(0),
        if gap <= 0 {
            Kind::Multipliers
        } else {
            Kind::None
        },
    );
    solved.certificates.extend(bound.map(|b| b.certificate));
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
