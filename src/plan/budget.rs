//! How many full syncs may run at a time. A restart may end in one, too, as a process comes back
//! without its replication id unless it saved it with its keys, and its master's backlog may not
//! reach back.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::rolling::processes::Limits;
use crate::plan::rolling::processes::Room;
use crate::policy::Budgets;

/// Each forks the master and can double its memory.
const PER_HOST: u32 = 1;

/// What a sync between these burdens: the numbers of their hosts, disks and zones, each once.
pub fn burdens(at: &Cluster, ends: &[NodeId]) -> Vec<usize> {
    let numbers = Numbers::of(at);
    let all = ends.iter().flat_map(|&id| {
        let node = at.node(id);
        [
            node.host.map(|h| h.0 as usize),
            node.disk.map(|d| numbers.disks + d.0 as usize),
            at.zone_of(id).map(|z| numbers.zones + z.0 as usize),
        ]
    });
    let all: BTreeSet<usize> = all.flatten().collect();
    all.into_iter().collect()
}

/// Syncs at a time that a host may take part in.
pub fn per_host(budgets: &Budgets) -> u32 {
    budgets.syncs_per_host.unwrap_or(PER_HOST)
}

/// What the policy permits.
pub fn limits(at: &Cluster, budgets: &Budgets) -> Limits {
    let numbers = Numbers::of(at);
    let per_host = Some(per_host(budgets));
    let tiers = [
        (0, at.hosts.len(), per_host),
        (numbers.disks, at.disks.len(), budgets.syncs_per_disk),
        (numbers.zones, at.zones.len(), budgets.syncs_per_zone),
    ];
    let mut rooms: BTreeMap<usize, Room> = BTreeMap::new();
    for (tier, (first, count, most)) in tiers.into_iter().enumerate() {
        let Some(most) = most else { continue };
        let most = most as usize;
        rooms.extend((first..first + count).map(|number| (number, Room { tier, most })));
    }
    Limits {
        rooms,
        in_all: budgets.syncs.map(|most| most as usize),
    }
}

/// Where the numbers of disks and zones begin, behind those of hosts.
struct Numbers {
    disks: usize,
    zones: usize,
}

impl Numbers {
    fn of(at: &Cluster) -> Self {
        let disks = at.hosts.len();
        Self {
            disks,
            zones: disks + at.disks.len(),
        }
    }
}
