//! Directed graphs over our own indices; the one place where petgraph is spelt.

use std::collections::BTreeMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;

/// A directed graph over `0..len`.
#[derive(Clone, Debug)]
pub struct Graph {
    inner: DiGraph<(), ()>,
}

impl Graph {
    /// `len` nodes, no edge.
    pub fn new(len: usize) -> Self {
        let mut inner = DiGraph::new();
        (0..len).for_each(|_| {
            inner.add_node(());
        });
        Self { inner }
    }

    /// An edge `from -> to`; adding it twice changes nothing.
    pub fn connect(&mut self, from: usize, to: usize) {
        // Looking for it walks all edges of `from`; a second one does no harm.
        self.inner
            .add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }

    /// Takes the edge out, if it is there.
    pub fn disconnect(&mut self, from: usize, to: usize) {
        while let Some(edge) = self
            .inner
            .find_edge(NodeIndex::new(from), NodeIndex::new(to))
        {
            self.inner.remove_edge(edge);
        }
    }

    /// Where edges from `node` lead, ascending.
    pub fn successors(&self, node: usize) -> Vec<usize> {
        let mut next: Vec<usize> = self
            .inner
            .neighbors(NodeIndex::new(node))
            .map(NodeIndex::index)
            .collect();
        next.sort_unstable();
        next.dedup();
        next
    }

    /// Groups of more than one node that reach each other, each ascending, in ascending order.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        groups(&self.inner, |node| node)
    }

    /// [`Graph::cycles`] that pass through no other nodes than these.
    pub fn cycles_among(&self, nodes: &[usize]) -> Vec<Vec<usize>> {
        let place: BTreeMap<usize, usize> = nodes.iter().copied().zip(0..).collect();
        let mut part = DiGraph::<(), ()>::with_capacity(nodes.len(), nodes.len());
        nodes.iter().for_each(|_| {
            part.add_node(());
        });
        for (&node, &from) in &place {
            for to in self.successors(node) {
                if let Some(&to) = place.get(&to) {
                    part.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
                }
            }
        }
        groups(&part, |node| nodes[node])
    }

    /// Nodes so that every edge goes forward, always the least `key` first among those ready.
    /// `None` if there is a cycle.
    pub fn topological_by<K: Ord>(&self, key: impl Fn(usize) -> K) -> Option<Vec<usize>> {
        let len = self.inner.node_count();
        let mut blockers = vec![0_usize; len];
        for node in 0..len {
            for next in self.successors(node) {
                blockers[next] += 1;
            }
        }
        let mut ready: std::collections::BTreeSet<(K, usize)> = (0..len)
            .filter(|&n| blockers[n] == 0)
            .map(|n| (key(n), n))
            .collect();
        let mut order = Vec::with_capacity(len);
        while let Some((_, node)) = ready.pop_first() {
            order.push(node);
            for next in self.successors(node) {
                blockers[next] -= 1;
                if blockers[next] == 0 {
                    ready.insert((key(next), next));
                }
            }
        }
        (order.len() == len).then_some(order)
    }
}

/// Iterative, as the recursive search would run out of stack on a long chain.
fn groups(graph: &DiGraph<(), ()>, name: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = kosaraju_scc(graph)
        .into_iter()
        .filter(|group| group.len() > 1)
        .map(|group| {
            let mut group: Vec<usize> = group.into_iter().map(|n| name(n.index())).collect();
            group.sort_unstable();
            group
        })
        .collect();
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_key_and_finds_cycles() {
        let mut graph = Graph::new(4);
        graph.connect(2, 0);
        graph.connect(2, 1);
        assert_eq!(graph.topological_by(|n| n), Some(vec![2, 0, 1, 3]));
        graph.connect(1, 2);
        assert_eq!(graph.topological_by(|n| n), None);
        assert_eq!(graph.cycles(), [vec![1, 2]]);
        graph.disconnect(1, 2);
        assert!(graph.cycles().is_empty());
    }
}
