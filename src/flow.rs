//! Exact min-cost flow with tuple costs, and its proof.
//!
//! Knows nobody. Costs are tuples of integers compared from the left, so many objectives are
//! minimised in order without weights; how many is up to the caller. [`Network::solve`] finds a
//! flow; [`Flow::verify`] checks it with nothing but integer sums: conservation, capacities and,
//! on every residual arc, that the potentials leave no cost below zero. A flow that passes is
//! optimal, whoever found it.

mod packed;
mod search;

use std::collections::BTreeMap;
use std::ops::Add;
use std::ops::Neg;
use std::ops::Sub;

use crate::flow::packed::Packed;
use crate::flow::packed::Packing;

/// A tuple of costs; the first component counts most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cost<const N: usize>(pub [i64; N]);

impl<const N: usize> Cost<N> {
    pub const ZERO: Self = Self([0; N]);

    /// `amount` in one component, nothing elsewhere.
    pub fn of(component: usize, amount: i64) -> Self {
        Self::ZERO.plus(component, amount)
    }

    /// This cost with `amount` more in one component.
    #[must_use]
    pub fn plus(mut self, component: usize, amount: i64) -> Self {
        self.0[component] = whole(self.0[component].checked_add(amount));
        self
    }

    /// So many times this cost.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self(self.0.map(|c| whole(c.checked_mul(count))))
    }

    /// `None` where a component leaves its 64 bits.
    fn checked_add(mut self, other: &Self) -> Option<Self> {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = a.checked_add(*b)?;
        }
        Some(self)
    }

    fn checked_sub(mut self, other: &Self) -> Option<Self> {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = a.checked_sub(*b)?;
        }
        Some(self)
    }
}

/// A sum must never wrap: a proof would be made of it.
fn whole(sum: Option<i64>) -> i64 {
    sum.expect("counts of nodes and MiB stay far below 64 bits")
}

impl<const N: usize> Add for Cost<N> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = whole(a.checked_add(*b));
        }
        self
    }
}

impl<const N: usize> Sub for Cost<N> {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = whole(a.checked_sub(*b));
        }
        self
    }
}

impl<const N: usize> Neg for Cost<N> {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

/// An arc of a network, as returned by [`Network::arc`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ArcId(u32);

/// How much flow is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// As much as fits, then the cheapest such flow.
    Most,
    /// The cheapest flow of any amount: units flow only as long as they lower the cost.
    Cheapest,
}

/// An arc names one of the few distinct costs of its network, so that a large network is small.
#[derive(Clone, Copy, Debug)]
struct Arc {
    from: u32,
    to: u32,
    cost: u32,
    capacity: i64,
}

/// A directed network with a source and a sink.
#[derive(Clone, Debug)]
pub struct Network<const N: usize> {
    arcs: Vec<Arc>,
    nodes: usize,
    costs: Vec<Cost<N>>,
    index: BTreeMap<Cost<N>, u32>,
}

/// A flow and the potentials that prove it: many do, and these are the highest and the lowest.
#[derive(Clone, Debug)]
pub struct Flow<const N: usize> {
    amount: Amount,
    /// Units on every arc.
    units: Vec<i64>,
    high: Vec<Cost<N>>,
    low: Vec<Cost<N>>,
}

/// Which potentials are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    High,
    Low,
}

/// The source and the sink are the first two nodes of every network.
pub const SOURCE: usize = 0;
/// See [`SOURCE`].
pub const SINK: usize = 1;

/// The capacity of an arc that bounds nothing.
pub const UNLIMITED: i64 = i64::MAX >> 8;

impl<const N: usize> Default for Network<N> {
    fn default() -> Self {
        Self {
            arcs: Vec::new(),
            nodes: 2,
            costs: Vec::new(),
            index: BTreeMap::new(),
        }
    }
}

impl<const N: usize> Network<N> {
    /// A source and a sink, no arc.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new node.
    pub fn node(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    /// A new arc. Arcs must not form a cycle of negative cost.
    pub fn arc(&mut self, from: usize, to: usize, capacity: i64, cost: Cost<N>) -> ArcId {
        let next = self.costs.len() as u32;
        let cost = *self.index.entry(cost).or_insert_with(|| {
            self.costs.push(cost);
            next
        });
        self.arcs.push(Arc {
            from: from as u32,
            to: to as u32,
            cost,
            capacity,
        });
        ArcId(self.arcs.len() as u32 - 1)
    }

    /// The best flow from source to sink. The same network gives the same flow, arc by arc.
    pub fn solve(&self, amount: Amount) -> Flow<N> {
        // The packed costs may turn out too narrow; the tuples say so, and never are.
        let packed = Packing::of(&self.costs).map(|packing| {
            let costs: Vec<Packed> = self.costs.iter().map(|c| packing.pack(c)).collect();
            let found = search::solve(self, &costs, amount);
            let unpack = |list: Vec<Packed>| list.into_iter().map(|p| packing.unpack(p)).collect();
            Flow {
                amount,
                units: found.units,
                high: unpack(found.high),
                low: unpack(found.low),
            }
        });
        packed
            .filter(|flow| flow.verify(self))
            .unwrap_or_else(|| self.solve_in_tuples(amount))
    }

    fn solve_in_tuples(&self, amount: Amount) -> Flow<N> {
        let found = search::solve(self, &self.costs, amount);
        Flow {
            amount,
            units: found.units,
            high: found.high,
            low: found.low,
        }
    }
}

impl<const N: usize> Flow<N> {
    /// Units on an arc.
    pub fn on(&self, arc: ArcId) -> i64 {
        self.units[arc.0 as usize]
    }

    /// What it costs to reach a node: along an arc with room it grows by at most the arc's cost.
    pub fn potential(&self, node: usize, side: Side) -> Cost<N> {
        self.potentials(side)[node]
    }

    fn potentials(&self, side: Side) -> &[Cost<N>] {
        match side {
            Side::High => &self.high,
            Side::Low => &self.low,
        }
    }

    /// The total cost.
    pub fn cost(&self, network: &Network<N>) -> Cost<N> {
        let mut units = vec![0_i64; network.costs.len()];
        for (arc, &on) in network.arcs.iter().zip(&self.units) {
            units[arc.cost as usize] = whole(units[arc.cost as usize].checked_add(on));
        }
        let of_each = network.costs.iter().zip(units);
        of_each.fold(Cost::ZERO, |sum, (cost, units)| sum + cost.times(units))
    }

    /// Re-checks the flow in integers, without the search: capacities, conservation, and no
    /// residual arc of negative reduced cost. For [`Amount::Cheapest`] the return from sink to
    /// source counts as a free arc, so that the amount is proven, too; for [`Amount::Most`] the
    /// amount is proven by a cut. Sums that leave their 64 bits prove nothing.
    pub fn verify(&self, network: &Network<N>) -> bool {
        [Side::High, Side::Low]
            .iter()
            .all(|&side| self.is_optimal(network, self.potentials(side)) == Some(true))
    }

    fn is_optimal(&self, network: &Network<N>, potentials: &[Cost<N>]) -> Option<bool> {
        let mut balance = vec![0_i64; network.nodes];
        for (arc, &units) in network.arcs.iter().zip(&self.units) {
            if units < 0 || units > arc.capacity {
                return Some(false);
            }
            let (from, to) = (arc.from as usize, arc.to as usize);
            balance[from] = balance[from].checked_sub(units)?;
            balance[to] = balance[to].checked_add(units)?;
            let reduced = network.costs[arc.cost as usize]
                .checked_add(&potentials[from])?
                .checked_sub(&potentials[to])?;
            let improvable = (units < arc.capacity && reduced < Cost::ZERO)
                || (units > 0 && reduced > Cost::ZERO);
            if improvable {
                return Some(false);
            }
        }
        let inner = balance
            .iter()
            .enumerate()
            .all(|(node, &b)| node == SOURCE || node == SINK || b == 0);
        let returned = potentials[SINK].checked_sub(&potentials[SOURCE])?;
        Some(
            inner
                && match self.amount {
                    Amount::Most => self.is_cut(network),
                    Amount::Cheapest => {
                        returned >= Cost::ZERO && (balance[SINK] == 0 || returned == Cost::ZERO)
                    }
                },
        )
    }

    fn is_cut(&self, network: &Network<N>) -> bool {
        let mut out = vec![Vec::new(); network.nodes];
        for (arc, &units) in network.arcs.iter().zip(&self.units) {
            if units < arc.capacity {
                out[arc.from as usize].push(arc.to as usize);
            }
            if units > 0 {
                out[arc.to as usize].push(arc.from as usize);
            }
        }
        let mut seen = vec![false; network.nodes];
        let mut stack = vec![SOURCE];
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut seen[node], true) {
                stack.extend(&out[node]);
            }
        }
        !seen[SINK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// More components than fit in the words of a packed cost.
    const WIDTH: usize = 32;

    type Network = super::Network<WIDTH>;

    fn cost(first: i64, second: i64) -> Cost<WIDTH> {
        Cost::of(0, first).plus(1, second)
    }

    #[test]
    fn earlier_components_count_more() {
        let mut network = Network::new();
        let middle = network.node();
        let cheap_first = network.arc(SOURCE, middle, 1, cost(0, 1000));
        let cheap_second = network.arc(SOURCE, middle, 1, cost(1, 0));
        network.arc(middle, SINK, 1, Cost::ZERO);
        let flow = network.solve(Amount::Most);
        assert_eq!((flow.on(cheap_first), flow.on(cheap_second)), (1, 0));
        assert!(flow.verify(&network));
    }

    #[test]
    fn flows_only_as_long_as_it_pays() {
        let mut network = Network::new();
        let middle = network.node();
        network.arc(SOURCE, middle, 5, Cost::ZERO);
        let paid = network.arc(middle, SINK, 2, cost(-3, 0));
        let costly = network.arc(middle, SINK, 2, cost(1, 0));
        let flow = network.solve(Amount::Cheapest);
        assert_eq!((flow.on(paid), flow.on(costly)), (2, 0));
        assert!(flow.verify(&network));
    }

    #[test]
    fn a_worse_flow_fails_the_check() {
        let mut network = Network::new();
        network.arc(SOURCE, SINK, 1, cost(0, 5));
        network.arc(SOURCE, SINK, 1, cost(0, 1));
        let mut flow = network.solve(Amount::Cheapest);
        assert!(flow.verify(&network));
        flow.units = vec![1, 0];
        assert!(!flow.verify(&network));
    }

    fn networks() -> impl Strategy<Value = Vec<(usize, usize, i64, i64, i64)>> {
        // Arcs go from a lower to a higher layer, so no cycle can be negative.
        prop::collection::vec(
            (0..6_usize, 0..6_usize, 0..3_i64, -3..4_i64, -3..4_i64),
            1..9,
        )
    }

    fn build(arcs: &[(usize, usize, i64, i64, i64)]) -> (Network, Vec<ArcId>) {
        let mut network = Network::new();
        let inner: Vec<usize> = (0..4).map(|_| network.node()).collect();
        let place = |layer: usize| match layer {
            0 => SOURCE,
            5 => SINK,
            n => inner[n - 1],
        };
        let ids = arcs
            .iter()
            .filter(|a| a.0 < a.1)
            .map(|&(from, to, capacity, x, y)| {
                network.arc(place(from), place(to), capacity, cost(x, y))
            })
            .collect();
        (network, ids)
    }

    // All flows of a tiny network, by counting up units arc by arc.
    fn best(network: &Network, amount: Amount) -> Cost<WIDTH> {
        let mut best: Option<(i64, Cost<WIDTH>)> = None;
        let mut units = vec![0; network.arcs.len()];
        loop {
            let mut balance = vec![0_i64; network.nodes];
            let mut total = Cost::ZERO;
            for (arc, &u) in network.arcs.iter().zip(&units) {
                balance[arc.from as usize] -= u;
                balance[arc.to as usize] += u;
                total = total + network.costs[arc.cost as usize].times(u);
            }
            if balance.iter().enumerate().all(|(n, &b)| n < 2 || b == 0) {
                let key = match amount {
                    Amount::Most => (-balance[SINK], total),
                    Amount::Cheapest => (0, total),
                };
                best = Some(best.map_or(key, |b| b.min(key)));
            }
            let Some(index) = units
                .iter()
                .zip(&network.arcs)
                .position(|(&u, a)| u < a.capacity)
            else {
                break;
            };
            units[..index].fill(0);
            units[index] += 1;
        }
        best.expect("the empty flow is one").1
    }

    #[test]
    fn costs_that_do_not_fit_in_words_are_solved_in_tuples() {
        let mut network = Network::new();
        let dear = network.arc(SOURCE, SINK, 1, Cost([2; WIDTH]));
        let cheap = network.arc(SOURCE, SINK, 1, Cost([2; WIDTH]).plus(WIDTH - 1, -1));
        let free = network.arc(SOURCE, SINK, 1, Cost::of(0, -1));
        let flow = network.solve(Amount::Cheapest);
        assert_eq!([dear, cheap, free].map(|arc| flow.on(arc)), [0, 0, 1]);
        assert!(flow.verify(&network));
        assert_eq!(network.solve(Amount::Most).on(dear), 1);
    }

    /// One unit, along 200,000 arcs that cost one each in the second component or along one that
    /// costs one in the first: a packed sum has no room for that and takes the dear way. Nothing
    /// in the search is as deep as the way is long.
    #[test]
    fn sums_that_outgrow_their_place_are_solved_in_tuples() {
        let mut network = Network::new();
        let gate = network.node();
        let direct = network.arc(SOURCE, gate, 1, cost(1, 0));
        let mut at = SOURCE;
        for _ in 0..200_000 {
            let next = network.node();
            network.arc(at, next, 1, cost(0, 1));
            at = next;
        }
        network.arc(at, gate, 1, Cost::ZERO);
        network.arc(gate, SINK, 1, Cost::ZERO);
        let flow = network.solve(Amount::Most);
        assert!(flow.verify(&network));
        assert_eq!(flow.cost(&network), cost(0, 200_000));
        assert_eq!(flow.on(direct), 0);
    }

    #[test]
    fn sums_that_leave_their_bits_prove_nothing() {
        let mut network = Network::new();
        let middle = network.node();
        network.arc(SOURCE, middle, 1, cost(i64::MAX, 0));
        network.arc(middle, SINK, 1, cost(1, 0));
        let potentials = vec![Cost::ZERO, cost(i64::MIN, 0), cost(i64::MAX, 0)];
        let flow = Flow {
            amount: Amount::Most,
            units: vec![1, 1],
            high: potentials.clone(),
            low: potentials,
        };
        assert!(!flow.verify(&network));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn agrees_with_trying_everything(arcs in networks()) {
            for amount in [Amount::Most, Amount::Cheapest] {
                let (network, _) = build(&arcs);
                let flow = network.solve(amount);
                prop_assert!(flow.verify(&network), "{amount:?}");
                prop_assert_eq!(&flow.units, &network.solve_in_tuples(amount).units);
                prop_assert_eq!(flow.cost(&network), best(&network, amount), "{:?}", amount);
            }
        }
    }
}
