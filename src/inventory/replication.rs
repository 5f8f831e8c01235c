//! INFO and CONFIG answers to replication state, keys, memory and settings.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gather::Answers;
use crate::inventory::gather::Gathered;
use crate::inventory::gather::folder;
use crate::inventory::owners::owner;
use crate::inventory::server;
use crate::model::Address;
use crate::model::Link;
use crate::model::NodeId;
use crate::model::Replication;
use crate::model::Sync;

/// Fills what INFO and CONFIG tell into the cluster.
pub(super) fn apply(gathered: &Gathered, inventory: &mut Inventory) {
    let by_name: BTreeMap<String, NodeId> = inventory
        .cluster
        .iter()
        .map(|(id, n)| (n.name.to_string(), id))
        .collect();
    let by_address: BTreeMap<Address, NodeId> = inventory
        .cluster
        .iter()
        .filter_map(|(id, n)| Some((n.address.clone()?, id)))
        .collect();
    // A folder that holds one node's view and nothing of others names the rest of it.
    let mut by_folder: BTreeMap<&str, Option<NodeId>> = BTreeMap::new();
    for view in &gathered.views {
        let id = owner(gathered, view)
            .and_then(|o| by_name.get(gathered.names[o as usize].as_str()).copied());
        let entry = by_folder.entry(folder(&view.path)).or_insert(id);
        if *entry != id {
            *entry = None;
        }
    }
    let mut answers: Vec<(NodeId, &Answers)> = Vec::new();
    for (address, of) in &gathered.answers {
        if let Some(&id) = by_address.get(address) {
            answers.push((id, of));
        }
    }
    for (folder, of) in &gathered.nameless {
        match by_folder.get(folder.as_str()) {
            Some(Some(id)) => answers.push((*id, of)),
            _ if of.info.is_empty() && of.config.is_empty() => {}
            _ => inventory.diagnostics.push(unknown_node(of)),
        }
    }
    answers.sort_by_key(|(id, _)| *id);
    settings(&answers, inventory);
    inventory.cluster.server = server::server(gathered, &answers);
    for (id, of) in &answers {
        own_state(*id, &of.info, inventory);
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

fn unknown_node(of: &Answers) -> Diagnostic {
    let diagnostic = Diagnostic::note(
        "capture/answer-of-unknown-node",
        "an answer without an address in its path or header: nobody can say whose it is; it was not used",
    )
    .help("save each node's answers in a folder of its own, such as `10.0.0.1_7000`");
    match &of.info_place {
        Some(place) => diagnostic.at(place.clone()),
        None => diagnostic,
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

fn own_state(id: NodeId, info: &BTreeMap<String, String>, inventory: &mut Inventory) {
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
