//! The answer of `impact`.

use std::collections::BTreeSet;
use std::fmt;

use crate::compose::capture;
use crate::impact;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Node;
use crate::model::NodeId;
use crate::report;
use crate::report::ImpactReport;

/// A failure domain to lose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Domain {
    Host(String),
    /// Host name, and a disk name or data directory on it.
    Disk(String, String),
    Zone(String),
    /// `ip:port`.
    Node(String),
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "host:{host}"),
            Self::Disk(host, dir) => write!(f, "disk:{host}:{dir}"),
            Self::Zone(zone) => write!(f, "zone:{zone}"),
            Self::Node(address) => write!(f, "node:{address}"),
        }
    }
}

/// The answer of `impact`; each case loses all its domains at once. `Err` names a domain that
/// the capture does not have.
pub fn impact(inventory: &Inventory, cases: &[Vec<Domain>]) -> Result<ImpactReport, String> {
    let cluster = &inventory.cluster;
    let mut out = Vec::new();
    for domains in cases {
        let mut lost = BTreeSet::new();
        for domain in domains {
            lost.extend(nodes_in(cluster, domain)?);
        }
        out.push(case(cluster, domains, &lost));
    }
    Ok(ImpactReport {
        schema_version: report::SCHEMA_VERSION,
        tool: capture::tool(),
        inputs: capture::inputs(inventory),
        cases: out,
        diagnostics: capture::diagnostics(inventory),
    })
}

fn case(cluster: &Cluster, domains: &[Domain], lost: &BTreeSet<NodeId>) -> report::ImpactCase {
    let impact = impact::lose(cluster, lost);
    report::ImpactCase {
        lose: domains.iter().map(ToString::to_string).collect(),
        slots_lost: impact.lost.len(),
        shards_failed_over: impact.shards_failed_over,
        shards_stuck: impact.shards_stuck,
        shards_lost: impact.shards_lost,
        shards_without_spare_copy: impact.shards_on_one_copy,
        voters_left: impact.voters_left,
        voters_needed: impact.voters_needed,
        majority: impact.voters_left >= impact.voters_needed,
        lost: impact.lost.to_string(),
        stuck: impact.stuck.to_string(),
        after: capture::distribution(&impact.after),
    }
}

/// The nodes of a domain, in node order. `Err` says that there is no such domain.
pub(super) fn nodes_in(cluster: &Cluster, domain: &Domain) -> Result<Vec<NodeId>, String> {
    let host_named = |name: &str| cluster.hosts.iter().position(|h| &*h.name == name);
    let on_host = |index: usize| {
        cluster
            .iter()
            .filter(|(_, n)| n.host.is_some_and(|h| h.0 as usize == index))
            .map(|(id, _)| id)
            .collect()
    };
    let known = |names: Vec<String>| match names.len() {
        0 => "the capture names none".to_owned(),
        n if n > 12 => format!("it has {}, … ({n} in all)", names[..12].join(", ")),
        _ => format!("it has {}", names.join(", ")),
    };
    match domain {
        Domain::Host(name) => match host_named(name) {
            Some(index) => Ok(on_host(index)),
            // An IP names the host that has it.
            None => {
                let nodes: Vec<NodeId> = cluster
                    .iter()
                    .filter(|(_, n)| n.address.as_ref().is_some_and(|a| a.ip() == name))
                    .map(|(id, _)| id)
                    .collect();
                let hosts = cluster.hosts.iter().map(|h| h.name.to_string()).collect();
                if nodes.is_empty() {
                    return Err(format!("no host `{name}` in the capture; {}", known(hosts)));
                }
                Ok(nodes)
            }
        },
        Domain::Zone(name) => {
            let zone = cluster.zones.iter().position(|z| &*z.name == name);
            let zones = cluster.zones.iter().map(|z| z.name.to_string()).collect();
            let zone =
                zone.ok_or_else(|| format!("no zone `{name}` in the capture; {}", known(zones)))?;
            Ok(cluster
                .iter()
                .filter(|&(id, _)| cluster.zone_of(id).is_some_and(|z| z.0 as usize == zone))
                .map(|(id, _)| id)
                .collect())
        }
        Domain::Node(address) => cluster
            .iter()
            .find(|(_, n)| {
                n.address
                    .as_ref()
                    .is_some_and(|a| a.to_string() == *address)
                    || n.name.as_str() == address
            })
            .map(|(id, _)| vec![id])
            .ok_or_else(|| format!("no node `{address}` in the capture")),
        Domain::Disk(host, dir) => {
            let at =
                host_at(cluster, host).ok_or_else(|| format!("no host `{host}` in the capture"))?;
            let here = cluster
                .disks
                .iter()
                .enumerate()
                .filter(|(_, d)| d.host == at);
            let wanted: Vec<usize> = here
                .clone()
                .filter(|(_, d)| &*d.name == dir || d.dirs.iter().any(|known| is_below(known, dir)))
                .map(|(i, _)| i)
                .collect();
            if wanted.is_empty() {
                let names = here.map(|(_, d)| d.name.to_string()).collect();
                return Err(format!(
                    "no disk `{dir}` on host `{host}`; {}",
                    known(names)
                ));
            }
            Ok(cluster
                .iter()
                .filter(|(_, n)| n.disk.is_some_and(|d| wanted.contains(&(d.0 as usize))))
                .map(|(id, _)| id)
                .collect())
        }
    }
}

/// The host of that name, else the one that has the IP.
pub(super) fn host_at(cluster: &Cluster, name: &str) -> Option<HostId> {
    let named = cluster.hosts.iter().position(|h| &*h.name == name);
    named.map(|index| HostId(index as u32)).or_else(|| {
        let has_ip = |node: &Node| node.address.as_ref().is_some_and(|a| a.ip() == name);
        cluster.iter().find(|(_, n)| has_ip(n))?.1.host
    })
}

/// The directory, or one above it: `/data/disk1` names what lies in `/data/disk1/7000`.
fn is_below(dir: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    dir.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
