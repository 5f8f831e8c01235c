//! How masters are spread over hosts or zones, and where failovers could even it out.

use std::collections::VecDeque;

use crate::model::Cluster;
use crate::model::Copies;
use crate::model::Copy;
use crate::model::Holder;
use crate::model::NodeId;

/// A level of failure domain over which masters are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    Host,
    Zone,
}

impl Tier {
    /// Index of the node's host or zone, if it has one.
    pub fn index_of(self, cluster: &Cluster, id: NodeId) -> Option<usize> {
        match self {
            Self::Host => cluster.node(id).host.map(|h| h.0 as usize),
            Self::Zone => cluster.zone_of(id).map(|z| z.0 as usize),
        }
    }

    fn place_of(self, holder: &Holder) -> Option<usize> {
        match self {
            Self::Host => holder.host.map(|h| h.0 as usize),
            Self::Zone => holder.zone.map(|z| z.0 as usize),
        }
    }
}

/// Fair shares of masters, by host and by zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    pub host: u32,
    pub zone: u32,
}

impl Shares {
    /// Those of copies as they are: over hosts and zones with a live member.
    pub fn of(copies: &Copies) -> Self {
        Self::with(copies, std::iter::empty())
    }

    /// The same where some nodes that are no members yet count, too. A plan holds masters to the
    /// shares of its beginning: else meeting a node would lower them.
    pub fn with(copies: &Copies, joining: impl Iterator<Item = NodeId> + Clone) -> Self {
        let share = |tier: Tier| {
            let mut spread = Spread::of(copies, tier);
            for id in joining.clone() {
                if let Some(at) = tier.place_of(copies.holder(id)) {
                    spread.live[at] = true;
                }
            }
            spread.fair_share()
        };
        Self {
            host: share(Tier::Host),
            zone: share(Tier::Zone),
        }
    }
}

/// Live masters with slots by host or zone. Masters without a host (or zone) are above the share of
/// none, but count for it: else a handover to one of them would lower it. Where all nodes are in one
/// zone, none counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spread {
    pub tier: Tier,
    /// By index of the host or zone.
    pub masters: Vec<u32>,
    /// Without a host (or zone).
    nowhere: u32,
    /// A live member runs there.
    pub live: Vec<bool>,
}

impl Spread {
    pub fn of(copies: &Copies, tier: Tier) -> Self {
        let len = match tier {
            Tier::Host => copies.hosts(),
            Tier::Zone => copies.zones(),
        };
        let (mut masters, mut live) = (vec![0; len], vec![false; len]);
        let mut nowhere = 0;
        if tier == Tier::Host || has_zones_apart(copies) {
            let members = copies.holders().iter().filter(|holder| holder.live);
            members
                .filter_map(|holder| tier.place_of(holder))
                .for_each(|at| live[at] = true);
            let leads = copies.all().iter().filter(|c| c.live && c.is_master());
            for copy in leads {
                match tier.place_of(copies.holder(copy.node)) {
                    Some(at) => masters[at] += 1,
                    None => nowhere += 1,
                }
            }
        }
        Self {
            tier,
            masters,
            nowhere,
            live,
        }
    }

    /// Live masters, wherever they are.
    pub fn total(&self) -> u32 {
        self.masters.iter().sum::<u32>() + self.nowhere
    }

    /// Hosts (or zones) with a live member.
    pub fn places(&self) -> u32 {
        self.live.iter().filter(|&&l| l).count() as u32
    }

    /// Masters per live host (or zone), rounded up; 0 where nothing lives.
    pub fn fair_share(&self) -> u32 {
        self.total().div_ceil(self.places().max(1))
    }

    /// Σ max(0, masters − fair share).
    pub fn over(&self) -> i64 {
        self.beyond(self.fair_share())
    }

    /// Σ max(0, masters − `spare`), with [`votes_to_spare`].
    pub fn beyond_votes(&self, spare: usize) -> i64 {
        self.beyond(u32::try_from(spare).unwrap_or(u32::MAX))
    }

    /// Σ max(0, masters − `limit`).
    pub fn beyond(&self, limit: u32) -> i64 {
        let excess = |&masters: &u32| i64::from(masters.saturating_sub(limit));
        self.masters.iter().map(excess).sum()
    }

    /// Which places have more masters than the fair share *and* could hand one on: a place with
    /// fewer is reachable over failovers to usable replicas. As a path visits a place once, each
    /// of its failovers is of another shard, so the total excess falls by one; and if no path
    /// exists, no sequence of failovers lowers it.
    pub fn relievable(&self, copies: &Copies) -> Vec<bool> {
        let share = self.fair_share();
        let mut relievable = vec![false; self.masters.len()];
        if self.masters.iter().all(|&m| m <= share) {
            return relievable;
        }
        // Backwards from the places with room: `from[b]` are the places that can hand on to b.
        let mut from = vec![Vec::new(); self.masters.len()];
        let place = |copy: &Copy| self.tier.place_of(copies.holder(copy.node));
        for shard in copies.shards() {
            let Some(a) = copies.live_master(shard).and_then(place) else {
                continue;
            };
            // Who was told `nofailover` is not promoted for balance.
            let heirs = copies.of(shard).iter();
            let heirs = heirs.filter(|copy| copy.usable && copy.willing && !copy.is_master());
            for b in heirs.filter_map(place) {
                from[b].push(a);
            }
        }
        let room = |at: &usize| self.live[*at] && self.masters[*at] < share;
        let mut queue: VecDeque<usize> = (0..self.masters.len()).filter(room).collect();
        let mut reaches = vec![false; self.masters.len()];
        queue.iter().for_each(|&at| reaches[at] = true);
        while let Some(at) = queue.pop_front() {
            for &before in &from[at] {
                if !reaches[before] {
                    reaches[before] = true;
                    queue.push_back(before);
                }
            }
        }
        for (at, flag) in relievable.iter_mut().enumerate() {
            *flag = reaches[at] && self.masters[at] > share;
        }
        relievable
    }
}

/// Nodes, dead ones included, are in more than one zone.
fn has_zones_apart(copies: &Copies) -> bool {
    let mut zones = copies.holders().iter().filter_map(|holder| holder.zone);
    let first = zones.next();
    zones.any(|zone| Some(zone) != first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Link;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn shares_and_who_could_hand_on() {
        let skewed = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3");
        let copies = skewed.copies(&skewed.shards());
        let hosts = Spread::of(&copies, Tier::Host);
        assert_eq!(
            (hosts.total(), hosts.places(), hosts.fair_share()),
            (3, 3, 1)
        );
        assert_eq!(hosts.relievable(&copies), [true, false, false]);
    }

    #[test]
    fn relief_goes_over_a_third_host_but_not_over_a_broken_link() {
        let mut chain = cluster("m1@h1 < r1@h2; m2@h1 < r2@h2; m3@h2 < r3@h3");
        let relievable = |of: &Cluster| {
            let copies = of.copies(&of.shards());
            Spread::of(&copies, Tier::Host).relievable(&copies)[0]
        };
        assert!(relievable(&chain));
        let r3 = id(&chain, "r3");
        chain.node_mut(r3).replication.link = Link::Down;
        assert!(!relievable(&chain));
    }
}
