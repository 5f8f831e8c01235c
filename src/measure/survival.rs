//! How many hosts may be lost with everything still served.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::measure::Memory;
use crate::measure::copy_bytes;
use crate::measure::is_too_small;
use crate::measure::usable_replicas;
use crate::measure::votes_to_spare;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::Shard;

/// How many hosts may be lost at once, whichever they are, so that a majority elects a replica
/// for every master lost. With `memory`, who would not have it is no replica to elect: one on a host
/// whose servers may need more than the host has, where a fork may end any of them, and one whose
/// limit is below what its shard holds. `None` where that is not known: slots or the majority are lost already,
/// a node that counts is on no known host, or the masters of that server hold no vote.
pub fn host_losses(cluster: &Cluster, shards: &[Shard], memory: Option<&Memory>) -> Option<usize> {
    let told = cluster.server.other_control_plane().is_none()
        && !cluster.unread.nodes
        && !cluster.unread.slots;
    if !told || !cluster.uncovered().is_empty() || !cluster.has_majority() {
        return None;
    }
    let mut voters: BTreeMap<HostId, usize> = BTreeMap::new();
    let mut fewest = usize::MAX;
    for shard in shards {
        let host = |id: NodeId| cluster.node(id).host;
        *voters.entry(host(shard.owner)?).or_default() += 1;
        let copy = copy_bytes(cluster, shard.owner, &shard.replicas);
        let has_room = |id: NodeId| {
            memory.is_none_or(|memory| {
                let short = cluster.node(id).host.is_some_and(|h| memory.is_short(h));
                !short && !copy.is_some_and(|copy| is_too_small(cluster, id, copy))
            })
        };
        let heirs = usable_replicas(cluster, shard)
            .filter(|&id| !cluster.node(id).no_failover && has_room(id));
        let copies = std::iter::once(shard.owner).chain(heirs);
        let hosts = copies.map(host).collect::<Option<BTreeSet<HostId>>>()?;
        fewest = fewest.min(hosts.len() - 1);
    }
    Some(fewest.min(losses_of_votes(cluster, voters.into_values().collect())))
}

/// How many of the hosts with the most voters may be lost while a majority is left.
fn losses_of_votes(cluster: &Cluster, mut voters: Vec<usize>) -> usize {
    voters.sort_unstable_by(|a, b| b.cmp(a));
    let mut spare = votes_to_spare(cluster);
    let fits = |&of: &usize| match spare.checked_sub(of) {
        Some(rest) => {
            spare = rest;
            true
        }
        None => false,
    };
    voters.iter().copied().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    fn losses(cluster: &Cluster) -> Option<usize> {
        host_losses(cluster, &cluster.shards(), None)
    }

    /// The same by trying every set of hosts.
    fn tried(cluster: &Cluster) -> usize {
        let hosts = cluster.live_hosts();
        let survives = |set: u32| {
            let lost = |id: NodeId| {
                let host = cluster.node(id).host.expect("every node has one");
                set >> host.0 & 1 == 1
            };
            let voters = cluster.iter().filter(|(_, n)| !n.slots.is_empty());
            let left = voters.filter(|&(id, n)| n.is_live_member() && !lost(id));
            left.count() >= cluster.votes_needed()
                && cluster.shards().iter().all(|shard| {
                    !lost(shard.owner)
                        || usable_replicas(cluster, shard)
                            .any(|r| !lost(r) && !cluster.node(r).no_failover)
                })
        };
        let fails = (1..1u32 << hosts.len()).filter(|&set| !survives(set));
        fails.map(u32::count_ones).min().unwrap_or(0) as usize - 1
    }

    #[test]
    fn every_set_of_hosts_was_thought_of() {
        for text in [
            "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1",
            "m1@h1 < r1@h1; m2@h2 < r2@h3; m3@h3 < r3@h1",
            "m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h3 < r3@h1",
            "m1@h1 < r1@h2 x1@h3; m2@h2 < r2@h3 x2@h1; m3@h3 < r3@h1 x3@h2; m4@h4 < r4@h1 x4@h2; m5@h5 < r5@h1 x5@h2",
            "m1@h1 < r1@h2 x1~@h3; m2@h2 < r2@h3 x2@h1; m3@h3 < r3@h1 x3@h2; m4@h4 < r4@h1 x4@h2; m5@h5 < r5@h1 x5@h2",
            "m1@h1 < r1@h2 x1!@h3",
        ] {
            let cluster = cluster(text);
            assert_eq!(losses(&cluster), Some(tried(&cluster)), "{text}");
        }
    }

    #[test]
    fn a_copy_that_may_not_lead_saves_nothing() {
        let mut cluster = healthy();
        assert_eq!(losses(&cluster), Some(1));
        let r1 = id(&cluster, "r1");
        cluster.node_mut(r1).no_failover = true;
        assert_eq!(losses(&cluster), Some(0));
    }

    #[test]
    fn a_copy_without_the_memory_for_it_saves_nothing() {
        let mut cluster = healthy();
        let counted = |cluster: &Cluster| {
            let memory = Memory::of(cluster, 1);
            host_losses(cluster, &cluster.shards(), Some(&memory))
        };
        for node in &mut cluster.nodes {
            (node.memory_limit, node.used_memory) = (Some(10), Some(9));
        }
        assert_eq!(counted(&cluster), Some(1));
        // The heir of one shard is on a host that may run out of memory.
        cluster.hosts[0].memory_bytes = Some(29);
        assert_eq!((counted(&cluster), losses(&cluster)), (Some(0), Some(1)));
        cluster.hosts[0].memory_bytes = Some(30);
        assert_eq!(counted(&cluster), Some(1));
        let r1 = id(&cluster, "r1");
        cluster.node_mut(r1).memory_limit = Some(8);
        assert_eq!(counted(&cluster), Some(0));
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known_or_down() {
        assert_eq!(
            losses(&cluster("m1!@h1 < r1@h2; m2@h2 < r2@h1; m3@h3 < r3@h1")),
            None
        );
        let mut cluster = healthy();
        let r1 = id(&cluster, "r1");
        cluster.node_mut(r1).host = None;
        assert_eq!(losses(&cluster), None);
        assert_eq!(losses(&Cluster::default()), None);
    }
}
