//! `--pin ADDR=master`, `--pin ADDR=replica:ADDR`: roles and pairs as the operator says.

use std::fmt;

use crate::measure::Level;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::spelled;

pub(super) const WORD: &str = "pin";

/// What one node is to be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pin {
    pub address: Address,
    pub role: PinnedRole,
}

/// The role that a node is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PinnedRole {
    /// Of the shard that it copies.
    Master,
    /// Of that one, which leads.
    ReplicaOf(Address),
}

impl Pin {
    /// Whoever it is about.
    pub(super) fn names(&self) -> impl Iterator<Item = &Address> {
        let master = match &self.role {
            PinnedRole::Master => None,
            PinnedRole::ReplicaOf(master) => Some(master),
        };
        [&self.address].into_iter().chain(master)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.role {
            PinnedRole::Master => write!(f, "{}=master", self.address),
            PinnedRole::ReplicaOf(master) => write!(f, "{}=replica:{master}", self.address),
        }
    }
}

fn at(cluster: &Cluster, address: &Address) -> Option<NodeId> {
    let mut live = cluster.at(address).filter(|&id| cluster.node(id).is_live());
    live.next()
}

impl Wish for Pin {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        vec![format!("--pin {}", spelled(self, quote))]
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let find = |address: &Address| {
            at(real, address).ok_or_else(|| BadGoal::NoNode(address.to_string()))
        };
        let (node, why) = (find(&self.address)?, format!("pinned by {self}"));
        match &self.role {
            PinnedRole::Master => {
                if real.root(node).is_none() {
                    return Err(BadGoal::CopiesNothing(self.address.to_string()));
                }
                demands.lead(node, why);
            }
            PinnedRole::ReplicaOf(master) => {
                let master_at = find(master)?;
                if node == master_at {
                    return Err(BadGoal::Itself(self.address.to_string()));
                }
                if real.root(master_at).is_none() {
                    return Err(BadGoal::CopiesNothing(master.to_string()));
                }
                demands.lead(master_at, why.clone());
                demands.following.insert(node, why.clone());
                demands.join(node, master_at, why, real)?;
            }
        }
        Ok(())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Pin)
    }

    fn left(&self, cluster: &Cluster) -> i64 {
        let held = match (&self.role, at(cluster, &self.address)) {
            (_, None) => false,
            (PinnedRole::Master, Some(node)) => !cluster.node(node).slots.is_empty(),
            (PinnedRole::ReplicaOf(master), Some(node)) => {
                let master = at(cluster, master);
                master.is_some() && cluster.node(node).master() == master
            }
        };
        i64::from(!held)
    }

    fn says(&self, reached: &Reached) -> String {
        match (self.left(reached.start), self.left(reached.end)) {
            (0, _) => format!("{self}: it is so"),
            (_, 0) => format!("{self}: it will be so"),
            _ => format!("{self}: it is not so"),
        }
    }
}
