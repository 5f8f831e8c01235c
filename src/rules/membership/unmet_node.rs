//! ## What
//! A running, cluster-enabled process is in no other node's table, lists only itself and owns
//! no slot.
//!
//! ## Why
//! It serves nobody and protects nobody. Often it is a node that lost its `nodes.conf` and came
//! back under a new id, beside a ghost of its old one.
//!
//! ## Do
//! Let one member meet it, then give it a shard to copy (`topoplan plan` does both). Be sure
//! that it belongs here: a MEET joins whatever the other side belongs to.
use crate::model::Membership;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnmetNode,
    id: "unmet-node",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Attach),
    levels: &[Level::Tidy],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("unmet_node.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let unmet = |n: &crate::model::Node| n.membership == Membership::Unmet;
    for (id, _) in cx.cluster.iter().filter(|(_, n)| unmet(n)) {
        let name = words::node(cx.cluster, id);
        let message = format!("{name} runs and knows only itself; no member lists it");
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .help(Help::default().plan("lets a member meet it and gives it a shard to copy"))
                .evidence([Fact::Node(id)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_unmet_nodes_only() {
        let cluster = cluster("m1@h1 < r1@h2; new*@h1 blank@h2");
        assert_eq!(subjects(&RULE, &cluster), ["new"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
