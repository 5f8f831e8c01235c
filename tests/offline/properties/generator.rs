//! Small broken clusters and requests, drawn at random.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use topoplan::model::Cluster;
use topoplan::model::Direction;
use topoplan::model::Link;
use topoplan::model::NodeId;
use topoplan::model::OpenSlot;
use topoplan::model::Role;
use topoplan::model::Sync;
use topoplan::model::testing;
use topoplan::plan::Phase;
use topoplan::plan::Request;
use topoplan::policy::Flag;
use topoplan::policy::Home;
use topoplan::policy::HomeRole;
use topoplan::policy::Policy;
use topoplan::policy::Replicas;
use topoplan::rules::Code;

/// A cluster, what is wanted and what is asked.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The text that [`testing::cluster`] reads; the rest of the draw changes what it gives.
    pub text: String,
    pub changes: Vec<Change>,
    pub replicas: Option<u32>,
    /// Which nodes are home masters, bit by bit in node order.
    pub home: Option<u64>,
    pub request: Request,
}

/// What the text cannot say. Numbers choose a node or a slot, modulo how many there are.
#[derive(Clone, Debug)]
pub enum Change {
    /// A replica follows another replica.
    Chain(usize, usize),
    /// A replica's line says `slave -`.
    Masterless(usize),
    Unknown(usize),
    Offset(usize, Option<u64>),
    Keys(usize, u64),
    Memory(usize, u64),
    /// A slot of a master on its way to another, open here and maybe there.
    Open(usize, usize, bool),
    /// A dead id that a live node does not list.
    Missed(usize, usize),
    NoHost(usize),
}

pub fn draws() -> impl Strategy<Value = Draw> {
    let changes = prop_oneof![
        3 => Just(Vec::new()),
        2 => vec(change(), 1..4),
    ];
    (
        text(),
        changes,
        weighted(0.4, 0..3_u32),
        weighted(0.3, any::<u64>()),
        request(),
    )
        .prop_map(|(text, changes, replicas, home, request)| Draw {
            text,
            changes,
            replicas,
            home,
            request,
        })
}

impl Draw {
    pub fn cluster(&self) -> Cluster {
        let mut cluster = testing::cluster(&self.text);
        self.changes.iter().for_each(|c| c.apply(&mut cluster));
        cluster
    }

    pub fn policy(&self, cluster: &Cluster) -> Policy {
        let mut home = BTreeMap::new();
        if let Some(bits) = self.home {
            for (id, node) in cluster.iter() {
                let Some(address) = node.address.clone() else {
                    continue;
                };
                let role = if bits >> (id.0 % 64) & 1 == 1 {
                    HomeRole::Master
                } else {
                    HomeRole::Replica
                };
                let master = cluster
                    .root(id)
                    .and_then(|root| cluster.node(root).address.clone())
                    .filter(|a| role == HomeRole::Replica && *a != address);
                home.insert(address, Home { role, master });
            }
        }
        Policy {
            replicas: self.replicas.map_or(Replicas::Auto, Replicas::Exactly),
            home,
            ..Policy::default()
        }
    }
}

/// Up to five hosts in up to two zones, up to six shards with up to two replicas, up to three
/// nodes beside them.
fn text() -> impl Strategy<Value = String> {
    let mark = prop_oneof![
        12 => Just(""),
        2 => Just("!"),
        1 => Just("?"),
        1 => Just("~"),
    ];
    let owner = (
        prop_oneof![9 => Just(""), 1 => Just("!"), 1 => Just("?")],
        0..5_usize,
        0..2_usize,
    );
    let replica = (mark, 0..5_usize, 0..2_usize);
    let other = prop_oneof![6 => Just(""), 1 => Just("!"), 1 => Just("?"), 2 => Just("*")];
    let shards = vec((owner, vec(replica, 0..3)), 1..7);
    let others = vec((other, 0..5_usize, 0..2_usize), 0..4);
    (1..6_usize, 0..3_usize, any::<bool>(), shards, others).prop_map(
        |(hosts, zones, disks, shards, others)| {
            let place = |host: usize, disk: usize| {
                let host = host % hosts;
                let zone = match zones {
                    0 => "-".to_owned(),
                    n => format!("z{}", host % n),
                };
                let disk = if disks {
                    format!("/d{disk}")
                } else {
                    String::new()
                };
                format!("h{}/{zone}{disk}", host + 1)
            };
            let mut groups: Vec<String> = Vec::new();
            for (index, ((mark, host, disk), replicas)) in shards.into_iter().enumerate() {
                let mut group = format!("m{index}{mark}@{} <", place(host, disk));
                for (at, (mark, host, disk)) in replicas.into_iter().enumerate() {
                    group += &format!(" r{index}x{at}{mark}@{}", place(host, disk));
                }
                groups.push(group);
            }
            for (index, (mark, host, disk)) in others.into_iter().enumerate() {
                groups.push(format!("x{index}{mark}@{}", place(host, disk)));
            }
            groups.join("; ")
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    let node = || 0..64_usize;
    prop_oneof![
        3 => (node(), node()).prop_map(|(a, b)| Change::Chain(a, b)),
        1 => node().prop_map(Change::Masterless),
        1 => node().prop_map(Change::Unknown),
        2 => (node(), prop::option::of(0..2000_u64)).prop_map(|(a, o)| Change::Offset(a, o)),
        1 => (node(), 1..9_u64).prop_map(|(a, k)| Change::Keys(a, k)),
        2 => (node(), 1..5_u64).prop_map(|(a, m)| Change::Memory(a, m)),
        2 => (node(), node(), any::<bool>()).prop_map(|(a, b, both)| Change::Open(a, b, both)),
        1 => (node(), node()).prop_map(|(a, b)| Change::Missed(a, b)),
        1 => node().prop_map(Change::NoHost),
    ]
}

fn pick(cluster: &Cluster, number: usize, test: impl Fn(NodeId) -> bool) -> Option<NodeId> {
    let fitting: Vec<NodeId> = cluster
        .iter()
        .map(|(id, _)| id)
        .filter(|&id| test(id))
        .collect();
    (!fitting.is_empty()).then(|| fitting[number % fitting.len()])
}

impl Change {
    fn apply(&self, cluster: &mut Cluster) {
        // A change that finds no node to change does nothing.
        let _ = self.try_apply(cluster);
    }

    fn try_apply(&self, cluster: &mut Cluster) -> Option<()> {
        match *self {
            Self::Chain(a, b) => {
                let live = |c: &Cluster, id: NodeId| c.node(id).is_live_member();
                let replica = |id: NodeId| live(cluster, id) && cluster.node(id).master().is_some();
                let low = pick(cluster, a, replica)?;
                let high = pick(cluster, b, |id| {
                    replica(id) && id != low && cluster.node(id).master() != Some(low)
                })?;
                cluster.node_mut(low).role = Role::Replica(Some(high));
            }
            Self::Masterless(a) => {
                let id = pick(cluster, a, |id| cluster.node(id).is_replica())?;
                cluster.node_mut(id).role = Role::Replica(None);
            }
            Self::Unknown(a) => {
                let id = pick(cluster, a, |id| cluster.node(id).is_replica())?;
                let replication = &mut cluster.node_mut(id).replication;
                (replication.sync, replication.link) = (Sync::Unknown, Link::Unknown);
                replication.offset = None;
            }
            Self::Offset(a, offset) => {
                let id = pick(cluster, a, |id| {
                    cluster.node(id).is_replica() && cluster.is_synced(id)
                })?;
                cluster.node_mut(id).replication.offset = offset;
            }
            Self::Keys(a, keys) => {
                let id = pick(cluster, a, |id| cluster.node(id).is_live())?;
                cluster.node_mut(id).keys = Some(keys);
            }
            Self::Memory(a, mib) => {
                let id = pick(cluster, a, |id| cluster.node(id).is_live())?;
                cluster.node_mut(id).used_memory = Some(mib << 24);
            }
            Self::Open(a, b, both) => open(cluster, a, b, both)?,
            Self::Missed(a, b) => {
                let dead = pick(cluster, a, |id| {
                    !cluster.node(id).is_live() && !cluster.node(id).is_ghost()
                })?;
                let live = pick(cluster, b, |id| cluster.node(id).is_live_member())?;
                cluster.node_mut(dead).seen.known_by.remove(live);
            }
            Self::NoHost(a) => {
                let id = pick(cluster, a, |_| true)?;
                cluster.node_mut(id).host = None;
                cluster.node_mut(id).disk = None;
            }
        }
        Some(())
    }
}

fn open(cluster: &mut Cluster, a: usize, b: usize, both: bool) -> Option<()> {
    let owns = |id: NodeId| cluster.node(id).is_live() && !cluster.node(id).slots.is_empty();
    let from = pick(cluster, a, owns)?;
    let to = pick(cluster, b, |id| owns(id) && id != from)?;
    let slot = cluster.node(from).slots.iter().next()?;
    let end = |direction, peer: NodeId| OpenSlot {
        slot,
        direction,
        peer: Some(cluster.node(peer).name.clone()),
        keys: None,
    };
    let (here, there) = (
        end(Direction::Migrating, to),
        end(Direction::Importing, from),
    );
    cluster.node_mut(from).open_slots.push(here);
    if both {
        cluster.node_mut(to).open_slots.push(there);
    }
    Some(())
}

fn request() -> impl Strategy<Value = Request> {
    let codes = Code::ALL;
    let some = || prop::sample::subsequence(codes, 1..6);
    let only = prop_oneof![5 => Just(Vec::new()), 1 => some()];
    let skip = prop_oneof![5 => Just(Vec::new()), 1 => some()];
    let through = weighted(0.2, prop::sample::select(Phase::ALL));
    let given = vec![prop::bool::weighted(0.25); Flag::ALL.len()];
    (only, skip, through, given).prop_map(|(only, skip, through, given)| {
        let flags = Flag::ALL.iter().zip(given).filter(|(_, given)| *given);
        Request {
            skip: skip.into_iter().filter(|c| !only.contains(c)).collect(),
            only: only.into_iter().collect(),
            through,
            force: None,
            dead: Vec::new(),
            flags: flags.map(|(&flag, _)| flag).collect(),
            goals: Vec::new(),
        }
    })
}
