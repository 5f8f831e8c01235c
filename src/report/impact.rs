//! The answer of `impact`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::impact::Ground;
use crate::impact::Impact;
use crate::inventory::Inventory;
use crate::measure::Load;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::NodeId;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Doubted;
use crate::report::HostLoad;
use crate::report::Input;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::capture;
use crate::report::doubt::Doubt;
use crate::report::doubt::doubts;

/// One loss and what it leads to; counts are what it adds to `now`, except where said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ImpactCase {
    /// `host:H`, `disk:H:/dir`, `zone:Z`, `node:ADDR`; nothing in `now`.
    pub lose: Vec<String>,
    /// Nodes there that live; with none the loss has happened.
    pub nodes_lost: usize,
    /// Slots that nobody serves after it, whatever broke them.
    pub slots_down: u32,
    /// Slots whose last live copy is lost; in `now`, those without one.
    pub slots_lost: u32,
    /// Shards that elect a replica by themselves.
    pub shards_failed_over: usize,
    /// Shards with a copy left that cannot be elected; in `now`, that is not elected.
    pub shards_stuck: usize,
    /// Shards without a copy left.
    pub shards_lost: usize,
    /// Shards that go on with a single copy.
    pub shards_without_spare_copy: usize,
    pub voters_left: usize,
    pub voters_needed: usize,
    pub majority: bool,
    /// The slots of the lost shards.
    pub lost: String,
    pub stuck: String,
    /// Live nodes by host once elections are over; see `hosts_listed`.
    pub after: Vec<HostLoad>,
}

/// The hosts in the tables of an answer of `impact`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostsListed {
    /// Every host.
    All,
    /// Those whose row differs from the one in `now`: there are too many cases and hosts for
    /// full tables.
    Changed,
}

/// The answer of `impact`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ImpactReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    /// Before any loss: what is broken already, and every host.
    pub now: ImpactCase,
    /// Why all of it may be wrong.
    pub doubts: Vec<Doubted>,
    /// Which hosts `after` of a case lists.
    pub hosts_listed: HostsListed,
    pub cases: Vec<ImpactCase>,
    pub diagnostics: Vec<Diagnostic>,
}

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
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        now: answer(&[], &ground.now(), capture::distribution(cluster)),
        doubts: doubts(inventory).iter().map(Doubt::reported).collect(),
        hosts_listed,
        cases: answers,
        diagnostics: capture::diagnostics(inventory),
    }
}

fn all_hosts(cluster: &Cluster, ground: &Ground, impact: &Impact) -> Vec<HostLoad> {
    let mut loads: Vec<Load> = ground.loads().to_vec();
    for (host, load) in &impact.changed {
        loads[host.0 as usize] = *load;
    }
    let hosts = cluster.hosts.iter().zip(&loads);
    hosts
        .map(|(host, load)| capture::host_load(&host.name, load))
        .collect()
}

fn changed_hosts(cluster: &Cluster, impact: &Impact) -> Vec<HostLoad> {
    let changed = impact.changed.iter();
    changed
        .map(|(&host, load)| capture::host_load(&cluster.host(host).name, load))
        .collect()
}

fn answer(domains: &[Domain], impact: &Impact, after: Vec<HostLoad>) -> ImpactCase {
    ImpactCase {
        lose: domains.iter().map(ToString::to_string).collect(),
        nodes_lost: impact.nodes,
        slots_down: impact.down.len(),
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
