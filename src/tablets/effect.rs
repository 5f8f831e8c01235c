//! What commands make of the rows of partitions.

use crate::model::Health;
use crate::model::Held;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;

pub(super) fn leader_of(state: &Tablets, partition: PartitionId) -> Option<Held> {
    state.listed_leader(state.partition(partition)).cloned()
}

/// `recovertable` of that copy does something and can end well: it is not alive, and another one
/// leads; or it is the only copy.
pub(super) fn recovers(state: &Tablets, id: PartitionId, tablet: TabletId) -> bool {
    let partition = state.partition(id);
    let Some(held) = partition.on(tablet) else {
        return false;
    };
    let led = || {
        state
            .leader(partition)
            .is_some_and(|leader| leader.tablet != tablet)
    };
    !held.alive && (partition.copies.len() == 1 || led())
}

pub(super) fn recover(state: &mut Tablets, id: PartitionId, tablet: TabletId) {
    let leader = leader_of(state, id).filter(|leader| leader.tablet != tablet);
    if let Some(held) = state.partition_mut(id).on_mut(tablet) {
        held.alive = true;
        if let Some(leader) = leader {
            held.leader = false;
            held.offset = leader.offset;
        }
    }
}

/// The old leader's row goes on saying `leader`, and is not alive any more.
pub(super) fn lead(state: &mut Tablets, id: PartitionId, to: TabletId) {
    for held in &mut state.partition_mut(id).copies {
        if held.tablet == to {
            held.leader = true;
        } else if held.leader {
            held.alive = false;
        }
    }
}

pub(super) fn offline(state: &mut Tablets, tablet: TabletId) {
    let all: Vec<PartitionId> = state.partition_ids().collect();
    for id in all {
        let partition = state.partition(id);
        let Some(held) = partition.on(tablet).cloned() else {
            continue;
        };
        let alone = partition.copies.len() == 1;
        let leader = state.listed_leader(partition).map(|l| l.tablet);
        if alone {
            not_alive(state, id, tablet);
        } else if held.leader || leader.is_none() {
            if leader.is_some_and(|leader| leader != tablet) {
                continue;
            }
            // Who is taken out is not elected.
            let others = partition.copies.iter();
            let mut heirs: Vec<&Held> = others.filter(|h| h.tablet != tablet).collect();
            heirs.retain(|h| !h.leader && state.is_usable(h));
            heirs.reverse();
            // Without an heir the server logs it, says ok, and leaves everything as it is.
            if let Some(heir) = heirs.into_iter().max_by_key(|h| h.offset).map(|h| h.tablet) {
                lead(state, id, heir);
                not_alive(state, id, tablet);
            }
        } else {
            not_alive(state, id, tablet);
        }
    }
}

pub(super) fn not_alive(state: &mut Tablets, id: PartitionId, tablet: TabletId) {
    if let Some(held) = state.partition_mut(id).on_mut(tablet) {
        held.alive = false;
    }
}

/// A process that starts holds no table until it is recovered, whatever its rows say; with
/// `auto_failover` on the name server recovers them by itself (`OnTabletOnline`).
pub(super) fn restart(state: &mut Tablets, tablet: TabletId) {
    state.tablets[tablet.index()].health = Health::Healthy;
    let held: Vec<PartitionId> = state.held_by(tablet).map(|(id, _)| id).collect();
    for id in held {
        not_alive(state, id, tablet);
        if state.auto_failover == Some(true) && recovers(state, id, tablet) {
            recover(state, id, tablet);
        }
    }
}
