//! ## What
//! Servers keep nothing on disk (`appendonly no` and no `save`), or write their append-only file in a way
//! that is very slow or not safe (`appendfsync always`, `appendfsync no`).
//!
//! ## Why
//! A process that keeps nothing comes back empty. If a master is restarted before its replica took
//! over, its replicas copy the emptiness, and the data is gone from all of them.
//!
//! ## Do
//! For a cache that is right: never let a supervisor restart a master at once. Else turn on `save` or
//! `appendonly yes` with `appendfsync everysec`, at least on the replicas.
use crate::inventory::Inventory;
use crate::model::Persistence;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::NoPersistence,
    id: "no-persistence",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("no_persistence.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let live = || cluster.iter().filter(|(_, n)| n.is_live_member());
    let place = |id: NodeId, keys: &[&str]| {
        let vitals = inventory.vitals.get(&id)?;
        vitals.text(keys).map(|(_, at)| at)
    };
    let known = live().filter(|(_, n)| n.persistence != Persistence::Unknown);
    let known = known.count();
    let empty = live().filter(|(_, n)| n.persistence == Persistence::Nothing);
    let empty: Vec<NodeId> = empty.map(|(id, _)| id).collect();
    let places: Vec<usize> = empty
        .iter()
        .filter_map(|&id| place(id, &["save", "appendonly"]))
        .collect();
    if !places.is_empty() {
        let who = who(cluster, &empty, known);
        let message = format!(
            "{who} nothing on disk (`appendonly no`, no `save`): a restart comes back empty"
        );
        out.push(finding(message, &places));
    }
    for (value, means) in [
        ("always", "every write waits for the disk"),
        ("no", "a crash of the host may lose half a minute of writes"),
    ] {
        let set = |id: NodeId| {
            let (found, at) = inventory.vitals.get(&id)?.text(&["appendfsync"])?;
            (found == value).then_some(at)
        };
        let logs = live().filter(|(_, n)| n.persistence == Persistence::Log);
        let found: Vec<(NodeId, usize)> = logs.filter_map(|(id, _)| Some((id, set(id)?))).collect();
        if found.is_empty() {
            continue;
        }
        let names = words::nodes(cluster, found.iter().map(|(id, _)| *id));
        let places: Vec<usize> = found.iter().map(|(_, at)| *at).collect();
        let message = format!("`appendfsync {value}` on {names}: {means}");
        out.push(finding(message, &places));
    }
}

/// `all 6 nodes keep`, `2 of 6 nodes keep`, `10.0.0.1:7000 keeps`; of those that are known.
fn who(cluster: &Cluster, empty: &[NodeId], known: usize) -> String {
    match empty {
        [one] => format!("{} keeps", words::node(cluster, *one)),
        all if all.len() == known => format!("all {known} nodes whose settings are known keep"),
        some => format!("{} of {known} nodes keep", some.len()),
    }
}

fn finding(message: String, places: &[usize]) -> Finding {
    let places = places.iter().take(words::LISTED).copied();
    Finding::new(&RULE, Subject::Capture, message)
        .help("right for a cache; else `appendonly yes` with `appendfsync everysec`, at least on the replicas")
        .evidence(places.map(Fact::Read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::configured;
    use crate::rules::testing::told;

    #[test]
    fn fires_where_a_restart_is_empty() {
        let (off, on) = ("appendonly no\nsave \"\"\n", "appendonly yes\nsave \"\"\n");
        let all = |of: &[(char, &str)]| told(&configured(&RULE, of));
        assert_eq!(
            all(&[('a', off), ('b', off)]),
            [
                "note all 2 nodes whose settings are known keep nothing on disk (`appendonly no`, no `save`): a restart comes back empty"
            ]
        );
        assert!(all(&[('a', off), ('b', on)])[0].starts_with("note 10.0.0.1:7001 keeps nothing"));
        assert!(all(&[('a', on), ('b', "appendonly no\n")]).is_empty());
        let fsync = all(&[('a', "appendonly yes\nsave \"\"\nappendfsync always\n")]);
        assert!(fsync[0].starts_with("note `appendfsync always` on 10.0.0.1:7001"));
    }
}
