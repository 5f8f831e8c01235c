//! What would break if something went away.

use std::collections::BTreeSet;

use crate::action::Act;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Mode;
use crate::measure;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;

/// What a loss leads to, compared with the cluster as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impact {
    /// Slots whose last live copy is lost.
    pub lost: SlotSet,
    /// Slots with a copy left that cannot be elected.
    pub stuck: SlotSet,
    pub shards_failed_over: usize,
    pub shards_stuck: usize,
    pub shards_lost: usize,
    /// Shards that the loss leaves with a single copy.
    pub shards_on_one_copy: usize,
    pub voters_left: usize,
    pub voters_needed: usize,
    /// The cluster once elections are over.
    pub after: Cluster,
}

/// Takes the nodes away and lets the servers do what they do by themselves: a shard whose
/// master is lost elects the usable replica with the highest offset, if a majority of masters
/// is left to vote and the replica may (`clusterHandleSlaveFailover`).
pub fn lose(cluster: &Cluster, lost: &BTreeSet<NodeId>) -> Impact {
    let mut after = cluster.clone();
    for &id in lost {
        after.node_mut(id).lose();
    }
    let mut impact = Impact {
        lost: SlotSet::new(),
        stuck: SlotSet::new(),
        shards_failed_over: 0,
        shards_stuck: 0,
        shards_lost: 0,
        shards_on_one_copy: 0,
        voters_left: after.live_voters(),
        voters_needed: after.votes_needed(),
        after: Cluster::default(),
    };
    let majority = after.has_majority();
    let mut elected = Vec::new();
    for shard in cluster.shards() {
        // A replica that never finished a sync holds no copy.
        let held = |at: &Cluster| {
            let copies = measure::live_copies(at, &shard).into_iter();
            copies
                .filter(|&c| c == shard.owner || at.is_synced(c))
                .count()
        };
        let (before, left) = (held(cluster), held(&after));
        if left == 1 && before > 1 {
            impact.shards_on_one_copy += 1;
        }
        if !(lost.contains(&shard.owner) && cluster.node(shard.owner).is_live_member()) {
            // Copies of a shard that was already down may be the only ones left of its data.
            if before > 0 && left == 0 {
                impact.shards_lost += 1;
                impact.lost.union_with(&shard.slots);
            }
            continue;
        }
        let best = measure::best_replica(&after, &shard);
        match best.filter(|&b| !after.node(b).no_failover && majority) {
            Some(node) => {
                impact.shards_failed_over += 1;
                elected.push((shard.owner, node));
            }
            None if left > 0 => {
                impact.shards_stuck += 1;
                impact.stuck.union_with(&shard.slots);
            }
            None => {
                impact.shards_lost += 1;
                impact.lost.union_with(&shard.slots);
            }
        }
    }
    let mut at = Counted::new(after);
    for (old, node) in elected {
        let act = Failover {
            node,
            old,
            mode: Mode::Force,
        };
        act.begin(&mut at);
    }
    impact.after = at.into_cluster();
    impact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    fn without(cluster: &Cluster, names: &[&str]) -> Impact {
        lose(cluster, &names.iter().map(|n| id(cluster, n)).collect())
    }

    #[test]
    fn one_master_of_three_fails_over() {
        let impact = without(&healthy(), &["m1"]);
        assert_eq!(
            (
                impact.shards_failed_over,
                impact.shards_stuck,
                impact.shards_lost
            ),
            (1, 0, 0)
        );
        assert_eq!((impact.voters_left, impact.voters_needed), (2, 2));
        assert!(impact.after.uncovered().is_empty());
    }

    #[test]
    fn without_a_majority_shards_are_stuck() {
        let impact = without(&healthy(), &["m1", "m2"]);
        assert_eq!((impact.shards_stuck, impact.shards_lost), (2, 0));
        assert_eq!(impact.stuck.len(), 10922);
    }

    #[test]
    fn master_and_replica_together_lose_the_slots() {
        let impact = without(&healthy(), &["m1", "r1"]);
        assert_eq!(impact.shards_lost, 1);
        assert_eq!(impact.lost.to_string(), "0-5460");
        let spare = cluster("m1@h1 < r1@h2; m2@h2 < r2@h1; m3@h3 < r3@h1");
        assert_eq!(without(&spare, &["r1"]).shards_on_one_copy, 1);
    }
}
