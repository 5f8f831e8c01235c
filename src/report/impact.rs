//! The answer of `impact`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::impact::Demand;
use crate::impact::Ground;
use crate::impact::Grown;
use crate::impact::Impact;
use crate::impact::Unmet;
use crate::impact::grow;
use crate::inventory::Inventory;
use crate::measure::HostMemory;
use crate::measure::Load;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::HostId;
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
    /// `host:H`, `disk:H:/dir`, `zone:Z`, `rack:Z/R`, `node:ADDR`; nothing in `now`.
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
    /// Every node refuses clients: no majority is left, or a slot is down while the servers want
    /// all of them (`cluster-require-full-coverage`).
    pub cluster_down: bool,
    /// Live copies of the shard that has the fewest; null without a shard.
    pub copies_least: Option<usize>,
    /// Which shard goes to whom; null where there are too many cases for it: see `hosts_listed`.
    pub successors: Option<Vec<Successor>>,
    /// What was demanded and is not so afterwards, whatever broke it.
    pub failed_demands: Vec<FailedDemand>,
    /// The slots of the lost shards.
    pub lost: String,
    pub stuck: String,
    /// Live nodes by host once elections are over; see `hosts_listed`.
    pub after: Vec<HostLoad>,
    /// Hosts that still run a server and whose memory is known; where `hosts_listed` is `changed`,
    /// only those that are short.
    #[serde(default)]
    pub memory: Vec<HostRoom>,
    /// Promoted replicas whose `maxmemory` is below what their shard holds: as masters they refuse
    /// writes or evict keys. Addresses, or ids where there is none.
    #[serde(default)]
    pub heirs_too_small: Vec<String>,
}

/// Memory of one host, counted once for all its servers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostRoom {
    pub host: String,
    pub memory_bytes: u64,
    /// What its servers may need: their limits, or what they use where that is more, and the largest
    /// once more for its fork.
    pub needed_bytes: u64,
    pub fits: bool,
}

/// A shard that elects a replica.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Successor {
    pub slots: String,
    /// Address, or id where there is none.
    pub from: String,
    pub to: String,
    pub host: Option<String>,
}

/// A demand that is not met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedDemand {
    /// `serve`, `majority`, `memory`, `copies=N`.
    pub demand: String,
    pub message: String,
}

/// The most domains of one kind that may go together, beside what is lost in any case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrownReport {
    pub together: Vec<String>,
    /// No larger set meets the demands.
    pub is_largest: bool,
    /// Why each of the others may not go with them.
    pub next: Vec<NextLoss>,
}

/// A domain that may not go, too.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NextLoss {
    pub lose: String,
    pub failed_demands: Vec<FailedDemand>,
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
    /// The plan that is supposed to have run.
    pub after_plan: Option<String>,
    /// What was demanded.
    pub demands: Vec<String>,
    /// Every demand is met in every case; null where nothing was demanded.
    pub ok: Option<bool>,
    pub cases: Vec<ImpactCase>,
    pub grown: Option<GrownReport>,
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

/// What goes in any case, and the domains of which as many as possible go as well.
pub type Growing = (BTreeSet<NodeId>, Vec<(Domain, Vec<NodeId>)>);

/// What is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loss {
    pub cases: Vec<Case>,
    pub demands: Vec<Demand>,
    pub grow: Option<Growing>,
    /// The plan after which the cluster of the inventory is.
    pub after_plan: Option<String>,
}

/// The answer of `impact`; each case loses all its domains at once.
pub fn impact(inventory: &Inventory, loss: &Loss) -> ImpactReport {
    let cluster = &inventory.cluster;
    let cases = &loss.cases;
    let mut ground = Ground::new(cluster, inventory.policy.thresholds.forks);
    let hosts_listed = if cases.len().saturating_mul(cluster.hosts.len()) > ROWS {
        HostsListed::Changed
    } else {
        HostsListed::All
    };
    let mut answers = Vec::with_capacity(cases.len());
    for case in cases {
        let impact = ground.lose(&case.nodes);
        let (after, successors) = match hosts_listed {
            HostsListed::All => (
                all_hosts(cluster, &ground, &impact),
                Some(successors(cluster, &ground, &impact)),
            ),
            HostsListed::Changed => (changed_hosts(cluster, &impact), None),
        };
        answers.push(ImpactCase {
            successors,
            failed_demands: failed(&loss.demands, &impact),
            memory: memory(cluster, &ground, &impact, hosts_listed),
            ..answer(cluster, &case.domains, &impact, after)
        });
    }
    let now = ground.now();
    let grown = loss.grow.as_ref().map(|(lost, domains)| {
        let nodes: Vec<Vec<NodeId>> = domains.iter().map(|(_, nodes)| nodes.clone()).collect();
        let grown = grow(&mut ground, lost, &nodes, &loss.demands);
        grown_report(&grown, |domain| domains[domain].0.to_string())
    });
    let failed_now = failed(&loss.demands, &now);
    let met = match answers.is_empty() {
        true => failed_now.is_empty(),
        false => answers.iter().all(|case| case.failed_demands.is_empty()),
    };
    ImpactReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        now: ImpactCase {
            failed_demands: failed_now,
            memory: memory(cluster, &ground, &now, hosts_listed),
            ..answer(cluster, &[], &now, capture::distribution(cluster))
        },
        doubts: doubts(inventory).iter().map(Doubt::reported).collect(),
        hosts_listed,
        after_plan: loss.after_plan.clone(),
        demands: loss.demands.iter().map(ToString::to_string).collect(),
        ok: (!loss.demands.is_empty()).then_some(met),
        cases: answers,
        grown,
        diagnostics: capture::diagnostics(inventory),
    }
}

/// `name`: what the domain of that index is called.
pub(super) fn grown_report(grown: &Grown, name: impl Fn(usize) -> String) -> GrownReport {
    let next = grown.next.iter().map(|(domain, unmet)| NextLoss {
        lose: name(*domain),
        failed_demands: unmet.iter().map(told).collect(),
    });
    GrownReport {
        together: grown.together.iter().map(|&domain| name(domain)).collect(),
        is_largest: grown.is_largest,
        next: next.collect(),
    }
}

fn failed(demands: &[Demand], impact: &Impact) -> Vec<FailedDemand> {
    let unmet = demands.iter().filter_map(|demand| demand.unmet(impact));
    unmet.map(|unmet| told(&unmet)).collect()
}

pub(super) fn told(unmet: &Unmet) -> FailedDemand {
    FailedDemand {
        demand: unmet.demand.to_string(),
        message: unmet.why.to_string(),
    }
}

fn memory(cluster: &Cluster, ground: &Ground, impact: &Impact, of: HostsListed) -> Vec<HostRoom> {
    let room = |(host, memory): (HostId, &HostMemory)| HostRoom {
        host: cluster.host(host).name.to_string(),
        memory_bytes: memory.has,
        needed_bytes: memory.needed(),
        fits: memory.fits(),
    };
    match of {
        HostsListed::All => ground.memory(impact).map(room).collect(),
        HostsListed::Changed if impact.room.short.is_empty() => Vec::new(),
        HostsListed::Changed => {
            let short = ground.memory(impact).filter(|(_, memory)| !memory.fits());
            short.map(room).collect()
        }
    }
}

fn called(cluster: &Cluster, id: NodeId) -> String {
    let node = cluster.node(id);
    let address = node.address.as_ref().map(ToString::to_string);
    address.unwrap_or_else(|| node.name.to_string())
}

fn successors(cluster: &Cluster, ground: &Ground, impact: &Impact) -> Vec<Successor> {
    let heirs = impact.heirs.iter();
    heirs
        .map(|&(from, to)| Successor {
            slots: ground.slots_of(from).to_string(),
            from: called(cluster, from),
            to: called(cluster, to),
            host: cluster
                .node(to)
                .host
                .map(|h| cluster.host(h).name.to_string()),
        })
        .collect()
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

fn answer(
    cluster: &Cluster,
    domains: &[Domain],
    impact: &Impact,
    after: Vec<HostLoad>,
) -> ImpactCase {
    let too_small = impact.room.too_small.iter();
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
        majority: impact.has_majority(),
        cluster_down: impact.cluster_down,
        copies_least: impact.copies.keys().next().copied(),
        successors: None,
        failed_demands: Vec::new(),
        lost: impact.lost.to_string(),
        stuck: impact.stuck.to_string(),
        after,
        memory: Vec::new(),
        heirs_too_small: too_small.map(|&id| called(cluster, id)).collect(),
    }
}
