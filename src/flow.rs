//! Exact min-cost flow with tuple costs, and its proof.
//!
//! Knows nobody. Costs are tuples of integers compared from the left, so many objectives are
//! minimised in order without weights. [`Network::solve`] finds a flow; [`Flow::verify`] checks
//! it with nothing but integer sums: conservation, capacities and, on every residual arc, that
//! the potentials leave no cost below zero. A flow that passes is optimal, whoever found it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Add;
use std::ops::Sub;

/// How many objectives a cost can carry.
pub const WIDTH: usize = 22;

/// A tuple of costs; the first component counts most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cost(pub [i64; WIDTH]);

impl Cost {
    pub const ZERO: Self = Self([0; WIDTH]);

    /// `amount` in one component, nothing elsewhere.
    pub fn of(component: usize, amount: i64) -> Self {
        Self::ZERO.plus(component, amount)
    }

    /// This cost with `amount` more in one component.
    #[must_use]
    pub fn plus(mut self, component: usize, amount: i64) -> Self {
        self.0[component] += amount;
        self
    }

    fn times(self, count: i64) -> Self {
        Self(self.0.map(|c| c * count))
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
        self
    }
}

impl Sub for Cost {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a -= b);
        self
    }
}

/// An arc of a network, as returned by [`Network::arc`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ArcId(usize);

/// How much flow is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// As much as fits, then the cheapest such flow.
    Most,
    /// The cheapest flow of any amount: units flow only as long as they lower the cost.
    Cheapest,
}

#[derive(Clone, Copy, Debug)]
struct Arc {
    from: usize,
    to: usize,
    capacity: i64,
    cost: Cost,
}

/// A directed network with a source and a sink.
#[derive(Clone, Debug)]
pub struct Network {
    arcs: Vec<Arc>,
    nodes: usize,
}

/// A flow and the potentials that prove it.
#[derive(Clone, Debug)]
pub struct Flow {
    amount: Amount,
    /// Units on every arc.
    units: Vec<i64>,
    potentials: Vec<Cost>,
}

/// The source and the sink are the first two nodes of every network.
pub const SOURCE: usize = 0;
/// See [`SOURCE`].
pub const SINK: usize = 1;

impl Default for Network {
    fn default() -> Self {
        Self {
            arcs: Vec::new(),
            nodes: 2,
        }
    }
}

impl Network {
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
    pub fn arc(&mut self, from: usize, to: usize, capacity: i64, cost: Cost) -> ArcId {
        self.arcs.push(Arc {
            from,
            to,
            capacity,
            cost,
        });
        ArcId(self.arcs.len() - 1)
    }

    /// The best flow from source to sink: successive shortest paths with potentials, many paths
    /// of equal cost at once. The same network gives the same flow, arc by arc.
    pub fn solve(&self, amount: Amount) -> Flow {
        let mut search = Search::new(self);
        search.potentials = self.first_potentials();
        let mut paid = search.potentials[SINK] - search.potentials[SOURCE];
        let mut flowing = false;
        loop {
            let reached = search.distances();
            let step = search.distance[SINK];
            let next = paid + step.unwrap_or(Cost::ZERO);
            let worth = amount == Amount::Most || next < Cost::ZERO;
            if !reached || !worth {
                search.close(amount, paid, flowing);
                break;
            }
            search.raise_potentials();
            paid = next;
            flowing = true;
            search.push_blocking_flow();
        }
        let units = (0..self.arcs.len())
            .map(|a| search.residual[2 * a + 1])
            .collect();
        Flow {
            amount,
            units,
            potentials: search.potentials,
        }
    }

    // Bellman-Ford from the source: costs may be negative at the start, and only then.
    fn first_potentials(&self) -> Vec<Cost> {
        let mut best: Vec<Option<Cost>> = vec![None; self.nodes];
        best[SOURCE] = Some(Cost::ZERO);
        for _ in 0..self.nodes {
            let mut changed = false;
            for arc in self.arcs.iter().filter(|a| a.capacity > 0) {
                let Some(from) = best[arc.from] else { continue };
                let through = from + arc.cost;
                if best[arc.to].is_none_or(|b| through < b) {
                    best[arc.to] = Some(through);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        // Unreachable nodes must not lie below a neighbour they have an arc to.
        let mut potentials: Vec<Cost> = best.iter().map(|b| b.unwrap_or(Cost::ZERO)).collect();
        for _ in 0..self.nodes {
            let mut changed = false;
            for arc in self
                .arcs
                .iter()
                .filter(|a| a.capacity > 0 && best[a.from].is_none())
            {
                let least = potentials[arc.to] - arc.cost;
                if potentials[arc.from] < least {
                    potentials[arc.from] = least;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        potentials
    }
}

/// The residual network while a flow grows: arc `a` is stored at `2a`, its reverse at `2a + 1`.
struct Search<'a> {
    network: &'a Network,
    out: Vec<Vec<usize>>,
    residual: Vec<i64>,
    potentials: Vec<Cost>,
    distance: Vec<Option<Cost>>,
    level: Vec<u32>,
    next: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(network: &'a Network) -> Self {
        let mut out = vec![Vec::new(); network.nodes];
        for (index, arc) in network.arcs.iter().enumerate() {
            out[arc.from].push(2 * index);
            out[arc.to].push(2 * index + 1);
        }
        let residual = network.arcs.iter().flat_map(|a| [a.capacity, 0]).collect();
        let nodes = network.nodes;
        Self {
            network,
            out,
            residual,
            potentials: Vec::new(),
            distance: vec![None; nodes],
            level: vec![0; nodes],
            next: vec![0; nodes],
        }
    }

    fn head(&self, edge: usize) -> usize {
        let arc = &self.network.arcs[edge / 2];
        if edge.is_multiple_of(2) {
            arc.to
        } else {
            arc.from
        }
    }

    fn reduced(&self, from: usize, edge: usize) -> Cost {
        let cost = self.network.arcs[edge / 2].cost;
        let cost = if edge.is_multiple_of(2) {
            cost
        } else {
            Cost::ZERO - cost
        };
        cost + self.potentials[from] - self.potentials[self.head(edge)]
    }

    // Dijkstra on reduced costs; stops at the sink, whose distance bounds what is needed.
    fn distances(&mut self) -> bool {
        self.distance.fill(None);
        let mut done = vec![false; self.network.nodes];
        let mut heap = BinaryHeap::new();
        self.distance[SOURCE] = Some(Cost::ZERO);
        heap.push(Reverse((Cost::ZERO, SOURCE)));
        while let Some(Reverse((cost, node))) = heap.pop() {
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            if node == SINK {
                break;
            }
            for &edge in &self.out[node] {
                let to = self.head(edge);
                if self.residual[edge] == 0 || done[to] {
                    continue;
                }
                let through = cost + self.reduced(node, edge);
                if self.distance[to].is_none_or(|d| through < d) {
                    self.distance[to] = Some(through);
                    heap.push(Reverse((through, to)));
                }
            }
        }
        // Nodes beyond the sink keep no distance: they are all at least as far.
        for (node, done) in done.iter().enumerate() {
            if !done {
                self.distance[node] = None;
            }
        }
        self.distance[SINK].is_some()
    }

    fn raise_by(&mut self, limit: Cost) {
        for (potential, distance) in self.potentials.iter_mut().zip(&self.distance) {
            *potential = *potential + distance.unwrap_or(limit).min(limit);
        }
    }

    fn raise_potentials(&mut self) {
        if let Some(limit) = self.distance[SINK] {
            self.raise_by(limit);
        }
    }

    // For the cheapest flow the sink must end level with the source, so that neither one more
    // nor one less unit can pay: see `Flow::verify`.
    fn close(&mut self, amount: Amount, paid: Cost, flowing: bool) {
        if amount == Amount::Cheapest && (flowing || paid < Cost::ZERO) {
            self.raise_by(Cost::ZERO - paid);
        } else if amount == Amount::Cheapest {
            let lower = paid;
            let sink = self.potentials[SOURCE];
            // Nothing flows: the sink may be as low as the source without breaking an arc into it.
            self.potentials[SINK] = sink.min(self.potentials[SOURCE] + lower);
        }
    }

    // Dinic's blocking flow on the arcs of reduced cost zero.
    fn push_blocking_flow(&mut self) {
        while self.layers() {
            self.next.fill(0);
            while self.advance(SOURCE, i64::MAX) > 0 {}
        }
    }

    fn open(&self, from: usize, edge: usize) -> bool {
        self.residual[edge] > 0 && self.reduced(from, edge) == Cost::ZERO
    }

    fn layers(&mut self) -> bool {
        self.level.fill(u32::MAX);
        self.level[SOURCE] = 0;
        let mut queue = std::collections::VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            for index in 0..self.out[node].len() {
                let edge = self.out[node][index];
                let to = self.head(edge);
                if self.level[to] == u32::MAX && self.open(node, edge) {
                    self.level[to] = self.level[node] + 1;
                    queue.push_back(to);
                }
            }
        }
        self.level[SINK] != u32::MAX
    }

    // Depth is bounded by the layers, which planning networks keep below a dozen plus detours.
    fn advance(&mut self, node: usize, limit: i64) -> i64 {
        if node == SINK {
            return limit;
        }
        while self.next[node] < self.out[node].len() {
            let edge = self.out[node][self.next[node]];
            let to = self.head(edge);
            if self.level[to] == self.level[node] + 1 && self.open(node, edge) {
                let pushed = self.advance(to, limit.min(self.residual[edge]));
                if pushed > 0 {
                    self.residual[edge] -= pushed;
                    self.residual[edge ^ 1] += pushed;
                    return pushed;
                }
            }
            self.next[node] += 1;
        }
        0
    }
}

impl Flow {
    /// Units on an arc.
    pub fn on(&self, arc: ArcId) -> i64 {
        self.units[arc.0]
    }

    /// The total cost.
    pub fn cost(&self, network: &Network) -> Cost {
        network
            .arcs
            .iter()
            .zip(&self.units)
            .fold(Cost::ZERO, |sum, (arc, &units)| sum + arc.cost.times(units))
    }

    /// Re-checks the flow in integers, without the search: capacities, conservation, and no
    /// residual arc of negative reduced cost. For [`Amount::Cheapest`] the return from sink to
    /// source counts as a free arc, so that the amount is proven, too; for [`Amount::Most`] the
    /// amount is proven by a cut.
    pub fn verify(&self, network: &Network) -> bool {
        let mut balance = vec![0_i64; network.nodes];
        for (arc, &units) in network.arcs.iter().zip(&self.units) {
            if units < 0 || units > arc.capacity {
                return false;
            }
            balance[arc.from] -= units;
            balance[arc.to] += units;
            let reduced = arc.cost + self.potentials[arc.from] - self.potentials[arc.to];
            let improvable = (units < arc.capacity && reduced < Cost::ZERO)
                || (units > 0 && reduced > Cost::ZERO);
            if improvable {
                return false;
            }
        }
        let inner = balance
            .iter()
            .enumerate()
            .all(|(node, &b)| node == SOURCE || node == SINK || b == 0);
        let returned = self.potentials[SINK] - self.potentials[SOURCE];
        inner
            && match self.amount {
                Amount::Most => self.is_cut(network),
                Amount::Cheapest => {
                    returned >= Cost::ZERO && (balance[SINK] == 0 || returned == Cost::ZERO)
                }
            }
    }

    fn is_cut(&self, network: &Network) -> bool {
        let mut out = vec![Vec::new(); network.nodes];
        for (arc, &units) in network.arcs.iter().zip(&self.units) {
            if units < arc.capacity {
                out[arc.from].push(arc.to);
            }
            if units > 0 {
                out[arc.to].push(arc.from);
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

    fn cost(first: i64, second: i64) -> Cost {
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
    fn best(network: &Network, amount: Amount) -> Cost {
        let mut best: Option<(i64, Cost)> = None;
        let mut units = vec![0; network.arcs.len()];
        loop {
            let mut balance = vec![0_i64; network.nodes];
            let mut total = Cost::ZERO;
            for (arc, &u) in network.arcs.iter().zip(&units) {
                balance[arc.from] -= u;
                balance[arc.to] += u;
                total = total + arc.cost.times(u);
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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn agrees_with_trying_everything(arcs in networks()) {
            for amount in [Amount::Most, Amount::Cheapest] {
                let (network, _) = build(&arcs);
                let flow = network.solve(amount);
                prop_assert!(flow.verify(&network), "{amount:?}");
                prop_assert_eq!(flow.cost(&network), best(&network, amount), "{:?}", amount);
            }
        }
    }
}
