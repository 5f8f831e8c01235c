//! One indivisible act: words, the server's preconditions, its effect and its inverse.
//!
//! Knows model. Preconditions are those of `clusterCommandSpecial` (`cluster_legacy.c`), named
//! at each; effects are what all nodes see once gossip has spread.

use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::SlotSet;
use crate::model::Sync;

/// How a failover is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mode {
    /// The master hands over: no write is lost.
    Graceful,
    /// Without the master, by a vote of the other masters.
    Force,
    /// Without master or vote.
    Takeover,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Graceful => "graceful",
            Self::Force => "force",
            Self::Takeover => "takeover",
        }
    }
}

/// One act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `via`, a member, is told to meet `node`.
    Meet { via: NodeId, node: NodeId },
    /// All keys of a slotless master are dropped.
    Flush { node: NodeId },
    /// `node` becomes a replica of `master`.
    Replicate { node: NodeId, master: NodeId },
    /// `node` takes over from `old`.
    Failover {
        node: NodeId,
        old: NodeId,
        mode: Mode,
    },
    /// Every node of `tell` drops the id.
    Forget { node: NodeId, tell: Vec<NodeId> },
    /// Open slots are closed where they are open.
    Stable { node: NodeId, slots: SlotSet },
}

/// Why a server would refuse, or the act would do harm.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Action {
    /// The name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Meet { .. } => "meet",
            Self::Flush { .. } => "flush",
            Self::Replicate { .. } => "replicate",
            Self::Failover { .. } => "failover",
            Self::Forget { .. } => "forget",
            Self::Stable { .. } => "set-slot",
        }
    }

    /// Checks what the server would check, and what would lose data.
    pub fn guard(&self, cluster: &Cluster) -> Result<(), Unfit> {
        let refuse = |why: String| Err(Unfit(why));
        match self {
            Self::Meet { via, node } => {
                let target = cluster.node(*node);
                if !cluster.node(*via).is_live_member() {
                    return refuse(format!("{} is no live member", cluster.node(*via)));
                }
                // MEET merges clusters unconditionally: only a lonely, slotless node is safe.
                if target.membership != Membership::Unmet || !target.slots.is_empty() {
                    return refuse(format!("{target} is not a blank node that was never met"));
                }
            }
            Self::Flush { node } => {
                let target = cluster.node(*node);
                if !target.slots.is_empty()
                    || target.is_replica()
                    || !cluster.uncovered().is_empty()
                {
                    return refuse(format!("{target} may hold the only copy of some keys"));
                }
            }
            Self::Replicate { node, master } => replicate_guard(cluster, *node, *master)?,
            Self::Failover { node, old, mode } => failover_guard(cluster, *node, *old, *mode)?,
            Self::Forget { node, tell } => forget_guard(cluster, *node, tell)?,
            Self::Stable { node, .. } => {
                if !cluster.node(*node).live {
                    return refuse(format!("{} does not live", cluster.node(*node)));
                }
            }
        }
        Ok(())
    }

    /// What the cluster looks like once the act is done and known everywhere.
    pub fn apply(&self, cluster: &mut Cluster) {
        match self {
            Self::Meet { node, .. } => {
                let known: Vec<NodeId> = cluster
                    .iter()
                    .filter(|(_, n)| n.is_live_member())
                    .map(|(id, _)| id)
                    .collect();
                let met = cluster.node_mut(*node);
                met.membership = Membership::Member;
                met.known_by = known.iter().copied().collect();
                // A node that joins learns of everybody but ghosts: gossip skips `noaddr`.
                for id in 0..cluster.nodes.len() as u32 {
                    let other = cluster.node_mut(NodeId(id));
                    // Nor of a dead node that nobody lists any more.
                    let told = other.live || !other.known_by.is_empty();
                    if NodeId(id) != *node && other.membership == Membership::Member && told {
                        other.known_by.insert(*node);
                    }
                }
            }
            Self::Flush { node } => cluster.node_mut(*node).keys = Some(0),
            Self::Replicate { node, master } => {
                let offset = cluster.node(*master).replication.offset;
                let replica = cluster.node_mut(*node);
                replica.role = Role::Replica(Some(*master));
                replica.replication.link = Link::Up;
                replica.replication.sync = Sync::Done;
                replica.replication.offset = offset;
                replica.masterless_in.clear();
            }
            Self::Failover { node, old, .. } => hand_over(cluster, *old, *node),
            Self::Forget { node, tell } => {
                let ghost = cluster.node_mut(*node);
                tell.iter().for_each(|&t| ghost.known_by.remove(t));
                ghost.membership = Membership::Forgotten;
                ghost.live = false;
                ghost.slots = SlotSet::new();
            }
            Self::Stable { node, slots } => {
                cluster
                    .node_mut(*node)
                    .open_slots
                    .retain(|o| !slots.contains(o.slot));
                // Valkey 8 replicates SETSLOT, so the replicas' own lines close with it.
                for replica in &mut cluster.nodes {
                    if replica.role == Role::Replica(Some(*node)) {
                        replica.open_slots.retain(|o| !slots.contains(o.slot));
                    }
                }
            }
        }
    }
}

fn replicate_guard(cluster: &Cluster, node: NodeId, master: NodeId) -> Result<(), Unfit> {
    let (replica, target) = (cluster.node(node), cluster.node(master));
    let refuse = |why: String| Err(Unfit(why));
    if node == master {
        return refuse(format!("{replica} cannot replicate itself"));
    }
    if !replica.is_live_member() {
        return refuse(format!("{replica} is no live member"));
    }
    if !target.is_live_member() || target.slots.is_empty() {
        return refuse(format!("{target} is no live master with slots"));
    }
    if !replica.slots.is_empty() {
        return refuse(format!(
            "{replica} owns slots: a master must be empty to become a replica"
        ));
    }
    if replica.is_master() && replica.keys.is_some_and(|k| k > 0) {
        return refuse(format!(
            "{replica} holds keys: a master must be empty to become a replica"
        ));
    }
    Ok(())
}

fn failover_guard(cluster: &Cluster, node: NodeId, old: NodeId, mode: Mode) -> Result<(), Unfit> {
    let (replica, master) = (cluster.node(node), cluster.node(old));
    let refuse = |why: String| Err(Unfit(why));
    if !replica.is_live_member() || replica.master() != Some(old) {
        return refuse(format!("{replica} is no live replica of {master}"));
    }
    if master.slots.is_empty() {
        return refuse(format!(
            "{master} owns no slot: there is nothing to take over"
        ));
    }
    match mode {
        Mode::Graceful if !master.live => {
            refuse(format!("{master} is down: a graceful failover is refused"))
        }
        Mode::Graceful if replica.replication.link == Link::Down || !cluster.is_synced(node) => {
            refuse(format!("{replica} is not in sync with {master}"))
        }
        Mode::Force | Mode::Takeover if master.live => {
            refuse(format!("{master} lives: writes would be lost"))
        }
        Mode::Graceful | Mode::Force if !cluster.has_majority() => {
            refuse("no majority of masters lives to vote".to_owned())
        }
        Mode::Graceful | Mode::Force | Mode::Takeover => Ok(()),
    }
}

fn forget_guard(cluster: &Cluster, node: NodeId, tell: &[NodeId]) -> Result<(), Unfit> {
    let ghost = cluster.node(node);
    let refuse = |why: String| Err(Unfit(why));
    if ghost.live {
        return refuse(format!("{ghost} lives: it would come back"));
    }
    // FORGET of a slot owner is accepted by every server, and loses the slots.
    if !ghost.slots.is_empty() {
        return refuse(format!("{ghost} still owns slots {}", ghost.slots));
    }
    let follower = cluster
        .iter()
        .find(|(_, n)| n.live && n.master() == Some(node));
    if let Some((_, follower)) = follower {
        return refuse(format!(
            "{follower} still replicates {ghost} and would refuse"
        ));
    }
    if tell.is_empty() {
        return refuse(format!("nobody lists {ghost}"));
    }
    Ok(())
}

/// `new` takes the slots of `old` with a higher epoch; `old`, if it lives, and its other
/// replicas follow `new` (`clusterUpdateSlotsConfigWith`).
pub fn hand_over(cluster: &mut Cluster, old: NodeId, new: NodeId) {
    let epoch = cluster
        .iter()
        .map(|(_, n)| n.config_epoch)
        .max()
        .unwrap_or(0)
        + 1;
    let slots = std::mem::take(&mut cluster.node_mut(old).slots);
    let offset = cluster.node(old).replication.offset;
    for index in 0..cluster.nodes.len() as u32 {
        let id = NodeId(index);
        if id != new && cluster.node(id).role == Role::Replica(Some(old)) {
            cluster.node_mut(id).role = Role::Replica(Some(new));
        }
    }
    let leader = cluster.node_mut(new);
    leader.role = Role::Master;
    leader.slots = slots;
    leader.config_epoch = epoch;
    leader.replication.link = Link::Up;
    leader.replication.offset = leader.replication.offset.or(offset);
    let follower = cluster.node_mut(old);
    if follower.live {
        follower.role = Role::Replica(Some(new));
        follower.replication.link = Link::Up;
        follower.replication.sync = Sync::Done;
    }
    let live = follower.live;
    // Siblings of a dead master were waiting with their link down: they sync with the new one.
    for index in 0..cluster.nodes.len() as u32 {
        let node = cluster.node_mut(NodeId(index));
        if !live
            && node.live
            && node.role == Role::Replica(Some(new))
            && node.replication.sync == Sync::Done
        {
            node.replication.link = Link::Up;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    #[test]
    fn a_failover_swaps_the_roles() {
        let mut cluster = healthy();
        let (old, node) = (id(&cluster, "m1"), id(&cluster, "r1"));
        let action = Action::Failover {
            node,
            old,
            mode: Mode::Graceful,
        };
        assert_eq!(action.guard(&cluster), Ok(()));
        action.apply(&mut cluster);
        assert_eq!(cluster.node(old).master(), Some(node));
        assert!(cluster.uncovered().is_empty());
        assert!(action.guard(&cluster).is_err(), "done once is enough");
    }

    #[test]
    fn servers_refuse_what_would_lose_data() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h1; m3?@h3 < r3@h1; x@h3");
        let node = |name| id(&cluster, name);
        let refused = |action: Action| action.guard(&cluster).is_err();
        assert!(refused(Action::Replicate {
            node: node("m1"),
            master: node("m2")
        }));
        assert!(refused(Action::Replicate {
            node: node("x"),
            master: node("r1")
        }));
        assert!(refused(Action::Forget {
            node: node("m3"),
            tell: vec![node("m1")]
        }));
        assert!(refused(Action::Forget {
            node: node("m1"),
            tell: vec![node("m2")]
        }));
        assert!(refused(Action::Failover {
            node: node("r3"),
            old: node("m3"),
            mode: Mode::Graceful
        }));
        assert!(refused(Action::Failover {
            node: node("r1"),
            old: node("m1"),
            mode: Mode::Takeover
        }));
        assert!(!refused(Action::Failover {
            node: node("r3"),
            old: node("m3"),
            mode: Mode::Force
        }));
        assert!(!refused(Action::Replicate {
            node: node("x"),
            master: node("m1")
        }));
    }
}
