//! Followers spread over tablets, where that was asked for: the fewest migrations, decided by one flow.
//!
//! Leaders stay where they are: the name server migrates followers only.

use std::collections::BTreeMap;

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Shown;
use crate::tablets::Value;
use crate::tablets::draft::Draft;

const EMPTY: usize = 0;
const OVER: usize = 1;
const SHARED: usize = 2;
const MOVED: usize = 3;
/// Leaders on the tablet that keeps the copy: one with many gives away first.
const LEADERS: usize = 4;

/// T007 and T008.
pub(super) fn spread(draft: &mut Draft) {
    let fills = draft.wants(Code::EmptyTablet);
    let evens = draft.wants(Code::SkewedCopies);
    if !fills && !evens {
        return;
    }
    let cures = [Code::EmptyTablet, Code::SkewedCopies];
    let before = (empty(&draft.state), over(&draft.state));
    let decided = decide(&draft.state, fills, evens);
    draft.fewest += decided.moves.len();
    draft.moves += decided.moves.len();
    for (partition, from, to) in &decided.moves {
        let reason = format!(
            "{} takes a follower of {} from {}",
            draft.state.endpoint(*to),
            draft.state.name(*partition),
            draft.state.endpoint(*from)
        );
        let act = Act::Migrate {
            partition: *partition,
            from: *from,
            to: *to,
        };
        let _ = draft.take(act, Phase::Spread, &cures, reason);
    }
    let after = (empty(&draft.state), over(&draft.state));
    let shown = |ok: bool| {
        if decided.proven && ok {
            Shown::Flow
        } else {
            Shown::No
        }
    };
    for (count, selected, before, value, bound) in [
        (Count::Empty, fills, before.0, after.0, decided.empty),
        (Count::OverTablet, evens, before.1, after.1, decided.over),
    ] {
        if selected {
            draft.flows.push(Value {
                count,
                before,
                value,
                bound,
                shown: shown(bound == value),
                selected,
            });
        }
    }
}

fn running(state: &Tablets) -> Vec<TabletId> {
    state.tablet_ids().filter(|&t| state.runs(t)).collect()
}

fn share(state: &Tablets) -> usize {
    let (loads, running) = (state.loads(), running(state));
    let total: usize = running.iter().map(|t| loads[t.index()]).sum();
    total.div_ceil(running.len().max(1))
}

fn empty(state: &Tablets) -> i64 {
    let loads = state.loads();
    running(state)
        .iter()
        .filter(|t| loads[t.index()] == 0)
        .count() as i64
}

fn over(state: &Tablets) -> i64 {
    let (loads, share) = (state.loads(), share(state));
    let over = |t: &TabletId| loads[t.index()].saturating_sub(share);
    running(state).iter().map(over).sum::<usize>() as i64
}

struct Decided {
    moves: Vec<(PartitionId, TabletId, TabletId)>,
    empty: i64,
    over: i64,
    proven: bool,
}

fn decide(state: &Tablets, fills: bool, evens: bool) -> Decided {
    let running = running(state);
    let share = share(state) as i64;
    let mut fixed: BTreeMap<TabletId, i64> = running.iter().map(|&t| (t, 0)).collect();
    let mut leads: BTreeMap<TabletId, i64> = BTreeMap::new();
    let mut network: Network<5> = Network::new();
    let (source, sink) = (0, 1);
    let at: BTreeMap<TabletId, usize> = running.iter().map(|&t| (t, network.node())).collect();
    for partition in &state.partitions {
        for held in partition.copies.iter().filter(|held| held.leader) {
            *leads.entry(held.tablet).or_default() += 1;
        }
    }
    let mut arcs = Vec::new();
    // Who holds nothing can take a follower of any partition, so nobody else has to.
    let loads = state.loads();
    let takes: std::collections::BTreeSet<TabletId> = running
        .iter()
        .copied()
        .filter(|t| evens || loads[t.index()] == 0)
        .collect();
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let leader = state.leader(partition).map(|held| held.tablet);
        let movable =
            |held: &&crate::model::Held| leader.is_some() && !held.leader && state.is_usable(held);
        let stays = partition.copies.iter().filter(|held| !movable(held));
        let mut taken = Vec::new();
        for held in stays {
            if let Some(load) = fixed.get_mut(&held.tablet) {
                *load += 1;
            }
            taken.push(held.tablet);
        }
        let followers: Vec<TabletId> = partition
            .copies
            .iter()
            .filter(movable)
            .map(|h| h.tablet)
            .collect();
        if followers.is_empty() {
            continue;
        }
        let node = network.node();
        network.arc(source, node, followers.len() as i64, Cost::ZERO);
        // One copy of a partition on a host, unless another has to share it.
        let mut hosts = BTreeMap::new();
        let may_go = |t: &&TabletId| followers.contains(t) || takes.contains(t);
        let others = running.iter().filter(|t| !taken.contains(t));
        for &tablet in others.filter(may_go) {
            let host = state.tablet(tablet).host;
            let via = *hosts.entry(host).or_insert_with(|| {
                let via = network.node();
                let full = taken.iter().any(|&t| state.tablet(t).host == host);
                if !full {
                    network.arc(node, via, 1, Cost::ZERO);
                }
                network.arc(node, via, crate::flow::UNLIMITED, Cost::of(SHARED, 1));
                via
            });
            let cost = match followers.contains(&tablet) {
                true => Cost::of(LEADERS, leads.get(&tablet).copied().unwrap_or(0)),
                false => Cost::of(MOVED, 1),
            };
            let arc = network.arc(via, at[&tablet], 1, cost);
            arcs.push((arc, id, tablet));
        }
    }
    for (&tablet, &fixed) in &fixed {
        let node = at[&tablet];
        let mut room = share - fixed;
        if fills && fixed == 0 {
            network.arc(node, sink, 1, Cost::of(EMPTY, -1));
            room -= 1;
        }
        network.arc(node, sink, room.max(0), Cost::ZERO);
        let beyond = if evens { Cost::of(OVER, 1) } else { Cost::ZERO };
        network.arc(node, sink, crate::flow::UNLIMITED, beyond);
    }
    let flow = network.solve(Amount::Most);
    let mut comes: BTreeMap<PartitionId, Vec<TabletId>> = BTreeMap::new();
    for (arc, id, tablet) in arcs {
        if flow.on(arc) > 0 {
            comes.entry(id).or_default().push(tablet);
        }
    }
    let mut moves = Vec::new();
    for (id, wanted) in comes {
        let partition = state.partition(id);
        let mut goes: Vec<TabletId> = partition
            .copies
            .iter()
            .filter(|held| !held.leader && state.is_usable(held) && !wanted.contains(&held.tablet))
            .map(|held| held.tablet)
            .collect();
        for to in wanted.into_iter().filter(|&t| partition.on(t).is_none()) {
            if !goes.is_empty() {
                moves.push((id, goes.remove(0), to));
            }
        }
    }
    let cost = flow.cost(&network).0;
    let filled = -cost[EMPTY];
    let fixed_empty = fixed.values().filter(|&&load| load == 0).count() as i64;
    let forced: i64 = fixed.values().map(|&load| (load - share).max(0)).sum();
    Decided {
        moves,
        empty: if fills { fixed_empty - filled } else { 0 },
        over: if evens { cost[OVER] + forced } else { 0 },
        proven: flow.verify(&network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    fn asked(codes: &[Code]) -> Request {
        Request {
            only: codes.iter().copied().collect(),
            ..Request::default()
        }
    }

    #[test]
    fn a_new_tablet_gets_one_follower() {
        // 002 scales out so: of three tablets with two copies each, one gives one away.
        let state = tablets("flow 0: *b c a; flow 1: *c a b; d");
        let made = plan(&state, &asked(&[Code::EmptyTablet])).expect("a plan");
        let [step] = &made.steps[..] else {
            panic!("{:?}", made.steps);
        };
        let act = Act::Migrate {
            partition: PartitionId(0),
            from: TabletId(2),
            to: TabletId(3),
        };
        assert_eq!(step.act, act);
        assert!(
            made.values.iter().all(|v| v.shown != Shown::No),
            "{:?}",
            made.values
        );
        assert!(
            plan(&state, &Request::default())
                .expect("a plan")
                .steps
                .is_empty()
        );
    }

    #[test]
    fn copies_are_evened_out_and_hosts_kept_apart() {
        let text = "t 0: *a b; t 1: *a b; t 2: *a b; t 3: *b a; b2 c d";
        let made = plan(
            &tablets(text),
            &asked(&[Code::SkewedCopies, Code::EmptyTablet]),
        )
        .expect("a plan");
        assert!(
            made.values.iter().all(|v| v.shown != Shown::No),
            "{:?}",
            made.values
        );
        assert_eq!(
            over(&made.end),
            made.values
                .iter()
                .find(|v| v.count == Count::OverTablet)
                .map_or(9, |v| v.bound)
        );
        for partition in &made.end.partitions {
            let mut hosts: Vec<_> = partition
                .copies
                .iter()
                .map(|h| made.end.tablet(h.tablet).host)
                .collect();
            hosts.sort();
            hosts.dedup();
            assert_eq!(hosts.len(), 2);
        }
    }
}
