//! Directed graphs over our own indices; the one place where petgraph is spelt.

use std::collections::BTreeMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;
use petgraph::unionfind::UnionFind;

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

    /// How many nodes lead to each.
    pub fn predecessor_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.inner.node_count()];
        for node in 0..counts.len() {
            for next in self.successors(node) {
                counts[next] += 1;
            }
        }
        counts
    }
}

/// Which of `0..len` hang together by these pairs: of each the number of its group, the same for all
/// of a group.
pub fn joined(len: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut groups = UnionFind::<usize>::new(len);
    for (a, b) in pairs {
        groups.union(a, b);
    }
    groups.into_labeling()
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
    fn an_edge_counts_once() {
        let mut graph = Graph::new(4);
        graph.connect(2, 0);
        graph.connect(2, 1);
        graph.connect(2, 1);
        assert_eq!(graph.successors(2), [0, 1]);
        assert_eq!(graph.predecessor_counts(), [1, 1, 0, 0]);
    }

    #[test]
    fn finds_cycles() {
        let mut graph = Graph::new(6);
        for (from, to) in [(2, 1), (1, 2), (2, 3), (3, 2), (5, 4), (4, 5), (5, 2)] {
            graph.connect(from, to);
        }
        assert_eq!(graph.cycles(), [vec![1, 2, 3], vec![4, 5]]);
        assert_eq!(graph.cycles_among(&[1, 2, 5]), [vec![1, 2]]);
        graph.disconnect(1, 2);
        graph.disconnect(5, 4);
        assert_eq!(graph.cycles(), [vec![2, 3]]);
    }

    #[test]
    fn a_long_chain_does_not_run_out_of_stack() {
        const LONG: usize = 200_000;
        let mut graph = Graph::new(LONG);
        (1..LONG).for_each(|n| graph.connect(n - 1, n));
        assert!(graph.cycles().is_empty());
    }
}
