//! From what is asked about slots to the steps, and the cluster that they lead to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Counted;
use crate::action::Draft;
use crate::action::Kind;
use crate::action::Meet;
use crate::action::MigrateSlots;
use crate::action::Way;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Server;
use crate::model::SlotSet;
use crate::plan::goal::Demands;
use crate::plan::moving;
use crate::plan::slots::Basis;
use crate::plan::slots::SlotGoals;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::give_up::give_up;
use crate::plan::slots::weigh::Weights;
use crate::policy::Policy;
use crate::rules::Code;
use crate::rules::Phase;

/// Everybody has met before anybody copies: who is not known yet is waited for once.
const AFTER_MEETS: u8 = 2;

/// Fewer masters elect nobody once one of them is lost.
pub(super) const MASTERS_MIN: usize = 3;

/// What is decided about slots.
#[derive(Clone, Debug)]
pub struct Reshaped {
    /// Once all of it is done.
    pub cluster: Cluster,
    pub drafts: Vec<Draft>,
    pub tally: Tally,
    /// Who follows another master once the slots have moved.
    pub displaced: BTreeSet<NodeId>,
    /// Who is to copy whom in a new cluster, as the home map says.
    pub pairs: BTreeMap<NodeId, NodeId>,
    /// Who was to leave and is out already: it is not taken in again.
    pub out: BTreeSet<NodeId>,
    /// Masters that were named as such, and are by name who they were asked to be.
    pub named: BTreeSet<NodeId>,
    /// Who was named to own no slot.
    pub emptied: BTreeSet<NodeId>,
    /// The cluster is new: everything about it is what was asked for.
    pub created: bool,
}

impl Reshaped {
    /// What is asked of the decision about copies.
    pub fn ask(&self, demands: &mut Demands) {
        let pairs = self.pairs.iter();
        let joining = pairs.map(|(&node, &master)| (node, (master, "the home map".to_owned())));
        demands.joining.extend(joining);
        demands.part_with(self.out.iter().copied(), "it is to leave");
        let stay = self.named.iter().filter(|id| !demands.must_follow(**id));
        let stay: Vec<NodeId> = stay.copied().collect();
        demands.staying.extend(stay);
        // Who is to own no slot gets none by a handover either.
        let gives = |id: NodeId| {
            let gives =
                |d: &Draft| d.action.subject() == id && d.action.kind() == Kind::MigrateSlots;
            self.drafts.iter().any(gives)
        };
        let emptied = self.displaced.iter().filter(|id| gives(**id));
        let emptied = emptied.chain(&self.emptied);
        let emptied = emptied.filter(|id| self.cluster.node(**id).is_live_member());
        let emptied = emptied.map(|&id| (id, "it is to own no slot".to_owned()));
        demands.following.extend(emptied);
    }

    /// Adds the steps to those that follow from the decision about copies and roles: who gives, gets
    /// or changes its master with the slots is handed over or given another master only after that.
    pub fn join(&self, drafts: &mut Vec<Draft>) {
        moving::put_behind(drafts, &self.drafts, &self.displaced);
        if self.created {
            for draft in drafts.iter_mut() {
                draft.phase = Phase::Change;
                draft.urgency = AFTER_MEETS;
            }
        }
        drafts.extend(self.drafts.iter().cloned());
    }
}

/// What it comes to, and how few it could be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Slots that move, and the fewest that any plan moves.
    pub moved: u32,
    pub moved_bound: u32,
    /// Pairs of a giver and a taker, and the fewest.
    pub pairs: usize,
    pub pairs_bound: usize,
    /// MiB that move, as far as the capture tells.
    pub mib: u64,
    /// Where a share is one of keys or bytes: those that move, and the fewest that any plan moves.
    pub load: Option<(Basis, u64, u64)>,
    /// Slots that are given up.
    pub given_up: SlotSet,
    /// Masters before or after, with their slots before and after.
    pub masters: Vec<(NodeId, u32, u32)>,
}

/// Decides it; nothing where nothing is asked.
pub fn reshape(
    served: &Cluster,
    policy: &Policy,
    goals: &SlotGoals,
) -> Result<Option<Reshaped>, SlotTrouble> {
    if goals.is_empty() {
        return Ok(None);
    }
    let mut shaper = Shaper {
        at: Counted::new(served.clone()),
        policy,
        goals,
        drafts: Vec::new(),
        tally: Tally::default(),
        displaced: BTreeSet::new(),
        pairs: BTreeMap::new(),
        named: BTreeSet::new(),
        emptied: BTreeSet::new(),
        memory: Weights::of(served, Basis::Memory),
        bytes: 0,
    };
    let out = shaper.out()?;
    shaper.run()?;
    shaper.fits(served)?;
    let Shaper {
        at,
        drafts,
        tally,
        displaced,
        pairs,
        named,
        emptied,
        bytes,
        ..
    } = shaper;
    let cluster = at.into_cluster();
    let mut tally = tally;
    tally.mib = bytes >> 20;
    let owners = |c: &Cluster, id: NodeId| match c.node(id).is_live_member() {
        true => c.node(id).slots.len(),
        false => 0,
    };
    let ids = (0..served.nodes.len() as u32).map(NodeId);
    let counts = ids.map(|id| (id, owners(served, id), owners(&cluster, id)));
    tally.masters = counts
        .filter(|&(_, before, after)| before + after > 0)
        .collect();
    Ok(Some(Reshaped {
        cluster,
        drafts,
        tally,
        displaced,
        pairs,
        out,
        named,
        emptied,
        created: goals.create.is_some(),
    }))
}

/// A cluster in the making, and the steps to it; what is asked for stands in files of its own.
pub(super) struct Shaper<'a> {
    pub(super) at: Counted,
    pub(super) policy: &'a Policy,
    pub(super) goals: &'a SlotGoals,
    pub(super) drafts: Vec<Draft>,
    pub(super) tally: Tally,
    pub(super) displaced: BTreeSet<NodeId>,
    pub(super) pairs: BTreeMap<NodeId, NodeId>,
    pub(super) named: BTreeSet<NodeId>,
    pub(super) emptied: BTreeSet<NodeId>,
    /// What slots weigh in bytes, wherever they are.
    pub(super) memory: Weights,
    /// Of all slots that move.
    bytes: u64,
}

impl Shaper<'_> {
    fn run(&mut self) -> Result<(), SlotTrouble> {
        let goals = self.goals;
        if let Some(create) = goals.create {
            self.create(create)?;
        }
        if let Some(slots) = &goals.give_up {
            let weights: BTreeMap<NodeId, u32> = self.weights()?;
            let weight = |id: NodeId| weights.get(&id).copied().unwrap_or(1);
            let drafts = give_up(&mut self.at, slots, weight)?;
            self.drafts.extend(drafts);
            self.tally.given_up = slots.clone();
        }
        if !goals.moves_any() {
            return Ok(());
        }
        self.admit()?;
        for asked in &goals.moves {
            self.move_some(asked)?;
        }
        if goals.balance.is_some()
            || goals.shards.is_some()
            || !goals.join.is_empty()
            || !goals.empty.is_empty()
            || !goals.leave.is_empty()
        {
            self.share()?;
        }
        self.say_goodbye()
    }

    /// The cluster is in a state in which slots may move.
    pub(super) fn admit(&self) -> Result<(), SlotTrouble> {
        let uncovered = self.at.uncovered();
        if !uncovered.is_empty() {
            return Err(SlotTrouble::Uncovered { slots: uncovered });
        }
        if !self.at.has_majority() {
            return Err(SlotTrouble::NoMajority);
        }
        let mut open = SlotSet::new();
        let live = self.at.iter().filter(|(_, n)| n.is_live());
        live.for_each(|(_, n)| n.open_slots.iter().for_each(|o| open.insert(o.slot)));
        match open.is_empty() {
            true => Ok(()),
            false => Err(SlotTrouble::Open { slots: open }),
        }
    }

    pub(super) fn find(
        &self,
        option: &'static str,
        address: &Address,
    ) -> Result<NodeId, SlotTrouble> {
        let there = self.at.at(address).find(|&id| self.at.node(id).is_live());
        there.ok_or_else(|| SlotTrouble::Nobody {
            option,
            address: address.to_string(),
        })
    }

    pub(super) fn weights(&self) -> Result<BTreeMap<NodeId, u32>, SlotTrouble> {
        let weights = self.goals.weights.iter();
        // Of a replica: its shard's, as who was named may have handed over.
        weights
            .map(|(at, &weight)| {
                let named = self.find("--weight", at)?;
                Ok((self.at.root(named).unwrap_or(named), weight))
            })
            .collect()
    }

    pub(super) fn owners(&self) -> Vec<NodeId> {
        let owns = |n: &Node| n.is_live_member() && !n.slots.is_empty();
        let owners = self.at.iter().filter(|(_, n)| owns(n));
        owners.map(|(id, _)| id).collect()
    }

    /// A node that may get slots: a master that owns some, or one without any key.
    pub(super) fn comer(
        &self,
        option: &'static str,
        address: &Address,
    ) -> Result<NodeId, SlotTrouble> {
        let id = self.find(option, address)?;
        let node = self.at.node(id);
        if node.is_replica() {
            return Err(SlotTrouble::IsReplica { node: id });
        }
        if let (Some(keys @ 1..), true) = (node.keys, node.slots.is_empty()) {
            return Err(SlotTrouble::HoldsKeys { node: id, keys });
        }
        Ok(id)
    }

    pub(super) fn meet(&mut self, node: NodeId) {
        if self.at.node(node).membership != Membership::Unmet {
            return;
        }
        let Some(&via) = self.owners().first() else {
            return;
        };
        let reason = format!(
            "{} runs blank and nobody lists it; {} introduces it",
            self.at.node(node),
            self.at.node(via)
        );
        // Its replica may come before its slots.
        self.push(
            Meet { via, node }.into(),
            Phase::Protect,
            vec![Code::UnmetNode],
            reason,
        );
    }

    pub(super) fn push(
        &mut self,
        action: crate::action::Action,
        phase: Phase,
        cures: Vec<Code>,
        reason: String,
    ) {
        action.apply(&mut self.at);
        self.drafts.push(Draft {
            action,
            phase,
            urgency: 0,
            cures,
            reason,
            mib: 0,
            leaves: None,
        });
    }

    pub(super) fn migrate(&mut self, from: NodeId, to: NodeId, slots: SlotSet, reason: String) {
        let way = self.way();
        let bytes = self.memory.all(&slots).unwrap_or(0);
        self.bytes += bytes;
        if self.at.node(from).slots == slots {
            self.displaced.insert(from);
            let followers = self.at.followers(from);
            self.displaced.extend(followers);
        }
        let seen_by = self.everyone();
        let action = MigrateSlots {
            from,
            to,
            slots,
            way,
            bytes,
            seen_by,
        };
        self.push(action.into(), Phase::Change, Vec::new(), reason);
    }

    /// By the servers themselves where each of them can.
    fn way(&self) -> Way {
        let all = |can: fn(&Server) -> bool| {
            let live = self.at.iter().filter(|(_, n)| n.is_live());
            let mut told = live.filter_map(|(_, n)| n.runs.as_ref());
            can(&self.at.server) && told.all(can)
        };
        if all(Server::moves_slots_itself) {
            Way::Whole
        } else if all(Server::imports_slots_itself) {
            Way::Import
        } else {
            Way::Keys
        }
    }

    /// Live members, named once for all moves.
    pub(super) fn everyone(&mut self) -> Arc<[NodeId]> {
        for draft in &self.drafts {
            if let crate::action::Action::MigrateSlots(earlier) = &draft.action {
                return earlier.seen_by.clone();
            }
        }
        self.owners().into()
    }
}

#[cfg(test)]
mod tests;
