//! What a rolling restart comes to, counted again from the steps.
//!
//! Process by process the file tells all that bounds the waves: which restarts are of one shard, and
//! whom the sync of each burdens. Host by host a bound is of all orders there are, which only the
//! capture can tell: there the values are counted, and a bound above them is refused.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Kind;
use crate::plan::Level;
use crate::plan::restart::Unit;
use crate::report::PlanReport;
use crate::report::Step;
use crate::report::plan::RestartBudgets;
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
    let level = plan.objective.iter().find(|l| l.level == Level::Failovers);
    if let Some(level) = level {
        flaws.same("restart.failovers", told.failovers, level.value);
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
