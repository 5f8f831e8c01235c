//! ## What
//! A server runs a version that its makers say may lose or mix up data, and that was repaired in a later
//! one of the same line. Where the bug needs something (chained replicas, I/O threads, an append-only
//! file, a replica in its first sync), only servers that have it are named.
//!
//! ## Why
//! The cluster looks healthy until the case arises: a failover, a crash, a restart, the end of a reshard.
//!
//! ## Do
//! Upgrade to the version that is named, replicas before masters (`topoplan plan --restart older-than:…`).
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::model::Persistence;
use crate::model::Sync;
use crate::model::Version;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::KnownDataLossBug,
    id: "known-data-loss-bug",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("known_data_loss_bug.rs"),
};

/// What a server must have for a bug to bite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Where {
    Anywhere,
    /// It is a replica of a replica, or has one.
    Chained,
    /// It writes an append-only file that is not flushed with every write.
    LogEverySecond,
    /// More than one I/O thread.
    Threads,
    /// A replica that never finished a sync with its master.
    Unsynced,
}

struct Bug {
    server: &'static str,
    since: Version,
    /// The first version without it; `None` where no release is known to have it repaired.
    repaired: Option<Version>,
    bites: Where,
    what: &'static str,
    /// The release notes (`00-RELEASENOTES` of that version) or the change that say so.
    source: &'static str,
}

const fn of(
    server: &'static str,
    since: [u32; 3],
    repaired: [u32; 3],
    bites: Where,
    what: &'static str,
    source: &'static str,
) -> Bug {
    let [major, minor, patch] = since;
    let [to_major, to_minor, to_patch] = repaired;
    Bug {
        server,
        since: Version::new(major, minor, patch),
        repaired: Some(Version::new(to_major, to_minor, to_patch)),
        bites,
        what,
        source,
    }
}

const BUGS: [Bug; 8] = [
    of(
        "redis",
        [3, 0, 0],
        [3, 0, 4],
        Where::Anywhere,
        "partial syncs may leave a replica with other data than its master",
        "release notes of Redis 3.0.4",
    ),
    of(
        "redis",
        [4, 0, 0],
        [4, 0, 2],
        Where::Anywhere,
        "a restart with a snapshot may leave replicas with other data, and a shutdown does not write \
         all of the append-only file",
        "release notes of Redis 4.0.2",
    ),
    of(
        "redis",
        [5, 0, 0],
        [5, 0, 5],
        Where::LogEverySecond,
        "the writes of the last second before a pause may never reach the disk",
        "release notes of Redis 5.0.5",
    ),
    of(
        "redis",
        [6, 0, 0],
        [6, 0, 4],
        Where::Chained,
        "a replica of a replica may hold corrupted data",
        "release notes of Redis 6.0.4",
    ),
    of(
        "redis",
        [6, 0, 0],
        [6, 0, 11],
        Where::Threads,
        "a manual failover may lose writes or end the server",
        "release notes of Redis 6.0.11, redis/redis#8520",
    ),
    of(
        "redis",
        [7, 0, 0],
        [7, 0, 13],
        Where::Anywhere,
        "a slot that was moved may go back to its old master, without its keys, when a replica is promoted \
         or a node joins",
        "release notes of Redis 7.0.13, redis/redis#12344",
    ),
    of(
        "valkey",
        [7, 2, 0],
        [8, 0, 0],
        Where::Unsynced,
        "a replica that was pointed at another master may be elected with the data of its old one",
        "valkey-io/valkey#885, in 8.0.0-rc2",
    ),
    // Merged in August 2026, and in no release notes by then.
    Bug {
        server: "redis",
        since: Version::new(3, 0, 0),
        repaired: None,
        bites: Where::Unsynced,
        what: "a replica that was pointed at another master may be elected with the data of its old one",
        source: "redis/redis#15680",
    },
];

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    for bug in &BUGS {
        let bitten = |id: NodeId| bug.has(cluster, id) && bites(inventory, id, bug.bites);
        let live = cluster.iter().filter(|(_, n)| n.is_live_member());
        let nodes: Vec<NodeId> = live.map(|(id, _)| id).filter(|&id| bitten(id)).collect();
        let Some(&first) = nodes.first() else {
            continue;
        };
        let mut versions: BTreeMap<String, ()> = BTreeMap::new();
        let runs = nodes.iter().filter_map(|&id| cluster.node(id).runs.as_ref());
        versions.extend(runs.map(|runs| (runs.to_string(), ())));
        let versions: Vec<String> = versions.into_keys().collect();
        let run = if nodes.len() == 1 { "runs" } else { "run" };
        let message = format!(
            "{} {run} {}: {} ({})",
            words::nodes(cluster, nodes.iter().copied()),
            words::list(&versions),
            bug.what,
            bug.source
        );
        let help = match bug.repaired {
            Some(version) => format!(
                "upgrade to {} {version} or later, replicas before masters: {}",
                bug.server, "`topoplan plan --restart older-than:VERSION` orders it"
            ),
            None => {
                "wait for the sync before anything else is done to this shard, and promote no copy \
                 that has not finished one"
                    .to_owned()
            }
        };
        out.push(
            Finding::new(&RULE, Subject::Node(first), message)
                .help(help)
                .evidence(nodes.iter().take(words::LISTED).copied().map(Fact::Replication)),
        );
    }
}

impl Bug {
    fn has(&self, cluster: &Cluster, id: NodeId) -> bool {
        let runs = cluster.node(id).runs.as_ref();
        let version = runs.filter(|runs| &*runs.name == self.server);
        let version = version.and_then(|runs| runs.version);
        version.is_some_and(|version| {
            version >= self.since && self.repaired.is_none_or(|repaired| version < repaired)
        })
    }
}

fn bites(inventory: &Inventory, id: NodeId, bites: Where) -> bool {
    let cluster = &inventory.cluster;
    let node = cluster.node(id);
    let told = |name: &str| inventory.vitals.get(&id)?.text(&[name]);
    match bites {
        Where::Anywhere => true,
        Where::Chained => {
            let follows_a_replica =
                |of: &Node| of.master().is_some_and(|m| cluster.node(m).is_replica());
            let followed = |(_, n): (NodeId, &Node)| n.is_live_member() && n.master() == Some(id);
            follows_a_replica(node) || node.is_replica() && cluster.iter().any(followed)
        }
        Where::LogEverySecond => {
            let flushed = told("appendfsync").is_some_and(|(value, _)| value == "always");
            node.persistence == Persistence::Log && !flushed
        }
        Where::Threads => told("io-threads")
            .and_then(|(threads, _)| threads.parse::<u32>().ok())
            .is_some_and(|threads| threads > 1),
        Where::Unsynced => {
            let synced = !matches!(node.replication.sync, Sync::Never | Sync::Running);
            node.is_replica() && !synced
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::sick;
    use crate::rules::testing::told;

    fn all(node: char, info: &str, config: &str) -> Vec<String> {
        told(&sick(&RULE, node, info, config))
    }

    #[test]
    fn the_versions_between_the_bug_and_its_repair_are_named() {
        let found = all('a', "redis_version:7.0.11\n", "");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("warning 10.0.0.1:7001 runs redis 7.0.11: a slot that was moved"),
            "{found:?}"
        );
        for well in ["7.0.13", "7.0.15", "6.2.16", "7.2.4", "5.0.14", "3.0.7"] {
            assert!(all('a', &format!("redis_version:{well}\n"), "").is_empty(), "{well}");
        }
    }

    #[test]
    fn a_bug_that_needs_something_is_named_only_where_it_is() {
        let of = |version: &str| format!("redis_version:{version}\n");
        assert!(all('a', &of("5.0.4"), "appendonly no\n").is_empty());
        assert!(all('a', &of("5.0.4"), "appendonly yes\nappendfsync always\n").is_empty());
        assert_eq!(all('a', &of("5.0.4"), "appendonly yes\n").len(), 1);
        assert!(all('a', &of("6.0.3"), "").is_empty());
        assert_eq!(all('a', &of("6.0.3"), "io-threads 4\n").len(), 1);
        let never = "role:slave\nmaster_link_status:down\nmaster_link_down_since_seconds:-1\nslave_repl_offset:0\n";
        let found = all('c', &format!("{}{never}", of("8.0.2")), "");
        assert!(found[0].contains("#15680"), "{found:?}");
    }

    #[test]
    fn every_bug_has_an_end_and_a_source() {
        for bug in &BUGS {
            assert!(bug.repaired.is_none_or(|repaired| repaired > bug.since));
            assert!(!bug.what.ends_with('.') && !bug.source.is_empty());
        }
    }
}
