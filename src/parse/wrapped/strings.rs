//! Answers in the strings of JSON: `"stdout": "…"` and `"stdout_lines": […]` of ansible and its
//! like.

use crate::model::Address;
use crate::parse::block::Block;
use crate::parse::file_name::address_in_path;
use crate::parse::heading::address_of_command;
use crate::parse::heading::heading;
use crate::parse::log::quote;
use crate::parse::recognise;
use crate::parse::transcript;
use crate::source::Inside;
use crate::source::Remark;
use crate::source::Source;

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
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let mut unused = Unused::default();
    let mut said = String::new();
    let mut last = 0;
    for (quote, _) in source.text.match_indices("\":") {
        // A key inside a string that was taken out already.
        let Some(key) = key_before(&source.text, quote).filter(|_| quote >= last) else {
            continue;
        };
        let Some(kind) = kind(key) else { continue };
        let Some(value) = finder.value(quote + 2) else {
            unused.see_flag(key, &source.text[quote + 2..]);
            continue;
        };
        let place = value.lines.first().copied().unwrap_or((finder.line, 1));
        if value.text.trim().is_empty() {
            continue;
        }
        if !is_answer(kind, &value.text) {
            unused.add(place, &value.text);
            continue;
        }
        let before = &source.text[last..quote];
        last = value.end;
        taken.push((quote - key.len(), value.end));
        // The same again, line by line.
        if kind == Kind::Output
            && key.ends_with("_lines")
            && value.text.trim_end() == said.trim_end()
        {
            continue;
        }
        said.clone_from(&value.text);
        let (of, host) = named_before(before);
        let inside = Inside {
            of,
            host,
            lines: value.lines,
            ..Inside::default()
        };
        found.push(source.part(value.text, inside));
    }
    if found.is_empty() {
        return found;
    }
    found.extend(around(source, &taken));
    if let (Some(remark), Some(first)) = (
        unused.remark(),
        found.first_mut().and_then(|f| f.inside.as_mut()),
    ) {
        first.remarks.push(remark);
    }
    found
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
}

fn kind(key: &str) -> Option<Kind> {
    match key.rsplit('.').next()? {
        "stdout" | "stdout_lines" => Some(Kind::Output),
        "msg" | "stderr" | "module_stderr" | "module_stdout" | "exception" | "unreachable" => {
            Some(Kind::Message)
        }
        _ => None,
    }
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
            code: "capture/unused-output",
            place,
            message,
        })
    }
}

/// The lines in which no string was taken out, but for the keys and brackets of JSON; `None` if
/// they say nothing.
fn around(source: &Source, taken: &[(usize, usize)]) -> Option<Source> {
    let mut text = String::new();
    let mut lines = Vec::new();
    let mut says = false;
    let mut taken = taken.iter().peekable();
    let mut start = 0;
    for (number, line) in (1..).zip(source.text.split_inclusive('\n')) {
        let end = start + line.len();
        while taken.next_if(|t| t.1 <= start).is_some() {}
        let inside = taken.peek().is_some_and(|t| t.0 < end);
        start = end;
        let bare = line.trim();
        if inside || bare.is_empty() || is_scaffold(bare) {
            continue;
        }
        says |= heading(bare).is_none_or(|h| h.rest.is_some());
        text.push_str(line.trim_end_matches(['\r', '\n']));
        text.push('\n');
        lines.push((number, 1));
    }
    let inside = Inside {
        lines,
        ..Inside::default()
    };
    says.then(|| source.part(text, inside))
}

/// `"rc": 0,` and brackets.
fn is_scaffold(line: &str) -> bool {
    let is_pair = line.starts_with('"')
        && (line.contains("\":") || line.ends_with("\",") || line.ends_with('"'));
    is_pair || line.bytes().all(|b| b"[]{},: ".contains(&b)) || line.starts_with("{\"")
}

/// Whose output it is, by what stands between it and the one before: the last key, heading or
/// command that names an address, an IP or a host.
fn named_before(text: &str) -> (Option<Address>, Option<String>) {
    let mut of = None;
    let mut host: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim_end_matches(['{', ' ', '=', '>']);
        if let Some(found) = heading(line).or_else(|| heading(bare)) {
            of = found.of.or(of);
            host = found.host.map(str::to_owned).or(host);
        }
    }
    // Words in quotes are every second one.
    let mut quoted = Vec::new();
    let mut parts = text.split('"').skip(1);
    while let Some(word) = parts.next() {
        let behind = parts.next().unwrap_or("");
        quoted.push(word);
        if let Ok(address) = word.parse::<Address>()
            && is_ip(address.ip())
        {
            of = Some(address);
        } else if is_ip(word) {
            host = Some(word.to_owned());
        } else if is_host_key(word, behind) {
            of = word.parse().ok().or_else(|| address_in_path(word));
            host = Some(word.to_owned());
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

/// `"redis-1": {`, but for the keys that ansible has of its own.
fn is_host_key(word: &str, behind: &str) -> bool {
    const OWN: [&str; 10] = [
        "hosts",
        "play",
        "plays",
        "task",
        "tasks",
        "duration",
        "invocation",
        "module_args",
        "ansible_facts",
        "stats",
    ];
    let opens = behind
        .trim_start()
        .strip_prefix(':')
        .is_some_and(|b| b.trim_start().starts_with('{'));
    let is_name = !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b));
    opens && is_name && !OWN.contains(&word)
}

pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(said.code, "capture/unused-output");
        assert_eq!(
            said.message,
            "2 messages beside the answers were not used, first `no route`; 1 host could not be reached"
        );
        assert_eq!(said.place.as_ref().map(|p| p.line), Some(3));
    }
}
