//! Disk maps and data directories: which nodes share a disk.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gather::Gathered;
use crate::inventory::maps::contradiction;
use crate::model::Disk;
use crate::model::DiskId;
use crate::model::HostId;
use crate::parse::DiskRow;
use crate::source::Place;

/// Disks: the disk map, else nodes of one host with the same data directory share a disk.
pub(super) fn apply(gathered: &Gathered, inventory: &mut Inventory) {
    let mut place: BTreeMap<usize, (String, Option<String>)> = BTreeMap::new();
    let mut used = vec![false; gathered.disks.len()];
    let rows = disk_rows(gathered);
    for (index, node) in inventory.cluster.nodes.iter().enumerate() {
        let (Some(address), Some(host)) = (&node.address, node.host) else {
            continue;
        };
        let host = &*inventory.cluster.host(host).name;
        let at = |name| rows.get(&(name, address.port())).into_iter().flatten();
        // By the IP or by the host's name; the file order decides which row is the first.
        let here: BTreeSet<usize> = at(address.ip()).chain(at(host)).copied().collect();
        let mut known: Option<(&str, Place)> = None;
        for row_index in here {
            let (path, row) = &gathered.disks[row_index];
            used[row_index] = true;
            let Some(disk) = row.disk.as_ref().or(row.dir.as_ref()) else {
                continue;
            };
            let at = Place {
                path: path.clone(),
                line: row.line,
                column: 1,
            };
            match &known {
                Some((kept, earlier)) if kept != disk => {
                    let what = address.to_string();
                    let odd = contradiction(&what, kept, disk, earlier, at);
                    inventory.diagnostics.push(odd);
                }
                Some(_) => {}
                None => {
                    known = Some((disk, at));
                    place.insert(index, (disk.clone(), row.dir.clone()));
                }
            }
        }
        let answers = gathered.answers.get(address);
        let dir = answers.and_then(|a| a.config.get("dir"));
        if let Some(dir) = dir.filter(|d| !d.is_empty()) {
            place
                .entry(index)
                .or_insert_with(|| (dir.clone(), Some(dir.clone())));
        }
    }
    unused_disks(gathered, &used, inventory);
    place_disks(&place, inventory);
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
            n => format!(
                "no node of the cluster is at {what}, nor where {} more rows say",
                n - 1
            ),
        };
        inventory
            .diagnostics
            .push(Diagnostic::note("map/unused-disk", message).at(Place {
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
