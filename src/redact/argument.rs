//! The words of a line, whatever quotes, lists and strings within strings they stand in.
//!
//! A command may be typed, printed by `ps`, be one string of a JSON answer or a list of them; a
//! whole file may be one string with its line ends written out. The words come in order, and
//! each knows its line and how far a value that begins with it goes.

use std::ops::Range;

use crate::redact::token;

/// A stretch without blanks, quotes and colours.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub range: Range<usize>,
    /// Counts the line ends that are written out before it.
    pub line: usize,
    /// Where the string it stands in begins and ends.
    string: Option<Range<usize>>,
    /// It begins where a string ends: a shell makes one word of `'a'"b"` and of `'a'b`.
    pub glued: bool,
}

impl Word {
    pub fn text<'a>(&self, line: &'a str) -> &'a str {
        &line[self.range.clone()]
    }

    /// The first of a string: `"hunter 2"`.
    pub fn opens(&self) -> bool {
        let start = self.range.start;
        self.string.as_ref().is_some_and(|s| s.start == start)
    }

    /// Whether one string holds both, or none does.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.line == other.line && self.string == other.string
    }

    /// The value that begins here: a whole string, else up to the next blank.
    pub fn value(&self, line: &str) -> Range<usize> {
        let start = self.range.start;
        let bytes = line.as_bytes();
        let over = |at: &usize| {
            bytes[*at].is_ascii_whitespace() && (*at == start || bytes[at - 1] != b'\\')
        };
        match &self.string {
            Some(string) if self.opens() => string.clone(),
            // `\ ` is a blank within a word.
            Some(string) if bytes[..self.range.end].ends_with(b"\\") => {
                let end = (start..string.end).find(over).unwrap_or(string.end);
                start..end
            }
            Some(_) => self.range.clone(),
            // What looks like a quote or a line end may be a part of it.
            None => {
                let end = (start..line.len()).find(over).unwrap_or(line.len());
                let text = line[start..end].trim_end_matches(['"', '\'', '`', ';', ',', ')']);
                start..start + text.len()
            }
        }
    }

    /// Everything of its line from here on.
    pub fn rest(&self, line: &str) -> Range<usize> {
        if self.opens() {
            return self.value(line);
        }
        let end = self.string.as_ref().map_or(line.len(), |s| s.end);
        let text = &line[self.range.start..end];
        let ends = ["\\n", "\\r"].into_iter().filter_map(|e| text.find(e));
        // In a file that is no string, a backslash is one.
        let length = match self.string {
            Some(_) => ends.min().unwrap_or(text.len()),
            None => text.len(),
        };
        let text = text[..length].trim_end().trim_end_matches('\\');
        self.range.start..self.range.start + text.len()
    }
}

/// A string that was opened and not closed yet.
struct Open {
    mark: u8,
    /// Backslashes before its marks.
    level: usize,
    index: usize,
}

/// All words, in order.
pub(super) fn words(line: &str) -> Vec<Word> {
    let bytes = line.as_bytes();
    let mut found: Vec<(Range<usize>, usize, Option<usize>, bool)> = Vec::new();
    let mut strings: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let (mut at, mut number) = (0, 0);
    // Where the present word began.
    let mut from = None;
    // Behind a string that was just closed, and behind quotes that open there.
    let (mut seam, mut opened) = (None, false);
    while at <= bytes.len() {
        let gap = gap(bytes, at, &open, from);
        let (length, kind) = gap.unwrap_or((1, Gap::Part));
        if let Gap::Part = kind {
            from.get_or_insert(at);
            at += length;
            continue;
        }
        if let Some(start) = from.take() {
            let string = open.last().map(|o| o.index);
            // A list has a sign there.
            let glued = seam == Some(start) && (opened || bytes[start].is_ascii_alphanumeric());
            found.push((start..at, number, string, glued));
        }
        match kind {
            Gap::Part | Gap::Blank => {}
            Gap::LineEnd => number += 1,
            Gap::Close(depth) => {
                for closed in open.drain(depth..) {
                    strings[closed.index].end = at;
                }
                (seam, opened) = (Some(at + length), false);
            }
            Gap::Open { mark, level } => {
                let index = strings.len();
                strings.push(at + length..line.len());
                open.push(Open { mark, level, index });
                if seam == Some(at) {
                    (seam, opened) = (Some(at + length), true);
                }
            }
        }
        at += length;
    }
    let word = |(range, line, string, glued): (_, _, Option<usize>, _)| Word {
        range,
        line,
        string: string.and_then(|index| strings.get(index).cloned()),
        glued,
    };
    found.into_iter().map(word).collect()
}

enum Gap {
    /// None: it belongs to the word.
    Part,
    Blank,
    LineEnd,
    /// Of the string at this depth, and of those within it.
    Close(usize),
    Open {
        mark: u8,
        level: usize,
    },
}

/// What parts words at `at`, and its length.
fn gap(bytes: &[u8], at: usize, open: &[Open], from: Option<usize>) -> Option<(usize, Gap)> {
    /// Nobody nests deeper, and a line may be a megabyte of them.
    const DEEPEST: usize = 8;
    let Some(&byte) = bytes.get(at) else {
        return Some((1, Gap::Blank));
    };
    if byte.is_ascii_whitespace() {
        return Some((1, Gap::Blank));
    }
    if byte == 0x1b {
        return Some((
            token::separator(bytes, at).min(bytes.len() - at),
            Gap::Blank,
        ));
    }
    let level = bytes[at..]
        .iter()
        .take(DEEPEST)
        .take_while(|b| **b == b'\\')
        .count();
    let behind = at + level;
    match bytes.get(behind) {
        Some(b'n') if level > 0 => Some((level + 1, Gap::LineEnd)),
        Some(b'r' | b't') if level > 0 => Some((level + 1, Gap::Blank)),
        Some(&mark @ (b'"' | b'\'')) => {
            let same = |o: &Open| o.mark == mark && o.level == level;
            if let Some(depth) = open.iter().rposition(same) {
                return Some((level + 1, Gap::Close(depth)));
            }
            // A quote within a word is a part of it; `b'…'` is a string of Python.
            let opens = match from {
                None => true,
                Some(start) => {
                    let before = bytes[at - 1];
                    matches!(before, b'[' | b'{' | b'(' | b',' | b':' | b'=' | b'>')
                        || before == b'b' && at == start + 1
                }
            };
            match opens && open.len() < DEEPEST {
                true => Some((level + 1, Gap::Open { mark, level })),
                false => Some((level + 1, Gap::Part)),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<(&str, usize)> {
        let words = words(line);
        words
            .iter()
            .map(|w| (&line[w.range.clone()], w.line))
            .collect()
    }

    fn values<'a>(line: &'a str, word: &str) -> Vec<&'a str> {
        let words = words(line);
        let words = words.iter().filter(|w| w.text(line).starts_with(word));
        words.map(|w| &line[w.value(line)]).collect()
    }

    #[test]
    fn strings_and_written_line_ends_part_words() {
        assert_eq!(texts("a 'b c'"), [("a", 0), ("b", 0), ("c", 0)]);
        assert_eq!(texts("{\"x\":\"a\\nb\"}").last(), Some(&("}", 1)));
        assert_eq!(texts("b'p\\nq'"), [("b", 0), ("p", 0), ("q", 1)]);
        assert_eq!(texts("\u{1b}[0mx\u{1b}[0m"), [("x", 0)]);
        assert_eq!(texts("\u{1b}["), []);
        assert_eq!(texts("it's"), [("it's", 0)]);
    }

    #[test]
    fn quotes_side_by_side_are_glued() {
        let glued = |line: &'static str| {
            let words = words(line);
            let words = words.iter().filter(|w| w.glued);
            words.map(|w| w.text(line)).collect::<Vec<_>>()
        };
        assert_eq!(glued("-a 'a'\"'b'\" c"), ["b"]);
        assert_eq!(glued("-a 'a'b c"), ["b"]);
        for line in ["'a' 'b'", "[\"a\",\"b\"]", "{\"x\":\"-a 'a'\",\"y\":1}"] {
            assert_eq!(glued(line), [] as [&str; 0], "{line}");
        }
    }

    #[test]
    fn a_value_ends_with_its_string() {
        assert_eq!(values("-a 'hunter 2' x", "hunter"), ["hunter 2"]);
        assert_eq!(values("-a hunter'2 x", "hunter"), ["hunter'2"]);
        assert_eq!(values("-a hunter\\ 2 x", "hunter"), ["hunter\\ 2"]);
        for line in [
            "{\"cmd\":\"x -a hunter2\",\"rc\":0}",
            "[\"-a\", \"hunter2\", \"x\"]",
            "\"{\\\"cmd\\\": \\\"-a hunter2\\\"}\"",
            "\"-a \\\"hunter2\\\" x\"",
            "-a hunter2; ls",
        ] {
            assert_eq!(values(line, "hunter"), ["hunter2"], "{line}");
        }
    }

    #[test]
    fn the_rest_ends_with_the_line() {
        let rest = |line: &'static str| {
            let words = words(line);
            let word = words.iter().find(|w| w.text(line) == "b").expect("there");
            &line[word.rest(line)]
        };
        assert_eq!(rest("a b c "), "b c");
        assert_eq!(rest("{\"x\": \"a b c\\r\\nd\", 1}"), "b c");
        assert_eq!(rest("a \"b c\" d"), "b c");
    }
}
