//! Pairing and roles as one network.
//!
//! ```text
//! SOURCE ─▶ role ─▶ host of a copy that leads ────────────────▶ host ─▶ zone ─▶ end ─▶ SINK
//!             └─▶ want (a node that comes will lead)             ▲
//! SOURCE ─▶ want ─▶ gates ─▶ trees ─▶ leaf ─▶ kind, by place ────┘ or ─▶ SINK
//!                      └─▶ a copy that stays ◀─ leaf               
//! ```
//!
//! Every shard sends one unit to the host that leads it, and one for every copy that comes. What
//! it costs is `price`, step by step. The network knows *how many* of a host's nodes lead, not
//! whom: which of two shards got the one that leads is forgotten there, so its value may be below
//! every decision's. Its potentials are prices for a certificate; `decode` makes a decision of
//! it.

mod nodes;
mod pairing;
mod reading;

use crate::flow::Amount;
use crate::flow::ArcId;
use crate::flow::SOURCE;
use crate::flow::UNLIMITED;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::gates;
use crate::plan::target::gates::Fixed;
use crate::plan::target::gates::Gate;
use crate::plan::target::gates::Gated;
use crate::plan::target::gates::Ground;
use crate::plan::target::gates::Seating;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::Supply;
use crate::plan::target::network::nodes::Nodes;
use crate::plan::target::network::nodes::Part;
use crate::plan::target::network::nodes::Stands;
use crate::plan::target::network::nodes::nodes;
use crate::plan::target::trees::Flow;
use crate::plan::target::trees::Leaves;
use crate::plan::target::trees::Network;
use crate::plan::target::trees::Trees;

pub use pairing::leaders;
pub use pairing::pairing;
pub use pairing::roles;

/// What one role unit, one end of it, or one copy that may leave gains by being placed.
pub const PLACED: i64 = -1;

/// What stays the same in all networks of an instance.
pub struct Scene<'a> {
    pub instance: &'a Instance,
    pub leaves: Leaves,
    /// Class of every shard.
    pub units: Vec<usize>,
    /// By shard: kinds with nodes that are at home there, and how many.
    pub homes: Vec<Vec<(KindId, i64)>>,
}

impl<'a> Scene<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        let classes = instance.classes.iter().enumerate();
        let units: Vec<usize> = classes
            .flat_map(|(index, class)| (0..class.size).map(move |_| index))
            .collect();
        Self {
            instance,
            leaves: Leaves::new(instance),
            homes: vec![Vec::new(); units.len()],
            units,
        }
    }

    pub fn class(&self, unit: usize) -> &'a Class {
        &self.instance.classes[self.units[unit]]
    }
}

/// A network with its flow, and where everything is in it.
pub struct Solved {
    network: Network,
    pub flow: Flow,
    trees: Trees,
    stands: Option<Stands>,
    nodes: Nodes,
    gates: Vec<Gate>,
    /// By shard: arcs to hosts of copies that lead.
    roles: Vec<Vec<(ArcId, Lead)>>,
    /// By shard: the arc by which a node that comes leads.
    turns: Vec<Option<ArcId>>,
}

/// How many copies a shard may take before it must be asked which hosts and zones they share.
#[derive(Clone, Debug, Default)]
pub struct Tuning {
    pub gated: Gated,
    /// By zone, the last for none: chooses among equals who is led by a node that comes.
    pub lean: Vec<i64>,
}

/// The whole network.
pub fn mixed(scene: &Scene, tuning: &Tuning) -> Solved {
    let instance = scene.instance;
    let mut network = Network::new();
    let stands = Stands::new(instance, &mut network);
    let trees = Trees::new(instance, &scene.leaves, &mut network);
    let nodes = nodes(scene, &mut network, &trees, Some(&stands), &Part::Mixed);
    let steps = surplus_steps(instance);
    let (mut gates, mut roles, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    for unit in 0..scene.units.len() {
        let class = scene.class(unit);
        let role = network.node();
        network.arc(SOURCE, role, 1, Level::Serve.cost(PLACED));
        let mut arcs = Vec::new();
        for seat in 0..class.seats.len() {
            if let Some(cost) = lead_at_most(instance, class, seat) {
                let to = stands.places[class.seats[seat].place];
                arcs.push((network.arc(role, to, 1, cost), Lead::Seat(seat)));
            }
        }
        roles.push(arcs);
        if !class.open || instance.kinds.is_empty() {
            gates.push(Gate::default());
            turns.push(None);
            continue;
        }
        let want = network.node();
        network.arc(SOURCE, want, UNLIMITED, Cost::ZERO);
        let zone = instance.zone_of(class.owner().place);
        let lean = tuning.lean.get(zone.unwrap_or(instance.zones.len()));
        let lean = Level::Tie.cost(lean.copied().unwrap_or(0));
        let fixed = class.seats.iter().enumerate();
        let fixed = fixed.filter(|(_, s)| s.leave.is_none());
        let fixed = fixed.map(|(index, s)| Fixed {
            place: s.place,
            disk: s.disk,
            usable: s.usable && index > 0,
        });
        let seating = Seating {
            unit,
            class,
            fixed: fixed.collect(),
            movers: &nodes.movers[unit],
            home: home(class),
            turned_to: None,
            homes: &[],
        };
        let ground = Ground {
            instance,
            leaves: &scene.leaves,
            trees: &trees,
            gated: &tuning.gated,
            kind_nodes: &nodes.kind_nodes,
        };
        let wants = wants(&ground, &mut network, &seating, want, steps);
        gates.push(wants.gate);
        // Who is to lead a shard anew is not counted among its replicas.
        let to = match (class.led_anew, seating.fixed.iter().any(|f| f.usable)) {
            (false, _) => want,
            (true, true) => wants.inner,
            (true, false) => wants.outer,
        };
        turns.push(class.hands_over.then(|| network.arc(role, to, 1, lean)));
    }
    let flow = network.solve(Amount::Cheapest);
    Solved {
        network,
        flow,
        trees,
        stands: Some(stands),
        nodes,
        gates,
        roles,
        turns,
    }
}

/// What leading costs a copy that is there, if as few others share its host as may.
fn lead_at_most(instance: &Instance, class: &Class, seat: usize) -> Option<Cost> {
    let of = &class.seats[seat];
    if seat == 0 {
        return of.lead;
    }
    if !class.open || !class.hands_over {
        return None;
    }
    let mut staying = class.fixed().filter(|s| s.place == of.place).count() as i64;
    staying += i64::from(of.leave.is_some());
    let beyond = (staying - instance.beside_room(class)).max(0);
    Some(of.lead? + instance.tariff.beside.times(beyond))
}

/// How many copies a shard may take beyond what it lacks, one by one; further ones are alike.
fn surplus_steps(instance: &Instance) -> i64 {
    let supply = instance.kinds.iter().map(|k| match k.supply {
        Supply::Spares(count) => count,
        Supply::Released => 0,
    });
    let gaps = instance.classes.iter().map(|c| {
        let usable = c.fixed().skip(1).filter(|s| s.usable).count() as i64;
        c.size * (c.count.wanted - usable).max(0)
    });
    let over = (supply.sum::<i64>() - gaps.sum::<i64>()).max(0);
    let shards = instance.shards().max(1);
    1 + 2 * (over + shards - 1) / shards
}

/// Where the first copy apart is counted from: of a shard that is led anew from a copy that is there.
fn home(class: &Class) -> PlaceId {
    let usable = class.fixed().skip(1).find(|s| s.usable);
    match usable.filter(|_| class.led_anew) {
        Some(seat) => seat.place,
        None => class.owner().place,
    }
}

/// A shard's gates, and the nodes before them.
struct Wants {
    gate: Gate,
    inner: usize,
    outer: usize,
}

/// One shard's wants: steps of the count, then its gates.
fn wants(
    ground: &Ground,
    network: &mut Network,
    seating: &Seating,
    want: usize,
    surplus: i64,
) -> Wants {
    let (inner, outer) = (network.node(), network.node());
    let class = seating.class;
    count_arcs(ground.instance, network, seating, want, inner, surplus);
    let home = seating.home;
    let apart = seating.fixed.iter().any(|f| f.usable && f.place != home);
    if class.bare_host != Cost::ZERO && !apart {
        network.arc(inner, outer, 1, -class.bare_host);
    }
    network.arc(inner, outer, UNLIMITED, Cost::ZERO);
    Wants {
        gate: gates::gate(ground, network, seating, inner, outer),
        inner,
        outer,
    }
}

/// Arcs for each step of what one more replica costs. Where more copies than zones must double
/// up, the step is cheaper by that, unless it would then be cheaper than the one before it.
fn count_arcs(
    instance: &Instance,
    network: &mut Network,
    seating: &Seating,
    from: usize,
    to: usize,
    surplus: i64,
) {
    let class = seating.class;
    let mut usable = seating.fixed.iter().filter(|f| f.usable).count() as i64;
    // The leader is no replica.
    usable -= i64::from(class.led_anew && seating.turned_to.is_some());
    let zoned = |f: &&Fixed| instance.zone_of(f.place).is_some();
    let zoned = seating.fixed.iter().filter(zoned).count() as i64;
    let forced = |more: i64| instance.forced(class, zoned + more);
    let far = class.count.enough.max(class.count.wanted).max(usable) + surplus - usable;
    let mut steps: Vec<(Cost, i64)> = Vec::new();
    for more in 0..=far {
        let plain = class.count.step(usable + more);
        let doubled = forced(more + 1) - forced(more);
        let pardoned = plain - instance.tariff.same_zone.times(doubled);
        let last = steps.last().map(|s| s.0);
        let cost = if last.is_some_and(|last| pardoned < last) {
            plain
        } else {
            pardoned
        };
        if Level::Serve.of(&cost) > 0 {
            break;
        }
        let room = if more == far { UNLIMITED } else { 1 };
        match steps.last_mut() {
            Some((last, all)) if *last == cost => *all = (*all + room).min(UNLIMITED),
            _ => steps.push((cost, room)),
        }
    }
    for (cost, room) in steps {
        network.arc(from, to, room, cost);
    }
}
