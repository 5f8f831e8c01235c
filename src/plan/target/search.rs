//! The search for a decision, and for prices that prove it.

use crate::flow::Side;
use crate::plan::level::Level;
use crate::plan::level::PRICED;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::columns;
use crate::plan::target::columns::Patience;
use crate::plan::target::columns::Program;
use crate::plan::target::decode;
use crate::plan::target::decode::Decision;
use crate::plan::target::dive;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::ZoneId;
use crate::plan::target::integer;
use crate::plan::target::network;
use crate::plan::target::network::Scene;
use crate::plan::target::network::Tuning;
use crate::plan::target::proof;
use crate::plan::target::proof::By;
use crate::plan::target::proof::Checked;
use crate::plan::target::simplex::Tuple;

/// The network is solved anew at most so often.
const ROUNDS: usize = 4;

/// So many zone gates make a network no slower than the rounds that they save.
const FEW_GATES: usize = 60_000;

/// Up to so many shards a sketch is as good as a plan.
const SKETCHED: usize = 100;

/// How hard to look for a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// Until it is proven, as far as that can be done.
    Proof,
    /// In large clusters by the network alone, where its prices leave a gap, too.
    Sketch,
}

/// A decision, and certificates that say how good it is.
#[derive(Debug)]
pub struct Answer {
    pub decision: Decision,
    pub certificates: Vec<Checked>,
}

/// By the network alone: rounds in which hosts and zones that matter get gates of their own,
/// and ties lean away from zones that are crowded.
fn by_flow(scene: &Scene, answer: &mut Answer) {
    let mut tuning = Tuning::default();
    if scene.units.len() * scene.instance.zones.len() <= FEW_GATES {
        // Then every shard is asked about every zone from the start.
        for unit in 0..scene.units.len() {
            let zones = 0..scene.instance.zones.len();
            tuning.gated.zones.extend(zones.map(|zone| (unit, zone)));
        }
    }
    for _ in 0..ROUNDS {
        let mixed = network::mixed(scene, &tuning);
        if mixed.verified() {
            for side in [Side::Low, Side::High] {
                answer.keep(scene, mixed.prices(scene, side), By::Flow);
            }
        }
        let (found, leads) = decode::decode(scene, &tuning, &mixed);
        let wanted = mixed.comes(scene);
        let mut changed = false;
        for (unit, comes) in wanted.iter().enumerate() {
            changed |= twins(scene, unit, comes, &mut tuning);
        }
        if let Some(found) = found {
            for (unit, outcome) in found.outcomes.iter().enumerate() {
                changed |= twins(scene, unit, &outcome.comes, &mut tuning);
            }
            changed |= crowded(scene, &mixed.turned(), &leads, &found.outcomes, &mut tuning);
            if found.value < answer.decision.value {
                answer.decision = found;
            }
        }
        if answer.open_level().is_none() || !changed {
            break;
        }
    }
}

/// By the network, and by columns where its prices leave a gap. `start` is a decision that is
/// known.
pub fn search(scene: &Scene, start: Option<Vec<Outcome>>, effort: Effort) -> Answer {
    let mut answer = Answer {
        decision: Decision::unchanged(scene),
        certificates: Vec::new(),
    };
    answer.offer(scene, start);
    by_flow(scene, &mut answer);
    let columns = match effort {
        Effort::Proof => true,
        Effort::Sketch => scene.units.len() <= SKETCHED,
    };
    if columns && answer.open_level().is_some() {
        by_columns(scene, &mut answer);
    }
    answer
}

impl Answer {
    /// The first level that is not proven.
    pub fn open_level(&self) -> Option<Level> {
        proof::open_level(&self.decision.value, &self.certificates)
    }

    /// Takes a better decision.
    fn offer(&mut self, scene: &Scene, outcomes: Option<Vec<Outcome>>) {
        let found = outcomes.and_then(|o| Decision::new(scene.instance, o));
        if let Some(found) = found.map(|d| d.led(scene))
            && found.value < self.decision.value
        {
            self.decision = found;
        }
    }

    /// Keeps a certificate that holds water.
    fn keep(&mut self, scene: &Scene, certificate: Certificate, by: By) -> Option<Checked> {
        let checked = Checked::new(scene.instance, certificate, by).ok()?;
        self.certificates.push(checked.clone());
        Some(checked)
    }
}

/// A level of which the program is a fraction is frozen at most so often.
const FROZEN: usize = 8;

/// Prices and decisions of the column program. Where its bound of a level is a fraction, the
/// level is frozen at the next whole number and the later ones are looked at anew.
fn by_columns(scene: &Scene, answer: &mut Answer) {
    let instance = scene.instance;
    let patience = Patience::new();
    let mut frozen: Vec<(Level, i64)> = Vec::new();
    while frozen.len() < FROZEN {
        let mut program = Program::new(instance, &frozen, &answer.decision.outcomes, &patience);
        for checked in &answer.certificates {
            program.add_good(&checked.certificate);
        }
        let prices = program.solve();
        let Some(checked) = answer.keep(scene, prices, By::Columns) else {
            return;
        };
        answer.offer(scene, program.decision());
        if answer.open_level().is_some() {
            answer.offer(scene, dive::dive(instance, &program, &patience));
        }
        // The first level that is a fraction hides all later ones.
        let part = PRICED.iter().copied().find(|&l| {
            let kept = frozen.iter().any(|f| f.0 == l);
            !kept && checked.bound.0[l as usize].rem_euclid(i128::from(columns::SCALE)) != 0
        });
        if let Some(open) = answer.open_level()
            && part.is_none_or(|part| part >= open)
        {
            let gap = gap(&answer.decision, &checked, open);
            let columns = program.within(&gap);
            let better = integer::decide(instance, &columns, &answer.decision.value, open);
            answer.offer(scene, better);
        }
        match (part, answer.open_level()) {
            (Some(part), Some(open)) if part < open => {
                frozen.push((part, part.of(&answer.decision.value)));
            }
            (Some(_) | None, Some(_) | None) => return,
        }
    }
}

/// How far a column may be from the bound for a decision that is better at the open level.
fn gap(decision: &Decision, checked: &Checked, open: Level) -> Tuple {
    let mut gap = [0.0; Level::COUNT];
    let kept = |level: Level| checked.certificate.frozen.iter().any(|f| f.level == level);
    for level in PRICED {
        let bound = checked.bound.0[level as usize] as f64 / columns::SCALE as f64;
        let above = level.of(&decision.value) as f64 - bound;
        if level > open {
            gap[level as usize] = 1e9;
        } else if level == open {
            gap[level as usize] = above - 1.0 + 1e-6;
        } else if !kept(level) {
            gap[level as usize] = above;
        }
    }
    gap
}

/// A shard that got two nodes of one host or zone is to be asked what that costs.
fn twins(scene: &Scene, unit: usize, comes: &[usize], tuning: &mut Tuning) -> bool {
    let (instance, class) = (scene.instance, scene.class(unit));
    let mut grown = false;
    for (at, &kind) in comes.iter().enumerate() {
        for &other in &comes[at + 1..] {
            let (place, twin) = (instance.kinds[kind].place, instance.kinds[other].place);
            if place == twin && !class.seats.iter().any(|s| s.place == place) {
                grown |= tuning.gated.places.insert((unit, place));
            }
            let zone = instance.zone_of(place);
            if let Some(zone) = zone.filter(|_| zone == instance.zone_of(twin)) {
                grown |= tuning.gated.zones.insert((unit, zone));
            }
        }
    }
    grown
}

/// Leans against leading by nodes that come in zones where those and the shards they lead crowd
/// each other, and towards it where too few do.
fn crowded(
    scene: &Scene,
    turned: &[bool],
    leads: &[Lead],
    found: &[Outcome],
    tuning: &mut Tuning,
) -> bool {
    let instance = scene.instance;
    let zones = instance.zones.len();
    let before = tuning.lean.clone();
    tuning.lean.resize(zones + 1, 0);
    for unit in 0..scene.units.len() {
        let class = scene.class(unit);
        let Some(zone) = instance.zone_of(class.owner().place) else {
            continue;
        };
        if class.seats.len() > 1 {
            continue;
        }
        let here = |kind: usize| instance.zone_of(instance.kinds[kind].place) == Some(zone);
        match leads[unit] {
            Lead::Kind(kind) if here(kind) => tuning.lean[zone] += 1,
            Lead::Kind(_) => {}
            Lead::Seat(_) if turned[unit] => tuning.lean[zone] += 1,
            Lead::Seat(_) if found[unit].comes.iter().any(|&k| here(k)) => tuning.lean[zone] -= 1,
            Lead::Seat(_) => {}
        }
    }
    level_out(&mut tuning.lean, zones);
    tuning.lean != before && !(before.is_empty() && tuning.lean.iter().all(|&l| l == 0))
}

/// From zero to a few.
fn level_out(lean: &mut [i64], zones: ZoneId) {
    let least = lean[..zones].iter().min().copied().unwrap_or(0);
    lean.iter_mut().for_each(|l| *l = (*l - least).clamp(0, 3));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow;
    use crate::plan::target::testing;
    use crate::plan::target::testing::Size;

    #[test]
    fn no_bound_is_above_the_optimum_and_nothing_proven_is_worse() {
        let size = Size {
            places: 4,
            zones: 3,
            classes: 2,
            spares: 3,
            shards: 2,
        };
        let (mut compared, mut proven) = (0, 0);
        for seed in 0..250 {
            let instance = testing::instance(seed, size);
            let Some(truth) = testing::optimum(&instance, 3, 20_000) else {
                continue;
            };
            let answer = search(&Scene::new(&instance), None, Effort::Proof);
            compared += 1;
            let value = answer.decision.value;
            assert_eq!(value, truth, "seed {seed}");
            for checked in &answer.certificates {
                if checked.certificate.frozen.is_empty() {
                    let truth = truth.times(checked.certificate.scale);
                    let bound = flow::Cost(checked.bound.0.map(|b| b as i64));
                    assert!(bound <= truth, "seed {seed}: {bound:?} {truth:?}");
                }
            }
            proven += i32::from(answer.open_level().is_none());
        }
        assert!(compared > 160, "{compared} compared");
        assert!(
            proven * 100 >= compared * 98,
            "{proven} of {compared} proven"
        );
    }
}
