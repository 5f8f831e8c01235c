//! Followers spread over tablets where there are very many of them: a flow over tablets alone says how
//! many go from where to where, and then it is looked for partitions that do it.
//!
//! Copies that may go from one tablet to another at the same price are one arc, however many they are. The flow knows no
//! partition, so it may ask for more than any partitions can do: what it reaches is a bound, and a
//! value counts as proven only where the moves that were found come to exactly that.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::UNLIMITED;
use crate::model::HostId;
use crate::model::Partition;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::tablets::moves::Decided;
use crate::tablets::moves::EMPTY;
use crate::tablets::moves::LEADERS;
use crate::tablets::moves::MOVED;
use crate::tablets::moves::OVER;
use crate::tablets::moves::SHARED;
use crate::tablets::moves::followers;
use crate::tablets::moves::running;
use crate::tablets::moves::share;
use crate::tablets::moves::takers;

/// Looks at pairs of a copy that moves and one that stays, for each tablet: more are not worth the time.
const MOST_SWAPS: usize = 100_000;

/// The followers of a partition, and what does not move of it.
struct Seats {
    stay: Vec<TabletId>,
    /// Where they are when it begins.
    from: Vec<TabletId>,
    /// Where they are now, in the same order.
    now: Vec<TabletId>,
}

impl Seats {
    fn of(state: &Tablets, partition: &Partition) -> Self {
        let from = followers(state, partition);
        let held = partition.copies.iter().map(|held| held.tablet);
        Self {
            stay: held.filter(|t| !from.contains(t)).collect(),
            now: from.clone(),
            from,
        }
    }

    fn is_free(&self, tablet: TabletId) -> bool {
        let all = [&self.stay, &self.from, &self.now];
        !all.iter().any(|held| held.contains(&tablet))
    }

    /// Copies that share a host with another one, more of them if a follower goes there: at the least,
    /// whatever the other followers do. On a host with two of them each counts as if it alone could end it.
    fn at_least(&self, state: &Tablets, from: TabletId, to: TabletId) -> i64 {
        let (leaves, enters) = (host(state, from), host(state, to));
        if leaves == enters {
            return 0;
        }
        let stays = |at| self.stay.iter().any(|&t| host(state, t) == at);
        let follow = self.from.iter().filter(|&&t| host(state, t) == leaves);
        i64::from(stays(enters)) - i64::from(stays(leaves) || follow.count() > 1)
    }

    /// It may cost more than [`Self::at_least`]: on the host where it goes another follower is.
    fn is_vague(&self, state: &Tablets, from: TabletId, to: TabletId) -> bool {
        let (leaves, enters) = (host(state, from), host(state, to));
        leaves != enters && self.from.iter().any(|&t| host(state, t) == enters)
    }

    /// Followers on a host with another copy, as they are placed now.
    fn shared(&self, state: &Tablets, now: &[TabletId]) -> i64 {
        let mut full: Vec<Option<HostId>> = self.stay.iter().map(|&t| host(state, t)).collect();
        let mut shared = 0;
        for &tablet in now {
            let host = host(state, tablet);
            match full.contains(&host) {
                true => shared += 1,
                false => full.push(host),
            }
        }
        shared
    }

    /// Moves the follower that began on `from`, if that costs no more than so much. It may have moved before.
    fn go(&mut self, state: &Tablets, from: TabletId, to: TabletId, most: i64) -> bool {
        let Some(at) = self.from.iter().position(|&t| t == from) else {
            return false;
        };
        if !self.is_free(to) {
            return false;
        }
        let mut home = self.now.clone();
        home[at] = from;
        let before = self.shared(state, &home);
        home[at] = to;
        let fits = self.shared(state, &home) - before <= most;
        if fits {
            self.now = home;
        }
        fits
    }

    fn put(&mut self, from: TabletId, to: TabletId) {
        if let Some(at) = self.from.iter().position(|&t| t == from) {
            self.now[at] = to;
        }
    }
}

fn host(state: &Tablets, tablet: TabletId) -> Option<HostId> {
    state.tablet(tablet).host
}

/// From where to where, what it adds to copies that share a host, and whether it may add more.
type Pair = (TabletId, TabletId, i64, bool);

/// After all else: what is certain goes first.
const VAGUE: usize = 5;

/// So many copies from a tablet to another one, each at that price.
struct Demand {
    to: TabletId,
    shared: i64,
    open: i64,
}

/// See the head of this file. `fills`: a tablet that holds nothing is to get a copy; `evens`: none is to
/// hold more than its share.
pub(super) fn decide(state: &Tablets, fills: bool, evens: bool) -> Decided {
    let mut seats: Vec<Seats> = state
        .partitions
        .iter()
        .map(|partition| Seats::of(state, partition))
        .collect();
    let takes = takers(state, evens);
    let mut movers: BTreeMap<TabletId, Vec<PartitionId>> = BTreeMap::new();
    let mut pairs: BTreeMap<Pair, i64> = BTreeMap::new();
    for (id, seats) in state.partition_ids().zip(&seats) {
        for &from in &seats.from {
            movers.entry(from).or_default().push(id);
            for &to in takes.iter().filter(|&&t| seats.is_free(t)) {
                let shared = seats.at_least(state, from, to);
                let vague = seats.is_vague(state, from, to);
                *pairs.entry((from, to, shared, vague)).or_default() += 1;
            }
        }
    }
    let flow = Bound::of(state, &movers, &pairs, fills, evens);
    let shared = |seats: &[Seats]| -> i64 {
        let of_each = seats.iter().map(|s| s.shared(state, &s.now));
        of_each.sum()
    };
    let before = shared(&seats);
    for (from, demands) in flow.demands {
        let movers = movers.get(&from).map_or(&[][..], |list| list);
        meet(state, &mut seats, from, movers, demands);
    }
    let found = shared(&seats) - before;
    let mut moves = Vec::new();
    for (id, seats) in state.partition_ids().zip(&seats) {
        let pairs = seats.from.iter().zip(&seats.now).filter(|(a, b)| a != b);
        moves.extend(pairs.map(|(&from, &to)| (id, from, to)));
    }
    // The fewest of all that are as good; of others it says nothing.
    let (empty, over) = reached(state, &moves, fills, evens);
    let best = flow.proven && (empty, over, found) == (flow.empty, flow.over, flow.shared);
    Decided {
        moves,
        fewest: best.then_some(flow.moved),
        empty: flow.empty,
        over: flow.over,
        proven: flow.proven,
    }
}

/// What no moves go below, and who would go where.
struct Bound {
    empty: i64,
    over: i64,
    /// More than now.
    shared: i64,
    moved: usize,
    demands: BTreeMap<TabletId, Vec<Demand>>,
    proven: bool,
}

impl Bound {
    fn of(
        state: &Tablets,
        movers: &BTreeMap<TabletId, Vec<PartitionId>>,
        pairs: &BTreeMap<Pair, i64>,
        fills: bool,
        evens: bool,
    ) -> Self {
        let (loads, running) = (state.loads(), running(state));
        let share = share(state) as i64;
        let mut leads = vec![0; state.tablets.len()];
        let copies = state.partitions.iter().flat_map(|p| &p.copies);
        copies
            .filter(|held| held.leader)
            .for_each(|held| leads[held.tablet.index()] += 1);
        let mut network: Network<6> = Network::new();
        let (source, sink) = (0, 1);
        // In this order nobody goes on from where it went: no way leads in a circle.
        let ends: BTreeMap<TabletId, usize> =
            running.iter().map(|&t| (t, network.node())).collect();
        let mut leaves = BTreeMap::new();
        let mut without = 0;
        for (&tablet, &end) in &ends {
            let load = loads[tablet.index()] as i64;
            let may_go = movers.get(&tablet).map_or(0, Vec::len) as i64;
            let (begin, out) = (network.node(), network.node());
            network.arc(source, begin, load, Cost::ZERO);
            let stays = Cost::of(LEADERS, leads[tablet.index()]);
            network.arc(begin, end, UNLIMITED, stays);
            network.arc(begin, out, may_go, Cost::ZERO);
            leaves.insert(tablet, out);
            let mut room = share;
            if fills && load == may_go {
                without += 1;
                network.arc(end, sink, 1, Cost::of(EMPTY, -1));
                room -= 1;
            }
            network.arc(end, sink, room.max(0), Cost::ZERO);
            let beyond = if evens { Cost::of(OVER, 1) } else { Cost::ZERO };
            network.arc(end, sink, UNLIMITED, beyond);
        }
        let mut arcs = Vec::new();
        for (&(from, to, shared, vague), &most) in pairs {
            let cost = Cost::of(SHARED, shared).plus(MOVED, 1);
            let cost = cost.plus(VAGUE, i64::from(vague));
            if let (Some(&out), Some(&end)) = (leaves.get(&from), ends.get(&to)) {
                arcs.push((network.arc(out, end, most, cost), from, to, shared));
            }
        }
        let flow = network.solve(Amount::Most);
        let mut demands: BTreeMap<TabletId, Vec<Demand>> = BTreeMap::new();
        for (arc, from, to, shared) in arcs {
            let open = flow.on(arc);
            if open > 0 {
                let demand = Demand { to, shared, open };
                demands.entry(from).or_default().push(demand);
            }
        }
        let cost = flow.cost(&network).0;
        Self {
            empty: if fills { without + cost[EMPTY] } else { 0 },
            over: if evens { cost[OVER] } else { 0 },
            shared: cost[SHARED],
            moved: cost[MOVED] as usize,
            demands,
            proven: flow.verify(&network),
        }
    }
}

/// Empty tablets, and copies beyond the share, once it is all moved.
fn reached(
    state: &Tablets,
    moves: &[(PartitionId, TabletId, TabletId)],
    fills: bool,
    evens: bool,
) -> (i64, i64) {
    let (mut loads, share) = (state.loads(), share(state));
    for (_, from, to) in moves {
        loads[from.index()] -= 1;
        loads[to.index()] += 1;
    }
    let running = running(state);
    let loads = || running.iter().map(|t| loads[t.index()]);
    let empty = loads().filter(|&load| load == 0).count();
    let over: usize = loads().map(|load| load.saturating_sub(share)).sum();
    (
        if fills { empty as i64 } else { 0 },
        if evens { over as i64 } else { 0 },
    )
}

/// Partitions for what the flow asks of a tablet: the first that can, each for what is asked most.
fn meet(
    state: &Tablets,
    seats: &mut [Seats],
    from: TabletId,
    movers: &[PartitionId],
    mut demands: Vec<Demand>,
) {
    let mut gone: Vec<(PartitionId, TabletId, i64)> = Vec::new();
    let mut stayed: BTreeSet<PartitionId> = movers.iter().copied().collect();
    let mut open: i64 = demands.iter().map(|d| d.open).sum();
    for &id in movers {
        if open == 0 {
            return;
        }
        let seats = &mut seats[id.index()];
        let fits = |d: &&mut Demand| {
            let is_open = d.open > 0 && seats.at_least(state, from, d.to) == d.shared;
            is_open && seats.is_free(d.to)
        };
        let mut wanted: Vec<&mut Demand> = demands.iter_mut().filter(fits).collect();
        wanted.sort_by_key(|d| (-d.open, d.to));
        let found = wanted.into_iter().find_map(|demand| {
            let goes = seats.go(state, from, demand.to, demand.shared);
            goes.then_some(demand)
        });
        if let Some(demand) = found {
            demand.open -= 1;
            open -= 1;
            stayed.remove(&id);
            gone.push((id, demand.to, demand.shared));
        }
    }
    swap(state, seats, from, &demands, (gone, stayed));
}

/// What is still asked for is done by somebody who went elsewhere, if one who stayed can go there instead.
fn swap(
    state: &Tablets,
    seats: &mut [Seats],
    from: TabletId,
    demands: &[Demand],
    (mut gone, mut stayed): (Vec<(PartitionId, TabletId, i64)>, BTreeSet<PartitionId>),
) {
    let mut looks = 0;
    for demand in demands {
        'one: for _ in 0..demand.open {
            for went in &mut gone {
                let (id, to, shared) = *went;
                if !seats[id.index()].go(state, from, demand.to, demand.shared) {
                    continue;
                }
                for &other in &stayed {
                    looks += 1;
                    if looks > MOST_SWAPS {
                        seats[id.index()].put(from, to);
                        return;
                    }
                    if seats[other.index()].go(state, from, to, shared) {
                        *went = (id, demand.to, demand.shared);
                        stayed.remove(&other);
                        gone.push((other, to, shared));
                        continue 'one;
                    }
                }
                seats[id.index()].put(from, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::moves;

    /// Numbers that are the same in every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) as usize % limit
        }
    }

    /// Partitions on the first few of nine tablets of seven hosts: the others are empty.
    fn drawn(numbers: &mut Numbers) -> Tablets {
        const NAMES: [&str; 9] = ["a", "a2", "b", "b2", "c", "d", "e", "f", "g"];
        let used = 3 + numbers.below(7);
        let partitions = 1 + numbers.below(30);
        let mut text = "a a2 b b2 c d e f g".to_owned();
        for pid in 0..partitions {
            let mut copies: Vec<String> = Vec::new();
            for _ in 0..1 + numbers.below(3) {
                let name = NAMES[numbers.below(used)];
                let (mark, dead) = match (copies.is_empty(), numbers.below(12)) {
                    (true, 0) => ("", ""),
                    (true, _) => ("*", ""),
                    (false, 0) => ("", "-"),
                    (false, _) => ("", ""),
                };
                if copies.iter().all(|c| c.trim_matches(['*', '-']) != name) {
                    copies.push(format!("{mark}{name}{dead}"));
                }
            }
            text += &format!("; t {pid}: {}", copies.join(" "));
        }
        tablets(&text)
    }

    #[test]
    fn what_it_promises_is_what_the_flow_of_all_copies_finds() {
        let mut numbers = Numbers(11);
        let (mut rounds, mut proven) = (0, 0);
        for round in 0..400 {
            let state = drawn(&mut numbers);
            for (fills, evens) in [(true, false), (false, true), (true, true)] {
                let exact = moves::decide(&state, fills, evens);
                let made = decide(&state, fills, evens);
                assert!(exact.proven && made.proven, "{round}");
                let bound = (made.empty, made.over);
                assert!(bound <= (exact.empty, exact.over), "{round}: {bound:?}");
                rounds += 1;
                if let Some(fewest) = made.fewest {
                    proven += 1;
                    assert_eq!(bound, (exact.empty, exact.over), "{round}");
                    assert_eq!(reached(&state, &made.moves, fills, evens), bound);
                    assert_eq!(fewest, exact.moves.len(), "{round}: {state:?}");
                    assert!(fewest <= made.moves.len());
                }
                for &(id, from, to) in &made.moves {
                    let partition = state.partition(id);
                    assert!(partition.on(to).is_none(), "{round}");
                    assert!(followers(&state, partition).contains(&from), "{round}");
                    let same =
                        |other: &&(PartitionId, TabletId, TabletId)| (other.0, other.2) == (id, to);
                    assert_eq!(made.moves.iter().filter(same).count(), 1, "{round}");
                }
            }
        }
        // Here one partition more or less matters; what it is for has thousands.
        assert!(proven * 3 >= rounds, "{proven} of {rounds}");
    }
}
