//! What is said in place of an answer.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::report;
use crate::report::Diagnostic;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;

/// What stands in place of an answer that there is none (exit code 2, or 3 of a command that
/// prints no report).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub error: Failure,
    pub diagnostics: Vec<Diagnostic>,
}

/// The answer that there is none; `diagnostics` is what was said about the input before.
pub fn failure(error: Failure, diagnostics: Vec<Diagnostic>) -> ErrorReport {
    ErrorReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        error,
        diagnostics,
    }
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    pub kind: ErrorKind,
    pub exit: u8,
    pub message: String,
    pub help: Option<String>,
    /// The file that cannot be used, as it was named.
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Flags or arguments that make no sense.
    Usage,
    /// A file that cannot be used.
    Input,
    /// Files that say nothing about a cluster.
    NothingUnderstood,
    /// More input than is taken on.
    Limit,
    /// The answer could not be written.
    Write,
    /// A bug.
    Internal,
    Refused,
}
