//! ## What
//! Of two nodes, one reaches the other on the cluster bus and is not reached back.
//!
//! ## Why
//! The servers keep asking over the half that stands, so it shows late: votes and failure reports
//! get lost, a node is failed by half of the cluster and works for the other half, a failover
//! does not come to an end.
//!
//! ## Do
//! Look at the firewall between the two hosts for the bus port (the client port + 10000, if
//! nothing else is set), in the direction that is named, and at `cluster-announce-ip` and
//! `cluster-announce-bus-port` of the node that is not reached.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::OneWayLink,
    id: "one-way-link",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("one_way_link.rs"),
};

/// Views that are further apart show two moments, not two directions.
const APART_MS: u64 = 10_000;

/// Who does not reach whom, and where that is read.
type Pairs = BTreeMap<(NodeId, NodeId), [Fact; 2]>;

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let mut pairs = Pairs::new();
    from_sights(inventory, &mut pairs);
    for link in &inventory.one_way_links {
        let seen = Fact::Seen {
            observer: link.told_by,
            node: if link.told_by == link.to {
                link.from
            } else {
                link.to
            },
        };
        pairs
            .entry((link.from, link.to))
            .or_insert([Fact::Links(link.told_by), seen]);
    }
    // The end that most pairs have in common is what is wrong.
    let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
    for &(a, b) in pairs.keys() {
        *from.entry(a).or_insert(0_usize) += 1;
        *to.entry(b).or_insert(0_usize) += 1;
    }
    let mut by_node: BTreeMap<NodeId, Vec<(NodeId, NodeId)>> = BTreeMap::new();
    for &(a, b) in pairs.keys() {
        let node = if from[&a] > to[&b] { a } else { b };
        by_node.entry(node).or_default().push((a, b));
    }
    for (node, of) in by_node {
        out.push(finding(&inventory.cluster, node, &of, &pairs));
    }
}

/// A node that suspects another one whose own view shows their link as well.
fn from_sights(inventory: &Inventory, pairs: &mut Pairs) {
    let sights = &inventory.sights;
    let clocks: BTreeMap<NodeId, u64> = inventory
        .views
        .iter()
        .filter_map(|view| Some((view.owner?, view.clock?)))
        .collect();
    let together = |a: NodeId, b: NodeId| match (clocks.get(&a), clocks.get(&b)) {
        (Some(a), Some(b)) => a.abs_diff(*b) <= APART_MS,
        _ => true,
    };
    let live = |id: NodeId| inventory.cluster.node(id).is_live_member();
    for &observer in sights.observers().iter().filter(|&&id| live(id)) {
        let row = sights.row(observer).unwrap_or_default();
        let doubted = (0..)
            .map(NodeId)
            .zip(row)
            .filter(|(_, sight)| matches!(sight, Sight::Suspected | Sight::Disconnected));
        for (node, _) in doubted.filter(|&(id, _)| live(id)) {
            let back = sights.of(node, observer);
            if back == Some(Sight::Connected) && together(observer, node) {
                let seen = |observer, node| Fact::Seen { observer, node };
                pairs.insert(
                    (observer, node),
                    [seen(observer, node), seen(node, observer)],
                );
            }
        }
    }
}

fn finding(cluster: &Cluster, node: NodeId, of: &[(NodeId, NodeId)], pairs: &Pairs) -> Finding {
    let name = words::node(cluster, node);
    let not_reached_by: Vec<NodeId> = of.iter().filter(|p| p.1 == node).map(|p| p.0).collect();
    let reaches_not: Vec<NodeId> = of.iter().filter(|p| p.1 != node).map(|p| p.1).collect();
    let mut parts = Vec::new();
    if !not_reached_by.is_empty() {
        let others = words::nodes(cluster, not_reached_by);
        parts.push(format!(
            "is not reached by {others} on the cluster bus, but reaches them"
        ));
    }
    if !reaches_not.is_empty() {
        let others = words::nodes(cluster, reaches_not);
        parts.push(format!(
            "does not reach {others} on the cluster bus, but is reached by them"
        ));
    }
    let message = format!("{name} {}", parts.join(", and "));
    let bus = |id: NodeId| cluster.node(id).bus_port;
    let port = of.first().and_then(|&(_, to)| bus(to));
    let port = port.map_or_else(|| "the bus port".to_owned(), |port| format!("port {port}"));
    let facts = of.iter().filter_map(|pair| pairs.get(pair)).flatten();
    Finding::new(&RULE, Subject::Node(node), message)
        .help(format!(
            "look at the firewall between the hosts for {port}, in this direction"
        ))
        .evidence(facts.take(words::LISTED).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::OneWay;
    use crate::inventory::read;
    use crate::model::testing::id;
    use crate::policy::Policy;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;
    use crate::rules::testing::subject;
    use crate::text::Source;

    fn one_way(inventory: &mut Inventory, from: &str, to: &str) {
        let (from, to) = (id(&inventory.cluster, from), id(&inventory.cluster, to));
        let told_by = to;
        inventory.one_way_links.push(OneWay { from, to, told_by });
    }

    #[test]
    fn one_finding_at_the_end_that_the_links_share() {
        let mut inventory = seen_by(&["m1", "m2", "m3"]);
        for from in ["r1", "r2", "m3"] {
            one_way(&mut inventory, from, "m1");
        }
        for to in ["r1", "r2", "m3"] {
            one_way(&mut inventory, "m2", to);
        }
        let found = capture_findings(&RULE, &inventory);
        let name = |f: &Finding| subject(&inventory.cluster, f);
        assert_eq!(found.iter().map(name).collect::<Vec<_>>(), ["m1", "m2"]);
        assert!(
            found[0]
                .message
                .contains("is not reached by 10.0.0.2:7002,")
        );
        assert!(found[1].message.contains("does not reach 10.0.0.2:7002,"));
        assert!(matches!(found[0].evidence[0], Fact::Links(_)));
    }

    const LINES: [&str; 3] = [
        "a 10.0.0.1:7000@17000 FLAGS- 0 CLOCK 1 LINK 0-16383\n",
        "b 10.0.0.2:7000@17000 FLAGSa 0 CLOCK 1 LINK\n",
        "c 10.0.0.3:7000@17000 FLAGSa 0 CLOCK 1 LINK\n",
    ];

    /// Views of three nodes, in which the first shows the second like this.
    fn seen(flags: &str, link: &str, clocks: [u64; 3]) -> Inventory {
        let view = |me: usize| {
            let line = |(of, line): (usize, &&str)| {
                let role = if of == 0 { "master " } else { "slave " };
                let (mark, link) = match (me, of) {
                    (0, 1) => (flags, link),
                    _ if me == of => ("myself,", "connected"),
                    _ => ("", "connected"),
                };
                line.replace("FLAGS", &format!("{mark}{role}"))
                    .replace("CLOCK", &clocks[me].to_string())
                    .replace("LINK", link)
            };
            let text: String = LINES.iter().enumerate().map(line).collect();
            Source::new(&format!("{me}.txt"), text, String::new())
        };
        read((0..3).map(view), Policy::default())
    }

    const NOW: u64 = 1_795_000_000_000;

    #[test]
    fn fires_on_who_doubts_a_node_that_sees_it_well() {
        for (flags, link) in [("fail?,", "connected"), ("", "disconnected")] {
            let inventory = seen(flags, link, [NOW; 3]);
            let found = capture_findings(&RULE, &inventory);
            assert_eq!(found.len(), 1, "{flags}{link}");
            assert_eq!(subject(&inventory.cluster, &found[0]), "b");
            assert!(found[0].help.to_string().contains("port 17000"));
            let (a, b) = (id(&inventory.cluster, "a"), id(&inventory.cluster, "b"));
            let seen = |observer, node| Fact::Seen { observer, node };
            assert_eq!(found[0].evidence, [seen(a, b), seen(b, a)]);
        }
    }

    #[test]
    fn silent_where_all_see_each_other_and_on_views_of_two_moments() {
        assert!(capture_findings(&RULE, &seen("", "connected", [NOW; 3])).is_empty());
        let later = [NOW, NOW + 30_000, NOW];
        assert!(capture_findings(&RULE, &seen("fail?,", "connected", later)).is_empty());
    }
}
