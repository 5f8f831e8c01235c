//! What `ps` shows of nodes that said nothing themselves.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gather::Gathered;
use crate::inventory::mounts::unknown_host;
use crate::inventory::nodes::Index;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::inventory::whose_host::HostNames;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Membership;
use crate::model::NodeId;
use crate::parse::ProcessRow;
use crate::text::Place;

/// The processes of one host, with the files that list them.
type Listed<'a> = Vec<(&'a Arc<str>, &'a ProcessRow)>;

/// Takes a node for dead that gave neither a view nor an answer, if its process is stopped or
/// does not run. It makes no node live: what runs may still not answer.
pub(super) fn apply(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    names: &HostNames,
    inventory: &mut Inventory,
) {
    let hosts = by_host(gathered, names, &mut inventory.diagnostics);
    if hosts.is_empty() {
        return;
    }
    let strangers: Vec<Diagnostic> = hosts
        .iter()
        .filter_map(|(&host, listed)| strangers(gathered, inventory, host, listed))
        .collect();
    inventory.diagnostics.extend(strangers);
    let running: Vec<Diagnostic> = dead_but_running(gathered, inventory, &hosts);
    inventory.diagnostics.extend(running);
    let addresses: BTreeSet<Address> = inventory
        .cluster
        .nodes
        .iter()
        .filter_map(|n| n.address.clone())
        .collect();
    let mut silent: Vec<NodeId> = index
        .of_each(seen)
        .filter(|(id, of)| of.own.is_none() && is_silent(gathered, inventory, *id))
        .map(|(id, _)| id)
        .collect();
    silent.sort_unstable();
    for id in silent {
        let Some(host) = inventory.cluster.node(id).host else {
            continue;
        };
        let Some(listed) = hosts.get(&host) else {
            continue;
        };
        if !speaks_of(&ports_of(&inventory.cluster, host), listed) {
            continue;
        }
        let node = inventory.cluster.node_mut(id);
        let Some(address) = &node.address else {
            continue;
        };
        let is_its = |row: &ProcessRow| is_process_of(row, address, &addresses);
        let own = listed.iter().find(|(_, row)| is_its(row));
        let (place, message) = match own {
            Some((path, row)) if row.stopped => (
                Place {
                    path: Arc::clone(path),
                    line: row.line,
                    column: 1,
                },
                format!(
                    "the process of {node} is stopped (state `T`): it accepts connections and never answers, so it is taken for dead"
                ),
            ),
            // It runs: whether it does its work is for others to say.
            Some(_) => continue,
            None => match complete(listed) {
                Some(path) => (
                    Place {
                        path: Arc::clone(path),
                        line: 1,
                        column: 1,
                    },
                    format!(
                        "{node} gave no answer and its host does not run it, by this list of processes: it is taken for dead"
                    ),
                ),
                None => continue,
            },
        };
        (node.live, node.only_suspected) = (false, false);
        let stopped = own.is_some();
        let mut note = Diagnostic::note("capture/process", message).at(place);
        if stopped {
            note = note.help("`kill -CONT` wakes it; look at its disk first");
        }
        inventory.diagnostics.push(note);
    }
}

/// Says which nodes are dead by the views although their process runs: hung, or cut off from the
/// others, and then clients beside them may still write there.
fn dead_but_running(
    gathered: &Gathered,
    inventory: &Inventory,
    hosts: &BTreeMap<HostId, Listed>,
) -> Vec<Diagnostic> {
    let nodes = inventory.cluster.nodes.iter();
    let addresses: BTreeSet<Address> = nodes.filter_map(|n| n.address.clone()).collect();
    let mut found = Vec::new();
    for (id, node) in inventory.cluster.iter() {
        let (Some(address), Some(host), true) = (&node.address, node.host, !node.live) else {
            continue;
        };
        let listed = hosts.get(&host).into_iter().flatten();
        let mut own = listed.filter(|(_, row)| is_process_of(row, address, &addresses));
        let Some((path, row)) = own.find(|(_, row)| !row.stopped) else {
            continue;
        };
        if !is_silent(gathered, inventory, id) {
            continue;
        }
        let message = format!(
            "{node} is taken for dead, but its process runs: it is hung or cut off, and may still take writes"
        );
        let place = Place {
            path: Arc::clone(path),
            line: row.line,
            column: 1,
        };
        found.push(
            Diagnostic::warning("capture/dead-but-runs", message)
                .at(place)
                .help("unless this list is older than the views: stop the process, or see that no client reaches it, before another node takes its slots"),
        );
    }
    found
}

/// Says which processes run in cluster mode on a host and are in nobody's view: nodes that nobody
/// met, or of another cluster.
fn strangers(
    gathered: &Gathered,
    inventory: &Inventory,
    host: HostId,
    listed: &Listed,
) -> Option<Diagnostic> {
    let ports = ports_of(&inventory.cluster, host);
    if !ports.is_empty() && !speaks_of(&ports, listed) {
        return None;
    }
    let in_a_view: BTreeSet<Address> = gathered
        .facts
        .iter()
        .filter_map(|fact| fact.address())
        .collect();
    let nodes = inventory.cluster.nodes.iter();
    let ips: BTreeSet<&str> = nodes
        .filter(|n| n.host == Some(host))
        .filter_map(|n| Some(n.address.as_ref()?.ip()))
        .collect();
    let name = &inventory.cluster.host(host).name;
    let is_known = |row: &ProcessRow| {
        let own = row.ip.as_deref();
        let mut called = ips.iter().copied().chain(own).chain([&**name]);
        ports.contains(&row.port)
            || called.any(|ip| Address::new(ip, row.port).is_ok_and(|a| in_a_view.contains(&a)))
    };
    let unknown: Vec<_> = listed
        .iter()
        .filter(|(_, row)| row.cluster && row.port != 0 && !is_known(row))
        .collect();
    let (path, first) = unknown.first()?;
    let called: BTreeSet<u16> = unknown.iter().map(|(_, row)| row.port).collect();
    let shown: Vec<String> = called
        .iter()
        .take(4)
        .map(|p| format!("{name}:{p}"))
        .collect();
    let mut shown = shown.join(", ");
    if called.len() > 4 {
        shown.push_str(&format!(" and {} more", called.len() - 4));
    }
    let (servers, it) = match called.len() {
        1 => ("a server in cluster mode runs", "it"),
        _ => ("servers in cluster mode run", "them"),
    };
    let message = format!("{servers} at {shown}, and no view lists {it}");
    let note = Diagnostic::warning("capture/unknown-server", message).at(Place {
        path: Arc::clone(path),
        line: first.line,
        column: 1,
    });
    Some(note.help(format!(
        "capture `cluster nodes` of {it}: who lists only itself was never met, see M007"
    )))
}

/// The ports of the nodes of a host.
fn ports_of(cluster: &Cluster, host: HostId) -> BTreeSet<u16> {
    let nodes = cluster.nodes.iter().filter(|n| n.host == Some(host));
    nodes
        .filter_map(|n| Some(n.address.as_ref()?.port()))
        .collect()
}

/// A listing tells of nodes of which it shows one at least: in containers the servers know other
/// ports than the cluster does.
fn speaks_of(ports: &BTreeSet<u16>, listed: &Listed) -> bool {
    let mut rows = listed.iter();
    rows.any(|(_, row)| ports.contains(&row.port))
}

fn by_host<'a>(
    gathered: &'a Gathered,
    names: &HostNames,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<HostId, Listed<'a>> {
    let mut hosts: BTreeMap<HostId, Listed> = BTreeMap::new();
    for facts in gathered.processes.iter().filter(|f| !f.rows.is_empty()) {
        match names.of(&facts.path, facts.host.as_deref()) {
            Some(host) => {
                let rows = facts.rows.iter().map(|row| (&facts.path, row));
                hosts.entry(host).or_default().extend(rows);
            }
            None => diagnostics.push(unknown_host(
                "these processes",
                Place {
                    path: facts.path.clone(),
                    line: facts.rows.first().map_or(1, |r| r.line),
                    column: 1,
                },
            )),
        }
    }
    hosts
}

fn is_silent(gathered: &Gathered, inventory: &Inventory, id: NodeId) -> bool {
    let node = inventory.cluster.node(id);
    let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
    node.membership == Membership::Member && !answers.is_some_and(|a| a.answered)
}

/// The port decides: a process may name an address by which only its own host knows it. An
/// address of another node is that node's.
fn is_process_of(row: &ProcessRow, address: &Address, addresses: &BTreeSet<Address>) -> bool {
    let other = |ip: &String| {
        ip != address.ip() && Address::new(ip, row.port).is_ok_and(|a| addresses.contains(&a))
    };
    row.port == address.port() && !row.ip.as_ref().is_some_and(other)
}

/// A file of a listing that shows more than one port, so that it was not filtered to one, and no
/// server whose port is not known. Sentinels and proxies tell nothing of nodes.
fn complete<'a>(listed: &Listed<'a>) -> Option<&'a Arc<str>> {
    let nodes = listed.iter().filter(|(_, row)| row.cluster);
    let ports: BTreeSet<u16> = nodes.map(|(_, row)| row.port).collect();
    let (path, _) = listed.first()?;
    let all_known = listed.iter().all(|(_, row)| row.port != 0);
    (ports.len() > 1 && all_known).then_some(*path)
}
