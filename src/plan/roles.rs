//! Who leads, with every copy where it is: one exact flow.
//!
//! Every shard sends one unit through one of its usable copies to that copy's host, its zone
//! and the sink. What a host holds beyond its votes or its fair share costs more with every
//! master, so the costs are convex and the flow is exact.

use crate::flow::Amount;
use crate::flow::ArcId;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SINK;
use crate::flow::SOURCE;
use crate::model::NodeId;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::problem::Assignment;
use crate::plan::problem::Copy;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::policy::HomeRole;

/// A choice of masters, and whether its potentials prove it.
pub struct Roles {
    pub masters: Vec<NodeId>,
    pub cost: Cost,
    pub proven: bool,
}

/// How many masters a place may hold before a level counts them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    pub votes_host: Vec<i64>,
    pub over_host: Vec<i64>,
    pub votes_zone: Vec<i64>,
    pub over_zone: Vec<i64>,
}

impl Limits {
    /// A level that is not selected counts only what gets worse: its limit is today's load.
    pub fn new(problem: &Problem, assignment: &Assignment) -> Self {
        let (places, zones) = (problem.places(), problem.cluster.zones.len());
        let mut hosts_live = vec![false; places];
        let mut zones_live = vec![false; zones];
        let (mut host_load, mut zone_load) = (vec![0; places], vec![0; zones]);
        let mut live = |copy: &Copy| {
            hosts_live[copy.place] = true;
            if let Some(zone) = copy.zone {
                zones_live[zone.0 as usize] = true;
            }
        };
        assignment.copies.iter().flatten().for_each(&mut live);
        problem
            .cluster
            .iter()
            .filter(|(_, n)| n.is_live_member())
            .for_each(|(id, _)| live(&problem.copy(id, true)));
        for unit in &problem.units {
            let owner = unit.fixed[0];
            host_load[owner.place] += 1;
            if let Some(zone) = owner.zone {
                zone_load[zone.0 as usize] += 1;
            }
        }
        let masters = problem.units.len() as i64;
        let zoned: i64 = zone_load.iter().sum();
        let share = |total: i64, live: &[bool]| {
            let places = live.iter().filter(|&&l| l).count().max(1) as i64;
            (total + places - 1) / places
        };
        let limit = |level, at: i64, load: &[i64]| -> Vec<i64> {
            let selected = problem.selection.level(level);
            load.iter()
                .map(|&l| if selected { at } else { at.max(l) })
                .collect()
        };
        Self {
            votes_host: limit(Level::VotesHost, problem.votes_to_spare, &host_load),
            over_host: limit(Level::OverHost, share(masters, &hosts_live), &host_load),
            votes_zone: limit(Level::VotesZone, problem.votes_to_spare, &zone_load),
            over_zone: limit(Level::OverZone, share(zoned, &zones_live), &zone_load),
        }
    }
}

/// What it costs that `master` leads the unit, beside the load of its place.
pub fn price(problem: &Problem, unit: &Unit, copies: &[Copy], master: &Copy) -> Cost {
    let mut cost = Cost::ZERO;
    let in_zone =
        |c: &&Copy| c.node != master.node && master.zone.is_some() && c.zone == master.zone;
    let zone = copies.iter().filter(in_zone).count() as i64;
    // Not selected: only what gets worse counts.
    let zone = if problem.selection.level(Level::SameZone) {
        zone
    } else {
        (zone - unit.same_zone).max(0)
    };
    cost = add(cost, problem.selection.charged(Level::SameZone), zone);
    let away = |c: &Copy| match problem.home_role(c.node) {
        Some(HomeRole::Master) => c.node != master.node,
        Some(HomeRole::Replica) => c.node == master.node,
        None => false,
    };
    let away = copies.iter().filter(|c| away(c)).count() as i64;
    let level = if problem.selection.level(Level::Home) {
        Level::Home
    } else {
        Level::TieHome
    };
    cost = add(cost, level, away);
    if master.node != unit.owner {
        cost = add(cost, Level::Beside, beside(unit, copies, master));
        cost = add(add(cost, Level::Failovers, 1), Level::Actions, 1);
        cost = add(cost, Level::TieRank, i64::from(master.node.0));
    }
    cost
}

/// Replicas on the new master's host beyond those that the old one had on its own.
fn beside(unit: &Unit, copies: &[Copy], master: &Copy) -> i64 {
    let owner = unit.fixed[0].place;
    let present = unit.fixed.iter().chain(&unit.movable).chain(&unit.chained);
    let before = present.filter(|c| c.place == owner).count() as i64;
    let after = copies.iter().filter(|c| c.place == master.place).count() as i64;
    (after - before).max(0)
}

/// Copies that may lead the unit.
pub fn candidates<'a>(unit: &'a Unit, copies: &'a [Copy]) -> impl Iterator<Item = &'a Copy> {
    let open = unit.may_hand_over;
    copies
        .iter()
        .filter(move |c| c.node == unit.owner || (open && c.usable && c.may_lead))
}

/// The best masters for an assignment.
pub fn choose(problem: &Problem, assignment: &Assignment) -> Roles {
    let limits = Limits::new(problem, assignment);
    let mut network = Network::new();
    let mut places = PlaceNodes::new(problem, &mut network, &limits);
    let mut choices: Vec<Vec<(ArcId, NodeId)>> = Vec::new();
    for (unit, copies) in problem.units.iter().zip(&assignment.copies) {
        let shard = network.node();
        network.arc(SOURCE, shard, 1, Cost::ZERO);
        let mut arcs = Vec::new();
        for copy in candidates(unit, copies) {
            let to = places.of(problem, &mut network, &limits, copy);
            arcs.push((
                network.arc(shard, to, 1, price(problem, unit, copies, copy)),
                copy.node,
            ));
        }
        choices.push(arcs);
    }
    let flow = network.solve(Amount::Most);
    let masters = problem
        .units
        .iter()
        .zip(&choices)
        .map(|(unit, arcs)| {
            arcs.iter()
                .find(|(a, _)| flow.on(*a) > 0)
                .map_or(unit.owner, |(_, node)| *node)
        })
        .collect();
    Roles {
        masters,
        cost: flow.cost(&network),
        proven: flow.verify(&network),
    }
}

/// The network nodes of hosts and zones, made as they are needed.
pub struct PlaceNodes {
    zones: Vec<usize>,
    places: Vec<Option<usize>>,
}

impl PlaceNodes {
    pub fn new(problem: &Problem, network: &mut Network, limits: &Limits) -> Self {
        let most = problem.units.len() as i64;
        let zones: Vec<usize> = (0..problem.cluster.zones.len())
            .map(|_| network.node())
            .collect();
        for (zone, &node) in zones.iter().enumerate() {
            let steps = [
                (
                    problem.selection.charged(Level::VotesZone),
                    limits.votes_zone[zone],
                ),
                (
                    problem.selection.charged(Level::OverZone),
                    limits.over_zone[zone],
                ),
            ];
            add_load_arcs(network, node, SINK, most, steps);
        }
        Self {
            zones,
            places: vec![None; problem.places()],
        }
    }

    /// The node of the copy's host.
    pub fn of(
        &mut self,
        problem: &Problem,
        network: &mut Network,
        limits: &Limits,
        copy: &Copy,
    ) -> usize {
        let at: Place = copy.place;
        if let Some(node) = self.places[at] {
            return node;
        }
        let node = network.node();
        let to = copy.zone.map_or(SINK, |z| self.zones[z.0 as usize]);
        let steps = [
            (
                problem.selection.charged(Level::VotesHost),
                limits.votes_host[at],
            ),
            (
                problem.selection.charged(Level::OverHost),
                limits.over_host[at],
            ),
        ];
        add_load_arcs(network, node, to, problem.units.len() as i64, steps);
        self.places[at] = Some(node);
        node
    }
}

/// Parallel arcs that cost one more of a level for every master beyond its limit.
fn add_load_arcs(
    network: &mut Network,
    from: usize,
    to: usize,
    most: i64,
    steps: [(Level, i64); 2],
) {
    let mut cuts: Vec<i64> = steps.iter().map(|s| s.1.clamp(0, most)).collect();
    cuts.extend([0, most]);
    cuts.sort_unstable();
    for pair in cuts.windows(2).filter(|p| p[0] < p[1]) {
        let beyond = steps.iter().filter(|(_, limit)| pair[0] >= *limit);
        let cost = beyond.fold(Cost::ZERO, |cost, (level, _)| add(cost, *level, 1));
        network.arc(from, to, pair[1] - pair[0], cost);
    }
}
