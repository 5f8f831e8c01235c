//! ## What
//! The servers of a host may together need more memory than it has: the limits of all (what they use,
//! where that is more), and once more the largest, which forks for a snapshot or a full sync.
//!
//! ## Why
//! A fork shares its memory with the server until the server writes: under load it may need all of it
//! twice. What the host does not have the kernel takes by killing the largest process.
//!
//! ## Do
//! Lower `maxmemory`, move servers to other hosts, or add memory. A rule of thumb is that all limits
//! together take no more than 70 percent.
use crate::inventory::Inventory;
use crate::model::HostId;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::HostMemoryOvercommitted,
    id: "host-memory-overcommitted",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("host_memory_overcommitted.rs"),
};

/// What the servers of one host may use.
#[derive(Default)]
struct Needs {
    servers: usize,
    sum: u64,
    largest: u64,
    /// Servers without a limit.
    unlimited: Vec<NodeId>,
    places: Vec<usize>,
}

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let thresholds = &inventory.policy.thresholds;
    for host in (0..cluster.hosts.len() as u32).map(HostId) {
        let Some(needs) = needs(inventory, host) else {
            continue;
        };
        // In a container the server sees the memory of the whole machine, so that is the last resort.
        let own = cluster.host(host).memory_bytes;
        let Some(memory) = own.or_else(|| seen_by_servers(inventory, host)) else {
            continue;
        };
        let name = &cluster.host(host).name;
        let forks = needs.largest.saturating_mul(u64::from(thresholds.forks));
        let total = needs.sum.saturating_add(forks);
        let servers = words::count(needs.servers, "server");
        let sums = format!(
            "the {servers} on {name} may use {} of {}",
            words::bytes(needs.sum),
            words::bytes(memory)
        );
        let most = u128::from(memory) * u128::from(thresholds.host_memory_percent) / 100;
        let (message, severity) = if total > memory {
            let fork = words::bytes(total);
            let once = "with the largest once more for its fork";
            (format!("{sums}, {once} {fork}"), Severity::Warning)
        } else if u128::from(needs.sum) > most {
            let percent = thresholds.host_memory_percent;
            (format!("{sums}, more than {percent} %"), Severity::Note)
        } else if own.is_some() && needs.servers > 1 && !needs.unlimited.is_empty() {
            let who = words::nodes(cluster, needs.unlimited.iter().copied());
            let has = if needs.unlimited.len() == 1 {
                "has"
            } else {
                "have"
            };
            let message = format!(
                "{who} {has} no `maxmemory` and may take the memory of the other servers on {name}"
            );
            (message, Severity::Note)
        } else {
            continue;
        };
        let machine = inventory.machines.get(&host);
        let told = machine.and_then(|m| m.memory.as_ref()).map(|r| r.at);
        let places = told.into_iter().chain(needs.places);
        out.push(
            Finding::new(&RULE, Subject::Host(host), message)
                .severity(severity)
                .help("lower `maxmemory`, move servers to other hosts, or add memory")
                .evidence(places.take(words::LISTED).map(Fact::Read)),
        );
    }
}

/// `None` where what some server may use is not known.
fn needs(inventory: &Inventory, host: HostId) -> Option<Needs> {
    let mut needs = Needs::default();
    let live = |n: &Node| n.host == Some(host) && n.is_live();
    for (id, node) in inventory.cluster.iter().filter(|(_, n)| live(n)) {
        let vitals = inventory.vitals.get(&id)?;
        let limit = vitals.bytes("maxmemory");
        let used = node.used_memory;
        let most = match (limit, used) {
            (Some((0, _)), None) | (None, _) => return None,
            (Some((limit, _)), used) => limit.max(used.unwrap_or(0)),
        };
        if let Some((0, _)) = limit {
            needs.unlimited.push(id);
        }
        needs.servers += 1;
        needs.sum = needs.sum.saturating_add(most);
        needs.largest = needs.largest.max(most);
        needs.places.extend(limit.map(|(_, at)| at));
    }
    (needs.servers > 0).then_some(needs)
}

fn seen_by_servers(inventory: &Inventory, host: HostId) -> Option<u64> {
    let there = inventory
        .cluster
        .iter()
        .filter(|(_, n)| n.host == Some(host));
    let told = there.filter_map(|(id, _)| inventory.vitals.get(&id)?.number("total_system_memory"));
    told.map(|(bytes, _)| bytes).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    fn all(gib: u64, limits: [u64; 2]) -> Vec<String> {
        let free = format!("MemTotal: {} kB\nMemAvailable: 1 kB\n", gib << 20);
        let info = limits.map(|gib| format!("used_memory:1\nmaxmemory:{}\n", gib << 30));
        told(&on_host(&RULE, &[("meminfo.txt", &free)], &info))
    }

    #[test]
    fn the_limits_and_one_fork_must_fit() {
        assert_eq!(all(32, [9, 9]), [] as [String; 0]);
        assert_eq!(
            all(32, [12, 12]),
            [
                "warning the 2 servers on 10.0.0.1 may use 24 GiB of 32 GiB, with the largest once more for its fork 36 GiB"
            ]
        );
        assert!(all(32, [20, 4])[0].starts_with("warning"));
        let tight = all(32, [17, 6]);
        assert!(tight[0].starts_with("warning"), "{tight:?}");
        // Three of them: 4 * 6 + 6 of 32 fit, and are more than 70 percent.
        assert_eq!(
            all(100, [36, 36]),
            [
                "warning the 2 servers on 10.0.0.1 may use 72 GiB of 100 GiB, with the largest once more for its fork 108 GiB"
            ]
        );
        assert!(all(32, [0, 9])[0].contains("no `maxmemory`"));
    }

    #[test]
    fn what_is_not_known_is_no_finding() {
        let nothing = ["used_memory:1\n", "used_memory:1\nmaxmemory:99\n"].map(str::to_owned);
        assert!(on_host(&RULE, &[("meminfo.txt", "MemTotal: 1 kB\n")], &nothing).is_empty());
    }
}
