//! Views that say nothing of a dead id, as they never knew it alive.

use std::collections::BTreeMap;

use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::whose::owner;
use crate::inventory::record::Fact;
use crate::inventory::record::View;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::parse::Flags;

/// Fills [`crate::model::Node::unseen_by`] of the dead members.
pub(super) fn find(gathered: &Gathered, used: &[usize], index: &Index, cluster: &mut Cluster) {
    let mut found = before_it_came_back(gathered, used, index, cluster);
    found.extend(started_later(gathered, used, index, cluster));
    for (id, observer) in found {
        cluster.node_mut(id).seen.unseen_by.insert(observer);
    }
}

/// Processes that were started after the last pong of a node that anybody shows: by gossip they
/// hear little of it, and never of its master.
fn started_later(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> Vec<(NodeId, NodeId)> {
    let mut last_pong: BTreeMap<NodeId, u64> = BTreeMap::new();
    for view in used.iter().map(|&v| &gathered.views[v]) {
        for doubted in &view.doubted {
            let fact = gathered.fact(&view.lines[doubted.line]);
            let dead = |id: &NodeId| !cluster.node(*id).is_live();
            if let Some(id) = index.get(fact.token).filter(dead) {
                let last = last_pong.entry(id).or_default();
                *last = doubted.pong_received.max(*last);
            }
        }
    }
    last_pong.retain(|_, pong| *pong > 0);
    if last_pong.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for view in used.iter().map(|&v| &gathered.views[v]) {
        let Some(observer) = owner(gathered, view).and_then(|o| index.get(o)) else {
            continue;
        };
        if let Some(start) = started_at(gathered, view, cluster.node(observer).address.as_ref()) {
            let dead = last_pong.iter().filter(|(_, pong)| **pong < start);
            found.extend(dead.map(|(&id, _)| (id, observer)));
        }
    }
    found
}

/// Unix ms by the clock of the view's node.
fn started_at(gathered: &Gathered, view: &View, address: Option<&Address>) -> Option<u64> {
    let info = &gathered.answers.get(address?)?.info;
    let uptime = info.get("uptime_in_seconds")?.parse::<u64>().ok()?;
    let clock = Some(view.clock).filter(|&clock| clock > 0)?;
    clock.checked_sub(uptime.checked_mul(1000)?)
}

/// Finds the views that are older than a dead id: they list another dead one at its address.
fn before_it_came_back(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> Vec<(NodeId, NodeId)> {
    let mut dead: BTreeMap<Address, Vec<NodeId>> = BTreeMap::new();
    for id in cluster.dead_members() {
        if let Some(address) = &cluster.node(id).address {
            dead.entry(address.clone()).or_default().push(id);
        }
    }
    if dead.is_empty() {
        return Vec::new();
    }
    let before = |fact: &Fact| -> Option<&[NodeId]> {
        let old = index.get(fact.token)?;
        // One that no view doubts came later.
        let is_old = !cluster.node(old).is_live()
            && !cluster.node(old).is_only_silent()
            && !fact.flags.has(Flags::NOADDR)
            && !fact.flags.has(Flags::HANDSHAKE);
        let there = dead.get(&fact.address()?).filter(|_| is_old)?;
        there.iter().any(|&id| id != old).then_some(there)
    };
    let before: Vec<Option<&[NodeId]>> = gathered.facts.iter().map(before).collect();
    let mut found: Vec<(NodeId, NodeId)> = Vec::new();
    for &view in used {
        let view = &gathered.views[view];
        let Some(observer) = owner(gathered, view).and_then(|o| index.get(o)) else {
            continue;
        };
        for line in &view.lines {
            let there = before[line.fact as usize].unwrap_or_default();
            let unlisted = |id: &&NodeId| !cluster.node(**id).seen.known_by.contains(observer);
            found.extend(there.iter().filter(unlisted).map(|&id| (id, observer)));
        }
    }
    found
}
