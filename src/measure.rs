//! The counts that rules and levels share, so that there is one definition of good.
//!
//! Knows model and policy. Everything is linear in nodes plus copies. `shards` is always
//! [`Cluster::shards`] of the same cluster: callers have it at hand and it is not cheap.
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

use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::Millis;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Shard;
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
pub use zones::Sharing;
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
        let hosts = Spread::of(cluster, Tier::Host);
        let zones = Spread::of(cluster, Tier::Zone);
        Self {
            serve: serve(cluster),
            protect: protect(cluster, shards),
            missing: missing(cluster, wanted, shards),
            same_host: same_host(cluster, shards),
            same_zone: same_zone(cluster, shards),
            same_disk: same_disk(cluster, shards),
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

/// Distinct hosts of the live owner and the usable replicas. A node without a host counts as a
/// host of its own.
pub fn usable_hosts(cluster: &Cluster, shard: &Shard) -> usize {
    distinct_hosts(
        cluster,
        live_owner(cluster, shard)
            .into_iter()
            .chain(usable_replicas(cluster, shard)),
    )
}

/// Fewer than two hosts have a usable copy: one power supply away from losing the shard, or
/// lost already.
pub fn is_unprotected(cluster: &Cluster, shard: &Shard) -> bool {
    usable_hosts(cluster, shard) < 2
}

/// Slots without a live owner.
pub fn serve(cluster: &Cluster) -> i64 {
    i64::from(cluster.uncovered().len())
}

/// Unprotected shards, those without a live owner included: else a promotion would look like a
/// loss.
pub fn protect(cluster: &Cluster, shards: &[Shard]) -> i64 {
    shards.iter().filter(|s| is_unprotected(cluster, s)).count() as i64
}

/// Σ max(0, wanted − usable replicas) over all shards. A replica that waits for its dead master
/// to be replaced counts until it is promoted.
pub fn missing(cluster: &Cluster, wanted: &Wanted, shards: &[Shard]) -> i64 {
    shards
        .iter()
        .map(|s| {
            let usable = usable_replicas(cluster, s).count() as i64;
            (i64::from(wanted.of(cluster, s)) - usable).max(0)
        })
        .sum()
}

/// Σ (copies − distinct hosts) over the live copies of every shard: findings of P001 plus
/// findings of P004.
pub fn same_host(cluster: &Cluster, shards: &[Shard]) -> i64 {
    shards
        .iter()
        .map(|shard| {
            let copies = live_copies(cluster, shard);
            (copies.len() - distinct_hosts(cluster, copies.iter().copied())) as i64
        })
        .sum()
}

/// Σ (copies in a zone − distinct zones) over the live copies of every shard, above what the
/// number of zones forces: findings of P003 plus findings of P007.
pub fn same_zone(cluster: &Cluster, shards: &[Shard]) -> i64 {
    let zones = Zones::of(cluster);
    let sharing = shards.iter().map(|s| zones.sharing(cluster, s).len());
    sharing.sum::<usize>() as i64
}

/// Σ (copies with a known disk − distinct disks) over the live copies of every shard.
pub fn same_disk(cluster: &Cluster, shards: &[Shard]) -> i64 {
    shards
        .iter()
        .map(|shard| {
            let mut disks: Vec<_> = live_copies(cluster, shard)
                .into_iter()
                .filter_map(|id| cluster.node(id).disk)
                .collect();
            let copies = disks.len();
            disks.sort_unstable();
            disks.dedup();
            (copies - disks.len()) as i64
        })
        .sum()
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

fn distinct_hosts(cluster: &Cluster, nodes: impl Iterator<Item = NodeId>) -> usize {
    let mut hosts = Vec::new();
    let mut alone = 0;
    for id in nodes {
        match cluster.node(id).host {
            Some(host) => hosts.push(host),
            None => alone += 1,
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts.len() + alone
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
        let shares = Shares::of(cluster);
        Counts::of(cluster, &policy, &wanted, &cluster.shards(), shares)
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
        assert_eq!(missing(&cluster, &wanted, &cluster.shards()), 2);
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
