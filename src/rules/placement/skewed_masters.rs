//! ## What
//! A host runs more masters than its fair share, and failovers to replicas that are in sync
//! could lower that. The share is all live masters over all hosts with a live member, rounded
//! up.
//!
//! ## Why
//! Masters do the writing: this host carries more load than the others, and more shards fail
//! over at once when it is lost.
//!
//! ## Do
//! Fail some of its masters over to their replicas on hosts that run fewer (`topoplan plan`
//! finds the fewest failovers; nothing is copied). While a member is dead and may come back,
//! a plan leaves this alone unless asked with `--only P005`.
use crate::measure::Spread;
use crate::measure::Tier;
use crate::model::HostId;
use crate::rules::prelude::*;
use crate::rules::tiers;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SkewedMasters,
    id: "skewed-masters",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::HandOver),
    levels: &[Level::OverHost],
    needs: &[Need::Slots],
    check: Check::Cluster(check),
    page: include_str!("skewed_masters.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let spread = Spread::of(&cx.copies, Tier::Host);
    for place in skewed(cx, &spread) {
        let host = HostId(place as u32);
        let name = &cx.cluster.host(host).name;
        out.push(finding(
            cx,
            &RULE,
            &spread,
            place,
            Subject::Host(host),
            name,
        ));
    }
}

/// Hosts or zones over their fair share from which a failover path leads to one below it.
pub(super) fn skewed(cx: &Context, spread: &Spread) -> Vec<usize> {
    let relievable = spread.relievable(&cx.copies);
    (0..relievable.len()).filter(|&p| relievable[p]).collect()
}

/// The same words for hosts and zones; `rule` is P005 or P006.
pub(super) fn finding(
    cx: &Context,
    rule: &'static Rule,
    spread: &Spread,
    place: usize,
    subject: Subject,
    name: &str,
) -> Finding {
    let (masters, total, share) = (spread.masters[place], spread.total(), spread.fair_share());
    let name = tiers::name(spread.tier, name);
    let message = format!("{name} runs {masters} of {total} masters, fair share {share}");
    Finding::new(rule, subject, message)
        .help(tiers::failovers(cx, rule, "away"))
        .evidence(tiers::masters_at(cx, spread.tier, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_where_a_failover_helps() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3");
        assert_eq!(subjects(&RULE, &cluster), ["h1"]);
        let found = findings(&RULE, &cluster);
        assert_eq!(found[0].message, "h1 runs 2 of 3 masters, fair share 1");
        assert_eq!(found[0].evidence.len(), 2);
    }

    #[test]
    fn fires_where_only_a_chain_of_failovers_helps() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h1 < r2@h2; m3@h2 < r3@h3");
        assert_eq!(subjects(&RULE, &cluster), ["h1"]);
    }

    #[test]
    fn silent_where_no_failover_helps() {
        // Nothing leads to h3: replicas of h1 are on h1 and h2 only, and h2 hands on to h1.
        let stuck = cluster("m1@h1 < r1@h2; m2@h1 < r2@h2; m3@h2 < r3@h1; blank@h3");
        assert!(subjects(&RULE, &stuck).is_empty());
        let unsynced = cluster("m1@h1 < r1~@h3; m2@h1 < r2~@h3; m3@h2 < r3@h1");
        assert!(subjects(&RULE, &unsynced).is_empty());
    }

    #[test]
    fn says_that_a_plan_waits_for_the_dead() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3 x3!@h4");
        assert!(
            findings(&RULE, &cluster)[0]
                .help
                .to_string()
                .contains("--only P005")
        );
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
