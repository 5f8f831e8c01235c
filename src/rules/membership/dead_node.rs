//! ## What
//! A member of the cluster is dead: it did not answer, or most voting masters hold it for
//! failed. An error if it owns slots.
//!
//! ## Why
//! Its slots are not served, or its shard has one copy less. The process may come back with
//! its data, so it is not forgotten by itself.
//!
//! ## Do
//! Look first with what it would come back: with `appendonly no` and no `save` a master is empty, and
//! its replicas copy the emptiness, so let a replica take over before. A replica, or a former master
//! whose slots were taken over, may always be restarted. If the machine will never come back,
//! `topoplan plan --forget-dead` promotes what must be promoted and then forgets the node. One
//! that did not answer, while no view doubts it, or that is only suspected, may live: ask it again;
//! no plan forgets it.
use crate::measure::MajorityLost;
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
    let unowned = cx.cluster.has_unowned_slots();
    for id in cx.cluster.dead_members() {
        // The slots that nobody serves tell of it; its process may be named by its address.
        if unowned && cx.cluster.node(id).is_known_by_id_alone() {
            continue;
        }
        let (severity, consequence) = consequence(cx, id);
        let node = cx.cluster.node(id);
        if node.address.is_none() {
            out.push(elsewhere(cx, id, &consequence).severity(severity));
            continue;
        }
        let name = words::node(cx.cluster, id);
        let (dead, help) = state(cx, id);
        // No id, so there is nothing that a plan could forget.
        let help = if node.is_known_by_address_alone() {
            Help::default().restart([id], "restart it")
        } else {
            help
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

/// How it is dead, and what to do about it. Nobody is told to restart what may live.
fn state(cx: &Context, id: NodeId) -> (String, Help) {
    let node = cx.cluster.node(id);
    // Where nodes do not watch each other no view ever doubts one.
    if node.is_only_silent() && cx.cluster.server.other_control_plane().is_none() {
        return (
            "taken for dead (it did not answer, but no view doubts it)".to_owned(),
            Help::from("ask it again before anything else: it may live"),
        );
    }
    if node.is_only_suspected() {
        let silence = words::silence("it", node).map_or_else(String::new, |s| format!("; {s}"));
        let by = match node.seen.opinion.listed {
            1 => "the only view that lists it".to_owned(),
            n => format!("all {n} views that list it"),
        };
        return (
            format!("taken for dead (suspected by {by}, flagged `fail` by none{silence})"),
            Help::from(format!(
                "ask {} before anything else: who suspects it may be the one that is cut off",
                words::node(cx.cluster, id)
            )),
        );
    }
    let mut help = Help::default();
    if MajorityLost::of(cx.cluster)
        .is_some_and(|lost| lost.doubtful.contains(&id) && !lost.is_proven())
    {
        help = help.say(format!(
            "see first whether it is dead or cut off ({})",
            Code::MajorityLost
        ));
    }
    if let Some(bus) = odd_bus_port(cx.cluster, node) {
        help = help.say(bus);
    }
    let forget = |help: Help| {
        help.promise(
            Some("if it will never come back"),
            Some(Ask::Flag(Flag::ForgetDead)),
            "forgets it",
        )
    };
    ("dead".to_owned(), forget(restart(cx, id, help)))
}

/// What comes back with it. Its replicas would copy an emptiness.
fn restart(cx: &Context, id: NodeId, help: Help) -> Help {
    let comeback = cx.cluster.comeback(id);
    let Some(shard) = cx.shard_of(id) else {
        let slotless = cx.cluster.node(id).is_master();
        return help.restart(
            [id],
            if slotless {
                "restart it: if its slots were taken over, it follows whoever has them now"
            } else {
                "restart it"
            },
        );
    };
    match measure::best_replica(cx.cluster, shard) {
        Some(heir) if comeback.may_be_empty() => help.restart(
            [id],
            format!(
                "do not restart it before {} has taken over: it would come back {comeback}, and its replicas copy what it has",
                words::node(cx.cluster, heir)
            ),
        ),
        Some(_) | None => help.restart([id], format!("restart it: it comes back {comeback}")),
    }
}

/// It announces another bus port than what its client port gives, while the others do not: perhaps
/// it lives, and nobody reaches it there.
fn odd_bus_port(cluster: &Cluster, node: &Node) -> Option<String> {
    let offset = |n: &Node| {
        let port = i32::from(n.address.as_ref()?.port());
        Some(i32::from(n.bus_port?) - port)
    };
    let own = offset(node)?;
    let mut others = cluster
        .iter()
        .filter(|(_, n)| n.is_live_member())
        .filter_map(|(_, n)| offset(n));
    let usual = others.next()?;
    if own == usual || !others.all(|other| other == usual) {
        return None;
    }
    let address = node.address.as_ref()?;
    Some(format!(
        "it announces bus port {}, where the others have their client port {usual:+}: if its process answers at {address}, that port is wrong or not published (`cluster-announce-bus-port`), and a restart cures nothing",
        node.bus_port?
    ))
}

/// Listed where another process answers, or at an address that is none: no advice may hit who is
/// there.
fn elsewhere(cx: &Context, id: NodeId, consequence: &str) -> Finding {
    let node = cx.cluster.node(id);
    let short = node.name.short();
    let listed = node.last_address.as_ref();
    let mut there = listed.into_iter().flat_map(|listed| cx.cluster.at(listed));
    let there = there.find(|&other| cx.cluster.node(other).is_live());
    let (place, other) = match (listed, there) {
        (Some(listed), Some(other)) => {
            let other = cx.cluster.node(other).name.short();
            (
                format!(", listed at {listed}, where {other} answers,"),
                there,
            )
        }
        (Some(listed), None) if listed.is_no_ip() => (
            format!(", listed at {listed}, which is no IP address,"),
            None,
        ),
        (Some(listed), None) => (
            format!(", listed at {listed}, which every host calls itself,"),
            None,
        ),
        (None, _) => (String::new(), None),
    };
    let message = format!(
        "id {short}{place} is dead or elsewhere (its true address is not known){consequence}"
    );
    let help = "capture `cluster nodes` of the lost process itself; where it came up under another address, \
        `cluster-announce-ip` or a CLUSTER MEET of that address mends the entry";
    Finding::new(&RULE, Subject::Node(id), message)
        .help(help)
        .evidence([id].into_iter().chain(other).map(Fact::Node))
}

fn consequence(cx: &Context, id: NodeId) -> (Severity, String) {
    if let Some(shard) = cx.shard_of(id) {
        let slots = words::slots(&shard.slots);
        let text = match cx.cluster.node(id).is_only_suspected() {
            true => format!("; it owns slots {slots}"),
            false => format!(" and owns slots {slots}, which nobody serves"),
        };
        return (Severity::Error, text);
    }
    if cx.cluster.node(id).is_known_by_address_alone() {
        let unknown = ": a report names it and does not say what it is";
        return match cx.cluster.has_unowned_slots() {
            true => {
                let text = format!("{unknown}; it may own some of the slots that nobody serves");
                (Severity::Error, text)
            }
            false => (Severity::Warning, unknown.to_owned()),
        };
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
        None if cx.cluster.node(id).is_replica() => {
            "; whom it followed owns no slot, or is not known".to_owned()
        }
        None => {
            " and owns no slot any more: a master that was failed over, or never had any".to_owned()
        }
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
