//! ## What
//! A replica runs in its master's zone.
//!
//! ## Why
//! Losing the zone (a rack, a power feed, an availability zone) loses both copies.
//!
//! ## Do
//! A spare is placed with zones in mind; moving a replica that works is done only on request
//! (`topoplan plan --allow-moves`), as it copies the data once more.
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
    let help = if cx.cluster.zones.len() > 1 {
        Help::default().plan_with(Flag::AllowMoves, "lets it copy a shard of another zone")
    } else {
        "no other zone is known: add hosts of a second zone, or complete the host map".into()
    };
    for shard in &cx.shards {
        for id in measure::in_owners_zone(cx.cluster, shard) {
            let Some(zone) = cx.cluster.zone_apart(id) else {
                continue;
            };
            let message = format!(
                "{} and its master {} both run in zone {}",
                words::node(cx.cluster, id),
                words::shard(cx.cluster, shard),
                cx.cluster.zones[zone.0 as usize].name
            );
            out.push(
                Finding::new(&RULE, Subject::Node(id), message)
                    .help(help.clone())
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
    use crate::rules::testing::subjects;

    #[test]
    fn fires_in_the_same_known_zone_only() {
        let cluster = cluster("m1@h1/a < r1@h2/a x1@h3/b; m2@h3/b < r2@h4; m3!@h1/a < r3@h2/a");
        assert_eq!(subjects(&RULE, &cluster), ["r1"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
