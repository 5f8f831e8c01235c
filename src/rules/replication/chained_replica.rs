//! ## What
//! A live replica follows a node that is itself a replica.
//!
//! ## Why
//! It gets its data second hand, is unknown to the shard's master and cannot be elected for
//! it. Servers leave this behind after a failover with several replicas and do not mend it.
//!
//! ## Do
//! Point it to the shard's master (`topoplan plan` does it). It copies the data once more.
use crate::model::Unowned;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ChainedReplica,
    id: "chained-replica",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Straighten),
    levels: &[Level::Tidy],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("chained_replica.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (id, node) in cx.cluster.iter().filter(|(_, n)| n.is_live_member()) {
        let Some(master) = node.master().filter(|&m| cx.cluster.node(m).is_replica()) else {
            continue;
        };
        let name = words::node(cx.cluster, id);
        let through = words::node(cx.cluster, master);
        let root = cx.cluster.root(id).filter(|&root| root != id);
        let message = match root {
            Some(root) => format!(
                "{name} follows {through}, a replica of {}: it cannot take over",
                words::node(cx.cluster, root)
            ),
            None => format!("{name} follows {through}, a replica that copies no slots"),
        };
        let help = match root {
            Some(root) => {
                Help::default().plan(format!("points it to {}", words::node(cx.cluster, root)))
            }
            None if cx.cluster.unowned() == Unowned::Part => {
                "leave it as it is: slots have no owner, and it may hold the only copy of them"
                    .into()
            }
            None => Help::default().plan("gives it a shard to copy"),
        };
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .help(help)
                .evidence([Fact::Node(id), Fact::Node(master)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_a_replica_of_a_replica() {
        let mut cluster = cluster("m1@h1 < r1@h2 x1@h3 y1!@h4");
        let r1 = id(&cluster, "r1");
        for name in ["x1", "y1"] {
            let node = id(&cluster, name);
            cluster.node_mut(node).role = Role::Replica(Some(r1));
        }
        assert_eq!(subjects(&RULE, &cluster), ["x1"]);
        let found = findings(&RULE, &cluster);
        assert!(found[0].help.to_string().ends_with("10.0.0.1:7001"));
    }

    #[test]
    fn replicas_of_each_other_are_a_chain_without_end() {
        let mut cluster = cluster("m1@h1 < r1@h2 x1@h3");
        let (r1, x1) = (id(&cluster, "r1"), id(&cluster, "x1"));
        cluster.node_mut(r1).role = Role::Replica(Some(x1));
        cluster.node_mut(x1).role = Role::Replica(Some(r1));
        assert_eq!(subjects(&RULE, &cluster), ["r1", "x1"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
