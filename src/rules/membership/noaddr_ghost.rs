//! ## What
//! The cluster still lists an id that has no address any more, or whose address a blank or newer
//! id answers: its process came back under another id, so this one is gone for good. An error if
//! the id owns slots.
//!
//! ## Why
//! A ghost that owns slots leaves them without a server while `cluster_state` may still say
//! ok, and servers before Valkey 8.1 never promote its replica by themselves. A ghost counts
//! as a voter as long as it owns slots.
//!
//! ## Do
//! Promote its replica if it owns slots, and only then forget the id on every node that lists
//! it, all within a minute (`topoplan plan` does both, in this order). Forgetting first leaves
//! the slots without an owner and the replica without a master.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::NoaddrGhost,
    id: "noaddr-ghost",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Forget),
    levels: &[Level::Tidy],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("noaddr_ghost.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (id, node) in cx.cluster.iter().filter(|(_, n)| n.is_ghost()) {
        let fact = fact(cx.cluster, id);
        let known = match cx.cluster.views {
            0 | 1 => "the only view".to_owned(),
            _ => words::count(node.seen.known_by.len(), "node"),
        };
        let finding = match cx.shard_of(id) {
            Some(shard) => owner(cx, shard, &fact),
            None => Finding::new(
                &RULE,
                Subject::Node(id),
                format!("{fact} and cannot come back; still listed by {known}"),
            )
            .help(Help::default().plan("forgets it on every node that lists it")),
        };
        out.push(finding.evidence([Fact::Node(id)]));
    }
}

/// Why it is gone: views say that it has no address, or another id is where it was.
fn fact(cluster: &Cluster, id: NodeId) -> String {
    let name = words::node(cluster, id);
    let last = cluster.node(id).last_address.as_ref();
    let mut there = last.into_iter().flat_map(|last| cluster.at(last));
    match there.find(|&other| cluster.node(other).is_live()) {
        Some(other) => format!(
            "{name} has no address any more, {} answers there",
            cluster.node(other).name.short()
        ),
        None => format!("{name} has no address"),
    }
}

fn owner(cx: &Context, shard: &Shard, fact: &str) -> Finding {
    let slots = words::slots(&shard.slots);
    let (end, help) = match measure::best_replica(cx.cluster, shard) {
        Some(best) => (
            format!("{} can take them over", words::node(cx.cluster, best)),
            Help::default()
                .plan("promotes that replica, then forgets the id")
                .say("never forget it first"),
        ),
        None if cx.cluster.unread.nodes => (
            "no replica that can take them over was read".to_owned(),
            "do not forget it: capture again, its replica may stand in a line that was not read"
                .into(),
        ),
        None => (
            "no replica can take them over".to_owned(),
            "do not forget it: find a copy of its data first, see S001".into(),
        ),
    };
    let message = format!("{fact} but owns slots {slots}, which nobody serves; {end}");
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .severity(Severity::Error)
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_every_ghost_and_worse_on_owners() {
        let cluster = cluster("m1?@h1 < r1@h2; m2@h2 < r2@h1; old?@h1");
        assert_eq!(subjects(&RULE, &cluster), ["m1", "old"]);
        let found = findings(&RULE, &cluster);
        assert_eq!(found[0].severity, Severity::Error);
        assert!(
            found[0]
                .message
                .contains("10.0.0.2:7002 can take them over")
        );
        assert_eq!(found[1].severity, Severity::Warning);
    }

    #[test]
    fn warns_against_forgetting_the_only_trace_of_lost_slots() {
        let found = findings(&RULE, &cluster("m1?@h1 < r1~@h2; m2@h2 < r2@h1"));
        assert!(found[0].message.ends_with("no replica can take them over"));
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
