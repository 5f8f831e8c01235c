//! ## What
//! A replica that is online has said nothing to its master for some time.
//!
//! ## Why
//! It confirms what it has every second. One that is late lacks the last writes, a graceful failover to
//! it takes long or is given up, and with `min-replicas-to-write` the master may refuse writes.
//!
//! ## Do
//! Look at the host of the replica: load, swap, a slow disk, a slow command; and at the network between
//! the two.
use crate::inventory::Inventory;
use crate::model::Address;
use crate::model::Millis;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::LaggingReplica,
    id: "lagging-replica",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("lagging_replica.rs"),
};

/// Replicas that INFO lists and rules look at.
const LISTED: [&str; 10] = [
    "slave0", "slave1", "slave2", "slave3", "slave4", "slave5", "slave6", "slave7", "slave8",
    "slave9",
];

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let most = Millis(inventory.policy.thresholds.lag_ms);
    for (&master, vitals) in &inventory.vitals {
        if !cluster.node(master).is_live_member() {
            continue;
        }
        for (line, at) in LISTED.iter().filter_map(|key| vitals.text(&[key])) {
            let Some((address, lag)) = online(line).filter(|(_, lag)| *lag >= most) else {
                continue;
            };
            let Some(replica) = cluster.at(&address).next() else {
                continue;
            };
            if cluster.node(replica).master() != Some(master) {
                continue;
            }
            let message = format!(
                "{} has said nothing to its master {} for {lag}: it may lack the last writes",
                words::node(cluster, replica),
                words::node(cluster, master)
            );
            out.push(
                Finding::new(&RULE, Subject::Node(replica), message)
                    .help("look at the host of the replica (load, swap, disk) and at the network")
                    .evidence([Fact::Read(at)]),
            );
        }
    }
}

/// `ip=10.0.0.2,port=7001,state=online,offset=42,lag=31`
fn online(line: &str) -> Option<(Address, Millis)> {
    let field = |name: &str| {
        let mut fields = line.split(',');
        fields.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let address = Address::new(field("ip")?, field("port")?.parse().ok()?).ok()?;
    let lag: u64 = field("lag")?.parse().ok()?;
    (field("state") == Some("online")).then_some((address, Millis(lag.saturating_mul(1000))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::sick;
    use crate::rules::testing::told;

    #[test]
    fn fires_on_who_is_online_and_silent() {
        let all = |state: &str, lag: u64| {
            let info = format!(
                "role:master\nslave0:ip=10.0.0.3,port=7003,state={state},offset=1,lag={lag}\n"
            );
            told(&sick(&RULE, 'a', &info, ""))
        };
        assert_eq!(
            all("online", 31),
            [
                "warning 10.0.0.3:7003 has said nothing to its master 10.0.0.1:7001 for 31 s: it may lack the last writes"
            ]
        );
        assert!(all("online", 1).is_empty());
        assert!(all("wait_bgsave", 31).is_empty());
    }
}
