//! The memory of the hosts that a loss leaves.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::measure;
use crate::measure::HostMemory;
use crate::measure::Memory;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;

/// How memory stands after a loss, on hosts that still run a server.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Room {
    /// Hosts whose servers may need more than they have, in host order.
    pub short: Vec<HostId>,
    /// Hosts of which that is not known.
    pub unknown: usize,
    /// Replicas that take over more than their own limit.
    pub too_small: Vec<NodeId>,
    /// Of hosts that lost a server: what the others may need; nothing where none is left or it is not
    /// known.
    changed: BTreeMap<HostId, Option<HostMemory>>,
}

/// The memory of every host before any loss.
pub(super) struct Rooms {
    memory: Memory,
    /// Live servers by host.
    live: Vec<usize>,
    short: BTreeSet<HostId>,
    unknown: BTreeSet<HostId>,
}

impl Rooms {
    /// `forks`: how many servers of a host fork at one time.
    pub(super) fn of(cluster: &Cluster, forks: u32) -> Self {
        let memory = Memory::of(cluster, forks);
        let mut live = vec![0; cluster.hosts.len()];
        for (_, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
            if let Some(host) = node.host {
                live[host.0 as usize] += 1;
            }
        }
        let running = (0..).map(HostId).zip(&live).filter(|(_, live)| **live > 0);
        let hosts: Vec<HostId> = running.map(|(host, _)| host).collect();
        let (known, unknown): (BTreeSet<HostId>, BTreeSet<HostId>) = hosts
            .into_iter()
            .partition(|&host| memory.on(host).is_some());
        let short = known.into_iter().filter(|&host| memory.is_short(host));
        Self {
            short: short.collect(),
            unknown,
            memory,
            live,
        }
    }

    pub(super) fn now(&self) -> Room {
        Room {
            short: self.short.iter().copied().collect(),
            unknown: self.unknown.len(),
            ..Room::default()
        }
    }

    /// Without these nodes, which all lived; `heirs` are masters and who takes over from them.
    pub(super) fn without(
        &self,
        cluster: &Cluster,
        lost: &[NodeId],
        heirs: &[(NodeId, NodeId)],
    ) -> Room {
        let mut gone: BTreeMap<HostId, BTreeSet<NodeId>> = BTreeMap::new();
        for &id in lost {
            if let Some(host) = cluster.node(id).host {
                gone.entry(host).or_default().insert(id);
            }
        }
        let mut room = Room {
            unknown: self.unknown.len(),
            ..Room::default()
        };
        let untouched = self.short.iter().filter(|host| !gone.contains_key(host));
        room.short = untouched.copied().collect();
        for (host, gone) in gone {
            let empty = self.live[host.0 as usize] == gone.len();
            if empty && self.unknown.contains(&host) {
                room.unknown -= 1;
            }
            let left = self.memory.on(host).filter(|_| !empty);
            let left = left.map(|memory| memory.without(|id| gone.contains(&id)));
            if left.as_ref().is_some_and(|memory| !memory.fits()) {
                room.short.push(host);
            }
            room.changed.insert(host, left);
        }
        room.short.sort_unstable();
        let too_small = heirs.iter().filter(|(master, heir)| {
            let copy = measure::copy_bytes(cluster, *master, &[*heir]);
            copy.is_some_and(|copy| measure::is_too_small(cluster, *heir, copy))
        });
        room.too_small = too_small.map(|(_, heir)| *heir).collect();
        room
    }

    /// Hosts that run a server after the loss and whose memory is known, in host order.
    pub(super) fn known<'a>(
        &'a self,
        room: &'a Room,
    ) -> impl Iterator<Item = (HostId, &'a HostMemory)> {
        let hosts = (0..).map(HostId).zip(&self.live);
        let running = hosts.filter(|(_, live)| **live > 0);
        running.filter_map(|(host, _)| {
            let memory = match room.changed.get(&host) {
                Some(left) => left.as_ref(),
                None => self.memory.on(host),
            };
            Some((host, memory?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn who_is_lost_needs_nothing_and_who_takes_over_must_hold_it() {
        let mut cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h1; m3@h3 < r3@h1");
        for node in &mut cluster.nodes {
            node.memory_limit = Some(100);
            node.used_memory = Some(90);
        }
        for host in &mut cluster.hosts[..2] {
            host.memory_bytes = Some(300);
        }
        let r3 = id(&cluster, "r3");
        let (m1, m3) = (id(&cluster, "m1"), id(&cluster, "m3"));
        cluster.node_mut(r3).memory_limit = Some(50);
        let rooms = Rooms::of(&cluster, 1);
        // Host 1 may need 100 + 100 + 90 and a fork, host 2 exactly what it has; host 3 is unknown.
        let now = rooms.now();
        assert_eq!((&now.short[..], now.unknown), (&[HostId(0)][..], 1));
        let after = rooms.without(&cluster, &[m3], &[(m3, r3)]);
        assert_eq!((after.unknown, &after.too_small[..]), (0, &[r3][..]));
        assert_eq!(after.short, [HostId(0)]);
        let after = rooms.without(&cluster, &[m1], &[]);
        assert_eq!((&after.short[..], after.unknown), (&[][..], 1));
        let needed: Vec<u64> = rooms.known(&after).map(|(_, m)| m.needed()).collect();
        assert_eq!(needed, [290, 300]);
    }
}
