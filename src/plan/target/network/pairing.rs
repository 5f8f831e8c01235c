//! Networks where a part is known: who leads, or who copies what.

use crate::flow::Amount;
use crate::flow::ArcId;
use crate::flow::SOURCE;
use crate::flow::UNLIMITED;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::gates;
use crate::plan::target::gates::Fixed;
use crate::plan::target::gates::Gate;
use crate::plan::target::gates::Ground;
use crate::plan::target::gates::Seating;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Outcome;
use crate::plan::target::network::PLACED;
use crate::plan::target::network::Scene;
use crate::plan::target::network::Solved;
use crate::plan::target::network::Tuning;
use crate::plan::target::network::nodes::Behind;
use crate::plan::target::network::nodes::Nodes;
use crate::plan::target::network::nodes::Part;
use crate::plan::target::network::nodes::Stands;
use crate::plan::target::network::nodes::nodes;
use crate::plan::target::network::surplus_steps;
use crate::plan::target::network::wants;
use crate::plan::target::trees::Network;
use crate::plan::target::trees::Trees;
use std::collections::BTreeMap;

/// Nodes for the shards that one of them will lead: `turned`, by place and cost so many as
/// `quota` says.
pub fn leaders(
    scene: &Scene,
    tuning: &Tuning,
    turned: &[bool],
    gone: &[Vec<usize>],
    quota: &BTreeMap<Behind, i64>,
) -> Solved {
    let instance = scene.instance;
    let mut network = Network::new();
    let trees = Trees::new(instance, &scene.leaves, &mut network);
    let part = Part::Leaders { quota };
    let nodes = nodes(scene, &mut network, &trees, None, &part);
    let mut gates = Vec::new();
    for unit in 0..scene.units.len() {
        if !turned[unit] {
            gates.push(Gate::default());
            continue;
        }
        let class = scene.class(unit);
        let (inner, outer) = (network.node(), network.node());
        // Some can be led by nobody else.
        let placed = PLACED * (1 + i64::from(class.led_anew));
        network.arc(SOURCE, inner, 1, Level::Serve.cost(placed));
        network.arc(inner, outer, 1, Cost::ZERO);
        let stays =
            |(seat, _): &(usize, &crate::plan::target::instance::Seat)| !gone[unit].contains(seat);
        let fixed = class.seats.iter().enumerate().filter(stays);
        let seating = Seating {
            unit,
            class,
            fixed: fixed
                .map(|(index, s)| Fixed {
                    place: s.place,
                    disk: s.disk,
                    usable: s.usable && index > 0,
                })
                .collect(),
            movers: &[],
            home: class.owner().place,
            turned_to: None,
            homes: &scene.homes[unit],
        };
        let ground = Ground {
            instance,
            leaves: &scene.leaves,
            trees: &trees,
            gated: &tuning.gated,
            kind_nodes: &nodes.kind_nodes,
        };
        gates.push(gates::gate(&ground, &mut network, &seating, inner, outer));
    }
    finish(scene, network, trees, nodes, gates)
}

/// The best pairing where it is known who leads. Nodes that lead are copies already.
pub fn pairing(scene: &Scene, tuning: &Tuning, leads: &[Lead]) -> Solved {
    let instance = scene.instance;
    let mut taken = vec![0; instance.kinds.len()];
    for lead in leads {
        if let Lead::Kind(kind) = lead {
            taken[*kind] += 1;
        }
    }
    let mut network = Network::new();
    let trees = Trees::new(instance, &scene.leaves, &mut network);
    let part = Part::Pairing {
        taken: &taken,
        leads,
    };
    let nodes = nodes(scene, &mut network, &trees, None, &part);
    let steps = surplus_steps(instance);
    let mut gates = Vec::new();
    for (unit, &lead) in leads.iter().enumerate() {
        let class = scene.class(unit);
        if !class.open || instance.kinds.is_empty() {
            gates.push(Gate::default());
            continue;
        }
        let want = network.node();
        network.arc(SOURCE, want, UNLIMITED, Cost::ZERO);
        let seating = Seating {
            unit,
            class,
            fixed: led_seats(instance, class, lead),
            movers: &nodes.movers[unit],
            home: match class.led_anew {
                true => instance.place_of(class, lead),
                false => class.owner().place,
            },
            turned_to: (lead != Lead::Seat(0)).then(|| instance.place_of(class, lead)),
            homes: &scene.homes[unit],
        };
        let ground = Ground {
            instance,
            leaves: &scene.leaves,
            trees: &trees,
            gated: &tuning.gated,
            kind_nodes: &nodes.kind_nodes,
        };
        gates.push(wants(&ground, &mut network, &seating, want, steps).gate);
    }
    finish(scene, network, trees, nodes, gates)
}

/// Copies that stay as somebody leads: those that cannot leave, and the leader.
fn led_seats(instance: &Instance, class: &Class, lead: Lead) -> Vec<Fixed> {
    let mut fixed = Vec::new();
    for (index, seat) in class.seats.iter().enumerate() {
        if seat.leave.is_none() || lead == Lead::Seat(index) {
            fixed.push(Fixed {
                place: seat.place,
                disk: seat.disk,
                usable: seat.usable && index > 0,
            });
        }
    }
    if let Lead::Kind(kind) = lead {
        let kind = &instance.kinds[kind];
        fixed.push(Fixed {
            place: kind.place,
            disk: kind.disk,
            usable: true,
        });
    }
    fixed
}

fn finish(scene: &Scene, network: Network, trees: Trees, nodes: Nodes, gates: Vec<Gate>) -> Solved {
    let flow = network.solve(Amount::Cheapest);
    Solved {
        network,
        flow,
        trees,
        stands: None,
        nodes,
        gates,
        roles: vec![Vec::new(); scene.units.len()],
        turns: vec![None; scene.units.len()],
    }
}

/// The best leaders for given copies: exact, as every copy is known.
pub fn roles(scene: &Scene, decision: &[Outcome]) -> Vec<Lead> {
    let instance = scene.instance;
    let mut network = Network::new();
    let stands = Stands::new(instance, &mut network);
    let mut choices = Vec::new();
    for (unit, outcome) in decision.iter().enumerate() {
        let class = scene.class(unit);
        let role = network.node();
        network.arc(SOURCE, role, 1, Level::Serve.cost(PLACED));
        let mut arcs = Vec::new();
        let led = |lead| Outcome {
            lead,
            ..outcome.clone()
        };
        // Only what leading changes: many shards then cost the same, and the search is short.
        let owner = instance.outcome(class, &led(Lead::Seat(0)));
        for lead in able(instance, class, outcome) {
            let to = stands.places[instance.place_of(class, lead)];
            let cost = instance.outcome(class, &led(lead)) - owner;
            arcs.push((network.arc(role, to, 1, cost), lead));
        }
        choices.push(arcs);
    }
    let flow = network.solve(Amount::Cheapest);
    let chosen = |arcs: &Vec<(ArcId, Lead)>| {
        let on = arcs.iter().find(|(arc, _)| flow.on(*arc) > 0);
        on.map_or(Lead::Seat(0), |(_, lead)| *lead)
    };
    choices.iter().map(chosen).collect()
}

/// Who may lead an outcome.
fn able(instance: &Instance, class: &Class, outcome: &Outcome) -> Vec<Lead> {
    let mut leads = match class.led_anew {
        true => Vec::new(),
        false => vec![Lead::Seat(0)],
    };
    if !class.open || !class.hands_over {
        return leads;
    }
    for (seat, of) in class.seats.iter().enumerate().skip(1) {
        if of.lead.is_some() && !outcome.gone.contains(&seat) {
            leads.push(Lead::Seat(seat));
        }
    }
    for &kind in &outcome.comes {
        let lead = Lead::Kind(kind);
        if instance.kinds[kind].lead.is_some() && !leads.contains(&lead) {
            leads.push(lead);
        }
    }
    leads
}
