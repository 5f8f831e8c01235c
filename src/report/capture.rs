//! What was seen, as every answer says it: inputs, summary, distribution, findings, diagnostics.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

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
use crate::report::Views;
use crate::report::promises::Kept;
use crate::report::promises::Promises;
use crate::report::tablets;
use crate::rules;
use crate::rules::Clause;
use crate::rules::Code;
use crate::rules::Context;
use crate::rules::Fact;
use crate::text::Place;

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
    /// Distinct ids with an address, dead or alive, or that answered; not in handshake.
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
    pub kind: SubjectKind,
    pub id: Option<String>,
    pub address: Option<String>,
    /// Of a ghost: where it was last seen.
    pub last_address: Option<String>,
    pub slots: Option<String>,
    pub host: Option<String>,
    pub zone: Option<String>,
    /// Of a partition or a copy of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

impl Subject {
    /// One that nothing is named of.
    pub(crate) fn of(kind: SubjectKind) -> Self {
        Self {
            kind,
            id: None,
            address: None,
            last_address: None,
            slots: None,
            host: None,
            zone: None,
            table: None,
            pid: None,
        }
    }
}

/// What a finding is about.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    Node,
    Shard,
    Slots,
    Host,
    Zone,
    Disk,
    View,
    Capture,
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
    pub severity: Severity,
    pub subject: Subject,
    pub message: String,
    pub help: String,
    pub evidence: Vec<Evidence>,
    /// The policy allows it: it is counted nowhere and cured by no default plan.
    #[serde(default)]
    pub allowed: bool,
    /// Why it is allowed.
    #[serde(default)]
    pub allowed_by: Option<String>,
    /// A baseline has it already: it is counted nowhere.
    #[serde(default)]
    pub known: bool,
}

impl Finding {
    /// It is somebody's trouble: neither allowed nor known.
    pub fn counts(&self) -> bool {
        !self.allowed && !self.known
    }
}

/// An odd or broken place in a captured file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    #[schemars(with = "String")]
    pub code: diagnostic::Code,
    pub severity: Severity,
    pub message: String,
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub help: Option<String>,
    /// The line in question, for drawing; not part of the contract.
    #[serde(skip)]
    pub excerpt: Option<crate::diagnostic::Excerpt>,
}

/// A node as the plan file knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    pub id: String,
    pub address: Option<String>,
    pub host: Option<String>,
}

/// All findings of the capture.
pub(super) fn found(inventory: &Inventory) -> Vec<rules::Finding> {
    let wanted = inventory.policy.wanted(&inventory.cluster);
    let cx = Context::new(&inventory.cluster, &inventory.policy, &wanted);
    let mut found = rules::merge(rules::check(&cx), rules::check_capture(inventory));
    rules::judge(inventory, &inventory.cluster, &mut found);
    found
}

pub(super) fn views(inventory: &Inventory) -> Views {
    let unmet = inventory.cluster.iter();
    let unmet = unmet.filter(|(_, n)| n.membership == Membership::Unmet && n.seen.has_view);
    Views {
        unmet: unmet.count(),
        read: inventory.cluster.views,
        behind: inventory.views_behind,
        on_disk: inventory.views_on_disk,
        instead: inventory.secondhand.map(|of| of.command().to_owned()),
    }
}

pub(super) fn inputs(inventory: &Inventory) -> Vec<Input> {
    inventory
        .files
        .iter()
        .map(|f| Input {
            path: f.path.clone(),
            dialect: f.dialect.map(str::to_owned),
            view_of: f.view_of.as_ref().map(ToString::to_string),
            sha256: f.sha256.clone(),
        })
        .collect()
}

pub(super) fn summary(cluster: &Cluster, findings: &[rules::Finding]) -> Summary {
    let count = |test: &dyn Fn(NodeId) -> bool| cluster.iter().filter(|&(id, _)| test(id)).count();
    let counted = || findings.iter().filter(|f| f.allowed.is_none());
    let severity = |s: Severity| counted().filter(|f| f.severity == s).count();
    let unowned = cluster.unowned();
    Summary {
        nodes: count(&|id| cluster.node(id).address.is_some() || cluster.node(id).is_live()),
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
pub(super) fn distribution(cluster: &Cluster) -> Vec<HostLoad> {
    let loads = measure::loads(cluster);
    let hosts = cluster.hosts.iter();
    hosts
        .zip(&loads)
        .map(|(host, load)| host_load(&host.name, load))
        .collect()
}

pub(super) fn host_load(host: &str, load: &Load) -> HostLoad {
    HostLoad {
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
    finding: &rules::Finding,
    promises: &Promises,
) -> Finding {
    Finding {
        code: finding.rule.code,
        rule: finding.rule.id.to_owned(),
        severity: finding.severity,
        subject: subject(cluster, &finding.subject),
        message: finding.message.clone(),
        help: help(inventory, cluster, finding, promises),
        evidence: evidence(inventory, finding),
        allowed: finding.allowed.is_some(),
        allowed_by: finding.allowed.as_ref().map(ToString::to_string),
        known: false,
    }
}

/// Where to look, each place once.
pub(super) fn evidence(inventory: &Inventory, finding: &rules::Finding) -> Vec<Evidence> {
    let facts = finding.evidence.iter();
    let mut places: Vec<Place> = facts.filter_map(|f| place(inventory, *f)).collect();
    let mut seen = BTreeSet::new();
    places.retain(|p| seen.insert(p.clone()));
    let told = |p: Place| Evidence {
        path: p.path.to_string(),
        line: p.line,
        column: p.column,
    };
    places.into_iter().map(told).collect()
}

/// No advice to plan where no plan is made or the plan does not do it, and none to restart what
/// would become another node.
fn help(
    inventory: &Inventory,
    cluster: &Cluster,
    finding: &rules::Finding,
    promises: &Promises,
) -> String {
    let help = &finding.help;
    if cluster.server.other_control_plane().is_some() && help.promises().next().is_some() {
        return format!(
            "change it where {} takes its topology from: `topoplan plan` writes no commands for it",
            cluster.server.name
        );
    }
    let spoiled = spoiled(inventory);
    let mut clauses: Vec<String> = Vec::new();
    let mut say = |text: String| {
        if !clauses.contains(&text) {
            clauses.push(text);
        }
    };
    for clause in &help.clauses {
        match clause {
            Clause::Restart { nodes, .. } if nodes.iter().any(|node| spoiled.contains(node)) => {
                say(format!("{clause}{MEND}"));
            }
            Clause::Restart { .. } | Clause::Say(_) => say(clause.to_string()),
            Clause::Plan(promise) => match promises.kept(inventory, finding, promise) {
                Kept::Yes(text) => say(text),
                Kept::Needs(needs) if needs.is_empty() => {}
                Kept::Needs(needs) => say(format!("a plan needs: {}", needs.join("; "))),
                Kept::Refused => {
                    say("nothing is planned on this capture: `topoplan plan` says why".to_owned())
                }
            },
        }
    }
    if clauses.is_empty() {
        return format!(
            "no plan does it: `topoplan explain {}` says what to do",
            finding.rule.code
        );
    }
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
        Fact::Read(index) => inventory.read_at.get(index).cloned(),
        Fact::UnusedRow(index) => inventory.unused_rows.get(index).cloned(),
        Fact::Tablets(row) => tablets::place(inventory.tablets.as_ref()?, row),
    }
}

pub(super) fn subject(cluster: &Cluster, subject: &rules::Subject) -> Subject {
    let mut out = Subject::of(SubjectKind::Capture);
    let mut about = |id: NodeId| {
        let node = cluster.node(id);
        out.id = Some(node.name.to_string());
        out.address = node.address.as_ref().map(ToString::to_string);
        out.last_address = node.last_address.as_ref().map(ToString::to_string);
        out.host = node.host.map(|h| cluster.host(h).name.to_string());
        out.slots = (!node.slots.is_empty()).then(|| node.slots.to_string());
    };
    match subject {
        rules::Subject::Node(id) => {
            about(*id);
            out.kind = SubjectKind::Node;
        }
        rules::Subject::Slots(slots, node) => {
            if let Some(id) = node {
                about(*id);
            }
            out.kind = SubjectKind::Slots;
            out.slots = Some(slots.to_string());
        }
        rules::Subject::Host(host) => {
            out.kind = SubjectKind::Host;
            out.host = Some(cluster.host(*host).name.to_string());
        }
        rules::Subject::Zone(zone) => {
            out.kind = SubjectKind::Zone;
            out.zone = Some(cluster.zones[zone.0 as usize].name.to_string());
        }
        // The other family writes its own.
        rules::Subject::Capture | rules::Subject::Tablets(_) => {}
    }
    out
}

/// What is odd about the captured files, and about the policy beside them.
pub(super) fn all_diagnostics(inventory: &Inventory, found: &[rules::Finding]) -> Vec<Diagnostic> {
    let mut all = diagnostics(inventory);
    all.extend(told(&rules::notes(inventory, found)));
    all
}

/// What is odd about the captured files.
pub fn diagnostics(inventory: &Inventory) -> Vec<Diagnostic> {
    told(&inventory.diagnostics)
}

/// Diagnostics as reports say them.
pub fn told(diagnostics: &[diagnostic::Diagnostic]) -> Vec<Diagnostic> {
    diagnostics.iter().map(written).collect()
}

fn written(diagnostic: &diagnostic::Diagnostic) -> Diagnostic {
    let place = diagnostic.place.as_ref();
    Diagnostic {
        code: diagnostic.code,
        severity: diagnostic.severity,
        message: diagnostic.message.clone(),
        path: place.map(|p| p.path.to_string()),
        line: place.map(|p| p.line),
        column: place.map(|p| p.column),
        help: diagnostic.help.clone(),
        excerpt: diagnostic.excerpt.clone(),
    }
}

/// The members that a plan file names.
pub(super) fn members(cluster: &Cluster, ghosts: bool) -> Vec<Member> {
    cluster
        .iter()
        .filter(|(_, n)| (n.membership == Membership::Ghost) == ghosts)
        .map(|(_, node)| Member {
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
