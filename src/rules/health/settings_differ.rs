//! ## What
//! Nodes run with different values of a setting that should be one in a cluster.
//!
//! ## Why
//! After a failover the other value counts: a shorter timeout suspects nodes that are well, another
//! `maxmemory` refuses what the old master held, another `cluster-require-full-coverage` makes a part of
//! the cluster stop and the rest go on.
//!
//! ## Do
//! Set the odd ones as the others are (`CONFIG SET`, then `CONFIG REWRITE`), unless the difference is
//! meant.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SettingsDiffer,
    id: "settings-differ",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("settings_differ.rs"),
};

/// A setting by its names, old and new. Versions have a rule of their own.
struct Setting {
    names: &'static [&'static str],
    /// Masters and replicas often differ: only the replicas keep files.
    by_role: bool,
}

const SETTINGS: [Setting; 10] = [
    one(&["cluster-node-timeout"]),
    one(&["cluster-require-full-coverage"]),
    one(&[
        "cluster-replica-validity-factor",
        "cluster-slave-validity-factor",
    ]),
    one(&["cluster-migration-barrier"]),
    one(&["cluster-allow-replica-migration"]),
    one(&["flash-db-ttl"]),
    one(&["maxmemory"]),
    one(&["maxmemory-policy", "maxmemory_policy"]),
    Setting {
        names: &["appendonly"],
        by_role: true,
    },
    Setting {
        names: &["save"],
        by_role: true,
    },
];

const fn one(names: &'static [&'static str]) -> Setting {
    Setting {
        names,
        by_role: false,
    }
}

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    for setting in &SETTINGS {
        let parts: &[Option<bool>] = match setting.by_role {
            true => &[Some(true), Some(false)],
            false => &[None],
        };
        for master in parts {
            out.extend(differ(inventory, setting, *master));
        }
    }
}

/// One finding for a setting, at the first node of its rarest value.
fn differ(inventory: &Inventory, setting: &Setting, master: Option<bool>) -> Option<Finding> {
    let cluster = &inventory.cluster;
    let mut values: BTreeMap<String, Vec<(NodeId, usize)>> = BTreeMap::new();
    for (&id, vitals) in &inventory.vitals {
        let node = cluster.node(id);
        let counts = node.is_live_member() && master.is_none_or(|m| node.is_master() == m);
        let size = || vitals.bytes("maxmemory").map(|(n, at)| (n.to_string(), at));
        let told = match setting.names {
            ["maxmemory"] => size(),
            names => vitals.text(names).map(|(text, at)| (text.to_owned(), at)),
        };
        if let Some((value, at)) = told.filter(|_| counts) {
            values.entry(value).or_default().push((id, at));
        }
    }
    let rarest = values.values().min_by_key(|of| of.len())?;
    let &(first, _) = rarest.first()?;
    if values.len() < 2 {
        return None;
    }
    let mut parts: Vec<(usize, String)> = values
        .iter()
        .map(|(value, of)| {
            let who = match &of[..] {
                [(id, _)] => words::node(cluster, *id),
                many => words::count(many.len(), "node"),
            };
            (of.len(), format!("{} on {who}", spelled(value)))
        })
        .collect();
    parts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
    let name = setting.names.first()?;
    let of = match master {
        Some(true) => " of the masters",
        Some(false) => " of the replicas",
        None => "",
    };
    let message = format!(
        "`{name}`{of} differs: {}",
        words::list_up_to(words::LISTED, &parts)
    );
    let mut places = vec![rarest.first()?.1];
    places.extend(values.values().filter_map(|of| Some(of.first()?.1)));
    places.dedup();
    Some(
        Finding::new(&RULE, Subject::Node(first), message)
            .help("set it alike on all nodes, unless the difference is meant")
            .evidence(places.into_iter().take(words::LISTED).map(Fact::Read)),
    )
}

fn spelled(value: &str) -> String {
    match value {
        "" => "nothing".to_owned(),
        other => format!("`{}`", other.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::configured;
    use crate::rules::testing::told;

    #[test]
    fn names_the_odd_one() {
        let all = |own: &str, others: &str| {
            told(&configured(
                &RULE,
                &[('a', own), ('b', others), ('c', others), ('d', others)],
            ))
        };
        assert_eq!(
            all(
                "cluster-node-timeout 5000\n",
                "cluster-node-timeout 15000\n"
            ),
            ["warning `cluster-node-timeout` differs: `15000` on 3 nodes, `5000` on 10.0.0.1:7001"]
        );
        assert!(all("maxmemory 1gb\n", "maxmemory 1073741824\n").is_empty());
        assert!(all("timeout 1\n", "timeout 2\n").is_empty());
        assert_eq!(
            all("save \"\"\n", "save 3600 1\n"),
            [
                "warning `save` of the masters differs: nothing on 10.0.0.1:7001, `3600 1` on 10.0.0.2:7002"
            ]
        );
    }

    #[test]
    fn replicas_may_keep_files_where_masters_do_not() {
        let (off, on) = ("appendonly no\n", "appendonly yes\n");
        let roles = [('a', off), ('b', off), ('c', on), ('d', on)];
        assert!(configured(&RULE, &roles).is_empty());
    }
}
