//! What a finding's help promises of a plan, held against the plan of this capture.
//!
//! A rule says what a plan does about what it finds; whether it does so here, only the plan
//! knows. A promise that is not kept is replaced by what the plan says would unlock it.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::inventory::Inventory;
use crate::plan;
use crate::plan::NoPlan;
use crate::plan::Obstacle;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Request;
use crate::plan::why::Said;
use crate::report::Outlook;
use crate::report::plan::unspellable;
use crate::rules;
use crate::rules::Ask;
use crate::rules::Does;
use crate::rules::Finding;
use crate::rules::Phase;
use crate::rules::Promise;
use crate::rules::Remedy;
use crate::rules::Subject;

/// The plans that the promises are about: the default one and one with each thing asked for.
pub(super) struct Promises {
    plans: BTreeMap<Option<Ask>, Outcome>,
}

/// What a plan comes to, as far as promises ask.
enum Outcome {
    Refused(String),
    Made {
        remaining: Vec<Finding>,
        refusals: Vec<(Refusal, String)>,
        steps: usize,
        promotions: usize,
    },
}

/// What is to be said in place of a promise.
pub(super) enum Kept {
    Yes(String),
    /// What the plan would need.
    Needs(Vec<String>),
    /// No plan is made at all.
    Refused,
}

impl Promises {
    /// Of these findings of the capture. `made` is a plan that is at hand.
    pub fn of(inventory: &Inventory, found: &[Finding], made: Option<(&Request, &Plan)>) -> Self {
        let mut plans = BTreeMap::new();
        if found.is_empty() {
            return Self { plans };
        }
        let default =
            Request::under(inventory).leaving(rules::left_alone(&inventory.policy, found));
        let given = made;
        let made = given.filter(|(of, _)| **of == default);
        // The unlocks of a default plan are shown, those of others are not.
        let sketch = made
            .is_none()
            .then(|| plan::sketch(inventory, found, &default));
        let base = match (&made, &sketch) {
            (Some((_, plan)), _) => Ok(*plan),
            (None, Some(sketch)) => sketch.as_ref(),
            (None, None) => return Self { plans },
        };
        let tried = base.map_or(&[][..], |plan| plan.tried.as_slice());
        plans.insert(None, Outcome::of(inventory, base));
        for ask in found.iter().flat_map(|f| f.help.promises()) {
            let Some(asked) = ask.with.as_ref().filter(|_| !plans.contains_key(&ask.with)) else {
                continue;
            };
            let request = default.asking(asked);
            let at_hand = given.filter(|(of, _)| **of == request);
            let at_hand = at_hand.map(|(_, plan)| Ok(plan));
            let tried = tried.iter().find(|(of, _)| *of == request);
            let outcome = match at_hand.or(tried.map(|(_, plan)| plan.as_ref())) {
                Some(plan) => Outcome::of(inventory, plan),
                None => {
                    let plan = plan::untried(inventory, found, &request);
                    Outcome::of(inventory, plan.as_ref())
                }
            };
            plans.insert(ask.with.clone(), outcome);
        }
        Self { plans }
    }

    /// What a default plan comes to.
    pub fn outlook(&self) -> Outlook {
        let (steps, refused) = match self.plans.get(&None) {
            Some(Outcome::Refused(why)) => (0, Some(why.clone())),
            Some(Outcome::Made { steps, .. }) => (*steps, None),
            None => (0, None),
        };
        Outlook { steps, refused }
    }

    /// Whether the plan does to that finding what is promised, and what to say if it does not.
    pub fn kept(&self, inventory: &Inventory, finding: &Finding, promise: &Promise) -> Kept {
        match self.plans.get(&promise.with) {
            None => Kept::Needs(Vec::new()),
            Some(Outcome::Refused(_)) => Kept::Refused,
            Some(Outcome::Made {
                remaining,
                promotions,
                ..
            }) => match &promise.does {
                Does::Cure(_) if !remaining.iter().any(|left| is_left(finding, left)) => {
                    Kept::Yes(promise.to_string())
                }
                Does::Promote(_) if *promotions > 0 => Kept::Yes(
                    Promise {
                        does: Does::Promote(*promotions),
                        ..promise.clone()
                    }
                    .to_string(),
                ),
                Does::Cure(_) | Does::Promote(_) => Kept::Needs(self.needs(inventory, finding)),
            },
        }
    }

    /// What the default plan names as the unlock of what it leaves of that finding.
    fn needs(&self, inventory: &Inventory, finding: &Finding) -> Vec<String> {
        let mut needs: Vec<String> = Vec::new();
        if let Some(Outcome::Made { refusals, .. }) = self.plans.get(&None) {
            for (refusal, unlock) in refusals {
                if refusal.concerns(finding, &inventory.cluster) && !needs.contains(unlock) {
                    needs.push(unlock.clone());
                }
            }
        }
        needs
    }
}

/// That finding is there still; or a node that was promised a shard has none by another code.
fn is_left(finding: &Finding, left: &Finding) -> bool {
    let attach = |f: &Finding| f.rule.cure.remedy() == Some(Remedy::Attach);
    let same_node = matches!((&finding.subject, &left.subject),
        (Subject::Node(a), Subject::Node(b)) if a == b);
    left.is_same(finding) || (attach(finding) && attach(left) && same_node)
}

impl Outcome {
    fn of(inventory: &Inventory, plan: Result<&Plan, &NoPlan>) -> Self {
        let plan = match plan {
            Ok(plan) => plan,
            Err(NoPlan::Refused(why)) => return Self::refused(inventory, why),
            Err(NoPlan::Slots(why)) => {
                return Self::refused(inventory, &Obstacle::Slots(why.clone()));
            }
            // No promise asks for a goal.
            Err(NoPlan::Blocked(_) | NoPlan::BadGoal(_)) => return Self::Refused(String::new()),
            // `plan` will say so.
            Err(broken @ NoPlan::Broken(_)) => return Self::Refused(broken.to_string()),
        };
        if let Some(why) = unspellable(inventory, plan) {
            return Self::refused(inventory, &why);
        }
        let is_promotion = |step: &&plan::Step| {
            step.draft.phase == Phase::Serve && step.draft.action.kind() == Kind::Failover
        };
        let unlock = |r: &Refusal| (r.clone(), Said(&r.unlock, &plan.end).to_string());
        Self::Made {
            remaining: plan.remaining.clone(),
            refusals: plan.refusals.iter().map(unlock).collect(),
            steps: plan.steps.len(),
            promotions: plan.steps.iter().filter(is_promotion).count(),
        }
    }

    fn refused(inventory: &Inventory, why: &Obstacle) -> Self {
        Self::Refused(Said(why, &inventory.cluster).to_string())
    }
}
