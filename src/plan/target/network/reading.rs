//! What a flow says: who comes, goes and leads, and the prices that its potentials stand for.

use crate::flow::ArcId;
use crate::flow::SINK;
use crate::flow::Side;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Supply;
use crate::plan::target::network::Scene;
use crate::plan::target::network::Solved;
use crate::plan::target::network::nodes::Behind;
use std::collections::BTreeMap;

impl Solved {
    /// Copies that leave, by shard.
    pub fn gone(&self) -> Vec<Vec<usize>> {
        let mut gone = vec![Vec::new(); self.gates.len()];
        for &(arc, unit, seat) in &self.nodes.going {
            if self.flow.on(arc) > 0 {
                gone[unit].push(seat);
            }
        }
        gone
    }

    /// Shards that a node that comes is to lead.
    pub fn turned(&self) -> Vec<bool> {
        let on = |turn: &Option<ArcId>| turn.is_some_and(|arc| self.flow.on(arc) > 0);
        self.turns.iter().map(on).collect()
    }

    /// Who of the copies that are there leads; the owner where a node that comes does.
    pub fn present(&self) -> Vec<Lead> {
        let chosen = |arcs: &Vec<(ArcId, Lead)>| {
            let on = arcs.iter().find(|(arc, _)| self.flow.on(*arc) > 0);
            on.map_or(Lead::Seat(0), |(_, lead)| *lead)
        };
        self.roles.iter().map(chosen).collect()
    }

    /// How many nodes of each place and cost lead.
    pub fn quota(&self) -> BTreeMap<Behind, i64> {
        let leading = self.nodes.leading.iter();
        leading
            .map(|(&key, &arc)| (key, self.flow.on(arc)))
            .collect()
    }

    /// Kinds that come to each shard. Of a leaf's kinds those are taken that the flow took.
    pub fn comes(&self, scene: &Scene) -> Vec<Vec<KindId>> {
        let instance = scene.instance;
        let mut left = vec![0; instance.kinds.len()];
        for &(arc, kind) in &self.nodes.used {
            left[kind] += self.flow.on(arc);
        }
        for &(arc, unit, seat) in &self.nodes.going {
            if self.flow.on(arc) > 0
                && let Some((kind, _)) = scene.class(unit).seats[seat].leave
            {
                left[kind] += 1;
            }
        }
        let mut comes = vec![Vec::new(); self.gates.len()];
        let mut entrants = Vec::new();
        let mut straight = Vec::new();
        for (unit, gate) in self.gates.iter().enumerate() {
            for &(arc, kind) in &gate.kinds {
                for _ in 0..self.flow.on(arc) {
                    left[kind] -= 1;
                    comes[unit].push(kind);
                }
            }
            for &(arc, leaf) in &gate.leaves {
                straight.extend((0..self.flow.on(arc)).map(|_| (unit, leaf)));
            }
            for &(arc, spot) in &gate.spots {
                entrants.extend((0..self.flow.on(arc)).map(|_| (spot, unit)));
            }
        }
        let mut ends = self.trees.deal(&self.flow, &entrants);
        ends.extend(straight);
        ends.sort_unstable();
        for (unit, leaf) in ends {
            // Fewest actions first; what must come home first has its own arcs.
            let kinds = scene.leaves.kinds[leaf].iter().copied();
            let kind = kinds
                .filter(|&k| left[k] > 0)
                .min_by_key(|&k| (instance.kinds[k].arrive, k));
            if let Some(kind) = kind {
                left[kind] -= 1;
                comes[unit].push(kind);
            }
        }
        comes.iter_mut().for_each(|c| c.sort_unstable());
        comes
    }

    /// Prices that the potentials stand for: the lowest that nodes and places may have by the
    /// high ones, the highest by the low ones.
    pub fn prices(&self, scene: &Scene, side: Side) -> Certificate {
        let instance = scene.instance;
        let mut certificate = Certificate::blank(instance);
        let Some(stands) = &self.stands else {
            return certificate;
        };
        let sink = self.flow.potential(SINK, side);
        let to_sink = |node: usize| sink - self.flow.potential(node, side);
        for (zone, &node) in stands.zones.iter().enumerate() {
            let paid = to_sink(node) - to_sink(stands.end);
            certificate.zones[zone] = self.load_price(paid, &stands.zone_arcs[zone]);
        }
        for (id, place) in instance.places.iter().enumerate() {
            let (to, out) = match place.zone {
                Some(zone) => (stands.zones[zone], certificate.zones[zone]),
                None => (stands.end, Cost::ZERO),
            };
            let paid = to_sink(stands.places[id]) - to_sink(to);
            certificate.places[id] = out + self.load_price(paid, &stands.place_arcs[id]);
        }
        for (id, kind) in instance.kinds.iter().enumerate() {
            let leaf = to_sink(self.trees.leaf[scene.leaves.of_kind[id]]);
            let behind = to_sink(self.nodes.behind[&(kind.place, kind.lead)]);
            let mut price = leaf - kind.arrive - behind;
            // What only holds the network together is no price.
            price.0[Level::Serve as usize] = 0;
            price.0[Level::Tie as usize] = 0;
            certificate.kinds[id] = match kind.supply {
                Supply::Spares(_) => price.max(Cost::ZERO),
                Supply::Released => price,
            };
        }
        certificate
    }

    /// What one more master costs by the potentials. A node that no way leads to has any
    /// potential: there the first step with room says it.
    fn load_price(&self, paid: Cost, arcs: &[(ArcId, i64, Cost)]) -> Cost {
        let room = |(arc, room, _): &&(ArcId, i64, Cost)| self.flow.on(*arc) < *room;
        let next = arcs.iter().find(room).map_or(Cost::ZERO, |a| a.2);
        let mut price = paid;
        price.0[Level::Tie as usize] = 0;
        if Level::Serve.of(&price) == 0 {
            price
        } else {
            next
        }
    }

    /// The flow passed its check.
    pub fn verified(&self) -> bool {
        self.flow.verify(&self.network)
    }
}
