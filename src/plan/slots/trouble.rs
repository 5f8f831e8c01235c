//! Why slots are not moved as asked.

use std::fmt;

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::why::Said;
use crate::text::words::bytes;
use crate::text::words::count;

/// Why slots are not moved as asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SlotTrouble {
    /// Nobody is listed at an address that was given.
    Nobody {
        option: &'static str,
        address: String,
    },
    /// No view in the capture is of the node there, and a new cluster needs its id.
    NoView {
        address: String,
    },
    /// What was asked of a node that is none of that kind.
    NoMaster {
        option: &'static str,
        node: NodeId,
    },
    /// The words for a domain that the capture does not know.
    NoDomain(String),
    /// Replicas would stay with a master that gives everything away.
    ReplicasStay {
        node: NodeId,
    },
    /// A replica cannot become a master of nothing.
    IsReplica {
        node: NodeId,
    },
    /// It owns slots, copies somebody or knows others: no node for a new cluster.
    NotBlank {
        node: NodeId,
    },
    /// It holds keys that belong to nobody's slots.
    HoldsKeys {
        node: NodeId,
        keys: u64,
    },
    /// Slots that are asked to be given up have a copy.
    HasCopy {
        slots: SlotSet,
        node: NodeId,
    },
    /// Slots without a copy that were not named.
    LostToo {
        slots: SlotSet,
    },
    /// The owner may live or come back: nobody proved that it is dead.
    OwnerMayLive {
        slots: SlotSet,
        owner: NodeId,
    },
    /// They are not all owned by the node that is to give them.
    NotOwned {
        node: NodeId,
        slots: SlotSet,
    },
    /// The same slots are asked to be in two places.
    Both {
        node: NodeId,
    },
    /// Slots have no owner that could give them.
    Uncovered {
        slots: SlotSet,
    },
    /// A move that was begun is not finished.
    Open {
        slots: SlotSet,
    },
    NoMajority,
    /// So many masters would be left, and it takes three.
    TooFew {
        masters: usize,
    },
    /// So many nodes are missing that could be masters.
    TooFewSpares {
        lacking: usize,
    },
    /// The limits leave no way to share the slots.
    NoRoom,
    /// What it would hold is more than its `maxmemory`, in bytes.
    NodeTooSmall {
        node: NodeId,
        needs: u64,
        limit: u64,
    },
    /// What its servers would hold is more than the memory of the host, in bytes.
    HostTooSmall {
        host: HostId,
        needs: u64,
        memory: u64,
    },
    /// Nothing tells how much a master holds.
    NotTold {
        what: &'static str,
        node: NodeId,
    },
}

/// How a trouble ends the command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// What was typed does not fit the capture.
    Usage,
    /// The cluster is in no state for it.
    Refused,
    /// What is demanded cannot be had.
    Blocked,
}

impl SlotTrouble {
    pub fn ending(&self) -> Ending {
        match self {
            Self::Nobody { .. }
            | Self::NoView { .. }
            | Self::NoMaster { .. }
            | Self::NoDomain(_)
            | Self::IsReplica { .. }
            | Self::HasCopy { .. }
            | Self::LostToo { .. }
            | Self::NotOwned { .. }
            | Self::Both { .. } => Ending::Usage,
            Self::HoldsKeys { .. }
            | Self::NotBlank { .. }
            | Self::OwnerMayLive { .. }
            | Self::Uncovered { .. }
            | Self::Open { .. }
            | Self::NoMajority
            | Self::ReplicasStay { .. }
            | Self::NotTold { .. } => Ending::Refused,
            Self::TooFew { .. }
            | Self::TooFewSpares { .. }
            | Self::NodeTooSmall { .. }
            | Self::HostTooSmall { .. }
            | Self::NoRoom => Ending::Blocked,
        }
    }
}

impl fmt::Display for Said<'_, SlotTrouble> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = |id: &NodeId| -> &crate::model::Node { Cluster::node(self.1, *id) };
        match self.0 {
            SlotTrouble::Nobody { option, address } => write!(
                f,
                "`{option} {address}`: nobody is there by the capture; `topoplan show` lists who is"
            ),
            SlotTrouble::NoView { address } => write!(
                f,
                "`--nodes` names {address}, and no view in the capture is of it: the steps go by ids; capture it (`topoplan collect --seed {address}`)"
            ),
            SlotTrouble::NoMaster { option, node: id } => {
                write!(f, "`{option} {}`: it is no live master", node(id))
            }
            SlotTrouble::NoDomain(words) => write!(f, "`--leave`: {words}"),
            SlotTrouble::ReplicasStay { node: id } => write!(
                f,
                "{} has replicas, and `cluster-allow-replica-migration no` would leave them with a master of nothing; set it to yes for as long as slots move",
                node(id)
            ),
            SlotTrouble::IsReplica { node: id } => write!(
                f,
                "{} is a replica: a node that is to own slots must be a master without any",
                node(id)
            ),
            SlotTrouble::NotBlank { node: id } => write!(
                f,
                "{} owns slots, copies another node or knows others: a new cluster is made of nodes that know nobody; see that nobody needs it, and reset it first (`CLUSTER RESET HARD`)",
                node(id)
            ),
            SlotTrouble::HoldsKeys { node: id, keys } => write!(
                f,
                "{} owns no slot and holds {}: they would come to light among the keys of the slots that it gets; see what they are and flush it first",
                node(id),
                count(*keys as usize, "key")
            ),
            SlotTrouble::HasCopy { slots, node: id } => write!(
                f,
                "slots {slots} are not lost: {} has a copy of them; nothing that somebody holds is given up",
                node(id)
            ),
            SlotTrouble::LostToo { slots } => write!(
                f,
                "slots {slots} have no live copy either: name exactly the slots that are lost, or a slip of the pen loses data"
            ),
            SlotTrouble::OwnerMayLive { slots, owner } => write!(
                f,
                "{}, the owner of {slots}, is not proven dead, and may still take writes; say `--dead node:{}` once you know that it is down",
                node(owner),
                node(owner)
            ),
            SlotTrouble::NotOwned { node: id, slots } => {
                write!(f, "{} does not own slots {slots}", node(id))
            }
            SlotTrouble::Both { node: id } => write!(
                f,
                "{} is asked both to get slots and to give all of them away",
                node(id)
            ),
            SlotTrouble::Uncovered { slots } => write!(
                f,
                "slots {slots} have no live owner: bring it back, or give them up (`--give-up {slots}`), before others move"
            ),
            SlotTrouble::Open { slots } => write!(
                f,
                "slots {slots} are open: a reshard is running or was cut off; see that none runs, and finish it first (`--settle-slots`)"
            ),
            SlotTrouble::NoMajority => f.write_str(
                "no majority of masters lives: nobody would agree on who owns what is moved; restore it first",
            ),
            SlotTrouble::TooFew { masters } => write!(
                f,
                "{} would be left, and a cluster takes 3: with fewer nothing fails over by itself",
                count(*masters, "master")
            ),
            SlotTrouble::TooFewSpares { lacking } => write!(
                f,
                "{} more without slots and keys would be needed",
                count(*lacking, "node")
            ),
            SlotTrouble::NoRoom => {
                f.write_str("what is asked leaves no way to share the slots among the masters")
            }
            SlotTrouble::NodeTooSmall {
                node: id,
                needs,
                limit,
            } => write!(
                f,
                "{} would hold {} with what it gets, and its `maxmemory` is {}: raise it, or let it get less (`--weight`)",
                node(id),
                bytes(*needs),
                bytes(*limit)
            ),
            SlotTrouble::HostTooSmall {
                host,
                needs,
                memory,
            } => write!(
                f,
                "the servers on {} would hold {}, and it has {}: let those on it get less (`--weight`), or move replicas off it first",
                Cluster::host(self.1, *host).name,
                bytes(*needs),
                bytes(*memory)
            ),
            SlotTrouble::NotTold { what, node: id } => write!(
                f,
                "nothing in the capture tells the {what} of {}: capture INFO of every master, or balance by slots",
                node(id)
            ),
        }
    }
}
