//! ## What
//! One zone runs so many of the masters that own slots that the rest would be no majority.
//!
//! ## Why
//! Losing the zone stops the vote: no replica is elected anywhere, and every master that ran
//! there stays down although its replicas in other zones live.
//!
//! ## Do
//! Fail some of its masters over to replicas in other zones (`topoplan plan` does it). With
//! fewer than three zones, or fewer than three masters, one zone always holds the majority: add
//! what is missing. Four masters need four zones.
use crate::measure::Spread;
use crate::measure::Tier;
use crate::model::ZoneId;
use crate::rules::prelude::*;
use crate::rules::quorum::host_holds_majority;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ZoneHoldsMajority,
    id: "zone-holds-majority",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::HandOver),
    levels: &[Level::VotesZone],
    needs: &[Need::Slots, Need::Votes],
    check: Check::Cluster(check),
    page: include_str!("zone_holds_majority.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let spread = Spread::of(&cx.copies, Tier::Zone);
    for place in host_holds_majority::too_many(cx.cluster, &spread) {
        let subject = Subject::Zone(ZoneId(place as u32));
        let name = &cx.cluster.zones[place].name;
        out.push(host_holds_majority::finding(
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
    fn fires_on_the_zone_and_says_that_two_are_too_few() {
        let cluster = cluster("m1@h1/a < r1@h3/b; m2@h2/a < r2@h3/b; m3@h3/b < r3@h1/a");
        assert_eq!(subjects(&RULE, &cluster), ["a"]);
        assert!(
            findings(&RULE, &cluster)[0]
                .help
                .to_string()
                .ends_with("add 1 zone")
        );
    }

    #[test]
    fn silent_over_three_zones() {
        let cluster = cluster("m1@h1/a < r1@h2/b; m2@h2/b < r2@h3/c; m3@h3/c < r3@h1/a");
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
