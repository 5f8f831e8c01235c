//! What ansible and its like print as YAML: the lines of an answer below a key, as a block, in
//! quotes, or as a list. `stdout` and, line by line below it, `stdout_lines` say the same.

use std::ops::Range;

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::escape::unescape;
use crate::text::offset_in;

/// Keys that name nobody.
const KEYS: [&str; 9] = [
    "stdout",
    "stdout_lines",
    "stderr",
    "msg",
    "output",
    "out",
    "lines",
    "data",
    "result",
];

/// The page with the lines of each answer at its left edge; none where no key has one.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.lines().any(|line| key(line).is_some()) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut clean = Extract::default();
    // Key, indentation, and what stood before it, of the answer above.
    let mut above: Option<(&str, usize, usize)> = None;
    let mut found = false;
    let mut at = 0;
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let value = key(line).and_then(|key| Value::of(key, &lines, number));
        let Some(value) = value.filter(|v| v.has_answer(text, &lines, at, number)) else {
            clean.copy(text, at..at + line.len());
            at += line.len();
            number += 1;
            continue;
        };
        let before = clean.text().len();
        let twice = above.filter(|(name, indent, _)| {
            value.key.name.strip_suffix("_lines") == Some(name) && value.key.indent == *indent
        });
        let before = twice.map_or(before, |(.., before)| before);
        clean.truncate(before);
        if !KEYS.contains(&value.key.name) && !value.key.name.contains('.') {
            let start = at + offset_in(line, value.key.name).unwrap_or(0);
            clean.copy(text, start..start + value.key.name.len());
            clean.put(":\n", start + value.key.name.len());
        }
        let body = lines.get(number..value.end).unwrap_or(&[]);
        value.extract(text, at, body, &mut clean);
        above = Some((value.key.name, value.key.indent, before));
        found = true;
        at += body.iter().map(|line| line.len()).sum::<usize>();
        number = value.end;
    }
    match found {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// `  stdout: |-`
#[derive(Clone, Copy)]
struct Key<'a> {
    name: &'a str,
    indent: usize,
    rest: &'a str,
}

fn key(line: &str) -> Option<Key<'_>> {
    let bare = line.trim_end();
    let text = bare.trim_start();
    let indent = bare.len() - text.len();
    let text = text.strip_prefix("- ").map_or(text, str::trim_start);
    let (name, rest) = match text.strip_suffix(':') {
        Some(name) => (name, ""),
        None => text.split_once(": ")?,
    };
    let name = name.trim_matches(['"', '\'']);
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b"._-:/".contains(&b);
    let is_name = !name.is_empty() && name.len() <= 100 && name.bytes().all(of_name);
    is_name.then_some(Key {
        name,
        indent,
        rest: rest.trim_start(),
    })
}

/// How the value below a key is written.
enum Style {
    Block,
    Quoted(char),
    List,
}

struct Value<'a> {
    key: Key<'a>,
    style: Style,
    /// The line behind its last.
    end: usize,
}

impl<'a> Value<'a> {
    fn of(key: Key<'a>, lines: &[&'a str], number: usize) -> Option<Self> {
        let below = lines.get(number + 1..).unwrap_or(&[]);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_item = |line: &str| line.trim_start().starts_with("- ");
        let inside = |line: &&str| line.trim().is_empty() || indent(line) > key.indent;
        let in_list = |line: &&str| is_item(line) && indent(line) >= key.indent;
        let (style, count) = match key.rest.chars().next() {
            Some('|' | '>') if key.rest.len() <= 3 => (
                Style::Block,
                below.iter().take_while(|line| inside(line)).count(),
            ),
            Some(mark @ ('\'' | '"')) => {
                let closes = |line: &str| {
                    line.trim_end().ends_with(mark) && !line.trim_end().ends_with("\\\"")
                };
                let ended = key.rest.len() > 1 && closes(key.rest);
                let mut rest = below.iter().take_while(|line| inside(line));
                let rest = rest.position(|line| closes(line)).map(|last| last + 1);
                (Style::Quoted(mark), if ended { 0 } else { rest? })
            }
            None => (
                Style::List,
                below.iter().take_while(|line| in_list(line)).count(),
            ),
            Some(_) => return None,
        };
        let end = number + 1 + count;
        let quoted = matches!(style, Style::Quoted(_));
        (count > 0 || quoted).then_some(Self { key, style, end })
    }

    fn has_answer(&self, text: &str, lines: &[&str], at: usize, number: usize) -> bool {
        let body = lines.get(number..self.end).unwrap_or(&[]);
        let length: usize = body.iter().map(|line| line.len()).sum();
        let body = text.get(at..at + length).unwrap_or("");
        let known = |line: &str| {
            let line = line.trim_start();
            line.starts_with("# Server") || line.starts_with("cluster_state:")
        };
        has_node(body) || body.lines().any(known)
    }

    /// `body` begins with the line of the key, at the byte `at`.
    fn extract(&self, text: &str, at: usize, body: &[&str], clean: &mut Extract) {
        let (first, below) = body.split_first().unwrap_or((&"", &[]));
        let mut at = at;
        let start = at + offset_in(first, self.key.rest).unwrap_or(0);
        match self.style {
            Style::Block => {
                at += first.len();
                let said = below.iter().find(|line| !line.trim().is_empty());
                let depth = said.map_or(0, |line| line.len() - line.trim_start().len());
                for line in below {
                    let blanks = line.len() - line.trim_start_matches(' ').len();
                    clean.copy(text, at + blanks.min(depth)..at + line.len());
                    at += line.len();
                }
            }
            Style::List => {
                at += first.len();
                for line in below {
                    let item = item(line);
                    let from = at + offset_in(line, item).unwrap_or(0);
                    unquoted(text, from..from + item.len(), clean);
                    at += line.len();
                }
            }
            Style::Quoted('\'') => {
                let end = at + body.iter().map(|line| line.len()).sum::<usize>();
                self.lines(text, start + 1..end, clean);
            }
            Style::Quoted(_) => {
                let end = at + body.iter().map(|line| line.len()).sum::<usize>();
                let inside = text.get(start + 1..end).unwrap_or("").trim_end();
                let inside = inside.strip_suffix('"').unwrap_or(inside);
                match body.len() {
                    1 => unescape(inside, start + 1, clean),
                    _ => joined(inside, start + 1, clean),
                }
                end_line(clean, start + 1 + inside.len());
            }
        }
    }

    /// In single quotes a line ends where an empty line stands.
    fn lines(&self, text: &str, range: Range<usize>, clean: &mut Extract) {
        let mut at = range.start;
        for line in text.get(range).unwrap_or("").split_inclusive('\n') {
            let bare = line.trim();
            let bare = bare.strip_suffix('\'').unwrap_or(bare);
            if !bare.is_empty() {
                let from = at + offset_in(line, bare).unwrap_or(0);
                clean.copy(text, from..from + bare.len());
                clean.put("\n", from + bare.len());
            }
            at += line.len();
        }
    }
}

/// In double quotes a backslash at the end of a line, and one before a blank at its start, only
/// say that the text goes on.
fn joined(inside: &str, start: usize, clean: &mut Extract) {
    let mut at = start;
    let mut blank = false;
    for line in inside.split_inclusive('\n') {
        let bare = line.trim();
        let bare = bare
            .strip_prefix('\\')
            .filter(|b| b.starts_with(' '))
            .unwrap_or(bare);
        let goes_on = bare.ends_with('\\') && !bare.ends_with("\\\\");
        let said = bare.strip_suffix('\\').filter(|_| goes_on).unwrap_or(bare);
        let from = at + offset_in(line, said).unwrap_or(0);
        if !said.is_empty() {
            if blank {
                clean.put(" ", from);
            }
            unescape(said, from, clean);
            blank = !goes_on;
        }
        at += line.len();
    }
}

/// `- 'x'`
fn item(line: &str) -> &str {
    let text = line.trim();
    text.strip_prefix("- ").map_or(text, str::trim_start)
}

/// The item of a list, as a line.
fn unquoted(text: &str, range: Range<usize>, clean: &mut Extract) {
    let item = text.get(range.clone()).unwrap_or("");
    let inside = |mark: char| item.strip_prefix(mark)?.strip_suffix(mark);
    match (inside('\''), inside('"')) {
        (Some(inner), _) => clean.copy(text, range.start + 1..range.start + 1 + inner.len()),
        (_, Some(inner)) => unescape(inner, range.start + 1, clean),
        (None, None) => clean.copy(text, range.clone()),
    }
    end_line(clean, range.end);
}

fn end_line(clean: &mut Extract, at: usize) {
    if !clean.text().ends_with('\n') {
        clean.put("\n", at);
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::unwrap::tests::A;
    use crate::parse::unwrap::tests::B;
    use crate::parse::unwrap::tests::parts;

    #[test]
    fn what_is_said_twice_is_read_once() {
        let text = format!(
            "changed: [10.0.0.1:7000] => \n  rc: 0\n  stdout: '{A}\n\n    {B}'\n  stdout_lines:\n  - {A}\n  - '{B}'\nok: [h]\n"
        );
        let expected = format!("changed: [10.0.0.1:7000] => \n  rc: 0\n{A}\n{B}\nok: [h]\n");
        let found = parts(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, expected);
    }

    #[test]
    fn every_way_of_writing_a_text_is_read() {
        for said in [
            format!("stdout: |-\n    {A}\n    {B}\n"),
            format!("stdout: '{A}\n\n    {B}'\n"),
            format!("stdout: \"{A}\\n{B}\"\n"),
            format!("stdout: \"{}\\\n    \\ {}\\n{B}\"\n", &A[..60], &A[61..]),
            format!("stdout_lines:\n  - {A}\n  - \"{B}\"\n"),
        ] {
            let text = format!("ok: [h] => \n  rc: 0\n  {said}  changed: false\n");
            let found = parts(&text);
            assert_eq!(found.len(), 1, "{text}");
            let expected = format!("ok: [h] => \n  rc: 0\n{A}\n{B}\n  changed: false\n");
            assert_eq!(found[0].0, expected, "{text}");
        }
    }

    #[test]
    fn what_lists_no_node_is_left() {
        for text in [
            "  stdout: 'a b'\n  stdout_lines:\n  - a b\n",
            "  stdout: |-\n    a\n    b\n  stdout_lines: <omitted>\n",
        ] {
            assert_eq!(parts(text), []);
        }
    }
}
