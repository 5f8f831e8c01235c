//! ## What
//! A replica runs in its master's zone, though a zone in which something runs holds no copy of
//! the shard; or in its master's rack, though another rack holds none.
//!
//! ## Why
//! Losing the zone (a rack, a power feed, an availability zone) loses both copies.
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
    let holders = cx.copies.holders();
    let (zones, racks) = (Zones::of(holders), Racks::of(holders));
    for (shard, of) in cx.shards_of_copies() {
        let in_zone = zones.sharing(&cx.copies, of);
        for shared in in_zone.iter().filter(|s| s.with_master) {
            let zone = words::zone(cx.cluster, shared.node);
            let help =
                Help::default().plan_with(Flag::AllowMoves, "lets it copy a shard of another zone");
            out.push(found(cx, shard, *shared, &zone, help));
        }
        let told = |s: &Sharing| in_zone.iter().any(|told| told.node == s.node);
        let in_rack = racks.sharing(&cx.copies, of).into_iter();
        for shared in in_rack.filter(|s| s.with_master && !told(s)) {
            let rack = words::rack(cx.cluster, shared.node);
            let help = Help::from(
                "let it copy a shard of another rack: a plan spreads over hosts and zones, not over \
                 the racks in a zone",
            );
            out.push(found(cx, shard, shared, &rack, help));
        }
    }
}

fn found(cx: &Context, shard: &Shard, shared: Sharing, place: &str, help: Help) -> Finding {
    let message = format!(
        "{} and its master {} both run in {place}",
        words::node(cx.cluster, shared.node),
        words::shard(cx.cluster, shard),
    );
    Finding::new(&RULE, Subject::Node(shared.node), message)
        .help(help)
        .evidence([Fact::Node(shared.node), Fact::Node(shared.with)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rack;
    use crate::model::RackId;
    use crate::model::ZoneId;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_in_the_same_known_zone_only() {
        let cluster = cluster("m1@h1/a < r1@h2/a; m2@h3/b < r2@h4; m3!@h1/a < r3@h2/a");
        assert_eq!(subjects(&RULE, &cluster), ["r1"]);
    }

    #[test]
    fn a_rack_counts_inside_its_zone() {
        let mut cluster = cluster("m1@h1/a < r1@h2/a; m2@h3/a < r2@h1/a");
        cluster.racks = ["r1", "r2"]
            .map(|name| Rack {
                name: name.into(),
                zone: Some(ZoneId(0)),
            })
            .into();
        for (host, rack) in [(0, 0), (1, 0), (2, 1)] {
            cluster.hosts[host].rack = Some(RackId(rack));
        }
        let found = findings(&RULE, &cluster);
        assert_eq!(subjects(&RULE, &cluster), ["r1"]);
        assert!(
            found[0].message.ends_with("both run in rack r1 of zone a"),
            "{found:?}"
        );
        // Racks without zones are the zones.
        cluster.racks.iter_mut().for_each(|rack| rack.zone = None);
        assert!(subjects(&RULE, &cluster).is_empty());
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
