//! Steps in their waves, set between those that come before and those that come after.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::action::Draft;
use crate::action::Step;
use crate::model::NodeId;

/// `before`, then the waves, each after all of the last, then `after` behind all of them.
pub fn splice(before: Vec<Step>, waves: Vec<Vec<Draft>>, after: Vec<Step>) -> Vec<Step> {
    let mut steps = before;
    let mut number = steps.iter().map(|s| s.wave).max().unwrap_or(0);
    // Where a node was promoted.
    let mut promoted: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (place, step) in steps.iter().enumerate() {
        note(&mut promoted, place, &step.draft.action);
    }
    for wave in waves.into_iter().filter(|wave| !wave.is_empty()) {
        number += 1;
        let barrier = steps.len().checked_sub(1);
        for draft in wave {
            let rests = rests(&promoted, &draft.action);
            note(&mut promoted, steps.len(), &draft.action);
            steps.push(Step {
                draft,
                wave: number,
                after: rests.into_iter().collect(),
                barrier,
                pause: rests.is_some(),
            });
        }
    }
    let (shift, last) = (steps.len(), steps.len().checked_sub(1));
    for mut step in after {
        for place in step.after.iter_mut().chain(&mut step.barrier) {
            *place += shift;
        }
        step.wave += number;
        if step.barrier.is_none() && step.after.is_empty() {
            step.barrier = last;
        }
        if let Some(place) = rests(&promoted, &step.draft.action) {
            step.after.push(place);
            step.after.sort_unstable();
            step.pause = true;
        }
        note(&mut promoted, steps.len(), &step.draft.action);
        steps.push(step);
    }
    steps
}

fn note(promoted: &mut BTreeMap<NodeId, usize>, place: usize, action: &Action) {
    if let Action::Failover(failover) = action {
        promoted.remove(&failover.old);
        promoted.insert(failover.node, place);
    }
}

/// The step of the last failover of the same shard: masters that voted then withhold a vote.
fn rests(promoted: &BTreeMap<NodeId, usize>, action: &Action) -> Option<usize> {
    match action {
        Action::Failover(failover) => promoted.get(&failover.old).copied(),
        Action::Meet(_)
        | Action::Flush(_)
        | Action::Replicate(_)
        | Action::SetSlot(_)
        | Action::SetEpoch(_)
        | Action::AddSlots(_)
        | Action::MigrateSlots(_)
        | Action::BumpEpoch(_)
        | Action::Restart(_)
        | Action::Kill(_)
        | Action::Reset(_)
        | Action::Forget(_) => None,
    }
}
