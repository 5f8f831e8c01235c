//! What must hold for every plan, counted here without the planner's own help.
//!
//! Start reading at [`judge`]. An oracle answers with a complaint, not a panic, so that a
//! property test can shrink and a table of captures can name all that are wrong.

use std::collections::BTreeMap;

use topoplan::action::Action;
use topoplan::action::AddSlots;
use topoplan::action::BumpEpoch;
use topoplan::action::Counted;
use topoplan::action::Failover;
use topoplan::action::Flush;
use topoplan::action::Forget;
use topoplan::action::GuardRole;
use topoplan::action::Kill;
use topoplan::action::Kind;
use topoplan::action::Meet;
use topoplan::action::MigrateSlots;
use topoplan::action::Replicate;
use topoplan::action::Reset;
use topoplan::action::Restart;
use topoplan::action::SetEpoch;
use topoplan::action::SetSlot;
use topoplan::diagnostic::Severity;
use topoplan::inventory::Inventory;
use topoplan::model::Cluster;
use topoplan::model::NodeId;
use topoplan::model::Role;
use topoplan::plan;
use topoplan::plan::Level;
use topoplan::plan::Plan;
use topoplan::plan::Request;
use topoplan::plan::Value;
use topoplan::policy::Flag;
use topoplan::policy::Wanted;
use topoplan::report;
use topoplan::report::PlanReport;
use topoplan::rules;
use topoplan::rules::Code;
use topoplan::rules::Context;
use topoplan::rules::Finding;
use topoplan::rules::Subject;

type Complaint = Result<(), String>;

/// Everything a plan must be.
pub fn judge(inventory: &Inventory, request: &Request) -> Complaint {
    let (cluster, policy) = (&inventory.cluster, &inventory.policy);
    let wanted = policy.wanted(cluster);
    let of_cluster = rules::check(&Context::new(cluster, policy, &wanted));
    let found = rules::merge(of_cluster, rules::check_capture(inventory));
    let refuses = plan::obstacles(inventory, &found)
        .iter()
        .any(|obstacle| !(obstacle.may_be_forced() && request.force.is_some()));
    if refuses {
        let report = report::plan(inventory, request)?;
        return match report.refused.is_some() && report.steps.is_empty() {
            true => Ok(()),
            false => Err("steps where nothing may be planned".to_owned()),
        };
    }
    let make = |from: &Cluster| plan::plan(from, policy, &wanted, request);
    let plan = make(cluster).map_err(|e| e.to_string())?;
    let found = |at: &Cluster| rules::check(&Context::new(at, policy, &wanted));
    let (before, after) = (found(cluster), found(&plan.end));
    if after != plan.remaining {
        return Err("the remaining findings are not those of the end".to_owned());
    }
    prefixes(cluster, &plan)?;
    nothing_worse(cluster, &plan, &before, &after)?;
    explained(&plan, request)?;
    let again = make(&plan.end).map_err(|e| format!("planned again: {e}"))?;
    // Nothing is flushed while slots have no live owner: that waits for the plan behind this one.
    let flush_waits = request.has(Flag::FlushStale)
        && found(cluster)
            .iter()
            .any(|f| f.rule.code == Code::UncoveredSlots);
    if !again.steps.is_empty() && !flush_waits {
        return Err(format!(
            "planned again it goes on: {}",
            names_of(&plan.end, &again)
        ));
    }
    let twice = make(cluster).map_err(|e| format!("planned twice: {e}"))?;
    if twice.steps != plan.steps || twice.values != plan.values || twice.refusals != plan.refusals {
        return Err("the same input gives two plans".to_owned());
    }
    levels(&plan, &before, &after)?;
    written(inventory, request, &plan)
}

fn names_of(cluster: &Cluster, plan: &Plan) -> String {
    let names: Vec<String> = plan
        .steps
        .iter()
        .map(|s| name(cluster, &s.draft.action))
        .collect();
    names.join(", ")
}

/// A step in words, for complaints.
fn name(cluster: &Cluster, action: &Action) -> String {
    let node = |id: NodeId| cluster.node(id).name.to_string();
    match action {
        Action::Meet(meet) => format!("meet {}", node(meet.node)),
        Action::Flush(flush) => format!("flush {}", node(flush.node)),
        Action::Replicate(r) => format!("{} replicates {}", node(r.node), node(r.master)),
        Action::Failover(f) => format!("{} failover {:?}", node(f.node), f.mode),
        Action::Forget(forget) => format!("forget {}", node(forget.node)),
        Action::SetSlot(s) => format!("{} closes {}", node(s.node), s.slots),
        Action::Restart(restart) => format!("{} is restarted", node(restart.node)),
        Action::SetEpoch(e) => format!("{} takes epoch {}", node(e.node), e.epoch),
        Action::AddSlots(a) => format!("{} takes {}", node(a.node), a.slots),
        Action::MigrateSlots(m) => format!("{} to {}: {}", node(m.from), node(m.to), m.slots),
        Action::BumpEpoch(e) => format!("{} takes a new epoch", node(e.node)),
        Action::Kill(kill) => format!("{} is stopped", node(kill.node)),
        Action::Reset(reset) => format!("{} is reset", node(reset.node)),
    }
}

/// Every step is accepted by the servers, no slot loses its owner, at most one more shard than
/// at the start is below two live copies, forgets come last, phases and waves only grow.
pub fn prefixes(start: &Cluster, plan: &Plan) -> Complaint {
    let mut cluster = Counted::new(start.clone());
    let mut forgets = false;
    let mut at_start = thin(&cluster, None);
    for (index, step) in plan.steps.iter().enumerate() {
        let action = &step.draft.action;
        let say = |why: &str| {
            Err(format!(
                "step {} ({}): {why}",
                index + 1,
                name(start, action)
            ))
        };
        if let Err(unfit) = action.precondition(&cluster) {
            return say(&unfit.to_string());
        }
        let forget = matches!(action, Action::Forget(_));
        if forgets && !forget {
            return say("comes after a forget");
        }
        forgets |= forget;
        if step
            .after
            .iter()
            .chain(&step.barrier)
            .any(|&a| a >= index || plan.steps[a].wave >= step.wave)
        {
            return say("waits for a step that is not before it");
        }
        if index > 0 && plan.steps[index - 1].draft.phase > step.draft.phase {
            return say("its phase is over");
        }
        let uncovered = cluster.uncovered().len();
        action.apply(&mut cluster);
        if cluster.uncovered().len() > uncovered {
            return say("slots lose their owner");
        }
        let syncing = match action {
            Action::Replicate(replicate) => Some(replicate.node),
            Action::Meet(_)
            | Action::Flush(_)
            | Action::Failover(_)
            | Action::Forget(_)
            | Action::SetSlot(_)
            | Action::SetEpoch(_)
            | Action::AddSlots(_)
            | Action::MigrateSlots(_)
            | Action::BumpEpoch(_)
            | Action::Restart(_)
            | Action::Kill(_)
            | Action::Reset(_) => None,
        };
        // Who has something stopped wants it so.
        let stops = matches!(action.kind(), Kind::Kill | Kind::Reset);
        // Who joins may have no replica yet, as no node is there to be one.
        let moves = matches!(action.kind(), Kind::MigrateSlots);
        if stops || moves {
            at_start = at_start.max(thin(&cluster, syncing));
        } else if thin(&cluster, syncing) > at_start + 1 {
            return say("a second shard falls below two copies");
        }
    }
    if *cluster != plan.end {
        return Err("the steps do not lead to the plan's end".to_owned());
    }
    Ok(())
}

/// Shards, served or not, with fewer than two live nodes that hold their data. `without` is
/// syncing.
fn thin(cluster: &Cluster, without: Option<NodeId>) -> usize {
    let holds = |id: NodeId, owner: NodeId| {
        let node = cluster.node(id);
        let data = id == owner || cluster.is_synced(id);
        node.is_live_member() && data && Some(id) != without && cluster.root(id) == Some(owner)
    };
    let owners = cluster.iter().filter(|(_, n)| !n.slots.is_empty());
    owners
        .filter(|&(owner, _)| cluster.iter().filter(|&(id, _)| holds(id, owner)).count() < 2)
        .count()
}

/// What is not selected is not worse in the end than captured, except where that is the price
/// of an earlier level: a shard served again has a master that may lack replicas, and a spare
/// that cures an orphan may have to share its zone.
pub fn nothing_worse(
    start: &Cluster,
    plan: &Plan,
    found_before: &[Finding],
    found_after: &[Finding],
) -> Complaint {
    let (before, after) = (weights(found_before), weights(found_after));
    for (&code, &weight) in &after {
        let was = before.get(&code).copied().unwrap_or(0);
        // Hosts are skewed only where that could be mended, which a new replica may allow: their
        // levels are compared below instead.
        let by_level = matches!(code, Code::SkewedMasters | Code::SkewedZones);
        let twins: &[Code] = match code {
            Code::ReplicaSharesHost => &[Code::ReplicaSharesHost, Code::ReplicasShareHost],
            Code::OrphanMaster => &[Code::OrphanMaster, Code::MissingReplica],
            _ => &[code],
        };
        if weight <= was || by_level || twins.iter().any(|&c| plan.selection.has(c)) {
            continue;
        }
        let paid_for = level_of(code).is_some_and(|level| {
            let at = plan.values.iter().take_while(|v| v.level < level).count();
            earlier_falls(&plan.values[..at], found_before, found_after)
        });
        if !paid_for {
            return Err(format!(
                "{code} is not selected and grows from {was} to {weight}: {}",
                names_of(start, plan)
            ));
        }
    }
    Ok(())
}

/// The level that counts a code, or would if the rule were one.
fn level_of(code: Code) -> Option<Level> {
    Some(match code {
        Code::UncoveredSlots => Level::Serve,
        Code::OrphanMaster => Level::Protect,
        Code::MissingReplica | Code::UnsyncedReplica => Level::Missing,
        Code::ReplicaSharesHost | Code::ReplicasShareHost => Level::SameHost,
        Code::ReplicaSharesDisk => Level::SameDisk,
        Code::ReplicaSharesZone => Level::SameZone,
        Code::SkewedMasters => Level::OverHost,
        Code::SkewedZones => Level::OverZone,
        Code::AwayFromHome => Level::Home,
        Code::HostHoldsMajority => Level::VotesHost,
        Code::ZoneHoldsMajority => Level::VotesZone,
        _ => return None,
    })
}

/// Errors and warnings by code; slots count one by one. Where curing one finding may leave a
/// milder one of the same level, both count as one: an orphan becomes a master that lacks a
/// replica, and one of two neighbours may come to lead the other.
fn weights(findings: &[Finding]) -> BTreeMap<Code, u32> {
    let mut weights = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.severity != Severity::Note) {
        let weight = match &finding.subject {
            Subject::Slots(slots, _) => slots.len(),
            _ => 1,
        };
        let code = match finding.rule.code {
            Code::ReplicasShareHost => Code::ReplicaSharesHost,
            Code::MissingReplica => Code::OrphanMaster,
            code => code,
        };
        *weights.entry(code).or_default() += weight;
    }
    weights
}

/// Whatever was asked for and remains is named by a refusal, or counted by a level that is
/// printed with its bound.
fn explained(plan: &Plan, request: &Request) -> Complaint {
    let printed = |level: Level| {
        let value = plan.values.iter().find(|v| v.level == level);
        value.is_some_and(|v| v.selected)
    };
    for finding in plan
        .remaining
        .iter()
        .filter(|f| plan.selection.has(f.rule.code))
    {
        // A healthy replica is moved only to cure an error; all else must have a reason.
        let level = match finding.rule.code {
            Code::ReplicasShareHost if !request.has(Flag::AllowMoves) => None,
            Code::UncoveredSlots
            | Code::OrphanMaster
            | Code::MissingReplica
            | Code::UnsyncedReplica => None,
            code => level_of(code),
        };
        let named = plan
            .refusals
            .iter()
            .any(|r| r.about.concerns(finding, &plan.end));
        if !named && !level.is_some_and(printed) {
            return Err(format!(
                "{} remains without a word: {}",
                finding.rule.code, finding.message
            ));
        }
    }
    Ok(())
}

/// No bound is above its value, and no count of the cluster grows except where an earlier one
/// falls.
fn levels(plan: &Plan, before: &[Finding], after: &[Finding]) -> Complaint {
    for (index, value) in plan.values.iter().enumerate() {
        if value.bound > value.value {
            return Err(format!("{:?} is proven above itself", value.level));
        }
        let spent = matches!(
            value.level,
            Level::Moves
                | Level::Surplus
                | Level::Risk
                | Level::SyncMib
                | Level::Failovers
                | Level::Actions
        );
        // Home roles are a note: nothing that is asked for waits for them.
        let noted = value.level == Level::Home && !value.selected;
        let grows = value.value > value.before && !spent && !noted;
        if grows && !earlier_falls(&plan.values[..index], before, after) {
            return Err(format!(
                "{:?} grows from {} to {} and no earlier level falls",
                value.level, value.before, value.value
            ));
        }
    }
    Ok(())
}

/// A level falls, or a replica beside its master comes to be beside another replica instead:
/// the same count, but no error any more.
fn earlier_falls(earlier: &[Value], before: &[Finding], after: &[Finding]) -> bool {
    let beside = |found: &[Finding]| {
        found
            .iter()
            .filter(|f| f.rule.code == Code::ReplicaSharesHost)
            .count()
    };
    let judged = earlier.iter().any(|v| v.level == Level::SameHost);
    (judged && beside(after) < beside(before)) || earlier.iter().any(|v| v.value < v.before)
}

/// The plan file says of every step what the cluster is like just before it.
fn written(inventory: &Inventory, request: &Request, plan: &Plan) -> Complaint {
    let report = report::plan(inventory, request)?;
    let text = serde_json::to_string(&report).map_err(|e| e.to_string())?;
    let read = report::read_plan(&text).map_err(|e| e.to_string())?;
    if serde_json::to_string(&read.plan).map_err(|e| e.to_string())? != text {
        return Err("the plan file does not come back as it was written".to_owned());
    }
    if read.content_id != report.plan_id {
        return Err("the plan file has another id than its content".to_owned());
    }
    if report.steps.len() != plan.steps.len() {
        return Err("the plan file has other steps".to_owned());
    }
    let mut cluster = Counted::new(inventory.cluster.clone());
    let wanted: Wanted = inventory.policy.wanted(&cluster);
    for (step, written) in plan.steps.iter().zip(&report.steps) {
        step_written(&cluster, &step.draft.action, &report, written)
            .map_err(|why| format!("step {}: {why}", written.id))?;
        step.draft.action.apply(&mut cluster);
    }
    let complete = !rules::check(&Context::new(&cluster, &inventory.policy, &wanted))
        .iter()
        .any(|f| plan.selection.has(f.rule.code));
    if complete != report.complete {
        return Err("the plan file is wrong about being complete".to_owned());
    }
    Ok(())
}

fn step_written(
    cluster: &Cluster,
    action: &Action,
    report: &PlanReport,
    step: &report::Step,
) -> Complaint {
    let name = |id: NodeId| Some(cluster.node(id).name.to_string());
    let role = |id: NodeId| match cluster.node(id).role {
        Role::Master => Some(GuardRole::Master),
        Role::Replica(_) => Some(GuardRole::Replica),
    };
    let guard = &step.guard;
    let expect = |what: &str, fits: bool| {
        if fits {
            Ok(())
        } else {
            Err(format!("wrong {what}"))
        }
    };
    expect("id in the guard", guard.id == name(action.subject()))?;
    expect("action", step.action == action.kind())?;
    expect("wait", !step.wait.at.is_empty() && step.wait.limit_ms > 0)?;
    expect("reason", !step.reason.is_empty())?;
    match action {
        Action::Forget(Forget { tell, node, .. }) => {
            expect("ends", step.node.is_none() && step.target == name(*node))?;
            expect(
                "list of whom to tell",
                report.spelt_out(&step.tell).len() == tell.len() && !tell.is_empty(),
            )?;
            let live = tell.iter().all(|&t| cluster.node(t).is_live_member());
            expect("node to tell", live)
        }
        Action::Meet(Meet { via, node }) => {
            expect(
                "ends",
                step.node == name(*via) && step.target == name(*node),
            )?;
            expect("role", guard.role == Some(GuardRole::Master))
        }
        Action::Flush(Flush { node })
        | Action::SetSlot(SetSlot { node, .. })
        | Action::SetEpoch(SetEpoch { node, .. })
        | Action::AddSlots(AddSlots { node, .. })
        | Action::BumpEpoch(BumpEpoch { node, .. })
        | Action::Kill(Kill { node, .. })
        | Action::Reset(Reset { node, .. }) => {
            expect("ends", step.node == name(*node) && step.target.is_none())?;
            expect("role", guard.role == role(*node))
        }
        Action::Replicate(Replicate { node, master }) => {
            expect(
                "ends",
                step.node == name(*node) && step.target == name(*master),
            )?;
            expect("role", guard.role == role(*node))?;
            let follows = cluster.node(*node).master().and_then(name);
            expect("master in the guard", guard.master == follows)?;
            let empty = cluster.node(*node).is_master().then_some(true);
            expect("emptiness", guard.empty == empty)
        }
        Action::MigrateSlots(MigrateSlots {
            from, to, slots, ..
        }) => {
            expect("ends", step.node == name(*from) && step.target == name(*to))?;
            expect("slots", step.slots == Some(slots.to_string()))
        }
        Action::Restart(Restart { node, .. }) => {
            expect("node", step.node == name(*node))?;
            expect("role", guard.role == role(*node))
        }
        Action::Failover(Failover { node, old, mode }) => {
            expect(
                "ends",
                step.node == name(*node) && step.target == name(*old),
            )?;
            expect(
                "role",
                guard.role == role(*node) && guard.master == name(*old),
            )?;
            expect("mode", step.mode == Some((*mode).into()))?;
            let slots = cluster.node(*old).slots.to_string();
            expect("slots", step.slots == Some(slots))
        }
    }
}
