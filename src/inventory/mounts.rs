//! From a data directory to the disk below it: the longest mount point that contains it.

use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::whose_host::HostNames;
use crate::model::HostId;
use crate::parse::MountRow;
use crate::text::Place;

/// What is mounted on the hosts of a cluster.
#[derive(Debug, Default)]
pub(super) struct Mounts(BTreeMap<HostId, BTreeMap<String, Mounted>>);

#[derive(Debug)]
struct Mounted {
    device: String,
    disk: Option<String>,
}

/// Where a directory lies.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Below {
    /// The same for directories that are lost together.
    pub identity: String,
    pub mount: String,
}

impl Mounts {
    /// Says of which listings nobody can tell the host.
    pub fn read(gathered: &Gathered, names: &HostNames, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut mounts = Self::default();
        for facts in gathered.mounts.iter().filter(|f| !f.rows.is_empty()) {
            match names.of(&facts.path, facts.host.as_deref()) {
                Some(host) => mounts.take(host, &facts.rows),
                None if names.is_elsewhere(&facts.path) => {}
                None => diagnostics.push(unknown_host(
                    "these mounts",
                    Place {
                        path: facts.path.clone(),
                        line: facts.rows.first().map_or(1, |r| r.line),
                        column: 1,
                    },
                )),
            }
        }
        mounts.spread_disks();
        mounts
    }

    fn take(&mut self, host: HostId, rows: &[MountRow]) {
        let mounts = self.0.entry(host).or_default();
        for row in rows {
            let path = normal(&row.mount).unwrap_or_else(|| row.mount.clone());
            let mounted = mounts.entry(path).or_insert_with(|| Mounted {
                device: row.device.clone(),
                disk: None,
            });
            // The later of two mounts at one place hides the earlier: `rootfs` comes first.
            if !is_pseudo(&row.device) {
                mounted.device.clone_from(&row.device);
            }
            if row.disk.is_some() {
                mounted.disk.clone_from(&row.disk);
            }
        }
    }

    /// A device that is mounted twice is on one disk, whichever mount `lsblk` shows.
    fn spread_disks(&mut self) {
        for mounts in self.0.values_mut() {
            let disks: BTreeMap<String, String> = mounts
                .values()
                .filter_map(|m| Some((m.device.clone(), m.disk.clone()?)))
                .collect();
            for mounted in mounts.values_mut().filter(|m| m.disk.is_none()) {
                mounted.disk = disks.get(&mounted.device).cloned();
            }
        }
    }

    /// `None` if the host's mounts are not known, or the directory is not absolute.
    pub fn below(&self, host: HostId, dir: &str) -> Option<Below> {
        let mounts = self.0.get(&host)?;
        let dir = normal(dir)?;
        let mut path = dir.as_str();
        loop {
            if let Some((mount, mounted)) = mounts.get_key_value(path) {
                return Some(Below {
                    identity: identity(mount, mounted),
                    mount: mount.clone(),
                });
            }
            path = match path.rfind('/')? {
                0 if path.len() == 1 => return None,
                0 => "/",
                at => path.get(..at)?,
            };
        }
    }
}

pub(super) fn unknown_host(what: &str, place: Place) -> Diagnostic {
    Diagnostic::new(
        Capture::UnknownHost,
        format!("nothing says of which host {what} are; they were not used"),
    )
    .at(place)
    .help("save what is about one host in a folder or a file that has its name or IP, such as `hosts/10.0.0.1/df.txt`")
}

/// The physical disk; else the device, or the pool of it; else, where no device is, the mount.
fn identity(mount: &str, mounted: &Mounted) -> String {
    let device = mounted.device.as_str();
    match &mounted.disk {
        Some(disk) => format!("disk {disk}"),
        None if is_pseudo(device) => format!("mount {mount}"),
        // `tank/data` is a part of the pool `tank`; `nas:/vol` and `/dev/sdb1` are whole.
        None if !device.starts_with('/') && !device.contains(':') => {
            let pool = device.split('/').next().unwrap_or(device);
            format!("device {pool}")
        }
        None => format!("device {device}"),
    }
}

/// File systems of which every mount is one of its own.
fn is_pseudo(device: &str) -> bool {
    const NAMES: [&str; 26] = [
        "aufs",
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devfs",
        "devpts",
        "devtmpfs",
        "fuse",
        "hugetlbfs",
        "mqueue",
        "none",
        "overlay",
        "proc",
        "ramfs",
        "rootfs",
        "securityfs",
        "shm",
        "sysfs",
        "systemd-1",
        "tmpfs",
        "tracefs",
        "udev",
    ];
    NAMES.contains(&device)
}

/// An absolute path without repeated or trailing slashes; `None` for any other.
pub(super) fn normal(dir: &str) -> Option<String> {
    let rest = dir.strip_prefix('/')?;
    let mut path = String::with_capacity(dir.len());
    for part in rest.split('/').filter(|p| !p.is_empty() && *p != ".") {
        // What lies behind a link is not known.
        if part == ".." {
            return None;
        }
        path.push('/');
        path.push_str(part);
    }
    Some(if path.is_empty() {
        "/".to_owned()
    } else {
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(rows: &[(&str, &str, Option<&str>)]) -> Mounts {
        let rows: Vec<MountRow> = rows
            .iter()
            .map(|&(device, mount, disk)| MountRow {
                line: 1,
                mount: mount.to_owned(),
                device: device.to_owned(),
                disk: disk.map(str::to_owned),
                space: None,
            })
            .collect();
        let mut mounts = Mounts::default();
        mounts.take(HostId(0), &rows);
        mounts.spread_disks();
        mounts
    }

    fn below(mounts: &Mounts, dir: &str) -> String {
        let found = mounts.below(HostId(0), dir);
        found.map_or("-".to_owned(), |b| format!("{} at {}", b.identity, b.mount))
    }

    #[test]
    fn the_longest_mount_that_contains_it_counts() {
        let mounts = mounts(&[
            ("rootfs", "/", None),
            ("/dev/sda1", "/", None),
            ("/dev/sdb1", "/data/ssd_1/", None),
            ("tmpfs", "/data/ssd_1/tmp", None),
            ("tank/a", "/tank", None),
            ("nas:/v", "/nas", None),
        ]);
        for (dir, found) in [
            ("/data/ssd_1/redis", "device /dev/sdb1 at /data/ssd_1"),
            ("/data//ssd_1", "device /dev/sdb1 at /data/ssd_1"),
            ("/data/ssd_10/redis", "device /dev/sda1 at /"),
            ("/", "device /dev/sda1 at /"),
            (
                "/data/ssd_1/tmp/x",
                "mount /data/ssd_1/tmp at /data/ssd_1/tmp",
            ),
            ("/tank/x", "device tank at /tank"),
            ("/nas", "device nas:/v at /nas"),
            ("/data/ssd_1/../x", "-"),
            ("./x", "-"),
        ] {
            assert_eq!(below(&mounts, dir), found, "{dir}");
        }
        assert_eq!(mounts.below(HostId(1), "/"), None);
    }

    #[test]
    fn a_disk_is_that_of_its_device() {
        let mounts = mounts(&[
            ("/dev/sdb1", "/a", Some("sdb")),
            ("/dev/sdb2", "/b", Some("sdb")),
            ("/dev/sdb2", "/bound", None),
        ]);
        assert_eq!(below(&mounts, "/a/1"), "disk sdb at /a");
        assert_eq!(below(&mounts, "/bound/1"), "disk sdb at /bound");
        assert_eq!(below(&mounts, "/c"), "-");
    }
}
