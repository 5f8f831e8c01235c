//! ## What
//! A server is at the limit of its memory, or near it, and evicts nothing.
//!
//! ## Why
//! With `maxmemory-policy noeviction` it refuses every command that may need memory (`OOM command not
//! allowed`), while reads go on and the cluster looks well. A flashbase node says so as `isOOM:true`.
//!
//! ## Do
//! Raise `maxmemory` if its host has room (K007), delete or move data to other shards, or set a policy
//! that evicts.
use crate::inventory::Inventory;
use crate::inventory::Vitals;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::OutOfMemory,
    id: "out-of-memory",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("out_of_memory.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    for (&id, vitals) in &inventory.vitals {
        let node = cluster.node(id);
        if !node.is_live() {
            continue;
        }
        let name = words::node(cluster, id);
        let says_so = vitals
            .text(&["isOOM"])
            .filter(|(value, _)| *value == "true");
        if let Some((_, at)) = says_so {
            let message = format!("{name} is out of memory by its own word (`isOOM:true`)");
            out.push(finding(id, message, Severity::Error, at));
            continue;
        }
        // A replica takes what its master sends.
        let Some(full) = full(vitals).filter(|_| node.is_master()) else {
            continue;
        };
        let percent = full.used.saturating_mul(100) / full.limit.max(1);
        let of = format!(
            "{name} uses {percent} % of its `maxmemory` ({} of {}) and evicts nothing",
            words::bytes(full.used),
            words::bytes(full.limit)
        );
        let warning = u64::from(inventory.policy.thresholds.memory_warning_percent);
        if full.used >= full.limit {
            let message = format!("{of}: it refuses writes");
            out.push(finding(id, message, Severity::Error, full.at));
        } else if percent >= warning {
            let message = format!("{of}: it will refuse writes at the limit");
            out.push(finding(id, message, Severity::Warning, full.at));
        }
    }
}

struct Full {
    used: u64,
    limit: u64,
    at: usize,
}

/// Of a server with a limit that evicts nothing.
fn full(vitals: &Vitals) -> Option<Full> {
    let (policy, _) = vitals.text(&["maxmemory_policy", "maxmemory-policy"])?;
    let (limit, _) = vitals.bytes("maxmemory").filter(|(limit, _)| *limit > 0)?;
    let (used, at) = vitals.number("used_memory")?;
    (policy == "noeviction").then_some(Full { used, limit, at })
}

fn finding(id: NodeId, message: String, severity: Severity, at: usize) -> Finding {
    Finding::new(&RULE, Subject::Node(id), message)
        .severity(severity)
        .help("raise `maxmemory` if its host has room, move slots away, or let it evict")
        .evidence([Fact::Read(at)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::sick;
    use crate::rules::testing::told;

    #[test]
    fn fires_at_the_limit_and_near_it() {
        let all = |info: &str, config: &str| told(&sick(&RULE, 'a', info, config));
        assert!(all("isOOM:true\n", "")[0].starts_with("error 10.0.0.1:7001 is out of memory"));
        assert!(all("isOOM:false\n", "").is_empty());
        let limit = "maxmemory:1000\nmaxmemory_policy:noeviction\n";
        let used = |bytes: u64| all(&format!("used_memory:{bytes}\n{limit}"), "");
        assert!(used(1000)[0].ends_with("it refuses writes"));
        assert!(used(900)[0].starts_with("warning"));
        assert!(used(899).is_empty());
        let evicts = "used_memory:1000\nmaxmemory:1000\nmaxmemory_policy:allkeys-lru\n";
        assert!(all(evicts, "").is_empty());
        let flashbase = "maxmemory 300mb\nmaxmemory-policy noeviction\n";
        assert!(all("used_memory:314572800\n", flashbase)[0].starts_with("error"));
        assert!(
            all(
                "used_memory:7\n",
                "maxmemory 0\nmaxmemory-policy noeviction\n"
            )
            .is_empty()
        );
    }
}
