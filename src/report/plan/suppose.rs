//! The steps of a plan file, taken on a captured cluster as if they had run.

use std::sync::Arc;

use crate::action::Action;
use crate::action::AddSlots;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Flush;
use crate::action::Forget;
use crate::action::Kill;
use crate::action::Kind;
use crate::action::Meet;
use crate::action::MigrateSlots;
use crate::action::Mode;
use crate::action::Replicate;
use crate::action::Reset;
use crate::action::StepMode;
use crate::action::Way;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::report::PlanReport;
use crate::report::Step;

/// Why a plan cannot be supposed to have run on this capture.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsupposable {
    #[error("step {step} names `{name}`, and the capture shows no such node")]
    Stranger { step: u32, name: String },
    #[error("step {step} cannot run on what the capture shows: {why}")]
    Unfit { step: u32, why: String },
    #[error("what step {step} ({kind}) leads to cannot be supposed")]
    Kind { step: u32, kind: Kind },
}

/// The cluster as it is once every step has run.
pub fn suppose(cluster: &Cluster, plan: &PlanReport) -> Result<Cluster, Unsupposable> {
    let mut at = Counted::new(cluster.clone());
    for step in &plan.steps {
        let Some(action) = action(&at, plan, step)? else {
            continue;
        };
        action
            .precondition(&at)
            .map_err(|unfit| Unsupposable::Unfit {
                step: step.id,
                why: unfit.to_string(),
            })?;
        action.apply(&mut at);
    }
    Ok(at.into_cluster())
}

/// `None`: it changes nothing that a loss depends on.
fn action(
    cluster: &Cluster,
    plan: &PlanReport,
    step: &Step,
) -> Result<Option<Action>, Unsupposable> {
    let named = |name: &Option<String>| {
        let name = name.as_deref().unwrap_or_default();
        cluster.find(name).ok_or_else(|| Unsupposable::Stranger {
            step: step.id,
            name: name.to_owned(),
        })
    };
    let (node, target) = (|| named(&step.node), || named(&step.target));
    // What is not here must not be taken for nothing.
    let kind = step.action;
    if kind == Kind::Meet {
        let (via, node) = (node()?, target()?);
        return Ok(Some(Meet { via, node }.into()));
    }
    if kind == Kind::Replicate {
        let (node, master) = (node()?, target()?);
        return Ok(Some(Replicate { node, master }.into()));
    }
    if kind == Kind::Failover {
        let (node, old) = (node()?, target()?);
        let mode = match step.mode {
            Some(StepMode::Force) => Mode::Force,
            Some(StepMode::Takeover) => Mode::Takeover,
            Some(
                StepMode::Graceful
                | StepMode::Stable
                | StepMode::Keys
                | StepMode::Whole
                | StepMode::Import
                | StepMode::Ranges
                | StepMode::Each
                | StepMode::Plain
                | StepMode::Emptied
                | StepMode::GiveUp,
            )
            | None => Mode::Graceful,
        };
        return Ok(Some(Failover { node, old, mode }.into()));
    }
    if kind == Kind::Flush {
        return Ok(Some(Flush { node: node()? }.into()));
    }
    // Nothing that a loss depends on.
    if [
        Kind::SetSlot,
        Kind::Restart,
        Kind::SetEpoch,
        Kind::BumpEpoch,
    ]
    .contains(&kind)
    {
        return Ok(None);
    }
    if kind == Kind::Kill {
        let (node, after) = (node()?, Vec::new());
        return Ok(Some(Kill { node, after }.into()));
    }
    if kind == Kind::Reset {
        let (node, after) = (node()?, Vec::new());
        return Ok(Some(
            Reset {
                node,
                after,
                emptied: step.mode == Some(StepMode::Emptied),
            }
            .into(),
        ));
    }
    if kind == Kind::Forget {
        let told = plan.spelt_out(&step.tell).into_iter();
        let told: Vec<NodeId> = told
            .map(|address| {
                let there = address.parse::<Address>().ok();
                let there = there.and_then(|address| cluster.at(&address).next());
                there.ok_or_else(|| Unsupposable::Stranger {
                    step: step.id,
                    name: address.to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        let (node, tell) = (target()?, Arc::from(told));
        let loses = step.slots.as_deref().and_then(|slots| slots.parse().ok());
        let loses = loses.unwrap_or_default();
        return Ok(Some(Forget { node, tell, loses }.into()));
    }
    let slots = || {
        let slots = step.slots.as_deref().and_then(|slots| slots.parse().ok());
        slots.unwrap_or_default()
    };
    if kind == Kind::MigrateSlots {
        let (from, to) = (node()?, target()?);
        let moved = MigrateSlots {
            from,
            to,
            slots: slots(),
            way: if step.mode == Some(StepMode::Whole) {
                Way::Whole
            } else if step.mode == Some(StepMode::Import) {
                Way::Import
            } else {
                Way::Keys
            },
            bytes: 0,
            seen_by: Arc::from([]),
        };
        return Ok(Some(moved.into()));
    }
    if kind == Kind::AddSlots {
        let added = AddSlots {
            node: node()?,
            slots: slots(),
            ranges: step.mode != Some(StepMode::Each),
            lost_by: Vec::new(),
        };
        return Ok(Some(added.into()));
    }
    // An epoch decides nothing that a loss depends on.
    if kind == Kind::SetEpoch || kind == Kind::BumpEpoch {
        return Ok(None);
    }
    Err(Unsupposable::Kind {
        step: step.id,
        kind,
    })
}
