//! Tables of `ns_client` inside JSON: a string with line ends, or a list of lines, as ansible and its
//! like keep what a command printed.

use serde_json::Value;

use crate::parse::fedb;
use crate::text::Extract;
use crate::text::Source;

/// Nobody keeps more in one file; a larger one is not taken apart.
const LARGEST: usize = 32 << 20;

/// Texts of this family in a page of JSON, in its order.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = page.text.trim_start();
    if !text.starts_with(['{', '[']) || text.len() > LARGEST || !fedb::has_sign(text) {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    collect(&value, &mut found);
    let part = |text: String| {
        let mut extract = Extract::default();
        extract.put(&text, 0);
        page.part(extract, None, None)
    };
    let parts = found.into_iter().map(part);
    parts.filter(fedb::claims).collect()
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains('\n') => found.push(text.clone()),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            found.push(lines.join("\n"));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        // The same output twice: as one string and as its lines.
        Value::Object(fields) => {
            let twice = fields.contains_key("stdout_lines");
            let kept = fields.iter().filter(|(key, _)| !twice || *key != "stdout");
            kept.for_each(|(_, item)| collect(item, found));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_strings_and_in_lists_of_lines() {
        let table = [
            "  endpoint       state           age",
            "-----",
            "  10.0.0.1:9527  kTabletHealthy  3h",
        ];
        let json = serde_json::json!({"results": [{
            "cmd": "x", "stdout": table.join("\n"), "stdout_lines": table, "stderr": "",
        }]});
        let source = Source::new("f", json.to_string(), String::new());
        let parts = peel(&source);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].text, table.join("\n"));
        let other = Source::new("f", "{\"a\": \"endpoint\"}".to_owned(), String::new());
        assert!(peel(&other).is_empty());
    }
}
