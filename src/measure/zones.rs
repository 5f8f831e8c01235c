//! Which zones set copies apart, and which copies share one.

use std::collections::BTreeMap;

use crate::measure::live_copies;
use crate::measure::live_owner;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::ZoneId;

/// Zones that could hold a copy: something lives there, a member or a node to be met. A zone of
/// hosts without nodes is none, as nothing can be put there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zones {
    in_use: usize,
}

/// A copy in the zone of another one, though a zone in use holds no copy of the shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sharing {
    pub node: NodeId,
    /// The first copy in that zone: the master, if it is there.
    pub with: NodeId,
}

impl Zones {
    pub fn of(cluster: &Cluster) -> Self {
        let mut lives = vec![false; cluster.zones.len()];
        for (id, node) in cluster.iter() {
            let listed = matches!(node.membership, Membership::Member | Membership::Unmet);
            if let Some(zone) = cluster.zone_of(id).filter(|_| node.is_live() && listed) {
                lives[zone.0 as usize] = true;
            }
        }
        Self {
            in_use: lives.into_iter().filter(|&l| l).count(),
        }
    }

    pub fn in_use(&self) -> usize {
        self.in_use
    }

    /// The zone that sets a node apart from others: none where only one is in use.
    pub fn apart(&self, cluster: &Cluster, id: NodeId) -> Option<ZoneId> {
        cluster.zone_of(id).filter(|_| self.in_use > 1)
    }

    /// Copies that could be in another zone: those in the master's first, then in node order. Of
    /// more copies than zones some must share one, so there are no more of these than zones
    /// without a copy.
    pub fn sharing(&self, cluster: &Cluster, shard: &Shard) -> Vec<Sharing> {
        sharing(cluster, shard, self.in_use, |id| self.apart(cluster, id))
    }
}

/// Copies of the shard in one domain with another one, no more of them than domains in use hold no
/// copy of it.
pub(super) fn sharing<D: Ord>(
    cluster: &Cluster,
    shard: &Shard,
    in_use: usize,
    domain: impl Fn(NodeId) -> Option<D>,
) -> Vec<Sharing> {
    let mut first: BTreeMap<D, NodeId> = BTreeMap::new();
    let mut sharing = Vec::new();
    for node in live_copies(cluster, shard) {
        let Some(domain) = domain(node) else {
            continue;
        };
        let with = *first.entry(domain).or_insert(node);
        if with != node {
            sharing.push(Sharing { node, with });
        }
    }
    let owner = live_owner(cluster, shard);
    sharing.sort_by_key(|s| (Some(s.with) != owner, s.node));
    sharing.truncate(in_use.saturating_sub(first.len()));
    sharing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Life;
    use crate::model::Liveness;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    fn sharing(text: &str) -> Vec<String> {
        let cluster = cluster(text);
        let zones = Zones::of(&cluster);
        let shards = cluster.shards();
        let all = shards.iter().flat_map(|s| zones.sharing(&cluster, s));
        all.map(|s| cluster.node(s.node).to_string()).collect()
    }

    #[test]
    fn copies_share_only_what_another_zone_could_spare_them() {
        assert_eq!(sharing("m1@h1/a < r1@h2/a; m2@h3/b < r2@h1/a").len(), 1);
        // Three copies in two zones: two of them are together whatever is done.
        assert_eq!(sharing("m1@h1/a < r1@h2/a x1@h3/b"), Vec::<String>::new());
        // All three in one: one of them could be elsewhere.
        let cluster = cluster("m1@h1/a < r1@h2/a x1@h3/a; y*@h4/b");
        let zones = Zones::of(&cluster);
        let found = zones.sharing(&cluster, &cluster.shards()[0]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].with, id(&cluster, "m1"));
    }

    #[test]
    fn a_zone_of_hosts_without_nodes_does_not_count() {
        let mut cluster = cluster("m1@h1/a < r1@h2/a; m2@h2/a < r2@h1/a; gone!@h3/b");
        assert_eq!(Zones::of(&cluster).in_use(), 1);
        let gone = id(&cluster, "gone");
        cluster.node_mut(gone).liveness = Liveness::Live(Life::Listed);
        assert_eq!(Zones::of(&cluster).in_use(), 2);
    }
}
