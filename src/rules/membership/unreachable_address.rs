//! ## What
//! A node is listed at an address where others cannot reach it: loopback, or numbers that are no
//! IP, beside nodes that have real addresses.
//!
//! ## Why
//! Every host reaches itself there. Clients and nodes that are sent to it meet another process or
//! none, and nobody can say on which host the node runs: it counts for no rule as a host of its own.
//!
//! ## Do
//! Correct `cluster-announce-ip` (or `bind`, or the line of `nodes.conf`), or let the others meet it
//! at its real address. Where only the capture was taken through loopback, name the file after the
//! node's real address, or say in a host map where it runs.
use crate::model::Address;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnreachableAddress,
    id: "unreachable-address",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("unreachable_address.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let mut addresses = cx.cluster.iter().filter_map(|(_, n)| n.address.as_ref());
    if !addresses.any(Address::is_place) {
        return;
    }
    let wrong = |n: &Node| n.is_listed() && n.host.is_none();
    for (id, node) in cx.cluster.iter().filter(|(_, n)| wrong(n)) {
        if let Some(address) = node.address.as_ref().filter(|a| !a.is_place()) {
            out.push(finding(id, node, address));
        }
    }
}

fn finding(id: NodeId, node: &Node, address: &Address) -> Finding {
    let (severity, message, help) = if address.is_no_ip() {
        (
            Severity::Warning,
            format!("{address} is no IP address: the node cannot be reached there"),
            "correct `nodes.conf` or `cluster-announce-ip`, or let the others meet it at its real address",
        )
    } else if node.seen.is_listed_there {
        (
            Severity::Warning,
            format!(
                "id {} announces {address}, a loopback address, to nodes elsewhere: they cannot reach it there, and its host is not known",
                node.name.short()
            ),
            "set its `cluster-announce-ip` to an address that the others reach",
        )
    } else {
        (
            Severity::Note,
            format!(
                "id {} was asked at {address} and tells no address of its own: its host is not known",
                node.name.short()
            ),
            "capture it by its real address, or say in a host map (`host,address`) where it runs",
        )
    };
    Finding::new(&RULE, Subject::Node(id), message)
        .severity(severity)
        .help(help)
        .evidence([Fact::Node(id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;

    #[test]
    fn fires_on_what_is_no_place_beside_real_addresses() {
        let mut cluster = healthy();
        let r1 = id(&cluster, "r1");
        for (ip, listed, severity) in [
            ("127.0.0.1", true, Severity::Warning),
            ("127.0.0.1", false, Severity::Note),
            ("10.0.0.300", true, Severity::Warning),
        ] {
            let node = cluster.node_mut(r1);
            node.address = Some(Address::new(ip, 7000).unwrap());
            node.host = None;
            node.seen.is_listed_there = listed;
            let found = findings(&RULE, &cluster);
            assert_eq!(found.len(), 1, "{ip}");
            assert_eq!(found[0].severity, severity, "{ip}");
        }
        // A host map says where it runs.
        cluster.node_mut(r1).host = Some(crate::model::HostId(0));
        assert!(findings(&RULE, &cluster).is_empty());
    }
}
