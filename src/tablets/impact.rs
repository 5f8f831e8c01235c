//! What would break if tablets went away, and who would lead then.

use std::collections::BTreeSet;

use crate::model::Health;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::tablets::Act;

/// What the loss of tablets leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Tablets that ran until then.
    pub tablets: usize,
    /// Partitions that get another leader by themselves.
    pub failed_over: Vec<PartitionId>,
    /// Partitions with a copy left that nobody makes the leader: `auto_failover` is off.
    pub stuck: Vec<PartitionId>,
    /// Partitions without a copy left.
    pub lost: Vec<PartitionId>,
    /// Partitions that go on with a single copy.
    pub single: Vec<PartitionId>,
    /// The state once elections are over.
    pub after: Tablets,
}

/// What it adds to what is broken already. With `auto_failover` on the name server elects, after the
/// tablet was silent for `tablet_heartbeat_timeout`; where nothing tells it is taken for off.
pub fn lose(state: &Tablets, lost: &BTreeSet<TabletId>) -> Loss {
    let mut after = state.clone();
    let elects = state.auto_failover == Some(true);
    for &tablet in lost {
        after.tablets[tablet.index()].health = Health::Offline;
    }
    if elects {
        for &tablet in lost {
            Act::OfflineEndpoint(tablet).apply(&mut after);
        }
    }
    let mut loss = Loss {
        tablets: lost.iter().filter(|&&t| state.runs(t)).count(),
        failed_over: Vec::new(),
        stuck: Vec::new(),
        lost: Vec::new(),
        single: Vec::new(),
        after: state.clone(),
    };
    for id in state.partition_ids() {
        let (was, is) = (state.partition(id), after.partition(id));
        let count = |state: &Tablets, of: &crate::model::Partition| {
            of.copies
                .iter()
                .filter(|held| state.is_usable(held))
                .count()
        };
        let (before, left) = (count(state, was), count(&after, is));
        let led = state.leader(was).map(|held| held.tablet);
        let leads = after.leader(is).map(|held| held.tablet);
        if before > 0 && left == 0 {
            loss.lost.push(id);
        } else if led.is_some() && leads.is_none() {
            loss.stuck.push(id);
        } else if led.is_some() && led != leads {
            loss.failed_over.push(id);
        }
        if left == 1 && before > 1 {
            loss.single.push(id);
        }
    }
    loss.after = after;
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;

    #[test]
    fn who_elects_depends_on_auto_failover() {
        let mut state = tablets("t 0: *a b; t 1: *b a; t 2: *a; t 3: *c");
        let lost = BTreeSet::from([TabletId(0)]);
        let off = lose(&state, &lost);
        assert_eq!(
            (
                off.failed_over.len(),
                off.stuck.len(),
                off.lost.len(),
                off.single.len()
            ),
            (0, 1, 1, 2)
        );
        state.auto_failover = Some(true);
        let on = lose(&state, &lost);
        assert_eq!(
            (
                on.failed_over.len(),
                on.stuck.len(),
                on.lost.len(),
                on.single.len()
            ),
            (1, 0, 1, 2)
        );
    }
}
