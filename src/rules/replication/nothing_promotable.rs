//! ## What
//! No replica of a master that could take over ever stands for election: each was told `nofailover`
//! (`cluster-replica-no-failover yes`), or its link to the dead master has been down for longer than
//! node timeout and `cluster-replica-validity-factor` allow.
//!
//! ## Why
//! When the master dies nobody replaces it, although copies live: its slots stay down until somebody
//! promotes one by hand.
//!
//! ## Do
//! Set `cluster-replica-no-failover no` on one of them, or give the shard another replica. Where the
//! master is dead, `topoplan plan` promotes the best of them, as the shard has no other copy.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::NothingPromotable,
    id: "nothing-promotable",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Nodes, Need::Votes],
    check: Check::Cluster(check),
    page: include_str!("nothing_promotable.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        let usable: Vec<NodeId> = measure::usable_replicas(cx.cluster, shard).collect();
        let unwilling = |id: NodeId| cx.cluster.node(id).no_failover;
        let dead = measure::live_owner(cx.cluster, shard).is_none();
        let too_old = |id: NodeId| dead && measure::is_too_old(cx.cluster, id);
        let (told, old): (Vec<NodeId>, Vec<NodeId>) =
            usable.iter().copied().partition(|&id| unwilling(id));
        if !usable.is_empty() && old.iter().all(|&id| too_old(id)) {
            out.push(finding(cx, shard, &told, &old));
        }
    }
}

fn finding(cx: &Context, shard: &Shard, told: &[NodeId], old: &[NodeId]) -> Finding {
    let cluster = cx.cluster;
    let name = words::shard(cluster, shard);
    let mut why = Vec::new();
    if !told.is_empty() {
        let names = words::nodes(cluster, told.iter().copied());
        let was = if told.len() == 1 { "was" } else { "were" };
        why.push(format!("{names} {was} told `nofailover`"));
    }
    if let (Some(&first), Some(most)) = (old.first(), cluster.settings.too_old()) {
        let names = words::nodes(cluster, old.iter().copied());
        let down = cluster.node(first).link_down_for.unwrap_or_default();
        let for_that = match old.len() {
            1 => format!("for {down}"),
            _ => format!("for {down} and more or less"),
        };
        why.push(format!(
            "{names} lost the link to it {for_that}, and after {most} a replica stands for no election (`cluster-replica-validity-factor`)"
        ));
    }
    let why = why.join("; ");
    let message = match measure::live_owner(cluster, shard) {
        Some(_) => format!("nobody would take over from {name}: {why}"),
        None => format!("nobody is elected in the place of {name}: {why}"),
    };
    let help = match old.is_empty() {
        true => {
            "set `cluster-replica-no-failover no` on one of them, or give the shard another replica"
        }
        false => {
            "a failover by hand is not bound by that age: see what the copy lacks before (K013)"
        }
    };
    let copies = told.iter().chain(old).copied();
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .help(help)
        .evidence(
            [shard.owner]
                .into_iter()
                .chain(copies)
                .take(words::LISTED)
                .map(Fact::Node),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Link;
    use crate::model::Millis;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_where_every_usable_replica_is_unwilling() {
        let mut cluster = cluster("m1@h1 < r1@h2 s1@h3; m2!@h2 < r2@h1; m3@h3 <");
        let [r1, s1, r2] = ["r1", "s1", "r2"].map(|name| id(&cluster, name));
        for node in [r1, r2] {
            cluster.node_mut(node).no_failover = true;
        }
        assert_eq!(subjects(&RULE, &cluster), ["m2"]);
        assert!(
            findings(&RULE, &cluster)[0]
                .message
                .starts_with("nobody is elected")
        );
        cluster.node_mut(s1).no_failover = true;
        assert_eq!(subjects(&RULE, &cluster), ["m1", "m2"]);
    }

    #[test]
    fn fires_where_the_copy_is_too_old() {
        let mut cluster = cluster("m1!@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
        let r1 = id(&cluster, "r1");
        for (seconds, factor, found) in [(174, 10, 0), (176, 10, 1), (9999, 0, 0)] {
            cluster.settings.validity_factor = factor;
            let node = cluster.node_mut(r1);
            node.replication.link = Link::Down;
            node.link_down_for = Some(Millis(seconds * 1000));
            assert_eq!(subjects(&RULE, &cluster).len(), found, "{seconds} {factor}");
        }
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
