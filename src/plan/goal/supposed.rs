//! The cluster in which all demands are granted, and from which everything else is decided.
//!
//! Where a master must hand over, another copy of its shard is supposed to lead it; what is to be
//! vacated is supposed to be dead; who joins a shard is supposed to copy it. So placement, roles
//! and their proof know nothing of goals: they decide the supposed cluster. What it takes to get
//! there is remembered here, and becomes steps in `draft`.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Act;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Mode;
use crate::measure;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Shard;
use crate::model::Sync;
use crate::plan::Request;
use crate::plan::goal::Demands;
use crate::plan::problem;
use crate::plan::problem::Aside;
use crate::plan::problem::Spare;
use crate::plan::room::NoRoom;
use crate::plan::room::Rooms;
use crate::plan::why::About;
use crate::plan::why::Blocked;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;
use crate::policy::Flag;

/// The supposed cluster, and how it differs from the real one.
#[derive(Clone, Debug)]
pub struct Supposed<'a> {
    pub real: &'a Cluster,
    pub cluster: Cow<'a, Cluster>,
    pub demands: Demands,
    /// By the supposed owner of slots who owns them really.
    pub handed: BTreeMap<NodeId, NodeId>,
    /// Who is supposed to copy a shard.
    pub joined: Vec<Joined>,
    /// Idle nodes that were taken for a shard although others would have done: nothing that is
    /// decided behind that choice is known to be the best of all.
    pub taken: Vec<NodeId>,
    /// Who is supposed to lead was chosen among several: the network may let another of them lead, but
    /// not send the chosen one away.
    pub chose: bool,
    /// Shards that no goal can be reached for, one each.
    pub blocked: Vec<Refusal>,
    /// Their owners.
    pub left: BTreeSet<NodeId>,
    /// Slots have other owners in the real cluster than they were captured with.
    pub reshaped: bool,
}

/// A node that comes to a shard before anything is decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Joined {
    pub node: NodeId,
    /// The real owner.
    pub owner: NodeId,
    /// How it was idle, if it was; else it is a replica of another shard.
    pub spare: Option<Spare>,
}

/// What it is made from.
pub struct Inputs<'a> {
    pub real: &'a Cluster,
    pub demands: Demands,
    pub request: &'a Request,
    /// Nodes that could be given a copy.
    pub spares: Vec<Spare>,
    /// Owners whose open slots the plan closes.
    pub settled: &'a [NodeId],
    /// By owner who is to be the first copy of its shard elsewhere, where that is decided.
    pub firsts: BTreeMap<NodeId, NodeId>,
    /// What hosts can hold.
    pub rooms: &'a Rooms<'a>,
}

impl<'a> Supposed<'a> {
    /// Nothing is asked for.
    pub fn plain(real: &'a Cluster) -> Self {
        Self {
            real,
            cluster: Cow::Borrowed(real),
            demands: Demands::default(),
            handed: BTreeMap::new(),
            joined: Vec::new(),
            taken: Vec::new(),
            chose: false,
            blocked: Vec::new(),
            left: BTreeSet::new(),
            reshaped: false,
        }
    }

    /// Something is supposed.
    pub fn differs(&self) -> bool {
        self.demands.bind()
    }

    /// Copies that work are re-pointed for what is found in the cluster, not for what is supposed.
    pub fn allows_moves(&self) -> bool {
        self.handed.is_empty() && !self.demands.touch_copies()
    }

    /// Who owns the slots really that this one is supposed to own.
    pub fn leader(&self, owner: NodeId) -> NodeId {
        self.handed.get(&owner).copied().unwrap_or(owner)
    }

    /// A cluster in which what is vacated does not count.
    pub fn seen<'c>(&self, at: &'c Cluster) -> Cow<'c, Cluster> {
        let mut hidden = self.demands.vacated.keys().copied().peekable();
        if hidden.peek().is_none() {
            return Cow::Borrowed(at);
        }
        let mut seen = at.clone();
        for id in hidden {
            // What had to be left leads its shard still.
            if seen.node(id).is_live() && !self.left.contains(&id) {
                seen.node_mut(id).lose();
            }
        }
        Cow::Owned(seen)
    }
}

/// Grants the demands, shard by shard in node order.
pub fn suppose(inputs: Inputs<'_>) -> Supposed<'_> {
    let real = inputs.real;
    if inputs.demands.is_empty() {
        return Supposed::plain(real);
    }
    let mut maker = Maker {
        at: Counted::new(real.clone()),
        handed: BTreeMap::new(),
        joined: Vec::new(),
        taken: Vec::new(),
        chose: false,
        blocked: Vec::new(),
        left: BTreeSet::new(),
        inputs,
    };
    let shards = real.shards();
    maker.join();
    maker.leave_unpaired(&shards);
    for shard in shards
        .iter()
        .filter(|s| real.node(s.owner).is_live_member())
    {
        maker.hand_over(shard);
    }
    // Who led a shard until then is free to come now.
    maker.join();
    let Maker {
        inputs,
        at,
        handed,
        joined,
        taken,
        chose,
        blocked,
        left,
    } = maker;
    let mut supposed = Supposed {
        real,
        cluster: Cow::Borrowed(real),
        demands: inputs.demands,
        handed,
        joined,
        taken,
        chose,
        blocked,
        left,
        reshaped: false,
    };
    let seen = supposed.seen(&at).into_owned();
    supposed.cluster = Cow::Owned(seen);
    supposed
}

struct Maker<'a> {
    inputs: Inputs<'a>,
    at: Counted,
    handed: BTreeMap<NodeId, NodeId>,
    joined: Vec<Joined>,
    taken: Vec<NodeId>,
    chose: bool,
    blocked: Vec<Refusal>,
    left: BTreeSet<NodeId>,
}

impl Maker<'_> {
    /// Who is told to come to a shard is there.
    fn join(&mut self) {
        let joining: Vec<(NodeId, NodeId)> = self
            .inputs
            .demands
            .joining
            .iter()
            .map(|(&node, (to, _))| (node, *to))
            .collect();
        for (node, to) in joining {
            let Some(owner) = self.inputs.real.root(to) else {
                continue;
            };
            // By now somebody else may be supposed to lead it.
            let there = self.at.root(to);
            if self.at.root(node) == there || !self.at.node(node).slots.is_empty() {
                continue;
            }
            if let Some(no_room) = self.lacks(node, owner) {
                self.cramp(owner, no_room, node);
                continue;
            }
            self.attach(node, owner);
        }
    }

    /// Its host cannot hold a copy of the shard beside what comes there already.
    fn lacks(&self, node: NodeId, owner: NodeId) -> Option<NoRoom> {
        let joined: Vec<(NodeId, NodeId)> = self.joined.iter().map(|j| (j.node, j.owner)).collect();
        self.inputs.rooms.lacks(node, owner, &joined)
    }

    /// The shard is left, as who is to join it has no room.
    fn cramp(&mut self, owner: NodeId, no_room: NoRoom, node: NodeId) {
        if !self.left.insert(owner) {
            return;
        }
        let (_, why) = &self.inputs.demands.joining[&node];
        let shards = self.inputs.real.shards();
        let Some(shard) = shards.iter().find(|shard| shard.owner == owner) else {
            return;
        };
        self.blocked.push(Refusal {
            about: About::copies(self.inputs.real, shard),
            reason: Reason::Blocked(Blocked::NoRoom {
                no_room,
                why: why.clone(),
            }),
            unlock: Unlock::MemoryThere,
        });
    }

    /// Whose place nobody takes.
    fn leave_unpaired(&mut self, shards: &[Shard]) {
        let unpaired = std::mem::take(&mut self.inputs.demands.unpaired);
        for shard in shards {
            let copies = measure::live_copies(self.inputs.real, shard);
            let first = copies.iter().find_map(|id| Some((*id, unpaired.get(id)?)));
            if let Some((copy, why)) = first {
                self.left.insert(shard.owner);
                self.blocked.push(Refusal {
                    about: About::copies(self.inputs.real, shard),
                    reason: Reason::Blocked(Blocked::NoPartner {
                        copy,
                        why: why.clone(),
                    }),
                    unlock: Unlock::IdleNode,
                });
            }
        }
    }

    fn attach(&mut self, node: NodeId, owner: NodeId) {
        let spares = &mut self.inputs.spares;
        let spare = spares.iter().position(|s| s.copy.node == node);
        let spare = spare.map(|at| spares.remove(at));
        self.joined.push(Joined { node, owner, spare });
        let handed = self.handed.iter().find(|(_, from)| **from == owner);
        let leader = handed.map_or(owner, |(to, _)| *to);
        self.at.edit(&[node], |cluster| {
            let offset = cluster.node(leader).replication.offset;
            let joined = cluster.node_mut(node);
            joined.membership = Membership::Member;
            joined.role = Role::Replica(Some(leader));
            joined.replication.sync = Sync::Done;
            joined.replication.link = Link::Up;
            joined.replication.offset = offset;
        });
    }

    /// The shard gets the master that is asked for, where another one than its own is.
    fn hand_over(&mut self, shard: &Shard) {
        let owner = shard.owner;
        if self.left.contains(&owner) {
            return;
        }
        let leads = |id: &NodeId| self.at.root(*id) == Some(owner);
        let mut leading = self.inputs.demands.leading.keys().copied();
        let asked = leading.find(leads);
        if asked == Some(owner) || (asked.is_none() && !self.inputs.demands.must_follow(owner)) {
            return;
        }
        match self.heir(shard, asked) {
            Ok(node) => {
                let act = Failover {
                    node,
                    old: owner,
                    mode: Mode::Graceful,
                };
                act.begin(&mut self.at);
                self.handed.insert(node, owner);
            }
            Err((why, unlock)) => {
                self.left.insert(owner);
                self.blocked.push(Refusal {
                    about: About::copies(self.inputs.real, shard),
                    reason: why,
                    unlock,
                });
            }
        }
    }

    /// Who leads the shard, or what is in the way.
    fn heir(&mut self, shard: &Shard, asked: Option<NodeId>) -> Result<NodeId, (Reason, Unlock)> {
        let (real, owner) = (self.inputs.real, shard.owner);
        let why = self
            .inputs
            .demands
            .why(owner)
            .unwrap_or_default()
            .to_owned();
        if !real.has_majority() {
            return Err((Reason::Blocked(Blocked::NoMajority), Unlock::CureThatFirst));
        }
        let open = problem::open_ends(real);
        match problem::going_on(real, self.inputs.settled, shard, &open) {
            Some(Aside::OpenSlots { .. }) => return Err((Reason::ShardOpen, Unlock::CloseSlot)),
            Some(Aside::CutOff { owner }) => {
                return Err((Reason::CutOff { owner }, Unlock::SeeWhatIsBetween(owner)));
            }
            Some(Aside::Emptied { owner, replica }) => {
                let unlock = Unlock::StopEmptied { owner, replica };
                return Err((Reason::Emptied { owner, replica }, unlock));
            }
            // It hands over all the same: nothing is copied, nobody loses anything.
            Some(Aside::Syncing { .. }) | None => {}
            Some(
                Aside::CouldOwn { .. }
                | Aside::TooOld { .. }
                | Aside::HoldsKeys { .. }
                | Aside::NoRoom(_),
            ) => {}
        }
        let after = self.at.shards();
        let shard = after.iter().find(|s| s.owner == owner).unwrap_or(shard);
        let copies: Vec<NodeId> = measure::live_followers(&self.at, shard);
        let outside = |id: &NodeId| !self.inputs.demands.must_follow(*id);
        let outside: Vec<NodeId> = copies.iter().copied().filter(outside).collect();
        if let Some(asked) = asked {
            return match self.may_lead(shard, asked) {
                // Who says so knows what it was told.
                Ok(()) | Err(Blocked::ToldNofailover(_)) => Ok(asked),
                Err(blocked) => Err((Reason::Blocked(blocked), Unlock::CureThatFirst)),
            };
        }
        let able = outside
            .iter()
            .copied()
            .filter(|&id| self.may_lead(shard, id).is_ok());
        let able: Vec<NodeId> = able.collect();
        self.chose |= able.len() > 1;
        let best = able
            .into_iter()
            .max_by_key(|&id| (self.at.node(id).replication.offset, Reverse(id)));
        if let Some(best) = best {
            return Ok(best);
        }
        let decided = self.inputs.firsts.get(&owner).copied();
        let (node, others) = match decided {
            Some(_) => (decided, false),
            None => self.spare(owner),
        };
        if let Some(node) = node {
            if others {
                self.taken.push(node);
            }
            self.attach(node, owner);
            return Ok(node);
        }
        let reasons = outside
            .iter()
            .filter_map(|&id| self.may_lead(shard, id).err());
        let reason = reasons.min();
        if reason.is_none()
            && let Some(no_room) = self.cramped(owner)
        {
            let blocked = Blocked::NoRoom { no_room, why };
            return Err((Reason::Blocked(blocked), Unlock::MemoryThere));
        }
        Err(match reason {
            Some(blocked @ Blocked::ToldNofailover(_)) => (
                Reason::Blocked(blocked),
                Unlock::PromoteNofailover { zones: false },
            ),
            Some(blocked @ Blocked::NotInSync(_)) => {
                (Reason::Blocked(blocked), Unlock::SeeWhyNotSynced)
            }
            Some(blocked @ Blocked::TooOld(node)) => {
                (Reason::Blocked(blocked), Unlock::UpgradeFirst(node))
            }
            Some(
                blocked @ (Blocked::NoMajority
                | Blocked::NoCopy { .. }
                | Blocked::NoPartner { .. }
                | Blocked::NoRoom { .. }
                | Blocked::Short { .. }),
            ) => (Reason::Blocked(blocked), Unlock::NodeElsewhere),
            None => {
                let blocked = Blocked::NoCopy { copies, why };
                (Reason::Blocked(blocked), Unlock::NodeElsewhere)
            }
        })
    }

    /// An idle node outside whose host has no memory for a copy of the shard.
    fn cramped(&self, owner: NodeId) -> Option<NoRoom> {
        let spares = self.inputs.spares.iter().map(|s| s.copy.node);
        let mut outside = spares.filter(|id| !self.inputs.demands.must_follow(*id));
        outside.find_map(|id| self.lacks(id, owner))
    }

    /// A graceful failover may make it the master of the shard.
    fn may_lead(&self, shard: &Shard, id: NodeId) -> Result<(), Blocked> {
        let at = &self.at;
        let node = at.node(id);
        if node.master() != Some(shard.owner) || !at.is_usable_replica(id) {
            return Err(Blocked::NotInSync(id));
        }
        let copies = measure::live_copies(at, shard);
        let loads = |&other: &NodeId| other == id || at.can_copy(other, id);
        if !copies.iter().all(loads) {
            return Err(Blocked::TooOld(id));
        }
        if node.no_failover && !self.inputs.request.has(Flag::PromoteNofailover) {
            return Err(Blocked::ToldNofailover(id));
        }
        Ok(())
    }

    /// An idle node outside for a shard that has no copy there: on the host with the fewest masters,
    /// the lowest address on a tie. And whether others would do.
    fn spare(&self, owner: NodeId) -> (Option<NodeId>, bool) {
        let demands = &self.inputs.demands;
        if demands.no_copies {
            return (None, false);
        }
        let host = |id: NodeId| self.at.node(id).host;
        let masters = |id: NodeId| {
            let leads = |(other, n): &(NodeId, &crate::model::Node)| {
                host(*other) == host(id)
                    && !n.slots.is_empty()
                    && n.is_live_member()
                    && !demands.must_follow(*other)
            };
            self.at.iter().filter(leads).count()
        };
        let spares = self.inputs.spares.iter().map(|s| s.copy.node);
        let fits = |&id: &NodeId| {
            let node = self.at.node(id);
            !demands.must_follow(id)
                && (!node.no_failover || self.inputs.request.has(Flag::PromoteNofailover))
                && self.at.can_copy(id, owner)
                && self.at.can_copy(owner, id)
                && self.lacks(id, owner).is_none()
        };
        let able: Vec<NodeId> = spares.filter(fits).collect();
        let best = able.iter().copied().min_by_key(|&id| (masters(id), id));
        (best, able.len() > 1)
    }
}
