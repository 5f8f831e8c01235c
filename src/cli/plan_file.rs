//! A plan file as a command takes it: read, and told from everything else.

use std::ffi::OsStr;

use serde_json::Value;

use crate::cli::Failure;
use crate::cli::capture;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::report;
use crate::report::NoPlanFile;
use crate::report::PlanFile;
use crate::report::PlanReport;
use crate::report::TabletPlanFile;
use crate::text::Source;
use crate::text::words::count;

/// A plan file of either family.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum AnyPlan {
    Redis(PlanFile),
    Tablets(TabletPlanFile),
}

const MAKE: &str = "`topoplan plan CAPTURE -o plan.json` writes one";

fn source(path: &OsStr, terminal: &mut Terminal) -> Result<Source, Failure> {
    files::read_one(path, terminal.stdin()).map_err(|failure| match failure {
        Failure::Input(message) => Failure::Usage(message, MAKE.to_owned()),
        failure => failure,
    })
}

/// Reads a plan file that says itself of which family it is.
pub(super) fn read_any(path: &OsStr, terminal: &mut Terminal) -> Result<AnyPlan, Failure> {
    /// What only files of one family have.
    #[derive(serde::Deserialize)]
    struct Of {
        family: Option<serde::de::IgnoredAny>,
        plan_id: Option<serde::de::IgnoredAny>,
    }
    let source = source(path, terminal)?;
    let of: Option<Of> = serde_json::from_str(&source.text).ok();
    match of {
        Some(of) if of.family.is_some() && of.plan_id.is_some() => {
            tablets(path, &source).map(AnyPlan::Tablets)
        }
        Some(_) | None => redis(path, &source).map(AnyPlan::Redis),
    }
}

/// Reads the plan file that the operator named, or says why it is none.
pub(super) fn read(path: &OsStr, terminal: &mut Terminal) -> Result<PlanFile, Failure> {
    match read_any(path, terminal)? {
        AnyPlan::Redis(file) => Ok(file),
        AnyPlan::Tablets(_) => Err(Failure::Place {
            at: capture::at(path, (1, 1)),
            message: "this is a plan of FEDB".to_owned(),
            help: Some("`script --tool fedb`, `verify`, `show` and `explain` take it"),
        }),
    }
}

fn redis(path: &OsStr, source: &Source) -> Result<PlanFile, Failure> {
    let fail = |place, message| Failure::Place {
        at: capture::at(path, place),
        message: format!("not a plan file: {message}"),
        help: Some(MAKE),
    };
    let file = report::read_plan(&source.text).map_err(|error| match error {
        NoPlanFile::Json(error) => {
            // Its own text ends with the place, which belongs to the front.
            let text = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let reason = text.strip_suffix(&place).unwrap_or(&text);
            let message = answer_of(&source.text).unwrap_or_else(|| reason.to_owned());
            fail((error.line(), error.column()), message)
        }
        NoPlanFile::Version { .. } => fail((1, 1), error.to_string()),
    })?;
    // It was reviewed by somebody who may have believed in them.
    match unknown(&source.text, &file.plan) {
        Some(path) => Err(fail((1, 1), format!("no plan has a field `{path}`"))),
        None => Ok(file),
    }
}

/// Nobody runs, resumes or follows up a plan with nodes that do not exist.
pub(super) fn must_be_real(plan: &PlanReport) -> Result<(), Failure> {
    let Some(supposed) = plan.supposition.as_ref() else {
        return Ok(());
    };
    let first = supposed.nodes.first().map_or("", |node| &node.address);
    Err(Failure::Refused(format!(
        "this plan supposes {} that {} not exist ({first}{}): start them, capture again, and plan \
         without `--add`",
        count(supposed.nodes.len(), "node"),
        if supposed.nodes.len() == 1 {
            "does"
        } else {
            "do"
        },
        if supposed.nodes.len() == 1 {
            ""
        } else {
            " and more"
        },
    )))
}

/// The same for a plan of tablets.
pub(super) fn read_tablets(
    path: &OsStr,
    terminal: &mut Terminal,
) -> Result<TabletPlanFile, Failure> {
    tablets(path, &source(path, terminal)?)
}

fn tablets(path: &OsStr, source: &Source) -> Result<TabletPlanFile, Failure> {
    const MAKE: &str = "`topoplan plan CAPTURE -o plan.json` of a capture of FEDB writes one";
    report::read_tablet_plan(&source.text).map_err(|error| Failure::Place {
        at: capture::at(path, (1, 1)),
        message: format!("not a plan file of FEDB: {error}"),
        help: Some(MAKE),
    })
}

/// Another answer of this program, named by a field that only it has.
fn answer_of(text: &str) -> Option<String> {
    const FIELDS: [(&str, &str); 6] = [
        ("findings", "check"),
        ("cases", "impact"),
        ("items", "list"),
        ("verdict", "verify"),
        ("page", "explain"),
        ("error", "a command that failed"),
    ];
    let value: Value = serde_json::from_str(text).ok()?;
    let known = FIELDS.iter().find(|(field, _)| value.get(field).is_some());
    match known? {
        (_, command) if command.contains(' ') => Some(format!("this is the answer of {command}")),
        (_, command) => Some(format!("this is the answer of `{command}`")),
    }
}

/// The first field of the file that nothing was made of.
fn unknown(text: &str, plan: &PlanReport) -> Option<String> {
    let mut given: Value = serde_json::from_str(text).ok()?;
    let known = serde_json::to_value(plan).ok()?;
    // Findings are told once by now, and their reader knows no other fields.
    given.as_object_mut()?.remove("found");
    beyond(&given, &known)
}

fn beyond(given: &Value, known: &Value) -> Option<String> {
    let inner = |name: String, given, known| {
        let path = beyond(given, known)?;
        Some(if path.is_empty() {
            name
        } else {
            format!("{name}.{path}")
        })
    };
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            given
                .iter()
                .find_map(|(name, value)| match known.get(name) {
                    Some(known) => inner(name.clone(), value, known),
                    None if says_nothing(value) => None,
                    None => Some(name.clone()),
                })
        }
        (Value::Array(given), Value::Array(known)) => (0..)
            .zip(given.iter().zip(known))
            .find_map(|(at, (given, known))| inner(at.to_string(), given, known)),
        _ => None,
    }
}

/// Plans leave such fields out, or did not when this one was written.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_nothing_is_made_of_are_found() {
        let known = serde_json::json!({"a": [{"b": 1}, {"b": 2}], "c": null});
        let beyond = |text: &str| beyond(&serde_json::from_str(text).unwrap(), &known);
        assert_eq!(beyond(r#"{"a": [{"b": 3}], "c": null}"#), None);
        assert_eq!(beyond(r#"{"d": 1}"#), Some("d".to_owned()));
        let found = beyond(r#"{"a": [{"b": 1}, {"b": 2, "command": "x"}]}"#);
        assert_eq!(found, Some("a.1.command".to_owned()));
    }
}
