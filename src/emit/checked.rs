//! A plan file's steps, with every value checked: the only thing the emitters write from.
//!
//! A plan file is text that somebody may have edited. After [`steps`] no value is left that is
//! not an id, an address, a slot set, a number or a word of a fixed list.

mod field;

use std::collections::BTreeSet;

use crate::emit::EmitError;
use crate::emit::checked::field::At;
use crate::model::Address;
use crate::model::NodeName;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::report::SCHEMA_VERSION;

/// Longest wait or pause: a month. More is a slip, and bash counts in 63 bits.
const LONGEST_MS: u64 = 31 * 24 * 3600 * 1000;

/// A process that is sent a command or named in one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Party {
    pub id: NodeName,
    pub address: Address,
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Meet {
        asked: Party,
        met: Party,
        /// Of the one met, where it is not its port + 10000.
        bus_port: Option<u16>,
    },
    Replicate {
        replica: Party,
        master: NodeName,
        master_address: Option<Address>,
    },
    Failover {
        replica: Party,
        mode: Mode,
        old: Option<NodeName>,
        old_address: Option<Address>,
        slots: SlotSet,
    },
    Forget {
        id: NodeName,
        tell: Vec<Address>,
    },
    SetSlotStable {
        node: Party,
        slots: SlotSet,
    },
    Flush {
        node: Party,
    },
}

impl Act {
    /// Two failovers of one shard: masters that voted in the first withhold a vote for a while.
    fn shares_slots(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Failover { slots, .. }, Self::Failover { slots: others, .. }) => {
                !slots.intersection(others).is_empty()
            }
            _ => false,
        }
    }
}

/// How a failover is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    Graceful,
    Force,
    Takeover,
}

impl Mode {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Graceful => "graceful",
            Self::Force => "force",
            Self::Takeover => "takeover",
        }
    }
}

/// What must hold at the step's own address beyond its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CheckedGuard {
    pub role: Option<&'static str>,
    pub master: Option<NodeName>,
    pub slots: Option<SlotSet>,
    pub empty: bool,
    pub link: Option<&'static str>,
}

/// One step of which nothing can be obeyed but what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CheckedStep {
    pub id: u32,
    pub phase: &'static str,
    pub act: Act,
    pub after: Vec<u32>,
    pub pause_ms: u64,
    /// The step that the pause counts from: the last failover of the same slots, else the step
    /// named last in `after`.
    pub pause_after: Option<u32>,
    pub guard: CheckedGuard,
    pub wait_at: Vec<Address>,
    pub limit_ms: u64,
    /// Cleaned free text.
    pub cures: String,
    /// Cleaned free text.
    pub reason: String,
}

impl CheckedStep {
    /// The word of the plan file.
    pub(super) fn action(&self) -> &'static str {
        match self.act {
            Act::Meet { .. } => "meet",
            Act::Replicate { .. } => "replicate",
            Act::Failover { .. } => "failover",
            Act::Forget { .. } => "forget",
            Act::SetSlotStable { .. } => "set-slot",
            Act::Flush { .. } => "flush",
        }
    }
}

impl CheckedStep {
    /// What a promotion costs for good, of a replica that need not have finished a sync.
    pub(super) fn loss(&self) -> Option<String> {
        let Act::Failover {
            replica,
            mode: Mode::Force | Mode::Takeover,
            slots,
            ..
        } = &self.act
        else {
            return None;
        };
        self.guard.link.is_none().then(|| {
            format!(
                "{} never finished a sync: what it lacks of the data of slots {slots} is lost \
                 for good",
                replica.address
            )
        })
    }
}

/// All steps of the plan, in its order, or the first thing that is wrong.
pub(super) fn steps(plan: &PlanReport) -> Result<Vec<CheckedStep>, EmitError> {
    if plan.schema_version != SCHEMA_VERSION {
        return Err(EmitError::Schema {
            found: plan.schema_version,
        });
    }
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
        let mut next = at.check()?;
        let mut before = checked.iter().rev();
        next.pause_after = before
            .find(|s| s.act.shares_slots(&next.act))
            .map(|s| s.id)
            .or(next.after.last().copied());
        checked.push(next);
        earlier.insert(step.id);
    }
    Ok(checked)
}

/// `0-5460,7000`, or nothing for no slots. `None` for any other text.
pub(super) fn slot_set(text: &str) -> Option<SlotSet> {
    let slot = |text: &str| {
        // `parse` would take a sign, too.
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let slot: Option<u16> = text.parse().ok();
        slot.filter(|&s| digits && s < SLOT_COUNT)
    };
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((slot(first)?, slot(last)?)).filter(|(f, l)| f <= l)
    };
    if text.is_empty() {
        return Some(SlotSet::new());
    }
    let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
    ranges.map(SlotSet::from_ranges)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let spoil: [(&str, Spoil); 14] = [
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
            ("mode", |s| s.mode = Some("force; reboot".into())),
            ("phase", |s| s.phase = "serve)".into()),
            ("wait.until", |s| s.wait.until = "known".into()),
            ("wait.at[0]", |s| s.wait.at = vec!["a;b:1".into()]),
            ("guard.master", |s| s.guard.master = Some("\"".into())),
            ("guard.link", |s| s.guard.link = Some("down".into())),
        ];
        for (field, spoil) in spoil {
            let mut step = testing::failover(7, "graceful", R, M, "0-5");
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
    fn messages_cannot_paint_the_terminal() {
        let mut step = testing::flush(1, M);
        step.action = "\u{1b}[2Jflush".into();
        assert_eq!(
            error(step),
            "step 1: `action` is `?[2Jflush`, not an action this tool has"
        );
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
        step.guard.role = Some("master".into());
        assert!(error(step).contains("`guard.role`"));
    }

    #[test]
    fn steps_count_up_and_depend_on_earlier_ones() {
        let twice = testing::plan(vec![testing::flush(1, M), testing::flush(1, M)]);
        assert!(steps(&twice).is_err());
        let mut early = testing::flush(1, M);
        early.after = vec![2];
        assert!(error(early).contains("not an earlier step"));
        let mut plan = testing::plan(Vec::new());
        plan.schema_version += 1;
        assert_eq!(steps(&plan), Err(EmitError::Schema { found: 2 }));
    }

    #[test]
    fn a_pause_counts_from_the_last_failover_of_the_shard() {
        let mut plan = testing::plan(vec![
            testing::failover(1, "force", R, M, "0-5"),
            testing::failover(2, "force", R, M, "6"),
            testing::flush(3, M),
            testing::failover(4, "graceful", M, R, "0-5"),
            testing::failover(5, "graceful", M, R, "7"),
        ]);
        plan.steps[3].after = vec![1, 3];
        plan.steps[4].after = vec![1, 3];
        let steps = steps(&plan).expect("legal");
        let counts_from: Vec<Option<u32>> = steps.iter().map(|s| s.pause_after).collect();
        assert_eq!(counts_from, [None, None, None, Some(1), Some(3)]);
    }

    #[test]
    fn endless_waits_are_slips() {
        let mut step = testing::flush(1, M);
        step.wait.limit_ms = u64::MAX;
        assert!(error(step).contains("longer than a month"));
    }

    #[test]
    fn slot_sets_are_read_in_any_order_and_nothing_else_is() {
        assert_eq!(
            slot_set("7,0-5,6").map(|s| s.to_string()).as_deref(),
            Some("0-7")
        );
        assert_eq!(slot_set(""), Some(SlotSet::new()));
        for bad in ["-", "1-", "5-1", "16384", "1,,2", " 1", "0x1"] {
            assert_eq!(slot_set(bad), None, "{bad}");
        }
    }
}
