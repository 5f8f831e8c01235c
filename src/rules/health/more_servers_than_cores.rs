//! ## What
//! A host runs more servers than it has cores.
//!
//! ## Why
//! A server works on one core. Where they share cores, a snapshot or a slow command of one delays the
//! others, and their pings: nodes are suspected that are well.
//!
//! ## Do
//! Spread the servers over more hosts, or run fewer and larger ones.
use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::MoreServersThanCores,
    id: "more-servers-than-cores",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("more_servers_than_cores.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    for (&host, machine) in &inventory.machines {
        let Some(cores) = &machine.cores else {
            continue;
        };
        let there = |n: &Node| n.host == Some(host) && n.is_live();
        let servers = cluster.iter().filter(|(_, n)| there(n)).count();
        if servers <= cores.value as usize {
            continue;
        }
        let message = format!(
            "{} runs {} on {}",
            cluster.host(host).name,
            words::count(servers, "server"),
            words::count(cores.value as usize, "core")
        );
        out.push(
            Finding::new(&RULE, Subject::Host(host), message)
                .help("spread the servers over more hosts, or run fewer and larger ones")
                .evidence([Fact::Read(cores.at)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::on_host;
    use crate::rules::testing::told;

    #[test]
    fn each_server_wants_a_core() {
        let two = [const { String::new() }; 2];
        let all = |cores: &str| told(&on_host(&RULE, &[("nproc.txt", cores)], &two));
        assert_eq!(all("1\n"), ["note 10.0.0.1 runs 2 servers on 1 core"]);
        assert!(all("2\n").is_empty());
    }
}
