//! `--restart`: every named process is restarted once, and only ever as a replica in sync.
//!
//! Start reading at [`Ask`]. `choose` says who may be restarted and what is in the way, `process`
//! and `domain` say in which order, with the failovers between, and `splice` sets that among the
//! other steps of the plan, which `made` makes whole.
//!
//! Process by process it is the flow of roles with one cost changed: a master that is restarted
//! hands over once if another one leads in the end, twice if it leads again. So the levels before
//! failovers stay as they are, and so does their proof.

mod choose;
mod domain;
mod made;
mod process;
mod splice;
#[cfg(test)]
mod tests;
mod weave;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::Draft;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NoSuchDomain;
use crate::model::NodeId;
use crate::model::Version;
use crate::plan::Kind;
use crate::plan::Level;
use crate::plan::Value;
use crate::plan::problem::Problem;
use crate::plan::rolling::Bounded;
use crate::plan::rolling::joint::Game;
use crate::text::words::count;

pub use choose::Chosen;
pub use choose::choose;
pub use domain::by_domain;
pub use made::plan;
pub use process::by_process;
pub use splice::splice;
pub use weave::Given;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    pub which: Which,
    pub unit: Unit,
    /// The version that they come back with.
    pub to: Option<Version>,
    /// Live copies that every shard keeps.
    pub keep: Option<u32>,
    pub roles: Roles,
}

/// Which processes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    All,
    In(Domain),
    /// Those that run an older version.
    OlderThan(Version),
}

/// What goes down at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "RestartUnit")]
pub enum Unit {
    Process,
    Host,
    Zone,
}

/// Who leads in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roles {
    /// Votes and shares are no worse than before.
    Balance,
    /// The same masters as before.
    AsBefore,
    /// The home roles.
    Home,
}

impl Unit {
    pub const ALL: &[Self] = &[Self::Process, Self::Host, Self::Zone];

    pub fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Host => "host",
            Self::Zone => "zone",
        }
    }
}

impl Roles {
    pub const ALL: &[Self] = &[Self::Balance, Self::AsBefore, Self::Home];

    pub fn word(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::AsBefore => "as-before",
            Self::Home => "home",
        }
    }
}

impl Ask {
    /// The processes that are meant, dead or alive, in node order.
    pub fn nodes(&self, at: &Cluster) -> Result<Vec<NodeId>, NoSuchDomain> {
        let member = |id: &NodeId| at.node(*id).is_live_member() || at.node(*id).is_dead_member();
        let all = || at.iter().map(|(id, _)| id);
        let meant: Vec<NodeId> = match &self.which {
            Which::All => all().collect(),
            Which::In(domain) => Domains::of(at).nodes_in(domain)?,
            Which::OlderThan(version) => all()
                .filter(|&id| {
                    let runs = at.node(id).runs.as_ref().and_then(|s| s.version);
                    runs.is_none_or(|runs| runs < *version)
                })
                .collect(),
        };
        Ok(meant.into_iter().filter(member).collect())
    }

    /// The options that ask for it, each with its value as one item; `quote` spells odd names.
    pub fn options(&self, quote: impl Fn(&str) -> String) -> Vec<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ":./_-".contains(c);
        let which = match &self.which {
            Which::All => "all".to_owned(),
            Which::In(domain) => match domain.to_string() {
                text if text.chars().all(plain) => text,
                text => quote(&text),
            },
            Which::OlderThan(version) => format!("older-than:{version}"),
        };
        let mut options = vec![format!("--restart {which}")];
        if self.unit != Unit::Process {
            options.push(format!("--unit {}", self.unit.word()));
        }
        options.extend(self.to.map(|version| format!("--to {version}")));
        options.extend(self.keep.map(|keep| format!("--keep {keep}")));
        if self.roles != Roles::Balance {
            options.push(format!("--roles {}", self.roles.word()));
        }
        options
    }
}

/// A cluster in which the chosen processes run what they come back with: what is decided must suit
/// that.
pub fn upgraded(ask: &Ask, nodes: &BTreeSet<NodeId>, real: &Cluster) -> Cluster {
    let mut cluster = real.clone();
    if let Some(to) = ask.to {
        for &id in nodes {
            if let Some(server) = &mut cluster.node_mut(id).runs {
                server.version = Some(to);
            }
        }
    }
    cluster
}

/// What was scheduled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rolled {
    /// Steps that may run at the same time, wave by wave.
    pub waves: Vec<Vec<Draft>>,
    /// Waves with a restart in them.
    pub length: Bounded,
    /// What proves the failovers and waves, where the order of hosts or zones decides them; where the
    /// roles do, their level has the proof.
    pub proof: Option<Proof>,
}

/// What an order of hosts or zones is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    pub game: Game,
    pub prices: Vec<Vec<i64>>,
    /// What its places and stands are called.
    pub places: Vec<String>,
    pub stands: Vec<String>,
    /// By ring the slots, and who its copies are.
    pub shards: Vec<(String, Vec<NodeId>)>,
}

/// What a reader wants to know of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    pub unit: Unit,
    pub processes: usize,
    pub failovers: Bounded,
    pub waves: Bounded,
    /// What proves both, host by host or zone by zone.
    pub proof: Option<Proof>,
    /// Failovers of failing over, restarting, and failing back.
    pub textbook_failovers: i64,
    /// Windows where one process, host or zone goes down after the other.
    pub textbook_waves: i64,
}

impl Summary {
    /// Adds up what no order is below that is as good on the levels before: `values` say how far hosts
    /// and zones are above their shares.
    pub fn settle(&mut self, values: &[Value]) {
        let Some(proof) = &mut self.proof else { return };
        proof.game.over = [Level::OverHost, Level::OverZone].map(|level| {
            let value = values.iter().find(|v| v.level == level);
            value.map_or(0, |v| over(v.selected, v.before, v.value))
        });
        let (failovers, waves) = proof.game.bounds(&proof.prices, self.failovers.value);
        // What is said to be impossible and was done is no proof.
        let holds = failovers <= self.failovers.value && waves <= self.waves.value;
        (self.failovers.bound, self.waves.bound) = if holds { (failovers, waves) } else { (0, 0) };
        if !holds {
            self.proof = None;
        }
    }

    /// Where the order is not known to be the best, no level behind it is.
    pub fn open(&self, values: &mut [Value]) {
        if self.failovers.is_proven() {
            return;
        }
        let behind = values
            .iter_mut()
            .skip_while(|v| v.level != Level::Failovers);
        for value in behind.filter(|v| v.selected) {
            value.kind = Kind::None;
            value.bound -= self.failovers.value - self.failovers.bound;
        }
    }

    /// In words.
    pub fn says(&self) -> String {
        let one_by_one = match self.unit {
            Unit::Process => String::new(),
            Unit::Host | Unit::Zone => format!(" {} by {}", self.unit.word(), self.unit.word()),
        };
        let of = |number: Bounded| match (number.is_proven(), number.bound) {
            (true, _) => format!("{} (fewest)", number.value),
            (false, ..=0) => format!("{} (fewest known)", number.value),
            (false, bound) => format!("{} (fewest known; at least {bound})", number.value),
        };
        format!(
            "{}{one_by_one} · waves {} · failovers {} · fail over, restart, fail back would \
             take {} in {} windows",
            count(self.processes, "process"),
            of(self.waves),
            of(self.failovers),
            self.textbook_failovers,
            self.textbook_waves,
        )
    }
}

/// Masters above the shares that any plan as good on that level may leave.
pub fn over(selected: bool, before: i64, value: i64) -> i64 {
    match selected {
        true => value,
        // What is not to be cured only gets no worse.
        false => value.max(before),
    }
}

/// MiB that a replica of each shard copies, by its owner.
pub fn mib(problem: &Problem) -> BTreeMap<NodeId, i64> {
    let of = |u: &crate::plan::problem::Unit| (u.owner, u.mib);
    problem.units.iter().map(of).collect()
}
