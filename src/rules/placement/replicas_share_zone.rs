//! ## What
//! Two replicas of one master run in one zone, which is not the master's, though a zone in which
//! something runs holds no copy of the shard; or in one rack, though another rack holds none.
//!
//! ## Why
//! Losing that zone takes both: the second replica protects against less than it costs.
//!
//! ## Do
//! A spare is placed with zones in mind; moving a replica that works is done only on request
//! (`topoplan plan --allow-moves`), as it copies the data once more. Of more copies than zones
//! some must share one: then only as many are named as could be elsewhere.
use crate::measure::Racks;
use crate::measure::Sharing;
use crate::measure::Zones;
use crate::model::Shard;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicasShareZone,
    id: "replicas-share-zone",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Pair, Some(Flag::AllowMoves)),
    levels: &[Level::SameZone],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("replicas_share_zone.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let holders = cx.copies.holders();
    let (zones, racks) = (Zones::of(holders), Racks::of(holders));
    for (shard, of) in cx.shards_of_copies() {
        let in_zone = zones.sharing(&cx.copies, of);
        for shared in in_zone.iter().filter(|s| !s.with_master) {
            let zone = words::zone(cx.cluster, shared.node);
            let help = Help::default().plan_with(
                Flag::AllowMoves,
                "lets one of them copy a shard of another zone",
            );
            out.push(found(cx, shard, *shared, &zone, help));
        }
        let told = |s: &Sharing| in_zone.iter().any(|told| told.node == s.node);
        let in_rack = racks.sharing(&cx.copies, of).into_iter();
        for shared in in_rack.filter(|s| !s.with_master && !told(s)) {
            let rack = words::rack(cx.cluster, shared.node);
            let help = Help::from(
                "let one of them copy a shard of another rack: a plan spreads over hosts and zones, \
                 not over the racks in a zone",
            );
            out.push(found(cx, shard, shared, &rack, help));
        }
    }
}

fn found(cx: &Context, shard: &Shard, shared: Sharing, place: &str, help: Help) -> Finding {
    let message = format!(
        "{} and {}, both replicas of {}, run in {place}: they are lost together",
        words::node(cx.cluster, shared.node),
        words::node(cx.cluster, shared.with),
        words::shard(cx.cluster, shard),
    );
    Finding::new(&RULE, Subject::Node(shared.node), message)
        .help(help)
        .evidence([Fact::Node(shared.node), Fact::Node(shared.with)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::placement::replica_shares_zone;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_where_a_zone_without_a_copy_exists() {
        let three = cluster("m1@h1/a < r1@h2/b x1@h3/b; m2@h4/c < r2@h1/a");
        assert_eq!(subjects(&RULE, &three), ["x1"]);
        assert!(subjects(&RULE, &cluster("m1@h1/a < r1@h2/b x1@h3/b")).is_empty());
    }

    #[test]
    fn with_p003_it_makes_up_the_level() {
        let cluster = cluster("m1@h1/a < r1@h2/a x1@h3/b y1@h4/b; m2@h5/c < r2@h6/d");
        assert_eq!(subjects(&replica_shares_zone::RULE, &cluster), ["r1"]);
        assert_eq!(subjects(&RULE, &cluster), ["y1"]);
        assert_eq!(measure::same_zone(&cluster.copies(&cluster.shards())), 2);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
