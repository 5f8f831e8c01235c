//! ## What
//! Groups of nodes that do not know each other own different slots: one cluster that never met or
//! fell apart.
//!
//! ## Why
//! No group serves all slots, and none can vote for another. No slot is without an owner: whoever
//! assigns them anew loses their data.
//!
//! ## Do
//! See whether the hosts reach each other's bus ports (client port + 10000 where nothing else is
//! announced), then let the groups meet: CLUSTER MEET of one node of each. Nothing is planned across
//! them.
use crate::model::Address;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::Islands,
    id: "islands",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Nodes],
    check: Check::Cluster(check),
    page: include_str!("islands.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let islands = cx.cluster.islands();
    if islands.len() < 2 {
        return;
    }
    let groups: Vec<String> = islands
        .iter()
        .map(|nodes| group(cx.cluster, nodes))
        .collect();
    let message = format!(
        "{} groups of nodes that do not know each other own different slots: {}; one cluster that never met or fell apart",
        islands.len(),
        words::list_up_to(words::LISTED, &groups)
    );
    let firsts: Vec<NodeId> = islands
        .iter()
        .filter_map(|nodes| nodes.first())
        .copied()
        .collect();
    let address = |id: &NodeId| cx.cluster.node(*id).address.as_ref().map(Address::ip);
    let mut hosts: Vec<String> = Vec::new();
    for host in firsts.iter().filter_map(address) {
        if !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    }
    let help = format!(
        "see whether these reach each other's bus ports (client port + 10000): {}; then CLUSTER MEET {}",
        words::list(&hosts),
        words::nodes(cx.cluster, firsts.iter().copied())
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help(help)
            .evidence(firsts.into_iter().take(words::LISTED).map(Fact::Node)),
    );
}

/// `0-5460 by 10.0.0.1:7000 and 1 more`.
fn group(cluster: &Cluster, nodes: &[NodeId]) -> String {
    let mut slots = SlotSet::new();
    for &id in nodes {
        slots.union_with(&cluster.node(id).slots);
    }
    let first = nodes
        .first()
        .map_or_else(String::new, |&id| words::node(cluster, id));
    let more = match nodes.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{first}{more} ({})", words::slots(&slots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;

    #[test]
    fn fires_where_groups_do_not_know_each_other() {
        let mut cluster = cluster("m1@h1 < r1@h1; m2@h2 < r2@h2");
        assert!(findings(&RULE, &cluster).is_empty());
        let [m1, r1, m2, r2] = ["m1", "r1", "m2", "r2"].map(|name| id(&cluster, name));
        for (a, b) in [(m1, m2), (m1, r2), (r1, m2), (r1, r2)] {
            cluster.node_mut(a).seen.known_by.remove(b);
            cluster.node_mut(b).seen.known_by.remove(a);
        }
        let found = findings(&RULE, &cluster);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("2 groups of nodes"));
    }

    #[test]
    fn silent_on_healthy() {
        assert!(findings(&RULE, &healthy()).is_empty());
    }
}
