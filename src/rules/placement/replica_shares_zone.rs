//! ## What
//! A replica runs in its master's zone, though a zone in which something runs holds no copy of
//! the shard.
//!
//! ## Why
//! Losing the zone (a rack, a power feed, an availability zone) loses both copies.
//!
//! ## Do
//! A spare is placed with zones in mind; moving a replica that works is done only on request
//! (`topoplan plan --allow-moves`), as it copies the data once more. Of more copies than zones
//! some must share one: then only as many are named as could be elsewhere.
use crate::measure::Zones;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicaSharesZone,
    id: "replica-shares-zone",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Pair, Some(Flag::AllowMoves)),
    levels: &[Level::SameZone],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("replica_shares_zone.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let zones = Zones::of(cx.copies.holders());
    for (shard, of) in cx.shards_of_copies() {
        let sharing = zones.sharing(&cx.copies, of).into_iter();
        for shared in sharing.filter(|s| s.with_master) {
            let message = format!(
                "{} and its master {} both run in zone {}",
                words::node(cx.cluster, shared.node),
                words::shard(cx.cluster, shard),
                words::zone(cx.cluster, shared.node)
            );
            out.push(
                Finding::new(&RULE, Subject::Node(shared.node), message)
                    .help(
                        Help::default()
                            .plan_with(Flag::AllowMoves, "lets it copy a shard of another zone"),
                    )
                    .evidence([Fact::Node(shared.node), Fact::Node(shared.with)]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_in_the_same_known_zone_only() {
        let cluster = cluster("m1@h1/a < r1@h2/a; m2@h3/b < r2@h4; m3!@h1/a < r3@h2/a");
        assert_eq!(subjects(&RULE, &cluster), ["r1"]);
    }

    #[test]
    fn silent_where_copies_must_share_a_zone() {
        let spread = cluster("m1@h1/a < r1@h2/a x1@h3/b");
        assert!(subjects(&RULE, &spread).is_empty());
        let packed = cluster("m1@h1/a < r1@h2/a x1@h3/a; m2@h4/b < r2@h1/a");
        assert_eq!(subjects(&RULE, &packed), ["r1"]);
    }

    #[test]
    fn silent_where_nothing_runs_in_another_zone() {
        assert!(subjects(&RULE, &cluster("m1@h1/a < r1@h2/a x1!@h3/b")).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
