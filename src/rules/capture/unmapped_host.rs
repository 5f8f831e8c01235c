//! ## What
//! There is a host map, but it does not name every node of the cluster; or there is none, and
//! nodes behind NAT announce one IP.
//!
//! ## Why
//! The IP of such a node is taken for its host. Behind NAT it is that of many machines, and
//! copies that look as if they shared one may not. If the machine has another IP in the map, or
//! another name, two copies on one machine look as if they were on two: what is said of hosts
//! and zones is not to be relied on for these nodes, and a plan may put copies together.
//!
//! ## Do
//! Add a row for each of them (`host`, and `ip` or `address`) and check again.
use crate::inventory::Inventory;
use crate::rules::prelude::*;
use crate::rules::trust::PLACES;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnmappedHost,
    id: "unmapped-host",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("unmapped_host.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    behind_one_ip(inventory, out);
    let unmapped = &inventory.unmapped;
    if unmapped.is_empty() {
        return;
    }
    let cluster = &inventory.cluster;
    let names = words::nodes(cluster, unmapped.iter().copied());
    let message = format!(
        "the host map does not name {} of {}: {names}; the IP is taken for the host, so what is \
         said of hosts and zones may be wrong for them",
        unmapped.len(),
        words::count(cluster.nodes.len(), "node"),
    );
    let places = unmapped.iter().take(PLACES).map(|&id| Fact::Node(id));
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("add rows for them to the host map before planning")
            .evidence(places),
    );
}

fn behind_one_ip(inventory: &Inventory, out: &mut Vec<Finding>) {
    let nodes = &inventory.behind_one_ip;
    if nodes.is_empty() {
        return;
    }
    let cluster = &inventory.cluster;
    let names = words::nodes(cluster, nodes.iter().copied());
    let message = format!(
        "{} of {} announce an IP that others announce, too, and nothing says whether from one \
         machine: {names}; the IP is taken for the host, so what is said of hosts may be wrong \
         for them",
        nodes.len(),
        words::count(cluster.nodes.len(), "node"),
    );
    let places = nodes.iter().take(PLACES).map(|&id| Fact::Node(id));
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("give a host map (`host,address`) that says which node is where")
            .evidence(places),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::check_capture;

    #[test]
    fn one_finding_names_them_all() {
        let cluster = healthy();
        let unmapped = vec![id(&cluster, "m1"), id(&cluster, "r2")];
        let mut inventory = Inventory {
            cluster,
            ..Inventory::default()
        };
        assert_eq!(check_capture(&inventory), []);
        inventory.unmapped = unmapped;
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("2 of 6 nodes: 10.0.0.1:7001, "));
        assert_eq!(found[0].evidence.len(), 2);
    }

    #[test]
    fn nodes_behind_one_ip_need_a_map() {
        let cluster = healthy();
        let inventory = Inventory {
            behind_one_ip: vec![id(&cluster, "m1"), id(&cluster, "r2")],
            cluster,
            ..Inventory::default()
        };
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule.code, Code::UnmappedHost);
        assert!(found[0].message.starts_with("2 of 6 nodes announce an IP"));
    }
}
