//! The steps of a plan file, one after the other, on what the file tells of the cluster: who is
//! a member, and who owns which slots by then.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::GuardLink;
use crate::action::Kind;
use crate::action::Risk;
use crate::action::StepMode;
use crate::model::SlotSet;
use crate::plan::Level;
use crate::report::PlanReport;
use crate::report::Step;
use crate::report::plan::Asked;
use crate::report::verify::flaw::Flaws;

/// What the file tells of the cluster, as the steps before left it.
struct Scene<'a> {
    /// Address by id.
    nodes: BTreeMap<&'a str, Option<&'a str>>,
    addresses: BTreeSet<&'a str>,
    /// Slots by the id of who owns some.
    owners: BTreeMap<&'a str, SlotSet>,
    /// Owners that do not live.
    dead: BTreeSet<&'a str>,
    groups: &'a BTreeMap<String, Vec<String>>,
}

pub(super) fn check(plan: &PlanReport, flaws: &mut Flaws) {
    let mut scene = Scene::of(plan, flaws);
    let level = |level: Level| plan.objective.iter().find(|l| l.level == level);
    let told = !plan.cluster.shards.is_empty();
    if let Some(serve) = level(Level::Serve).filter(|_| told) {
        let field = "objective.serve.before";
        flaws.same(field, serve.before, scene.unserved());
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let at = At {
            step,
            index,
            scene: &scene,
        };
        at.check(flaws);
        scene.carry_out(step);
    }
    if let Some(serve) = level(Level::Serve).filter(|_| told) {
        flaws.same("objective.serve.value", serve.value, scene.unserved());
    }
    let expected = plan.steps.iter().map(|s| s.wait.expected_ms);
    let expected = expected.fold(0, u64::saturating_add) / 1000;
    // Files of the first version do not say what each step takes.
    if plan.steps.iter().all(|s| s.wait.expected_ms > 0) {
        flaws.same("seconds", plan.seconds, expected);
    }
    for exposure in &plan.exposure {
        if exposure.step == 0 || exposure.step as usize > plan.steps.len() {
            flaws.cannot("exposure.step", &exposure.step, "not a step of the plan");
        }
    }
}

impl<'a> Scene<'a> {
    fn of(plan: &'a PlanReport, flaws: &mut Flaws) -> Self {
        let cluster = &plan.cluster;
        let members = cluster.members.iter().chain(&cluster.ghosts);
        let all = members.clone();
        let mut scene = Self {
            nodes: all.map(|m| (m.id.as_str(), m.address.as_deref())).collect(),
            addresses: members.filter_map(|m| m.address.as_deref()).collect(),
            owners: BTreeMap::new(),
            dead: BTreeSet::new(),
            groups: &plan.groups,
        };
        for (index, shard) in cluster.shards.iter().enumerate() {
            let field = |name: &str| format!("cluster.shards[{index}].{name}");
            if !scene.nodes.contains_key(shard.owner.as_str()) {
                flaws.cannot(&field("owner"), &shard.owner, "not a node of the cluster");
            }
            match shard.slots.parse::<SlotSet>() {
                Ok(slots) => {
                    scene.owners.insert(&shard.owner, slots);
                }
                Err(_) => flaws.cannot(&field("slots"), &shard.slots, "not slot ranges"),
            }
            if !shard.live {
                scene.dead.insert(&shard.owner);
            }
        }
        scene
    }

    /// Slots without a live owner.
    fn unserved(&self) -> i64 {
        let mut served = SlotSet::new();
        let live = self
            .owners
            .iter()
            .filter(|(id, _)| !self.dead.contains(*id));
        live.for_each(|(_, slots)| served.union_with(slots));
        i64::from(served.complement().len())
    }

    fn slots_of(&self, id: &str) -> SlotSet {
        self.owners.get(id).cloned().unwrap_or_default()
    }

    fn carry_out(&mut self, step: &'a Step) {
        let slots: SlotSet = step
            .slots
            .as_deref()
            .unwrap_or_default()
            .parse()
            .unwrap_or_default();
        match step.action {
            Kind::Failover => {
                if let (Some(node), Some(target)) = (&step.node, &step.target)
                    && let Some(slots) = self.owners.remove(target.as_str())
                {
                    self.owners.insert(node, slots);
                }
            }
            Kind::MigrateSlots => {
                if let Some(owned) = step.node.as_deref().and_then(|n| self.owners.get_mut(n)) {
                    owned.subtract(&slots);
                }
                if let Some(target) = &step.target {
                    self.owners.entry(target).or_default().union_with(&slots);
                }
            }
            Kind::AddSlots => {
                if let Some(node) = &step.node {
                    self.owners.entry(node).or_default().union_with(&slots);
                }
            }
            Kind::Forget => {
                if let Some(ghost) = &step.target {
                    self.owners.remove(ghost.as_str());
                }
            }
            Kind::Meet
            | Kind::Flush
            | Kind::Replicate
            | Kind::SetSlot
            | Kind::SetEpoch
            | Kind::BumpEpoch
            | Kind::Kill
            | Kind::Reset
            | Kind::Restart => {}
        }
    }
}

/// A step in its moment.
#[derive(Clone, Copy)]
struct At<'a> {
    step: &'a Step,
    /// Its position, from 0.
    index: usize,
    scene: &'a Scene<'a>,
}

impl At<'_> {
    fn field(self, name: &str) -> String {
        format!("step {}: {name}", self.index + 1)
    }

    fn check(self, flaws: &mut Flaws) {
        let (step, index) = (self.step, self.index);
        flaws.same(&self.field("id"), step.id as usize, index + 1);
        let later = |id: u32| id == 0 || id as usize > index;
        for id in step.after.iter().chain(&step.barrier) {
            if later(*id) {
                flaws.cannot(&self.field("after"), id, "not an earlier step");
            }
        }
        if !step.key.is_empty() {
            let asked = Asked {
                word: step.action.spec().word,
                mode: step.mode,
                node: step.node.as_deref(),
                target: step.target.as_deref(),
                slots: step.slots.as_deref(),
            };
            flaws.same(&self.field("key"), step.key.clone(), asked.key());
        }
        let spec = step.action.spec();
        let risk = (spec.risk)(step.mode, step.guard.link.is_some());
        let word = |risk: Option<Risk>| risk.map_or("none", Risk::word);
        if step.risk.is_some() {
            flaws.same(&self.field("risk"), word(step.risk), word(risk));
        }
        self.names(flaws);
        // Files of the first version do not tell who owns what.
        if !self.scene.owners.is_empty() {
            self.moment(flaws);
        }
    }

    /// Everything that it names is a node of the cluster, and where the cluster says.
    fn names(self, flaws: &mut Flaws) {
        let step = self.step;
        let ends = [
            ("node", &step.node, "address", &step.address),
            (
                "target",
                &step.target,
                "target_address",
                &step.target_address,
            ),
        ];
        for (name, id, place, address) in ends {
            let Some(id) = id else { continue };
            match self.scene.nodes.get(id.as_str()) {
                None => flaws.cannot(&self.field(name), id, "not a node of the cluster"),
                Some(known) => {
                    if let Some(address) = address.as_deref().filter(|a| Some(*a) != *known) {
                        let known = known.unwrap_or("none");
                        flaws.differs(&self.field(place), &address, &known);
                    }
                }
            }
        }
        let listed = &self.scene.addresses;
        for (name, list) in [("tell", &step.tell), ("wait.at", &step.wait.at)] {
            for entry in list {
                let known = match entry.split_at_checked(1) {
                    Some(("@", group)) => self.scene.groups.contains_key(group),
                    Some(("-", address)) => listed.contains(address),
                    Some(_) | None => listed.contains(entry.as_str()),
                };
                if !known {
                    flaws.cannot(&self.field(name), entry, "no node of the cluster is there");
                }
            }
        }
    }

    /// What must hold by then, as far as the file alone tells.
    fn moment(self, flaws: &mut Flaws) {
        let step = self.step;
        let (Some(node), target) = (step.node.as_deref(), step.target.as_deref()) else {
            if let (Kind::Forget, Some(ghost)) = (step.action, step.target.as_deref()) {
                self.owns(flaws, "target", ghost, &self.slots());
            }
            return;
        };
        if matches!(step.action, Kind::Kill | Kind::Reset) {
            self.is(flaws, "guard.id", step.guard.id.as_deref(), node);
            self.owns(flaws, "node", node, &SlotSet::new());
        }
        let Some(target) = target else { return };
        match step.action {
            Kind::Failover => {
                let slots = self.scene.slots_of(target);
                self.says(flaws, "slots", step.slots.as_deref(), &slots);
                self.owns(flaws, "node", node, &SlotSet::new());
                self.is(flaws, "guard.id", step.guard.id.as_deref(), node);
                self.is(flaws, "guard.master", step.guard.master.as_deref(), target);
                let graceful = step.mode == Some(StepMode::Graceful);
                if graceful && self.scene.dead.contains(target) {
                    flaws.cannot(&self.field("mode"), &"graceful", "its master is dead");
                }
                if graceful && step.guard.link != Some(GuardLink::Up) {
                    flaws.cannot(
                        &self.field("guard.link"),
                        &"none",
                        "a handover needs its link up",
                    );
                }
            }
            Kind::Replicate => {
                self.is(flaws, "guard.id", step.guard.id.as_deref(), node);
                self.owns(flaws, "node", node, &SlotSet::new());
                if let Some(receiver) = &step.guard.receiver {
                    let slots = self.scene.slots_of(target);
                    self.says(flaws, "guard.receiver.slots", Some(&receiver.slots), &slots);
                }
                if let Some(donor) = &step.guard.donor {
                    let slots = self.scene.slots_of(&donor.id);
                    self.says(flaws, "guard.donor.slots", Some(&donor.slots), &slots);
                }
            }
            Kind::Meet => self.owns(flaws, "target", target, &SlotSet::new()),
            Kind::Restart => {
                self.is(flaws, "guard.id", step.guard.id.as_deref(), node);
                self.owns(flaws, "node", node, &SlotSet::new());
                if let Some(donor) = &step.guard.donor {
                    let slots = self.scene.slots_of(&donor.id);
                    self.says(flaws, "guard.donor.slots", Some(&donor.slots), &slots);
                }
            }
            Kind::MigrateSlots => {
                let owned = self.scene.slots_of(node);
                let slots: SlotSet = self.slots();
                if owned.intersection(&slots) != slots {
                    self.says(flaws, "slots", step.slots.as_deref(), &owned);
                }
            }
            Kind::Flush
            | Kind::SetSlot
            | Kind::SetEpoch
            | Kind::AddSlots
            | Kind::BumpEpoch
            | Kind::Forget
            | Kind::Kill
            | Kind::Reset => {}
        }
    }

    /// Of the step; none where it has none.
    fn slots(self) -> SlotSet {
        let slots = self.step.slots.as_deref().unwrap_or_default();
        slots.parse().unwrap_or_default()
    }

    fn is(self, flaws: &mut Flaws, name: &str, says: Option<&str>, expected: &str) {
        flaws.same(&self.field(name), says.unwrap_or("none"), expected);
    }

    fn says(self, flaws: &mut Flaws, name: &str, says: Option<&str>, owned: &SlotSet) {
        let says = says.unwrap_or_default();
        if says.parse::<SlotSet>().ok().as_ref() != Some(owned) && says != owned.to_string() {
            flaws.differs(&self.field(name), &says, owned);
        }
    }

    fn owns(self, flaws: &mut Flaws, name: &str, id: &str, expected: &SlotSet) {
        let owned = self.scene.slots_of(id);
        if owned != *expected {
            let reason = format!("by then it owns slots {owned}");
            flaws.cannot(&self.field(name), &id, &reason);
        }
    }
}
