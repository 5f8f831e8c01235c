//! Which host a file about a host is about: the header in it, else its folder or its name, else
//! the only host there is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gathered::Gathered;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::HostId;
use crate::parse::address_in_path;
use crate::parse::ec2_ip;
use crate::parse::spans;

/// The names by which files may call the hosts of a cluster.
pub(super) struct HostNames {
    /// In lower case; `None` where two hosts share a name or an IP.
    by_name: BTreeMap<String, Option<HostId>>,
    by_address: BTreeMap<Address, HostId>,
    only: Option<HostId>,
    /// Folders in which a host told its addresses, of which none or several hosts have some.
    elsewhere: BTreeSet<String>,
}

impl HostNames {
    pub fn new(gathered: &Gathered, cluster: &Cluster) -> Self {
        let mut names = Self {
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
            only: (cluster.hosts.len() == 1).then_some(HostId(0)),
        };
        let hosts = (0..).map(HostId).zip(&cluster.hosts);
        for (id, host) in hosts.clone() {
            names.call(&host.name, id);
        }
        for node in &cluster.nodes {
            if let (Some(address), Some(host)) = (&node.address, node.host) {
                let reached = gathered.reached(address).cloned();
                let addresses = reached.chain([address.clone()]);
                names.by_address.extend(addresses.map(|a| (a, host)));
                names.call(address.ip(), host);
            }
        }
        for (_, row) in gathered.hosts.iter().filter(|(_, r)| r.port.is_none()) {
            let host = cluster.hosts.binary_search_by(|h| (*h.name).cmp(&row.host));
            if let Ok(host) = host {
                names.call(&row.ip, HostId(host as u32));
            }
        }
        // A host that told its addresses in its folder is called as the folder is.
        for facts in &gathered.host_ips {
            let here: BTreeSet<HostId> = facts
                .rows
                .iter()
                .filter_map(|ip| names.called(ip))
                .collect();
            let Some((folder, _)) = facts.path.rsplit_once('/') else {
                continue;
            };
            let name = folder.rsplit('/').next().unwrap_or(folder);
            match here.len() {
                1 => here.iter().for_each(|&id| names.call(name, id)),
                _ => {
                    names.elsewhere.insert(folder.to_owned());
                }
            }
        }
        // `db1` for `db1.example.com`, unless a host is called so.
        let mut short = Vec::new();
        for (id, host) in hosts {
            match host.name.split_once('.') {
                Some((first, _)) if !first.bytes().all(|b| b.is_ascii_digit()) => {
                    short.push((first.to_ascii_lowercase(), id));
                }
                _ => {}
            }
        }
        short.retain(|(name, _)| !names.by_name.contains_key(name));
        for (name, id) in short {
            names.call(&name, id);
        }
        names
    }

    fn call(&mut self, name: &str, host: HostId) {
        self.by_name
            .entry(name.to_ascii_lowercase())
            .and_modify(|known| *known = known.filter(|k| *k == host))
            .or_insert(Some(host));
    }

    /// `header` is what the file itself says. `None` if nobody can tell.
    pub fn of(&self, path: &str, header: Option<&str>) -> Option<HostId> {
        let in_header = |header: &str| {
            let mut parts = header.rsplit('/').filter(|_| header.contains('/'));
            self.called(header)
                .or_else(|| parts.find_map(|part| self.in_part(part)))
        };
        header
            .and_then(in_header)
            .or_else(|| path.rsplit('/').find_map(|part| self.in_part(part)))
            .or(self.only)
    }

    /// The file lies beside the addresses of its host, and no single host of the cluster has them:
    /// nothing is to be named.
    pub fn is_elsewhere(&self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map(|(folder, _)| folder);
        folder.is_some_and(|folder| self.elsewhere.contains(folder))
    }

    /// The host that goes by this name, this IP or its first part.
    pub fn called(&self, name: &str) -> Option<HostId> {
        let name = name.to_ascii_lowercase();
        let find = |name: &str| self.by_name.get(name).copied().flatten();
        find(&name)
            .or_else(|| find(&ec2_ip(&name)?.to_string()))
            .or_else(|| {
                let (first, _) = name.split_once('.')?;
                (!first.bytes().all(|b| b.is_ascii_digit())).then(|| find(first))?
            })
    }

    /// A folder or a file name: an address, or a name somewhere in it.
    fn in_part(&self, part: &str) -> Option<HostId> {
        let address = address_in_path(part);
        let by_address = address.as_ref().and_then(|a| {
            self.by_address
                .get(a)
                .copied()
                .or_else(|| self.called(a.ip()))
        });
        by_address.or_else(|| self.within(&part.to_ascii_lowercase()))
    }

    /// The longest name that stands in `text` between gaps: `df-host-1.txt` names `host-1`,
    /// not `host`.
    fn within(&self, text: &str) -> Option<HostId> {
        spans(text)
            .filter_map(|name| Some((name.len(), self.by_name.get(name).copied().flatten()?)))
            .max()
            .map(|(_, host)| host)
    }
}
