//! A plan file's steps, with every value checked: the only thing the emitters write from.
//!
//! A plan file is text that somebody may have edited. After [`steps`] no value is left that is
//! not an id, an address, a slot set, a number or a word of a fixed list.

mod cluster;
mod field;
mod relied;
mod sets;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Command;
use crate::action::GuardLink;
use crate::action::GuardRole;
use crate::action::Kind;
use crate::action::Need;
use crate::action::Risk;
use crate::action::Spelled;
use crate::action::StepMode;
use crate::emit::EmitError;
use crate::emit::checked::field::At;
use crate::emit::checked::sets::Sets;
use crate::model::Address;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::rules::Phase;

pub(super) use cluster::CheckedCluster;
pub(super) use relied::Relied;

/// Longest wait or pause: a month. More is a slip, and bash counts in 63 bits.
const LONGEST_MS: u64 = 31 * 24 * 3600 * 1000;

/// What must hold at the step's own address beyond its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CheckedGuard {
    pub role: Option<GuardRole>,
    pub master: Option<NodeName>,
    pub slots: Option<SlotSet>,
    pub empty: bool,
    pub link: Option<GuardLink>,
}

/// One step of which nothing can be obeyed but what it says. It has what the shape of its action
/// asks for, and nothing that the shape does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CheckedStep {
    pub id: u32,
    pub phase: Phase,
    pub wave: u32,
    pub action: Kind,
    pub node: Option<NodeName>,
    pub address: Option<Address>,
    pub target: Option<NodeName>,
    pub target_address: Option<Address>,
    pub bus_port: Option<u16>,
    /// One list for all steps that name the same.
    pub tell: Arc<[Address]>,
    pub slots: Option<SlotSet>,
    pub mode: Option<StepMode>,
    pub epoch: Option<u64>,
    pub after: Vec<u32>,
    /// All steps of the plan up to this one come before, too.
    pub barrier: Option<u32>,
    pub pause_ms: u64,
    /// The step that the pause counts from: the last failover of the same slots, else the step
    /// named last in `after`.
    pub pause_after: Option<u32>,
    pub guard: CheckedGuard,
    pub relied: Relied,
    pub wait_at: Arc<[Address]>,
    pub limit_ms: u64,
    pub expected_ms: u64,
    pub can_be_undone: bool,
    /// Codes.
    pub cures: String,
    /// Cleaned free text.
    pub reason: String,
}

impl CheckedStep {
    /// Its mode, where that has to be said.
    pub(super) fn told_mode(&self) -> Option<StepMode> {
        let usual = self.action.spec().shape.usual_mode;
        self.mode.filter(|_| self.mode != usual)
    }

    /// The node that changes.
    pub(super) fn subject(&self) -> Option<&NodeName> {
        if self.action.spec().shape.guarded.is_target() {
            self.target.as_ref()
        } else {
            self.node.as_ref()
        }
    }

    /// What the node that changes is called: its address, or the id where no address will do.
    pub(super) fn who(&self) -> String {
        let address = if self.action.spec().shape.guarded.is_target() {
            let needed = self.action.spec().shape.target_address == Need::Must;
            self.target_address.as_ref().filter(|_| needed)
        } else {
            self.address.as_ref()
        };
        let id = self.subject().map(ToString::to_string);
        address.map_or(id.unwrap_or_default(), ToString::to_string)
    }

    /// What it may lose for good.
    pub(super) fn risk(&self) -> Option<Risk> {
        (self.action.spec().risk)(self.mode, self.guard.link.is_some())
    }

    /// The servers' own commands; at least one.
    pub(super) fn commands(&self) -> Vec<Command> {
        self.commands_to(&self.tell)
    }

    /// The first of them: a forget has one like it for every node that is told.
    pub(super) fn first_command(&self) -> Option<Command> {
        let one = self.tell.get(..1).unwrap_or_default();
        self.commands_to(one).into_iter().next()
    }

    fn commands_to(&self, tell: &[Address]) -> Vec<Command> {
        let text = |value: &dyn ToString| value.to_string();
        let (node, target) = (self.node.as_ref(), self.target.as_ref());
        let address = self.address.as_ref().map(|a| text(a));
        let target_address = self.target_address.as_ref().map(|a| text(a));
        let slots = self.slots.as_ref().map(|s| text(s));
        let tell: Vec<String> = tell.iter().map(|a| text(a)).collect();
        let tell: Vec<&str> = tell.iter().map(String::as_str).collect();
        let spelled = Spelled {
            node: node.map(NodeName::as_str),
            address: address.as_deref(),
            target: target.map(NodeName::as_str),
            target_address: target_address.as_deref(),
            bus_port: self.bus_port,
            tell: &tell,
            slots: slots.as_deref(),
            mode: self.mode,
            epoch: self.epoch,
        };
        (self.action.spec().commands)(&spelled).unwrap_or_default()
    }

    /// Where to send what takes it back, and the words, where the plan says that something does.
    pub(super) fn undo(&self) -> Option<(&Address, String)> {
        if !self.can_be_undone {
            return None;
        }
        match self.action {
            Kind::Failover => Some((self.target_address.as_ref()?, "CLUSTER FAILOVER".to_owned())),
            Kind::Replicate => {
                let before = self.guard.master.as_ref()?;
                Some((
                    self.address.as_ref()?,
                    format!("CLUSTER REPLICATE {before}"),
                ))
            }
            Kind::Meet
            | Kind::Flush
            | Kind::SetSlot
            | Kind::SetEpoch
            | Kind::AddSlots
            | Kind::MigrateSlots
            | Kind::BumpEpoch
            | Kind::Forget
            | Kind::Kill
            | Kind::Reset
            | Kind::Restart => None,
        }
    }

    /// The slots that a failover takes over.
    pub(super) fn taken_over(&self) -> Option<&SlotSet> {
        self.slots
            .as_ref()
            .filter(|_| self.action == Kind::Failover)
    }

    /// Two failovers of one shard: masters that voted in the first withhold a vote for a while.
    fn shares_slots(&self, other: &Self) -> bool {
        let both = self.taken_over().zip(other.taken_over());
        both.is_some_and(|(mine, theirs)| !mine.intersection(theirs).is_empty())
    }

    /// What a promotion costs for good, of a replica that need not have finished a sync.
    pub(super) fn loss(&self) -> Option<String> {
        if self.mode == Some(StepMode::GiveUp) {
            let slots = self.slots.as_ref()?;
            return Some(format!(
                "nobody has a copy of slots {slots}: what was in them is lost for good"
            ));
        }
        let (address, slots) = (self.address.as_ref()?, self.taken_over()?);
        (self.risk() == Some(Risk::Data)).then(|| {
            format!(
                "{address} never finished a sync: what it lacks of the data of slots {slots} is \
                 lost for good"
            )
        })
    }
}

/// A process that is asked, or named in a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CheckedParty {
    pub id: NodeName,
    pub address: Address,
}

/// The cluster of the plan, or the first thing that is wrong.
pub(super) fn cluster(plan: &PlanReport) -> Result<CheckedCluster, EmitError> {
    cluster::cluster(&plan.cluster, LONGEST_MS)
}

/// All steps of the plan, in its order, or the first thing that is wrong.
pub(super) fn steps(plan: &PlanReport) -> Result<Vec<CheckedStep>, EmitError> {
    let mut sets = Sets::new(&plan.groups)?;
    let mut earlier = BTreeSet::new();
    let mut checked: Vec<CheckedStep> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let id = step.id.to_string();
        let at = At(step);
        if step.id == 0 || earlier.contains(&step.id) {
            return Err(at.wrong("id", &id, "not a number of its own from 1 on"));
        }
        if let Some(other) = step.after.iter().find(|&id| !earlier.contains(id)) {
            return Err(at.wrong("after", &other.to_string(), "not an earlier step"));
        }
        if let Some(barrier) = step.barrier.filter(|id| !earlier.contains(id)) {
            return Err(at.wrong("barrier", &barrier.to_string(), "not an earlier step"));
        }
        let mut next = at.check(&mut sets)?;
        let mut before = checked.iter().rev();
        next.pause_after = before
            .find(|s| s.shares_slots(&next))
            .map(|s| s.id)
            .or(next.after.last().copied());
        checked.push(next);
        earlier.insert(step.id);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Until;
    use crate::emit::testing;
    use crate::report::Step;

    const M: testing::At = ("aaaa", "127.0.0.1:7000");
    const R: testing::At = ("bbbb", "127.0.0.1:7001");

    type Spoil = fn(&mut Step);

    fn error(step: Step) -> String {
        match steps(&testing::plan(vec![step])) {
            Ok(checked) => panic!("passed: {checked:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_value_that_a_shell_could_obey_is_refused() {
        let spoil: [(&str, Spoil); 12] = [
            ("node", |s| s.node = Some("$(reboot)".into())),
            ("node", |s| s.node = Some("a\nb".into())),
            ("address", |s| s.address = Some("127.0.0.1 :7000".into())),
            ("address", |s| s.address = Some("-h:7000".into())),
            ("target", |s| s.target = Some("a'b".into())),
            ("target_address", |s| {
                s.target_address = Some("`x`:1".into())
            }),
            ("slots", |s| s.slots = Some("1;reboot".into())),
            ("slots", |s| s.slots = Some("+1-2".into())),
            ("mode", |s| s.mode = Some(StepMode::Stable)),
            ("wait.until", |s| s.wait.until = Until::Known),
            ("wait.at[0]", |s| s.wait.at = vec!["a;b:1".into()]),
            ("guard.master", |s| s.guard.master = Some("\"".into())),
        ];
        for (field, spoil) in spoil {
            let mut step = testing::failover(7, StepMode::Graceful, R, M, "0-5");
            spoil(&mut step);
            let error = error(step);
            assert!(
                error.starts_with(&format!("step 7: `{field}` is `")),
                "{error}"
            );
        }
    }

    #[test]
    fn only_a_meet_has_a_bus_port() {
        let mut step = testing::meet(3, M, R);
        step.target_bus_port = Some(0);
        assert_eq!(error(step), "step 3: `target_bus_port` is `0`, not a port");
        let mut step = testing::replicate(3, R, M);
        step.target_bus_port = Some(9000);
        assert!(error(step).contains("only a meet step has one"));
    }

    #[test]
    fn what_a_step_needs_is_named() {
        let mut step = testing::meet(3, M, R);
        step.target_address = None;
        assert_eq!(
            error(step),
            "step 3: `target_address` is missing, a meet step needs it"
        );
        assert!(error(testing::forget(1, "cccc", &[])).contains("`tell` is missing"));
    }

    #[test]
    fn a_guard_that_cannot_be_kept_is_refused() {
        let mut step = testing::replicate(1, R, M);
        step.guard.id = Some("cccc".into());
        assert!(error(step).contains("`guard.id`"));
        let mut step = testing::forget(1, "cccc", &["127.0.0.1:7000"]);
        step.guard.role = Some(GuardRole::Master);
        assert!(error(step).contains("`guard.role`"));
    }

    #[test]
    fn steps_count_up_and_depend_on_earlier_ones() {
        let twice = testing::plan(vec![testing::flush(1, M), testing::flush(1, M)]);
        assert!(steps(&twice).is_err());
        let mut early = testing::flush(1, M);
        early.after = vec![2];
        assert!(error(early).contains("not an earlier step"));
        let mut early = testing::flush(1, M);
        early.barrier = Some(1);
        assert!(error(early).contains("`barrier` is `1`, not an earlier step"));
    }

    #[test]
    fn a_pause_counts_from_the_last_failover_of_the_shard() {
        let mut plan = testing::plan(vec![
            testing::failover(1, StepMode::Force, R, M, "0-5"),
            testing::failover(2, StepMode::Force, R, M, "6"),
            testing::flush(3, M),
            testing::failover(4, StepMode::Graceful, M, R, "0-5"),
            testing::failover(5, StepMode::Graceful, M, R, "7"),
        ]);
        plan.steps[3].after = vec![1, 3];
        plan.steps[4].after = vec![1, 3];
        let steps = steps(&plan).expect("legal");
        let counts_from: Vec<Option<u32>> = steps.iter().map(|s| s.pause_after).collect();
        assert_eq!(counts_from, [None, None, None, Some(1), Some(3)]);
    }

    #[test]
    fn groups_are_spelt_out_and_checked() {
        let forget = |id| testing::forget(id, "cccc", &["127.0.0.3:7000", "@live"]);
        let mut plan = testing::plan(vec![forget(1), forget(2)]);
        let live = vec!["127.0.0.1:7000".to_owned(), "::1:7001".to_owned()];
        plan.groups.insert("live".to_owned(), live);
        let checked = steps(&plan).expect("legal");
        let told: Vec<String> = checked[0].tell.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["127.0.0.3:7000", "127.0.0.1:7000", "::1:7001"]);
        assert!(Arc::ptr_eq(&checked[0].tell, &checked[1].wait_at));
        plan.groups
            .insert("live".to_owned(), vec!["$(reboot):1".to_owned()]);
        let error = steps(&plan).expect_err("no address").to_string();
        assert!(
            error.starts_with("cluster: `groups.live` is `?(reboot):1`"),
            "{error}"
        );
        plan.groups.clear();
        let error = steps(&plan).expect_err("no group").to_string();
        assert!(
            error.contains("`@live`, not a group of the plan"),
            "{error}"
        );
    }

    #[test]
    fn a_step_risks_what_its_mode_and_guard_say() {
        let mut step = testing::failover(1, StepMode::Force, R, M, "0-5");
        assert_eq!(step.guard.link, None);
        step.risk = Some(Risk::Writes);
        assert!(error(step.clone()).contains("`risk` is `writes`, not what this step risks"));
        // Nobody can talk a risk away.
        step.risk = None;
        let checked = steps(&testing::plan(vec![step])).expect("legal");
        assert_eq!(checked[0].risk(), Some(Risk::Data));
    }

    #[test]
    fn endless_waits_are_slips() {
        let mut step = testing::flush(1, M);
        step.wait.limit_ms = u64::MAX;
        assert!(error(step).contains("longer than a month"));
    }
}
