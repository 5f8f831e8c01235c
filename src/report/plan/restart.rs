//! What a rolling restart comes to, for a reader.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::plan;
use crate::plan::restart::Summary;
use crate::plan::restart::Unit;
use crate::policy::Budgets;
use crate::report::Exposure;
use crate::report::Step;
use crate::report::plan::build::exposed_shard_seconds;

/// A rolling restart: how many failovers and waves it takes, beside the least and beside failing over,
/// restarting and failing back one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// What goes down at a time.
    pub unit: Unit,
    /// Processes that are restarted.
    pub processes: usize,
    pub failovers: i64,
    /// No order takes fewer, given what counts more.
    pub failovers_bound: i64,
    /// Times at which something goes down.
    pub waves: i64,
    pub waves_bound: i64,
    /// Failing over, restarting and failing back.
    pub textbook_failovers: i64,
    pub textbook_waves: i64,
    /// Syncs that the policy permits at a time; files of before lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<RestartBudgets>,
    /// Shards with a single copy, each times the seconds that it is so, as expected.
    pub exposed_shard_seconds: u64,
}

/// Full syncs at a time that a restart may end in; null: any number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartBudgets {
    pub in_all: Option<u32>,
    pub per_host: Option<u32>,
    pub per_disk: Option<u32>,
    pub per_zone: Option<u32>,
}

/// The summary with what the steps expose.
pub(super) fn restart(
    summary: &Summary,
    budgets: &Budgets,
    steps: &[Step],
    exposure: &[Exposure],
) -> Restart {
    Restart {
        unit: summary.unit,
        processes: summary.processes,
        failovers: summary.failovers.value,
        failovers_bound: summary.failovers.bound,
        waves: summary.waves.value,
        waves_bound: summary.waves.bound,
        textbook_failovers: summary.textbook_failovers,
        textbook_waves: summary.textbook_waves,
        budgets: Some(RestartBudgets {
            in_all: budgets.syncs,
            per_host: Some(plan::per_host(budgets)),
            per_disk: budgets.syncs_per_disk,
            per_zone: budgets.syncs_per_zone,
        }),
        exposed_shard_seconds: exposed_shard_seconds(steps, exposure),
    }
}
