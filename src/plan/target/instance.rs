//! The decision to make, as numbers: what can be told apart, and what each part costs.
//!
//! Nodes that can stand in for each other are one [`Kind`], shards that are alike one [`Class`].
//! Nothing here knows a cluster, a policy or a goal: those set the costs and capacities of an
//! instance where it is made, and whoever decides or proves reads them here. How costs of the
//! parts make up the price of a decision is told in `price`.

use crate::plan::level::Cost;

/// Index of a host, real or of a single node without one.
pub type PlaceId = usize;
/// Index of a zone.
pub type ZoneId = usize;
/// Index of a disk.
pub type DiskId = usize;
/// Index of a kind.
pub type KindId = usize;

/// A whole problem.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Instance {
    pub places: Vec<Place>,
    pub zones: Vec<Load>,
    /// Zones that could hold a copy: a shard with more copies than that must double up.
    pub zones_in_use: i64,
    pub kinds: Vec<Kind>,
    pub classes: Vec<Class>,
    pub tariff: Tariff,
}

/// Where nodes run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    pub zone: Option<ZoneId>,
    pub load: Load,
}

/// What the masters at a place or in a zone cost: for each step, so much for every master beyond
/// its limit. The costs are not below zero, so a load is convex.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Load {
    pub steps: Vec<(i64, Cost)>,
}

/// What one copy too many on a host, disk or zone costs. A level that is not to be cured is
/// charged where nothing may be paid, and only for what becomes worse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tariff {
    pub same_host: Cost,
    pub same_disk: Cost,
    pub same_zone: Cost,
    /// For every replica beside its new master.
    pub beside: Cost,
}

impl Default for Tariff {
    fn default() -> Self {
        Self {
            same_host: Cost::ZERO,
            same_disk: Cost::ZERO,
            same_zone: Cost::ZERO,
            beside: Cost::ZERO,
        }
    }
}

/// Nodes that can stand in for each other on their way to a shard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kind {
    pub place: PlaceId,
    pub disk: Option<DiskId>,
    /// Shards may refuse a group as a whole.
    pub group: usize,
    pub supply: Supply,
    /// What each costs when it comes.
    pub arrive: Cost,
    /// What each costs more when it leads then; `None` where it must not.
    pub lead: Option<Cost>,
}

/// How many there are of a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Supply {
    /// So many at most.
    Spares(i64),
    /// As many as leave a shard, each of which must go to another.
    Released,
}

/// Shards that are alike in everything that is counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Class {
    /// How many shards.
    pub size: i64,
    /// Something may come, go or lead; else every copy stays and the owner leads.
    pub open: bool,
    /// Another copy than the owner may lead.
    pub hands_over: bool,
    /// Nobody who is there may lead, and the owner is no copy: one of those that come leads, and
    /// counts as no replica.
    pub led_anew: bool,
    /// Copies that are there, the owner first.
    pub seats: Vec<Seat>,
    /// Groups of kinds that it cannot take.
    pub refuses: Vec<usize>,
    /// What every copy that comes costs.
    pub sync: Cost,
    pub count: Count,
    /// What it costs that no usable copy is on another host than the owner's.
    pub bare_host: Cost,
    /// Doubled-up copies are charged only for what becomes worse.
    pub spared: Spared,
}

/// Which doubled-up copies cost nothing, as they are there now and not to be cured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Spared {
    pub host: bool,
    pub disk: bool,
    pub zone: bool,
}

/// A copy that is there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Seat {
    pub place: PlaceId,
    pub disk: Option<DiskId>,
    /// It counts as a replica where it stays.
    pub usable: bool,
    /// What staying costs.
    pub stay: Cost,
    /// It may go to another shard: as which kind, and what that costs.
    pub leave: Option<(KindId, Cost)>,
    /// What it costs more when it leads; `None` where it must not. Never `None` for an owner but of a
    /// class that is led anew.
    pub lead: Option<Cost>,
}

/// What the number of usable replicas costs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Count {
    /// To have none.
    pub none: Cost,
    /// Replicas that are wanted, and what each that is missing costs.
    pub wanted: i64,
    pub missing: Cost,
    /// From so many on, one more costs `surplus` for each that is there.
    pub enough: i64,
    pub surplus: Cost,
    /// From so many on, one more costs this on top.
    pub most: i64,
    pub beyond: Cost,
}

/// What a shard becomes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Outcome {
    /// Seats that leave, in order.
    pub gone: Vec<usize>,
    /// Kinds that come, sorted; one entry per node.
    pub comes: Vec<KindId>,
    pub lead: Lead,
}

/// Who leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lead {
    /// A copy that is there.
    Seat(usize),
    /// One of a kind that comes.
    Kind(KindId),
}

impl Outcome {
    /// Everything stays as it is.
    pub fn unchanged() -> Self {
        Self {
            gone: Vec::new(),
            comes: Vec::new(),
            lead: Lead::Seat(0),
        }
    }
}

impl Instance {
    pub fn zone_of(&self, place: PlaceId) -> Option<ZoneId> {
        self.places[place].zone
    }

    /// How many shards there are.
    pub fn shards(&self) -> i64 {
        self.classes.iter().map(|c| c.size).sum()
    }

    /// How many of every kind there can be at most.
    pub fn supplies(&self) -> Vec<i64> {
        let spares = |k: &Kind| match k.supply {
            Supply::Spares(count) => count,
            Supply::Released => 0,
        };
        let mut most: Vec<i64> = self.kinds.iter().map(spares).collect();
        for class in &self.classes {
            for (kind, _) in class.seats.iter().filter_map(|s| s.leave) {
                most[kind] += class.size;
            }
        }
        most
    }

    /// Where the leader of an outcome runs.
    pub fn place_of(&self, class: &Class, lead: Lead) -> PlaceId {
        match lead {
            Lead::Seat(seat) => class.seats[seat].place,
            Lead::Kind(kind) => self.kinds[kind].place,
        }
    }
}

impl Class {
    /// What one more usable copy costs beside the owner and `usable` others.
    pub fn count_step(&self, usable: i64) -> Cost {
        match (self.led_anew, usable) {
            (false, _) => self.count.step(usable),
            // The one that leads.
            (true, 0) => Cost::ZERO,
            (true, _) => self.count.step(usable - 1),
        }
    }

    pub fn owner(&self) -> &Seat {
        &self.seats[0]
    }

    /// Seats that stay whatever is decided.
    pub fn fixed(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|s| s.leave.is_none())
    }
}
