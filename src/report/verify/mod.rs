//! The answer of `verify`: whether a plan file says what is true of itself, and how far it is.
//!
//! Start reading at [`verify`]. `levels` adds the certificate up again, `steps` walks the steps
//! on what the file tells of the cluster, `flaw` names what does not fit. No search takes part.

pub(super) mod flaw;
mod levels;
mod numbers;
mod progress;
mod steps;

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::measure;
use crate::model::Cluster;
use crate::report;
use crate::report::PlanFile;
use crate::report::Proof;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::verify::flaw::Flaws;
use crate::tablets::Count;

pub use flaw::Flaw;
pub use progress::Progress;
pub use progress::StepProgress;
pub use progress::StepState;
pub use progress::progress;

/// What came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that can be recomputed from the file is as the file says; with a later capture: every step
    /// is done, too.
    Verified,
    /// By the later capture steps are left to be done.
    Pending,
    /// By the later capture the plan does not lead on from there.
    Drifted,
    /// The file is not what `plan` wrote, or says what is not so.
    Changed,
}

/// A level of a plan of either family.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyLevel {
    Redis(measure::Level),
    Tablets(Count),
}

impl fmt::Display for AnyLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(level) => level.fmt(f),
            Self::Tablets(level) => f.write_str(level.name()),
        }
    }
}

/// A level, with what was recomputed of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckedLevel {
    pub level: AnyLevel,
    pub value: i64,
    pub bound: i64,
    pub proof: Proof,
    /// How far the decision is above what the certificate proves, added up again; null where the
    /// certificate has no say in the level.
    pub gap: Option<i64>,
}

/// The answer of `verify`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerifyReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// As the file says.
    pub plan_id: String,
    /// Of its content; the same unless somebody changed it.
    pub content_id: String,
    pub verdict: Verdict,
    /// Everything that does not fit, the most general first.
    pub flaws: Vec<Flaw>,
    pub levels: Vec<CheckedLevel>,
    /// Steps that the plan has.
    pub steps: usize,
    /// How far they are; null without a later capture.
    pub progress: Option<Progress>,
}

/// Checks a plan file by itself.
pub fn verify(file: &PlanFile) -> VerifyReport {
    let plan = &file.plan;
    let mut flaws = Flaws::default();
    if file.content_id != plan.plan_id {
        flaws.differs("plan_id", &plan.plan_id, &file.content_id);
    }
    let levels = levels::check(plan, &mut flaws);
    steps::check(plan, &mut flaws);
    let flaws = flaws.list();
    VerifyReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        plan_id: plan.plan_id.clone(),
        content_id: file.content_id.clone(),
        verdict: match flaws.is_empty() {
            true => Verdict::Verified,
            false => Verdict::Changed,
        },
        flaws,
        levels,
        steps: plan.steps.len(),
        progress: None,
    }
}

/// The same, with how far the plan is by a later capture; a file that was changed is not followed.
pub fn verify_at(file: &PlanFile, at: &Cluster) -> VerifyReport {
    let mut report = verify(file);
    if report.verdict == Verdict::Verified {
        let progress = progress(&file.plan, at);
        report.verdict = match (progress.is_done(), progress.has_drifted()) {
            (true, _) => Verdict::Verified,
            (false, true) => Verdict::Drifted,
            (false, false) => Verdict::Pending,
        };
        report.progress = Some(progress);
    }
    report
}
