//! ## What
//! One host runs so many of the masters that own slots that the rest would be no majority.
//!
//! ## Why
//! Losing the host stops the vote: no replica is elected anywhere, and every master that ran
//! there stays down although its replicas live.
//!
//! ## Do
//! Fail some of its masters over to replicas on other hosts (`topoplan plan` does it). With
//! fewer than three hosts, or fewer than three masters, one host always holds the majority: add
//! what is missing. Four masters need four hosts.
use crate::measure::Spread;
use crate::measure::Tier;
use crate::model::HostId;
use crate::rules::prelude::*;
use crate::rules::tiers;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::HostHoldsMajority,
    id: "host-holds-majority",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::HandOver),
    levels: &[Level::VotesHost],
    needs: &[Need::Slots, Need::Votes],
    check: Check::Cluster(check),
    page: include_str!("host_holds_majority.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let spread = Spread::of(&cx.copies, Tier::Host);
    for place in too_many(cx.cluster, &spread) {
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

/// Hosts or zones whose loss would stop the vote. None where it stands still already.
pub(super) fn too_many(cluster: &Cluster, spread: &Spread) -> Vec<usize> {
    if !cluster.has_majority() {
        return Vec::new();
    }
    let spare = measure::votes_to_spare(cluster);
    (0..spread.masters.len())
        .filter(|&place| spread.masters[place] as usize > spare)
        .collect()
}

/// The same words for hosts and zones; `rule` is Q001 or Q002.
pub(super) fn finding(
    cx: &Context,
    rule: &'static Rule,
    spread: &Spread,
    place: usize,
    subject: Subject,
    name: &str,
) -> Finding {
    let there = spread.masters[place] as usize;
    let left = cx.cluster.live_voters().saturating_sub(there);
    let full = tiers::name(spread.tier, name);
    let message = format!(
        "{full} runs {there} of {}: without it the rest has {}, an election needs {}",
        words::count(cx.cluster.voters(), "voting master"),
        words::count(left, "vote"),
        cx.cluster.votes_needed()
    );
    Finding::new(rule, subject, message)
        .help(tiers::more_votes(cx, rule, spread))
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
    fn fires_where_the_rest_is_no_majority() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3");
        assert_eq!(subjects(&RULE, &cluster), ["h1"]);
        let found = findings(&RULE, &cluster);
        assert_eq!(
            found[0].message,
            "h1 runs 2 of 3 voting masters: without it the rest has 1 vote, an election needs 2"
        );
    }

    #[test]
    fn advises_only_what_helps() {
        let help = |text: &str| findings(&RULE, &cluster(text))[0].help.to_string();
        assert_eq!(
            help("m1@h1 < r1@h2 x1@h3"),
            "no placement of 1 voting master helps: it takes 3 masters with slots on 3 hosts"
        );
        assert_eq!(
            help("m1@h1 < r1@h2; m2@h2 < r2@h1; m3@h1 < r3@h2"),
            "no placement of 3 voting masters helps on fewer than 3 hosts: add 1 host"
        );
        assert_eq!(
            help("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; m4@h1 < r4@h2"),
            "no placement of 4 voting masters helps on fewer than 4 hosts: add 1 host, or give slots to one more master"
        );
        let lost = help("m1@h1 < r1@h2 x1!@h3; m2@h2 < r2@h1; m3@h1 < r3@h2");
        assert!(
            lost.ends_with("add 1 host, or bring back what was lost"),
            "{lost}"
        );
        let dead = help("m1@h1 < r1@h2; m2@h2 < r2@h3; m3!@h3 <");
        assert!(dead.starts_with("1 of 3 voting masters is dead"), "{dead}");
        let waits = help("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h2 < r3@h3 x3!@h4");
        assert!(waits.contains("--only Q001"), "{waits}");
    }

    #[test]
    fn dead_voters_make_the_rest_more_precious() {
        let text = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h4; m4!@h4 <; m5!@h5 <";
        assert_eq!(subjects(&RULE, &cluster(text)), ["h1", "h2", "h3"]);
    }

    #[test]
    fn silent_where_the_vote_stands_still_already() {
        assert!(subjects(&RULE, &cluster("m1@h1 < r1@h2; m2!@h2 <; m3!@h3 <")).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
