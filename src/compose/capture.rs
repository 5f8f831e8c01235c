//! What was seen, as reports say it: inputs, summary, distribution, findings, diagnostics.

use std::collections::BTreeSet;

use crate::diagnostic;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::inventory::Outcome;
use crate::measure;
use crate::measure::Load;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::plan::why::MEND;
use crate::report;
use crate::report::CheckReport;
use crate::rules;
use crate::rules::Clause;
use crate::rules::Context;
use crate::rules::Fact;
use crate::rules::Finding;
use crate::rules::Subject;
use crate::text::Place;

/// The answer of `check`.
pub fn check(inventory: &Inventory) -> CheckReport {
    let cluster = &inventory.cluster;
    let findings = found(inventory);
    CheckReport {
        schema_version: report::SCHEMA_VERSION,
        tool: tool(),
        server: report::Server {
            name: cluster.server.name.to_string(),
            version: cluster.server.version.map(|v| v.to_string()),
        },
        views: views(inventory),
        inputs: inputs(inventory),
        summary: summary(cluster, &findings),
        distribution: distribution(cluster),
        findings: findings
            .iter()
            .map(|f| finding(inventory, cluster, f))
            .collect(),
        diagnostics: diagnostics(inventory),
    }
}

/// All findings of the capture.
pub(super) fn found(inventory: &Inventory) -> Vec<Finding> {
    let wanted = inventory.policy.wanted(&inventory.cluster);
    let cx = Context::new(&inventory.cluster, &inventory.policy, &wanted);
    rules::merge(rules::check(&cx), rules::check_capture(inventory))
}

pub(super) fn tool() -> report::Tool {
    report::Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

pub(super) fn views(inventory: &Inventory) -> report::Views {
    report::Views {
        read: inventory.cluster.views,
        behind: inventory.views_behind,
        on_disk: inventory.views_on_disk,
    }
}

pub(super) fn inputs(inventory: &Inventory) -> Vec<report::Input> {
    inventory
        .files
        .iter()
        .map(|f| report::Input {
            path: f.path.clone(),
            dialect: f.dialect.map(str::to_owned),
            view_of: f.view_of.as_ref().map(ToString::to_string),
            sha256: f.sha256.clone(),
        })
        .collect()
}

pub(super) fn summary(cluster: &Cluster, findings: &[Finding]) -> report::Summary {
    let count = |test: &dyn Fn(NodeId) -> bool| cluster.iter().filter(|&(id, _)| test(id)).count();
    let severity = |s: Severity| findings.iter().filter(|f| f.severity == s).count();
    let unowned = cluster.unowned();
    report::Summary {
        nodes: count(&|id| cluster.node(id).address.is_some()),
        ghosts: count(&|id| cluster.node(id).is_ghost()),
        shards: cluster.voters(),
        masters: cluster.live_voters(),
        replicas: count(&|id| cluster.node(id).is_live_member() && cluster.node(id).is_replica()),
        spares: count(&|id| cluster.is_spare_given(id, unowned)),
        hosts: cluster.hosts.len(),
        errors: severity(Severity::Error),
        warnings: severity(Severity::Warning),
        notes: severity(Severity::Note),
    }
}

/// Every host of the map or the dumps, live nodes only.
pub(super) fn distribution(cluster: &Cluster) -> Vec<report::HostLoad> {
    let loads = measure::loads(cluster);
    let hosts = cluster.hosts.iter();
    hosts
        .zip(&loads)
        .map(|(host, load)| host_load(&host.name, load))
        .collect()
}

pub(super) fn host_load(host: &str, load: &Load) -> report::HostLoad {
    report::HostLoad {
        host: host.to_owned(),
        masters: load.masters,
        replicas: load.replicas,
        spares: load.spares,
    }
}

/// A finding about `cluster`, which is the captured one or the end of a plan.
pub(super) fn finding(
    inventory: &Inventory,
    cluster: &Cluster,
    finding: &Finding,
) -> report::Finding {
    let mut evidence: Vec<Place> = finding
        .evidence
        .iter()
        .filter_map(|f| place(inventory, *f))
        .collect();
    let mut seen = BTreeSet::new();
    evidence.retain(|p| seen.insert(p.clone()));
    report::Finding {
        code: finding.rule.code,
        rule: finding.rule.id.to_owned(),
        severity: finding.severity.to_string(),
        subject: subject(cluster, &finding.subject),
        message: finding.message.clone(),
        help: help(inventory, cluster, finding),
        evidence: evidence
            .into_iter()
            .map(|p| report::Evidence {
                path: p.path.to_string(),
                line: p.line,
                column: p.column,
            })
            .collect(),
    }
}

/// No advice to plan where no plan is made, and none to restart what would become another node.
fn help(inventory: &Inventory, cluster: &Cluster, finding: &Finding) -> String {
    let help = &finding.help;
    if cluster.server.other_control_plane().is_some() && help.promises().next().is_some() {
        return format!(
            "change it where {} takes its topology from: `topoplan plan` writes no commands for it",
            cluster.server.name
        );
    }
    let spoiled = spoiled(inventory);
    let said = |clause: &Clause| match clause {
        Clause::Restart { nodes, .. } if nodes.iter().any(|node| spoiled.contains(node)) => {
            format!("{clause}{MEND}")
        }
        Clause::Restart { .. } | Clause::Say(_) | Clause::Plan(_) => clause.to_string(),
    };
    let clauses: Vec<String> = help.clauses.iter().map(said).collect();
    clauses.join("; ")
}

/// Nodes that do not run and whose `nodes.conf` would make other nodes of them.
pub(super) fn spoiled(inventory: &Inventory) -> BTreeSet<NodeId> {
    let files = inventory.conf_faults.iter();
    files
        .filter(|file| !file.runs && file.outcome() >= Outcome::Forgets)
        .filter_map(|file| file.owner)
        .collect()
}

fn place(inventory: &Inventory, fact: Fact) -> Option<Place> {
    let origins = &inventory.origins;
    match fact {
        Fact::Node(node) => origins.line_of(node),
        Fact::Seen { observer, node } => origins
            .seen_by(observer, node)
            .or_else(|| origins.line_of(node)),
        Fact::Unreachable(node) => origins.unreachable(node).or_else(|| origins.line_of(node)),
        Fact::ClusterInfo(node) => origins.cluster_info(node).or_else(|| origins.line_of(node)),
        Fact::Links(node) => origins.links(node).or_else(|| origins.line_of(node)),
        Fact::Handshake(node) => origins.handshake(node).or_else(|| origins.line_of(node)),
        Fact::View(view) => inventory.views.get(view).map(|view| Place {
            path: view.path.as_str().into(),
            line: 1,
            column: 1,
        }),
        Fact::Replication(node) => origins.replication(node).or_else(|| origins.line_of(node)),
        Fact::ConfFault { file, fault } => {
            let file = inventory.conf_faults.get(file)?;
            Some(file.faults.get(fault)?.place.clone())
        }
        Fact::Diagnostic(index) => inventory.diagnostics.get(index)?.place.clone(),
        Fact::Disagreement(index) => {
            let sentence = inventory.disagreements.get(index)?;
            Some(sentence.place.clone())
        }
        Fact::UnusedRow(index) => inventory.unused_rows.get(index).cloned(),
    }
}

fn subject(cluster: &Cluster, subject: &Subject) -> report::Subject {
    let mut out = report::Subject {
        kind: String::new(),
        id: None,
        address: None,
        last_address: None,
        slots: None,
        host: None,
        zone: None,
    };
    let mut about = |id: NodeId| {
        let node = cluster.node(id);
        out.id = Some(node.name.to_string());
        out.address = node.address.as_ref().map(ToString::to_string);
        out.last_address = node.last_address.as_ref().map(ToString::to_string);
        out.host = node.host.map(|h| cluster.host(h).name.to_string());
        out.slots = (!node.slots.is_empty()).then(|| node.slots.to_string());
    };
    match subject {
        Subject::Node(id) => {
            about(*id);
            out.kind = "node".into();
        }
        Subject::Slots(slots, node) => {
            if let Some(id) = node {
                about(*id);
            }
            out.kind = "slots".into();
            out.slots = Some(slots.to_string());
        }
        Subject::Host(host) => {
            out.kind = "host".into();
            out.host = Some(cluster.host(*host).name.to_string());
        }
        Subject::Zone(zone) => {
            out.kind = "zone".into();
            out.zone = Some(cluster.zones[zone.0 as usize].name.to_string());
        }
        Subject::Capture => out.kind = "capture".into(),
    }
    out
}

/// What is odd about the captured files.
pub fn diagnostics(inventory: &Inventory) -> Vec<report::Diagnostic> {
    told(&inventory.diagnostics)
}

/// Diagnostics as reports say them.
pub fn told(diagnostics: &[diagnostic::Diagnostic]) -> Vec<report::Diagnostic> {
    diagnostics.iter().map(written).collect()
}

/// Why there is no answer, and what was said about the input before.
pub fn failure(
    error: report::Failure,
    diagnostics: Vec<report::Diagnostic>,
) -> report::ErrorReport {
    report::ErrorReport {
        schema_version: report::SCHEMA_VERSION,
        tool: tool(),
        error,
        diagnostics,
    }
}

fn written(diagnostic: &diagnostic::Diagnostic) -> report::Diagnostic {
    let place = diagnostic.place.as_ref();
    report::Diagnostic {
        code: diagnostic.code,
        severity: diagnostic.severity.to_string(),
        message: diagnostic.message.clone(),
        path: place.map(|p| p.path.to_string()),
        line: place.map(|p| p.line),
        column: place.map(|p| p.column),
        help: diagnostic.help.clone(),
        excerpt: diagnostic.excerpt.clone(),
    }
}

/// The members that a plan file names.
pub(super) fn members(cluster: &Cluster, ghosts: bool) -> Vec<report::Member> {
    cluster
        .iter()
        .filter(|(_, n)| (n.membership == Membership::Ghost) == ghosts)
        .map(|(_, node)| report::Member {
            id: node.name.to_string(),
            address: node
                .address
                .as_ref()
                .or(node.last_address.as_ref())
                .map(ToString::to_string),
            host: node.host.map(|h| cluster.host(h).name.to_string()),
        })
        .collect()
}
