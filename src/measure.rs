//! The counts that rules and levels share, so that there is one definition of good.
//!
//! Knows model and policy. Everything is linear in nodes plus copies. `shards` is always
//! [`Cluster::shards`] of the same cluster: callers have it at hand and it is not cheap. What is about
//! places is asked of [`Copies`], so that it counts for nodes that hold many copies, too.
//! Start reading at [`Counts`].

mod forgotten;
mod level;
mod load;
mod majority;
mod memory;
mod racks;
mod spread;
mod survival;
mod zones;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Cluster;
use crate::model::Copies;
use crate::model::Copy;
use crate::model::CopyRole;
use crate::model::Holder;
use crate::model::Link;
use crate::model::Membership;
use crate::model::Millis;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::ShardId;
use crate::policy::HomeRole;
use crate::policy::Policy;
use crate::policy::Wanted;

pub use forgotten::HalfForgotten;
pub use forgotten::Witnesses;
pub use level::Cost;
pub use level::Level;
pub use level::add;
pub use load::Load;
pub use load::load_of;
pub use load::loads;
pub use load::loads_of_copies;
pub use majority::MajorityLost;
pub use memory::HostMemory;
pub use memory::Memory;
pub use memory::copy_bytes;
pub use memory::is_too_small;
pub use memory::is_unlimited;
pub use racks::Racks;
pub use spread::Shares;
pub use spread::Spread;
pub use spread::Tier;
pub use survival::host_losses;
pub use zones::Zones;

/// Every level of a plan that is a count of the cluster; smaller is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub serve: i64,
    pub protect: i64,
    pub missing: i64,
    pub same_host: i64,
    pub same_zone: i64,
    pub same_disk: i64,
    pub votes_host: i64,
    pub votes_zone: i64,
    pub over_host: i64,
    pub over_zone: i64,
    pub home: i64,
    pub tidy: i64,
}

impl Counts {
    /// `shares` are the fair shares that masters are held to: those of the cluster itself, or
    /// those that a plan set out with.
    pub fn of(
        cluster: &Cluster,
        policy: &Policy,
        wanted: &Wanted,
        shards: &[Shard],
        shares: Shares,
    ) -> Self {
        let spare = votes_to_spare(cluster);
        let copies = cluster.copies(shards);
        let hosts = Spread::of(&copies, Tier::Host);
        let zones = Spread::of(&copies, Tier::Zone);
        Self {
            serve: serve(cluster),
            protect: protect(&copies),
            missing: missing(cluster, wanted, shards, &copies),
            same_host: same_host(&copies),
            same_zone: same_zone(&copies),
            same_disk: same_disk(&copies),
            votes_host: hosts.beyond_votes(spare),
            votes_zone: zones.beyond_votes(spare),
            over_host: hosts.beyond(shares.host),
            over_zone: zones.beyond(shares.zone),
            home: home(cluster, policy),
            tidy: tidy(cluster),
        }
    }

    /// What a level comes to; `None` for one that counts a plan and not a cluster.
    pub fn get(&self, level: Level) -> Option<i64> {
        Some(match level {
            Level::Serve => self.serve,
            Level::Protect => self.protect,
            Level::Missing => self.missing,
            Level::SameHost => self.same_host,
            Level::SameZone => self.same_zone,
            Level::SameDisk => self.same_disk,
            Level::VotesHost => self.votes_host,
            Level::VotesZone => self.votes_zone,
            Level::OverHost => self.over_host,
            Level::OverZone => self.over_zone,
            Level::Home => self.home,
            Level::Tidy => self.tidy,
            Level::Worse
            | Level::Orphans
            | Level::Drain
            | Level::Remove
            | Level::Pin
            | Level::Masters
            | Level::Moves
            | Level::Beside
            | Level::Surplus
            | Level::Risk
            | Level::SyncMib
            | Level::Failovers
            | Level::Actions
            | Level::TieHome
            | Level::Tie => return None,
        })
    }
}

/// The owner, if it lives.
pub fn live_owner(cluster: &Cluster, shard: &Shard) -> Option<NodeId> {
    cluster
        .node(shard.owner)
        .is_live_member()
        .then_some(shard.owner)
}

/// Live nodes that follow the owner, directly or through another replica, in node order.
pub fn live_followers(cluster: &Cluster, shard: &Shard) -> Vec<NodeId> {
    let mut followers: Vec<NodeId> = shard
        .replicas
        .iter()
        .chain(&shard.chained)
        .copied()
        .filter(|&id| cluster.node(id).is_live_member())
        .collect();
    followers.sort_unstable();
    followers
}

/// The owner if it lives, then its live followers in node order.
pub fn live_copies(cluster: &Cluster, shard: &Shard) -> Vec<NodeId> {
    let mut copies: Vec<NodeId> = live_owner(cluster, shard).into_iter().collect();
    copies.extend(live_followers(cluster, shard));
    copies
}

/// Live nodes that name the owner as their master, synced or not, in node order.
pub fn live_replicas<'a>(
    cluster: &'a Cluster,
    shard: &'a Shard,
) -> impl Iterator<Item = NodeId> + 'a {
    let live = |id: &NodeId| cluster.node(*id).is_live_member();
    shard.replicas.iter().copied().filter(live)
}

/// Replicas that could take over: see [`Cluster::is_usable_replica`]; in node order.
pub fn usable_replicas<'a>(
    cluster: &'a Cluster,
    shard: &'a Shard,
) -> impl Iterator<Item = NodeId> + 'a {
    let usable = |id: &NodeId| cluster.is_usable_replica(*id);
    shard.replicas.iter().copied().filter(usable)
}

/// The usable replica with the highest known offset, one that was told `nofailover` only where there is
/// no other; the lowest address on a tie.
pub fn best_replica(cluster: &Cluster, shard: &Shard) -> Option<NodeId> {
    usable_replicas(cluster, shard).max_by_key(|&id| {
        let node = cluster.node(id);
        (!node.no_failover, node.replication.offset, Reverse(id))
    })
}

/// For how long a replica had been without its master when that died: what was written then is not
/// in it. By the time at which anybody last heard of the master; `None` where a time is not told.
pub fn gap(cluster: &Cluster, replica: NodeId, master: NodeId) -> Option<Millis> {
    let copy = cluster.node(replica);
    match copy.replication.link {
        Link::Up => return Some(Millis(0)),
        Link::Down => {}
        Link::Unknown => return None,
    }
    let down = copy.link_down_for?;
    let silent = cluster.node(master).seen.silent_for?.pong?;
    Some(Millis(down.0.saturating_sub(silent.0)))
}

/// The servers do not let it stand for election any more: its data is too old by their own formula.
pub fn is_too_old(cluster: &Cluster, replica: NodeId) -> bool {
    let copy = cluster.node(replica);
    let down = copy
        .link_down_for
        .filter(|_| copy.replication.link == Link::Down);
    down.zip(cluster.settings.too_old())
        .is_some_and(|(down, most)| down > most)
}

/// A replica that holds keys beside a live master that holds none, and has not copied that yet.
pub fn still_full(cluster: &Cluster, shard: &Shard) -> Option<NodeId> {
    let owner = cluster.node(shard.owner);
    if !owner.is_live_member() || owner.keys != Some(0) {
        return None;
    }
    live_replicas(cluster, shard).find(|&id| {
        let replica = cluster.node(id);
        // Over a link that is up a deletion may just be on its way.
        replica.keys.is_some_and(|keys| keys > 0) && replica.replication.link == Link::Down
    })
}

/// Distinct hosts of the live master and the usable replicas. A node without a host counts as a
/// host of its own.
pub fn usable_hosts(copies: &Copies, shard: ShardId) -> usize {
    let usable = copies.of(shard).iter().filter(|copy| copy.usable);
    let (hosts, alone): (Vec<_>, Vec<_>) = usable
        .map(|copy| copies.holder(copy.node).host)
        .partition(Option::is_some);
    hosts.into_iter().collect::<BTreeSet<_>>().len() + alone.len()
}

/// Fewer than two hosts have a usable copy: one power supply away from losing the shard, or
/// lost already.
pub fn is_unprotected(copies: &Copies, shard: ShardId) -> bool {
    usable_hosts(copies, shard) < 2
}

/// Slots without a live owner.
pub fn serve(cluster: &Cluster) -> i64 {
    i64::from(cluster.uncovered().len())
}

/// Unprotected shards, those without a live owner included: else a promotion would look like a
/// loss.
pub fn protect(copies: &Copies) -> i64 {
    let unprotected = copies.shards().filter(|&s| is_unprotected(copies, s));
    unprotected.count() as i64
}

/// Σ max(0, wanted − usable replicas) over all shards. A replica that waits for its dead master
/// to be replaced counts until it is promoted.
pub fn missing(cluster: &Cluster, wanted: &Wanted, shards: &[Shard], copies: &Copies) -> i64 {
    let lacks = |(shard, id): (&Shard, ShardId)| {
        let usable = |copy: &&Copy| copy.usable && copy.role == CopyRole::Replica;
        let usable = copies.of(id).iter().filter(usable).count() as i64;
        (i64::from(wanted.of(cluster, shard)) - usable).max(0)
    };
    shards.iter().zip(copies.shards()).map(lacks).sum()
}

/// A live copy in the place of another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sharing {
    pub node: NodeId,
    /// The first copy there: the master, if it is there.
    pub with: NodeId,
    /// It is.
    pub with_master: bool,
}

/// Every live copy of a shard that is where another one is, in node order. `place`: where a node
/// is, if it can share that with anybody.
fn sharing<P: Ord>(
    copies: &Copies,
    shard: ShardId,
    place: impl Fn(&Holder) -> Option<P>,
) -> (Vec<Sharing>, usize) {
    let mut first: BTreeMap<P, &Copy> = BTreeMap::new();
    let mut sharing = Vec::new();
    for copy in copies.live(shard) {
        let Some(place) = place(copies.holder(copy.node)) else {
            continue;
        };
        let with = *first.entry(place).or_insert(copy);
        if with.node != copy.node {
            sharing.push(Sharing {
                node: copy.node,
                with: with.node,
                with_master: with.is_master(),
            });
        }
    }
    (sharing, first.len())
}

/// Those that could be elsewhere, where so many places are in use: those where the master is first,
/// then in node order.
fn avoidable<P: Ord>(
    copies: &Copies,
    shard: ShardId,
    in_use: usize,
    place: impl Fn(&Holder) -> Option<P>,
) -> Vec<Sharing> {
    let (mut sharing, held) = sharing(copies, shard, place);
    sharing.sort_by_key(|s| (!s.with_master, s.node));
    sharing.truncate(in_use.saturating_sub(held));
    sharing
}

/// Live copies on the host of another one, in node order: P001 those on the master's, P004 the
/// others. A node without a host is on one of its own.
pub fn sharing_hosts(copies: &Copies, shard: ShardId) -> Vec<Sharing> {
    sharing(copies, shard, |holder| holder.host).0
}

/// Live copies on the disk of another one, in node order.
pub fn sharing_disks(copies: &Copies, shard: ShardId) -> Vec<Sharing> {
    sharing(copies, shard, |holder| holder.disk).0
}

/// Σ (copies − distinct hosts) over the live copies of every shard: findings of P001 plus
/// findings of P004.
pub fn same_host(copies: &Copies) -> i64 {
    let shared = copies.shards().map(|s| sharing_hosts(copies, s).len());
    shared.sum::<usize>() as i64
}

/// Σ (copies in a zone − distinct zones) over the live copies of every shard, above what the
/// number of zones forces: findings of P003 plus findings of P007.
pub fn same_zone(copies: &Copies) -> i64 {
    let zones = Zones::of(copies.holders());
    let shared = copies.shards().map(|s| zones.sharing(copies, s).len());
    shared.sum::<usize>() as i64
}

/// Σ (copies with a known disk − distinct disks) over the live copies of every shard.
pub fn same_disk(copies: &Copies) -> i64 {
    let shared = copies.shards().map(|s| sharing_disks(copies, s).len());
    shared.sum::<usize>() as i64
}

/// Live voters that may be lost while the rest is still a majority of all voters; 0 where there
/// is no majority now.
pub fn votes_to_spare(cluster: &Cluster) -> usize {
    cluster.live_voters().saturating_sub(cluster.votes_needed())
}

/// Live masters that own no slot and may be given some, in node order.
pub fn free_masters(cluster: &Cluster) -> Vec<NodeId> {
    let free = |n: &Node| {
        n.is_live_member() && n.is_master() && n.slots.is_empty() && n.seen.contested.is_empty()
    };
    cluster
        .iter()
        .filter(|(_, n)| free(n))
        .map(|(id, _)| id)
        .collect()
}

/// How a node's role differs from its home role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// A home replica that owns slots.
    Failovered,
    /// A home master that is a replica.
    Failbacked,
}

/// Whether a live member serves in another role than home. A slotless master serves in none.
pub fn away(cluster: &Cluster, policy: &Policy, id: NodeId) -> Option<Away> {
    let node = cluster.node(id);
    if !node.is_live_member() {
        return None;
    }
    match policy.home_role(cluster, id)? {
        HomeRole::Replica => (!node.slots.is_empty()).then_some(Away::Failovered),
        HomeRole::Master => node.is_replica().then_some(Away::Failbacked),
    }
}

/// Nodes away from home; 0 without a home map.
pub fn home(cluster: &Cluster, policy: &Policy) -> i64 {
    if policy.home.is_empty() {
        return 0;
    }
    cluster
        .iter()
        .filter(|&(id, _)| away(cluster, policy, id).is_some())
        .count() as i64
}

/// Ghosts, un-met nodes and live slotless masters.
pub fn tidy(cluster: &Cluster) -> i64 {
    cluster
        .iter()
        .filter(|(_, node)| match node.membership {
            Membership::Ghost | Membership::Unmet => true,
            Membership::Member => node.is_live() && node.is_master() && node.slots.is_empty(),
            Membership::Forgotten => false,
        })
        .count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::policy::Replicas;

    fn counts(cluster: &Cluster) -> Counts {
        let policy = Policy::default();
        let wanted = policy.wanted(cluster);
        let shards = cluster.shards();
        let shares = Shares::of(&cluster.copies(&shards));
        Counts::of(cluster, &policy, &wanted, &shards, shares)
    }

    #[test]
    fn nothing_to_count_when_healthy() {
        assert_eq!(counts(&healthy()), Counts::default());
    }

    #[test]
    fn dead_owners_count_as_unprotected() {
        let counts = counts(&cluster("m1!@h1 <; m2@h2 < r2@h1; m3@h3 < r3@h2"));
        assert_eq!(counts.serve, 5461);
        assert_eq!((counts.protect, counts.missing), (1, 1));
    }

    #[test]
    fn a_replica_without_sync_protects_nobody() {
        let cluster = cluster("m1@h1 < r1~@h2; m2@h2 < r2@h1 r3@h1");
        let counts = counts(&cluster);
        assert_eq!(counts.protect, 1);
        assert_eq!(counts.missing, 1);
        assert_eq!(counts.same_host, 1);
    }

    #[test]
    fn a_node_without_host_is_a_host_of_its_own() {
        let mut cluster = cluster("m1@h1 < r1@h1");
        assert_eq!(counts(&cluster).protect, 1);
        let r1 = id(&cluster, "r1");
        cluster.node_mut(r1).host = None;
        assert_eq!(counts(&cluster).protect, 0);
        assert_eq!(counts(&cluster).same_host, 0);
    }

    #[test]
    fn zones_and_disks() {
        let cluster = cluster("m1@h1/a/d1 < r1@h1/a/d1 r2@h2/a/d1; m2@h3/b < r3@h4/c");
        let counts = counts(&cluster);
        assert_eq!((counts.same_zone, counts.same_disk), (2, 1));
    }

    #[test]
    fn votes_and_shares() {
        let counts = counts(&cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3"));
        assert_eq!((counts.votes_host, counts.over_host), (1, 1));
    }

    #[test]
    fn wanted_and_tidy() {
        let cluster = cluster("m1@h1 < r1@h2; gone?@h1 new*@h1 blank@h1 dead!@h1");
        assert_eq!(tidy(&cluster), 3);
        let policy = Policy {
            replicas: Replicas::Exactly(3),
            ..Policy::default()
        };
        let wanted = policy.wanted(&cluster);
        let shards = cluster.shards();
        let copies = cluster.copies(&shards);
        assert_eq!(missing(&cluster, &wanted, &shards, &copies), 2);
    }

    #[test]
    fn the_best_replica_has_the_highest_offset() {
        let mut cluster = cluster("m1!@h1 < r1@h2 r2@h3 r3@h4");
        let (r2, r3) = (id(&cluster, "r2"), id(&cluster, "r3"));
        cluster.node_mut(r2).replication.offset = Some(2000);
        cluster.node_mut(r3).replication.offset = Some(2000);
        assert_eq!(best_replica(&cluster, &cluster.shards()[0]), Some(r2));
    }
}
