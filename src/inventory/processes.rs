//! What `ps` shows of nodes that said nothing themselves.

use crate::diagnostic::Capture;
use crate::diagnostic::Severity;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
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
use crate::model::Process;
use crate::parse::ProcessRow;
use crate::text::Place;

/// A process of a host, and where it is listed.
struct Row<'a> {
    path: &'a Arc<str>,
    process: &'a ProcessRow,
    /// A view stands below it in the same file: what ran then may be gone by now.
    before_a_view: bool,
}

impl Row<'_> {
    fn place(&self) -> Place {
        Place {
            path: Arc::clone(self.path),
            line: self.process.line,
            column: 1,
        }
    }
}

/// The processes of one host.
type Listed<'a> = Vec<Row<'a>>;

/// What the lists of processes show, host by host.
pub(super) struct Processes<'a> {
    hosts: BTreeMap<HostId, Listed<'a>>,
    addresses: BTreeSet<Address>,
}

impl<'a> Processes<'a> {
    pub fn of(
        gathered: &'a Gathered,
        used: &[usize],
        names: &HostNames,
        inventory: &mut Inventory,
    ) -> Self {
        let mut last_view: BTreeMap<&str, u32> = BTreeMap::new();
        for view in used.iter().map(|&v| &gathered.views[v]) {
            let line = view.lines.first().map_or(0, |l| l.line);
            let last = last_view.entry(&view.path).or_default();
            *last = line.max(*last);
        }
        let mut hosts: BTreeMap<HostId, Listed> = BTreeMap::new();
        for facts in gathered.processes.iter().filter(|f| !f.rows.is_empty()) {
            let line = facts.rows.first().map_or(1, |r| r.line);
            let Some(host) = names.of(&facts.path, facts.host.as_deref()) else {
                if names.is_elsewhere(&facts.path) {
                    continue;
                }
                inventory.diagnostics.push(unknown_host(
                    "these processes",
                    Place {
                        path: facts.path.clone(),
                        line,
                        column: 1,
                    },
                ));
                continue;
            };
            let before_a_view = last_view.get(&*facts.path).is_some_and(|&last| last > line);
            let rows = facts.rows.iter().map(|process| Row {
                path: &facts.path,
                process,
                before_a_view,
            });
            hosts.entry(host).or_default().extend(rows);
        }
        let nodes = inventory.cluster.nodes.iter();
        Self {
            hosts,
            addresses: nodes.filter_map(|n| n.address.clone()).collect(),
        }
    }

    /// What they show of the nodes that gave neither a view nor an answer, by lists that are no
    /// older than the views. It makes no node live: what runs may still not answer.
    pub fn of_silent(
        &self,
        gathered: &Gathered,
        seen: &BTreeMap<Token, Seen>,
        index: &Index,
        inventory: &mut Inventory,
    ) -> BTreeMap<NodeId, Process> {
        let mut silent: Vec<NodeId> = index
            .of_each(seen)
            .filter(|(id, of)| of.own.is_none() && is_silent(gathered, inventory, *id))
            .map(|(id, _)| id)
            .collect();
        silent.sort_unstable();
        let mut found = BTreeMap::new();
        for id in silent {
            if let Some((process, note)) = self.of_one(&inventory.cluster, id) {
                found.insert(id, process);
                inventory.diagnostics.extend(note);
            }
        }
        found
    }

    fn of_one(&self, cluster: &Cluster, id: NodeId) -> Option<(Process, Option<Diagnostic>)> {
        let node = cluster.node(id);
        let (host, address) = (node.host?, node.address.as_ref()?);
        let listed = self.hosts.get(&host)?;
        let now = || listed.iter().filter(|row| !row.before_a_view);
        if !speaks_of(&ports_of(cluster, host), now()) {
            return None;
        }
        match now().find(|row| self.is_process_of(row, address)) {
            Some(row) if row.process.stopped => {
                let message = format!(
                    "the process of {node} is stopped (state `T`): it accepts connections and never answers, so it is taken for dead"
                );
                let note = Diagnostic::new(Capture::Process, message)
                    .at(row.place())
                    .help("`kill -CONT` wakes it; look at its disk first");
                Some((Process::Stopped, Some(note)))
            }
            // It runs: whether it does its work is for others to say.
            Some(_) => Some((Process::Runs, None)),
            None => {
                let path = complete(now())?;
                let message = format!(
                    "{node} gave no answer and its host does not run it, by this list of processes: it is taken for dead"
                );
                let note = Diagnostic::new(Capture::Process, message).at(Place {
                    path: Arc::clone(path),
                    line: 1,
                    column: 1,
                });
                Some((Process::Absent, Some(note)))
            }
        }
    }

    /// Says what runs and no view knows, and who is dead by the views and runs.
    pub fn note(&self, gathered: &Gathered, inventory: &mut Inventory) {
        let hosts = self.hosts.iter();
        let strangers: Vec<Diagnostic> = hosts
            .filter_map(|(&host, listed)| strangers(gathered, inventory, host, listed))
            .collect();
        inventory.diagnostics.extend(strangers);
        let running = self.dead_but_running(gathered, inventory);
        inventory.diagnostics.extend(running);
    }

    /// Says which nodes are dead by the views although their process runs: hung, or cut off from the
    /// others, and then clients beside them may still write there.
    fn dead_but_running(&self, gathered: &Gathered, inventory: &Inventory) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (id, node) in inventory.cluster.iter().filter(|(_, n)| !n.is_live()) {
            let (Some(address), Some(host)) = (&node.address, node.host) else {
                continue;
            };
            let mut listed = self.hosts.get(&host).into_iter().flatten();
            let own = listed.find(|row| {
                !row.process.stopped && !row.before_a_view && self.is_process_of(row, address)
            });
            let Some(row) = own.filter(|_| is_silent(gathered, inventory, id)) else {
                continue;
            };
            let message = format!(
                "{node} is taken for dead, but its process runs: it is hung or cut off, and may still take writes"
            );
            found.push(
                Diagnostic::new(Capture::DeadButRuns, message)
                    .at(row.place())
                    .help("unless this list is older than the views: stop the process, or see that no client reaches it, before another node takes its slots"),
            );
        }
        found
    }

    /// The port decides: a process may name an address by which only its own host knows it. An
    /// address of another node is that node's.
    fn is_process_of(&self, row: &Row, address: &Address) -> bool {
        let row = row.process;
        let other = |ip: &String| {
            ip != address.ip()
                && Address::new(ip, row.port).is_ok_and(|a| self.addresses.contains(&a))
        };
        row.port == address.port() && !row.ip.as_ref().is_some_and(other)
    }
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
    if !ports.is_empty() && !speaks_of(&ports, listed.iter()) {
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
        .filter(|row| {
            let process = row.process;
            process.cluster && process.port != 0 && !is_known(process)
        })
        .collect();
    let first = unknown.iter().find(|row| !row.before_a_view);
    let now = first.is_some();
    let first = first.or(unknown.first())?;
    let called: BTreeSet<u16> = unknown
        .iter()
        .filter(|row| now != row.before_a_view)
        .map(|row| row.process.port)
        .collect();
    let shown: Vec<String> = called
        .iter()
        .take(4)
        .map(|p| format!("{name}:{p}"))
        .collect();
    let mut shown = shown.join(", ");
    if called.len() > 4 {
        shown.push_str(&format!(" and {} more", called.len() - 4));
    }
    let (servers, ran, it) = match called.len() {
        1 => ("a server in cluster mode", "runs", "it"),
        _ => ("servers in cluster mode", "run", "them"),
    };
    if !now {
        let message =
            format!("{servers} ran at {shown} before the views were taken, and no view lists {it}");
        let note = Diagnostic::new(Capture::UnknownServer, message).severity(Severity::Note);
        return Some(note.at(first.place()));
    }
    let message = format!("{servers} {ran} at {shown}, and no view lists {it}");
    let note = Diagnostic::new(Capture::UnknownServer, message).at(first.place());
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
fn speaks_of<'a>(ports: &BTreeSet<u16>, mut listed: impl Iterator<Item = &'a Row<'a>>) -> bool {
    listed.any(|row| ports.contains(&row.process.port))
}

fn is_silent(gathered: &Gathered, inventory: &Inventory, id: NodeId) -> bool {
    let node = inventory.cluster.node(id);
    let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
    node.membership == Membership::Member && !answers.is_some_and(|a| a.answered)
}

/// A file of a listing that shows more than one port, so that it was not filtered to one, and no
/// server whose port is not known. Sentinels and proxies tell nothing of nodes.
fn complete<'a>(listed: impl Iterator<Item = &'a Row<'a>>) -> Option<&'a Arc<str>> {
    let listed: Vec<&Row> = listed.collect();
    let nodes = listed.iter().filter(|row| row.process.cluster);
    let ports: BTreeSet<u16> = nodes.map(|row| row.process.port).collect();
    let all_known = listed.iter().all(|row| row.process.port != 0);
    let path = listed.first()?.path;
    (ports.len() > 1 && all_known).then_some(path)
}
