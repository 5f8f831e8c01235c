//! Where keys and values stand in a line, whatever wrote it.

use std::ops::Range;

use crate::redact::token;

/// Where a value ends depends on what writes it.
pub(super) struct Value {
    pub to_line_end: bool,
    pub only_quoted: bool,
    pub json: bool,
}

impl Value {
    /// The value behind `at`; the elements of a list of quoted ones.
    pub fn find(&self, line: &str, at: usize) -> Vec<Range<usize>> {
        let rest = &line[at..];
        let text = rest.strip_prefix('>').unwrap_or(rest).trim_start();
        let from = line.len() - text.len();
        if let Some(list) = text.strip_prefix(['[', '(']) {
            return quoted_elements(list, from + 1);
        }
        if let Some(range) = quoted(text, from) {
            return vec![range];
        }
        if self.only_quoted {
            return Vec::new();
        }
        let bytes = text.as_bytes();
        let over = |at: usize| match bytes[at] {
            // A line end that is written out ends a value, too.
            b'\\' => matches!(bytes.get(at + 1), Some(b'n' | b'r' | b't')),
            _ if self.to_line_end => false,
            b',' | b'}' | b']' => self.json,
            byte => byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';'),
        };
        let end = (0..bytes.len()).find(|at| over(*at));
        let end = text[..end.unwrap_or(text.len())].trim_end().len();
        let range = from..from + end;
        vec![range]
    }
}

/// The inside of the quotes that `text` begins with.
fn quoted(text: &str, from: usize) -> Option<Range<usize>> {
    let escaped = text.starts_with("\\\"");
    let open = if escaped { 2 } else { 1 };
    let mark = text.get(open - 1..)?.chars().next()?;
    if mark != '"' && mark != '\'' {
        return None;
    }
    let inner = &text[open..];
    let bytes = inner.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escaped && bytes.get(at + 1) == Some(&b'"') => break,
            b'\\' => at += 1,
            byte if byte == mark as u8 => break,
            _ => {}
        }
        at += 1;
    }
    Some(from + open..from + open + at.min(inner.len()))
}

fn quoted_elements(list: &str, from: usize) -> Vec<Range<usize>> {
    let mut elements = Vec::new();
    let mut at = 0;
    while let Some(text) = list.get(at..) {
        let element = text.trim_start_matches([' ', ',', '\t']);
        let start = from + list.len() - element.len();
        let Some(range) = quoted(element, start) else {
            break;
        };
        at = range.end + 1 - from;
        elements.push(range);
    }
    elements
}

/// The word that ends before the sign at `at`, and whether it stands in quotes.
pub(super) fn key_before(line: &str, at: usize) -> Option<(Range<usize>, bool)> {
    let bytes = line.as_bytes();
    // Nobody writes more of them, and a line may be a megabyte.
    const MOST: usize = 8;
    let behind = |end: usize, marks: &[u8]| {
        let last = bytes[..end].iter().rev().take(MOST);
        end - last.take_while(|b| marks.contains(b)).count()
    };
    let bare = behind(at, b" ");
    let end = behind(bare, b"\"'\\");
    let legal = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-');
    let length = bytes[..end].iter().rev().take(64).take_while(legal).count();
    let mut start = end - length;
    if start > 0
        && bytes[start - 1] == b'\\'
        && matches!(bytes.get(start), Some(b'n' | b'r' | b't'))
    {
        start += 1;
    }
    (end > start + 1).then_some((start..end, bare != end))
}

/// Where the next line begins if `\n` or `\r\n` is written out at `at`, as in a JSON string.
pub(super) fn behind_line_end(line: &str, at: usize) -> Option<usize> {
    let text = line[at..].trim_start_matches('\\');
    let text = match text.strip_prefix('r') {
        Some(rest) => rest.trim_start_matches('\\'),
        None => text,
    };
    Some(line.len() - text.strip_prefix('n')?.len())
}

/// The lines that one line is made of: between line ends that are written out, and in JSON one
/// for each string.
pub(super) fn parts(line: &str) -> Vec<Range<usize>> {
    let is_json = line.trim_start().starts_with(['{', '[', '"']) || line.starts_with("b'");
    let bytes = line.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while is_json && at < bytes.len() {
        let from = at;
        while bytes.get(at) == Some(&b'\\') {
            at += 1;
        }
        let escapes = at - from;
        let ends = match bytes.get(at) {
            Some(b'n' | b'r') => escapes > 0,
            Some(b'"') => escapes == 0,
            Some(b'\'') => escapes == 0 && line.starts_with("b'"),
            _ => false,
        };
        if ends {
            parts.push(start..from);
            start = at + 1;
        }
        at += 1;
    }
    parts.push(start..bytes.len());
    parts
}

/// Whether a line begins at `at`: in the file, in quotes, or behind a line end written out.
pub(super) fn begins_line(line: &str, at: usize) -> bool {
    let before = &line[..at];
    before.is_empty() || before.ends_with(['"', '\'']) || before.ends_with("\\n")
}

/// The line without list numbers, quotes and colours around it: `  2) "value",`.
pub(super) fn core(line: &str) -> Range<usize> {
    let mut text = line.trim();
    loop {
        if text.starts_with('\u{1b}') {
            let length = token::separator(text.as_bytes(), 0).min(text.len());
            match text.get(length..) {
                Some(rest) if length > 1 => text = rest.trim_start(),
                _ => break,
            }
            continue;
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        match text.get(digits..).and_then(|rest| rest.strip_prefix(") ")) {
            Some(rest) if digits > 0 => text = rest.trim_start(),
            _ => break,
        }
    }
    if let Some((front, end)) = text.rsplit_once('\u{1b}')
        && end.starts_with('[')
        && end.ends_with('m')
    {
        text = front;
    }
    for mark in ['"', '\''] {
        let inner = text.strip_prefix(mark);
        let inner = inner.map(|t| {
            t.strip_suffix(',')
                .filter(|t| t.ends_with(mark))
                .unwrap_or(t)
        });
        text = inner.and_then(|t| t.strip_suffix(mark)).unwrap_or(text);
    }
    let start = (text.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    start..start + text.len()
}
