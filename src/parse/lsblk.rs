//! `lsblk`: the disks below what is mounted on one host, as a tree or as `-P` pairs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MountRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "lsblk",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lines().any(is_header) || head.lines().next().is_some_and(is_pairs)
}

fn is_header(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("NAME") && words.any(is_mounts)
}

fn is_mounts(column: &str) -> bool {
    column == "MOUNTPOINT" || column == "MOUNTPOINTS"
}

fn is_pairs(line: &str) -> bool {
    line.contains("NAME=\"") && line.contains("MOUNTPOINT") && line.contains("=\"")
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let devices = match block.text.lines().any(|line| is_header(line.trim())) {
        true => from_tree(block),
        false => from_pairs(block),
    };
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::Mounts(mounts(&devices)),
    )]
}

/// One line of the answer. A device above several others is on as many lines.
#[derive(Debug, Default)]
struct Device<'a> {
    name: &'a str,
    kind: &'a str,
    parent: Option<&'a str>,
    /// Each with its line.
    mounts: Vec<(u32, String)>,
}

/// Children stand below their parent, two columns further in for each generation.
fn from_tree(block: Block<'_>) -> Vec<Device<'_>> {
    let mut devices: Vec<Device> = Vec::new();
    let mut column = None;
    let mut above: Vec<(usize, &str)> = Vec::new();
    for (line, text) in block.lines() {
        if is_header(text.trim()) {
            // Characters, not bytes: branches are drawn with wide ones.
            let found = text.find("MOUNTPOINT").and_then(|at| text.get(..at));
            column = found.map(|before| before.chars().count());
            above.clear();
            continue;
        }
        let Some(column) = column else { continue };
        let branch = |c: char| c.is_whitespace() || "├└─│|`-".contains(c);
        let start = text.find(|c: char| !branch(c)).unwrap_or(text.len());
        let depth = text.get(..start).unwrap_or("").chars().count();
        let rest = text.get(start..).unwrap_or("");
        let mount = mount_cell(text, rest, column);
        if depth >= column || rest.starts_with('/') && mount.as_deref() == Some(rest.trim()) {
            // A further mount point of the device above.
            if let (Some(device), Some(mount)) = (devices.last_mut(), mount) {
                device.mounts.push((line, mount));
            }
            continue;
        }
        let mut words = rest.split_whitespace();
        let Some(name) = words.next() else { continue };
        let kind = words.find(|word| is_kind(word)).unwrap_or("");
        while above.last().is_some_and(|&(at, _)| at >= depth) {
            above.pop();
        }
        devices.push(Device {
            name,
            kind,
            parent: above.last().map(|&(_, name)| name),
            mounts: mount.map(|mount| (line, mount)).into_iter().collect(),
        });
        above.push((depth, name));
    }
    devices
}

/// What stands below the heading; the last word where pasting has moved the columns.
fn mount_cell(text: &str, rest: &str, column: usize) -> Option<String> {
    let at = text.char_indices().nth(column).map(|(at, _)| at);
    let cell = at.and_then(|at| text.get(at..)).unwrap_or("").trim();
    let last = rest.split_whitespace().skip(1).last().unwrap_or(cell);
    let found = if cell.starts_with('/') { cell } else { last };
    found.starts_with('/').then(|| found.to_owned())
}

fn is_kind(word: &str) -> bool {
    const KINDS: [&str; 9] = [
        "disk", "part", "lvm", "crypt", "mpath", "loop", "rom", "dm", "linear",
    ];
    KINDS.contains(&word) || word.starts_with("raid")
}

/// `NAME="sda1" PKNAME="sda" TYPE="part" MOUNTPOINT="/"`
fn from_pairs(block: Block<'_>) -> Vec<Device<'_>> {
    let mut devices = Vec::new();
    for (line, text) in block.lines().filter(|(_, text)| is_pairs(text)) {
        let mut device = Device::default();
        let mut rest = text.trim();
        while let Some((key, after)) = rest.split_once("=\"") {
            let Some((value, after)) = after.split_once('"') else {
                break;
            };
            match key.trim() {
                "NAME" => device.name = value,
                "TYPE" => device.kind = value,
                "PKNAME" => device.parent = Some(value).filter(|v| !v.is_empty()),
                key if is_mounts(key) => device.mounts.extend(
                    unescape(value)
                        .split('\n')
                        .filter(|mount| mount.starts_with('/'))
                        .map(|mount| (line, mount.to_owned())),
                ),
                _ => {}
            }
            rest = after;
        }
        if !device.name.is_empty() {
            devices.push(device);
        }
    }
    devices
}

/// `\x20` is a blank, `\x0a` parts mount points.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        plain.push_str(before);
        match after.get(..2).map(|hex| u8::from_str_radix(hex, 16)) {
            Some(Ok(code)) if code.is_ascii() => {
                plain.push(char::from(code));
                rest = after.get(2..).unwrap_or("");
            }
            _ => {
                plain.push_str("\\x");
                rest = after;
            }
        }
    }
    plain + rest
}

/// Every mount point once, with the disks that it lies on.
fn mounts(devices: &[Device]) -> Vec<MountRow> {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut parents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for device in devices {
        kinds.insert(device.name, device.kind);
        parents
            .entry(device.name)
            .or_default()
            .extend(device.parent.filter(|p| *p != device.name));
    }
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for device in devices {
        for (line, mount) in &device.mounts {
            if seen.insert((device.name, mount.as_str())) {
                rows.push(MountRow {
                    line: *line,
                    mount: mount.clone(),
                    device: path(device),
                    disk: Some(disks_below(device.name, &parents, &kinds)),
                    space: None,
                });
            }
        }
    }
    rows
}

/// As `df` and `mount` name it.
fn path(device: &Device) -> String {
    match device.kind {
        _ if device.name.starts_with('/') => device.name.to_owned(),
        "lvm" | "crypt" | "mpath" | "dm" => format!("/dev/mapper/{}", device.name),
        _ => format!("/dev/{}", device.name),
    }
}

/// The disks that the device needs: all of a volume over several, but a mirror and a multipath
/// device stand for themselves, since they outlive one of theirs.
fn disks_below(
    name: &str,
    parents: &BTreeMap<&str, BTreeSet<&str>>,
    kinds: &BTreeMap<&str, &str>,
) -> String {
    let mut disks = BTreeSet::new();
    let mut seen = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        let kind = kinds.get(name).copied().unwrap_or("");
        let outlives = ["raid1", "raid4", "raid5", "raid6", "raid10", "mpath"].contains(&kind);
        let below = parents.get(name).filter(|p| !outlives && !p.is_empty());
        match below {
            Some(below) => open.extend(below.iter().copied().filter(|p| seen.insert(p))),
            None => {
                disks.insert(name.trim_start_matches("/dev/"));
            }
        }
    }
    disks.into_iter().collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn rows(text: &str) -> Vec<[String; 3]> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        match &parsed.sections[0].facts {
            Facts::Mounts(rows) => rows
                .iter()
                .map(|r| {
                    let disk = r.disk.clone().unwrap_or_default();
                    [r.mount.clone(), r.device.clone(), disk]
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn climbs_the_tree_to_the_disk() {
        let text = "[me@db1 ~]$ lsblk\n\
NAME            MAJ:MIN RM  SIZE RO TYPE  MOUNTPOINTS\n\
sda               8:0    0   10G  0 disk  \n\
├─sda1            8:1    0    1G  0 part  /boot\n\
│                                         /boot/efi\n\
└─sda2            8:2    0    9G  0 part  \n\
  └─vg-root     253:0    0    9G  0 lvm   /\n\
sdb               8:16   0    1T  0 disk  \n\
└─md0             9:0    0    1T  0 raid1 /data/a\n\
nvme0n1         259:0    0  1.7T  0 disk  /nvme/data_01\n\
swap            259:1    0  1.7T  0 disk  [SWAP]\n";
        let row = |mount: &str, device: &str, disk: &str| {
            [mount.to_owned(), device.to_owned(), disk.to_owned()]
        };
        assert_eq!(
            rows(text),
            [
                row("/boot", "/dev/sda1", "sda"),
                row("/boot/efi", "/dev/sda1", "sda"),
                row("/", "/dev/mapper/vg-root", "sda"),
                row("/data/a", "/dev/md0", "md0"),
                row("/nvme/data_01", "/dev/nvme0n1", "nvme0n1"),
            ]
        );
    }

    #[test]
    fn follows_parents_of_pairs() {
        let text = "NAME=\"sda\" PKNAME=\"\" TYPE=\"disk\" MOUNTPOINT=\"\"\n\
NAME=\"sda1\" PKNAME=\"sda\" TYPE=\"part\" MOUNTPOINTS=\"/a\\x20b\\x0a/c\"\n\
NAME=\"lv\" PKNAME=\"sda1\" TYPE=\"lvm\" MOUNTPOINT=\"/lv\"\n\
NAME=\"lv\" PKNAME=\"sdb\" TYPE=\"lvm\" MOUNTPOINT=\"/lv\"\n";
        let found: Vec<String> = rows(text).iter().map(|r| r.join(" ")).collect();
        assert_eq!(
            found,
            [
                "/a b /dev/sda1 sda",
                "/c /dev/sda1 sda",
                "/lv /dev/mapper/lv sda+sdb"
            ]
        );
    }

    #[test]
    fn a_loop_of_parents_ends() {
        let text = "NAME=\"a\" PKNAME=\"b\" TYPE=\"lvm\" MOUNTPOINT=\"/a\"\n\
NAME=\"b\" PKNAME=\"a\" TYPE=\"lvm\" MOUNTPOINT=\"/b\"\n";
        assert_eq!(rows(text).len(), 2);
    }
}
