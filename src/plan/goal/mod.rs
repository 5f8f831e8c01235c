//! What the operator wants besides a clean `check`: one file for each goal.
//!
//! A goal says its words, what it asks of the decision about roles and copies, which steps it needs
//! beside those that follow from that decision, and what its level counts. `demands` is what goals
//! ask for, `supposed` the cluster in which it is granted, of which everything else is decided.
//!
//! To add a goal, write its file (a struct that is a [`Wish`]) and add one line to the list below.

mod demands;
mod leaving;
pub mod masters;
mod supposed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::action::Action;
use crate::action::Draft;
use crate::action::Kind;
use crate::action::Step;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NoSuchDomain;
use crate::model::NodeId;
use crate::plan::Request;
use crate::plan::problem::Problem;
use crate::plan::why::Refusal;
use crate::text::words::count;

use serde::Deserialize;
use serde::Serialize;

pub use demands::Demands;
pub use pin::PinnedRole;
pub use supposed::Inputs;
pub use supposed::Joined;
pub use supposed::Supposed;
pub use supposed::suppose;

/// Declares the file of every goal, and its variant of [`Goal`].
macro_rules! goals {
    ($($file:ident => $Goal:ident),* $(,)?) => {
        $(mod $file; pub use $file::$Goal;)*

        /// One goal.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Goal {
            $($Goal($Goal),)*
        }

        /// The word of a goal.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug,
            Serialize, Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        #[schemars(rename = "GoalName")]
        pub enum GoalKind {
            $($Goal,)*
        }

        impl Goal {
            pub fn kind(&self) -> GoalKind {
                match self {
                    $(Self::$Goal(_) => GoalKind::$Goal,)*
                }
            }
        }

        impl GoalKind {
            /// As JSON and text spell it.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$Goal => $file::WORD,)*
                }
            }
        }

        /// A goal does what its own file says.
        impl std::ops::Deref for Goal {
            type Target = dyn Wish;

            fn deref(&self) -> &(dyn Wish + 'static) {
                match self {
                    $(Self::$Goal(goal) => goal,)*
                }
            }
        }

        $(impl From<$Goal> for Goal {
            fn from(goal: $Goal) -> Self {
                Self::$Goal(goal)
            }
        })*
    };
}

goals! {
    drain => Drain,
    restart => Restart,
    maintain => Maintain,
    remove => Remove,
    replace => Replace,
    pin => Pin,
    masters_never => MastersNever,
    masters_rather => MastersRather,
}

/// What the file of a goal answers.
pub trait Wish {
    /// The options that ask for it, each with its value as one item; `quote` spells odd values.
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String>;

    /// What it asks of the decision; `real` is the cluster once every shard that can be has a live
    /// master. What contradicts another goal is found in the demands.
    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal>;

    /// Its steps beside those that follow from the decision.
    fn drafts(&self, _: &Decided) -> Vec<Draft> {
        Vec::new()
    }

    /// Shards that it cannot be reached for by the decision, one entry each.
    fn blocked(&self, _: &Decided) -> Vec<Refusal> {
        Vec::new()
    }

    /// The level that says how far it is from its end; none where a plan either has it or is none.
    fn level(&self) -> Option<Level>;

    /// What the level counts on a cluster.
    fn left(&self, at: &Cluster) -> i64;

    /// What it comes to, in words.
    fn says(&self, scene: &Reached) -> String;

    /// The domain that it is about, if it is about one.
    fn domain(&self) -> Option<&Domain> {
        None
    }
}

/// A decision that was made, for the goals' own steps.
pub struct Decided<'a> {
    pub problem: &'a Problem<'a>,
    /// The steps that follow from it.
    pub drafts: &'a [Draft],
    /// The cluster that they lead to.
    pub end: &'a Cluster,
}

/// Where a goal came from, and where it came to.
pub struct Reached<'a> {
    pub start: &'a Cluster,
    pub end: &'a Cluster,
    /// Processes that steps of the plan stop.
    pub stopped: usize,
}

impl Reached<'_> {
    /// `host:h1: 4 masters -> 0, 8 processes are stopped`.
    fn of_domain(&self, domain: &Domain, done: &str) -> String {
        let nodes = leaving::nodes(self.start, domain);
        let before = leaving::masters(self.start, &nodes);
        let after = leaving::masters(self.end, &nodes);
        let stopped = match self.stopped {
            0 => String::new(),
            1 => format!(", 1 process is {done}"),
            n => format!(", {n} processes are {done}"),
        };
        format!("{domain}: {} -> {after}{stopped}", count(before, "master"))
    }
}

/// What a goal came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub kind: GoalKind,
    pub domain: Option<Domain>,
    /// Live members in the domain; masters with slots among them before and after.
    pub members: usize,
    pub masters_before: usize,
    pub masters_after: usize,
    /// Processes there that steps stop.
    pub stopped: usize,
    pub says: String,
}

/// Why goals make no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadGoal {
    #[error(transparent)]
    NoSuch(#[from] NoSuchDomain),
    /// No node of that address is in the capture.
    #[error("no node `{0}` in the capture")]
    NoNode(String),
    /// Two goals want opposite things of one node.
    #[error("{node}: {one} and {other} contradict each other")]
    Contradiction {
        node: String,
        one: String,
        other: String,
    },
    /// Who copies no shard can neither lead one nor be followed.
    #[error("{0} copies no shard")]
    CopiesNothing(String),
    #[error("{0} cannot be a replica of itself")]
    Itself(String),
    /// A restart is planned by itself: roles change for it on the way.
    #[error(
        "`{restart}` is planned apart from other goals: {}, each on a capture of its own",
        match .first { true => "the others first, then the restart of who is left", false => "the restart first, then the others" }
    )]
    Apart { restart: String, first: bool },
    /// Its first steps alone would be no plan.
    #[error("`--max-steps` cuts no plan that moves slots or restarts")]
    Whole,
}

/// What leads from a later cluster back to the masters of an earlier one.
pub fn back(to: &Cluster, from: &Cluster) -> Vec<Goal> {
    let pins = to.iter().filter_map(|(id, node)| {
        let leads = node.is_live_member() && !node.slots.is_empty();
        let follows = from.node(id).is_live_member() && from.node(id).slots.is_empty();
        let address = node.address.clone().filter(|_| leads && follows)?;
        let role = PinnedRole::Master;
        Some(Pin { address, role }.into())
    });
    pins.collect()
}

/// What goals make no sense of on this cluster.
pub fn check(request: &Request, cluster: &Cluster) -> Result<(), BadGoal> {
    let apart = |goal: &&Goal| match goal {
        Goal::Restart(_) => true,
        Goal::Drain(_)
        | Goal::Maintain(_)
        | Goal::Remove(_)
        | Goal::Replace(_)
        | Goal::Pin(_)
        | Goal::MastersNever(_)
        | Goal::MastersRather(_) => false,
    };
    // Half of what slots or restarts need is no safe place to stop for good: an owner whose slots
    // were given up takes them back until all steps are done.
    let whole = !request.slots.is_empty() || request.goals.iter().any(|goal| apart(&goal));
    if request.max_steps.is_some() && whole {
        return Err(BadGoal::Whole);
    }
    if let Some(restart) = request.goals.iter().find(apart)
        && (request.goals.len() > 1 || !request.slots.is_empty())
    {
        let options = restart.options(&|text| text.to_owned());
        // Who leaves need not be restarted, and what was pinned may lead elsewhere on the way.
        let leaves = |goal: &Goal| match goal {
            Goal::Drain(_) | Goal::Remove(_) | Goal::Replace(_) => true,
            Goal::Maintain(_)
            | Goal::Pin(_)
            | Goal::MastersNever(_)
            | Goal::MastersRather(_)
            | Goal::Restart(_) => false,
        };
        return Err(BadGoal::Apart {
            restart: options.join(" "),
            first: request.goals.iter().any(leaves) || !request.slots.leave.is_empty(),
        });
    }
    pinned_and_left(request, cluster)?;
    Demands::of(&request.goals, cluster).map(drop)
}

/// Who leaves the cluster is pinned to nothing.
fn pinned_and_left(request: &Request, cluster: &Cluster) -> Result<(), BadGoal> {
    let pins = request.goals.iter().filter_map(|goal| match goal {
        Goal::Pin(pin) => Some(pin),
        Goal::Drain(_)
        | Goal::Maintain(_)
        | Goal::Remove(_)
        | Goal::Replace(_)
        | Goal::Restart(_)
        | Goal::MastersNever(_)
        | Goal::MastersRather(_) => None,
    });
    let pins: Vec<&Pin> = pins.collect();
    for domain in &request.slots.leave {
        let leaving = leaving::nodes(cluster, domain);
        let named = |pin: &&&Pin| {
            pin.names()
                .any(|a| cluster.at(a).any(|id| leaving.contains(&id)))
        };
        if let Some(pin) = pins.iter().find(named) {
            return Err(BadGoal::Contradiction {
                node: pin.address.to_string(),
                one: format!("pinned by {pin}"),
                other: format!("{domain} leaves"),
            });
        }
    }
    Ok(())
}

/// Goals about anybody who is still there once slots have gone where they were asked to: whoever
/// left the cluster meanwhile is drained and removed by that.
pub(super) fn of_who_stays(goals: &[Goal], before: &Cluster, after: &Cluster) -> Vec<Goal> {
    let there = |at: &Cluster, domain: &Domain| Domains::of(at).nodes_in(domain).is_ok();
    let stays = |goal: &&Goal| {
        let domain = goal.domain();
        domain.is_none_or(|domain| there(after, domain) || !there(before, domain))
    };
    goals.iter().filter(stays).cloned().collect()
}

/// Goals may name the same node: it is stopped once, and who is reset, and empty then, is not
/// stopped besides.
pub(super) fn leave_each_once(drafts: &mut Vec<Draft>) {
    let key = |draft: &Draft| (draft.action.kind(), draft.action.subject());
    let reset: BTreeSet<NodeId> = drafts
        .iter()
        .map(key)
        .filter(|k| k.0 == Kind::Reset)
        .map(|k| k.1)
        .collect();
    let mut named = BTreeSet::new();
    drafts.retain(|draft| {
        let (kind, node) = key(draft);
        named.insert((kind, node)) && !(kind == Kind::Kill && reset.contains(&node))
    });
}

/// Nobody who was stopped or sent away before is told to forget anything.
pub(super) fn leave_stopped_untold(drafts: &mut Vec<Draft>) {
    let stopped = |draft: &Draft| match &draft.action {
        Action::Kill(kill) => Some(kill.node),
        Action::Reset(reset) => Some(reset.node),
        Action::Meet(_)
        | Action::Flush(_)
        | Action::Replicate(_)
        | Action::SetSlot(_)
        | Action::Failover(_)
        | Action::SetEpoch(_)
        | Action::AddSlots(_)
        | Action::MigrateSlots(_)
        | Action::BumpEpoch(_)
        | Action::Restart(_)
        | Action::Forget(_) => None,
    };
    let stopped: BTreeSet<NodeId> = drafts.iter().filter_map(stopped).collect();
    if stopped.is_empty() {
        return;
    }
    for draft in drafts.iter_mut() {
        if let Action::Forget(forget) = &mut draft.action {
            let tell = forget.tell.iter().copied();
            forget.tell = tell.filter(|id| !stopped.contains(id)).collect();
        }
    }
    drafts.retain(|draft| match &draft.action {
        Action::Forget(forget) => !forget.tell.is_empty(),
        Action::Meet(_)
        | Action::Flush(_)
        | Action::Replicate(_)
        | Action::SetSlot(_)
        | Action::Failover(_)
        | Action::SetEpoch(_)
        | Action::AddSlots(_)
        | Action::MigrateSlots(_)
        | Action::BumpEpoch(_)
        | Action::Restart(_)
        | Action::Kill(_)
        | Action::Reset(_) => true,
    });
}

/// What each goal came to.
pub fn outcomes(goals: &[Goal], start: &Cluster, end: &Cluster, steps: &[Step]) -> Vec<Outcome> {
    let outcome = |goal: &Goal| {
        let nodes = goal.domain().map(|domain| leaving::nodes(start, domain));
        let nodes = nodes.unwrap_or_default();
        let stops = |step: &&Step| match &step.draft.action {
            Action::Kill(kill) => nodes.contains(&kill.node),
            Action::Reset(reset) => nodes.contains(&reset.node),
            Action::Meet(_)
            | Action::Flush(_)
            | Action::Replicate(_)
            | Action::SetSlot(_)
            | Action::SetEpoch(_)
            | Action::AddSlots(_)
            | Action::MigrateSlots(_)
            | Action::BumpEpoch(_)
            | Action::Failover(_)
            | Action::Restart(_)
            | Action::Forget(_) => false,
        };
        let stopped = steps.iter().filter(stops).count();
        Outcome {
            kind: goal.kind(),
            domain: goal.domain().cloned(),
            members: leaving::members(start, &nodes),
            masters_before: leaving::masters(start, &nodes),
            masters_after: leaving::masters(end, &nodes),
            stopped,
            says: goal.says(&Reached {
                start,
                end,
                stopped,
            }),
        }
    };
    goals.iter().map(outcome).collect()
}

/// A value of an option: as it is where that is harmless, else quoted.
pub(super) fn spelled(value: &dyn ToString, quote: &dyn Fn(&str) -> String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":./_-,=".contains(c);
    match value.to_string() {
        text if text.chars().all(plain) => text,
        text => quote(&text),
    }
}
