//! ## What
//! The replication backlog of a master holds less than a minute of its writes, at the rate at which it
//! has taken them since it was started.
//!
//! ## Why
//! A replica that is away for longer (a restart, a break of the network) finds its place gone and needs
//! a full sync: the master forks, and the shard has one copy less until it is done.
//!
//! ## Do
//! Raise `repl-backlog-size`: what is written in a minute, or in the time that a restart takes.
use crate::inventory::Inventory;
use crate::inventory::Vitals;
use crate::model::Millis;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SmallBacklog,
    id: "small-backlog",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("small_backlog.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let least = inventory.policy.thresholds.backlog_ms;
    for (&id, vitals) in &inventory.vitals {
        let node = cluster.node(id);
        if !node.is_live_member() || !node.is_master() || node.slots.is_empty() {
            continue;
        }
        let Some((size, lasts, at)) = lasts(vitals).filter(|(_, lasts, _)| lasts.0 < least) else {
            continue;
        };
        let message = format!(
            "the backlog of {} ({}) holds {lasts} of its writes: a replica that is away for longer needs a full sync",
            words::node(cluster, id),
            words::bytes(size)
        );
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .help("raise `repl-backlog-size` to what is written while a server is restarted")
                .evidence([Fact::Read(at)]),
        );
    }
}

/// The size of the backlog, and for how long it lasts.
fn lasts(vitals: &Vitals) -> Option<(u64, Millis, usize)> {
    // The first minute of a process says little of its rate.
    const SHORTEST: u64 = 600;
    let (size, at) = vitals
        .number("repl_backlog_size")
        .or_else(|| vitals.bytes("repl-backlog-size"))?;
    let (written, _) = vitals.number("master_repl_offset")?;
    let (seconds, _) = vitals.number("uptime_in_seconds")?;
    if seconds < SHORTEST || written == 0 {
        return None;
    }
    let ms = u128::from(size) * u128::from(seconds) * 1000 / u128::from(written);
    Some((size, Millis(u64::try_from(ms).unwrap_or(u64::MAX)), at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::sick;
    use crate::rules::testing::told;

    #[test]
    fn the_rate_decides() {
        let all = |offset: u64, uptime: u64| {
            let info = format!(
                "repl_backlog_size:1048576\nmaster_repl_offset:{offset}\nuptime_in_seconds:{uptime}\n"
            );
            told(&sick(&RULE, 'a', &info, ""))
        };
        // A megabyte a second.
        assert_eq!(
            all(1_048_576_000, 1000),
            [
                "note the backlog of 10.0.0.1:7001 (1 MiB) holds 1 s of its writes: a replica that is away for longer needs a full sync"
            ]
        );
        assert!(all(1_048_576, 1000).is_empty());
        assert!(all(1_048_576_000, 100).is_empty());
    }
}
