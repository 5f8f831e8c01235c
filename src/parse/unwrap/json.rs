//! Answers in the strings of JSON: `"stdout": "…"` and `"stdout_lines": […]` of ansible and its
//! like.

mod around;
mod speaker;

use crate::parse::block::Block;
use crate::parse::recognise;
use crate::parse::transcript;
use crate::parse::transcript::Class;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;
use crate::text::lex::escape::unescape;
use crate::text::lex::string::closing_quote;
use crate::text::quote::quote;
use crate::text::words::count;

use around::Span;
use around::around;
use speaker::Speaker;

/// What every string says, and what stands around them if that says something, too; empty where
/// no string holds an answer.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let mut parts: Vec<Source> = Vec::new();
    let mut speaker = Speaker::default();
    let mut strings: Vec<Span> = Vec::new();
    let mut unused = Unused::default();
    // What the strings beside the next one say.
    let mut said: Vec<(&str, String)> = Vec::new();
    let mut last = 0;
    let mut known = false;
    for (quote, _) in text.match_indices("\":") {
        // A key inside a string that was taken out already.
        let Some(key) = key_before(text, quote).filter(|_| quote >= last) else {
            continue;
        };
        let kind = kind(key);
        if kind == Kind::Other && !may_list(text, quote + 2) {
            continue;
        }
        let Some(found) = value(text, quote + 2) else {
            unused.see_flag(key, text.get(quote + 2..).unwrap_or(""));
            continue;
        };
        if kind == Kind::Other && !is_reply(found.text.text()) {
            continue;
        }
        let start = quote - key.len() - 1;
        // A key that nobody knows may name the node.
        let own = match kind {
            Kind::Output | Kind::Message => start,
            Kind::Other => quote + 1,
        };
        let before = text.get(last..own).unwrap_or("");
        if speaker.read(before, last) {
            said.clear();
        }
        speaker.see_string();
        last = found.end;
        let said_here = found.text.text();
        let empty = said_here.trim().is_empty();
        let again = is_said(&said, key, said_here);
        let used = !empty && is_answer(kind, said_here);
        strings.push(Span {
            start,
            end: found.end,
            used,
        });
        known |= kind != Kind::Other;
        if again || empty {
            continue;
        }
        said.push((stem(key), said_here.to_owned()));
        if !used {
            unused.add(found.start, said_here);
            continue;
        }
        let (of, host) = speaker.who();
        parts.push(page.part(found.text, of, host));
    }
    // Where no key is one of ansible's, a view must tell that these are answers of nodes.
    if parts.is_empty() || !known && !parts.iter().any(|part| has_node(&part.text)) {
        return Vec::new();
    }
    speaker.read(text.get(last..).unwrap_or(""), last);
    let documents = speaker.documents(text.len());
    parts.extend(around(page, &strings, &documents));
    if let (Some((byte, message)), Some(first)) = (unused.message(), parts.first_mut()) {
        first.remark(Remark {
            kind: RemarkKind::Unused,
            place: page.place_at(byte),
            message,
        });
    }
    parts
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
        || has_node(text)
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
    if several && has_node(text) {
        return true;
    }
    let mut classes = text.lines().filter_map(transcript::class);
    classes.any(|(class, _)| match class {
        Class::Nodes | Class::Info | Class::ClusterInfo => several,
        Class::NoAnswer => true,
        Class::Pong | Class::Numbered | Class::Json => false,
    })
}

/// The key whose closing quote stands at `quote`.
fn key_before(text: &str, quote: usize) -> Option<&str> {
    const LONGEST: usize = 64;
    let before = text.as_bytes().get(quote.saturating_sub(LONGEST)..quote)?;
    let length = before.iter().rev().position(|&b| b == b'"')?;
    text.get(quote - length..quote)
}

/// Text of a string or of a list of strings, where it begins, and where it ends.
struct Found {
    text: Extract,
    start: usize,
    end: usize,
}

/// The value that begins behind `at`, if it is a string or a list of strings.
fn value(text: &str, at: usize) -> Option<Found> {
    let at = skip_blanks(text, at);
    let mut found = Found {
        text: Extract::default(),
        start: at + 1,
        end: at,
    };
    match text.as_bytes().get(at)? {
        b'"' => {
            string(text, at, &mut found)?;
            return Some(found);
        }
        b'[' => {}
        _ => return None,
    }
    let mut at = skip_blanks(text, at + 1);
    found.start = at + 1;
    let mut any = false;
    // A list that was cut off is read up to there.
    while string(text, at, &mut found).is_some() {
        any = true;
        at = skip_blanks(text, found.end);
        match text.as_bytes().get(at) {
            Some(b',') => at = skip_blanks(text, at + 1),
            Some(b']') => {
                found.end = at + 1;
                return Some(found);
            }
            _ => break,
        }
    }
    any.then_some(found)
}

/// Cheap: a list of strings begins behind `at`, or a string.
fn may_list(text: &str, at: usize) -> bool {
    let text = text.get(at..).unwrap_or("").trim_start();
    let list = text.strip_prefix('[').map(str::trim_start);
    list.unwrap_or(text).starts_with('"')
}

fn skip_blanks(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at.min(text.len()) + rest.len() - rest.trim_start().len()
}

fn string(text: &str, at: usize, found: &mut Found) -> Option<()> {
    if text.as_bytes().get(at) != Some(&b'"') {
        return None;
    }
    let end = closing_quote(text, at + 1, b'"')?;
    let mut start = at + 1;
    for line in text.get(start..end)?.split_inclusive('\n') {
        // No string has a line end as it is: somebody broke it between words.
        let said = line.trim_end_matches(['\r', '\n']);
        unescape(said, start, &mut found.text);
        if said.len() < line.len() && !found.text.text().ends_with(' ') {
            found.text.put(" ", start + said.len());
        }
        start += line.len();
    }
    found.end = end + 1;
    // The string is whole, whether or not it ends with a line end.
    if !found.text.text().ends_with('\n') {
        found.text.put("\n", end);
    }
    Some(())
}

/// Messages beside the answers.
#[derive(Default)]
struct Unused {
    /// Where it begins, and what it says.
    first: Option<(usize, String)>,
    count: usize,
    unreachable: usize,
}

impl Unused {
    fn add(&mut self, at: usize, text: &str) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((at, quote(text.trim())));
        }
    }

    fn see_flag(&mut self, key: &str, value: &str) {
        self.unreachable +=
            usize::from(key == "unreachable" && value.trim_start().starts_with("true"));
    }

    /// The byte that it is about, and a sentence.
    fn message(self) -> Option<(usize, String)> {
        let hosts = match self.unreachable {
            0 => String::new(),
            n => format!("; {} could not be reached", count(n, "host")),
        };
        match (self.first, self.count) {
            (None, _) if self.unreachable == 0 => None,
            (None, _) => Some((0, format!("not every host answered{hosts}"))),
            (Some((at, first)), 1) => {
                let message = format!("a message beside the answers was not used: {first}{hosts}");
                Some((at, message))
            }
            (Some((at, first)), n) => {
                let message =
                    format!("{n} messages beside the answers were not used, first {first}{hosts}");
                Some((at, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Capture;
    use crate::parse::parse;
    use crate::parse::unwrap::tests::A;
    use crate::parse::unwrap::tests::B;
    use crate::parse::unwrap::tests::parts;

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
        let second = peel(&source)[0].place(2, 1);
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
            assert!(peel(&source).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_string_without_a_line_end_is_not_cut_off() {
        let text = format!("{{\n\"stdout\": \"{A}\"\n}}\n");
        let source = Source::new("f", text, String::new());
        assert_eq!(parse(&peel(&source)[0]).diagnostics, []);
    }

    #[test]
    fn every_line_of_a_string_has_its_column() {
        let text = format!("{{\"stdout\": \"a\\\\n\\n{A}\\n\"}}\n");
        let source = Source::new("f", text, String::new());
        let found = peel(&source);
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
            let found = peel(&source);
            assert_eq!(found.len(), 2, "{beside}");
            assert_eq!(found[1].text, beside);
            assert_eq!(found[1].text.lines().count(), kept);
        }
        // A list of the document that has a key nobody knows.
        let found = parts(&format!(
            "{{\n\"stdout\": \"PONG\",\n\"rows\": [\n\"{A}\"\n]\n}}\n"
        ));
        assert_eq!(found[1].0, format!("{A}\n"));
    }

    #[test]
    fn what_stands_around_the_strings_is_not_lost() {
        let text = format!(
            "{{\"hosts\": {{\n\"a\": {{\"stdout\": \"{A}\"}},\n\"b\": {{\"unreachable\": true, \"msg\": \"no route\"}},\n\"c\": {{\"stderr\": \"Could not connect to Redis at 10.0.0.3:7000: Connection refused\", \"msg\": \"non-zero\"}}\n}}}}\n{B}\n"
        );
        let source = Source::new("f", text, String::new());
        let found = peel(&source);
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
