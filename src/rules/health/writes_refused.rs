//! ## What
//! A server cannot write to its disk: the last snapshot or the last write to its append-only file
//! failed, or it answers `MISCONF`. Or a master has fewer replicas in sync than `min-replicas-to-write`
//! wants.
//!
//! ## Why
//! A master then refuses every write (`stop-writes-on-bgsave-error` is on by default), and a PING as
//! well. A replica refuses them once it is promoted. Where the setting is off writes go on, and the
//! next restart brings back an old state. Without enough replicas a master answers `NOREPLICAS`.
//!
//! ## Do
//! Look at the disk of the data directory: full, gone, read-only, not writable for the user of the
//! server. Then `BGSAVE` once: the first one that succeeds lifts it. Of replicas: bring them back, or
//! lower `min-replicas-to-write` until they are.
use crate::inventory::Inventory;
use crate::inventory::MISCONF;
use crate::inventory::Vitals;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::WritesRefused,
    id: "writes-refused",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("writes_refused.rs"),
};

/// What failed, and what follows (`writeCommandsDeniedByDiskError`).
struct Failure {
    what: &'static str,
    refuses: Refuses,
    at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refuses {
    Yes,
    No,
    /// Nothing tells whether it saves.
    Perhaps,
}

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    for (&id, vitals) in &inventory.vitals {
        let node = cluster.node(id);
        let writes = node.is_live() && node.is_master() && !node.slots.is_empty();
        if let Some((wanted, good, at)) = too_few(vitals).filter(|_| writes) {
            out.push(unheard(cluster, id, wanted, good, at));
        }
        let Some(failure) = failure(vitals).filter(|_| node.is_live()) else {
            continue;
        };
        let name = words::node(cluster, id);
        let what = failure.what;
        let message = match (failure.refuses, node.is_master()) {
            (Refuses::Yes, true) => format!("{name} refuses every write: {what}"),
            (Refuses::Yes, false) => {
                format!("{name} would refuse every write if it were promoted: {what}")
            }
            (Refuses::Perhaps, true) => {
                format!("{name} refuses every write, unless `save` is off: {what}")
            }
            (Refuses::Perhaps | Refuses::No, _) => {
                format!(
                    "{name} cannot write to its disk: {what}; a restart brings back an old state"
                )
            }
        };
        let severity = match failure.refuses {
            Refuses::Yes if node.is_master() => Severity::Error,
            Refuses::Yes | Refuses::No | Refuses::Perhaps => Severity::Warning,
        };
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .severity(severity)
                .help(
                    "look at its disk (space, rights, the data directory) and its log, then BGSAVE",
                )
                .evidence([Fact::Read(failure.at)]),
        );
    }
}

/// `min-replicas-to-write` where fewer replicas are good, and how many are (`checkGoodReplicasStatus`).
/// INFO has the number only where one is wanted.
fn too_few(vitals: &Vitals) -> Option<(u64, u64, usize)> {
    let names = ["min-replicas-to-write", "min-slaves-to-write"];
    let (wanted, _) = vitals.text(&names)?;
    let wanted: u64 = wanted.parse().ok()?;
    let (good, at) = vitals.number("min_slaves_good_slaves")?;
    (good < wanted).then_some((wanted, good, at))
}

fn unheard(cluster: &Cluster, id: NodeId, wanted: u64, good: u64, at: usize) -> Finding {
    let message = format!(
        "{} refuses every write: `min-replicas-to-write` wants {} in sync, and it has {good}",
        words::node(cluster, id),
        words::count(wanted as usize, "replica")
    );
    Finding::new(&RULE, Subject::Node(id), message)
        .help("bring its replicas back, or lower `min-replicas-to-write` until they are")
        .evidence([Fact::Read(at)])
}

fn failure(vitals: &Vitals) -> Option<Failure> {
    let misconf = vitals.get(MISCONF).map(|told| Failure {
        what: "it answers MISCONF",
        refuses: Refuses::Yes,
        at: told.at,
    });
    misconf.or_else(|| log(vitals)).or_else(|| snapshot(vitals))
}

fn failed(vitals: &Vitals, key: &str) -> Option<usize> {
    let (status, at) = vitals.text(&[key])?;
    (status == "err").then_some(at)
}

fn log(vitals: &Vitals) -> Option<Failure> {
    let at = failed(vitals, "aof_last_write_status")?;
    let off = vitals.text(&["appendonly"]).is_some_and(|(v, _)| v == "no");
    (!off).then_some(Failure {
        what: "the last write to its append-only file failed",
        refuses: Refuses::Yes,
        at,
    })
}

fn snapshot(vitals: &Vitals) -> Option<Failure> {
    let at = failed(vitals, "rdb_last_bgsave_status")?;
    let stops = vitals.text(&["stop-writes-on-bgsave-error"]);
    let stops = stops.is_none_or(|(value, _)| value != "no");
    Some(Failure {
        what: "its last snapshot failed",
        refuses: match vitals.saves() {
            Some((true, _)) if stops => Refuses::Yes,
            None if stops => Refuses::Perhaps,
            Some(_) | None => Refuses::No,
        },
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::sick;
    use crate::rules::testing::told;

    #[test]
    fn fires_where_a_write_is_refused() {
        let all = |info: &str, config: &str| told(&sick(&RULE, 'a', info, config));
        let err = "rdb_last_bgsave_status:err\n";
        assert_eq!(
            all(err, "save 3600 1\n"),
            ["error 10.0.0.1:7001 refuses every write: its last snapshot failed"]
        );
        assert!(all(err, "")[0].contains("unless `save` is off"));
        for off in ["save \"\"\n", "save 1 1\nstop-writes-on-bgsave-error no\n"] {
            assert!(all(err, off)[0].starts_with("warning 10.0.0.1:7001 cannot write"));
        }
        let aof = "aof_last_write_status:err\n";
        assert!(all(aof, "")[0].starts_with("error"));
        assert!(all(aof, "appendonly no\n").is_empty());
        assert!(all("rdb_last_bgsave_status:ok\n", "save 1 1\n").is_empty());
        let few = "min_slaves_good_slaves:1\n";
        assert_eq!(
            all(few, "min-replicas-to-write 2\n"),
            [
                "error 10.0.0.1:7001 refuses every write: `min-replicas-to-write` wants 2 replicas in sync, and it has 1"
            ]
        );
        assert!(all(few, "min-slaves-to-write 1\n").is_empty());
        let of_replica = told(&sick(&RULE, 'c', err, "save 1 1\n"));
        assert!(of_replica[0].starts_with("warning 10.0.0.3:7003 would refuse"));
    }
}
