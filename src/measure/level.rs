//! The levels of a plan's objective: what is counted, and what counts more.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::flow::Cost;
use crate::flow::WIDTH;

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
    /// What levels that were not asked for lose: nothing may, so it comes first.
    #[serde(skip)]
    Worse,
    Serve,
    Protect,
    /// Shards without any usable replica: part of missing, but a first replica counts before
    /// every second one.
    #[serde(skip)]
    Orphans,
    Missing,
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
    /// Pairs and roles that are not those of the home map.
    #[serde(skip)]
    TieHome,
    /// Lowest address to lowest address.
    #[serde(skip)]
    TieRank,
}

const _: () = assert!(
    Level::TieRank as usize == WIDTH - 1,
    "a cost has a component for every level"
);

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
