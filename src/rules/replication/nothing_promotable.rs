//! ## What
//! Every replica of a master that could take over was told `nofailover`
//! (`cluster-replica-no-failover yes`): none of them ever stands for election.
//!
//! ## Why
//! When the master dies nobody replaces it, although copies live: its slots stay down until somebody
//! promotes one by hand.
//!
//! ## Do
//! Set `cluster-replica-no-failover no` on one of them, or give the shard another replica. Where the
//! master is dead, `topoplan plan` promotes the best of them, as the shard has no other copy.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::NothingPromotable,
    id: "nothing-promotable",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Nodes, Need::Votes],
    check: Check::Cluster(check),
    page: include_str!("nothing_promotable.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        let usable: Vec<NodeId> = measure::usable_replicas(cx.cluster, shard).collect();
        let unwilling = |id: &NodeId| cx.cluster.node(*id).no_failover;
        if !usable.is_empty() && usable.iter().all(unwilling) {
            out.push(finding(cx, shard, &usable));
        }
    }
}

fn finding(cx: &Context, shard: &Shard, usable: &[NodeId]) -> Finding {
    let name = words::shard(cx.cluster, shard);
    let names = words::nodes(cx.cluster, usable.iter().copied());
    let message = match measure::live_owner(cx.cluster, shard) {
        Some(_) => format!(
            "nobody would take over from {name}: {names} {} told `nofailover`",
            if usable.len() == 1 { "was" } else { "were" }
        ),
        None => format!(
            "nobody was elected in the place of {name}: {names} {} told `nofailover`",
            if usable.len() == 1 { "was" } else { "were" }
        ),
    };
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .help("set `cluster-replica-no-failover no` on one of them, or give the shard another replica")
        .evidence([shard.owner].into_iter().chain(usable.iter().copied()).take(words::LISTED).map(Fact::Node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_where_every_usable_replica_is_unwilling() {
        let mut cluster = cluster("m1@h1 < r1@h2 s1@h3; m2!@h2 < r2@h1; m3@h3 <");
        let [r1, s1, r2] = ["r1", "s1", "r2"].map(|name| id(&cluster, name));
        for node in [r1, r2] {
            cluster.node_mut(node).no_failover = true;
        }
        assert_eq!(subjects(&RULE, &cluster), ["m2"]);
        assert!(
            findings(&RULE, &cluster)[0]
                .message
                .starts_with("nobody was elected")
        );
        cluster.node_mut(s1).no_failover = true;
        assert_eq!(subjects(&RULE, &cluster), ["m1", "m2"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
