//! INFO and CONFIG answers to replication state, keys, memory and settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::Inventory;
use crate::inventory::answers::Answers;
use crate::inventory::contradiction;
use crate::inventory::gathered::Gathered;
use crate::inventory::server;
use crate::model::Address;
use crate::model::Link;
use crate::model::Millis;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::model::Persistence;
use crate::model::Replication;
use crate::model::Sync;
use crate::parse::DBSIZE;

/// Fills what INFO and CONFIG tell into the cluster.
pub(super) fn apply(gathered: &Gathered, inventory: &mut Inventory) {
    let by_address: BTreeMap<Address, NodeId> = inventory
        .cluster
        .iter()
        .filter_map(|(id, n)| Some((n.address.clone()?, id)))
        .collect();
    let mut answers: Vec<(NodeId, &Answers)> = Vec::new();
    for (address, of) in &gathered.answers {
        if let Some(&id) = by_address.get(address) {
            answers.push((id, of));
        }
    }
    answers.sort_by_key(|(id, _)| *id);
    settings(&answers, inventory);
    let names = contradiction::names(gathered, &by_address);
    inventory.cluster.server = server::server(gathered, &answers);
    inventory.cluster.service = server::service(gathered, &inventory.cluster);
    inventory.diagnostics.extend(server::odd_version(&answers));
    for (id, of) in &answers {
        let node = inventory.cluster.node_mut(*id);
        node.persistence = persistence(of);
        node.runs = server::runs(of);
        let uptime = of.info.get("uptime_in_seconds");
        let uptime = uptime.and_then(|s| s.parse::<u64>().ok());
        node.uptime = uptime.map(|s| Millis(s.saturating_mul(1000)));
        let run = of.info.get("run_id").map(|run| run.trim());
        let plain = |run: &&str| NodeName::new(run).is_plain();
        node.run = run.filter(plain).map(Arc::from);
        own_state(*id, of, &names, inventory);
        if matches!(
            setting(
                &of.config,
                &["cluster-replica-no-failover", "cluster-slave-no-failover"]
            ),
            Some("yes")
        ) {
            inventory.cluster.node_mut(*id).no_failover = true;
        }
    }
    for (id, of) in &answers {
        replicas_of(*id, &of.info, &by_address, inventory);
    }
}

fn setting<'a>(config: &'a BTreeMap<String, String>, names: &[&str]) -> Option<&'a str> {
    names
        .iter()
        .find_map(|n| config.get(*n))
        .map(String::as_str)
}

/// By CONFIG GET, the file that it is started with, or INFO.
fn persistence(of: &Answers) -> Persistence {
    let logs = of.config.get("appendonly").map(|v| v == "yes");
    let logs = logs.or_else(|| Some(of.info.get("aof_enabled")? == "1"));
    let saves = of.config.get("save").map(|v| !v.is_empty() && v != "\"\"");
    match (logs, saves) {
        (Some(true), _) => Persistence::Log,
        (_, Some(true)) => Persistence::Snapshots,
        (Some(false), Some(false)) => Persistence::Nothing,
        (None, _) | (Some(false), None) => Persistence::Unknown,
    }
}

fn settings(answers: &[(NodeId, &Answers)], inventory: &mut Inventory) {
    let settings = &mut inventory.cluster.settings;
    let configs = || answers.iter().map(|(_, a)| &a.config);
    // The slowest node decides how long an election may take.
    if let Some(ms) = configs()
        .filter_map(|c| setting(c, &["cluster-node-timeout"])?.parse().ok())
        .max()
    {
        settings.node_timeout_ms = ms;
    }
    if let Some(barrier) = configs()
        .filter_map(|c| setting(c, &["cluster-migration-barrier"])?.parse().ok())
        .min()
    {
        settings.migration_barrier = barrier;
    }
    // The most patient replica decides whether nobody stands for election.
    let factors = configs().filter_map(|c| {
        let names = [
            "cluster-replica-validity-factor",
            "cluster-slave-validity-factor",
        ];
        setting(c, &names)?.parse::<u64>().ok()
    });
    let factors: Vec<u64> = factors.collect();
    if let Some(&most) = factors.iter().max() {
        settings.validity_factor = if factors.contains(&0) { 0 } else { most };
    }
    let periods = configs().filter_map(|c| {
        let names = ["repl-ping-replica-period", "repl-ping-slave-period"];
        setting(c, &names)?.parse::<u64>().ok()
    });
    if let Some(longest) = periods.max() {
        settings.ping_period_ms = longest.saturating_mul(1000);
    }
    let coverage: Vec<&str> = configs()
        .filter_map(|c| setting(c, &["cluster-require-full-coverage"]))
        .collect();
    if !coverage.is_empty() {
        settings.full_coverage = coverage.contains(&"yes");
    }
    let migration: Vec<&str> = configs()
        .filter_map(|c| setting(c, &["cluster-allow-replica-migration"]))
        .collect();
    if !migration.is_empty() {
        settings.allow_replica_migration = migration.contains(&"yes");
    }
}

fn own_state(
    id: NodeId,
    of: &Answers,
    names: &BTreeMap<Address, NodeId>,
    inventory: &mut Inventory,
) {
    let info = &of.info;
    let number = |key: &str| info.get(key).and_then(|v| v.parse::<u64>().ok());
    let node = inventory.cluster.node_mut(id);
    node.used_memory = number("used_memory").or(node.used_memory);
    let databases = info.iter().filter(|(k, _)| {
        k.strip_prefix("db")
            .is_some_and(|n| n.parse::<u32>().is_ok())
    });
    let keys: Vec<u64> = databases.filter_map(|(_, v)| keys_of(v)).collect();
    if !keys.is_empty() || info.contains_key("# Keyspace") {
        node.keys = Some(keys.iter().sum());
    }
    node.keys = node.keys.or(number(DBSIZE));
    if let Some(odd) = contradiction::find(id, of, names, &inventory.cluster) {
        inventory.diagnostics.push(odd);
        // Whatever its offset counts, it is not this shard's writes.
        let node = inventory.cluster.node_mut(id);
        if node.is_replica() {
            node.replication.sync = Sync::Disputed;
        }
        return;
    }
    let node = inventory.cluster.node_mut(id);
    node.histories = histories(info);
    let slave = match info.get("role").map(String::as_str) {
        Some("slave" | "replica") => true,
        Some("master") => false,
        _ => return,
    };
    if !slave {
        if node.is_master() {
            node.replication = Replication {
                link: Link::Up,
                sync: Sync::Done,
                offset: number("master_repl_offset"),
            };
        }
        return;
    }
    if node.is_master() {
        return;
    }
    let offset = number("slave_repl_offset").or_else(|| number("slave_read_repl_offset"));
    let link = match info.get("master_link_status").map(String::as_str) {
        Some("up") => Link::Up,
        Some(_) => Link::Down,
        None => Link::Unknown,
    };
    let running = number("master_sync_in_progress") == Some(1);
    node.link_down_for = number("master_link_down_since_seconds")
        .filter(|&seconds| link == Link::Down && seconds < UNIX_SECONDS)
        .map(|seconds| Millis(seconds * 1000));
    node.replication = Replication {
        link,
        sync: match (never_synced(info, link, offset), running, offset) {
            (true, true, _) => Sync::Running,
            (true, false, _) => Sync::Never,
            (false, _, Some(_)) => Sync::Done,
            (false, _, None) => Sync::Unknown,
        },
        offset,
    };
}

/// No server runs this long, and none was started in 2001: it is a unix time.
const UNIX_SECONDS: u64 = 1_000_000_000;

/// Whether INFO of a replica says that no sync ever came to an end in its process
/// (`genRedisInfoString`). "Down since" is -1 then; servers before 7.0 take the time of a moment
/// that never was from the clock, and print the unix time. An offset is 0 or, where there is no
/// master to ask, 1.
fn never_synced(info: &BTreeMap<String, String>, link: Link, offset: Option<u64>) -> bool {
    // The link is up from the end of a sync on (`REPL_STATE_CONNECTED`), whatever was written since.
    if link == Link::Up {
        return false;
    }
    let number = |key: &str| info.get(key).and_then(|v| v.parse::<u64>().ok());
    let down = info.get("master_link_down_since_seconds");
    let down_for = number("master_link_down_since_seconds");
    let before_its_start = number("uptime_in_seconds").zip(down_for);
    down.is_some_and(|since| since == "-1")
        || down_for.is_some_and(|seconds| seconds >= UNIX_SECONDS)
        // A clock that was set may add some seconds.
        || before_its_start.is_some_and(|(uptime, down)| down > uptime.saturating_add(CLOCK_SLACK))
        || offset.is_some_and(|offset| offset <= 1)
}

/// Seconds by which two readings of a server's clock may differ.
const CLOCK_SLACK: u64 = 3600;

/// `master_replid`, and below it the id that it had before a failover.
fn histories(info: &BTreeMap<String, String>) -> Vec<Arc<str>> {
    let told = ["master_replid", "master_replid2"].map(|key| info.get(key));
    let legal = |id: &&String| {
        // Forty zeros stand for none.
        id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0')
    };
    told.into_iter()
        .flatten()
        .filter(legal)
        .map(|id| id.as_str().into())
        .collect()
}

fn keys_of(value: &str) -> Option<u64> {
    value
        .split(',')
        .find_map(|part| part.strip_prefix("keys="))?
        .parse()
        .ok()
}

/// `slave0:ip=127.0.0.1,port=7001,state=online,offset=42,lag=0` of a master tells about a
/// replica that has no INFO of its own.
fn replicas_of(
    id: NodeId,
    info: &BTreeMap<String, String>,
    by_address: &BTreeMap<Address, NodeId>,
    inventory: &mut Inventory,
) {
    let slaves = info.iter().filter(|(k, _)| {
        k.strip_prefix("slave")
            .is_some_and(|n| n.parse::<u32>().is_ok())
    });
    for (_, value) in slaves {
        let field = |name: &str| {
            value
                .split(',')
                .find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
        };
        let address = field("ip")
            .zip(field("port"))
            .and_then(|(ip, port)| Address::new(ip, port.parse().ok()?).ok());
        let Some(&replica) = address.as_ref().and_then(|a| by_address.get(a)) else {
            continue;
        };
        let node = inventory.cluster.node_mut(replica);
        if node.master() != Some(id) || node.replication != Replication::default() {
            continue;
        }
        let offset = field("offset").and_then(|o| o.parse().ok());
        node.replication = match field("state") {
            Some("online") => Replication {
                link: Link::Up,
                sync: Sync::Done,
                offset,
            },
            Some(_) => Replication {
                link: Link::Down,
                sync: Sync::Running,
                offset,
            },
            None => continue,
        };
    }
}
