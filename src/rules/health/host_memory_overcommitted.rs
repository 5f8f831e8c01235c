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
use crate::measure::Memory;
use crate::measure::is_unlimited;
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

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let thresholds = &inventory.policy.thresholds;
    let memory = Memory::of(cluster, thresholds.forks);
    for host in (0..cluster.hosts.len() as u32).map(HostId) {
        let Some(memory) = memory.on(host).filter(|m| !m.servers.is_empty()) else {
            continue;
        };
        let name = &cluster.host(host).name;
        let servers = words::count(memory.servers.len(), "server");
        let sums = format!(
            "the {servers} on {name} may use {} of {}",
            words::bytes(memory.at_rest()),
            words::bytes(memory.has)
        );
        let ids = || memory.servers.iter().map(|(id, _)| *id);
        let unlimited = || ids().filter(|&id| is_unlimited(cluster.node(id)));
        let most = u128::from(memory.has) * u128::from(thresholds.host_memory_percent) / 100;
        let (message, severity) = if !memory.fits() {
            let fork = words::bytes(memory.needed());
            let once = "with the largest once more for its fork";
            (format!("{sums}, {once} {fork}"), Severity::Warning)
        } else if u128::from(memory.at_rest()) > most {
            let percent = thresholds.host_memory_percent;
            (format!("{sums}, more than {percent} %"), Severity::Note)
        } else if memory.is_own && memory.servers.len() > 1 && unlimited().count() > 0 {
            let who = words::nodes(cluster, unlimited());
            let has = if unlimited().count() == 1 {
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
        let limits = ids().filter_map(|id| inventory.vitals.get(&id)?.bytes("maxmemory"));
        let places = told.into_iter().chain(limits.map(|(_, at)| at));
        out.push(
            Finding::new(&RULE, Subject::Host(host), message)
                .severity(severity)
                .help("lower `maxmemory`, move servers to other hosts, or add memory")
                .evidence(places.take(words::LISTED).map(Fact::Read)),
        );
    }
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
