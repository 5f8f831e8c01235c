//! ## What
//! Some live members still list a dead id, while a live master that owns slots does not, or
//! lists it as a replica without a master (`slave -`).
//!
//! ## Why
//! Somebody has begun to forget it. A forgotten id returns by gossip from every node that was
//! not told within a minute, so half a FORGET undoes itself and leaves views that differ. A node
//! that joined after the id had died shows it the same way, and nobody has forgotten anything: the
//! views of blank nodes and of replicas are no proof, nor is that of a process that was started
//! later than the id was last heard of.
//!
//! ## Do
//! Finish it: tell every node that lists the id, all within a minute (`topoplan plan` does it).
//! If the node should come back instead, start it and let the members that miss it meet it.
//! A node that gave no answer, but that no view doubts, may live: ask it again first, no plan
//! forgets it.
use crate::measure::HalfForgotten;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::HalfForgottenNode,
    id: "half-forgotten-node",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Forget),
    levels: &[Level::Tidy],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("half_forgotten_node.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let dead = cx.cluster.dead_members();
    if dead.is_empty() {
        return;
    }
    let witnesses = measure::Witnesses::of(cx.cluster);
    for id in dead {
        let begun = witnesses.of_dead(cx.cluster, id);
        out.extend(begun.map(|begun| finding(cx, id, &begun)));
    }
}

fn finding(cx: &Context, id: NodeId, begun: &HalfForgotten) -> Finding {
    let node = cx.cluster.node(id);
    let HalfForgotten {
        listing,
        absent,
        masterless,
    } = begun;
    let name = words::node(cx.cluster, id);
    let state = match node.is_only_silent() {
        true => "did not answer, though no view doubts it, and is",
        false => "is dead and",
    };
    let mut message = format!(
        "{name} {state} listed by {} of {}",
        listing.len(),
        words::count(listing.len() + absent.len(), "live view")
    );
    if !absent.is_empty() {
        let places = words::nodes(cx.cluster, absent.iter().copied());
        message.push_str(&format!(", absent at {places}"));
    }
    if !masterless.is_empty() {
        let places = words::nodes(cx.cluster, masterless.iter().copied());
        message.push_str(&format!(", without a master at {places}"));
    }
    message.push_str("; a FORGET was begun and not finished");
    let odd = masterless.first().or(absent.first()).copied();
    let even = listing.iter().copied().find(|l| !masterless.contains(l));
    let seen = |observer| Fact::Seen { observer, node: id };
    let help = if node.is_only_silent() {
        format!("{ASK_AGAIN}: no plan forgets {name} before a view doubts it").into()
    } else {
        Help::default().plan(format!("forgets {name} wherever it is still listed"))
    };
    Finding::new(&RULE, Subject::Node(id), message)
        .help(help)
        .evidence(odd.into_iter().chain(even).map(seen))
}

const ASK_AGAIN: &str = "it may live: ask it again";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    fn with_dead_replica() -> Cluster {
        cluster("m1@h1 < r1@h2 dead!@h3; m2@h2 < r2@h1; gone?@h1")
    }

    #[test]
    fn fires_on_a_dead_node_that_some_view_does_not_list() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).seen.known_by.remove(m2);
        assert_eq!(subjects(&RULE, &cluster), ["dead"]);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("listed by 3 of 4 live views"));
        let seen = Fact::Seen {
            observer: m2,
            node: dead,
        };
        assert_eq!(found[0].evidence[0], seen);
    }

    #[test]
    fn fires_on_a_dead_node_without_a_master_in_the_view_of_a_slot_owner() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).seen.masterless_in.insert(m2);
        assert_eq!(subjects(&RULE, &cluster), ["dead"]);
        assert!(
            findings(&RULE, &cluster)[0]
                .message
                .contains("without a master at 10.0.0.2:7004")
        );
    }

    #[test]
    fn a_replica_of_a_forgotten_master_was_not_forgotten_itself() {
        let mut cluster = with_dead_replica();
        let [dead, m1, m2] = ["dead", "m1", "m2"].map(|name| id(&cluster, name));
        cluster.node_mut(dead).seen.masterless_in.insert(m2);
        cluster.node_mut(m1).seen.known_by.remove(m2);
        assert!(subjects(&RULE, &cluster).is_empty());
        // Nobody knows whom it followed.
        cluster.node_mut(m1).seen.known_by.insert(m2);
        cluster.node_mut(dead).role = crate::model::Role::Replica(None);
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn blank_nodes_and_replicas_may_have_joined_later() {
        let mut cluster = cluster("m1@h1 < r1@h2 dead!@h3; m2@h2 < r2@h1; blank@h1 lost@h2");
        let [dead, r1, m2, blank, lost] =
            ["dead", "r1", "m2", "blank", "lost"].map(|name| id(&cluster, name));
        cluster.node_mut(lost).role = crate::model::Role::Replica(None);
        cluster.node_mut(dead).seen.known_by.remove(blank);
        cluster.node_mut(dead).seen.known_by.remove(r1);
        cluster.node_mut(dead).seen.masterless_in.insert(lost);
        assert!(subjects(&RULE, &cluster).is_empty());
        cluster.node_mut(dead).seen.known_by.remove(m2);
        let found = findings(&RULE, &cluster);
        assert_eq!(
            found[0].message,
            "10.0.0.3:7003 is dead and listed by 3 of 4 live views, absent at 10.0.0.2:7004; \
             a FORGET was begun and not finished"
        );
    }

    #[test]
    fn a_view_that_never_knew_it_counts_for_nothing() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).seen.known_by.remove(m2);
        cluster.node_mut(dead).seen.unseen_by.insert(m2);
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn who_only_did_not_answer_is_to_be_asked_again() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).seen.known_by.remove(m2);
        cluster.node_mut(dead).seen.opinion = crate::model::Opinion::default();
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("no view doubts it"));
        assert!(found[0].help.to_string().starts_with(ASK_AGAIN));
    }

    #[test]
    fn silent_when_all_list_it_and_on_nodes_that_never_gave_a_view() {
        let mut cluster = with_dead_replica();
        assert!(subjects(&RULE, &cluster).is_empty());
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).seen.known_by.remove(m2);
        cluster.node_mut(m2).seen.has_view = false;
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn silent_on_live_nodes_ghosts_and_healthy() {
        let mut cluster = with_dead_replica();
        let m2 = id(&cluster, "m2");
        for name in ["r1", "gone"] {
            let node = id(&cluster, name);
            cluster.node_mut(node).seen.known_by.remove(m2);
        }
        assert!(subjects(&RULE, &cluster).is_empty());
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
