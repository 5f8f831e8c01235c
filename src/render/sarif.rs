//! SARIF 2.1.0, as code scanning takes it: rules with their pages, results with their places.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use serde_json::json;

use crate::diagnostic::Severity;
use crate::render::brief::Brief;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::render::json;
use crate::rules;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn write(brief: &Brief) -> String {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &brief.rows {
        codes.entry(row.code).or_default();
    }
    for (place, index) in (0..).zip(codes.values_mut()) {
        *index = place;
    }
    let described: Vec<Value> = codes.keys().map(|code| rule(code)).collect();
    let results: Vec<Value> = brief
        .rows
        .iter()
        .filter(|row| row.state != RowState::Passed)
        .map(|row| result(row, codes[row.code]))
        .collect();
    json::report(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "topoplan",
                "version": brief.version,
                "rules": described,
            } },
            "automationDetails": { "id": format!("topoplan/{}/", brief.answer.word()) },
            "invocations": [{
                "executionSuccessful": brief.refused.is_none(),
                "toolExecutionNotifications": notifications(brief),
            }],
            "results": results,
        }],
    }))
}

fn notifications(brief: &Brief) -> Vec<Value> {
    let refused = brief.refused.iter();
    let said = refused.map(|why| json!({ "level": "error", "message": { "text": why } }));
    said.collect()
}

fn rule(code: &str) -> Value {
    let Some(rule) = rules::find(code) else {
        let text = "What the loss of a part of the cluster would take down.";
        return json!({
            "id": code,
            "name": "Loss",
            "shortDescription": { "text": text },
            "defaultConfiguration": { "level": "error" },
        });
    };
    json!({
        "id": rule.code.as_str(),
        "name": rule.id,
        "shortDescription": { "text": format!("{} {}", rule.code, rule.id) },
        "help": { "text": rule.text(), "markdown": rule.markdown() },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(row: &Row, rule: usize) -> Value {
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": row.subject }],
    });
    if let Some((path, line, column)) = &row.place {
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": uri(path) },
            "region": { "startLine": line.max(&1), "startColumn": column.max(&1) },
        });
    }
    let text = match row.help.is_empty() {
        true => row.message.clone(),
        false => format!("{}; {}", row.message, row.help),
    };
    let mut result = json!({
        "ruleId": row.code,
        "ruleIndex": rule,
        "level": level(row.severity),
        "message": { "text": text },
        "locations": [location],
        "partialFingerprints": { "topoplanFinding/v1": row.identity },
        "properties": { "state": row.state.word() },
    });
    match &row.state {
        RowState::Allowed(why) => {
            result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
        }
        RowState::Known => result["baselineState"] = json!("unchanged"),
        RowState::Cured => {
            // Not there any more once the plan is carried out.
            result["kind"] = json!("pass");
            result["level"] = json!("none");
        }
        RowState::Open | RowState::Passed => {}
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte as char),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte as char),
            // Writing into a String cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}
