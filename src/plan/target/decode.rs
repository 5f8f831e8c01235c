//! Decisions out of a network's flow.
//!
//! The network counts how many nodes of a host lead. First those are given to shards, then
//! everything else is paired with the leaders known, then the leaders are chosen anew for the
//! copies that came out: three flows, each exact for what it decides.

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Outcome;
use crate::plan::target::network;
use crate::plan::target::network::Scene;
use crate::plan::target::network::Solved;
use crate::plan::target::network::Tuning;

/// A decision and its price.
#[derive(Clone, Debug)]
pub struct Decision {
    pub outcomes: Vec<Outcome>,
    pub value: Cost,
}

/// Pairing and roles are tried in turn at most so often.
const TURNS: usize = 3;

impl Decision {
    /// `None` if it cannot be.
    pub fn new(instance: &Instance, outcomes: Vec<Outcome>) -> Option<Self> {
        let value = instance.value(&outcomes)?;
        Some(Self { outcomes, value })
    }

    /// Everything as it is: that takes nothing, so it can be but where a shard must be led anew.
    pub fn unchanged(scene: &Scene) -> Self {
        let outcomes = vec![Outcome::unchanged(); scene.units.len()];
        let value = scene.instance.value(&outcomes);
        Self {
            value: value.unwrap_or(Level::Serve.cost(i64::from(i32::MAX))),
            outcomes,
        }
    }

    /// With the best leaders for its copies.
    pub fn led(self, scene: &Scene) -> Self {
        let leads = network::roles(scene, &self.outcomes);
        let mut outcomes = self.outcomes.clone();
        for (outcome, lead) in outcomes.iter_mut().zip(leads) {
            outcome.lead = lead;
        }
        match Self::new(scene.instance, outcomes) {
            Some(other) if other.value < self.value => other,
            Some(_) | None => self,
        }
    }

    /// With the best copies for its leaders.
    pub fn paired(self, scene: &Scene, tuning: &Tuning) -> Self {
        let leads: Vec<Lead> = self.outcomes.iter().map(|o| o.lead).collect();
        match pair(scene, tuning, &leads) {
            Some(other) if other.value < self.value => other,
            Some(_) | None => self,
        }
    }

    fn improved(mut self, scene: &Scene, tuning: &Tuning) -> Self {
        for _ in 0..TURNS {
            let before = self.value;
            self = self.led(scene);
            if self.value == before {
                break;
            }
            let before = self.value;
            self = self.paired(scene, tuning);
            if self.value == before {
                break;
            }
        }
        self
    }
}

/// The best decision that the flow leads to, and the leaders that were placed on the way.
pub fn decode(scene: &Scene, tuning: &Tuning, mixed: &Solved) -> (Option<Decision>, Vec<Lead>) {
    let leads = leaders(scene, tuning, mixed);
    let tried = [pair(scene, tuning, &leads), as_wanted(scene, mixed)];
    let tried = tried.into_iter().flatten();
    let tried = tried.map(|d| d.improved(scene, tuning));
    (tried.min_by_key(|d| d.value), leads)
}

/// Who leads: nodes for the shards that the flow turned, as far as they can be placed.
fn leaders(scene: &Scene, tuning: &Tuning, mixed: &Solved) -> Vec<Lead> {
    let turned = mixed.turned();
    let gone = mixed.gone();
    let mut leads = mixed.present();
    for (lead, gone) in leads.iter_mut().zip(&gone) {
        if let Lead::Seat(seat) = *lead
            && gone.contains(&seat)
        {
            *lead = Lead::Seat(0);
        }
    }
    if turned.contains(&true) {
        let solved = network::leaders(scene, tuning, &turned, &gone, &mixed.quota());
        for (lead, kinds) in leads.iter_mut().zip(solved.comes(scene)) {
            let able = |k: &&KindId| scene.instance.kinds[**k].lead.is_some();
            if let Some(&kind) = kinds.iter().find(able) {
                *lead = Lead::Kind(kind);
            }
        }
    }
    leads
}

fn pair(scene: &Scene, tuning: &Tuning, leads: &[Lead]) -> Option<Decision> {
    let solved = network::pairing(scene, tuning, leads);
    let mut comes = solved.comes(scene);
    for (comes, lead) in comes.iter_mut().zip(leads) {
        if let Lead::Kind(kind) = lead {
            comes.push(*kind);
            comes.sort_unstable();
        }
    }
    let outcomes = comes.into_iter().zip(solved.gone()).zip(leads);
    let outcomes = outcomes
        .enumerate()
        .map(|(unit, ((comes, gone), lead))| settle(scene, unit, gone, comes, *lead));
    Decision::new(scene.instance, outcomes.collect())
}

/// The pairing as the network has it, copies that are there leading.
fn as_wanted(scene: &Scene, mixed: &Solved) -> Option<Decision> {
    let comes = mixed.comes(scene).into_iter().zip(mixed.gone());
    let outcomes = comes.zip(mixed.present()).enumerate();
    let outcomes = outcomes.map(|(unit, ((comes, gone), lead))| {
        let lead = match lead {
            Lead::Seat(0) if scene.class(unit).led_anew => {
                let able = |k: &&KindId| scene.instance.kinds[**k].lead.is_some();
                comes
                    .iter()
                    .find(able)
                    .map_or(lead, |&kind| Lead::Kind(kind))
            }
            Lead::Seat(seat) if !gone.contains(&seat) => lead,
            Lead::Seat(_) | Lead::Kind(_) => Lead::Seat(0),
        };
        settle(scene, unit, gone, comes, lead)
    });
    Decision::new(scene.instance, outcomes.collect())
}

/// A copy that leaves while another of its kind comes stays instead.
fn settle(
    scene: &Scene,
    unit: usize,
    gone: Vec<usize>,
    mut comes: Vec<KindId>,
    lead: Lead,
) -> Outcome {
    let class = scene.class(unit);
    let mut kept = Vec::new();
    let mut lead = lead;
    for seat in gone {
        let kind = class.seats[seat].leave.map(|l| l.0);
        match comes.iter().position(|&k| Some(k) == kind) {
            Some(at) => {
                let kind = comes.remove(at);
                if lead == Lead::Kind(kind) && !comes.contains(&kind) {
                    lead = Lead::Seat(seat);
                }
            }
            None => kept.push(seat),
        }
    }
    Outcome {
        gone: kept,
        comes,
        lead,
    }
}
