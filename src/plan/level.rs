//! The levels of the objective, and which of them a request selects.

use std::collections::BTreeSet;

use crate::measure::Witnesses;
use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;
use crate::plan::Request;
use crate::policy::Flag;
use crate::rules;
use crate::rules::Code;
use crate::rules::Cure;
use crate::rules::Phase;
use crate::rules::Remedy;
use crate::rules::Rule;

pub use crate::measure::Cost;
pub use crate::measure::Level;
pub use crate::measure::add;

/// Every level that is printed, in order. Ties are not, as they only choose among equals, nor are
/// [`Level::Orphans`], which missing counts, and [`Level::Beside`], which only keeps order. Those of
/// a goal are printed where it was asked for.
pub const PRINTED: [Level; 22] = [
    Level::Serve,
    Level::Protect,
    Level::Missing,
    Level::Drain,
    Level::Remove,
    Level::Pin,
    Level::Masters,
    Level::SameHost,
    Level::Moves,
    Level::SameZone,
    Level::SameDisk,
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
    Level::Home,
    Level::Tidy,
    Level::Surplus,
    Level::Risk,
    Level::SyncMib,
    Level::Failovers,
    Level::Actions,
];

/// Every level that a price has, in order: what a decision about pairing and roles has a say in,
/// before them what none may pay, behind them how equals are told apart.
pub const PRICED: [Level; 22] = [
    Level::Serve,
    Level::Worse,
    Level::Protect,
    Level::Orphans,
    Level::Missing,
    Level::Masters,
    Level::SameHost,
    Level::Moves,
    Level::SameZone,
    Level::SameDisk,
    Level::Beside,
    Level::VotesHost,
    Level::VotesZone,
    Level::OverHost,
    Level::OverZone,
    Level::Home,
    Level::Tidy,
    Level::Surplus,
    Level::SyncMib,
    Level::Failovers,
    Level::Actions,
    Level::TieHome,
];

/// Which findings a plan is to cure: the request, the rules' defaults, and what a dead member
/// that may return forbids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    codes: BTreeSet<Code>,
    /// Codes that would be cured if no member were dead.
    pub waiting: BTreeSet<Code>,
    /// Spares are placed with zones and disks in mind, though findings may stay.
    minds_zones: bool,
    minds_disks: bool,
    /// Masters may be moved around.
    pub changes_roles: bool,
    /// What the only dead copy holds may be given up.
    pub accepts_loss: bool,
}

impl Selection {
    /// Resolves the request against the captured cluster.
    pub fn new(cluster: &Cluster, request: &Request) -> Self {
        let dead = may_return(cluster, request);
        let (mut codes, mut waiting) = (BTreeSet::new(), BTreeSet::new());
        for rule in rules::all() {
            let asked = request.only.contains(&rule.code);
            let Some(remedy) = wanted(rule, request) else {
                continue;
            };
            if remedy == Remedy::HandOver && dead && !asked {
                waiting.insert(rule.code);
            } else {
                codes.insert(rule.code);
            }
        }
        let minds = |code: Code| {
            let late = code.rule().phase().is_some_and(|p| request.is_late(p));
            codes.contains(&code)
                || (request.only.is_empty() && !request.skip.contains(&code) && !late)
        };
        let minds_zones = minds(Code::ReplicaSharesZone) || minds(Code::ReplicasShareZone);
        let minds_disks = minds(Code::ReplicaSharesDisk);
        let spreads = codes
            .iter()
            .any(|code| code.rule().phase() == Some(Phase::Spread));
        let in_time = !request.is_late(Phase::Spread);
        let changes_roles = in_time && (spreads || waiting.is_empty());
        Self {
            codes,
            waiting,
            minds_zones,
            minds_disks,
            changes_roles,
            accepts_loss: request.has(Flag::AcceptDataLoss),
        }
    }

    /// Findings of this code are to be cured, too.
    pub fn ask_for(&mut self, code: Code) {
        self.codes.insert(code);
        self.changes_roles = true;
    }

    /// Findings of this code are to be cured.
    pub fn has(&self, code: Code) -> bool {
        self.codes.contains(&code)
    }

    /// Where a level's costs are counted: its own component, or what must not get worse.
    pub fn charged(&self, level: Level) -> Level {
        if self.level(level) {
            level
        } else {
            Level::Worse
        }
    }

    /// The level is minimised; else it is only kept from getting worse.
    pub fn level(&self, level: Level) -> bool {
        let counted = || {
            let mut codes = self.codes.iter();
            codes.any(|code| code.rule().levels.contains(&level))
        };
        match level {
            Level::SameZone => self.minds_zones,
            Level::SameDisk => self.minds_disks,
            Level::Serve
            | Level::Protect
            | Level::Orphans
            | Level::Missing
            | Level::SameHost
            | Level::VotesHost
            | Level::VotesZone
            | Level::OverHost
            | Level::OverZone
            | Level::Home
            | Level::Tidy => counted(),
            Level::Worse
            | Level::Drain
            | Level::Remove
            | Level::Pin
            | Level::Masters
            | Level::Moves
            | Level::Beside
            | Level::Surplus
            | Level::Risk
            | Level::SyncMib
            | Level::Failovers
            | Level::Actions
            | Level::TieHome
            | Level::Tie => true,
        }
    }
}

/// Whether a member is dead that nobody has declared gone.
fn may_return(cluster: &Cluster, request: &Request) -> bool {
    let code = Code::HalfForgottenNode;
    let forgets = (request.only.is_empty() || request.only.contains(&code))
        && !request.skip.contains(&code)
        && !request.is_late(Phase::Tidy);
    // Somebody has decided that a half-forgotten node will not return.
    let witnesses = Witnesses::of(cluster);
    let gone = |id: NodeId| {
        let follows = |(_, n): (NodeId, &Node)| n.is_live() && n.master() == Some(id);
        let node = cluster.node(id);
        // Nobody forgets a node that no view doubts.
        forgets
            && node.slots.is_empty()
            && !node.is_only_silent()
            && witnesses.of_dead(cluster, id).is_some()
            && !cluster.iter().any(follows)
    };
    // What is given up is not waited for.
    let declared = request.has(Flag::ForgetDead) || request.slots.give_up.is_some();
    !declared && cluster.dead_members().into_iter().any(|id| !gone(id))
}

/// What cures the findings of a rule, where the request wants them cured.
fn wanted(rule: &Rule, request: &Request) -> Option<Remedy> {
    let all = request.only.is_empty();
    let asked = request.only.contains(&rule.code);
    let (remedy, wanted) = match rule.cure {
        Cure::Yes(remedy) => (remedy, all),
        Cure::Asked(remedy, None) => (remedy, false),
        Cure::Asked(remedy, Some(flag)) => (remedy, request.has(flag) && (flag.asks() || all)),
        Cure::No => return None,
    };
    let withheld = remedy.withheld_by().is_some_and(|flag| request.has(flag));
    let wanted = (wanted && !withheld) || asked;
    let skipped = request.skip.contains(&rule.code) || request.is_late(remedy.phase());
    (wanted && !skipped).then_some(remedy)
}
