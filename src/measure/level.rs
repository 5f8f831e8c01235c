//! The levels of a plan's objective: what is counted, and what counts more.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::flow;

/// One objective. Smaller is better; an earlier one counts more than all later ones together.
///
/// The number is the component of [`Cost`] that carries it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "LevelName")]
#[repr(usize)]
pub enum Level {
    /// Decided before all others, from the capture alone. In a price it is what no decision may
    /// pay.
    Serve,
    /// What levels that were not asked for lose: nothing may, so it comes before those that were.
    #[serde(skip)]
    Worse,
    Protect,
    /// Shards without any usable replica: part of missing, but a first replica counts before
    /// every second one.
    #[serde(skip)]
    Orphans,
    Missing,
    /// Masters with slots that a goal wants gone from where they are.
    Drain,
    /// Live members that a goal wants gone for good.
    Remove,
    /// Nodes that are not what a goal pins them to be.
    Pin,
    /// Masters with slots where a goal had rather not have them.
    Masters,
    SameHost,
    Moves,
    SameZone,
    SameDisk,
    /// Replicas that a failover would leave beside their new master: no error is made to cure a
    /// warning.
    #[serde(skip)]
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
    /// Roles that are not those of the home map, where homes were not asked for.
    #[serde(skip)]
    TieHome,
    /// Chooses among equals while something is searched; never part of a price.
    #[serde(skip)]
    Tie,
}

/// A tuple over all levels.
pub type Cost = flow::Cost<{ Level::COUNT }>;

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Level {
    /// How many there are.
    pub const COUNT: usize = Self::Tie as usize + 1;

    /// The name in JSON and text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Serve => "serve",
            Self::Protect => "protect",
            Self::Orphans => "orphans",
            Self::Missing => "missing",
            Self::Drain => "drain",
            Self::Remove => "remove",
            Self::Pin => "pin",
            Self::Masters => "masters",
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
            Self::Tie => "tie",
        }
    }

    /// A plan has it where a goal asks for it.
    pub fn is_of_goal(self) -> bool {
        self.is_granted() || self == Self::Masters
    }

    /// A goal has it before anything is decided, or there is no plan.
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Drain | Self::Remove | Self::Pin)
    }

    /// The cost of `amount` in this level.
    pub fn cost(self, amount: i64) -> Cost {
        Cost::of(self as usize, amount)
    }

    /// What a cost has of this level.
    pub fn of(self, cost: &Cost) -> i64 {
        cost.0[self as usize]
    }
}

/// A cost with some more of a level.
pub fn add(cost: Cost, level: Level, amount: i64) -> Cost {
    cost.plus(level as usize, amount)
}
