//! Plan file to the commands of one operator tool, one file each.
//!
//! Decides nothing: what is reviewed is what runs, so every command comes from the plan file
//! alone. A plan file may have been edited by anybody, so [`checked`] lets nothing through that
//! a shell could obey. Start reading there.

mod bash;
mod checked;
mod fedb;
mod flashbase;
mod redis_cli;
mod terms;
#[cfg(any(test, feature = "internals"))]
pub mod testing;
mod text;
mod valkey_cli;

pub use fedb::scriptable_tablets;
pub use fedb::tablets;

use crate::action::Kind;
use crate::report::PlanReport;

/// Whether the plan file is what `plan` wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edits {
    None,
    /// Somebody changed it, and whoever made the script accepted that.
    Accepted,
}

/// A way of writing a plan as commands: one file of this folder.
pub struct Emitter {
    /// As `--tool` takes it.
    pub name: &'static str,
    pub emit: fn(&PlanReport, Edits) -> Result<String, EmitError>,
}

/// Every emitter, in the order in which help lists them.
pub static EMITTERS: &[&Emitter] = &[
    &redis_cli::EMITTER,
    &valkey_cli::EMITTER,
    &flashbase::EMITTER,
];

/// The emitter of that name.
pub fn find(name: &str) -> Option<&'static Emitter> {
    EMITTERS.iter().copied().find(|e| e.name == name)
}

/// Whether every emitter takes the plan: each value of its steps and of its cluster is one that
/// a script may hold. A plan without steps asks for nothing.
pub fn scriptable(plan: &PlanReport) -> Result<(), EmitError> {
    if plan.steps.is_empty() {
        return Ok(());
    }
    checked::steps(plan)?;
    checked::cluster(plan)?;
    Ok(())
}

/// Why a plan file does not become a script. Values are shown cleaned of what a terminal obeys.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EmitError {
    #[error("step {step}: `{field}` is `{value}`, {problem}")]
    Field {
        step: u32,
        field: String,
        value: String,
        problem: &'static str,
    },
    #[error("cluster: `{field}` is `{value}`, {problem}")]
    Cluster {
        field: String,
        value: String,
        problem: &'static str,
    },
    #[error("step {step}: `{field}` is missing, a {action} step needs it")]
    Missing {
        step: u32,
        field: &'static str,
        action: Kind,
    },
    /// Written before plans said who is taken for dead.
    #[error(
        "step {step} takes over without a vote, and this plan file does not say whose death allows \
         that: an older version wrote it; capture the cluster and plan again"
    )]
    Unproven { step: u32 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_by_its_name() {
        for emitter in EMITTERS {
            assert_eq!(
                find(emitter.name).map(|e| e.name),
                Some(emitter.name),
                "two emitters of one name"
            );
        }
        assert!(find("rm").is_none());
    }
}
