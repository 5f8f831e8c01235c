//! The cluster while a list of commands runs on it: what a server would refuse, and what each
//! command leads to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Act;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Meet;
use crate::action::Mode;
use crate::action::Replicate;
use crate::lint::order::Order;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::NodeSet;
use crate::model::Role;
use crate::model::SlotSet;
use crate::model::Version;
use crate::rules::Finding;

/// One order, tried on the cluster as those before it left it.
pub(in crate::lint) struct Tried<'a> {
    pub order: &'a Order,
    /// Before it.
    pub at: &'a Counted,
    /// What the server would say instead.
    pub refusal: Option<String>,
}

/// What the orders before left behind that the cluster does not show.
#[derive(Default)]
pub(in crate::lint) struct History {
    /// Who was told to forget it, and by which commands of the list.
    pub forgets: BTreeMap<NodeId, Forgotten>,
    /// Nodes that got slots which another had owned: the command, and the slots.
    pub unbumped: BTreeMap<NodeId, (usize, SlotSet)>,
    /// Nodes that were reset: they do not come back by themselves.
    pub reset: BTreeSet<NodeId>,
    /// Who owned what when it was captured, and with which epoch.
    pub owned: Vec<(NodeId, SlotSet, u64)>,
}

/// A FORGET, told to one node after the other.
#[derive(Clone, Default)]
pub(in crate::lint) struct Forgotten {
    pub first: usize,
    pub last: usize,
    pub told: BTreeSet<NodeId>,
    /// Who listed it before anybody was told.
    pub listed_by: NodeSet,
    /// What it owned then.
    pub slots: SlotSet,
}

/// The list as a whole, once it has run.
pub(in crate::lint) struct Whole<'a> {
    pub start: &'a Cluster,
    pub end: &'a Counted,
    pub history: &'a History,
    /// Commands that were refused, with their orders.
    pub refused: &'a [(usize, Order)],
    /// The last command that named a node.
    pub named: &'a BTreeMap<NodeId, usize>,
    /// The last command that changed anything.
    pub last: usize,
    pub found_before: &'a [Finding],
    pub found_after: &'a [Finding],
    /// Some command could not be followed.
    pub blind: bool,
}

/// Who is told a FORGET tells the others (7.2).
pub(in crate::lint) fn forgets_spread(cluster: &Cluster) -> bool {
    const SINCE: Version = Version::new(7, 2, 0);
    let known = ["redis", "valkey"].contains(&&*cluster.server.name);
    known && cluster.server.version.is_some_and(|v| v >= SINCE)
}

/// What the server that is told would answer instead of OK (`clusterCommandSpecial`).
pub(in crate::lint) fn refusal(order: &Order, at: &Counted) -> Option<String> {
    let node = |id: NodeId| at.node(id);
    let dead = |id: NodeId| (!node(id).is_live()).then(|| format!("{} does not answer", node(id)));
    match order {
        Order::Meet { via, .. } => dead(*via),
        Order::Replicate {
            node: replica,
            master,
            meets,
        } => {
            let (r, m) = (node(*replica), node(*master));
            if let Some(why) = dead(*replica) {
                return Some(why);
            }
            if replica == master {
                return Some(format!("{r} cannot replicate itself"));
            }
            let stranger = |n: &crate::model::Node| n.membership == Membership::Unmet;
            if !meets && (stranger(r) || stranger(m)) {
                return Some(format!("{r} does not know {m}: they were not met"));
            }
            if m.is_replica() {
                return Some(format!(
                    "{m} is a replica itself: only a master can be replicated"
                ));
            }
            if r.is_master() && !r.slots.is_empty() {
                return Some(format!(
                    "{r} owns slots: it must be empty to become a replica"
                ));
            }
            if r.is_master() && r.keys.is_some_and(|k| k > 0) {
                return Some(format!(
                    "{r} holds keys: it must be empty to become a replica"
                ));
            }
            None
        }
        Order::Failover { node: id, mode, .. } => {
            let replica = node(*id);
            if let Some(why) = dead(*id) {
                return Some(why);
            }
            let Some(master) = replica.master() else {
                return Some(match replica.is_master() {
                    true => format!("{replica} is a master: only a replica takes over"),
                    false => format!("{replica} follows nobody that is known"),
                });
            };
            match mode {
                Mode::Graceful if !node(master).is_live() => {
                    Some(format!("{} is down: it takes `force`", node(master)))
                }
                Mode::Graceful | Mode::Force if !at.has_majority() => {
                    Some("no majority of masters lives to vote: nobody is elected".to_owned())
                }
                Mode::Graceful | Mode::Force | Mode::Takeover => None,
            }
        }
        Order::Forget {
            teller,
            node: target,
            ..
        } => {
            if let Some(why) = dead(*teller) {
                return Some(why);
            }
            let target = (*target)?;
            if *teller == target {
                return Some(format!("{} cannot forget itself", node(target)));
            }
            let follows = node(*teller).master() == Some(target);
            follows.then(|| {
                format!(
                    "{} replicates it: it cannot forget its master",
                    node(*teller)
                )
            })
        }
        Order::AddSlots { node: id, slots } => dead(*id).or_else(|| {
            let busy = at.iter().find(|(other, owner)| {
                let knows = *other == *id || owner.seen.known_by.contains(*id);
                knows && !owner.slots.intersection(slots).is_empty()
            });
            busy.map(|(_, owner)| {
                let taken = owner.slots.intersection(slots);
                format!("slots {taken} are busy: {owner} owns them")
            })
        }),
        Order::DelSlots { node: id, .. } | Order::BumpEpoch { node: id } => dead(*id),
        Order::GiveSlots { to, .. } => dead(*to),
        Order::Flush { node: id } => dead(*id).or_else(|| {
            let replica = node(*id).is_replica();
            replica.then(|| format!("{} is a replica: READONLY", node(*id)))
        }),
        Order::Reset { node: id } => dead(*id).or_else(|| {
            let n = node(*id);
            let full = n.is_master() && (!n.slots.is_empty() || n.keys.is_some_and(|k| k > 0));
            full.then(|| format!("{n} is a master with slots or keys: it cannot be reset"))
        }),
        Order::Stop { node: id } => dead(*id),
    }
}

/// Takes the order on the cluster; `index`: of the command in the list.
pub(in crate::lint) fn apply(order: &Order, index: usize, at: &mut Counted, history: &mut History) {
    match order {
        Order::Meet { via, node } => meet(*via, *node, at),
        Order::Replicate { node, master, .. } => {
            if at.node(*node).membership == Membership::Unmet {
                meet(*master, *node, at);
            }
            let act = Replicate {
                node: *node,
                master: *master,
            };
            act.begin(at);
            act.finish(at);
        }
        Order::Failover { node, mode, .. } => {
            if let Some(old) = at.node(*node).master() {
                let (node, mode) = (*node, *mode);
                let act = Failover { node, old, mode };
                act.begin(at);
                act.finish(at);
            }
        }
        Order::Forget {
            teller,
            node: Some(target),
            ..
        } => forget(*teller, *target, index, at, history),
        Order::Forget { node: None, .. } => {}
        Order::AddSlots { node, slots } => {
            let had = history.owned.iter().any(|(owner, had, epoch)| {
                let epoch_of = at.node(*node).config_epoch;
                *owner != *node && *epoch >= epoch_of && !had.intersection(slots).is_empty()
            });
            give(*node, slots, at);
            if had {
                let entry = history.unbumped.entry(*node);
                entry.or_insert((index, SlotSet::new())).1.union_with(slots);
            }
        }
        Order::GiveSlots { to, slots } => give(*to, slots, at),
        Order::DelSlots { node, slots } => {
            at.edit(&[*node], |cluster| {
                cluster.node_mut(*node).slots.subtract(slots)
            });
        }
        Order::BumpEpoch { node } => {
            let epoch = at.top_epoch() + 1;
            at.edit(&[*node], |cluster| {
                cluster.node_mut(*node).config_epoch = epoch
            });
            history.unbumped.remove(node);
        }
        Order::Flush { node } => {
            at.edit(&[*node], |cluster| cluster.node_mut(*node).keys = Some(0));
        }
        Order::Reset { node } => {
            history.reset.insert(*node);
            at.edit(&[*node], |cluster| {
                let reset = cluster.node_mut(*node);
                reset.role = Role::Master;
                reset.slots = SlotSet::new();
                reset.keys = Some(0);
            });
        }
        Order::Stop { node } => at.edit(&[*node], |cluster| cluster.node_mut(*node).lose()),
    }
}

fn meet(via: NodeId, node: NodeId, at: &mut Counted) {
    // The one that is alone is the one that joins.
    let stranger = at.node(via).membership == Membership::Unmet;
    let (via, node) = match stranger {
        true => (node, via),
        false => (via, node),
    };
    if at.node(node).membership == Membership::Unmet {
        Meet { via, node }.begin(at);
    }
}

fn give(node: NodeId, slots: &SlotSet, at: &mut Counted) {
    let owners: Vec<NodeId> = at.iter().map(|(id, _)| id).collect();
    at.edit(&owners, |cluster| {
        for id in owners.iter().filter(|id| **id != node) {
            cluster.node_mut(*id).slots.subtract(slots);
        }
        cluster.node_mut(node).slots.union_with(slots);
    });
}

fn forget(teller: NodeId, target: NodeId, index: usize, at: &mut Counted, history: &mut History) {
    let entry = history.forgets.entry(target).or_insert_with(|| Forgotten {
        first: index,
        listed_by: at.node(target).seen.known_by.clone(),
        slots: at.node(target).slots.clone(),
        ..Forgotten::default()
    });
    entry.last = index;
    entry.told.insert(teller);
    let everybody = forgets_spread(at);
    at.edit(&[target], |cluster| {
        let listed = &mut cluster.node_mut(target).seen.known_by;
        match everybody {
            true => listed.clear(),
            false => listed.remove(teller),
        }
        let listed = listed.iter().collect::<Vec<_>>();
        let still = listed
            .into_iter()
            .any(|id| id != target && cluster.node(id).is_live());
        let gone = cluster.node_mut(target);
        if !still {
            gone.slots = SlotSet::new();
            if !gone.is_live() {
                gone.membership = Membership::Forgotten;
            }
        }
    });
}
