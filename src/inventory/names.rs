//! What the capture calls the nodes: addresses, names of hosts, ports.
//!
//! Paths and headers speak of `10.0.0.1_7000`, `web1:7000`, `redis-0` or `7000`. A name counts
//! where exactly one listed node answers to it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gather::Gathered;
use crate::inventory::gather::is_local;
use crate::model::Address;
use crate::parse::Flags;

/// Everything that listed nodes are called.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By IP, announced host name (whole, and up to its first dot) and name in the host map.
    labels: BTreeMap<String, BTreeSet<Address>>,
    ports: BTreeMap<u16, BTreeSet<Address>>,
    /// Client addresses by bus address.
    buses: BTreeMap<Address, Address>,
    listed: BTreeSet<Address>,
}

impl Names {
    pub fn of(gathered: &Gathered) -> Self {
        let mut names = Self::default();
        for fact in &gathered.facts {
            if fact.flags.has(Flags::HANDSHAKE) || fact.flags.has(Flags::NOADDR) {
                continue;
            }
            let Some(address) = fact.address() else {
                continue;
            };
            if let Some(host) = &fact.hostname {
                names.label(host, &address);
            }
            if !names.listed.insert(address.clone()) {
                continue;
            }
            let bus = fact
                .bus_port
                .and_then(|port| Address::new(&fact.ip, port).ok());
            if let Some(bus) = bus {
                names.buses.insert(bus, address.clone());
            }
            names.label(&fact.ip, &address);
            names
                .ports
                .entry(address.port())
                .or_default()
                .insert(address);
        }
        names.take_host_map(gathered);
        names
    }

    fn take_host_map(&mut self, gathered: &Gathered) {
        for (_, row) in &gathered.hosts {
            let at_ip = self.labels.get(&row.ip.to_ascii_lowercase());
            let here: Vec<Address> = at_ip
                .into_iter()
                .flatten()
                .filter(|a| row.port.is_none_or(|port| port == a.port()))
                .cloned()
                .collect();
            for address in here {
                self.label(&row.host, &address);
            }
        }
    }

    fn label(&mut self, label: &str, address: &Address) {
        let label = label.to_ascii_lowercase();
        if label.parse::<std::net::IpAddr>().is_err()
            && let Some((first, _)) = label.split_once('.')
        {
            let known = self.labels.entry(first.to_owned()).or_default();
            known.insert(address.clone());
        }
        self.labels
            .entry(label)
            .or_default()
            .insert(address.clone());
    }

    pub fn is_listed(&self, address: &Address) -> bool {
        self.listed.contains(address)
    }

    /// The node whose cluster bus, not its clients' port, is there.
    pub fn of_bus(&self, address: &Address) -> Option<&Address> {
        self.buses.get(address).filter(|_| !self.is_listed(address))
    }

    /// The listed node that a header or a path calls so; `None` where it could be several.
    pub fn find(&self, path: &str, named: Option<&Address>) -> Option<Address> {
        match named {
            Some(address) if self.is_listed(address) => Some(address.clone()),
            Some(address) if is_local(address) => self.in_path(path, Some(address.port())),
            Some(address) => {
                let label = self.labels.get(&address.ip().to_ascii_lowercase());
                only(label?.iter().filter(|a| a.port() == address.port()))
            }
            None => self.in_path(path, None),
        }
    }

    /// The name nearest to the file counts, and the port nearest to it.
    fn in_path(&self, path: &str, mut port: Option<u16>) -> Option<Address> {
        let mut labelled = None;
        for name in path.rsplit('/') {
            let spans = spans(name);
            port = port.or_else(|| self.port_among(&spans));
            labelled = labelled.or_else(|| self.longest_label(&spans));
            if let (Some(nodes), Some(port)) = (labelled, port) {
                return only(nodes.iter().filter(|a| a.port() == port));
            }
        }
        match (labelled, port) {
            (Some(nodes), _) => only(nodes.iter()),
            (None, Some(port)) => only(self.ports.get(&port)?.iter()),
            (None, None) => None,
        }
    }

    fn longest_label(&self, spans: &[String]) -> Option<&BTreeSet<Address>> {
        let known = spans.iter().filter(|span| self.labels.contains_key(*span));
        self.labels.get(known.max_by_key(|span| span.len())?)
    }

    fn port_among(&self, spans: &[String]) -> Option<u16> {
        // Shorter numbers are days, counts and versions.
        let number = |span: &&String| span.len() >= 4 && span.bytes().all(|b| b.is_ascii_digit());
        let ports = spans.iter().filter(number).filter_map(|s| s.parse().ok());
        ports.into_iter().find(|port| self.ports.contains_key(port))
    }
}

/// Runs of words of a folder's or a file's name, in lower case.
fn spans(name: &str) -> Vec<String> {
    /// More words than any name that says something.
    const WORDS_MAX: usize = 16;
    let is_gap = |c: char| matches!(c, '-' | '_' | '.' | ':' | ' ' | '@' | '[' | ']');
    let gaps = || name.match_indices(is_gap);
    let starts = std::iter::once(0).chain(gaps().map(|(at, gap)| at + gap.len()));
    let ends: Vec<usize> = gaps()
        .map(|(at, _)| at)
        .chain([name.len()])
        .take(WORDS_MAX)
        .collect();
    let starts: Vec<usize> = starts.take(WORDS_MAX).collect();
    let mut spans = Vec::new();
    for &start in &starts {
        for &end in ends.iter().filter(|&&end| end > start) {
            spans.push(name[start..end].to_ascii_lowercase());
        }
    }
    spans
}

/// Words of file names that say what was asked, not whom.
const ASKED: [&str; 30] = [
    "cluster",
    "nodes",
    "node",
    "info",
    "config",
    "get",
    "slots",
    "shards",
    "links",
    "myid",
    "ping",
    "pong",
    "time",
    "date",
    "before",
    "after",
    "unreachable",
    "replication",
    "server",
    "keyspace",
    "memory",
    "stats",
    "all",
    "conf",
    "txt",
    "log",
    "json",
    "out",
    "dump",
    "csv",
];

/// What stands in one folder under one name tells of one node: the folder, and the file's name
/// without the words that say what was asked. `x/redis-0-info.txt` gives `x` and `redis-0`.
pub(super) fn bundle(path: &str) -> (&str, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let words: Vec<String> = name
        .split(['-', '_', '.', ' '])
        .map(str::to_ascii_lowercase)
        .filter(|word| !ASKED.contains(&word.as_str()))
        .collect();
    (folder, words.join("-"))
}

fn only<'a>(mut addresses: impl Iterator<Item = &'a Address>) -> Option<Address> {
    let first = addresses.next()?;
    addresses.next().is_none().then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for (host, address) in [
            ("redis-0.svc.local", "10.0.0.1:7000"),
            ("redis-1.svc.local", "10.0.0.2:7001"),
            ("host-3", "10.0.0.3:7000"),
            ("host-3", "10.0.0.3:7002"),
        ] {
            let address: Address = address.parse().unwrap();
            names.label(host, &address);
            names.label(address.ip(), &address);
            names.listed.insert(address.clone());
            names
                .ports
                .entry(address.port())
                .or_default()
                .insert(address);
        }
        names
    }

    #[test]
    fn paths_name_a_node_by_host_by_port_or_by_both() {
        let find = |path| names().find(path, None).map(|a| a.to_string());
        for (path, expected) in [
            ("redis-0/info.txt", Some("10.0.0.1:7000")),
            ("a/redis-1-info.txt", Some("10.0.0.2:7001")),
            ("REDIS-1.svc.local.txt", Some("10.0.0.2:7001")),
            ("host-3_7002/info.txt", Some("10.0.0.3:7002")),
            ("host-3/7000/info.txt", Some("10.0.0.3:7000")),
            ("host-3/redis-7002-info.txt", Some("10.0.0.3:7002")),
            ("nodes-7001.conf", Some("10.0.0.2:7001")),
            ("10.0.0.2/info.txt", Some("10.0.0.2:7001")),
            // Two nodes could be meant, or none.
            ("host-3/info.txt", None),
            ("nodes-7000.conf", None),
            ("redis-0/nodes-7001.conf", None),
            ("host-30_7000/info.txt", None),
            ("info.txt", None),
        ] {
            assert_eq!(find(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_header_of_this_host_says_the_port_only() {
        let find = |path: &str, named: &str| {
            let named = named.parse().unwrap();
            names().find(path, Some(&named)).map(|a| a.to_string())
        };
        let three = Some("10.0.0.3:7002".to_owned());
        assert_eq!(find("host-3.txt", "127.0.0.1:7002"), three);
        assert_eq!(find("x.txt", "host-3:7002"), three);
        assert_eq!(find("x.txt", "127.0.0.1:7000"), None);
        assert_eq!(find("x.txt", "192.0.2.9:7002"), None);
    }

    #[test]
    fn a_bundle_is_what_is_left_without_what_was_asked() {
        for (path, expected) in [
            ("x/cluster-nodes.txt", ("x", "")),
            ("x/info.txt", ("x", "")),
            ("UNREACHABLE", ("", "")),
            ("x/redis-0-info.txt", ("x", "redis-0")),
            ("x/redis-0_cluster_nodes.txt", ("x", "redis-0")),
        ] {
            let (folder, rest) = bundle(path);
            assert_eq!((folder, rest.as_str()), expected);
        }
    }
}
