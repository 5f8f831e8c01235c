//! The reconciled cluster: what rules judge, plans change and simulations step through.

use crate::model::address::Address;
use crate::model::domain::Disk;
use crate::model::domain::Host;
use crate::model::domain::HostId;
use crate::model::domain::Rack;
use crate::model::domain::RackId;
use crate::model::domain::Zone;
use crate::model::domain::ZoneId;
use crate::model::millis::Millis;
use crate::model::node::Link;
use crate::model::node::Membership;
use crate::model::node::Node;
use crate::model::node::NodeId;
use crate::model::node::Role;
use crate::model::node::Sync;
use crate::model::service::Service;
use crate::model::shard::Shard;
use crate::model::slot_loads::SlotLoads;
use crate::model::slots::SlotSet;
use crate::model::version::Server;

/// Settings of the servers that change what is safe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `cluster-node-timeout`; 15000 where no file tells.
    pub node_timeout_ms: u64,
    /// `cluster-allow-replica-migration`; yes where no file tells, as the servers default.
    pub allow_replica_migration: bool,
    /// `cluster-migration-barrier`; 1 where no file tells.
    pub migration_barrier: u32,
    /// `cluster-replica-validity-factor`; 10 where no file tells. 0: never too old to be elected.
    pub validity_factor: u64,
    /// `repl-ping-replica-period`; 10 s where no file tells.
    pub ping_period_ms: u64,
    /// `cluster-require-full-coverage`: a slot without an owner stops every node. Yes where no file
    /// tells, and where any node says so.
    pub full_coverage: bool,
}

impl Settings {
    /// A replica whose link was down for longer than this stands for no election
    /// (`clusterHandleSlaveFailover`: the age of its data, less one node timeout, against ping period
    /// + node timeout * factor). `None` where no age is too much.
    pub fn too_old(&self) -> Option<Millis> {
        if self.validity_factor == 0 {
            return None;
        }
        let factor = self.validity_factor.saturating_add(1);
        let age = self.node_timeout_ms.saturating_mul(factor);
        Some(Millis(age.saturating_add(self.ping_period_ms)))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node_timeout_ms: 15_000,
            allow_replica_migration: true,
            migration_barrier: 1,
            validity_factor: 10,
            ping_period_ms: 10_000,
            full_coverage: true,
        }
    }
}

/// What a cluster may have that no view shows, because none could be read whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unread {
    /// Members may stand in lines that were not read.
    pub nodes: bool,
    /// Slots that nobody owns here may have an owner in what was not read.
    pub slots: bool,
}

/// How much of the slots has no owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unowned {
    Nothing,
    Part,
    All,
}

/// One cluster at one moment.
///
/// Nodes are sorted by address, then name (ghosts last); hosts, disks and zones by name.
/// Indices stay valid while a plan is simulated: a forgotten node keeps its place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub hosts: Vec<Host>,
    pub disks: Vec<Disk>,
    pub zones: Vec<Zone>,
    /// By zone, then name.
    pub racks: Vec<Rack>,
    pub server: Server,
    /// Whose service it is, by the names of its nodes.
    pub service: Option<Service>,
    pub settings: Settings,
    /// How many views were read: one view cannot show un-met nodes or others' open slots.
    pub views: usize,
    pub unread: Unread,
    /// What single slots hold, where their owners tell.
    pub slot_loads: SlotLoads,
}

impl Cluster {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[id.0 as usize]
    }

    /// Every node with its id, in node order; forgotten ones are left out.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.membership != Membership::Forgotten)
            .map(|(index, node)| (NodeId(index as u32), node))
    }

    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.iter()
            .find(|(_, n)| n.name.as_str() == name)
            .map(|(id, _)| id)
    }

    /// Who is listed at an address, in node order: more than one where an entry is wrong.
    pub fn at(&self, address: &Address) -> impl Iterator<Item = NodeId> + use<'_> {
        // Nodes are sorted by address; those without come last.
        fn key(node: &Node) -> (bool, Option<&Address>) {
            (node.address.is_none(), node.address.as_ref())
        }
        let wanted = (false, Some(address));
        let first = self.nodes.partition_point(|n| key(n) < wanted);
        let end = self.nodes.partition_point(|n| key(n) <= wanted);
        let is_at = {
            let address = address.clone();
            move |id: &NodeId| {
                let node = self.node(*id);
                node.membership != Membership::Forgotten && node.address.as_ref() == Some(&address)
            }
        };
        // A step may have taken an address away (a reset), and with it the order.
        let mut sorted = (first as u32..end as u32).map(NodeId);
        let ids = match sorted.any(|id| is_at(&id)) {
            true => first as u32..end as u32,
            false => 0..self.nodes.len() as u32,
        };
        ids.map(NodeId).filter(is_at)
    }

    /// Whether the node can load a full sync of that master. Unknown versions count as fitting.
    pub fn can_copy(&self, replica: NodeId, master: NodeId) -> bool {
        match (&self.node(replica).runs, &self.node(master).runs) {
            (Some(replica), Some(master)) => replica.loads(master),
            (None, _) | (_, None) => true,
        }
    }

    /// Live members that are listed at one address, two or more each, in node order. Every host
    /// has its own loopback addresses.
    pub fn shared_addresses(&self) -> Vec<Vec<NodeId>> {
        let addressed = |(id, node): (NodeId, &Node)| {
            let address = node.address.as_ref().filter(|_| node.is_live_member())?;
            (!address.is_local()).then_some(id)
        };
        let live: Vec<NodeId> = self.iter().filter_map(addressed).collect();
        live.chunk_by(|&a, &b| self.node(a).address == self.node(b).address)
            .filter(|there| there.len() > 1)
            .map(<[NodeId]>::to_vec)
            .collect()
    }

    pub fn zone_of(&self, id: NodeId) -> Option<ZoneId> {
        self.node(id).host.and_then(|h| self.host(h).zone)
    }

    /// The zones are racks: the host map tells no zone, and no node does.
    pub fn zones_are_racks(&self) -> bool {
        !self.racks.is_empty() && self.racks.iter().all(|rack| rack.zone.is_none())
    }

    /// Where the zones themselves are racks, that is its zone.
    pub fn rack_of(&self, id: NodeId) -> Option<RackId> {
        self.node(id).host.and_then(|h| self.host(h).rack)
    }

    /// All slot owners, dead or alive, in node order, each with its followers.
    pub fn shards(&self) -> Vec<Shard> {
        let mut index = vec![None; self.nodes.len()];
        let mut shards: Vec<Shard> = Vec::new();
        for (id, node) in self.iter() {
            if !node.slots.is_empty() {
                index[id.index()] = Some(shards.len());
                shards.push(Shard {
                    owner: id,
                    slots: node.slots.clone(),
                    replicas: Vec::new(),
                    chained: Vec::new(),
                });
            }
        }
        let roots = self.roots();
        for (id, node) in self.iter() {
            let Some(master) = node.master() else {
                continue;
            };
            let Some(root) = roots[id.index()] else {
                continue;
            };
            let Some(shard) = index[root.index()] else {
                continue;
            };
            if root == id {
                continue;
            }
            if master == root {
                shards[shard].replicas.push(id);
            } else {
                shards[shard].chained.push(id);
            }
        }
        shards
    }

    /// The slot owner that `id` copies, directly or through other replicas; itself if it owns
    /// slots. `None` for a spare, a loop, or an unknown master.
    pub fn root(&self, id: NodeId) -> Option<NodeId> {
        let mut at = id;
        // More hops than nodes is a loop: possible in damaged dumps only.
        for _ in 0..=self.nodes.len() {
            let node = self.node(at);
            if node.membership == Membership::Forgotten {
                return None;
            }
            if !node.slots.is_empty() {
                return Some(at);
            }
            at = node.master()?;
        }
        None
    }

    /// A replica that once finished a sync. Unknown counts as synced: the capture cannot show it.
    pub fn is_synced(&self, id: NodeId) -> bool {
        matches!(self.node(id).replication.sync, Sync::Done | Sync::Unknown)
    }

    /// A live, synced replica that follows the slot owner directly, with its link up or its
    /// master dead.
    pub fn is_usable_replica(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let Some(master) = node.master() else {
            return false;
        };
        let owner = self.node(master);
        node.is_live_member()
            && !owner.slots.is_empty()
            && self.is_synced(id)
            && (node.replication.link != Link::Down || !owner.is_live())
    }

    /// A live node that holds no copy: a slotless master, or a replica of a slotless, unknown
    /// or absent master. Not so the replicas of a cluster that lost slots: they may hold the only
    /// data, as after a wrong FORGET, or where nobody is seen as the owner.
    pub fn is_spare(&self, id: NodeId) -> bool {
        // Counting slots is dear, and few nodes are asked about it.
        self.is_spare_given(id, Unowned::Nothing)
            && (!self.node(id).is_replica() || self.is_spare_given(id, self.unowned()))
    }

    /// [`Cluster::is_spare`] for loops.
    pub fn is_spare_given(&self, id: NodeId, unowned: Unowned) -> bool {
        let node = self.node(id);
        if !node.is_live() || !matches!(node.membership, Membership::Member | Membership::Unmet) {
            return false;
        }
        // Whoever claims slots in its own view takes writes, and may hold what nobody else has.
        if self.root(id).is_some() || !node.seen.contested.is_empty() {
            return false;
        }
        match (node.role, unowned) {
            (Role::Master, _) | (Role::Replica(_), Unowned::Nothing) => true,
            (Role::Replica(None), Unowned::Part | Unowned::All) => false,
            (Role::Replica(Some(_)), Unowned::Part) => false,
            // A cluster that never had slots: there is no shard whose data it could hold.
            (Role::Replica(Some(_)), Unowned::All) => true,
        }
    }

    /// How many slots have no owner at all, dead or alive.
    pub fn unowned(&self) -> Unowned {
        match self.iter().map(|(_, n)| n.slots.len()).sum::<u32>() {
            0 => Unowned::All,
            owned if owned < u32::from(crate::model::slots::SLOT_COUNT) => Unowned::Part,
            _ => Unowned::Nothing,
        }
    }

    /// Some slot has no owner at all, dead or alive.
    pub fn has_unowned_slots(&self) -> bool {
        self.unowned() != Unowned::Nothing
    }

    /// Slots that no live node owns.
    pub fn uncovered(&self) -> SlotSet {
        let mut covered = SlotSet::new();
        for (_, node) in self.iter().filter(|(_, n)| n.is_live_member()) {
            covered.union_with(&node.slots);
        }
        covered.complement()
    }

    /// Masters that own slots, dead and ghosts included: what the servers call cluster size
    /// (`clusterUpdateState`). Those that replicas name and no report lists are among them.
    pub fn voters(&self) -> usize {
        let owns = |n: &Node| !n.slots.is_empty() || n.is_known_by_id_alone();
        self.iter().filter(|(_, n)| owns(n)).count()
    }

    /// Voters that live.
    pub fn live_voters(&self) -> usize {
        self.iter()
            .filter(|(_, n)| !n.slots.is_empty() && n.is_live_member())
            .count()
    }

    /// Votes that an election needs: more than half of all voters.
    pub fn votes_needed(&self) -> usize {
        self.voters() / 2 + 1
    }

    /// Enough voters live to elect a replica.
    pub fn has_majority(&self) -> bool {
        self.live_voters() >= self.votes_needed()
    }

    /// Hosts that run a live member, in host order.
    pub fn live_hosts(&self) -> Vec<HostId> {
        let mut seen = vec![false; self.hosts.len()];
        for (_, node) in self.iter().filter(|(_, n)| n.is_live_member()) {
            if let Some(host) = node.host {
                seen[host.0 as usize] = true;
            }
        }
        (0..self.hosts.len() as u32)
            .map(HostId)
            .filter(|h| seen[h.0 as usize])
            .collect()
    }

    /// A member that is dead and may come back (a ghost cannot).
    pub fn dead_members(&self) -> Vec<NodeId> {
        self.iter()
            .filter(|(_, n)| n.is_dead_member())
            .map(|(id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Role;
    use crate::model::SlotSet;
    use crate::model::Unowned;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn who_lost_its_address_hides_nobody() {
        let text = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h1; y@h2";
        for gone in 0..8 {
            let mut cluster = cluster(text);
            let gone = crate::model::NodeId(gone);
            cluster.node_mut(gone).address = None;
            for (id, node) in cluster.iter() {
                let Some(address) = &node.address else {
                    continue;
                };
                assert_eq!(cluster.at(address).collect::<Vec<_>>(), [id]);
            }
        }
    }

    #[test]
    fn a_replica_is_no_spare_while_slots_have_no_owner() {
        let mut cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; blank@h3 < r3@h1");
        let [r1, r3, m1, blank] = ["r1", "r3", "m1", "blank"].map(|name| id(&cluster, name));
        cluster.node_mut(r3).role = Role::Replica(Some(blank));
        let given_away = std::mem::take(&mut cluster.node_mut(blank).slots);
        let m2 = id(&cluster, "m2");
        cluster.node_mut(m2).slots.union_with(&given_away);
        assert!(cluster.is_spare(r3) && cluster.is_spare(blank) && !cluster.is_spare(r1));
        cluster.node_mut(m1).slots = SlotSet::new();
        assert!(!cluster.is_spare(r3) && !cluster.is_spare(r1));
        assert!(
            !cluster.is_spare_given(r1, Unowned::Part) && cluster.is_spare_given(r1, Unowned::All)
        );
        // A master that follows its replica is a loop, and either may hold the data.
        cluster.node_mut(m1).role = Role::Replica(Some(r1));
        assert!(!cluster.is_spare(r1) && !cluster.is_spare(m1));
        assert!(cluster.is_spare(blank));
    }
}
