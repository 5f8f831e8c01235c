//! The way from shards to nodes that may come, made small.
//!
//! A shard may take nodes of every place but its own few, and an arc from every shard to every
//! place would be millions. Places of one zone are the leaves of a segment tree instead: "all of
//! this zone but mine" is then a handful of arcs. Below a place lie its leaves, one for each disk,
//! and there the kinds.

use std::collections::BTreeMap;

use crate::flow::ArcId;
use crate::flow::UNLIMITED;
use crate::plan::level::Cost;
use crate::plan::target::instance::DiskId;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::ZoneId;

pub type Network = crate::flow::Network<{ crate::plan::level::Level::COUNT }>;
pub type Flow = crate::flow::Flow<{ crate::plan::level::Level::COUNT }>;

/// Index of a leaf.
pub type LeafId = usize;

/// Nodes of one place and disk that the same shards may take.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Leaf {
    pub place: PlaceId,
    pub group: usize,
    pub disk: Option<DiskId>,
}

/// The leaves of an instance; kinds by leaf.
pub struct Leaves {
    pub all: Vec<Leaf>,
    pub of_kind: Vec<LeafId>,
    pub kinds: Vec<Vec<KindId>>,
    pub at: BTreeMap<PlaceId, Vec<LeafId>>,
}

impl Leaves {
    pub fn new(instance: &Instance) -> Self {
        let leaf = |k: &crate::plan::target::instance::Kind| Leaf {
            place: k.place,
            group: k.group,
            disk: k.disk,
        };
        let mut all: Vec<Leaf> = instance.kinds.iter().map(leaf).collect();
        all.sort_unstable();
        all.dedup();
        let mut kinds = vec![Vec::new(); all.len()];
        let mut of_kind = Vec::new();
        for (id, kind) in instance.kinds.iter().enumerate() {
            let at = all.binary_search(&leaf(kind)).expect("it is among all");
            kinds[at].push(id);
            of_kind.push(at);
        }
        let mut at: BTreeMap<PlaceId, Vec<LeafId>> = BTreeMap::new();
        for (id, leaf) in all.iter().enumerate() {
            at.entry(leaf.place).or_default().push(id);
        }
        Self {
            all,
            of_kind,
            kinds,
            at,
        }
    }
}

/// A tree over the places of one zone that have nodes of one group.
struct Tree {
    places: Vec<PlaceId>,
    /// Network nodes as a heap: the children of `i` are `2i` and `2i + 1`, places come last.
    heap: Vec<usize>,
    /// Arcs to both children.
    down: Vec<[Option<ArcId>; 2]>,
    /// By place: arcs to its leaves.
    to_leaves: Vec<Vec<(ArcId, LeafId)>>,
}

/// A position in one of the trees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    tree: usize,
    at: usize,
}

/// All trees of a network.
pub struct Trees {
    trees: Vec<Tree>,
    by_zone: BTreeMap<(Option<ZoneId>, usize), usize>,
    /// Network node of every leaf.
    pub leaf: Vec<usize>,
}

impl Trees {
    pub fn new(instance: &Instance, leaves: &Leaves, network: &mut Network) -> Self {
        let mut by_zone: BTreeMap<(Option<ZoneId>, usize), Vec<PlaceId>> = BTreeMap::new();
        for leaf in &leaves.all {
            let list = by_zone
                .entry((instance.zone_of(leaf.place), leaf.group))
                .or_default();
            if list.last() != Some(&leaf.place) {
                list.push(leaf.place);
            }
        }
        // Leaves are sorted by place, then group, so a place may come up twice in a list.
        for list in by_zone.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        let leaf: Vec<usize> = leaves.all.iter().map(|_| network.node()).collect();
        let mut trees = Vec::new();
        let mut index = BTreeMap::new();
        for ((zone, group), places) in by_zone {
            index.insert((zone, group), trees.len());
            trees.push(Tree::new(places, group, leaves, &leaf, network));
        }
        Self {
            trees,
            by_zone: index,
            leaf,
        }
    }

    /// Zones and groups that have nodes.
    pub fn zones(&self) -> impl Iterator<Item = (Option<ZoneId>, usize)> {
        self.by_zone.keys().copied()
    }

    /// Spots that together hold all places of a zone and group but some.
    pub fn cover(&self, zone: Option<ZoneId>, group: usize, without: &[PlaceId]) -> Vec<Spot> {
        let Some(&tree) = self.by_zone.get(&(zone, group)) else {
            return Vec::new();
        };
        let places = &self.trees[tree].places;
        let mut cuts: Vec<usize> = without
            .iter()
            .filter_map(|p| places.binary_search(p).ok())
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.push(places.len());
        let mut spots = Vec::new();
        let mut from = 0;
        for cut in cuts {
            span(from, cut, places.len(), &mut |at| {
                spots.push(Spot { tree, at })
            });
            from = cut + 1;
        }
        spots
    }

    /// The spot of one place.
    pub fn spot(&self, zone: Option<ZoneId>, group: usize, place: PlaceId) -> Option<Spot> {
        let &tree = self.by_zone.get(&(zone, group))?;
        let places = &self.trees[tree].places;
        let at = places.binary_search(&place).ok()?;
        Some(Spot {
            tree,
            at: at + places.len(),
        })
    }

    /// The network node of a spot.
    pub fn node(&self, spot: Spot) -> usize {
        self.trees[spot.tree].heap[spot.at]
    }

    /// Which leaf everybody ends at who entered at a spot, as the flow goes: entrants are taken
    /// apart from the root down, so that two of one shard part where they can.
    pub fn deal(&self, flow: &Flow, entrants: &[(Spot, usize)]) -> Vec<(usize, LeafId)> {
        let mut waiting: Vec<Vec<Vec<usize>>> = self
            .trees
            .iter()
            .map(|t| vec![Vec::new(); t.heap.len()])
            .collect();
        for &(spot, who) in entrants {
            waiting[spot.tree][spot.at].push(who);
        }
        let mut ends = Vec::new();
        for (tree, waiting) in self.trees.iter().zip(&mut waiting) {
            for at in 1..tree.heap.len() {
                let mut list = std::mem::take(&mut waiting[at]);
                if list.is_empty() {
                    continue;
                }
                list.sort_unstable();
                if at < tree.places.len() {
                    let to_left = tree.down[at][0].map_or(0, |a| flow.on(a)) as usize;
                    let (left, right) = part(&list, to_left);
                    waiting[2 * at].extend(left);
                    waiting[2 * at + 1].extend(right);
                } else {
                    let mut list = list.into_iter();
                    for &(arc, leaf) in &tree.to_leaves[at - tree.places.len()] {
                        let here = list.by_ref().take(flow.on(arc) as usize);
                        ends.extend(here.map(|who| (who, leaf)));
                    }
                }
            }
        }
        ends
    }
}

impl Tree {
    fn new(
        places: Vec<PlaceId>,
        group: usize,
        leaves: &Leaves,
        leaf: &[usize],
        network: &mut Network,
    ) -> Self {
        let count = places.len();
        let mut heap = vec![0; 2 * count];
        let mut down = vec![[None; 2]; 2 * count];
        let mut to_leaves = vec![Vec::new(); count];
        // From the last to the first, as arcs lead to nodes behind.
        for at in (1..2 * count).rev() {
            heap[at] = network.node();
            if at < count {
                for child in 0..2 {
                    let to = heap[2 * at + child];
                    down[at][child] = Some(network.arc(heap[at], to, UNLIMITED, Cost::ZERO));
                }
            } else {
                let place = places[at - count];
                for &id in leaves.at.get(&place).into_iter().flatten() {
                    if leaves.all[id].group == group {
                        let arc = network.arc(heap[at], leaf[id], UNLIMITED, Cost::ZERO);
                        to_leaves[at - count].push((arc, id));
                    }
                }
            }
        }
        Self {
            places,
            heap,
            down,
            to_leaves,
        }
    }
}

/// Heap positions that together hold the leaves `from..to` of `count`.
fn span(from: usize, to: usize, count: usize, found: &mut impl FnMut(usize)) {
    let (mut left, mut right) = (from + count, to + count);
    while left < right {
        if left % 2 == 1 {
            found(left);
            left += 1;
        }
        if right % 2 == 1 {
            right -= 1;
            found(right);
        }
        left /= 2;
        right /= 2;
    }
}

/// Splits a sorted list; who is in it more than once goes to both sides.
fn part(list: &[usize], to_left: usize) -> (Vec<usize>, Vec<usize>) {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &who in list {
        match runs.last_mut() {
            Some((last, count)) if *last == who => *count += 1,
            _ => runs.push((who, 1)),
        }
    }
    // Those that come often first: one to either side in turn.
    runs.sort_by_key(|&(who, count)| (std::cmp::Reverse(count), who));
    let to_right = list.len() - to_left;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (who, count) in runs {
        for turn in 0..count {
            let goes_left = right.len() >= to_right || (left.len() < to_left && turn % 2 == 0);
            if goes_left {
                left.push(who);
            } else {
                right.push(who);
            }
        }
    }
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_hold_every_leaf_once() {
        for count in 1..20 {
            for from in 0..=count {
                for to in from..=count {
                    let mut held = vec![0; count];
                    span(from, to, count, &mut |mut at| {
                        let mut width = 1;
                        while at < count {
                            at *= 2;
                            width *= 2;
                        }
                        for leaf in at..at + width {
                            // The last row of a heap that is not full begins behind the places.
                            held[(leaf - count) % count] += 1;
                        }
                    });
                    let expected: Vec<i32> = (0..count)
                        .map(|i| i32::from((from..to).contains(&i)))
                        .collect();
                    assert_eq!(held, expected, "{from}..{to} of {count}");
                }
            }
        }
    }

    #[test]
    fn twins_part() {
        assert_eq!(part(&[1, 1, 2, 3], 2), (vec![1, 2], vec![1, 3]));
        assert_eq!(part(&[1, 1], 2), (vec![1, 1], vec![]));
    }
}
