//! Steps applied one by one, and what each moment is like.
//!
//! Every step is checked against the servers' preconditions on the cluster as the steps before
//! left it, and against what no prefix may break: no more uncovered slots than before, and at
//! most one shard more, served or not, with fewer than two live copies than at the start.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::action::Ahead;
use crate::action::Command;
use crate::action::Counted;
use crate::action::Guard;
use crate::action::Kind;
use crate::action::Operands;
use crate::action::Step;
use crate::action::Wait;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules;
use crate::rules::Context;
use crate::rules::Finding;

/// A simulated plan.
pub struct Run {
    pub end: Cluster,
    /// One for each step.
    pub moments: Vec<Moment>,
    pub exposure: Vec<Exposure>,
    /// Findings at the end.
    pub remaining: Vec<Finding>,
}

/// What a step is on the cluster as the steps before it left it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    pub operands: Operands,
    pub guard: Guard,
    pub wait: Wait,
    pub undo: Option<Command>,
}

/// A shard that is below two live copies because of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// Position of the step.
    pub step: usize,
    pub slots: SlotSet,
    pub copies: u32,
}

/// A step that must not run: a bug of the planner, never of the user.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("step {step}: {why}")]
pub struct Broken {
    /// From 1.
    pub step: usize,
    pub why: String,
}

/// Nodes that own no slot at the start and come to own some.
fn comers(start: &Cluster, steps: &[Step]) -> BTreeSet<NodeId> {
    let came = steps.iter().filter_map(|step| match &step.draft.action {
        Action::MigrateSlots(moved) => Some(moved.to),
        Action::AddSlots(added) => Some(added.node),
        Action::Meet(_)
        | Action::Flush(_)
        | Action::Replicate(_)
        | Action::SetSlot(_)
        | Action::Failover(_)
        | Action::SetEpoch(_)
        | Action::BumpEpoch(_)
        | Action::Restart(_)
        | Action::Forget(_)
        | Action::Kill(_)
        | Action::Reset(_) => None,
    });
    came.filter(|&id| start.node(id).slots.is_empty()).collect()
}

/// Runs the steps in order.
pub fn run(
    start: &Cluster,
    steps: &[Step],
    policy: &Policy,
    wanted: &Wanted,
) -> Result<Run, Broken> {
    let mut at = Counted::new(start.clone());
    let ahead = Ahead::of(steps.iter().map(|s| &s.draft.action), &at);
    let (mut moments, mut exposure) = (Vec::with_capacity(steps.len()), Vec::new());
    let mut thin_accepted = at.thin().len();
    let comers = comers(&at, steps);
    for (index, step) in steps.iter().enumerate() {
        let broken = |why: String| Broken {
            step: index + 1,
            why,
        };
        let action = &step.draft.action;
        action
            .precondition(&at)
            .map_err(|e| broken(e.to_string()))?;
        let moment = Moment {
            operands: action.operands(&at),
            guard: action.guard(&at),
            wait: action.wait(&at, &step.draft, &ahead),
            undo: action.undo(&at),
        };
        let uncovered = at.uncovered_slots();
        let thin_before = moment
            .operands
            .target
            .is_some_and(|old| at.thin().contains(&old) && at.node(old).is_live_member());
        action.begin(&mut at);
        for owner in at.take_newly_thin() {
            // Who took over has as few copies as the master before it: only a shard that nobody
            // served is new among those that are counted.
            let as_before = moment.operands.node == Some(owner) && thin_before;
            if at.node(owner).is_live_member() && !as_before {
                exposure.push(Exposure {
                    step: index,
                    slots: at.node(owner).slots.clone(),
                    copies: at.copies(owner),
                });
            }
        }
        let more = at.uncovered_slots().saturating_sub(uncovered);
        if more > 0 {
            return Err(broken(format!("{more} slots lose their owner")));
        }
        // A master that comes to own slots was no shard before that could fall below anything.
        let thin = at.thin().len() - at.thin().intersection(&comers).count();
        // Who has something stopped wants it so.
        let stops = matches!(action.kind(), Kind::Kill | Kind::Reset);
        if stops {
            thin_accepted = thin_accepted.max(thin);
        } else if thin > thin_accepted + 1 {
            return Err(broken("a second shard falls below two copies".to_owned()));
        }
        action.finish(&mut at);
        moments.push(moment);
    }
    let end = at.into_cluster();
    Ok(Run {
        remaining: rules::check(&Context::new(&end, policy, wanted)),
        end,
        moments,
        exposure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Draft;
    use crate::action::Failover;
    use crate::action::Forget;
    use crate::action::Mode;
    use crate::action::Replicate;
    use crate::action::Until;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::Phase;

    fn simulated(cluster: &Cluster, actions: Vec<Action>) -> Result<Run, Broken> {
        let step = |action| Step {
            draft: Draft {
                action,
                phase: Phase::Protect,
                urgency: 0,
                cures: Vec::new(),
                reason: String::new(),
                mib: 1,
                leaves: None,
            },
            wave: 1,
            after: Vec::new(),
            barrier: None,
            pause: false,
        };
        let steps: Vec<Step> = actions.into_iter().map(step).collect();
        let policy = Policy::default();
        run(cluster, &steps, &policy, &policy.wanted(cluster))
    }

    fn replicate(node: NodeId, master: NodeId) -> Action {
        Replicate { node, master }.into()
    }

    #[test]
    fn every_step_is_judged_by_what_the_steps_before_it_left() {
        let cluster = healthy();
        let [m1, r1, m2] = ["m1", "r1", "m2"].map(|name| id(&cluster, name));
        let swap = |node, old| -> Action {
            let mode = Mode::Graceful;
            Failover { node, old, mode }.into()
        };
        let run = simulated(&cluster, vec![swap(r1, m1), swap(m1, r1)]).expect("there and back");
        let names: Vec<Option<String>> =
            run.moments.iter().map(|m| m.guard.master.clone()).collect();
        assert_eq!(names, [Some("m1".to_owned()), Some("r1".to_owned())]);
        assert_eq!(run.moments[1].wait.until, Until::RoleMaster);
        assert_eq!(run.end.node(m1).slots, cluster.node(m1).slots);
        assert!(run.exposure.is_empty() && run.remaining.is_empty());
        let broken = simulated(&cluster, vec![swap(r1, m1), swap(r1, m1)]);
        assert_eq!(broken.err().map(|b| b.step), Some(2));
        let broken = simulated(&cluster, vec![swap(r1, m2)]);
        assert_eq!(broken.err().map(|b| b.step), Some(1));
    }

    #[test]
    fn a_replica_on_its_way_is_no_copy_of_either_shard() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3 s2@h1; m3@h3 < r3@h1");
        let [m1, r1, m2, s2] = ["m1", "r1", "m2", "s2"].map(|name| id(&cluster, name));
        let run = simulated(&cluster, vec![replicate(s2, m1), replicate(r1, m2)]).expect("safe");
        assert!(
            run.exposure.is_empty(),
            "each has another: {:?}",
            run.exposure
        );
        let run = simulated(&cluster, vec![replicate(r1, m2)]).expect("one may be thin");
        let exposed: Vec<_> = run.exposure.iter().map(|e| (e.step, e.copies)).collect();
        assert_eq!(exposed, [(0, 1)]);
        assert_eq!(run.exposure[0].slots, cluster.node(m1).slots);
    }

    #[test]
    fn a_second_shard_does_not_come_below_two_copies() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1 s3@h2; m4@h1 <");
        let [m3, r1, r2] = ["m3", "r1", "r2"].map(|name| id(&cluster, name));
        let broken = simulated(&cluster, vec![replicate(r1, m3), replicate(r2, m3)]);
        let why = broken.err().map(|b| (b.step, b.why));
        assert_eq!(
            why,
            Some((2, "a second shard falls below two copies".to_owned()))
        );
    }

    #[test]
    fn a_promotion_without_a_sibling_leaves_one_copy() {
        let cluster = cluster("m1!@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; gone?@h2");
        let [m1, r1, gone, m2] = ["m1", "r1", "gone", "m2"].map(|name| id(&cluster, name));
        let promote = Failover {
            node: r1,
            old: m1,
            mode: Mode::Force,
        };
        let run = simulated(&cluster, vec![promote.into()]).expect("it serves again");
        let exposed: Vec<_> = run.exposure.iter().map(|e| (e.step, e.copies)).collect();
        assert_eq!(exposed, [(0, 1)]);
        let forget = |node| Forget {
            node,
            tell: [m2].into(),
            loses: SlotSet::new(),
        };
        let broken = simulated(&cluster, vec![forget(m1).into()]);
        let why = broken.err().map(|b| b.why).unwrap_or_default();
        assert!(why.contains("still owns slots"), "{why}");
        assert!(simulated(&cluster, vec![forget(gone).into()]).is_ok());
    }
}
