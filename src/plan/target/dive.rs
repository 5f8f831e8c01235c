//! A decision out of a vertex that is not whole.
//!
//! What is whole of it is kept, the rest is a smaller instance of the same kind, and so on until
//! nothing is left. It only proposes: the value is recounted by whoever asked.

use crate::plan::target::columns::Patience;
use crate::plan::target::columns::Program;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::Supply;

/// Rounds at most.
const ROUNDS: usize = 60;

/// Whole parts, then the largest fraction, until every shard has its outcome.
pub fn dive(instance: &Instance, program: &Program, patience: &Patience) -> Option<Vec<Outcome>> {
    let mut settled: Vec<Vec<Outcome>> = vec![Vec::new(); instance.classes.len()];
    let mut known: Vec<(usize, Outcome)> = program.outcomes();
    let mut shares = program.shares();
    for _ in 0..ROUNDS {
        settle(instance, &shares, &mut settled);
        let (rest, index) = rest(instance, &settled)?;
        if rest.classes.is_empty() {
            settled.iter_mut().for_each(|list| list.sort());
            return Some(settled.into_iter().flatten().collect());
        }
        let mut program = Program::new(&rest, &[], &[], patience);
        for (class, outcome) in &known {
            if let Ok(at) = index.binary_search(class) {
                program.add(at, outcome);
            }
        }
        program.solve();
        let outcomes = program.outcomes().into_iter();
        known = outcomes.map(|(class, o)| (index[class], o)).collect();
        shares = program
            .shares()
            .into_iter()
            .map(|(class, outcome, share)| (index[class], outcome, share))
            .collect();
    }
    None
}

/// Takes the whole parts; if there are none, the largest fraction.
fn settle(instance: &Instance, shares: &[(usize, Outcome, f64)], settled: &mut [Vec<Outcome>]) {
    let mut room: Vec<i64> = instance
        .classes
        .iter()
        .zip(settled.iter())
        .map(|(c, list)| c.size - list.len() as i64)
        .collect();
    let mut moved = false;
    for (class, outcome, share) in shares {
        // What leaves must arrive: such outcomes are taken one at a time.
        let alone = !outcome.gone.is_empty() || comes_back(instance, outcome);
        let whole = (share + 1e-6).floor() as i64;
        let count = if alone { 0 } else { whole.min(room[*class]) };
        for _ in 0..count {
            settled[*class].push(outcome.clone());
            room[*class] -= 1;
            moved = true;
        }
    }
    if moved {
        return;
    }
    let open = shares.iter().filter(|(class, ..)| room[*class] > 0);
    let largest = open.max_by(|a, b| {
        let size = |s: &f64| if *s >= 1.0 { 1.0 } else { *s };
        size(&a.2)
            .total_cmp(&size(&b.2))
            .then_with(|| (b.0, &b.1).cmp(&(a.0, &a.1)))
    });
    if let Some((class, outcome, _)) = largest {
        settled[*class].push(outcome.clone());
    }
}

fn comes_back(instance: &Instance, outcome: &Outcome) -> bool {
    let released = |&k: &usize| instance.kinds[k].supply == Supply::Released;
    outcome.comes.iter().any(released)
}

/// The instance that is left, and the classes that its own stand for; `None` if more was taken
/// than there is.
fn rest(instance: &Instance, settled: &[Vec<Outcome>]) -> Option<(Instance, Vec<usize>)> {
    let mut rest = instance.clone();
    let (mut places, mut zones) = (vec![0; rest.places.len()], vec![0; rest.zones.len()]);
    let mut index = Vec::new();
    rest.classes.clear();
    for (id, (class, list)) in instance.classes.iter().zip(settled).enumerate() {
        for outcome in list {
            let place = instance.place_of(class, outcome.lead);
            places[place] += 1;
            if let Some(zone) = instance.zone_of(place) {
                zones[zone] += 1;
            }
            for &kind in &outcome.comes {
                if let Supply::Spares(count) = &mut rest.kinds[kind].supply {
                    *count -= 1;
                    if *count < 0 {
                        return None;
                    }
                }
            }
        }
        let size = class.size - list.len() as i64;
        if size > 0 {
            index.push(id);
            let mut class = class.clone();
            class.size = size;
            rest.classes.push(class);
        }
    }
    let loads = rest.places.iter_mut().map(|p| &mut p.load).zip(&places);
    for (load, taken) in loads.chain(rest.zones.iter_mut().zip(&zones)) {
        load.steps
            .iter_mut()
            .for_each(|(limit, _)| *limit = (*limit - taken).max(0));
    }
    Some((rest, index))
}
