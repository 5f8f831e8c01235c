//! ## What
//! Two ids are listed at one address, and both are taken for live.
//!
//! ## Why
//! One address has one process, and a process one id: one of the entries is wrong. A command may
//! reach the other node than the one that is meant, and nobody can say how many copies there are.
//!
//! ## Do
//! Ask the address for its id (CLUSTER MYID). The other id is elsewhere, behind a wrong
//! `cluster-announce-ip` or port, or it is what that process called itself before it lost its
//! `nodes.conf`. Mend the announcement, or capture again after the nodes have noticed.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SharedAddress,
    id: "shared-address",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("shared_address.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for there in cx.cluster.shared_addresses() {
        let Some(&first) = there.first() else {
            continue;
        };
        let ids: Vec<String> = there
            .iter()
            .map(|&id| cx.cluster.node(id).name.short().to_owned())
            .collect();
        let address = words::node(cx.cluster, first);
        let own = |id: &NodeId| cx.cluster.node(*id).seen.has_view;
        let mut answers = there.iter().copied().filter(own);
        let says = match (answers.next(), answers.next()) {
            (Some(one), None) => format!(
                "{} answered there when it was asked, the other entry is wrong or old",
                cx.cluster.node(one).name.short()
            ),
            _ => "one of the entries is wrong, and nothing says which".to_owned(),
        };
        let message = format!(
            "ids {} are listed at one address, {address}: {says}",
            words::list(&ids)
        );
        out.push(
            Finding::new(&RULE, Subject::Node(first), message)
                .help(format!(
                    "ask {address} for CLUSTER MYID; mend what the other one announces (cluster-announce-ip), or capture again"
                ))
                .evidence(there.iter().copied().map(Fact::Node)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::rules::testing::findings;

    #[test]
    fn fires_where_two_live_ids_share_an_address() {
        let mut cluster = healthy();
        assert!(findings(&RULE, &cluster).is_empty());
        cluster.nodes[4].address = cluster.nodes[3].address.clone();
        let found = findings(&RULE, &cluster);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("one of the entries is wrong"));
    }
}
