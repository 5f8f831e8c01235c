//! Everybody gets a share: who joins, who gives all away, and who has too many.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::HostId;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::counts;
use crate::plan::slots::counts::Holder;
use crate::plan::slots::goal::Basis;
use crate::plan::slots::loads;
use crate::plan::slots::loads::Laden;
use crate::plan::slots::loads::Within;
use crate::plan::slots::pairs;
use crate::plan::slots::pick;
use crate::plan::slots::pick::Transfer;
use crate::plan::slots::reshape::MASTERS_MIN;
use crate::plan::slots::reshape::Shaper;
use crate::plan::slots::weigh::Weights;

impl Shaper<'_> {
    /// Everybody gets a share.
    pub(super) fn share(&mut self) -> Result<(), SlotTrouble> {
        let goals = self.goals;
        let mut joining: BTreeSet<NodeId> = BTreeSet::new();
        for address in &goals.join {
            // Who owns some already goes on to its share: a move was cut off.
            joining.insert(self.comer("--join", address)?);
        }
        self.named.extend(&joining);
        let owners = self.owners();
        let mut leaving: BTreeSet<NodeId> = BTreeSet::new();
        for address in &goals.empty {
            // Who owns none by now is as it was asked to be: a script may have got there.
            let id = self.find("--empty", address)?;
            leaving.extend(owners.contains(&id).then_some(id));
            self.emptied.insert(id);
        }
        let gone = self.leavers()?;
        leaving.extend(gone.iter().filter(|id| owners.contains(id)));
        if let Some(id) = joining
            .intersection(&leaving)
            .chain(joining.intersection(&gone))
            .next()
        {
            return Err(SlotTrouble::Both { node: *id });
        }
        if let Some(wanted) = goals.shards {
            self.reach(wanted, &owners, &mut joining, &mut leaving)?;
        }
        let comers = joining.iter().filter(|id| !owners.contains(id));
        let masters: Vec<NodeId> = owners.iter().chain(comers).copied().collect();
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
                } else if joining.contains(&id) && goals.balance.is_none() {
                    (down, have.max(up))
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
        let have: Vec<u32> = holders.iter().map(|h| h.have).collect();
        let by = goals.balance.map_or(Basis::Slots, |b| b.by);
        let owned: Vec<SlotSet> = masters
            .iter()
            .map(|&id| self.at.node(id).slots.clone())
            .collect();
        let (transfers, fewest, fewest_pairs) = match by {
            Basis::Slots => {
                let finals = counts::finals(&holders).map_err(|_| SlotTrouble::NoRoom)?;
                let pairs = pairs::pairs(&have, &finals);
                (
                    pick::pick(&owned, &pairs),
                    counts::fewest(&holders),
                    counts::fewest_pairs(&holders),
                )
            }
            Basis::Keys | Basis::Memory => {
                let weights = Weights::of(&self.at, by);
                let laden = laden(&masters, &owned, &each, &weights, by)?;
                let within = Within {
                    percent: goals.balance.map_or(0, |b| b.within),
                    load: weights.noise(),
                };
                let shifted = loads::shift(&laden, &weights, within);
                self.tally.load = Some((by, shifted.load, shifted.load_bound));
                (shifted.transfers, shifted.fewest, shifted.pairs)
            }
        };
        let mut finals = have.clone();
        for transfer in &transfers {
            finals[transfer.from] -= transfer.slots.len();
            finals[transfer.to] += transfer.slots.len();
        }
        self.tally.moved += transfers.iter().map(|t| t.slots.len()).sum::<u32>();
        self.tally.moved_bound += fewest;
        self.tally.pairs += transfers.len();
        self.tally.pairs_bound += fewest_pairs;
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
        // Who was to join may own slots by now.
        let owners: BTreeSet<NodeId> = owners.iter().copied().collect();
        let comers = joining.difference(&owners).count();
        let mut now = owners.len() + comers - leaving.len();
        let mut beside: BTreeMap<Option<HostId>, usize> = BTreeMap::new();
        for id in owners.union(joining) {
            *beside.entry(host(*id)).or_default() += usize::from(!leaving.contains(id));
        }
        let masters_at = |beside: &BTreeMap<Option<HostId>, usize>, id: NodeId| {
            beside.get(&host(id)).copied().unwrap_or(0)
        };
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
        let mut free: BTreeSet<NodeId> = free.map(|(id, _)| id).collect();
        while now < wanted {
            let next = free.iter().copied();
            let Some(next) = next.min_by_key(|&id| (masters_at(&beside, id), id)) else {
                let lacking = wanted - now;
                return Err(SlotTrouble::TooFewSpares { lacking });
            };
            free.remove(&next);
            joining.insert(next);
            *beside.entry(host(next)).or_default() += 1;
            now += 1;
        }
        while now > wanted {
            let stay = owners.union(joining);
            let stay = stay.filter(|id| !leaving.contains(id)).copied();
            let last = stay.min_by_key(|&id| {
                let few = self.at.node(id).slots.len();
                let beside = masters_at(&beside, id);
                (std::cmp::Reverse(beside), few, std::cmp::Reverse(id))
            });
            let Some(last) = last else { break };
            leaving.insert(last);
            *beside.entry(host(last)).or_default() -= 1;
            now -= 1;
        }
        Ok(())
    }
}

/// What the masters hold, by what is to be shared.
fn laden(
    masters: &[NodeId],
    owned: &[SlotSet],
    each: &[u32],
    weights: &Weights,
    by: Basis,
) -> Result<Vec<Laden>, SlotTrouble> {
    let what = match by {
        Basis::Slots => "slots",
        Basis::Keys => "keys",
        Basis::Memory => "used memory",
    };
    let all = masters.iter().zip(owned).zip(each);
    let laden = all.map(|((&node, slots), &weight)| match weights.all(slots) {
        None => Err(SlotTrouble::NotTold { what, node }),
        Some(_) => Ok(Laden {
            slots: slots.clone(),
            weight,
        }),
    });
    laden.collect()
}
