//! The answer of `impact`.

use std::collections::BTreeSet;

use crate::compose::capture;
use crate::impact::Ground;
use crate::impact::Impact;
use crate::inventory::Inventory;
use crate::measure::Load;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::NodeId;
use crate::report;
use crate::report::HostsListed;
use crate::report::ImpactReport;

/// Rows of hosts in all cases together, beyond which a case lists only those that it changes:
/// the full tables of as many cases as hosts are larger than any capture.
const ROWS: usize = 200_000;

/// Domains that are lost together, and the nodes in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    pub domains: Vec<Domain>,
    pub nodes: BTreeSet<NodeId>,
}

/// The answer of `impact`; each case loses all its domains at once.
pub fn impact(inventory: &Inventory, cases: &[Case]) -> ImpactReport {
    let cluster = &inventory.cluster;
    let mut ground = Ground::new(cluster);
    let hosts_listed = if cases.len().saturating_mul(cluster.hosts.len()) > ROWS {
        HostsListed::Changed
    } else {
        HostsListed::All
    };
    let mut answers = Vec::with_capacity(cases.len());
    for case in cases {
        let impact = ground.lose(&case.nodes);
        let after = match hosts_listed {
            HostsListed::All => all_hosts(cluster, &ground, &impact),
            HostsListed::Changed => changed_hosts(cluster, &impact),
        };
        answers.push(answer(&case.domains, &impact, after));
    }
    ImpactReport {
        schema_version: report::SCHEMA_VERSION,
        tool: capture::tool(),
        inputs: capture::inputs(inventory),
        now: capture::distribution(cluster),
        hosts_listed,
        cases: answers,
        diagnostics: capture::diagnostics(inventory),
    }
}

fn all_hosts(cluster: &Cluster, ground: &Ground, impact: &Impact) -> Vec<report::HostLoad> {
    let mut loads: Vec<Load> = ground.loads().to_vec();
    for (host, load) in &impact.changed {
        loads[host.0 as usize] = *load;
    }
    let hosts = cluster.hosts.iter().zip(&loads);
    hosts
        .map(|(host, load)| capture::host_load(&host.name, load))
        .collect()
}

fn changed_hosts(cluster: &Cluster, impact: &Impact) -> Vec<report::HostLoad> {
    let changed = impact.changed.iter();
    changed
        .map(|(&host, load)| capture::host_load(&cluster.host(host).name, load))
        .collect()
}

fn answer(domains: &[Domain], impact: &Impact, after: Vec<report::HostLoad>) -> report::ImpactCase {
    report::ImpactCase {
        lose: domains.iter().map(ToString::to_string).collect(),
        slots_lost: impact.lost.len(),
        shards_failed_over: impact.shards_failed_over,
        shards_stuck: impact.shards_stuck,
        shards_lost: impact.shards_lost,
        shards_without_spare_copy: impact.shards_on_one_copy,
        voters_left: impact.voters_left,
        voters_needed: impact.voters_needed,
        majority: impact.voters_left >= impact.voters_needed,
        lost: impact.lost.to_string(),
        stuck: impact.stuck.to_string(),
        after,
    }
}
