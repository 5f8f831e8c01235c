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
        .map(|a| search.edges[2 * a + 1].residual)
        .collect();
    (units, search.potentials)
}

/// The residual network while a flow grows: arc `a` is stored at `2a`, its reverse at `2a + 1`.
struct Search<P> {
    edges: Vec<Edge<P>>,
    /// Edges by the node they leave, in the order of the arcs.
    out: Vec<u32>,
    /// Where a node's edges begin in `out`; one more than nodes.
    first: Vec<u32>,
    potentials: Vec<P>,
    distance: Vec<Option<P>>,
    level: Vec<u32>,
    next: Vec<u32>,
}

/// What a look at an edge needs, side by side: the search does little else.
#[derive(Clone, Copy)]
struct Edge<P> {
    to: usize,
    residual: i64,
    cost: P,
}

impl<P: Price> Search<P> {
    fn new(network: &Network, costs: &[P]) -> Self {
        let nodes = network.nodes;
        let edges: Vec<Edge<P>> = (network.arcs.iter().zip(costs))
            .flat_map(|(arc, &cost)| {
                let edge = |to, residual, cost| Edge { to, residual, cost };
                let there = edge(arc.to, arc.capacity, cost);
                [there, edge(arc.from, 0, P::ZERO - cost)]
            })
            .collect();
        let mut first = vec![0; nodes + 1];
        let from = |edge: usize| edges[edge ^ 1].to;
        for edge in 0..edges.len() {
            first[from(edge) + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut end = first.clone();
        let mut out = vec![0; edges.len()];
        for edge in 0..edges.len() {
            let end = &mut end[from(edge)];
            out[*end as usize] = edge as u32;
            *end += 1;
        }
        Self {
            edges,
            out,
            next: first[..nodes].to_vec(),
            first,
            potentials: Vec::new(),
            distance: vec![None; nodes],
            level: vec![0; nodes],
        }
    }

    // Bellman-Ford from the sink: costs may be negative at the start, and only then. Measured
    // from the sink, only what leads there cheaply is free, so the searches that follow look at
    // few of the many ways out of the source.
    fn first_potentials(&mut self, network: &Network, costs: &[P]) {
        let open = || {
            let arcs = network.arcs.iter().zip(costs).rev();
            arcs.filter(|(arc, _)| arc.capacity > 0)
        };
        let mut best: Vec<Option<P>> = vec![None; network.nodes];
        best[SINK] = Some(P::ZERO);
        for _ in 0..network.nodes {
            let mut changed = false;
            for (arc, &cost) in open() {
                let Some(to) = best[arc.to] else { continue };
                let through = to + cost;
                if best[arc.from].is_none_or(|b| through < b) {
                    best[arc.from] = Some(through);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        // Nodes that lead nowhere must not lie above a neighbour that has an arc to them.
        let negative = |b: &Option<P>| b.map_or(P::ZERO, |b| P::ZERO - b);
        let mut potentials: Vec<P> = best.iter().map(negative).collect();
        for _ in 0..network.nodes {
            let mut changed = false;
            for (arc, &cost) in open().filter(|(arc, _)| best[arc.to].is_none()) {
                let most = potentials[arc.from] + cost;
                if potentials[arc.to] > most {
                    potentials[arc.to] = most;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        self.potentials = potentials;
    }

    fn reduced(&self, from: usize, edge: &Edge<P>) -> P {
        edge.cost + self.potentials[from] - self.potentials[edge.to]
    }

    fn edges_of(&self, node: usize) -> impl Iterator<Item = &Edge<P>> {
        let range = self.first[node] as usize..self.first[node + 1] as usize;
        self.out[range].iter().map(|&e| &self.edges[e as usize])
    }

    // Dijkstra on reduced costs; stops at the sink, whose distance bounds what is needed.
    fn distances(&mut self) -> bool {
        let mut distance: Vec<Option<P>> = vec![None; self.distance.len()];
        let mut done = vec![false; distance.len()];
        let mut heap = BinaryHeap::new();
        // Most of the way costs nothing: such nodes are as near as the one before them, and
        // need no place in the heap.
        let mut near = vec![SOURCE];
        distance[SOURCE] = Some(P::ZERO);
        let mut here = P::ZERO;
        loop {
            let node = match near.pop() {
                Some(node) => node,
                None => match heap.pop() {
                    Some(Reverse((cost, node))) => {
                        here = cost;
                        node
                    }
                    None => break,
                },
            };
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            if node == SINK {
                break;
            }
            for edge in self.edges_of(node) {
                if edge.residual == 0 || done[edge.to] {
                    continue;
                }
                let through = here + self.reduced(node, edge);
                let nearer = |than: Option<P>| than.is_none_or(|d| through < d);
                // As far as the sink is too far for anything else.
                if nearer(distance[edge.to]) && nearer(distance[SINK]) {
                    distance[edge.to] = Some(through);
                    if through == here {
                        near.push(edge.to);
                    } else {
                        heap.push(Reverse((through, edge.to)));
                    }
                }
            }
        }
        // Nodes beyond the sink keep no distance: they are all at least as far.
        for (distance, _) in distance.iter_mut().zip(&done).filter(|(_, done)| !**done) {
            *distance = None;
        }
        self.distance = distance;
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
            self.next.copy_from_slice(&self.first[..self.level.len()]);
            while self.advance(SOURCE, i64::MAX) > 0 {}
        }
    }

    fn open(&self, from: usize, edge: &Edge<P>) -> bool {
        edge.residual > 0 && self.reduced(from, edge) == P::ZERO
    }

    // Nodes that are not before the sink keep no level: no shortest path leads over them.
    fn layers(&mut self) -> bool {
        let mut level = std::mem::take(&mut self.level);
        level.fill(u32::MAX);
        level[SOURCE] = 0;
        let mut queue = std::collections::VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            if level[node] >= level[SINK] {
                break;
            }
            for edge in self.edges_of(node) {
                if level[edge.to] == u32::MAX && self.open(node, edge) {
                    level[edge.to] = level[node] + 1;
                    queue.push_back(edge.to);
                }
            }
        }
        self.level = level;
        self.level[SINK] != u32::MAX
    }

    // Depth is bounded by the layers, which planning networks keep below a dozen plus detours.
    fn advance(&mut self, node: usize, limit: i64) -> i64 {
        if node == SINK {
            return limit;
        }
        while self.next[node] < self.first[node + 1] {
            let index = self.out[self.next[node] as usize] as usize;
            let edge = self.edges[index];
            if self.level[edge.to] == self.level[node] + 1 && self.open(node, &edge) {
                let pushed = self.advance(edge.to, limit.min(edge.residual));
                if pushed > 0 {
                    self.edges[index].residual -= pushed;
                    self.edges[index ^ 1].residual += pushed;
                    return pushed;
                }
            }
            self.next[node] += 1;
        }
        0
    }
}
