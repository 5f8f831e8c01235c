//! One server process, as the reconciled capture knows it.

use std::fmt;
use std::sync::Arc;

use crate::model::address::Address;
use crate::model::domain::DiskId;
use crate::model::domain::HostId;
use crate::model::liveness::Death;
use crate::model::liveness::Life;
use crate::model::liveness::Liveness;
use crate::model::liveness::Opinion;
use crate::model::millis::Millis;
use crate::model::persistence::Persistence;
use crate::model::seen::Seen;
use crate::model::slots::SlotSet;
use crate::model::version::Server;

/// Index of a node in [`crate::model::Cluster::nodes`].
///
/// Nodes are sorted by address, then by name, so a smaller index is a lower address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The id a server gave itself, as captured. 40 hex digits are usual, not a law.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeName(Arc<str>);

impl NodeName {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, as `redis-cli --cluster` shortens ids.
    pub fn short(&self) -> &str {
        self.0
            .char_indices()
            .nth(8)
            .map_or(&self.0, |(end, _)| &self.0[..end])
    }

    /// Safe in any command line: letters and digits only, at most 64.
    pub fn is_plain(&self) -> bool {
        !self.0.is_empty()
            && self.0.len() <= 64
            && self.0.bytes().all(|b| b.is_ascii_alphanumeric())
    }
}

impl std::borrow::Borrow<str> for NodeName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a node belongs to the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    /// Others list it, or it is the only node.
    Member,
    /// Listed, but without an address: gone for good.
    Ghost,
    /// A running blank process that no other node lists.
    Unmet,
    /// Was forgotten by a simulated step; kept so that indices stay.
    Forgotten,
}

/// What a node serves as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Master,
    /// `None`: its line says `slave -`, or names an id that nobody lists.
    Replica(Option<NodeId>),
}

/// The replication link of a replica to its master, as INFO told it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    Up,
    Down,
    Unknown,
}

/// Whether a replica ever held its master's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    /// A sync finished once.
    Done,
    /// A sync is running and none finished before.
    Running,
    /// None ever finished: offset 0 or "down since -1".
    Never,
    /// Its INFO names another master than the views do, or calls it a master itself: nobody can
    /// say that it holds this shard.
    Disputed,
    /// No INFO tells. Taken for [`Sync::Done`], and said.
    Unknown,
}

/// Replication facts of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replication {
    pub link: Link,
    pub sync: Sync,
    /// `slave_repl_offset` of a replica, `master_repl_offset` of a master.
    pub offset: Option<u64>,
}

impl Default for Replication {
    fn default() -> Self {
        Self {
            link: Link::Unknown,
            sync: Sync::Unknown,
            offset: None,
        }
    }
}

/// Which way an open slot goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    Migrating,
    Importing,
}

/// A slot left half moved, as the node's own line shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenSlot {
    pub slot: u16,
    pub direction: Direction,
    /// The other end, by name: it may be unknown here. A report of a cluster check names none.
    pub peer: Option<NodeName>,
    /// Keys in that slot on this node, where a capture tells (`None`: unknown).
    pub keys: Option<u64>,
}

impl OpenSlot {
    /// Its line names the node as the other end; without a name, a slot can only come from its
    /// owner.
    pub fn may_end_at(&self, node: &Node) -> bool {
        match &self.peer {
            Some(peer) => *peer == node.name,
            None => self.direction == Direction::Importing && node.slots.contains(self.slot),
        }
    }
}

/// A set of nodes as a bitmap over [`NodeId`].
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    pub fn insert(&mut self, id: NodeId) {
        let word = id.index() / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (id.0 % 64);
    }

    pub fn remove(&mut self, id: NodeId) {
        if let Some(word) = self.words.get_mut(id.index() / 64) {
            *word &= !(1 << (id.0 % 64));
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    pub fn clear(&mut self) {
        self.words.clear();
    }

    pub fn contains(&self, id: NodeId) -> bool {
        self.words
            .get(id.index() / 64)
            .is_some_and(|w| w >> (id.0 % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn len(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Ascending.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        // Most words of most sets are empty.
        let some = |word: u64| (word != 0).then_some(word);
        self.words
            .iter()
            .enumerate()
            .flat_map(move |(index, &word)| {
                let rest = std::iter::successors(some(word), move |word| some(word & (word - 1)));
                rest.map(move |word| NodeId(index as u32 * 64 + word.trailing_zeros()))
            })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::default();
        nodes.into_iter().for_each(|n| set.insert(n));
        set
    }
}

/// One server process.
///
/// Public fields: a record of facts that rules read and simulated steps change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub name: NodeName,
    /// `None` for a ghost, and where another id answers at the address that is listed.
    pub address: Option<Address>,
    /// Without an address: where it was last seen, if any file tells.
    pub last_address: Option<Address>,
    /// Where other nodes reach it; `None` where no view tells.
    pub bus_port: Option<u16>,
    pub host: Option<HostId>,
    pub disk: Option<DiskId>,
    pub membership: Membership,
    pub liveness: Liveness,
    pub role: Role,
    /// Slots it owns after reconciling all views. Empty for a replica.
    pub slots: SlotSet,
    pub config_epoch: u64,
    /// Of its own view only: no other node shows them.
    pub open_slots: Vec<OpenSlot>,
    pub replication: Replication,
    /// For how long the link to its master had been down when it was asked; `None` where it was up
    /// or no INFO tells.
    pub link_down_for: Option<Millis>,
    /// Replication ids under which its offset counts; empty where no INFO tells.
    pub histories: Vec<Arc<str>>,
    /// Keys over all databases; `None` where no INFO tells.
    pub keys: Option<u64>,
    /// `used_memory` in bytes; `None` where no INFO tells.
    pub used_memory: Option<u64>,
    /// `maxmemory` in bytes, 0 where it has no limit; `None` where nothing tells.
    pub memory_limit: Option<u64>,
    pub persistence: Persistence,
    /// What it runs; `None` where no INFO tells.
    pub runs: Option<Server>,
    /// For how long the process had been running when it was asked; `None` where no INFO tells.
    pub uptime: Option<Millis>,
    /// `run_id` of INFO, which every start of a server draws anew (`initServerConfig`,
    /// `getRandomHexChars`); `None` where no INFO tells.
    pub run: Option<Arc<str>>,
    /// `cluster-replica-no-failover yes`: never elects itself.
    pub no_failover: bool,
    pub seen: Seen,
}

impl Node {
    /// The other half of the move that `open`, at the node `of`, is one half of.
    pub fn has_other_end(&self, of: &Self, open: &OpenSlot) -> bool {
        let other_way = match open.direction {
            Direction::Migrating => Direction::Importing,
            Direction::Importing => Direction::Migrating,
        };
        self.open_slots
            .iter()
            .any(|o| o.slot == open.slot && o.direction == other_way && o.may_end_at(of))
    }

    /// A live, blank member; the starting point of tests and of the inventory.
    pub fn blank(name: NodeName, address: Option<Address>) -> Self {
        Self {
            name,
            address,
            last_address: None,
            bus_port: None,
            host: None,
            disk: None,
            membership: Membership::Member,
            liveness: Liveness::Live(Life::Listed),
            role: Role::Master,
            slots: SlotSet::new(),
            config_epoch: 0,
            open_slots: Vec::new(),
            replication: Replication::default(),
            link_down_for: None,
            histories: Vec::new(),
            keys: None,
            used_memory: None,
            memory_limit: None,
            persistence: Persistence::Unknown,
            runs: None,
            uptime: None,
            run: None,
            no_failover: false,
            seen: Seen::default(),
        }
    }

    pub fn is_master(&self) -> bool {
        self.role == Role::Master
    }

    pub fn is_replica(&self) -> bool {
        !self.is_master()
    }

    pub fn is_ghost(&self) -> bool {
        self.membership == Membership::Ghost
    }

    /// A member, dead or alive, or a ghost: somebody lists it.
    pub fn is_listed(&self) -> bool {
        matches!(self.membership, Membership::Member | Membership::Ghost)
    }

    pub fn is_live(&self) -> bool {
        self.liveness.is_live()
    }

    /// A live member: it can be sent commands and counts for hosts and votes.
    pub fn is_live_member(&self) -> bool {
        self.is_live() && self.membership == Membership::Member
    }

    /// It answers, and more than half of the views of others flag it `fail`.
    pub fn is_outvoted(&self) -> bool {
        self.membership == Membership::Member
            && self.liveness == Liveness::Live(Life::AnswersOutvoted)
    }

    /// Taken for dead because it gave no answer, while no view doubts it. It may live: the network
    /// between it and who asked may be down, or it came back since.
    pub fn is_only_silent(&self) -> bool {
        self.is_dead_member()
            && self.liveness.death() != Some(Death::Vouched)
            && self.seen.opinion.doubted == 0
    }

    /// Taken for dead only because every view that lists it doubts it: no view flags it `fail`, and
    /// nobody says that it was asked and gave no answer.
    pub fn is_only_suspected(&self) -> bool {
        self.is_dead_member() && self.liveness.death() == Some(Death::Suspected)
    }

    /// A dead member of which only the id is known: a report could not list it. Where it is, and
    /// what it owns, nobody says.
    pub fn is_known_by_id_alone(&self) -> bool {
        self.seen.unlisted && self.is_dead_member() && self.address.is_none()
    }

    /// A dead member of which a report tells the address only: its name here is no id that a
    /// server gave itself.
    pub fn is_known_by_address_alone(&self) -> bool {
        self.seen.unlisted && self.is_dead_member() && self.address.is_some()
    }

    /// A member that is dead and may come back: a ghost cannot.
    pub fn is_dead_member(&self) -> bool {
        self.membership == Membership::Member && !self.is_live()
    }

    /// Takes it away, as the operator vouches for or supposes.
    pub fn lose(&mut self) {
        self.liveness = Liveness::Dead(Death::Vouched);
    }

    /// Supposes that it came back and answers.
    pub fn revive(&mut self) {
        self.liveness = Liveness::Live(Life::Answers);
        self.seen.opinion = Opinion::default();
    }

    /// The master it names, if any.
    pub fn master(&self) -> Option<NodeId> {
        match self.role {
            Role::Master => None,
            Role::Replica(of) => of,
        }
    }
}

impl fmt::Display for Node {
    /// Its address, or for a ghost the short name: what a message calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{address}"),
            None => write!(f, "{}", self.name.short()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_set_forgets_its_tail() {
        let mut set: NodeSet = [NodeId(3), NodeId(130)].into_iter().collect();
        set.remove(NodeId(130));
        assert_eq!(set, [NodeId(3)].into_iter().collect());
        assert_eq!(set.iter().collect::<Vec<_>>(), [NodeId(3)]);
        assert_eq!(set.len(), 1);
    }
}
