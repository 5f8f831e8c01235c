//! ## What
//! The file system of a data directory is nearly full, or has less room than its largest server needs
//! for a snapshot.
//!
//! ## Why
//! A snapshot that fails makes a master refuse writes (K005), an append-only file that cannot be
//! written ends it, and a replica without room never finishes a full sync. A `nodes.conf` that cannot
//! be written ends a server as well.
//!
//! ## Do
//! Make room: old snapshots (`temp-*.rdb`), logs, other data. Or move servers to another disk.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::model::HostId;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::DiskFull,
    id: "disk-full",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("disk_full.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let thresholds = &inventory.policy.thresholds;
    let mut on: BTreeMap<(HostId, &str), Vec<NodeId>> = BTreeMap::new();
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
        let Some(host) = node.host else { continue };
        let machine = inventory.machines.get(&host);
        let dir = dir_of(inventory, id);
        if let Some((mount, _)) = machine.zip(dir).and_then(|(m, dir)| m.space_of(dir)) {
            on.entry((host, mount)).or_default().push(id);
        }
    }
    for ((host, mount), nodes) in on {
        let Some(space) = inventory.machines[&host].mounts.get(mount) else {
            continue;
        };
        let (percent, free) = (space.value.used_percent, space.value.free_bytes);
        let used = |&id: &NodeId| cluster.node(id).used_memory;
        let largest = nodes.iter().filter_map(used).max().unwrap_or(0);
        let of = format!(
            "{} of {} is {percent} % full ({} free)",
            mount.escape_debug(),
            cluster.host(host).name,
            words::bytes(free)
        );
        let who = words::nodes(cluster, nodes.iter().copied());
        let (message, severity) = if percent >= thresholds.disk_error_percent {
            (
                format!("{of}: the data of {who} lies there"),
                Severity::Error,
            )
        } else if percent >= thresholds.disk_warning_percent {
            (
                format!("{of}: the data of {who} lies there"),
                Severity::Warning,
            )
        } else if free < largest {
            let snapshot = words::bytes(largest);
            let message = format!("{of}: no room for a snapshot of up to {snapshot} ({who})");
            (message, Severity::Warning)
        } else {
            continue;
        };
        out.push(
            Finding::new(&RULE, Subject::Host(host), message)
                .severity(severity)
                .help("make room, or move servers to another disk, before a snapshot fails")
                .evidence([Fact::Read(space.at)]),
        );
    }
}

/// Its own word, else one of the directories of its disk.
fn dir_of(inventory: &Inventory, id: NodeId) -> Option<&str> {
    let told = inventory.vitals.get(&id).and_then(|v| v.text(&["dir"]));
    let told = told.map(|(dir, _)| dir).filter(|dir| dir.starts_with('/'));
    told.or_else(|| {
        let disk = inventory.cluster.node(id).disk?;
        let disk = &inventory.cluster.disks[disk.0 as usize];
        disk.dirs.first().map(|dir| &**dir)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    fn all(percent: u8, free_kib: u64) -> Vec<String> {
        let df = format!(
            "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/a 9 9 999999 1% /\n\
             /dev/b 9 9 {free_kib} {percent}% /data\n"
        );
        let info = [1, 2].map(|n| format!("used_memory:1048576\ndir:/data/{n}\n"));
        told(&on_host(&RULE, &[("df.txt", &df)], &info))
    }

    #[test]
    fn fires_by_percent_and_by_room() {
        let free = 1 << 20;
        assert_eq!(
            all(95, free),
            [
                "error /data of 10.0.0.1 is 95 % full (1 GiB free): the data of 10.0.0.1:7001, 10.0.0.1:7002 lies there"
            ]
        );
        assert!(all(85, free)[0].starts_with("warning"));
        assert!(all(84, free).is_empty());
        assert!(all(50, 1023)[0].contains("no room for a snapshot of up to 1 MiB"));
    }
}
