//! Which nodes share a disk: disk maps, data directories and what is mounted, port lists last.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Map;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::maps::contradiction;
use crate::inventory::mounts::Below;
use crate::inventory::mounts::Mounts;
use crate::inventory::mounts::normal;
use crate::inventory::properties;
use crate::inventory::whose_host::HostNames;
use crate::model::Address;
use crate::model::Disk;
use crate::model::DiskId;
use crate::model::HostId;
use crate::parse::DiskRow;
use crate::parse::Properties;
use crate::policy::HomeRole;
use crate::text::Place;

/// Where the data of a node lies, as far as it is told.
#[derive(Clone, Default, Debug)]
struct Told {
    /// By a disk map.
    disk: Option<String>,
    dir: Option<String>,
}

/// The disk of a node, by its name on its host.
type Placed = BTreeMap<usize, (String, Option<String>)>;

/// Disks: what a disk map calls so; else what is mounted where a node's directory is; else the
/// directory itself; and where nothing is told, a guess from the port, which is said.
pub(super) fn apply(gathered: &Gathered, names: &HostNames, inventory: &mut Inventory) {
    let told = told(gathered, names, inventory);
    let mounts = Mounts::read(gathered, names, &mut inventory.diagnostics);
    let mut placed = place(&told, &mounts, inventory);
    for (path, properties) in &gathered.properties {
        guess(path, properties, &mounts, &mut placed, inventory);
    }
    place_disks(&placed, inventory);
}

/// What is told of each node, by its index: the disk map first, then what it runs with, then
/// what it is started with.
fn told(
    gathered: &Gathered,
    names: &HostNames,
    inventory: &mut Inventory,
) -> BTreeMap<usize, Told> {
    let mut told = BTreeMap::new();
    let mut used = vec![false; gathered.disks.len()];
    let rows = disk_rows(gathered);
    let confs = conf_dirs(gathered, names);
    for (index, node) in inventory.cluster.nodes.iter().enumerate() {
        let (Some(address), Some(host)) = (&node.address, node.host) else {
            continue;
        };
        let name = &*inventory.cluster.host(host).name;
        // By the IP or by the host's name; the file order decides which row is the first.
        let at = |address: &Address| -> BTreeSet<usize> {
            let names = [address.ip(), name].into_iter();
            let rows = names.filter_map(|name| rows.get(&(name, address.port())));
            rows.flatten().copied().collect()
        };
        let mut here = at(address);
        if here.is_empty() {
            here = gathered.reached(address).flat_map(at).collect();
        }
        for &row in &here {
            used[row] = true;
        }
        let what = address.to_string();
        let mut own = mapped(gathered, &here, &what, &mut inventory.diagnostics);
        if own.dir.is_none() {
            let answers = gathered.answers.get(address);
            let dir = answers.and_then(|a| a.config.get("dir"));
            let dir = dir.filter(|d| !d.is_empty()).cloned();
            own.dir = dir.or_else(|| confs.get(&(host, address.port())).map(|d| (*d).to_owned()));
        }
        told.insert(index, own);
    }
    unused_disks(gathered, &used, inventory);
    told
}

/// What the rows of a disk map say of one node; the first that says something counts.
fn mapped(
    gathered: &Gathered,
    rows: &BTreeSet<usize>,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Told {
    let mut own = Told::default();
    // The disk and the directory that are kept, with their places.
    let mut kept: [Option<(&str, Place)>; 2] = [None, None];
    for &row in rows {
        let (path, row) = &gathered.disks[row];
        let dir = row.dir.as_deref();
        let (kind, word) = match (&row.disk, dir) {
            (Some(disk), _) => (0, disk.as_str()),
            (None, Some(dir)) => (1, dir),
            (None, None) => continue,
        };
        let at = Place {
            path: path.clone(),
            line: row.line,
            column: 1,
        };
        match &kept[kind] {
            Some((first, earlier)) if *first != word => {
                diagnostics.push(contradiction(what, first, word, earlier, at));
            }
            Some(_) => {}
            None => kept[kind] = Some((word, at)),
        }
        own.disk = own.disk.or_else(|| row.disk.clone());
        own.dir = own.dir.or_else(|| row.dir.clone());
    }
    own
}

/// Directories of configuration files whose host only their path tells.
fn conf_dirs<'a>(gathered: &'a Gathered, names: &HostNames) -> BTreeMap<(HostId, u16), &'a str> {
    let mut dirs = BTreeMap::new();
    for facts in &gathered.confs {
        let Some(host) = names.of(&facts.path, facts.host.as_deref()) else {
            continue;
        };
        for conf in &facts.rows {
            if let Some(dir) = conf.config.get("dir") {
                dirs.entry((host, conf.port)).or_insert(dir.as_str());
            }
        }
    }
    dirs
}

fn place(told: &BTreeMap<usize, Told>, mounts: &Mounts, inventory: &Inventory) -> Placed {
    let nodes = &inventory.cluster.nodes;
    let below = |index: usize, dir: &Option<String>| -> Option<(HostId, Below)> {
        let host = nodes.get(index)?.host?;
        Some((host, mounts.below(host, dir.as_deref()?)?))
    };
    // What is mounted is called as the disk map calls it, where it calls it one thing; else by
    // the first of its mount points that a node uses.
    let mut mapped: BTreeMap<(HostId, String), BTreeSet<&str>> = BTreeMap::new();
    let mut mounted: BTreeMap<(HostId, String), String> = BTreeMap::new();
    for (&index, own) in told {
        let Some((host, below)) = below(index, &own.dir) else {
            continue;
        };
        let key = (host, below.identity);
        match &own.disk {
            Some(disk) => {
                mapped.entry(key).or_default().insert(disk);
            }
            None => {
                let name = mounted.entry(key).or_insert_with(|| below.mount.clone());
                if below.mount < *name {
                    *name = below.mount;
                }
            }
        }
    }
    let name = |key: &(HostId, String)| {
        let mapped = mapped.get(key).filter(|names| names.len() == 1);
        let mapped = mapped.and_then(|names| names.first());
        mapped
            .map(|name| (*name).to_owned())
            .or_else(|| mounted.get(key).cloned())
    };
    let mut placed = Placed::new();
    for (&index, own) in told {
        let by_mount = || {
            let (host, below) = below(index, &own.dir)?;
            name(&(host, below.identity))
        };
        let disk = own
            .disk
            .clone()
            .or_else(by_mount)
            .or_else(|| own.dir.clone());
        if let Some(disk) = disk {
            placed.insert(index, (disk, own.dir.clone()));
        }
    }
    placed
}

/// Where the directories of `redis.properties` would be by the rule of ltcli, disk
/// `port % SSD_COUNT + 1`. Only for nodes of which nothing else is known, and for no list of
/// ports of which a known directory shows that its disks are dealt out otherwise.
fn guess(
    path: &Arc<str>,
    properties: &Properties,
    mounts: &Mounts,
    placed: &mut Placed,
    inventory: &mut Inventory,
) {
    let Some(count) = properties.disk_count.filter(|count| *count > 0) else {
        return;
    };
    let dir_of = |port: u16| {
        let data = properties.data.as_deref().unwrap_or("ssd_");
        format!("{data}{:02}", port % count + 1)
    };
    let cluster = &inventory.cluster;
    let mut dealt_otherwise: BTreeSet<bool> = BTreeSet::new();
    let mut known: BTreeMap<(HostId, String), String> = BTreeMap::new();
    let mut open: Vec<(usize, HostId, u16, bool)> = Vec::new();
    for (index, node) in cluster.nodes.iter().enumerate() {
        let (Some(host), Some((address, role))) =
            (node.host, properties::home_of(properties, node, cluster))
        else {
            continue;
        };
        let is_master = role == HomeRole::Master;
        match placed.get(&index) {
            None => open.push((index, host, address.port(), is_master)),
            Some((disk, Some(dir))) => {
                let dir = normal(dir).unwrap_or_else(|| dir.clone());
                if !format!("{dir}/").starts_with(&(dir_of(address.port()) + "/")) {
                    dealt_otherwise.insert(is_master);
                }
                known.insert((host, dir + "/"), disk.clone());
            }
            Some(_) => {}
        }
    }
    open.retain(|(.., is_master)| !dealt_otherwise.contains(is_master));
    if open.is_empty() {
        return;
    }
    for &(index, host, port, _) in &open {
        let dir = dir_of(port);
        let from = (host, format!("{dir}/"));
        let beside = known.range(from.clone()..).next();
        let beside = beside.filter(|(key, _)| key.0 == host && key.1.starts_with(&from.1));
        let disk = match beside {
            Some((_, disk)) => disk.clone(),
            // What lies under `/` by a guess may as well be a disk that is not mounted.
            None => mounts
                .below(host, &dir)
                .filter(|below| below.mount != "/")
                .map_or_else(|| dir.clone(), |below| below.mount),
        };
        placed.insert(index, (disk, None));
    }
    let message = match open.len() {
        1 => "the disk of 1 node is a guess".to_owned(),
        n => format!("the disks of {n} nodes are a guess"),
    };
    inventory.diagnostics.push(
        Diagnostic::new(
            Map::GuessedDisk,
            format!("{message}: number `port % {count} + 1`, as this file deals them out"),
        )
        .at(Place {
            path: path.clone(),
            line: 1,
            column: 1,
        })
        .help("replicas may be shifted by one; capture `config get dir` of every node, and `df` of every host"),
    );
}

/// The rows of the disk map by where they say they are: `(host or IP, port)`, in file order.
type DiskRows<'a> = BTreeMap<(&'a str, u16), Vec<usize>>;

fn disk_rows(gathered: &Gathered) -> DiskRows<'_> {
    let mut rows: DiskRows = BTreeMap::new();
    for (index, (_, row)) in gathered.disks.iter().enumerate() {
        for place in row.ip.iter().chain(&row.host) {
            let known = rows.entry((place, row.port)).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    rows
}

fn unused_disks(gathered: &Gathered, used: &[bool], inventory: &mut Inventory) {
    let mut maps: BTreeMap<&Arc<str>, Vec<&DiskRow>> = BTreeMap::new();
    for ((path, row), _) in gathered.disks.iter().zip(used).filter(|(_, used)| !**used) {
        maps.entry(path).or_default().push(row);
    }
    for (path, rows) in maps {
        let Some(first) = rows.first() else { continue };
        inventory.unused_rows.extend(rows.iter().map(|row| Place {
            path: path.clone(),
            line: row.line,
            column: 1,
        }));
        let host = first.host.as_deref().or(first.ip.as_deref()).unwrap_or("");
        let what = format!("`{}` port {}", host.escape_debug(), first.port);
        let message = match rows.len() {
            1 => format!("no node of the cluster is at {what}"),
            2 => format!("no node of the cluster is at {what}, nor where 1 more row says"),
            n => format!(
                "no node of the cluster is at {what}, nor where {} more rows say",
                n - 1
            ),
        };
        inventory
            .diagnostics
            .push(Diagnostic::new(Map::UnusedDisk, message).at(Place {
                path: path.clone(),
                line: first.line,
                column: 1,
            }));
    }
}

fn place_disks(place: &BTreeMap<usize, (String, Option<String>)>, inventory: &mut Inventory) {
    let cluster = &mut inventory.cluster;
    let mut dirs: BTreeMap<(HostId, &str), BTreeSet<&str>> = BTreeMap::new();
    for (&node, (disk, dir)) in place {
        let Some(host) = cluster.nodes[node].host else {
            continue;
        };
        dirs.entry((host, disk)).or_default().extend(dir.as_deref());
    }
    let index: BTreeMap<(HostId, &str), DiskId> =
        dirs.keys().copied().zip((0..).map(DiskId)).collect();
    for (&node, (disk, _)) in place {
        let node = &mut cluster.nodes[node];
        node.disk = node
            .host
            .and_then(|h| index.get(&(h, disk.as_str())).copied());
    }
    cluster.disks = dirs
        .into_iter()
        .map(|((host, name), dirs)| Disk {
            name: name.into(),
            host,
            dirs: dirs.into_iter().map(Into::into).collect(),
        })
        .collect();
}
