//! What is known of a majority that is lost: whether it is dead, or those who say so are cut off.

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Liveness;
use crate::model::NodeId;

/// Fewer than half of the masters that vote live, as far as the capture tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MajorityLost {
    pub voters: usize,
    pub live: usize,
    pub needed: usize,
    /// Dead voters of which nobody who is cut off could think so by mistake.
    pub proven: usize,
    /// The other dead voters, in node order.
    pub doubtful: Vec<NodeId>,
    /// Every answer is of one of these hosts, and of every other host all members are taken for
    /// dead: as likely these are the ones that are cut off. None where that is not so.
    pub side: Vec<HostId>,
}

impl MajorityLost {
    /// `None` while a majority lives.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        if cluster.voters() == 0 || cluster.has_majority() {
            return None;
        }
        let dead: Vec<NodeId> = cluster
            .iter()
            .filter(|(_, n)| !n.slots.is_empty() && !n.is_live_member())
            .map(|(id, _)| id)
            .collect();
        let doubtful: Vec<NodeId> = dead
            .iter()
            .copied()
            .filter(|&id| !is_proven(cluster, id))
            .collect();
        Some(Self {
            voters: cluster.voters(),
            live: cluster.live_voters(),
            needed: cluster.votes_needed(),
            proven: dead.len() - doubtful.len(),
            doubtful,
            side: side(cluster),
        })
    }

    /// Proven dead are as many as the majority lacks, so that the rest of the world is none, either:
    /// else a takeover could make two masters of one shard.
    pub fn is_proven(&self) -> bool {
        self.live + self.proven >= self.needed
    }
}

/// A ghost's process goes by another id now.
fn is_proven(cluster: &Cluster, id: NodeId) -> bool {
    match cluster.node(id).liveness {
        Liveness::Dead(death) => death.is_proven(),
        Liveness::Gone => true,
        Liveness::Live(_) => false,
    }
}

/// The hosts of those who live, if nothing is known to live or to be dead for sure elsewhere.
fn side(cluster: &Cluster) -> Vec<HostId> {
    let here = cluster.live_hosts();
    let elsewhere = |id: NodeId| {
        let node = cluster.node(id);
        let host = node.host.filter(|host| !here.contains(host));
        node.is_dead_member() && host.is_some()
    };
    let mut away = cluster
        .iter()
        .map(|(id, _)| id)
        .filter(|&id| elsewhere(id))
        .peekable();
    let doubted = away.peek().is_some() && away.all(|id| !is_proven(cluster, id));
    if doubted { here } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Death;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn as_many_proven_dead_as_the_majority_lacks_are_enough() {
        let mut cluster = cluster("m1@h1 < r2@h1; m2!@h2 < r3@h1; m3!@h3 < r1@h2");
        let [m2, m3, r1] = ["m2", "m3", "r1"].map(|name| id(&cluster, name));
        for node in [m2, m3, r1] {
            cluster.node_mut(node).liveness = Liveness::Dead(Death::Failed);
        }
        let lost = MajorityLost::of(&cluster).unwrap();
        assert_eq!(
            (lost.voters, lost.live, lost.needed, lost.proven),
            (3, 1, 2, 0)
        );
        assert_eq!(lost.doubtful, [m2, m3]);
        assert_eq!(lost.side, [HostId(0)]);
        assert!(!lost.is_proven());
        cluster.node_mut(m3).liveness = Liveness::Dead(Death::Refused);
        let lost = MajorityLost::of(&cluster).unwrap();
        assert!(lost.is_proven() && lost.side.is_empty());
        cluster.node_mut(m2).revive();
        assert!(MajorityLost::of(&cluster).is_none());
    }
}
