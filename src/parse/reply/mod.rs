//! Array replies as clients print them, read into a small tree of values.
//!
//! A terminal shows `1) 1) (integer) 0` or, with RESP3, `1# "slots" => …`; `--json` is one line.
//! Through a pipe one value stands on a line and nothing tells how they nest: see [`flat`].
//! Never panics and never recurses over what it reads; time and memory are linear in it.

mod csv_line;
mod json;
mod numbered;

pub(super) use csv_line::fields;

use std::borrow::Cow;

use crate::parse::block::Block;
use crate::parse::block::is_noise;

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Json,
    /// `1) "text"`, and `1# "key" => "value"` of RESP3.
    Numbered,
    /// One value on a line; of a map through a RESP3 pipe, key and value.
    Flat,
    /// All values on one line, with commas between them.
    Csv,
}

impl Form {
    /// Nothing tells how the values nest.
    pub fn is_flat(self) -> bool {
        matches!(self, Self::Flat | Self::Csv)
    }
}

/// One value of an answer; texts are without their quotes, and slices of the file where they had
/// no escapes.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Nil,
    List(Vec<Item<'a>>),
    Map(Vec<(&'a str, Item<'a>)>),
    /// Known to be there, of a kind that no fact is made of: an error, a fraction.
    Other,
}

/// A value and its line, from 1.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Item<'a> {
    pub line: u32,
    pub value: Value<'a>,
}

/// All values of a block, in order: more than one if it holds several answers.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    pub roots: Vec<Item<'a>>,
    /// Nothing shows that the end is missing.
    pub complete: bool,
}

impl<'a> Value<'a> {
    /// Of a text as it stands in the file: ids, addresses and keys have no escapes.
    pub fn text(&self) -> Option<&'a str> {
        if let Self::Text(Cow::Borrowed(text)) = self {
            Some(text)
        } else {
            None
        }
    }

    /// Also of a text of digits: RESP2 maps and pipes know no types.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Nil | Self::List(_) | Self::Map(_) | Self::Other => None,
        }
    }

    /// Of a list; of anything else nothing.
    pub fn items(&self) -> &[Item<'a>] {
        if let Self::List(items) = self {
            items
        } else {
            &[]
        }
    }

    /// Of a map, or of a list that has key and value in turn, as RESP2 prints maps.
    pub fn pairs(&self) -> Vec<(&'a str, &Item<'a>)> {
        match self {
            Self::Map(entries) => entries.iter().map(|(key, item)| (*key, item)).collect(),
            Self::List(items) => items
                .chunks_exact(2)
                .filter_map(|pair| match pair {
                    [key, item] => Some((key.value.text()?, item)),
                    _ => None,
                })
                .collect(),
            Self::Text(_) | Self::Integer(_) | Self::Nil | Self::Other => Vec::new(),
        }
    }
}

pub(super) fn form(block: Block) -> Form {
    // An empty list and an error look the same in every form.
    let says = |line: &&str| !is_noise(line) && !line.starts_with('(');
    let mut lines = block.text.lines().filter(says);
    let Some(first) = lines.next() else {
        return Form::Flat;
    };
    if json_start(first) {
        Form::Json
    } else if numbered::starts(first) {
        Form::Numbered
    } else if csv_line::starts(first) && lines.next().is_none() {
        Form::Csv
    } else {
        Form::Flat
    }
}

/// `[OK]` of a report is no JSON.
pub(super) fn json_start(line: &str) -> bool {
    let mut bytes = line.trim().bytes();
    match (bytes.next(), bytes.find(|b| !b.is_ascii_whitespace())) {
        (Some(b'{'), next) => matches!(next, None | Some(b'"' | b'}')),
        (Some(b'['), next) => {
            matches!(
                next,
                None | Some(b'[' | b'{' | b'"' | b']' | b'-' | b'0'..=b'9')
            )
        }
        _ => false,
    }
}

/// Reads the forms that nest; `Form::Flat` gives its lines as texts.
pub(super) fn read(block: Block<'_>) -> Reply<'_> {
    match form(block) {
        Form::Json => json::read(block),
        Form::Numbered => numbered::read(block),
        Form::Flat => Reply {
            roots: flat(block),
            complete: block.ends_with_line_end(),
        },
        Form::Csv => Reply {
            roots: csv_line::read(block),
            complete: block.ends_with_line_end(),
        },
    }
}

/// The values of a piped answer. An empty line is a value, so only noise is left out.
pub(super) fn flat(block: Block<'_>) -> Vec<Item<'_>> {
    let says = |line: &str| !line.trim().is_empty() && !is_noise(line);
    let lines = || block.lines().skip_while(|(_, text)| is_noise(text));
    // With RESP3 an entry of a map is one line, and if its value is empty, its key is.
    let by_entry = lines().any(|(_, text)| words(text).nth(1).is_some() && says(text));
    let mut items = Vec::new();
    for (line, text) in lines().filter(|(_, text)| text.trim().is_empty() || !is_noise(text)) {
        let item = |text| Item {
            line,
            value: Value::Text(Cow::Borrowed(text)),
        };
        items.extend(words(text).map(item));
        if by_entry && MAY_BE_EMPTY.contains(&text.trim()) {
            items.push(item(""));
        }
    }
    items
}

/// Keys of maps whose value may be nothing.
const MAY_BE_EMPTY: [&str; 7] = [
    "availability-zone",
    "endpoint",
    "events",
    "hostname",
    "ip",
    "nodes",
    "slots",
];

/// Key, value, and the keys of a map within; of any other line all of it.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> + Clone {
    let line = line.trim();
    let is_entry = line.starts_with(|c: char| c.is_ascii_lowercase());
    let (first, rest) = match line.split_once(' ') {
        Some((key, rest)) if is_entry => (key, Some(rest)),
        _ => (line, None),
    };
    std::iter::once(first).chain(rest.into_iter().flat_map(|rest| rest.split(' ')))
}

/// The scalar of a line, whatever the form: for recognising an answer.
pub(super) fn scalar(line: &str) -> &str {
    let text = without_numbers(line.trim());
    let text = text.split_once(" =>").map_or(text, |(key, _)| key);
    let text = text.strip_prefix("(integer) ").unwrap_or(text);
    text.trim_matches('"')
}

/// Without `1) ` of a list and `1# ` of a map, as often as they nest.
pub(super) fn without_numbers(text: &str) -> &str {
    let mut text = text;
    while let Some(rest) = numbered::behind_number(text) {
        text = rest;
    }
    text
}

/// The first bytes of a JSON answer without white space, for recognising it.
pub(super) fn json_head(block: Block) -> String {
    const LOOKED_AT: usize = 64;
    let text = block.text.lines().skip_while(|line| !json_start(line));
    let text = text.flat_map(str::chars).filter(|c| !c.is_whitespace());
    text.take(LOOKED_AT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::reply::numbered::LEFT_OUT_MAX;
    use crate::text::Source;

    fn source(text: &str) -> Source {
        Source::new("f", text.to_owned(), String::new())
    }

    /// The values without their lines, in a notation of their own.
    fn print(value: &Value) -> String {
        match value {
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            Value::Nil => "nil".into(),
            Value::Other => "other".into(),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|i| print(&i.value)).collect();
                format!("[{}]", items.join(" "))
            }
            Value::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, i)| format!("{key}={}", print(&i.value)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    fn roots(text: &str) -> (String, bool) {
        let source = source(text);
        let reply = read(Block::of(&source));
        let roots: Vec<_> = reply.roots.iter().map(|i| print(&i.value)).collect();
        (roots.join(" | "), reply.complete)
    }

    #[test]
    fn numbers_nest_by_their_column() {
        let text = "1) 1) (integer) 0\n   2) (integer) 5460\n   3) 1) \"10.0.0.1\"\n      2) (integer) 7001\n      3) (empty array)\n2) 1) (integer) 5461\n   2) (nil)\n";
        assert_eq!(
            roots(text),
            ("[[0 5460 [\"10.0.0.1\" 7001 []]] [5461 nil]]".into(), true)
        );
        // Numbers of two digits are set to the right.
        let text = " 9) \"i\"\n10) 1) \"j\"\n    2) \"k\"\n";
        assert!(roots(text).0.ends_with("\"i\" [\"j\" \"k\"]]"), "{text}");
    }

    #[test]
    fn maps_of_resp3_have_their_value_beside_or_below_the_key() {
        let text = "1) 1# \"slots\" => \n      1) (integer) 0\n      2) (integer) 5\n   2# \"nodes\" => \n      1) 1# \"id\" => \"ab\"\n         2# \"port\" => (integer) 7000\n2) 1# \"slots\" => (empty array)\n";
        assert_eq!(
            roots(text).0,
            "[{slots=[0 5] nodes=[{id=\"ab\" port=7000}]} {slots=[]}]"
        );
    }

    #[test]
    fn numbers_that_begin_again_are_the_next_answer() {
        assert_eq!(
            roots("1) \"dir\"\n2) \"/d\"\n1) \"port\"\n2) \"7000\"\n").0,
            "[\"dir\" \"/d\"] | [\"port\" \"7000\"]"
        );
        assert_eq!(
            roots("1# \"dir\" => \"/d\"\n1# \"port\" => \"7000\"\n").0,
            "{dir=\"/d\"} | {port=\"7000\"}"
        );
    }

    #[test]
    fn what_a_person_left_out_keeps_its_number() {
        let text = "1) \"id\"\n2) \"ab\"\n   ...\n5) \"role\"\n6) \"master\"\n";
        let source = source(text);
        let reply = read(Block::of(&source));
        let keys: Vec<_> = reply.roots[0].value.pairs();
        assert_eq!(
            keys.iter()
                .map(|(key, i)| (*key, i.line))
                .collect::<Vec<_>>(),
            [("id", 2), ("role", 5)]
        );
    }

    #[test]
    fn json_is_read_up_to_where_it_was_cut() {
        assert_eq!(
            roots("[[0,5,[null,7000,\"ab\",{\"ip\":\"::1\"}]]]\n"),
            ("[[0 5 [nil 7000 \"ab\" {ip=\"::1\"}]]]".into(), true)
        );
        assert_eq!(
            roots("[{\"slots\":[0,5],\"nodes\":[{\"id\":\"ab\",\"po"),
            ("[{slots=[0 5] nodes=[{id=\"ab\"}]}]".into(), false)
        );
        assert_eq!(
            roots("{\"a\":\"1\"}\n{\"b\":\"x\\ny\"}\n"),
            ("{a=\"1\"} | {b=\"x\\ny\"}".into(), true)
        );
        assert_eq!(
            roots("[\n  {\n    \"slots\": []\n  }\n]\n"),
            ("[{slots=[]}]".into(), true)
        );
    }

    #[test]
    fn piped_lines_keep_the_empty_ones() {
        assert_eq!(
            roots("10.0.0.1:7000> cluster slots\n0\n5460\n\n7000\n").0,
            "\"0\" | \"5460\" | \"\" | \"7000\""
        );
    }

    #[test]
    fn entries_of_resp3_maps_may_share_a_line_through_a_pipe() {
        assert_eq!(
            roots("slots 0\n5\nnodes id ab\nport 7\nhostname \nrole master\n").0,
            "\"slots\" | \"0\" | \"5\" | \"nodes\" | \"id\" | \"ab\" | \"port\" | \"7\" | \"hostname\" | \"\" | \"role\" | \"master\""
        );
        // Without them a key stands alone, and so does its value.
        assert_eq!(
            roots("slots\n\nhostname\n\nrole\n").0,
            "\"slots\" | \"\" | \"hostname\" | \"\" | \"role\""
        );
    }

    #[test]
    fn one_line_may_hold_all_values() {
        assert_eq!(
            roots("0,5,\"a,b\",7000,\"\\\"\",,9\n").0,
            "\"0\" | \"5\" | \"a,b\" | \"7000\" | \"\\\"\" | \"\" | \"9\""
        );
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "1) ".repeat(50_000),
            "[".repeat(50_000),
            "{\"a\":".repeat(50_000),
            (0..2_000).fold(String::new(), |mut text, depth| {
                text.push_str(&" ".repeat(depth));
                text.push_str("1) \"x\"\n");
                text
            }),
        ] {
            let source = source(&text);
            let mut deep = 0;
            let mut level: Vec<Item> = read(Block::of(&source)).roots;
            while !level.is_empty() {
                deep += 1;
                level = level
                    .into_iter()
                    .flat_map(|item| match item.value {
                        Value::List(items) => items,
                        Value::Map(entries) => entries.into_iter().map(|e| e.1).collect(),
                        _ => Vec::new(),
                    })
                    .collect();
            }
            assert!(deep < 200, "{deep}");
        }
    }

    #[test]
    fn huge_numbers_fill_no_memory() {
        let source = source("999999999) \"x\"\n99999999999999999999) \"y\"\n");
        let reply = read(Block::of(&source));
        assert_eq!(reply.roots[0].value.items().len(), LEFT_OUT_MAX + 1);
    }
}
