//! What a decision costs, level by level: one function, shared by all who compare decisions.
//!
//! The flows of `pairing` and `roles` price the same things arc by arc; tests hold them to it.

use std::collections::BTreeMap;

use crate::flow::Cost;
use crate::model::DiskId;
use crate::model::NodeId;
use crate::plan::level::Level;
use crate::plan::level::Selection;
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
        let bare = usable == 0 && unit.must_not_be_bare(problem);
        cost = add(cost, Level::Orphans, i64::from(bare));
        cost = add(cost, Level::Missing, (unit.wanted - usable).max(0));
        cost = add(
            cost,
            problem.selection.charged(Level::SameHost),
            doubled_up(problem, unit, copies),
        );
        cost = add(
            cost,
            problem.selection.charged(Level::SameDisk),
            shared_disks(problem, unit, copies),
        );
        cost = add(cost, Level::Surplus, surplus(problem, unit, usable));
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

/// Copies that share a host.
fn doubled_up(problem: &Problem, unit: &Unit, copies: &[Placed]) -> i64 {
    let selected = problem.selection.level(Level::SameHost);
    let mut now: BTreeMap<Place, i64> = BTreeMap::new();
    copies
        .iter()
        .for_each(|p| *now.entry(p.copy.place).or_default() += 1);
    let beyond = |(place, count): (Place, i64)| {
        let present = unit.fixed.iter().chain(&unit.movable).chain(&unit.chained);
        let before = present.filter(|c| c.place == place).count() as i64;
        let free = if selected { 1 } else { before.max(1) };
        (count - free).max(0)
    };
    now.into_iter().map(beyond).sum()
}

/// Copies that share a disk.
fn shared_disks(problem: &Problem, unit: &Unit, copies: &[Placed]) -> i64 {
    let selected = problem.selection.level(Level::SameDisk);
    let mut now: BTreeMap<DiskId, i64> = BTreeMap::new();
    copies
        .iter()
        .filter_map(|p| p.copy.disk)
        .for_each(|d| *now.entry(d).or_default() += 1);
    let beyond = |(disk, count): (DiskId, i64)| {
        let present = unit.fixed.iter().chain(&unit.movable).chain(&unit.chained);
        let before = present.filter(|c| c.disk == Some(disk)).count() as i64;
        let free = if selected { 1 } else { before.max(1) };
        (count - free).max(0)
    };
    now.into_iter().map(beyond).sum()
}

/// Replicas beyond what is wanted and what is there: each costs the replicas that its shard
/// then already has.
pub fn surplus(problem: &Problem, unit: &Unit, usable: i64) -> i64 {
    if problem.allow_moves {
        return 0;
    }
    let direct = unit.fixed.iter().chain(&unit.movable).filter(|c| c.usable);
    let present = direct.count() as i64 - 1 + unit.chained.len() as i64;
    let first = i64::from(unit.must_not_be_bare(problem));
    (unit.wanted.max(present).max(first)..usable).sum()
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
    total + loads.cost(problem.selection, &limits)
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
    total
        + loads.cost(
            problem.selection,
            &Limits::new(problem, &decision.assignment),
        )
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
        Level::SameZone,
        Level::SameDisk,
    ] {
        if !problem.selection.level(level) {
            total.0[level as usize] = pairing.cost.0[level as usize];
        }
    }
    total.0[Level::Worse as usize] = pairing.cost.0[Level::Worse as usize];
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
    pub fn cost(&self, selection: &Selection, limits: &Limits) -> Cost {
        let beyond = |loads: &[i64], limits: &[i64]| -> i64 {
            loads
                .iter()
                .zip(limits)
                .map(|(load, limit)| (load - limit).max(0))
                .sum()
        };
        let charged = |level| selection.charged(level);
        let mut cost = charged(Level::VotesHost).cost(beyond(&self.places, &limits.votes_host));
        let over = beyond(&self.places, &limits.over_host);
        cost = add(cost, charged(Level::OverHost), over);
        cost = add(
            cost,
            charged(Level::VotesZone),
            beyond(&self.zones, &limits.votes_zone),
        );
        add(
            cost,
            charged(Level::OverZone),
            beyond(&self.zones, &limits.over_zone),
        )
    }
}
