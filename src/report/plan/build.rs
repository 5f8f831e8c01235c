//! From a capture and a request to the plan file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action;
use crate::action::Action;
use crate::action::Audience;
use crate::action::Need;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::model::Shard;
use crate::plan;
use crate::plan::Advice;
use crate::plan::Assumption;
use crate::plan::Kind;
use crate::plan::NoPlan;
use crate::plan::Obstacle;
use crate::plan::Plan;
use crate::plan::Refusal;
use crate::plan::Request;
use crate::plan::Step;
use crate::plan::goal::Outcome;
use crate::plan::why::Said;
use crate::report;
use crate::report::ClusterFacts;
use crate::report::Exposure;
use crate::report::GoalVerdict as Verdict;
use crate::report::Level;
use crate::report::PLAN_VERSION;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::report::Reshard;
use crate::report::ShardFacts;
use crate::report::capture;
use crate::report::plan::groups::Groups;
use crate::report::plan::held;
use crate::report::plan::identity::plan_id;
use crate::report::plan::proof;
use crate::report::plan::step;
use crate::report::plan::step::step;
use crate::report::promises::Promises;
use crate::report::state;
use crate::rules;
use crate::rules::Cure;
use crate::rules::Finding;
use crate::rules::Phase;
use crate::simulate::Moment;

/// The answer of `plan`. `Err` is a bug of the planner, said as text.
pub fn plan(inventory: &Inventory, request: &Request) -> Result<PlanReport, String> {
    plan_and_end(inventory, request).map(|(report, _)| report)
}

/// The plan that leads from the end of another one back to the masters of the capture, where one is
/// to be written. Nobody knows the config epochs of then.
pub fn plan_back(
    inventory: &mut Inventory,
    request: &Request,
    end: Cluster,
) -> Result<PlanReport, String> {
    let curable = rules::all().filter(|r| r.cure != Cure::No);
    let back = Request {
        skip: curable.map(|r| r.code).collect(),
        goals: plan::goal::back(&inventory.cluster, &end),
        force: request.force.clone(),
        dead: request.dead.clone(),
        ..Request::default()
    };
    inventory.cluster = end;
    let mut report = plan(inventory, &back)?;
    report
        .cluster
        .shards
        .iter_mut()
        .for_each(|s| s.config_epoch = None);
    report.plan_id = plan_id(&mut report);
    Ok(report)
}

/// The answer of `plan`, and the cluster that its steps lead to.
pub fn plan_and_end(
    inventory: &Inventory,
    request: &Request,
) -> Result<(PlanReport, Option<Cluster>), String> {
    let found = capture::found(inventory);
    let request = &request.leaving(rules::left_alone(&inventory.policy, &found));
    let mut report = empty(inventory, &found, request);
    let plan = match plan::on(inventory, &found, request) {
        Ok(plan) => Ok(plan),
        Err(NoPlan::Refused(why)) => Err(Hindrance::Refused(why)),
        Err(NoPlan::Slots(why)) => Err(Hindrance::Refused(Obstacle::Slots(why))),
        Err(NoPlan::Blocked(shards)) => Err(Hindrance::Blocked(shards)),
        // Whoever asks looks at the goals first.
        Err(bug @ (NoPlan::BadGoal(_) | NoPlan::Broken(_))) => return Err(bug.to_string()),
    };
    let made = plan.as_ref().ok().map(|plan| (request, plan));
    let promises = Promises::of(inventory, &found, made);
    // What was tried is as large as the plan, and asked for no more.
    let plan = plan.map(|plan| Plan {
        tried: Vec::new(),
        ..plan
    });
    let told = |f: &Finding| capture::finding(inventory, &inventory.cluster, f, &promises);
    report.found = found.iter().map(told).collect();
    let end = plan.as_ref().ok().map(|plan| plan.end.clone());
    match plan {
        Ok(plan) => fill(inventory, &found, &plan, &promises, &mut report),
        Err(Hindrance::Refused(why)) => refuse(inventory, &why, &mut report),
        Err(Hindrance::Blocked(shards)) => block(inventory, request, &shards, &mut report),
    }
    report.plan_id = plan_id(&mut report);
    Ok((report, end))
}

/// The same answer for a plan that is refused once it is made.
pub fn refused(inventory: &Inventory, request: &Request, why: &Obstacle) -> PlanReport {
    let found = capture::found(inventory);
    let request = &request.leaving(rules::left_alone(&inventory.policy, &found));
    let mut report = empty(inventory, &found, request);
    let promises = Promises::of(inventory, &found, None);
    let told = |f: &Finding| capture::finding(inventory, &inventory.cluster, f, &promises);
    report.found = found.iter().map(told).collect();
    refuse(inventory, why, &mut report);
    report.plan_id = plan_id(&mut report);
    report
}

/// Why there is no plan.
enum Hindrance {
    Refused(Obstacle),
    Blocked(Vec<Refusal>),
}

fn block(inventory: &Inventory, request: &Request, shards: &[Refusal], report: &mut PlanReport) {
    let cluster = &inventory.cluster;
    report.blocked = true;
    report.remaining = report.found.clone();
    report.refusals = shards.iter().map(|r| refusal(cluster, r)).collect();
    let goals = plan::goal::outcomes(&request.goals, cluster, cluster, &[]);
    report.goals = goals.iter().map(|g| goal(g, Verdict::Blocked)).collect();
}

fn goal(outcome: &Outcome, verdict: Verdict) -> report::Goal {
    report::Goal {
        goal: outcome.kind,
        verdict,
        domain: outcome.domain.as_ref().map(ToString::to_string),
        members: outcome.members,
        masters_before: outcome.masters_before,
        masters_after: outcome.masters_after,
        stopped: outcome.stopped,
        says: outcome.says.clone(),
    }
}

fn refuse(inventory: &Inventory, why: &Obstacle, report: &mut PlanReport) {
    report.remaining = report.found.clone();
    report.refused = Some(Said(why, &inventory.cluster).to_string());
}

pub(super) fn empty(inventory: &Inventory, found: &[Finding], request: &Request) -> PlanReport {
    let cluster = &inventory.cluster;
    let before = capture::distribution(cluster);
    PlanReport {
        schema_version: PLAN_VERSION,
        plan_id: String::new(),
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        complete: false,
        refused: None,
        blocked: false,
        goals: Vec::new(),
        views: capture::views(inventory),
        state: state::state(inventory),
        cluster: ClusterFacts {
            server: cluster.server.name.to_string(),
            version: cluster.server.version.map(|v| v.to_string()),
            node_timeout_ms: cluster.settings.node_timeout_ms,
            members: capture::members(cluster, false),
            ghosts: capture::members(cluster, true),
            shards: shards(cluster),
            taken: taken(inventory),
        },
        summary: capture::summary(cluster, found),
        found: Vec::new(),
        options: request.options(|reason| format!("{reason:?}")),
        objective: Vec::new(),
        certificate: None,
        groups: BTreeMap::new(),
        steps: Vec::new(),
        after: before.clone(),
        before,
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
        diagnostics: diagnostics(inventory, found),
    }
}

fn diagnostics(inventory: &Inventory, found: &[Finding]) -> Vec<report::Diagnostic> {
    let mut all = capture::all_diagnostics(inventory, found);
    all.extend(report::told(&rules::unfollowed(&inventory.policy)));
    all
}

/// Shards with a single copy, each times the seconds that it is so, as expected.
pub(super) fn exposed_shard_seconds(steps: &[report::Step], exposure: &[Exposure]) -> u64 {
    let thin = exposure.iter().filter(|e| e.copies < 2);
    let step = |e: &Exposure| steps.get((e.step as usize).checked_sub(1)?);
    let seconds = thin.map(|e| step(e).map_or(0, |s| s.wait.expected_ms / 1000));
    seconds.fold(0, u64::saturating_add)
}

/// The captured shards, by owner, those with an address first.
fn shards(cluster: &Cluster) -> Vec<ShardFacts> {
    let facts = |shard: Shard| {
        let owner = cluster.node(shard.owner);
        ShardFacts {
            slots: shard.slots.to_string(),
            owner: owner.name.to_string(),
            address: owner.address.as_ref().map(ToString::to_string),
            // A server that never met another has none yet.
            config_epoch: Some(owner.config_epoch).filter(|&e| e > 0),
            live: owner.is_live_member(),
        }
    };
    let shards = cluster.shards().into_iter().map(facts);
    let (mut shards, ghosts): (Vec<_>, Vec<_>) = shards.partition(|s| s.address.is_some());
    shards.extend(ghosts);
    shards
}

/// When the first of the views was taken, by the clock of its node.
fn taken(inventory: &Inventory) -> Option<u64> {
    let clocks = inventory.views.iter().filter_map(|v| v.clock);
    clocks.min().map(|ms| ms / 1000)
}

fn fill(
    inventory: &Inventory,
    found: &[Finding],
    plan: &Plan,
    promises: &Promises,
    report: &mut PlanReport,
) {
    let captured = &inventory.cluster;
    if let Some(why) = unspellable(inventory, plan) {
        refuse(inventory, &why, report);
        return;
    }
    let per_step = |step: &Step| step.draft.action.seconds(step, &captured.settings);
    report.seconds = plan.steps.iter().map(per_step).sum();
    let groups = Groups::new(captured, crowds(&plan.moments));
    let address = |id: NodeId| captured.node(id).address.as_ref().map(ToString::to_string);
    report.groups = groups.listed(address);
    report.steps = steps(captured, &groups, plan).collect();
    report.after = capture::distribution(&plan.end);
    report.objective = plan
        .values
        .iter()
        .map(|v| Level {
            level: v.level,
            before: v.before,
            value: v.value,
            bound: v.bound,
            proof: proof(v.kind),
            selected: v.selected,
            without_moves: v.without_moves,
        })
        .collect();
    report.certificate = proof::write(captured, &plan.target);
    held::to(report.certificate.as_ref(), &mut report.objective);
    let verdict = match plan.blocked {
        0 => Verdict::Ready,
        _ => Verdict::Partly,
    };
    report.goals = plan.goals.iter().map(|g| goal(g, verdict)).collect();
    report.exposure = plan
        .exposure
        .iter()
        .map(|e| Exposure {
            step: e.step as u32 + 1,
            shard: e.slots.to_string(),
            copies: e.copies,
            reason: exposure_reason(captured, &plan.steps, e.step),
        })
        .collect();
    report.exposed_shard_seconds = exposed_shard_seconds(&report.steps, &report.exposure);
    let mut remaining = plan.remaining.clone();
    rules::judge(inventory, &plan.end, &mut remaining);
    report.remaining = remaining
        .iter()
        .map(|f| capture::finding(inventory, &plan.end, f, promises))
        .collect();
    report.complete = !plan
        .remaining
        .iter()
        .any(|f| plan.selection.has(f.rule.code));
    let refusals = plan.refusals.iter();
    let refused = |r: &Refusal| report::Refusal {
        found: (0..)
            .zip(found)
            .filter(|(_, finding)| r.concerns(finding, captured))
            .map(|(place, _)| place)
            .collect(),
        ..refusal(&plan.end, r)
    };
    report.refusals = refusals.map(refused).collect();
    let spoiled = capture::spoiled(inventory);
    let advice = plan.advice.iter().map(|advice| match advice {
        Advice::Restart(restart) => Advice::Restart(restart.clone().mending(&spoiled)),
    });
    report.advice = advice
        .map(|advice| Said(&advice, &plan.end).to_string())
        .collect();
    let on_disk = inventory.views_on_disk.then_some(Assumption::OnDisk);
    let assumptions = on_disk.iter().chain(&plan.assumptions);
    report.assumptions = assumptions.map(|a| Said(a, captured).to_string()).collect();
    report.copied_mib = plan.copied_mib;
    let summary = plan.restart.as_ref();
    let budgets = &inventory.policy.budgets;
    report.restart = summary
        .map(|s| super::restart::restart(captured, s, budgets, &report.steps, &report.exposure));
    report.reshard = plan.slots.as_ref().map(|t| Reshard::of(captured, t));
}

fn steps<'a>(
    captured: &'a Cluster,
    groups: &'a Groups<'a>,
    plan: &'a Plan,
) -> impl Iterator<Item = report::Step> + 'a {
    let moments = plan.steps.iter().zip(&plan.moments).enumerate();
    moments.map(|(index, (decided, moment))| step(captured, groups, index, decided, moment))
}

/// A step that cannot be written down is no step, and a plan with a hole is no plan.
pub(in crate::report) fn unspellable(inventory: &Inventory, plan: &Plan) -> Option<Obstacle> {
    let moments = plan.steps.iter().zip(&plan.moments).enumerate();
    let mut steps = moments.map(|(i, (s, moment))| step::alone(&inventory.cluster, i, s, moment));
    steps.find_map(|step| {
        let word = step.action.spec().word;
        if !is_named(&step) {
            return Some(Obstacle::Nameless(word));
        }
        (!is_addressed(&step)).then_some(Obstacle::Unaddressed(word))
    })
}

/// A report, and CLUSTER SLOTS of old servers, name nodes by their addresses alone.
fn is_named(step: &super::Step) -> bool {
    let guard = &step.guard;
    let ids = [&step.node, &step.target, &guard.id, &guard.master];
    let mut ids = ids.into_iter().flatten();
    ids.all(|id| NodeName::new(id).is_plain())
}

fn refusal(cluster: &Cluster, refusal: &Refusal) -> report::Refusal {
    report::Refusal {
        subject: Said(&refusal.about, cluster).to_string(),
        reason: Said(&refusal.reason, cluster).to_string(),
        unlock: Said(&refusal.unlock, cluster).to_string(),
        found: Vec::new(),
    }
}

/// The sets of nodes that steps name.
pub(super) fn crowds(moments: &[Moment]) -> impl Iterator<Item = &Arc<[NodeId]>> {
    moments.iter().flat_map(|moment| {
        let told = moment.operands.tell.iter();
        told.chain(match &moment.wait.at {
            Audience::Nodes(_) => None,
            Audience::Crowd(nodes, _) => Some(nodes),
        })
    })
}

/// Every node that takes part can be written into a command.
fn is_addressed(step: &super::Step) -> bool {
    let needed = step.action.spec().shape.target_address == Need::Must;
    let tell: Vec<&str> = step.tell.iter().map(String::as_str).collect();
    (step.target_address.is_some() || !needed)
        && (step.action.spec().commands)(&step.spelled(&tell)).is_some()
}

fn proof(kind: Kind) -> Proof {
    match kind {
        Kind::Flow => Proof::Flow,
        Kind::Multipliers => Proof::Multipliers,
        Kind::Count => Proof::Count,
        Kind::None => Proof::None,
    }
}

pub(super) fn exposure_reason(captured: &Cluster, steps: &[Step], at: usize) -> String {
    let step = &steps[at].draft;
    // Only the heir of a dead master leads fewer copies than it should: nobody else loses one.
    let why = if matches!(step.action.kind(), action::Kind::Kill | action::Kind::Reset) {
        "one of its copies is stopped, as asked".to_owned()
    } else if step.phase == Phase::Serve {
        let heir = step.action.subject();
        let joins = |s: &Step| matches!(&s.draft.action, Action::Replicate(r) if r.master == heir);
        match steps.iter().skip(at + 1).position(joins) {
            Some(next) => format!(
                "its master is gone: alone until step {} is done",
                at + next + 2
            ),
            None => "its master is gone, and no step adds a replica".to_owned(),
        }
    } else if step.action.kind() == action::Kind::Restart {
        "until it is back in sync".to_owned()
    } else {
        "until the replica on its way is in sync".to_owned()
    };
    // The servers' own migration acts after 5 s on a master that lost its last replica
    // (`clusterHandleSlaveMigration`), and looks at no host.
    if captured.settings.allow_replica_migration {
        format!("{why}; the servers' own replica migration may send one")
    } else {
        why
    }
}

#[cfg(test)]
mod tests;
