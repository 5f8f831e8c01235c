//! ## What
//! A live replica of a live master has its replication link down, or never finished a sync, or
//! its INFO names another master than the views do.
//!
//! ## Why
//! It is listed as a copy and is none, or falls behind with every write. It cannot take over:
//! servers do not elect a replica without data or with data that is too old.
//!
//! ## Do
//! See why the sync fails: memory and disk of the master (it forks), `masterauth`, the output
//! buffer limit for replicas, the network between the two. If a first sync is running, wait
//! for it and capture again.
use crate::model::Link;
use crate::model::Sync;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnsyncedReplica,
    id: "unsynced-replica",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("unsynced_replica.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        if measure::live_owner(cx.cluster, shard).is_none() {
            continue;
        }
        for id in measure::live_followers(cx.cluster, shard) {
            out.extend(finding(cx.cluster, id));
        }
    }
}

fn finding(cluster: &Cluster, id: NodeId) -> Option<Finding> {
    let node = cluster.node(id);
    let master = node.master()?;
    // The link to a dead master is down as it must be; that is the dead node's finding.
    let down = node.replication.link == Link::Down && cluster.node(master).is_live_member();
    let (state, help) = match (node.replication.sync, down) {
        (Sync::Running, _) => (
            "is in its first sync and holds no data yet",
            "wait for the sync to end and capture again; if it never ends, look at the log of both",
        ),
        (Sync::Never, true) => (
            "never finished a sync and its link is down: it is no copy",
            "look at the log of both for why the sync fails: memory, disk, `masterauth`, network",
        ),
        (Sync::Never, false) => (
            "never finished a sync: it is no copy",
            "look at the log of both for why the sync fails: memory, disk, `masterauth`, network",
        ),
        (Sync::Disputed, _) => (
            "follows another master by its own INFO, or is one",
            "capture `cluster nodes` and `info` of it again, one right after the other",
        ),
        (_, true) => (
            "has its replication link down: it falls behind with every write",
            "look at the log of both for why the link breaks: `masterauth`, buffer limits, network",
        ),
        (_, false) => return None,
    };
    let name = words::node(cluster, id);
    let of = words::node(cluster, master);
    Some(
        Finding::new(
            &RULE,
            Subject::Node(id),
            format!("{name}, replica of {of}, {state}"),
        )
        .help(help)
        .evidence([Fact::Replication(id), Fact::Replication(master)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_a_link_that_is_down_and_on_a_sync_that_never_ended() {
        let mut cluster = cluster("m1@h1 < r1@h2 x1~@h3; m2@h2 < r2@h3 x2@h1 y2!@h1");
        let (r2, x2) = (id(&cluster, "r2"), id(&cluster, "x2"));
        cluster.node_mut(r2).replication.link = Link::Down;
        cluster.node_mut(x2).replication.sync = Sync::Running;
        let mut found = subjects(&RULE, &cluster);
        found.sort();
        assert_eq!(found, ["r2", "x1", "x2"]);
    }

    #[test]
    fn silent_on_replicas_of_the_dead_and_of_the_slotless() {
        let mut cluster = cluster("m1!@h1 < r1@h2; m2@h2 < r2@h1; blank@h3");
        let (r1, r2, blank) = (
            id(&cluster, "r1"),
            id(&cluster, "r2"),
            id(&cluster, "blank"),
        );
        cluster.node_mut(r1).replication.link = Link::Down;
        cluster.node_mut(r2).replication.link = Link::Down;
        cluster.node_mut(r2).role = Role::Replica(Some(blank));
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn a_chained_replica_counts() {
        let mut cluster = cluster("m1@h1 < r1@h2 x1~@h3");
        let (r1, x1) = (id(&cluster, "r1"), id(&cluster, "x1"));
        cluster.node_mut(x1).role = Role::Replica(Some(r1));
        assert_eq!(subjects(&RULE, &cluster), ["x1"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
