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
mod impact;
mod leaders;
mod moves;
mod repair;
mod rolling;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Cure;
use crate::rules::Finding;
use crate::rules::Phase;
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
    if !request.drain.is_empty() && draft.request.reaches(Phase::Change) {
        drain::drain(&mut draft);
    }
    if draft.request.reaches(Phase::Spread) {
        moves::spread(&mut draft);
        leaders::spread(&mut draft);
    }
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
fn findings(state: &Tablets) -> Vec<Finding> {
    check_tablets(&TabletContext::new(state))
}
