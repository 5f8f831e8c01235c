//! Who is who in both captures, and what became of each node.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff::Side;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;

/// What became of a node. One node may have several.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum NodeChanged {
    /// It lived and does not any more.
    Died,
    /// A new id answers at its address: the process came back without its nodes.conf.
    Reborn,
    /// A replica that owns slots now.
    Promoted,
    /// A master that gave its slots away and is a replica now.
    Demoted,
    /// A replica that follows its old master's successor.
    Followed,
    /// A replica of another master than before.
    RePointed,
    /// A node without slots that became a replica.
    Attached,
    /// A replica that became a master without slots.
    Detached,
    /// A master that owns no slot any more.
    Emptied,
    Joined,
    /// A process that runs and that nobody met.
    Appeared,
    /// Nobody lists its id any more.
    Forgotten,
    /// Of a process that nobody had met.
    Vanished,
    /// It was dead and lives.
    Returned,
    /// Its address is another.
    Moved,
    /// It is not in what could be read of the new capture.
    Unseen,
}

impl NodeChanged {
    /// As printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Reborn => "reborn",
            Self::Promoted => "promoted",
            Self::Demoted => "demoted",
            Self::Followed => "followed",
            Self::RePointed => "re-pointed",
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::Emptied => "emptied",
            Self::Joined => "joined",
            Self::Appeared => "appeared",
            Self::Forgotten => "forgotten",
            Self::Vanished => "vanished",
            Self::Returned => "returned",
            Self::Moved => "moved",
            Self::Unseen => "unseen",
        }
    }

    /// A copy or a process is gone that was there.
    pub fn is_worse(self) -> bool {
        match self {
            Self::Died | Self::Reborn | Self::Detached | Self::Emptied => true,
            Self::Promoted
            | Self::Demoted
            | Self::Followed
            | Self::RePointed
            | Self::Attached
            | Self::Joined
            | Self::Appeared
            | Self::Forgotten
            | Self::Vanished
            | Self::Returned
            | Self::Moved
            | Self::Unseen => false,
        }
    }
}

/// One thing that became of one node, as it was and as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeChange {
    pub change: NodeChanged,
    pub old: Option<NodeId>,
    pub new: Option<NodeId>,
}

/// Who is who: the same id in both, and the new id of a process that was born again.
pub(super) struct Pairs {
    /// Old to new, by id.
    same: BTreeMap<NodeId, NodeId>,
    /// Old to new, by address, where the id is another.
    reborn: BTreeMap<NodeId, NodeId>,
}

impl Pairs {
    pub fn of(old: &Side, new: &Side) -> Self {
        let (was, is) = (&old.inventory.cluster, &new.inventory.cluster);
        let names: BTreeMap<&str, NodeId> =
            is.iter().map(|(id, n)| (n.name.as_str(), id)).collect();
        let known: BTreeMap<&str, NodeId> =
            was.iter().map(|(id, n)| (n.name.as_str(), id)).collect();
        let same: BTreeMap<NodeId, NodeId> = was
            .iter()
            .filter_map(|(id, n)| Some((id, *names.get(n.name.as_str())?)))
            .collect();
        let mut reborn = BTreeMap::new();
        for (id, node) in was.iter() {
            let Some(address) = &node.address else {
                continue;
            };
            // It still answers there under its own id.
            let stays = same.get(&id).map(|&now| is.node(now));
            if stays.is_some_and(|now| now.address == node.address && now.is_live()) {
                continue;
            }
            let another = |&now: &NodeId| !known.contains_key(is.node(now).name.as_str());
            if let Some(now) = is.at(address).find(another) {
                reborn.insert(id, now);
            }
        }
        Self { same, reborn }
    }

    pub fn is_empty(&self) -> bool {
        self.same.is_empty() && self.reborn.is_empty()
    }

    /// The node of the new capture that has this id.
    pub fn same(&self, old: NodeId) -> Option<NodeId> {
        self.same.get(&old).copied()
    }

    pub fn reborn(&self, old: NodeId) -> Option<NodeId> {
        self.reborn.get(&old).copied()
    }
}

/// By what changed, the worst first, then in node order.
pub(super) fn changes(old: &Side, new: &Side, pairs: &Pairs) -> Vec<NodeChange> {
    let (was, is) = (&old.inventory.cluster, &new.inventory.cluster);
    let mut changes = Vec::new();
    for (id, node) in was.iter() {
        let mut say = |change, now| {
            changes.push(NodeChange {
                change,
                old: Some(id),
                new: now,
            });
        };
        if let Some(now) = pairs.reborn(id) {
            say(NodeChanged::Reborn, Some(now));
        }
        match pairs.same(id) {
            Some(now) => {
                let both = Both { was, is, id, now };
                both.all(pairs).into_iter().for_each(|c| say(c, Some(now)));
            }
            None if !new.is_whole() => say(NodeChanged::Unseen, None),
            None if node.membership == Membership::Unmet => {
                if pairs.reborn(id).is_none() {
                    say(NodeChanged::Vanished, None);
                }
            }
            None => say(NodeChanged::Forgotten, None),
        }
    }
    let known: Vec<NodeId> = pairs
        .same
        .values()
        .chain(pairs.reborn.values())
        .copied()
        .collect();
    for (id, node) in is.iter().filter(|(id, _)| !known.contains(id)) {
        let change = match node.membership {
            Membership::Member => NodeChanged::Joined,
            Membership::Unmet => NodeChanged::Appeared,
            // It came and went in between.
            Membership::Ghost | Membership::Forgotten => continue,
        };
        changes.push(NodeChange {
            change,
            old: None,
            new: Some(id),
        });
    }
    changes.sort_by_key(|c| (c.change, c.new.is_none(), c.new, c.old));
    changes
}

/// A node with the same id in both captures.
struct Both<'a> {
    was: &'a Cluster,
    is: &'a Cluster,
    id: NodeId,
    now: NodeId,
}

impl Both<'_> {
    fn all(&self, pairs: &Pairs) -> Vec<NodeChanged> {
        let (old, new) = (self.was.node(self.id), self.is.node(self.now));
        let mut all = Vec::new();
        // A process that runs again under another id is that.
        if old.is_live() && !new.is_live() && pairs.reborn(self.id).is_none() {
            all.push(NodeChanged::Died);
        }
        if !old.is_live() && new.is_live() {
            all.push(NodeChanged::Returned);
        }
        if old.address.is_some() && new.address.is_some() && old.address != new.address {
            all.push(NodeChanged::Moved);
        }
        match (old.membership, new.membership) {
            (Membership::Unmet, Membership::Member) => all.push(NodeChanged::Joined),
            (Membership::Member | Membership::Ghost, Membership::Unmet) => {
                all.push(NodeChanged::Forgotten);
            }
            (_, _) => {}
        }
        all.extend(self.role(old, new, pairs));
        all
    }

    fn role(&self, old: &Node, new: &Node, pairs: &Pairs) -> Option<NodeChanged> {
        match (old.is_master(), new.is_master()) {
            (false, true) if !new.slots.is_empty() => Some(NodeChanged::Promoted),
            (false, true) => Some(NodeChanged::Detached),
            (true, false) if old.slots.is_empty() => Some(NodeChanged::Attached),
            (true, false) => Some(NodeChanged::Demoted),
            (true, true) => {
                let emptied = !old.slots.is_empty() && new.slots.is_empty();
                // Its replica took over, and it does not know yet, as it is dead.
                (emptied && new.is_live()).then_some(NodeChanged::Emptied)
            }
            (false, false) => self.follows(old, new, pairs),
        }
    }

    fn follows(&self, old: &Node, new: &Node, pairs: &Pairs) -> Option<NodeChanged> {
        let name =
            |cluster: &Cluster, node: &Node| node.master().map(|m| cluster.node(m).name.clone());
        if name(self.was, old) == name(self.is, new) {
            return None;
        }
        let before = old.master().filter(|&m| !self.was.node(m).slots.is_empty());
        let Some(before) = before else {
            return Some(NodeChanged::Attached);
        };
        let successor = new.master().filter(|&m| {
            let slots = &self.is.node(m).slots;
            !slots.is_empty() && *slots == self.was.node(before).slots
        });
        let was_replica = |now: NodeId| {
            let of = self.was.iter().filter(|(_, n)| n.master() == Some(before));
            of.into_iter().any(|(id, _)| pairs.same(id) == Some(now))
        };
        Some(match successor.filter(|&m| was_replica(m)) {
            Some(_) => NodeChanged::Followed,
            None => NodeChanged::RePointed,
        })
    }
}
