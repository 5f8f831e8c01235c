//! ## What
//! Every replica that could take over from a dead master had lost its link to it before the master
//! died.
//!
//! ## Why
//! What the master took in between is in no copy: a promotion loses it. Beyond the node timeout times
//! `cluster-replica-validity-factor` (and one ping period) the servers do not elect such a replica by
//! themselves; with factor 0 they always do.
//!
//! ## Do
//! Restart the dead master if its data is worth it: the replica then catches up. Else promote the
//! replica, and know what is lost. `topoplan plan` names the gap.
use crate::model::Millis;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::StaleHeir,
    id: "stale-heir",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("stale_heir.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let least = Millis(cx.policy.thresholds.stale_heir_ms);
    for shard in &cx.shards {
        if measure::live_owner(cx.cluster, shard).is_some() {
            continue;
        }
        let gaps = measure::usable_replicas(cx.cluster, shard)
            .map(|id| Some((measure::gap(cx.cluster, id, shard.owner)?, id)));
        // One that is not known may be up to date.
        let Some(gaps) = gaps.collect::<Option<Vec<(Millis, NodeId)>>>() else {
            continue;
        };
        let Some(&(gap, heir)) = gaps.iter().min() else {
            continue;
        };
        if gap >= least {
            out.push(finding(cx, shard, heir, gap));
        }
    }
}

fn finding(cx: &Context, shard: &Shard, heir: NodeId, gap: Millis) -> Finding {
    let cluster = cx.cluster;
    let elected = match measure::is_too_old(cluster, heir) {
        true => "; it stands for no election any more",
        false => "",
    };
    let message = format!(
        "{} lost its link to {} about {gap} before that died: what was written then is in no live copy{elected}",
        words::node(cluster, heir),
        words::shard(cluster, shard),
    );
    Finding::new(&RULE, Subject::Node(heir), message)
        .help(format!(
            "restart {} if its data is worth it; a promotion of {} loses those writes",
            words::node(cluster, shard.owner),
            words::node(cluster, heir)
        ))
        .evidence([Fact::Replication(heir), Fact::Node(shard.owner)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Link;
    use crate::model::SilentFor;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    /// A dead master, silent for so many seconds, and replicas whose links were down for these.
    fn dead(silent: u64, down: [Option<u64>; 2]) -> Cluster {
        let mut cluster = cluster("m1!@h1 < r1@h2 r2@h3; m2@h2 < r3@h1; m3@h3 < r4@h1");
        let [m1, r1, r2] = ["m1", "r1", "r2"].map(|name| id(&cluster, name));
        cluster.node_mut(m1).seen.silent_for = Some(SilentFor {
            ping: None,
            pong: Some(Millis(silent * 1000)),
        });
        for (replica, down) in [(r1, down[0]), (r2, down[1])] {
            let node = cluster.node_mut(replica);
            node.replication.link = Link::Down;
            node.link_down_for = down.map(|seconds| Millis(seconds * 1000));
        }
        cluster
    }

    #[test]
    fn the_freshest_replica_decides() {
        let found = findings(&RULE, &dead(20, [Some(100), Some(90)]));
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(
            message.starts_with("10.0.0.3:7003 lost its link"),
            "{message}"
        );
        assert!(
            message.contains("about 1 min 10 s before that died"),
            "{message}"
        );
        assert!(!message.contains("election"), "{message}");
        let late = findings(&RULE, &dead(20, [Some(400), Some(300)]));
        assert!(late[0].message.contains("stands for no election"));
    }

    #[test]
    fn silent_where_one_was_linked_or_is_not_known() {
        for down in [
            [Some(100), Some(25)],
            [Some(100), None],
            [Some(20), Some(20)],
        ] {
            assert!(subjects(&RULE, &dead(20, down)).is_empty(), "{down:?}");
        }
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
