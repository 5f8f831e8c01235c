//! What the capture calls the nodes: addresses, names of hosts, ports.
//!
//! Paths and headers speak of `10.0.0.1_7000`, `web1:7000`, `redis-0` or `7000`. A name counts
//! where exactly one listed node answers to it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gathered::Gathered;
use crate::inventory::record::Token;
use crate::model::Address;
use crate::parse::Flags;
use crate::parse::ec2_ip;
use crate::parse::port_in_name;
use crate::parse::spans;
use crate::parse::words;

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
    /// Of all nodes but those of other clusters.
    pub fn of(gathered: &Gathered, foreign: &BTreeSet<Token>) -> Self {
        let mut names = Self::default();
        let ours = gathered.facts.iter();
        for fact in ours.filter(|f| !foreign.contains(&f.token)) {
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
            Some(address) if address.is_local() => self.in_path(path, Some(address.port())),
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
            let name = name.to_ascii_lowercase();
            port = port.or_else(|| self.port_among(&name));
            labelled = labelled.or_else(|| self.longest_label(&name));
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

    fn longest_label(&self, name: &str) -> Option<&BTreeSet<Address>> {
        let of_machine = |span| self.labels.get(&ec2_ip(span)?.to_string());
        let known = spans(name).filter_map(|span| {
            let nodes = self.labels.get(span).or_else(|| of_machine(span));
            Some((span.len(), nodes?))
        });
        Some(known.max_by_key(|(len, _)| *len)?.1)
    }

    fn port_among(&self, name: &str) -> Option<u16> {
        // Shorter numbers are days, counts and versions.
        let number = |word: &&str| word.len() >= 4 && word.bytes().all(|b| b.is_ascii_digit());
        let words = words(name).filter(number);
        let mut listed = words
            .filter_map(|word| word.parse().ok())
            .chain(port_in_name(name));
        listed.find(|port| self.ports.contains_key(port))
    }
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
}
