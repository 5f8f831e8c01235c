//! Reports as JSON, and the schema of that JSON: the public contract.

use std::fmt::Write;

use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::report::CheckReport;
use crate::report::DiffReport;
use crate::report::ErrorReport;
use crate::report::ImpactReport;
use crate::report::LintReport;
use crate::report::ListReport;
use crate::report::PairReport;
use crate::report::PlanReport;
use crate::report::ShowReport;
use crate::report::TabletPlan;
use crate::report::VerifyReport;
use crate::text::safe::is_unsafe;

/// Pretty JSON with a newline at the end, fields in the order of the report's struct. Characters
/// that a terminal would obey are written as `\u…`: another spelling of the same value.
pub fn report(report: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(report)
        .expect("a report has only text keys and no failing serialiser");
    let mut out = String::with_capacity(text.len() + 1);
    // Such a character can only stand inside a string: the layout has line feeds alone.
    let odd = |&(_, c): &(usize, char)| !(' '..='~').contains(&c) && c != '\n' && is_unsafe(c);
    let mut written = 0;
    for (at, c) in text.char_indices().filter(odd) {
        out.push_str(&text[written..at]);
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
        written = at + c.len_utf8();
    }
    out.push_str(&text[written..]);
    out.push('\n');
    out
}

/// One JSON schema for the reports of `check`, `plan`, `impact`, `diff`, `lint`, `list`, `pair`, `show` and `verify`, and of failures.
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let any_of = [
        generator.subschema_for::<CheckReport>(),
        generator.subschema_for::<PlanReport>(),
        generator.subschema_for::<ImpactReport>(),
        generator.subschema_for::<DiffReport>(),
        generator.subschema_for::<LintReport>(),
        generator.subschema_for::<ListReport>(),
        generator.subschema_for::<PairReport>(),
        generator.subschema_for::<ShowReport>(),
        generator.subschema_for::<VerifyReport>(),
        generator.subschema_for::<ErrorReport>(),
        generator.subschema_for::<TabletPlan>(),
    ];
    let document = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "topoplan report",
        "description": "What `check`, `plan`, `impact`, `diff`, `lint`, `list`, `pair`, `show` and `verify` print with `--format json`; without an answer, why.",
        "anyOf": any_of,
        "$defs": generator.take_definitions(true),
    });
    report(&document)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::render::testing;
    use crate::report::plan_id;
    use crate::report::read_plan;

    #[test]
    fn fields_stand_in_the_order_of_the_struct() {
        let text = report(&testing::load("h", 1, 2, 0));
        assert_eq!(
            text,
            "{\n  \"host\": \"h\",\n  \"masters\": 1,\n  \"replicas\": 2,\n  \"spares\": 0\n}\n"
        );
    }

    #[test]
    fn hostile_text_keeps_its_value_and_loses_its_power() {
        let name = "\x1b[31m\u{202e}\n\u{9b}\u{e0001}<script>";
        let text = report(&testing::load(name, 0, 0, 0));
        assert!(!text.contains(|c| c != '\n' && is_unsafe(c)));
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["host"], name);
    }

    #[test]
    fn a_plan_file_reads_back() {
        let plan = testing::plan();
        let back = read_plan(&report(&plan)).unwrap();
        assert_eq!(back.plan, plan);
    }

    #[test]
    fn layout_and_spelling_do_not_change_the_id() {
        let mut plan = testing::plan();
        plan.assumptions = vec!["\u{9b}\u{202e} \"plan_id\": \\".into(), "plan_id".into()];
        plan.plan_id = plan_id(&mut plan);
        let written = report(&plan);
        let compact = serde_json::to_string(&plan).unwrap();
        for text in [&written, &compact] {
            let file = read_plan(text).unwrap();
            assert_eq!(file.content_id, plan.plan_id);
            assert_eq!(file.plan, plan);
        }
    }

    #[test]
    fn whatever_is_changed_changes_the_id() {
        let mut plan = testing::plan();
        plan.plan_id = plan_id(&mut plan);
        let text = report(&plan);
        let id = |text: &str| read_plan(text).unwrap().content_id;
        for (from, to) in [
            ("\"seconds\": 10", "\"seconds\": 11"),
            ("\"complete\": true", "\"complete\": false"),
            ("\"wave\": 1", "\"wave\": 2"),
        ] {
            let edited = text.replacen(from, to, 1);
            assert_ne!(edited, text, "{from}");
            assert_ne!(id(&edited), plan.plan_id, "{from}");
        }
        assert_eq!(id(&text.replace(&plan.plan_id, "other")), plan.plan_id);
    }

    #[test]
    fn other_versions_are_refused() {
        let plan = testing::plan();
        let text = report(&plan).replacen("\"schema_version\": 2", "\"schema_version\": 3", 1);
        let error = read_plan(&text).unwrap_err();
        assert!(error.to_string().contains("knows 1 to 2"), "{error}");
    }

    #[test]
    fn absent_values_are_null() {
        let value: Value = serde_json::from_str(&report(&testing::plan())).unwrap();
        assert_eq!(value["refused"], Value::Null);
        assert!(value.as_object().unwrap().contains_key("refused"));
    }

    #[test]
    fn the_schema_names_every_report_and_requires_every_field() {
        let text = schema();
        assert_eq!(text, schema());
        let schema: Value = serde_json::from_str(&text).unwrap();
        let refs: Vec<&str> = schema["anyOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["$ref"].as_str().unwrap())
            .collect();
        assert_eq!(
            refs,
            [
                "#/$defs/CheckReport",
                "#/$defs/PlanReport",
                "#/$defs/ImpactReport",
                "#/$defs/DiffReport",
                "#/$defs/LintReport",
                "#/$defs/ListReport",
                "#/$defs/PairReport",
                "#/$defs/ShowReport",
                "#/$defs/VerifyReport",
                "#/$defs/ErrorReport",
                "#/$defs/TabletPlan"
            ]
        );
        for (def, value) in [
            (
                "CheckReport",
                serde_json::to_value(testing::check()).unwrap(),
            ),
            ("PlanReport", serde_json::to_value(testing::plan()).unwrap()),
            (
                "ImpactReport",
                serde_json::to_value(testing::impact(3)).unwrap(),
            ),
            ("ListReport", serde_json::to_value(testing::list()).unwrap()),
            (
                "VerifyReport",
                serde_json::to_value(testing::verify()).unwrap(),
            ),
        ] {
            let required: Vec<&str> = schema["$defs"][def]["required"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_str().unwrap())
                .collect();
            for key in value.as_object().unwrap().keys() {
                assert!(
                    required.contains(&key.as_str()),
                    "{def} does not require {key}"
                );
            }
        }
    }
}
