//! What the plan leaves, why, and what would unlock it.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Sync;
use crate::model::Unowned;
use crate::plan::Refusal;
use crate::plan::advice::Notes;
use crate::plan::advice::Scene;
use crate::plan::problem::Aside;
use crate::policy::Flag;
use crate::rules::Code;
use crate::rules::Subject;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Shards and slots that are left alone, and what would free them.
pub fn left_alone(scene: &Scene, notes: &mut Notes) {
    let cluster = scene.captured;
    for (node, slot, why) in &scene.closing.left {
        let both = why.contains("both ends") || why.contains("replica whose");
        notes.refusals.push(Refusal {
            subject: format!("slot {slot} on {}", cluster.node(*node)),
            reason: why.clone(),
            unlock: if both {
                "finish the move by hand: MIGRATE the keys that are left, then CLUSTER SETSLOT NODE at the target, the source and the other masters".into()
            } else if why.starts_with("the view") {
                "capture that node, too".into()
            } else {
                "--settle-slots, if nothing is moving slots".into()
            },
        });
    }
    for aside in &scene.problem.asides {
        notes.refusals.extend(match aside {
            // Said slot by slot above; here what it means for the shard.
            Aside::OpenSlots { owner } => Some(Refusal {
                subject: format!("shard of {}", cluster.node(*owner)),
                reason: "a slot of it is open: its roles and replicas are left alone".into(),
                unlock: "close the slot first".into(),
            })
            .filter(|_| something_left(scene, *owner)),
            Aside::Syncing { owner, replica } => {
                let (what, unlock) = match cluster.node(*replica).replication.sync {
                    Sync::Running => ("is in its first sync", "capture again when it is done"),
                    Sync::Disputed => (
                        "follows another master by its own INFO, or is one",
                        "capture `cluster nodes` and `info` of it again",
                    ),
                    _ => (
                        "never finished a sync",
                        "see why it does not sync (its log), then capture again",
                    ),
                };
                Some(Refusal {
                    subject: format!("shard of {}", cluster.node(*owner)),
                    reason: format!("{} {what}: the shard is left alone", cluster.node(*replica)),
                    unlock: unlock.into(),
                })
            }
            Aside::CutOff { owner } => {
                let owner = cluster.node(*owner);
                Some(Refusal {
                    subject: format!("slots {}", owner.slots),
                    reason: format!(
                        "{owner} answers, but most views flag it `fail`: it may have died since, or it is cut off; nobody takes over from a node that answers, and its shard is left alone"
                    ),
                    unlock: format!("see what is between {owner} and the others (K003), then capture all of them again"),
                })
            }
            Aside::HoldsKeys {
                node,
                keys,
                blocked,
            } => Some(Refusal {
                subject: cluster.node(*node).to_string(),
                reason: format!(
                    "it owns no slot but holds {keys} key{}, so it cannot become a replica{}",
                    if *keys == 1 { "" } else { "s" },
                    if *blocked {
                        "; while slots have no live owner they may be the only copy"
                    } else {
                        ""
                    }
                ),
                unlock: if *blocked {
                    "serve all slots first, then --flush-stale".into()
                } else {
                    "--flush-stale, if these keys are not needed".into()
                },
            }),
        });
    }
}

fn something_left(scene: &Scene, owner: NodeId) -> bool {
    let shard: BTreeSet<NodeId> = scene
        .end
        .iter()
        .filter(|&(id, n)| id == owner || n.master() == Some(owner))
        .map(|(id, _)| id)
        .collect();
    scene.remaining.iter().any(|f| {
        scene.selection.has(f.rule.code)
            && matches!(&f.subject, Subject::Node(id) if shard.contains(id))
    })
}

/// Spread is not acted on while a member is dead and may return.
pub fn waiting(scene: &Scene, notes: &mut Notes) {
    let codes: BTreeSet<Code> = scene
        .remaining
        .iter()
        .map(|f| f.rule.code)
        .filter(|c| scene.selection.waiting.contains(c))
        .collect();
    let dead = scene.captured.dead_members().len();
    let mut groups: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let what = scene
            .remaining
            .iter()
            .filter(|f| f.rule.code == code)
            .filter_map(|f| match &f.subject {
                Subject::Host(h) => Some(scene.end.host(*h).name.to_string()),
                Subject::Node(n) => Some(scene.end.node(*n).to_string()),
                _ => None,
            })
            .collect::<Vec<_>>();
        groups.entry(shorten(&what)).or_default().push(code);
    }
    let members = if dead == 1 {
        "1 member is dead".to_owned()
    } else {
        format!("{dead} members are dead")
    };
    for (what, codes) in groups {
        notes.refusals.push(Refusal {
            subject: format!("{} {what}", Code::join(&codes, " ")),
            reason: format!(
                "{members} and may be back soon: masters are not moved around meanwhile"
            ),
            unlock: format!(
                "--only {}, or --forget-dead if they will not return",
                Code::join(&codes, ",")
            ),
        });
    }
}

fn shorten(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        all => all.join(", "),
    }
}

/// Shards that stay short, and spares that stay unused.
pub fn unpaired(scene: &Scene, notes: &mut Notes) {
    let end = scene.end;
    let mut short: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in scene
        .remaining
        .iter()
        .filter(|f| scene.selection.has(f.rule.code))
    {
        let Subject::Node(id) = finding.subject else {
            continue;
        };
        let host = end
            .node(id)
            .host
            .map_or("no known host".to_owned(), |h| end.host(h).name.to_string());
        match finding.rule.code {
            Code::OrphanMaster | Code::MissingReplica => short
                .entry(host)
                .or_default()
                .push(end.node(id).to_string()),
            Code::ReplicasShareHost if !scene.request.has(Flag::AllowMoves) => {
                notes.refusals.push(Refusal {
                    subject: format!("P004 {}", end.node(id)),
                    reason: "a healthy replica is moved by default only to cure an error".into(),
                    unlock: "--allow-moves".into(),
                })
            }
            Code::ReplicaSharesHost | Code::ReplicasShareHost => notes.refusals.push(Refusal {
                subject: format!("{} {}", finding.rule.code, end.node(id)),
                reason: format!("no pairing of the live nodes keeps it off {host}"),
                unlock: "a node on another host".into(),
            }),
            Code::ChainedReplica => notes.refusals.push(Refusal {
                subject: end.node(id).to_string(),
                reason: match end.root(id).map(|root| end.node(root)) {
                    Some(root) if root.is_live_member() => {
                        format!("the shard of {root} is left alone")
                    }
                    Some(root) => format!("its shard has no live master: {root} is gone"),
                    None if end.unowned() == Unowned::Part => {
                        "slots have no owner, and it may hold the only copy of them".to_owned()
                    }
                    None => "it copies no slots, and no shard can take it".to_owned(),
                },
                unlock: "cure that first".into(),
            }),
            Code::SlotlessMaster | Code::UnmetNode => notes.refusals.extend(unused(scene, id)),
            Code::NoaddrGhost | Code::DeadNode | Code::HalfForgottenNode => {
                let refusal = unforgotten(end, id);
                if !notes.refusals.contains(&refusal) {
                    notes.refusals.push(refusal);
                }
            }
            _ => {}
        }
    }
    unmoved(scene, notes);
    let spares = end.iter().filter(|&(id, _)| end.is_spare(id)).count();
    for (host, masters) in short {
        let count = masters.len();
        let spare = match spares {
            0 => "no node without a copy is left".to_owned(),
            1 => "the one node without a copy cannot be used for it".to_owned(),
            n => format!("none of the {n} nodes without a copy can be used for it"),
        };
        notes.refusals.push(Refusal {
            subject: shorten(&masters),
            reason: format!(
                "{count} more replica{} wanted off {host}, and {spare}",
                if count == 1 { "" } else { "s" }
            ),
            unlock: format!(
                "restart a dead replica, or add {count} node{} on hosts other than {host}",
                if count == 1 { "" } else { "s" }
            ),
        });
    }
}

fn unused(scene: &Scene, id: NodeId) -> Option<Refusal> {
    let end = scene.end;
    if scene
        .problem
        .asides
        .iter()
        .any(|a| matches!(a, Aside::HoldsKeys { node, .. } if *node == id))
    {
        return None;
    }
    let units = &scene.problem.units;
    let (reason, unlock) = if end.node(id).address.is_none() {
        (
            "nothing in the capture tells its address, so no command can be sent to it",
            "name its file after its address",
        )
    } else if units.is_empty() {
        (
            "no shard lives that it could copy",
            "assign slots, or bring a master back",
        )
    } else if units.iter().all(|u| !u.free) {
        ("every shard is left alone", "see the shards above")
    } else {
        (
            "every shard has a copy on its host already",
            "add hosts, or retire the node",
        )
    };
    Some(Refusal {
        subject: end.node(id).to_string(),
        reason: reason.into(),
        unlock: unlock.into(),
    })
}

fn unforgotten(end: &Cluster, id: NodeId) -> Refusal {
    let node = end.node(id);
    if node.is_only_silent() {
        return Refusal {
            subject: format!("forget {node}"),
            reason: format!(
                "{node} did not answer the capture, but no view doubts it: it may live"
            ),
            unlock: format!("capture {node} again"),
        };
    }
    Refusal {
        subject: match node.is_ghost() {
            true => format!("ghost {}", node.name.short()),
            false => format!("dead {node}"),
        },
        reason: ghost_reason(end, id),
        unlock: "cure that first".into(),
    }
}

fn ghost_reason(end: &Cluster, id: NodeId) -> String {
    let ghost = end.node(id);
    if !ghost.slots.is_empty() {
        return format!(
            "it still owns slots {}: forgetting it would lose them",
            ghost.slots
        );
    }
    match end
        .iter()
        .find(|(_, n)| n.is_live() && n.master() == Some(id))
    {
        Some((_, follower)) => {
            format!("{follower} still replicates it and would refuse to forget it")
        }
        None => "no captured view lists it".to_owned(),
    }
}

/// Placement that no legal change improves.
fn unmoved(scene: &Scene, notes: &mut Notes) {
    let placement = [
        Code::ReplicaSharesDisk,
        Code::ReplicaSharesZone,
        Code::SkewedMasters,
        Code::SkewedZones,
        Code::HostHoldsMajority,
        Code::ZoneHoldsMajority,
    ];
    for code in placement.into_iter().filter(|&c| scene.selection.has(c)) {
        let names: Vec<String> = scene
            .remaining
            .iter()
            .filter(|f| f.rule.code == code)
            .filter_map(|f| match f.subject {
                Subject::Node(n) => Some(scene.end.node(n).to_string()),
                Subject::Host(h) => Some(scene.end.host(h).name.to_string()),
                Subject::Zone(z) => Some(scene.end.zones[z.0 as usize].name.to_string()),
                Subject::Slots(..) | Subject::Capture => None,
            })
            .collect();
        if names.is_empty() {
            continue;
        }
        let (reason, unlock) = match code {
            Code::ReplicaSharesDisk | Code::ReplicaSharesZone
                if !scene.request.has(Flag::AllowMoves) =>
            {
                (
                    "a healthy replica is moved by default only to cure an error",
                    "--allow-moves",
                )
            }
            Code::ReplicaSharesDisk => (
                "no pairing of the live nodes uses another disk",
                "a node on another disk",
            ),
            Code::ReplicaSharesZone | Code::SkewedZones | Code::ZoneHoldsMajority => (
                "no choice of masters and pairs among the live nodes does better",
                "hosts in another zone",
            ),
            // Any one of them takes the majority along.
            Code::HostHoldsMajority if scene.end.voters() < 3 => (
                "with fewer than three masters any one of them is half of the votes or more",
                "3 masters with slots on 3 hosts",
            ),
            _ => (
                "no choice of masters among the live copies does better",
                "nodes on another host",
            ),
        };
        notes.refusals.push(Refusal {
            subject: format!("{code} {}", shorten(&names)),
            reason: reason.into(),
            unlock: unlock.into(),
        });
    }
}

/// Slots without any owner, dead or alive.
pub fn lost(scene: &Scene, notes: &mut Notes) {
    let mut owned = crate::model::SlotSet::new();
    scene
        .captured
        .iter()
        .for_each(|(_, n)| owned.union_with(&n.slots));
    let missing = owned.complement();
    if missing.is_empty() || !scene.selection.has(Code::UncoveredSlots) {
        return;
    }
    let never = owned.is_empty();
    let live_replicas = || {
        let nodes = scene.captured.iter();
        nodes.filter(|(_, n)| n.is_live_member() && n.is_replica())
    };
    let holders: Vec<String> = live_replicas()
        .filter(|(_, n)| n.master().is_none())
        .map(|(_, n)| n.to_string())
        .collect();
    let rootless: Vec<String> = live_replicas()
        .filter(|&(id, _)| scene.captured.root(id).is_none())
        .map(|(_, n)| n.to_string())
        .collect();
    let (reason, unlock) = match (never, holders.is_empty()) {
        (true, _) => (
            "no slot was ever assigned: there is nothing to bring back".to_owned(),
            "assign slots to the masters (CLUSTER ADDSLOTS)".to_owned(),
        ),
        (_, true) if !rootless.is_empty() => (
            format!(
                "no node of the capture owns them; {} may hold the only copy: following no owner, left as it is",
                shorten(&rootless)
            ),
            "capture all nodes again in one go; if it stays, save the keys of these first"
                .to_owned(),
        ),
        (_, true) => (
            "no node of the capture owns them, dead or alive".to_owned(),
            "find the node that held them; only if its data is given up, CLUSTER ADDSLOTS"
                .to_owned(),
        ),
        (_, false) => (
            format!(
                "their master was forgotten; {} may hold the only copy, but the capture does not show \
                 that it still knows its master, and without that every failover is refused",
                shorten(&holders)
            ),
            format!(
                "capture CLUSTER NODES of {} itself; if it says `slave -` there too, save its keys first",
                shorten(&holders)
            ),
        ),
    };
    notes.refusals.push(Refusal {
        subject: format!("slots {missing}"),
        reason,
        unlock,
    });
}
