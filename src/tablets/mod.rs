//! Plans for FEDB (RTIDB, OpenMLDB): acts on tablets and partitions, their legal order, and what a
//! loss would break.
//!
//! What is shared with the other family: copies are counted by `measure` and judged by the placement
//! rules over one node for each copy, leaders and moves are decided by `flow`, and the answers are
//! those of `report`. What is not: the acts are the commands of `ns_client` and refuse what its name
//! server refuses (`name_server_impl.cc`), `auto_failover` stands around nearly all of them, and
//! whether a copy is of use is said by the name server and by the health of its tablet. Knows nothing
//! of captures. Start reading at [`plan`].

mod act;
mod draft;
mod drain;
mod effect;
mod impact;
mod leaders;
mod memory;
mod moves;
mod pairs;
mod repair;
mod replicas;
mod rolling;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Cure;
use crate::rules::Finding;
use crate::rules::Phase;
use crate::rules::Subject;
use crate::rules::TabletContext;
use crate::rules::check_tablets;

pub use act::Act;
pub use act::Refused;
pub use act::Word;
pub use draft::Exposed;
pub use draft::Planned;
pub use impact::Loss;
pub use impact::lose;

use draft::Draft;

/// What the operator asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    pub only: BTreeSet<Code>,
    pub skip: BTreeSet<Code>,
    pub through: Option<Phase>,
    /// Plan in spite of what speaks against it.
    pub force: bool,
    /// Tablets that are to hold nothing in the end.
    pub drain: BTreeSet<TabletId>,
    /// Those of them whose processes are stopped then.
    pub stop: BTreeSet<TabletId>,
    /// Tablets that alone may take what is drained; empty: any other one.
    pub to: BTreeSet<TabletId>,
    /// Followers that every partition is to have, no more and no fewer.
    pub replicas: Option<u32>,
    /// Followers that no partition is to be short of.
    pub least_replicas: Option<u32>,
    /// Servers that are restarted once, one after the other.
    pub restart: Option<Restart>,
}

/// Which servers are restarted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restart {
    pub tablets: BTreeSet<TabletId>,
    /// The name servers, before the tablets.
    pub name_servers: bool,
}

impl Request {
    /// Findings of that code are to be cured.
    pub fn wants(&self, code: Code) -> bool {
        if self.skip.contains(&code) {
            return false;
        }
        match self.only.is_empty() {
            true => matches!(code.rule().cure, Cure::Yes(_)),
            false => self.only.contains(&code),
        }
    }

    fn reaches(&self, stage: Phase) -> bool {
        self.through.is_none_or(|last| stage <= last)
    }
}

/// What a level of a plan counts, in order.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// Partitions without a leader that is alive.
    Serve,
    /// Partitions with fewer than two copies in use, of those that have two.
    Protect,
    /// Copies that are not in use.
    Missing,
    /// Copies too few, or by a goal too many.
    Replicas,
    /// Copies on tablets that are to be drained.
    Drain,
    /// Followers on a host with another copy of their partition.
    SameHost,
    /// Leaders beyond the fair share of their hosts.
    OverHost,
    /// Tablets that run and hold nothing.
    Empty,
    /// Copies beyond the fair share of their tablets.
    OverTablet,
    /// Copies that are carried to another tablet.
    Moves,
    /// Steps.
    Actions,
}

impl Count {
    pub fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Protect => "protect",
            Self::Missing => "missing",
            Self::Replicas => "replicas",
            Self::Drain => "drain",
            Self::SameHost => "same-host",
            Self::OverHost => "over-host",
            Self::Empty => "empty",
            Self::OverTablet => "over-tablet",
            Self::Moves => "moves",
            Self::Actions => "actions",
        }
    }
}

/// How a value was shown to be the least possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// By the potentials of a flow, checked in integers.
    Flow,
    /// By counting what no plan can do without.
    Count,
    No,
}

/// One level of the objective.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    pub count: Count,
    pub before: i64,
    pub value: i64,
    pub bound: i64,
    pub shown: Shown,
    pub selected: bool,
}

/// Why no plan is made at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Obstacle {
    #[error("a topic of Kafka is judged, and not planned")]
    Topic,
    #[error("no showtable was captured: nobody says which copies there are")]
    NoTables,
    #[error(
        "no showtablet was captured: with auto_failover off, showtable calls copies on a dead tablet alive; capture showtablet, or say --force if all tablets run"
    )]
    HealthUnknown,
    #[error("rows of the capture could not be read: capture again, or say --force")]
    Torn,
    #[error(
        "{0} running when this was captured: wait until they are done and capture again, or say --force if they hang"
    )]
    Running(String),
    #[error(
        "auto_failover is on and {0} no leader yet, though a follower is alive: the name server is electing; wait, capture again, and if it stays so say --force"
    )]
    Electing(String),
    #[error(
        "two tables are called `{0}`: a command that names it may mean the other; capture one database at a time"
    )]
    Ambiguous(String),
    #[error("a name in the capture is none that a command may hold: `{0}`")]
    Name(String),
}

/// What a plan leaves, and what would help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// The partition that stays as it is.
    pub partition: Option<PartitionId>,
    pub subject: String,
    pub reason: String,
    pub unlock: String,
    /// A goal cannot be reached because of it.
    pub blocks: bool,
}

/// A plan, and the state it leads to.
#[derive(Clone, Debug)]
pub struct Plan {
    pub steps: Vec<Planned>,
    pub end: Tablets,
    pub values: Vec<Value>,
    pub exposed: Vec<Exposed>,
    /// What the rules find in the end.
    pub remaining: Vec<Finding>,
    pub left: Vec<Left>,
    pub advice: Vec<String>,
    pub assumptions: Vec<String>,
}

impl Plan {
    /// Something that is to be cured remains. Who was stopped because it was asked for is offline, and
    /// nothing is left to do about that.
    pub fn leaves_wanted(&self, request: &Request) -> bool {
        let stopped: Vec<Subject> = request.stop.iter().map(|&t| Subject::tablet(t)).collect();
        let asked =
            |f: &Finding| f.rule.code == Code::TabletOffline && stopped.contains(&f.subject);
        let mut open = self.remaining.iter().filter(|f| !asked(f));
        open.any(|f| request.wants(f.rule.code))
    }
}

/// The fewest steps that cure what is selected, in an order that the name server accepts.
///
/// Deterministic. Every step was allowed by [`Act::guard`] on the state that the steps before it
/// lead to.
pub fn plan(state: &Tablets, request: &Request) -> Result<Plan, Obstacle> {
    if !request.force {
        admit(state)?;
    }
    if state.topic {
        return Err(Obstacle::Topic);
    }
    if !state.tables_known {
        return Err(Obstacle::NoTables);
    }
    if let Some(table) = state.ambiguous_table() {
        return Err(Obstacle::Ambiguous(table.to_string()));
    }
    let mut draft = Draft::new(state, request);
    repair::repair(&mut draft);
    if let Some(restart) = request
        .restart
        .as_ref()
        .filter(|_| request.reaches(Phase::Change))
    {
        rolling::rolling(&mut draft, restart);
    }
    replicas::replicas(&mut draft);
    if !request.drain.is_empty() && draft.request.reaches(Phase::Change) {
        drain::drain(&mut draft);
    }
    if draft.request.reaches(Phase::Spread) {
        moves::spread(&mut draft);
        leaders::spread(&mut draft);
    }
    memory::check(&mut draft);
    draft.blocked_goals_do_nothing();
    let plan = draft.finish();
    for step in &plan.steps {
        if let Some(name) = step.act.odd_name(state) {
            return Err(Obstacle::Name(name));
        }
    }
    Ok(plan)
}

/// Whether anything may be planned on what was captured.
fn admit(state: &Tablets) -> Result<(), Obstacle> {
    if state.topic {
        return Err(Obstacle::Topic);
    }
    if !state.tables_known {
        return Err(Obstacle::NoTables);
    }
    if state.torn {
        return Err(Obstacle::Torn);
    }
    let running = state.ops.iter().filter(|op| op.status.is_running()).count();
    match running {
        0 => {}
        1 => return Err(Obstacle::Running("1 operation was".to_owned())),
        n => return Err(Obstacle::Running(format!("{n} operations were"))),
    }
    if state.auto_failover == Some(true) {
        let waits =
            |p: &&crate::model::Partition| state.leader(p).is_none() && state.heir(p).is_some();
        match state.partitions.iter().filter(waits).count() {
            0 => {}
            1 => return Err(Obstacle::Electing("1 partition has".to_owned())),
            n => return Err(Obstacle::Electing(format!("{n} partitions have"))),
        }
    }
    if !state.health_known {
        return Err(Obstacle::HealthUnknown);
    }
    Ok(())
}

/// What the rules find in a state.
fn findings(state: &Tablets, request: &Request) -> Vec<Finding> {
    let mut found = check_tablets(&TabletContext::new(state, request.least_replicas));
    // Who is drained is to be empty.
    let drained = |finding: &Finding| {
        let mut drained = request.drain.iter();
        drained.any(|&tablet| finding.subject == Subject::tablet(tablet))
    };
    found.retain(|f| f.rule.code != Code::EmptyTablet || !drained(f));
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Health;
    use crate::model::Held;
    use crate::model::testing::tablets;

    /// Numbers that are the same in every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) % limit
        }
    }

    /// Six tablets, a few of them down, and partitions in any state that rows can show.
    fn drawn(numbers: &mut Numbers) -> Tablets {
        let mut state = tablets("t 0: *a; b c d e f");
        state.partitions.clear();
        state.auto_failover = [Some(false), Some(true), None][numbers.below(3) as usize];
        for tablet in &mut state.tablets {
            if numbers.below(6) == 0 {
                tablet.health = Health::Offline;
            }
        }
        for pid in 0..1 + numbers.below(5) as u32 {
            let mut copies: Vec<Held> = Vec::new();
            for at in 0..1 + numbers.below(4) {
                let tablet = TabletId(numbers.below(6) as u32);
                if copies.iter().all(|held| held.tablet != tablet) {
                    copies.push(Held {
                        tablet,
                        leader: at == 0,
                        alive: numbers.below(5) > 0,
                        offset: Some(numbers.below(3)),
                        memory: None,
                    });
                }
            }
            state.partitions.push(crate::model::Partition {
                database: None,
                shares_name: false,
                table: "t".into(),
                tid: Some(4),
                pid,
                copies,
            });
        }
        state
    }

    fn tally(findings: &[Finding]) -> BTreeMap<Code, usize> {
        let mut tally = BTreeMap::new();
        for finding in findings {
            *tally.entry(finding.rule.code).or_default() += 1;
        }
        tally
    }

    /// Every step is allowed where it stands; what was selected is cured or refused; what was not is
    /// not worse; and a plan of the end has no step.
    #[test]
    fn plans_hold_what_they_promise() {
        let mut numbers = Numbers(7);
        for round in 0..600 {
            let state = drawn(&mut numbers);
            let request = Request {
                force: true,
                only: match round % 3 {
                    0 => BTreeSet::new(),
                    1 => [Code::EmptyTablet, Code::SkewedCopies].into(),
                    _ => [Code::PartitionWithoutLeader, Code::AliveOnDeadTablet].into(),
                },
                ..Request::default()
            };
            let made = plan(&state, &request).expect("forced");
            let mut walked = state.clone();
            for step in &made.steps {
                assert_eq!(
                    step.act.guard(&walked),
                    Ok(()),
                    "{round}: {step:?} on {walked:?}"
                );
                let led =
                    |state: &Tablets, id: PartitionId| state.leader(state.partition(id)).is_some();
                let before: Vec<bool> = walked.partition_ids().map(|p| led(&walked, p)).collect();
                step.act.apply(&mut walked);
                for (id, was) in walked.partition_ids().zip(before) {
                    let alone = walked.partition(id).copies.len() == 1;
                    assert!(!was || led(&walked, id) || alone, "{round}: {step:?}");
                }
            }
            assert_eq!(walked.partitions, made.end.partitions);
            assert_eq!(walked.auto_failover, state.auto_failover, "{round}");
            for value in &made.values {
                assert!(value.bound <= value.value, "{round}: {value:?}");
            }
            let (before, after) = (tally(&findings(&state, &request)), tally(&made.remaining));
            for (code, n) in &after {
                let was = before.get(code).copied().unwrap_or(0);
                // Copies that come back are counted among the shares again.
                let shares = matches!(
                    code,
                    Code::SkewedMasters | Code::SkewedCopies | Code::StaleLeader
                );
                let hosts = matches!(code, Code::ReplicaSharesHost | Code::ReplicasShareHost);
                // Copies that were taken for alive on a dead tablet are said to be what they are.
                let marked =
                    *code == Code::ReplicaNotAlive && before.contains_key(&Code::AliveOnDeadTablet);
                let worse = *n > was && !(shares || hosts || marked);
                assert!(!worse, "{round}: {code} {was} -> {n}");
            }
            if request.only.is_empty() {
                let left = after
                    .get(&Code::PartitionWithoutLeader)
                    .copied()
                    .unwrap_or(0);
                assert_eq!(left, made.left.len(), "{round}: {:?}", made.left);
                let down = made.end.tablet_ids().any(|t| !made.end.runs(t));
                if !down && state.auto_failover != Some(true) {
                    let mut again = Request {
                        force: true,
                        ..Request::default()
                    };
                    again.skip.insert(Code::SkewedMasters);
                    let again = plan(&made.end, &again).expect("forced");
                    assert!(again.steps.is_empty(), "{round}: {:?}", again.steps);
                }
            }
        }
    }
}
