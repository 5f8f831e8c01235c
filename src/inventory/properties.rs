//! `redis.properties` of flashbase: which node began in which role, with whom and on which disk.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Map;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Node;
use crate::parse::Properties;
use crate::policy::Home;
use crate::policy::HomeRole;
use crate::text::Place;

/// Home roles by the list that a node's port is in, unless the policy or a home map tells.
pub(super) fn homes(gathered: &Gathered, inventory: &mut Inventory) {
    for (path, properties) in &gathered.properties {
        let masters = pairing(properties, &inventory.cluster).unwrap_or_default();
        let mut found = false;
        for node in &inventory.cluster.nodes {
            let Some((address, role)) = home_of(properties, node, &inventory.cluster) else {
                continue;
            };
            found = true;
            let master = masters.get(address).cloned();
            inventory
                .policy
                .home
                .entry(address.clone())
                .or_insert(Home { role, master });
        }
        if !found && !inventory.cluster.nodes.is_empty() {
            let message = "no node of the cluster is on a host and a port that this file lists";
            let note = Diagnostic::new(Map::UnusedHome, message).at(Place {
                path: path.clone(),
                line: 1,
                column: 1,
            });
            inventory.diagnostics.push(note);
        }
    }
}

/// The role of the list in which host and port stand; `None` for a node that is in neither.
pub(super) fn home_of<'n>(
    properties: &Properties,
    node: &'n Node,
    cluster: &Cluster,
) -> Option<(&'n Address, HomeRole)> {
    let address = node.address.as_ref()?;
    let host = node.host.map(|host| &*cluster.host(host).name);
    let has = |hosts: &[String], ports: &[u16]| {
        ports.contains(&address.port()) && is_on(hosts, address.ip(), host, cluster)
    };
    if has(&properties.master_hosts, &properties.master_ports) {
        Some((address, HomeRole::Master))
    } else if has(&properties.replica_hosts, &properties.replica_ports) {
        Some((address, HomeRole::Replica))
    } else {
        None
    }
}

/// A list of names that no host of the cluster has says nothing of where a node is.
fn is_on(hosts: &[String], ip: &str, name: Option<&str>, cluster: &Cluster) -> bool {
    if hosts.iter().any(|h| h == ip || Some(h.as_str()) == name) {
        return true;
    }
    let known = |h: &String| {
        let by_name = |host: &crate::model::Host| (*host.name).cmp(h.as_str());
        h.parse::<IpAddr>().is_ok() || cluster.hosts.binary_search_by(by_name).is_ok()
    };
    !hosts.iter().any(known)
}

/// The master that each replica began with, by the rule of ltcli: the replicas of the masters of
/// a host are on the hosts behind it. Other tools pair otherwise, so it is used only where the
/// capture shows such pairs and no other.
fn pairing(properties: &Properties, cluster: &Cluster) -> Option<BTreeMap<Address, Address>> {
    let hosts = &properties.master_hosts;
    let (masters, replicas) = (&properties.master_ports, &properties.replica_ports);
    let is_plain = !hosts.is_empty()
        && *hosts == properties.replica_hosts
        && hosts.iter().all(|h| h.parse::<IpAddr>().is_ok())
        && hosts.iter().collect::<BTreeSet<_>>().len() == hosts.len()
        && !masters.is_empty()
        && !replicas.is_empty()
        && replicas.len().is_multiple_of(masters.len());
    if !is_plain {
        return None;
    }
    let mut master_of = BTreeMap::new();
    let mut listed = BTreeSet::new();
    for (index, host) in hosts.iter().enumerate() {
        for (place, &port) in replicas.iter().enumerate() {
            let (block, column) = (place / masters.len(), place % masters.len());
            let behind = hosts.get((index + 1 + block) % hosts.len())?;
            let master = Address::new(host, *masters.get(column)?).ok()?;
            let replica = Address::new(behind, port).ok()?;
            listed.insert(master.clone());
            if master_of.insert(replica, master).is_some() {
                return None;
            }
        }
    }
    let group = |node: &Node| {
        let address = node.address.as_ref()?;
        let own = listed.get(address);
        own.or_else(|| master_of.get(address))
    };
    let mut pairs = cluster.nodes.iter().filter_map(|node| {
        let master = cluster.node(node.master()?);
        Some((group(node)?, group(master)?))
    });
    // One pair that began so, and none that did not.
    let is_so = |(a, b): (&Address, &Address)| a == b;
    (pairs.next().is_some_and(is_so) && pairs.all(is_so)).then(|| master_of.clone())
}
