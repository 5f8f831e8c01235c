//! Slots whose every copy is lost: survivors own them from now on, empty.
//!
//! The dead owner must be forgotten everywhere first, or ADDSLOTS is refused as busy; and who takes
//! the slots must take a new epoch after it, or the owner, restarted with its files and met by
//! anybody, takes them back with all that was written since (both seen on 7.0.15).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::AddSlots;
use crate::action::BumpEpoch;
use crate::action::Counted;
use crate::action::Draft;
use crate::action::Forget;
use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::counts;
use crate::plan::slots::counts::Holder;
use crate::plan::slots::pairs::Pair;
use crate::plan::slots::pick;
use crate::rules::Code;
use crate::rules::Phase;

/// The steps, applied to the cluster.
pub(super) fn give_up(
    at: &mut Counted,
    slots: &SlotSet,
    weight: impl Fn(NodeId) -> u32,
) -> Result<Vec<Draft>, SlotTrouble> {
    let mut given = slots.clone();
    let owners = lost_owners(at)?;
    let mut lost = SlotSet::new();
    owners.values().for_each(|s| lost.union_with(s));
    lost.union_with(&unowned(at)?);
    given.subtract(&lost);
    if !given.is_empty() {
        return Err(held(at, given));
    }
    let mut more = lost.clone();
    more.subtract(slots);
    if !more.is_empty() {
        return Err(SlotTrouble::LostToo { slots: more });
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let lost_by: Vec<NodeId> = owners.keys().copied().collect();
    // Where they were forgotten already, nobody knows what epoch they had.
    let theirs = owners.keys().map(|&id| at.node(id).config_epoch + 1);
    let at_least = theirs.max().unwrap_or_else(|| at.top_epoch());
    for (&owner, loses) in &owners {
        let tell: Arc<[NodeId]> = listing(at, owner).collect();
        let name = at.node(owner).to_string();
        let forget = Forget {
            node: owner,
            tell,
            loses: loses.clone(),
        };
        drafts.push(Draft {
            urgency: 0,
            reason: format!(
                "{name} is dead, and nobody has a copy of slots {loses}: THEIR DATA IS LOST FOR GOOD; \
                 nobody can take them while it is listed"
            ),
            ..draft(forget.into())
        });
    }
    for draft in &drafts {
        draft.action.apply(at);
    }
    let ranges = at.server.has_slot_ranges();
    let shares = shared(at, slots, weight)?;
    let mut takers = Vec::new();
    for (node, slots) in shares {
        let name = at.node(node).to_string();
        let add = AddSlots {
            node,
            slots: slots.clone(),
            ranges,
            lost_by: lost_by.clone(),
        };
        let add = Draft {
            urgency: 1,
            reason: format!("slots {slots} have no owner; {name} has as few as any"),
            ..draft(add.into())
        };
        add.action.apply(at);
        drafts.push(add);
        takers.push(node);
    }
    for node in takers {
        let bump = BumpEpoch { node, at_least };
        let bump = Draft {
            urgency: 2,
            reason: "so that the old owner, if it ever comes back, takes nothing back from it"
                .to_owned(),
            ..draft(bump.into())
        };
        bump.action.apply(at);
        drafts.push(bump);
    }
    Ok(drafts)
}

fn draft(action: crate::action::Action) -> Draft {
    Draft {
        action,
        phase: Phase::Change,
        urgency: 0,
        cures: vec![Code::UncoveredSlots],
        reason: String::new(),
        mib: 0,
        leaves: None,
    }
}

/// Dead owners of slots that nobody has a live copy of. Whoever may be alive keeps its slots.
fn lost_owners(at: &Cluster) -> Result<BTreeMap<NodeId, SlotSet>, SlotTrouble> {
    let mut owners = BTreeMap::new();
    for shard in at.shards() {
        let owner = at.node(shard.owner);
        let copied = shard.replicas.iter().chain(&shard.chained);
        if owner.is_live_member() || copied.copied().any(|r| at.node(r).is_live()) {
            continue;
        }
        if !owner.is_ghost() && (owner.is_only_silent() || owner.is_only_suspected()) {
            return Err(SlotTrouble::OwnerMayLive {
                slots: shard.slots,
                owner: shard.owner,
            });
        }
        owners.insert(shard.owner, shard.slots);
    }
    Ok(owners)
}

/// Slots that nobody owns, dead or alive, where nobody can hold their data: a live replica without
/// a master may.
fn unowned(at: &Cluster) -> Result<SlotSet, SlotTrouble> {
    let mut owned = SlotSet::new();
    at.iter().for_each(|(_, n)| owned.union_with(&n.slots));
    let none = owned.complement();
    let stray = |(_, n): &(NodeId, &Node)| {
        n.is_live_member() && n.is_replica() && n.master().is_none_or(|m| !at.node(m).is_live())
    };
    match at
        .iter()
        .filter(|(id, _)| at.root(*id).is_none())
        .find(stray)
    {
        Some((node, _)) if !none.is_empty() => Err(SlotTrouble::HasCopy { slots: none, node }),
        Some(_) | None => Ok(none),
    }
}

/// Slots that are asked to be given up though somebody holds them.
fn held(at: &Cluster, slots: SlotSet) -> SlotTrouble {
    let shards = at.shards();
    let shard = shards
        .iter()
        .find(|s| !s.slots.intersection(&slots).is_empty());
    let holder = shard.and_then(|s| {
        let copies = [s.owner]
            .into_iter()
            .chain(s.replicas.iter().chain(&s.chained).copied());
        let mut copies = copies.filter(|&id| at.node(id).is_live());
        copies.next()
    });
    match (shard, holder) {
        (Some(shard), Some(node)) => SlotTrouble::HasCopy {
            slots: shard.slots.intersection(&slots),
            node,
        },
        _ => SlotTrouble::LostToo { slots },
    }
}

/// Live members that may list a node.
fn listing(at: &Cluster, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let known_by = &at.node(node).seen.known_by;
    at.iter()
        .filter(move |&(id, n)| {
            id != node && n.is_live_member() && (known_by.contains(id) || !n.seen.has_view)
        })
        .map(|(id, _)| id)
}

/// The slots to the masters with the fewest for their weight.
fn shared(
    at: &Cluster,
    slots: &SlotSet,
    weight: impl Fn(NodeId) -> u32,
) -> Result<Vec<(NodeId, SlotSet)>, SlotTrouble> {
    let owns = |n: &Node| n.is_live_member() && !n.slots.is_empty();
    let masters: Vec<NodeId> = at
        .iter()
        .filter(|(_, n)| owns(n))
        .map(|(id, _)| id)
        .collect();
    // The lost ones as of one that keeps none.
    let mut holders = vec![Holder {
        have: slots.len(),
        least: 0,
        most: 0,
        weight: 1,
        bytes: 0,
    }];
    holders.extend(masters.iter().map(|&id| Holder {
        have: at.node(id).slots.len(),
        least: at.node(id).slots.len(),
        most: u32::from(crate::model::SLOT_COUNT),
        weight: weight(id),
        bytes: 0,
    }));
    let finals = counts::finals(&holders).map_err(|_| SlotTrouble::NoRoom)?;
    let come = holders.iter().zip(&finals).enumerate().skip(1);
    let pairs: Vec<Pair> = come
        .filter(|(_, (h, f))| *f > &h.have)
        .map(|(to, (h, f))| Pair {
            from: 0,
            to,
            slots: f - h.have,
        })
        .collect();
    let mut owned = vec![slots.clone()];
    owned.extend(masters.iter().map(|&id| at.node(id).slots.clone()));
    let transfers = pick::pick(&owned, &pairs).into_iter();
    Ok(transfers.map(|t| (masters[t.to - 1], t.slots)).collect())
}
