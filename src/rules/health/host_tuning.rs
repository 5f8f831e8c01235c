//! ## What
//! A host is not set up as the servers want it: transparent huge pages, `vm.overcommit_memory`,
//! `net.core.somaxconn`, open files, swap.
//!
//! ## Why
//! With huge pages a fork copies far more memory and stalls. Without overcommit a fork is refused while
//! half of the memory is free: no snapshot, no full sync. A short queue drops connections of clients
//! that come at one time. Swapped memory makes a node so slow that the others suspect it.
//!
//! ## Do
//! Set the named values, also in the files that keep them over a reboot (`/etc/sysctl.conf`,
//! `limits.conf` or the unit of the service).
use crate::inventory::Inventory;
use crate::inventory::Machine;
use crate::model::HostId;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::HostTuning,
    id: "host-tuning",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("host_tuning.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    for (&host, machine) in &inventory.machines {
        let servers = inventory.cluster.iter().any(|(_, n)| n.host == Some(host));
        let odd = odd(inventory, host, machine);
        if odd.is_empty() || !servers {
            continue;
        }
        let parts: Vec<&str> = odd.iter().map(|(what, _)| what.as_str()).collect();
        let name = &inventory.cluster.host(host).name;
        let message = format!("{name} is not set up for servers: {}", parts.join("; "));
        out.push(
            Finding::new(&RULE, Subject::Host(host), message)
                .help("set the named values, also where they are kept over a reboot")
                .evidence(odd.iter().map(|(_, at)| Fact::Read(*at))),
        );
    }
}

/// What is not as wanted, each with its place.
fn odd(inventory: &Inventory, host: HostId, machine: &Machine) -> Vec<(String, usize)> {
    let mut odd = Vec::new();
    if let Some(never) = machine.huge_pages_never.as_ref().filter(|r| !r.value) {
        odd.push((
            "transparent huge pages are on, wanted `never`".to_owned(),
            never.at,
        ));
    }
    if let Some(mode) = machine.overcommit.as_ref().filter(|r| r.value != 1) {
        let what = format!("vm.overcommit_memory is {}, wanted 1", mode.value);
        odd.push((what, mode.at));
    }
    let least = inventory.policy.thresholds.somaxconn;
    if let Some(queue) = machine.somaxconn.as_ref().filter(|r| r.value < least) {
        let what = format!(
            "net.core.somaxconn is {}, wanted {least} or more",
            queue.value
        );
        odd.push((what, queue.at));
    }
    if let Some(files) = &machine.open_files
        && let Some(clients) = most_clients(inventory, host)
        && files.value < clients.saturating_add(RESERVED)
    {
        let what = format!(
            "a server may open {} files, wanted {} (`maxclients` {clients} and {RESERVED})",
            files.value,
            clients.saturating_add(RESERVED)
        );
        odd.push((what, files.at));
    }
    if let Some(swap) = machine.swap_used.as_ref().filter(|r| r.value > 0) {
        odd.push(("swap is in use, wanted none".to_owned(), swap.at));
    }
    odd
}

/// Files that a server keeps for itself (`CONFIG_MIN_RESERVED_FDS`).
const RESERVED: u64 = 32;

fn most_clients(inventory: &Inventory, host: HostId) -> Option<u64> {
    let there = inventory
        .cluster
        .iter()
        .filter(|(_, n)| n.host == Some(host));
    let told = there.filter_map(|(id, _)| inventory.vitals.get(&id)?.number("maxclients"));
    told.map(|(clients, _)| clients).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    #[test]
    fn names_what_is_wanted() {
        let info = ["maxclients:10000\n", ""].map(str::to_owned);
        let all = |file: &str, text: &str| told(&on_host(&RULE, &[(file, text)], &info));
        for (file, text, what) in [
            ("thp.txt", "[always] madvise never\n", "wanted `never`"),
            ("sysctl.txt", "vm.overcommit_memory = 0\n", "is 0, wanted 1"),
            (
                "sysctl.txt",
                "net.core.somaxconn = 128\n",
                "is 128, wanted 511",
            ),
            (
                "limits.txt",
                "open files (-n) 1024\n",
                "1024 files, wanted 10032",
            ),
            (
                "meminfo.txt",
                "MemTotal: 9 kB\nSwapTotal: 9 kB\nSwapFree: 8 kB\n",
                "swap is in use",
            ),
        ] {
            let found = all(file, text);
            assert!(found[0].contains(what), "{found:?}");
        }
        for (file, text) in [
            ("thp.txt", "always madvise [never]\n"),
            (
                "sysctl.txt",
                "vm.overcommit_memory = 1\nnet.core.somaxconn = 511\n",
            ),
            ("limits.txt", "open files (-n) 10032\n"),
        ] {
            assert!(all(file, text).is_empty(), "{file}");
        }
    }
}
