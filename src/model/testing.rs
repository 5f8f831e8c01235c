//! Small clusters from one line of text, for tests of every module.
//!
//! `cluster("m1@h1/z1 < r1@h2/z2 r2@h3; m2@h2 <; spare@h3")`: shards are separated by `;`, the
//! master stands before `<`, its replicas behind it; a group without `<` is blank slotless
//! masters. A name ends in marks: `!` dead, `?` ghost (no address), `*` un-met, `~` never
//! synced. Slots are split evenly over the shards. Addresses are `10.0.0.<host number>:<port>`
//! with ports in order of appearance from 7001.

use std::collections::BTreeMap;

use crate::model::address::Address;
use crate::model::cluster::Cluster;
use crate::model::domain::Disk;
use crate::model::domain::DiskId;
use crate::model::domain::Host;
use crate::model::domain::HostId;
use crate::model::domain::Zone;
use crate::model::domain::ZoneId;
use crate::model::liveness::Death;
use crate::model::liveness::Liveness;
use crate::model::liveness::Opinion;
use crate::model::node::Link;
use crate::model::node::Membership;
use crate::model::node::Node;
use crate::model::node::NodeId;
use crate::model::node::NodeName;
use crate::model::node::Replication;
use crate::model::node::Role;
use crate::model::node::Sync;
use crate::model::slots::SLOT_COUNT;
use crate::model::slots::SlotSet;
use crate::model::tablets::Health;
use crate::model::tablets::Held;
use crate::model::tablets::Partition;
use crate::model::tablets::Tablet;
use crate::model::tablets::TabletId;
use crate::model::tablets::Tablets;
use crate::model::version::Server;
use crate::model::version::Version;

/// Builds the cluster that the module text describes.
///
/// Places are `@host`, `@host/zone` or `@host/zone/disk` (`-` for no zone). Every node is known
/// by every live node, links are up, syncs done, offsets 1000, the server is redis 7.0.15.
///
/// # Panics
/// On a text that is none of this: it is for tests.
pub fn cluster(text: &str) -> Cluster {
    let groups: Vec<&str> = text
        .split(';')
        .map(str::trim)
        .filter(|g| !g.is_empty())
        .collect();
    let shard_count = groups.iter().filter(|g| g.contains('<')).count().max(1) as u32;
    let mut draft = Draft::default();
    let mut shard = 0;
    for group in groups {
        let Some((master, replicas)) = group.split_once('<') else {
            group.split_whitespace().for_each(|word| {
                draft.add(word, Role::Master);
            });
            continue;
        };
        let owner = draft.add(master.trim(), Role::Master);
        let cut = |n: u32| (n * u32::from(SLOT_COUNT) / shard_count) as u16;
        draft.nodes[owner].slots = SlotSet::from_ranges([(cut(shard), cut(shard + 1) - 1)]);
        draft.nodes[owner].config_epoch = u64::from(shard) + 1;
        shard += 1;
        for word in replicas.split_whitespace() {
            draft.add(word, Role::Replica(Some(NodeId(owner as u32))));
        }
    }
    draft.finish()
}

/// Three hosts, three shards, one replica each on the next host: nothing to complain about.
pub fn healthy() -> Cluster {
    cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1")
}

/// Tablets from a line of text: `flow 0: *a b- c; flow 1: *b a; e! d`. Groups with a `:` are
/// partitions with their copies: `*` leader, `-` not alive. In the others stand tablets, `!` of which
/// are offline. A letter is a host, a digit behind it the port on it (1 without one).
///
/// All are known to `showtablet`; `auto_failover` is off, offsets are 100.
///
/// # Panics
/// On a text that is none of this: it is for tests.
pub fn tablets(text: &str) -> Tablets {
    let groups = || text.split(';').map(str::trim).filter(|g| !g.is_empty());
    let words = groups().flat_map(|g| g.rsplit(':').next().unwrap_or(g).split_whitespace());
    let bare = |word: &str| word.trim_matches(['*', '-', '!']).to_owned();
    let mut names: Vec<String> = words.map(bare).collect();
    names.sort();
    names.dedup();
    let mut state = Tablets {
        auto_failover: Some(false),
        health_known: true,
        tables_known: true,
        ..Tablets::default()
    };
    for name in &names {
        let letter = name.chars().next().expect("a letter");
        let host = letter as u32 - 'a' as u32 + 1;
        let ip = format!("10.0.0.{host}");
        let port = name.get(1..).and_then(|p| p.parse().ok()).unwrap_or(1);
        let at = state.hosts.iter().position(|h| *h.name == *ip);
        let at = at.unwrap_or_else(|| {
            let name = ip.as_str().into();
            state.hosts.push(Host {
                name,
                zone: None,
                rack: None,
                memory_bytes: None,
                machine_memory_bytes: None,
            });
            state.hosts.len() - 1
        });
        let address = Address::new(&ip, port).expect("legal");
        state.tablets.push(Tablet {
            endpoint: address.to_string().into(),
            address: Some(address),
            host: Some(HostId(at as u32)),
            health: Health::Healthy,
            age_ms: None,
        });
    }
    let id = |word: &str| {
        let at = names.iter().position(|n| *n == bare(word));
        TabletId(at.expect("collected above") as u32)
    };
    for group in groups() {
        let Some((partition, copies)) = group.split_once(':') else {
            for word in group.split_whitespace().filter(|w| w.ends_with('!')) {
                state.tablets[id(word).index()].health = Health::Offline;
            }
            continue;
        };
        let (table, pid) = partition.split_once(' ').expect("a table and a pid");
        let held = |word: &str| Held {
            tablet: id(word),
            leader: word.starts_with('*'),
            alive: !word.ends_with('-'),
            offset: Some(100),
            memory: Some(1 << 20),
        };
        state.partitions.push(Partition {
            database: None,
            shares_name: false,
            table: table.into(),
            tid: Some(4),
            pid: pid.trim().parse().expect("a number"),
            copies: copies.split_whitespace().map(held).collect(),
        });
    }
    state
}

/// The node of that name.
///
/// # Panics
/// If there is none.
pub fn id(cluster: &Cluster, name: &str) -> NodeId {
    cluster
        .find(name)
        .unwrap_or_else(|| panic!("no node `{name}`"))
}

#[derive(Default)]
struct Draft {
    nodes: Vec<Node>,
    places: Vec<(String, Option<String>, Option<String>)>,
}

impl Draft {
    fn add(&mut self, word: &str, role: Role) -> usize {
        let (name, place) = word.split_once('@').unwrap_or((word, "h1"));
        let mut parts = place.split('/').map(str::to_owned);
        let host = parts.next().expect("split gives one");
        let zone = parts.next().filter(|z| z != "-");
        let bare = name.trim_end_matches(['!', '?', '*', '~']);
        let marks = &name[bare.len()..];
        let number: String = host.chars().filter(char::is_ascii_digit).collect();
        let port = 7001 + self.nodes.len() as u16;
        let address =
            Address::new(&format!("10.0.0.{}", number.parse().unwrap_or(1)), port).expect("legal");
        let mut node = Node::blank(NodeName::new(bare), Some(address));
        node.role = role;
        node.seen.has_view = true;
        node.keys = Some(0);
        node.used_memory = Some(64 << 20);
        node.replication = Replication {
            link: Link::Up,
            sync: Sync::Done,
            offset: Some(1000),
        };
        for mark in marks.chars() {
            match mark {
                '!' => {
                    node.liveness = Liveness::Dead(Death::Failed);
                    node.seen.has_view = false;
                }
                '?' => {
                    node.liveness = Liveness::Gone;
                    node.seen.has_view = false;
                    node.membership = Membership::Ghost;
                    node.last_address = node.address.take();
                }
                '*' => node.membership = Membership::Unmet,
                _ => {
                    node.replication = Replication {
                        link: Link::Down,
                        sync: Sync::Never,
                        offset: Some(0),
                    }
                }
            }
        }
        self.nodes.push(node);
        self.places.push((host, zone, parts.next()));
        self.nodes.len() - 1
    }

    fn finish(mut self) -> Cluster {
        let zones: BTreeMap<String, ZoneId> =
            index(self.places.iter().filter_map(|p| p.1.clone()), ZoneId);
        let hosts: BTreeMap<String, HostId> =
            index(self.places.iter().map(|p| p.0.clone()), HostId);
        let disk_name = |p: &(String, Option<String>, Option<String>)| {
            Some(format!("{}:{}", p.0, p.2.as_ref()?))
        };
        let disks: BTreeMap<String, DiskId> =
            index(self.places.iter().filter_map(disk_name), DiskId);
        let mut cluster = Cluster {
            zones: zones
                .keys()
                .map(|n| Zone {
                    name: n.as_str().into(),
                })
                .collect(),
            hosts: hosts
                .keys()
                .map(|n| Host {
                    name: n.as_str().into(),
                    zone: None,
                    rack: None,
                    memory_bytes: None,
                    machine_memory_bytes: None,
                })
                .collect(),
            disks: disks
                .keys()
                .map(|n| Disk {
                    name: n.as_str().into(),
                    host: hosts[n.split(':').next().expect("split gives one")],
                    dirs: Vec::new(),
                })
                .collect(),
            server: Server {
                name: "redis".into(),
                version: Some(Version::new(7, 0, 15)),
            },
            views: self.nodes.iter().filter(|n| n.seen.has_view).count(),
            ..Cluster::default()
        };
        for (node, place) in self.nodes.iter_mut().zip(&self.places) {
            cluster.hosts[hosts[&place.0].0 as usize].zone = place
                .1
                .as_ref()
                .map(|z| zones[z])
                .or(cluster.hosts[hosts[&place.0].0 as usize].zone);
            if node.membership != Membership::Ghost {
                node.host = Some(hosts[&place.0]);
                node.disk = disk_name(place).map(|d| disks[&d]);
            }
        }
        // Sort as the inventory does: by address, ghosts last.
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|&i| {
            (
                self.nodes[i].address.is_none(),
                self.nodes[i].address.clone(),
                i,
            )
        });
        let mut new_index = vec![NodeId(0); order.len()];
        for (new, &old) in order.iter().enumerate() {
            new_index[old] = NodeId(new as u32);
        }
        for &old in &order {
            let mut node = self.nodes[old].clone();
            if let Role::Replica(Some(master)) = node.role {
                node.role = Role::Replica(Some(new_index[master.index()]));
            }
            cluster.nodes.push(node);
        }
        let observers: Vec<NodeId> = cluster
            .iter()
            .filter(|(_, n)| n.is_live_member())
            .map(|(id, _)| id)
            .collect();
        for (index, node) in cluster.nodes.iter_mut().enumerate() {
            if node.membership != Membership::Unmet {
                node.seen.known_by = observers
                    .iter()
                    .copied()
                    .filter(|o| o.index() != index)
                    .collect();
                let listed = node.seen.known_by.len() as u32;
                let failed = if node.is_dead_member() { listed } else { 0 };
                node.seen.opinion = Opinion {
                    listed,
                    doubted: failed,
                    failed,
                };
            }
        }
        cluster
    }
}

fn index<I>(names: impl Iterator<Item = String>, make: fn(u32) -> I) -> BTreeMap<String, I> {
    let sorted: std::collections::BTreeSet<String> = names.collect();
    sorted.into_iter().zip((0..).map(make)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_what_it_says() {
        let cluster = cluster(
            "m1@h1/z1 < r1@h2/z2; m2@h2/z2 < r2!@h1/z1; blank@h1/z1 gone?@h2/z2 new*@h2/z2",
        );
        assert_eq!(cluster.shards().len(), 2);
        assert_eq!(cluster.uncovered(), SlotSet::new());
        assert!(!cluster.node(id(&cluster, "r2")).is_live());
        assert!(cluster.node(id(&cluster, "gone")).is_ghost());
        assert!(cluster.is_spare(id(&cluster, "blank")));
        assert!(cluster.is_spare(id(&cluster, "new")));
        assert!(cluster.is_usable_replica(id(&cluster, "r1")));
        assert_eq!(cluster.zones.len(), 2);
    }
}
