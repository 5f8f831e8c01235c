//! The answer of `impact` about tablets.

use std::collections::BTreeSet;

use crate::impact::TabletDemands;
use crate::impact::grow_tablets;
use crate::inventory::Inventory;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::NodeId;
use crate::model::Partition;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report;
use crate::report::HostsListed;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::report::SCHEMA_VERSION;
use crate::report::capture;
use crate::report::impact::grown_report;
use crate::report::impact::told;
use crate::report::tablets;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::step::Steps;
use crate::tablets::Loss;
use crate::tablets::lose;

/// Domains that are lost together, and the tablets in them.
pub type TabletCase = (Vec<Domain>, BTreeSet<TabletId>);

/// What is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TabletLoss {
    pub cases: Vec<TabletCase>,
    pub demands: TabletDemands,
    /// What goes in any case, and the domains of which as many as possible go as well.
    pub grow: Option<(BTreeSet<TabletId>, Vec<TabletCase>)>,
    /// The plan after which the state is.
    pub after_plan: Option<String>,
}

/// The tablets of a domain. `Err` says that there is none such.
pub fn tablets_in(state: &Tablets, domain: &Domain) -> Result<BTreeSet<TabletId>, String> {
    if let Domain::Disk(..) = domain {
        return Err("no capture tells the disks of tablets".to_owned());
    }
    if let Domain::Rack(..) = domain {
        return Err("racks of tablets are not known".to_owned());
    }
    let found = state.within(domain);
    if found.is_empty() {
        let known: Vec<String> = match domain.kind() {
            DomainKind::Host => state.hosts.iter().map(|h| h.name.to_string()).collect(),
            DomainKind::Zone => state.zones.iter().map(|z| z.name.to_string()).collect(),
            DomainKind::Node | DomainKind::Disk | DomainKind::Rack => state
                .tablets
                .iter()
                .map(|t| t.endpoint.to_string())
                .collect(),
        };
        let known = crate::text::words::list_up_to(8, &known);
        return Err(format!("no tablet in {domain}; the capture has {known}"));
    }
    Ok(found)
}

/// One case for each domain of that kind.
pub fn each(state: &Tablets, kind: DomainKind) -> Vec<TabletCase> {
    let case = |domain: Domain| {
        let of = tablets_in(state, &domain).unwrap_or_default();
        (vec![domain], of)
    };
    let domains: Vec<Domain> = match kind {
        DomainKind::Host => state
            .hosts
            .iter()
            .map(|h| Domain::Host(h.name.to_string()))
            .collect(),
        DomainKind::Zone => state
            .zones
            .iter()
            .map(|z| Domain::Zone(z.name.to_string()))
            .collect(),
        DomainKind::Node => state
            .tablets
            .iter()
            .map(|t| Domain::Node(t.endpoint.to_string()))
            .collect(),
        DomainKind::Disk | DomainKind::Rack => Vec::new(),
    };
    let cases = domains.into_iter().map(case);
    cases.filter(|(_, of)| !of.is_empty()).collect()
}

/// The answer of `impact`; each case loses all its domains at once.
pub fn impact_tablets(inventory: &Inventory, state: &Tablets, of: &TabletLoss) -> ImpactReport {
    let demands = &of.demands;
    let failed = |at: &Tablets| demands.unmet(at).iter().map(told).collect();
    let mut now = answer(&[], state, &lose(state, &BTreeSet::new()));
    let leaderless = state
        .partition_ids()
        .filter(|&p| state.leader(state.partition(p)).is_none());
    let (lost, stuck): (Vec<_>, Vec<_>) = leaderless.partition(|&p| {
        let copies = &state.partition(p).copies;
        !copies.iter().any(|held| state.is_usable(held))
    });
    (now.shards_lost, now.shards_stuck) = (lost.len(), stuck.len());
    (now.lost, now.stuck) = (names(state, &lost), names(state, &stuck));
    let single = state
        .partitions
        .iter()
        .filter(|p| p.copies.iter().filter(|held| state.is_usable(held)).count() == 1);
    now.shards_without_spare_copy = single.count();
    now.failed_demands = failed(state);
    let cases: Vec<ImpactCase> = of
        .cases
        .iter()
        .map(|(domains, tablets)| {
            let loss = lose(state, tablets);
            ImpactCase {
                failed_demands: failed(&loss.after),
                ..answer(domains, state, &loss)
            }
        })
        .collect();
    let grown = of.grow.as_ref().map(|(lost, each)| {
        let lost = lost.iter().map(|&t| t.into()).collect();
        let ids = |(_, tablets): &TabletCase| tablets.iter().map(|&t| t.into()).collect();
        let domains: Vec<Vec<NodeId>> = each.iter().map(ids).collect();
        let grown = grow_tablets(state, &lost, &domains, demands);
        grown_report(&grown, |at| {
            let names: Vec<String> = each[at].0.iter().map(ToString::to_string).collect();
            names.join(" ")
        })
    });
    let met = match cases.is_empty() {
        true => now.failed_demands.is_empty(),
        false => cases.iter().all(|case| case.failed_demands.is_empty()),
    };
    ImpactReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        now,
        doubts: Vec::new(),
        hosts_listed: HostsListed::All,
        after_plan: of.after_plan.clone(),
        demands: demands.iter().map(ToString::to_string).collect(),
        ok: (!demands.is_empty()).then_some(met),
        grown,
        cases,
        diagnostics: tablets::diagnostics(inventory),
    }
}

/// The state once the steps of that plan have run; `Err` says why they cannot.
pub fn suppose_tablets(state: &Tablets, plan: &TabletPlan) -> Result<Tablets, String> {
    let steps = Steps::of(state);
    let mut after = state.clone();
    for step in &plan.steps {
        let says = |why: &str| format!("step {} ({}): {why}", step.id, step.said());
        let act = steps.act(step);
        let act = act.ok_or_else(|| says("it names what the capture does not show"))?;
        act.guard(&after).map_err(|why| says(&why.to_string()))?;
        act.apply(&mut after);
    }
    Ok(after)
}

fn names(state: &Tablets, partitions: &[PartitionId]) -> String {
    let names: Vec<String> = partitions.iter().map(|&p| state.name(p)).collect();
    names.join(", ")
}

/// Name servers elect, so tablets hold no votes; nothing here has slots.
fn answer(domains: &[Domain], state: &Tablets, loss: &Loss) -> ImpactCase {
    let after = &loss.after;
    let in_use = |p: &Partition| p.copies.iter().filter(|c| after.is_usable(c)).count();
    ImpactCase {
        lose: domains.iter().map(ToString::to_string).collect(),
        nodes_lost: loss.tablets,
        slots_down: 0,
        slots_lost: 0,
        shards_failed_over: loss.failed_over.len(),
        shards_stuck: loss.stuck.len(),
        shards_lost: loss.lost.len(),
        shards_without_spare_copy: loss.single.len(),
        voters_left: 0,
        voters_needed: 0,
        majority: true,
        cluster_down: false,
        copies_least: loss.after.partitions.iter().map(in_use).min(),
        successors: None,
        failed_demands: Vec::new(),
        lost: names(state, &loss.lost),
        stuck: names(state, &loss.stuck),
        after: tablets::distribution(&loss.after),
        memory: Vec::new(),
        heirs_too_small: Vec::new(),
    }
}
