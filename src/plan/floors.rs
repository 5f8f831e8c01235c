//! What no decision can be below, by the flows, and when that is known.

use crate::flow::Cost;
use crate::model::NodeId;
use crate::plan::level::DECIDED;
use crate::plan::level::Level;
use crate::plan::pairing::Pairing;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;

/// Levels that the pairing flow decides before any role is looked at.
pub const EARLY: [Level; 6] = [
    Level::Worse,
    Level::Protect,
    Level::Orphans,
    Level::Missing,
    Level::SameHost,
    Level::Moves,
];
/// Levels that roles decide.
pub const ROLES: [Level; 7] = [
    Level::Beside,
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
    Level::Home,
    Level::Failovers,
];

/// What no decision can be below, by the flows.
pub struct Floors {
    /// Of the pairing flow, every owner leading: for levels that roles do not decide.
    pub pairing: Cost,
    /// Of the relaxed role flow: for the levels of [`ROLES`].
    roles: Cost,
    /// The first level of the pairing flow that depends on who leads, if any does.
    unsettled_from: Option<Level>,
}

impl Floors {
    pub fn new(problem: &Problem, paired: &Pairing, pairing: Cost, roles: Cost) -> Self {
        let at = |level: Level| pairing.0[level as usize];
        // Two copies are in one zone or not, whoever leads. With every spare filling a gap, no
        // shard can get a third.
        let pair =
            |u: &Unit| u.fixed.len() + u.movable.len() + u.chained.len() <= 2 && u.wanted <= 1;
        let attached = |node: NodeId| {
            paired
                .assignment
                .copies
                .iter()
                .flatten()
                .any(|c| c.node == node)
        };
        let pairs = !problem.allow_moves
            && at(Level::Surplus) == 0
            && problem.units.iter().all(pair)
            && problem.spares.iter().all(|s| attached(s.copy.node));
        let zoned = problem.cluster.zones.len() > 1;
        let unsettled_from = (zoned && !pairs).then_some(Level::SameZone);
        Self {
            pairing,
            roles,
            unsettled_from,
        }
    }

    /// The value is known to be the least, if all levels before it are.
    fn met_at(&self, problem: &Problem, level: Level, value: &Cost) -> bool {
        let at = |c: &Cost, l: Level| c.0[l as usize];
        if level == Level::Worse {
            return at(value, level) == 0;
        }
        if ROLES.contains(&level) {
            return at(value, level) <= at(&self.roles, level);
        }
        if self.unsettled_from.is_some_and(|from| level >= from) {
            return at(value, level) <= least(problem, level);
        }
        if level == Level::Actions {
            return at(value, level) - at(value, Level::Failovers) <= at(&self.pairing, level);
        }
        at(value, level) <= at(&self.pairing, level)
    }

    /// A flow's floor at a level holds only if its own levels before came out as in that flow.
    fn holds_at(&self, problem: &Problem, level: Level, value: &Cost) -> bool {
        if self.unsettled_from.is_some_and(|from| level >= from) && !ROLES.contains(&level) {
            return value.0[level as usize] <= least(problem, level);
        }
        let by_roles = ROLES.contains(&level);
        let reference = if by_roles { &self.roles } else { &self.pairing };
        let before = DECIDED.iter().copied().take_while(|&l| l != level);
        before
            .filter(|l| ROLES.contains(l) == by_roles)
            .all(|l| value.0[l as usize] == reference.0[l as usize])
    }

    /// The value of this level is the least possible.
    pub fn proves(&self, problem: &Problem, level: Level, value: &Cost) -> bool {
        self.met_at(problem, level, value) && self.holds_at(problem, level, value)
    }
}

/// What no decision can be below, by counting.
pub fn least(problem: &Problem, level: Level) -> i64 {
    match level {
        Level::Tidy => {
            let untidy = problem.spares.iter().filter(|s| s.untidy).count();
            let chained: usize = problem.units.iter().map(|u| u.chained.len()).sum();
            -((untidy + chained) as i64)
        }
        _ => 0,
    }
}
