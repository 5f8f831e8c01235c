//! The answer of `impact` about tablets.

use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report;
use crate::report::HostsListed;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::report::SCHEMA_VERSION;
use crate::report::capture;
use crate::report::tablets;
use crate::tablets::Loss;
use crate::tablets::lose;

/// Domains that are lost together, and the tablets in them.
type Case = (Vec<Domain>, BTreeSet<TabletId>);

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
pub fn each(state: &Tablets, kind: DomainKind) -> Vec<Case> {
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
pub fn impact_tablets(inventory: &Inventory, seen: &TabletsSeen, cases: &[Case]) -> ImpactReport {
    let state = &seen.state;
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
    ImpactReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        now,
        doubts: Vec::new(),
        hosts_listed: HostsListed::All,
        after_plan: None,
        demands: Vec::new(),
        ok: None,
        grown: None,
        cases: cases
            .iter()
            .map(|(domains, of)| answer(domains, state, &lose(state, of)))
            .collect(),
        diagnostics: tablets::diagnostics(inventory),
    }
}

fn names(state: &Tablets, partitions: &[PartitionId]) -> String {
    let names: Vec<String> = partitions.iter().map(|&p| state.name(p)).collect();
    names.join(", ")
}

/// Name servers elect, so tablets hold no votes; nothing here has slots.
fn answer(domains: &[Domain], state: &Tablets, loss: &Loss) -> ImpactCase {
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
        copies_least: None,
        successors: None,
        failed_demands: Vec::new(),
        lost: names(state, &loss.lost),
        stuck: names(state, &loss.stuck),
        after: tablets::distribution(&loss.after),
        memory: Vec::new(),
        heirs_too_small: Vec::new(),
    }
}
