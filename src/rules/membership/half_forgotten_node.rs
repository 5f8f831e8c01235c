//! ## What
//! Some live members still list a dead id, others do not, or list it as a replica without a
//! master (`slave -`).
//!
//! ## Why
//! Somebody has begun to forget it. A forgotten id returns by gossip from every node that was
//! not told within a minute, so half a FORGET undoes itself and leaves views that differ.
//!
//! ## Do
//! Finish it: tell every node that lists the id, all within a minute (`topoplan plan` does it).
//! If the node should come back instead, start it and let the members that miss it meet it.
//! A node that gave no answer, but that no view doubts, may live: ask it again first, no plan
//! forgets it.
use crate::model::NodeSet;
use crate::model::Role;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: "M004",
    id: "half-forgotten-node",
    severity: Severity::Warning,
    cure: Cure::Yes,
    check: Check::Cluster(check),
    page: include_str!("half_forgotten_node.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let dead = cx.cluster.dead_members();
    if dead.is_empty() {
        return;
    }
    let observers: NodeSet = cx
        .cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && n.has_view)
        .map(|(id, _)| id)
        .collect();
    // Gossip does not tell a node that joined later of ids that were dead by then. A spare that
    // says `slave -` of itself is no newcomer: it forgot its master.
    let unowned = cx.cluster.unowned();
    let newcomers: NodeSet = observers
        .iter()
        .filter(|&id| cx.cluster.is_spare_given(id, unowned))
        .filter(|&id| cx.cluster.node(id).role != Role::Replica(None))
        .collect();
    for id in dead {
        out.extend(finding(cx, &observers, &newcomers, id));
    }
}

fn finding(cx: &Context, observers: &NodeSet, newcomers: &NodeSet, id: NodeId) -> Option<Finding> {
    let node = cx.cluster.node(id);
    // Counted before walked: after the loss of a host many ids are dead and none is forgotten.
    let everywhere = node.masterless_in.is_empty() && node.known_by.len() >= observers.len();
    if everywhere || node.known_by.is_empty() {
        return None;
    }
    let listing: Vec<NodeId> = observers
        .iter()
        .filter(|&o| node.known_by.contains(o))
        .collect();
    let absent: Vec<NodeId> = observers
        .iter()
        .filter(|&o| !node.known_by.contains(o) && !newcomers.contains(o))
        // A view from before the process came back under this id never knew it.
        .filter(|&o| !node.predates.contains(o))
        .collect();
    let masterless: Vec<NodeId> = listing
        .iter()
        .copied()
        .filter(|&o| node.masterless_in.contains(o))
        .collect();
    if listing.is_empty() || (absent.is_empty() && masterless.is_empty()) {
        return None;
    }
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
    let help = match node.is_only_silent() {
        true => format!("{ASK_AGAIN}: no plan forgets {name} before a view doubts it"),
        false => format!("`topoplan plan` forgets {name} wherever it is still listed"),
    };
    Some(
        Finding::new(&RULE, Subject::Node(id), message)
            .help(help)
            .evidence(odd.into_iter().chain(even).map(seen)),
    )
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
        cluster.node_mut(dead).known_by.remove(m2);
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
    fn fires_on_a_dead_node_without_a_master_in_some_view() {
        let mut cluster = with_dead_replica();
        let (dead, r1) = (id(&cluster, "dead"), id(&cluster, "r1"));
        cluster.node_mut(dead).masterless_in.insert(r1);
        assert_eq!(subjects(&RULE, &cluster), ["dead"]);
    }

    #[test]
    fn silent_when_only_a_node_that_joined_later_misses_it() {
        let mut cluster = cluster("m1@h1 < r1@h2 dead!@h3; m2@h2 < r2@h1; blank@h1");
        let (dead, blank) = (id(&cluster, "dead"), id(&cluster, "blank"));
        cluster.node_mut(dead).known_by.remove(blank);
        assert!(subjects(&RULE, &cluster).is_empty());
        let r1 = id(&cluster, "r1");
        cluster.node_mut(dead).known_by.remove(r1);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("listed by 3 of 4 live views"));
        assert!(
            !found[0].message.contains("10.0.0.1:7006"),
            "{}",
            found[0].message
        );
    }

    #[test]
    fn a_spare_that_lists_it_without_a_master_still_counts() {
        let mut cluster = cluster("m1@h1 < r1@h2 dead!@h3; m2@h2 < r2@h1; blank@h1");
        let (dead, blank) = (id(&cluster, "dead"), id(&cluster, "blank"));
        cluster.node_mut(dead).masterless_in.insert(blank);
        assert_eq!(subjects(&RULE, &cluster), ["dead"]);
    }

    #[test]
    fn a_view_from_before_it_came_back_counts_for_nothing() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).known_by.remove(m2);
        cluster.node_mut(dead).predates.insert(m2);
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn who_only_did_not_answer_is_to_be_asked_again() {
        let mut cluster = with_dead_replica();
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).known_by.remove(m2);
        cluster.node_mut(dead).accused = false;
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("no view doubts it"));
        assert!(found[0].help.starts_with(ASK_AGAIN));
    }

    #[test]
    fn silent_when_all_list_it_and_on_nodes_that_never_gave_a_view() {
        let mut cluster = with_dead_replica();
        assert!(subjects(&RULE, &cluster).is_empty());
        let (dead, m2) = (id(&cluster, "dead"), id(&cluster, "m2"));
        cluster.node_mut(dead).known_by.remove(m2);
        cluster.node_mut(m2).has_view = false;
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn silent_on_live_nodes_ghosts_and_healthy() {
        let mut cluster = with_dead_replica();
        let m2 = id(&cluster, "m2");
        for name in ["r1", "gone"] {
            let node = id(&cluster, name);
            cluster.node_mut(node).known_by.remove(m2);
        }
        assert!(subjects(&RULE, &cluster).is_empty());
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
