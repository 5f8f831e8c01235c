//! One step of a plan with everything a script needs: who is told what, when it may run, what
//! is waited for.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use crate::action;
use crate::action::Audience;
use crate::action::Guard;
use crate::action::Kind;
use crate::action::Operands;
use crate::action::Risk;
use crate::action::Spelled;
use crate::action::StepMode;
use crate::action::Until;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::report::plan::groups::Groups;
use crate::rules::Code;
use crate::rules::Phase;
use crate::simulate::Moment;

/// What a step waits for before the next one may start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    pub until: Until,
    /// Where it is looked at: addresses, `@NAME` for those of a group, `-ip:port` for one not.
    pub at: Vec<String>,
    pub limit_ms: u64,
    /// How long it takes, roughly.
    #[serde(default)]
    pub expected_ms: u64,
}

/// One action in its place in the plan's order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// From 1.
    pub id: u32,
    /// The same in every plan that asks the same of the same nodes.
    #[serde(default)]
    pub key: String,
    pub phase: Phase,
    /// Steps of one wave may run at the same time.
    pub wave: u32,
    pub action: Kind,
    /// Where the command is sent: replicate: the future replica; failover: the replica to
    /// promote; meet: the member asked; migrate-slots: the source; forget: null; else the node.
    pub node: Option<String>,
    pub address: Option<String>,
    /// replicate: the master; failover: the master replaced; meet: the node to be met; forget:
    /// the ghost; migrate-slots: who gets them. Else null.
    pub target: Option<String>,
    pub target_address: Option<String>,
    /// meet: the bus port of the node to be met, where it is not its port + 10000; else missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_bus_port: Option<u16>,
    /// forget: the addresses to be told, `@NAME` for those of a group, `-ip:port` for one not.
    pub tell: Vec<String>,
    /// set-slot: the slots closed. failover: the slots taken over. migrate-slots, add-slots: what
    /// goes or comes. forget: what is given up with it.
    pub slots: Option<String>,
    /// failover: graceful, force or takeover. set-slot: stable. migrate-slots: keys or whole.
    /// add-slots: ranges or each. forget: give-up, of an owner of slots.
    pub mode: Option<StepMode>,
    /// set-epoch: the epoch. bump-epoch: what it must be at least. Else missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Ids of steps that must be done before.
    pub after: Vec<u32>,
    /// All steps up to this id must be done before, too; missing: only those of `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrier: Option<u32>,
    /// failover: at least so long after the step named last in `after` (votes are withheld for
    /// twice the node timeout); else 0.
    pub pause_ms: u64,
    /// What it may lose for good; missing: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
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
    /// What it names, for those who write or say what its action is; `tell` spelt out.
    pub fn spelled<'a>(&'a self, tell: &'a [&'a str]) -> Spelled<'a> {
        Spelled {
            node: self.node.as_deref(),
            address: self.address.as_deref(),
            target: self.target.as_deref(),
            target_address: self.target_address.as_deref(),
            bus_port: self.target_bus_port,
            tell,
            slots: self.slots.as_deref(),
            mode: self.mode,
            epoch: self.epoch,
        }
    }
}

/// The step at `index`; addresses are those of the captured cluster, as no step changes them.
pub(super) fn step(
    cluster: &Cluster,
    groups: &Groups,
    index: usize,
    step: &action::Step,
    moment: &Moment,
) -> Step {
    let address = |id: NodeId| cluster.node(id).address.as_ref().map(ToString::to_string);
    let told = moment.operands.tell.as_ref();
    let mut step = alone(cluster, index, step, moment);
    step.tell = told.map_or_else(Vec::new, |told| groups.spell(told, None, address));
    step.wait.at = match &moment.wait.at {
        Audience::Nodes(nodes) => nodes.iter().copied().filter_map(address).collect(),
        Audience::Crowd(nodes, first) => groups.spell(nodes, *first, address),
    };
    step
}

/// The same, but of those it is told to only one that has an address, and not where it is looked at.
pub(super) fn alone(cluster: &Cluster, index: usize, step: &action::Step, moment: &Moment) -> Step {
    let action::Step {
        draft,
        wave,
        after,
        barrier,
        pause,
    } = step;
    let Moment {
        operands,
        guard,
        wait,
        undo,
    } = moment;
    let name = |id: Option<NodeId>| id.map(|n| cluster.node(n).name.to_string());
    let address = |id: NodeId| cluster.node(id).address.as_ref().map(ToString::to_string);
    let last_address = |id: NodeId| {
        let last = cluster.node(id).last_address.as_ref();
        last.map(ToString::to_string)
            .filter(|_| operands.target_may_be_gone)
    };
    let mut told = operands.tell.iter().flat_map(|told| told.iter());
    let spec = draft.action.kind().spec();
    Step {
        id: index as u32 + 1,
        key: key(cluster, spec.word, operands),
        phase: draft.phase,
        wave: *wave,
        action: draft.action.kind(),
        node: name(operands.node),
        address: operands.node.and_then(address),
        target: name(operands.target),
        target_address: operands
            .target
            .and_then(|id| address(id).or_else(|| last_address(id))),
        target_bus_port: operands.bus_port,
        tell: told.find_map(|&id| address(id)).into_iter().collect(),
        slots: operands.slots.as_ref().map(ToString::to_string),
        mode: operands.mode,
        epoch: operands.epoch,
        after: after.iter().map(|&a| a as u32 + 1).collect(),
        barrier: barrier.map(|b| b as u32 + 1),
        pause_ms: if *pause {
            2 * cluster.settings.node_timeout_ms
        } else {
            0
        },
        risk: (spec.risk)(operands.mode, guard.link.is_some()),
        guard: guard.clone(),
        wait: Wait {
            until: wait.until,
            at: Vec::new(),
            limit_ms: wait.limit_ms,
            expected_ms: 1000 * draft.action.seconds(step, &cluster.settings),
        },
        cures: draft.cures.clone(),
        reason: draft.reason.clone(),
        undo: undo.as_ref().map(ToString::to_string),
    }
}

fn key(cluster: &Cluster, word: &str, operands: &Operands) -> String {
    let name = |id: Option<NodeId>| id.map(|n| cluster.node(n).name.as_str());
    let slots = operands.slots.as_ref().map(ToString::to_string);
    let asked = Asked {
        word,
        mode: operands.mode,
        node: name(operands.node),
        target: name(operands.target),
        slots: slots.as_deref(),
    };
    asked.key()
}

/// What a step asks, and of whom: by ids, as addresses may change between two plans.
pub(in crate::report) struct Asked<'a> {
    pub word: &'a str,
    pub mode: Option<StepMode>,
    pub node: Option<&'a str>,
    pub target: Option<&'a str>,
    pub slots: Option<&'a str>,
}

impl Asked<'_> {
    /// Its hash.
    pub fn key(&self) -> String {
        const BYTES: usize = 8;
        let asked = [
            self.word,
            self.mode.map_or("-", StepMode::word),
            self.node.unwrap_or("-"),
            self.target.unwrap_or("-"),
            self.slots.unwrap_or("-"),
        ];
        let hash = Sha256::digest(asked.join(" ").as_bytes());
        hash.iter()
            .take(BYTES)
            .map(|b| format!("{b:02x}"))
            .collect()
    }
}
