//! ## What
//! A replica runs on its master's host.
//!
//! ## Why
//! Losing the host loses both: if there is no copy elsewhere, the shard is gone with it.
//!
//! ## Do
//! Let it copy a shard of another host, or exchange it with a replica there (`topoplan plan`
//! does it). What counts as a host is the IP, unless a host map says otherwise.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicaSharesHost,
    id: "replica-shares-host",
    severity: Severity::Error,
    cure: Cure::Yes(Remedy::Pair),
    levels: &[Level::SameHost],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("replica_shares_host.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (shard, of) in cx.shards_of_copies() {
        let elsewhere = measure::usable_hosts(&cx.copies, of) > 1;
        let shared = measure::sharing_hosts(&cx.copies, of).into_iter();
        for id in shared.filter(|s| s.with_master).map(|s| s.node) {
            let consequence = if elsewhere {
                "it does not help when that host is lost"
            } else {
                "the shard is lost with that host"
            };
            let message = format!(
                "{} and its master {} both run on {}: {consequence}",
                words::node(cx.cluster, id),
                words::shard(cx.cluster, shard),
                words::host(cx.cluster, id)
            );
            out.push(
                Finding::new(&RULE, Subject::Node(id), message)
                    .help(Help::default().plan("lets it copy a shard of another host"))
                    .evidence([Fact::Node(id), Fact::Node(shard.owner)]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_live_replicas_of_a_live_master() {
        let cluster = cluster("m1@h1 < r1@h1 x1!@h1 y1@h2; m2!@h2 < r2@h2; m3@h3 < r3@h3");
        assert_eq!(subjects(&RULE, &cluster), ["r1", "r3"]);
        let found = findings(&RULE, &cluster);
        assert!(
            found[0]
                .message
                .ends_with("does not help when that host is lost")
        );
        assert!(
            found[1]
                .message
                .ends_with("the shard is lost with that host")
        );
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
