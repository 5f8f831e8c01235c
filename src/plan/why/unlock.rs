//! What would make a plan do what it leaves.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::Comeback;
use crate::model::HostId;
use crate::model::NodeId;
use crate::plan::why::Said;
use crate::plan::why::Vouch;
use crate::plan::why::host_name;
use crate::plan::why::nodes;
use crate::policy::Flag;
use crate::rules::Ask;
use crate::rules::Code;
use crate::text::words::count;

/// What would make a plan do what it leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unlock {
    /// It did not answer, and may live.
    AskAgain(NodeId),
    CaptureAgain(NodeId),
    /// The operator's word that these are down and stay down.
    Vouch(Vec<Vouch>),
    /// Most views flag it `fail`, and it answers.
    SeeWhyCutOff(NodeId),
    /// The same of a master.
    SeeWhatIsBetween(NodeId),
    /// A dead process whose data is the only copy, the owner's or a replica's; `accept` where a
    /// live replica could be promoted for what it has.
    BringBack {
        owner: NodeId,
        replicas: Vec<NodeId>,
        accept: bool,
    },
    UpgradeFirst(NodeId),
    /// An empty master, before its replica copies it.
    StopEmptied {
        owner: NodeId,
        replica: NodeId,
    },
    FinishMove,
    /// Once the slots have moved.
    PlanAgain,
    CaptureOtherEnd,
    /// A dead process with keys of a slot that was on its way.
    BringBackOtherEnd(NodeId),
    CaptureEveryNode,
    SettleSlots,
    CloseSlot,
    CaptureWhenSynced,
    CaptureNodesAndInfo,
    SeeWhyNotSynced,
    ServeThenFlush,
    FlushStale,
    /// These codes, or the word that the dead will not return.
    OnlyOrForget(BTreeSet<Code>),
    Only(BTreeSet<Code>),
    Forget,
    /// Nothing that is asked for helps while these are dead.
    Return(Vec<NodeId>),
    /// No pairing of the hosts and disks there are does better.
    MorePlaces,
    AllowMoves,
    /// Who was told `nofailover` may lead all the same; for balance among zones, or hosts.
    PromoteNofailover {
        zones: bool,
    },
    CureThatFirst,
    NameFile,
    AssignSlotsOrMaster,
    SeeShards,
    AddHostsOrRetire,
    NodeElsewhere,
    /// On its host.
    MemoryThere,
    NodesElsewhere,
    /// In the domain that replaces another one.
    IdleNode,
    /// At most so many steps.
    MoreSteps(usize),
    NodeOnOtherDisk,
    HostsInOtherZone,
    ThreeMasters,
    /// Who is at home as a master.
    BringHome,
    /// Homes whose masters do not crowd.
    OtherHomes,
    /// A copy more for so many masters, off that host.
    AddReplicas {
        number: usize,
        host: Option<HostId>,
        /// Dead processes that would be a copy again.
        restart: Vec<NodeId>,
    },
    /// To one of these, or to any master.
    AssignSlots(Vec<NodeId>),
    CaptureThenSaveKeys,
    /// Else these are free to own the slots.
    FindOwner(Vec<NodeId>),
    CaptureHolders(Vec<NodeId>),
    /// A higher version to come back with.
    NewerTarget,
    /// Fewer copies to keep.
    LowerKeep,
    /// One process at a time.
    ByProcess,
    /// A plan without goals.
    PlanFirst,
}

impl Unlock {
    /// The changes of the request of which any one is enough, as far as it is one.
    pub fn asks(&self) -> Vec<Ask> {
        match self {
            Self::BringBack { accept: true, .. } => vec![Ask::Flag(Flag::AcceptDataLoss)],
            Self::SettleSlots => vec![Ask::Flag(Flag::SettleSlots)],
            Self::FlushStale => vec![Ask::Flag(Flag::FlushStale)],
            Self::AllowMoves => vec![Ask::Flag(Flag::AllowMoves)],
            Self::PromoteNofailover { .. } => vec![Ask::Flag(Flag::PromoteNofailover)],
            Self::Only(codes) => vec![Ask::Only(codes.clone())],
            Self::Forget => vec![Ask::Flag(Flag::ForgetDead)],
            Self::OnlyOrForget(codes) => {
                vec![Ask::Only(codes.clone()), Ask::Flag(Flag::ForgetDead)]
            }
            Self::AskAgain(_)
            | Self::CaptureAgain(_)
            | Self::Vouch(_)
            | Self::SeeWhyCutOff(_)
            | Self::SeeWhatIsBetween(_)
            | Self::BringBack { accept: false, .. }
            | Self::UpgradeFirst(_)
            | Self::StopEmptied { .. }
            | Self::FinishMove
            | Self::PlanAgain
            | Self::CaptureOtherEnd
            | Self::BringBackOtherEnd(_)
            | Self::CaptureEveryNode
            | Self::CloseSlot
            | Self::CaptureWhenSynced
            | Self::CaptureNodesAndInfo
            | Self::SeeWhyNotSynced
            | Self::ServeThenFlush
            | Self::CureThatFirst
            | Self::NameFile
            | Self::AssignSlotsOrMaster
            | Self::SeeShards
            | Self::AddHostsOrRetire
            | Self::NodeElsewhere
            | Self::MemoryThere
            | Self::NodesElsewhere
            | Self::IdleNode
            | Self::MoreSteps(_)
            | Self::NodeOnOtherDisk
            | Self::HostsInOtherZone
            | Self::ThreeMasters
            | Self::BringHome
            | Self::OtherHomes
            | Self::AddReplicas { .. }
            | Self::AssignSlots(_)
            | Self::CaptureThenSaveKeys
            | Self::FindOwner(_)
            | Self::Return(_)
            | Self::MorePlaces
            | Self::NewerTarget
            | Self::LowerKeep
            | Self::ByProcess
            | Self::PlanFirst
            | Self::CaptureHolders(_) => Vec::new(),
        }
    }
}

impl fmt::Display for Said<'_, Unlock> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.1;
        f.write_str(match self.0 {
            Unlock::AskAgain(node) => {
                return write!(
                    f,
                    "ask {} and capture again; `topoplan collect` notes who gives no answer",
                    self.node(*node)
                );
            }
            Unlock::CaptureAgain(node) => {
                return write!(f, "capture {} again", self.node(*node));
            }
            Unlock::Vouch(vouch) => {
                let options = vouch.iter().map(|v| format!("--dead {}", Said(v, cluster)));
                let options: Vec<String> = options.collect();
                return write!(
                    f,
                    "ask them from another host; if they are down for sure and stay down, {}",
                    options.join(" ")
                );
            }
            Unlock::SeeWhyCutOff(node) => {
                return write!(
                    f,
                    "see why {} is cut off from them ({}), then capture it again",
                    self.node(*node),
                    Code::FailedButAnswers
                );
            }
            Unlock::SeeWhatIsBetween(node) => {
                return write!(
                    f,
                    "see what is between {} and the others ({}), then capture all of them again",
                    self.node(*node),
                    Code::FailedButAnswers
                );
            }
            Unlock::BringBack {
                owner,
                replicas,
                accept,
            } => return self.bring_back(f, *owner, replicas, *accept),
            Unlock::StopEmptied { owner, replica } => {
                return write!(
                    f,
                    "stop {}, then capture again: {} can take over with its keys",
                    self.node(*owner),
                    self.node(*replica)
                );
            }
            Unlock::UpgradeFirst(node) => {
                return write!(f, "start {} with the version of the masters, then capture again", self.node(*node));
            }
            Unlock::PlanAgain => "capture and plan again once the slots have moved",
            Unlock::FinishMove => {
                "finish the move by hand: MIGRATE the keys that are left, then CLUSTER SETSLOT NODE at the target, the source and the other masters"
            }
            Unlock::CaptureEveryNode => "capture `cluster nodes` of every node",
            Unlock::CaptureOtherEnd => "capture that node, too",
            Unlock::BringBackOtherEnd(node) => {
                return write!(f, "restart {}, capture again and plan with {}; or give up what is only there: {} {}",
                    self.node(*node), Flag::SettleSlots, Flag::SettleSlots, Flag::AcceptDataLoss);
            }
            Unlock::SettleSlots => {
                return write!(f, "{}, if nothing is moving slots", Flag::SettleSlots);
            }
            Unlock::CloseSlot => "close the slot first",
            Unlock::CaptureWhenSynced => "capture again when it is done",
            Unlock::CaptureNodesAndInfo => "capture `cluster nodes` and `info` of it again",
            Unlock::SeeWhyNotSynced => "see why it does not sync (its log), then capture again",
            Unlock::ServeThenFlush => {
                "serve all slots first, then capture and plan again"
            }
            Unlock::FlushStale => {
                return write!(f, "{}, if these keys are not needed", Flag::FlushStale);
            }
            Unlock::OnlyOrForget(codes) => {
                return write!(
                    f,
                    "--only {}, or {} if they will not return",
                    Code::join(codes, ","),
                    Flag::ForgetDead
                );
            }
            Unlock::Only(codes) => return write!(f, "--only {}", Code::join(codes, ",")),
            Unlock::Forget => return write!(f, "{} if they will not return", Flag::ForgetDead),
            Unlock::Return(dead) => {
                return write!(f, "bring back {}: without them nothing is better", nodes(cluster, dead));
            }
            Unlock::MorePlaces => "more hosts or disks: no exchange of the copies does better",
            Unlock::AllowMoves => return write!(f, "{}", Flag::AllowMoves),
            Unlock::PromoteNofailover { .. } => {
                return write!(
                    f,
                    "{}, if replicas told `nofailover` may lead",
                    Flag::PromoteNofailover
                );
            }
            Unlock::CureThatFirst => "cure that first",
            Unlock::NewerTarget => "name a version with --to that is no older",
            Unlock::LowerKeep => "a lower --keep, or one more replica",
            Unlock::ByProcess => "--unit process",
            Unlock::PlanFirst => "carry out what `topoplan plan` without --restart says, then capture again",
            Unlock::NameFile => "name its file after its address",
            Unlock::AssignSlotsOrMaster => "assign slots, or bring a master back",
            Unlock::SeeShards => "see the shards above",
            Unlock::AddHostsOrRetire => "add hosts, or retire the node",
            Unlock::NodeElsewhere => "a node on another host",
            Unlock::MemoryThere => "more memory there, a lower `maxmemory`, or a node on another host",
            Unlock::NodesElsewhere => "nodes on another host",
            Unlock::MoreSteps(all) => return write!(f, "--max-steps {all}"),
            Unlock::IdleNode => "one more idle node there, without keys",
            Unlock::NodeOnOtherDisk => "a node on another disk",
            Unlock::HostsInOtherZone => "hosts in another zone",
            Unlock::ThreeMasters => "3 masters with slots on 3 hosts",
            Unlock::BringHome => {
                "bring back who is a master by the home map, or change the map"
            }
            Unlock::OtherHomes => "a home map that spreads the masters over more hosts",
            Unlock::AddReplicas {
                number,
                host,
                restart,
            } => {
                if !restart.is_empty() {
                    write!(f, "restart {}, or ", nodes(cluster, restart))?;
                }
                write!(f, "add {}", count(*number, "node"))?;
                // Where no host is known any node will do.
                return match host {
                    Some(_) => write!(f, " on hosts other than {}", host_name(cluster, *host)),
                    None => Ok(()),
                };
            }
            Unlock::AssignSlots(free) => {
                let command = cluster.server.add_slots();
                return match &free[..] {
                    [] => write!(f, "assign slots to the masters ({command})"),
                    free => write!(f, "assign the slots: {command} at {}, or `redis-cli --cluster fix`", nodes(cluster, free)),
                };
            }
            Unlock::CaptureThenSaveKeys => {
                "capture all nodes again in one go; if it stays, save the keys of these first"
            }
            Unlock::FindOwner(free) => {
                let command = cluster.server.add_slots();
                f.write_str("find the node that held them; only if its data is given up, ")?;
                return match &free[..] {
                    [] => write!(f, "{command} at a master"),
                    free => write!(f, "{command} at {}, free for it, or `redis-cli --cluster fix`", nodes(cluster, free)),
                };
            }
            Unlock::CaptureHolders(holders) => {
                return write!(
                    f,
                    "capture CLUSTER NODES of {} itself; if it says `slave -` there too, save its keys first",
                    nodes(cluster, holders)
                );
            }
        })
    }
}

impl Said<'_, Unlock> {
    fn bring_back(
        &self,
        f: &mut fmt::Formatter<'_>,
        owner: NodeId,
        replicas: &[NodeId],
        accept: bool,
    ) -> fmt::Result {
        let comeback = self.1.comeback(owner);
        let owner = self.node(owner);
        match (&owner.address, &owner.last_address) {
            (Some(address), _) if matches!(comeback, Comeback::Empty(_)) => write!(
                f,
                "look for a backup: restarted, {address} comes back {comeback}"
            )?,
            (Some(address), _) => write!(f, "restart {address} with its data")?,
            (None, Some(address)) => write!(f, "bring back the data that {address} had")?,
            (None, None) => write!(f, "bring back the data of node {}", owner.name.short())?,
        }
        let others = replicas
            .iter()
            .filter_map(|&id| self.node(id).address.as_ref());
        let others: Vec<String> = others.map(ToString::to_string).collect();
        if !others.is_empty() {
            write!(f, ", or {}", others.join(" or "))?;
        }
        if accept {
            write!(f, "; or {}", Flag::AcceptDataLoss)?;
        }
        Ok(())
    }
}
