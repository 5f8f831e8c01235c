//! Roles where every spare may lead any shard that it could legally copy: one flow, whose value
//! bounds every true choice of roles from below, and whose wishes steer the pairing.

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SOURCE;
use crate::model::NodeId;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::pairing;
use crate::plan::pairing::Pairing;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::roles;
use crate::plan::roles::Limits;
use crate::policy::HomeRole;

/// Roles where every spare may lead any shard that it could legally copy.
pub struct Relaxed {
    /// Only the levels of [`ROLES`] mean anything.
    pub bound: Cost,
    pub proven: bool,
    /// Spare and unit of every shard that a spare leads.
    wishes: Vec<(NodeId, usize)>,
    /// Replicas move only where they may without the wishes, too.
    with_moves: bool,
}

impl Relaxed {
    pub fn new(problem: &Problem, paired: &Pairing) -> Self {
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
                    || (unit.may_hand_over && copy.may_lead && (copy.usable || chained))
                {
                    let to = places.of(problem, &mut network, &limits, copy);
                    network.arc(shard, to, 1, floor_price(problem, unit, copy));
                }
            }
            let replicas = unit
                .fixed
                .iter()
                .chain(&unit.movable)
                .filter(|c| c.usable)
                .count() as i64
                - 1;
            let filled = replicas >= unit.wanted.max(1) && unit.protected;
            if !unit.may_hand_over || (problem.keep_spares && filled && !paired.with_moves) {
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
            with_moves: paired.with_moves,
        }
    }

    /// Pairs what the relaxed roles wish for first, then the rest.
    pub fn steer(&self, problem: &Problem) -> Option<Pairing> {
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
        Some(pairing::pair_with(&steered, self.with_moves))
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
