//! How processes and hosts are, by their own words: what rules of family K read, each with its
//! place. Whatever is not told is absent, and no rule guesses it.

use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::mounts::normal;
use crate::inventory::mounts::unknown_host;
use crate::inventory::whose_host::HostNames;
use crate::model::HostId;
use crate::model::NodeId;
use crate::parse::MISCONF;
use crate::parse::MachineFact;
use crate::parse::Pair;
use crate::parse::Space;
use crate::text::Place;

/// Keys of INFO and names of settings that rules read, in order.
pub(super) const WATCHED: [&str; 46] = [
    MISCONF,
    "aof_last_bgrewrite_status",
    "aof_last_write_status",
    "appendfsync",
    "appendonly",
    "cluster-allow-replica-migration",
    "cluster-migration-barrier",
    "cluster-node-timeout",
    "cluster-replica-validity-factor",
    "cluster-require-full-coverage",
    "cluster-slave-validity-factor",
    "dir",
    "flash-db-ttl",
    "io-threads",
    "isOOM",
    "master_last_io_seconds_ago",
    "master_link_down_since_seconds",
    "master_repl_offset",
    "maxclients",
    "maxmemory",
    "maxmemory-policy",
    "maxmemory_policy",
    "migrate_cached_sockets",
    "min-replicas-to-write",
    "min-slaves-to-write",
    "min_slaves_good_slaves",
    "rdb_last_bgsave_status",
    "repl-backlog-size",
    "repl-timeout",
    "repl_backlog_active",
    "repl_backlog_size",
    "save",
    "slave0",
    "slave1",
    "slave2",
    "slave3",
    "slave4",
    "slave5",
    "slave6",
    "slave7",
    "slave8",
    "slave9",
    "stop-writes-on-bgsave-error",
    "total_system_memory",
    "uptime_in_seconds",
    "used_memory",
];

/// A value as captured, and its place: an index into [`Inventory::read_at`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading<T> {
    pub value: T,
    pub at: usize,
}

/// What one process tells of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vitals(BTreeMap<&'static str, Reading<String>>);

impl Vitals {
    pub fn get(&self, key: &str) -> Option<&Reading<String>> {
        debug_assert!(WATCHED.contains(&key), "{key} is not watched");
        self.0.get(key)
    }

    /// The value of the first of these names that is told.
    pub fn text(&self, names: &[&str]) -> Option<(&str, usize)> {
        let told = names.iter().find_map(|name| self.get(name))?;
        Some((told.value.trim().trim_matches('"'), told.at))
    }

    pub fn number(&self, key: &str) -> Option<(u64, usize)> {
        let (text, at) = self.text(&[key])?;
        Some((text.parse().ok()?, at))
    }

    /// A size: `100mb`, `1gb`, `300`.
    pub fn bytes(&self, key: &str) -> Option<(u64, usize)> {
        let (text, at) = self.text(&[key])?;
        Some((size(text)?, at))
    }

    /// `save ""` is no save.
    pub fn saves(&self) -> Option<(bool, usize)> {
        let (text, at) = self.text(&["save"])?;
        Some((!text.is_empty(), at))
    }
}

/// As the servers read sizes (`memtoull`): `k` is 1000, `kb` 1024.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = match unit {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// What is told of one host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Machine {
    pub memory: Option<Reading<u64>>,
    pub available: Option<Reading<u64>>,
    pub swap_used: Option<Reading<u64>>,
    pub cores: Option<Reading<u32>>,
    pub huge_pages_never: Option<Reading<bool>>,
    pub overcommit: Option<Reading<u64>>,
    pub somaxconn: Option<Reading<u64>>,
    /// The lowest that is told.
    pub open_files: Option<Reading<u64>>,
    /// By mount point.
    pub mounts: BTreeMap<String, Reading<Space>>,
}

/// The watched ones of these pairs, with their lines.
pub(super) fn watched<'p>(
    pairs: &'p [Pair],
) -> impl Iterator<Item = (&'static str, &'p Pair<'p>)> + 'p {
    pairs.iter().filter_map(|pair| {
        let at = WATCHED.binary_search(&pair.key).ok()?;
        Some((WATCHED[at], pair))
    })
}

/// Fills both; `names` tells which host a file is about.
pub(super) fn read(gathered: &Gathered, names: &HostNames, inventory: &mut Inventory) {
    processes(gathered, inventory);
    machines(gathered, names, inventory);
}

fn processes(gathered: &Gathered, inventory: &mut Inventory) {
    let nodes: Vec<NodeId> = inventory.cluster.iter().map(|(id, _)| id).collect();
    for id in nodes {
        let node = inventory.cluster.node(id);
        let Some(answers) = node.address.as_ref().and_then(|a| gathered.answers.get(a)) else {
            continue;
        };
        let mut vitals = Vitals::default();
        for (&key, (value, place)) in answers.watched.iter().chain(&answers.set_out) {
            vitals.0.entry(key).or_insert_with(|| {
                inventory.read_at.push(place.clone());
                Reading {
                    value: value.clone(),
                    at: inventory.read_at.len() - 1,
                }
            });
        }
        if !vitals.0.is_empty() {
            let limit = vitals.bytes("maxmemory").map(|(bytes, _)| bytes);
            inventory.cluster.node_mut(id).memory_limit = limit;
            inventory.vitals.insert(id, vitals);
        }
    }
}

fn machines(gathered: &Gathered, names: &HostNames, inventory: &mut Inventory) {
    let mut unknown = None;
    for facts in gathered.machines.iter().filter(|f| !f.rows.is_empty()) {
        let place = |line| Place {
            path: facts.path.clone(),
            line,
            column: 1,
        };
        let Some(host) = names.of(&facts.path, facts.host.as_deref()) else {
            if !names.is_elsewhere(&facts.path) {
                unknown.get_or_insert_with(|| place(facts.rows.first().map_or(1, |r| r.line)));
            }
            continue;
        };
        for row in &facts.rows {
            inventory.read_at.push(place(row.line));
            let at = inventory.read_at.len() - 1;
            let machine = inventory.machines.entry(host).or_default();
            machine.take(&row.what, at);
        }
    }
    let said = unknown.map(|place| unknown_host("these facts of a host", place));
    inventory.diagnostics.extend(said);
    for facts in &gathered.mounts {
        let Some(host) = names.of(&facts.path, facts.host.as_deref()) else {
            continue;
        };
        for row in &facts.rows {
            let Some(space) = row.space else { continue };
            inventory.read_at.push(Place {
                path: facts.path.clone(),
                line: row.line,
                column: 1,
            });
            let at = inventory.read_at.len() - 1;
            let mount = normal(&row.mount).unwrap_or_else(|| row.mount.clone());
            let machine = inventory.machines.entry(host).or_default();
            machine.mounts.insert(mount, Reading { value: space, at });
        }
    }
    memory_of_hosts(gathered, inventory);
}

/// The host map counts more than the host: it may be a container with less.
fn memory_of_hosts(gathered: &Gathered, inventory: &mut Inventory) {
    let mapped = gathered.hosts.iter().filter_map(|(_, row)| {
        let bytes = row.memory_bytes?;
        Some((row.host.as_str(), bytes))
    });
    let mapped: BTreeMap<&str, u64> = mapped.collect();
    let hosts = (0..).map(HostId).zip(&mut inventory.cluster.hosts);
    for (id, host) in hosts {
        let told = inventory.machines.get(&id).and_then(|m| m.memory.as_ref());
        let told = told.map(|memory| memory.value);
        host.memory_bytes = mapped.get(&*host.name).copied().or(told);
    }
    for (id, vitals) in &inventory.vitals {
        let host = inventory.cluster.node(*id).host;
        let Some((host, (bytes, _))) = host.zip(vitals.number("total_system_memory")) else {
            continue;
        };
        let seen = &mut inventory.cluster.hosts[host.0 as usize].machine_memory_bytes;
        *seen = Some(seen.map_or(bytes, |least| least.min(bytes)));
    }
}

impl Machine {
    /// What several files tell, the last one counts, but of limits the lowest.
    fn take(&mut self, what: &MachineFact, at: usize) {
        fn reading<T>(value: T, at: usize) -> Option<Reading<T>> {
            Some(Reading { value, at })
        }
        match *what {
            MachineFact::Memory(bytes) => self.memory = reading(bytes, at),
            MachineFact::Available(bytes) => self.available = reading(bytes, at),
            MachineFact::SwapUsed(bytes) => self.swap_used = reading(bytes, at),
            MachineFact::Cores(cores) => self.cores = reading(cores, at),
            MachineFact::HugePages { never } => self.huge_pages_never = reading(never, at),
            MachineFact::Overcommit(value) => self.overcommit = reading(value, at),
            MachineFact::Somaxconn(value) => self.somaxconn = reading(value, at),
            MachineFact::OpenFiles(files) => {
                if self
                    .open_files
                    .as_ref()
                    .is_none_or(|known| files < known.value)
                {
                    self.open_files = reading(files, at);
                }
            }
        }
    }

    /// The longest mount point that contains the directory.
    pub fn space_of(&self, dir: &str) -> Option<(&str, &Reading<Space>)> {
        let dir = normal(dir)?;
        let holds = |mount: &str| {
            let rest = dir.strip_prefix(mount);
            mount == "/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let holding = self.mounts.iter().filter(|(mount, _)| holds(mount));
        holding
            .max_by_key(|(mount, _)| mount.len())
            .map(|(mount, space)| (mount.as_str(), space))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_servers() {
        assert!(WATCHED.is_sorted());
        for (text, bytes) in [
            ("300mb", Some(300 << 20)),
            ("1g", Some(1_000_000_000)),
            ("0", Some(0)),
            ("7 apples", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
