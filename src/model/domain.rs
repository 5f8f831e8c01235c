//! Failure domains, nested: a disk is in a host, a host in a zone; how they are named, and the
//! nodes in them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::address::Address;
use crate::model::address::AddressError;
use crate::model::cluster::Cluster;
use crate::model::node::NodeId;

/// Index of a host in [`crate::model::Cluster::hosts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostId(pub u32);

/// Index of a disk in [`crate::model::Cluster::disks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DiskId(pub u32);

/// Index of a zone in [`crate::model::Cluster::zones`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ZoneId(pub u32);

/// Index of a rack in [`crate::model::Cluster::racks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RackId(pub u32);

/// A machine: what is lost when its power is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// From the host map, else the IP.
    pub name: Arc<str>,
    pub zone: Option<ZoneId>,
    pub rack: Option<RackId>,
    /// By the host map, else by the host itself; `None` where neither tells.
    pub memory_bytes: Option<u64>,
    /// What servers there say it has (`total_system_memory`): in containers, of the whole machine.
    pub machine_memory_bytes: Option<u64>,
}

/// A disk, or what a disk map calls one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disk {
    /// From the disk map: its `disk` column, else the directory.
    pub name: Arc<str>,
    pub host: HostId,
    /// Data directories on it, as captured: another way to name it.
    pub dirs: Vec<Arc<str>>,
}

/// An availability zone; of a map that has racks alone, a rack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    pub name: Arc<str>,
}

/// A rack. Its name is local to its zone: two zones may each have a rack of one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rack {
    pub name: Arc<str>,
    /// `None` where its hosts are in no known zone.
    pub zone: Option<ZoneId>,
}

/// A failure domain as an operator names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Domain {
    /// A host's name, or an IP of it.
    Host(String),
    /// Host, and a disk name or a directory on it.
    Disk(String, String),
    Zone(String),
    /// Zone, where it is given, and the rack in it.
    Rack(Option<String>, String),
    /// `ip:port`, or an id.
    Node(String),
}

/// What a domain is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DomainKind {
    Host,
    Disk,
    Zone,
    Rack,
    Node,
}

impl DomainKind {
    pub const ALL: [Self; 5] = [Self::Host, Self::Disk, Self::Zone, Self::Rack, Self::Node];

    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Disk => "disk",
            Self::Zone => "zone",
            Self::Rack => "rack",
            Self::Node => "node",
        }
    }
}

impl Domain {
    pub fn kind(&self) -> DomainKind {
        match self {
            Self::Host(_) => DomainKind::Host,
            Self::Disk(..) => DomainKind::Disk,
            Self::Zone(_) => DomainKind::Zone,
            Self::Rack(..) => DomainKind::Rack,
            Self::Node(_) => DomainKind::Node,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().name();
        match self {
            Self::Host(name) | Self::Zone(name) | Self::Node(name) => write!(f, "{kind}:{name}"),
            Self::Disk(host, dir) => write!(f, "{kind}:{host}:{dir}"),
            Self::Rack(Some(zone), name) => write!(f, "{kind}:{zone}/{name}"),
            Self::Rack(None, name) => write!(f, "{kind}:{name}"),
        }
    }
}

/// Why a text names no domain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DomainError {
    #[error("a domain is host:H, disk:H:/dir, zone:Z, rack:Z/R or node:ADDR")]
    Shapeless,
    #[error("no kind of domain is called `{0}`; there are host, disk, zone, rack and node")]
    Kind(String),
    #[error("not an address: {0}")]
    Address(AddressError),
    #[error("a disk is disk:H:/dir or disk:H:name")]
    Disk,
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let (kind, name) = text
            .split_once(':')
            .filter(|(_, name)| !name.is_empty())
            .ok_or(DomainError::Shapeless)?;
        // A tablet may be called by a name alone.
        if kind == "tablet" {
            return Ok(Self::Node(name.to_owned()));
        }
        let known = DomainKind::ALL.into_iter().find(|k| k.name() == kind);
        match known.ok_or_else(|| DomainError::Kind(kind.to_owned()))? {
            DomainKind::Host => Ok(Self::Host(name.to_owned())),
            DomainKind::Zone => Ok(Self::Zone(name.to_owned())),
            DomainKind::Rack => Ok(match name.split_once('/') {
                Some((zone, rack)) if !zone.is_empty() && !rack.is_empty() => {
                    Self::Rack(Some(zone.to_owned()), rack.to_owned())
                }
                Some(_) | None => Self::Rack(None, name.to_owned()),
            }),
            DomainKind::Node => Address::from_str(name)
                .map(|address| Self::Node(address.to_string()))
                .map_err(DomainError::Address),
            DomainKind::Disk => disk(name).ok_or(DomainError::Disk),
        }
    }
}

/// A host may be an IPv6 address, so a path decides where it ends; else the last colon does.
fn disk(text: &str) -> Option<Domain> {
    let at = text.find(":/").or_else(|| text.rfind(':'))?;
    let (host, name) = (text.get(..at)?, text.get(at + 1..)?);
    let given = !host.is_empty() && !name.is_empty();
    given.then(|| Domain::Disk(host.to_owned(), name.to_owned()))
}

/// A domain that the capture does not show, with those that it does.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoSuchDomain {
    #[error("no host `{name}` in the capture; {}", those(known))]
    Host { name: String, known: Vec<String> },
    #[error("no zone `{name}` in the capture; {}", those(known))]
    Zone { name: String, known: Vec<String> },
    #[error("no rack `{name}` in the capture; {}", those(known))]
    Rack { name: String, known: Vec<String> },
    #[error("rack `{name}` is in more than one zone: say {}", those_of(known))]
    Racks { name: String, known: Vec<String> },
    #[error("no node `{name}` in the capture")]
    Node { name: String },
    #[error("no host `{host}` in the capture")]
    HostOfDisk { host: String },
    #[error("no disk `{dir}` on host `{host}`; {}", those(known))]
    Disk {
        host: String,
        dir: String,
        known: Vec<String>,
    },
}

fn those(names: &[String]) -> String {
    const NAMED: usize = 12;
    match names.len() {
        0 => "the capture names none".to_owned(),
        n if n > NAMED => format!("it has {}, … ({n} in all)", names[..NAMED].join(", ")),
        _ => format!("it has {}", names.join(", ")),
    }
}

fn those_of(names: &[String]) -> String {
    names.join(" or ")
}

/// The nodes of every domain of a cluster, counted out once: who asks about many domains does
/// not look at all nodes for each.
pub struct Domains<'a> {
    cluster: &'a Cluster,
    hosts: BTreeMap<&'a str, HostId>,
    ips: BTreeMap<&'a str, Vec<NodeId>>,
    nodes: BTreeMap<String, NodeId>,
    on_host: Vec<Vec<NodeId>>,
    on_disk: Vec<Vec<NodeId>>,
    in_zone: Vec<Vec<NodeId>>,
    in_rack: Vec<Vec<NodeId>>,
}

impl<'a> Domains<'a> {
    pub fn of(cluster: &'a Cluster) -> Self {
        let names = cluster.hosts.iter().map(|h| &*h.name);
        let mut domains = Self {
            cluster,
            hosts: names.zip((0..).map(HostId)).collect(),
            ips: BTreeMap::new(),
            nodes: BTreeMap::new(),
            on_host: vec![Vec::new(); cluster.hosts.len()],
            on_disk: vec![Vec::new(); cluster.disks.len()],
            in_zone: vec![Vec::new(); cluster.zones.len()],
            in_rack: vec![Vec::new(); cluster.racks.len()],
        };
        for (id, node) in cluster.iter() {
            if let Some(address) = &node.address {
                domains.ips.entry(address.ip()).or_default().push(id);
                domains.nodes.entry(address.to_string()).or_insert(id);
            }
            let name = node.name.to_string();
            domains.nodes.entry(name).or_insert(id);
            if let Some(host) = node.host {
                domains.on_host[host.0 as usize].push(id);
            }
            if let Some(disk) = node.disk {
                domains.on_disk[disk.0 as usize].push(id);
            }
            if let Some(zone) = cluster.zone_of(id) {
                domains.in_zone[zone.0 as usize].push(id);
            }
            if let Some(rack) = cluster.rack_of(id) {
                domains.in_rack[rack.0 as usize].push(id);
            }
        }
        domains
    }

    /// The host of that name, else the one that has the IP.
    pub fn host(&self, name: &str) -> Option<HostId> {
        let by_ip = || {
            let first = self.ips.get(name)?.first()?;
            self.cluster.node(*first).host
        };
        self.hosts.get(name).copied().or_else(by_ip)
    }

    /// The nodes of a domain, in node order.
    pub fn nodes_in(&self, domain: &Domain) -> Result<Vec<NodeId>, NoSuchDomain> {
        match domain {
            Domain::Host(name) => match self.hosts.get(name.as_str()) {
                Some(host) => Ok(self.on_host[host.0 as usize].clone()),
                // An IP names the nodes that have it.
                None => self.ips.get(name.as_str()).cloned().ok_or_else(|| {
                    let known = self.cluster.hosts.iter().map(|h| h.name.to_string());
                    NoSuchDomain::Host {
                        name: name.clone(),
                        known: known.collect(),
                    }
                }),
            },
            Domain::Zone(name) => {
                let mut zones = self.cluster.zones.iter();
                let zone = zones.position(|z| *z.name == **name);
                let known = || self.cluster.zones.iter().map(|z| z.name.to_string());
                let zone = zone.ok_or_else(|| NoSuchDomain::Zone {
                    name: name.clone(),
                    known: known().collect(),
                })?;
                Ok(self.in_zone[zone].clone())
            }
            Domain::Node(name) => match self.nodes.get(name) {
                Some(&id) => Ok(vec![id]),
                None => Err(NoSuchDomain::Node { name: name.clone() }),
            },
            Domain::Disk(host, dir) => self.on_disk(host, dir),
            Domain::Rack(zone, name) => self.in_rack(zone.as_deref(), name),
        }
    }

    /// A rack as an operator would name it: with its zone, where it has one.
    fn rack(&self, rack: &Rack) -> Domain {
        let zone = rack.zone.map(|z| &self.cluster.zones[z.0 as usize].name);
        Domain::Rack(zone.map(|z| z.to_string()), rack.name.to_string())
    }

    fn in_rack(&self, zone: Option<&str>, name: &str) -> Result<Vec<NodeId>, NoSuchDomain> {
        let racks = || self.cluster.racks.iter().map(|rack| self.rack(rack));
        let asked = Domain::Rack(zone.map(str::to_owned), name.to_owned());
        // A name may have a slash of its own.
        let whole = zone.map(|zone| format!("{zone}/{name}"));
        let meant = |rack: &Domain| {
            let Domain::Rack(_, called) = rack else {
                return false;
            };
            *rack == asked || zone.is_none() && called == name || whole.as_ref() == Some(called)
        };
        let found: Vec<(usize, Domain)> = racks()
            .enumerate()
            .filter(|(_, rack)| meant(rack))
            .collect();
        match &found[..] {
            [(rack, _)] => Ok(self.in_rack[*rack].clone()),
            [] => Err(NoSuchDomain::Rack {
                name: name.to_owned(),
                known: racks().map(|rack| rack.to_string()).collect(),
            }),
            many => Err(NoSuchDomain::Racks {
                name: name.to_owned(),
                known: many.iter().map(|(_, rack)| rack.to_string()).collect(),
            }),
        }
    }

    /// Every domain of a kind, in the cluster's order, with its nodes.
    pub fn each(&self, kind: DomainKind) -> Vec<(Domain, Vec<NodeId>)> {
        let cluster = self.cluster;
        match kind {
            DomainKind::Host => {
                let names = cluster.hosts.iter();
                names
                    .map(|host| Domain::Host(host.name.to_string()))
                    .zip(self.on_host.iter().cloned())
                    .collect()
            }
            DomainKind::Disk => {
                let disk = |disk: &Disk| {
                    let host = cluster.host(disk.host).name.to_string();
                    Domain::Disk(host, disk.name.to_string())
                };
                let domains = cluster.disks.iter().map(disk);
                domains.zip(self.on_disk.iter().cloned()).collect()
            }
            DomainKind::Zone => {
                let names = cluster.zones.iter();
                names
                    .map(|zone| Domain::Zone(zone.name.to_string()))
                    .zip(self.in_zone.iter().cloned())
                    .collect()
            }
            DomainKind::Rack => {
                let racks = cluster.racks.iter().map(|rack| self.rack(rack));
                racks.zip(self.in_rack.iter().cloned()).collect()
            }
            DomainKind::Node => cluster
                .iter()
                .filter_map(|(id, node)| Some((node.address.as_ref()?, id)))
                .map(|(address, id)| (Domain::Node(address.to_string()), vec![id]))
                .collect(),
        }
    }

    fn on_disk(&self, host: &str, dir: &str) -> Result<Vec<NodeId>, NoSuchDomain> {
        let no_host = || NoSuchDomain::HostOfDisk {
            host: host.to_owned(),
        };
        let at = self.host(host).ok_or_else(no_host)?;
        let disks = self.cluster.disks.iter().enumerate();
        let here: Vec<_> = disks.filter(|(_, d)| d.host == at).collect();
        let meant =
            |disk: &Disk| *disk.name == *dir || disk.dirs.iter().any(|known| is_below(known, dir));
        let mut meant: Vec<_> = here.iter().filter(|(_, disk)| meant(disk)).collect();
        if meant.is_empty() {
            // Of a disk whose nodes are all dead nobody told the directories: one that lies on it
            // by its name is meant, the longest name first.
            let on = here.iter().filter(|(_, disk)| is_on(dir, &disk.name));
            meant.extend(on.max_by_key(|(_, disk)| disk.name.len()));
        }
        let nodes = meant.into_iter().map(|&(index, _)| &self.on_disk[index]);
        let nodes: Vec<&Vec<NodeId>> = nodes.collect();
        if nodes.is_empty() {
            return Err(NoSuchDomain::Disk {
                host: host.to_owned(),
                dir: dir.to_owned(),
                known: here.iter().map(|(_, d)| d.name.to_string()).collect(),
            });
        }
        let all: BTreeSet<NodeId> = nodes.into_iter().flatten().copied().collect();
        Ok(all.into_iter().collect())
    }
}

/// The directory, or one above it: `/data/disk1` names what lies in `/data/disk1/7000`.
fn is_below(dir: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    dir.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A directory on a disk that is called by its mount point.
fn is_on(dir: &str, disk: &str) -> bool {
    disk.len() > 1 && disk.starts_with('/') && is_below(dir, disk)
}

#[cfg(test)]
mod tests;
