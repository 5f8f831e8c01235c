//! What an operator may vouch for: that nodes are down and stay down.

use std::fmt;

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::plan::why::Said;

/// What `--dead` is given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Vouch {
    /// A host of which every member is taken for dead.
    Host(HostId),
    Node(NodeId),
}

impl Vouch {
    /// The fewest words for these nodes: whole hosts where nothing on them lives, in host order.
    pub fn of(cluster: &Cluster, nodes: &[NodeId]) -> Vec<Self> {
        let live = cluster.live_hosts();
        let word = |&id: &NodeId| match cluster.node(id).host {
            Some(host) if !live.contains(&host) => Self::Host(host),
            Some(_) | None => Self::Node(id),
        };
        let mut words: Vec<Self> = nodes.iter().map(word).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

impl fmt::Display for Said<'_, Vouch> {
    /// As it is typed: `host:10.0.0.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Vouch::Host(host) => write!(f, "host:{}", self.1.host(*host).name),
            Vouch::Node(id) => match &self.node(*id).address {
                Some(address) => write!(f, "node:{address}"),
                None => write!(f, "node:{}", self.node(*id).name.as_str()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    #[test]
    fn whole_hosts_where_nothing_on_them_lives() {
        let cluster = cluster("m1@h1 < r2@h1; m2!@h2 < r1!@h2; m3!@h3 < r3@h3");
        let words = Vouch::of(&cluster, &cluster.dead_members());
        let words: Vec<String> = words
            .iter()
            .map(|w| Said(w, &cluster).to_string())
            .collect();
        assert_eq!(words[0], "host:h2");
        assert!(
            words.len() == 2 && words[1].starts_with("node:"),
            "{words:?}"
        );
    }
}
