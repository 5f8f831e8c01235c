//! A plan in the making: steps that the simulated name server took, and what they lead to.

use std::collections::BTreeSet;

use crate::model::PartitionId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Left;
use crate::tablets::Plan;
use crate::tablets::Refused;
use crate::tablets::Request;
use crate::tablets::Shown;
use crate::tablets::Value;
use crate::tablets::findings;

/// One act in its place in the plan's order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    pub act: Act,
    pub stage: Phase,
    pub cures: Vec<Code>,
    pub reason: String,
    /// What it may lose for good.
    pub risk: Option<&'static str>,
    pub undo: Option<String>,
}

/// A partition that is below two copies in use because of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposed {
    /// Place in the steps, from 0.
    pub step: usize,
    pub partition: PartitionId,
    pub copies: usize,
    pub reason: String,
}

pub(super) struct Draft<'a> {
    pub captured: &'a Tablets,
    pub request: &'a Request,
    /// Findings of the captured state.
    pub found: Vec<Finding>,
    /// Their codes.
    codes: BTreeSet<Code>,
    /// After the steps so far.
    pub state: Tablets,
    pub steps: Vec<Planned>,
    pub exposed: Vec<Exposed>,
    pub left: Vec<Left>,
    pub advice: Vec<String>,
    pub assumptions: Vec<String>,
    /// Fewest steps that the parts of the plan counted, each by what it cannot do without.
    pub fewest: usize,
    /// Values of levels that a flow decided.
    pub flows: Vec<Value>,
    /// Copies that a flow moves at least.
    pub moves: usize,
}

impl<'a> Draft<'a> {
    pub fn new(captured: &'a Tablets, request: &'a Request) -> Self {
        let mut assumptions = Vec::new();
        if captured.auto_failover.is_none() {
            assumptions.push(
                "auto_failover is off: no confget was captured; the script looks first and stops if it is on"
                    .to_owned(),
            );
        }
        if !captured.health_known {
            assumptions.push("every tablet runs: no showtablet was captured".to_owned());
        }
        let found = findings(captured, request);
        Self {
            captured,
            request,
            codes: found.iter().map(|f| f.rule.code).collect(),
            found,
            state: captured.clone(),
            steps: Vec::new(),
            exposed: Vec::new(),
            left: Vec::new(),
            advice: Vec::new(),
            assumptions,
            fewest: 0,
            flows: Vec::new(),
            moves: 0,
        }
    }

    pub fn wants(&self, code: Code) -> bool {
        self.request.wants(code)
    }

    /// Something was selected and found that one of these codes cures.
    pub fn found_wanted(&self, codes: &[Code]) -> bool {
        let wanted = |f: &Finding| codes.contains(&f.rule.code) && self.wants(f.rule.code);
        self.found.iter().any(wanted)
    }

    /// Takes a step, if the name server does; `auto_failover` is turned off before the first that
    /// it would refuse otherwise.
    pub fn take(
        &mut self,
        act: Act,
        stage: Phase,
        cures: &[Code],
        reason: impl Into<String>,
    ) -> Result<(), Refused> {
        let manual = Act::SetAutoFailover(false);
        let first = act.needs_manual() && self.state.auto_failover == Some(true);
        let switch = self.state.auto_failover;
        if first {
            manual.apply(&mut self.state);
        }
        let allowed = act.guard(&self.state);
        self.state.auto_failover = switch;
        allowed?;
        if first {
            let reason = "the name server refuses changes by hand while it is on";
            self.push(manual, stage, Vec::new(), reason.to_owned());
        }
        let cures = cures
            .iter()
            .copied()
            .filter(|code| self.codes.contains(code))
            .collect();
        self.push(act, stage, cures, reason.into());
        Ok(())
    }

    fn push(&mut self, act: Act, stage: Phase, cures: Vec<Code>, reason: String) {
        let undo = act.undo(&self.state);
        let risk = self.risk(&act);
        // Only these can lose a copy by it.
        let mut touched: Vec<PartitionId> = act.partition().into_iter().collect();
        if let (None, Some(tablet)) = (act.partition(), act.tablet()) {
            touched.extend(self.state.held_by(tablet).map(|(id, _)| id));
        }
        let usable = |state: &Tablets, id: PartitionId| {
            let copies = state.partition(id).copies.iter();
            copies.filter(|held| state.is_usable(held)).count()
        };
        let before: Vec<usize> = touched.iter().map(|&id| usable(&self.state, id)).collect();
        act.apply(&mut self.state);
        let step = self.steps.len();
        let why = exposure(&act);
        for (&id, was) in touched.iter().zip(before) {
            let is = usable(&self.state, id);
            if is < was && is < 2 {
                self.exposed.push(Exposed {
                    step,
                    partition: id,
                    copies: is,
                    reason: why.to_owned(),
                });
            }
        }
        self.steps.push(Planned {
            act,
            stage,
            cures,
            reason,
            risk,
            undo,
        });
    }

    /// Writes that nobody has any more once another one leads.
    fn risk(&self, act: &Act) -> Option<&'static str> {
        const LIVE: &str =
            "writes that arrive while the leader changes may be lost: stop them first";
        const DEAD: &str = "writes that only the old leader had are lost";
        match *act {
            Act::ChangeLeader { partition, .. } => {
                let partition = self.state.partition(partition);
                match self.state.leader(partition) {
                    Some(_) => Some(LIVE),
                    None => Some(DEAD),
                }
            }
            Act::OfflineEndpoint(tablet) => {
                let leads = |(id, held): (PartitionId, &crate::model::Held)| {
                    let leader = self.state.listed_leader(self.state.partition(id));
                    leader.is_none_or(|l| l.tablet == tablet) && held.leader
                };
                let leads = self.state.held_by(tablet).any(leads);
                leads.then_some(match self.state.runs(tablet) {
                    true => LIVE,
                    false => DEAD,
                })
            }
            Act::SetAutoFailover(_)
            | Act::Restart(_)
            | Act::RestartNameServer(_)
            | Act::RecoverEndpoint(_)
            | Act::RecoverTable { .. }
            | Act::Migrate { .. }
            | Act::AddReplica { .. }
            | Act::DelReplica { .. }
            | Act::Kill(_) => None,
        }
    }

    /// A goal that is not reached for one partition is begun for none.
    pub fn blocked_goals_do_nothing(&mut self) {
        if self.left.iter().any(|left| left.blocks) {
            self.steps.clear();
            self.exposed.clear();
            self.flows.clear();
            (self.fewest, self.moves) = (0, 0);
            self.state = self.captured.clone();
        }
    }

    pub fn finish(mut self) -> Plan {
        let turned_off = self
            .steps
            .iter()
            .find(|s| s.act == Act::SetAutoFailover(false))
            .is_some();
        if turned_off {
            self.fewest += 2;
            let stage = self.steps.last().map_or(Phase::Protect, |step| step.stage);
            let reason = "as it was before: a tablet that dies is replaced again";
            self.push(
                Act::SetAutoFailover(true),
                stage,
                Vec::new(),
                reason.to_owned(),
            );
        }
        let values = self.values();
        let remaining = findings(&self.state, self.request);
        Plan {
            steps: self.steps,
            end: self.state,
            values,
            exposed: self.exposed,
            remaining,
            left: self.left,
            advice: self.advice,
            assumptions: self.assumptions,
        }
    }

    fn values(&self) -> Vec<Value> {
        let count = |count: Count, of: fn(&Tablets) -> usize, bound: usize, selected: bool| {
            let (before, value) = (of(self.captured), of(&self.state));
            let bound = bound.min(value);
            Value {
                count,
                before: before as i64,
                value: value as i64,
                bound: bound as i64,
                shown: shown(bound == value),
                selected,
            }
        };
        let serve = self.wants(Code::PartitionWithoutLeader);
        let protect = self.wants(Code::ReplicaNotAlive);
        let lost = |state: &Tablets| {
            state
                .partitions
                .iter()
                .filter(|p| state.leader(p).is_none())
                .count()
        };
        // Without a copy that is alive there is nothing that could lead; nor be copied.
        let hopeless = self.captured.partitions.iter().filter(|p| {
            let some = p.copies.iter().any(|held| self.captured.is_usable(held));
            !some && p.copies.len() > 1
        });
        let hopeless = hopeless.count();
        let mut values = vec![
            count(Count::Serve, lost, hopeless, serve),
            count(Count::Protect, thin, hopeless, protect),
            count(Count::Missing, not_in_use, hopeless, protect),
        ];
        values.extend(self.flows.iter().cloned());
        let moves = self.steps.iter();
        let moves = moves.filter(|s| matches!(s.act, Act::Migrate { .. } | Act::AddReplica { .. }));
        let moves = moves.count();
        values.push(Value {
            count: Count::Moves,
            before: 0,
            value: moves as i64,
            bound: self.moves as i64,
            shown: match (moves, self.moves) {
                (0, _) => Shown::Count,
                (a, b) if a == b => Shown::Flow,
                _ => Shown::No,
            },
            selected: true,
        });
        let steps = self.steps.len();
        values.push(Value {
            count: Count::Actions,
            before: 0,
            value: steps as i64,
            bound: self.fewest.min(steps) as i64,
            shown: shown(self.fewest >= steps),
            selected: true,
        });
        values.sort_by_key(|value| value.count);
        values
    }
}

fn shown(by_count: bool) -> Shown {
    if by_count { Shown::Count } else { Shown::No }
}

/// Copies in use, by partition.
fn usable(state: &Tablets) -> Vec<usize> {
    let of = |p: &crate::model::Partition| p.copies.iter().filter(|h| state.is_usable(h)).count();
    state.partitions.iter().map(of).collect()
}

/// Partitions that have two copies or more, and fewer than two in use.
fn thin(state: &Tablets) -> usize {
    let usable = usable(state);
    let partitions = state.partitions.iter().zip(usable);
    partitions
        .filter(|(p, in_use)| p.copies.len() > 1 && *in_use < 2)
        .count()
}

fn not_in_use(state: &Tablets) -> usize {
    let copies = state.partitions.iter().flat_map(|p| &p.copies);
    copies.filter(|held| !state.is_usable(held)).count()
}

fn exposure(act: &Act) -> &'static str {
    match act {
        Act::OfflineEndpoint(_) => "until the tablet is recovered",
        Act::ChangeLeader { .. } => "until the old leader is recovered",
        Act::Restart(_) => "while the process is down",
        Act::SetAutoFailover(_)
        | Act::RestartNameServer(_)
        | Act::RecoverEndpoint(_)
        | Act::RecoverTable { .. }
        | Act::Migrate { .. }
        | Act::AddReplica { .. }
        | Act::DelReplica { .. }
        | Act::Kill(_) => "",
    }
}
