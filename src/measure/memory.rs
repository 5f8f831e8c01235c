//! What the servers of a host may need of its memory. A host is counted once, however many servers
//! it has, and whatever is not known is no number.

use crate::model::Cluster;
use crate::model::Host;
use crate::model::HostId;
use crate::model::Node;
use crate::model::NodeId;

/// One host's memory, in bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostMemory {
    pub has: u64,
    /// The host map or the host itself says so. Servers alone may be in containers, and see the
    /// memory of the whole machine.
    pub is_own: bool,
    /// What each live server there may need, in node order: see [`need`].
    pub servers: Vec<(NodeId, u64)>,
    /// How many of them fork at one time.
    forks: u32,
}

impl HostMemory {
    /// All servers together, none of them forking.
    pub fn at_rest(&self) -> u64 {
        let needs = self.servers.iter().map(|(_, bytes)| *bytes);
        needs.fold(0, u64::saturating_add)
    }

    /// With the largest once more for each fork: a fork shares its memory until the server writes.
    pub fn needed(&self) -> u64 {
        let largest = self.servers.iter().map(|(_, bytes)| *bytes).max();
        let fork = largest.unwrap_or(0).saturating_mul(u64::from(self.forks));
        self.at_rest().saturating_add(fork)
    }

    pub fn fits(&self) -> bool {
        self.needed() <= self.has
    }

    /// With some of its servers gone.
    pub fn without(&self, gone: impl Fn(NodeId) -> bool) -> Self {
        let mut left = self.clone();
        left.servers.retain(|(id, _)| !gone(*id));
        left
    }
}

/// The memory of every host of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memory {
    hosts: Vec<Option<HostMemory>>,
}

impl Memory {
    /// `forks`: how many servers of a host fork at one time.
    pub fn of(cluster: &Cluster, forks: u32) -> Self {
        let known = |host: &Host| host.memory_bytes.or(host.machine_memory_bytes);
        let mut hosts: Vec<Option<HostMemory>> = cluster
            .hosts
            .iter()
            .map(|host| {
                Some(HostMemory {
                    has: known(host)?,
                    is_own: host.memory_bytes.is_some(),
                    servers: Vec::new(),
                    forks,
                })
            })
            .collect();
        for (id, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
            let Some(host) = node.host else { continue };
            let at = &mut hosts[host.0 as usize];
            match (need(node, 0), at.as_mut()) {
                (Some(bytes), Some(memory)) => memory.servers.push((id, bytes)),
                // One server of which nothing is known may be larger than all others.
                (None, _) => *at = None,
                (Some(_), None) => {}
            }
        }
        Self { hosts }
    }

    /// `None` where what the host has, or what a live server there may need, is not known.
    pub fn on(&self, host: HostId) -> Option<&HostMemory> {
        self.hosts.get(host.0 as usize)?.as_ref()
    }

    /// The servers there may need more than the host has.
    pub fn is_short(&self, host: HostId) -> bool {
        self.on(host).is_some_and(|memory| !memory.fits())
    }

    /// Whether the host to which all of these copies go, of so many bytes each, still has what its
    /// servers need then; `None` where that is not known. A host that is short already has room for no
    /// copy that makes it need more.
    pub fn has_room_for(&self, cluster: &Cluster, copies: &[(NodeId, u64)]) -> Option<bool> {
        let (first, _) = copies.first()?;
        let now = self.on(cluster.node(*first).host?)?;
        let then = self.with(cluster, copies)?;
        Some(then.fits() || then.needed() <= now.needed())
    }

    /// The host with copies that all go to it; `None` where something of it is not known.
    pub fn with(&self, cluster: &Cluster, copies: &[(NodeId, u64)]) -> Option<HostMemory> {
        let (first, _) = copies.first()?;
        let mut then = self.on(cluster.node(*first).host?)?.clone();
        for &(node, copy) in copies {
            let bytes = need(cluster.node(node), copy)?;
            match then.servers.iter_mut().find(|(id, _)| *id == node) {
                Some(server) => server.1 = bytes,
                None => then.servers.push((node, bytes)),
            }
        }
        Some(then)
    }
}

/// What a server may need that holds at least `copy` bytes: its limit, or what it uses where that is
/// more, as replicas ignore their limit (`replica-ignore-maxmemory`). `None` where no limit is told:
/// what it uses today is no bound of what it may use. A server that has no limit is counted by what
/// it uses, and [`is_unlimited`] says so.
fn need(node: &Node, copy: u64) -> Option<u64> {
    let used = node.used_memory.map(|used| used.max(copy));
    match node.memory_limit? {
        0 => used,
        limit => Some(limit.max(used.unwrap_or(copy))),
    }
}

/// Its limit is known to be none (`maxmemory 0`).
pub fn is_unlimited(node: &Node) -> bool {
    node.memory_limit == Some(0)
}

/// What a shard's copy takes: what its owner uses, else the replica that uses most; `None` where no
/// INFO tells.
pub fn copy_bytes(cluster: &Cluster, owner: NodeId, replicas: &[NodeId]) -> Option<u64> {
    let used = |id: NodeId| cluster.node(id).used_memory;
    used(owner).or_else(|| replicas.iter().filter_map(|&id| used(id)).max())
}

/// As a master it would refuse writes or evict keys at once: what it must hold is above its limit.
/// A replica ignores its limit until it is promoted.
pub fn is_too_small(cluster: &Cluster, node: NodeId, copy: u64) -> bool {
    let limit = cluster.node(node).memory_limit.filter(|&limit| limit > 0);
    limit.is_some_and(|limit| copy > limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    const GIB: u64 = 1 << 30;

    /// Four servers of 6 GiB on each of two hosts.
    fn eight(has: u64) -> Cluster {
        let mut cluster = cluster("m1@h1 < r1@h2; m2@h1 < r2@h2; m3@h2 < r3@h1; m4@h2 < r4@h1");
        for node in &mut cluster.nodes {
            node.memory_limit = Some(6 * GIB);
        }
        for host in &mut cluster.hosts {
            host.memory_bytes = Some(has * GIB);
        }
        cluster
    }

    #[test]
    fn four_of_six_and_one_fork_are_thirty() {
        let memory = Memory::of(&eight(32), 1);
        let h1 = memory.on(HostId(0)).expect("known");
        assert_eq!((h1.at_rest(), h1.needed()), (24 * GIB, 30 * GIB));
        assert!(!memory.is_short(HostId(0)));
        assert!(Memory::of(&eight(29), 1).is_short(HostId(0)));
        assert!(!Memory::of(&eight(29), 0).is_short(HostId(0)));
    }

    #[test]
    fn what_is_dead_needs_nothing_and_what_is_unknown_is_no_number() {
        let mut cluster = eight(29);
        let m1 = id(&cluster, "m1");
        cluster.node_mut(m1).memory_limit = None;
        assert_eq!(Memory::of(&cluster, 1).on(HostId(0)), None);
        cluster.node_mut(m1).lose();
        let memory = Memory::of(&cluster, 1);
        assert_eq!(memory.on(HostId(0)).map(HostMemory::needed), Some(24 * GIB));
        cluster.hosts[0].memory_bytes = None;
        cluster.hosts[0].machine_memory_bytes = Some(23 * GIB);
        let memory = Memory::of(&cluster, 1);
        assert!(memory.is_short(HostId(0)) && !memory.on(HostId(0)).expect("known").is_own);
    }

    #[test]
    fn a_copy_is_counted_instead_of_what_its_node_needed() {
        let mut cluster = eight(34);
        let r3 = id(&cluster, "r3");
        cluster.node_mut(r3).memory_limit = Some(0);
        cluster.node_mut(r3).used_memory = Some(GIB);
        // 6 + 6 + 1 + 6, and 6 once more.
        let memory = Memory::of(&cluster, 1);
        assert_eq!(memory.on(HostId(0)).map(HostMemory::needed), Some(25 * GIB));
        let r4 = id(&cluster, "r4");
        assert!(is_too_small(&cluster, r4, 7 * GIB) && !is_too_small(&cluster, r3, 7 * GIB));
    }
}
