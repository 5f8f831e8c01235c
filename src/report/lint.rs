//! The answer of `lint`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::lint;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Doubted;
use crate::report::Input;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::capture;
use crate::report::doubt::Doubt;
use crate::report::doubt::doubts;

/// Something about one command of the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintFinding {
    #[schemars(with = "String")]
    pub code: lint::Code,
    pub rule: String,
    pub severity: Severity,
    pub path: String,
    /// In the list, from 1.
    pub line: u32,
    /// The command as the shell hands it over.
    pub command: String,
    pub message: String,
}

/// The answer of `lint`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// The list of commands.
    pub script: String,
    pub inputs: Vec<Input>,
    /// Commands that change something, and that were followed.
    pub followed: usize,
    /// Commands that only read, or are no business of a cluster.
    pub passed_over: usize,
    /// False: there were more commands than are looked at.
    pub whole: bool,
    pub errors: usize,
    pub warnings: usize,
    /// Why what the capture says may be wrong.
    pub doubts: Vec<Doubted>,
    /// In the order of the list, the worst of a line first.
    pub findings: Vec<LintFinding>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The answer of `lint`: `script` is what the list is called.
pub fn lint(inventory: &Inventory, script: &str, text: &str) -> LintReport {
    let linted = lint::lint(inventory, text);
    let count = |severity| {
        let of = linted.findings.iter().filter(|f| f.severity == severity);
        of.count()
    };
    LintReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        script: script.to_owned(),
        inputs: capture::inputs(inventory),
        followed: linted.followed,
        passed_over: linted.passed_over,
        whole: !linted.cut,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        doubts: doubts(inventory).iter().map(Doubt::reported).collect(),
        findings: linted
            .findings
            .into_iter()
            .map(|finding| LintFinding {
                code: finding.code,
                rule: finding.code.rule().id.to_owned(),
                severity: finding.severity,
                path: script.to_owned(),
                line: finding.line,
                command: finding.command,
                message: finding.message,
            })
            .collect(),
        diagnostics: capture::diagnostics(inventory),
    }
}
