//! Answers inside other programs' output: JSON strings (`"stdout": "…"` of ansible and its like)
//! and lines behind a prefix (`grep -H`, `pdsh`, `docker compose logs`).
//!
//! What is taken out becomes a source of its own that remembers where each of its lines stood.

use std::collections::BTreeMap;

use crate::model::Address;
use crate::parse::block::strip_markup;
use crate::parse::file_name::address_in_path;
use crate::parse::heading::address_of_command;
use crate::parse::heading::heading;
use crate::parse::node_line::is_plain_node;
use crate::parse::node_line::looks_like_node;
use crate::source::Inside;
use crate::source::Source;

/// The answers that are wrapped in this file; empty if it is none that wraps.
pub fn unwrap(source: &Source) -> Vec<Source> {
    let mut head = source.text.lines().take(LOOKED_AT);
    // Nearly every file begins with an answer itself.
    if head.next().is_some_and(is_plain_node) || source.text.len() > LARGEST {
        return Vec::new();
    }
    let wraps = source.text.lines().take(LOOKED_AT).any(|l| l.contains('{'));
    // Where a view stands in the open, too, taking others out would lose it.
    if wraps && !source.text.lines().any(is_plain_node) {
        let found = outputs(source);
        if !found.is_empty() {
            return found;
        }
    }
    match prefix_end(source) {
        Some(end) => behind_prefixes(source, end),
        None => Vec::new(),
    }
}

/// Lines that are looked at before a file is taken for what it is.
const LOOKED_AT: usize = 64;

/// What wraps answers was printed by a person's tool, and is not larger.
const LARGEST: usize = 256 << 20;

/// Every `"stdout": "…"` with something in it, in the order of the file.
fn outputs(source: &Source) -> Vec<Source> {
    const KEY: &str = "\"stdout\"";
    let text = &source.text;
    let mut found = Vec::new();
    let mut last = 0;
    let (mut line, mut counted) = (1, 0);
    for (at, _) in text.match_indices(KEY) {
        // A key inside a string that was taken out already.
        if at < last {
            continue;
        }
        let Some(value) = text[at + KEY.len()..].trim_start().strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start();
        let start = text.len() - value.len();
        let mut json = serde_json::Deserializer::from_str(value).into_iter::<String>();
        let Some(Ok(output)) = json.next() else {
            continue;
        };
        let before = &text[last..at];
        last = start + json.byte_offset();
        if output.trim().is_empty() {
            continue;
        }
        line += count_lines(&text[counted..start]);
        counted = start;
        let column = start - text[..start].rfind('\n').map_or(0, |end| end + 1) + 1;
        let lines = output.lines().map(|_| (line, column as u32)).collect();
        let (of, host) = named_before(before);
        found.push(source.part(output, Inside { of, host, lines }));
    }
    found
}

fn count_lines(text: &str) -> u32 {
    text.bytes().filter(|&b| b == b'\n').count() as u32
}

/// Whose output it is, by what stands between it and the one before: the last key, heading or
/// command that names an address or an IP.
fn named_before(text: &str) -> (Option<Address>, Option<String>) {
    let mut of = None;
    let mut host: Option<String> = None;
    for line in text.lines() {
        if let Some(found) = heading(line.trim_end_matches(['{', ' ', '=', '>'])) {
            of = found.of.or(of);
            host = found.host.map(str::to_owned).or(host);
        }
    }
    let mut words = text.split('"');
    // Words in quotes are every second one.
    words.next();
    let mut quoted = Vec::new();
    while let Some(word) = words.next() {
        quoted.push(word);
        words.next();
    }
    for word in &quoted {
        if let Ok(address) = word.parse::<Address>()
            && is_ip(address.ip())
        {
            of = Some(address);
        } else if is_ip(word) {
            host = Some((*word).to_owned());
        }
    }
    // `"cmd": "redis-cli -p 7000 cluster nodes"`, or the same as a list of words.
    let command = quoted
        .iter()
        .rposition(|w| w.contains("redis-cli") || w.contains("valkey-cli"));
    if let Some(at) = command {
        let words = quoted[at..].join(" ");
        let of_host = |host: &String| format!("-h {host} {words}");
        let told = address_of_command(&words)
            .or_else(|| address_of_command(&host.as_ref().map_or(words.clone(), of_host)));
        of = told.or(of);
    }
    (of, host)
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// How a prefix ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// `nodes/a.txt:`, `10.0.0.1: `
    Colon,
    /// `redis-1  | `
    Bar,
}

/// `Some` if the first lines are node lines behind a prefix each.
fn prefix_end(source: &Source) -> Option<End> {
    let mut counts = [(End::Colon, 0), (End::Bar, 0)];
    for line in source.text.lines().take(LOOKED_AT) {
        if looks_like_node(strip_markup(line)) {
            return None;
        }
        for (end, count) in &mut counts {
            let behind = prefix(line, *end).is_some_and(|(_, rest)| looks_like_node(rest));
            *count += usize::from(behind);
        }
    }
    let most = counts.iter().max_by_key(|(_, count)| *count)?;
    (most.1 > 0).then_some(most.0)
}

/// The prefix, and what stands behind it.
fn prefix(line: &str, end: End) -> Option<(&str, &str)> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    match end {
        End::Bar => {
            let (name, rest) = line.split_once('|')?;
            let name = name.trim();
            is_name(name).then_some((name, rest.strip_prefix(' ').unwrap_or(rest)))
        }
        // The prefix may have colons of its own (`10.0.0.1:7000: `, `a/10.0.0.1:7000.txt:`).
        End::Colon => line
            .match_indices(':')
            .map(|(at, _)| (&line[..at], &line[at + 1..]))
            .take_while(|(name, _)| is_name(name))
            .take(COLONS_MAX)
            .map(|(name, rest)| (name, rest.strip_prefix(' ').unwrap_or(rest)))
            .find(|(_, rest)| looks_like_node(rest)),
    }
}

/// An IPv6 address and a path have no more.
const COLONS_MAX: usize = 12;

/// Text behind one prefix, and where each of its lines stood.
type Part = (String, Vec<(u32, u32)>);

/// The lines of each prefix, which may be mixed, in the order in which the prefixes appear.
fn behind_prefixes(source: &Source, end: End) -> Vec<Source> {
    let mut order: Vec<&str> = Vec::new();
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for (number, line) in source.lines() {
        let found = prefix(line, end).or_else(|| {
            // A line that is no node line, behind a prefix that is known from one.
            let cut = |at: usize| (&line[..at], line[at + 1..].trim_start());
            let known = line
                .match_indices(':')
                .take(COLONS_MAX)
                .map(|(at, _)| cut(at));
            let found = known.filter(|(name, _)| parts.contains_key(name)).last();
            // Who gave no node line said something else: that it is not reachable, say.
            found
                .or_else(|| Some(cut(line.find(": ")?)))
                .filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
        });
        let Some((name, rest)) = found else { continue };
        let part = parts.entry(name).or_insert_with(|| {
            order.push(name);
            (String::new(), Vec::new())
        });
        part.0.push_str(rest);
        part.0.push('\n');
        part.1.push((number, Source::column_of(line, rest)));
    }
    order
        .iter()
        .filter_map(|name| {
            let (text, lines) = parts.remove(name)?;
            let of = name.parse().ok().or_else(|| address_in_path(name));
            let host = is_ip(name).then(|| (*name).to_owned());
            Some(source.part(text, Inside { of, host, lines }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5";
    const B: &str =
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10.0.0.2:7000@17000 master - 0 9 2 connected 6-9";

    /// Text, address, and the place of the first line of every part.
    fn parts(text: &str) -> Vec<(String, String, (u32, u32))> {
        let source = Source::new("f", text.to_owned(), String::new());
        unwrap(&source)
            .iter()
            .map(|part| {
                let place = part.place(1, 1);
                let of = part.inside.as_ref().unwrap();
                let name = of.of.as_ref().map(ToString::to_string);
                let name = name.or(of.host.clone()).unwrap_or_default();
                (part.text.clone(), name, (place.line, place.column))
            })
            .collect()
    }

    #[test]
    fn takes_answers_out_of_ansible_output() {
        let text = format!(
            "ok: [10.0.0.1] => {{\n    \"cmd\": [\n        \"redis-cli\",\n        \"-p\",\n        \"7000\",\n        \"cluster\",\n        \"nodes\"\n    ],\n    \"rc\": 0,\n    \"stderr\": \"\",\n    \"stdout\": \"{A}\\n{B}\",\n    \"stdout_lines\": [\n        \"{A}\",\n        \"{B}\"\n    ]\n}}\n"
        );
        assert_eq!(
            parts(&text),
            [(format!("{A}\n{B}"), "10.0.0.1:7000".into(), (11, 15))]
        );
    }

    #[test]
    fn takes_answers_out_of_json_on_one_line() {
        let text = format!(
            "{{\"plays\":[{{\"tasks\":[{{\"hosts\":{{\"10.0.0.1\":{{\"stdout\":\"{A}\\n\"}},\"10.0.0.2:7000\":{{\"stdout\":\"PONG\"}},\"h\":{{\"stdout\":\"\"}}}}}}]}}]}}"
        );
        let found = parts(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, "10.0.0.1");
        assert_eq!(
            (found[1].0.as_str(), found[1].1.as_str()),
            ("PONG", "10.0.0.2:7000")
        );
    }

    #[test]
    fn takes_lines_from_behind_their_prefix() {
        for (a, b, name) in [
            (
                "nodes/10.0.0.1_7000/x.txt:",
                "nodes/10.0.0.9_7000/x.txt:",
                "10.0.0.1:7000",
            ),
            ("10.0.0.1: ", "10.0.0.9: ", "10.0.0.1"),
            ("10.0.0.1:7000: ", "10.0.0.9:7000: ", "10.0.0.1:7000"),
            ("redis-1  | ", "redis-2  | ", ""),
        ] {
            let text = format!("{a}{A}\n{b}{A}\n{a}{B}\n");
            let found = parts(&text);
            assert_eq!(found.len(), 2, "{a}");
            assert_eq!(found[0].0, format!("{A}\n{B}\n"), "{a}");
            assert_eq!(found[0].1, name, "{a}");
            assert_eq!(found[0].2, (1, a.len() as u32 + 1), "{a}");
        }
    }

    #[test]
    fn leaves_answers_alone() {
        for text in [
            format!("{A}\n{B}\n"),
            format!("> {A}\n"),
            format!("1) \"{A}\"\n"),
            "{\"dir\":\"/d\"}\n".to_owned(),
            "# Server\nredis_version:7\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(parts(&text), [], "{text}");
        }
    }
}
