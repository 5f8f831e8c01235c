//! Small plans written by hand, for tests of the emitters.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::action::StepMode;
use crate::action::Until;
use crate::diagnostic::Severity;
use crate::report::ClusterFacts;
use crate::report::Finding;
use crate::report::Guard;
use crate::report::GuardRole;
use crate::report::Member;
use crate::report::PLAN_VERSION;
use crate::report::Party;
use crate::report::PlanReport;
use crate::report::ShardFacts;
use crate::report::State;
use crate::report::Step;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::report::Summary;
use crate::report::Tool;
use crate::report::Views;
use crate::report::Wait;
use crate::rules::Code;
use crate::rules::Phase;

/// A plan of these steps for an otherwise empty redis 7.0.15 cluster.
pub fn plan(steps: Vec<Step>) -> PlanReport {
    PlanReport {
        schema_version: PLAN_VERSION,
        plan_id: "0123abcd".into(),
        tool: Tool {
            name: "topoplan".into(),
            version: "0.1.0".into(),
        },
        inputs: Vec::new(),
        complete: true,
        refused: None,
        blocked: false,
        goals: Vec::new(),
        views: Views {
            read: 0,
            behind: 0,
            unmet: 0,
            on_disk: false,
            instead: None,
        },
        state: State::default(),
        cluster: ClusterFacts {
            server: "redis".into(),
            version: Some("7.0.15".into()),
            node_timeout_ms: 1000,
            members: Vec::new(),
            ghosts: Vec::new(),
            shards: Vec::new(),
            // Never old.
            taken: Some(253_402_300_000),
        },
        summary: Summary::default(),
        found: Vec::new(),
        options: Vec::new(),
        objective: Vec::new(),
        certificate: None,
        groups: BTreeMap::new(),
        steps,
        before: Vec::new(),
        after: Vec::new(),
        exposure: Vec::new(),
        remaining: Vec::new(),
        refusals: Vec::new(),
        advice: Vec::new(),
        assumptions: Vec::new(),
        copied_mib: 0,
        restart: None,
        exposed_shard_seconds: 0,
        supposition: None,
        again: None,
        seconds: 0,
        reshard: None,
        diagnostics: Vec::new(),
    }
}

fn step(id: u32, phase: Phase, action: Kind, until: Until) -> Step {
    Step {
        id,
        key: String::new(),
        phase,
        wave: id,
        action,
        node: None,
        address: None,
        target: None,
        target_address: None,
        target_bus_port: None,
        tell: Vec::new(),
        slots: None,
        mode: None,
        epoch: None,
        after: Vec::new(),
        barrier: None,
        pause_ms: 0,
        risk: None,
        guard: Guard::default(),
        wait: Wait {
            until,
            at: Vec::new(),
            limit_ms: 1000,
            expected_ms: 0,
        },
        cures: vec![Code::OrphanMaster],
        reason: format!("{action} for a test"),
        undo: None,
    }
}

/// A node as `(id, address)`.
pub type At<'a> = (&'a str, &'a str);

/// The same as the plan file has it.
pub fn party(node: At) -> Party {
    Party {
        id: node.0.into(),
        address: node.1.into(),
    }
}

fn between(mut step: Step, node: At, target: At) -> Step {
    step.node = Some(node.0.into());
    step.address = Some(node.1.into());
    step.guard.id = step.node.clone();
    step.target = Some(target.0.into());
    step.target_address = Some(target.1.into());
    step
}

/// `met` joins through `asked`.
pub fn meet(id: u32, asked: At, met: At) -> Step {
    let mut step = between(
        step(id, Phase::Protect, Kind::Meet, Until::Known),
        asked,
        met,
    );
    step.guard.empty = Some(true);
    step.wait.at = vec![asked.1.into()];
    step
}

/// `replica`, a blank master, follows `master`.
pub fn replicate(id: u32, replica: At, master: At) -> Step {
    let mut step = between(
        step(id, Phase::Protect, Kind::Replicate, Until::LinkUp),
        replica,
        master,
    );
    step.guard.role = Some(GuardRole::Master);
    step.guard.empty = Some(true);
    step.wait.at = vec![master.1.into()];
    step
}

/// `replica` takes `slots` over from `old`.
pub fn failover(id: u32, mode: StepMode, replica: At, old: At, slots: &str) -> Step {
    let mut step = between(
        step(id, Phase::Serve, Kind::Failover, Until::RoleMaster),
        replica,
        old,
    );
    step.mode = Some(mode);
    step.slots = Some(slots.into());
    step.guard.role = Some(GuardRole::Replica);
    step.guard.master = Some(old.0.into());
    // What a takeover relies on is told.
    step.guard.minority = (mode == StepMode::Takeover).then_some(false);
    step.wait.at = vec![replica.1.into()];
    step
}

/// Everyone of `tell` forgets `ghost`.
pub fn forget(id: u32, ghost: &str, tell: &[&str]) -> Step {
    let mut step = step(id, Phase::Tidy, Kind::Forget, Until::Gone);
    step.target = Some(ghost.into());
    step.tell = tell.iter().map(|&a| a.into()).collect();
    step.wait.at = step.tell.clone();
    step
}

/// The open `slots` of `node` are closed.
pub fn set_slot(id: u32, node: At, slots: &str) -> Step {
    let mut step = between(
        step(id, Phase::Tidy, Kind::SetSlot, Until::Closed),
        node,
        node,
    );
    (step.target, step.target_address) = (None, None);
    step.slots = Some(slots.into());
    step.mode = Some(StepMode::Stable);
    step
}

/// `slots` of `from` go to `to`.
pub fn migrate(id: u32, mode: StepMode, from: At, to: At, slots: &str) -> Step {
    let mut step = between(
        step(id, Phase::Change, Kind::MigrateSlots, Until::SlotsOwned),
        from,
        to,
    );
    step.mode = Some(mode);
    step.slots = Some(slots.into());
    step.guard.role = Some(GuardRole::Master);
    step.wait.at = vec![to.1.into()];
    step
}

/// `node` drops its keys.
pub fn flush(id: u32, node: At) -> Step {
    let mut step = between(step(id, Phase::Tidy, Kind::Flush, Until::Empty), node, node);
    (step.target, step.target_address) = (None, None);
    step.guard.role = Some(GuardRole::Master);
    step.guard.slots = Some(String::new());
    step
}

/// A live owner of slots, with the config epoch 1.
pub fn shard(owner: At, slots: &str) -> ShardFacts {
    ShardFacts {
        slots: slots.into(),
        owner: owner.0.into(),
        address: Some(owner.1.into()),
        config_epoch: Some(1),
        live: true,
    }
}

pub fn member(node: At) -> Member {
    Member {
        id: node.0.into(),
        address: Some(node.1.into()),
        host: None,
    }
}

/// An id without an address.
pub fn ghost(id: &str) -> Member {
    Member {
        id: id.into(),
        address: None,
        host: None,
    }
}

/// A finding about the node `id` and about `slots`.
pub fn finding(code: Code, severity: Severity, id: Option<&str>, slots: Option<&str>) -> Finding {
    Finding {
        code,
        rule: "by-hand".into(),
        severity,
        subject: Subject {
            kind: if id.is_some() {
                SubjectKind::Node
            } else {
                SubjectKind::Slots
            },
            id: id.map(Into::into),
            address: None,
            last_address: None,
            slots: slots.map(Into::into),
            host: None,
            zone: None,
            table: None,
            pid: None,
        },
        message: String::new(),
        help: String::new(),
        evidence: Vec::new(),
        allowed: false,
        allowed_by: None,
        known: false,
    }
}
