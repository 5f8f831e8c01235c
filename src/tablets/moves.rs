//! Followers spread over tablets, where that was asked for: the fewest migrations, decided by one flow.
//!
//! Leaders stay where they are: the name server migrates followers only.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::model::Partition;
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
use crate::tablets::pairs;

pub(super) const EMPTY: usize = 0;
pub(super) const OVER: usize = 1;
pub(super) const SHARED: usize = 2;
pub(super) const MOVED: usize = 3;
/// Leaders on the tablet that keeps the copy: one with many gives away first.
pub(super) const LEADERS: usize = 4;

/// Partitions times tablets up to which a flow of all copies takes no time that is felt.
const FEW: usize = 4_000;

/// T007 and T008.
pub(super) fn spread(draft: &mut Draft) {
    let fills = draft.wants(Code::EmptyTablet);
    let evens = draft.wants(Code::SkewedCopies);
    if !fills && !evens {
        return;
    }
    let cures = [Code::EmptyTablet, Code::SkewedCopies];
    let before = (empty(&draft.state), over(&draft.state));
    let decided = match is_small(&draft.state) {
        true => decide(&draft.state, fills, evens),
        false => pairs::decide(&draft.state, fills, evens),
    };
    let fewest = decided.fewest.unwrap_or(0);
    draft.fewest += fewest;
    draft.moves += fewest;
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

/// Every copy may have a way of its own, at a price of its own.
pub(super) fn is_small(state: &Tablets) -> bool {
    state.partitions.len() * state.tablets.len() <= FEW
}

pub(super) fn running(state: &Tablets) -> Vec<TabletId> {
    state.tablet_ids().filter(|&t| state.runs(t)).collect()
}

pub(super) fn share(state: &Tablets) -> usize {
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

/// Tablets that may get a copy: who holds nothing can take a follower of any partition, so nobody else has to.
pub(super) fn takers(state: &Tablets, evens: bool) -> BTreeSet<TabletId> {
    let loads = state.loads();
    let running = running(state).into_iter();
    running.filter(|t| evens || loads[t.index()] == 0).collect()
}

/// Where the copies are that can be migrated.
pub(super) fn followers(state: &Tablets, partition: &Partition) -> Vec<TabletId> {
    if state.leader(partition).is_none() {
        return Vec::new();
    }
    let copies = partition.copies.iter();
    copies
        .filter(|held| !held.leader && state.is_usable(held))
        .map(|held| held.tablet)
        .collect()
}

pub(super) struct Decided {
    pub moves: Vec<(PartitionId, TabletId, TabletId)>,
    /// No moves that lead to an end as good are fewer; `None` where that is not known.
    pub fewest: Option<usize>,
    /// Tablets that stay empty at the least.
    pub empty: i64,
    /// Copies that stay beyond the share at the least.
    pub over: i64,
    pub proven: bool,
}

pub(super) fn decide(state: &Tablets, fills: bool, evens: bool) -> Decided {
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
    let takes = takers(state, evens);
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let followers = followers(state, partition);
        let stays = partition.copies.iter();
        let stays = stays.filter(|held| !followers.contains(&held.tablet));
        let mut taken = Vec::new();
        for held in stays {
            if let Some(load) = fixed.get_mut(&held.tablet) {
                *load += 1;
            }
            taken.push(held.tablet);
        }
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
        fewest: Some(moves.len()),
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
