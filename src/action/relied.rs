//! What a step risks or relies on at other nodes than the one that is sent the command, as the
//! plan saw it: the script asks them again before it sends anything.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::Cluster;
use crate::model::Link;
use crate::model::Node;
use crate::model::NodeId;

/// A node that is asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    pub id: String,
    pub address: String,
}

/// replicate, restart: the master that gives a copy up, or lacks it for a while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Donor {
    pub id: String,
    pub address: String,
    /// Its slots, exactly.
    pub slots: String,
    /// Replicas in sync that it must keep beside the one that leaves.
    pub keeps: u32,
}

/// replicate: the master that gets a copy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Receiver {
    /// Its slots, exactly.
    pub slots: String,
    /// Replicas that it has without this one, at most: with more of them the step is not needed.
    pub replicas: u32,
}

/// failover by force: the copy that is promoted, and the others that it is held against.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CopyHeld {
    /// Its `slave_repl_offset` in the capture: by then it must hold that much.
    pub offset: Option<u64>,
    /// The `master_replid` that the offset counts in.
    pub history: Option<String>,
    /// Other live replicas of the same master: none of them may hold more.
    pub rivals: Vec<Party>,
    /// Whoever reviewed the plan accepts that the histories cannot be compared.
    pub histories_accepted: bool,
}

impl Donor {
    /// The master of a replica, if it lives and owns slots: then the replica holds a copy of them.
    pub(super) fn of(cluster: &Cluster, node: NodeId) -> Option<Self> {
        let old = cluster.node(node).master()?;
        let master = cluster.node(old);
        let address = master.address.as_ref()?.to_string();
        let synced =
            |id: NodeId, n: &Node| n.replication.link != Link::Down && cluster.is_synced(id);
        (master.is_live() && !master.slots.is_empty()).then(|| Self {
            id: master.name.to_string(),
            address,
            slots: master.slots.to_string(),
            keeps: replicas(cluster, old, |id, n| id != node && synced(id, n)),
        })
    }
}

impl Receiver {
    pub(super) fn of(cluster: &Cluster, node: NodeId, master: NodeId) -> Self {
        Self {
            slots: cluster.node(master).slots.to_string(),
            replicas: replicas(cluster, master, |id, _| id != node),
        }
    }
}

impl CopyHeld {
    pub(super) fn of(cluster: &Cluster, node: NodeId, old: NodeId) -> Self {
        let held = cluster.node(node);
        Self {
            offset: held.replication.offset,
            history: held.histories.first().map(ToString::to_string),
            rivals: Party::all(cluster, |id, n| {
                id != node && n.is_live_member() && n.master() == Some(old)
            }),
            histories_accepted: false,
        }
    }
}

impl Party {
    /// Those of the nodes that have an address.
    pub(super) fn all(cluster: &Cluster, which: impl Fn(NodeId, &Node) -> bool) -> Vec<Self> {
        let nodes = cluster.iter().filter(|(id, n)| which(*id, n));
        let party = |(_, node): (NodeId, &Node)| {
            Some(Self {
                id: node.name.to_string(),
                address: node.address.as_ref()?.to_string(),
            })
        };
        nodes.filter_map(party).collect()
    }
}

fn replicas(cluster: &Cluster, of: NodeId, which: impl Fn(NodeId, &Node) -> bool) -> u32 {
    let all = cluster.iter();
    let some = all.filter(|(id, n)| n.is_live_member() && n.master() == Some(of) && which(*id, n));
    some.count() as u32
}
