//! From what is asked about slots to the steps, and the cluster that they lead to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Counted;
use crate::action::Draft;
use crate::action::Forget;
use crate::action::Kind;
use crate::action::Meet;
use crate::action::MigrateSlots;
use crate::action::Reset;
use crate::action::Way;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Domains;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::slots::SlotGoals;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::counts;
use crate::plan::slots::counts::Holder;
use crate::plan::slots::give_up::give_up;
use crate::plan::slots::goal::Some as SomeSlots;
use crate::plan::slots::pairs;
use crate::plan::slots::pairs::Pair;
use crate::plan::slots::pick;
use crate::plan::slots::pick::Transfer;
use crate::rules::Code;
use crate::rules::Phase;

/// Fewer masters elect nobody once one of them is lost.
const MASTERS_MIN: usize = 3;

/// What is decided about slots.
#[derive(Clone, Debug)]
pub struct Reshaped {
    /// Once all of it is done.
    pub cluster: Cluster,
    pub drafts: Vec<Draft>,
    pub tally: Tally,
    /// Who follows another master once the slots have moved.
    pub displaced: BTreeSet<NodeId>,
}

impl Reshaped {
    /// Adds the steps to those that follow from the decision about copies and roles: who changes its
    /// master with the slots is given another one only after that.
    pub fn join(&self, drafts: &mut Vec<Draft>) {
        for draft in drafts.iter_mut() {
            let follows = draft.action.kind() == Kind::Replicate;
            if follows && self.displaced.contains(&draft.action.subject()) {
                draft.phase = draft.phase.max(Phase::Spread);
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
    /// Slots that are given up.
    pub given_up: SlotSet,
    /// Masters before or after, with their slots before and after.
    pub masters: Vec<(NodeId, u32, u32)>,
}

/// Decides it; nothing where nothing is asked.
pub fn reshape(served: &Cluster, goals: &SlotGoals) -> Result<Option<Reshaped>, SlotTrouble> {
    if goals.is_empty() {
        return Ok(None);
    }
    let mut shaper = Shaper {
        at: Counted::new(served.clone()),
        goals,
        drafts: Vec::new(),
        tally: Tally::default(),
        displaced: BTreeSet::new(),
    };
    shaper.run()?;
    let Shaper {
        at,
        drafts,
        tally,
        displaced,
        ..
    } = shaper;
    let cluster = at.into_cluster();
    let mut tally = tally;
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
    }))
}

struct Shaper<'a> {
    at: Counted,
    goals: &'a SlotGoals,
    drafts: Vec<Draft>,
    tally: Tally,
    displaced: BTreeSet<NodeId>,
}

impl Shaper<'_> {
    fn run(&mut self) -> Result<(), SlotTrouble> {
        let goals = self.goals;
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
    fn admit(&self) -> Result<(), SlotTrouble> {
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

    fn find(&self, option: &'static str, address: &Address) -> Result<NodeId, SlotTrouble> {
        let there = self.at.at(address).find(|&id| self.at.node(id).is_live());
        there.ok_or_else(|| SlotTrouble::Nobody {
            option,
            address: address.to_string(),
        })
    }

    fn weights(&self) -> Result<BTreeMap<NodeId, u32>, SlotTrouble> {
        let weights = self.goals.weights.iter();
        weights
            .map(|(at, &weight)| Ok((self.find("--weight", at)?, weight)))
            .collect()
    }

    fn owners(&self) -> Vec<NodeId> {
        let owns = |n: &Node| n.is_live_member() && !n.slots.is_empty();
        let owners = self.at.iter().filter(|(_, n)| owns(n));
        owners.map(|(id, _)| id).collect()
    }

    fn move_some(&mut self, asked: &crate::plan::slots::MoveSlots) -> Result<(), SlotTrouble> {
        let from = self.find("--from", &asked.from)?;
        let to = self.comer("--to", &asked.to)?;
        if !self.owners().contains(&from) {
            return Err(SlotTrouble::NoMaster {
                option: "--from",
                node: from,
            });
        }
        if from == to {
            return Err(SlotTrouble::Both { node: to });
        }
        self.meet(to);
        let owned = self.at.node(from).slots.clone();
        let slots = match &asked.slots {
            SomeSlots::These(slots) => slots.clone(),
            SomeSlots::Count(count) if *count > owned.len() || *count == 0 => {
                return Err(SlotTrouble::NoRoom);
            }
            SomeSlots::Count(count) => {
                let pair = Pair {
                    from: 0,
                    to: 1,
                    slots: *count,
                };
                let both = [owned.clone(), self.at.node(to).slots.clone()];
                let picked = pick::pick(&both, &[pair]).pop();
                picked.map(|t| t.slots).unwrap_or_default()
            }
        };
        let mut lacking = slots.clone();
        lacking.subtract(&owned);
        if !lacking.is_empty() {
            return Err(SlotTrouble::NotOwned {
                node: from,
                slots: lacking,
            });
        }
        if slots == owned
            && self.owners().len() - 1 + usize::from(self.at.node(to).slots.is_empty())
                < MASTERS_MIN
        {
            let masters = self.owners().len() - 1;
            return Err(SlotTrouble::TooFew { masters });
        }
        self.tally.moved += slots.len();
        self.tally.moved_bound += slots.len();
        self.tally.pairs += 1;
        self.tally.pairs_bound += 1;
        self.migrate(from, to, slots, "as asked".to_owned());
        Ok(())
    }

    /// Live members that are to leave the cluster, in node order.
    fn leavers(&self) -> Result<BTreeSet<NodeId>, SlotTrouble> {
        let domains = Domains::of(&self.at);
        let mut leavers = BTreeSet::new();
        for domain in &self.goals.leave {
            let nodes = domains.nodes_in(domain);
            let nodes = nodes.map_err(|e| SlotTrouble::NoDomain(e.to_string()))?;
            leavers.extend(
                nodes
                    .into_iter()
                    .filter(|&id| self.at.node(id).is_live_member()),
            );
        }
        Ok(leavers)
    }

    /// Who leaves is reset and then forgotten: the other way round it would come back, as it lives and
    /// knows the others.
    fn say_goodbye(&mut self) -> Result<(), SlotTrouble> {
        let leavers = self.leavers()?;
        for &node in &leavers {
            let master = self.at.root(node).filter(|root| !leavers.contains(root));
            let reset = Reset {
                node,
                after: master.into_iter().collect(),
            };
            let name = self.at.node(node).to_string();
            let reason = format!("{name} leaves, and would come back if it still knew anybody");
            self.push(reset.into(), Phase::Change, Vec::new(), reason);
        }
        let stay: Arc<[NodeId]> = {
            let live = self.at.iter().filter(|(_, n)| n.is_live_member());
            live.map(|(id, _)| id).collect()
        };
        for &node in &leavers {
            let forget = Forget {
                node,
                tell: stay.clone(),
                loses: SlotSet::new(),
            };
            let reason = "it left, and its old id is nobody's any more".to_owned();
            self.push(forget.into(), Phase::Tidy, Vec::new(), reason);
        }
        Ok(())
    }

    /// A node that may get slots: a master that owns some, or one without any key.
    fn comer(&self, option: &'static str, address: &Address) -> Result<NodeId, SlotTrouble> {
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

    fn meet(&mut self, node: NodeId) {
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

    fn push(
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

    fn migrate(&mut self, from: NodeId, to: NodeId, slots: SlotSet, reason: String) {
        let way = match self.at.server.moves_slots_itself() {
            true => Way::Whole,
            false => Way::Keys,
        };
        let mib = self.mib(from, slots.len());
        self.tally.mib += u64::from(mib);
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
            mib,
            seen_by,
        };
        self.push(action.into(), Phase::Change, Vec::new(), reason);
    }

    /// Live members, named once for all moves.
    fn everyone(&mut self) -> Arc<[NodeId]> {
        for draft in &self.drafts {
            if let crate::action::Action::MigrateSlots(earlier) = &draft.action {
                return earlier.seen_by.clone();
            }
        }
        self.owners().into()
    }

    /// MiB of so many slots of the node, by its memory.
    fn mib(&self, node: NodeId, slots: u32) -> u32 {
        let (all, memory) = (
            self.at.node(node).slots.len(),
            self.at.node(node).used_memory,
        );
        let bytes = u128::from(memory.unwrap_or(0)) * u128::from(slots) / u128::from(all.max(1));
        u32::try_from(bytes >> 20).unwrap_or(u32::MAX)
    }

    /// Everybody gets a share.
    fn share(&mut self) -> Result<(), SlotTrouble> {
        let goals = self.goals;
        let mut joining: BTreeSet<NodeId> = BTreeSet::new();
        for address in &goals.join {
            let id = self.comer("--join", address)?;
            if !self.at.node(id).slots.is_empty() {
                return Err(SlotTrouble::OwnsSlots { node: id });
            }
            joining.insert(id);
        }
        let owners = self.owners();
        let mut leaving: BTreeSet<NodeId> = BTreeSet::new();
        for address in &goals.empty {
            let id = self.find("--empty", address)?;
            if !owners.contains(&id) {
                return Err(SlotTrouble::NoMaster {
                    option: "--empty",
                    node: id,
                });
            }
            leaving.insert(id);
        }
        let gone = self.leavers()?;
        leaving.extend(gone.iter().filter(|id| owners.contains(id)));
        if let Some(id) = joining.intersection(&gone).next() {
            return Err(SlotTrouble::Both { node: *id });
        }
        if let Some(wanted) = goals.shards {
            self.reach(wanted, &owners, &mut joining, &mut leaving)?;
        }
        let masters: Vec<NodeId> = owners.iter().chain(&joining).copied().collect();
        let left = masters.len() - leaving.len();
        if left < MASTERS_MIN && left < owners.len() {
            return Err(SlotTrouble::TooFew { masters: left });
        }
        if !leaving.is_empty() && !self.at.settings.allow_replica_migration {
            let of = |id: &&NodeId| !self.at.followers(**id).is_empty();
            if let Some(&node) = leaving.iter().find(of) {
                return Err(SlotTrouble::ReplicasStay { node });
            }
        }
        joining.iter().for_each(|&id| self.meet(id));
        let weights = self.weights()?;
        let weight = |id: NodeId| match leaving.contains(&id) {
            true => 0,
            false => weights.get(&id).copied().unwrap_or(1),
        };
        let each: Vec<u32> = masters.iter().map(|&id| weight(id)).collect();
        let total: u32 = owners.iter().map(|&id| self.at.node(id).slots.len()).sum();
        let shares = counts::shares(total, &each);
        let holders = masters.iter().zip(&each).zip(&shares);
        let holders: Vec<Holder> = holders
            .map(|((&id, &weight), &(down, up))| {
                let have = self.at.node(id).slots.len();
                let (least, most) = if leaving.contains(&id) {
                    (0, 0)
                } else if joining.contains(&id) {
                    (down, up)
                } else if let Some(balance) = goals.balance {
                    // At the limit is within it.
                    let off = u64::from(down) * u64::from(balance.within) / 100;
                    (
                        down.saturating_sub(off as u32),
                        up.saturating_add(off as u32),
                    )
                } else {
                    (have.min(down), have.max(up))
                };
                let memory = self.at.node(id).used_memory.unwrap_or(0);
                Holder {
                    have,
                    least,
                    most,
                    weight,
                    bytes: memory / u64::from(have.max(1)),
                }
            })
            .collect();
        let finals = counts::finals(&holders).map_err(|_| SlotTrouble::NoRoom)?;
        let have: Vec<u32> = holders.iter().map(|h| h.have).collect();
        let pairs = pairs::pairs(&have, &finals);
        let owned: Vec<SlotSet> = masters
            .iter()
            .map(|&id| self.at.node(id).slots.clone())
            .collect();
        let transfers = pick::pick(&owned, &pairs);
        self.tally.moved += transfers.iter().map(|t| t.slots.len()).sum::<u32>();
        self.tally.moved_bound += counts::fewest(&holders);
        self.tally.pairs += transfers.len();
        self.tally.pairs_bound += counts::fewest_pairs(&holders);
        for Transfer { from, to, slots } in transfers {
            let (giver, taker) = (masters[from], masters[to]);
            let reason = if leaving.contains(&giver) {
                format!(
                    "{} is to own no slot; {} has {} of {}",
                    self.at.node(giver),
                    self.at.node(taker),
                    have[to],
                    finals[to]
                )
            } else {
                format!(
                    "{} has {} slots and its share is {}; {} has {}",
                    self.at.node(giver),
                    have[from],
                    finals[from],
                    self.at.node(taker),
                    have[to]
                )
            };
            self.migrate(giver, taker, slots, reason);
        }
        Ok(())
    }

    /// Who joins or gives its slots away for so many masters: comers on the hosts with the fewest
    /// masters, goers with the fewest slots on the hosts with the most.
    fn reach(
        &self,
        wanted: usize,
        owners: &[NodeId],
        joining: &mut BTreeSet<NodeId>,
        leaving: &mut BTreeSet<NodeId>,
    ) -> Result<(), SlotTrouble> {
        if wanted < MASTERS_MIN {
            return Err(SlotTrouble::TooFew { masters: wanted });
        }
        let host = |id: NodeId| self.at.node(id).host;
        loop {
            let now = owners.len() + joining.len() - leaving.len();
            let stay = || {
                let stay = owners.iter().chain(joining.iter());
                stay.filter(|id| !leaving.contains(id))
            };
            let beside = |id: NodeId| stay().filter(|&&m| host(m) == host(id)).count();
            if now == wanted {
                return Ok(());
            }
            if now < wanted {
                let free = self.at.iter().filter(|(id, n)| {
                    n.is_live()
                        && n.is_master()
                        && n.slots.is_empty()
                        && n.keys.unwrap_or(0) == 0
                        && n.address.is_some()
                        && n.seen.contested.is_empty()
                        && matches!(n.membership, Membership::Member | Membership::Unmet)
                        && !joining.contains(id)
                });
                let next = free.map(|(id, _)| id).min_by_key(|&id| (beside(id), id));
                let Some(next) = next else {
                    let lacking = wanted - now;
                    return Err(SlotTrouble::TooFewSpares { lacking });
                };
                joining.insert(next);
            } else {
                let last = stay().copied().min_by_key(|&id| {
                    let few = self.at.node(id).slots.len();
                    (std::cmp::Reverse(beside(id)), few, std::cmp::Reverse(id))
                });
                leaving.extend(last);
            }
        }
    }
}
