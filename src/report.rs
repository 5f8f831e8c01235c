//! The one serialisable answer of each command; its JSON schema is the public contract.
//!
//! Field names are fixed by the contract; absent values are null, never missing. Addresses are
//! `ip:port`, ids as captured, paths relative to the CAPTURE argument. The plan report is the
//! plan file: scripts are rendered from it alone, so it is read back, too.

pub mod certificate;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::Kind;
use crate::action::Spelled;
use crate::action::StepMode;
use crate::action::Until;
use crate::diagnostic;
use crate::rules::Code;
use crate::rules::Phase;
pub use certificate::Certificate;

pub use crate::action::CopyHeld;
pub use crate::action::Donor;
pub use crate::action::Guard;
pub use crate::action::GuardLink;
pub use crate::action::GuardRole;
pub use crate::action::Party;
pub use crate::action::Receiver;

/// Version of the JSON contract.
pub const SCHEMA_VERSION: u32 = 1;

/// Who wrote the report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// One file that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    pub path: String,
    /// Null for a file that nothing claims.
    pub dialect: Option<String>,
    /// Id of the node whose view or answer it is; null for maps and where nothing tells.
    pub view_of: Option<String>,
    pub sha256: String,
}

/// Counts of the captured cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Distinct ids with an address and not in handshake, dead or alive.
    pub nodes: usize,
    /// `noaddr` ids.
    pub ghosts: usize,
    /// Slot owners, dead or alive.
    pub shards: usize,
    /// Live, with slots.
    pub masters: usize,
    /// Live.
    pub replicas: usize,
    pub spares: usize,
    pub hosts: usize,
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

/// Live nodes of one host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostLoad {
    pub host: String,
    /// Masters with slots.
    pub masters: usize,
    pub replicas: usize,
    pub spares: usize,
}

/// What a finding is about; which fields are set depends on `kind`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// node, shard, slots, host, zone, disk, view or capture.
    pub kind: String,
    pub id: Option<String>,
    pub address: Option<String>,
    /// Of a ghost: where it was last seen.
    pub last_address: Option<String>,
    pub slots: Option<String>,
    pub host: Option<String>,
    pub zone: Option<String>,
}

/// A place in a captured file, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

/// A rule that fires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    #[schemars(with = "String")]
    pub code: Code,
    pub rule: String,
    /// error, warning or note.
    pub severity: String,
    pub subject: Subject,
    pub message: String,
    pub help: String,
    pub evidence: Vec<Evidence>,
}

/// An odd or broken place in a captured file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    #[schemars(with = "String")]
    pub code: diagnostic::Code,
    pub severity: String,
    pub message: String,
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub help: Option<String>,
    /// The line in question, for drawing; not part of the contract.
    #[serde(skip)]
    pub excerpt: Option<crate::diagnostic::Excerpt>,
}

/// The answer of `check`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// `redis 7.0.15`, for the headline.
    pub server: Server,
    /// Views read, and how many of them disagree with the reconciled cluster.
    pub views: Views,
    pub inputs: Vec<Input>,
    pub summary: Summary,
    pub distribution: Vec<HostLoad>,
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The server that wrote the dumps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    pub name: String,
    pub version: Option<String>,
}

/// How many nodes' own views were read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Views {
    pub read: usize,
    /// Views that name another owner, role or member than the reconciled cluster.
    pub behind: usize,
    /// True: no process that runs gave one; they are the `nodes.conf` files of the nodes.
    pub on_disk: bool,
}

/// A node as the plan file knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    pub id: String,
    pub address: Option<String>,
    pub host: Option<String>,
}

/// The cluster a plan was made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClusterFacts {
    pub server: String,
    pub version: Option<String>,
    pub node_timeout_ms: u64,
    pub members: Vec<Member>,
    /// Ids without an address.
    pub ghosts: Vec<Member>,
    /// By slot owner.
    pub shards: Vec<ShardFacts>,
    /// When the first of the views was taken, in unix seconds by the clock of its node; null
    /// where nothing tells.
    pub taken: Option<u64>,
}

/// A shard as it was captured: a script that finds another owner or epoch has another cluster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShardFacts {
    pub slots: String,
    pub owner: String,
    /// Null for a ghost.
    pub address: Option<String>,
    /// Null where nothing tells.
    pub config_epoch: Option<u64>,
    /// The owner lives.
    pub live: bool,
}

/// How a level's value was shown to be the least possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Integer potentials on the residual network of a min-cost flow.
    Flow,
    /// Non-negative multipliers on the coupling rows, recomputed in integers.
    Multipliers,
    /// Counting alone.
    Count,
    /// The bound is below the value: better may exist.
    None,
}

/// One level of the objective.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    pub level: String,
    /// In the captured cluster.
    pub before: i64,
    /// After the plan, recounted on the simulated end state.
    pub value: i64,
    /// No plan within the earlier levels' values can be below.
    pub bound: i64,
    pub proof: Proof,
    /// False: this level was not asked for and is only kept from getting worse.
    pub selected: bool,
    /// The bound holds as long as no replica that works is moved: `--allow-moves` could do better.
    #[serde(default)]
    pub without_moves: bool,
}

/// What a step waits for before the next one may start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    pub until: Until,
    /// Where it is looked at.
    pub at: Vec<String>,
    pub limit_ms: u64,
    /// How long it takes, roughly.
    pub expected_ms: u64,
}

/// One action in its place in the plan's order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// From 1.
    pub id: u32,
    pub phase: Phase,
    /// Steps of one wave may run at the same time.
    pub wave: u32,
    pub action: Kind,
    /// Where the command is sent: replicate: the future replica; failover: the replica to
    /// promote; meet: the member asked; set-slot, flush: the node; forget: null.
    pub node: Option<String>,
    pub address: Option<String>,
    /// replicate: the master; failover: the master replaced; meet: the node to be met; forget:
    /// the ghost. Null for set-slot stable and flush.
    pub target: Option<String>,
    pub target_address: Option<String>,
    /// meet: the bus port of the node to be met, where it is not its port + 10000; else null.
    pub target_bus_port: Option<u16>,
    /// forget: the addresses to be told.
    pub tell: Vec<String>,
    /// set-slot: the slots closed. failover: the slots taken over.
    pub slots: Option<String>,
    /// failover: graceful, force or takeover. set-slot: stable.
    pub mode: Option<StepMode>,
    /// Ids of steps that must be done before.
    pub after: Vec<u32>,
    /// failover: at least so long after the step named last in `after` (votes are withheld for
    /// twice the node timeout); else 0.
    pub pause_ms: u64,
    pub guard: Guard,
    pub wait: Wait,
    /// Codes of the findings it cures or prepares to cure.
    #[schemars(with = "Vec<String>")]
    pub cures: Vec<Code>,
    pub reason: String,
    /// The command that takes it back, in words; null if there is none.
    pub undo: Option<String>,
}

impl Step {
    /// What it names, for those who write or say what its action is.
    pub fn spelled(&self) -> Spelled<'_> {
        Spelled {
            node: self.node.as_deref(),
            address: self.address.as_deref(),
            target: self.target.as_deref(),
            target_address: self.target_address.as_deref(),
            bus_port: self.target_bus_port,
            tell: &self.tell,
            slots: self.slots.as_deref(),
            mode: self.mode,
        }
    }
}

/// A shard that is below two live copies because of a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    pub step: u32,
    /// Slots of the shard.
    pub shard: String,
    /// Live, synced copies while the step runs.
    pub copies: u32,
    pub reason: String,
}

/// What a plan does not do, and what would make it possible.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    pub subject: String,
    pub reason: String,
    pub unlock: String,
}

/// The answer of `plan`, and the plan file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanReport {
    pub schema_version: u32,
    /// SHA-256 of the content, without this field.
    pub plan_id: String,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    /// Nothing that was selected remains.
    pub complete: bool,
    /// Set when no plan was made: why.
    pub refused: Option<String>,
    pub views: Views,
    pub cluster: ClusterFacts,
    pub summary: Summary,
    /// What was found in the capture.
    pub found: Vec<Finding>,
    pub options: Vec<String>,
    pub objective: Vec<Level>,
    /// What proves the levels that are called proven by flow or multipliers; null where nothing
    /// was to be decided.
    pub certificate: Option<Certificate>,
    pub steps: Vec<Step>,
    pub before: Vec<HostLoad>,
    pub after: Vec<HostLoad>,
    pub exposure: Vec<Exposure>,
    /// Findings that are left at the end.
    pub remaining: Vec<Finding>,
    pub refusals: Vec<Refusal>,
    /// What only a human can do, and what it would cure.
    pub advice: Vec<String>,
    /// Facts the capture does not show and the plan therefore assumes.
    pub assumptions: Vec<String>,
    /// MiB copied by full syncs.
    pub copied_mib: i64,
    /// Rough running time in seconds.
    pub seconds: u64,
    pub diagnostics: Vec<Diagnostic>,
}

/// One loss and what it leads to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ImpactCase {
    /// `host:H`, `disk:H:/dir`, `zone:Z`, `node:ADDR`.
    pub lose: Vec<String>,
    /// Slots whose last live copy is lost.
    pub slots_lost: u32,
    /// Shards that elect a replica by themselves.
    pub shards_failed_over: usize,
    /// Shards with a copy left that cannot be elected.
    pub shards_stuck: usize,
    /// Shards without a copy left.
    pub shards_lost: usize,
    /// Shards that go on with a single copy.
    pub shards_without_spare_copy: usize,
    pub voters_left: usize,
    pub voters_needed: usize,
    pub majority: bool,
    /// The slots of the lost shards.
    pub lost: String,
    pub stuck: String,
    /// Live nodes by host once elections are over; see `hosts_listed`.
    pub after: Vec<HostLoad>,
}

/// The hosts in the tables of an answer of `impact`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostsListed {
    /// Every host.
    All,
    /// Those whose row differs from the one in `now`: there are too many cases and hosts for
    /// full tables.
    Changed,
}

/// The answer of `impact`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ImpactReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    /// Every host before any loss.
    pub now: Vec<HostLoad>,
    /// Which hosts `after` of a case lists.
    pub hosts_listed: HostsListed,
    pub cases: Vec<ImpactCase>,
    pub diagnostics: Vec<Diagnostic>,
}

/// One node of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListItem {
    pub id: String,
    /// Null for a ghost.
    pub address: Option<String>,
    /// Of a ghost: where it was last seen.
    pub last_address: Option<String>,
    pub host: Option<String>,
    /// Of a ghost: its line in the first view that shows it without an address, as captured.
    pub line: Option<String>,
}

/// Live nodes of one host, by role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostRoles {
    pub host: String,
    /// With slots; a slotless master is counted nowhere.
    pub masters: usize,
    /// Also those of a master without slots.
    pub replicas: usize,
}

/// The answer of `list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    /// no-slot, no-slave, failovered, failbacked, noaddr, with-dir or distribution.
    pub kind: String,
    /// By address; ghosts by id. Empty for distribution.
    pub items: Vec<ListItem>,
    /// Of distribution: by the lowest address on the host. Null for the other kinds.
    pub distribution: Option<Vec<HostRoles>>,
    /// What is not in the list and might be looked for there.
    pub notes: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What stands in place of an answer that there is none (exit code 2, or 3 of a command that
/// prints no report).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub error: Failure,
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    pub kind: ErrorKind,
    pub exit: u8,
    pub message: String,
    pub help: Option<String>,
    /// The file that cannot be used, as it was named.
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Flags or arguments that make no sense.
    Usage,
    /// A file that cannot be used.
    Input,
    /// Files that say nothing about a cluster.
    NothingUnderstood,
    /// More input than is taken on.
    Limit,
    /// The answer could not be written.
    Write,
    /// A bug.
    Internal,
    Refused,
}
