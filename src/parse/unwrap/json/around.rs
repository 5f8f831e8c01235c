//! What stands around the strings that were taken out of JSON.

use crate::parse::heading::heading;
use crate::parse::transcript;
use crate::parse::unwrap::decoration::bare;
use crate::text::Extract;
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
    page: &Source,
    strings: &[Span],
    documents: &[(usize, usize)],
) -> Option<Source> {
    let mut rest = Extract::default();
    let mut says = false;
    let mut strings = strings.iter().peekable();
    let mut documents = documents.iter().peekable();
    let mut start = 0;
    for line in page.text.split_inclusive('\n') {
        let end = start + line.len();
        while strings.next_if(|s| s.end <= start).is_some() {}
        while documents.next_if(|d| d.1 <= start).is_some() {}
        let string = strings.peek().filter(|s| s.start < end);
        let in_document = documents.peek().is_some_and(|d| d.0 < end);
        let said = line.trim();
        let is_taken = string.is_some_and(|s| s.used || is_pair(said) || said.starts_with('{'));
        if !(is_taken || said.is_empty() || in_document && is_scaffold(said)) {
            says |= !is_brackets(said) && heading(said).is_none_or(|h| h.rest.is_some());
            rest.copy(&page.text, start..end);
        }
        start = end;
    }
    says.then(|| page.part(rest, None, None))
}

/// `"rc": 0,` and brackets, as long as no answer looks like that.
fn is_scaffold(line: &str) -> bool {
    is_brackets(line)
        || line.starts_with("{\"")
        || is_pair(line) && transcript::class(bare(line)).is_none()
}

/// `"key": …`, or one string of a list.
fn is_pair(line: &str) -> bool {
    line.starts_with('"') && (line.contains("\":") || line.ends_with("\",") || line.ends_with('"'))
}

fn is_brackets(line: &str) -> bool {
    line.bytes().all(|b| b"[]{},: ".contains(&b))
}
