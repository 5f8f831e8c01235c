//! JUnit XML, as CI servers take it: a test case for each finding or loss.

use std::fmt::Write;

use crate::diagnostic::Severity;
use crate::render::brief::Brief;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::brief::line;

pub(super) fn write(brief: &Brief) -> String {
    let failures = brief.rows.iter().filter(|row| fails(row)).count();
    let skipped = brief.rows.iter().filter(|row| is_skipped(row)).count();
    let errors = usize::from(brief.refused.is_some());
    // A suite without a test is taken for one that did not run.
    let tests = brief.rows.len() + 1;
    let name = format!("topoplan {}", brief.answer.word());
    let numbers = format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\""
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"{name}\" {numbers}>");
    let _ = writeln!(out, "  <testsuite name=\"{name}\" {numbers}>");
    let _ = write!(
        out,
        "    <testcase classname=\"topoplan\" name=\"answers\">"
    );
    match &brief.refused {
        Some(why) => {
            let _ = write!(
                out,
                "<error type=\"refused\" message=\"{}\"/>",
                escaped(why)
            );
        }
        None => {
            let _ = write!(out, "<system-out>{}</system-out>", escaped(&brief.headline));
        }
    }
    out.push_str("</testcase>\n");
    for row in &brief.rows {
        case(&mut out, row);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, row: &Row) {
    let place = row.place.as_ref();
    let place = place.map(|(path, line, _)| format!(" at {path}:{line}"));
    let place = place.unwrap_or_default();
    let message = escaped(&row.message);
    let _ = write!(
        out,
        "    <testcase classname=\"{} {}\" name=\"{}\">",
        escaped(row.code),
        escaped(&row.name),
        escaped(&row.subject),
    );
    let _ = match &row.state {
        RowState::Open if fails(row) => write!(
            out,
            "<failure type=\"{}\" message=\"{message}\">{message}{}\n{}</failure>",
            row.severity,
            escaped(&place),
            escaped(&row.help),
        ),
        RowState::Allowed(why) => write!(out, "<skipped message=\"{}\"/>", escaped(why)),
        RowState::Known => write!(out, "<skipped message=\"the baseline has it\"/>"),
        RowState::Open | RowState::Cured | RowState::Passed => {
            write!(out, "<system-out>{message}</system-out>")
        }
    };
    out.push_str("</testcase>\n");
}

fn fails(row: &Row) -> bool {
    row.state == RowState::Open && row.severity > Severity::Note
}

fn is_skipped(row: &Row) -> bool {
    match row.state {
        RowState::Allowed(_) | RowState::Known => true,
        RowState::Open | RowState::Cured | RowState::Passed => false,
    }
}

/// Text of XML: control characters, which XML 1.0 has no spelling for, are spelled out before.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
