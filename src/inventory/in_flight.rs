//! What was going on while the capture was taken.

use std::collections::BTreeSet;

use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::whose::owner;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Sync;
use crate::parse::Flags;

/// Nodes in the middle of something, each list in node order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct InFlight {
    /// Handshake entries in all views that count: their ids are random, so they are nobody.
    pub handshakes: usize,
    /// Whose views have such entries.
    pub handshakes_in: Vec<NodeId>,
    /// Replicas in their first sync.
    pub first_syncs: Vec<NodeId>,
    /// `master_failover_state` says that a `FAILOVER` runs.
    pub failovers: Vec<NodeId>,
    /// `loading:1`: the data set is read from disk, and no command is served.
    pub loading: Vec<NodeId>,
    /// Nodes that move slots by themselves (Valkey 9, Redis 8.4).
    pub slot_migrations: Vec<NodeId>,
}

pub(super) fn read(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> InFlight {
    let mut flight = InFlight::default();
    let mut observers = BTreeSet::new();
    for view in used.iter().map(|&v| &gathered.views[v]) {
        let facts = view.lines.iter().map(|line| gathered.fact(line));
        let count = facts.filter(|f| f.flags.has(Flags::HANDSHAKE)).count();
        if count > 0 {
            flight.handshakes += count;
            observers.extend(owner(gathered, view).and_then(|o| index.get(o)));
        }
    }
    flight.handshakes_in.extend(observers);
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live_member()) {
        if node.is_replica() && node.replication.sync == Sync::Running {
            flight.first_syncs.push(id);
        }
        let Some(answers) = node.address.as_ref().and_then(|a| gathered.answers.get(a)) else {
            continue;
        };
        let info = |key: &str| answers.info.get(key).map(|value| value.trim());
        if info("master_failover_state").is_some_and(|state| state != "no-failover") {
            flight.failovers.push(id);
        }
        if info("loading") == Some("1") {
            flight.loading.push(id);
        }
        if moves_slots(answers) {
            flight.slot_migrations.push(id);
        }
    }
    flight
}

/// Keys of CLUSTER INFO that count jobs at work: `cluster_slot_migration_active_tasks` of Redis
/// 8.4, `cluster_slot_migrations_active_…` of Valkey 9. What was trimmed behind them is over.
fn moves_slots(answers: &Answers) -> bool {
    let mut jobs = answers.cluster_info.iter().filter(|(key, _)| {
        key.starts_with("cluster_slot_migration")
            && key.contains("_active")
            && !key.contains("trim")
    });
    jobs.any(|(_, value)| value.trim().parse::<u64>().is_ok_and(|count| count > 0))
}
