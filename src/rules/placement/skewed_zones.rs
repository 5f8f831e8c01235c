//! ## What
//! A zone runs more masters than its fair share, and failovers to replicas that are in sync
//! could lower that. The share is all live masters in zones over all zones with a live member,
//! rounded up.
//!
//! ## Why
//! More shards than necessary fail over at once when the zone is lost, and writers elsewhere
//! cross zones more often than they need to.
//!
//! ## Do
//! Fail some of its masters over to their replicas in zones that run fewer (`topoplan plan`
//! finds the fewest failovers; nothing is copied). While a member is dead and may come back,
//! a plan leaves this alone unless asked with `--only P006`.
use crate::measure::Spread;
use crate::measure::Tier;
use crate::model::ZoneId;
use crate::rules::placement::skewed_masters;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SkewedZones,
    id: "skewed-zones",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::HandOver),
    levels: &[Level::OverZone],
    needs: &[Need::Slots],
    check: Check::Cluster(check),
    page: include_str!("skewed_zones.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let spread = Spread::of(&cx.copies, Tier::Zone);
    for place in skewed_masters::skewed(cx, &spread) {
        let subject = Subject::Zone(ZoneId(place as u32));
        let name = &cx.cluster.zones[place].name;
        out.push(skewed_masters::finding(
            cx, &RULE, &spread, place, subject, name,
        ));
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
    fn fires_where_a_failover_to_another_zone_helps() {
        let cluster = cluster("m1@h1/a < r1@h3/b; m2@h2/a < r2@h3/b");
        assert_eq!(subjects(&RULE, &cluster), ["a"]);
        let found = findings(&RULE, &cluster);
        assert_eq!(found[0].message, "zone a runs 2 of 2 masters, fair share 1");
    }

    #[test]
    fn silent_where_replicas_are_in_the_same_zone() {
        let cluster = cluster("m1@h1/a < r1@h2/a; m2@h2/a < r2@h1/a; blank@h3/b");
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
