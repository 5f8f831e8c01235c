//! A problem as an instance: nodes and shards that can stand in for each other, and what each
//! part costs.
//!
//! Here, and nowhere else, a level is tied to what it counts: a policy or a goal that adds a
//! cost or takes away a possibility does it where the instance is made.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::DiskId;
use crate::model::NodeId;
use crate::model::ZoneId;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::problem::Copy;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Spare;
use crate::plan::problem::Unit;
use crate::plan::target::instance;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Count;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Kind;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Seat;
use crate::plan::target::instance::Spared;
use crate::plan::target::instance::Supply;
use crate::plan::target::instance::Tariff;
use crate::policy::HomeRole;

/// Whether replicas that work may be re-pointed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moves {
    Never,
    /// Each is counted by a level of its own.
    Counted,
    /// As asked for, at no cost but the data it copies.
    Free,
}

/// An instance, and what its parts stand for.
pub struct Classes {
    pub instance: Instance,
    /// By class: shards in node order, as positions among the problem's units.
    pub units: Vec<Vec<usize>>,
    /// By kind: spares in node order.
    pub spares: Vec<Vec<NodeId>>,
    /// By place: its host, or its node where no host is known.
    pub places: Vec<Place>,
    pub zones: Vec<ZoneId>,
}

/// The seats of a unit, in the order of its class.
pub fn seats(problem: &Problem, unit: &Unit) -> Vec<Copy> {
    let key = |c: &Copy| {
        (
            c.place,
            c.disk,
            home_key(problem, c),
            c.usable,
            c.may_lead,
            problem.supposed.demands.weight(c.node),
            c.node,
        )
    };
    let sorted = |list: &[Copy]| {
        let mut list = list.to_vec();
        list.sort_by_key(key);
        list
    };
    let mut seats = vec![unit.fixed[0]];
    seats.extend(sorted(&unit.fixed[1..]));
    seats.extend(sorted(&unit.movable));
    seats.extend(sorted(&unit.chained));
    seats
}

fn home_key(problem: &Problem, copy: &Copy) -> Option<bool> {
    let role = problem.home_role(copy.node)?;
    Some(role == HomeRole::Master)
}

struct Builder<'a> {
    problem: &'a Problem<'a>,
    moves: Moves,
    places: BTreeMap<Place, usize>,
    zones: BTreeMap<ZoneId, usize>,
    disks: BTreeMap<DiskId, usize>,
    /// By how many sizes are too large for some node that may come.
    cramped: BTreeSet<usize>,
    kinds: Vec<Kind>,
    index: BTreeMap<Kind, KindId>,
}

impl Classes {
    pub fn new(problem: &Problem, moves: Moves) -> Self {
        let mut builder = Builder::new(problem, moves);
        let spares = builder.spares();
        let mut found: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
        for (index, unit) in problem.units.iter().enumerate() {
            found.entry(builder.class(unit)).or_default().push(index);
        }
        // The first shard of a class decides its place: then decisions read in node order.
        let mut classes: Vec<(Class, Vec<usize>)> = found.into_iter().collect();
        classes.sort_by_key(|(_, units)| units[0]);
        let mut units = Vec::new();
        let mut sized = Vec::new();
        for (class, members) in classes {
            sized.push(Class {
                size: members.len() as i64,
                ..class
            });
            units.push(members);
        }
        builder.finish(sized, units, spares)
    }
}

impl<'a> Builder<'a> {
    fn new(problem: &'a Problem<'a>, moves: Moves) -> Self {
        let copies = problem.units.iter().flat_map(|u| {
            let all = u.fixed.iter().chain(&u.movable);
            all.chain(&u.chained)
        });
        let copies: Vec<&Copy> = copies
            .chain(problem.spares.iter().map(|s| &s.copy))
            .collect();
        let places: BTreeSet<Place> = copies.iter().map(|c| c.place).collect();
        let zones: BTreeSet<ZoneId> = copies.iter().filter_map(|c| c.zone).collect();
        let disks: BTreeSet<DiskId> = copies.iter().filter_map(|c| c.disk).collect();
        // Whoever may come: what stays where it is has its room.
        let staying = |u: &Unit| u.fixed.iter().map(|c| c.node).collect::<Vec<_>>();
        let staying: BTreeSet<NodeId> = problem.units.iter().flat_map(staying).collect();
        let coming = copies.iter().filter(|c| !staying.contains(&c.node));
        let cramped = coming.map(|c| problem.rooms.too_large(c.node));
        let cramped = cramped.filter(|&many| many > 0).collect();
        Self {
            problem,
            moves,
            places: numbered(places),
            zones: numbered(zones),
            disks: numbered(disks),
            cramped,
            kinds: Vec::new(),
            index: BTreeMap::new(),
        }
    }

    /// Kinds of the spares, and the nodes of each.
    fn spares(&mut self) -> Vec<Vec<NodeId>> {
        let mut nodes: Vec<Vec<NodeId>> = Vec::new();
        let mut sorted: Vec<&Spare> = self.problem.spares.iter().collect();
        sorted.sort_by_key(|s| (s.copy.place, s.copy.disk, s.copy.node));
        for spare in sorted {
            let own = Level::Actions.cost(spare.actions());
            let own = add(own, Level::Tidy, -i64::from(spare.untidy));
            let kind = self.kind(&spare.copy, own, Supply::Spares(0));
            nodes.resize(self.kinds.len(), Vec::new());
            nodes[kind].push(spare.copy.node);
        }
        for (kind, nodes) in self.kinds.iter_mut().zip(&mut nodes) {
            nodes.sort_unstable();
            kind.supply = Supply::Spares(nodes.len() as i64);
        }
        nodes
    }

    /// The kind of a node that comes; `own` is what it costs by itself.
    fn kind(&mut self, copy: &Copy, own: Cost, supply: Supply) -> KindId {
        let (away, lead) = self.roles(copy, turn());
        let kind = Kind {
            place: self.places[&copy.place],
            disk: copy.disk.map(|d| self.disks[&d]),
            group: self.problem.rooms.too_large(copy.node),
            supply,
            arrive: own + away,
            lead: lead.filter(|_| copy.leads()),
        };
        *self.index.entry(kind.clone()).or_insert_with(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        })
    }

    /// What a copy costs as a replica, and how much more as a master, `turned` included.
    fn roles(&self, copy: &Copy, turned: Cost) -> (Cost, Option<Cost>) {
        let level = if self.problem.selection.level(Level::Home) {
            Level::Home
        } else {
            Level::TieHome
        };
        let weight = self.problem.supposed.demands.weight(copy.node);
        let turned = add(turned, Level::Masters, weight);
        match self.problem.home_role(copy.node) {
            Some(HomeRole::Master) => (level.cost(1), Some(add(turned, level, -1))),
            Some(HomeRole::Replica) => (Cost::ZERO, Some(add(turned, level, 1))),
            None => (Cost::ZERO, Some(turned)),
        }
    }

    fn class(&mut self, unit: &Unit) -> Class {
        let problem = self.problem;
        let selection = problem.selection;
        let seats = seats(problem, unit);
        let seats = seats.iter().map(|copy| self.seat(unit, copy));
        let seats: Vec<Seat> = seats.collect();
        let bare = unit.must_not_be_bare(problem);
        let present = unit.present();
        let judged = selection.level(Level::Protect) || unit.protected;
        let enough = unit.wanted.max(present).max(i64::from(bare));
        let surplus = match self.moves {
            // Else replicas that work would be shuffled for the sake of even numbers.
            Moves::Free => Level::TieHome,
            Moves::Never | Moves::Counted => Level::Surplus,
        };
        Class {
            size: 0,
            open: unit.free,
            hands_over: unit.may_hand_over || unit.first.is_some(),
            led_anew: unit.first.is_some(),
            seats,
            refuses: self.refuses(unit),
            sync: Level::SyncMib.cost(unit.mib),
            count: Count {
                none: selection.charged(Level::Orphans).cost(i64::from(bare)),
                wanted: unit.wanted,
                missing: selection.charged(Level::Missing).cost(1),
                enough,
                surplus: surplus.cost(1),
                most: self.most(unit),
                beyond: Level::Serve.cost(1),
            },
            bare_host: selection.charged(Level::Protect).cost(i64::from(judged)),
            spared: Spared {
                host: !selection.level(Level::SameHost),
                disk: !selection.level(Level::SameDisk),
                zone: !selection.level(Level::SameZone),
            },
        }
    }

    /// Kinds that have no room for its copies.
    fn refuses(&self, unit: &Unit) -> Vec<usize> {
        let groups = self.cramped.iter().copied();
        let too_large = |&group: &usize| self.problem.rooms.is_among_largest(unit.leader, group);
        groups.filter(too_large).collect()
    }

    /// So many replicas may the unit have: spares that are to be kept only fill gaps.
    fn most(&self, unit: &Unit) -> i64 {
        let present = unit.present();
        if !self.problem.keep_spares {
            i64::MAX
        } else if unit.lacks() {
            let apart = present + i64::from(!unit.protected);
            unit.wanted.max(1).max(apart)
        } else {
            present
        }
    }

    fn seat(&mut self, unit: &Unit, copy: &Copy) -> Seat {
        let problem = self.problem;
        let owner = copy.node == unit.owner;
        if owner && unit.first.is_some() {
            // It is no copy any more.
            return Seat {
                place: self.places[&copy.place],
                disk: None,
                usable: false,
                stay: Cost::ZERO,
                leave: None,
                lead: None,
            };
        }
        let among = |list: &[Copy]| list.iter().any(|c| c.node == copy.node);
        let chained = among(&unit.chained);
        let moves = unit.free && among(&unit.movable) && self.moves != Moves::Never;
        // A replica of a replica counts once it follows the owner.
        let copy = &Copy {
            usable: copy.usable || chained,
            ..*copy
        };
        // Where a goal lets the owner hand over, every heir costs the same failover.
        let stays = owner && unit.leader == unit.owner;
        let turned = match stays {
            // It hands over while it is restarted, and takes back.
            true if problem.restarting.contains(&copy.node) => turn().times(2),
            true => Cost::ZERO,
            false => turn(),
        };
        let (away, lead) = self.roles(copy, turned);
        let act = Level::Actions.cost(1);
        let (stay, leave) = if chained {
            // Its data comes from the same history: no full copy, but one command.
            let act = add(act, Level::Tidy, -1);
            let roams = self
                .problem
                .owners
                .are_loaded_by(self.problem.cluster, copy.node);
            (away + act, roams.then_some(act))
        } else {
            let weight = i64::from(self.moves == Moves::Counted);
            let go = add(act, Level::Moves, weight);
            (away, moves.then_some(go))
        };
        let leave = leave.map(|cost| {
            let elsewhere = self.problem.comes(copy.node);
            (self.kind(&elsewhere, Cost::ZERO, Supply::Released), cost)
        });
        let may = owner || (unit.may_hand_over && copy.leads());
        Seat {
            place: self.places[&copy.place],
            disk: copy.disk.map(|d| self.disks[&d]),
            usable: copy.usable,
            stay,
            leave,
            lead: lead.filter(|_| may),
        }
    }

    fn finish(
        self,
        classes: Vec<Class>,
        units: Vec<Vec<usize>>,
        mut spares: Vec<Vec<NodeId>>,
    ) -> Classes {
        let (problem, selection) = (self.problem, self.problem.selection);
        spares.resize(self.kinds.len(), Vec::new());
        let mut zone_of: BTreeMap<Place, ZoneId> = BTreeMap::new();
        let copies = problem.units.iter().flat_map(|u| {
            let all = u.fixed.iter().chain(&u.movable);
            all.chain(&u.chained)
        });
        for copy in copies.chain(problem.spares.iter().map(|s| &s.copy)) {
            zone_of.extend(copy.zone.map(|zone| (copy.place, zone)));
        }
        let loads = Loads::new(problem, &self.places, &self.zones, &zone_of);
        let places = self.places.keys().map(|place| instance::Place {
            zone: zone_of.get(place).map(|z| self.zones[z]),
            load: loads.host(problem, *place),
        });
        let zones = self.zones.keys().map(|&zone| loads.zone(problem, zone));
        let apart = problem.zones.in_use();
        let zoned = if apart > 1 { 1 } else { 0 };
        let instance = Instance {
            places: places.collect(),
            zones: zones.collect(),
            zones_in_use: apart as i64,
            kinds: self.kinds,
            classes,
            tariff: Tariff {
                same_host: selection.charged(Level::SameHost).cost(1),
                same_disk: selection.charged(Level::SameDisk).cost(1),
                same_zone: selection.charged(Level::SameZone).cost(zoned),
                beside: Level::Beside.cost(1),
            },
        };
        Classes {
            instance,
            units,
            spares,
            places: self.places.into_keys().collect(),
            zones: self.zones.into_keys().collect(),
        }
    }
}

/// What a failover costs.
fn turn() -> Cost {
    add(Level::Failovers.cost(1), Level::Actions, 1)
}

fn numbered<T: Ord>(set: BTreeSet<T>) -> BTreeMap<T, usize> {
    set.into_iter().enumerate().map(|(i, t)| (t, i)).collect()
}

/// Masters as they are: a level that is not to be cured counts only what gets worse than that.
struct Loads {
    hosts: BTreeMap<Place, i64>,
    zones: BTreeMap<ZoneId, i64>,
}

impl Loads {
    fn new(
        problem: &Problem,
        places: &BTreeMap<Place, usize>,
        zones: &BTreeMap<ZoneId, usize>,
        zone_of: &BTreeMap<Place, ZoneId>,
    ) -> Self {
        let mut loads = Self {
            hosts: places.keys().map(|&p| (p, 0)).collect(),
            zones: zones.keys().map(|&z| (z, 0)).collect(),
        };
        for unit in &problem.units {
            let place = unit.led_from;
            *loads.hosts.entry(place).or_default() += 1;
            if let Some(&zone) = zone_of.get(&place) {
                *loads.zones.entry(zone).or_default() += 1;
            }
        }
        loads
    }

    fn host(&self, problem: &Problem, place: Place) -> Load {
        // A node whose host is not known is no place of its own: nothing is counted there.
        if place >= problem.cluster.hosts.len() {
            return Load::default();
        }
        let now = self.hosts.get(&place).copied().unwrap_or(0);
        let share = i64::from(problem.shares.host);
        let steps = [
            (Level::VotesHost, problem.votes_to_spare),
            (Level::OverHost, share),
        ];
        load(problem, now, steps)
    }

    fn zone(&self, problem: &Problem, zone: ZoneId) -> Load {
        let now = self.zones.get(&zone).copied().unwrap_or(0);
        let share = i64::from(problem.shares.zone);
        let steps = [
            (Level::VotesZone, problem.votes_to_spare),
            (Level::OverZone, share),
        ];
        load(problem, now, steps)
    }
}

fn load(problem: &Problem, now: i64, steps: [(Level, i64); 2]) -> Load {
    let step = |(level, limit): (Level, i64)| {
        let selected = problem.selection.level(level);
        let limit = if selected { limit } else { limit.max(now) };
        // Whoever wishes masters elsewhere has them there though it may be uneven.
        let charged = match problem.supposed.demands.weighed.is_empty() {
            true => problem.selection.charged(level),
            false => level,
        };
        (limit, charged.cost(1))
    };
    Load {
        steps: steps.into_iter().map(step).collect(),
    }
}
