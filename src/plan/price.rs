//! What a decision costs, level by level: one function, shared by all who compare decisions.
//!
//! The flows of `pairing` and `roles` price the same things arc by arc; tests hold them to it.

use std::collections::BTreeMap;

use crate::flow::Cost;
use crate::model::DiskId;
use crate::model::NodeId;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::pairing::Pairing;
use crate::plan::problem::Assignment;
use crate::plan::problem::Copy;
use crate::plan::problem::Decision;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::roles;
use crate::plan::roles::Limits;

/// Where a copy of a unit comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// It is there already.
    Present,
    /// It follows a replica of the same shard and is re-pointed to the owner.
    Chained,
    /// It was re-pointed from elsewhere.
    Released,
    /// It copied nothing: how many actions it takes, and whether leaving it was a finding.
    Spare { actions: i64, untidy: bool },
}

/// A copy and where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    pub copy: Copy,
    pub origin: Origin,
}

/// Everything a unit costs but the load of its master's place. `released` healthy replicas of
/// it were re-pointed to other shards.
pub fn unit(
    problem: &Problem,
    unit: &Unit,
    copies: &[Placed],
    released: i64,
    master: &Copy,
) -> Cost {
    let mut cost = Cost::ZERO;
    if unit.free {
        cost = add(cost, Level::Protect, unprotected(problem, unit, copies));
        let usable = copies.iter().filter(|p| p.copy.usable).count() as i64 - 1;
        cost = add(cost, Level::Missing, (unit.wanted - usable).max(0));
        cost = doubled_up(problem, unit, copies, cost);
        cost = add(cost, Level::SameDisk, shared_disks(copies));
        cost = surplus(problem, unit, copies, usable, cost);
    }
    cost = add(
        cost,
        Level::Moves,
        released * i64::from(!problem.allow_moves),
    );
    cost = add(cost, Level::Tidy, -(unit.chained.len() as i64));
    for placed in copies {
        let (actions, copied) = match placed.origin {
            Origin::Present => (0, 0),
            Origin::Chained => (1, 0),
            Origin::Released => (1, unit.mib),
            Origin::Spare { actions, untidy } => {
                cost = add(cost, Level::Tidy, -i64::from(untidy));
                (actions, unit.mib)
            }
        };
        cost = add(add(cost, Level::Actions, actions), Level::SyncMib, copied);
    }
    let plain: Vec<Copy> = copies.iter().map(|p| p.copy).collect();
    cost + roles::price(problem, unit, &plain, master)
}

fn unprotected(problem: &Problem, unit: &Unit, copies: &[Placed]) -> i64 {
    let judged = problem.selection.level(Level::Protect) || unit.protected;
    let owner = unit.fixed[0].place;
    i64::from(
        judged
            && !copies
                .iter()
                .any(|p| p.copy.usable && p.copy.place != owner),
    )
}

fn doubled_up(problem: &Problem, unit: &Unit, copies: &[Placed], mut cost: Cost) -> Cost {
    let selected = problem.selection.level(Level::SameHost);
    let mut now: BTreeMap<Place, i64> = BTreeMap::new();
    copies
        .iter()
        .for_each(|p| *now.entry(p.copy.place).or_default() += 1);
    for (place, count) in now {
        let present = unit.fixed.iter().chain(&unit.movable).chain(&unit.chained);
        let before = present.filter(|c| c.place == place).count() as i64;
        let free = if selected { 1 } else { before.max(1) };
        let level = if place == unit.fixed[0].place {
            Level::SameHost
        } else {
            Level::Siblings
        };
        cost = add(cost, level, (count - free).max(0));
    }
    cost
}

fn shared_disks(copies: &[Placed]) -> i64 {
    let mut disks: Vec<DiskId> = copies.iter().filter_map(|p| p.copy.disk).collect();
    let all = disks.len();
    disks.sort_unstable();
    disks.dedup();
    (all - disks.len()) as i64
}

/// Spares beyond what is wanted: each costs the replicas that its shard then already has.
fn surplus(problem: &Problem, unit: &Unit, copies: &[Placed], usable: i64, cost: Cost) -> Cost {
    if problem.allow_moves {
        return cost;
    }
    let spares = copies
        .iter()
        .filter(|p| matches!(p.origin, Origin::Spare { .. }))
        .count() as i64;
    let base = (usable - spares).max(unit.wanted);
    add(cost, Level::Surplus, (base..usable).sum())
}

/// The whole tuple of a decision. The ties of pairing are left out.
pub fn decision(problem: &Problem, decision: &Decision) -> Cost {
    let limits = Limits::new(problem, &decision.assignment);
    let mut total = Cost::ZERO;
    let mut loads = Loads::new(problem);
    for (index, of) in problem.units.iter().enumerate() {
        let placed = placed(problem, index, &decision.assignment);
        let kept = |c: &&Copy| placed.iter().any(|p| p.copy.node == c.node);
        let released = (of.movable.len() - of.movable.iter().filter(kept).count()) as i64;
        let leads = |c: &&Placed| c.copy.node == decision.masters[index];
        let master = placed.iter().find(leads).map_or(of.fixed[0], |p| p.copy);
        total = total + unit(problem, of, &placed, released, &master);
        loads.add(&master);
    }
    total + loads.cost(&limits)
}

/// The whole cost of the roles of a decision, ties included: what the role flow must have paid.
pub fn roles(problem: &Problem, decision: &Decision) -> Cost {
    let mut loads = Loads::new(problem);
    let mut total = Cost::ZERO;
    for ((unit, copies), master) in problem
        .units
        .iter()
        .zip(&decision.assignment.copies)
        .zip(&decision.masters)
    {
        let Some(master) = copies.iter().find(|c| c.node == *master) else {
            continue;
        };
        total = total + roles::price(problem, unit, copies, master);
        loads.add(master);
    }
    total + loads.cost(&Limits::new(problem, &decision.assignment))
}

/// What the pairing flow must have paid for its assignment: the difference to the copies that
/// its network holds fast. Ties are taken from the flow, as nothing is proven of them.
pub fn pairing(problem: &Problem, pairing: &Pairing) -> Cost {
    let mut total = Cost::ZERO;
    let mut movers = 0;
    for (index, of) in problem.units.iter().enumerate() {
        let placed = placed(problem, index, &pairing.assignment);
        let kept = |c: &&Copy| placed.iter().any(|p| p.copy.node == c.node);
        let released = (of.movable.len() - of.movable.iter().filter(kept).count()) as i64;
        let standing = of
            .fixed
            .iter()
            .chain(of.movable.iter().filter(|_| !pairing.with_moves));
        let before: Vec<Placed> = standing
            .map(|&copy| Placed {
                copy,
                origin: Origin::Present,
            })
            .collect();
        let owner = &of.fixed[0];
        total = total + unit(problem, of, &placed, released, owner)
            - unit(problem, of, &before, 0, owner);
        let chained = of.chained.len() as i64;
        movers += chained
            + if pairing.with_moves {
                of.movable.len() as i64
            } else {
                0
            };
        total = add(total, Level::Tidy, -chained);
    }
    total = add(total, Level::Serve, -movers);
    for tie in [Level::TieHome, Level::TieRank, Level::Home] {
        total.0[tie as usize] = pairing.cost.0[tie as usize];
    }
    // What is only kept from getting worse is not proven to be anything.
    for level in [
        Level::Protect,
        Level::SameHost,
        Level::Siblings,
        Level::SameZone,
        Level::SameDisk,
    ] {
        if !problem.selection.level(level) {
            total.0[level as usize] = pairing.cost.0[level as usize];
        }
    }
    total
}

/// The copies of a unit under an assignment, each with its origin.
pub fn placed(problem: &Problem, index: usize, assignment: &Assignment) -> Vec<Placed> {
    let unit = &problem.units[index];
    let among = |list: &[Copy], node: NodeId| list.iter().any(|c| c.node == node);
    assignment.copies[index]
        .iter()
        .map(|&copy| {
            let spare = problem.spares.iter().find(|s| s.copy.node == copy.node);
            let origin = if among(&unit.fixed, copy.node) || among(&unit.movable, copy.node) {
                Origin::Present
            } else if among(&unit.chained, copy.node) {
                Origin::Chained
            } else if let Some(spare) = spare {
                Origin::Spare {
                    actions: spare.actions(),
                    untidy: spare.untidy,
                }
            } else {
                Origin::Released
            };
            Placed { copy, origin }
        })
        .collect()
}

/// Masters per place and zone.
pub struct Loads {
    places: Vec<i64>,
    zones: Vec<i64>,
}

impl Loads {
    pub fn new(problem: &Problem) -> Self {
        Self {
            places: vec![0; problem.places()],
            zones: vec![0; problem.cluster.zones.len()],
        }
    }

    pub fn add(&mut self, master: &Copy) {
        self.places[master.place] += 1;
        if let Some(zone) = master.zone {
            self.zones[zone.0 as usize] += 1;
        }
    }

    /// What the loads cost beyond the limits.
    pub fn cost(&self, limits: &Limits) -> Cost {
        let beyond = |loads: &[i64], limits: &[i64]| -> i64 {
            loads
                .iter()
                .zip(limits)
                .map(|(load, limit)| (load - limit).max(0))
                .sum()
        };
        let mut cost = Level::VotesHost.cost(beyond(&self.places, &limits.votes_host));
        cost = add(
            cost,
            Level::OverHost,
            beyond(&self.places, &limits.over_host),
        );
        cost = add(
            cost,
            Level::VotesZone,
            beyond(&self.zones, &limits.votes_zone),
        );
        add(
            cost,
            Level::OverZone,
            beyond(&self.zones, &limits.over_zone),
        )
    }
}
