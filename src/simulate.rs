//! A plan applied step by step, with the findings of each moment.
//!
//! Every step is checked against the servers' preconditions on the cluster as the steps before
//! left it, and against what no prefix may break: no more uncovered slots than before, and at
//! most one shard more with fewer than two live copies than at the start.

use crate::action::Action;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::Step;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules;
use crate::rules::Context;
use crate::rules::Finding;

/// A simulated plan.
pub struct Run {
    pub end: Cluster,
    pub exposure: Vec<Exposure>,
    /// Findings after each step; the last are those of the end.
    pub moments: Vec<Vec<Finding>>,
}

/// A shard that is below two live copies because of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// Position of the step.
    pub step: usize,
    pub slots: SlotSet,
    pub copies: usize,
}

/// A step that must not run: a bug of the planner, never of the user.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("step {step}: {why}")]
pub struct Broken {
    /// From 1.
    pub step: usize,
    pub why: String,
}

/// How much is judged on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// All rules after every step.
    EveryStep,
    /// All rules at the end only; the invariants still at every step.
    EndOnly,
}

/// Runs the steps in order. `watch` sees the cluster before each step.
pub fn run(
    start: &Cluster,
    steps: &[Step],
    policy: &Policy,
    wanted: &Wanted,
    detail: Detail,
    mut watch: impl FnMut(usize, &Cluster),
) -> Result<Run, Broken> {
    let mut cluster = start.clone();
    let mut run = Run {
        end: Cluster::default(),
        exposure: Vec::new(),
        moments: Vec::new(),
    };
    let thin_at_start = thin(&cluster, None).len();
    let mut uncovered = cluster.uncovered().len();
    for (index, step) in steps.iter().enumerate() {
        let broken = |why: String| Broken {
            step: index + 1,
            why,
        };
        step.draft
            .action
            .guard(&cluster)
            .map_err(|e| broken(e.to_string()))?;
        watch(index, &cluster);
        let before = thin(&cluster, None);
        step.draft.action.apply(&mut cluster);
        // A re-pointed replica counts as no copy until its first full sync.
        let syncing = match &step.draft.action {
            Action::Replicate { node, .. } => Some(*node),
            _ => None,
        };
        let during = thin(&cluster, syncing);
        let was = |owner: NodeId| match &step.draft.action {
            Action::Failover { node, old, .. } if *node == owner => *old,
            _ => owner,
        };
        for (owner, copies) in &during {
            if !before.iter().any(|(o, _)| *o == was(*owner)) {
                run.exposure.push(Exposure {
                    step: index,
                    slots: cluster.node(*owner).slots.clone(),
                    copies: *copies,
                });
            }
        }
        let now = cluster.uncovered().len();
        if now > uncovered {
            return Err(broken(format!(
                "{} slots lose their owner",
                now - uncovered
            )));
        }
        let promotes =
            matches!(&step.draft.action, Action::Failover { old, .. } if !start.node(*old).live);
        if !promotes && during.len() > thin_at_start.max(before.len()) + 1 {
            return Err(broken("a second shard falls below two copies".to_owned()));
        }
        uncovered = now;
        if detail == Detail::EveryStep || index + 1 == steps.len() {
            run.moments
                .push(rules::check(&Context::new(&cluster, policy, wanted)));
        }
    }
    if steps.is_empty() {
        run.moments
            .push(rules::check(&Context::new(&cluster, policy, wanted)));
    }
    run.end = cluster;
    Ok(run)
}

/// Owners of served shards with fewer than two live, synced copies, leaving `without` out.
fn thin(cluster: &Cluster, without: Option<NodeId>) -> Vec<(NodeId, usize)> {
    let mut copies = vec![0_usize; cluster.nodes.len()];
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live_member()) {
        let counts = !node.slots.is_empty() || (Some(id) != without && cluster.is_synced(id));
        if let Some(root) = cluster.root(id).filter(|_| counts) {
            copies[root.index()] += 1;
        }
    }
    cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && !n.slots.is_empty())
        .map(|(id, _)| (id, copies[id.index()]))
        .filter(|(_, copies)| *copies < 2)
        .collect()
}
