//! What stands around the strings that were taken out of JSON.

use crate::parse::heading::heading;
use crate::parse::transcript;
use crate::text::Inside;
use crate::text::Source;

/// A key and its value that were looked at, in bytes of the file.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    /// It is an answer by itself; else a message.
    pub used: bool,
}

/// The lines in which no string was found, but for the keys and brackets of the documents around
/// the strings; `None` if they say nothing.
pub(super) fn around(
    source: &Source,
    strings: &[Span],
    documents: &[(usize, usize)],
) -> Option<Source> {
    let mut text = String::new();
    let mut lines = Vec::new();
    let mut says = false;
    let mut strings = strings.iter().peekable();
    let mut documents = documents.iter().peekable();
    let mut start = 0;
    for (number, line) in (1..).zip(source.text.split_inclusive('\n')) {
        let end = start + line.len();
        while strings.next_if(|s| s.end <= start).is_some() {}
        while documents.next_if(|d| d.1 <= start).is_some() {}
        let string = strings.peek().filter(|s| s.start < end);
        let in_document = documents.peek().is_some_and(|d| d.0 < end);
        start = end;
        let bare = line.trim();
        let is_taken = string.is_some_and(|s| s.used || is_pair(bare) || bare.starts_with('{'));
        if is_taken || bare.is_empty() || in_document && is_scaffold(bare) {
            continue;
        }
        says |= !is_brackets(bare) && heading(bare).is_none_or(|h| h.rest.is_some());
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

/// `"rc": 0,` and brackets, as long as no answer looks like that.
fn is_scaffold(line: &str) -> bool {
    is_brackets(line)
        || line.starts_with("{\"")
        || is_pair(line) && transcript::class(line).is_none()
}

/// `"key": …`, or one string of a list.
fn is_pair(line: &str) -> bool {
    line.starts_with('"') && (line.contains("\":") || line.ends_with("\",") || line.ends_with('"'))
}

fn is_brackets(line: &str) -> bool {
    line.bytes().all(|b| b"[]{},: ".contains(&b))
}
