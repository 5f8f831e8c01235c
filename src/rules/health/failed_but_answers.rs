//! ## What
//! A node answers whoever captured it, and more than half of the other views flag it `fail`. An
//! error if it owns slots.
//!
//! ## Why
//! The cluster does without it: the others call its slots failed and refuse their keys, or will
//! give them to a replica, and what clients still write to it is lost then. The process itself
//! is well, so a restart cures nothing.
//!
//! ## Do
//! Look at the network between the hosts and at the cluster bus port of the node: a firewall, a
//! wrong `cluster-announce-ip` or `cluster-announce-bus-port`. Then capture again: it may have
//! died since it answered, so no plan lets another take over from it or touches its shard.
use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::FailedButAnswers,
    id: "failed-but-answers",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("failed_but_answers.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live_member()) {
        let seen = inventory.sights.observers().iter();
        let seen = seen.filter_map(|&o| Some((o, inventory.sights.of(o, id)?)));
        let others: Vec<(NodeId, Sight)> = seen
            .filter(|(_, sight)| !matches!(sight, Sight::Absent | Sight::Itself))
            .collect();
        let failed = others.iter().filter(|(_, s)| *s == Sight::Failed);
        let failed: Vec<NodeId> = failed.map(|(o, _)| *o).collect();
        // A live node that the majority flags is one that answered.
        if 2 * failed.len() <= others.len() {
            continue;
        }
        let severity = match node.is_master() && !node.slots.is_empty() {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let evidence = failed
            .iter()
            .map(|&observer| Fact::Seen { observer, node: id });
        out.push(
            Finding::new(&RULE, Subject::Node(id), message(cluster, id, failed.len(), others.len()))
                .severity(severity)
                .help(
                    "look at the network between the hosts and at the cluster bus port of the node; capture again before any plan",
                )
                .evidence(evidence.take(words::LISTED)),
        );
    }
}

fn message(cluster: &Cluster, id: NodeId, failed: usize, others: usize) -> String {
    let name = words::node(cluster, id);
    let node = cluster.node(id);
    let loss = match node.is_master() && !node.slots.is_empty() {
        true => format!(
            "the cluster does without it, and without slots {}",
            words::slots(&node.slots)
        ),
        false => "the cluster does without it".to_owned(),
    };
    let flags = match others {
        1 => "the only other view flags".to_owned(),
        _ => format!("{failed} of {others} other views flag"),
    };
    format!("{name} answers, but {flags} it `fail`: {loss}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::read;
    use crate::policy::Policy;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;
    use crate::rules::testing::subject;
    use crate::text::Source;

    /// Three masters; those named are flagged `fail` in the views of the other two.
    fn three(failed_in: &[(usize, usize)]) -> Inventory {
        let view = |of: usize| {
            let line = |n: usize| {
                let flags = match (n == of, failed_in.contains(&(n, of))) {
                    (true, _) => "myself,master",
                    (_, true) => "master,fail",
                    _ => "master",
                };
                let id = n.to_string().repeat(40);
                let (from, to) = (n * 5000, n * 5000 + 999);
                format!("{id} 10.0.0.{n}:7000@17000 {flags} - 0 0 {n} connected {from}-{to}\n")
            };
            let text: String = (1..=3).map(line).collect();
            Source::new(&format!("{of}.txt"), text, String::new())
        };
        read((1..=3).map(view), Policy::default())
    }

    #[test]
    fn an_error_where_most_others_flag_an_owner_of_slots() {
        let inventory = three(&[(3, 1), (3, 2)]);
        let found = capture_findings(&RULE, &inventory);
        assert_eq!(found.len(), 1);
        assert_eq!(subject(&inventory.cluster, &found[0]), "3".repeat(40));
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(
            found[0].message,
            "10.0.0.3:7000 answers, but 2 of 2 other views flag it `fail`: the cluster does \
             without it, and without slots 15000-15999"
        );
        assert_eq!(found[0].evidence.len(), 2);
    }

    #[test]
    fn a_minority_is_wrong_now_and_then() {
        let inventory = three(&[(3, 1)]);
        assert_eq!(capture_findings(&RULE, &inventory), []);
    }

    #[test]
    fn silent_on_healthy() {
        let inventory = seen_by(&["m1", "m2", "m3"]);
        assert_eq!(capture_findings(&RULE, &inventory), []);
    }
}
