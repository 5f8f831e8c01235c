//! Successive shortest paths with potentials, many paths of equal cost at once.
//!
//! Start reading at [`solve`]. It is written once for all kinds of costs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Add;
use std::ops::Sub;

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SINK;
use crate::flow::SOURCE;

/// What is added up and compared.
pub(super) trait Price: Copy + Ord + Add<Output = Self> + Sub<Output = Self> {
    const ZERO: Self;
}

impl Price for Cost {
    const ZERO: Self = Self::ZERO;
}

/// Units on every arc, and the potentials of the nodes. `costs` are those of the arcs.
pub(super) fn solve<P: Price>(
    network: &Network,
    costs: &[P],
    amount: Amount,
) -> (Vec<i64>, Vec<P>) {
    let mut search = Search::new(network, costs);
    search.first_potentials(network, costs);
    let mut paid = search.potentials[SINK] - search.potentials[SOURCE];
    let mut flowing = false;
    loop {
        let reached = search.distances();
        let step = search.distance[SINK];
        let next = paid + step.unwrap_or(P::ZERO);
        let worth = amount == Amount::Most || next < P::ZERO;
        if !reached || !worth {
            search.close(amount, paid, flowing);
            break;
        }
        search.raise_potentials();
        paid = next;
        flowing = true;
        search.push_blocking_flow();
    }
    let units = (0..costs.len())
        .map(|a| search.residual[2 * a + 1])
        .collect();
    (units, search.potentials)
}

/// The residual network while a flow grows: arc `a` is stored at `2a`, its reverse at `2a + 1`.
struct Search<P> {
    out: Vec<Vec<usize>>,
    head: Vec<usize>,
    cost: Vec<P>,
    residual: Vec<i64>,
    potentials: Vec<P>,
    distance: Vec<Option<P>>,
    level: Vec<u32>,
    next: Vec<usize>,
}

impl<P: Price> Search<P> {
    fn new(network: &Network, costs: &[P]) -> Self {
        let mut out = vec![Vec::new(); network.nodes];
        for (index, arc) in network.arcs.iter().enumerate() {
            out[arc.from].push(2 * index);
            out[arc.to].push(2 * index + 1);
        }
        let residual = network.arcs.iter().flat_map(|a| [a.capacity, 0]).collect();
        let nodes = network.nodes;
        Self {
            out,
            head: network.arcs.iter().flat_map(|a| [a.to, a.from]).collect(),
            cost: costs.iter().flat_map(|&c| [c, P::ZERO - c]).collect(),
            residual,
            potentials: Vec::new(),
            distance: vec![None; nodes],
            level: vec![0; nodes],
            next: vec![0; nodes],
        }
    }

    // Bellman-Ford from the source: costs may be negative at the start, and only then.
    fn first_potentials(&mut self, network: &Network, costs: &[P]) {
        let open = || {
            let arcs = network.arcs.iter().zip(costs);
            arcs.filter(|(arc, _)| arc.capacity > 0)
        };
        let mut best: Vec<Option<P>> = vec![None; network.nodes];
        best[SOURCE] = Some(P::ZERO);
        for _ in 0..network.nodes {
            let mut changed = false;
            for (arc, &cost) in open() {
                let Some(from) = best[arc.from] else { continue };
                let through = from + cost;
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
        let mut potentials: Vec<P> = best.iter().map(|b| b.unwrap_or(P::ZERO)).collect();
        for _ in 0..network.nodes {
            let mut changed = false;
            for (arc, &cost) in open().filter(|(arc, _)| best[arc.from].is_none()) {
                let least = potentials[arc.to] - cost;
                if potentials[arc.from] < least {
                    potentials[arc.from] = least;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        self.potentials = potentials;
    }

    fn reduced(&self, from: usize, edge: usize) -> P {
        self.cost[edge] + self.potentials[from] - self.potentials[self.head[edge]]
    }

    // Dijkstra on reduced costs; stops at the sink, whose distance bounds what is needed.
    fn distances(&mut self) -> bool {
        self.distance.fill(None);
        let mut done = vec![false; self.out.len()];
        let mut heap = BinaryHeap::new();
        self.distance[SOURCE] = Some(P::ZERO);
        heap.push(Reverse((P::ZERO, SOURCE)));
        while let Some(Reverse((cost, node))) = heap.pop() {
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            if node == SINK {
                break;
            }
            for &edge in &self.out[node] {
                let to = self.head[edge];
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

    fn raise_by(&mut self, limit: P) {
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
    fn close(&mut self, amount: Amount, paid: P, flowing: bool) {
        if amount == Amount::Cheapest && (flowing || paid < P::ZERO) {
            self.raise_by(P::ZERO - paid);
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
        self.residual[edge] > 0 && self.reduced(from, edge) == P::ZERO
    }

    fn layers(&mut self) -> bool {
        self.level.fill(u32::MAX);
        self.level[SOURCE] = 0;
        let mut queue = std::collections::VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            for index in 0..self.out[node].len() {
                let edge = self.out[node][index];
                let to = self.head[edge];
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
            let to = self.head[edge];
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
