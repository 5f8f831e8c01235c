//! A cluster in motion, with the counts that every step of a plan is judged by.
//!
//! Looking at all nodes after every step makes a plan quadratic, so an act says which nodes it
//! touches, and only what follows from those is counted again.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::Cluster;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;

/// A cluster and its counts; read as the cluster, changed by [`Counted::edit`] alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    cluster: Cluster,
    /// By node: who names it as its master, ascending.
    followers: Vec<Vec<NodeId>>,
    /// Slots that a live member owns.
    covered: SlotSet,
    /// By slot that several live members own: how many beyond the first. Nearly always none, so
    /// that all else is a matter of whole words of a bitmap.
    contested: BTreeMap<u16, u32>,
    voters: usize,
    live_voters: usize,
    top_epoch: u64,
    /// By node: live, synced copies of the shard whose slots it owns; 0 for all others.
    copies: Vec<u32>,
    /// Owners with fewer than two.
    thin: BTreeSet<NodeId>,
    /// Those that came to it since somebody asked last.
    newly_thin: Vec<NodeId>,
    /// Live voters, listed once somebody asks; see [`Counted::voter_crowd`].
    crowd: OnceCell<Arc<[NodeId]>>,
}

impl Deref for Counted {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Counted {
    pub fn new(cluster: Cluster) -> Self {
        let nodes = cluster.nodes.len();
        let mut counted = Self {
            cluster,
            followers: vec![Vec::new(); nodes],
            covered: SlotSet::new(),
            contested: BTreeMap::new(),
            voters: 0,
            live_voters: 0,
            top_epoch: 0,
            copies: vec![0; nodes],
            thin: BTreeSet::new(),
            newly_thin: Vec::new(),
            crowd: OnceCell::new(),
        };
        let all: Vec<NodeId> = (0..nodes as u32).map(NodeId).collect();
        all.iter().for_each(|&id| counted.enter(id));
        all.iter().for_each(|&id| counted.recount(id));
        counted.newly_thin.clear();
        counted
    }

    pub fn into_cluster(self) -> Cluster {
        self.cluster
    }

    /// Changes nodes. Of nodes outside `touched` only what is not counted may change: who knows
    /// whom, open slots, links, offsets, keys.
    pub fn edit(&mut self, touched: &[NodeId], change: impl FnOnce(&mut Cluster)) {
        let touched: BTreeSet<NodeId> = touched.iter().copied().collect();
        let mut shards: BTreeSet<NodeId> = touched.clone();
        shards.extend(touched.iter().filter_map(|&id| self.cluster.root(id)));
        touched.iter().for_each(|&id| self.leave(id));
        change(&mut self.cluster);
        touched.iter().for_each(|&id| self.enter(id));
        shards.extend(touched.iter().filter_map(|&id| self.cluster.root(id)));
        shards.iter().for_each(|&id| self.recount(id));
    }

    /// Who names the node as its master, dead or alive, ascending.
    pub fn followers(&self, master: NodeId) -> &[NodeId] {
        &self.followers[master.index()]
    }

    /// Slots that no live node owns.
    pub fn uncovered_slots(&self) -> u32 {
        u32::from(SLOT_COUNT) - self.covered.len()
    }

    /// Live, synced copies of the shard whose slots the node owns.
    pub fn copies(&self, owner: NodeId) -> u32 {
        self.copies[owner.index()]
    }

    /// Owners, dead or alive, of shards with fewer than two live, synced copies.
    pub fn thin(&self) -> &BTreeSet<NodeId> {
        &self.thin
    }

    /// Owners that have come to have fewer than two since this was asked last, ascending.
    pub fn take_newly_thin(&mut self) -> Vec<NodeId> {
        let mut owners = std::mem::take(&mut self.newly_thin);
        owners.retain(|owner| self.thin.contains(owner));
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Who votes and lives, in node order: one list in memory for as long as that is the same.
    pub fn voter_crowd(&self) -> Arc<[NodeId]> {
        let votes = |(id, node): (NodeId, &Node)| {
            (node.is_live_member() && !node.slots.is_empty()).then_some(id)
        };
        let list = || self.cluster.iter().filter_map(votes).collect();
        self.crowd.get_or_init(list).clone()
    }

    /// See [`Cluster::has_majority`].
    pub fn has_majority(&self) -> bool {
        self.live_voters > self.voters / 2
    }

    /// The highest config epoch of all nodes.
    pub fn top_epoch(&self) -> u64 {
        self.top_epoch
    }

    fn leave(&mut self, id: NodeId) {
        let node = self.cluster.node(id);
        if node.membership == Membership::Forgotten {
            return;
        }
        if let Some(master) = node.master() {
            self.followers[master.index()].retain(|&f| f != id);
        }
        if node.slots.is_empty() {
            return;
        }
        self.crowd.take();
        self.voters -= 1;
        if node.is_live_member() {
            self.live_voters -= 1;
            let mut kept = SlotSet::new();
            self.contested.retain(|&slot, beyond| {
                let owned = node.slots.contains(slot);
                if owned {
                    kept.insert(slot);
                    *beyond -= 1;
                }
                *beyond > 0
            });
            self.covered.subtract(&node.slots);
            self.covered.union_with(&kept);
        }
    }

    fn enter(&mut self, id: NodeId) {
        let node = self.cluster.node(id);
        if node.membership == Membership::Forgotten {
            return;
        }
        self.top_epoch = self.top_epoch.max(node.config_epoch);
        if let Some(master) = node.master() {
            let followers = &mut self.followers[master.index()];
            let at = followers.partition_point(|&f| f < id);
            followers.insert(at, id);
        }
        if node.slots.is_empty() {
            return;
        }
        self.crowd.take();
        self.voters += 1;
        if node.is_live_member() {
            self.live_voters += 1;
            if !self.covered.is_disjoint(&node.slots) {
                for slot in self.covered.intersection(&node.slots).iter() {
                    *self.contested.entry(slot).or_default() += 1;
                }
            }
            self.covered.union_with(&node.slots);
        }
    }

    /// Counts the copies of the shard whose slots the node owns, through replicas of replicas.
    fn recount(&mut self, owner: NodeId) {
        let cluster = &self.cluster;
        let of = cluster.node(owner);
        if of.slots.is_empty() || of.membership == Membership::Forgotten {
            self.copies[owner.index()] = 0;
            self.thin.remove(&owner);
            return;
        }
        let mut copies = u32::from(of.is_live_member());
        let mut ahead: Vec<NodeId> = self.followers[owner.index()].clone();
        while let Some(id) = ahead.pop() {
            let node = cluster.node(id);
            // Whoever owns slots leads a shard of its own.
            if node.slots.is_empty() {
                copies += u32::from(node.is_live_member() && cluster.is_synced(id));
                ahead.extend(&self.followers[id.index()]);
            }
        }
        self.copies[owner.index()] = copies;
        if copies < 2 {
            if self.thin.insert(owner) {
                self.newly_thin.push(owner);
            }
        } else {
            self.thin.remove(&owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::Sync;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    /// What one would count looking at all nodes.
    fn agrees(at: &Counted) {
        let mut quiet = at.clone();
        quiet.newly_thin.clear();
        let fresh = Counted::new(Cluster::clone(at));
        assert_eq!(fresh.voter_crowd(), quiet.voter_crowd());
        assert_eq!(fresh, quiet);
        assert_eq!(at.uncovered_slots(), at.uncovered().len());
        assert_eq!(at.live_voters, Cluster::live_voters(at));
        assert_eq!(at.has_majority(), Cluster::has_majority(at));
        for (owner, node) in at.iter().filter(|(_, n)| !n.slots.is_empty()) {
            let holds = |id: NodeId| id == owner || at.is_synced(id);
            let copies = at
                .iter()
                .filter(|&(id, n)| n.is_live_member() && holds(id) && at.root(id) == Some(owner));
            assert_eq!(at.copies(owner) as usize, copies.count(), "{node}");
            assert_eq!(at.thin().contains(&owner), at.copies(owner) < 2);
        }
    }

    #[test]
    fn counts_follow_every_change() {
        let mut at = Counted::new(cluster(
            "m1@h1 < r1@h2 s1@h3; m2!@h2 < r2@h1; m3?@h3 < r3~@h1; x@h3 new*@h2",
        ));
        agrees(&at);
        let node = |at: &Counted, name: &str| id(at, name);
        assert_eq!(at.uncovered_slots(), 10922 + 1);
        let [r1, s1, m2, r2, x] = ["r1", "s1", "m2", "r2", "x"].map(|n| node(&at, n));
        // A replica of a replica is a copy of the same shard.
        at.edit(&[s1], |c| c.node_mut(s1).role = Role::Replica(Some(r1)));
        agrees(&at);
        at.edit(&[x], |c| c.node_mut(x).role = Role::Replica(Some(s1)));
        agrees(&at);
        at.edit(&[r1], |c| c.node_mut(r1).role = Role::Replica(Some(m2)));
        agrees(&at);
        let mut both = [r1, r2];
        both.sort_unstable();
        assert_eq!(at.followers(m2), both);
        at.edit(&[r2, m2], |c| {
            let slots = std::mem::take(&mut c.node_mut(m2).slots);
            c.node_mut(r2).slots = slots;
            c.node_mut(r2).role = Role::Master;
            c.node_mut(r2).config_epoch = 900;
        });
        agrees(&at);
        assert_eq!(at.top_epoch(), 900);
        at.edit(&[s1], |c| c.node_mut(s1).replication.sync = Sync::Never);
        agrees(&at);
        at.edit(&[r2], |c| c.node_mut(r2).slots = SlotSet::new());
        agrees(&at);
        at.edit(&[r1], |c| c.node_mut(r1).membership = Membership::Forgotten);
        agrees(&at);
        // Slots of two and of three live owners stay covered until the last of them is gone.
        let m1 = node(&at, "m1");
        let uncovered = at.uncovered_slots();
        let some = SlotSet::from_ranges([(3, 80)]);
        for second in [s1, x] {
            at.edit(&[second], |c| {
                c.node_mut(second).role = Role::Master;
                c.node_mut(second).slots = some.clone();
            });
            agrees(&at);
        }
        at.edit(&[m1, x], |c| {
            c.node_mut(m1).slots = SlotSet::new();
            c.node_mut(x).slots.remove(40);
        });
        agrees(&at);
        at.edit(&[x], |c| c.node_mut(x).slots = SlotSet::new());
        agrees(&at);
        assert!(at.uncovered_slots() > uncovered);
        let left = at.uncovered_slots();
        at.edit(&[s1], |c| c.node_mut(s1).slots = SlotSet::new());
        agrees(&at);
        assert_eq!(at.uncovered_slots(), left + some.len());
    }
}
