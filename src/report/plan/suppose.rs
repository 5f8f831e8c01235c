//! The steps of a plan file, taken on a captured cluster as if they had run.

use crate::action::Action;
use crate::action::Counted;
use crate::action::Kind;
use crate::model::Cluster;
use crate::report::PlanReport;
use crate::report::Step;
use crate::report::plan::anew::onward;

/// Why a plan cannot be supposed to have run on this capture.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsupposable {
    #[error("step {step} names `{name}`, and the capture shows no such node")]
    Stranger { step: u32, name: String },
    #[error("step {step} cannot run on what the capture shows: {why}")]
    Unfit { step: u32, why: String },
}

/// The cluster as it is once every step has run.
pub fn suppose(cluster: &Cluster, plan: &PlanReport) -> Result<Cluster, Unsupposable> {
    let mut at = Counted::new(cluster.clone());
    for step in &plan.steps {
        let Some(action) = action(&at, step)? else {
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
fn action(at: &Cluster, step: &Step) -> Result<Option<Action>, Unsupposable> {
    match step.action {
        Kind::SetSlot | Kind::Restart | Kind::SetEpoch | Kind::BumpEpoch => return Ok(None),
        Kind::Meet
        | Kind::Flush
        | Kind::Replicate
        | Kind::Failover
        | Kind::AddSlots
        | Kind::MigrateSlots
        | Kind::Kill
        | Kind::Reset
        | Kind::Forget => {}
    }
    let mut named = [&step.node, &step.target].into_iter().flatten();
    if let Some(name) = named.find(|name| at.find(name).is_none()) {
        return Err(Unsupposable::Stranger {
            step: step.id,
            name: name.clone(),
        });
    }
    let action = onward(step, at).map_err(|why| Unsupposable::Unfit { step: step.id, why })?;
    Ok(Some(action))
}
