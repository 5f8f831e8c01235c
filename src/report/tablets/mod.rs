//! The answers about tablets: the same as those about Redis clusters where they say the same. Nodes are
//! tablets, shards are partitions, masters lead and replicas follow.

mod check;
mod diff;
mod explain;
mod identity;
mod impact;
mod list;
mod plan;
mod progress;
mod record;
mod show;
mod step;
mod verify;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::measure;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::policy::Replicas;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Evidence;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::report::Summary;
use crate::report::capture;
use crate::rules;
use crate::rules::Clause;
use crate::rules::Fact;
use crate::rules::OfTablets;
use crate::rules::RowOfTablets;
use crate::tablets::Request;
use crate::text::Place;

pub use check::TabletFacts;
pub use check::check_tablets;
pub use diff::DiffPartition;
pub use diff::DiffTablet;
pub use diff::DiffTabletValue;
pub use diff::TabletCapture;
pub use diff::TabletDiffReport;
pub use diff::TabletDiffStep;
pub use diff::diff_tablets;
pub use explain::explain_tablets;
pub use explain::tablet_names;
pub use explain::tablet_thing;
pub use identity::read_tablet_plan;
pub use impact::TabletCase;
pub use impact::TabletLoss;
pub use impact::each as each_tablets;
pub use impact::impact_tablets;
pub use impact::suppose_tablets;
pub use impact::tablets_in;
pub use list::TabletList;
pub use list::list_tablets;
pub use plan::TabletLevel;
pub use plan::TabletPlan;
pub use plan::TabletPlanFile;
pub use plan::TabletStep;
pub use plan::plan_tablets;
pub use plan::refuse_tablets;
pub use show::show_tablets;
pub use verify::verify_tablets;
pub use verify::verify_tablets_at;

/// Where a fact was read.
pub(super) fn place(seen: &TabletsSeen, row: RowOfTablets) -> Option<Place> {
    let found = match row {
        RowOfTablets::Tablet(tablet) => seen.of_tablet(tablet),
        RowOfTablets::Copy(partition, Some(tablet)) => seen
            .of_copy(partition, tablet)
            .or_else(|| seen.of_partition(partition)),
        RowOfTablets::Copy(partition, None) => seen.of_partition(partition),
        RowOfTablets::Op(id) => seen.of_op(id),
        RowOfTablets::AutoFailover => seen.of_auto_failover(),
    };
    found.cloned()
}

/// Tablets, partitions, and live copies by what they do.
fn summary(state: &Tablets, findings: &[rules::Finding]) -> Summary {
    let counted = || findings.iter().filter(|f| f.allowed.is_none());
    let severity = |s| counted().filter(|f| f.severity == s).count();
    let loads = state.loads();
    let mut out = Summary {
        nodes: state.tablets.len(),
        shards: state.partitions.len(),
        hosts: state.hosts.len(),
        errors: severity(crate::diagnostic::Severity::Error),
        warnings: severity(crate::diagnostic::Severity::Warning),
        notes: severity(crate::diagnostic::Severity::Note),
        ..Summary::default()
    };
    for partition in &state.partitions {
        let leader = state.leader(partition).map(|held| held.tablet);
        let usable = partition.copies.iter().filter(|held| state.is_usable(held));
        out.masters += usize::from(leader.is_some());
        out.replicas += usable.filter(|held| Some(held.tablet) != leader).count();
    }
    let empty = state.tablet_ids().filter(|t| loads[t.index()] == 0);
    out.spares = empty.filter(|&t| state.runs(t)).count();
    out
}

/// Leaders, followers in use and empty tablets by host.
fn distribution(state: &Tablets) -> Vec<HostLoad> {
    let loads = measure::loads_of_copies(&state.copies());
    let hosts = state.hosts.iter().zip(&loads);
    hosts
        .map(|(host, load)| capture::host_load(&host.name, load))
        .collect()
}

/// A finding about a state: the captured one, or the end of a plan. `cured`: what a plan cures, of
/// those that it promises to.
fn finding(
    seen: &TabletsSeen,
    state: &Tablets,
    finding: &rules::Finding,
    promises: &Promises,
) -> Finding {
    let mut evidence: Vec<Evidence> = Vec::new();
    for fact in &finding.evidence {
        let Fact::Tablets(row) = fact else { continue };
        let Some(place) = place(seen, *row) else {
            continue;
        };
        let told = Evidence {
            path: place.path.to_string(),
            line: place.line,
            column: place.column,
        };
        if !evidence.contains(&told) {
            evidence.push(told);
        }
    }
    Finding {
        code: finding.rule.code,
        rule: finding.rule.id.to_owned(),
        severity: finding.severity,
        subject: subject(state, &finding.subject),
        message: finding.message.clone(),
        help: promises.help(finding),
        evidence,
        allowed: finding.allowed.is_some(),
        allowed_by: finding.allowed.as_ref().map(ToString::to_string),
        known: false,
    }
}

fn subject(state: &Tablets, subject: &rules::Subject) -> Subject {
    let mut out = Subject::of(SubjectKind::Capture);
    let at = |tablet: TabletId, out: &mut Subject| {
        let of = state.tablet(tablet);
        out.address = Some(of.endpoint.to_string());
        out.host = of
            .host
            .and_then(|h| state.hosts.get(h.0 as usize))
            .map(|h| h.name.to_string());
    };
    let of = |partition: PartitionId, out: &mut Subject| {
        let of = state.partition(partition);
        out.kind = SubjectKind::Shard;
        out.id = Some(state.name(partition));
        out.table = Some(of.table.to_string());
        out.pid = Some(of.pid);
    };
    match subject {
        rules::Subject::Tablets(OfTablets::Tablet(tablet)) => {
            out.kind = SubjectKind::Node;
            out.id = Some(state.endpoint(*tablet).to_string());
            at(*tablet, &mut out);
        }
        rules::Subject::Tablets(OfTablets::Partition(partition)) => of(*partition, &mut out),
        rules::Subject::Tablets(OfTablets::Copy(partition, tablet)) => {
            of(*partition, &mut out);
            at(*tablet, &mut out);
        }
        rules::Subject::Tablets(OfTablets::Op(id, partition)) => {
            if let Some(partition) = partition {
                of(*partition, &mut out);
            }
            out.id = Some(id.to_string());
        }
        rules::Subject::Host(host) => {
            out.kind = SubjectKind::Host;
            out.host = state.hosts.get(host.0 as usize).map(|h| h.name.to_string());
        }
        rules::Subject::Node(_)
        | rules::Subject::Slots(..)
        | rules::Subject::Zone(_)
        | rules::Subject::Capture => {}
    }
    out
}

/// What the rules find in the captured state, as the policy judges it.
fn found(inventory: &Inventory, state: &Tablets) -> Vec<rules::Finding> {
    let wanted = least_replicas(inventory);
    let mut found = rules::check_tablets(&rules::TabletContext::new(state, wanted));
    rules::judge_tablets(inventory, state, &mut found);
    found
}

/// Followers of every partition, if the policy says so.
fn least_replicas(inventory: &Inventory) -> Option<u32> {
    match inventory.policy.replicas {
        Replicas::Exactly(count) => Some(count),
        Replicas::Auto => None,
    }
}

/// What a plan of this capture does that is asked for nothing: what its policy wants counts.
pub fn standing_tablets(inventory: &Inventory, state: &Tablets) -> Request {
    let mut request = Request {
        least_replicas: least_replicas(inventory),
        ..Request::default()
    };
    // What is not there is said by `check`.
    for drain in &inventory.policy.drains {
        let there = state.within(&drain.domain);
        if drain.stop {
            request.stop.extend(&there);
        }
        request.drain.extend(there);
    }
    request
}

/// Partitions times tablets up to which every promise of a help is tried.
const MOST_TO_TRY: usize = 10_000;

/// What plans come to, so that no help promises more.
struct Promises {
    /// What is left by a default plan, or why none is made.
    default: Result<Vec<rules::Finding>, String>,
    /// Steps of a default plan.
    steps: usize,
    /// The same by plans that ask for one code.
    asked: BTreeMap<rules::Code, Result<Vec<rules::Finding>, String>>,
}

impl Promises {
    /// Of answers that tell no help.
    fn none() -> Self {
        Self {
            default: Ok(Vec::new()),
            steps: 0,
            asked: BTreeMap::new(),
        }
    }

    fn of(inventory: &Inventory, state: &Tablets, found: &[rules::Finding]) -> Self {
        if found.is_empty() {
            return Self::none();
        }
        let standing = standing_tablets(inventory, state);
        let made = |only: BTreeSet<rules::Code>| {
            let mut request = standing.clone();
            match only.is_empty() {
                true => request.skip = rules::left_alone(&inventory.policy, found),
                false => request.only = only,
            }
            let plan = crate::tablets::plan(state, &request);
            plan.map(|plan| (plan.steps.len(), plan.remaining))
                .map_err(|why| why.to_string())
        };
        let codes = found.iter().flat_map(|f| f.help.promises());
        let asks = codes.filter_map(|promise| match &promise.with {
            Some(rules::Ask::Only(codes)) => codes.first().copied(),
            Some(rules::Ask::Flag(_)) | None => None,
        });
        let asks: BTreeSet<rules::Code> = asks.collect();
        // To try it on very many copies takes its time: whoever wants it asks for it.
        let few = state.partitions.len() * state.tablets.len() <= MOST_TO_TRY;
        let asks = asks.into_iter().filter(|_| few);
        let asked = asks.map(|code| (code, made([code].into()).map(|(_, left)| left)));
        let asked = asked.collect();
        let (steps, default) = match made(BTreeSet::new()) {
            Ok((steps, left)) => (steps, Ok(left)),
            Err(why) => (0, Err(why)),
        };
        Self {
            default,
            steps,
            asked,
        }
    }

    /// What a default plan comes to.
    fn outlook(&self) -> report::Outlook {
        report::Outlook {
            steps: self.steps,
            refused: self.default.as_ref().err().cloned(),
        }
    }

    fn help(&self, finding: &rules::Finding) -> String {
        let mut clauses: Vec<String> = Vec::new();
        for clause in &finding.help.clauses {
            let Clause::Plan(promise) = clause else {
                clauses.push(clause.to_string());
                continue;
            };
            let by = match &promise.with {
                Some(rules::Ask::Only(codes)) => codes.first().and_then(|c| self.asked.get(c)),
                Some(rules::Ask::Flag(_)) | None => Some(&self.default),
            };
            match by {
                Some(Ok(left)) if !left.iter().any(|f| f.is_same(finding)) => {
                    clauses.push(clause.to_string());
                }
                Some(Err(why)) => {
                    clauses.push(format!("nothing is planned on this capture: {why}"))
                }
                None => {
                    let code = finding.rule.code;
                    let which = match code == rules::Code::EmptyTablet {
                        true => "a follower can be migrated to it",
                        false => "followers can be migrated away",
                    };
                    clauses.push(format!(
                        "`topoplan plan --only {code}` tells whether {which}"
                    ));
                }
                Some(Ok(_)) => {}
            }
        }
        if clauses.is_empty() {
            let code = finding.rule.code;
            return format!("no plan does it: `topoplan explain {code}` says what to do");
        }
        clauses.join("; ")
    }
}

/// What is odd about the files; maps are judged by the nodes of the other family, and silent here.
fn diagnostics(inventory: &Inventory) -> Vec<Diagnostic> {
    let mut said = inventory.diagnostics.clone();
    said.retain(|d| !matches!(d.code, crate::diagnostic::Code::Map(_)));
    capture::told(&said)
}
