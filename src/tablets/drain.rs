//! Tablets emptied: every copy is replaced elsewhere before it goes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::model::Held;
use crate::model::HostId;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Left;
use crate::tablets::Shown;
use crate::tablets::Value;
use crate::tablets::draft::Draft;

const SHARED: usize = 0;
const OVER: usize = 1;
const TIE: usize = 2;

pub(super) fn drain(draft: &mut Draft) {
    let drained = draft.request.drain.clone();
    let before = held(draft.captured, &drained);
    let goes = copies(&draft.state, &drained);
    let places = decide(&draft.state, &drained, &draft.request.to, &goes);
    draft.fewest += goes.len();
    draft.moves += goes.len();
    let stays = |t: TabletId| !drained.contains(&t) && draft.state.runs(t);
    let outside = draft.state.tablet_ids().filter(|&t| stays(t)).count();
    let full = match outside {
        0 => "no tablet outside runs",
        _ => "every tablet outside that runs holds a copy of it already",
    };
    for &(partition, from) in &goes {
        let name = draft.state.name(partition);
        let endpoint = draft.state.endpoint(from).to_string();
        let block = |reason: &str, unlock: &str| Left {
            partition: Some(partition),
            subject: format!("{name} on {endpoint}"),
            reason: reason.to_owned(),
            unlock: unlock.to_owned(),
            blocks: true,
        };
        let Some(&to) = places.get(&(partition, from)) else {
            draft.left.push(block(
                full,
                "1 more tablet, or another one not drained",
            ));
            continue;
        };
        if !draft.state.runs(from) {
            draft.left.push(block(
                "the tablet is down: the name server neither migrates nor deletes what is on it",
                "start it, recover it, then drain it",
            ));
            continue;
        }
        if empty(draft, partition, from, to, &drained).is_none() {
            draft.left.push(block(
                "it has no leader that is alive, and nothing can be copied from it",
                "give it a leader first: `topoplan plan` without the goal",
            ));
        }
    }
    stop(draft);
    let value = held(&draft.state, &drained);
    draft.flows.push(Value {
        count: Count::Drain,
        before,
        value,
        bound: 0,
        shown: if value == 0 { Shown::Count } else { Shown::No },
        selected: true,
    });
}

/// The processes of those that hold nothing any more. What is down already needs nobody.
fn stop(draft: &mut Draft) {
    for tablet in draft.request.stop.clone() {
        if !draft.state.runs(tablet) {
            continue;
        }
        draft.fewest += 1;
        let endpoint = draft.state.endpoint(tablet);
        let reason = format!("{endpoint} is drained: every copy it held is elsewhere");
        // Where copies stay, the goal is blocked and nothing is done.
        let _ = draft.take(Act::Kill(tablet), Phase::Change, &[], reason);
    }
}

fn held(state: &Tablets, drained: &BTreeSet<TabletId>) -> i64 {
    copies(state, drained).len() as i64
}

/// Followers first: where the leader moves, another one leads by then.
fn copies(state: &Tablets, drained: &BTreeSet<TabletId>) -> Vec<(PartitionId, TabletId)> {
    let mut copies = Vec::new();
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let mut inside: Vec<&Held> = partition.copies.iter().collect();
        inside.retain(|held| drained.contains(&held.tablet));
        inside.sort_by_key(|held| held.leader);
        copies.extend(inside.into_iter().map(|held| (id, held.tablet)));
    }
    copies
}

/// One copy off a tablet that runs. `None`: the name server does not do it.
fn empty(
    draft: &mut Draft,
    partition: PartitionId,
    from: TabletId,
    to: TabletId,
    drained: &BTreeSet<TabletId>,
) -> Option<()> {
    let state = &draft.state;
    let of = state.partition(partition);
    let here = of.on(from)?.clone();
    let leads = state.leader(of).is_some_and(|leader| leader.tablet == from);
    let name = state.name(partition);
    let stage = Phase::Change;
    let reason = format!("{name} leaves {}", state.endpoint(from));
    if !leads && here.alive && !here.leader {
        let act = Act::Migrate {
            partition,
            from,
            to,
        };
        return draft.take(act, stage, &[], reason).ok();
    }
    if !leads && !here.leader {
        draft.fewest += 1;
        draft
            .take(
                Act::AddReplica { partition, to },
                stage,
                &[],
                format!("{reason}: replaced first"),
            )
            .ok()?;
        let act = Act::DelReplica { partition, from };
        return draft.take(act, stage, &[], reason).ok();
    }
    if !leads {
        // A former leader can be neither migrated nor deleted as it is.
        draft.fewest += 1;
        let act = Act::RecoverTable {
            partition,
            tablet: from,
        };
        draft
            .take(
                act,
                stage,
                &[],
                format!("{reason}: an old leader must follow first"),
            )
            .ok()?;
        return draft
            .take(
                Act::Migrate {
                    partition,
                    from,
                    to,
                },
                stage,
                &[],
                reason,
            )
            .ok();
    }
    let mut heirs: Vec<Held> = of
        .copies
        .iter()
        .filter(|h| !h.leader && state.is_usable(h))
        .cloned()
        .collect();
    heirs.retain(|held| !drained.contains(&held.tablet));
    heirs.reverse();
    let heir = heirs
        .into_iter()
        .max_by_key(|held| held.offset)
        .map(|held| held.tablet);
    draft.fewest += 2;
    let added = heir.is_none();
    if added {
        draft.fewest += 1;
        draft
            .take(
                Act::AddReplica { partition, to },
                stage,
                &[],
                format!("{reason}: nobody else could lead it"),
            )
            .ok()?;
    }
    let act = Act::ChangeLeader {
        partition,
        to: heir.unwrap_or(to),
        from: Some(from),
    };
    draft
        .take(
            act,
            stage,
            &[],
            format!("{reason}: leaders are not migrated"),
        )
        .ok()?;
    let act = Act::RecoverTable {
        partition,
        tablet: from,
    };
    draft
        .take(
            act,
            stage,
            &[],
            "the name server leaves the old leader out of use until it is recovered",
        )
        .ok()?;
    let act = match added {
        true => Act::DelReplica { partition, from },
        false => Act::Migrate {
            partition,
            from,
            to,
        },
    };
    draft.take(act, stage, &[], reason).ok()
}

/// Where each copy goes.
fn decide(
    state: &Tablets,
    drained: &BTreeSet<TabletId>,
    to: &BTreeSet<TabletId>,
    goes: &[(PartitionId, TabletId)],
) -> BTreeMap<(PartitionId, TabletId), TabletId> {
    let mut wanted: BTreeMap<PartitionId, usize> = BTreeMap::new();
    for (partition, _) in goes {
        *wanted.entry(*partition).or_default() += 1;
    }
    let mut found = place(state, drained, to, &wanted);
    let mut places = BTreeMap::new();
    for &(partition, from) in goes {
        let found = found.get_mut(&partition).filter(|to| !to.is_empty());
        if let Some(found) = found {
            places.insert((partition, from), found.remove(0));
        }
    }
    places
}

/// Tablets for so many more copies of partitions: no two of one partition on one tablet, on a host without
/// another copy where there is one, and evenly. `drained` takes none; only `to` does unless it is empty.
pub(super) fn place(
    state: &Tablets,
    drained: &BTreeSet<TabletId>,
    to: &BTreeSet<TabletId>,
    wanted: &BTreeMap<PartitionId, usize>,
) -> BTreeMap<PartitionId, Vec<TabletId>> {
    let outside: Vec<TabletId> = state
        .tablet_ids()
        .filter(|&t| state.runs(t) && !drained.contains(&t))
        .filter(|t| to.is_empty() || to.contains(t))
        .collect();
    let loads = state.loads();
    let total: usize =
        wanted.values().sum::<usize>() + outside.iter().map(|t| loads[t.index()]).sum::<usize>();
    let share = total.div_ceil(outside.len().max(1)) as i64;
    let mut network: Network<3> = Network::new();
    let (source, sink) = (0, 1);
    let at: Vec<usize> = outside.iter().map(|_| network.node()).collect();
    let mut arcs = Vec::new();
    for (&id, &count) in wanted {
        let partition = state.partition(id);
        let node = network.node();
        network.arc(source, node, count as i64, Cost::ZERO);
        let stays = partition
            .copies
            .iter()
            .filter(|held| !drained.contains(&held.tablet));
        let taken: BTreeSet<Option<HostId>> = stays.map(|h| state.tablet(h.tablet).host).collect();
        let mut hosts: BTreeMap<Option<HostId>, usize> = BTreeMap::new();
        for (place, &tablet) in outside.iter().enumerate() {
            if partition.on(tablet).is_some() {
                continue;
            }
            let host = state.tablet(tablet).host;
            let via = *hosts.entry(host).or_insert_with(|| {
                let via = network.node();
                if !taken.contains(&host) {
                    network.arc(node, via, 1, Cost::ZERO);
                }
                network.arc(node, via, crate::flow::UNLIMITED, Cost::of(SHARED, 1));
                via
            });
            let arc = network.arc(via, at[place], 1, Cost::of(TIE, i64::from(tablet.0)));
            arcs.push((arc, id, tablet));
        }
    }
    for (place, tablet) in outside.iter().enumerate() {
        let room = share - loads[tablet.index()] as i64;
        network.arc(at[place], sink, room.max(0), Cost::ZERO);
        network.arc(at[place], sink, crate::flow::UNLIMITED, Cost::of(OVER, 1));
    }
    let flow = network.solve(Amount::Most);
    let mut places: BTreeMap<PartitionId, Vec<TabletId>> = BTreeMap::new();
    for (arc, id, tablet) in arcs {
        if flow.on(arc) > 0 {
            places.entry(id).or_default().push(tablet);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    fn drained(text: &str, tablet: u32) -> crate::tablets::Plan {
        let request = Request {
            drain: [TabletId(tablet)].into(),
            skip: [crate::rules::Code::SkewedMasters].into(),
            ..Request::default()
        };
        plan(&tablets(text), &request).expect("a plan")
    }

    fn words(plan: &crate::tablets::Plan) -> Vec<&'static str> {
        plan.steps.iter().map(|s| s.act.word().name()).collect()
    }

    #[test]
    fn a_leader_hands_over_first() {
        let made = drained("t 0: *a b; t 1: *b a; c", 0);
        assert_eq!(
            words(&made),
            ["change-leader", "recover-table", "migrate", "migrate"]
        );
        assert_eq!(held(&made.end, &[TabletId(0)].into()), 0);
        assert!(
            made.values.iter().all(|v| v.shown != Shown::No),
            "{:?}",
            made.values
        );
    }

    #[test]
    fn a_tablet_is_stopped_when_it_holds_nothing() {
        let stopped = |text: &str| {
            let request = Request {
                drain: [TabletId(0)].into(),
                stop: [TabletId(0)].into(),
                skip: [crate::rules::Code::SkewedMasters].into(),
                ..Request::default()
            };
            plan(&tablets(text), &request).expect("a plan")
        };
        let made = stopped("t 0: *b a; c");
        assert_eq!(words(&made), ["migrate", "kill"]);
        assert!(!made.end.runs(TabletId(0)));
        assert!(made.values.iter().all(|v| v.shown != Shown::No));
        // It is so already, and nobody is told to start it.
        let again = stopped("t 0: *b c; a!");
        assert!(
            again.steps.is_empty() && again.advice.is_empty(),
            "{again:?}"
        );
        // What stays is not stopped.
        let blocked = stopped("t 0: *b a");
        assert!(blocked.steps.is_empty() && blocked.left.iter().any(|left| left.blocks));
    }

    #[test]
    fn an_only_copy_is_doubled_first() {
        let made = drained("t 0: *a; b", 0);
        assert_eq!(
            words(&made),
            [
                "add-replica",
                "change-leader",
                "recover-table",
                "del-replica"
            ]
        );
    }

    #[test]
    fn without_a_place_it_is_blocked_and_nothing_is_done() {
        let made = drained("t 0: *a b; t 1: *b c; t 2: *c a", 0);
        assert_eq!(words(&made).len(), 4);
        let blocked = drained("t 0: *a b c; t 1: *b c", 0);
        assert!(blocked.steps.is_empty() && blocked.left.iter().any(|left| left.blocks));
    }
}
