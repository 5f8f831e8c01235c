//! What a rolling restart comes to, for a reader.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::plan::restart::Summary;
use crate::plan::restart::Unit;
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
    /// Shards with a single copy, each times the seconds that it is so, as expected.
    pub exposed_shard_seconds: u64,
}

/// The summary with what the steps expose.
pub(super) fn restart(summary: &Summary, steps: &[Step], exposure: &[Exposure]) -> Restart {
    Restart {
        unit: summary.unit,
        processes: summary.processes,
        failovers: summary.failovers.value,
        failovers_bound: summary.failovers.bound,
        waves: summary.waves.value,
        waves_bound: summary.waves.bound,
        textbook_failovers: summary.textbook_failovers,
        textbook_waves: summary.textbook_waves,
        exposed_shard_seconds: exposed_shard_seconds(steps, exposure),
    }
}
