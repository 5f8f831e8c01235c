//! Host and home maps: from addresses to hosts, zones and initial roles.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Map;
use crate::inventory::Inventory;
use crate::inventory::announced;
use crate::inventory::announced::Announced;
use crate::inventory::disks;
use crate::inventory::gathered::Gathered;
use crate::inventory::machines::Machines;
use crate::inventory::properties;
use crate::inventory::whose_host::HostNames;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Host;
use crate::model::HostId;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Rack;
use crate::model::RackId;
use crate::model::Zone;
use crate::model::ZoneId;
use crate::parse::HostRow;
use crate::policy::Home;
use crate::policy::HomeRole;
use crate::text::Place;

/// Gives every node its host, disk and zone, and the policy its home map. Hands back by which
/// names files may call the hosts.
pub(super) fn apply(gathered: &Gathered, inventory: &mut Inventory) -> HostNames {
    let addresses = Addresses::of(gathered, &inventory.cluster);
    let rows = HostRows::new(gathered, &addresses, &mut inventory.diagnostics);
    hosts(gathered, &addresses, &rows, inventory);
    announced::contradictions(gathered, &rows, inventory);
    let names = HostNames::new(gathered, &inventory.cluster);
    disks::apply(gathered, &names, inventory);
    let renamed = Renamed::of(gathered, inventory);
    let given = std::mem::take(&mut inventory.policy.home).into_iter();
    inventory.policy.home = given
        .map(|(address, home)| (renamed.address(&address).clone(), renamed.home(home)))
        .collect();
    unused_homes(gathered, &renamed, inventory);
    homes(gathered, &renamed, inventory);
    names
}

/// Where nodes are, by the cluster or as they were reached.
struct Addresses(BTreeSet<Address>, BTreeSet<String>);

impl Addresses {
    fn of(gathered: &Gathered, cluster: &Cluster) -> Self {
        let of_nodes = cluster.nodes.iter().filter_map(|n| n.address.as_ref());
        let all: BTreeSet<Address> = of_nodes
            .flat_map(|a| std::iter::once(a).chain(gathered.reached(a)))
            .cloned()
            .collect();
        let ips = all.iter().map(|a| a.ip().to_owned()).collect();
        Self(all, ips)
    }

    /// The IP of a row, and the port if it is for that one alone. IPv6 with a port behind it, as
    /// servers print it, reads like a longer IPv6 (`::1:7400`): which of the two it is, the nodes
    /// tell.
    fn meant<'r>(&self, row: &'r HostRow) -> (&'r str, Option<u16>) {
        let whole = (row.ip.as_str(), row.port);
        if row.port.is_some() || self.1.contains(whole.0) {
            return whole;
        }
        let apart = || {
            let (ip, _) = row.ip.rsplit_once(':')?;
            let address: Address = row.ip.parse().ok()?;
            self.0
                .contains(&address)
                .then_some((ip, Some(address.port())))
        };
        apart().unwrap_or(whole)
    }
}

/// The host map: by IP, and by address where one machine shares an IP with others.
pub(super) struct HostRows<'a> {
    gathered: &'a Gathered,
    by_ip: BTreeMap<&'a str, &'a (Arc<str>, HostRow)>,
    by_address: BTreeMap<(&'a str, u16), &'a (Arc<str>, HostRow)>,
    pub names: BTreeSet<&'a str>,
}

impl<'a> HostRows<'a> {
    fn new(
        gathered: &'a Gathered,
        addresses: &Addresses,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut rows = Self {
            gathered,
            by_ip: BTreeMap::new(),
            by_address: BTreeMap::new(),
            names: BTreeSet::new(),
        };
        let mut first: BTreeMap<(&str, Option<u16>), Place> = BTreeMap::new();
        // A row that calls an IP by itself is of a skeleton that nobody filled in yet: it says
        // nothing against another.
        let (skeleton, filled): (Vec<_>, Vec<_>) = gathered
            .hosts
            .iter()
            .partition(|(_, row)| row.host == row.ip);
        for of_map in filled.into_iter().chain(skeleton) {
            let (path, row) = of_map;
            let place = Place {
                path: path.clone(),
                line: row.line,
                column: 1,
            };
            let (ip, port) = addresses.meant(row);
            let known = match port {
                Some(port) => rows.by_address.get(&(ip, port)),
                None => rows.by_ip.get(ip),
            };
            if let Some((_, known)) = known {
                let differ =
                    known.host != row.host || known.zone != row.zone || known.rack != row.rack;
                if differ && row.host != row.ip {
                    let earlier = &first[&(ip, port)];
                    diagnostics.push(contradiction(
                        &row.ip,
                        &known.host,
                        &row.host,
                        earlier,
                        place,
                    ));
                }
                continue;
            }
            first.insert((ip, port), place);
            rows.names.insert(&row.host);
            match port {
                Some(port) => rows.by_address.insert((ip, port), of_map),
                None => rows.by_ip.insert(ip, of_map),
            };
        }
        rows
    }

    /// By the address in the cluster, else by one that the node was reached at.
    fn of(&self, address: &Address) -> Option<&'a HostRow> {
        Some(&self.with_path(address)?.1)
    }

    /// The row of that address, and the map in which it stands.
    pub fn with_path(&self, address: &Address) -> Option<&'a (Arc<str>, HostRow)> {
        let reached = || self.gathered.reached(address).find_map(|a| self.at(a));
        self.at(address).or_else(reached)
    }

    /// The row of exactly that address, or of its IP.
    pub fn at(&self, address: &Address) -> Option<&'a (Arc<str>, HostRow)> {
        let exact = self.by_address.get(&(address.ip(), address.port()));
        exact.or_else(|| self.by_ip.get(address.ip())).copied()
    }

    /// The host that goes by this IP or this name.
    pub fn called(&self, name: &str) -> Option<&'a str> {
        let by_ip = || self.by_ip.get(name).map(|of| of.1.host.as_str());
        self.names.get(name).copied().or_else(by_ip)
    }
}

pub(super) fn contradiction(
    what: &str,
    kept: &str,
    other: &str,
    earlier: &Place,
    place: Place,
) -> Diagnostic {
    Diagnostic::new(
        Map::Contradiction,
        format!(
            "`{}` is on `{}` here and on `{}` in {}:{}; the first is kept",
            what.escape_debug(),
            other.escape_debug(),
            kept.escape_debug(),
            earlier.path.escape_debug(),
            earlier.line
        ),
    )
    .at(place)
}

fn hosts(gathered: &Gathered, addresses: &Addresses, rows: &HostRows, inventory: &mut Inventory) {
    let cluster = &mut inventory.cluster;
    let unmapped = |node: &Node| node.address.as_ref().is_some_and(|a| rows.of(a).is_none());
    let machines = Machines::of(gathered, cluster.iter().filter(|(_, n)| unmapped(n)));
    let mut names: BTreeSet<Arc<str>> = rows.names.iter().map(|n| Arc::from(*n)).collect();
    let real = cluster
        .iter()
        .filter_map(|(_, n)| n.address.as_ref())
        .any(|a| a.is_place() && !a.is_of_nobody());
    let placed = |id: NodeId, node: &Node| {
        let address = node
            .address
            .as_ref()
            .filter(|_| node.membership != Membership::Ghost)?;
        let mapped = rows.of(address).map(|row| Arc::from(row.host.as_str()));
        // What every host calls itself, or no IP at all, names none beside real ones.
        let own = || {
            machines
                .ip(id)
                .or((!real || address.is_place()).then(|| address.ip()))
        };
        mapped.or_else(|| own().map(Arc::from))
    };
    names.extend(cluster.iter().filter_map(|(id, node)| placed(id, node)));
    let index: BTreeMap<Arc<str>, HostId> = names.iter().cloned().zip((0..).map(HostId)).collect();
    for (id, node) in (0..).map(NodeId).zip(&mut cluster.nodes) {
        node.host = placed(id, node).map(|name| index[&name]);
    }
    cluster.hosts = names
        .into_iter()
        .map(|name| Host {
            name,
            zone: None,
            rack: None,
            memory_bytes: None,
            machine_memory_bytes: None,
        })
        .collect();
    let nowhere = |n: &Node| n.address.is_some() && n.host.is_none() && !n.is_ghost();
    let nowhere = inventory.cluster.iter().filter(|(_, n)| nowhere(n));
    inventory.placeless = nowhere.map(|(id, _)| id).collect();
    inventory.behind_one_ip = machines.unknown;
    inventory.diagnostics.extend(machines.notes);
    zones(gathered, rows, inventory);
    if rows.names.is_empty() {
        return;
    }
    let strangers: Vec<(NodeId, &Address)> = inventory
        .cluster
        .iter()
        .filter_map(|(id, node)| Some((id, node.address.as_ref()?)))
        .filter(|(_, address)| rows.of(address).is_none())
        .collect();
    inventory.unmapped = strangers.iter().map(|&(id, _)| id).collect();
    if let Some((_, first)) = strangers.first() {
        let more = if strangers.len() > 1 {
            format!(" and {} more", strangers.len() - 1)
        } else {
            String::new()
        };
        inventory.diagnostics.push(
            Diagnostic::new(
                Map::NodeWithoutHost,
                format!("the host map does not know {first}{more}; the IP is taken for the host"),
            )
            .at(Place {
                path: gathered.hosts[0].0.clone(),
                line: 1,
                column: 1,
            }),
        );
    }
    unused_rows(gathered, addresses, inventory);
}

fn unused_rows(gathered: &Gathered, addresses: &Addresses, inventory: &mut Inventory) {
    for (path, row) in gathered
        .hosts
        .iter()
        .filter(|(_, row)| !row.of_more && !addresses.1.contains(addresses.meant(row).0))
    {
        let place = Place {
            path: path.clone(),
            line: row.line,
            column: 1,
        };
        inventory.unused_rows.push(place.clone());
        inventory.diagnostics.push(
            Diagnostic::new(
                Map::UnusedHost,
                format!(
                    "no node of the cluster has the IP `{}`",
                    row.ip.escape_debug()
                ),
            )
            .at(place),
        );
    }
}

/// Zones: the host map, else the `availability-zone` of dumps or INFO, else the networks of the
/// policy. Racks: the host map alone; where no zone is known of any host they are its zones.
fn zones(gathered: &Gathered, rows: &HostRows, inventory: &mut Inventory) {
    let policy = &inventory.policy;
    let cluster = &mut inventory.cluster;
    let mut zone_of: BTreeMap<HostId, Arc<str>> = BTreeMap::new();
    let mut rack_of: BTreeMap<HostId, Arc<str>> = BTreeMap::new();
    let announced = Announced::of(gathered);
    for node in &cluster.nodes {
        let (Some(host), Some(address)) = (node.host, &node.address) else {
            continue;
        };
        let row = rows.of(address);
        let zone = row
            .and_then(|row| row.zone.as_deref())
            .map(Arc::from)
            .or_else(|| announced.zone(node).map(Arc::from))
            .or_else(|| policy.zone_of(address.ip()).map(Arc::from));
        if let Some(zone) = zone {
            zone_of.entry(host).or_insert(zone);
        }
        if let Some(rack) = row.and_then(|row| row.rack.as_deref()) {
            rack_of.entry(host).or_insert_with(|| Arc::from(rack));
        }
    }
    for (_, row) in rows.by_ip.values().chain(rows.by_address.values()) {
        let Ok(host) = cluster.hosts.binary_search_by(|h| (*h.name).cmp(&row.host)) else {
            continue;
        };
        let host = HostId(host as u32);
        for (told, of) in [(&row.zone, &mut zone_of), (&row.rack, &mut rack_of)] {
            if let Some(name) = told {
                of.entry(host).or_insert_with(|| Arc::from(name.as_str()));
            }
        }
    }
    let racks_alone = zone_of.is_empty();
    let zones = if racks_alone { &rack_of } else { &zone_of };
    let names: BTreeSet<Arc<str>> = zones.values().cloned().collect();
    let index: BTreeMap<Arc<str>, ZoneId> = names.iter().cloned().zip((0..).map(ZoneId)).collect();
    cluster.zones = names.into_iter().map(|name| Zone { name }).collect();
    for (host, zone) in zones {
        cluster.hosts[host.0 as usize].zone = Some(index[zone]);
    }
    let zone = |host: HostId| zone_of.get(&host).map(|zone| index[zone]);
    let of_host = rack_of
        .into_iter()
        .map(|(host, name)| (host, (zone(host), name)));
    let of_host: BTreeMap<HostId, (Option<ZoneId>, Arc<str>)> = of_host.collect();
    let racks: BTreeSet<(Option<ZoneId>, Arc<str>)> = of_host.values().cloned().collect();
    let index: BTreeMap<_, RackId> = racks.iter().cloned().zip((0..).map(RackId)).collect();
    let racks = racks.into_iter();
    cluster.racks = racks.map(|(zone, name)| Rack { name, zone }).collect();
    for (host, rack) in of_host {
        cluster.hosts[host.0 as usize].rack = Some(index[&rack]);
    }
}

/// Homes may be written with the addresses at which nodes are reached; here they are those that
/// the nodes have in the cluster.
struct Renamed(BTreeMap<Address, Address>);

impl Renamed {
    fn of(gathered: &Gathered, inventory: &Inventory) -> Self {
        let mut renamed = BTreeMap::new();
        let nodes = inventory.cluster.nodes.iter();
        let known: BTreeSet<&Address> = nodes
            .flat_map(|n| n.address.iter().chain(&n.last_address))
            .collect();
        for (address, names) in &gathered.reached_at {
            for name in names.iter().filter(|name| !known.contains(name)) {
                renamed.insert(name.clone(), address.clone());
            }
        }
        Self(renamed)
    }

    fn home(&self, home: Home) -> Home {
        Home {
            role: home.role,
            master: home.master.map(|m| self.address(&m).clone()),
        }
    }

    fn address<'a>(&'a self, address: &'a Address) -> &'a Address {
        self.0.get(address).unwrap_or(address)
    }
}

/// Home entries of addresses that no node has: once for the policy, once for each map.
fn unused_homes(gathered: &Gathered, renamed: &Renamed, inventory: &mut Inventory) {
    let nodes = inventory.cluster.nodes.iter();
    // The home of a ghost is waiting for it.
    let known: BTreeSet<&Address> = nodes
        .flat_map(|n| n.address.iter().chain(&n.last_address))
        .collect();
    let mut sources: BTreeMap<Option<&Arc<str>>, Vec<(&Address, u32)>> = BTreeMap::new();
    let given = inventory.policy.home.keys().map(|a| (None, a, 0));
    let mapped = gathered.homes.iter();
    let mapped = mapped.map(|(path, row)| (Some(path), renamed.address(&row.address), row.line));
    for (path, address, line) in given.chain(mapped).filter(|(_, a, _)| !known.contains(a)) {
        sources.entry(path).or_default().push((address, line));
    }
    let mut notes = Vec::new();
    for (path, entries) in sources {
        let Some(&(first, line)) = entries.first() else {
            continue;
        };
        let what = path.map_or("the policy", |_| "the home map");
        let message = match entries.len() {
            1 => format!("no node of the cluster has the address {first} of {what}"),
            n => format!(
                "no node of the cluster has the address {first} of {what}, nor {} more of it",
                n - 1
            ),
        };
        let note = Diagnostic::new(Map::UnusedHome, message);
        let place = |path: &Arc<str>, line| Place {
            path: path.clone(),
            line,
            column: 1,
        };
        let rows = path
            .into_iter()
            .flat_map(|p| entries.iter().map(move |e| (p, e.1)));
        let rows = rows.map(|(path, line)| place(path, line));
        inventory.unused_rows.extend(rows);
        notes.push(match path {
            Some(path) => note.at(place(path, line)),
            None => note,
        });
    }
    inventory.diagnostics.extend(notes);
}

fn homes(gathered: &Gathered, renamed: &Renamed, inventory: &mut Inventory) {
    let given = inventory.policy.home.clone();
    let mut first: BTreeMap<&Address, Place> = BTreeMap::new();
    // Rows that a named map overrules, by file: the first, and how many.
    let mut overruled: BTreeMap<&Arc<str>, (Place, usize)> = BTreeMap::new();
    for (path, row) in &gathered.homes {
        let role = if row.master_role {
            HomeRole::Master
        } else {
            HomeRole::Replica
        };
        let home = renamed.home(Home {
            role,
            master: row.master.clone(),
        });
        let address = renamed.address(&row.address);
        let place = Place {
            path: path.clone(),
            line: row.line,
            column: 1,
        };
        if given.contains_key(address) {
            continue;
        }
        match inventory.policy.home.get(address) {
            Some(kept) if *kept != home => {
                let word = |h: &Home| match h.role {
                    HomeRole::Master => "master".to_owned(),
                    HomeRole::Replica => h
                        .master
                        .as_ref()
                        .map_or("replica".to_owned(), |m| format!("replica of {m}")),
                };
                let earlier = &first[address];
                if gathered.named.contains(&earlier.path) && !gathered.named.contains(path) {
                    overruled.entry(path).or_insert((place, 0)).1 += 1;
                    continue;
                }
                let message = format!(
                    "{} is {} here and {} in {}:{}; the first is kept",
                    address,
                    word(&home),
                    word(kept),
                    earlier.path.escape_debug(),
                    earlier.line
                );
                inventory
                    .diagnostics
                    .push(Diagnostic::new(Map::Contradiction, message).at(place));
            }
            Some(_) => {}
            None => {
                first.insert(address, place);
                inventory.policy.home.insert(address.clone(), home);
            }
        }
    }
    for (place, rows) in overruled.into_values() {
        let rows = match rows {
            1 => "1 row".to_owned(),
            n => format!("{n} rows"),
        };
        let message =
            format!("{rows} of this home map differ from the one named with a flag, which counts");
        let note = Diagnostic::new(Map::Overridden, message);
        inventory.diagnostics.push(note.at(place));
    }
    properties::homes(gathered, inventory);
}
