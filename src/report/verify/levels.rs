//! The objective: every bound and proof beside what the certificate proves when it is added up
//! again, and every value that can be counted from the steps.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::action::StepMode;
use crate::plan::Level;
use crate::plan::level::Cost;
use crate::plan::level::PRINTED;
use crate::plan::restart::Unit;
use crate::plan::target;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Outcome;
use crate::report;
use crate::report::PLAN_VERSION;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::report::plan::Restart;
use crate::report::plan::certificate::Certificate;
use crate::report::plan::proof;
use crate::report::verify::AnyLevel;
use crate::report::verify::CheckedLevel;
use crate::report::verify::flaw::Flaws;
use crate::report::verify::numbers;

/// What the certificate proves, added up again.
struct Proven {
    /// What the decision costs, and what it would to change nothing.
    value: Cost,
    unchanged: Option<Cost>,
    /// Up to the first level that is not proven.
    bounds: BTreeMap<Level, i64>,
}

/// Checks the objective; the levels as the file has them, with what was recomputed.
pub(super) fn check(plan: &PlanReport, flaws: &mut Flaws) -> Vec<CheckedLevel> {
    let listed: Vec<Level> = plan.objective.iter().map(|l| l.level).collect();
    let known = PRINTED.iter().copied();
    let known = known.filter(|level| !level.is_of_goal() || listed.contains(level));
    if plan.schema_version == PLAN_VERSION
        && ((plan.refused.is_none() && !plan.blocked) || !listed.is_empty())
        && !listed.iter().copied().eq(known)
    {
        let names: Vec<&str> = listed.iter().map(|l| l.name()).collect();
        flaws.cannot(
            "objective",
            &names.join(" "),
            "not the levels of a plan, each once and in order",
        );
    }
    // The first version has certificates of another form.
    let proven = (plan.schema_version == PLAN_VERSION)
        .then(|| recheck(plan.certificate.as_ref(), flaws))
        .flatten();
    let forced = plan.steps.iter().any(is_forced);
    // Host by host the certificate is of what is left of roles once all went down.
    let restart = plan.restart.as_ref();
    let by_order = restart.is_some_and(|r| r.unit != Unit::Process);
    let mut open = false;
    let mut levels = Vec::with_capacity(plan.objective.len());
    for level in &plan.objective {
        counted(plan, level, flaws);
        let gap = match &proven {
            Some(proven) => {
                let slack = restart.map_or(0, |restart| ordered(level, restart));
                gap(level, proven, slack, &mut open, flaws)
            }
            None => None,
        };
        if let Some(proven) = proven.as_ref().filter(|_| !forced && !by_order) {
            gained(level, proven, flaws);
        }
        levels.push(CheckedLevel {
            level: AnyLevel::Redis(level.level),
            value: level.value,
            bound: level.bound,
            proof: level.proof,
            gap,
        });
    }
    levels
}

fn is_forced(step: &report::Step) -> bool {
    step.mode.is_some_and(StepMode::is_forced)
}

fn recheck(certificate: Option<&Certificate>, flaws: &mut Flaws) -> Option<Proven> {
    let Some(certificate) = certificate else {
        // Nothing was to be decided, so nothing costs anything.
        return Some(Proven {
            value: Cost::ZERO,
            unchanged: None,
            bounds: PRINTED.iter().map(|&level| (level, 0)).collect(),
        });
    };
    let mut cannot = |reason: &dyn ToString| {
        flaws.cannot("certificate", &"a proof", &reason.to_string());
    };
    let (instance, prices, value) = match proof::read(certificate) {
        Ok(read) => read,
        Err(error) => {
            cannot(&error);
            return None;
        }
    };
    if let Err(odd) = numbers::check(&instance) {
        cannot(&odd);
        return None;
    }
    let unchanged = unchanged(&instance);
    match target::recheck(&instance, &value, prices) {
        Ok(bounds) => Some(Proven {
            value,
            unchanged,
            bounds: bounds.into_iter().collect(),
        }),
        Err(flaw) => {
            cannot(&flaw);
            None
        }
    }
}

/// What everything as it is costs.
fn unchanged(instance: &Instance) -> Option<Cost> {
    let shards = usize::try_from(instance.shards()).ok()?;
    instance.value(&vec![Outcome::unchanged(); shards])
}

/// Failovers that another order of hosts or zones could save, by what is proven of it.
fn ordered(level: &report::Level, restart: &Restart) -> i64 {
    match level.level == Level::Failovers || level.level == Level::Actions {
        true => restart.failovers.saturating_sub(restart.failovers_bound),
        false => 0,
    }
}

/// Bound and proof of a level beside the certificate. How far the decision is above its bound;
/// `slack` is what is not proven of it elsewhere.
fn gap(
    level: &report::Level,
    proven: &Proven,
    slack: i64,
    open: &mut bool,
    flaws: &mut Flaws,
) -> Option<i64> {
    let field = |name: &str| format!("objective.{}.{name}", level.level);
    let settled = !level.selected
        || level.level.is_granted()
        || matches!(level.level, Level::Serve | Level::Risk);
    if settled {
        flaws.same(&field("bound"), level.bound, level.value);
        flaws.same(&field("proof"), word(level.proof), word(Proof::Count));
        return None;
    }
    let value = i128::from(level.level.of(&proven.value));
    let known = proven.bounds.get(&level.level);
    // No level that is minimised is below zero but tidy, which counts what is tidied up.
    let least = known.map_or(0, |&b| i128::from(b).max(0));
    let least = match (level.level, known) {
        (Level::Tidy, Some(&bound)) => i128::from(bound),
        (Level::Tidy, None) => return unproven(level, open, flaws),
        _ => least,
    };
    let gap = (value - least).max(0) + i128::from(slack.max(0));
    let bound = i128::from(level.value) - gap;
    let by_count = level.level == Level::Tidy && i128::from(level.bound) > bound;
    if i128::from(level.bound) != bound && !(by_count && level.bound <= level.value) {
        flaws.differs(&field("bound"), &level.bound, &bound);
    }
    // What the file says is judged level by level: one changed bound spoils no other.
    *open |= known.is_none() || (gap > 0 && !by_count);
    if *open && level.proof != Proof::None {
        flaws.cannot(
            &field("proof"),
            &word(level.proof),
            "the certificate does not prove it",
        );
    }
    if level.proof == Proof::Count {
        flaws.cannot(
            &field("proof"),
            &"count",
            "this level is not proven by counting",
        );
    }
    // What the plan could not prove is open for all that follow.
    *open |= level.proof == Proof::None;
    i64::try_from(gap).ok()
}

/// A level behind the end of what the certificate proves.
fn unproven(level: &report::Level, open: &mut bool, flaws: &mut Flaws) -> Option<i64> {
    *open = true;
    if level.proof != Proof::None {
        let field = format!("objective.{}.proof", level.level);
        flaws.cannot(
            &field,
            &word(level.proof),
            "the certificate does not prove it",
        );
    }
    None
}

fn word(proof: Proof) -> &'static str {
    match proof {
        Proof::Flow => "flow",
        Proof::Multipliers => "multipliers",
        Proof::Count => "count",
        Proof::None => "none",
    }
}

/// What a proven level gained is what the decision of the certificate gained.
fn gained(level: &report::Level, proven: &Proven, flaws: &mut Flaws) {
    let judged = matches!(
        level.level,
        Level::Protect
            | Level::Missing
            | Level::Masters
            | Level::SameHost
            | Level::SameZone
            | Level::SameDisk
            | Level::VotesHost
            | Level::VotesZone
            | Level::OverHost
            | Level::OverZone
            | Level::Home
    );
    let Some(unchanged) = proven.unchanged.filter(|_| judged && level.selected) else {
        return;
    };
    if level.proof == Proof::None {
        return;
    }
    let of = |cost: &Cost| i128::from(level.level.of(cost));
    let value = i128::from(level.before) + of(&proven.value) - of(&unchanged);
    if i128::from(level.value) != value {
        let field = format!("objective.{}.value", level.level);
        flaws.differs(&field, &level.value, &value);
    }
}

/// Levels that are counts of the steps.
fn counted(plan: &PlanReport, level: &report::Level, flaws: &mut Flaws) {
    let count = |test: &dyn Fn(&report::Step) -> bool| {
        let count = plan.steps.iter().filter(|s| test(s)).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let field = |name: &str| format!("objective.{}.{name}", level.level);
    let value = match level.level {
        Level::Actions => count(&|_| true),
        Level::Failovers => count(&|s| s.action == Kind::Failover),
        Level::Risk => count(&|s| is_forced(s)),
        Level::SyncMib => plan.copied_mib,
        Level::Moves => {
            let most = count(&|s| s.action == Kind::Replicate);
            if !(0..=most).contains(&level.value) {
                flaws.cannot(
                    &field("value"),
                    &level.value,
                    "more than replicas are moved",
                );
            }
            level.value
        }
        Level::Serve
        | Level::Worse
        | Level::Protect
        | Level::Orphans
        | Level::Missing
        | Level::Drain
        | Level::Remove
        | Level::Pin
        | Level::Masters
        | Level::SameHost
        | Level::SameZone
        | Level::SameDisk
        | Level::Beside
        | Level::VotesHost
        | Level::VotesZone
        | Level::OverHost
        | Level::OverZone
        | Level::Home
        | Level::Tidy
        | Level::Surplus
        | Level::TieHome
        | Level::Tie => level.value,
    };
    flaws.same(&field("value"), level.value, value);
    if level.bound > level.value {
        flaws.cannot(&field("bound"), &level.bound, "above the value");
    }
}
