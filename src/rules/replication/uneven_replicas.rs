//! ## What
//! A master has at least two live replicas more than another live master: replicas
//! piled up, as the servers' own replica migration leaves them.
//!
//! ## Why
//! Migration gives and never takes back. The master with many copies needs the memory and the traffic for
//! all of them, and the one with few is lost first.
//!
//! ## Do
//! Point one of its replicas at the master with the fewest (`CLUSTER REPLICATE`): it copies the data
//! once. A master without any (R001), or with fewer than wanted (R002), is cured by a plan where it can be.
use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnevenReplicas,
    id: "uneven-replicas",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("uneven_replicas.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    // Of a list that is not whole nobody knows how many a master has.
    if inventory.incomplete || cluster.unread.nodes {
        return;
    }
    let shards = cluster.shards();
    let live = shards.iter().filter(|s| measure::live_owner(cluster, s).is_some());
    let counted: Vec<(usize, &crate::model::Shard)> = live
        .map(|shard| (measure::live_replicas(cluster, shard).count(), shard))
        .collect();
    let fewest = counted.iter().min_by_key(|(replicas, _)| *replicas);
    let Some(&(fewest, with_fewest)) = fewest else {
        return;
    };
    for &(replicas, shard) in counted.iter().filter(|(n, _)| *n >= fewest + 2) {
        let message = format!(
            "{} has {}, {} has {}",
            words::shard(cluster, shard),
            words::count(replicas, "live replica"),
            words::shard(cluster, with_fewest),
            match fewest {
                0 => "none".to_owned(),
                some => some.to_string(),
            }
        );
        out.push(
            Finding::new(&RULE, Subject::Node(shard.owner), message)
                .help("point one of its replicas at the master with the fewest: `CLUSTER REPLICATE`")
                .evidence([Fact::Node(shard.owner), Fact::Node(with_fewest.owner)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::rules::testing::capture_findings;

    fn found(text: &str) -> Vec<String> {
        let inventory = Inventory {
            cluster: cluster(text),
            ..Inventory::default()
        };
        let found = capture_findings(&RULE, &inventory);
        found.into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn one_more_is_a_reserve_and_two_more_are_a_pile() {
        assert!(found("m1@h1 < r1@h2 x1@h3; m2@h2 < r2@h1").is_empty());
        assert_eq!(found("m1@h1 < r1@h2 x1@h3 y1@h4; m2@h2 < r2@h1").len(), 1);
        assert_eq!(found("m1@h1 < r1@h2 x1@h3; m2@h2 <").len(), 1);
        // Dead ones are not there, and a dead master has none to wait for.
        assert!(found("m1@h1 < r1@h2 x1!@h3 y1!@h4; m2@h2 < r2@h1").is_empty());
        assert!(found("m1@h1 < r1@h2 x1@h3; m2!@h2 <").is_empty());
    }
}
