//! What a step of a plan about tablets is known by, looks at before, and waits for.

use std::collections::BTreeMap;

use sha2::Digest;
use sha2::Sha256;

use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report::tablets::plan::TabletGuard;
use crate::report::tablets::plan::TabletStep;
use crate::report::tablets::plan::TabletUntil;
use crate::report::tablets::plan::TabletWait;
use crate::tablets::Act;
use crate::tablets::Word;

pub(super) fn key(step: &TabletStep) -> String {
    const BYTES: usize = 8;
    let asked = match &step.command {
        Some(command) => match &step.database {
            Some(database) => format!("{database} {command}"),
            None => command.clone(),
        },
        None => format!(
            "{} {}",
            step.action.name(),
            step.address.as_deref().unwrap_or("-")
        ),
    };
    let hash = Sha256::digest(asked.as_bytes());
    hash.iter()
        .take(BYTES)
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Partitions and servers by the names that steps have for them.
pub(super) struct Steps<'a> {
    state: &'a Tablets,
    partitions: BTreeMap<(Option<&'a str>, &'a str, u32), PartitionId>,
}

impl<'a> Steps<'a> {
    pub fn of(state: &'a Tablets) -> Self {
        let named = state.partition_ids().zip(&state.partitions);
        let named = named.map(|(id, p)| ((p.database.as_deref(), &*p.table, p.pid), id));
        Self {
            state,
            partitions: named.collect(),
        }
    }

    pub fn partition(&self, step: &TabletStep) -> Option<PartitionId> {
        let name = (step.database.as_deref(), step.table.as_deref()?, step.pid?);
        self.partitions.get(&name).copied()
    }

    /// `None`: it names what is not there.
    pub fn act(&self, step: &TabletStep) -> Option<Act> {
        let tablet = || self.state.find(step.address.as_deref()?);
        let other = || self.state.find(step.target_address.as_deref()?);
        Some(match step.action {
            Word::SetAutoFailover => Act::SetAutoFailover(step.value?),
            Word::OfflineEndpoint => Act::OfflineEndpoint(tablet()?),
            Word::RecoverEndpoint => Act::RecoverEndpoint(tablet()?),
            Word::Kill => Act::Kill(tablet()?),
            Word::Restart => {
                let address = step.address.as_deref()?;
                let mut servers = self.state.name_servers.iter();
                match servers.position(|server| *server.endpoint == *address) {
                    Some(at) => Act::RestartNameServer(at),
                    None => Act::Restart(tablet()?),
                }
            }
            Word::ChangeLeader => Act::ChangeLeader {
                partition: self.partition(step)?,
                to: tablet()?,
                from: match step.target_address {
                    Some(_) => Some(other()?),
                    None => None,
                },
            },
            Word::RecoverTable => Act::RecoverTable {
                partition: self.partition(step)?,
                tablet: tablet()?,
            },
            Word::Migrate => Act::Migrate {
                partition: self.partition(step)?,
                from: other()?,
                to: tablet()?,
            },
            Word::AddReplica => Act::AddReplica {
                partition: self.partition(step)?,
                to: tablet()?,
            },
            Word::DelReplica => Act::DelReplica {
                partition: self.partition(step)?,
                from: tablet()?,
            },
        })
    }
}

impl TabletStep {
    /// The step in a few words.
    pub fn said(&self) -> String {
        match &self.command {
            Some(command) => match &self.database {
                Some(database) => format!("{command} (database {database})"),
                None => command.clone(),
            },
            None => format!(
                "{} {} (by hand)",
                self.action.name(),
                self.address.as_deref().unwrap_or("-")
            ),
        }
    }
}

pub(super) fn guard(act: &Act, before: &Tablets) -> TabletGuard {
    let endpoint = |t: TabletId| before.endpoint(t).to_string();
    let mut guard = TabletGuard {
        auto_failover: act.needs_manual().then_some(false),
        ..TabletGuard::default()
    };
    let leader = act
        .partition()
        .and_then(|p| before.leader(before.partition(p)));
    guard.leader = leader.map(|held| endpoint(held.tablet));
    match *act {
        Act::SetAutoFailover(_) | Act::RestartNameServer(_) => {}
        Act::Restart(tablet) if before.runs(tablet) => guard.healthy.push(endpoint(tablet)),
        Act::Restart(tablet) => guard.offline.push(endpoint(tablet)),
        Act::OfflineEndpoint(tablet) if !before.runs(tablet) => {
            guard.offline.push(endpoint(tablet))
        }
        // It is taken out because it will be stopped.
        Act::OfflineEndpoint(_) => {}
        Act::ChangeLeader { to, .. } => guard.healthy.push(endpoint(to)),
        Act::RecoverEndpoint(tablet) | Act::RecoverTable { tablet, .. } => {
            guard.healthy.push(endpoint(tablet));
        }
        Act::Migrate { from, to, .. } => guard.healthy.extend([endpoint(from), endpoint(to)]),
        Act::AddReplica { to, .. } => guard.healthy.push(endpoint(to)),
        Act::DelReplica { from, .. } | Act::Kill(from) => guard.healthy.push(endpoint(from)),
    }
    guard
}

pub(super) fn wait(act: &Act, before: &Tablets) -> TabletWait {
    /// An election, a changed row.
    const SOON: u64 = 60_000;
    /// A human, or the copy of a partition.
    const LONG: u64 = 3_600_000;
    let (until, limit_ms) = match act.word() {
        Word::SetAutoFailover => (TabletUntil::Value, SOON),
        Word::OfflineEndpoint => (TabletUntil::TakenOut, SOON),
        Word::ChangeLeader => (TabletUntil::Leads, SOON),
        Word::Restart => (TabletUntil::Healthy, LONG),
        Word::RecoverEndpoint | Word::RecoverTable => (TabletUntil::InUse, LONG),
        Word::Migrate => (TabletUntil::Moved, LONG),
        Word::AddReplica => (TabletUntil::Added, LONG),
        Word::DelReplica => (TabletUntil::Deleted, SOON),
        Word::Kill => (TabletUntil::Stopped, LONG),
    };
    let at = act.tablet().map(|t| before.endpoint(t).to_string());
    let after = || {
        let mut after = before.clone();
        act.apply(&mut after);
        after
    };
    let (mut rows, mut leaderless) = (0, 0);
    match *act {
        Act::OfflineEndpoint(tablet) => {
            let after = after();
            for (id, held) in after.held_by(tablet) {
                rows += u32::from(held.alive);
                leaderless += u32::from(after.leader(after.partition(id)).is_none());
            }
        }
        Act::RecoverEndpoint(tablet) => {
            let after = after();
            let left = after.held_by(tablet).filter(|(_, held)| !held.alive);
            rows = left.count() as u32;
        }
        Act::SetAutoFailover(_)
        | Act::ChangeLeader { .. }
        | Act::Restart(_)
        | Act::RestartNameServer(_)
        | Act::RecoverTable { .. }
        | Act::Migrate { .. }
        | Act::AddReplica { .. }
        | Act::DelReplica { .. }
        | Act::Kill(_) => {}
    }
    TabletWait {
        until,
        at: at.into_iter().collect(),
        limit_ms,
        rows,
        leaderless,
    }
}
