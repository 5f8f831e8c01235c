//! The answer of `plan`, which is the plan file.

mod again;
mod anew;
mod build;
pub mod certificate;
mod facts;
mod found;
mod groups;
mod held;
mod identity;
pub mod proof;
mod reshard;
mod restart;
mod step;
mod suppose;
mod supposition;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::measure;
use crate::plan::GoalKind;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::Input;
use crate::report::State;
use crate::report::Summary;
use crate::report::Tool;
use crate::report::Views;

pub use again::Again;
pub use again::NotAgain;
pub use again::Way;
pub use again::again;
pub use build::plan;
pub use build::plan_and_end;
pub use build::plan_back;
pub use build::refused;
pub(super) use build::unspellable;
pub use certificate::Certificate;
pub use facts::ClusterFacts;
pub use facts::ShardFacts;
pub use identity::NoPlanFile;
pub use identity::PlanFile;
pub(in crate::report) use identity::content_id;
pub(in crate::report) use identity::hash_of;
pub use identity::plan_id;
pub use identity::read_plan;
pub use reshard::LoadKind;
pub use reshard::Reshard;
pub use reshard::ReshardLoad;
pub use reshard::ReshardMaster;
pub use restart::Restart;
pub use restart::RestartBudgets;
pub use restart::RestartOrder;
pub(super) use step::Asked;
pub use step::Step;
pub use step::Wait;
pub use suppose::Unsupposable;
pub use suppose::suppose;
pub use supposition::Gain;
pub use supposition::Gains;
pub use supposition::Supposition;
pub use supposition::Without;
pub use supposition::plan_supposing;

/// Version of the plan file. Version 1, without groups and barriers, is still read.
pub const PLAN_VERSION: u32 = 2;

/// How a level's value was shown to be the least possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Integer potentials on the residual network of a min-cost flow.
    Flow,
    /// Non-negative multipliers on the coupling rows, recomputed in integers.
    Multipliers,
    /// Counting alone.
    Count,
    /// The bound is below the value: better may exist.
    None,
}

/// One level of the objective.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    pub level: measure::Level,
    /// In the captured cluster.
    pub before: i64,
    /// After the plan, recounted on the simulated end state.
    pub value: i64,
    /// No plan within the earlier levels' values can be below.
    pub bound: i64,
    pub proof: Proof,
    /// False: this level was not asked for and is only kept from getting worse.
    pub selected: bool,
    /// The bound holds as long as no replica that works is moved: `--allow-moves` could do better.
    #[serde(default)]
    pub without_moves: bool,
}

/// A shard that is below two live copies because of a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    pub step: u32,
    /// Slots of the shard.
    pub shard: String,
    /// Live, synced copies while the step runs.
    pub copies: u32,
    pub reason: String,
}

/// What a plan does not do, and what would make it possible.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    pub subject: String,
    pub reason: String,
    pub unlock: String,
    /// Places in `found`, from 0, of what it is about.
    #[serde(default)]
    pub found: Vec<u32>,
}

/// What was asked for beside a clean check, and what it comes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    pub goal: GoalKind,
    pub verdict: GoalVerdict,
    /// Null for a goal that is about no domain.
    pub domain: Option<String>,
    /// Live members in the domain.
    pub members: usize,
    /// Those that own slots, before and after.
    pub masters_before: usize,
    pub masters_after: usize,
    /// Processes there that steps stop or send away.
    pub stopped: usize,
    pub says: String,
}

/// Whether a goal can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GoalVerdict {
    /// The steps lead there.
    Ready,
    /// For the shards that are not among the refusals.
    Partly,
    /// There are no steps.
    Blocked,
}

/// The answer of `plan`, and the plan file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanReport {
    pub schema_version: u32,
    /// SHA-256 of the content, without this field.
    pub plan_id: String,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    /// Nothing that was selected remains.
    pub complete: bool,
    /// Set when no plan was made: why.
    pub refused: Option<String>,
    /// A goal cannot be reached for some shards: there are no steps, and `refusals` has an entry for
    /// each of them.
    #[serde(default)]
    pub blocked: bool,
    /// What was asked for besides, in the order of the options.
    #[serde(default)]
    pub goals: Vec<Goal>,
    pub views: Views,
    /// Files of the first version may lack it.
    #[serde(default)]
    pub state: State,
    #[schemars(with = "facts::Written")]
    pub cluster: ClusterFacts,
    pub summary: Summary,
    /// What was found in the capture; what many have in common is told once.
    #[serde(with = "found")]
    #[schemars(with = "Vec<found::Told>")]
    pub found: Vec<Finding>,
    pub options: Vec<String>,
    pub objective: Vec<Level>,
    /// What proves the levels that are called proven by flow or multipliers; null where nothing
    /// was to be decided.
    pub certificate: Option<Certificate>,
    /// Addresses by the name of their set, where several steps name the same: `@NAME` among the
    /// addresses of a step stands for all of them, and `-ip:port` behind it for all but that one.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    pub steps: Vec<Step>,
    pub before: Vec<HostLoad>,
    pub after: Vec<HostLoad>,
    pub exposure: Vec<Exposure>,
    /// Shards with a single copy, each times the seconds that it is so, as expected; only where there
    /// are such.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exposed_shard_seconds: u64,
    /// Findings that are left at the end.
    pub remaining: Vec<Finding>,
    pub refusals: Vec<Refusal>,
    /// What only a human can do, and what it would cure.
    pub advice: Vec<String>,
    /// Facts the capture does not show and the plan therefore assumes.
    pub assumptions: Vec<String>,
    /// MiB copied by full syncs.
    pub copied_mib: i64,
    /// What a rolling restart comes to; only where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// Nodes that do not exist and are supposed here: no script is made of such a plan. Only where
    /// they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supposition: Option<Supposition>,
    /// The plan that this one takes up again; only where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// What moving slots comes to; null where nothing was asked about them.
    #[serde(default)]
    pub reshard: Option<Reshard>,
    /// Rough running time in seconds.
    pub seconds: u64,
    pub diagnostics: Vec<Diagnostic>,
}

impl PlanReport {
    /// The addresses of a step's list, groups spelt out.
    pub fn spelt_out<'a>(&'a self, list: &'a [String]) -> Vec<&'a str> {
        let mut addresses = Vec::with_capacity(list.len());
        for entry in list {
            match entry.split_at_checked(1) {
                Some(("@", name)) if self.groups.contains_key(name) => {
                    addresses.extend(self.groups[name].iter().map(String::as_str));
                }
                Some(("-", address)) => addresses.retain(|known| *known != address),
                Some(_) | None => addresses.push(entry.as_str()),
            }
        }
        addresses
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
