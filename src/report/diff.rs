//! The answer of `diff`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff;
use crate::diff::Amount;
use crate::diff::Difference;
use crate::diff::NodeChanged;
use crate::diff::Side;
use crate::diff::SlotsChanged;
use crate::diff::Strangers;
use crate::diff::Value;
use crate::diff::Verdict;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::report;
use crate::report::DiffFinding;
use crate::report::DiffFindings;
use crate::report::DiffSide;
use crate::report::HostLoad;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::capture;
use crate::report::compared;
use crate::report::compared::Found;
use crate::report::compared::Tally;
use crate::report::doubt::Doubt;
use crate::report::doubt::doubts;
use crate::report::state;
use crate::rules;

/// A node as one of the captures has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffNode {
    pub id: String,
    /// Null for a ghost.
    pub address: Option<String>,
    pub live: bool,
    pub role: DiffRole,
    /// Of a replica: the address of its master, or its id where that has none.
    pub master: Option<String>,
    pub slots: Option<String>,
}

/// What a node serves as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiffRole {
    Master,
    Replica,
}

/// One thing that became of one node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffNodeChange {
    pub change: NodeChanged,
    /// Where it is, else where it was.
    pub address: Option<String>,
    pub old: Option<DiffNode>,
    pub new: Option<DiffNode>,
    pub worse: bool,
}

/// Slots that went from one owner to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffSlots {
    pub change: SlotsChanged,
    pub slots: String,
    pub count: u32,
    /// Address of the owner, or its id where it has none; null for nobody.
    pub from: Option<String>,
    pub to: Option<String>,
    pub worse: bool,
}

/// A value before and after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffValue {
    pub what: Value,
    /// Of one node; null of the cluster.
    pub address: Option<String>,
    /// Of one shard.
    pub slots: Option<String>,
    pub old: Option<Amount>,
    pub new: Option<Amount>,
    pub verdict: Verdict,
    pub worse: bool,
}

/// What changed from one capture to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffStep {
    /// Indexes into the captures.
    pub from: usize,
    pub to: usize,
    /// How many things changed: nodes, slots, findings, and values that traffic does not move.
    pub changes: usize,
    /// How many of them are for the worse.
    pub worse: usize,
    pub nodes: Vec<DiffNodeChange>,
    pub slots: Vec<DiffSlots>,
    pub findings: DiffFindings,
    pub before: Vec<HostLoad>,
    pub after: Vec<HostLoad>,
    pub values: Vec<DiffValue>,
}

/// The answer of `diff`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// In the order in which they were given: the oldest first.
    pub captures: Vec<DiffSide>,
    /// What is odd about the order of the captures.
    pub notes: Vec<String>,
    /// From the first to the last.
    #[serde(flatten)]
    pub whole: DiffStep,
    /// Of more than two captures: from each to the next.
    pub series: Vec<DiffStep>,
}

/// The answer of `diff`: at least two captures with their names, the oldest first.
pub fn diff(captures: &[(String, &Inventory)]) -> Result<DiffReport, Strangers> {
    let findings: Vec<Vec<rules::Finding>> =
        captures.iter().map(|(_, c)| capture::found(c)).collect();
    let sides: Vec<Side> = captures
        .iter()
        .zip(&findings)
        .map(|((_, inventory), findings)| Side {
            inventory,
            findings,
        })
        .collect();
    let (whole, series) = compared::series(sides.len(), |from, to| {
        let (old, new) = (&sides[from], &sides[to]);
        let difference = diff::compare(old, new)?;
        Ok(written(old, new, (from, to), &difference))
    })?;
    let reported: Vec<DiffSide> = captures
        .iter()
        .zip(&sides)
        .map(|((name, inventory), side)| DiffSide {
            name: name.clone(),
            inputs: capture::inputs(inventory),
            taken_ms: state::state(inventory).taken_ms,
            whole: side.is_whole(),
            doubts: doubts(inventory).iter().map(Doubt::reported).collect(),
            diagnostics: capture::diagnostics(inventory),
        })
        .collect();
    Ok(DiffReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        notes: notes(&reported),
        whole,
        captures: reported,
        series,
    })
}

fn notes(captures: &[DiffSide]) -> Vec<String> {
    let backwards = |pair: &[DiffSide]| {
        let [old, new] = pair else {
            return None;
        };
        (new.taken_ms? < old.taken_ms?).then(|| {
            format!(
                "{} was taken before {}, by the clocks of its nodes: see whether the captures \
                 stand in the right order",
                new.name, old.name
            )
        })
    };
    let mut notes: Vec<String> = captures.windows(2).filter_map(backwards).collect();
    notes.extend(compared::not_whole(captures, "nodes"));
    notes
}

fn written(old: &Side, new: &Side, (from, to): (usize, usize), what: &Difference) -> DiffStep {
    let (was, is) = (&old.inventory.cluster, &new.inventory.cluster);
    let nodes: Vec<DiffNodeChange> = what
        .nodes
        .iter()
        .map(|change| {
            let before = change.old.map(|id| node(was, id));
            let after = change.new.map(|id| node(is, id));
            let place = |n: &Option<DiffNode>| n.as_ref().and_then(|n| n.address.clone());
            DiffNodeChange {
                change: change.change,
                address: place(&after).or_else(|| place(&before)),
                // Who was dead before can only have come back.
                worse: change.change.is_worse() && before.as_ref().is_none_or(|n| n.live),
                old: before,
                new: after,
            }
        })
        .collect();
    let slots: Vec<DiffSlots> = what
        .slots
        .iter()
        .map(|change| DiffSlots {
            change: change.change,
            slots: change.slots.to_string(),
            count: change.slots.len(),
            from: change.from.map(|id| called(was, id)),
            to: change.to.map(|id| called(is, id)),
            worse: change.change.is_worse(),
        })
        .collect();
    let findings = compared::findings(&of(old), &of(new), &what.findings);
    let values: Vec<DiffValue> = what
        .values
        .iter()
        .map(|value| DiffValue {
            what: value.what,
            address: value.address.as_ref().map(ToString::to_string),
            slots: value.slots.clone(),
            old: value.old.clone(),
            new: value.new.clone(),
            verdict: value.verdict,
            worse: value.verdict == Verdict::Worse,
        })
        .collect();
    let worse = nodes.iter().map(|n| n.worse);
    let tally = Tally::of(
        worse.chain(slots.iter().map(|s| s.worse)),
        &findings,
        values.iter().map(|v| v.verdict),
    );
    DiffStep {
        from,
        to,
        changes: tally.changes,
        worse: tally.worse,
        nodes,
        slots,
        findings,
        before: capture::distribution(was),
        after: capture::distribution(is),
        values,
    }
}

fn called(cluster: &Cluster, id: NodeId) -> String {
    let node = cluster.node(id);
    match &node.address {
        Some(address) => address.to_string(),
        None => node.name.to_string(),
    }
}

fn node(cluster: &Cluster, id: NodeId) -> DiffNode {
    let node = cluster.node(id);
    DiffNode {
        id: node.name.to_string(),
        address: node.address.as_ref().map(ToString::to_string),
        live: node.is_live(),
        role: match node.is_master() {
            true => DiffRole::Master,
            false => DiffRole::Replica,
        },
        master: node.master().map(|master| called(cluster, master)),
        slots: (!node.slots.is_empty()).then(|| node.slots.to_string()),
    }
}

fn of<'a>(side: &'a Side) -> Found<'a> {
    Found {
        all: side.findings,
        write: Box::new(move |finding, was| DiffFinding {
            code: finding.rule.code,
            rule: finding.rule.id.to_owned(),
            severity: finding.severity,
            was,
            subject: capture::subject(&side.inventory.cluster, &finding.subject),
            message: finding.message.clone(),
            evidence: capture::evidence(side.inventory, finding),
        }),
    }
}
