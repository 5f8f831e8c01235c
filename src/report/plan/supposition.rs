//! What nodes that do not exist yet would bring: a plan with them, held against the plan without.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::measure;
use crate::measure::Level;
use crate::model::Cluster;
use crate::plan::Request;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::PlanReport;
use crate::report::plan::build;
use crate::report::plan::identity::plan_id;
use crate::rules::Code;

/// Nodes that a plan supposes, and what they change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Supposition {
    pub nodes: Vec<SupposedNode>,
    /// What there is to plan without them.
    pub without: Without,
    pub gains: Gains,
}

/// A blank node that does not exist. What stands for its address is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupposedNode {
    pub address: String,
    pub host: String,
    pub zone: Option<String>,
}

/// What becomes of a request without the supposed nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Without {
    Planned,
    Refused,
    /// A goal is blocked.
    Blocked,
    /// It names them: held against is a plan without what was asked for.
    Named,
}

/// Ends of both plans that differ.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Gains {
    /// By rule, findings that are left.
    pub findings: Vec<Gain>,
    /// Levels of the objective; what a plan costs stands at their end.
    pub levels: Vec<LevelGain>,
    /// Hosts that may be lost at once, whichever they are, with every shard served by a majority; null
    /// where that is not known.
    pub host_losses: [Option<usize>; 2],
    /// Masters on the host that has most.
    pub most_masters: [usize; 2],
}

/// Findings of a rule that are left without the supposed nodes, and with them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Gain {
    #[schemars(with = "String")]
    pub code: Code,
    pub without: usize,
    pub with: usize,
}

/// A level's value without the supposed nodes, and with them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LevelGain {
    pub level: Level,
    pub without: i64,
    pub with: i64,
}

/// The plan on `supposed`, which is the capture with the nodes of the request in it. What was
/// found, and how things are now, is told of the capture. `bare` is the request without them; none
/// where it makes no sense then.
pub fn plan_supposing(
    (real, bare): (&Inventory, Option<&Request>),
    (supposed, request): (&Inventory, &Request),
) -> Result<PlanReport, String> {
    let nothing = Request::default();
    let (before, end) = build::plan_and_end(real, bare.unwrap_or(&nothing))?;
    let (mut plan, end_with) = build::plan_and_end(supposed, request)?;
    let end = end.as_ref().unwrap_or(&real.cluster);
    let end_with = end_with.as_ref().unwrap_or(&supposed.cluster);
    plan.supposition = Some(Supposition {
        nodes: nodes(request),
        without: if bare.is_none() {
            Without::Named
        } else if before.blocked {
            Without::Blocked
        } else if before.refused.is_some() {
            Without::Refused
        } else {
            Without::Planned
        },
        gains: gains((&before, end), (&plan, end_with)),
    });
    // Nobody finds a node that is not there.
    let same = |one: &Finding, other: &Finding| (one.code, &one.subject) == (other.code, &other.subject);
    for refusal in &mut plan.refusals {
        let there = refusal.found.iter().filter_map(|&place| {
            let finding = plan.found.get(place as usize)?;
            let real = before.found.iter().position(|f| same(f, finding))?;
            u32::try_from(real).ok()
        });
        refusal.found = there.collect();
    }
    plan.found = before.found;
    plan.inputs = before.inputs;
    plan.views = before.views;
    plan.state = before.state;
    plan.summary = before.summary;
    plan.before = before.before;
    plan.diagnostics = before.diagnostics;
    plan.plan_id = plan_id(&mut plan);
    Ok(plan)
}

fn nodes(request: &Request) -> Vec<SupposedNode> {
    let of_host = request.added.iter().flat_map(|added| {
        let node = |address: crate::model::Address| SupposedNode {
            address: address.to_string(),
            host: added.host.clone(),
            zone: added.zone.clone(),
        };
        added.addresses().into_iter().map(node).collect::<Vec<_>>()
    });
    of_host.collect()
}

/// A plan and the cluster that it leads to.
type Ended<'a> = (&'a PlanReport, &'a Cluster);

fn gains((without, end): Ended, (with, end_with): Ended) -> Gains {
    let tally = |findings: &[Finding]| {
        let mut tally: BTreeMap<Code, usize> = BTreeMap::new();
        for finding in findings.iter().filter(|f| f.counts()) {
            *tally.entry(finding.code).or_default() += 1;
        }
        tally
    };
    let (left, left_with) = (tally(&without.remaining), tally(&with.remaining));
    let mut codes: Vec<Code> = left.keys().chain(left_with.keys()).copied().collect();
    codes.sort_unstable();
    codes.dedup();
    let number = |of: &BTreeMap<Code, usize>, code| of.get(&code).copied().unwrap_or(0);
    let findings = codes.into_iter().map(|code| Gain {
        code,
        without: number(&left, code),
        with: number(&left_with, code),
    });
    let levels = with.objective.iter().filter_map(|level| {
        let other = without.objective.iter().find(|l| l.level == level.level)?;
        Some(LevelGain {
            level: level.level,
            without: other.value,
            with: level.value,
        })
    });
    let most = |loads: &[HostLoad]| loads.iter().map(|load| load.masters).max().unwrap_or(0);
    Gains {
        findings: findings.filter(|g| g.without != g.with).collect(),
        levels: levels.filter(|g| g.without != g.with).collect(),
        host_losses: [end, end_with].map(|at| measure::host_losses(at, &at.shards(), None)),
        most_masters: [most(&without.after), most(&with.after)],
    }
}
