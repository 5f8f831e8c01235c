//! Who holds what: the copies of shards on nodes, whether a node holds one of them or many.
//!
//! What counts places (who shares a host, a disk or a zone, how masters are spread, what is left
//! after a loss) is asked of [`Copies`], which both families make: [`Cluster::copies`] and
//! `Tablets::copies`. Nothing here asks what else a node is.

use crate::model::cluster::Cluster;
use crate::model::domain::DiskId;
use crate::model::domain::HostId;
use crate::model::domain::RackId;
use crate::model::domain::ZoneId;
use crate::model::node::Membership;
use crate::model::node::NodeId;
use crate::model::shard::Shard;
use crate::model::shard::ShardId;

/// What a copy is in its shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyRole {
    /// It owns the shard: dead or alive, at most one.
    Master,
    /// It follows the master directly.
    Replica,
    /// It follows through another replica.
    Chained,
}

/// One node holding one shard's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copy {
    pub node: NodeId,
    pub shard: ShardId,
    pub role: CopyRole,
    /// Somebody answers for it now.
    pub live: bool,
    /// It once held the whole shard, or nobody can tell; always so of a master.
    pub synced: bool,
    /// A master that serves, or a replica that could take over: see [`Cluster::is_usable_replica`].
    pub usable: bool,
    /// It may be promoted for the sake of balance: nobody told it not to.
    pub willing: bool,
}

impl Copy {
    pub fn is_master(&self) -> bool {
        self.role == CopyRole::Master
    }
}

/// A node as a place for copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holder {
    pub host: Option<HostId>,
    pub disk: Option<DiskId>,
    /// Of the host.
    pub zone: Option<ZoneId>,
    /// Inside its zone; none where the zones themselves are racks.
    pub rack: Option<RackId>,
    /// A live member.
    pub live: bool,
    /// It could be given a copy: a live member, or one that is yet to be met.
    pub open: bool,
}

/// All copies, by shard, and the nodes that hold them or could.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Copies {
    /// By shard: its master first, then who follows, in node order.
    copies: Vec<Copy>,
    /// Where the copies of each shard end.
    ends: Vec<u32>,
    holders: Vec<Holder>,
    /// How many there are, with and without a node.
    hosts: usize,
    zones: usize,
}

impl Copies {
    /// Nothing is held yet. `holders` by node.
    pub fn new(holders: Vec<Holder>, hosts: usize, zones: usize) -> Self {
        Self {
            holders,
            hosts,
            zones,
            ..Self::default()
        }
    }

    /// The copies of the next shard, in any order.
    pub fn push(&mut self, copies: impl IntoIterator<Item = Copy>) {
        let first = self.copies.len();
        self.copies.extend(copies);
        self.copies[first..].sort_unstable_by_key(|copy| (!copy.is_master(), copy.node));
        self.ends.push(self.copies.len() as u32);
    }

    /// The shard that [`Copies::push`] takes next.
    pub fn next_shard(&self) -> ShardId {
        ShardId(self.ends.len() as u32)
    }

    pub fn shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.ends.len() as u32).map(ShardId)
    }

    /// The copies of a shard: its master first, then who follows, in node order.
    pub fn of(&self, shard: ShardId) -> &[Copy] {
        let first = match shard.index().checked_sub(1) {
            Some(before) => self.ends[before] as usize,
            None => 0,
        };
        &self.copies[first..self.ends[shard.index()] as usize]
    }

    /// Of every shard, by shard.
    pub fn all(&self) -> &[Copy] {
        &self.copies
    }

    /// Those that live: the master if it does, then who follows, in node order.
    pub fn live(&self, shard: ShardId) -> impl Iterator<Item = &Copy> {
        self.of(shard).iter().filter(|copy| copy.live)
    }

    /// Who owns the shard, dead or alive; `None` where nobody is known to.
    pub fn master(&self, shard: ShardId) -> Option<&Copy> {
        self.of(shard).first().filter(|copy| copy.is_master())
    }

    /// The master, if it lives.
    pub fn live_master(&self, shard: ShardId) -> Option<&Copy> {
        self.master(shard).filter(|copy| copy.live)
    }

    /// The shards of which each node holds a copy, dead or alive; by node.
    pub fn held_by_node(&self) -> Vec<Vec<ShardId>> {
        let mut held = vec![Vec::new(); self.holders.len()];
        for copy in &self.copies {
            held[copy.node.index()].push(copy.shard);
        }
        held
    }

    pub fn holder(&self, node: NodeId) -> &Holder {
        &self.holders[node.index()]
    }

    /// By node.
    pub fn holders(&self) -> &[Holder] {
        &self.holders
    }

    /// Hosts that are known, with and without a node.
    pub fn hosts(&self) -> usize {
        self.hosts
    }

    /// Zones that are known, with and without a node.
    pub fn zones(&self) -> usize {
        self.zones
    }
}

impl Cluster {
    /// Every node as a place for copies, forgotten ones too, so that it is found by its id.
    pub fn holders(&self) -> Vec<Holder> {
        let inside = !self.zones_are_racks();
        let holder = |id: NodeId| {
            let node = self.node(id);
            let listed = matches!(node.membership, Membership::Member | Membership::Unmet);
            Holder {
                host: node.host,
                disk: node.disk,
                zone: self.zone_of(id),
                rack: self.rack_of(id).filter(|_| inside),
                live: node.is_live_member(),
                open: node.is_live() && listed,
            }
        };
        let nodes = (0..self.nodes.len() as u32).map(NodeId);
        nodes.map(holder).collect()
    }

    /// The copies of `shards`, which are [`Cluster::shards`] of this cluster: every node holds at
    /// most one.
    pub fn copies(&self, shards: &[Shard]) -> Copies {
        let mut copies = Copies::new(self.holders(), self.hosts.len(), self.zones.len());
        for shard in shards {
            let of = copies.next_shard();
            let copy = |node: NodeId, role: CopyRole| {
                let live = self.node(node).is_live_member();
                Copy {
                    node,
                    shard: of,
                    role,
                    live,
                    synced: role == CopyRole::Master || self.is_synced(node),
                    usable: match role {
                        CopyRole::Master => live,
                        CopyRole::Replica => self.is_usable_replica(node),
                        CopyRole::Chained => false,
                    },
                    willing: !self.node(node).no_failover,
                }
            };
            let replicas = shard.replicas.iter();
            let replicas = replicas.map(|&id| copy(id, CopyRole::Replica));
            let chained = shard.chained.iter();
            let chained = chained.map(|&id| copy(id, CopyRole::Chained));
            let master = std::iter::once(copy(shard.owner, CopyRole::Master));
            copies.push(master.chain(replicas).chain(chained));
        }
        copies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn a_master_comes_first_and_followers_in_node_order() {
        let mut cluster = cluster("m1!@h1 < r1@h2 r2~@h3 r3@h1; m2@h2/a < r4@h3; new*@h1 x!@h2");
        let [m1, r1, r2, r3] = ["m1", "r1", "r2", "r3"].map(|name| id(&cluster, name));
        cluster.node_mut(r1).role = Role::Replica(Some(r3));
        let copies = cluster.copies(&cluster.shards());
        let first = copies.shards().next().expect("two shards");
        let nodes: Vec<NodeId> = copies.of(first).iter().map(|copy| copy.node).collect();
        let mut followers = [r1, r2, r3];
        followers.sort();
        assert_eq!(nodes[0], m1);
        assert_eq!(nodes[1..], followers);
        let of = |node: NodeId| copies.all().iter().find(|copy| copy.node == node).unwrap();
        assert_eq!(of(r1).role, CopyRole::Chained);
        assert!(of(r1).live && !of(r1).usable && of(r3).usable);
        assert!(!of(r2).synced && !of(r2).usable);
        assert!(copies.live_master(first).is_none() && copies.master(first).is_some());
        let [new, x] = ["new", "x"].map(|name| *copies.holder(id(&cluster, name)));
        assert!(new.open && !new.live && !x.open);
        assert_eq!(copies.shards().count(), 2);
    }
}
