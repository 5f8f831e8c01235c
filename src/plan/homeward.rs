//! Why roles stay away from home though that was to be cured: nobody there may lead, or leading
//! would cost what comes first.

use std::collections::BTreeSet;

use crate::measure;
use crate::measure::Counts;
use crate::measure::Shares;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Shard;
use crate::model::SlotSet;
use crate::plan::advice::Scene;
use crate::plan::level::Level;
use crate::plan::why::Reason;
use crate::plan::why::Unlock;
use crate::policy::Flag;
use crate::policy::HomeRole;
use crate::rules::Code;

/// What is in the way of the home roles that the plan leaves.
pub(super) fn in_the_way(scene: &Scene) -> Option<(Reason, Unlock)> {
    let mut home = scene.end.clone();
    let mut turned = false;
    for shard in scene.end.shards() {
        if let Some((owner, heir)) = exchange(scene, &shard) {
            turn(&mut home, owner, heir);
            turned = true;
        }
    }
    if !turned {
        return Some((Reason::NobodyAtHome, Unlock::BringHome));
    }
    let shares = scene.problem.shares;
    let (before, after) = (
        counts(scene, scene.end, shares),
        counts(scene, &home, shares),
    );
    let worse = |level: Level| after.get(level) > before.get(level);
    let costs: BTreeSet<Code> = [
        (Level::VotesHost, Code::HostHoldsMajority),
        (Level::VotesZone, Code::ZoneHoldsMajority),
        (Level::OverHost, Code::SkewedMasters),
        (Level::OverZone, Code::SkewedZones),
    ]
    .into_iter()
    .filter(|&(level, _)| worse(level))
    .map(|(_, code)| code)
    .collect();
    (!costs.is_empty()).then_some((Reason::HomeCosts(costs), Unlock::OtherHomes))
}

/// The live master that is at home as a replica, and a copy at home as the master.
fn exchange(scene: &Scene, shard: &Shard) -> Option<(NodeId, NodeId)> {
    let cluster = scene.end;
    let role = |id: NodeId| scene.policy.home_role(cluster, id);
    let owner = measure::live_owner(cluster, shard)?;
    if role(owner) != Some(HomeRole::Replica) {
        return None;
    }
    let unwilling =
        |id: NodeId| cluster.node(id).no_failover && !scene.request.has(Flag::PromoteNofailover);
    let mut copies = measure::usable_replicas(cluster, shard);
    let heir = copies.find(|&id| role(id) == Some(HomeRole::Master) && !unwilling(id))?;
    Some((owner, heir))
}

fn turn(cluster: &mut Cluster, owner: NodeId, heir: NodeId) {
    let slots = std::mem::replace(&mut cluster.node_mut(owner).slots, SlotSet::new());
    cluster.node_mut(owner).role = Role::Replica(Some(heir));
    let heir = cluster.node_mut(heir);
    heir.slots = slots;
    heir.role = Role::Master;
}

fn counts(scene: &Scene, cluster: &Cluster, shares: Shares) -> Counts {
    Counts::of(
        cluster,
        scene.policy,
        scene.wanted,
        &cluster.shards(),
        shares,
    )
}
