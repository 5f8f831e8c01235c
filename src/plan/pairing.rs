//! Who copies what, with every master where it is: one exact flow.
//!
//! Units are spares and replicas that may be re-pointed. A unit goes through the pool of its
//! host and disk to a host of a shard, and there through tiers that price what the levels
//! count: a second copy on a host, a replica in the master's zone, the first copy on another
//! host, the wanted replicas, and what is beyond.

use std::collections::BTreeMap;

use crate::flow::Amount;
use crate::flow::ArcId;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SINK;
use crate::flow::SOURCE;
use crate::model::DiskId;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::problem::Assignment;
use crate::plan::problem::Copy;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;

/// A pairing, and whether its potentials prove it.
pub struct Pairing {
    pub assignment: Assignment,
    pub cost: Cost,
    pub proven: bool,
    /// A healthy replica was re-pointed, or would have been allowed to.
    pub with_moves: bool,
}

/// Units that can stand in for each other.
type Pool = (Place, Option<DiskId>);

/// A unit on its way through the network.
struct Mover {
    copy: Copy,
    enter: ArcId,
    /// To its pool.
    leave: ArcId,
    /// Straight to shards: staying, or home.
    direct: Vec<(ArcId, usize)>,
}

struct Builder<'a> {
    problem: &'a Problem<'a>,
    moves: bool,
    network: Network,
    pools: BTreeMap<Pool, usize>,
    movers: Vec<Mover>,
    /// Arcs from a pool to a shard.
    served: BTreeMap<(Pool, usize), Vec<ArcId>>,
    gates: BTreeMap<(usize, Place), usize>,
    disks: BTreeMap<(usize, Pool), usize>,
    tiers: Vec<Tiers>,
}

/// The nodes behind a shard's hosts.
#[derive(Clone, Copy)]
struct Tiers {
    other_host: usize,
    own_host: usize,
}

/// The best pairing. Moves of healthy replicas are tried only where spares alone leave an
/// earlier level above what counting allows, or where the operator allowed them.
pub fn pair(problem: &Problem) -> Pairing {
    if !problem.allow_moves {
        let pairing = pair_with(problem, false);
        if !moves_could_help(problem, &pairing.assignment) {
            return pairing;
        }
    }
    pair_with(problem, true)
}

/// Counting: with nothing unprotected, missing or beside its master, no move can pay.
fn moves_could_help(problem: &Problem, assignment: &Assignment) -> bool {
    if problem.units.iter().all(|u| u.movable.is_empty()) {
        return false;
    }
    let selected = |level| problem.selection.level(level);
    problem
        .units
        .iter()
        .zip(&assignment.copies)
        .filter(|(u, _)| u.free)
        .any(|(unit, copies)| {
            let usable = copies
                .iter()
                .filter(|c| c.usable && c.node != unit.owner)
                .count() as i64;
            let owner_place = unit.fixed[0].place;
            let beside = copies.iter().filter(|c| c.place == owner_place).count() > 1;
            let usable_hosts: std::collections::BTreeSet<Place> = copies
                .iter()
                .filter(|c| c.usable)
                .map(|c| c.place)
                .collect();
            (selected(Level::Protect) && usable_hosts.len() < 2)
                || usable < unit.wanted
                || (selected(Level::SameHost) && beside)
        })
}

/// The best pairing with or without moves of healthy replicas.
pub fn pair_with(problem: &Problem, moves: bool) -> Pairing {
    let mut builder = Builder {
        problem,
        moves,
        network: Network::new(),
        pools: BTreeMap::new(),
        movers: Vec::new(),
        served: BTreeMap::new(),
        gates: BTreeMap::new(),
        disks: BTreeMap::new(),
        tiers: Vec::new(),
    };
    builder.add_tiers();
    builder.add_spares();
    builder.add_replicas();
    builder.add_pool_arcs();
    let flow = builder.network.solve(Amount::Cheapest);
    let proven = flow.verify(&builder.network);
    let cost = flow.cost(&builder.network);
    Pairing {
        assignment: builder.decode(&flow),
        cost,
        proven,
        with_moves: moves,
    }
}

impl Builder<'_> {
    /// Copies of the unit that this network does not move.
    fn standing<'u>(&self, unit: &'u Unit) -> impl Iterator<Item = &'u Copy> {
        let moves = self.moves;
        unit.fixed
            .iter()
            .chain(unit.movable.iter().filter(move |_| !moves))
    }

    /// Copies of the unit that this network may leave where they are or move.
    fn moving<'u>(&self, unit: &'u Unit) -> impl Iterator<Item = &'u Copy> {
        let moves = self.moves;
        unit.chained
            .iter()
            .chain(unit.movable.iter().filter(move |_| moves))
    }

    fn add_tiers(&mut self) {
        let problem = self.problem;
        let movers = problem.spares.len()
            + problem
                .units
                .iter()
                .map(|u| u.chained.len() + u.movable.len())
                .sum::<usize>();
        // Even shares need few steps per shard; the last step stands for all further ones.
        let steps = (2 * movers.div_ceil(problem.units.len().max(1)) + 4).min(movers) as i64;
        for unit in &problem.units {
            let (other_host, own_host) = (self.network.node(), self.network.node());
            self.tiers.push(Tiers {
                other_host,
                own_host,
            });
            if !unit.free {
                continue;
            }
            let all = self.network.node();
            let owner_place = unit.fixed[0].place;
            let safe = self
                .standing(unit)
                .any(|c| c.usable && c.place != owner_place);
            let guarded = problem.selection.level(Level::Protect) || unit.protected;
            if guarded && !safe {
                self.network
                    .arc(other_host, all, 1, Level::Protect.cost(-1));
            }
            self.network.arc(other_host, all, i64::MAX >> 8, Cost::ZERO);
            self.network.arc(own_host, all, i64::MAX >> 8, Cost::ZERO);
            let usable = self
                .standing(unit)
                .filter(|c| c.usable && c.node != unit.owner)
                .count() as i64;
            let short = (unit.wanted - usable).max(0);
            let first = i64::from(usable == 0 && unit.must_not_be_bare(problem));
            let lacks = Level::Missing.cost(-i64::from(short > 0));
            self.network
                .arc(all, SINK, first, add(lacks, Level::Orphans, -1));
            let rest = (short - first).max(0);
            self.network.arc(all, SINK, rest, Level::Missing.cost(-1));
            let short = first + rest;
            // Beyond what is wanted: the shard with the fewest replicas first. With moves that
            // cost nothing this would shuffle healthy replicas, so it is then only a tie.
            let level = if problem.allow_moves {
                Level::TieHome
            } else {
                Level::Surplus
            };
            let staying = unit.chained.len() + if self.moves { unit.movable.len() } else { 0 };
            let staying = staying as i64;
            self.network
                .arc(all, SINK, (staying - short).max(0), Cost::ZERO);
            let from = usable + short.max(staying);
            for extra in 0..steps {
                self.network.arc(all, SINK, 1, level.cost(from + extra));
            }
            self.network
                .arc(all, SINK, i64::MAX >> 8, level.cost(from + steps));
        }
    }

    fn pool(&mut self, copy: &Copy) -> usize {
        let key = (copy.place, copy.disk);
        *self.pools.entry(key).or_insert_with(|| self.network.node())
    }

    fn add_spares(&mut self) {
        let problem = self.problem;
        for spare in &problem.spares {
            let node = self.network.node();
            let cost = Level::Tidy.cost(-i64::from(spare.untidy));
            let enter =
                self.network
                    .arc(SOURCE, node, 1, add(cost, Level::Actions, spare.actions()));
            let pool = self.pool(&spare.copy);
            let leave = self.network.arc(node, pool, 1, Cost::ZERO);
            let mut direct = Vec::new();
            for (index, unit) in problem.units.iter().enumerate().filter(|(_, u)| u.free) {
                if problem.at_home(spare.copy.node, unit) {
                    let disk = self.disk_gate(index, &spare.copy);
                    let cost = add(Level::SyncMib.cost(unit.mib), Level::TieHome, -1);
                    direct.push((self.network.arc(node, disk, 1, cost), index));
                }
            }
            self.movers.push(Mover {
                copy: spare.copy,
                enter,
                leave,
                direct,
            });
        }
    }

    fn add_replicas(&mut self) {
        let problem = self.problem;
        // A replica must end somewhere; the reward outweighs every level.
        let placed = Level::Serve.cost(-1);
        for (index, unit) in problem.units.iter().enumerate() {
            let movable = if self.moves {
                unit.movable.as_slice()
            } else {
                &[]
            };
            let healthy = movable.iter().map(|c| (c, false));
            for (copy, chained) in healthy.chain(unit.chained.iter().map(|c| (c, true))) {
                let node = self.network.node();
                let enter = self.network.arc(SOURCE, node, 1, placed);
                let disk = self.disk_gate(index, copy);
                let (stay, go) = if chained {
                    // Its data comes from the same history: no full copy, but one command.
                    let act = add(Level::Tidy.cost(-1), Level::Actions, 1);
                    (act, act)
                } else {
                    let weight = i64::from(!problem.allow_moves);
                    (
                        Cost::ZERO,
                        add(Level::Moves.cost(weight), Level::Actions, 1),
                    )
                };
                let direct = vec![(self.network.arc(node, disk, 1, stay), index)];
                let pool = self.pool(copy);
                let leave = self.network.arc(node, pool, 1, go);
                self.movers.push(Mover {
                    copy: *copy,
                    enter,
                    leave,
                    direct,
                });
            }
        }
    }

    /// The node in front of a shard's host that counts copies on one disk.
    fn disk_gate(&mut self, index: usize, copy: &Copy) -> usize {
        let pool = (copy.place, copy.disk);
        if let Some(&node) = self.disks.get(&(index, pool)) {
            return node;
        }
        let node = self.network.node();
        self.disks.insert((index, pool), node);
        let gate = self.gate(index, copy);
        let unit = &self.problem.units[index];
        let selection = self.problem.selection;
        let here = self.standing(unit).filter(|c| c.disk == copy.disk).count();
        let before = here + self.moving(unit).filter(|c| c.disk == copy.disk).count();
        let free = if selection.level(Level::SameDisk) {
            1
        } else {
            before.max(1)
        };
        let room = free.saturating_sub(here) as i64;
        if copy.disk.is_none() {
            self.network.arc(node, gate, i64::MAX >> 8, Cost::ZERO);
            return node;
        }
        let shared = selection.charged(Level::SameDisk).cost(1);
        self.network.arc(node, gate, room, Cost::ZERO);
        self.network.arc(node, gate, i64::MAX >> 8, shared);
        node
    }

    /// The node of a shard's host: prices second copies there, and the master's zone.
    fn gate(&mut self, index: usize, copy: &Copy) -> usize {
        let place = copy.place;
        if let Some(&node) = self.gates.get(&(index, place)) {
            return node;
        }
        let node = self.network.node();
        self.gates.insert((index, place), node);
        let unit = &self.problem.units[index];
        let owner = unit.fixed[0];
        let tiers = self.tiers[index];
        let behind = if place == owner.place {
            tiers.own_host
        } else {
            tiers.other_host
        };
        let selection = self.problem.selection;
        let same_zone = owner.zone.is_some() && owner.zone == copy.zone;
        let here = self.standing(unit).filter(|c| c.place == place).count() as i64;
        let moving = self.moving(unit).filter(|c| c.place == place).count() as i64;
        // What is not to be cured may stay as it is: only what is new counts.
        let free = if selection.level(Level::SameHost) {
            1
        } else {
            (here + moving).max(1)
        };
        let room = (free - here).max(0);
        let zone_from = if selection.level(Level::SameZone) {
            0
        } else {
            moving
        };
        let mut cuts = [0, room, zone_from, i64::MAX >> 8];
        cuts.sort_unstable();
        for pair in cuts.windows(2).filter(|p| p[0] < p[1]) {
            let mut cost = Cost::ZERO;
            if same_zone && pair[0] >= zone_from {
                cost = add(cost, selection.charged(Level::SameZone), 1);
            }
            if pair[0] >= room {
                cost = add(cost, selection.charged(Level::SameHost), 1);
            }
            self.network.arc(node, behind, pair[1] - pair[0], cost);
        }
        node
    }

    fn add_pool_arcs(&mut self) {
        let problem = self.problem;
        let samples: BTreeMap<Pool, Copy> = self
            .movers
            .iter()
            .rev()
            .map(|m| ((m.copy.place, m.copy.disk), m.copy))
            .collect();
        for (index, unit) in problem.units.iter().enumerate().filter(|(_, u)| u.free) {
            for (&key, copy) in &samples {
                let cost = Level::SyncMib.cost(unit.mib);
                let from = self.pools[&key];
                let lone = !self.moves && unit.chained.is_empty();
                let taken = copy.disk.is_some()
                    && self.standing(unit).any(|c| c.disk == copy.disk)
                    && self.moving(unit).next().is_none();
                let arcs = if lone && copy.disk.is_none() {
                    let gate = self.gate(index, copy);
                    vec![self.network.arc(from, gate, i64::MAX >> 8, cost)]
                } else if taken {
                    let gate = self.gate(index, copy);
                    vec![self.network.arc(
                        from,
                        gate,
                        i64::MAX >> 8,
                        add(cost, self.problem.selection.charged(Level::SameDisk), 1),
                    )]
                } else {
                    let gate = self.disk_gate(index, copy);
                    vec![self.network.arc(from, gate, i64::MAX >> 8, cost)]
                };
                self.served.insert((key, index), arcs);
            }
        }
    }

    fn decode(&self, flow: &crate::flow::Flow) -> Assignment {
        let problem = self.problem;
        let mut copies: Vec<Vec<Copy>> = problem
            .units
            .iter()
            .map(|u| self.standing(u).copied().collect())
            .collect();
        let mut waiting: BTreeMap<Pool, Vec<Copy>> = BTreeMap::new();
        for mover in &self.movers {
            let taken = mover.direct.iter().find(|(arc, _)| flow.on(*arc) > 0);
            match taken {
                Some(&(_, unit)) => copies[unit].push(Copy {
                    usable: true,
                    ..mover.copy
                }),
                None if flow.on(mover.leave) > 0 => {
                    waiting
                        .entry((mover.copy.place, mover.copy.disk))
                        .or_default()
                        .push(mover.copy);
                }
                None => debug_assert_eq!(flow.on(mover.enter), 0, "a unit that enters goes on"),
            }
        }
        for queue in waiting.values_mut() {
            queue.sort_by_key(|c| std::cmp::Reverse(c.node));
        }
        for ((pool, unit), arcs) in self.in_shard_order() {
            for _ in 0..arcs.iter().map(|&a| flow.on(a)).sum::<i64>() {
                if let Some(copy) = waiting.get_mut(&pool).and_then(Vec::pop) {
                    copies[unit].push(Copy {
                        usable: true,
                        ..copy
                    });
                }
            }
        }
        Assignment { copies }
    }

    fn in_shard_order(&self) -> Vec<((Pool, usize), &Vec<ArcId>)> {
        let mut all: Vec<_> = self.served.iter().map(|(k, v)| (*k, v)).collect();
        all.sort_by_key(|((pool, unit), _)| (*unit, *pool));
        all
    }
}
