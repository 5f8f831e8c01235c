//! Answers in the strings of JSON: `"stdout": "…"` and `"stdout_lines": […]` of ansible and its
//! like.

use crate::parse::block::Block;
use crate::parse::node_line::looks_like_node;
use crate::parse::recognise;
use crate::parse::transcript;
use crate::parse::transcript::Class;
use crate::parse::wrapped::around::Span;
use crate::parse::wrapped::around::around;
use crate::parse::wrapped::speaker::Speaker;
use crate::text::Inside;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;
use crate::text::quote::quote;

/// What every string says, and what stands around them if that says something, too; empty where
/// no string holds an answer.
pub(super) fn outputs(source: &Source) -> Vec<Source> {
    let mut finder = Finder {
        text: &source.text,
        line: 1,
        line_start: 0,
        counted: 0,
    };
    let mut found: Vec<Source> = Vec::new();
    let mut speaker = Speaker::default();
    let mut strings: Vec<Span> = Vec::new();
    let mut unused = Unused::default();
    // What the strings beside the next one say.
    let mut said: Vec<(&str, String)> = Vec::new();
    let mut last = 0;
    let mut known = false;
    for (quote, _) in source.text.match_indices("\":") {
        // A key inside a string that was taken out already.
        let Some(key) = key_before(&source.text, quote).filter(|_| quote >= last) else {
            continue;
        };
        let kind = kind(key);
        if kind == Kind::Other && !finder.may_list(quote + 2) {
            continue;
        }
        let Some(value) = finder.value(quote + 2) else {
            unused.see_flag(key, &source.text[quote + 2..]);
            continue;
        };
        if kind == Kind::Other && !is_reply(&value.text) {
            continue;
        }
        let start = quote - key.len() - 1;
        // A key that nobody knows may name the node.
        let own = match kind {
            Kind::Output | Kind::Message => start,
            Kind::Other => quote + 1,
        };
        let before = source.text.get(last..own).unwrap_or("");
        if speaker.read(before, last) {
            said.clear();
        }
        speaker.see_string();
        last = value.end;
        let place = value.lines.first().copied().unwrap_or((finder.line, 1));
        let again = is_said(&said, key, &value.text);
        let used = !value.text.trim().is_empty() && is_answer(kind, &value.text);
        strings.push(Span {
            start,
            end: value.end,
            used,
        });
        known |= kind != Kind::Other;
        if again || value.text.trim().is_empty() {
            continue;
        }
        said.push((stem(key), value.text.clone()));
        if !used {
            unused.add(place, &value.text);
            continue;
        }
        let (of, host) = speaker.who();
        let inside = Inside {
            of,
            host,
            lines: value.lines,
            ..Inside::default()
        };
        found.push(source.part(value.text, inside));
    }
    // Where no key is one of ansible's, a view must tell that these are answers of nodes.
    if found.is_empty() || !known && !found.iter().any(lists_nodes) {
        return Vec::new();
    }
    speaker.read(source.text.get(last..).unwrap_or(""), last);
    let documents = speaker.documents(source.text.len());
    found.extend(around(source, &strings, &documents));
    if let (Some(remark), Some(first)) = (
        unused.remark(),
        found.first_mut().and_then(|f| f.inside.as_mut()),
    ) {
        first.remarks.push(remark);
    }
    found
}

/// `stdout` and `stdout_lines` say the same.
fn stem(key: &str) -> &str {
    key.strip_suffix("_lines").unwrap_or(key)
}

/// The same again, line by line, right beside it.
fn is_said(said: &[(&str, String)], key: &str, text: &str) -> bool {
    said.iter()
        .any(|(stem_of, other)| *stem_of == stem(key) && other.trim_end() == text.trim_end())
}

/// Some line of it is one of an answer, or some dialect reads what a command printed. A word of
/// a message may look like anything.
fn is_answer(kind: Kind, text: &str) -> bool {
    let block = Block {
        text,
        first_line: 1,
    };
    text.lines().any(|line| transcript::class(line).is_some())
        || kind == Kind::Output && recognise(block).is_some()
}

/// What a string may hold, by its key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What a command printed.
    Output,
    /// That, or a message of the program around it.
    Message,
    /// Of a program that nobody knows: only views are looked for.
    Other,
}

fn kind(key: &str) -> Kind {
    match key.rsplit('.').next().unwrap_or(key) {
        "stdout" | "stdout_lines" => Kind::Output,
        "msg" | "stderr" | "stderr_lines" | "module_stderr" | "module_stdout" | "exception"
        | "unreachable" => Kind::Message,
        _ => Kind::Other,
    }
}

/// Several lines of one answer, or the word that there is none. One line by itself may be one of
/// a log.
fn is_reply(text: &str) -> bool {
    let several = text.lines().nth(1).is_some();
    let mut classes = text.lines().filter_map(transcript::class);
    classes.any(|(class, _)| match class {
        Class::Nodes | Class::Info | Class::ClusterInfo => several,
        Class::NoAnswer => true,
        Class::Pong | Class::Numbered | Class::Json => false,
    })
}

fn lists_nodes(source: &Source) -> bool {
    source.lines().any(|(_, line)| looks_like_node(line.trim()))
}

/// The key whose closing quote stands at `quote`.
fn key_before(text: &str, quote: usize) -> Option<&str> {
    const LONGEST: usize = 64;
    let before = text.as_bytes().get(quote.saturating_sub(LONGEST)..quote)?;
    let length = before.iter().rev().position(|&b| b == b'"')?;
    text.get(quote - length..quote)
}

/// Text of a string or of a list of strings, where each of its lines stands, and where it ends.
struct Found {
    text: String,
    lines: Vec<(u32, u32)>,
    end: usize,
}

/// Counts the lines of the file once, however many strings it has.
struct Finder<'a> {
    text: &'a str,
    line: u32,
    line_start: usize,
    counted: usize,
}

impl Finder<'_> {
    /// The value that begins behind `at`, if it is a string or a list of strings.
    fn value(&mut self, at: usize) -> Option<Found> {
        let at = self.skip_blanks(at);
        let mut found = Found {
            text: String::new(),
            lines: Vec::new(),
            end: at,
        };
        if self.text[at..].starts_with('"') {
            self.string(at, &mut found)?;
            return Some(found);
        }
        let mut at = self.skip_blanks(at + 1);
        if !self.text.get(found.end..)?.starts_with('[') {
            return None;
        }
        // A list that was cut off is read up to there.
        while self.string(at, &mut found).is_some() {
            at = self.skip_blanks(found.end);
            match self.text.as_bytes().get(at) {
                Some(b',') => at = self.skip_blanks(at + 1),
                Some(b']') => {
                    found.end = at + 1;
                    return Some(found);
                }
                _ => break,
            }
        }
        (!found.lines.is_empty()).then_some(found)
    }

    /// Cheap: a list of strings begins behind `at`, or a string.
    fn may_list(&self, at: usize) -> bool {
        let text = self.text.get(at..).unwrap_or("").trim_start();
        let list = text.strip_prefix('[').map(str::trim_start);
        list.unwrap_or(text).starts_with('"')
    }

    fn skip_blanks(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        at.min(self.text.len()) + rest.len() - rest.trim_start().len()
    }

    fn string(&mut self, at: usize, found: &mut Found) -> Option<()> {
        let rest = self.text.get(at..)?;
        let mut json = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let text = json.next()?.ok()?;
        found.end = at + json.byte_offset();
        let place = self.place(at + 1);
        let raw = self.text.get(at + 1..found.end - 1).unwrap_or("");
        let starts = line_starts(raw);
        for (index, line) in text.lines().enumerate() {
            let start = starts.get(index).or(starts.last()).copied().unwrap_or(0);
            found.lines.push((place.0, place.1 + start as u32));
            found.text.push_str(line);
            // The string is whole, whether or not it ends with a line end.
            found.text.push('\n');
        }
        Some(())
    }

    /// Line and column of a byte that is not before the one asked for last.
    fn place(&mut self, at: usize) -> (u32, u32) {
        for (offset, _) in self.text[self.counted..at].match_indices('\n') {
            self.line += 1;
            self.line_start = self.counted + offset + 1;
        }
        self.counted = at;
        (self.line, (at - self.line_start) as u32 + 1)
    }
}

/// Where lines begin in the text of a string as JSON writes it.
fn line_starts(raw: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut escaped = false;
    for (at, byte) in raw.bytes().enumerate() {
        if escaped && byte == b'n' {
            starts.push(at + 1);
        }
        escaped = !escaped && byte == b'\\';
    }
    starts
}

/// Messages beside the answers.
#[derive(Default)]
struct Unused {
    first: Option<((u32, u32), String)>,
    count: usize,
    unreachable: usize,
}

impl Unused {
    fn add(&mut self, place: (u32, u32), text: &str) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((place, quote(text.trim())));
        }
    }

    fn see_flag(&mut self, key: &str, value: &str) {
        self.unreachable +=
            usize::from(key == "unreachable" && value.trim_start().starts_with("true"));
    }

    fn remark(self) -> Option<Remark> {
        let hosts = match self.unreachable {
            0 => String::new(),
            1 => "; 1 host could not be reached".to_owned(),
            n => format!("; {n} hosts could not be reached"),
        };
        let (place, message) = match (self.first, self.count) {
            (None, _) if self.unreachable == 0 => return None,
            (None, _) => ((1, 1), format!("not every host answered{hosts}")),
            (Some((place, first)), 1) => (
                place,
                format!("a message beside the answers was not used: {first}{hosts}"),
            ),
            (Some((place, first)), n) => (
                place,
                format!("{n} messages beside the answers were not used, first {first}{hosts}"),
            ),
        };
        Some(Remark {
            kind: RemarkKind::Unused,
            place,
            message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Capture;
    use crate::parse::parse;
    use crate::parse::wrapped::tests::A;
    use crate::parse::wrapped::tests::B;
    use crate::parse::wrapped::tests::parts;

    #[test]
    fn takes_answers_out_of_ansible_output() {
        let text = format!(
            "ok: [10.0.0.1] => {{\n    \"cmd\": [\n        \"redis-cli\",\n        \"-p\",\n        \"7000\",\n        \"cluster\",\n        \"nodes\"\n    ],\n    \"rc\": 0,\n    \"stderr\": \"\",\n    \"stdout\": \"{A}\\n{B}\",\n    \"stdout_lines\": [\n        \"{A}\",\n        \"{B}\"\n    ]\n}}\n"
        );
        assert_eq!(
            parts(&text),
            [(format!("{A}\n{B}\n"), "10.0.0.1:7000".into(), (11, 16))]
        );
    }

    #[test]
    fn takes_answers_out_of_json_on_one_line() {
        let text = format!(
            "{{\"plays\":[{{\"tasks\":[{{\"hosts\":{{\"10.0.0.1\":{{\"stdout\":\"{A}\\n\"}},\"10.0.0.2:7000\":{{\"stdout\":\"PONG\"}},\"h\":{{\"stdout\":\"\"}},\"redis-3\":{{\"stdout\":\"{B}\"}}}}}}]}}]}}"
        );
        let found = parts(&text);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].1, "10.0.0.1");
        assert_eq!(
            (found[1].0.as_str(), found[1].1.as_str()),
            ("PONG\n", "10.0.0.2:7000")
        );
        assert_eq!(found[2].1, "redis-3");
    }

    #[test]
    fn lists_of_lines_are_answers_with_their_own_places() {
        let text = format!(
            "ok: [redis-1] => {{\n    \"changed\": false,\n    \"out.stdout_lines\": [\n        \"{A}\",\n        \"{B}\"\n    ]\n}}\nok: [redis-2] => {{\n    \"msg\": \"{B}\"\n}}\n"
        );
        let found = parts(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (format!("{A}\n{B}\n"), "redis-1".into(), (4, 10)));
        assert_eq!(found[1], (format!("{B}\n"), "redis-2".into(), (9, 13)));
        let source = Source::new("f", text, String::new());
        let second = outputs(&source)[0].place(2, 1);
        assert_eq!((second.line, second.column), (5, 10));
    }

    #[test]
    fn answers_are_found_below_any_key() {
        let list = format!(
            "[\n  {{\n    \"node\": \"10.0.0.1:7000\",\n    \"lines\": [\n      \"{A}\",\n      \"{B}\"\n    ]\n  }},\n  {{\n    \"node\": \"10.0.0.2:7000\",\n    \"lines\": [\"{A}\", \"{B}\"]\n  }}\n]\n"
        );
        let both = format!("{A}\n{B}\n");
        let expected = [
            (both.clone(), "10.0.0.1:7000".into(), (5, 8)),
            (both.clone(), "10.0.0.2:7000".into(), (11, 16)),
        ];
        assert_eq!(parts(&list), expected);
        let salt = format!(
            "{{\n  \"10.0.0.1\": \"== 10.0.0.1:7000\\n{A}\\n{B}\\n\",\n  \"10.0.0.2:7000\": \"cluster_state:ok\\ncluster_size:3\\n\"\n}}\n"
        );
        let found = parts(&salt);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, format!("== 10.0.0.1:7000\n{both}"));
        assert_eq!(found[1].1, "10.0.0.2:7000");
        // Lines of a log, and answers without a view, are not taken apart.
        for text in [
            format!("{{\"log\":\"{A}\\n\"}}\n{{\"log\":\"{B}\\n\"}}\n"),
            "{\"a\": \"cluster_state:ok\\ncluster_size:3\"}\n".to_owned(),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            assert!(outputs(&source).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_string_without_a_line_end_is_not_cut_off() {
        let text = format!("{{\n\"stdout\": \"{A}\"\n}}\n");
        let source = Source::new("f", text, String::new());
        assert_eq!(parse(&outputs(&source)[0]).diagnostics, []);
    }

    #[test]
    fn every_line_of_a_string_has_its_column() {
        let text = format!("{{\"stdout\": \"a\\\\n\\n{A}\\n\"}}\n");
        let source = Source::new("f", text, String::new());
        let found = outputs(&source);
        let place = found[0].place(2, 1);
        // Behind `{"stdout": "`, `a\\n` and `\n`.
        assert_eq!((place.line, place.column), (1, 19));
    }

    #[test]
    fn the_same_answer_of_another_host_is_not_the_same() {
        let of = |host: &str| {
            format!(
                "ok: [{host}] => {{\n    \"out.stdout_lines\": [\n        \"dir\",\n        \"/data\"\n    ]\n}}\n"
            )
        };
        let found = parts(&format!("{}{}", of("10.0.0.1:7000"), of("10.0.0.2:7000")));
        let names: Vec<_> = found.iter().map(|f| (&*f.0, &*f.1)).collect();
        assert_eq!(
            names,
            [
                ("dir\n/data\n", "10.0.0.1:7000"),
                ("dir\n/data\n", "10.0.0.2:7000")
            ]
        );
        let twice = "[{\"stdout\": \"PONG\", \"stdout_lines\": [\"PONG\"]}, {\"stdout_lines\": [\"PONG\"]}]\n";
        assert_eq!(parts(twice).len(), 2);
    }

    #[test]
    fn who_did_not_answer_gives_no_name_to_the_next() {
        for text in [
            "fatal: [10.0.0.5:7000]: UNREACHABLE! => {\"msg\": \"no\"}\nok: [10.0.0.4] => {\n\"stdout\": \"PONG\"\n}\n",
            "{\"10.0.0.5:7000\": {\"unreachable\": true, \"msg\": \"no\"},\n\"10.0.0.4\": {\"stdout\": \"PONG\"}}\n",
            "{\"h\": {\"cmd\": [\"redis-cli\", \"-p\", \"7001\"], \"msg\": \"no\"},\n\"10.0.0.4\":\n{\"stdout\": \"PONG\"}}\n",
        ] {
            let names: Vec<_> = parts(text).into_iter().map(|f| f.1).collect();
            assert_eq!(names, ["10.0.0.4"], "{text}");
        }
        // What follows a document of one host is not his.
        let text = "ok: [10.0.0.4] => {\"stdout\": \"PONG\"}\n{\"stdout\": \"PONG\"}\n";
        let names: Vec<_> = parts(text).into_iter().map(|f| f.1).collect();
        assert_eq!(names, ["10.0.0.4", ""]);
    }

    #[test]
    fn every_item_of_a_loop_is_of_the_host_and_of_its_own_port() {
        let item = |port: u16| {
            format!(
                "{{\"cmd\": [\"redis-cli\", \"-h\", \"127.0.0.1\", \"-p\", \"{port}\"], \"invocation\": {{\"x\": {{}}}}, \"stdout\": \"PONG\"}}"
            )
        };
        let bare = "{\"cmd\": \"x\", \"stdout\": \"PONG\"}";
        let items = format!("[{}, {}, {bare}]", item(7000), item(7001));
        for (text, expected) in [
            (
                format!("ok: [10.0.0.1] => {{\"results\": {items}}}\n"),
                ["10.0.0.1:7000", "10.0.0.1:7001", "10.0.0.1"],
            ),
            (items, ["127.0.0.1:7000", "127.0.0.1:7001", ""]),
        ] {
            let names: Vec<_> = parts(&text).into_iter().map(|f| f.1).collect();
            assert_eq!(names, expected, "{text}");
        }
    }

    #[test]
    fn answers_beside_a_document_are_kept() {
        for (beside, kept) in [
            (format!("\"{A}\\n{B}\"\n"), 1),
            (
                "10.0.0.2:7000> config get dir\n{\"dir\":\"/data\"}\n".to_owned(),
                2,
            ),
            ("=== 10.0.0.1:7000 ===\n\"dir\",\"/data\"\n".to_owned(), 2),
        ] {
            let text = format!("{{\n\"rc\": 0,\n\"stdout\": \"PONG\"\n}}\n{beside}");
            let source = Source::new("f", text, String::new());
            let found = outputs(&source);
            assert_eq!(found.len(), 2, "{beside}");
            assert_eq!(found[1].text, beside);
            assert_eq!(found[1].text.lines().count(), kept);
        }
        // A list of the document that has a key nobody knows.
        let found = parts(&format!(
            "{{\n\"stdout\": \"PONG\",\n\"rows\": [\n\"{A}\"\n]\n}}\n"
        ));
        assert_eq!(found[1].0, format!("\"{A}\"\n"));
    }

    #[test]
    fn what_stands_around_the_strings_is_not_lost() {
        let text = format!(
            "{{\"hosts\": {{\n\"a\": {{\"stdout\": \"{A}\"}},\n\"b\": {{\"unreachable\": true, \"msg\": \"no route\"}},\n\"c\": {{\"stderr\": \"Could not connect to Redis at 10.0.0.3:7000: Connection refused\", \"msg\": \"non-zero\"}}\n}}}}\n{B}\n"
        );
        let source = Source::new("f", text, String::new());
        let found = outputs(&source);
        assert_eq!(found.len(), 3);
        assert!(found[1].text.starts_with("Could not connect"));
        assert_eq!(found[2].text, format!("{B}\n"));
        assert_eq!(found[2].place(1, 1).line, 6);
        let parsed = parse(&found[0]);
        let said = &parsed.diagnostics[0];
        assert_eq!(said.code, Capture::UnusedOutput);
        assert_eq!(
            said.message,
            "2 messages beside the answers were not used, first `no route`; 1 host could not be reached"
        );
        assert_eq!(said.place.as_ref().map(|p| p.line), Some(3));
    }
}
