//! One shard's arcs into the trees: what it pays for the host, disk and zone of every copy.
//!
//! ```text
//! want ─ count ─▶ inner ─ first on another host ─▶ outer ─▶ zone gate ─▶ tree
//!                   │                                │           └─▶ host gate ─▶ leaf, or a
//!                   └─▶ gate of the owner's host     └─▶ tree                     copy that stays
//! ```
//!
//! A host gets a gate of its own only where the shard has a copy, a zone only where copies may
//! leave it, or where the search found that it matters.

use std::collections::BTreeSet;

use crate::flow::ArcId;
use crate::flow::UNLIMITED;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::DiskId;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::ZoneId;
use crate::plan::target::trees::LeafId;
use crate::plan::target::trees::Leaves;
use crate::plan::target::trees::Network;
use crate::plan::target::trees::Spot;
use crate::plan::target::trees::Trees;

/// Hosts and zones of which a shard could take two copies as if they were one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gated {
    pub places: BTreeSet<(usize, PlaceId)>,
    pub zones: BTreeSet<(usize, ZoneId)>,
}

/// A copy that is there and may leave: its seat, and the node that stands for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mover {
    pub seat: usize,
    pub node: usize,
}

/// A copy that stays whatever happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixed {
    pub place: PlaceId,
    pub disk: Option<DiskId>,
    /// It counts as a replica.
    pub usable: bool,
}

/// What a shard looks like to its gates.
pub struct Seating<'a> {
    /// Number of the shard.
    pub unit: usize,
    pub class: &'a Class,
    /// The owner first.
    pub fixed: Vec<Fixed>,
    pub movers: &'a [Mover],
    /// A usable copy elsewhere is the first apart.
    pub home: PlaceId,
    /// Where it is led from, if another copy than the owner leads.
    pub turned_to: Option<PlaceId>,
    /// Kinds with nodes that are at home in this shard, and how many.
    pub homes: &'a [(KindId, i64)],
}

/// The arcs by which copies come to a shard, or stay.
#[derive(Default)]
pub struct Gate {
    pub spots: Vec<(ArcId, Spot)>,
    pub leaves: Vec<(ArcId, LeafId)>,
    pub kinds: Vec<(ArcId, KindId)>,
    pub stays: Vec<(ArcId, usize)>,
}

/// What gates lead to.
pub struct Ground<'a> {
    pub instance: &'a Instance,
    pub leaves: &'a Leaves,
    pub trees: &'a Trees,
    pub gated: &'a Gated,
    /// Network node of every kind, for those that are at home somewhere.
    pub kind_nodes: &'a [Option<usize>],
}

/// Arcs from `inner` and `outer`; see the module text.
pub fn gate(
    ground: &Ground,
    network: &mut Network,
    seating: &Seating,
    inner: usize,
    outer: usize,
) -> Gate {
    let mut builder = Builder {
        ground,
        seating,
        outer,
        inner,
        zones: Vec::new(),
        gate: Gate::default(),
    };
    builder.build(network);
    builder.gate
}

struct Builder<'a> {
    ground: &'a Ground<'a>,
    seating: &'a Seating<'a>,
    inner: usize,
    outer: usize,
    /// Where a zone is entered, and what each copy pays there.
    zones: Vec<(ZoneId, usize, Cost)>,
    gate: Gate,
}

impl Builder<'_> {
    fn build(&mut self, network: &mut Network) {
        let ground = self.ground;
        let own = self.own_places();
        let gated: Vec<PlaceId> = ground
            .gated
            .places
            .range((self.seating.unit, 0)..=(self.seating.unit, PlaceId::MAX))
            .map(|g| g.1)
            .filter(|p| !own.contains(p))
            .collect();
        let apart: Vec<PlaceId> = own.iter().chain(&gated).copied().collect();
        for (zone, group) in ground.trees.zones() {
            if self.seating.class.refuses.contains(&group) {
                continue;
            }
            let (from, cost) = self.enter(network, zone);
            let cost = cost + self.seating.class.sync;
            for spot in ground.trees.cover(zone, group, &apart) {
                let node = ground.trees.node(spot);
                let arc = network.arc(from, node, UNLIMITED, cost);
                self.gate.spots.push((arc, spot));
            }
        }
        for place in gated {
            self.gated_place(network, place);
        }
        for place in own {
            self.own_place(network, place);
        }
        self.homes(network, &apart);
    }

    /// Places with a copy, the owner's first.
    fn own_places(&self) -> Vec<PlaceId> {
        let fixed = self.seating.fixed.iter().map(|f| f.place);
        let movers = self.seating.movers.iter();
        let movers = movers.map(|m| self.seating.class.seats[m.seat].place);
        let mut own = Vec::new();
        for place in fixed.chain(movers) {
            if !own.contains(&place) {
                own.push(place);
            }
        }
        own
    }

    /// The node from which a zone is reached, and what every copy in it pays.
    fn enter(&mut self, network: &mut Network, zone: Option<ZoneId>) -> (usize, Cost) {
        let Some(zone) = zone else {
            return (self.outer, Cost::ZERO);
        };
        if let Some(&(_, node, cost)) = self.zones.iter().find(|z| z.0 == zone) {
            return (node, cost);
        }
        let (instance, class) = (self.ground.instance, self.seating.class);
        let here = |place: PlaceId| instance.zone_of(place) == Some(zone);
        let there = self.seating.fixed.iter().filter(|f| here(f.place)).count() as i64;
        let movers = self.seating.movers.iter();
        let moving = movers.filter(|m| here(class.seats[m.seat].place)).count() as i64;
        let first = instance.zone_step(class, zone, there);
        let far = there + moving + class.seats.len() as i64 + 1;
        let last = instance.zone_step(class, zone, far);
        let asked = self.ground.gated.zones.contains(&(self.seating.unit, zone));
        let entered = if first == last || !(moving > 0 || asked) {
            (self.outer, first)
        } else {
            let node = network.node();
            let cheap = (there..far).take_while(|&n| instance.zone_step(class, zone, n) == first);
            network.arc(self.outer, node, cheap.count() as i64, first);
            network.arc(self.outer, node, UNLIMITED, last);
            (node, Cost::ZERO)
        };
        self.zones.push((zone, entered.0, entered.1));
        entered
    }

    /// A host of which the shard may take one copy cheaply.
    fn gated_place(&mut self, network: &mut Network, place: PlaceId) {
        let ground = self.ground;
        let zone = ground.instance.zone_of(place);
        let (from, cost) = self.enter(network, zone);
        let cost = cost + self.seating.class.sync;
        let node = network.node();
        self.host_arcs(network, from, node, place, 0, cost);
        for (at, group) in ground.trees.zones() {
            if at != zone || self.seating.class.refuses.contains(&group) {
                continue;
            }
            if let Some(spot) = ground.trees.spot(zone, group, place) {
                let to = ground.trees.node(spot);
                let arc = network.arc(node, to, UNLIMITED, Cost::ZERO);
                self.gate.spots.push((arc, spot));
            }
        }
    }

    /// A host that has a copy: second copies, disks, and copies that stay.
    fn own_place(&mut self, network: &mut Network, place: PlaceId) {
        let (ground, seating) = (self.ground, self.seating);
        let (instance, class) = (ground.instance, seating.class);
        let movers: Vec<Mover> = seating
            .movers
            .iter()
            .copied()
            .filter(|m| class.seats[m.seat].place == place)
            .collect();
        let none = Vec::new();
        let leaves = ground.leaves.at.get(&place).unwrap_or(&none);
        let takes = |l: &&LeafId| !class.refuses.contains(&ground.leaves.all[**l].group);
        if movers.is_empty() && !leaves.iter().any(|l| takes(&l)) {
            return;
        }
        let (from, zone_cost) = self.enter(network, instance.zone_of(place));
        let owners = place == seating.home;
        let from = if owners { self.inner } else { from };
        let node = network.node();
        let there = seating.fixed.iter().filter(|f| f.place == place).count() as i64;
        self.host_arcs(network, from, node, place, there, zone_cost);
        for mover in &movers {
            let stay = class.seats[mover.seat].stay;
            let arc = network.arc(node, mover.node, 1, stay);
            self.gate.stays.push((arc, mover.seat));
        }
        for &leaf in leaves.iter().filter(takes) {
            let shared = ground.leaves.all[leaf].disk.map_or(Cost::ZERO, |disk| {
                let fixed = seating.fixed.iter().filter(|f| f.disk == Some(disk));
                let moving = movers
                    .iter()
                    .filter(|m| class.seats[m.seat].disk == Some(disk));
                let there = fixed.count() + moving.count();
                instance.disk_step(class, disk, there as i64)
            });
            let cost = class.sync + shared;
            let arc = network.arc(node, ground.trees.leaf[leaf], UNLIMITED, cost);
            self.gate.leaves.push((arc, leaf));
        }
    }

    /// One arc for each step of what one more copy on a host costs.
    fn host_arcs(
        &self,
        network: &mut Network,
        from: usize,
        to: usize,
        place: PlaceId,
        there: i64,
        each: Cost,
    ) {
        let (instance, class) = (self.ground.instance, self.seating.class);
        let room = instance.beside_room(class);
        let step = |n: i64| {
            let beside = self.seating.turned_to == Some(place) && n >= room;
            let cost = each + instance.host_step(class, place, n);
            if beside {
                cost + instance.tariff.beside
            } else {
                cost
            }
        };
        let far = there + class.seats.len() as i64 + 1;
        let mut from_count = there;
        while from_count < far {
            let cost = step(from_count);
            let mut to_count = from_count + 1;
            while to_count < far && step(to_count) == cost {
                to_count += 1;
            }
            let last = to_count == far;
            let room = if last {
                UNLIMITED
            } else {
                to_count - from_count
            };
            network.arc(from, to, room, cost);
            from_count = to_count;
        }
    }

    /// Nodes that are at home in this shard come a little cheaper.
    fn homes(&mut self, network: &mut Network, apart: &[PlaceId]) {
        let ground = self.ground;
        for &(kind, count) in self.seating.homes {
            let of = &ground.instance.kinds[kind];
            let Some(to) = ground.kind_nodes[kind] else {
                continue;
            };
            if apart.contains(&of.place) || self.seating.class.refuses.contains(&of.group) {
                continue;
            }
            let (from, cost) = self.enter(network, ground.instance.zone_of(of.place));
            let cost = add(cost + self.seating.class.sync, Level::Tie, -1);
            let arc = network.arc(from, to, count, cost);
            self.gate.kinds.push((arc, kind));
        }
    }
}
