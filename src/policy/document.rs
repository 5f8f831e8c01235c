//! A policy file with every key and what it does, and the JSON schema of one.

use std::fmt::Write;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::policy::entries::RuleLevel;
use crate::policy::keys::FILE;
use crate::policy::keys::Key;
use crate::policy::keys::Kind;
use crate::policy::keys::Need;

const WIDTH: usize = 96;

/// A file that asks for nothing: comments begin with `# `, settings that whoever needs them
/// uncomments with `#` alone.
pub fn commented() -> String {
    let mut text = String::from(
        "# What is wanted of a cluster: `topoplan.toml` in the captured directory or beside it, or\n\
         # `--policy FILE`. Everything has a default, so nothing here is needed.\n\
         #\n\
         # Made by `topoplan docs policy`. A setting is a line that begins with # and no space.\n",
    );
    for key in FILE {
        text.push('\n');
        prose(&mut text, &with_words(key));
        match &key.kind {
            Kind::Section(keys) => {
                push(&mut text, &format!("#[{}]", key.name));
                settings(&mut text, keys);
            }
            Kind::Entries(keys) => {
                push(&mut text, &format!("#[[{}]]", key.name));
                settings(&mut text, keys);
            }
            Kind::Levels => {
                push(&mut text, &format!("#[{}]", key.name));
                push(&mut text, "#P005 = \"allow\"");
                push(&mut text, "#replica-shares-zone = \"error\"");
            }
            Kind::Text
            | Kind::Texts
            | Kind::Word(_)
            | Kind::Number(..)
            | Kind::Span
            | Kind::Bytes
            | Kind::Moment => setting(&mut text, key),
        }
    }
    text
}

fn settings(text: &mut String, keys: &[Key]) {
    for key in keys {
        prose(text, &with_words(key));
        setting(text, key);
    }
}

fn setting(text: &mut String, key: &Key) {
    push(text, &format!("#{} = {}", key.name, key.example));
}

fn with_words(key: &Key) -> String {
    let mut doc = key.doc.to_owned();
    match &key.kind {
        Kind::Word(words) => {
            let _ = write!(doc, " One of {}.", words.join(", "));
        }
        Kind::Number(least, most, word) => {
            let or = word.map_or(String::new(), |word| format!(", or \"{word}\""));
            let _ = write!(doc, " A number from {least} to {most}{or}.");
        }
        Kind::Text
        | Kind::Texts
        | Kind::Span
        | Kind::Bytes
        | Kind::Moment
        | Kind::Section(_)
        | Kind::Entries(_)
        | Kind::Levels => {}
    }
    if key.need == Need::Must {
        doc.push_str(" Needed.");
    }
    doc
}

fn prose(text: &mut String, doc: &str) {
    let mut line = String::from("#");
    for word in doc.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            push(text, &line);
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    push(text, &line);
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The JSON schema of a policy file, for editors that complete TOML by it. `codes` are those of
/// the rules, and their names.
pub fn schema<'a>(codes: impl Iterator<Item = &'a str>) -> Value {
    let levels: Vec<&str> = RuleLevel::WORDS.iter().map(|(word, _)| *word).collect();
    let rules: Map<String, Value> = codes
        .map(|code| (code.to_owned(), json!({ "enum": levels })))
        .collect();
    let mut schema = object(FILE, &Value::Object(rules));
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("topoplan policy");
    schema
}

fn object(keys: &[Key], rules: &Value) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = match &key.kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Texts => json!({ "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" } },
            ] }),
            Kind::Word(words) => json!({ "enum": words }),
            Kind::Number(least, most, word) => {
                let number = json!({ "type": "integer", "minimum": least, "maximum": most });
                match word {
                    Some(word) => json!({ "anyOf": [number, { "const": word }] }),
                    None => number,
                }
            }
            Kind::Span => json!({ "type": "string", "pattern": "^[0-9]+ *(ms|s|min|h|d)$" }),
            Kind::Bytes => {
                json!({ "type": "string", "pattern": "^[0-9]+ *(B|[KMGT]iB|[kMGT]B)$" })
            }
            // An editor hands over a date of TOML as the text that it is written in.
            Kind::Moment => json!({ "type": "string" }),
            Kind::Section(keys) => object(keys, rules),
            Kind::Entries(keys) => json!({ "type": "array", "items": object(keys, rules) }),
            Kind::Levels => json!({
                "type": "object",
                "properties": rules,
                "additionalProperties": false,
            }),
        };
        value["description"] = json!(key.doc);
        properties.insert(key.name.to_owned(), value);
    }
    let needed = keys.iter().filter(|key| key.need == Need::Must);
    let needed: Vec<&str> = needed.map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    /// Settings are the lines that begin with # and no space.
    fn uncommented() -> String {
        let lines = commented();
        let lines = lines.lines().map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_file_parses_as_it_is_and_with_every_setting() {
        assert_eq!(Policy::parse(&commented()), Ok(Policy::default()));
        let all = Policy::parse(&uncommented()).unwrap();
        assert_eq!(
            (all.pins.len(), all.zones.len(), all.ignores.len()),
            (1, 1, 1)
        );
        assert_eq!(all.levels.len(), 2);
    }

    #[test]
    fn settings_of_defaults_change_nothing() {
        let text = uncommented();
        let top: Vec<&str> = text
            .lines()
            .take_while(|l| !l.starts_with("[rules]"))
            .collect();
        let policy = Policy::parse(&top.join("\n")).unwrap();
        assert_eq!(policy.replicas, Policy::default().replicas);
        assert!(text.contains("views_apart = \"60s\""));
        assert_eq!(Policy::default().limits.views_apart_ms, 60_000);
    }

    #[test]
    fn no_line_is_wider_than_a_page() {
        for line in commented().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn the_schema_knows_every_key() {
        let schema = schema(["P005", "skewed-masters"].into_iter());
        for key in FILE {
            assert!(schema["properties"][key.name].is_object(), "{}", key.name);
        }
        assert_eq!(
            schema["properties"]["ignore"]["items"]["required"][1],
            "reason"
        );
        assert_eq!(
            schema["properties"]["rules"]["properties"]["P005"]["enum"][3],
            "allow"
        );
    }
}
