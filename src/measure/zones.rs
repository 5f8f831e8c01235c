//! Which zones set copies apart, and which copies share one.

use std::collections::BTreeSet;

use crate::measure::Sharing;
use crate::measure::avoidable;
use crate::model::Copies;
use crate::model::Holder;
use crate::model::ShardId;
use crate::model::ZoneId;

/// Zones that could hold a copy: something lives there, a member or a node to be met. A zone of
/// hosts without nodes is none, as nothing can be put there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zones {
    in_use: usize,
}

impl Zones {
    pub fn of(holders: &[Holder]) -> Self {
        let open = holders.iter().filter(|holder| holder.open);
        let zones: BTreeSet<ZoneId> = open.filter_map(|holder| holder.zone).collect();
        Self {
            in_use: zones.len(),
        }
    }

    pub fn in_use(&self) -> usize {
        self.in_use
    }

    /// The zone that sets a node in it apart from others: none where only one is in use.
    pub fn apart(&self, zone: Option<ZoneId>) -> Option<ZoneId> {
        zone.filter(|_| self.in_use > 1)
    }

    /// Copies that could be in another zone: those in the master's first, then in node order. Of
    /// more copies than zones some must share one, so there are no more of these than zones
    /// without a copy.
    pub fn sharing(&self, copies: &Copies, shard: ShardId) -> Vec<Sharing> {
        avoidable(copies, shard, self.in_use, |holder| {
            self.apart(holder.zone)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cluster;
    use crate::model::Life;
    use crate::model::Liveness;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    fn sharing(text: &str) -> Vec<String> {
        let cluster = cluster(text);
        let copies = cluster.copies(&cluster.shards());
        let zones = Zones::of(copies.holders());
        let all = copies.shards().flat_map(|s| zones.sharing(&copies, s));
        all.map(|s| cluster.node(s.node).to_string()).collect()
    }

    #[test]
    fn copies_share_only_what_another_zone_could_spare_them() {
        assert_eq!(sharing("m1@h1/a < r1@h2/a; m2@h3/b < r2@h1/a").len(), 1);
        // Three copies in two zones: two of them are together whatever is done.
        assert_eq!(sharing("m1@h1/a < r1@h2/a x1@h3/b"), Vec::<String>::new());
        // All three in one: one of them could be elsewhere.
        let cluster = cluster("m1@h1/a < r1@h2/a x1@h3/a; y*@h4/b");
        let copies = cluster.copies(&cluster.shards());
        let found = Zones::of(copies.holders()).sharing(&copies, ShardId(0));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].with, id(&cluster, "m1"));
    }

    #[test]
    fn a_zone_of_hosts_without_nodes_does_not_count() {
        let mut cluster = cluster("m1@h1/a < r1@h2/a; m2@h2/a < r2@h1/a; gone!@h3/b");
        let in_use = |of: &Cluster| Zones::of(&of.holders()).in_use();
        assert_eq!(in_use(&cluster), 1);
        let gone = id(&cluster, "gone");
        cluster.node_mut(gone).liveness = Liveness::Live(Life::Listed);
        assert_eq!(in_use(&cluster), 2);
    }
}
