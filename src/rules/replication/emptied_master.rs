//! ## What
//! A master holds no key, and it did before: its replica still holds some, or it was started much
//! later than the other masters, which hold keys.
//!
//! ## Why
//! A process that keeps nothing on its disk (`appendonly no` and no `save`) comes back empty, keeps
//! its slots, and its replicas copy the emptiness within seconds: the last copy goes with it.
//!
//! ## Do
//! While a replica holds the keys: keep it from copying, stop the empty master or cut it off, and let the
//! replica take over. Where all have copied the emptiness only a backup brings the keys back. Switch
//! `appendonly` or `save` on, or let a supervisor wait before it restarts a master.
use crate::model::Link;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::EmptiedMaster,
    id: "emptied-master",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("emptied_master.rs"),
};

/// Started so many times later than any other master: restarted, not just started last.
const YOUNGER: u64 = 4;

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        let Some(owner) = measure::live_owner(cx.cluster, shard) else {
            continue;
        };
        if cx.cluster.node(owner).keys != Some(0) {
            continue;
        }
        match measure::still_full(cx.cluster, shard) {
            Some(replica) => out.push(beside(cx, shard, replica)),
            None => out.extend(copied(cx, shard)),
        }
    }
}

/// A replica holds keys that the master does not have, and has not copied it yet.
fn beside(cx: &Context, shard: &Shard, replica: NodeId) -> Finding {
    let name = words::node(cx.cluster, replica);
    let keys = cx.cluster.node(replica).keys.unwrap_or(0);
    let message = format!(
        "{} holds no key, and its replica {name} holds {keys}: it came back empty, and the replica drops its keys when it copies it",
        words::shard(cx.cluster, shard)
    );
    let linked = cx.cluster.node(replica).replication.link == Link::Up;
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .help(format!(
            "{}stop {} now, before {name} copies it; then CLUSTER FAILOVER TAKEOVER at {name}",
            if linked {
                "if the keys were not deleted on purpose, "
            } else {
                ""
            },
            words::node(cx.cluster, shard.owner)
        ))
        .evidence([Fact::Node(shard.owner), Fact::Replication(replica)])
}

/// All copies are empty, and the master was started after the others.
fn copied(cx: &Context, shard: &Shard) -> Option<Finding> {
    let own = cx.cluster.node(shard.owner).uptime?;
    let others: Vec<&Node> = cx
        .shards
        .iter()
        .filter(|s| s.owner != shard.owner)
        .map(|s| cx.cluster.node(s.owner))
        .filter(|n| n.is_live_member() && n.keys.is_some_and(|keys| keys > 0))
        .collect();
    let youngest = others.iter().map(|n| n.uptime).min()??;
    if own.0.saturating_mul(YOUNGER) >= youngest.0 {
        return None;
    }
    let copies = measure::live_replicas(cx.cluster, shard).count();
    let copies = match copies {
        0 => String::new(),
        1 => ", nor does its replica, which copied it".to_owned(),
        _ => ", nor do its replicas, which copied it".to_owned(),
    };
    let message = format!(
        "{} holds no key{copies}; it was started {own} before it was asked, the other masters with keys {youngest} before or earlier: it may have come back empty",
        words::shard(cx.cluster, shard)
    );
    Some(
        Finding::new(&RULE, Subject::Node(shard.owner), message)
            .severity(Severity::Warning)
            .help("if it held keys before, look for a backup; switch `appendonly` or `save` on")
            .evidence([Fact::Replication(shard.owner)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Millis;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_beside_a_replica_that_holds_keys() {
        let mut cluster = healthy();
        let [m1, r1] = ["m1", "r1"].map(|name| id(&cluster, name));
        cluster.node_mut(m1).keys = Some(0);
        cluster.node_mut(r1).keys = Some(667);
        cluster.node_mut(r1).replication.link = Link::Down;
        let found = findings(&RULE, &cluster);
        assert_eq!(found[0].severity, Severity::Error);
        assert!(found[0].message.contains("holds 667"));
        // A deletion may just be on its way.
        cluster.node_mut(r1).replication.link = Link::Up;
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn fires_where_a_young_master_and_its_copies_are_empty() {
        let mut cluster = healthy();
        for name in ["m1", "m2", "m3"] {
            let node = id(&cluster, name);
            cluster.node_mut(node).keys = Some(100);
            cluster.node_mut(node).uptime = Some(Millis(3_600_000));
        }
        let [m1, r1] = ["m1", "r1"].map(|name| id(&cluster, name));
        for node in [m1, r1] {
            cluster.node_mut(node).keys = Some(0);
        }
        assert!(subjects(&RULE, &cluster).is_empty());
        cluster.node_mut(m1).uptime = Some(Millis(60_000));
        assert_eq!(subjects(&RULE, &cluster), ["m1"]);
        assert_eq!(findings(&RULE, &cluster)[0].severity, Severity::Warning);
    }
}
