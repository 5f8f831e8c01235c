//! Which replica takes over where the master is gone: decided by the promotion rule alone.

use crate::action::Act;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Mode;
use crate::measure;
use crate::measure::MajorityLost;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::NodeId;
use crate::model::Shard;
use crate::plan::Request;
use crate::plan::why::About;
use crate::plan::why::NoHeir;
use crate::plan::why::NotACopy;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;
use crate::plan::why::Vouch;
use crate::policy::Flag;

/// What the serve phase does, and the cluster it leaves.
pub struct Served {
    pub promotions: Vec<Failover>,
    pub cluster: Cluster,
    pub refusals: Vec<Refusal>,
    /// Could have been promoted, but their offsets were not captured.
    pub unknown_offsets: Vec<NodeId>,
}

/// Promotes, shard by shard in node order, the usable replica with the highest captured offset.
///
/// The mode is decided on the simulated voters: by vote while a majority lives, else by
/// takeover, one at a time, until a majority lives.
pub fn serve(captured: &Cluster, request: &Request, selected: bool) -> Served {
    let mut served = Served {
        promotions: Vec::new(),
        cluster: Cluster::default(),
        refusals: Vec::new(),
        unknown_offsets: Vec::new(),
    };
    // To a host that is cut off the rest of the world looks dead.
    let doubted = MajorityLost::of(captured).filter(|lost| !lost.is_proven());
    let mut at = Counted::new(captured.clone());
    for shard in captured
        .shards()
        .iter()
        .filter(|s| selected && !captured.node(s.owner).is_live_member())
    {
        let heir = heir(captured, shard, request);
        match heir.and_then(|node| witnessed(captured, shard.owner, node, doubted.as_ref())) {
            Ok(node) => {
                let promotion = Failover {
                    node,
                    old: shard.owner,
                    mode: mode(&at, shard.owner, node),
                };
                promotion.begin(&mut at);
                served.promotions.push(promotion);
                let unknown = |r: &NodeId| {
                    captured.is_synced(*r) && captured.node(*r).replication.offset.is_none()
                };
                let candidates = measure::live_replicas(captured, shard);
                served.unknown_offsets.extend(candidates.filter(unknown));
            }
            Err(why) => served.refusals.push(Refusal {
                about: About::Slots(shard.slots.clone()),
                unlock: unlock(captured, shard, &why),
                reason: why.into(),
            }),
        }
    }
    served.cluster = at.into_cluster();
    served
}

/// The replica to promote, or why none may be.
fn heir(cluster: &Cluster, shard: &Shard, request: &Request) -> Result<NodeId, NoHeir> {
    let owner = shard.owner;
    let live: Vec<NodeId> = measure::live_replicas(cluster, shard).collect();
    let synced: Vec<NodeId> = live
        .iter()
        .copied()
        .filter(|&r| cluster.is_synced(r) && !follows_a_stranger(cluster, r))
        .collect();
    let known_well = synced
        .iter()
        .copied()
        .filter(|&r| !cluster.node(r).is_outvoted());
    // Who was told `nofailover` only where there is no other. Highest offset first; unknown ones last; the lowest address on a tie.
    let best = |nodes: &mut dyn Iterator<Item = NodeId>| {
        nodes.min_by_key(|&r| {
            let node = cluster.node(r);
            let unwilling = node.no_failover && !request.has(Flag::PromoteNofailover);
            (unwilling, std::cmp::Reverse(node.replication.offset), r)
        })
    };
    // Without a majority no view ever flags it `fail`.
    if cluster.node(owner).is_only_suspected() && cluster.has_majority() {
        return Err(NoHeir::OwnerSuspected { owner });
    }
    if let Some(replica) = best(&mut known_well.into_iter()) {
        // A note of one client against the word of every view: it may be the network between
        // that client and the node, and a forced failover would drop the last writes.
        let linked = cluster.node(replica).replication.link == Link::Up;
        if cluster.node(owner).is_only_silent() && linked {
            return Err(NoHeir::OwnerMayLive { owner, replica });
        }
        return Ok(replica);
    }
    if let Some(replica) = best(&mut synced.into_iter()) {
        return Err(NoHeir::CutOff { owner, replica });
    }
    if let Some(replica) = best(&mut live.into_iter()) {
        if request.has(Flag::AcceptDataLoss) {
            return Ok(replica);
        }
        let sync = cluster.node(replica).replication.sync;
        let why = match NotACopy::of(sync) {
            NotACopy::NeverSynced if follows_a_stranger(cluster, replica) => NotACopy::CopiedBlank,
            why => why,
        };
        return Err(NoHeir::NotACopy { replica, why });
    }
    let replicas = shard.replicas.clone();
    Err(NoHeir::NoCopy { owner, replicas })
}

/// Refuses a takeover on the word of those who may be cut off themselves.
fn witnessed(
    cluster: &Cluster,
    owner: NodeId,
    replica: NodeId,
    doubted: Option<&MajorityLost>,
) -> Result<NodeId, NoHeir> {
    let Some(lost) = doubted else {
        return Ok(replica);
    };
    Err(NoHeir::Unproven {
        owner,
        replica,
        lost: Box::new(lost.clone()),
        vouch: Vouch::of(cluster, &lost.doubtful),
    })
}

fn unlock(cluster: &Cluster, shard: &Shard, why: &NoHeir) -> Unlock {
    let bring_back = |accept: bool| {
        let with_address = |id: &NodeId| cluster.node(*id).address.is_some();
        let replicas = shard.replicas.iter().copied().filter(with_address);
        Unlock::BringBack {
            owner: shard.owner,
            replicas: if accept {
                Vec::new()
            } else {
                replicas.collect()
            },
            accept,
        }
    };
    match why {
        NoHeir::OwnerSuspected { owner } => Unlock::AskAgain(*owner),
        NoHeir::OwnerMayLive { owner, .. } => Unlock::CaptureAgain(*owner),
        NoHeir::Unproven { vouch, .. } => Unlock::Vouch(vouch.clone()),
        NoHeir::CutOff { replica, .. } => Unlock::SeeWhyCutOff(*replica),
        NoHeir::NotACopy { .. } => bring_back(true),
        NoHeir::NoCopy { .. } => bring_back(false),
    }
}

/// The master's id is gone, yet the link is up: the replica follows whatever runs at the old
/// address now. Without keys it has already copied that blank process (seen on 7.0.15: a master
/// that lost its `nodes.conf` empties its replica within seconds).
fn follows_a_stranger(cluster: &Cluster, replica: NodeId) -> bool {
    let node = cluster.node(replica);
    let ghost = node.master().is_some_and(|m| cluster.node(m).is_ghost());
    ghost && node.replication.link == Link::Up && node.keys == Some(0)
}

/// By vote if enough live voters would vote: a voter must itself list the replica as one of a
/// master that it knows (`clusterSendFailoverAuthIfNeeded`).
fn mode(cluster: &Cluster, owner: NodeId, node: NodeId) -> Mode {
    let replica = cluster.node(node);
    let votes = cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && !n.slots.is_empty())
        .filter(|&(voter, n)| {
            let knows = !n.seen.has_view || cluster.node(owner).seen.known_by.contains(voter);
            knows && !replica.seen.masterless_in.contains(voter)
        })
        .count();
    if votes >= cluster.votes_needed() {
        Mode::Force
    } else {
        Mode::Takeover
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn who_is_failed_for_most_takes_over_from_nobody() {
        let mut cluster = cluster("m1!@h1 < r1@h2 s1@h3; m2@h2 < r2@h1; m3@h3 < r3@h1");
        let (r1, s1) = (id(&cluster, "r1"), id(&cluster, "s1"));
        let promoted = |cluster: &Cluster| {
            let served = serve(cluster, &Request::default(), true);
            let node = served.promotions.first().map(|promotion| promotion.node);
            (node, served.refusals.len())
        };
        assert_eq!(promoted(&cluster), (Some(r1), 0));
        cluster.node_mut(r1).liveness =
            crate::model::Liveness::Live(crate::model::Life::AnswersOutvoted);
        assert_eq!(promoted(&cluster), (Some(s1), 0));
        cluster.node_mut(s1).liveness =
            crate::model::Liveness::Live(crate::model::Life::AnswersOutvoted);
        assert_eq!(promoted(&cluster), (None, 1));
    }
}
