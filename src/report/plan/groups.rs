//! Sets of nodes that many steps name, named once: a plan grows with its steps, not with steps
//! times nodes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Cluster;
use crate::model::NodeId;

/// Fewer nodes than this are spelt one by one: a reader need not look them up.
const NAMED: usize = 8;

/// Nodes that are in the same sets of a plan, under one name.
pub(super) struct Groups {
    /// By node: the group that it is in.
    of: BTreeMap<NodeId, usize>,
    groups: Vec<Group>,
}

struct Group {
    name: String,
    nodes: Vec<NodeId>,
}

impl Groups {
    /// Of the sets that are named more than once.
    pub fn new<'a>(cluster: &Cluster, sets: impl Iterator<Item = &'a Arc<[NodeId]>>) -> Self {
        let mut times: BTreeMap<&[NodeId], usize> = BTreeMap::new();
        // Steps share their sets, so nearly all are told apart by where they are.
        let mut seen: BTreeMap<*const NodeId, &Arc<[NodeId]>> = BTreeMap::new();
        for set in sets {
            let first = *seen.entry(set.as_ptr()).or_insert(set);
            *times.entry(first).or_default() += 1;
        }
        let shared = times.iter().filter(|&(_, &times)| times > 1);
        let shared: Vec<&[NodeId]> = shared.map(|(set, _)| *set).collect();
        let mut in_sets: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
        for (index, set) in shared.iter().enumerate() {
            for &node in *set {
                in_sets.entry(node).or_default().push(index);
            }
        }
        let mut classes: BTreeMap<Vec<usize>, Vec<NodeId>> = BTreeMap::new();
        for (node, sets) in in_sets {
            classes.entry(sets).or_default().push(node);
        }
        let mut classes: Vec<Vec<NodeId>> = classes.into_values().collect();
        classes.retain(|nodes| nodes.len() >= NAMED);
        classes.sort();
        let live = cluster
            .iter()
            .filter(|(_, n)| n.is_live())
            .map(|(id, _)| id);
        let live: Vec<NodeId> = live.collect();
        let mut numbers = 1..;
        let groups = classes.into_iter().map(|nodes| Group {
            name: match nodes == live {
                true => "live".to_owned(),
                false => format!("nodes-{}", numbers.next().unwrap_or(0)),
            },
            nodes,
        });
        let groups: Vec<Group> = groups.collect();
        let member = |(index, group): (usize, &Group)| {
            let nodes = group.nodes.clone();
            nodes.into_iter().map(move |node| (node, index))
        };
        Self {
            of: groups.iter().enumerate().flat_map(member).collect(),
            groups,
        }
    }

    /// The set with `@name` in place of whole groups; `address` spells a node.
    pub fn spell(&self, set: &[NodeId], address: impl Fn(NodeId) -> Option<String>) -> Vec<String> {
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for group in set.iter().filter_map(|node| self.of.get(node)) {
            *taken.entry(*group).or_default() += 1;
        }
        taken.retain(|&group, &mut nodes| nodes == self.groups[group].nodes.len());
        let mut spelt = Vec::new();
        let mut named = BTreeSet::new();
        for &node in set {
            match self.of.get(&node).filter(|group| taken.contains_key(group)) {
                Some(&group) if named.insert(group) => {
                    spelt.push(format!("@{}", self.groups[group].name));
                }
                Some(_) => {}
                None => spelt.extend(address(node)),
            }
        }
        spelt
    }

    /// Every group with its nodes.
    pub fn listed(
        &self,
        address: impl Fn(NodeId) -> Option<String>,
    ) -> BTreeMap<String, Vec<String>> {
        let groups = self.groups.iter();
        groups
            .map(|group| {
                let nodes = group.nodes.iter().filter_map(|&node| address(node));
                (group.name.clone(), nodes.collect())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    fn spelt(groups: &Groups, set: &[u32]) -> String {
        let set: Vec<NodeId> = set.iter().copied().map(NodeId).collect();
        groups.spell(&set, |id| Some(id.0.to_string())).join(" ")
    }

    fn set(nodes: impl IntoIterator<Item = u32>) -> Arc<[NodeId]> {
        nodes.into_iter().map(NodeId).collect()
    }

    #[test]
    fn nodes_that_stand_in_the_same_sets_have_one_name() {
        let cluster = cluster("m1@h1 < a b c d e f g h i; m2@h2 < k l m n o p q r s");
        assert_eq!(cluster.nodes.len(), 20);
        let (all, most) = (set(0..20), set(2..20));
        let alone = set(0..19);
        let sets = [&all, &most, &all, &most, &alone];
        let groups = Groups::new(&cluster, sets.into_iter());
        let all: Vec<u32> = (0..20).collect();
        assert_eq!(spelt(&groups, &all), "0 1 @nodes-1");
        assert_eq!(spelt(&groups, &all[2..]), "@nodes-1");
        // Not whole, so one by one.
        assert_eq!(spelt(&groups, &all[15..]), "15 16 17 18 19");
        let listed = groups.listed(|id| Some(id.0.to_string()));
        assert_eq!(listed.len(), 1);
        assert_eq!(listed["nodes-1"].len(), 18);
    }

    #[test]
    fn everybody_who_lives_is_called_live() {
        let cluster = cluster("m1@h1 < a b c d e f g h! i!; m2@h2 < k l m n o p q r s");
        let live = cluster
            .iter()
            .filter(|(_, n)| n.is_live())
            .map(|(id, _)| id);
        let live: Arc<[NodeId]> = live.collect();
        let sets = [&live, &live];
        let groups = Groups::new(&cluster, sets.into_iter());
        let all: Vec<u32> = live.iter().map(|id| id.0).collect();
        assert_eq!(spelt(&groups, &all), "@live");
        let once = Groups::new(&cluster, [&live].into_iter());
        assert!(once.listed(|_| None).is_empty());
    }
}
