//! ## What
//! Data is in the memory of one host alone: no other host has a live copy, and the servers that have it
//! keep nothing on disk (`appendonly no` and no `save`). Or servers write their append-only file in a way
//! that is very slow or not safe (`appendfsync always`, `appendfsync no`).
//!
//! ## Why
//! A process that keeps nothing comes back empty: with that host, or with a restart, the data is gone.
//! Where copies on other hosts live nothing is said, as a cache may be meant so.
//!
//! ## Do
//! Give the shard a replica on another host (R001), or turn on `save` or `appendonly yes` with `appendfsync
//! everysec`, before anything is restarted there.
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
    let (mut shards, mut places) = (Vec::new(), Vec::new());
    let all = cluster.shards();
    let held = cluster.copies(&all);
    for (shard, of) in all.iter().zip(held.shards()) {
        let copies = measure::live_copies(cluster, shard);
        let empty = |&id: &NodeId| cluster.node(id).persistence == Persistence::Nothing;
        let alone = held.live_master(of).is_some() && measure::is_unprotected(&held, of);
        if !alone || !copies.iter().all(empty) || cluster.node(shard.owner).keys == Some(0) {
            continue;
        }
        let told = |id: NodeId| inventory.vitals.get(&id)?.text(&["save", "appendonly"]);
        places.extend(copies.iter().filter_map(|&id| Some(told(id)?.1)));
        shards.push(words::shard(cluster, shard));
    }
    if !places.is_empty() {
        let message = format!(
            "the data of {} is in the memory of one host alone and not on its disk (`appendonly no`, no `save`): a restart loses it",
            words::list(&shards)
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

fn finding(message: String, places: &[usize]) -> Finding {
    let places = places.iter().take(words::LISTED).copied();
    Finding::new(&RULE, Subject::Capture, message)
        .help("`appendonly yes` with `appendfsync everysec`, at least on the replicas, unless it is a cache")
        .evidence(places.map(Fact::Read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::configured;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    #[test]
    fn fires_where_one_host_has_all_of_it() {
        let (off, on) = ("appendonly no\nsave \"\"\n", "appendonly yes\nsave \"\"\n");
        let all = |of: &[(char, &str)]| told(&configured(&RULE, of));
        assert!(all(&[('a', off), ('b', off), ('c', off), ('d', off)]).is_empty());
        let fsync = all(&[('a', "appendonly yes\nsave \"\"\nappendfsync always\n")]);
        assert!(fsync[0].starts_with("note `appendfsync always` on 10.0.0.1:7001"));
        let conf = |port: u16, setting: &str| {
            (
                format!("redis-{port}.conf"),
                format!("port {port}\ncluster-enabled yes\nbind 10.0.0.1\n{setting}"),
            )
        };
        let alone = |first: &str, second: &str| {
            let files = [conf(7001, first), conf(7002, second)];
            let files = files
                .each_ref()
                .map(|(name, text)| (name.as_str(), text.as_str()));
            told(&on_host(&RULE, &files, &[]))
        };
        assert_eq!(
            alone(off, on),
            [
                "note the data of 10.0.0.1:7001 (0-8191) is in the memory of one host alone and not on its disk (`appendonly no`, no `save`): a restart loses it"
            ]
        );
        assert!(alone(off, off)[0].contains(" is in the memory"));
        assert!(alone(on, on).is_empty());
        assert!(alone("appendonly no\n", on).is_empty());
    }
}
