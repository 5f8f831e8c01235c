//! What no decision can be below, by the flows, and when that is known.

use crate::flow::Cost;
use crate::model::NodeId;
use crate::plan::level::Level;
use crate::plan::level::PRINTED;
use crate::plan::pairing::Pairing;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;

/// Levels that the pairing flow decides before any role is looked at.
pub const EARLY: [Level; 5] = [
    Level::Protect,
    Level::Missing,
    Level::SameHost,
    Level::Moves,
    Level::Siblings,
];
/// Levels that roles decide.
pub const ROLES: [Level; 6] = [
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
    Level::Home,
    Level::Failovers,
];

/// What no decision can be below, by the flows.
pub struct Floors {
    /// Of the pairing flow: for levels that roles do not decide.
    pub pairing: Cost,
    /// Of the relaxed role flow: for the levels of [`ROLES`].
    roles: Cost,
    /// Which copy leads cannot change how many replicas share their master's zone.
    zones_settled: bool,
}

impl Floors {
    pub fn new(problem: &Problem, paired: &Pairing, base: Cost, roles: Cost) -> Self {
        let zoned = problem.cluster.zones.len() > 1;
        // Two copies are in one zone or not, whoever leads. With every spare filling a gap, no
        // shard can get a third.
        let pairs =
            |u: &Unit| u.fixed.len() + u.movable.len() + u.chained.len() <= 2 && u.wanted <= 1;
        let attached = |node: NodeId| {
            paired
                .assignment
                .copies
                .iter()
                .flatten()
                .any(|c| c.node == node)
        };
        let filled = base.0[Level::Surplus as usize] == 0
            && problem.spares.iter().all(|s| attached(s.copy.node));
        let zones_settled =
            !zoned || (!problem.allow_moves && problem.units.iter().all(pairs) && filled);
        Self {
            pairing: base,
            roles,
            zones_settled,
        }
    }

    /// The value is known to be the least, if all levels before it are.
    fn met_at(&self, level: Level, value: &Cost) -> bool {
        let at = |c: &Cost, l: Level| c.0[l as usize];
        let unsettled = !self.zones_settled && level >= Level::SameZone && !ROLES.contains(&level);
        match level {
            Level::Risk => true,
            Level::SameZone if unsettled => at(value, level) == 0,
            _ if unsettled => false,
            _ if ROLES.contains(&level) => at(value, level) <= at(&self.roles, level),
            Level::Actions => {
                let pairing = |c: &Cost| at(c, Level::Actions) - at(c, Level::Failovers);
                pairing(value) <= pairing(&self.pairing)
            }
            _ => at(value, level) <= at(&self.pairing, level),
        }
    }

    /// A flow's floor at a level holds only if its own levels before came out as in that flow.
    fn holds_at(&self, level: Level, value: &Cost) -> bool {
        let by_roles = ROLES.contains(&level);
        let reference = if by_roles { &self.roles } else { &self.pairing };
        let before = PRINTED.iter().copied().take_while(|&l| l != level);
        before
            .filter(|l| ROLES.contains(l) == by_roles)
            .all(|l| value.0[l as usize] == reference.0[l as usize])
    }

    /// The value of this level is the least possible.
    pub fn proves(&self, level: Level, value: &Cost) -> bool {
        self.met_at(level, value) && self.holds_at(level, value)
    }
}
