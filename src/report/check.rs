//! The answer of `check`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::report;
use crate::report::Cause;
use crate::report::Diagnostic;
use crate::report::Finding;
use crate::report::HostLoad;
use crate::report::Input;
use crate::report::Outlook;
use crate::report::SCHEMA_VERSION;
use crate::report::Server;
use crate::report::State;
use crate::report::Summary;
use crate::report::Tool;
use crate::report::Views;
use crate::report::capture;
use crate::report::causes;
use crate::report::promises::Promises;
use crate::report::state;
use crate::report::tablets::TabletFacts;
use crate::rules::Code;

/// The answer of `check`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// `redis 7.0.15`, for the headline.
    pub server: Server,
    /// Views read, and how many of them disagree with the reconciled cluster.
    pub views: Views,
    pub state: State,
    /// Of clusters of tablets only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablets: Option<TabletFacts>,
    pub outlook: Outlook,
    /// What many of the findings follow from.
    pub causes: Vec<Cause>,
    pub inputs: Vec<Input>,
    pub summary: Summary,
    pub distribution: Vec<HostLoad>,
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The answer of `check`.
#[cfg(any(test, feature = "internals"))]
pub fn check(inventory: &Inventory) -> CheckReport {
    check_of(inventory, |_| true)
}

/// The same of some of the rules.
pub fn check_of(inventory: &Inventory, wanted: impl Fn(Code) -> bool) -> CheckReport {
    let cluster = &inventory.cluster;
    let mut findings = capture::found(inventory);
    findings.retain(|finding| wanted(finding.rule.code));
    let promises = Promises::of(inventory, &findings, None);
    CheckReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        server: Server {
            name: cluster.server.name.to_string(),
            version: cluster.server.version.map(|v| v.to_string()),
        },
        views: capture::views(inventory),
        state: state::state(inventory),
        tablets: None,
        outlook: promises.outlook(),
        causes: causes::causes(inventory, &findings),
        inputs: capture::inputs(inventory),
        summary: capture::summary(cluster, &findings),
        distribution: capture::distribution(cluster),
        findings: findings
            .iter()
            .map(|f| capture::finding(inventory, cluster, f, &promises))
            .collect(),
        diagnostics: capture::all_diagnostics(inventory, &findings),
    }
}

impl CheckReport {
    /// Counts again what counts.
    pub fn recount(&mut self) {
        let counted = || self.findings.iter().filter(|finding| finding.counts());
        let of = |severity| counted().filter(|f| f.severity == severity).count();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let notes = of(Severity::Note);
        self.summary = Summary {
            errors,
            warnings,
            notes,
            ..self.summary
        };
    }

    /// Leaves out what is known.
    pub fn keep_new(&mut self) {
        let mut places = Vec::new();
        let mut kept = 0;
        for finding in &self.findings {
            places.push((!finding.known).then_some(kept));
            kept += usize::from(!finding.known);
        }
        self.findings.retain(|finding| !finding.known);
        for cause in &mut self.causes {
            let follows = cause.follows.iter();
            cause.follows = follows.filter_map(|&place| places[place]).collect();
        }
    }
}
