//! What the name server of FEDB printed, in the order of the capture, to one state of its tablets.
//!
//! There is one name server that says all of it, so nothing is to be reconciled between views: what
//! was printed later counts.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::Said;
use crate::model::Address;
use crate::model::Health;
use crate::model::Held;
use crate::model::Host;
use crate::model::HostId;
use crate::model::NameServer;
use crate::model::Op;
use crate::model::Partition;
use crate::model::PartitionId;
use crate::model::Tablet;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::model::Zone;
use crate::model::ZoneId;
use crate::parse::FedbFacts;
use crate::parse::HostRow;
use crate::parse::OpRow;
use crate::parse::Shown;
use crate::parse::TableRow;
use crate::parse::TabletRow;
use crate::text::Place;

/// The tablets of a capture, and where each fact was read.
#[derive(Clone, Debug, Default)]
pub struct TabletsSeen {
    pub state: Tablets,
    copies: BTreeMap<(PartitionId, TabletId), Place>,
    partitions: BTreeMap<PartitionId, Place>,
    tablets: BTreeMap<TabletId, Place>,
    ops: BTreeMap<u64, Place>,
    auto_failover: Option<Place>,
}

impl TabletsSeen {
    pub fn of_copy(&self, partition: PartitionId, tablet: TabletId) -> Option<&Place> {
        self.copies.get(&(partition, tablet))
    }

    pub fn of_partition(&self, partition: PartitionId) -> Option<&Place> {
        self.partitions.get(&partition)
    }

    /// Its row in `showtablet`, else the first of its copies.
    pub fn of_tablet(&self, tablet: TabletId) -> Option<&Place> {
        let held = self.copies.iter().find(|((_, t), _)| *t == tablet);
        self.tablets.get(&tablet).or(held.map(|(_, place)| place))
    }

    pub fn of_op(&self, id: u64) -> Option<&Place> {
        self.ops.get(&id)
    }

    pub fn of_auto_failover(&self) -> Option<&Place> {
        self.auto_failover.as_ref()
    }
}

/// Name and number of a table; of one without a number its database.
type TableKey = (Arc<str>, Option<u64>, Option<Arc<str>>);

#[derive(Default)]
struct Draft {
    /// Rows by table; the latest `showtable` of each.
    tables: BTreeMap<TableKey, Vec<(TableRow, Place)>>,
    databases: BTreeMap<TableKey, Arc<str>>,
    /// By `gettablestatus`, of number of table and pid; a tablet does not say who it is.
    memory: BTreeMap<(u64, u32), u64>,
    tablets: BTreeMap<Arc<str>, (TabletRow, Place)>,
    ops: BTreeMap<u64, (OpRow, Place)>,
    auto_failover: Option<(bool, Place)>,
    name_servers: Vec<NameServer>,
    health_known: bool,
    tables_known: bool,
    topic: bool,
}

/// The state that a capture shows; `None` where no name server said anything.
pub(super) fn settle(
    gathered: &Gathered,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<TabletsSeen> {
    if gathered.fedb.is_empty() {
        return None;
    }
    let mut draft = Draft::default();
    for said in &gathered.fedb {
        draft.take(said, diagnostics);
    }
    let mut seen = draft.finish(gathered, diagnostics);
    // Only rows of these tables are read cell by cell.
    seen.state.torn = diagnostics.iter().any(|said| said.code == Parse::Cell);
    Some(seen)
}

impl Draft {
    fn take(&mut self, said: &Said, diagnostics: &mut Vec<Diagnostic>) {
        match &said.facts {
            FedbFacts::Tables(shown, database, rows) => {
                self.take_tables(*shown, database.as_ref(), rows, said);
            }
            FedbFacts::Topic(rows) => {
                self.topic = true;
                self.take_tables(Shown::One, None, rows, said);
            }
            FedbFacts::Tablets(rows) => {
                // It lists all there are.
                self.tablets.clear();
                self.health_known = true;
                for (row, place) in rows.iter().zip(&said.rows) {
                    let of = (row.clone(), place.clone());
                    let before = self.tablets.insert(row.endpoint.clone(), of);
                    if before.is_some_and(|(before, _)| before.healthy != row.healthy) {
                        let message = format!(
                            "one showtablet lists {} twice, in two states; the later one counts",
                            row.endpoint
                        );
                        let said = Diagnostic::new(Capture::RowTwice, message);
                        diagnostics.push(said.at(place.clone()));
                    }
                }
            }
            FedbFacts::Ops(rows) => {
                for (row, place) in rows.iter().zip(&said.rows) {
                    self.ops.insert(row.id, (row.clone(), place.clone()));
                }
            }
            FedbFacts::AutoFailover(value) => {
                if let Some(value) = value {
                    self.auto_failover = Some((*value, said.place.clone()));
                }
            }
            FedbFacts::NameServers(rows) => {
                let server = |row: &crate::parse::NameServerRow| NameServer {
                    endpoint: row.endpoint.clone(),
                    leads: row.leads,
                };
                self.name_servers = rows.iter().map(server).collect();
            }
            FedbFacts::Status(rows) => {
                for row in rows {
                    if let (Some(pid), Some(memory)) = (row.pid, row.memory) {
                        let known = self.memory.entry((row.tid, pid)).or_default();
                        *known = memory.max(*known);
                    }
                }
            }
            FedbFacts::Reply { .. } => {}
        }
    }

    /// A later answer about all tables replaces what was known, one about some of them what was
    /// known of those.
    fn take_tables(
        &mut self,
        shown: Shown,
        database: Option<&Arc<str>>,
        rows: &[TableRow],
        said: &Said,
    ) {
        self.tables_known = true;
        if shown == Shown::All {
            // Files, and sessions that tell it, may each be of another database.
            let databases = &self.databases;
            self.tables.retain(|key, rows| {
                let elsewhere = |(_, place): &(TableRow, Place)| place.path != said.path;
                databases.get(key) != database || rows.first().is_none_or(elsewhere)
            });
        }
        let mut fresh = BTreeSet::new();
        for (row, place) in rows.iter().zip(&said.rows) {
            let unnumbered = database.filter(|_| row.tid.is_none());
            let key = (row.table.clone(), row.tid, unnumbered.cloned());
            if let Some(database) = database {
                self.databases.insert(key.clone(), database.clone());
            }
            let of = self.tables.entry(key.clone()).or_default();
            if fresh.insert(key) {
                of.clear();
            }
            of.push((row.clone(), place.clone()));
        }
    }

    fn finish(self, gathered: &Gathered, diagnostics: &mut Vec<Diagnostic>) -> TabletsSeen {
        let mut seen = TabletsSeen::default();
        let state = &mut seen.state;
        state.topic = self.topic;
        state.health_known = self.health_known;
        state.tables_known = self.tables_known;
        state.name_servers = self.name_servers;
        state.auto_failover = self.auto_failover.as_ref().map(|(value, _)| *value);
        seen.auto_failover = self.auto_failover.map(|(_, place)| place);
        let held = self
            .tables
            .values()
            .flatten()
            .filter_map(|(row, _)| row.endpoint.clone());
        let named: BTreeSet<Arc<str>> = held.chain(self.tablets.keys().cloned()).collect();
        let mut tablets: Vec<Tablet> = named
            .into_iter()
            .map(|e| tablet(e, &self.tablets))
            .collect();
        tablets.sort_by(|a, b| {
            let key = |t: &Tablet| (t.address.is_none(), t.address.clone(), t.endpoint.clone());
            key(a).cmp(&key(b))
        });
        state.tablets = tablets;
        place_on_hosts(gathered, state);
        let ids: BTreeMap<Arc<str>, TabletId> = (0..)
            .map(TabletId)
            .zip(&state.tablets)
            .map(|(id, tablet)| (tablet.endpoint.clone(), id))
            .collect();
        for (endpoint, (_, place)) in &self.tablets {
            seen.tablets.insert(ids[endpoint], place.clone());
        }
        for (id, (row, place)) in self.ops {
            state.ops.push(Op {
                id,
                kind: row.kind,
                table: row.table,
                pid: row.pid,
                status: row.status,
                task: row.task,
            });
            seen.ops.insert(id, place);
        }
        for (key, rows) in &self.tables {
            let (name, ..) = key;
            let alike = self.tables.range((name.clone(), None, None)..);
            let alike = alike.take_while(|((other, ..), _)| other == name);
            let table = Table {
                database: self.databases.get(key),
                shares_name: alike.count() > 1,
                memory: &self.memory,
                key,
            };
            partitions(&mut seen, &ids, &table, rows, diagnostics);
        }
        if !seen.state.health_known && seen.state.tables_known && !seen.state.topic {
            let message = "no `showtablet` was captured: `showtable` calls copies on a dead tablet \
                           alive while auto_failover is off, so nothing here says which tablets run";
            diagnostics.push(
                Diagnostic::new(Capture::NoShowtablet, message)
                    .help("capture `showtablet` beside it"),
            );
        }
        seen
    }
}

struct Table<'a> {
    key: &'a TableKey,
    database: Option<&'a Arc<str>>,
    shares_name: bool,
    memory: &'a BTreeMap<(u64, u32), u64>,
}

fn partitions(
    seen: &mut TabletsSeen,
    ids: &BTreeMap<Arc<str>, TabletId>,
    table: &Table,
    rows: &[(TableRow, Place)],
    diagnostics: &mut Vec<Diagnostic>,
) {
    /// Rows of one table that are each named.
    const SAID: usize = 8;
    let mut twice = 0;
    let mut by_pid: BTreeMap<u32, Vec<&(TableRow, Place)>> = BTreeMap::new();
    for row in rows {
        if let Some(pid) = row.0.pid {
            by_pid.entry(pid).or_default().push(row);
        }
    }
    for (pid, rows) in by_pid {
        let id = PartitionId(seen.state.partitions.len() as u32);
        let mut copies: Vec<Held> = Vec::new();
        for (row, place) in rows {
            seen.partitions.entry(id).or_insert_with(|| place.clone());
            let Some(tablet) = row.endpoint.as_ref().map(|e| ids[e]) else {
                continue;
            };
            if copies.iter().any(|held| held.tablet == tablet) {
                twice += 1;
                if twice > SAID {
                    continue;
                }
                let message = format!(
                    "{} {pid} is listed twice on {}; the first row counts",
                    table.key.0,
                    seen.state.endpoint(tablet)
                );
                diagnostics.push(Diagnostic::new(Capture::RowTwice, message).at(place.clone()));
                continue;
            }
            seen.copies.insert((id, tablet), place.clone());
            copies.push(Held {
                tablet,
                leader: row.leader,
                alive: row.alive.unwrap_or(true),
                offset: row.offset,
                memory: row.memory.or_else(|| {
                    let (_, tid, _) = table.key;
                    table.memory.get(&((*tid)?, pid)).copied()
                }),
            });
        }
        let (name, tid, _) = table.key;
        seen.state.partitions.push(Partition {
            database: table.database.cloned(),
            shares_name: table.shares_name,
            table: name.clone(),
            tid: *tid,
            pid,
            copies,
        });
    }
    if twice > SAID {
        let message = format!(
            "{} more rows of {} are listed twice",
            twice - SAID,
            table.key.0
        );
        diagnostics.push(Diagnostic::new(Capture::RowTwice, message));
    }
}

fn tablet(endpoint: Arc<str>, known: &BTreeMap<Arc<str>, (TabletRow, Place)>) -> Tablet {
    let row = known.get(&endpoint).map(|(row, _)| row);
    let real = row.and_then(|row| row.real_endpoint.as_ref());
    Tablet {
        address: real.unwrap_or(&endpoint).parse::<Address>().ok(),
        host: None,
        health: match row {
            Some(row) if row.healthy => Health::Healthy,
            Some(_) => Health::Offline,
            None => Health::Unknown,
        },
        age_ms: row.and_then(|row| row.age_ms),
        endpoint,
    }
}

/// Hosts by the host map, else by IP; a tablet that is known by a name alone is on a host of its own.
fn place_on_hosts(gathered: &Gathered, state: &mut Tablets) {
    // Tablets know no racks in a zone.
    let zone = |row: &HostRow| row.zone.clone().or_else(|| row.rack.clone());
    let row_of = |address: &Address| -> Option<&HostRow> {
        let mut rows = gathered.hosts.iter().map(|(_, row)| row);
        let fits = |row: &&HostRow| row.ip == address.ip() && row.port == Some(address.port());
        let by_address = rows.clone().find(fits);
        by_address.or_else(|| rows.find(|row| row.ip == address.ip() && row.port.is_none()))
    };
    let place = |tablet: &Tablet| match &tablet.address {
        Some(address) => match row_of(address) {
            Some(row) => (row.host.clone(), zone(row)),
            None => (address.ip().to_owned(), None),
        },
        None => (tablet.endpoint.to_string(), None),
    };
    let places: Vec<(String, Option<String>)> = state.tablets.iter().map(place).collect();
    let mapped = gathered
        .hosts
        .iter()
        .map(|(_, row)| (row.host.clone(), zone(row)));
    let mut hosts: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (host, zone) in places.iter().cloned().chain(mapped) {
        let known = hosts.entry(host).or_default();
        *known = known.take().or(zone);
    }
    let zones: BTreeSet<&String> = hosts.values().flatten().collect();
    let zone_id = |zone: &String| {
        zones
            .iter()
            .position(|z| *z == zone)
            .map(|at| ZoneId(at as u32))
    };
    state.hosts = hosts
        .iter()
        .map(|(name, zone)| Host {
            name: name.as_str().into(),
            zone: zone.as_ref().and_then(zone_id),
            rack: None,
            memory_bytes: gathered
                .hosts
                .iter()
                .find(|(_, row)| row.host == *name && row.memory_bytes.is_some())
                .and_then(|(_, row)| row.memory_bytes),
            machine_memory_bytes: None,
        })
        .collect();
    state.zones = zones
        .iter()
        .map(|z| Zone {
            name: z.as_str().into(),
        })
        .collect();
    let host_id = |name: &String| hosts.keys().position(|host| host == name);
    for (tablet, (host, _)) in state.tablets.iter_mut().zip(&places) {
        tablet.host = host_id(host).map(|at| HostId(at as u32));
    }
}
