//! The answer of `plan` about tablets, which is the plan file: the fields of the other family's plan,
//! with steps that name a table and a pid.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Tablets;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Exposure;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::Input;
use crate::report::PLAN_VERSION;
use crate::report::Proof;
use crate::report::Refusal;
use crate::report::State;
use crate::report::Summary;
use crate::report::Tool;
use crate::report::Views;
use crate::report::capture;
use crate::report::tablets;
use crate::report::tablets::check;
use crate::report::tablets::check::TabletFacts;
use crate::report::tablets::identity::tablet_plan_id;
use crate::report::tablets::record;
use crate::report::tablets::record::TabletAsked;
use crate::report::tablets::record::TabletHealth;
use crate::report::tablets::record::TabletNameServer;
use crate::report::tablets::record::TabletPartition;
use crate::report::tablets::step::guard;
use crate::report::tablets::step::key;
use crate::report::tablets::step::wait;
use crate::rules;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Left;
use crate::tablets::Obstacle;
use crate::tablets::Plan;
use crate::tablets::Planned;
use crate::tablets::Request;
use crate::tablets::Shown;
use crate::tablets::Word;

/// Which family a plan file is of; a file of the other one does not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Fedb,
}

/// A tablet as the plan file knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletMember {
    /// The endpoint, as commands take it.
    pub id: String,
    pub address: Option<String>,
    pub host: Option<String>,
    pub health: TabletHealth,
    /// As captured; a process that is younger later was started anew.
    pub age_ms: Option<u64>,
}

/// The cluster a plan was made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletCluster {
    pub server: String,
    pub version: Option<String>,
    pub members: Vec<TabletMember>,
    /// As captured; null where no `confget` was.
    pub auto_failover: Option<bool>,
    pub name_servers: Vec<TabletNameServer>,
    pub partitions: Vec<TabletPartition>,
}

/// One level of the objective.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletLevel {
    pub level: Count,
    pub before: i64,
    pub value: i64,
    pub bound: i64,
    pub proof: Proof,
    pub selected: bool,
}

/// What must still be so before a step.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletGuard {
    pub auto_failover: Option<bool>,
    /// Endpoints that `showtablet` must call healthy.
    pub healthy: Vec<String>,
    /// Endpoints that it must call offline.
    pub offline: Vec<String>,
    /// The endpoint that must lead the partition, and be alive; null where none does, or none is asked.
    pub leader: Option<String>,
}

/// What a step waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TabletUntil {
    /// `confget` says so.
    Value,
    /// No copy on the endpoint counts as alive.
    TakenOut,
    /// The endpoint leads the partition, and is alive.
    Leads,
    /// `showtablet` calls it healthy.
    Healthy,
    /// Every copy on the endpoint, or the one of the partition, follows and is alive, or leads.
    InUse,
    /// The copy is on the endpoint and alive, and not at the other one any more.
    Moved,
    /// The copy is on the endpoint and alive.
    Added,
    /// No copy of the partition is on the endpoint.
    Deleted,
    /// `showtablet` calls it offline, or lists it no more.
    Stopped,
}

/// What a step waits for before the next one may start, and for how long.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletWait {
    pub until: TabletUntil,
    pub at: Vec<String>,
    pub limit_ms: u64,
    /// offline-endpoint: copies there that will still count as alive; recover-endpoint: that will
    /// not be alive. Else 0.
    pub rows: u32,
    /// offline-endpoint: partitions there that will have no leader. Else 0.
    pub leaderless: u32,
}

/// One act in its place in the plan's order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletStep {
    /// From 1.
    pub id: u32,
    /// The same in every plan that asks the same.
    pub key: String,
    pub phase: Phase,
    pub wave: u32,
    pub action: Word,
    /// The endpoint that it is about: the dead, the recovered, the new leader, where the copy comes.
    pub node: Option<String>,
    pub address: Option<String>,
    /// The other one: the leader that is replaced, where the copy comes from.
    pub target: Option<String>,
    pub target_address: Option<String>,
    /// The database of the table; null where the capture tells none.
    pub database: Option<String>,
    pub table: Option<String>,
    pub pid: Option<u32>,
    /// Of set-auto-failover.
    pub value: Option<bool>,
    pub tell: Vec<String>,
    pub slots: Option<String>,
    pub mode: Option<String>,
    /// The command of `ns_client`; null for what a human does.
    pub command: Option<String>,
    pub after: Vec<u32>,
    /// What it may lose for good; null: nothing.
    pub risk: Option<String>,
    pub guard: TabletGuard,
    pub wait: TabletWait,
    #[schemars(with = "Vec<String>")]
    pub cures: Vec<Code>,
    pub reason: String,
    pub undo: Option<String>,
}

/// The answer of `plan` about tablets, and the plan file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TabletPlan {
    pub schema_version: u32,
    pub family: Family,
    /// SHA-256 of the content, without this field.
    pub plan_id: String,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    pub complete: bool,
    /// Set when no plan was made: why.
    pub refused: Option<String>,
    /// A goal cannot be reached; `refusals` says why.
    pub blocked: bool,
    pub views: Views,
    pub state: State,
    pub tablets: TabletFacts,
    pub cluster: TabletCluster,
    pub summary: Summary,
    pub found: Vec<Finding>,
    /// What was asked, as the command line says it; `asked` is the same for programs.
    pub options: Vec<String>,
    pub asked: TabletAsked,
    pub objective: Vec<TabletLevel>,
    pub steps: Vec<TabletStep>,
    pub before: Vec<HostLoad>,
    pub after: Vec<HostLoad>,
    pub exposure: Vec<Exposure>,
    pub remaining: Vec<Finding>,
    pub refusals: Vec<Refusal>,
    pub advice: Vec<String>,
    pub assumptions: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// A plan file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TabletPlanFile {
    pub plan: TabletPlan,
    /// The id that its content has; the plan names another one if somebody edited it.
    pub content_id: String,
}

/// The answer of `plan`.
pub fn plan_tablets(
    inventory: &Inventory,
    seen: &TabletsSeen,
    request: &Request,
    options: Vec<String>,
) -> TabletPlan {
    let mut report = empty(inventory, seen, options);
    let mut request = request.clone();
    request.least_replicas = tablets::least_replicas(inventory);
    if request.only.is_empty() {
        let found = tablets::found(inventory, &seen.state);
        request
            .skip
            .extend(rules::left_alone(&inventory.policy, &found));
    }
    report.asked = TabletAsked::of(&seen.state, &request);
    match crate::tablets::plan(&seen.state, &request) {
        Ok(plan) => fill(inventory, seen, &request, &plan, &mut report),
        Err(why) => refuse(&why, &mut report),
    }
    report.plan_id = tablet_plan_id(&mut report);
    report
}

/// The same answer for a plan that no script takes.
pub fn refuse_tablets(mut plan: TabletPlan, why: String) -> TabletPlan {
    plan.steps.clear();
    plan.exposure.clear();
    plan.objective.clear();
    plan.after = plan.before.clone();
    plan.remaining = plan.found.clone();
    plan.complete = false;
    plan.refused = Some(why);
    plan.plan_id = tablet_plan_id(&mut plan);
    plan
}

fn refuse(why: &Obstacle, report: &mut TabletPlan) {
    report.remaining = report.found.clone();
    report.refused = Some(why.to_string());
}

fn empty(inventory: &Inventory, seen: &TabletsSeen, options: Vec<String>) -> TabletPlan {
    let state = &seen.state;
    let found = tablets::found(inventory, state);
    let promises = tablets::Promises::of(inventory, state, &found);
    let before = tablets::distribution(state);
    let server = check::server(state);
    TabletPlan {
        schema_version: PLAN_VERSION,
        family: Family::Fedb,
        plan_id: String::new(),
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        complete: false,
        refused: None,
        blocked: false,
        views: check::views(),
        state: check::state(state),
        tablets: check::facts(state),
        cluster: TabletCluster {
            server: server.name,
            version: server.version,
            members: record::members(state),
            auto_failover: state.auto_failover,
            name_servers: record::name_servers(state),
            partitions: record::partitions(state),
        },
        summary: tablets::summary(state, &found),
        found: found
            .iter()
            .map(|f| tablets::finding(seen, state, f, &promises))
            .collect(),
        options,
        asked: TabletAsked::default(),
        objective: Vec::new(),
        steps: Vec::new(),
        after: before.clone(),
        before,
        exposure: Vec::new(),
        remaining: Vec::new(),
        refusals: Vec::new(),
        advice: Vec::new(),
        assumptions: Vec::new(),
        diagnostics: tablets::diagnostics(inventory),
    }
}

fn fill(
    inventory: &Inventory,
    seen: &TabletsSeen,
    request: &Request,
    plan: &Plan,
    report: &mut TabletPlan,
) {
    let captured = &seen.state;
    let promises = tablets::Promises::of(inventory, captured, &plan.remaining);
    let mut state = captured.clone();
    for (index, planned) in plan.steps.iter().enumerate() {
        report.steps.push(step(index, planned, &state));
        planned.act.apply(&mut state);
    }
    report.after = tablets::distribution(&plan.end);
    report.objective = plan
        .values
        .iter()
        .map(|value| TabletLevel {
            level: value.count,
            before: value.before,
            value: value.value,
            bound: value.bound,
            proof: proof(value.shown),
            selected: value.selected,
        })
        .collect();
    report.exposure = plan
        .exposed
        .iter()
        .map(|e| Exposure {
            step: e.step as u32 + 1,
            shard: captured.name(e.partition),
            copies: e.copies as u32,
            reason: e.reason.clone(),
        })
        .collect();
    report.remaining = plan
        .remaining
        .iter()
        .map(|f| tablets::finding(seen, &plan.end, f, &promises))
        .collect();
    report.blocked = plan.left.iter().any(|left| left.blocks);
    report.refusals = plan
        .left
        .iter()
        .map(|left| Refusal {
            subject: left.subject.clone(),
            reason: left.reason.clone(),
            unlock: left.unlock.clone(),
            found: about(captured, left, &report.found),
        })
        .collect();
    report.complete = !report.blocked && !plan.leaves_wanted(request);
    report.advice = plan.advice.clone();
    report.assumptions = plan.assumptions.clone();
}

/// Findings about the partition that is left as it is.
fn about(state: &Tablets, left: &Left, found: &[Finding]) -> Vec<u32> {
    let Some(partition) = left.partition.map(|p| state.partition(p)) else {
        return Vec::new();
    };
    let name = partition.to_string();
    let same = |f: &Finding| f.subject.id.as_ref() == Some(&name);
    let found = (0..).zip(found).filter(|(_, f)| same(f));
    found.map(|(index, _)| index).collect()
}

pub(super) fn proof(shown: Shown) -> Proof {
    match shown {
        Shown::Flow => Proof::Flow,
        Shown::Count => Proof::Count,
        Shown::No => Proof::None,
    }
}

/// `before`: the state that the steps before it lead to.
pub(super) fn step(index: usize, planned: &Planned, before: &Tablets) -> TabletStep {
    let act = &planned.act;
    let endpoint = |t: crate::model::TabletId| before.endpoint(t).to_string();
    let name_server = match act {
        Act::RestartNameServer(at) => Some(before.name_servers[*at].endpoint.to_string()),
        Act::SetAutoFailover(_)
        | Act::OfflineEndpoint(_)
        | Act::ChangeLeader { .. }
        | Act::Restart(_)
        | Act::RecoverEndpoint(_)
        | Act::RecoverTable { .. }
        | Act::Migrate { .. }
        | Act::AddReplica { .. }
        | Act::DelReplica { .. }
        | Act::Kill(_) => None,
    };
    let address = act.tablet().map(endpoint).or(name_server);
    let target = act.other().map(endpoint);
    let of = act.partition().map(|p| before.partition(p));
    let table = of.map(|p| p.table.to_string());
    let pid = of.map(|p| p.pid);
    let value = match act {
        Act::SetAutoFailover(value) => Some(*value),
        Act::OfflineEndpoint(_)
        | Act::ChangeLeader { .. }
        | Act::Restart(_)
        | Act::RestartNameServer(_)
        | Act::RecoverEndpoint(_)
        | Act::RecoverTable { .. }
        | Act::Migrate { .. }
        | Act::AddReplica { .. }
        | Act::DelReplica { .. }
        | Act::Kill(_) => None,
    };
    let mut step = TabletStep {
        id: index as u32 + 1,
        key: String::new(),
        phase: planned.stage,
        wave: index as u32 + 1,
        action: act.word(),
        node: address.clone(),
        address,
        target: target.clone(),
        target_address: target,
        database: of
            .and_then(|p| p.database.as_ref())
            .map(ToString::to_string),
        table,
        pid,
        value,
        tell: Vec::new(),
        slots: None,
        mode: None,
        command: None,
        after: (index > 0).then_some(index as u32).into_iter().collect(),
        risk: planned.risk.map(str::to_owned),
        guard: guard(act, before),
        wait: wait(act, before),
        cures: planned.cures.clone(),
        reason: planned.reason.clone(),
        undo: planned.undo.clone(),
    };
    step.command = step.spelled();
    step.key = key(&step);
    step
}

impl TabletStep {
    /// The command of `ns_client`, from its fields alone; none where one is missing, or where a human
    /// does it.
    pub fn spelled(&self) -> Option<String> {
        let word = self.action.command()?;
        let address = self.address.as_deref();
        let of = || Some(format!("{} {}", self.table.as_deref()?, self.pid?));
        Some(match self.action {
            Word::SetAutoFailover => format!("{word} {}", self.value?),
            Word::OfflineEndpoint | Word::RecoverEndpoint => format!("{word} {}", address?),
            Word::ChangeLeader | Word::RecoverTable | Word::AddReplica | Word::DelReplica => {
                format!("{word} {} {}", of()?, address?)
            }
            Word::Migrate => {
                format!(
                    "{word} {} {} {}",
                    self.target_address.as_deref()?,
                    of()?,
                    address?
                )
            }
            Word::Restart | Word::Kill => return None,
        })
    }
}
