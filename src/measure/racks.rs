//! Copies of a shard that share a rack, beside those that share its zone.

use std::collections::BTreeSet;

use crate::measure::Sharing;
use crate::measure::zones::sharing;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::RackId;
use crate::model::Shard;

/// Racks that could hold a copy: something lives there, a member or a node to be met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Racks {
    in_use: usize,
}

impl Racks {
    pub fn of(cluster: &Cluster) -> Self {
        let holds = |id: NodeId| {
            let node = cluster.node(id);
            node.is_live() && matches!(node.membership, Membership::Member | Membership::Unmet)
        };
        let live = cluster.iter().filter(|&(id, _)| holds(id));
        let racks: BTreeSet<RackId> = live.filter_map(|(id, _)| cluster.rack_of(id)).collect();
        // Racks that are zones are counted as such.
        let apart = !cluster.zones_are_racks();
        Self {
            in_use: if apart { racks.len() } else { 0 },
        }
    }

    /// Copies that could be in another rack, as [`crate::measure::Zones::sharing`] has them for
    /// zones.
    pub fn sharing(&self, cluster: &Cluster, shard: &Shard) -> Vec<Sharing> {
        if self.in_use < 2 {
            return Vec::new();
        }
        sharing(cluster, shard, self.in_use, |id| cluster.rack_of(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rack;
    use crate::model::ZoneId;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn copies_share_a_rack_only_where_another_is_free() {
        let mut cluster = cluster("m1@h1/a < r1@h2/a x1@h3/b; m2@h4/b < r2@h1/a");
        let shards = cluster.shards();
        assert!(Racks::of(&cluster).sharing(&cluster, &shards[0]).is_empty());
        let rack = |name: &str, zone: u32| Rack {
            name: name.into(),
            zone: Some(ZoneId(zone)),
        };
        // Two racks of one name, each in its zone.
        cluster.racks = vec![rack("r1", 0), rack("r1", 1)];
        for (host, rack) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            cluster.hosts[host].rack = Some(RackId(rack));
        }
        assert!(Racks::of(&cluster).sharing(&cluster, &shards[0]).is_empty());
        cluster.racks.push(rack("r2", 1));
        cluster.hosts[3].rack = Some(RackId(2));
        let found = Racks::of(&cluster).sharing(&cluster, &shards[0]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].node, id(&cluster, "r1"));
    }
}
