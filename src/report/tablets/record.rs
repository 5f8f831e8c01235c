//! The captured state in a plan file, so that the file can be checked by itself and followed later.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::Health;
use crate::model::Held;
use crate::model::Host;
use crate::model::HostId;
use crate::model::NameServer;
use crate::model::Partition;
use crate::model::Tablet;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report::tablets::plan::TabletMember;
use crate::report::tablets::plan::TabletPlan;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Request;
use crate::tablets::Restart;

/// What `showtablet` says of a tablet; what an operator vouched for with `--dead` is offline, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TabletHealth {
    Healthy,
    Offline,
    /// No `showtablet` lists it.
    Unknown,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletNameServer {
    pub endpoint: String,
    pub leads: bool,
}

/// A partition with its copies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletPartition {
    pub database: Option<String>,
    pub table: String,
    pub tid: Option<u64>,
    pub pid: u32,
    /// In the order of the capture, each as `showtable` has it: endpoint, role, is_alive, offset.
    pub copies: Vec<String>,
}

/// What was asked of the plan.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletAsked {
    #[schemars(with = "Vec<String>")]
    pub only: Vec<Code>,
    /// Also what the policy allows.
    #[schemars(with = "Vec<String>")]
    pub skip: Vec<Code>,
    pub through: Option<Phase>,
    pub force: bool,
    /// Endpoints that are to hold nothing.
    pub drain: Vec<String>,
    /// Those of them that are stopped then.
    #[serde(default)]
    pub stop: Vec<String>,
    /// Endpoints that alone may take what is drained; empty: any.
    pub to: Vec<String>,
    /// Endpoints that are restarted.
    pub restart: Vec<String>,
    pub restart_name_servers: bool,
    /// Followers that every partition is to have, no more and no fewer.
    pub replicas: Option<u32>,
    /// Followers that no partition is to be short of, by the policy.
    pub least_replicas: Option<u32>,
}

impl TabletAsked {
    pub(super) fn of(state: &Tablets, request: &Request) -> Self {
        let endpoints =
            |ids: &BTreeSet<TabletId>| ids.iter().map(|&t| state.endpoint(t).to_string()).collect();
        let restart = request.restart.as_ref();
        Self {
            only: request.only.iter().copied().collect(),
            skip: request.skip.iter().copied().collect(),
            through: request.through,
            force: request.force,
            drain: endpoints(&request.drain),
            stop: endpoints(&request.stop),
            to: endpoints(&request.to),
            restart: restart.map_or(Vec::new(), |r| endpoints(&r.tablets)),
            restart_name_servers: restart.is_some_and(|r| r.name_servers),
            replicas: request.replicas,
            least_replicas: request.least_replicas,
        }
    }

    /// `None`: it names a tablet that the file does not have.
    pub(super) fn request(&self, state: &Tablets) -> Option<Request> {
        let ids = |names: &[String]| -> Option<BTreeSet<TabletId>> {
            names.iter().map(|name| state.find(name)).collect()
        };
        let tablets = ids(&self.restart)?;
        let restarts = self.restart_name_servers || !tablets.is_empty();
        Some(Request {
            only: self.only.iter().copied().collect(),
            skip: self.skip.iter().copied().collect(),
            through: self.through,
            force: self.force,
            drain: ids(&self.drain)?,
            stop: ids(&self.stop)?,
            to: ids(&self.to)?,
            restart: restarts.then_some(Restart {
                tablets,
                name_servers: self.restart_name_servers,
            }),
            replicas: self.replicas,
            least_replicas: self.least_replicas,
        })
    }
}

pub(super) fn members(state: &Tablets) -> Vec<TabletMember> {
    let member = |tablet: &Tablet| TabletMember {
        id: tablet.endpoint.to_string(),
        address: tablet.address.as_ref().map(ToString::to_string),
        host: tablet
            .host
            .map(|h| state.hosts[h.0 as usize].name.to_string()),
        health: match tablet.health {
            Health::Healthy => TabletHealth::Healthy,
            Health::Offline => TabletHealth::Offline,
            Health::Unknown => TabletHealth::Unknown,
        },
        age_ms: tablet.age_ms,
    };
    state.tablets.iter().map(member).collect()
}

pub(super) fn name_servers(state: &Tablets) -> Vec<TabletNameServer> {
    let server = |server: &NameServer| TabletNameServer {
        endpoint: server.endpoint.to_string(),
        leads: server.leads,
    };
    state.name_servers.iter().map(server).collect()
}

pub(super) fn partitions(state: &Tablets) -> Vec<TabletPartition> {
    let copy = |held: &Held| {
        let offset = held.offset.map_or("-".to_owned(), |o| o.to_string());
        let role = if held.leader { "leader" } else { "follower" };
        let alive = if held.alive { "yes" } else { "no" };
        format!("{} {role} {alive} {offset}", state.endpoint(held.tablet))
    };
    let of = |partition: &Partition| TabletPartition {
        database: partition.database.as_ref().map(ToString::to_string),
        table: partition.table.to_string(),
        tid: partition.tid,
        pid: partition.pid,
        copies: partition.copies.iter().map(copy).collect(),
    };
    state.partitions.iter().map(of).collect()
}

/// The state that a plan file was made on; `Err` names what cannot be.
pub(super) fn state(plan: &TabletPlan) -> Result<Tablets, String> {
    let hosts: Vec<Host> = plan
        .before
        .iter()
        .map(|load| Host {
            name: load.host.as_str().into(),
            zone: None,
            rack: None,
            memory_bytes: None,
            machine_memory_bytes: None,
        })
        .collect();
    let mut state = Tablets {
        hosts,
        auto_failover: plan.cluster.auto_failover,
        health_known: plan.tablets.health_known,
        tables_known: true,
        ..Tablets::default()
    };
    for member in &plan.cluster.members {
        let host = |name: &String| {
            let at = state.hosts.iter().position(|host| *host.name == **name);
            at.map(|at| HostId(at as u32))
                .ok_or_else(|| format!("host {name} is not in `before`"))
        };
        state.tablets.push(Tablet {
            endpoint: member.id.as_str().into(),
            address: member.address.as_ref().and_then(|a| a.parse().ok()),
            host: member.host.as_ref().map(host).transpose()?,
            health: match member.health {
                TabletHealth::Healthy => Health::Healthy,
                TabletHealth::Offline => Health::Offline,
                TabletHealth::Unknown => Health::Unknown,
            },
            age_ms: member.age_ms,
        });
    }
    let server = |server: &TabletNameServer| NameServer {
        endpoint: server.endpoint.as_str().into(),
        leads: server.leads,
    };
    state.name_servers = plan.cluster.name_servers.iter().map(server).collect();
    let ids: BTreeMap<&str, TabletId> = plan
        .cluster
        .members
        .iter()
        .map(|member| member.id.as_str())
        .zip((0..).map(TabletId))
        .collect();
    let tables: BTreeSet<_> = plan
        .cluster
        .partitions
        .iter()
        .map(|p| (p.table.as_str(), p.tid, p.database.as_deref()))
        .collect();
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for (table, ..) in &tables {
        *alike.entry(table).or_default() += 1;
    }
    for partition in &plan.cluster.partitions {
        let copies = partition.copies.iter().map(|text| {
            copy(text, &ids).ok_or_else(|| format!("`{text}` is no copy of a partition"))
        });
        state.partitions.push(Partition {
            database: partition.database.as_deref().map(Into::into),
            shares_name: alike[partition.table.as_str()] > 1,
            table: partition.table.as_str().into(),
            tid: partition.tid,
            pid: partition.pid,
            copies: copies.collect::<Result<_, _>>()?,
        });
    }
    Ok(state)
}

fn copy(text: &str, ids: &BTreeMap<&str, TabletId>) -> Option<Held> {
    let mut words = text.rsplitn(4, ' ');
    let offset = words.next()?;
    let alive = words.next()?;
    let role = words.next()?;
    Some(Held {
        tablet: *ids.get(words.next()?)?,
        leader: match role {
            "leader" => true,
            "follower" => false,
            _ => return None,
        },
        alive: match alive {
            "yes" => true,
            "no" => false,
            _ => return None,
        },
        offset: match offset {
            "-" => None,
            number => Some(number.parse().ok()?),
        },
        memory: None,
    })
}
