//! What would break if something went away.
//!
//! Losses are looked at one after the other on one cluster: each costs as much as what it loses,
//! not as much as the cluster has. Start reading at [`Ground::lose`].

mod demand;
mod grow;
mod room;
mod tablets;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::impact::room::Rooms;
use crate::measure;
use crate::measure::HostMemory;
use crate::measure::Load;
use crate::model::Cluster;
use crate::model::Copies;
use crate::model::Copy;
use crate::model::HostId;
use crate::model::Liveness;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::ShardId;
use crate::model::SlotSet;
use crate::model::Unowned;

pub use demand::Demand;
pub use demand::NoDemand;
pub use demand::Unmet;
pub use grow::Grown;
pub use grow::grow;
pub use grow::grow_tablets;
pub use room::Room;
pub use tablets::TabletDemands;

/// What a loss leads to. Of what was broken before it only `shards_lost` and `lost` speak again:
/// the last copies of a shard that nobody served may be all that is left of its data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impact {
    /// Nodes that lived and are lost.
    pub nodes: usize,
    /// Slots that nobody serves once elections are over, whatever broke them.
    pub down: SlotSet,
    /// Slots whose last live copy is lost.
    pub lost: SlotSet,
    /// Slots with a copy left that cannot be elected.
    pub stuck: SlotSet,
    pub shards_failed_over: usize,
    pub shards_stuck: usize,
    pub shards_lost: usize,
    /// Shards that the loss leaves with a single copy.
    pub shards_on_one_copy: usize,
    pub voters_left: usize,
    pub voters_needed: usize,
    /// Every node refuses clients: no majority is left, or a slot is down and the servers want all
    /// of them (`cluster-require-full-coverage`; `clusterUpdateState`).
    pub cluster_down: bool,
    /// Shards by the live copies that each has left.
    pub copies: BTreeMap<usize, usize>,
    /// Who takes over from whom, in the order of the shards.
    pub heirs: Vec<(NodeId, NodeId)>,
    pub room: Room,
    /// Hosts whose load is another once elections are over, in host order.
    pub changed: BTreeMap<HostId, Load>,
}

impl Impact {
    pub fn has_majority(&self) -> bool {
        self.voters_left >= self.voters_needed
    }
}

/// A cluster to lose parts of.
pub struct Ground {
    cluster: Cluster,
    shards: Vec<Shard>,
    held: Copies,
    /// By node: the shards of which it holds a copy.
    held_by: Vec<Vec<ShardId>>,
    loads: Vec<Load>,
    rooms: Rooms,
    /// Shards by their live copies.
    copies: BTreeMap<usize, usize>,
    uncovered: SlotSet,
    unowned: Unowned,
    voters: usize,
    live_voters: usize,
}

impl Ground {
    /// `forks`: how many servers of a host fork at one time, each for a second copy of its data.
    pub fn new(cluster: &Cluster, forks: u32) -> Self {
        let shards = cluster.shards();
        let held = cluster.copies(&shards);
        let mut ground = Self {
            shards,
            held_by: held.held_by_node(),
            held,
            copies: BTreeMap::new(),
            loads: measure::loads(cluster),
            rooms: Rooms::of(cluster, forks),
            uncovered: cluster.uncovered(),
            unowned: cluster.unowned(),
            voters: cluster.voters(),
            live_voters: cluster.live_voters(),
            cluster: cluster.clone(),
        };
        for shard in ground.held.shards() {
            *ground.copies.entry(ground.left(shard)).or_default() += 1;
        }
        ground
    }

    /// The node lives before any loss.
    pub fn is_live(&self, id: NodeId) -> bool {
        self.cluster.node(id).is_live()
    }

    /// Slots of the shard that the node leads.
    pub fn slots_of(&self, owner: NodeId) -> &SlotSet {
        &self.cluster.node(owner).slots
    }

    /// Load of every host before any loss.
    pub fn loads(&self) -> &[Load] {
        &self.loads
    }

    /// Hosts that run a server after the loss, and what those may need where that is known.
    pub fn memory<'a>(
        &'a self,
        impact: &'a Impact,
    ) -> impl Iterator<Item = (HostId, &'a HostMemory)> {
        self.rooms.known(&impact.room)
    }

    /// What is broken before any loss: shards that nobody serves are stuck while a copy is left,
    /// and lost with slots that have no owner at all when none is.
    pub fn now(&self) -> Impact {
        let mut now = Impact {
            nodes: 0,
            down: self.uncovered.clone(),
            lost: self.uncovered.clone(),
            stuck: SlotSet::new(),
            shards_failed_over: 0,
            shards_stuck: 0,
            shards_lost: 0,
            shards_on_one_copy: 0,
            voters_left: self.live_voters,
            voters_needed: self.voters / 2 + 1,
            cluster_down: false,
            copies: self.copies.clone(),
            heirs: Vec::new(),
            room: self.rooms.now(),
            changed: BTreeMap::new(),
        };
        for (shard, id) in self.shards.iter().zip(self.held.shards()) {
            let copies = self.left(id);
            now.shards_on_one_copy += usize::from(copies == 1);
            if self.is_served(id) {
            } else if copies > 0 {
                now.shards_stuck += 1;
                now.stuck.union_with(&shard.slots);
            } else {
                now.shards_lost += 1;
            }
        }
        now.lost.subtract(&now.stuck);
        now.cluster_down = self.is_down(&now);
        now
    }

    /// Takes the nodes away and lets the servers do what they do by themselves: a shard whose
    /// master is lost elects the usable replica with the highest offset, if a majority of masters
    /// is left to vote and the replica may (`clusterHandleSlaveFailover`).
    pub fn lose(&mut self, lost: &BTreeSet<NodeId>) -> Impact {
        let lost: Vec<NodeId> = lost
            .iter()
            .copied()
            .filter(|&id| self.cluster.node(id).is_live())
            .collect();
        let held = lost.iter().flat_map(|id| &self.held_by[id.index()]);
        let shards: BTreeSet<ShardId> = held.copied().collect();
        let before: Vec<usize> = shards.iter().map(|&s| self.left(s)).collect();
        let mut changed = BTreeMap::new();
        for &id in &lost {
            let load = measure::load_of(&self.cluster, id, self.unowned);
            self.change(&mut changed, id, |host| host.subtract(load));
        }
        let votes = |id: &&NodeId| {
            let node = self.cluster.node(**id);
            node.is_live_member() && !node.slots.is_empty()
        };
        let mut impact = Impact {
            nodes: lost.len(),
            down: self.uncovered.clone(),
            lost: SlotSet::new(),
            stuck: SlotSet::new(),
            shards_failed_over: 0,
            shards_stuck: 0,
            shards_lost: 0,
            shards_on_one_copy: 0,
            voters_left: self.live_voters - lost.iter().filter(votes).count(),
            voters_needed: self.voters / 2 + 1,
            cluster_down: false,
            copies: self.copies.clone(),
            heirs: Vec::new(),
            room: Room::default(),
            changed: BTreeMap::new(),
        };
        let served: Vec<bool> = shards.iter().map(|&s| self.is_served(s)).collect();
        let lives: Vec<Liveness> = lost
            .iter()
            .map(|&id| self.cluster.node(id).liveness)
            .collect();
        lost.iter().for_each(|&id| self.cluster.node_mut(id).lose());
        for ((&shard, before), served) in shards.iter().zip(before).zip(served) {
            let left = self.left(shard);
            if left != before {
                fewer(&mut impact.copies, before);
                *impact.copies.entry(left).or_default() += 1;
            }
            if left == 1 && before > 1 {
                impact.shards_on_one_copy += 1;
            }
            if let Some(heir) = self.outcome(shard, before, left, served, &mut impact) {
                impact.heirs.push((self.shards[shard.index()].owner, heir));
                let load = measure::load_of(&self.cluster, heir, self.unowned);
                self.change(&mut changed, heir, |host| {
                    host.subtract(load);
                    host.masters += 1;
                });
            }
        }
        for (&id, liveness) in lost.iter().zip(lives) {
            self.cluster.node_mut(id).liveness = liveness;
        }
        impact.room = self.rooms.without(&self.cluster, &lost, &impact.heirs);
        impact.down.union_with(&impact.lost);
        impact.down.union_with(&impact.stuck);
        impact.cluster_down = self.is_down(&impact);
        changed.retain(|host, load| *load != self.loads[host.0 as usize]);
        impact.changed = changed;
        impact
    }

    /// Counts what becomes of a shard that had `before` copies and has `left`; who is elected.
    fn outcome(
        &self,
        shard: ShardId,
        before: usize,
        left: usize,
        served: bool,
        impact: &mut Impact,
    ) -> Option<NodeId> {
        let shard = &self.shards[shard.index()];
        if !served || self.cluster.node(shard.owner).is_live() {
            // Copies of a shard that was already down may be the only ones left of its data.
            if before > 0 && left == 0 {
                impact.shards_lost += 1;
                impact.lost.union_with(&shard.slots);
            }
            return None;
        }
        let majority = impact.voters_left >= impact.voters_needed;
        let best = measure::best_replica(&self.cluster, shard);
        let heir = best.filter(|&b| !self.cluster.node(b).no_failover && majority);
        match heir {
            Some(_) => impact.shards_failed_over += 1,
            None if left > 0 => {
                impact.shards_stuck += 1;
                impact.stuck.union_with(&shard.slots);
            }
            None => {
                impact.shards_lost += 1;
                impact.lost.union_with(&shard.slots);
            }
        }
        heir
    }

    fn is_down(&self, impact: &Impact) -> bool {
        !impact.has_majority() || self.cluster.settings.full_coverage && !impact.down.is_empty()
    }

    fn is_served(&self, shard: ShardId) -> bool {
        self.held.master(shard).is_some_and(|copy| self.lives(copy))
    }

    /// Live copies of a shard. A replica that never finished a sync holds none.
    fn left(&self, shard: ShardId) -> usize {
        let copies = self.held.of(shard).iter();
        copies
            .filter(|copy| copy.synced && self.lives(copy))
            .count()
    }

    /// Now, whatever was lost meanwhile.
    fn lives(&self, copy: &Copy) -> bool {
        self.cluster.node(copy.node).is_live_member()
    }

    fn change(
        &self,
        changed: &mut BTreeMap<HostId, Load>,
        id: NodeId,
        change: impl FnOnce(&mut Load),
    ) {
        if let Some(host) = self.cluster.node(id).host {
            let before = self.loads[host.0 as usize];
            change(changed.entry(host).or_insert(before));
        }
    }
}

/// One shard fewer that has so many copies.
fn fewer(copies: &mut BTreeMap<usize, usize>, held: usize) {
    if let Some(shards) = copies.get_mut(&held) {
        *shards -= 1;
        if *shards == 0 {
            copies.remove(&held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Act;
    use crate::action::Counted;
    use crate::action::Failover;
    use crate::action::Mode;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    fn without(cluster: &Cluster, names: &[&str]) -> Impact {
        let lost = names.iter().map(|n| id(cluster, n)).collect();
        Ground::new(cluster, 1).lose(&lost)
    }

    #[test]
    fn one_master_of_three_fails_over() {
        let impact = without(&healthy(), &["m1"]);
        assert_eq!(
            (
                impact.shards_failed_over,
                impact.shards_stuck,
                impact.shards_lost
            ),
            (1, 0, 0)
        );
        assert_eq!((impact.voters_left, impact.voters_needed), (2, 2));
    }

    #[test]
    fn without_a_majority_shards_are_stuck() {
        let impact = without(&healthy(), &["m1", "m2"]);
        assert_eq!((impact.shards_stuck, impact.shards_lost), (2, 0));
        assert_eq!(impact.stuck.len(), 10922);
    }

    #[test]
    fn master_and_replica_together_lose_the_slots() {
        let impact = without(&healthy(), &["m1", "r1"]);
        assert_eq!(impact.shards_lost, 1);
        assert_eq!(impact.lost.to_string(), "0-5460");
        let spare = cluster("m1@h1 < r1@h2; m2@h2 < r2@h1; m3@h3 < r3@h1");
        assert_eq!(without(&spare, &["r1"]).shards_on_one_copy, 1);
    }

    #[test]
    fn what_is_broken_already_is_counted_apart() {
        let broken = cluster("m1@h1 < r1@h2; m2!@h2 < r2@h3; m3!@h3 < r3!@h1; m4@h1 < r4~@h2");
        let ground = Ground::new(&broken, 1);
        let now = ground.now();
        assert_eq!((now.shards_lost, now.shards_stuck), (1, 1));
        let slots = |name: &str| broken.node(id(&broken, name)).slots.clone();
        assert_eq!((&now.lost, &now.stuck), (&slots("m3"), &slots("m2")));
        assert_eq!(now.down, broken.uncovered());
        // m2's replica and m4 alone: an unsynced replica holds nothing.
        assert_eq!(now.shards_on_one_copy, 2);
        assert_eq!((now.voters_left, now.voters_needed), (2, 3));
        let more = without(&broken, &["m4"]);
        assert_eq!((&more.lost, more.nodes), (&slots("m4"), 1));
        let mut down = broken.uncovered();
        down.union_with(&slots("m4"));
        assert_eq!(more.down, down);
        let dead = without(&broken, &["m3"]);
        assert_eq!((dead.nodes, dead.lost.len()), (0, 0));
        assert_eq!(dead.down, broken.uncovered());
    }

    #[test]
    fn slots_without_any_owner_are_down() {
        let mut empty = cluster("x@h1; y@h2");
        let now = Ground::new(&empty, 1).now();
        assert_eq!((now.lost.len(), now.down.len()), (16384, 16384));
        assert_eq!(now.shards_lost, 0);
        empty.nodes[0].slots = SlotSet::from_ranges([(0, 99)]);
        assert_eq!(Ground::new(&empty, 1).now().down.len(), 16284);
    }

    /// The loads that a cluster has once those that are lost are dead and those elected lead.
    fn counted_out(ground: &mut Ground, lost: &BTreeSet<NodeId>) -> Vec<Load> {
        let mut after = ground.cluster.clone();
        lost.iter().for_each(|&id| after.node_mut(id).lose());
        let majority = after.has_majority();
        let mut at = Counted::new(after);
        for shard in ground.shards.clone() {
            let owner = ground.cluster.node(shard.owner);
            if !lost.contains(&shard.owner) || !owner.is_live_member() {
                continue;
            }
            let best = measure::best_replica(&at, &shard);
            if let Some(node) = best.filter(|&b| majority && !at.node(b).no_failover) {
                let (old, mode) = (shard.owner, Mode::Force);
                Failover { node, old, mode }.begin(&mut at);
            }
        }
        measure::loads(&at)
    }

    #[test]
    fn loads_are_those_of_the_cluster_that_is_left() {
        let cluster = cluster(
            "m1@h1 < r1@h2 s1@h3; m2@h2 < r2~@h1; m3!@h3 < r3@h1; m4@h3 < r4@h4; \
             gone?@h1 x@h2 new*@h3 y!@h1",
        );
        let mut ground = Ground::new(&cluster, 1);
        let all: Vec<NodeId> = cluster.iter().map(|(id, _)| id).collect();
        let mut looked_at = 0;
        for &first in &all {
            for &second in &all {
                let lost = BTreeSet::from([first, second]);
                let impact = ground.lose(&lost);
                let mut loads = ground.loads().to_vec();
                for (host, load) in &impact.changed {
                    assert_ne!(loads[host.0 as usize], *load);
                    loads[host.0 as usize] = *load;
                }
                assert_eq!(loads, counted_out(&mut ground, &lost), "{lost:?}");
                looked_at += impact.changed.len();
            }
        }
        assert!(looked_at > 100, "{looked_at}");
    }
}
