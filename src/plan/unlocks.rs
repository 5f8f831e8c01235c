//! Whether what a refusal names as its unlock changes the answer when it is given.
//!
//! An unlock is named where the plan was decided; whether it opens anything only another plan
//! shows. What opens nothing is not named.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Action;
use crate::model::NodeId;
use crate::plan::Effort;
use crate::plan::NoPlan;
use crate::plan::Plan;
use crate::plan::Request;
use crate::plan::why::Unlock;
use crate::rules::Ask;

/// Keeps of each unlock what changes the plan, which was looked for with that effort; `again` plans
/// anew, without proof. What it found is kept beside the plan.
pub(super) fn keep_true(
    plan: &mut Plan,
    request: &Request,
    effort: Effort,
    again: impl Fn(&Request) -> Result<Plan, NoPlan>,
) {
    let asks = plan.refusals.iter().flat_map(|r| r.unlock.asks());
    let asks: BTreeSet<Ask> = asks.collect();
    if asks.is_empty() {
        return;
    }
    // Plans that were looked for with the same effort.
    let sketch = match effort {
        // Where the network proved all, nothing else was looked at.
        Effort::Proof if !plan.target.is_by_flow() => Some(again(request)),
        Effort::Proof | Effort::Sketch => None,
    };
    let base = match &sketch {
        Some(Ok(sketch)) => sketch,
        Some(Err(_)) => return,
        None => &*plan,
    };
    let mut tried = BTreeMap::new();
    let mut plans = Vec::new();
    for ask in asks {
        let asked = request.asking(&ask);
        let other = again(&asked);
        let changes = other.as_ref().is_ok_and(|other| is_another(base, other));
        tried.insert(ask, changes);
        plans.push((asked, other));
    }
    plan.tried = plans;
    let dead = plan.end.dead_members();
    for refusal in &mut plan.refusals {
        let asks = refusal.unlock.asks();
        let kept: Vec<Ask> = asks.iter().filter(|ask| tried[ask]).cloned().collect();
        if kept.len() < asks.len() {
            refusal.unlock = rest(&refusal.unlock, &kept, &dead);
        }
    }
}

fn is_another(plan: &Plan, other: &Plan) -> bool {
    let actions = |plan: &Plan| -> Vec<Action> {
        let steps = plan.steps.iter();
        steps.map(|step| step.draft.action.clone()).collect()
    };
    actions(plan) != actions(other) || plan.remaining != other.remaining
}

/// What is left of an unlock of which only these asks change anything.
fn rest(unlock: &Unlock, kept: &[Ask], dead: &[NodeId]) -> Unlock {
    match unlock {
        Unlock::OnlyOrForget(codes) => match kept {
            [Ask::Only(_), ..] => Unlock::Only(codes.clone()),
            [Ask::Flag(_), ..] => Unlock::Forget,
            [] => Unlock::Return(dead.to_vec()),
        },
        Unlock::BringBack {
            owner, replicas, ..
        } => Unlock::BringBack {
            owner: *owner,
            replicas: replicas.clone(),
            accept: false,
        },
        Unlock::SettleSlots => Unlock::FinishMove,
        Unlock::AllowMoves => Unlock::MorePlaces,
        Unlock::PromoteNofailover { zones: true } => Unlock::HostsInOtherZone,
        Unlock::PromoteNofailover { zones: false } => Unlock::NodesElsewhere,
        Unlock::FlushStale => Unlock::SeeShards,
        // These ask for nothing, or are what is left already.
        Unlock::Only(_)
        | Unlock::Forget
        | Unlock::Return(_)
        | Unlock::MorePlaces
        | Unlock::Vouch(_)
        | Unlock::AskAgain(_)
        | Unlock::CaptureAgain(_)
        | Unlock::SeeWhyCutOff(_)
        | Unlock::SeeWhatIsBetween(_)
        | Unlock::UpgradeFirst(_)
        | Unlock::StopEmptied { .. }
        | Unlock::FinishMove
        | Unlock::PlanAgain
        | Unlock::CaptureOtherEnd
        | Unlock::BringBackOtherEnd(_)
        | Unlock::CaptureEveryNode
        | Unlock::CloseSlot
        | Unlock::CaptureWhenSynced
        | Unlock::CaptureNodesAndInfo
        | Unlock::SeeWhyNotSynced
        | Unlock::ServeThenFlush
        | Unlock::CureThatFirst
        | Unlock::NameFile
        | Unlock::AssignSlotsOrMaster
        | Unlock::SeeShards
        | Unlock::AddHostsOrRetire
        | Unlock::NodeElsewhere
        | Unlock::MemoryThere
        | Unlock::NodesElsewhere
        | Unlock::IdleNode
        | Unlock::MoreSteps(_)
        | Unlock::NodeOnOtherDisk
        | Unlock::HostsInOtherZone
        | Unlock::ThreeMasters
        | Unlock::BringHome
        | Unlock::OtherHomes
        | Unlock::AddReplicas { .. }
        | Unlock::AssignSlots(_)
        | Unlock::CaptureThenSaveKeys
        | Unlock::FindOwner(_)
        | Unlock::NewerTarget
        | Unlock::LowerKeep
        | Unlock::ByProcess
        | Unlock::PlanFirst
        | Unlock::CaptureHolders(_) => unlock.clone(),
    }
}
