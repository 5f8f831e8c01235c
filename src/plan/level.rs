//! The levels of the objective, and which of them a request selects.

use crate::flow::Cost;
use crate::flow::WIDTH;
use crate::measure::Witnesses;
use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;
use crate::plan::Phase;
use crate::plan::Request;
use crate::rules;
use crate::rules::Cure;

/// One objective. Smaller is better; an earlier one counts more than all later ones together.
///
/// The number is the component of [`Cost`] that carries it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(usize)]
pub enum Level {
    /// What levels that were not asked for lose: nothing may, so it comes first.
    Worse,
    Serve,
    Protect,
    /// Shards without any usable replica: part of missing, but a first replica counts before
    /// every second one.
    Orphans,
    Missing,
    SameHost,
    Moves,
    SameZone,
    SameDisk,
    /// Replicas that a failover would leave beside their new master: no error is made to cure a
    /// warning.
    Beside,
    VotesHost,
    VotesZone,
    OverHost,
    OverZone,
    Home,
    Tidy,
    Surplus,
    Risk,
    SyncMib,
    Failovers,
    Actions,
    /// Pairs and roles that are not those of the home map.
    TieHome,
    /// Lowest address to lowest address.
    TieRank,
}

/// Every level that is printed, in order. Ties are not, as they only choose among equals, nor are
/// [`Level::Orphans`], which missing counts, and [`Level::Beside`], which only keeps order.
pub const PRINTED: [Level; 18] = [
    Level::Serve,
    Level::Protect,
    Level::Missing,
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

/// Every level that a decision about pairing and roles has a say in, in order.
pub const DECIDED: [Level; 19] = [
    Level::Worse,
    Level::Protect,
    Level::Orphans,
    Level::Missing,
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
];

const _: () = assert!(
    Level::TieRank as usize == WIDTH - 1,
    "a cost has a component for every level"
);

impl Level {
    /// The name in JSON and text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Serve => "serve",
            Self::Protect => "protect",
            Self::Orphans => "orphans",
            Self::Missing => "missing",
            Self::SameHost => "same-host",
            Self::Moves => "moves",
            Self::Beside => "beside",
            Self::SameZone => "same-zone",
            Self::SameDisk => "same-disk",
            Self::VotesHost => "votes-host",
            Self::VotesZone => "votes-zone",
            Self::OverHost => "over-host",
            Self::OverZone => "over-zone",
            Self::Home => "home",
            Self::Tidy => "tidy",
            Self::Surplus => "surplus",
            Self::Risk => "risk",
            Self::SyncMib => "sync-mib",
            Self::Failovers => "failovers",
            Self::Actions => "actions",
            Self::TieHome => "tie-home",
            Self::TieRank => "tie-rank",
        }
    }

    /// The cost of `amount` in this level.
    pub fn cost(self, amount: i64) -> Cost {
        Cost::of(self as usize, amount)
    }
}

/// A cost with some more of a level.
pub fn add(cost: Cost, level: Level, amount: i64) -> Cost {
    cost.plus(level as usize, amount)
}

/// Which findings a plan is to cure: the request, the rules' defaults, and what a dead member
/// that may return forbids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    codes: Vec<&'static str>,
    /// Codes that would be cured if no member were dead.
    pub waiting: Vec<&'static str>,
    /// Spares are placed with zones and disks in mind, though findings may stay.
    minds_zones: bool,
    minds_disks: bool,
    /// Masters may be moved around.
    pub changes_roles: bool,
}

impl Selection {
    /// Resolves the request against the captured cluster.
    pub fn new(cluster: &Cluster, request: &Request) -> Self {
        let names = |list: &[String], code: &str| list.iter().any(|c| c.eq_ignore_ascii_case(code));
        let forgets = (request.only.is_empty() || names(&request.only, "M004"))
            && !names(&request.skip, "M004")
            && request.through.is_none_or(|last| last == Phase::Tidy);
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
        let dead = !request.forget_dead && cluster.dead_members().into_iter().any(|id| !gone(id));
        let (mut codes, mut waiting) = (Vec::new(), Vec::new());
        for rule in rules::all() {
            let named = |list: &[String]| names(list, rule.code);
            let asked = named(&request.only);
            let unlocked = match rule.code {
                "M003" => request.forget_dead,
                "S003" => request.settle_slots,
                "P002" | "P003" => request.allow_moves && request.only.is_empty(),
                _ => false,
            };
            let by_default = request.only.is_empty() && rule.cure == Cure::Yes;
            let wanted =
                rule.cure != Cure::No && (asked || unlocked || by_default) && !named(&request.skip);
            let kept = request.keep_spares && matches!(rule.code, "R009" | "M007") && !asked;
            let late = request
                .through
                .is_some_and(|last| phase_of(rule.code) > last);
            if !wanted || kept || late {
                continue;
            }
            let spread = matches!(rule.code, "P005" | "P006" | "P009" | "Q001" | "Q002");
            if spread && dead && !asked {
                waiting.push(rule.code);
            } else {
                codes.push(rule.code);
            }
        }
        let minds = |code: &str| {
            let late = request.through.is_some_and(|last| phase_of(code) > last);
            codes.contains(&code)
                || (request.only.is_empty() && !names(&request.skip, code) && !late)
        };
        let (minds_zones, minds_disks) = (minds("P003"), minds("P002"));
        let spreads = codes.iter().any(|c| phase_of(c) == Phase::Spread);
        let in_time = request.through.is_none_or(|last| last >= Phase::Spread);
        let changes_roles = in_time && (spreads || waiting.is_empty());
        Self {
            codes,
            waiting,
            minds_zones,
            minds_disks,
            changes_roles,
        }
    }

    /// Findings of this code are to be cured.
    pub fn has(&self, code: &str) -> bool {
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
        let any = |codes: &[&str]| codes.iter().any(|c| self.has(c));
        match level {
            Level::Serve => any(&["S001"]),
            Level::Protect => any(&["R001"]),
            Level::Orphans | Level::Missing => any(&["R001", "R002"]),
            Level::SameHost => any(&["P001", "P004"]),
            Level::SameZone => self.minds_zones,
            Level::SameDisk => self.minds_disks,
            Level::VotesHost => any(&["Q001"]),
            Level::VotesZone => any(&["Q002"]),
            Level::OverHost => any(&["P005"]),
            Level::OverZone => any(&["P006"]),
            Level::Home => any(&["P009"]),
            Level::Tidy => any(&["M001", "M003", "M004", "M007", "R007", "R009"]),
            Level::Worse
            | Level::Moves
            | Level::Beside
            | Level::Surplus
            | Level::Risk
            | Level::SyncMib
            | Level::Failovers
            | Level::Actions
            | Level::TieHome
            | Level::TieRank => true,
        }
    }
}

/// The phase in which findings of a code are cured.
pub fn phase_of(code: &str) -> Phase {
    match code {
        "S001" => Phase::Serve,
        "R001" | "R002" | "R007" | "P001" | "P002" | "P003" | "P004" | "S003" => Phase::Protect,
        "P005" | "P006" | "P009" | "Q001" | "Q002" => Phase::Spread,
        _ => Phase::Tidy,
    }
}
