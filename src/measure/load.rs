//! How many nodes of each kind a host runs.

use crate::model::Cluster;
use crate::model::Copies;
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

/// Live copies and nodes without any, of every host, in host order: the same where a node may hold
/// many copies.
pub fn loads_of_copies(copies: &Copies) -> Vec<Load> {
    let mut loads = vec![Load::default(); copies.hosts()];
    let mut idle: Vec<bool> = copies.holders().iter().map(|holder| holder.live).collect();
    for copy in copies.all() {
        idle[copy.node.index()] = false;
        let host = copies.holder(copy.node).host.filter(|_| copy.live);
        let Some(host) = host else { continue };
        let load = &mut loads[host.0 as usize];
        if copy.is_master() {
            load.masters += 1;
        } else {
            load.replicas += 1;
        }
    }
    for (holder, idle) in copies.holders().iter().zip(idle) {
        if let Some(host) = holder.host.filter(|_| idle) {
            loads[host.0 as usize].spares += 1;
        }
    }
    loads
}
