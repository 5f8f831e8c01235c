//! ## What
//! A live master has live replicas, but fewer than are wanted.
//!
//! ## Why
//! The shard survives fewer losses than was planned for. How many replicas are wanted is the
//! policy's `replicas`, else the home map, else what most shards have.
//!
//! ## Do
//! Restart the dead replica or attach another node (`topoplan plan` does it while it has
//! spares). If fewer are enough, say so with `replicas = N` in the policy.
use crate::rules::prelude::*;
use crate::rules::replication::orphan_master::dead_replicas;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::MissingReplica,
    id: "missing-replica",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[Level::Orphans, Level::Missing],
    needs: &[Need::Nodes],
    check: Check::Cluster(check),
    page: include_str!("missing_replica.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        if measure::live_owner(cx.cluster, shard).is_none() {
            continue;
        }
        let have = measure::live_replicas(cx.cluster, shard).count();
        let wanted = cx.wanted.of(cx.cluster, shard) as usize;
        // Without any it is an orphan: R001.
        if have == 0 || have >= wanted {
            continue;
        }
        let name = words::shard(cx.cluster, shard);
        let mut message = format!("{name} has {have} of {wanted} wanted live replicas");
        let dead: Vec<NodeId> = dead_replicas(cx.cluster, shard).collect();
        let help = if dead.is_empty() {
            Help::default().plan("gives it a spare")
        } else {
            let names = words::nodes(cx.cluster, dead.iter().copied());
            message.push_str(&format!("; dead: {names}"));
            Help::default()
                .restart(dead.iter().copied(), format!("restart {names}"))
                .plan("gives it a spare")
        };
        let dead = dead.into_iter().take(words::LISTED).map(Fact::Unreachable);
        out.push(
            Finding::new(&RULE, Subject::Node(shard.owner), message)
                .help(help)
                .evidence([Fact::Node(shard.owner)].into_iter().chain(dead)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::policy::Policy;
    use crate::policy::Replicas;
    use crate::rules::testing::findings_under;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_below_the_most_frequent_count_but_not_on_orphans() {
        let cluster = cluster(
            "m1@h1 < r1@h2 x1@h3; m2@h2 < r2@h3 x2@h1; m3@h3 < r3@h1 x3!@h2; m4@h4 <; m5!@h5 < r5@h1",
        );
        assert_eq!(subjects(&RULE, &cluster), ["m3"]);
    }

    #[test]
    fn the_policy_decides_how_many() {
        let policy = Policy {
            replicas: Replicas::Exactly(2),
            ..Policy::default()
        };
        let found = findings_under(&RULE, &healthy(), &policy);
        assert_eq!(found.len(), 3);
        assert!(found[0].message.contains("1 of 2"));
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
