//! A plan file as text: a line for each of its fields, and for each thing in a list, however long.
//!
//! Indented all the way down, more than a third of a large plan would be blanks.

use std::fmt::Write;

use serde::Serialize;

use crate::text::safe::is_unsafe;

/// A list of words is broken behind about so many bytes.
const WIDTH: usize = 100;

/// JSON with a newline at the end, fields in the order of the struct. Characters that a terminal
/// would obey are written as `\u…`: another spelling of the same value.
pub fn plan_file(report: &impl Serialize) -> String {
    let compact = serde_json::to_string(report)
        .expect("a report has only text keys and no failing serialiser");
    let mut rows = Rows {
        out: String::with_capacity(compact.len() + compact.len() / 16),
        open: Vec::new(),
        lists: 0,
        begun: 0,
    };
    let mut rest = compact.as_str();
    while let Some(byte) = rest.bytes().next() {
        let length = match byte {
            b'"' => string_length(rest),
            _ => 1,
        };
        let (token, behind) = rest.split_at(length);
        rows.take(token, behind);
        rest = behind;
    }
    rows.out.push('\n');
    rows.out
}

/// Bytes of the string literal that the text starts with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

struct Rows {
    out: String,
    /// Everything that is open, the innermost last.
    open: Vec<Layout>,
    /// Lists among them: what stands in one is written without blanks.
    lists: usize,
    /// Where the line begins.
    begun: usize,
}

/// Where the members of an object or a list stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Each on a line.
    Lines,
    /// One behind the other.
    Line,
    /// The same, with a break now and then.
    Broken,
}

impl Rows {
    fn take(&mut self, token: &str, behind: &str) {
        match token {
            "{" | "[" => self.begin(token, behind),
            "}" | "]" => {
                self.lists -= usize::from(token == "]");
                if self.open.pop() == Some(Layout::Lines) {
                    self.next_line();
                }
                self.out.push_str(token);
            }
            "," => {
                self.out.push_str(token);
                match self.open.last() {
                    Some(Layout::Lines) => self.next_line(),
                    Some(Layout::Broken) if self.out.len() - self.begun > WIDTH => self.next_line(),
                    Some(Layout::Line | Layout::Broken) | None => {}
                }
            }
            ":" => self.out.push_str(if self.lists == 0 { ": " } else { ":" }),
            _ => self.text(token),
        }
    }

    fn begin(&mut self, token: &str, behind: &str) {
        let (list, first) = (token == "[", behind.bytes().next());
        let layout = match first {
            Some(b'}' | b']') => Layout::Line,
            _ if self.lists > 0 => Layout::Line,
            Some(b'{' | b'[') | None => Layout::Lines,
            Some(_) if list => Layout::Broken,
            Some(_) => Layout::Lines,
        };
        self.out.push_str(token);
        self.open.push(layout);
        self.lists += usize::from(list);
        if layout == Layout::Lines {
            self.next_line();
        }
    }

    /// Lists, too, are indented as far as they are deep; what they hold is not.
    fn next_line(&mut self) {
        self.out.push('\n');
        self.begun = self.out.len();
        for _ in 0..self.open.len() {
            self.out.push(' ');
        }
    }

    /// A string, a number or a word. An unsafe character can only stand inside a string.
    fn text(&mut self, token: &str) {
        if token.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            self.out.push_str(token);
            return;
        }
        for c in token.chars() {
            if (' '..='~').contains(&c) || !is_unsafe(c) {
                self.out.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(self.out, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_and_each_thing_in_a_list_has_a_line() {
        let words: Vec<String> = (0..12).map(|n| format!("10.0.0.{n}:7000")).collect();
        let value = serde_json::json!({
            "a": {"live": words, "none": []},
            "b": [{"c": [1, 2], "d": null}, {"c": [], "d": {"e": "x, {y}: \"[z]"}}],
            "f": {"g": [[1, null], [2, "h"]], "i": {}},
        });
        let text = plan_file(&value);
        let expected = r#"{
 "a": {
  "live": ["10.0.0.0:7000","10.0.0.1:7000","10.0.0.2:7000","10.0.0.3:7000","10.0.0.4:7000","10.0.0.5:7000",
   "10.0.0.6:7000","10.0.0.7:7000","10.0.0.8:7000","10.0.0.9:7000","10.0.0.10:7000","10.0.0.11:7000"],
  "none": []
 },
 "b": [
  {"c":[1,2],"d":null},
  {"c":[],"d":{"e":"x, {y}: \"[z]"}}
 ],
 "f": {
  "g": [
   [1,null],
   [2,"h"]
  ],
  "i": {}
 }
}
"#;
        assert_eq!(text, expected);
        let back: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(back, value);
    }

    #[test]
    fn hostile_text_keeps_its_value_and_loses_its_power() {
        let value = serde_json::json!({"name": "\x1b[31m\u{202e}\n\u{9b}\u{e0001}\\\"é<script>"});
        let text = plan_file(&value);
        assert!(!text.contains(|c| c != '\n' && is_unsafe(c)), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(back, value);
    }
}
