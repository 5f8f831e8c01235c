//! The second family: FEDB (RTIDB, OpenMLDB), whose tables are partitions on tablets.
//!
//! A Redis node holds at most one copy of one shard, and [`Cluster`] is built on that: a role, a
//! master and a set of slots are facts of the node. A tablet holds many copies, so this family has
//! an inventory of its own. What can be asked of plain copies (who shares a host or a zone, how
//! leaders are spread, what a host carries) is asked of [`Tablets::copies`], so that `measure`
//! counts both families.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::model::address::Address;
use crate::model::cluster::Cluster;
use crate::model::copy::Copies;
use crate::model::copy::Copy;
use crate::model::copy::CopyRole;
use crate::model::copy::Holder;
use crate::model::domain::Domain;
use crate::model::domain::Host;
use crate::model::domain::HostId;
use crate::model::domain::Zone;
use crate::model::liveness::Death;
use crate::model::liveness::Life;
use crate::model::liveness::Liveness;
use crate::model::node::Membership;
use crate::model::node::Node;
use crate::model::node::NodeId;
use crate::model::node::NodeName;
use crate::model::shard::ShardId;

/// Index of a tablet in [`Tablets::tablets`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TabletId(pub u32);

impl TabletId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<TabletId> for NodeId {
    /// As [`Tablets::copies`] names it.
    fn from(tablet: TabletId) -> Self {
        Self(tablet.0)
    }
}

impl From<NodeId> for TabletId {
    /// Of a node of [`Tablets::copies`].
    fn from(node: NodeId) -> Self {
        Self(node.0)
    }
}

/// Index of a partition in [`Tablets::partitions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PartitionId(pub u32);

impl PartitionId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<ShardId> for PartitionId {
    /// Of a shard of [`Tablets::copies`].
    fn from(shard: ShardId) -> Self {
        Self(shard.0)
    }
}

/// What `showtablet` says of a tablet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    Healthy,
    Offline,
    /// No `showtablet` lists it: `showtable` alone cannot tell.
    Unknown,
}

/// One tablet server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tablet {
    /// As commands take it: `ip:port`, or a name.
    pub endpoint: Arc<str>,
    /// Where it listens, if that can be told.
    pub address: Option<Address>,
    pub host: Option<HostId>,
    pub health: Health,
    /// How long its process was known to the name server when `showtablet` was printed, as exactly as that
    /// tells it. Less than before: it was started anew since.
    pub age_ms: Option<u64>,
}

/// A copy of a partition on a tablet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    pub tablet: TabletId,
    /// Its row says `leader`; an old leader keeps saying so until it is recovered.
    pub leader: bool,
    pub alive: bool,
    pub offset: Option<u64>,
    /// Bytes; of the memory table.
    pub memory: Option<u64>,
}

/// A partition with its copies, in the order of the capture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// The database of the table, where the capture tells it: `ns_client` looks only into one at a time.
    pub database: Option<Arc<str>>,
    /// Another table, of another database, has the same name.
    pub shares_name: bool,
    pub table: Arc<str>,
    /// Number of the table; no two tables share one.
    pub tid: Option<u64>,
    pub pid: u32,
    pub copies: Vec<Held>,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(database), true) = (&self.database, self.shares_name) {
            write!(f, "{database}.")?;
        }
        write!(f, "{} {}", self.table, self.pid)
    }
}

impl Partition {
    pub fn on(&self, tablet: TabletId) -> Option<&Held> {
        self.copies.iter().find(|held| held.tablet == tablet)
    }

    pub fn on_mut(&mut self, tablet: TabletId) -> Option<&mut Held> {
        self.copies.iter_mut().find(|held| held.tablet == tablet)
    }
}

/// How far an operation of the name server is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpStatus {
    Inited,
    Doing,
    Done,
    Failed,
    Canceled,
    /// A word that no version writes.
    Odd,
}

impl OpStatus {
    pub fn of(word: &str) -> Self {
        match word {
            "kInited" => Self::Inited,
            "kDoing" => Self::Doing,
            "kDone" => Self::Done,
            "kFailed" => Self::Failed,
            // The documents spell it in both ways.
            "kCanceled" | "kCancelled" => Self::Canceled,
            _ => Self::Odd,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Inited => "kInited",
            Self::Doing => "kDoing",
            Self::Done => "kDone",
            Self::Failed => "kFailed",
            Self::Canceled => "kCanceled",
            Self::Odd => "an unknown status",
        }
    }

    pub fn is_running(self) -> bool {
        matches!(self, Self::Inited | Self::Doing)
    }
}

/// One operation of the name server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Op {
    pub id: u64,
    /// `kReAddReplicaOP`
    pub kind: Arc<str>,
    pub table: Option<Arc<str>>,
    pub pid: Option<u32>,
    pub status: OpStatus,
    /// `kLoadTable`; of an operation that runs.
    pub task: Option<Arc<str>>,
}

/// One name server, as `showns` lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameServer {
    pub endpoint: Arc<str>,
    pub leads: bool,
}

/// All tablets and partitions at one moment. Tablets are sorted by address, then by name;
/// partitions by table, number and pid. Hosts and zones by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tablets {
    pub tablets: Vec<Tablet>,
    pub partitions: Vec<Partition>,
    pub hosts: Vec<Host>,
    pub zones: Vec<Zone>,
    /// `None`: no `confget` was captured.
    pub auto_failover: Option<bool>,
    /// By id, ascending.
    pub ops: Vec<Op>,
    pub name_servers: Vec<NameServer>,
    /// A `showtablet` was read.
    pub health_known: bool,
    /// A `showtable` was read.
    pub tables_known: bool,
    /// Some row of a table could not be read: what is missing proves nothing.
    pub torn: bool,
    /// A topic of Kafka: to be judged, and never planned.
    pub topic: bool,
}

impl Tablets {
    pub fn tablet(&self, id: TabletId) -> &Tablet {
        &self.tablets[id.index()]
    }

    pub fn partition(&self, id: PartitionId) -> &Partition {
        &self.partitions[id.index()]
    }

    pub fn partition_mut(&mut self, id: PartitionId) -> &mut Partition {
        &mut self.partitions[id.index()]
    }

    pub fn tablet_ids(&self) -> impl Iterator<Item = TabletId> + use<> {
        (0..self.tablets.len() as u32).map(TabletId)
    }

    pub fn partition_ids(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.partitions.len() as u32).map(PartitionId)
    }

    pub fn find(&self, endpoint: &str) -> Option<TabletId> {
        let of_name = |t: &Tablet| *t.endpoint == *endpoint;
        let of_address = |t: &Tablet| {
            t.address
                .as_ref()
                .is_some_and(|a| a.to_string() == endpoint)
        };
        let at = self.tablets.iter().position(of_name);
        let at = at.or_else(|| self.tablets.iter().position(of_address));
        at.map(|index| TabletId(index as u32))
    }

    /// The tablets of a domain; none where there is no such.
    pub fn within(&self, domain: &Domain) -> BTreeSet<TabletId> {
        let host = |t: &Tablet| t.host.map(|h| &self.hosts[h.0 as usize]);
        let is_in = |t: &Tablet| match domain {
            Domain::Host(name) => {
                let by_ip = t.address.as_ref().is_some_and(|a| a.ip() == name);
                by_ip || host(t).is_some_and(|host| *host.name == **name)
            }
            Domain::Zone(name) => {
                let zone = host(t).and_then(|host| host.zone);
                zone.is_some_and(|zone| *self.zones[zone.0 as usize].name == **name)
            }
            Domain::Node(_) | Domain::Disk(..) | Domain::Rack(..) => false,
        };
        match domain {
            Domain::Node(name) => self.find(name).into_iter().collect(),
            Domain::Host(_) | Domain::Zone(_) | Domain::Disk(..) | Domain::Rack(..) => {
                let all = self.tablet_ids();
                all.filter(|&t| is_in(self.tablet(t))).collect()
            }
        }
    }

    /// Not known to be down.
    pub fn runs(&self, tablet: TabletId) -> bool {
        self.tablet(tablet).health != Health::Offline
    }

    /// The name server calls the copy alive, and its tablet is not known to be down.
    pub fn is_usable(&self, held: &Held) -> bool {
        held.alive && self.runs(held.tablet)
    }

    /// Who leads the partition and serves: of several, which only a torn list shows, the one with
    /// the largest offset.
    pub fn leader<'a>(&self, partition: &'a Partition) -> Option<&'a Held> {
        let mut leads: Vec<&Held> = partition.copies.iter().collect();
        leads.retain(|held| held.leader && self.is_usable(held));
        // The first of equals.
        leads.reverse();
        leads.into_iter().max_by_key(|held| held.offset)
    }

    /// Whom the name server would take for a leader that lives: it looks at rows alone.
    pub fn listed_leader<'a>(&self, partition: &'a Partition) -> Option<&'a Held> {
        partition
            .copies
            .iter()
            .find(|held| held.leader && held.alive)
    }

    /// The follower that the name server would elect: the largest offset among those that are
    /// alive on a tablet that runs; of equals the first.
    pub fn heir<'a>(&self, partition: &'a Partition) -> Option<&'a Held> {
        let mut heirs: Vec<&Held> = partition.copies.iter().collect();
        heirs.retain(|held| !held.leader && self.is_usable(held));
        heirs.reverse();
        heirs.into_iter().max_by_key(|held| held.offset)
    }

    /// Copies on that tablet, with their partitions.
    pub fn held_by(&self, tablet: TabletId) -> impl Iterator<Item = (PartitionId, &Held)> {
        let partitions = self.partition_ids().zip(&self.partitions);
        partitions.filter_map(move |(id, partition)| Some((id, partition.on(tablet)?)))
    }

    /// How many copies there are, alive or not, by tablet.
    pub fn loads(&self) -> Vec<usize> {
        let mut loads = vec![0; self.tablets.len()];
        for held in self.partitions.iter().flat_map(|p| &p.copies) {
            loads[held.tablet.index()] += 1;
        }
        loads
    }

    /// `flow 0`; of two tables of one name `db1.flow 0`.
    pub fn name(&self, id: PartitionId) -> String {
        self.partition(id).to_string()
    }

    pub fn endpoint(&self, id: TabletId) -> &Arc<str> {
        &self.tablet(id).endpoint
    }

    /// Two tables of one name, and the databases of both are not known: a command that names one may
    /// mean the other.
    pub fn ambiguous_table(&self) -> Option<&Arc<str>> {
        let vague = |p: &&Partition| p.shares_name && p.database.is_none();
        self.partitions.iter().find(vague).map(|p| &p.table)
    }

    /// The copies of all partitions, for what counts places; shards are partitions and nodes are
    /// tablets, by number.
    ///
    /// Leaders are the masters of their partitions; where none serves, the first row that says so.
    pub fn copies(&self) -> Copies {
        let holder = |tablet: &Tablet| Holder {
            host: tablet.host,
            disk: None,
            zone: tablet.host.and_then(|h| self.hosts[h.0 as usize].zone),
            rack: tablet.host.and_then(|h| self.hosts[h.0 as usize].rack),
            live: tablet.health != Health::Offline,
            open: tablet.health != Health::Offline,
        };
        let holders = self.tablets.iter().map(holder).collect();
        let mut copies = Copies::new(holders, self.hosts.len(), self.zones.len());
        for partition in &self.partitions {
            let listed = || partition.copies.iter().find(|held| held.leader);
            let leader = self.leader(partition).or_else(listed);
            let shard = copies.next_shard();
            copies.push(partition.copies.iter().map(|held| {
                let leads = leader.is_some_and(|l| l.tablet == held.tablet);
                let live = self.is_usable(held);
                Copy {
                    node: held.tablet.into(),
                    shard,
                    role: if leads {
                        CopyRole::Master
                    } else {
                        CopyRole::Replica
                    },
                    live,
                    synced: true,
                    usable: live,
                    willing: true,
                }
            }));
        }
        copies
    }

    /// The tablets as nodes without slots, by number, for what is asked of processes: who is in a
    /// failure domain, and who of them lives.
    pub fn processes(&self) -> Cluster {
        let node = |tablet: TabletId| {
            let of = self.tablet(tablet);
            let mut node = Node::blank(NodeName::new(&of.endpoint), of.address.clone());
            node.host = of.host;
            node.membership = Membership::Member;
            node.liveness = if self.runs(tablet) {
                Liveness::Live(Life::Listed)
            } else {
                Liveness::Dead(Death::Failed)
            };
            node
        };
        Cluster {
            nodes: self.tablet_ids().map(node).collect(),
            hosts: self.hosts.clone(),
            zones: self.zones.clone(),
            ..Cluster::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;

    #[test]
    fn an_old_leader_is_no_leader_and_a_dead_tablet_leads_nothing() {
        let state = tablets("flow 0: a- *b c; flow 1: *a c; e! d");
        let leader = |p: usize| {
            let held = state.leader(&state.partitions[p]);
            held.map(|h| state.endpoint(h.tablet).to_string())
        };
        assert_eq!(leader(0).as_deref(), Some("10.0.0.2:1"));
        assert_eq!(leader(1).as_deref(), Some("10.0.0.1:1"));
        let mut down = state.clone();
        down.tablets[0].health = Health::Offline;
        assert_eq!(down.leader(&down.partitions[1]), None);
        assert_eq!(
            down.listed_leader(&down.partitions[1]).map(|h| h.tablet),
            Some(TabletId(0))
        );
        assert_eq!(
            down.heir(&down.partitions[1]).map(|h| h.tablet),
            Some(TabletId(2))
        );
    }

    #[test]
    fn a_tablet_holds_many_copies() {
        let state = tablets("flow 0: *a b; flow 1: *b a-; flow 2: a- c; e! d");
        let copies = state.copies();
        assert_eq!(copies.shards().count(), 3);
        assert_eq!(copies.all().iter().filter(|c| c.live).count(), 4);
        let [flow0, flow1, flow2] = [0, 1, 2].map(ShardId);
        assert_eq!(copies.live_master(flow0).map(|c| c.node), Some(NodeId(0)));
        assert_eq!(copies.live(flow1).count(), 1);
        assert!(copies.master(flow2).is_none());
        let lives: Vec<bool> = copies.holders().iter().map(|h| h.live).collect();
        let runs: Vec<bool> = state.tablet_ids().map(|t| state.runs(t)).collect();
        assert_eq!(lives, runs);
        let processes = state.processes();
        assert_eq!(processes.nodes.len(), state.tablets.len());
        assert!(processes.shards().is_empty());
    }
}
