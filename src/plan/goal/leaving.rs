//! What goals that empty a domain have in common: who is there, who leads, and how they stop or leave.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Draft;
use crate::action::Forget;
use crate::action::Kill;
use crate::action::Reset;
use crate::measure;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::SlotSet;
use crate::plan::goal::Decided;
use crate::plan::why::About;
use crate::plan::why::Blocked;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;
use crate::rules::Phase;

/// The nodes of a domain, in node order; none where there is no such domain.
pub fn nodes(at: &Cluster, domain: &Domain) -> Vec<NodeId> {
    Domains::of(at).nodes_in(domain).unwrap_or_default()
}

/// Live members among the nodes that own slots.
pub fn masters(at: &Cluster, nodes: &[NodeId]) -> usize {
    let leads = |&&id: &&NodeId| at.node(id).is_live_member() && !at.node(id).slots.is_empty();
    nodes.iter().filter(leads).count()
}

/// Live members among the nodes.
pub fn members(at: &Cluster, nodes: &[NodeId]) -> usize {
    let live = |id: &&NodeId| at.node(**id).is_live_member();
    nodes.iter().filter(live).count()
}

/// Those of the nodes that nothing needs at the end of a decision: they lead nothing, and what they
/// copy is led from where no goal wants anybody gone. With the owner of the shard.
fn dispensable(scene: &Decided, nodes: &[NodeId]) -> Vec<(NodeId, Option<NodeId>)> {
    let (end, vacated) = (scene.end, &scene.problem.supposed.demands.vacated);
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let idle = |id: &NodeId| end.node(*id).is_live_member() && end.node(*id).slots.is_empty();
    let led = |id: NodeId| {
        let root = end.root(id);
        let gone = |root: NodeId| inside.contains(&root) || vacated.contains_key(&root);
        let outside = |root: NodeId| !gone(root) && end.node(root).is_live();
        root.is_none_or(outside).then_some((id, root))
    };
    inside
        .iter()
        .copied()
        .filter(idle)
        .filter_map(led)
        .collect()
}

/// A stop of every live member among the nodes, each after everything that takes its place.
pub fn stops(scene: &Decided, nodes: &[NodeId], why: &str) -> Vec<Draft> {
    let stop = |(node, root): (NodeId, Option<NodeId>)| Draft {
        action: Kill {
            node,
            after: root.into_iter().collect(),
        }
        .into(),
        phase: Phase::Change,
        urgency: 0,
        cures: Vec::new(),
        reason: reason(scene.end, root, why),
        mib: 0,
        leaves: None,
    };
    dispensable(scene, nodes).into_iter().map(stop).collect()
}

fn reason(end: &Cluster, root: Option<NodeId>, why: &str) -> String {
    match root {
        Some(root) => format!("{why}: its shard is led by {}", end.node(root)),
        None => format!("{why}: it copies nothing"),
    }
}

/// Live members among the nodes leave the cluster blank, and then everybody forgets them; the dead
/// ones are forgotten, too. Not those whose shard is blocked.
pub fn farewells(scene: &Decided, nodes: &[NodeId], why: &str) -> Vec<Draft> {
    let end = scene.end;
    let before = scene.problem.supposed.real.shards();
    let blocked = short(scene, &before, nodes);
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let mut leaving = dispensable(scene, nodes);
    let stays = |root: NodeId| blocked.contains_key(&root);
    leaving.retain(|(_, root)| root.is_none_or(|root| !stays(root)));
    let mut drafts = Vec::new();
    for &(node, root) in &leaving {
        // A master with keys refuses, and its keys may be wanted.
        if end.node(node).is_master() && end.node(node).keys.is_some_and(|keys| keys > 0) {
            continue;
        }
        drafts.push(Draft {
            action: Reset {
                node,
                after: root.into_iter().collect(),
                emptied: false,
            }
            .into(),
            phase: Phase::Change,
            urgency: 0,
            cures: Vec::new(),
            reason: reason(end, root, why),
            mib: 0,
            leaves: None,
        });
    }
    let gone = |id: &NodeId| {
        let node = end.node(*id);
        let left = drafts.iter().any(|d| d.action.subject() == *id);
        let followed = end
            .iter()
            .any(|(_, n)| n.is_live() && n.master() == Some(*id));
        let dead = node.is_dead_member() && node.slots.is_empty() && !followed;
        left || (dead && !node.is_only_silent())
    };
    let gone: BTreeSet<NodeId> = inside.iter().copied().filter(gone).collect();
    // Who was told to be forgotten anyway is not told twice.
    let forgotten: BTreeSet<NodeId> = scene.drafts.iter().map(|d| d.action.subject()).collect();
    let tell = |ghost: NodeId| -> Arc<[NodeId]> {
        let stays = |id: &NodeId| !gone.contains(id) && *id != ghost;
        let live = end.iter().filter(|(_, n)| n.is_live_member());
        live.map(|(id, _)| id).filter(stays).collect()
    };
    for &node in &gone {
        let dead = !end.node(node).is_live();
        if dead && forgotten.contains(&node) {
            continue;
        }
        drafts.push(Draft {
            action: Forget {
                node,
                tell: tell(node),
                loses: SlotSet::new(),
            }
            .into(),
            phase: Phase::Tidy,
            urgency: 0,
            cures: Vec::new(),
            reason: match dead {
                true => format!("{why}: it is dead"),
                false => format!("{why}: it has left, and its old id has no address any more"),
            },
            mib: 0,
            leaves: None,
        });
    }
    drafts
}

/// What a shard would be left with.
struct Left<'s> {
    /// As it was.
    shard: &'s Shard,
    /// Usable copies where no goal wants anybody gone, and how many there must be.
    copies: Vec<NodeId>,
    needed: usize,
}

/// Shards with a copy among the nodes that would have fewer usable copies than they have and want
/// without whatever all goals together want gone; by their owners at the end.
fn short<'s>(scene: &Decided, before: &'s [Shard], nodes: &[NodeId]) -> BTreeMap<NodeId, Left<'s>> {
    let (end, start) = (scene.end, scene.problem.supposed.real);
    let vacated = &scene.problem.supposed.demands.vacated;
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let counts = |at: &Cluster, id: NodeId| {
        at.is_usable_replica(id) || (at.node(id).is_live_member() && !at.node(id).slots.is_empty())
    };
    // A shard is known by its slots: its owner changes.
    let was: BTreeMap<String, &Shard> = before.iter().map(|s| (s.slots.to_string(), s)).collect();
    let units = scene.problem.units.iter();
    let wanted: BTreeMap<NodeId, usize> = units.map(|u| (u.leader, u.wanted as usize)).collect();
    let mut short = BTreeMap::new();
    for shard in end.shards() {
        let Some(&was) = was.get(&shard.slots.to_string()) else {
            continue;
        };
        let copies = measure::live_copies(end, &shard);
        if !copies.iter().any(|id| inside.contains(id)) {
            continue;
        }
        // Goals leave a shard what it needs only if none of them counts on what another takes.
        let gone = |id: &NodeId| inside.contains(id) || vacated.contains_key(id);
        let left = copies.iter().copied();
        let left = left.filter(|&id| counts(end, id) && !gone(&id));
        let left: Vec<NodeId> = left.collect();
        let had = measure::live_copies(start, was);
        let had = had.iter().filter(|&&id| counts(start, id)).count();
        let wanted = wanted.get(&was.owner).map_or(1, |wanted| wanted + 1);
        let needed = had.min(wanted).max(1);
        if left.len() < needed {
            let left = Left {
                shard: was,
                copies: left,
                needed,
            };
            short.insert(shard.owner, left);
        }
    }
    short
}

/// One entry for each shard that cannot give up its copies among the nodes.
pub fn blocked(scene: &Decided, nodes: &[NodeId], why: &str) -> Vec<Refusal> {
    let before = scene.problem.supposed.real.shards();
    let refusal = |left: Left| {
        let about = About::copies(scene.problem.supposed.real, left.shard);
        let why = why.to_owned();
        let (blocked, unlock) = match scene.problem.cramped(left.shard.owner) {
            Some(no_room) => (Blocked::NoRoom { no_room, why }, Unlock::MemoryThere),
            None => (
                Blocked::Short {
                    left: left.copies,
                    needed: left.needed,
                    why,
                },
                Unlock::NodeElsewhere,
            ),
        };
        Refusal {
            about,
            reason: Reason::Blocked(blocked),
            unlock,
        }
    };
    short(scene, &before, nodes)
        .into_values()
        .map(refusal)
        .collect()
}
