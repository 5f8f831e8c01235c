//! Who owns each slot.

use std::collections::BTreeMap;

use crate::inventory::Conflict;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::parse::Flags;

/// A claim of slots: who, since which epoch, and whether the node says so itself.
pub(super) struct Claim<'a> {
    owner: NodeId,
    epoch: u64,
    own: bool,
    ranges: &'a [(u16, u16)],
}

/// What a running node does not claim in its own view it does not own, whatever others say:
/// unless some of what it says could not be read, or they know a later config epoch of it than
/// it shows itself. Epochs only rise, so then its own view is the older one.
pub(super) fn claims<'a>(
    gathered: &'a Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    for (owner, of) in index.of_each(seen) {
        if of.own.is_some() {
            if let Some(fact) = of
                .own_fact(gathered)
                .filter(|f| !f.flags.has(Flags::REPLICA))
            {
                claims.push(Claim {
                    owner,
                    epoch: fact.config_epoch,
                    own: true,
                    ranges: &fact.slots,
                });
            }
            let own = of.own.map(|view| &gathered.views[view]);
            // Who says of itself that it is a replica owns nothing, however late others hear of it.
            let says_replica = of.own_fact(gathered);
            let says_replica = says_replica.is_some_and(|f| f.flags.has(Flags::REPLICA));
            if says_replica || own.is_some_and(|view| !view.garbled && !view.incomplete) {
                claims.extend(of.overtaking(gathered).map(|fact| Claim {
                    owner,
                    epoch: fact.config_epoch,
                    own: false,
                    ranges: &fact.slots,
                }));
                continue;
            }
        }
        let facts = of.facts.keys().map(|&f| &gathered.facts[f as usize]);
        for fact in facts
            .chain(of.own_fact(gathered))
            .filter(|f| !f.flags.has(Flags::REPLICA))
        {
            claims.push(Claim {
                owner,
                epoch: fact.config_epoch,
                own: false,
                ranges: &fact.slots,
            });
        }
    }
    claims.retain(|c| !c.ranges.is_empty());
    claims.sort_by_key(|c| c.owner);
    claims
}

/// Every slot goes to the highest epoch that claims it (`clusterUpdateSlotsConfigWith`).
pub(super) fn settle_slots(claims: &[Claim], cluster: &mut Cluster) -> Vec<Conflict> {
    let mut best: Vec<Option<(u64, NodeId)>> = vec![None; usize::from(SLOT_COUNT)];
    let mut rivals: BTreeMap<(Vec<NodeId>, bool), SlotSet> = BTreeMap::new();
    let mut own_claims: Vec<Vec<NodeId>> = vec![Vec::new(); usize::from(SLOT_COUNT)];
    let mut ties: Vec<Vec<NodeId>> = vec![Vec::new(); usize::from(SLOT_COUNT)];
    for claim in claims {
        let slots = claim
            .ranges
            .iter()
            .flat_map(|&(a, b)| a..=b.min(SLOT_COUNT - 1));
        for slot in slots.map(usize::from) {
            if claim.own && !own_claims[slot].contains(&claim.owner) {
                own_claims[slot].push(claim.owner);
            }
            match best[slot] {
                Some((epoch, owner)) if claim.epoch == epoch && owner != claim.owner => {
                    ties[slot].push(claim.owner);
                }
                Some((epoch, _)) if claim.epoch <= epoch => {}
                _ => {
                    best[slot] = Some((claim.epoch, claim.owner));
                    ties[slot].clear();
                }
            }
        }
    }
    for slot in 0..SLOT_COUNT {
        let at = usize::from(slot);
        let Some((_, owner)) = best[at] else { continue };
        cluster.node_mut(owner).slots.insert(slot);
        if own_claims[at].len() > 1 {
            for &claimant in &own_claims[at] {
                cluster.node_mut(claimant).seen.contested.insert(slot);
            }
            rivals
                .entry((own_claims[at].clone(), true))
                .or_default()
                .insert(slot);
        } else if !ties[at].is_empty() {
            let mut all = ties[at].clone();
            all.push(owner);
            all.sort_unstable();
            all.dedup();
            rivals.entry((all, false)).or_default().insert(slot);
        }
    }
    rivals
        .into_iter()
        .map(|((claimants, own_claims), slots)| Conflict {
            slots,
            claimants,
            own_claims,
        })
        .collect()
}
