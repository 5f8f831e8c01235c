//! Copies of a shard that share a rack, beside those that share its zone.

use std::collections::BTreeSet;

use crate::measure::Sharing;
use crate::measure::avoidable;
use crate::model::Copies;
use crate::model::Holder;
use crate::model::RackId;
use crate::model::ShardId;

/// Racks that could hold a copy: something lives there, a member or a node to be met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Racks {
    in_use: usize,
}

impl Racks {
    /// A rack that is a zone is counted as such, and no holder has it.
    pub fn of(holders: &[Holder]) -> Self {
        let open = holders.iter().filter(|holder| holder.open);
        let racks: BTreeSet<RackId> = open.filter_map(|holder| holder.rack).collect();
        Self {
            in_use: racks.len(),
        }
    }

    /// Copies that could be in another rack, as [`crate::measure::Zones::sharing`] has them for
    /// zones.
    pub fn sharing(&self, copies: &Copies, shard: ShardId) -> Vec<Sharing> {
        if self.in_use < 2 {
            return Vec::new();
        }
        avoidable(copies, shard, self.in_use, |holder| holder.rack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cluster;
    use crate::model::Rack;
    use crate::model::ZoneId;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn copies_share_a_rack_only_where_another_is_free() {
        let mut cluster = cluster("m1@h1/a < r1@h2/a x1@h3/b; m2@h4/b < r2@h1/a");
        let sharing = |at: &Cluster| {
            let copies = at.copies(&at.shards());
            Racks::of(copies.holders()).sharing(&copies, ShardId(0))
        };
        assert!(sharing(&cluster).is_empty());
        let rack = |name: &str, zone: u32| Rack {
            name: name.into(),
            zone: Some(ZoneId(zone)),
        };
        // Two racks of one name, each in its zone.
        cluster.racks = vec![rack("r1", 0), rack("r1", 1)];
        for (host, rack) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            cluster.hosts[host].rack = Some(RackId(rack));
        }
        assert!(sharing(&cluster).is_empty());
        cluster.racks.push(rack("r2", 1));
        cluster.hosts[3].rack = Some(RackId(2));
        let found = sharing(&cluster);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].node, id(&cluster, "r1"));
    }
}
