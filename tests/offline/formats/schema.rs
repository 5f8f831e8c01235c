//! As much of JSON Schema (draft 7) as the schemas here use; an unknown keyword fails.

use fancy_regex::Regex;
use serde_json::Map;
use serde_json::Value;

/// Everything about `value` that the schema does not allow, each with its place.
pub fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        assert_eq!(schema, &Value::Bool(true), "a schema is an object or true");
        return;
    };
    let mut say = |what: String| found.push(format!("{at}: {what}"));
    for (keyword, rule) in keywords {
        match keyword.as_str() {
            "type" => {
                let types = rule.as_array().cloned().unwrap_or(vec![rule.clone()]);
                if !types.iter().any(|t| is(t.as_str().unwrap(), value)) {
                    say(format!("{value} is no {rule}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => {
                say(format!("{value} is none of {rule}"));
            }
            "const" if rule != value => say(format!("{value} is not {rule}")),
            "pattern" => {
                let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                if value
                    .as_str()
                    .is_some_and(|v| !pattern.is_match(v).unwrap())
                {
                    say(format!("{value} does not fit {rule}"));
                }
            }
            "minimum" if value.as_f64() < rule.as_f64() && value.is_number() => {
                say(format!("{value} is below {rule}"));
            }
            "maximum" if value.as_f64() > rule.as_f64() && value.is_number() => {
                say(format!("{value} is above {rule}"));
            }
            "minItems" if value.as_array().is_some_and(|v| v.len() < number(rule)) => {
                say(format!("fewer items than {rule}"));
            }
            "uniqueItems" => {
                let items = value.as_array().cloned().unwrap_or_default();
                if (1..items.len()).any(|i| items[..i].contains(&items[i])) {
                    say("items repeat".to_owned());
                }
            }
            "required" => {
                let object = value.as_object();
                for key in rule.as_array().unwrap() {
                    if object.is_some_and(|o| !o.contains_key(key.as_str().unwrap())) {
                        say(format!("lacks {key}"));
                    }
                }
            }
            "enum" | "const" | "minimum" | "maximum" | "minItems" => {}
            // Walked below, or said for people.
            "$ref"
            | "properties"
            | "additionalProperties"
            | "items"
            | "anyOf"
            | "oneOf"
            | "definitions"
            | "$defs"
            | "$schema"
            | "$id"
            | "title"
            | "description"
            | "format"
            | "default" => {}
            other => panic!("the schema says `{other}`, which this test does not know"),
        }
    }
    if let Some(reference) = keywords.get("$ref") {
        let path = reference.as_str().unwrap().trim_start_matches('#');
        let target = root.pointer(path).expect("a reference leads somewhere");
        check(root, target, value, at, found);
    }
    for any in ["anyOf", "oneOf"] {
        let Some(choices) = keywords.get(any).and_then(Value::as_array) else {
            continue;
        };
        let fits = choices.iter().filter(|choice| {
            let mut own = Vec::new();
            check(root, choice, value, at, &mut own);
            own.is_empty()
        });
        let fits = fits.count();
        if fits == 0 || (any == "oneOf" && fits > 1) {
            found.push(format!("{at}: {fits} of {any} fit"));
        }
    }
    inside(root, keywords, value, at, found);
}

fn inside(
    root: &Value,
    keywords: &Map<String, Value>,
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    if let (Some(items), Value::Array(values)) = (keywords.get("items"), value) {
        for (index, value) in values.iter().enumerate() {
            check(root, items, value, &format!("{at}/{index}"), found);
        }
    }
    let Value::Object(fields) = value else {
        return;
    };
    let known = keywords.get("properties").and_then(Value::as_object);
    let others = keywords.get("additionalProperties");
    for (name, value) in fields {
        let at = format!("{at}/{name}");
        match (known.and_then(|known| known.get(name)), others) {
            (Some(schema), _) => check(root, schema, value, &at, found),
            (None, Some(Value::Bool(false))) => found.push(format!("{at}: is not allowed")),
            (None, Some(schema)) => check(root, schema, value, &at, found),
            (None, None) => {}
        }
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("unknown type `{other}`"),
    }
}
