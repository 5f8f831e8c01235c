//! Outcomes of classes to shards, and kinds to nodes: who exactly goes where.
//!
//! Nodes that are at home in a shard go there if they can, then the lowest address to the lowest
//! address. Nothing that is counted depends on it.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use crate::flow;
use crate::flow::Amount;
use crate::flow::SINK;
use crate::flow::SOURCE;
use crate::model::NodeId;
use crate::plan::decision::Assignment;
use crate::plan::decision::Decision;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::target::classes;
use crate::plan::target::classes::Classes;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Outcome;

/// One component: how many pairs are not at home.
type Network = flow::Network<1>;

/// Nodes that are at home in a unit, by unit and kind.
pub type Homes = Vec<BTreeMap<KindId, Vec<NodeId>>>;

/// Which spares are at home where.
pub fn homes(problem: &Problem, classes: &Classes) -> Homes {
    let mut homes: Homes = vec![BTreeMap::new(); problem.units.len()];
    if problem.policy.home.is_empty() {
        return homes;
    }
    let group = |node: NodeId| {
        let address = problem.cluster.node(node).address.as_ref()?;
        problem.policy.home_group(address)
    };
    let mut units = BTreeMap::new();
    for (index, unit) in problem.units.iter().enumerate() {
        if let Some(group) = group(unit.owner) {
            units.entry(group).or_insert(index);
        }
    }
    for (kind, nodes) in classes.spares.iter().enumerate() {
        for &node in nodes {
            if let Some(&unit) = group(node).and_then(|g| units.get(g)) {
                homes[unit].entry(kind).or_default().push(node);
            }
        }
    }
    homes
}

/// The decision node by node; `outcomes` are one for every shard, class by class. `None` if they
/// take nodes that there are not.
pub fn assign(
    problem: &Problem,
    classes: &Classes,
    homes: &Homes,
    outcomes: &[Outcome],
) -> Option<Decision> {
    let by_unit = by_unit(classes, homes, outcomes);
    let mut pools: Vec<VecDeque<NodeId>> = pools(problem, classes, &by_unit);
    let mut taken: Vec<Vec<(KindId, NodeId)>> = vec![Vec::new(); problem.units.len()];
    let mut wanting: Vec<(usize, KindId)> = Vec::new();
    for (unit, outcome) in by_unit.iter().enumerate() {
        let mut home = homes[unit].clone();
        for &kind in &outcome.comes {
            let own = home.get_mut(&kind).filter(|list| !list.is_empty());
            match own.map(|list| list.remove(0)) {
                Some(node) => {
                    pools[kind].retain(|&n| n != node);
                    taken[unit].push((kind, node));
                }
                None => wanting.push((unit, kind)),
            }
        }
    }
    for (unit, kind) in wanting {
        let pool = &mut pools[kind];
        // Not one's own back, while another is there.
        let own = |node: &NodeId| {
            let unit = &problem.units[unit];
            let gone = unit.movable.iter().chain(&unit.chained);
            gone.into_iter().any(|c| c.node == *node)
        };
        let at = pool.iter().position(|n| !own(n)).unwrap_or(0);
        taken[unit].push((kind, pool.remove(at)?));
    }
    let mut masters = Vec::new();
    let mut copies = Vec::new();
    for (index, (unit, outcome)) in problem.units.iter().zip(&by_unit).enumerate() {
        let seats = classes::seats(problem, unit);
        masters.push(match outcome.lead {
            Lead::Seat(seat) => seats[seat].node,
            Lead::Kind(kind) => taken[index].iter().find(|t| t.0 == kind)?.1,
        });
        let stays = seats.iter().enumerate();
        let stays = stays.filter(|(seat, _)| !outcome.gone.contains(seat));
        let mut list: Vec<Copy> = stays.map(|(_, copy)| joined(problem, unit, copy)).collect();
        list[1..].sort_by_key(|c| c.node);
        let mut came: Vec<NodeId> = taken[index].iter().map(|t| t.1).collect();
        came.sort_unstable();
        list.extend(came.into_iter().map(|node| problem.copy(node, true)));
        copies.push(list);
    }
    Some(Decision {
        assignment: Assignment { copies },
        masters,
    })
}

/// A replica of a replica is usable once it follows the owner.
fn joined(problem: &Problem, unit: &crate::plan::problem::Unit, copy: &Copy) -> Copy {
    if unit.chained.iter().any(|c| c.node == copy.node) {
        problem.copy(copy.node, true)
    } else {
        *copy
    }
}

/// An outcome for every unit: of shards that are alike those get a node that are its home.
fn by_unit(classes: &Classes, homes: &Homes, outcomes: &[Outcome]) -> Vec<Outcome> {
    let mut by_unit = vec![Outcome::unchanged(); homes.len()];
    let mut rest = outcomes;
    for units in &classes.units {
        let (mine, others) = rest.split_at(rest.len().min(units.len()));
        rest = others;
        // Shards that change come first.
        let mut mine: Vec<&Outcome> = mine.iter().collect();
        mine.sort_by_key(|o| (**o == Outcome::unchanged(), *o));
        let away = units.iter().any(|&u| !homes[u].is_empty());
        let alike = mine.first() == mine.last();
        let order = if away && !alike {
            at_home(units, homes, &mine)
        } else {
            (0..mine.len()).collect()
        };
        for (&unit, at) in units.iter().zip(order) {
            by_unit[unit] = mine[at].clone();
        }
    }
    by_unit
}

/// For every unit the position of its outcome, so that most nodes come home.
fn at_home(units: &[usize], homes: &Homes, outcomes: &[&Outcome]) -> Vec<usize> {
    let mut kinds: Vec<(&Outcome, VecDeque<usize>)> = Vec::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        match kinds.last_mut() {
            Some((last, list)) if last == outcome => list.push_back(at),
            _ => kinds.push((outcome, VecDeque::from([at]))),
        }
    }
    let pairs = |unit: usize, outcome: &Outcome| -> i64 {
        let home = homes[unit].iter();
        let held = |kind: KindId| outcome.comes.iter().filter(|&&k| k == kind).count();
        home.map(|(&kind, nodes)| held(kind).min(nodes.len()) as i64)
            .sum()
    };
    let mut network = Network::new();
    let ends: Vec<usize> = kinds.iter().map(|_| network.node()).collect();
    let mut arcs = Vec::new();
    for &unit in units {
        let node = network.node();
        network.arc(SOURCE, node, 1, flow::Cost::ZERO);
        let to = kinds.iter().zip(&ends);
        let to = to.map(|((outcome, _), &end)| {
            let cost = flow::Cost([-pairs(unit, outcome)]);
            network.arc(node, end, 1, cost)
        });
        arcs.push(to.collect::<Vec<_>>());
    }
    for ((_, list), &end) in kinds.iter().zip(&ends) {
        network.arc(end, SINK, list.len() as i64, flow::Cost::ZERO);
    }
    let flow = network.solve(Amount::Most);
    let chosen = |arcs: &Vec<flow::ArcId>| arcs.iter().position(|&a| flow.on(a) > 0);
    let mut order = Vec::new();
    for arcs in &arcs {
        let kind = chosen(arcs).unwrap_or(0);
        order.extend(kinds[kind].1.pop_front());
    }
    order
}

/// By kind: its nodes, spares or those that leave, lowest first.
fn pools(problem: &Problem, classes: &Classes, by_unit: &[Outcome]) -> Vec<VecDeque<NodeId>> {
    let mut pools: Vec<Vec<NodeId>> = classes.spares.clone();
    pools.resize(classes.instance.kinds.len(), Vec::new());
    let of = classes.units.iter().zip(&classes.instance.classes);
    for (units, class) in of {
        for &unit in units {
            let seats = classes::seats(problem, &problem.units[unit]);
            for &seat in &by_unit[unit].gone {
                if let Some((kind, _)) = class.seats[seat].leave {
                    pools[kind].push(seats[seat].node);
                }
            }
        }
    }
    let sorted = |mut list: Vec<NodeId>| {
        list.sort_unstable();
        VecDeque::from(list)
    };
    pools.into_iter().map(sorted).collect()
}
