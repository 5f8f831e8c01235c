//! ## What
//! A replica keeps its data on its master's disk.
//!
//! ## Why
//! One disk failure takes both copies, and both write their snapshots to it at the same time.
//!
//! ## Do
//! A spare is placed with disks in mind; moving a replica that works is done only on request
//! (`topoplan plan --allow-moves`), as it copies the data once more.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicaSharesDisk,
    id: "replica-shares-disk",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Pair, Some(Flag::AllowMoves)),
    levels: &[Level::SameDisk],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("replica_shares_disk.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (shard, of) in cx.shards_of_copies() {
        let shared = measure::sharing_disks(&cx.copies, of).into_iter();
        for id in shared.filter(|s| s.with_master).map(|s| s.node) {
            let message = format!(
                "{} and its master {} keep their data on one disk, {} of {}",
                words::node(cx.cluster, id),
                words::shard(cx.cluster, shard),
                words::disk(cx.cluster, id),
                words::host(cx.cluster, id)
            );
            out.push(
                Finding::new(&RULE, Subject::Node(id), message)
                    .help(
                        Help::default()
                            .plan_with(Flag::AllowMoves, "lets it copy a shard of another disk"),
                    )
                    .evidence([Fact::Node(id), Fact::Node(shard.owner)]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_the_same_disk_of_the_same_host_only() {
        let cluster = cluster("m1@h1/-/d1 < r1@h1/-/d1 x1@h1/-/d2 y1@h2/-/d1; m2@h2 < r2@h2");
        assert_eq!(subjects(&RULE, &cluster), ["r1"]);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
