//! ## What
//! Something was going on while the capture was taken: a node was being met, a first sync, a
//! failover or a move of slots ran, or a node was loading its data.
//!
//! ## Why
//! What shows as broken may be half done, and be whole a minute later. A plan made on it may
//! meet another cluster than the one it was made for.
//!
//! ## Do
//! Wait for it to end and capture again. A handshake that never ends is an address that does not
//! answer on the cluster bus port, or answers with another id.
use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::InFlight,
    id: "in-flight",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("in_flight.rs"),
};

/// Nodes, what each is doing, and where the capture says so.
type Kind<'a> = (&'a [NodeId], &'a str, fn(NodeId) -> Fact);

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let flight = &inventory.in_flight;
    if flight.handshakes > 0 {
        let entries = match flight.handshakes {
            1 => "1 handshake entry".to_owned(),
            n => format!("{n} handshake entries"),
        };
        let seen = match flight.handshakes_in.is_empty() {
            true => String::new(),
            false => format!(" in the view of {}", names(cluster, &flight.handshakes_in)),
        };
        let message = format!(
            "{entries}{seen}: somebody is being met; they were left out, as their ids are random and change with every attempt"
        );
        let evidence = flight.handshakes_in.first().map(|&id| Fact::Handshake(id));
        out.push(finding(
            &flight.handshakes_in,
            message,
            evidence.or(Some(Fact::View(0))),
        ));
    }
    let kinds: [Kind; 4] = [
        (
            &flight.first_syncs,
            "copies its master's data for the first time",
            Fact::Replication,
        ),
        (
            &flight.failovers,
            "has a manual failover running",
            Fact::Replication,
        ),
        (
            &flight.loading,
            "is loading its data from disk and serves no command yet",
            Fact::Replication,
        ),
        (
            &flight.slot_migrations,
            "has a move of slots running",
            Fact::ClusterInfo,
        ),
    ];
    for (nodes, what, fact) in kinds {
        if !nodes.is_empty() {
            let message = format!("{} {what}", names(cluster, nodes));
            out.push(finding(nodes, message, nodes.first().map(|&id| fact(id))));
        }
    }
}

/// `10.0.0.1:7000`, `10.0.0.1:7000 and 3 more nodes, each,`
fn names(cluster: &Cluster, nodes: &[NodeId]) -> String {
    let first = nodes.first().map(|&id| words::node(cluster, id));
    let first = first.unwrap_or_default();
    match nodes.len() {
        0 | 1 => first,
        n => format!("{first}, as {} more,", n - 1),
    }
}

fn finding(nodes: &[NodeId], message: String, evidence: Option<Fact>) -> Finding {
    let subject = match nodes {
        [node] => Subject::Node(*node),
        _ => Subject::Capture,
    };
    Finding::new(&RULE, subject, message)
        .help("wait for it to end and capture again")
        .evidence(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::id;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;

    #[test]
    fn one_finding_for_each_kind() {
        let mut inventory = seen_by(&["m1", "m2"]);
        assert!(capture_findings(&RULE, &inventory).is_empty());
        let node = |name| id(&inventory.cluster, name);
        let (m1, r1, r2) = (node("m1"), node("r1"), node("r2"));
        let flight = &mut inventory.in_flight;
        flight.handshakes = 2;
        flight.handshakes_in = vec![m1];
        flight.first_syncs = vec![r1, r2];
        flight.failovers = vec![r1];
        flight.loading = vec![r2];
        flight.slot_migrations = vec![m1];
        let found = capture_findings(&RULE, &inventory);
        let subjects: Vec<&Subject> = found.iter().map(|f| &f.subject).collect();
        let expected = [
            &Subject::Node(m1),
            &Subject::Capture,
            &Subject::Node(r1),
            &Subject::Node(r2),
            &Subject::Node(m1),
        ];
        assert_eq!(subjects, expected);
        let starts = [
            "2 handshake entries in the view of 10.0.0.1:7001:",
            "10.0.0.2:7002, as 1 more, copies",
            "10.0.0.2:7002 has a manual",
            "10.0.0.3:7004 is loading",
            "10.0.0.1:7001 has a move",
        ];
        for (finding, start) in found.iter().zip(starts) {
            assert!(finding.message.starts_with(start), "{}", finding.message);
        }
    }
}
