//! The most domains of one kind that may go together.

use std::collections::BTreeSet;

use crate::impact::Demand;
use crate::impact::Ground;
use crate::impact::TabletDemands;
use crate::impact::Unmet;
use crate::impact::tablets::OnTablets;
use crate::model::NodeId;
use crate::model::Tablets;

/// Losses that are looked at for it: beyond so many the set is one that cannot be grown, and
/// maybe not the largest.
const LOOKED_AT: usize = 5_000;

/// A set of domains that may be lost together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grown {
    /// Indexes of the domains, ascending.
    pub together: Vec<usize>,
    /// No larger set meets the demands.
    pub is_largest: bool,
    /// Every other domain that has a live node, and what it would break beside the set.
    pub next: Vec<(usize, Vec<Unmet>)>,
}

/// The largest set of `domains` that may be lost together, and with `lost`, so that every demand
/// is met; of equal ones the first in the order of the domains. Who loses more has no more copies
/// and votes, so a set that breaks a demand is in none that meets it.
pub fn grow(
    ground: &mut Ground,
    lost: &BTreeSet<NodeId>,
    domains: &[Vec<NodeId>],
    demands: &[Demand],
) -> Grown {
    grow_on(&mut OnGround { ground, demands }, lost, domains)
}

/// The same for tablets, by the ids of [`Tablets::copies`].
pub fn grow_tablets(
    state: &Tablets,
    lost: &BTreeSet<NodeId>,
    domains: &[Vec<NodeId>],
    demands: &TabletDemands,
) -> Grown {
    grow_on(&mut OnTablets { state, demands }, lost, domains)
}

/// Where something may be lost, and what of the demands is not met then.
pub(super) trait Losing {
    /// It lives before any loss.
    fn is_live(&self, id: NodeId) -> bool;
    fn unmet(&mut self, lost: &BTreeSet<NodeId>) -> Vec<Unmet>;
}

struct OnGround<'a> {
    ground: &'a mut Ground,
    demands: &'a [Demand],
}

impl Losing for OnGround<'_> {
    fn is_live(&self, id: NodeId) -> bool {
        self.ground.is_live(id)
    }

    fn unmet(&mut self, lost: &BTreeSet<NodeId>) -> Vec<Unmet> {
        let impact = self.ground.lose(lost);
        let unmet = self.demands.iter().filter_map(|d| d.unmet(&impact));
        unmet.collect()
    }
}

fn grow_on(ground: &mut dyn Losing, lost: &BTreeSet<NodeId>, domains: &[Vec<NodeId>]) -> Grown {
    // What is down already costs nothing and buys nothing.
    let live = |nodes: &Vec<NodeId>| {
        let more = |id: &&NodeId| ground.is_live(**id) && !lost.contains(*id);
        nodes.iter().any(|id| more(&id))
    };
    let candidates: Vec<usize> = (0..domains.len()).filter(|&d| live(&domains[d])).collect();
    let mut search = Search {
        ground,
        domains,
        candidates: &candidates,
        best: Vec::new(),
        left: LOOKED_AT,
    };
    let mut nodes = lost.clone();
    let mut chosen = Vec::new();
    if search.unmet(&nodes).is_empty() {
        search.deepen(0, &mut nodes, &mut chosen);
    }
    let is_largest = search.left > 0;
    let together = std::mem::take(&mut search.best);
    let mut all = lost.clone();
    all.extend(together.iter().flat_map(|&d| &domains[d]));
    let mut next = Vec::new();
    for &other in candidates.iter().filter(|d| !together.contains(d)) {
        let mut more = all.clone();
        more.extend(&domains[other]);
        next.push((other, search.unmet(&more)));
    }
    Grown {
        together,
        is_largest,
        next,
    }
}

struct Search<'a> {
    ground: &'a mut dyn Losing,
    domains: &'a [Vec<NodeId>],
    candidates: &'a [usize],
    best: Vec<usize>,
    left: usize,
}

impl Search<'_> {
    fn unmet(&mut self, nodes: &BTreeSet<NodeId>) -> Vec<Unmet> {
        self.left = self.left.saturating_sub(1);
        self.ground.unmet(nodes)
    }

    /// Sets in the order of their domains: the first of each size that fits is the one kept.
    fn deepen(&mut self, from: usize, nodes: &mut BTreeSet<NodeId>, chosen: &mut Vec<usize>) {
        if chosen.len() > self.best.len() {
            self.best.clone_from(chosen);
        }
        for at in from..self.candidates.len() {
            let rest = self.candidates.len() - at;
            if chosen.len() + rest <= self.best.len() || self.left == 0 {
                return;
            }
            let domain = self.candidates[at];
            let fresh = self.domains[domain].iter().copied();
            let fresh: Vec<NodeId> = fresh.filter(|id| nodes.insert(*id)).collect();
            if self.unmet(nodes).is_empty() {
                chosen.push(domain);
                self.deepen(at + 1, nodes, chosen);
                chosen.pop();
            }
            fresh.iter().for_each(|id| {
                nodes.remove(id);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    /// The largest set by trying all.
    fn largest(ground: &mut Ground, domains: &[Vec<NodeId>], demands: &[Demand]) -> usize {
        let all = 0u32..1 << domains.len();
        let fits = |set: &u32| {
            let chosen = (0..domains.len()).filter(|d| set >> d & 1 == 1);
            let nodes = chosen.flat_map(|d| domains[d].clone()).collect();
            let impact = ground.lose(&nodes);
            demands.iter().all(|d| d.unmet(&impact).is_none())
        };
        all.filter(fits)
            .map(|s| s.count_ones() as usize)
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_larger_set_is_missed() {
        for text in [
            "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h4; m4@h4 < r4@h5; m5@h5 < r5@h1",
            "m1@h1 < r1@h2 s1@h3; m2@h2 < r2@h4; m3@h3 < r3@h5; m4@h6 < r4@h1 s4@h2",
            "m1@h1 < r1@h1; m2@h2 < r2@h3; m3@h4 < r3@h5",
        ] {
            let cluster = cluster(text);
            let mut ground = Ground::new(&cluster, 1);
            let domains: Vec<Vec<NodeId>> = (0..cluster.hosts.len())
                .map(|host| {
                    let here = |(_, n): &(NodeId, &crate::model::Node)| {
                        n.host.is_some_and(|h| h.0 as usize == host)
                    };
                    cluster.iter().filter(here).map(|(id, _)| id).collect()
                })
                .collect();
            for demands in [
                vec![Demand::Serve],
                vec![Demand::Serve, Demand::Majority],
                vec![Demand::Majority],
                vec![Demand::Copies(1), Demand::Majority],
            ] {
                let grown = grow(&mut ground, &BTreeSet::new(), &domains, &demands);
                let best = largest(&mut ground, &domains, &demands);
                assert_eq!(grown.together.len(), best, "{text} {demands:?}");
                assert!(grown.is_largest);
                assert!(grown.next.iter().all(|(_, unmet)| !unmet.is_empty()));
            }
        }
    }
}
