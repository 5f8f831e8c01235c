//! ## What
//! Fewer than half of the masters that own slots live.
//!
//! ## Why
//! Nobody can be flagged `fail` or be elected: nothing fails over by itself, and the masters that are
//! left refuse writes after a while. The views cannot tell dead masters from masters that were cut
//! off: to a host that is cut off the rest of the world looks dead.
//!
//! ## Do
//! Find out whether the others are down or cut off: a refused connection, the process list of
//! their hosts. Restart what is down, if its data comes back with it. Else a CLUSTER FAILOVER
//! TAKEOVER at a replica serves the slots without a vote; `topoplan plan` does it where enough deaths are
//! proven, or where `--dead DOMAIN` vouches for them. If a master that is taken for dead lives,
//! two masters then take writes for the same slots, and those of one are lost (split brain).
use crate::measure::MajorityLost;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::MajorityLost,
    id: "majority-lost",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Nodes, Need::Slots, Need::Votes],
    check: Check::Cluster(check),
    page: include_str!("majority_lost.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let Some(lost) = MajorityLost::of(cx.cluster) else {
        return;
    };
    let mut message = format!(
        "{} of {} {}, and an election needs {}: nothing fails over by itself",
        lost.live,
        words::count(lost.voters, "voting master"),
        if lost.live == 1 { "lives" } else { "live" },
        lost.needed
    );
    for &id in lost.doubtful.iter().take(1) {
        let name = words::node(cx.cluster, id);
        if let Some(silence) = words::silence(&name, cx.cluster.node(id)) {
            message.push_str(&format!("; {silence}"));
        }
    }
    if !lost.side.is_empty() {
        message.push_str(&format!("; {}", words::cut_off(cx.cluster, &lost.side)));
    }
    let gone = cx
        .cluster
        .iter()
        .filter(|(_, n)| !n.slots.is_empty() && !n.is_live_member());
    let gone: Vec<NodeId> = gone.map(|(id, _)| id).collect();
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help(help(cx, &lost))
            .evidence(gone.into_iter().take(words::LISTED).map(Fact::Node)),
    );
}

fn help(cx: &Context, lost: &MajorityLost) -> Help {
    let heirs: Vec<NodeId> = cx
        .shards
        .iter()
        .filter(|s| measure::live_owner(cx.cluster, s).is_none())
        .filter_map(|s| measure::best_replica(cx.cluster, s))
        .collect();
    let mut help = Help::default();
    if !lost.is_proven() {
        help = help.say(format!(
            "ask {} from another host: nothing in the capture proves that enough of them are dead",
            words::nodes(cx.cluster, lost.doubtful.iter().copied())
        ));
    }
    if heirs.is_empty() {
        return help.say("no replica of them lives that could take over: bring the masters back");
    }
    let heirs = words::nodes(cx.cluster, heirs);
    help.say(if lost.is_proven() {
        format!("only a CLUSTER FAILOVER TAKEOVER helps: at {heirs}, one at a time until a majority lives")
    } else {
        format!(
            "if they are down for sure, `topoplan plan --dead DOMAIN` plans the takeover at {heirs}; if they live, two masters would take writes for the same slots (split brain)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;

    #[test]
    fn fires_where_fewer_than_half_of_the_voters_live() {
        let found = findings(
            &RULE,
            &cluster("m1@h1 < r1@h2; m2!@h2 < r2@h1; m3!@h3 < r3@h1"),
        );
        assert_eq!(found.len(), 1);
        let start = "1 of 3 voting masters lives, and an election needs 2";
        assert!(found[0].message.starts_with(start), "{}", found[0].message);
        // Half of two is no majority.
        let two = cluster("m1@h1 < r1@h2; m2!@h2 < r2@h1");
        assert_eq!(findings(&RULE, &two).len(), 1);
    }

    #[test]
    fn silent_while_a_majority_lives() {
        assert!(findings(&RULE, &healthy()).is_empty());
        assert!(findings(&RULE, &cluster("m1@h1 <; m2@h2 <; m3!@h3 <")).is_empty());
    }
}
