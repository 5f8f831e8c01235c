//! ## What
//! A member of the cluster is dead: it did not answer, or most voting masters hold it for
//! failed. An error if it owns slots.
//!
//! ## Why
//! Its slots are not served, or its shard has one copy less. The process may come back with
//! its data, so it is not forgotten by itself.
//!
//! ## Do
//! Restart the process: that cures more than any plan. If the machine will never come back,
//! `topoplan plan --forget-dead` promotes what must be promoted and then forgets the node. One
//! that did not answer, while no view doubts it, may live: ask it again, no plan forgets it.
use crate::model::Unread;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::DeadNode,
    id: "dead-node",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Forget, Some(Flag::ForgetDead)),
    levels: &[Level::Tidy],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("dead_node.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for id in cx.cluster.dead_members() {
        let (severity, consequence) = consequence(cx, id);
        let name = words::node(cx.cluster, id);
        let node = cx.cluster.node(id);
        let (dead, help) = match node.is_only_suspected() {
            // Where nodes do not watch each other no view ever doubts one.
            _ if node.is_only_silent() && cx.cluster.server.other_control_plane().is_none() => (
                "taken for dead (it did not answer, but no view doubts it)",
                Help::from("ask it again before anything else: it may live")
                    .restart([id], "if it is dead, restart it"),
            ),
            true => (
                "taken for dead (suspected by every view that lists it, flagged `fail` by none)",
                Help::from(
                    "ask it before anything else: who suspects it may be the one that is cut off",
                )
                .restart([id], "if it is dead, restart it"),
            ),
            false => (
                "dead",
                Help::default().restart([id], "restart it").promise(
                    Some("if it will never come back"),
                    Some(Ask::Flag(Flag::ForgetDead)),
                    "forgets it",
                ),
            ),
        };
        let message = format!("{name} is {dead}{consequence}");
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .severity(severity)
                .help(help)
                .evidence([Fact::Unreachable(id), Fact::Node(id)]),
        );
    }
}

fn consequence(cx: &Context, id: NodeId) -> (Severity, String) {
    if let Some(shard) = cx.shard_of(id) {
        let slots = words::slots(&shard.slots);
        let text = format!(" and owns slots {slots}, which nobody serves");
        return (Severity::Error, text);
    }
    let text = match cx.cluster.root(id).and_then(|owner| cx.shard_of(owner)) {
        Some(shard) if cx.cluster.unread.nodes => {
            format!(": a replica of {}", words::shard(cx.cluster, shard))
        }
        Some(shard) => {
            let left = measure::live_copies(cx.cluster, shard).len();
            let shard = words::shard(cx.cluster, shard);
            let left = match left {
                0 => "no live copy".to_owned(),
                1 => "1 live copy".to_owned(),
                more => format!("{more} live copies"),
            };
            format!(": a replica of {shard}, which has {left} left")
        }
        // Its master, or that one's slots, may stand in what was not read.
        None if cx.cluster.node(id).is_replica() && cx.cluster.unread != Unread::default() => {
            ": a replica, of whom could not be read".to_owned()
        }
        None => "; it held no copy".to_owned(),
    };
    (Severity::Warning, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotSet;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_dead_members_but_not_on_ghosts() {
        let cluster = cluster("m1!@h1 < r1@h2; m2@h2 < r2!@h1; old?@h1");
        assert_eq!(subjects(&RULE, &cluster), ["m1", "r2"]);
        let found = findings(&RULE, &cluster);
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(found[1].severity, Severity::Warning);
        assert!(found[1].message.ends_with("has 1 live copy left"));
    }

    #[test]
    fn who_only_did_not_answer_may_live() {
        let mut cluster = cluster("m1@h1 < r1!@h2; m2@h2 < r2@h1");
        let r1 = id(&cluster, "r1");
        cluster.node_mut(r1).seen.opinion = crate::model::Opinion::default();
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("no view doubts it"));
        assert!(found[0].help.to_string().starts_with("ask it again"));
    }

    #[test]
    fn what_was_not_read_is_not_counted() {
        let mut cluster = cluster("m1@h1 < r1!@h2; x!@h3 <; m2@h3 < r2!@h1");
        let m2 = id(&cluster, "m2");
        cluster.node_mut(m2).slots = SlotSet::new();
        cluster.unread = Unread {
            nodes: true,
            slots: true,
        };
        let found = findings(&RULE, &cluster);
        let said = |name: &str| {
            let node = id(&cluster, name);
            let of = |f: &&Finding| f.subject == Subject::Node(node);
            &found.iter().find(of).expect("it is dead").message
        };
        assert!(said("r1").contains(": a replica of 10.0.0.1:7001"));
        assert!(!said("r1").contains("left"), "{}", said("r1"));
        assert!(said("r2").ends_with("of whom could not be read"));
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
