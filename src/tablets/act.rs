//! One command of `ns_client`, or what only a human does: what it is called, when the name server
//! refuses it, and what it leads to.
//!
//! Refusals and effects are those of `src/nameserver/name_server_impl.cc`; they are the same in
//! FEDB 2.2 and in OpenMLDB.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::Health;
use crate::model::Held;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::tablets::effect::lead;
use crate::tablets::effect::leader_of;
use crate::tablets::effect::offline;
use crate::tablets::effect::recover;
use crate::tablets::effect::recovers;
use crate::tablets::effect::restart;

/// What an act is called in a plan.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    SetAutoFailover,
    OfflineEndpoint,
    ChangeLeader,
    Restart,
    RecoverEndpoint,
    RecoverTable,
    Migrate,
    AddReplica,
    DelReplica,
    Kill,
}

impl Word {
    pub fn name(self) -> &'static str {
        match self {
            Self::SetAutoFailover => "set-auto-failover",
            Self::OfflineEndpoint => "offline-endpoint",
            Self::ChangeLeader => "change-leader",
            Self::Restart => "restart",
            Self::RecoverEndpoint => "recover-endpoint",
            Self::RecoverTable => "recover-table",
            Self::Migrate => "migrate",
            Self::AddReplica => "add-replica",
            Self::DelReplica => "del-replica",
            Self::Kill => "kill",
        }
    }

    /// The command of `ns_client`; none for what a human does.
    pub fn command(self) -> Option<&'static str> {
        match self {
            Self::SetAutoFailover => Some("confset auto_failover"),
            Self::OfflineEndpoint => Some("offlineendpoint"),
            Self::ChangeLeader => Some("changeleader"),
            Self::Restart | Self::Kill => None,
            Self::RecoverEndpoint => Some("recoverendpoint"),
            Self::RecoverTable => Some("recovertable"),
            Self::Migrate => Some("migrate"),
            Self::AddReplica => Some("addreplica"),
            Self::DelReplica => Some("delreplica"),
        }
    }
}

/// One act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    SetAutoFailover(bool),
    /// Takes a tablet out: leaders on it are replaced, followers on it not counted any more.
    OfflineEndpoint(TabletId),
    ChangeLeader {
        partition: PartitionId,
        to: TabletId,
        from: Option<TabletId>,
    },
    /// By a human: the process is started, or stopped and started.
    Restart(TabletId),
    /// The same of a name server, by its place in the list.
    RestartNameServer(usize),
    RecoverEndpoint(TabletId),
    RecoverTable {
        partition: PartitionId,
        tablet: TabletId,
    },
    Migrate {
        partition: PartitionId,
        from: TabletId,
        to: TabletId,
    },
    AddReplica {
        partition: PartitionId,
        to: TabletId,
    },
    DelReplica {
        partition: PartitionId,
        from: TabletId,
    },
    /// By a human: the process is stopped, once it holds nothing.
    Kill(TabletId),
}

/// Why the name server would not do it, or would say ok and do nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    #[error("auto_failover is enabled")]
    AutoFailover,
    #[error("tablet is not healthy")]
    NotHealthy,
    #[error("no follower")]
    NoFollower,
    #[error("no alive follower")]
    NoAliveFollower,
    #[error("leader endpoint is empty")]
    NoLeader,
    #[error("leader is offline")]
    LeaderOffline,
    #[error("cannot migrate leader")]
    IsLeader,
    #[error("src_endpoint has not partition")]
    NotThere,
    #[error("partition is already in des_endpoint")]
    AlreadyThere,
    #[error("table is alive, need not recover")]
    Alive,
    #[error("can not del leader")]
    CannotDeleteLeader,
    #[error("it holds copies")]
    HoldsCopies,
    #[error("it says ok and does nothing")]
    Nothing,
}

impl Act {
    pub fn word(&self) -> Word {
        match self {
            Self::SetAutoFailover(_) => Word::SetAutoFailover,
            Self::OfflineEndpoint(_) => Word::OfflineEndpoint,
            Self::ChangeLeader { .. } => Word::ChangeLeader,
            Self::Restart(_) | Self::RestartNameServer(_) => Word::Restart,
            Self::RecoverEndpoint(_) => Word::RecoverEndpoint,
            Self::RecoverTable { .. } => Word::RecoverTable,
            Self::Migrate { .. } => Word::Migrate,
            Self::AddReplica { .. } => Word::AddReplica,
            Self::DelReplica { .. } => Word::DelReplica,
            Self::Kill(_) => Word::Kill,
        }
    }

    pub fn partition(&self) -> Option<PartitionId> {
        match *self {
            Self::ChangeLeader { partition, .. }
            | Self::RecoverTable { partition, .. }
            | Self::Migrate { partition, .. }
            | Self::AddReplica { partition, .. }
            | Self::DelReplica { partition, .. } => Some(partition),
            Self::SetAutoFailover(_)
            | Self::OfflineEndpoint(_)
            | Self::Restart(_)
            | Self::RestartNameServer(_)
            | Self::RecoverEndpoint(_)
            | Self::Kill(_) => None,
        }
    }

    /// The tablet that it is about: the dead, the recovered, the new leader, where the copy comes.
    pub fn tablet(&self) -> Option<TabletId> {
        match *self {
            Self::OfflineEndpoint(tablet)
            | Self::Restart(tablet)
            | Self::Kill(tablet)
            | Self::RecoverEndpoint(tablet)
            | Self::RecoverTable { tablet, .. } => Some(tablet),
            Self::ChangeLeader { to, .. }
            | Self::Migrate { to, .. }
            | Self::AddReplica { to, .. } => Some(to),
            Self::DelReplica { from, .. } => Some(from),
            Self::SetAutoFailover(_) | Self::RestartNameServer(_) => None,
        }
    }

    /// The other one: the leader that is replaced, where the copy comes from.
    pub fn other(&self) -> Option<TabletId> {
        match *self {
            Self::ChangeLeader { from, .. } => from,
            Self::Migrate { from, .. } => Some(from),
            Self::SetAutoFailover(_)
            | Self::OfflineEndpoint(_)
            | Self::Restart(_)
            | Self::RestartNameServer(_)
            | Self::RecoverEndpoint(_)
            | Self::RecoverTable { .. }
            | Self::AddReplica { .. }
            | Self::DelReplica { .. }
            | Self::Kill(_) => None,
        }
    }

    /// It is refused while `auto_failover` is on.
    pub fn needs_manual(&self) -> bool {
        match self {
            Self::OfflineEndpoint(_)
            | Self::ChangeLeader { .. }
            | Self::RecoverEndpoint(_)
            | Self::RecoverTable { .. }
            | Self::Migrate { .. } => true,
            Self::SetAutoFailover(_)
            | Self::Restart(_)
            | Self::RestartNameServer(_)
            | Self::AddReplica { .. }
            | Self::DelReplica { .. }
            | Self::Kill(_) => false,
        }
    }

    /// The command that takes it back; none where nothing does, or the next step is it.
    pub fn undo(&self, state: &Tablets) -> Option<String> {
        let name = |partition: PartitionId| state.name(partition);
        match *self {
            Self::SetAutoFailover(value) => Some(format!("confset auto_failover {}", !value)),
            Self::Migrate {
                partition,
                from,
                to,
            } => {
                let table = &state.partition(partition).table;
                let pid = state.partition(partition).pid;
                let (from, to) = (state.endpoint(from), state.endpoint(to));
                Some(format!("migrate {to} {table} {pid} {from}"))
            }
            Self::AddReplica { partition, to } => Some(format!(
                "delreplica {} {}",
                name(partition),
                state.endpoint(to)
            )),
            Self::DelReplica { partition, from } => Some(format!(
                "addreplica {} {}",
                name(partition),
                state.endpoint(from)
            )),
            Self::OfflineEndpoint(tablet) => {
                Some(format!("recoverendpoint {}", state.endpoint(tablet)))
            }
            Self::ChangeLeader { .. }
            | Self::Restart(_)
            | Self::RestartNameServer(_)
            | Self::RecoverEndpoint(_)
            | Self::RecoverTable { .. }
            | Self::Kill(_) => None,
        }
    }

    /// A name that it would put into a command and that is none of a table or an endpoint.
    pub fn odd_name(&self, state: &Tablets) -> Option<String> {
        let table = self
            .partition()
            .map(|p| state.partition(p).table.to_string());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let odd = |t: &String| t.is_empty() || t.starts_with('-') || !t.chars().all(plain);
        if let Some(odd) = table.filter(odd) {
            return Some(odd);
        }
        let tablets = [self.tablet(), self.other()].into_iter().flatten();
        let of_endpoint = |c: char| c.is_ascii_alphanumeric() || ".:_-[]".contains(c);
        let mut names = tablets.map(|t| state.endpoint(t).to_string());
        names.find(|n| n.starts_with('-') || !n.chars().all(of_endpoint))
    }

    /// It is more than accepted: something comes of it. Of those that may come to nothing.
    pub(super) fn helps(&self, state: &Tablets) -> bool {
        match *self {
            Self::RecoverTable { partition, tablet } => {
                state.runs(tablet) && recovers(state, partition, tablet)
            }
            Self::SetAutoFailover(_)
            | Self::OfflineEndpoint(_)
            | Self::ChangeLeader { .. }
            | Self::Restart(_)
            | Self::RestartNameServer(_)
            | Self::RecoverEndpoint(_)
            | Self::Migrate { .. }
            | Self::AddReplica { .. }
            | Self::DelReplica { .. }
            | Self::Kill(_) => true,
        }
    }

    /// Whether the name server does it in that state.
    pub fn guard(&self, state: &Tablets) -> Result<(), Refused> {
        if self.needs_manual() && state.auto_failover == Some(true) {
            return Err(Refused::AutoFailover);
        }
        let healthy = |tablet: TabletId| match state.runs(tablet) {
            true => Ok(()),
            false => Err(Refused::NotHealthy),
        };
        match *self {
            Self::SetAutoFailover(_) | Self::Restart(_) | Self::RestartNameServer(_) => Ok(()),
            Self::OfflineEndpoint(_) => Ok(()),
            Self::ChangeLeader { partition, to, .. } => {
                let partition = state.partition(partition);
                if partition.copies.len() < 2 {
                    return Err(Refused::NoFollower);
                }
                let heir = partition.on(to);
                match heir.is_some_and(|held| !held.leader && state.is_usable(held)) {
                    true => Ok(()),
                    false => Err(Refused::NoAliveFollower),
                }
            }
            Self::RecoverEndpoint(tablet) => {
                healthy(tablet)?;
                let mut held = state.held_by(tablet);
                match held.any(|(id, _)| recovers(state, id, tablet)) {
                    true => Ok(()),
                    false => Err(Refused::Nothing),
                }
            }
            Self::RecoverTable { partition, tablet } => {
                healthy(tablet)?;
                let held = state
                    .partition(partition)
                    .on(tablet)
                    .ok_or(Refused::NotThere)?;
                if held.alive {
                    return Err(Refused::Alive);
                }
                match recovers(state, partition, tablet) {
                    true => Ok(()),
                    false => Err(Refused::NoLeader),
                }
            }
            Self::Migrate {
                partition,
                from,
                to,
            } => {
                healthy(from)?;
                healthy(to)?;
                let partition = state.partition(partition);
                let leader = state.listed_leader(partition).ok_or(Refused::NoLeader)?;
                if leader.tablet == from {
                    return Err(Refused::IsLeader);
                }
                if !state.runs(leader.tablet) {
                    return Err(Refused::LeaderOffline);
                }
                let held = partition.on(from).ok_or(Refused::NotThere)?;
                if held.leader || !held.alive {
                    return Err(Refused::NotThere);
                }
                // The server overlooks a copy there that is not alive; a plan does not.
                match partition.on(to) {
                    Some(_) => Err(Refused::AlreadyThere),
                    None => Ok(()),
                }
            }
            Self::AddReplica { partition, to } => {
                healthy(to)?;
                let partition = state.partition(partition);
                let leader = state.listed_leader(partition).ok_or(Refused::NoLeader)?;
                if !state.runs(leader.tablet) {
                    return Err(Refused::LeaderOffline);
                }
                match partition.on(to) {
                    Some(_) => Err(Refused::AlreadyThere),
                    None => Ok(()),
                }
            }
            Self::Kill(tablet) => {
                healthy(tablet)?;
                match state.held_by(tablet).next() {
                    Some(_) => Err(Refused::HoldsCopies),
                    None => Ok(()),
                }
            }
            Self::DelReplica { partition, from } => {
                healthy(from)?;
                let held = state
                    .partition(partition)
                    .on(from)
                    .ok_or(Refused::NotThere)?;
                match held.leader {
                    true => Err(Refused::CannotDeleteLeader),
                    false => Ok(()),
                }
            }
        }
    }

    /// What the state is when all that it started is done.
    pub fn apply(&self, state: &mut Tablets) {
        match *self {
            Self::SetAutoFailover(value) => state.auto_failover = Some(value),
            Self::OfflineEndpoint(tablet) => offline(state, tablet),
            Self::ChangeLeader { partition, to, .. } => lead(state, partition, to),
            Self::Restart(tablet) => restart(state, tablet),
            Self::RestartNameServer(_) => {}
            Self::Kill(tablet) => state.tablets[tablet.index()].health = Health::Offline,
            Self::RecoverEndpoint(tablet) => {
                let held: Vec<PartitionId> = state.held_by(tablet).map(|(id, _)| id).collect();
                for partition in held {
                    if recovers(state, partition, tablet) {
                        recover(state, partition, tablet);
                    }
                }
            }
            Self::RecoverTable { partition, tablet } => recover(state, partition, tablet),
            Self::Migrate {
                partition,
                from,
                to,
            } => {
                let leader = leader_of(state, partition);
                if let Some(held) = state.partition_mut(partition).on_mut(from) {
                    held.tablet = to;
                    held.offset = leader.as_ref().and_then(|l| l.offset);
                }
            }
            Self::AddReplica { partition, to } => {
                let leader = leader_of(state, partition);
                state.partition_mut(partition).copies.push(Held {
                    tablet: to,
                    leader: false,
                    alive: true,
                    offset: leader.as_ref().and_then(|l| l.offset),
                    memory: leader.and_then(|l| l.memory),
                });
            }
            Self::DelReplica { partition, from } => {
                let copies = &mut state.partition_mut(partition).copies;
                copies.retain(|held| held.tablet != from);
            }
        }
    }
}

#[cfg(test)]
mod tests;
