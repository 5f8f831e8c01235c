//! Commands of flashbase that choose by themselves whom they promote or kill: the same choice, made on
//! the cluster as the list left it.
//!
//! The choices are those of the tool's own source: it asks nobody how far a replica is, and sends
//! `cluster failover takeover` to every replica that lives, one after the other.

use crate::action::Mode;
use crate::lint::order::Order;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::policy::HomeRole;
use crate::policy::Policy;
use crate::text::quote::quote;

const TOOLS: [&str; 5] = [
    "force-failover",
    "reset-distribution",
    "failover-with-dir",
    "kill-with-dir",
    "cluster-failover.sh",
];

pub(super) fn is_tool(word: &str) -> bool {
    TOOLS.contains(&word)
}

pub(super) struct Tools<'a> {
    pub cluster: &'a Cluster,
    pub policy: &'a Policy,
}

type Orders = Result<Vec<Order>, String>;

impl Tools<'_> {
    pub fn orders(&self, tool: &str, words: &[&str]) -> Orders {
        match (tool, words) {
            ("force-failover", [host]) => Ok(self.take_over_from(&self.on(host)?)),
            ("failover-with-dir", [host, dir]) => Ok(self.take_over_from(&self.with(host, dir)?)),
            ("kill-with-dir", [host, dir]) => {
                let live = |id: &NodeId| self.cluster.node(*id).is_live();
                let nodes = self.with(host, dir)?.into_iter().filter(live);
                Ok(nodes.map(|node| Order::Stop { node }).collect())
            }
            ("reset-distribution", []) => self.reset(),
            ("cluster-failover.sh", []) => Ok(self.rescue()),
            ("force-failover", _) => Err("`force-failover` takes a host".to_owned()),
            ("failover-with-dir" | "kill-with-dir", _) => {
                Err(format!("`{tool}` takes a host and a directory"))
            }
            _ => Err(format!("`{tool}` takes nothing behind it")),
        }
    }

    fn on(&self, host: &str) -> Result<Vec<NodeId>, String> {
        let domain = Domain::Host(host.to_owned());
        let nodes = Domains::of(self.cluster).nodes_in(&domain);
        nodes.map_err(|_| format!("the capture shows no host {}", quote(host)))
    }

    fn with(&self, host: &str, dir: &str) -> Result<Vec<NodeId>, String> {
        let domain = Domain::Disk(host.to_owned(), dir.to_owned());
        let nodes = Domains::of(self.cluster).nodes_in(&domain);
        nodes.map_err(|why| why.to_string())
    }

    fn replicas(&self, master: NodeId) -> impl Iterator<Item = NodeId> {
        let follows = self.cluster.iter();
        let follows =
            follows.filter(move |(_, n)| n.is_live_member() && n.master() == Some(master));
        follows.map(|(id, _)| id)
    }

    /// A master that is dead is not in the list that the tool goes through.
    fn take_over_from(&self, nodes: &[NodeId]) -> Vec<Order> {
        let masters = nodes.iter().filter(|id| {
            let node = self.cluster.node(**id);
            node.is_live_member() && node.is_master()
        });
        let heirs = masters.flat_map(|&master| self.replicas(master));
        heirs.map(takeover).collect()
    }

    /// Every replica that was a master at home.
    fn reset(&self) -> Orders {
        if self.policy.home.is_empty() {
            return Err(
                "`reset-distribution` goes by the ports that were masters at first: no home map \
                 tells them"
                    .to_owned(),
            );
        }
        let away = self.cluster.iter().filter(|(id, node)| {
            let home = self.policy.home_role(self.cluster, *id);
            node.is_live_member() && node.is_replica() && home == Some(HomeRole::Master)
        });
        Ok(away.map(|(id, _)| takeover(id)).collect())
    }

    /// The first replica that answers of every master that does not.
    fn rescue(&self) -> Vec<Order> {
        let dead = self.cluster.iter().filter(|(_, node)| {
            let is_dead = node.is_dead_member() || node.is_ghost();
            is_dead && node.is_master() && !node.slots.is_empty()
        });
        let heirs = dead.filter_map(|(master, _)| self.replicas(master).next());
        heirs.map(takeover).collect()
    }
}

fn takeover(node: NodeId) -> Order {
    Order::Failover {
        node,
        mode: Mode::Takeover,
        by_tool: true,
    }
}
