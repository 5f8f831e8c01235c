//! The one serialisable answer of each command; its JSON schema is the public contract.
//!
//! Field names are fixed by the contract; absent values are null, never missing. Addresses are
//! `ip:port`, ids as captured, paths relative to the CAPTURE argument. The plan report is the
//! plan file: scripts are rendered from it alone, so it is read back, too.

mod capture;
mod cause;
mod causes;
mod check;
mod compared;
mod diff;
mod doubt;
mod explain;
mod failure;
mod impact;
mod lint;
mod list;
mod pair;
mod plan;
mod promises;
mod seen;
mod show;
mod state;
mod tablets;
mod verify;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

pub use crate::action::CopyHeld;
pub use crate::action::Donor;
pub use crate::action::Guard;
pub use crate::action::GuardLink;
pub use crate::action::GuardRole;
pub use crate::action::Party;
pub use crate::action::Receiver;
pub use capture::Diagnostic;
pub use capture::Evidence;
pub use capture::Finding;
pub use capture::HostLoad;
pub use capture::Input;
pub use capture::Member;
pub use capture::Subject;
pub use capture::SubjectKind;
pub use capture::Summary;
pub use capture::diagnostics;
pub use capture::told;
pub use cause::Cause;
pub use cause::CauseKind;
pub use check::CheckReport;
#[cfg(any(test, feature = "internals"))]
pub use check::check;
pub use check::check_of;
pub use compared::DiffFinding;
pub use compared::DiffFindings;
pub use compared::DiffSide;
pub use diff::DiffNode;
pub use diff::DiffNodeChange;
pub use diff::DiffReport;
pub use diff::DiffRole;
pub use diff::DiffSlots;
pub use diff::DiffStep;
pub use diff::DiffValue;
pub use diff::diff;
pub use doubt::DoubtKind;
pub use doubt::Doubted;
pub use explain::About;
pub use explain::AboutKind;
pub use explain::AnyStep;
pub use explain::ExplainReport;
pub use explain::Explained;
pub use explain::Thing;
pub use explain::explain;
pub use explain::names;
pub use explain::thing;
pub use failure::ErrorKind;
pub use failure::ErrorReport;
pub use failure::Failure;
pub use failure::failure;
pub use impact::Case;
pub use impact::FailedDemand;
pub use impact::GrownReport;
pub use impact::HostRoom;
pub use impact::HostsListed;
pub use impact::ImpactCase;
pub use impact::ImpactReport;
pub use impact::Loss;
pub use impact::NextLoss;
pub use impact::Successor;
pub use impact::impact;
pub use lint::LintFinding;
pub use lint::LintReport;
pub use lint::lint;
pub use list::HostRoles;
pub use list::List;
pub use list::ListItem;
pub use list::ListKind;
pub use list::ListReport;
pub use list::Missing;
pub use list::list;
pub use pair::ListedNode;
pub use pair::PairProblem;
pub use pair::PairReport;
pub use pair::PairTool;
pub use pair::PairedNodes;
pub use pair::Places;
pub use pair::pair;
pub use plan::Again;
pub use plan::ClusterFacts;
pub use plan::Exposure;
pub use plan::Gain;
pub use plan::Gains;
pub use plan::Goal;
pub use plan::GoalVerdict;
pub use plan::Level;
pub use plan::LoadKind;
pub use plan::NoPlanFile;
pub use plan::NotAgain;
pub use plan::PLAN_VERSION;
pub use plan::PlanFile;
pub use plan::PlanReport;
pub use plan::Proof;
pub use plan::Refusal;
pub use plan::Reshard;
pub use plan::ReshardLoad;
pub use plan::ReshardMaster;
pub use plan::Restart;
pub use plan::ShardFacts;
pub use plan::Step;
pub use plan::Supposition;
pub use plan::Unsupposable;
pub use plan::Wait;
pub use plan::Way;
pub use plan::Without;
pub use plan::again;
pub use plan::certificate;
pub use plan::plan;
pub use plan::plan_and_end;
pub use plan::plan_back;
pub use plan::plan_id;
pub use plan::plan_supposing;
pub use plan::proof;
pub use plan::read_plan;
pub use plan::refused;
pub use plan::suppose;
pub use seen::Outlook;
pub use seen::Server;
pub use seen::Serves;
pub use seen::State;
pub use seen::Views;
pub use show::SeenAs;
pub use show::ShowReport;
pub use show::ShownHost;
pub use show::ShownNode;
pub use show::ShownRole;
pub use show::ShownShard;
pub use show::ShownSync;
pub use show::SightRow;
pub use show::show;
pub use tablets::DiffPartition;
pub use tablets::DiffTablet;
pub use tablets::DiffTabletValue;
pub use tablets::TabletCapture;
pub use tablets::TabletCase;
pub use tablets::TabletDiffReport;
pub use tablets::TabletDiffStep;
pub use tablets::TabletFacts;
pub use tablets::TabletLevel;
pub use tablets::TabletList;
pub use tablets::TabletLoss;
pub use tablets::TabletPlan;
pub use tablets::TabletPlanFile;
pub use tablets::TabletStep;
pub use tablets::check_tablets;
pub use tablets::diff_tablets;
pub use tablets::each_tablets;
pub use tablets::explain_tablets;
pub use tablets::impact_tablets;
pub use tablets::list_tablets;
pub use tablets::plan_tablets;
pub use tablets::read_tablet_plan;
pub use tablets::refuse_tablets;
pub use tablets::show_tablets;
pub use tablets::standing_tablets;
pub use tablets::suppose_tablets;
pub use tablets::tablet_names;
pub use tablets::tablet_thing;
pub use tablets::tablets_in;
pub use tablets::verify_tablets;
pub use tablets::verify_tablets_at;
pub use verify::AnyLevel;
pub use verify::CheckedLevel;
pub use verify::Flaw;
pub use verify::Progress;
pub use verify::StepProgress;
pub use verify::StepState;
pub use verify::Verdict;
pub use verify::VerifyReport;
pub use verify::verify;
pub use verify::verify_at;

/// Version of the JSON contract.
pub const SCHEMA_VERSION: u32 = 1;

/// Who wrote the report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

fn tool() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
