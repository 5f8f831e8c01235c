//! Who copies what and who leads: one decision, and what proves that none is better.
//!
//! Start reading at [`decide`]. `classes` makes an `instance` of the problem: nodes and shards
//! that can stand in for each other, each part with its cost. `price` adds the parts up, in one
//! place for all. `network` looks for a decision as a flow and `decode` reads it; where that
//! leaves a gap, `columns` does so as a linear program over whole outcomes, `simplex` and `dive`
//! with it, and `integer` for the last of it. `certificate` proves: it knows prices, and nothing
//! of any search. `assign_copies` says which node exactly goes where.

mod assign_copies;
pub mod certificate;
mod classes;
mod columns;
mod decode;
mod dive;
mod gates;
pub mod instance;
mod integer;
mod network;
mod oracle;
mod price;
mod proof;
mod search;
mod seated;
mod simplex;
mod solve;
#[cfg(test)]
mod testing;
mod trees;
mod wide;

use std::collections::BTreeSet;

use crate::model::ZoneId;
use crate::plan::decision::Decision;
use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::PRICED;
use crate::plan::problem::Copy;
use crate::plan::problem::Place;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;
use crate::plan::target::assign_copies::Homes;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::classes::Classes;
use crate::plan::target::classes::Moves;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Outcome;
use crate::plan::target::network::Scene;
use crate::plan::target::search::Answer;

pub use proof::By;
pub use proof::recheck;
pub use search::Effort;

/// What was decided.
#[derive(Debug)]
pub struct Target {
    pub decision: Decision,
    /// Its price, and that of everything as it is.
    pub value: Cost,
    pub unchanged: Cost,
    /// By level, up to the first that is not proven: what no decision is below that is as good on
    /// the levels before.
    pub bounds: Vec<(Level, i64, By)>,
    /// What proves it; see [`Certificate::bound`].
    pub instance: Instance,
    pub certificates: Vec<Certificate>,
    /// What the instance's places and zones stand for.
    pub places: Vec<Place>,
    pub zones: Vec<ZoneId>,
    /// Replicas that work were left where they are.
    pub without_moves: bool,
}

impl Target {
    /// The network alone proved every level, so that nothing else was looked at.
    pub fn is_by_flow(&self) -> bool {
        let proven = |&(level, bound, by): &(Level, i64, By)| {
            by == By::Flow && bound >= level.of(&self.value)
        };
        let last = self.bounds.last().map(|(level, ..)| *level);
        last == PRICED.last().copied() && self.bounds.iter().all(proven)
    }
}

/// Decides. Replicas that work are re-pointed only where they may be, or where without that an
/// error is left.
pub fn decide(problem: &Problem, effort: Effort) -> Target {
    if problem.allow_moves {
        return Solved::new(problem, Moves::Free, None, effort).target(problem, false);
    }
    let still = Solved::new(problem, Moves::Never, None, effort);
    // What a goal lets count for nothing is no reason to move what works.
    if problem.supposed.allows_moves() && moves_could_help(problem, &still) {
        return Solved::new(problem, Moves::Counted, Some(&still), effort).target(problem, false);
    }
    still.target(problem, true)
}

/// An answer with the classes it speaks of.
struct Solved {
    classes: Classes,
    homes: Homes,
    answer: Answer,
    decision: Decision,
}

impl Solved {
    fn new(problem: &Problem, moves: Moves, before: Option<&Self>, effort: Effort) -> Self {
        let classes = Classes::new(problem, moves);
        let homes = assign_copies::homes(problem, &classes);
        let mut scene = Scene::new(&classes.instance);
        let units = classes.units.iter().flatten().enumerate();
        for (at, &unit) in units {
            let kinds = homes[unit].iter();
            scene.homes[at] = kinds.map(|(&k, nodes)| (k, nodes.len() as i64)).collect();
        }
        let start = before.and_then(|b| b.as_outcomes_of(&classes));
        let start = start.or_else(|| present(problem, &classes));
        let answer = search::search(&scene, start, effort);
        let outcomes = &answer.decision.outcomes;
        let decision = assign_copies::assign(problem, &classes, &homes, outcomes);
        let decision = decision.unwrap_or_else(|| Decision::present(problem));
        Self {
            classes,
            homes,
            answer,
            decision,
        }
    }

    /// The outcomes in the order of other classes of the same problem.
    fn as_outcomes_of(&self, other: &Classes) -> Option<Vec<Outcome>> {
        let mut by_unit = vec![None; self.homes.len()];
        let units = self.classes.units.iter().flatten();
        for (&unit, outcome) in units.zip(&self.answer.decision.outcomes) {
            by_unit[unit] = Some(outcome);
        }
        let translate = |kind: KindId| {
            let kind = &self.classes.instance.kinds[kind];
            let kinds = &other.instance.kinds;
            kinds.iter().position(|k| k == kind)
        };
        let translated = other.units.iter().flatten().map(|&unit| {
            let mut outcome: Outcome = by_unit[unit]?.clone();
            for kind in &mut outcome.comes {
                *kind = translate(*kind)?;
            }
            outcome.comes.sort_unstable();
            if let instance::Lead::Kind(kind) = &mut outcome.lead {
                *kind = translate(*kind)?;
            }
            Some(outcome)
        });
        translated.collect()
    }

    fn target(self, problem: &Problem, without_moves: bool) -> Target {
        let Self {
            classes,
            answer,
            decision,
            ..
        } = self;
        let present = present(problem, &classes);
        let Classes {
            instance,
            places,
            zones,
            ..
        } = classes;
        let value = answer.decision.value;
        let unchanged = present.and_then(|present| instance.value(&present));
        let known = proof::bounds(&value, &answer.certificates);
        let bounds = known.iter().filter_map(|(level, best)| {
            let (bound, by) = (*best)?;
            Some((*level, bound, answer.certificates[by].by))
        });
        let used: BTreeSet<usize> = known.iter().filter_map(|k| Some(k.1?.1)).collect();
        let certificates = used
            .iter()
            .map(|&c| answer.certificates[c].certificate.clone());
        Target {
            decision,
            value,
            unchanged: unchanged.unwrap_or(Cost::ZERO),
            bounds: bounds.collect(),
            certificates: certificates.collect(),
            without_moves: without_moves && movable(problem),
            instance,
            places,
            zones,
        }
    }
}

/// Everything as it is supposed to be, class by class.
fn present(problem: &Problem, classes: &Classes) -> Option<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for &unit in classes.units.iter().flatten() {
        outcomes.push(match problem.units[unit].first {
            None => Outcome::unchanged(),
            Some(first) => {
                let kind = classes.spares.iter().position(|s| s.contains(&first))?;
                Outcome {
                    gone: Vec::new(),
                    comes: vec![kind],
                    lead: instance::Lead::Kind(kind),
                }
            }
        });
    }
    Some(outcomes)
}

fn movable(problem: &Problem) -> bool {
    problem
        .units
        .iter()
        .any(|u| u.free && !u.movable.is_empty())
}

/// Without moves a shard is left on one host, lacks a replica, or has one beside its master; and
/// counting does not already say that no move mends it.
fn moves_could_help(problem: &Problem, solved: &Solved) -> bool {
    let value = &solved.answer.decision.value;
    let settled = [
        Level::Worse,
        Level::Protect,
        Level::Orphans,
        Level::SameHost,
    ];
    let copies = problem.units.iter().zip(&solved.decision.assignment.copies);
    movable(problem)
        && copies
            .filter(|(unit, _)| unit.free)
            .any(|(unit, copies)| has_error(problem, unit, copies))
        && (settled.iter().any(|l| l.of(value) > 0)
            || Level::Missing.of(value) > least_missing(problem))
}

fn has_error(problem: &Problem, unit: &Unit, copies: &[Copy]) -> bool {
    let selected = |level| problem.selection.level(level);
    let usable = copies.iter().filter(|c| c.usable);
    let hosts: BTreeSet<Place> = usable.clone().map(|c| c.place).collect();
    let owner = unit.fixed[0].place;
    let beside = copies.iter().filter(|c| c.place == owner).count() > 1;
    (selected(Level::Protect) && hosts.len() < 2)
        || (usable.count() as i64 - 1) < unit.wanted
        || (selected(Level::SameHost) && beside)
}

/// Replicas that are missing however those that are there, and all spares, are dealt out.
fn least_missing(problem: &Problem) -> i64 {
    let free = problem.units.iter().filter(|u| u.free);
    let (wanted, present) = free.fold((0, 0), |(wanted, present), unit| {
        (wanted + unit.wanted, present + unit.present())
    });
    (wanted - present - problem.spares.len() as i64).max(0)
}

/// What no decision can be below, by counting.
pub fn least(problem: &Problem, level: Level) -> i64 {
    if level != Level::Tidy {
        return 0;
    }
    let untidy = problem.spares.iter().filter(|s| s.untidy).count();
    let chained: usize = problem.units.iter().map(|u| u.chained.len()).sum();
    -((untidy + chained) as i64)
}
