//! INFO and CONFIG answers to replication state, keys, memory and settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::Inventory;
use crate::inventory::contradiction;
use crate::inventory::gather::Answers;
use crate::inventory::gather::Gathered;
use crate::inventory::server;
use crate::model::Address;
use crate::model::Link;
use crate::model::NodeId;
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
    inventory.diagnostics.extend(server::odd_version(&answers));
    for (id, of) in &answers {
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
    let never = info
        .get("master_link_down_since_seconds")
        .is_some_and(|v| v == "-1")
        || offset == Some(0);
    let running = number("master_sync_in_progress") == Some(1);
    node.replication = Replication {
        link: match info.get("master_link_status").map(String::as_str) {
            Some("up") => Link::Up,
            Some(_) => Link::Down,
            None => Link::Unknown,
        },
        sync: match (never, running, offset) {
            (true, true, _) => Sync::Running,
            (true, false, _) => Sync::Never,
            (false, _, Some(_)) => Sync::Done,
            (false, _, None) => Sync::Unknown,
        },
        offset,
    };
}

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
