//! ## What
//! Nodes run different versions. An error where a replica runs one that cannot load the full sync of
//! its master.
//!
//! ## Why
//! A replica drops its data before it loads a full sync. If the snapshot has a newer format than it
//! knows ("Can't handle RDB format version"), it stays empty and tries again for ever: the shard has
//! one copy less than it seems.
//!
//! ## Do
//! In the middle of an upgrade: upgrade replicas first, then fail over to them, then the old masters.
//! No plan attaches a replica below a newer master unless it is known to load it.
use std::collections::BTreeMap;

use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::VersionSkew,
    id: "version-skew",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("version_skew.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for (id, node) in cx.cluster.iter().filter(|(_, n)| n.is_live_member()) {
        let Some(master) = node.master() else {
            continue;
        };
        if cx.cluster.node(master).is_live_member() && !cx.cluster.can_copy(id, master) {
            out.push(cannot_load(cx.cluster, id, master));
        }
    }
    out.extend(skew(cx.cluster));
}

fn runs(cluster: &Cluster, id: NodeId) -> String {
    let runs = cluster.node(id).runs.as_ref();
    runs.map_or_else(|| "an unknown version".to_owned(), ToString::to_string)
}

fn cannot_load(cluster: &Cluster, replica: NodeId, master: NodeId) -> Finding {
    let message = format!(
        "{} runs {}, its master {} runs {}: it cannot load a full sync of it, and would stay empty after one",
        words::node(cluster, replica),
        runs(cluster, replica),
        words::node(cluster, master),
        runs(cluster, master)
    );
    Finding::new(&RULE, Subject::Node(replica), message)
        .severity(Severity::Error)
        .help("start the replica with the version of its master before the link breaks")
        .evidence([replica, master].map(Fact::Replication))
}

/// One finding for all: which versions there are, at the first node of the rarest.
fn skew(cluster: &Cluster) -> Option<Finding> {
    let mut versions: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live_member()) {
        if let Some(runs) = &node.runs {
            versions.entry(runs.to_string()).or_default().push(id);
        }
    }
    if versions.len() < 2 {
        return None;
    }
    let rarest = versions.values().min_by_key(|of| of.len())?;
    let &first = rarest.first()?;
    let parts: Vec<String> = versions
        .iter()
        .map(|(version, of)| match &of[..] {
            [one] => format!("{version} on {}", words::node(cluster, *one)),
            many => format!("{version} on {}", words::count(many.len(), "node")),
        })
        .collect();
    let message = format!("the nodes run different versions: {}", words::list(&parts));
    let help =
        "finish the upgrade, replicas before masters: an older node cannot always copy a newer one";
    let places = versions.values().filter_map(|of| of.first()).copied();
    Some(
        Finding::new(&RULE, Subject::Node(first), message)
            .help(help)
            .evidence(places.take(words::LISTED).map(Fact::Replication)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Server;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    fn server(name: &str, version: &str) -> Option<Server> {
        Some(Server {
            name: name.into(),
            version: Some(version.parse().unwrap()),
        })
    }

    #[test]
    fn an_older_replica_is_an_error_where_it_cannot_load() {
        let mut cluster = healthy();
        let [m1, r1] = ["m1", "r1"].map(|name| id(&cluster, name));
        for (of_replica, of_master, errors, all) in [
            (("redis", "7.0.15"), ("redis", "7.0.15"), 0, 0),
            (("redis", "7.0.11"), ("redis", "7.0.15"), 0, 1),
            (("redis", "5.0.14"), ("redis", "6.2.14"), 0, 1),
            (("redis", "6.2.14"), ("redis", "7.0.15"), 1, 2),
            (("redis", "7.0.15"), ("redis", "6.2.14"), 0, 1),
            (("valkey", "8.1.0"), ("redis", "7.2.4"), 0, 1),
            (("valkey", "8.1.0"), ("redis", "7.4.1"), 1, 2),
            (("valkey", "9.0.0"), ("redis", "7.4.1"), 1, 2),
            (("redis", "7.4.1"), ("valkey", "9.0.0"), 1, 2),
            (("redis", "9.1.0"), ("redis", "9.2.0"), 1, 2),
        ] {
            cluster.node_mut(r1).runs = server(of_replica.0, of_replica.1);
            cluster.node_mut(m1).runs = server(of_master.0, of_master.1);
            let found = findings(&RULE, &cluster);
            let found_errors = found.iter().filter(|f| f.severity == Severity::Error);
            let counted = (found_errors.count(), found.len());
            assert_eq!(counted, (errors, all), "{of_replica:?} of {of_master:?}");
        }
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
