//! Who knows whom and who follows whom: what a cluster is as a graph.

use std::collections::BTreeMap;

use crate::model::cluster::Cluster;
use crate::model::graph;
use crate::model::node::Membership;
use crate::model::node::NodeId;

impl Cluster {
    /// The groups of members that own slots and of which no view knows a node of another, each in
    /// node order, by their first nodes: one where all hang together. Only who gave a view, or is
    /// listed in one, is in a group.
    pub fn islands(&self) -> Vec<Vec<NodeId>> {
        let member = |id: NodeId| self.node(id).membership == Membership::Member;
        let known = self
            .iter()
            .filter(|(id, _)| member(*id))
            .flat_map(|(id, n)| {
                // Of whom has no address any more (`:0 myself`) the view joins what it lists, too.
                let observers = n.seen.known_by.iter();
                observers.map(move |o| (o.index(), id.index()))
            });
        let labels = graph::joined(self.nodes.len(), known);
        let seen = |id: NodeId| {
            let node = self.node(id);
            node.seen.has_view || !node.seen.known_by.is_empty()
        };
        let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for (id, _) in self.iter().filter(|&(id, _)| member(id) && seen(id)) {
            groups.entry(labels[id.index()]).or_default().push(id);
        }
        let owns = |of: &Vec<NodeId>| of.iter().any(|&id| !self.node(id).slots.is_empty());
        let mut islands: Vec<Vec<NodeId>> = groups.into_values().filter(owns).collect();
        islands.sort();
        islands
    }

    /// The slot owner that every node copies, directly or through other replicas: see
    /// [`Cluster::root`]. All at once, so that a long chain is walked once.
    pub fn roots(&self) -> Vec<Option<NodeId>> {
        /// How far a node is.
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            Unseen,
            /// On the way that is being walked: to meet it again is a loop.
            OnTheWay,
            Known(Option<NodeId>),
        }
        let mut states = vec![State::Unseen; self.nodes.len()];
        let mut way = Vec::new();
        for (start, _) in self.iter() {
            let mut at = start;
            let root = loop {
                let node = self.node(at);
                match states[at.index()] {
                    State::Known(root) => break root,
                    State::OnTheWay => break None,
                    State::Unseen => {}
                }
                states[at.index()] = State::OnTheWay;
                way.push(at);
                if node.membership == Membership::Forgotten {
                    break None;
                }
                if !node.slots.is_empty() {
                    break Some(at);
                }
                match node.master() {
                    Some(master) => at = master,
                    None => break None,
                }
            };
            for id in way.drain(..) {
                states[id.index()] = State::Known(root);
            }
        }
        let known = |state| match state {
            State::Known(root) => root,
            State::Unseen | State::OnTheWay => None,
        };
        states.into_iter().map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    #[test]
    fn who_does_not_know_each_other_is_on_islands() {
        let mut cluster = cluster("m1@h1 < r1@h1; m2@h2 < r2@h2; new*@h3 gone?@h3");
        assert_eq!(cluster.islands().len(), 1);
        let [m1, r1, m2, r2] = ["m1", "r1", "m2", "r2"].map(|name| id(&cluster, name));
        for (a, b) in [(m1, m2), (m1, r2), (r1, m2), (r1, r2)] {
            cluster.node_mut(a).seen.known_by.remove(b);
            cluster.node_mut(b).seen.known_by.remove(a);
        }
        assert_eq!(cluster.islands(), [vec![m1, r1], vec![m2, r2]]);
        // One that knows the others joins them, known or not.
        cluster.node_mut(m2).seen.known_by.insert(r1);
        assert_eq!(cluster.islands().len(), 1);
        // So does the view of one that lost its address.
        cluster.node_mut(m2).seen.known_by.remove(r1);
        let gone = id(&cluster, "gone");
        cluster.node_mut(m1).seen.known_by.insert(gone);
        cluster.node_mut(m2).seen.known_by.insert(gone);
        assert_eq!(cluster.islands().len(), 1);
    }

    #[test]
    fn roots_are_those_of_each() {
        let mut cluster = cluster("m1@h1 < r1@h2 r2@h3 r3@h1; m2@h2 < r4@h3 r5@h1; blank@h1");
        let [r1, r2, r3, r4, r5] = ["r1", "r2", "r3", "r4", "r5"].map(|name| id(&cluster, name));
        cluster.node_mut(r2).role = Role::Replica(Some(r1));
        cluster.node_mut(r3).role = Role::Replica(Some(r2));
        // A loop, which damaged dumps have.
        cluster.node_mut(r4).role = Role::Replica(Some(r5));
        cluster.node_mut(r5).role = Role::Replica(Some(r4));
        for cluster in [cluster, healthy()] {
            let each: Vec<Option<NodeId>> = (0..cluster.nodes.len() as u32)
                .map(|n| cluster.root(NodeId(n)))
                .collect();
            assert_eq!(cluster.roots(), each);
        }
    }
}
