//! Workflow commands of GitHub Actions: an annotation for each open finding or loss.

use std::fmt::Write;

use crate::diagnostic::Severity;
use crate::render::brief::Brief;
use crate::render::brief::RowState;
use crate::render::brief::line;

pub(super) fn write(brief: &Brief) -> String {
    let mut out = String::new();
    for row in brief.rows.iter().filter(|row| row.state == RowState::Open) {
        let command = match row.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = format!("title={} {}", property(row.code), property(&row.name));
        if let Some((path, line, column)) = &row.place {
            let path = property(path);
            let _ = write!(properties, ",file={path},line={line},col={column}");
        }
        let help = match row.help.is_empty() {
            true => String::new(),
            false => format!("; {}", row.help),
        };
        let message = data(&format!("{}{help}", row.message));
        let _ = writeln!(out, "::{command} {properties}::{message}");
    }
    // Not a command: it stands in the log.
    let headline = line(&brief.headline);
    let _ = writeln!(out, "topoplan {}: {headline}", brief.answer.word());
    out
}

/// As `escapeData` of actions/toolkit (`packages/core/src/command.ts`).
fn data(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// As `escapeProperty` there.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
