//! What stands at the far end of the network: places and zones, kinds, and copies that may leave.

use crate::flow::ArcId;
use crate::flow::SINK;
use crate::flow::UNLIMITED;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::gates::Mover;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::Supply;
use crate::plan::target::network::PLACED;
use crate::plan::target::network::Scene;
use crate::plan::target::trees::Network;
use crate::plan::target::trees::Trees;
use std::collections::BTreeMap;

/// The places and zones behind all roles.
pub(super) struct Stands {
    pub(super) places: Vec<usize>,
    pub(super) zones: Vec<usize>,
    /// Arcs out of each, with their room and cost.
    pub(super) place_arcs: Vec<Vec<(ArcId, i64, Cost)>>,
    pub(super) zone_arcs: Vec<Vec<(ArcId, i64, Cost)>>,
    pub(super) end: usize,
}

impl Stands {
    pub(super) fn new(instance: &Instance, network: &mut Network) -> Self {
        let most = instance.shards();
        let end = network.node();
        network.arc(end, SINK, most, Level::Serve.cost(PLACED));
        let zones: Vec<usize> = instance.zones.iter().map(|_| network.node()).collect();
        let places: Vec<usize> = instance.places.iter().map(|_| network.node()).collect();
        let (mut place_arcs, mut zone_arcs) = (Vec::new(), Vec::new());
        for (load, &node) in instance.zones.iter().zip(&zones) {
            zone_arcs.push(load_arcs(network, node, end, load));
        }
        for (place, &node) in instance.places.iter().zip(&places) {
            let to = place.zone.map_or(end, |z| zones[z]);
            place_arcs.push(load_arcs(network, node, to, &place.load));
        }
        Self {
            places,
            zones,
            place_arcs,
            zone_arcs,
            end,
        }
    }
}

/// Parallel arcs, one for each step of a load. The last is never full, so that it bounds what
/// one more master costs.
fn load_arcs(
    network: &mut Network,
    from: usize,
    to: usize,
    load: &Load,
) -> Vec<(ArcId, i64, Cost)> {
    let mut cuts: Vec<i64> = load.steps.iter().map(|s| s.0.max(0)).collect();
    cuts.extend([0, UNLIMITED]);
    cuts.sort_unstable();
    let steps = cuts.windows(2).filter(|p| p[0] < p[1]);
    let arcs = steps.map(|p| (p[1] - p[0], load.step(p[0])));
    arcs.map(|(room, cost)| (network.arc(from, to, room, cost), room, cost))
        .collect()
}

/// What is behind a kind: nodes of one place that cost the same to lead.
pub type Behind = (PlaceId, Option<Cost>);

/// Kinds, what is behind them, and copies that may leave.
pub(super) struct Nodes {
    /// By kind, behind its leaf.
    pub(super) kind_nodes: Vec<Option<usize>>,
    pub(super) behind: BTreeMap<Behind, usize>,
    /// Arcs on which nodes go on to lead.
    pub(super) leading: BTreeMap<Behind, ArcId>,
    pub(super) movers: Vec<Vec<Mover>>,
    /// Arcs by which a copy goes: shard, seat.
    pub(super) going: Vec<(ArcId, usize, usize)>,
    /// Arcs of spares that are used.
    pub(super) used: Vec<(ArcId, KindId)>,
}

/// Who may leave, and what nodes that come may do.
pub(super) enum Part<'p> {
    /// Everything is open.
    Mixed,
    /// Leaders are given: how many of a kind lead already, and which seats.
    Pairing { taken: &'p [i64], leads: &'p [Lead] },
    /// Only spares that are to lead: so many of each place and cost.
    Leaders { quota: &'p BTreeMap<Behind, i64> },
}

pub(super) fn nodes(
    scene: &Scene,
    network: &mut Network,
    trees: &Trees,
    stands: Option<&Stands>,
    part: &Part,
) -> Nodes {
    let instance = scene.instance;
    let mut nodes = Nodes {
        kind_nodes: vec![None; instance.kinds.len()],
        behind: BTreeMap::new(),
        leading: BTreeMap::new(),
        movers: vec![Vec::new(); scene.units.len()],
        going: Vec::new(),
        used: Vec::new(),
    };
    for kind in &instance.kinds {
        let key = (kind.place, kind.lead);
        if nodes.behind.contains_key(&key) {
            continue;
        }
        let node = network.node();
        let room = match part {
            Part::Mixed | Part::Pairing { .. } => UNLIMITED,
            Part::Leaders { quota } => quota.get(&key).copied().unwrap_or(0),
        };
        network.arc(node, SINK, room, Cost::ZERO);
        if let (Some(stands), Some(lead)) = (stands, kind.lead) {
            let arc = network.arc(node, stands.places[kind.place], UNLIMITED, lead);
            nodes.leading.insert(key, arc);
        }
        nodes.behind.insert(key, node);
    }
    for (id, kind) in instance.kinds.iter().enumerate() {
        let Supply::Spares(count) = kind.supply else {
            continue;
        };
        let taken = match part {
            Part::Pairing { taken, .. } => taken[id],
            Part::Mixed | Part::Leaders { .. } => 0,
        };
        let node = network.node();
        let leaf = trees.leaf[scene.leaves.of_kind[id]];
        network.arc(leaf, node, UNLIMITED, Cost::ZERO);
        let behind = nodes.behind[&(kind.place, kind.lead)];
        let arc = network.arc(node, behind, count - taken, kind.arrive);
        nodes.used.push((arc, id));
        nodes.kind_nodes[id] = Some(node);
    }
    if !matches!(part, Part::Leaders { .. }) {
        movers(scene, network, trees, part, &mut nodes);
    }
    nodes
}

/// Copies that may leave: each must be used, by its own shard or by another.
fn movers(scene: &Scene, network: &mut Network, trees: &Trees, part: &Part, nodes: &mut Nodes) {
    for unit in 0..scene.units.len() {
        for (seat, of) in scene.class(unit).seats.iter().enumerate() {
            let Some((kind, leave)) = of.leave else {
                continue;
            };
            if let Part::Pairing { leads, .. } = part
                && leads[unit] == Lead::Seat(seat)
            {
                continue;
            }
            let node = network.node();
            let of_kind = &scene.instance.kinds[kind];
            let behind = nodes.behind[&(of_kind.place, of_kind.lead)];
            network.arc(node, behind, 1, Level::Serve.cost(PLACED));
            let leaf = trees.leaf[scene.leaves.of_kind[kind]];
            let arc = network.arc(leaf, node, 1, leave + of_kind.arrive);
            nodes.going.push((arc, unit, seat));
            nodes.movers[unit].push(Mover { seat, node });
        }
    }
}
