//! Directed graphs over our own indices; the one place where petgraph is spelt.

use petgraph::algo::tarjan_scc;
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
        self.inner
            .update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }

    /// Takes the edge out, if it is there.
    pub fn disconnect(&mut self, from: usize, to: usize) {
        if let Some(edge) = self
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
        next
    }

    /// Groups of more than one node that reach each other, each ascending, in ascending order.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = tarjan_scc(&self.inner)
            .into_iter()
            .filter(|group| group.len() > 1)
            .map(|group| {
                let mut group: Vec<usize> = group.into_iter().map(NodeIndex::index).collect();
                group.sort_unstable();
                group
            })
            .collect();
        groups.sort();
        groups
    }

    /// Nodes so that every edge goes forward, always the least `key` first among those ready.
    /// `None` if there is a cycle.
    pub fn topological_by<K: Ord>(&self, key: impl Fn(usize) -> K) -> Option<Vec<usize>> {
        let len = self.inner.node_count();
        let mut blockers = vec![0_usize; len];
        for edge in self.inner.edge_indices() {
            if let Some((_, to)) = self.inner.edge_endpoints(edge) {
                blockers[to.index()] += 1;
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
