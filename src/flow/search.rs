//! Successive shortest paths with potentials, many paths of equal cost at once.
//!
//! Start reading at [`solve`]. It is written once for all kinds of costs. Nothing here recurses:
//! a way through a network may be as long as the network has nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::VecDeque;
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

impl<const N: usize> Price for Cost<N> {
    const ZERO: Self = Self::ZERO;
}

/// What a search found.
pub(super) struct Found<P> {
    /// Units on every arc.
    pub units: Vec<i64>,
    /// The highest potentials that prove the flow, measured from the source.
    pub high: Vec<P>,
    /// The lowest ones, measured from the sink.
    pub low: Vec<P>,
}

/// The best flow. `costs` are those that the arcs name.
pub(super) fn solve<P: Price, const N: usize>(
    network: &Network<N>,
    costs: &[P],
    amount: Amount,
) -> Found<P> {
    let mut search = Search::new(network, costs);
    search.first_potentials();
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
    let units = (0..network.arcs.len())
        .map(|a| search.edges[2 * a + 1].residual)
        .collect();
    let low = search.low_potentials(amount);
    Found {
        units,
        high: search.potentials,
        low,
    }
}

/// The residual network while a flow grows: arc `a` is stored at `2a`, its reverse at `2a + 1`.
struct Search<P> {
    edges: Vec<Edge>,
    /// Edges by the node they leave, in the order of the arcs.
    out: Vec<u32>,
    /// Where a node's edges begin in `out`; one more than nodes.
    first: Vec<u32>,
    /// What the edges name: the costs of arcs, then those of their reverses.
    costs: Vec<P>,
    potentials: Vec<P>,
    distance: Vec<Option<P>>,
    level: Vec<u32>,
    next: Vec<u32>,
}

/// What a look at an edge needs, side by side: the search does little else.
#[derive(Clone, Copy)]
struct Edge {
    to: u32,
    cost: u32,
    residual: i64,
}

impl Edge {
    fn to(&self) -> usize {
        self.to as usize
    }
}

impl<P: Price> Search<P> {
    fn new<const N: usize>(network: &Network<N>, costs: &[P]) -> Self {
        let nodes = network.nodes;
        let reverse = costs.len() as u32;
        let mut edges = Vec::with_capacity(2 * network.arcs.len());
        for arc in &network.arcs {
            edges.push(Edge {
                to: arc.to,
                cost: arc.cost,
                residual: arc.capacity,
            });
            edges.push(Edge {
                to: arc.from,
                cost: arc.cost + reverse,
                residual: 0,
            });
        }
        let mut first = vec![0; nodes + 1];
        let from = |edge: usize| edges[edge ^ 1].to();
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
        let negative = costs.iter().map(|&c| P::ZERO - c);
        Self {
            edges,
            out,
            next: first[..nodes].to_vec(),
            first,
            costs: costs.iter().copied().chain(negative).collect(),
            potentials: vec![P::ZERO; nodes],
            distance: vec![None; nodes],
            level: vec![0; nodes],
        }
    }

    // The shortest way to the sink, by correcting labels: costs may be negative at the start,
    // and only then. Measured from the sink, only what leads there cheaply is free, so the
    // searches that follow look at few of the many ways out of the source.
    fn first_potentials(&mut self) {
        let nodes = self.potentials.len();
        let mut best: Vec<Option<P>> = vec![None; nodes];
        best[SINK] = Some(P::ZERO);
        let mut queue = VecDeque::from([SINK]);
        let mut queued = vec![false; nodes];
        while let Some(node) = queue.pop_front() {
            queued[node] = false;
            let Some(here) = best[node] else { continue };
            for (from, cost) in self.open_arcs_into(node) {
                let through = here + cost;
                if best[from].is_none_or(|b| through < b) {
                    best[from] = Some(through);
                    if !std::mem::replace(&mut queued[from], true) {
                        queue.push_back(from);
                    }
                }
            }
        }
        let negative = |b: &Option<P>| b.map_or(P::ZERO, |b| P::ZERO - b);
        self.potentials = best.iter().map(negative).collect();
        self.lower_dead_ends(&best);
    }

    // Nodes that lead nowhere must not lie above a neighbour that has an arc to them.
    fn lower_dead_ends(&mut self, best: &[Option<P>]) {
        let nodes = self.potentials.len();
        let mut queue: VecDeque<usize> = (0..nodes).collect();
        let mut queued = vec![true; nodes];
        while let Some(node) = queue.pop_front() {
            queued[node] = false;
            for index in self.first[node]..self.first[node + 1] {
                let edge = self.out[index as usize] as usize;
                let Edge { to, cost, residual } = self.edges[edge];
                let to = to as usize;
                if edge % 2 == 1 || residual == 0 || best[to].is_some() {
                    continue;
                }
                let most = self.potentials[node] + self.costs[cost as usize];
                if self.potentials[to] > most {
                    self.potentials[to] = most;
                    if !std::mem::replace(&mut queued[to], true) {
                        queue.push_back(to);
                    }
                }
            }
        }
    }

    fn open_arcs_into(&self, node: usize) -> impl Iterator<Item = (usize, P)> {
        self.edges_of(node).filter_map(|(index, edge)| {
            let arc = self.edges[index ^ 1];
            let open = index % 2 == 1 && arc.residual > 0;
            open.then(|| (edge.to(), self.costs[arc.cost as usize]))
        })
    }

    fn reduced(&self, from: usize, edge: &Edge) -> P {
        self.costs[edge.cost as usize] + self.potentials[from] - self.potentials[edge.to()]
    }

    fn edges_of(&self, node: usize) -> impl Iterator<Item = (usize, &Edge)> {
        let range = self.first[node] as usize..self.first[node + 1] as usize;
        self.out[range]
            .iter()
            .map(|&e| (e as usize, &self.edges[e as usize]))
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
            for (_, edge) in self.edges_of(node) {
                let to = edge.to();
                if edge.residual == 0 || done[to] {
                    continue;
                }
                let through = here + self.reduced(node, edge);
                let nearer = |than: Option<P>| than.is_none_or(|d| through < d);
                // As far as the sink is too far for anything else.
                if nearer(distance[to]) && nearer(distance[SINK]) {
                    distance[to] = Some(through);
                    if through == here {
                        near.push(to);
                    } else {
                        heap.push(Reverse((through, to)));
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

    // Dijkstra on reduced costs once more, backwards: how far every node is from the sink. As
    // much lower its potential may be.
    fn low_potentials(&self, amount: Amount) -> Vec<P> {
        let nodes = self.potentials.len();
        let mut distance: Vec<Option<P>> = vec![None; nodes];
        let mut done = vec![false; nodes];
        let mut heap = BinaryHeap::new();
        let mut near = vec![SINK];
        distance[SINK] = Some(P::ZERO);
        if amount == Amount::Cheapest {
            // The way back is free, too.
            near.push(SOURCE);
            distance[SOURCE] = Some(P::ZERO);
        }
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
            for (index, edge) in self.edges_of(node) {
                let (from, into) = (edge.to(), self.edges[index ^ 1]);
                if into.residual == 0 || done[from] {
                    continue;
                }
                let through = here + self.reduced(from, &into);
                if distance[from].is_none_or(|d| through < d) {
                    distance[from] = Some(through);
                    if through == here {
                        near.push(from);
                    } else {
                        heap.push(Reverse((through, from)));
                    }
                }
            }
        }
        // Nodes that lead nowhere are lowered as far as any other.
        let far = distance.iter().flatten().max().copied();
        let far = far.unwrap_or(P::ZERO);
        let potentials = self.potentials.iter().zip(distance);
        potentials.map(|(&p, d)| p - d.unwrap_or(far)).collect()
    }

    // Dinic's blocking flow on the arcs of reduced cost zero.
    fn push_blocking_flow(&mut self) {
        while self.layers() {
            self.next.copy_from_slice(&self.first[..self.level.len()]);
            self.fill_layers();
        }
    }

    fn open(&self, from: usize, edge: &Edge) -> bool {
        edge.residual > 0 && self.reduced(from, edge) == P::ZERO
    }

    // Nodes that are not before the sink keep no level: no shortest path leads over them.
    fn layers(&mut self) -> bool {
        let mut level = std::mem::take(&mut self.level);
        level.fill(u32::MAX);
        level[SOURCE] = 0;
        let mut queue = VecDeque::from([SOURCE]);
        while let Some(node) = queue.pop_front() {
            if level[node] >= level[SINK] {
                break;
            }
            for (_, edge) in self.edges_of(node) {
                if level[edge.to()] == u32::MAX && self.open(node, edge) {
                    level[edge.to()] = level[node] + 1;
                    queue.push_back(edge.to());
                }
            }
        }
        self.level = level;
        self.level[SINK] != u32::MAX
    }

    // A walk from the source with the edges behind it: forward while an edge leads on, back
    // where none does, and along the whole way once it ends at the sink.
    fn fill_layers(&mut self) {
        let mut way: Vec<usize> = Vec::new();
        let mut node = SOURCE;
        loop {
            if node == SINK {
                node = self.push_along(&mut way);
            }
            match self.next_edge(node) {
                Some(edge) => {
                    way.push(edge);
                    node = self.edges[edge].to();
                }
                None => {
                    let Some(edge) = way.pop() else { return };
                    node = self.edges[edge ^ 1].to();
                    self.next[node] += 1;
                }
            }
        }
    }

    // Pushes what fits, and returns the first node behind which an edge is now full.
    fn push_along(&mut self, way: &mut Vec<usize>) -> usize {
        let least = way.iter().map(|&e| self.edges[e].residual).min();
        let least = least.unwrap_or(0);
        for &edge in way.iter() {
            self.edges[edge].residual -= least;
            self.edges[edge ^ 1].residual += least;
        }
        let full = way.iter().position(|&e| self.edges[e].residual == 0);
        way.truncate(full.unwrap_or(0));
        way.last().map_or(SOURCE, |&e| self.edges[e].to())
    }

    fn next_edge(&mut self, node: usize) -> Option<usize> {
        while self.next[node] < self.first[node + 1] {
            let index = self.out[self.next[node] as usize] as usize;
            let edge = self.edges[index];
            if self.level[edge.to()] == self.level[node].saturating_add(1) && self.open(node, &edge)
            {
                return Some(index);
            }
            self.next[node] += 1;
        }
        None
    }
}
