//! What nodes announce of where they are, and where a host map says otherwise.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Map;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::maps::HostRows;
use crate::inventory::record::Token;
use crate::model::Node;
use crate::parse::HostRow;
use crate::parse::address_in_path;
use crate::parse::spans;
use crate::text::Place;

/// What the nodes announce.
pub(super) struct Announced<'a> {
    gathered: &'a Gathered,
    /// By node id: the `availability-zone` of dumps.
    zones: BTreeMap<&'a str, &'a str>,
    /// The first hostname that any line gives for an id.
    hostnames: BTreeMap<Token, &'a str>,
}

impl<'a> Announced<'a> {
    pub fn of(gathered: &'a Gathered) -> Self {
        let zones = gathered
            .facts
            .iter()
            .filter_map(|f| {
                Some((
                    gathered.names[f.token as usize].as_str(),
                    &**f.zone.as_ref()?,
                ))
            })
            .collect();
        let mut hostnames = BTreeMap::new();
        for fact in &gathered.facts {
            if let Some(name) = &fact.hostname {
                hostnames.entry(fact.token).or_insert(&**name);
            }
        }
        Self {
            gathered,
            zones,
            hostnames,
        }
    }

    /// The node's `availability-zone`, of dumps or of its INFO.
    pub fn zone(&self, node: &Node) -> Option<&'a str> {
        let in_dumps = self.zones.get(node.name.as_str()).copied();
        in_dumps.or_else(|| {
            let answers = self.gathered.answers.get(node.address.as_ref()?)?;
            let zone = answers.info.get("availability_zone")?;
            (!zone.is_empty()).then_some(zone.as_str())
        })
    }

    fn hostname(&self, node: &Node) -> Option<&'a str> {
        let token = self.gathered.tokens.get(&node.name)?;
        self.hostnames.get(token).copied()
    }
}

/// A node, its row in the host map, and the map's path.
struct Mapped<'a> {
    node: &'a Node,
    path: &'a Arc<str>,
    row: &'a HostRow,
    /// In the map and by the node's own word, where both say one.
    zones: Option<(&'a str, &'a str)>,
}

/// Says which rows of the host map contradict the nodes; at most once a row for zones,
/// and once for names.
pub(super) fn contradictions(gathered: &Gathered, rows: &HostRows, inventory: &mut Inventory) {
    if rows.names.is_empty() {
        return;
    }
    let announced = Announced::of(gathered);
    let nodes = inventory.cluster.nodes.iter();
    let mapped: Vec<Mapped> = nodes
        .filter_map(|node| {
            let (path, row) = rows.with_path(node.address.as_ref()?)?;
            let zones = row.zone.as_deref().zip(announced.zone(node));
            Some(Mapped {
                node,
                path,
                row,
                zones,
            })
        })
        .collect();
    let by_hostname = mapped.iter().filter_map(|m| {
        let name = announced.hostname(m.node)?;
        let label = name.split('.').next().unwrap_or(name);
        // Most hostnames are a node's own; only the name of another machine is a contradiction.
        let other = [name, label].into_iter().find(|n| rows.names.contains(n))?;
        let is_here = [name, label].contains(&m.row.host.as_str());
        let message = format!(
            "the map puts {} on `{}`, but its hostname is that of `{}`; the map is believed",
            m.node,
            m.row.host.escape_debug(),
            other.escape_debug()
        );
        (!is_here).then(|| odd(m, message))
    });
    let mut said = once_a_row(zones(&mapped));
    said.extend(once_a_row(by_hostname.collect()));
    let mut by_place = reached(gathered, rows, &mapped);
    by_place.extend(folders(rows, &mapped, inventory));
    said.extend(once_a_row(by_place));
    inventory.diagnostics.extend(said);
}

/// Nodes that were reached at the address of one host, and are on another by the address that
/// they announce.
fn reached(gathered: &Gathered, rows: &HostRows, mapped: &[Mapped]) -> Vec<Diagnostic> {
    let odd_one = |m: &Mapped| {
        let mut reached = gathered.reached(m.node.address.as_ref()?);
        reached.find_map(|at| {
            let (_, row) = rows.at(at)?;
            let message = format!(
                "the map puts {} on `{}`, but it was reached at {at}, which is on `{}`; the \
                 announced address is believed",
                m.node,
                m.row.host.escape_debug(),
                row.host.escape_debug()
            );
            (row.host != m.row.host).then(|| odd(m, message))
        })
    };
    mapped.iter().filter_map(odd_one).collect()
}

/// Folders and files that are called as one host and hold only views of nodes of another.
fn folders(rows: &HostRows, mapped: &[Mapped], inventory: &Inventory) -> Vec<Diagnostic> {
    let by_name: BTreeMap<&str, &Mapped> =
        mapped.iter().map(|m| (m.node.name.as_str(), m)).collect();
    let mut of_folder: BTreeMap<&str, (&str, Vec<&Mapped>)> = BTreeMap::new();
    for (path, owner) in inventory.origins.views() {
        let owner = owner.map(|id| inventory.cluster.node(id).name.as_str());
        let Some(&m) = owner.and_then(|name| by_name.get(name)) else {
            continue;
        };
        if let Some((folder, host)) = host_in_path(rows, path) {
            of_folder
                .entry(folder)
                .or_insert((host, Vec::new()))
                .1
                .push(m);
        }
    }
    let odd_one = |(folder, (host, nodes)): (&str, (&str, Vec<&Mapped>))| {
        let &first = nodes.first()?;
        let others: BTreeSet<&str> = nodes.iter().map(|m| m.row.host.as_str()).collect();
        let message = format!(
            "the map puts {} on `{}`, but its view lies in `{}`, which is called as `{}` is; the map is believed",
            first.node,
            first.row.host.escape_debug(),
            folder.escape_debug(),
            host.escape_debug()
        );
        // Who asks all nodes from one host may name the folder so.
        (others.len() == 1 && !others.contains(host)).then(|| odd(first, message))
    };
    of_folder.into_iter().filter_map(odd_one).collect()
}

/// The host that the name nearest to the file calls, and the path up to that name; none where
/// that is the address of a node.
fn host_in_path<'a, 'r>(rows: &HostRows<'r>, path: &'a str) -> Option<(&'a str, &'r str)> {
    let ends = path.rmatch_indices('/').map(|(at, _)| at);
    for end in std::iter::once(path.len()).chain(ends) {
        let name = path[..end].rsplit('/').next()?;
        if address_in_path(name).is_some() {
            return None;
        }
        let known = spans(name).filter_map(|span| Some((span.len(), rows.called(span)?)));
        if let Some((_, host)) = known.max() {
            return Some((&path[..end], host));
        }
    }
    None
}

/// Many nodes share a row.
fn once_a_row(mut said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut rows = BTreeSet::new();
    said.retain(|d| rows.insert(d.place.clone()));
    said
}

/// Zones of a map may be named in other words than those of the nodes, or be racks: only where
/// both use the same words, or nodes of one zone of the map announce two, one must be wrong.
fn zones(mapped: &[Mapped]) -> Vec<Diagnostic> {
    let both = || mapped.iter().filter_map(|m| Some((m, m.zones?)));
    let in_map: BTreeSet<&str> = both().map(|(_, zones)| zones.0).collect();
    let by_nodes: BTreeSet<&str> = both().map(|(_, zones)| zones.1).collect();
    let mut first: BTreeMap<&str, (&Mapped, &str)> = BTreeMap::new();
    let mut said = Vec::new();
    for (m, (map, own)) in both().filter(|(_, (map, own))| map != own) {
        let (map_text, own_text) = (map.escape_debug(), own.escape_debug());
        if in_map.contains(own) || by_nodes.contains(map) {
            let message = format!(
                "the map puts {} in zone `{map_text}`, the node says `{own_text}`; the map is believed",
                m.node
            );
            said.push(odd(m, message));
            continue;
        }
        let (other, word) = *first.entry(map).or_insert((m, own));
        if word != own {
            let message = format!(
                "zone `{map_text}` of the map holds {}, which says `{own_text}`, and {}, which \
                 says `{}`; the map is believed",
                m.node,
                other.node,
                word.escape_debug()
            );
            said.push(odd(m, message));
        }
    }
    said
}

fn odd(mapped: &Mapped, message: String) -> Diagnostic {
    Diagnostic::new(Map::Contradiction, message).at(Place {
        path: mapped.path.clone(),
        line: mapped.row.line,
        column: 1,
    })
}
