//! Sets of nodes that many steps name, named once: a plan grows with its steps, not with steps
//! times nodes.
//!
//! Nodes that are in the same sets have one name. A set that lacks few nodes of another is that one
//! without them (`@live`, `-10.0.0.1:7000`), or else sets that each lack a node of their own would
//! tear every group apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;

/// Fewer nodes than this are spelt one by one: a reader need not look them up.
const NAMED: usize = 8;

/// A set that lacks more nodes of a larger one is spelt by itself.
const LACKING: usize = 4;

/// So many sets, the largest ones, may be such larger ones.
const LARGE: usize = 32;

/// Nodes that are in the same sets of a plan, under one name.
pub(super) struct Groups<'a> {
    /// By node: the group that it is in.
    of: Vec<Option<usize>>,
    groups: Vec<Group>,
    /// Sets as they are spelt, by where they are in memory: steps share them.
    spelt: BTreeMap<*const NodeId, Spelt<'a>>,
}

struct Group {
    name: String,
    nodes: Vec<NodeId>,
}

/// A set, in node order.
struct Spelt<'a> {
    /// Keeps the place in memory from being another set's.
    set: &'a Arc<[NodeId]>,
    entries: Vec<Entry>,
    /// Nodes of the groups among the entries that are not in the set.
    without: Vec<NodeId>,
}

/// A group stands where the first of its nodes would.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Node(NodeId),
    Group(usize),
}

impl<'a> Groups<'a> {
    /// Of the sets that are named more than once.
    pub fn new(cluster: &Cluster, sets: impl Iterator<Item = &'a Arc<[NodeId]>>) -> Self {
        // Steps share their sets, so nearly all are told apart by where they are.
        let mut seen: BTreeMap<*const NodeId, (&Arc<[NodeId]>, usize)> = BTreeMap::new();
        for set in sets {
            seen.entry(set.as_ptr()).or_insert((set, 0)).1 += 1;
        }
        let mut times: BTreeMap<&[NodeId], usize> = BTreeMap::new();
        for &(set, named) in seen.values() {
            *times.entry(set).or_default() += named;
        }
        let live: Vec<NodeId> = which(cluster, |n| n.is_live() && n.address.is_some());
        let larger = Larger::of(&live, &times);
        let shared = larger.used.iter().filter(|&(_, &times)| times > 1);
        let shared: Vec<&[NodeId]> = shared.map(|(set, _)| *set).collect();
        let groups = named(cluster, classes(cluster, &shared));
        let mut of = vec![None; cluster.nodes.len()];
        for (index, group) in groups.iter().enumerate() {
            group.nodes.iter().for_each(|n| of[n.index()] = Some(index));
        }
        let mut all = Self {
            of,
            groups,
            spelt: BTreeMap::new(),
        };
        let spelt = seen
            .iter()
            .map(|(&at, &(set, _))| (at, all.spelt(set, &larger)));
        all.spelt = spelt.collect();
        all
    }

    fn spelt(&self, set: &'a Arc<[NodeId]>, larger: &Larger) -> Spelt<'a> {
        let base = larger.of.get(&set[..]);
        let entries = self.entries(base.copied().unwrap_or(set));
        let mut without = Vec::new();
        if let Some(base) = base {
            let lacks = base.iter().filter(|id| set.binary_search(id).is_err());
            without.extend(lacks);
        }
        // Who is not in a group of the larger set is just not named.
        let (mut named, mut unnamed) = (entries, Vec::new());
        named.retain(|entry| match entry {
            Entry::Node(id) if without.contains(id) => {
                unnamed.push(*id);
                false
            }
            Entry::Node(_) | Entry::Group(_) => true,
        });
        without.retain(|id| !unnamed.contains(id));
        Spelt {
            set,
            entries: named,
            without,
        }
    }

    fn entries(&self, set: &[NodeId]) -> Vec<Entry> {
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for &group in set.iter().filter_map(|node| self.of[node.index()].as_ref()) {
            *taken.entry(group).or_default() += 1;
        }
        taken.retain(|&group, &mut nodes| nodes == self.groups[group].nodes.len());
        let mut entries = Vec::new();
        for &node in set {
            match self.of[node.index()].filter(|group| taken.contains_key(group)) {
                // Counted down to none where it is named.
                Some(group) if taken.insert(group, 0) != Some(0) => {
                    entries.push(Entry::Group(group));
                }
                Some(_) => {}
                None => entries.push(Entry::Node(node)),
            }
        }
        entries
    }

    /// The set with `@name` in place of whole groups and `-node` for who is in one but not in the set,
    /// `first` before all others if it is in no group; `address` spells a node.
    pub fn spell(
        &self,
        set: &Arc<[NodeId]>,
        first: Option<NodeId>,
        address: impl Fn(NodeId) -> Option<String>,
    ) -> Vec<String> {
        let Some(spelt) = self.spelt.get(&set.as_ptr()) else {
            return set.iter().copied().filter_map(address).collect();
        };
        debug_assert!(
            Arc::ptr_eq(spelt.set, set),
            "it was named when groups were made"
        );
        let first = first.map(Entry::Node).filter(|f| spelt.entries.contains(f));
        let others = spelt.entries.iter().copied().filter(|&e| Some(e) != first);
        let word = |entry: Entry| match entry {
            Entry::Node(node) => address(node),
            Entry::Group(group) => Some(format!("@{}", self.groups[group].name)),
        };
        let named = first.into_iter().chain(others).filter_map(word);
        let without = spelt.without.iter().copied().filter_map(&address);
        named.chain(without.map(|a| format!("-{a}"))).collect()
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

/// Sets that lack few nodes of larger ones.
struct Larger<'s> {
    /// By set: the larger one that it is spelt by.
    of: BTreeMap<&'s [NodeId], &'s [NodeId]>,
    /// Sets that are spelt by themselves, and how often they or those that lack some of them are
    /// named.
    used: BTreeMap<&'s [NodeId], usize>,
}

impl<'s> Larger<'s> {
    /// `times` tells how often a set is named; all that live need not be among them.
    fn of(live: &'s [NodeId], times: &BTreeMap<&'s [NodeId], usize>) -> Self {
        let mut sets: Vec<(&[NodeId], usize)> = times.iter().map(|(&s, &t)| (s, t)).collect();
        sets.sort_by_key(|(set, _)| std::cmp::Reverse(set.len()));
        let lack_of = |base: &[NodeId]| {
            let lacking = sets.iter().filter(|(set, _)| is_lacking(set, base));
            lacking.map(|(_, times)| times).sum::<usize>()
        };
        let mut larger = Self {
            of: BTreeMap::new(),
            used: BTreeMap::new(),
        };
        let mut bases: Vec<&[NodeId]> = Vec::new();
        if !times.contains_key(live) && lack_of(live) > 1 {
            bases.push(live);
        }
        for &(set, times) in &sets {
            let base = bases.iter().copied().find(|base| is_lacking(set, base));
            if let Some(base) = base {
                larger.of.insert(set, base);
            } else if bases.len() < LARGE {
                bases.push(set);
            }
            *larger.used.entry(base.unwrap_or(set)).or_default() += times;
        }
        larger
    }
}

/// Both are in node order.
fn is_lacking(set: &[NodeId], base: &[NodeId]) -> bool {
    let lacks = base.len().saturating_sub(set.len());
    // Of few nodes nobody need be told who is not among them.
    (1..=LACKING).contains(&lacks)
        && set.len() >= NAMED
        && set.iter().all(|id| base.binary_search(id).is_ok())
}

/// Nodes that are in the same sets, where they are many enough for a name.
fn classes(cluster: &Cluster, sets: &[&[NodeId]]) -> Vec<Vec<NodeId>> {
    // One class is split by one set after the other.
    let mut class = vec![0; cluster.nodes.len()];
    let mut count = 1;
    for set in sets {
        let mut split: BTreeMap<usize, usize> = BTreeMap::new();
        for node in *set {
            let class = &mut class[node.index()];
            *class = *split.entry(*class).or_insert_with(|| {
                count += 1;
                count - 1
            });
        }
    }
    let mut classes = vec![Vec::new(); count];
    for (index, &class) in class.iter().enumerate() {
        classes[class].push(NodeId(index as u32));
    }
    // The first is of those that are in no set.
    classes.remove(0);
    classes.retain(|nodes| nodes.len() >= NAMED);
    classes.sort();
    classes
}

fn which(cluster: &Cluster, test: fn(&Node) -> bool) -> Vec<NodeId> {
    let nodes = cluster.iter().filter(|(_, n)| test(n));
    nodes.map(|(id, _)| id).collect()
}

fn named(cluster: &Cluster, classes: Vec<Vec<NodeId>>) -> Vec<Group> {
    let live = which(cluster, Node::is_live);
    let voters = which(cluster, |n| n.is_live_member() && !n.slots.is_empty());
    let mut numbers = 1..;
    let mut name = |nodes: &[NodeId]| {
        if nodes == live {
            "live".to_owned()
        } else if nodes == voters {
            "voters".to_owned()
        } else {
            format!("nodes-{}", numbers.next().unwrap_or(0))
        }
    };
    let group = |nodes: Vec<NodeId>| Group {
        name: name(&nodes),
        nodes,
    };
    classes.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    fn spelt(groups: &Groups, set: &Arc<[NodeId]>, first: Option<u32>) -> String {
        let first = first.map(NodeId);
        let words = groups.spell(set, first, |id| Some(id.0.to_string()));
        words.join(" ")
    }

    fn set(nodes: impl IntoIterator<Item = u32>) -> Arc<[NodeId]> {
        nodes.into_iter().map(NodeId).collect()
    }

    #[test]
    fn nodes_that_stand_in_the_same_sets_have_one_name() {
        let cluster = cluster("m1@h1 < a b c d e f g h i; m2@h2 < k l m n o p q r s");
        assert_eq!(cluster.nodes.len(), 20);
        let (all, most) = (set(0..20), set(6..20));
        let few = set(15..20);
        let sets = [&all, &most, &all, &most, &few];
        let groups = Groups::new(&cluster, sets.into_iter());
        assert_eq!(spelt(&groups, &all, None), "0 1 2 3 4 5 @nodes-1");
        assert_eq!(spelt(&groups, &all, Some(1)), "1 0 2 3 4 5 @nodes-1");
        assert_eq!(spelt(&groups, &all, Some(7)), "0 1 2 3 4 5 @nodes-1");
        assert_eq!(spelt(&groups, &most, None), "@nodes-1");
        // Not whole, so one by one.
        assert_eq!(spelt(&groups, &few, Some(17)), "17 15 16 18 19");
        let listed = groups.listed(|id| Some(id.0.to_string()));
        assert_eq!(listed.len(), 1);
        assert_eq!(listed["nodes-1"].len(), 14);
    }

    #[test]
    fn sets_that_lack_a_node_each_are_groups_without_it() {
        let cluster = cluster("m1@h1 < a b c d e f g h i; m2@h2 < k l m n o p q r s");
        let without = |out: u32| set((0..20).filter(|&n| n != out));
        let sets = [without(3), without(4), without(19), set(2..20)];
        let groups = Groups::new(&cluster, sets.iter());
        let listed = groups.listed(|id| Some(id.0.to_string()));
        assert_eq!(listed["live"].len(), 20);
        let words: Vec<String> = sets.iter().map(|s| spelt(&groups, s, None)).collect();
        assert_eq!(words, ["@live -3", "@live -4", "@live -19", "@live -0 -1"]);
        let alone = Groups::new(&cluster, sets.iter().take(1));
        assert!(alone.listed(|_| None).is_empty());
        assert_eq!(spelt(&alone, &sets[0], None).split(' ').count(), 19);
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
        assert_eq!(spelt(&groups, &live, None), "@live");
        let once = Groups::new(&cluster, [&live].into_iter());
        assert!(once.listed(|_| None).is_empty());
    }
}
