//! How far a plan is by a later capture: every step done, still to be done, held up by another one,
//! or drifted: neither done nor possible as planned.
//!
//! The script decides the same at the nodes themselves. Here it is by what the files tell.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::GuardLink;
use crate::action::GuardRole;
use crate::action::Kind;
use crate::action::StepMode;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::report::Step;

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    Done,
    /// It may run, now or once the steps before it are done.
    Pending,
    /// It comes after a step that drifted.
    Blocked,
    /// It is not done, and what it relies on is no longer as planned.
    Drifted,
}

/// How far one step is, and why it is no further.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepProgress {
    pub id: u32,
    pub state: StepState,
    /// The step in a few words.
    pub says: String,
    pub why: Option<String>,
}

/// How far a plan is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    pub done: usize,
    pub pending: usize,
    pub blocked: usize,
    pub drifted: usize,
    pub steps: Vec<StepProgress>,
    /// What of the cluster as a whole is not as this plan left it.
    pub drift: Vec<String>,
}

impl Progress {
    /// Nothing is left to be done.
    pub fn is_done(&self) -> bool {
        self.pending + self.blocked + self.drifted == 0
    }

    /// The plan does not lead on from here.
    pub fn has_drifted(&self) -> bool {
        self.drifted > 0 || (!self.is_done() && !self.drift.is_empty())
    }
}

/// Judges every step by what `at` shows.
pub fn progress(plan: &PlanReport, at: &Cluster) -> Progress {
    let scene = Scene { plan, at };
    let mut done: BTreeSet<u32> = BTreeSet::new();
    for index in 0..plan.steps.len() {
        if scene.is_done(index, &done) {
            done.insert(plan.steps[index].id);
        }
    }
    let mut progress = Progress {
        drift: scene.drift(&done),
        ..Progress::default()
    };
    let mut stuck: BTreeSet<u32> = BTreeSet::new();
    for step in &plan.steps {
        let before = |id: u32| step.after.contains(&id) || step.barrier.is_some_and(|b| id <= b);
        let earlier = plan.steps.iter().map(|s| s.id).filter(|&id| before(id));
        let open: Vec<u32> = earlier.filter(|id| !done.contains(id)).collect();
        let held = open.iter().find(|id| stuck.contains(id));
        let (state, why) = if done.contains(&step.id) {
            (StepState::Done, None)
        } else if let Some(held) = held {
            (
                StepState::Blocked,
                Some(format!("it comes after step {held}")),
            )
        } else if let Some(first) = open.first() {
            (
                StepState::Pending,
                Some(format!("it comes after step {first}")),
            )
        } else {
            match scene.guard(step) {
                Ok(()) => (StepState::Pending, None),
                Err(why) => (StepState::Drifted, Some(why)),
            }
        };
        match state {
            StepState::Done => progress.done += 1,
            StepState::Pending => progress.pending += 1,
            StepState::Blocked => progress.blocked += 1,
            StepState::Drifted => progress.drifted += 1,
        }
        if matches!(state, StepState::Blocked | StepState::Drifted) {
            stuck.insert(step.id);
        }
        let tell = plan.spelt_out(&step.tell);
        let says = (step.action.spec().says)(&step.spelled(&tell));
        progress.steps.push(StepProgress {
            id: step.id,
            state,
            says: format!("{} {} {}", step.action, says.who, says.becomes),
            why,
        });
    }
    progress
}

struct Scene<'a> {
    plan: &'a PlanReport,
    at: &'a Cluster,
}

fn expect(what: &str, expected: &str, seen: &str) -> Result<(), String> {
    let or_none = |text: &str| match text {
        "" => "none".to_owned(),
        text => text.to_owned(),
    };
    match expected == seen {
        true => Ok(()),
        false => Err(format!(
            "{what}: expected {}, seen {}",
            or_none(expected),
            or_none(seen)
        )),
    }
}

impl Scene<'_> {
    fn find(&self, name: &Option<String>) -> Option<NodeId> {
        self.at.find(name.as_deref()?)
    }

    fn is_done(&self, index: usize, done: &BTreeSet<u32>) -> bool {
        let step = &self.plan.steps[index];
        // Who takes over again led before it handed over, too.
        let mut earlier = self.plan.steps[..index].iter().rev();
        let away = earlier.find(|s| hands_over(s, step));
        let came_again = away.is_none_or(|away| done.contains(&away.id));
        // A later step may have changed the effect of this one on the way to the plan's end.
        let mut later = self.plan.steps[index + 1..].iter();
        (came_again && self.effect(step))
            || later.any(|next| includes(step, next) && self.effect(next))
    }

    /// The step's own effect is there.
    fn effect(&self, step: &Step) -> bool {
        let node = self.find(&step.node);
        let target = self.find(&step.target);
        let of = |id: NodeId| self.at.node(id);
        match step.action {
            Kind::Meet => target.is_some_and(|t| of(t).membership == Membership::Member),
            Kind::Flush => node.is_some_and(|n| of(n).keys == Some(0) || of(n).is_replica()),
            Kind::Replicate => node.zip(target).is_some_and(|(node, target)| {
                let root = self.at.root(target);
                // A master that is yet to get its slots is nobody's root.
                let same = root.is_some() && self.at.root(node) == root;
                let follows = same || of(node).master() == Some(target);
                of(node).is_replica()
                    && follows
                    && self.at.is_synced(node)
                    && of(node).replication.link != Link::Down
            }),
            Kind::SetSlot => node.is_some_and(|node| {
                let slots = slots(&step.slots);
                of(node).open_slots.iter().all(|o| !slots.contains(o.slot))
            }),
            Kind::Failover => node.is_some_and(|node| {
                let slots = slots(&step.slots);
                of(node).is_live_member() && of(node).slots.intersection(&slots) == slots
            }),
            Kind::SetEpoch => node.is_some_and(|node| of(node).config_epoch > 0),
            Kind::AddSlots => node.is_some_and(|node| {
                let slots = slots(&step.slots);
                of(node).slots.intersection(&slots) == slots
            }),
            Kind::MigrateSlots => target.is_some_and(|target| {
                let slots = slots(&step.slots);
                of(target).slots.intersection(&slots) == slots
            }),
            Kind::BumpEpoch => node.is_some_and(|node| {
                let before = self.plan.cluster.shards.iter();
                let mut before = before.filter(|s| s.owner == of(node).name.as_str());
                let before = before.next().and_then(|s| s.config_epoch);
                before.is_some_and(|epoch| of(node).config_epoch > epoch)
            }),
            Kind::Kill => node.is_none_or(|node| !of(node).is_live()),
            Kind::Reset => node.is_none_or(|node| !of(node).is_live_member()),
            Kind::Forget => target.is_none_or(|t| of(t).membership == Membership::Forgotten),
            Kind::Restart => node.is_some_and(|node| {
                let node = of(node);
                let anew = node.run.is_some() && node.run.as_deref() != step.guard.run.as_deref();
                anew && version_fits(step, node)
                    && node.is_live()
                    && node.replication.link != Link::Down
            }),
        }
    }

    /// What must hold for the step to run now.
    fn guard(&self, step: &Step) -> Result<(), String> {
        let guard = &step.guard;
        let id = match step.action.spec().shape.guarded.is_target() {
            true => &step.target,
            false => &step.node,
        };
        let Some(node) = self.find(id) else {
            let name = id.as_deref().unwrap_or_default();
            return Err(format!("node {name}: the capture does not list it"));
        };
        let seen = self.at.node(node);
        if step.action == Kind::Forget {
            return match seen.is_live() {
                true => Err(format!("{seen} lives: it came back")),
                false => Ok(()),
            };
        }
        if !seen.is_live() {
            return Err(format!("{seen} is down"));
        }
        let address = seen.address.as_ref().map(ToString::to_string);
        let planned = match step.action.spec().shape.guarded.is_target() {
            true => &step.target_address,
            false => &step.address,
        };
        if let Some(planned) = planned {
            expect(
                "its address",
                planned,
                address.as_deref().unwrap_or_default(),
            )?;
        }
        if let Some(role) = guard.role {
            let now = match seen.role {
                Role::Master => GuardRole::Master,
                Role::Replica(_) => GuardRole::Replica,
            };
            expect(&format!("role of {seen}"), role.word(), now.word())?;
        }
        if let Some(master) = &guard.master {
            let now = seen.master().map(|m| self.at.node(m).name.to_string());
            let now = now.unwrap_or_default();
            expect(&format!("master of {seen}"), master, &now)?;
        }
        if step.action == Kind::MigrateSlots {
            self.can_go_on(step, node)?;
        } else if guard.slots.is_some() {
            self.owns(node, &guard.slots)?;
        }
        if guard.link == Some(GuardLink::Up) && seen.replication.link == Link::Down {
            return Err(format!("link of {seen}: expected up, seen down"));
        }
        if guard.link.is_some() && !self.at.is_synced(node) {
            return Err(format!("{seen} never finished a sync"));
        }
        if let Some(donor) = &guard.donor {
            self.party(&donor.id, &donor.slots)?;
        }
        self.others(step)
    }

    /// Every slot of a move is at its source, or came to its target already.
    fn can_go_on(&self, step: &Step, from: NodeId) -> Result<(), String> {
        let Some(to) = self.find(&step.target) else {
            let name = step.target.as_deref().unwrap_or_default();
            return Err(format!("node {name}: the capture does not list it"));
        };
        let (from, to) = (self.at.node(from), self.at.node(to));
        if !to.is_live() {
            return Err(format!("{to} is down"));
        }
        let mut elsewhere = slots(&step.slots);
        elsewhere.subtract(&from.slots);
        elsewhere.subtract(&to.slots);
        match elsewhere.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "slots {elsewhere} are neither of {from} nor of {to}"
            )),
        }
    }

    /// Slots that steps bring to a node from a shard.
    fn brought(&self, name: &str) -> SlotSet {
        let mut brought = SlotSet::new();
        for step in &self.plan.steps {
            let to = match step.action {
                Kind::MigrateSlots => &step.target,
                Kind::AddSlots => &step.node,
                Kind::Meet
                | Kind::Flush
                | Kind::Replicate
                | Kind::SetSlot
                | Kind::Failover
                | Kind::SetEpoch
                | Kind::BumpEpoch
                | Kind::Kill
                | Kind::Reset
                | Kind::Forget
                | Kind::Restart => continue,
            };
            if to.as_deref() == Some(name) {
                brought.union_with(&slots(&step.slots));
            }
        }
        brought
    }

    /// What a step needs of other nodes.
    fn others(&self, step: &Step) -> Result<(), String> {
        let Some(target) = &step.target else {
            return Ok(());
        };
        match (step.action, step.mode) {
            (Kind::Failover, Some(StepMode::Graceful)) => {
                self.party(target, step.slots.as_deref().unwrap_or_default())
            }
            (Kind::Failover, _) => match self.at.find(target).map(|id| self.at.node(id)) {
                Some(old) if old.is_live() => Err(format!("{old} lives: it came back")),
                Some(_) | None => Ok(()),
            },
            (Kind::Replicate, _) => match &step.guard.receiver {
                Some(receiver) => self.party(target, &receiver.slots),
                None => Ok(()),
            },
            (
                Kind::Meet
                | Kind::Flush
                | Kind::SetSlot
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Kill
                | Kind::Reset
                | Kind::Forget
                | Kind::Restart,
                _,
            ) => Ok(()),
        }
    }

    /// That node lives and owns exactly these slots.
    fn party(&self, name: &str, owned: &str) -> Result<(), String> {
        let Some(id) = self.at.find(name) else {
            return Err(format!("node {name}: the capture does not list it"));
        };
        let node = self.at.node(id);
        if !node.is_live() {
            return Err(format!("{node} is down"));
        }
        self.owns(id, &Some(owned.to_owned()))
    }

    fn owns(&self, id: NodeId, owned: &Option<String>) -> Result<(), String> {
        let node = self.at.node(id);
        let (expected, seen) = (slots(owned).to_string(), node.slots.to_string());
        expect(&format!("slots of {node}"), &expected, &seen)
    }

    /// Shards that are led by somebody else than this plan left them to.
    fn drift(&self, done: &BTreeSet<u32>) -> Vec<String> {
        let mut drift = Vec::new();
        for shard in &self.plan.cluster.shards {
            let owned = slots(&Some(shard.slots.clone()));
            let promotions = self.plan.steps.iter().filter(|s| {
                s.action == Kind::Failover && slots(&s.slots) == owned && done.contains(&s.id)
            });
            let ids: Vec<&String> = promotions.filter_map(|s| s.node.as_ref()).collect();
            let expected = ids.last().map_or(&shard.owner, |id| *id);
            // Whoever could not be asked tells nothing.
            let others = self.at.iter().find(|(_, n)| {
                let mut taken = n.slots.intersection(&owned);
                if !taken.is_empty() {
                    taken.subtract(&self.brought(n.name.as_str()));
                }
                n.is_live_member() && n.name.as_str() != expected && !taken.is_empty()
            });
            // On the way from one to the next, the earlier one may lead still.
            let early = |n: &Node| {
                n.name.as_str() == shard.owner || ids.iter().any(|id| *id == n.name.as_str())
            };
            if let Some((_, node)) = others.filter(|(_, n)| !early(n)) {
                let name = self
                    .at
                    .find(expected)
                    .map(|id| self.at.node(id).to_string());
                drift.push(format!(
                    "slots {}: expected {} as their master, seen {node}",
                    shard.slots,
                    name.as_deref().unwrap_or(expected),
                ));
            }
        }
        drift
    }
}

fn slots(text: &Option<String>) -> SlotSet {
    let text = text.as_deref().unwrap_or_default();
    text.parse().unwrap_or_default()
}

fn version_fits(step: &Step, node: &Node) -> bool {
    let runs = node.runs.as_ref().and_then(|s| s.version);
    let runs = runs.map(|v| v.to_string());
    step.guard.version.is_none() || step.guard.version == runs
}

/// The first takes its slots from the node that gets them again by the second.
fn hands_over(away: &Step, back: &Step) -> bool {
    let both = away.action == Kind::Failover && back.action == Kind::Failover;
    both && away.target == back.node && slots(&away.slots) == slots(&back.slots)
}

/// The effect of `next` includes that of `step`.
fn includes(step: &Step, next: &Step) -> bool {
    let same_node = step.node == next.node;
    let fails_over = step.action == Kind::Failover;
    let copies = matches!(step.action, Kind::Replicate | Kind::Flush);
    match next.action {
        Kind::Failover if fails_over => {
            let (mine, all) = (slots(&step.slots), slots(&next.slots));
            next.node != step.target && mine.intersection(&all) == mine
        }
        // It was a replica when it was restarted.
        Kind::Restart => fails_over && next.node == step.target,
        Kind::Replicate | Kind::Failover | Kind::Kill | Kind::Reset => copies && same_node,
        Kind::Meet
        | Kind::Flush
        | Kind::SetSlot
        | Kind::SetEpoch
        | Kind::AddSlots
        | Kind::MigrateSlots
        | Kind::BumpEpoch
        | Kind::Forget => false,
    }
}
