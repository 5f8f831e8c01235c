//! One step of a plan with everything a script needs: who is told what, when it may run, what
//! is waited for.

use crate::action::Action;
use crate::action::Mode;
use crate::model::Cluster;
use crate::model::Direction;
use crate::model::Link;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::model::Sync;
use crate::plan::Step;
use crate::report;

/// One step with everything a script needs, on the cluster as the steps before left it.
pub(super) fn step(cluster: &Cluster, steps: &[Step], index: usize) -> report::Step {
    let step = &steps[index];
    let draft = &step.draft;
    let (sent_to, target) = ends(&draft.action);
    let name = |id: Option<NodeId>| id.map(|n| cluster.node(n).name.to_string());
    let address = |id: Option<NodeId>| {
        let node = id.map(|n| cluster.node(n))?;
        node.address
            .as_ref()
            .or(node.last_address.as_ref())
            .map(ToString::to_string)
    };
    let tell: Vec<String> = match &draft.action {
        Action::Forget { tell, .. } => tell.iter().filter_map(|&t| address(Some(t))).collect(),
        _ => Vec::new(),
    };
    report::Step {
        id: index as u32 + 1,
        phase: draft.phase.name().to_owned(),
        wave: step.wave,
        action: draft.action.name().to_owned(),
        node: name(sent_to),
        address: address(sent_to),
        target: name(target),
        target_address: match draft.action {
            Action::Forget { node, .. } => {
                cluster.node(node).address.as_ref().map(ToString::to_string)
            }
            _ => address(target),
        },
        target_bus_port: match draft.action {
            Action::Meet { node, .. } => unusual_bus_port(cluster.node(node)),
            _ => None,
        },
        slots: slots(cluster, &draft.action),
        mode: match &draft.action {
            Action::Failover { mode, .. } => Some(mode.name().to_owned()),
            Action::Stable { .. } => Some("stable".to_owned()),
            _ => None,
        },
        after: step.after.iter().map(|&a| a as u32 + 1).collect(),
        pause_ms: if step.pause {
            2 * cluster.settings.node_timeout_ms
        } else {
            0
        },
        guard: guard(cluster, &draft.action),
        wait: wait(cluster, steps, index, &tell),
        tell,
        cures: draft.cures.iter().map(|&c| c.to_owned()).collect(),
        reason: draft.reason.clone(),
        undo: undo(cluster, &draft.action),
    }
}

/// The bus port, where MEET has to be told of it.
fn unusual_bus_port(node: &Node) -> Option<u16> {
    let port = node.address.as_ref()?.port();
    node.bus_port
        .filter(|&bus| u32::from(bus) != u32::from(port) + 10000)
}

/// Where the command goes, and the other node of it.
fn ends(action: &Action) -> (Option<NodeId>, Option<NodeId>) {
    match action {
        Action::Meet { via, node } => (Some(*via), Some(*node)),
        Action::Flush { node } | Action::Stable { node, .. } => (Some(*node), None),
        Action::Replicate { node, master } => (Some(*node), Some(*master)),
        Action::Failover { node, old, .. } => (Some(*node), Some(*old)),
        Action::Forget { node, .. } => (None, Some(*node)),
    }
}

fn slots(cluster: &Cluster, action: &Action) -> Option<String> {
    match action {
        Action::Failover { old, .. } => Some(cluster.node(*old).slots.to_string()),
        Action::Stable { slots, .. } => Some(slots.to_string()),
        Action::Meet { .. }
        | Action::Flush { .. }
        | Action::Replicate { .. }
        | Action::Forget { .. } => None,
    }
}

fn guard(cluster: &Cluster, action: &Action) -> report::Guard {
    let id = |n: NodeId| Some(cluster.node(n).name.to_string());
    let role = |n: NodeId| {
        Some(
            if cluster.node(n).is_master() {
                "master"
            } else {
                "replica"
            }
            .to_owned(),
        )
    };
    let none = report::Guard::default();
    match action {
        Action::Meet { node, .. } => report::Guard {
            id: id(*node),
            role: role(*node),
            slots: Some(String::new()),
            // A node that is flushed right after may hold keys until then.
            empty: (cluster.node(*node).keys.unwrap_or(0) == 0).then_some(true),
            ..none
        },
        Action::Flush { node } => report::Guard {
            id: id(*node),
            role: role(*node),
            slots: Some(String::new()),
            ..none
        },
        Action::Replicate { node, .. } => {
            let replica = cluster.node(*node);
            report::Guard {
                id: id(*node),
                role: role(*node),
                master: replica.master().and_then(id),
                slots: Some(String::new()),
                // A replica may be re-pointed with its keys; a master may not.
                empty: replica.is_master().then_some(true),
                link: None,
            }
        }
        Action::Failover { node, old, mode } => report::Guard {
            id: id(*node),
            role: role(*node),
            master: id(*old),
            slots: None,
            empty: None,
            link: match mode {
                Mode::Graceful => Some("up".to_owned()),
                Mode::Force | Mode::Takeover => {
                    let accepted = matches!(
                        cluster.node(*node).replication.sync,
                        Sync::Never | Sync::Running
                    );
                    (!accepted).then(|| "synced".to_owned())
                }
            },
        },
        Action::Forget { node, .. } => report::Guard {
            id: id(*node),
            ..none
        },
        Action::Stable { node, slots } => report::Guard {
            id: id(*node),
            role: role(*node),
            // Once closed, the keys of a slot that others own are out of reach.
            empty: imports(cluster, *node, slots).then_some(true),
            ..none
        },
    }
}

/// Some of the slots are open at the node as importing.
fn imports(cluster: &Cluster, node: NodeId, slots: &SlotSet) -> bool {
    let open = &cluster.node(node).open_slots;
    open.iter()
        .any(|o| o.direction == Direction::Importing && slots.contains(o.slot))
}

/// What is waited for, where, and how long. Elections take up to `2 * node timeout` and a
/// manual failover up to 5 s (`CLUSTER_MF_TIMEOUT`); gossip needs a second or two.
fn wait(cluster: &Cluster, steps: &[Step], index: usize, tell: &[String]) -> report::Wait {
    let address = |id: NodeId| cluster.node(id).address.as_ref().map(ToString::to_string);
    let at = |ids: &[NodeId]| ids.iter().filter_map(|&id| address(id)).collect::<Vec<_>>();
    let draft = &steps[index].draft;
    let timeout = cluster.settings.node_timeout_ms;
    let (until, at, limit_ms) = match &draft.action {
        Action::Meet { via, node } => ("known", at(&[*via, *node]), 30_000 + timeout),
        Action::Flush { node } => ("empty", at(&[*node]), 60_000),
        Action::Stable { node, .. } => ("closed", at(&[*node]), 10_000),
        Action::Replicate { node, master } => {
            // Voters must know a replica that is to be promoted later.
            let promoted = steps[index + 1..].iter().any(
                |s| matches!(&s.draft.action, Action::Failover { node: heir, .. } if heir == node),
            );
            let mut places = vec![*master];
            if promoted {
                let voters = cluster
                    .iter()
                    .filter(|(_, n)| n.is_live_member() && !n.slots.is_empty());
                places.extend(voters.map(|(id, _)| id).filter(|id| id != master));
            }
            let copying = 20 * draft.mib.unsigned_abs() * 10;
            ("link-up", at(&places), 120_000 + copying)
        }
        Action::Failover { node, old, .. } => {
            let mut places = vec![*node];
            let followers = cluster
                .iter()
                .filter(|(_, n)| n.live && n.master() == Some(*old));
            places.extend(followers.map(|(id, _)| id).filter(|id| id != node));
            if cluster.node(*old).live {
                places.push(*old);
            }
            ("role-master", at(&places), 30_000 + 4 * timeout)
        }
        Action::Forget { .. } => ("gone", tell.to_vec(), 60_000),
    };
    report::Wait {
        until: until.to_owned(),
        at,
        limit_ms,
    }
}

/// The command that takes a step back, where there is one.
fn undo(cluster: &Cluster, action: &Action) -> Option<String> {
    match action {
        Action::Failover {
            old,
            mode: Mode::Graceful,
            ..
        } => Some(format!("CLUSTER FAILOVER at {}", cluster.node(*old))),
        Action::Replicate { node, .. } => {
            let before = cluster.node(*node).master().map(|m| cluster.node(m))?;
            let useful =
                before.live && !before.slots.is_empty() && before.membership == Membership::Member;
            let link = cluster.node(*node).replication.link;
            (useful && link != Link::Down).then(|| {
                format!(
                    "CLUSTER REPLICATE {} at {}",
                    before.name,
                    cluster.node(*node)
                )
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing;

    #[test]
    fn meet_is_told_of_a_bus_port_only_where_it_would_guess_wrong() {
        let cluster = testing::healthy();
        let mut node = cluster.node(testing::id(&cluster, "m1")).clone();
        node.bus_port = None;
        assert_eq!(unusual_bus_port(&node), None);
        node.bus_port = Some(17001);
        assert_eq!(unusual_bus_port(&node), None);
        node.bus_port = Some(27001);
        assert_eq!(unusual_bus_port(&node), Some(27001));
    }
}
