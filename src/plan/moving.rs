//! Handovers and copies in a plan that moves slots. They are decided on the cluster that the moves
//! lead to: whoever gives or takes slots is handed over, and whoever changes its master with them
//! is given another one, only once they have moved.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Action;
use crate::action::Draft;
use crate::action::Kind;
use crate::action::MigrateSlots;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::rules::Phase;

/// Puts behind the moves what builds on them; `displaced` follow another master once all is moved.
pub(super) fn put_behind(drafts: &mut [Draft], moves: &[Draft], displaced: &BTreeSet<NodeId>) {
    let moves: Vec<&MigrateSlots> = moves.iter().filter_map(moved).collect();
    let ends: BTreeSet<NodeId> = moves.iter().flat_map(|m| [m.from, m.to]).collect();
    let comes = |draft: &Draft| {
        if let Action::Replicate(replicate) = &draft.action {
            return displaced
                .contains(&replicate.node)
                .then_some(replicate.master);
        }
        None
    };
    // Who is replaced by a copy that comes with the slots waits for it. Nobody else does: a new
    // master has its replica before it gets slots.
    let mut replaced: BTreeSet<NodeId> = drafts.iter().filter_map(comes).collect();
    // Who gives its last slot away follows who gets it, by itself.
    let emptied = moves.iter().filter(|m| displaced.contains(&m.from));
    replaced.extend(emptied.map(|m| m.to));
    let late = |draft: &Draft| {
        let leaves = draft.leaves.is_some_and(|l| replaced.contains(&l.owner));
        draft.action.kind() == Kind::Replicate
            && (leaves || displaced.contains(&draft.action.subject()))
    };
    let late: BTreeSet<NodeId> = drafts
        .iter()
        .filter(|d| late(d))
        .map(|d| d.action.subject())
        .collect();
    let mut sooner: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for draft in drafts.iter_mut() {
        if let Action::Failover(failover) = &draft.action
            && draft.phase != Phase::Serve
        {
            let nodes = [failover.node, failover.old];
            let waits = |n: &NodeId| ends.contains(n) || displaced.contains(n) || late.contains(n);
            if nodes.iter().any(waits) {
                draft.phase = draft.phase.max(Phase::Change);
            } else if draft.phase < Phase::Change {
                sooner.insert(failover.old, failover.node);
            }
        }
    }
    for draft in drafts.iter_mut() {
        if let Action::Replicate(replicate) = &mut draft.action
            && late.contains(&replicate.node)
        {
            draft.phase = draft.phase.max(Phase::Change);
            // By then the shard has its other master.
            if let Some(&leader) = sooner.get(&replicate.master) {
                replicate.master = leader;
            }
        }
    }
}

fn moved(draft: &Draft) -> Option<&MigrateSlots> {
    if let Action::MigrateSlots(moved) = &draft.action
        && draft.phase == Phase::Change
    {
        return Some(moved);
    }
    None
}

/// Who waits for which move, beside what milestones say.
pub(super) struct Moving<'a> {
    drafts: &'a [Draft],
    cluster: &'a Cluster,
    /// Moves by either end, and by who gives.
    at: BTreeMap<NodeId, Vec<usize>>,
    from: BTreeMap<NodeId, Vec<usize>>,
    /// Late replicates, by the master.
    copies: BTreeMap<NodeId, Vec<usize>>,
    /// Who took over where the master was gone.
    served: BTreeMap<NodeId, NodeId>,
}

impl<'a> Moving<'a> {
    /// Nothing where no slots are asked to move.
    pub(super) fn of(cluster: &'a Cluster, drafts: &'a [Draft]) -> Option<Self> {
        let mut moving = Self {
            drafts,
            cluster,
            at: BTreeMap::new(),
            from: BTreeMap::new(),
            copies: BTreeMap::new(),
            served: BTreeMap::new(),
        };
        for (index, draft) in drafts.iter().enumerate() {
            if let Some(moved) = moved(draft) {
                moving.from.entry(moved.from).or_default().push(index);
                for end in [moved.from, moved.to] {
                    moving.at.entry(end).or_default().push(index);
                }
            } else if let Action::Failover(failover) = &draft.action
                && draft.phase == Phase::Serve
            {
                moving.served.insert(failover.old, failover.node);
            } else if let Action::Replicate(replicate) = &draft.action
                && draft.phase == Phase::Change
            {
                let copies = moving.copies.entry(replicate.master).or_default();
                copies.push(index);
            }
        }
        (!moving.at.is_empty()).then_some(moving)
    }

    /// Copies or slots come to its shard.
    fn is_joined(&self, owner: NodeId) -> bool {
        let moves = self.at.get(&owner).into_iter().flatten();
        let mut moves = moves.filter_map(|&index| moved(&self.drafts[index]));
        self.copies.contains_key(&owner) || moves.any(|m| m.to == owner)
    }

    /// Adds what the draft waits for, and takes away what a move does not wait for: it builds on
    /// the masters that there are before any other handover.
    pub(super) fn mend(&self, index: usize, before: &mut BTreeSet<usize>) {
        let draft = &self.drafts[index];
        let of = |map: &BTreeMap<NodeId, Vec<usize>>, node: NodeId| {
            map.get(&node).cloned().unwrap_or_default()
        };
        if moved(draft).is_some() {
            let late = |other: &Draft| {
                other.action.kind() == Kind::Failover && other.phase >= Phase::Change
            };
            before.retain(|&other| !late(&self.drafts[other]));
        }
        if draft.phase < Phase::Change {
            return;
        }
        if let Action::Failover(failover) = &draft.action {
            before.extend(of(&self.at, failover.old));
            // Whoever comes to the old master comes while it leads.
            before.extend(of(&self.copies, failover.old));
        } else if let Action::Replicate(replicate) = &draft.action {
            let node = replicate.node;
            before.extend(of(&self.from, node));
            if let Some(leave) = draft.leaves.filter(|l| self.is_joined(l.owner)) {
                before.extend(of(&self.at, leave.owner));
            }
            if let Some(master) = self.cluster.node(node).master() {
                let leader = self.served.get(&master).copied().unwrap_or(master);
                before.extend(of(&self.from, leader));
            }
        }
    }
}
