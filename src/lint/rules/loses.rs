//! ## What
//! The command would lose data or slots: a slot owner is forgotten before a copy of it was promoted, slots are
//! given away that an old owner may claim again, a live master is overruled, the last copy is emptied.
//!
//! ## Why
//! Servers accept all of it, and none of it can be taken back.
//!
//! ## Do
//! Promote first, add `cluster bumpepoch` behind `cluster addslots`, leave out `force` and `takeover` while the
//! master lives.
use crate::action::Counted;
use crate::lint::rules::prelude::*;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::SlotSet;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::Loses,
    id: "loses",
    severity: Severity::Error,
    check,
    at_end,
    page: include_str!("loses.rs"),
};

fn check(tried: &Tried, _: &History) -> Option<String> {
    if tried.refusal.is_some() {
        return None;
    }
    let at = tried.at;
    let node = |id| at.node(id);
    match tried.order {
        Order::Forget {
            node: Some(target), ..
        } => {
            let ghost = node(*target);
            let copy = at
                .iter()
                .find(|(_, n)| n.is_live() && n.master() == Some(*target));
            let copy = copy.filter(|_| !ghost.slots.is_empty());
            copy.map(|(_, copy)| {
                let slots = &ghost.slots;
                format!("{ghost} still owns slots {slots}, and {copy} has a copy: promote it first")
            })
        }
        Order::Forget { node: None, .. } => None,
        Order::Failover {
            node: id,
            mode,
            by_tool,
        } => {
            let master = node(*id).master()?;
            match mode {
                Mode::Force | Mode::Takeover if node(master).is_live() && *by_tool => {
                    Some(format!(
                        "{} lives and is not asked: what it has taken and not handed on yet is \
                         lost when {} takes over; a plan hands over with nothing lost",
                        node(master),
                        node(*id)
                    ))
                }
                Mode::Force | Mode::Takeover if node(master).is_live() => Some(format!(
                    "{} lives: what it has taken and not handed on yet is lost; leave out `{}`",
                    node(master),
                    match mode {
                        Mode::Takeover => "takeover",
                        Mode::Force | Mode::Graceful => "force",
                    }
                )),
                Mode::Force | Mode::Takeover if !at.is_synced(*id) => Some(format!(
                    "{} never finished a sync: it would lead without the data",
                    node(*id)
                )),
                Mode::Force | Mode::Takeover | Mode::Graceful => None,
            }
        }
        Order::Replicate {
            node: id, master, ..
        } => {
            let old = node(*id).master().filter(|old| old != master)?;
            let (shard, last) = last_copy(at, *id)?;
            (last && !node(old).is_live()).then(|| {
                format!(
                    "{} holds the only copy of {shard}, and would empty itself",
                    node(*id)
                )
            })
        }
        Order::Flush { node: id } => {
            let full = node(*id).keys != Some(0) && !node(*id).slots.is_empty();
            full.then(|| {
                format!(
                    "{} serves {}: all its keys are gone",
                    node(*id),
                    node(*id).slots
                )
            })
        }
        Order::Reset { node: id } => {
            let (shard, last) = last_copy(at, *id)?;
            last.then(|| format!("{} holds the only copy of {shard}", node(*id)))
        }
        Order::Stop { node: id } => {
            let (shard, last) = last_copy(at, *id)?;
            last.then(|| {
                format!(
                    "{} holds the only live copy of {shard}: nobody serves it then",
                    node(*id)
                )
            })
        }
        Order::DelSlots { node: id, slots } => {
            let lost = node(*id).slots.intersection(slots);
            (!lost.is_empty()).then(|| format!("slots {lost} of {} have no owner then", node(*id)))
        }
        Order::GiveSlots { to, slots } => {
            let owner = at
                .iter()
                .find(|(_, n)| !n.slots.intersection(slots).is_empty());
            let (owner, from) = owner?;
            let keys = from.open_slots.iter().any(|open| slots.contains(open.slot));
            (owner != *to && !keys && from.keys.is_some_and(|k| k > 0)).then(|| {
                format!("{from} owns slots {slots} and nothing was moved: its keys there are lost")
            })
        }
        Order::Meet { via, node: id } => {
            let strangers = node(*via).membership != node(*id).membership;
            let has = [*via, *id]
                .into_iter()
                .find(|&n| node(n).membership == Membership::Unmet && !node(n).slots.is_empty());
            has.filter(|_| strangers).map(|n| {
                format!(
                    "{} owns slots of a cluster of its own: the two would be mixed",
                    node(n)
                )
            })
        }
        Order::AddSlots { .. } | Order::BumpEpoch { .. } => None,
    }
}

/// The slots of its shard, and whether no other live copy of them has the data.
fn last_copy(at: &Counted, id: NodeId) -> Option<(SlotSet, bool)> {
    let root = at.root(id)?;
    let others = at.iter().filter(|(other, n)| {
        *other != id && n.is_live_member() && at.root(*other) == Some(root) && at.is_synced(*other)
    });
    let held = id == root || at.is_synced(id);
    Some((at.node(root).slots.clone(), held && others.count() == 0))
}

fn at_end(whole: &Whole) -> Vec<Said> {
    let end = whole.end;
    let mut said = Vec::new();
    for forgotten in whole.history.forgets.values() {
        let lost = forgotten.slots.intersection(&end.uncovered());
        if !lost.is_empty() {
            let why = format!("slots {lost} were its own, and nobody has them at the end");
            said.push((forgotten.first, why));
        }
    }
    for (&node, (command, slots)) in &whole.history.unbumped {
        let owner = whole.history.owned.iter();
        let mut owner =
            owner.filter(|(o, had, _)| *o != node && !had.intersection(slots).is_empty());
        let Some((old, _, epoch)) = owner.next() else {
            continue;
        };
        let old = whole.start.node(*old);
        let new = end.node(node);
        said.push((
            *command,
            format!(
                "{old} had these slots with epoch {epoch}: if it comes back it takes them from {new} \
                 (epoch {}), and what was written there is lost; `cluster bumpepoch` there",
                new.config_epoch
            ),
        ));
    }
    said
}
