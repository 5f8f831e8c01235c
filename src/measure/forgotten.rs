//! Whether somebody has begun to forget a node.

use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::NodeSet;

/// The witnesses of a FORGET that was begun.
///
/// A FORGET leaves a node without the id, or, once gossip has brought it back, with a replica that
/// follows nobody (`slave -`). A node that joined after the id had died sees the same for ever:
/// gossip tells no master and little of the dead. So only the whole view of a live master that owns
/// slots counts, and only where its own gap does not explain it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HalfForgotten {
    /// Live nodes whose whole views list it, in node order.
    pub listing: Vec<NodeId>,
    /// Witnesses that do not list it.
    pub absent: Vec<NodeId>,
    /// Witnesses that list it without the master that others know.
    pub masterless: Vec<NodeId>,
}

/// Live nodes whose whole views were captured, and those of them that can bear witness.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnesses {
    observers: NodeSet,
    owners: NodeSet,
}

impl Witnesses {
    pub fn of(cluster: &Cluster) -> Self {
        let seen = |owns: bool| {
            let nodes = cluster.iter();
            let nodes = nodes.filter(move |(_, n)| {
                n.is_live_member() && n.seen.has_view && (!owns || !n.slots.is_empty())
            });
            nodes.map(|(id, _)| id).collect()
        };
        Self {
            observers: seen(false),
            owners: seen(true),
        }
    }

    /// What they say of a dead member; `None` where nothing shows that a FORGET was begun.
    pub fn of_dead(&self, cluster: &Cluster, id: NodeId) -> Option<HalfForgotten> {
        let node = cluster.node(id);
        if node.is_live() || node.membership != Membership::Member {
            return None;
        }
        // Counted before walked: after the loss of a host many ids are dead and none is forgotten.
        let everywhere =
            node.seen.masterless_in.is_empty() && node.seen.known_by.len() >= self.observers.len();
        if everywhere || node.seen.known_by.is_empty() {
            return None;
        }
        let witnesses = || {
            self.owners
                .iter()
                .filter(|&o| !node.seen.unseen_by.contains(o))
        };
        let listing: Vec<NodeId> = self
            .observers
            .iter()
            .filter(|&o| node.seen.known_by.contains(o))
            .collect();
        let absent: Vec<NodeId> = witnesses()
            .filter(|&o| !node.seen.known_by.contains(o))
            .collect();
        // Who has forgotten the master itself shows all its replicas so.
        let knows_master = |o: NodeId| {
            let master = node.master().map(|m| (m, cluster.node(m)));
            master.is_some_and(|(m, master)| m == o || master.seen.known_by.contains(o))
        };
        let masterless: Vec<NodeId> = witnesses()
            .filter(|&o| node.seen.masterless_in.contains(o) && knows_master(o))
            .collect();
        if listing.is_empty() || (absent.is_empty() && masterless.is_empty()) {
            return None;
        }
        Some(HalfForgotten {
            listing,
            absent,
            masterless,
        })
    }
}
