//! Open slots: which a plan closes, and which it leaves and why.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::level::Selection;
use crate::plan::why::OpenSlot;
use crate::rules::Code;
use std::collections::BTreeMap;

/// Open slots that the plan closes, and those it leaves.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Node and slots, in node order.
    pub stable: Vec<(NodeId, SlotSet)>,
    /// Owners that are free to act on once these are closed.
    pub settled: Vec<NodeId>,
    /// Open slots that are left, and why.
    pub left: Vec<(NodeId, u16, OpenSlot)>,
}

/// A slot open on one side only is closed where the request selects it. Open on both sides,
/// keys may be on both, and no capture shows how many: it is left.
pub fn closings(cluster: &Cluster, selection: &Selection) -> Closing {
    let mut closing = Closing::default();
    let mut stable: BTreeMap<NodeId, SlotSet> = BTreeMap::new();
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
        for open in &node.open_slots {
            let mut leave = |why: OpenSlot| closing.left.push((id, open.slot, why));
            if node.is_replica() {
                let with_master = node.master().is_some_and(|m| {
                    cluster
                        .node(m)
                        .open_slots
                        .iter()
                        .any(|o| o.slot == open.slot)
                });
                if !with_master {
                    leave(OpenSlot::OnReplica);
                }
                continue;
            }
            let peer = open.peer.as_ref().and_then(|p| cluster.find(p.as_str()));
            let other = peer.filter(|&p| {
                cluster
                    .node(p)
                    .open_slots
                    .iter()
                    .any(|o| o.slot == open.slot)
            });
            let unseen = peer.filter(|&p| !cluster.node(p).seen.has_view);
            match other {
                Some(other) => leave(OpenSlot::BothEnds {
                    node: id,
                    other,
                    slot: open.slot,
                }),
                None if open.peer.is_none() => leave(OpenSlot::OtherEndUnnamed),
                None if !selection.has(Code::OpenSlot) || unseen.is_some() => {
                    leave(unseen.map_or(OpenSlot::MayBeMoving, OpenSlot::OtherEndUnseen));
                }
                None => stable.entry(id).or_default().insert(open.slot),
            }
        }
    }
    let touched = |id: NodeId| {
        let end = cluster.node(id);
        closing.left.iter().any(|(node, slot, _)| {
            *node == id
                || cluster
                    .node(*node)
                    .open_slots
                    .iter()
                    .any(|o| o.slot == *slot && o.may_end_at(end))
        })
    };
    closing.settled = cluster
        .iter()
        .filter(|(id, n)| !n.slots.is_empty() && !touched(*id))
        .map(|(id, _)| id)
        .collect();
    closing.stable = stable.into_iter().collect();
    closing
}
