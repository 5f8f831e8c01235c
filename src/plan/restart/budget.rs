//! How many full syncs may run at a time: a restart may end in one, as a process comes back without
//! its replication id unless it saved it with its keys, and its master's backlog may not reach back.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::rolling::processes::Limits;
use crate::plan::rolling::processes::Room;

/// Each forks the master and can double its memory.
const PER_HOST: usize = 1;

/// What a sync between the two burdens: the numbers of their hosts, disks and zones, each once.
pub fn burdens(at: &Cluster, ends: [NodeId; 2]) -> Vec<usize> {
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

/// What is permitted.
pub fn limits(at: &Cluster) -> Limits {
    let room = Room {
        tier: 0,
        most: PER_HOST,
    };
    let rooms: BTreeMap<usize, Room> = (0..at.hosts.len()).map(|host| (host, room)).collect();
    Limits {
        rooms,
        in_all: None,
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
