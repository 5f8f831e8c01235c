//! What a rolling restart comes to, counted again from the steps.
//!
//! Process by process the file tells all that bounds the waves: which restarts are of one shard, and
//! whom the sync of each burdens. Host by host it tells where the copies of every shard are and what
//! leading from each place is held to cost: what no order is below is added up again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Kind;
use crate::plan::Level;
use crate::plan::restart::Unit;
use crate::plan::restart::over;
use crate::plan::rolling::joint::MOST_PRICES;
use crate::report::HostLoad;
use crate::report::PLAN_VERSION;
use crate::report::PlanReport;
use crate::report::Step;
use crate::report::plan::Restart;
use crate::report::plan::RestartBudgets;
use crate::report::plan::RestartOrder;
use crate::report::verify::flaw::Flaws;

pub(super) fn check(plan: &PlanReport, flaws: &mut Flaws) {
    let Some(told) = &plan.restart else { return };
    let restarts: Vec<&Step> = of_kind(plan, Kind::Restart).collect();
    let failovers = whole(of_kind(plan, Kind::Failover).count());
    flaws.same("restart.processes", told.processes, restarts.len());
    flaws.same("restart.failovers", told.failovers, failovers);
    let waves: BTreeSet<u32> = restarts.iter().map(|s| s.wave).collect();
    flaws.same("restart.waves", told.waves, whole(waves.len()));
    let bounds = [
        ("failovers_bound", told.failovers_bound, told.failovers),
        ("waves_bound", told.waves_bound, told.waves),
    ];
    for (name, bound, value) in bounds {
        if bound > value {
            flaws.cannot(&format!("restart.{name}"), &bound, "above the value");
        }
    }
    if told.unit == Unit::Process {
        // The roles decide it: their level has the proof.
        flaws.same("restart.failovers_bound", told.failovers_bound, failovers);
        flaws.same(
            "restart.textbook_waves",
            told.textbook_waves,
            whole(restarts.len()),
        );
        let least = least(plan, &restarts, told.budgets.as_ref());
        match &told.budgets {
            Some(budgets) if budgets.per_disk.is_none() && budgets.per_zone.is_none() => {
                flaws.same("restart.waves_bound", told.waves_bound, least);
            }
            // The file tells nobody's disk or zone.
            Some(_) | None if told.waves_bound < least => {
                flaws.differs("restart.waves_bound", &told.waves_bound, &least);
            }
            Some(_) | None => {}
        }
    }
    if told.unit != Unit::Process {
        match &told.order {
            Some(order) => by_order(plan, told, order, &restarts, flaws),
            // Nothing is known then.
            None if plan.schema_version == PLAN_VERSION => {
                flaws.same("restart.failovers_bound", told.failovers_bound, 0);
                flaws.same("restart.waves_bound", told.waves_bound, 0);
            }
            None => {}
        }
    }
    let level = plan.objective.iter().find(|l| l.level == Level::Failovers);
    if let Some(level) = level {
        flaws.same("restart.failovers", told.failovers, level.value);
    }
}

/// No number in it is so large that a sum of them would not fit.
const LARGEST: i64 = 1_000_000_000;

/// What no order is below, and whether what that is added up from is what the rest of the file says.
fn by_order(
    plan: &PlanReport,
    told: &Restart,
    order: &RestartOrder,
    restarts: &[&Step],
    flaws: &mut Flaws,
) {
    if let Err(odd) = fits(plan, told.unit, order, restarts) {
        flaws.cannot("restart.order", &"an order", &odd);
        return;
    }
    let over = [Level::OverHost, Level::OverZone].map(|level| {
        let level = plan.objective.iter().find(|l| l.level == level);
        level.map_or(0, |l| over(l.selected, l.before, l.value))
    });
    if over.iter().any(|over| !(0..=LARGEST).contains(over)) {
        flaws.cannot(
            "restart.order",
            &"an order",
            "masters above a share are so many",
        );
        return;
    }
    let game = order.game(over);
    let (failovers, waves) = game.bounds(&order.prices, told.failovers);
    flaws.same("restart.failovers_bound", told.failovers_bound, failovers);
    flaws.same("restart.waves_bound", told.waves_bound, waves);
}

/// What is in the way of adding an order up.
fn fits(
    plan: &PlanReport,
    unit: Unit,
    order: &RestartOrder,
    restarts: &[&Step],
) -> Result<(), String> {
    let whole = |number: &i64| (0..=LARGEST).contains(number);
    if !order.prices.iter().flatten().all(whole) || order.prices.len() > MOST_PRICES {
        return Err("a price is none".to_owned());
    }
    let places: BTreeSet<&String> = order.places.iter().collect();
    if places.len() < order.places.len() {
        return Err("a place stands twice".to_owned());
    }
    let masters: usize = plan.before.iter().map(|host| host.masters).sum();
    let live = |host: &&HostLoad| host.masters + host.replicas + host.spares > 0;
    let hosts = plan.before.iter().filter(live).count().max(1);
    let fair = i64::try_from(masters.div_ceil(hosts)).unwrap_or(i64::MAX);
    for stand in &order.stands {
        if !whole(&stand.share) || (!stand.is_zone && stand.share < fair) {
            return Err(format!("{} holds {fair} masters", stand.name));
        }
    }
    let members: BTreeMap<&str, Option<&str>> = plan
        .cluster
        .members
        .iter()
        .map(|m| (m.address.as_deref().unwrap_or(&m.id), m.host.as_deref()))
        .collect();
    let owners: BTreeMap<&str, Option<&str>> = plan
        .cluster
        .shards
        .iter()
        .map(|s| (s.slots.as_str(), s.address.as_deref()))
        .collect();
    // By who goes down the slots that it copies; null for who copies none.
    let mut down: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for step in restarts {
        let address = step.address.as_deref().unwrap_or_default();
        let donor = step.guard.donor.as_ref();
        down.insert(address, donor.map(|d| d.slots.as_str()));
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for shard in &order.shards {
        let Some(first) = shard.copies.first() else {
            return Err(format!("{} has no copy", shard.slots));
        };
        if owners.get(shard.slots.as_str()) != Some(&Some(&first.address)) {
            return Err(format!("{} does not own {}", first.address, shard.slots));
        }
        for copy in &shard.copies {
            let address = copy.address.as_str();
            let host = members.get(address).copied().flatten();
            if !seen.insert(address) || !members.contains_key(address) {
                return Err(format!("{address} is not one copy of the cluster"));
            }
            let slots = down.remove(address);
            if slots.is_some() != copy.place.is_some()
                || slots.flatten().is_some_and(|slots| slots != shard.slots)
            {
                return Err(format!("{address} is not restarted as said"));
            }
            let place = match copy.place.map(|place| order.places.get(place)) {
                Some(None) => return Err(format!("{address} goes down nowhere")),
                Some(Some(place)) => Some(place.as_str()),
                None => None,
            };
            if unit == Unit::Host && place.is_some_and(|place| Some(place) != host) {
                return Err(format!("{address} is on another host"));
            }
            let stands = copy.stands.iter().map(|&stand| order.stands.get(stand));
            let stands: Option<Vec<_>> = stands.collect();
            let Some(stands) = stands else {
                return Err(format!("{address} leads from nowhere"));
            };
            let on = stands.iter().find(|stand| !stand.is_zone);
            if on.map(|stand| stand.name.as_str()) != host {
                return Err(format!("{address} leads from another host"));
            }
        }
    }
    match down.into_iter().find(|(_, slots)| slots.is_some()) {
        Some((address, _)) => Err(format!("{address} is missing")),
        None => Ok(()),
    }
}

fn of_kind(plan: &PlanReport, kind: Kind) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(move |s| s.action == kind)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Waves that no order does without: copies of one shard go one after the other, and everybody
/// carries so many syncs at a time.
fn least(plan: &PlanReport, restarts: &[&Step], budgets: Option<&RestartBudgets>) -> i64 {
    let members = plan.cluster.members.iter();
    let hosts: BTreeMap<&str, &str> = members
        .filter_map(|m| Some((m.id.as_str(), m.host.as_deref()?)))
        .collect();
    // Every host is listed there.
    let all = plan.before.len();
    let mut shards: BTreeMap<&str, usize> = BTreeMap::new();
    let mut burdened: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut syncs, mut twos) = (0_usize, 0_usize);
    for step in restarts {
        // A process that holds no copy syncs with nobody.
        let Some(donor) = &step.guard.donor else {
            continue;
        };
        *shards.entry(&donor.slots).or_default() += 1;
        let ends = step.node.as_deref().into_iter().chain([donor.id.as_str()]);
        let ends: BTreeSet<&str> = ends.filter_map(|id| hosts.get(id).copied()).collect();
        syncs += 1;
        twos += usize::from(ends.len() > 1);
        for host in ends {
            *burdened.entry(host).or_default() += 1;
        }
    }
    let mut least = usize::from(!restarts.is_empty());
    least = least.max(shards.into_values().max().unwrap_or(0));
    let Some(budgets) = budgets else {
        return whole(least);
    };
    if let Some(most) = budgets.in_all {
        least = least.max(syncs.div_ceil((most as usize).max(1)));
    }
    if let Some(most) = budgets.per_host {
        let most = (most as usize).max(1);
        let load = burdened.into_values().max().unwrap_or(0);
        least = least.max(load.div_ceil(most));
        // A sync between two hosts takes two of all the rooms that there are.
        least = least.max(twos.div_ceil((all * most / 2).max(1)));
    }
    whole(least)
}
