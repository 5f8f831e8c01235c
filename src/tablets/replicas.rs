//! Followers added where a partition has fewer than are wanted, and deleted where it has more.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Held;
use crate::model::HostId;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Left;
use crate::tablets::Shown;
use crate::tablets::Value;
use crate::tablets::draft::Draft;
use crate::tablets::drain::place;

/// R002, and the goal.
pub(super) fn replicas(draft: &mut Draft) {
    let exact = draft.request.replicas;
    let least = draft.request.least_replicas;
    let least = least.filter(|_| draft.wants(Code::MissingReplica));
    let Some(wanted) = exact.or(least) else {
        return;
    };
    let copies = wanted as usize + 1;
    let is_goal = exact.is_some();
    let before = off(draft.captured, copies, is_goal);
    let stage = if is_goal {
        Phase::Change
    } else {
        Phase::Protect
    };
    if !draft.request.reaches(stage) {
        return;
    }
    add(draft, copies, is_goal, stage);
    if is_goal {
        delete(draft, copies, stage);
    }
    let value = off(&draft.state, copies, is_goal);
    // No tablet holds two copies of one partition.
    let running = draft.state.tablet_ids().filter(|&t| draft.state.runs(t));
    let short = copies.saturating_sub(running.count());
    let bound = (short * draft.state.partitions.len()) as i64;
    draft.flows.push(Value {
        count: Count::Replicas,
        before,
        value,
        bound: bound.min(value),
        shown: if bound >= value {
            Shown::Count
        } else {
            Shown::No
        },
        selected: true,
    });
}

/// Copies too few, and of a goal too many.
fn off(state: &Tablets, wanted: usize, is_goal: bool) -> i64 {
    let of = |held: usize| match is_goal {
        true => held.abs_diff(wanted),
        false => wanted.saturating_sub(held),
    };
    let all = state.partitions.iter().map(|p| of(p.copies.len()));
    all.sum::<usize>() as i64
}

fn add(draft: &mut Draft, wanted: usize, is_goal: bool, stage: Phase) {
    let state = &draft.state;
    let mut missing: BTreeMap<PartitionId, usize> = BTreeMap::new();
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let short = wanted.saturating_sub(partition.copies.len());
        if short > 0 {
            missing.insert(id, short);
        }
    }
    let nobody = BTreeSet::new();
    let mut places = place(state, &nobody, &nobody, &missing);
    for (id, short) in missing {
        let name = draft.state.name(id);
        let mut left = |reason: &str, unlock: &str| {
            draft.left.push(Left {
                partition: Some(id),
                subject: name.clone(),
                reason: reason.to_owned(),
                unlock: unlock.to_owned(),
                blocks: is_goal,
            });
        };
        let to = places.remove(&id).unwrap_or_default();
        if to.len() < short {
            left(
                "every tablet that runs holds a copy of it already",
                "1 more tablet",
            );
        }
        if draft.state.leader(draft.state.partition(id)).is_none() {
            left(
                "it has no leader that is alive, and nothing can be copied from it",
                "give it a leader first",
            );
            continue;
        }
        for to in to {
            draft.fewest += 1;
            draft.moves += 1;
            let copies = draft.state.partition(id).copies.len();
            let reason = format!("{name} has {copies} of {wanted} copies");
            let act = Act::AddReplica { partition: id, to };
            // It has a leader, and the tablet holds none.
            let _ = draft.take(act, stage, &[Code::MissingReplica], reason);
        }
    }
}

/// Of followers that share a host first, then of the fullest tablets.
fn delete(draft: &mut Draft, wanted: usize, stage: Phase) {
    let all: Vec<PartitionId> = draft.state.partition_ids().collect();
    let mut loads = draft.state.loads();
    for id in all {
        while draft.state.partition(id).copies.len() > wanted {
            let name = draft.state.name(id);
            let Some(from) = surplus(&draft.state, &loads, id) else {
                draft.left.push(Left {
                    partition: Some(id),
                    subject: name,
                    reason: "what it has too many is a leader, or on a tablet that is down: the \
                             name server deletes neither"
                        .to_owned(),
                    unlock: "recover what is out of use, then plan again".to_owned(),
                    blocks: true,
                });
                break;
            };
            draft.fewest += 1;
            let copies = draft.state.partition(id).copies.len();
            let reason = format!("{name} has {copies} copies, {wanted} are wanted");
            let act = Act::DelReplica {
                partition: id,
                from,
            };
            if draft.take(act, stage, &[], reason).is_err() {
                break;
            }
            loads[from.index()] -= 1;
        }
    }
}

fn surplus(state: &Tablets, loads: &[usize], id: PartitionId) -> Option<TabletId> {
    let partition = state.partition(id);
    let host = |held: &Held| state.tablet(held.tablet).host;
    let shares = |held: &Held| {
        let here: Option<HostId> = host(held);
        let on = partition.copies.iter().filter(|other| host(other) == here);
        here.is_some() && on.count() > 1
    };
    let followers = partition.copies.iter();
    let followers = followers.filter(|held| !held.leader && state.runs(held.tablet));
    followers
        .max_by_key(|held| {
            let load = loads[held.tablet.index()];
            // A copy that is of no use is missed least.
            (!held.alive, shares(held), load, held.tablet)
        })
        .map(|held| held.tablet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::Plan;
    use crate::tablets::Request;
    use crate::tablets::plan;

    fn made(text: &str, request: Request) -> Plan {
        let skip = [Code::SkewedMasters].into();
        plan(&tablets(text), &Request { skip, ..request }).expect("a plan")
    }

    fn words(plan: &Plan) -> Vec<&'static str> {
        plan.steps.iter().map(|s| s.act.word().name()).collect()
    }

    #[test]
    fn a_goal_adds_and_deletes() {
        let to = |replicas| Request {
            replicas: Some(replicas),
            ..Request::default()
        };
        let more = made("t 0: *a; t 1: *b a; c", to(1));
        assert_eq!(words(&more), ["add-replica"]);
        assert!(
            more.values.iter().all(|v| v.shown != Shown::No),
            "{:?}",
            more.values
        );
        // The one on the leader's host goes first.
        let fewer = made("t 0: *a b c; t 1: *b a2 b2; c", to(1));
        assert_eq!(words(&fewer), ["del-replica"; 2]);
        for partition in &fewer.end.partitions {
            assert_eq!(partition.copies.len(), 2);
        }
        assert!(words(&made("t 0: *a b", to(1))).is_empty());
        let blocked = made("t 0: *a b", to(2));
        assert!(blocked.steps.is_empty() && blocked.left.iter().any(|l| l.blocks));
    }

    #[test]
    fn the_policy_adds_and_deletes_nothing() {
        let least = Request {
            least_replicas: Some(1),
            ..Request::default()
        };
        assert_eq!(
            words(&made("t 0: *a; t 1: *b a c; c", least.clone())),
            ["add-replica"]
        );
        let short = made("t 0: *a", least);
        assert!(short.steps.is_empty() && short.left.iter().all(|l| !l.blocks));
        assert_eq!(short.left.len(), 1);
    }
}
