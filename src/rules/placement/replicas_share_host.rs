//! ## What
//! Two replicas of one master run on one host, which is not the master's.
//!
//! ## Why
//! Losing that host takes both: the second replica protects against less than it costs.
//!
//! ## Do
//! Let one of them copy another shard, so that each copy is on a host of its own
//! (`topoplan plan --allow-moves` does it where hosts are enough).
use crate::measure::Sharing;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicasShareHost,
    id: "replicas-share-host",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Pair),
    levels: &[Level::SameHost],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("replicas_share_host.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (shard, of) in cx.shards_of_copies() {
        // On the master's host every replica is one of P001, and none of these.
        let shared = measure::sharing_hosts(&cx.copies, of).into_iter();
        for Sharing {
            node: id,
            with: first,
            ..
        } in shared.filter(|s| !s.with_master)
        {
            let message = format!(
                "{} and {}, both replicas of {}, run on {}: they are lost together",
                words::node(cx.cluster, id),
                words::node(cx.cluster, first),
                words::shard(cx.cluster, shard),
                words::host(cx.cluster, id)
            );
            out.push(
                Finding::new(&RULE, Subject::Node(id), message)
                    .help(Help::default().plan_with(
                        Flag::AllowMoves,
                        "lets one of them copy a shard of another host",
                    ))
                    .evidence([Fact::Node(id), Fact::Node(first)]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::placement::replica_shares_host;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_every_replica_but_the_first_of_a_host() {
        let cluster = cluster("m1@h1 < r1@h2 x1@h2 y1@h2 z1!@h2; m2@h2 < r2@h1 x2@h3");
        assert_eq!(subjects(&RULE, &cluster), ["x1", "y1"]);
    }

    #[test]
    fn with_p001_it_makes_up_the_level() {
        let cluster = cluster("m1@h1 < r1@h1 x1@h1 y1@h2 z1@h2; m2!@h2 < r2@h2 x2@h2");
        assert_eq!(subjects(&RULE, &cluster), ["z1", "x2"]);
        assert_eq!(subjects(&replica_shares_host::RULE, &cluster), ["r1", "x1"]);
        assert_eq!(measure::same_host(&cluster.copies(&cluster.shards())), 4);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
