//! ## What
//! A master has no live replica, another one has more than the migration barrier, and
//! `cluster-allow-replica-migration` is on: the servers may move a replica by themselves, after 5 s and
//! without a look at hosts.
//!
//! ## Why
//! It may come while a plan gives the master a replica: then it has two, the other shard one less, and
//! copies of a shard may stand on one host. It does not come where the master never had a replica.
//!
//! ## Do
//! While a plan runs: `CONFIG SET cluster-allow-replica-migration no` on every node, and `yes` after it.
//! Servers before 6.2 have `cluster-migration-barrier` to raise instead.
use crate::inventory::Inventory;
use crate::model::Shard;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicaMayMigrate,
    id: "replica-may-migrate",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("replica_may_migrate.rs"),
};

/// As `clusterHandleSlaveMigration` has it: from the master with the most good replicas, of those that
/// keep as many as the barrier.
fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let settings = &cluster.settings;
    let none = cluster.server.other_control_plane().is_some();
    if !settings.allow_replica_migration || none || cluster.unread.nodes {
        return;
    }
    let shards = cluster.shards();
    let spare = |shard: &&Shard| {
        let replicas = measure::usable_replicas(cluster, shard).count();
        (replicas > settings.migration_barrier as usize && replicas > 1).then_some(replicas)
    };
    let mut donors: Vec<&Shard> = shards.iter().filter(|s| spare(s).is_some()).collect();
    donors.sort_by_key(|shard| std::cmp::Reverse(spare(shard)));
    let Some(donor) = donors.first() else { return };
    let orphan = |shard: &&Shard| {
        measure::live_owner(cluster, shard).is_some()
            && measure::live_replicas(cluster, shard).next().is_none()
    };
    for shard in shards.iter().filter(orphan) {
        let message = format!(
            "the servers may give {} a replica of {} by themselves, on whatever host it is (`cluster-allow-replica-migration yes`)",
            words::shard(cluster, shard),
            words::shard(cluster, donor)
        );
        out.push(
            Finding::new(&RULE, Subject::Node(shard.owner), message)
                .help(
                    "before a plan runs: `CONFIG SET cluster-allow-replica-migration no` on every node, \
                     and `yes` after it (before 6.2: raise `cluster-migration-barrier`)",
                )
                .evidence([Fact::Node(shard.owner), Fact::Node(donor.owner)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::rules::testing::capture_findings;

    fn found(text: &str, change: impl FnOnce(&mut Cluster)) -> usize {
        let mut cluster = cluster(text);
        change(&mut cluster);
        let inventory = Inventory {
            cluster,
            ..Inventory::default()
        };
        capture_findings(&RULE, &inventory).len()
    }

    #[test]
    fn fires_where_the_servers_would_move_one() {
        let piled = "m1@h1 < r1@h2 x1@h3; m2@h2 <; m3@h3 < r3@h1";
        assert_eq!(found(piled, |_| {}), 1);
        assert_eq!(found(piled, |c| c.settings.allow_replica_migration = false), 0);
        assert_eq!(found(piled, |c| c.settings.migration_barrier = 2), 0);
        assert_eq!(found("m1@h1 < r1@h2; m2@h2 <; m3@h3 < r3@h1", |_| {}), 0);
        assert_eq!(found("m1@h1 < r1@h2 x1@h3; m2@h2 < r2@h1", |_| {}), 0);
    }
}
