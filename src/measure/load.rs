//! How many nodes of each kind a host runs.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Unowned;

/// Live nodes of one host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Masters with slots.
    pub masters: usize,
    pub replicas: usize,
    pub spares: usize,
}

impl Load {
    pub fn add(&mut self, other: Self) {
        self.masters += other.masters;
        self.replicas += other.replicas;
        self.spares += other.spares;
    }

    pub fn subtract(&mut self, other: Self) {
        self.masters -= other.masters;
        self.replicas -= other.replicas;
        self.spares -= other.spares;
    }
}

/// What a node adds to its host's load; nothing if it is dead.
pub fn load_of(cluster: &Cluster, id: NodeId, unowned: Unowned) -> Load {
    let (node, mut load) = (cluster.node(id), Load::default());
    if !node.is_live() {
    } else if !node.slots.is_empty() {
        load.masters = 1;
    } else if cluster.is_spare_given(id, unowned) {
        load.spares = 1;
    } else if node.is_replica() {
        load.replicas = 1;
    }
    load
}

/// Of every host of the map or the dumps, in host order.
pub fn loads(cluster: &Cluster) -> Vec<Load> {
    let mut loads = vec![Load::default(); cluster.hosts.len()];
    let unowned = cluster.unowned();
    for (id, node) in cluster.iter() {
        if let Some(host) = node.host {
            loads[host.0 as usize].add(load_of(cluster, id, unowned));
        }
    }
    loads
}
