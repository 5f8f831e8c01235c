//! Many views to one reconciled cluster, what they disagree on, and where each fact was read.
//!
//! Start reading at [`read`]: `gather` takes files in, `reconcile` decides as the servers would,
//! one question a file (`owners`, `clusters`, `nodes`, `doubles`, `moved`, `slots`, `moments`, `liveness`), `replication` adds
//! what INFO tells, `maps` adds hosts, disks and homes and holds them against what the nodes have
//! `announced`, `processes` what `ps` shows, `conf` judges files that a server would not start
//! with, `origins` remembers where facts stood.

mod announced;
mod answers;
mod captures;
mod clusters;
mod conf;
mod contradiction;
mod disks;
mod distribution;
mod doubles;
mod dumps;
mod filing;
mod foreign;
mod gather;
mod gathered;
mod given;
mod in_flight;
mod links;
mod liveness;
mod machines;
mod maps;
mod moments;
mod mounts;
mod moved;
mod names;
mod nodes;
mod observers;
mod origins;
mod owners;
mod paths;
mod processes;
mod properties;
mod reconcile;
mod record;
mod replication;
mod reports;
mod secondhand;
mod seen;
mod server;
mod sights;
mod slot_loads;
mod slots;
mod starts;
mod states;
mod tablets;
#[cfg(test)]
pub(crate) mod tests;
mod unseen;
mod values;
mod vitals;
mod wholeness;
mod whose;
mod whose_host;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::policy::Policy;
use crate::text::Place;
use crate::text::Source;

pub use crate::parse::Authority;
pub use crate::parse::MISCONF;
pub use conf::ConfFault;
pub use conf::ConfFile;
pub use conf::Fault;
pub use conf::Outcome;
pub use in_flight::InFlight;
pub use links::OneWay;
pub use origins::Origins;
pub use sights::Sight;
pub use sights::Sights;
pub use starts::StartFault;
pub use starts::StartProblem;
pub use states::State;
pub use tablets::TabletsSeen;
pub use values::Values;
pub use vitals::Machine;
pub use vitals::Vitals;

/// What was seen: the reconciled cluster and everything the capture says about itself.
#[derive(Debug, Default)]
pub struct Inventory {
    pub cluster: Cluster,
    /// What is wanted: the given policy with the home maps of the capture filled in.
    pub policy: Policy,
    pub origins: Origins,
    pub files: Vec<File>,
    /// Slots that two nodes own by the capture, so that nobody can say who does.
    pub conflicts: Vec<Conflict>,
    /// What reports of a cluster check say is wrong, without saying of which node or slot.
    pub disagreements: Vec<Disagreement>,
    /// Views that name another owner, role or member than the reconciled cluster.
    pub views_behind: usize,
    /// What the views together say that was never true at one time: they show no moment.
    pub torn: Vec<String>,
    /// No process that runs gave a view: the views are the files on the nodes' disks.
    pub views_on_disk: bool,
    /// No view of the cluster could be read whole, or one lacks its own node, which no other
    /// lists: nodes or slots may be missing from all.
    pub incomplete: bool,
    /// Of these, some view was not cut off but holds lines or slots that could not be read.
    pub garbled: bool,
    /// No view at all: nodes are listed by this kind of answer, which tells less.
    pub secondhand: Option<Authority>,
    /// The views that count, in the order of the capture.
    pub views: Vec<ViewOf>,
    /// Who sees whom how.
    pub sights: Sights,
    /// What nodes say of the cluster as a whole, by those that were asked.
    pub states: BTreeMap<NodeId, State>,
    /// What a runbook compares before and after its work, by node.
    pub values: BTreeMap<NodeId, Values>,
    /// Rows of all tables of the cluster, where they were asked for or every master tells.
    pub rowcount: Option<u64>,
    /// What was going on while the capture was taken.
    pub in_flight: InFlight,
    /// One-sided links of the cluster bus, as `CLUSTER LINKS` of their ends has them.
    pub one_way_links: Vec<OneWay>,
    /// Files on the nodes' disks that a starting server would not take as they are.
    pub conf_faults: Vec<ConfFile>,
    /// Configuration files with which a server would not start.
    pub start_faults: Vec<StartFault>,
    /// What processes tell of themselves, as far as rules of health read it.
    pub vitals: BTreeMap<NodeId, Vitals>,
    /// What hosts tell of themselves.
    pub machines: BTreeMap<HostId, Machine>,
    /// Where these were read.
    pub read_at: Vec<Place>,
    /// Nodes that the host map does not name; none where there is no host map.
    pub unmapped: Vec<NodeId>,
    /// Nodes of which nobody knows the host: their addresses are loopback or no IP, beside others
    /// that have real ones.
    pub placeless: Vec<NodeId>,
    /// Nodes that announce an IP with others, behind NAT: no map places them, and nothing says
    /// whether they are on one machine with those.
    pub behind_one_ip: Vec<NodeId>,
    /// Rows of host, disk and home maps that fit no node.
    pub unused_rows: Vec<Place>,
    /// The other family: what a name server of FEDB printed; `None` where none did.
    pub tablets: Option<TabletsSeen>,
    pub diagnostics: Vec<Diagnostic>,
}

/// One view that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewOf {
    pub path: String,
    /// `None` where nothing says whose it is.
    pub owner: Option<NodeId>,
    pub authority: Authority,
    /// Its node's clock, unix ms; `None` where nothing tells.
    pub clock: Option<u64>,
    /// `cluster_current_epoch` of the node: the lowest and the highest that was captured.
    pub cluster_current_epoch: Option<(u64, u64)>,
    /// `cluster_my_epoch` of the node.
    pub my_epoch: Option<u64>,
    /// It was not cut off and every line was read.
    pub complete: bool,
}

/// One file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    pub path: String,
    /// `None` for a file that nothing claims.
    pub dialect: Option<&'static str>,
    /// Whose view or answer it is.
    pub view_of: Option<NodeName>,
    pub sha256: String,
}

/// Two owners of the same slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    pub slots: SlotSet,
    /// At least two, ascending.
    pub claimants: Vec<NodeId>,
    /// True: each claims them in its own view. False: equal epochs in others' views.
    pub own_claims: bool,
}

/// A sentence of a report about the cluster as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Disagreement {
    pub place: Place,
    pub what: Disputed,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Disputed {
    /// The nodes name different owners of slots.
    Owners,
    /// Slots are without an owner, though the nodes that the report lists own all.
    Coverage,
}

/// Reads a capture: parses every source and reconciles what they say. `policy` is what the
/// operator gave; home maps found in the capture fill what it leaves open.
///
/// Sources are taken in batches and dropped, so the text of a capture is never in memory whole.
#[cfg(any(test, feature = "internals"))]
pub fn read(sources: impl IntoIterator<Item = Source>, policy: Policy) -> Inventory {
    read_under([], sources, || policy)
}

/// As [`read_under`], with a policy that stands already.
#[cfg(test)]
pub fn read_with_maps(
    maps: impl IntoIterator<Item = Source>,
    sources: impl IntoIterator<Item = Source>,
    policy: Policy,
) -> Inventory {
    read_under(maps, sources, || policy)
}

/// Reads a capture, and before it files of which only what they map counts: they may be older than
/// the rest, so nothing in them says who lives. The policy is asked for when every source was taken:
/// it may stand among them.
pub fn read_under(
    maps: impl IntoIterator<Item = Source>,
    sources: impl IntoIterator<Item = Source>,
    policy: impl FnOnce() -> Policy,
) -> Inventory {
    let mut gathered = gathered::Gathered::default();
    let maps: Vec<Source> = maps.into_iter().collect();
    gathered.take_batch(&maps);
    gathered.named = maps.iter().map(|m| m.path.clone()).collect();
    given::keep_maps_only(&mut gathered);
    let mut sources = sources.into_iter();
    loop {
        // Enough files to keep the cores busy, few enough to keep little text.
        let batch: Vec<Source> = sources.by_ref().take(64).collect();
        if batch.is_empty() {
            break;
        }
        gathered.take_batch(&batch);
    }
    reconcile::reconcile(gathered, policy())
}
