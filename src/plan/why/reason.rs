//! Why a plan leaves something.

use std::collections::BTreeSet;
use std::fmt;

use crate::measure::MajorityLost;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::model::Sync;
use crate::plan::room::NoRoom;
use crate::plan::why::Blocked;
use crate::plan::why::NoRestart;
use crate::plan::why::Said;
use crate::plan::why::Vouch;
use crate::plan::why::host_name;
use crate::plan::why::nodes;
use crate::rules::Code;
use crate::text::words::count;
use crate::text::words::plural;

/// Why a plan leaves something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    NoHeir(NoHeir),
    OpenSlot(OpenSlot),
    /// A slot of the shard is open.
    ShardOpen,
    /// A replica of the shard is no copy, and the capture does not tell whether it becomes one.
    ShardSyncing {
        replica: NodeId,
        why: NotACopy,
    },
    /// A master came back empty beside a replica that holds keys.
    Emptied {
        owner: NodeId,
        replica: NodeId,
    },
    /// A master answers, and most views flag it `fail`.
    CutOff {
        owner: NodeId,
    },
    /// A node without slots holds keys; `blocked` while they may be the only copy.
    HoldsKeys {
        keys: u64,
        blocked: bool,
    },
    /// The host of an idle node has no memory for a copy.
    NoRoom(NoRoom),
    /// So many members are dead and may come back.
    MayReturn {
        dead: usize,
    },
    /// A healthy replica is moved only where that cures an error.
    NotMoved,
    /// No pairing keeps a replica off that host.
    NoPairing {
        host: Option<HostId>,
    },
    NoOtherDisk,
    NoBetterZones,
    NoBetterHosts,
    /// No copy that is at home as a master may lead.
    NobodyAtHome,
    /// The home roles would make these worse.
    HomeCosts(BTreeSet<Code>),
    /// It might be better if they led.
    ToldNofailover,
    /// Fewer than three masters vote.
    FewVoters,
    Chain(Chain),
    Unused(Unused),
    /// A replica more is wanted for so many masters, off that host.
    Short {
        masters: usize,
        host: Option<HostId>,
        spares: usize,
    },
    /// One client got no answer from it, and no view doubts it.
    MayLive {
        node: NodeId,
    },
    /// To forget a slot owner loses its slots.
    OwnsSlots(SlotSet),
    /// Whoever replicates an id refuses to forget it.
    Followed {
        by: NodeId,
    },
    Unlisted,
    /// Nothing tells its id.
    Nameless,
    /// It could not load what this master sends.
    TooOld {
        node: NodeId,
        master: NodeId,
    },
    Lost(Lost),
    /// A process is not restarted.
    NoRestart(NoRestart),
    /// A goal cannot be reached for a shard.
    Blocked(Blocked),
    /// Some handover would have to go both before and after slots that move.
    HandoversLeft,
    /// No more steps than so many were asked for.
    Cut(usize),
}

/// Why no replica is promoted where the master is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoHeir {
    /// Suspected by every view, flagged `fail` by none, and nobody says that it was asked.
    OwnerSuspected { owner: NodeId },
    /// One client got no answer from it, and a replica is linked to it.
    OwnerMayLive { owner: NodeId, replica: NodeId },
    /// No majority lives to vote, and nothing proves that the masters it lacks are dead.
    Unproven {
        owner: NodeId,
        replica: NodeId,
        lost: Box<MajorityLost>,
        /// What the operator would have to vouch for.
        vouch: Vec<Vouch>,
    },
    /// Who could take over is flagged `fail` by most views.
    CutOff { owner: NodeId, replica: NodeId },
    /// No live replica is a copy; the best of them.
    NotACopy { replica: NodeId, why: NotACopy },
    /// No copy lives.
    NoCopy {
        owner: NodeId,
        replicas: Vec<NodeId>,
    },
}

/// Why a live replica is no copy of its master's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotACopy {
    FirstSync,
    NeverSynced,
    /// Its own INFO names another master, or none.
    Disputed,
    /// It copied the blank process that runs at its master's address now.
    CopiedBlank,
}

impl NotACopy {
    pub fn of(sync: Sync) -> Self {
        match sync {
            Sync::Running => Self::FirstSync,
            Sync::Disputed => Self::Disputed,
            Sync::Never | Sync::Done | Sync::Unknown => Self::NeverSynced,
        }
    }
}

impl fmt::Display for NotACopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstSync => "is in its first sync",
            Self::NeverSynced => "never finished a sync",
            Self::Disputed => "follows another master by its own INFO, or is one",
            Self::CopiedBlank => {
                "holds no key any more: it copied the blank process at its master's address"
            }
        })
    }
}

/// Why an open slot is left open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenSlot {
    /// The master has it closed.
    OnReplica,
    BothEnds {
        node: NodeId,
        other: NodeId,
        slot: u16,
    },
    OtherEndUnseen(NodeId),
    /// Keys that went there are with it.
    OtherEndDead(NodeId),
    /// Only a report of a cluster check tells of it.
    OtherEndUnnamed,
    MayBeMoving,
}

/// Why a replica of a replica stays one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chain {
    ShardLeftAlone(NodeId),
    MasterGone(NodeId),
    /// Slots have no owner, and it may hold them.
    MayHoldSlots,
    CopiesNothing,
}

/// Why a node without a copy stays without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unused {
    NoAddress,
    NoShard,
    EveryShardLeftAlone,
    CopyOnItsHost,
}

/// Slots without any owner, dead or alive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lost {
    NeverAssigned,
    /// Nobody owns them; these follow no owner and may hold them.
    Rootless(Vec<NodeId>),
    OwnedByNobody,
    /// The master was forgotten; its replicas follow nobody.
    MasterForgotten(Vec<NodeId>),
}

impl From<NoHeir> for Reason {
    fn from(why: NoHeir) -> Self {
        Self::NoHeir(why)
    }
}

impl fmt::Display for Said<'_, Reason> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.1;
        match self.0 {
            Reason::NoHeir(why) => write!(f, "{}", Said(why, cluster)),
            Reason::OpenSlot(why) => write!(f, "{}", Said(why, cluster)),
            Reason::ShardOpen => {
                f.write_str("a slot of it is open: its roles and replicas are left alone")
            }
            Reason::ShardSyncing { replica, why } => {
                write!(f, "{} {why}: the shard is left alone", self.node(*replica))
            }
            Reason::Emptied { owner, replica } => write!(
                f,
                "{} holds no key and {} still does: every step could make it copy the emptiness, so the shard is left alone",
                self.node(*owner),
                self.node(*replica)
            ),
            Reason::CutOff { owner } => write!(
                f,
                "{} answers, but most views flag it `fail`: it may have died since, or it is cut off; nobody takes over from a node that answers, and its shard is left alone",
                self.node(*owner)
            ),
            Reason::HoldsKeys { keys, blocked } => {
                let keys = count(usize::try_from(*keys).unwrap_or(usize::MAX), "key");
                write!(
                    f,
                    "it owns no slot but holds {keys}, so it cannot become a replica"
                )?;
                if *blocked {
                    f.write_str("; while slots have no live owner they may be the only copy")?;
                }
                Ok(())
            }
            Reason::NoRoom(why) => write!(f, "{}", Said(why, cluster)),
            Reason::MayReturn { dead } => {
                let are = if *dead == 1 { "is" } else { "are" };
                write!(
                    f,
                    "{} {are} dead and may be back soon: masters are not moved around meanwhile",
                    count(*dead, "member")
                )
            }
            Reason::NotMoved => {
                f.write_str("a healthy replica is moved by default only to cure an error")
            }
            Reason::NoPairing { host } => write!(
                f,
                "no pairing of the live nodes keeps it off {}",
                host_name(cluster, *host)
            ),
            Reason::NoOtherDisk => f.write_str("no pairing of the live nodes uses another disk"),
            Reason::NoBetterZones => {
                f.write_str("no choice of masters and pairs among the live nodes does better")
            }
            Reason::NoBetterHosts => {
                f.write_str("no choice of masters among the live copies does better")
            }
            Reason::NobodyAtHome => f.write_str(
                "no live copy of their shards that may lead is a master by the home map",
            ),
            Reason::HomeCosts(codes) => write!(
                f,
                "the home roles would make {} worse, which comes before them",
                Code::join(codes, " and ")
            ),
            Reason::ToldNofailover => {
                f.write_str("replicas told `nofailover` are not promoted for balance")
            }
            Reason::FewVoters => f.write_str(
                "with fewer than three masters any one of them is half of the votes or more",
            ),
            Reason::Chain(why) => write!(f, "{}", Said(why, cluster)),
            Reason::Unused(why) => f.write_str(match why {
                Unused::NoAddress => {
                    "nothing in the capture tells its address, so no command can be sent to it"
                }
                Unused::NoShard => "no shard lives that it could copy",
                Unused::EveryShardLeftAlone => "every shard is left alone",
                Unused::CopyOnItsHost => "every shard has a copy on its host already",
            }),
            Reason::Short {
                masters,
                host,
                spares,
            } => {
                let replicas = plural(*masters, "replica");
                let host = host_name(cluster, *host);
                write!(f, "{masters} more {replicas} wanted off {host}, and ")?;
                match spares {
                    0 => f.write_str("no node without a copy is left"),
                    1 => f.write_str("the one node without a copy cannot be used for it"),
                    n => write!(f, "none of the {n} nodes without a copy can be used for it"),
                }
            }
            Reason::MayLive { node } => write!(
                f,
                "{} did not answer the capture, but no view doubts it: it may live",
                self.node(*node)
            ),
            Reason::OwnsSlots(slots) => {
                write!(
                    f,
                    "it still owns slots {slots}: forgetting it would lose them"
                )
            }
            Reason::Followed { by } => write!(
                f,
                "{} still replicates it and would refuse to forget it",
                self.node(*by)
            ),
            Reason::Nameless => f.write_str(
                "nothing in the capture tells its id, and CLUSTER FORGET takes nothing else",
            ),
            Reason::Unlisted => f.write_str("no captured view lists it"),
            Reason::TooOld { node, master } => {
                let runs = |id: &NodeId| match &self.node(*id).runs {
                    Some(server) => server.to_string(),
                    None => "an unknown version".to_owned(),
                };
                write!(
                    f,
                    "it runs {} and could not load a full sync of {}, which runs {}: it would drop what it holds and stay empty",
                    runs(node),
                    self.node(*master),
                    runs(master)
                )
            }
            Reason::Lost(why) => write!(f, "{}", Said(why, cluster)),
            Reason::NoRestart(why) => write!(f, "{}", Said(why, cluster)),
            Reason::Blocked(why) => write!(f, "{}", Said(why, cluster)),
            Reason::HandoversLeft => f.write_str(
                "a handover would have to go both before and after slots that move: masters stay where they are",
            ),
            Reason::Cut(most) => {
                write!(f, "the plan stops after {}, as asked", count(*most, "step"))
            }
        }
    }
}

impl fmt::Display for Said<'_, OpenSlot> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OpenSlot::OnReplica => f.write_str(
                "open on a replica whose master has it closed: no command of the servers closes it",
            ),
            OpenSlot::BothEnds { node, other, slot } => write!(
                f,
                "slot {slot} is open at both ends, {} and {}: keys may be on both, and a capture does not show where",
                self.node(*node),
                self.node(*other)
            ),
            OpenSlot::OtherEndUnseen(other) => write!(
                f,
                "the view of the other end, {}, is not in the capture",
                self.node(*other)
            ),
            OpenSlot::OtherEndDead(other) => write!(
                f,
                "the other end, {}, is dead: keys of the slot may be there alone",
                self.node(*other)
            ),
            OpenSlot::OtherEndUnnamed => {
                f.write_str("the report of the cluster check does not say where the other end is")
            }
            OpenSlot::MayBeMoving => f.write_str("a slot move may be going on"),
        }
    }
}

impl fmt::Display for Said<'_, Chain> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Chain::ShardLeftAlone(root) => {
                write!(f, "the shard of {} is left alone", self.node(*root))
            }
            Chain::MasterGone(root) => write!(
                f,
                "its shard has no live master: {} is gone",
                self.node(*root)
            ),
            Chain::MayHoldSlots => {
                f.write_str("slots have no owner, and it may hold the only copy of them")
            }
            Chain::CopiesNothing => f.write_str("it copies no slots, and no shard can take it"),
        }
    }
}

impl fmt::Display for Said<'_, Lost> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Lost::NeverAssigned => {
                f.write_str("no slot was ever assigned: there is nothing to bring back")
            }
            Lost::Rootless(holders) => write!(
                f,
                "no node of the capture owns them; {} may hold the only copy: following no owner, left as it is",
                nodes(self.1, holders)
            ),
            Lost::OwnedByNobody => f.write_str("no node of the capture owns them, dead or alive"),
            Lost::MasterForgotten(holders) => write!(
                f,
                "their master was forgotten; {} may hold the only copy, but the capture does not show \
                 that it still knows its master, and without that every failover is refused",
                nodes(self.1, holders)
            ),
        }
    }
}
