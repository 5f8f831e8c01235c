//! Values on the line of their key: `key=value`, `key: value`, `<key>value</key>`.

use crate::redact::context::Scanner;
use crate::redact::key::Meaning;
use crate::redact::key::meaning;
use crate::redact::value::Value;
use crate::redact::value::begins_line;
use crate::redact::value::behind_line_end;
use crate::redact::value::key_before;

/// A name and its value are that near to each other.
const LINES: usize = 3;

impl Scanner {
    /// `key=value`, `key: value`, `"key": "value"`, `"key" => "value"`, `"key","value"`.
    pub(super) fn assignments(&mut self, line: &str, signs: &[u8]) {
        let bytes = line.as_bytes();
        let clients = is_client_line(line);
        let indent = line.len() - line.trim_start_matches([' ', '\t', '-', '#']).len();
        // The end of the value that was claimed last: what is in it is a part of it.
        let mut claimed = 0;
        self.named = self
            .named
            .take()
            .and_then(|(meaning, left)| Some((meaning, left.checked_sub(1)?)));
        for (at, byte) in bytes.iter().enumerate().filter(|(_, b)| signs.contains(b)) {
            if at < claimed {
                continue;
            }
            let Some((key, quoted)) = key_before(line, at) else {
                continue;
            };
            let text = &line[key.clone()];
            let of_list = *byte == b',' && (!quoted || self.named.is_some());
            if of_list || *byte == b'>' && !is_tag(line, key.start, at) {
                continue;
            }
            let meaning = match meaning(text) {
                _ if clients && text == "name" => Meaning::User,
                Some(meaning) => meaning,
                None if matches!(text, "name" | "key") && matches!(byte, b':' | b'=') => {
                    self.named = meaning_of_name(line, at + 1).map(|meaning| (meaning, LINES));
                    continue;
                }
                None if text == "value" => match self.named.take() {
                    Some((meaning, _)) => meaning,
                    None => continue,
                },
                None => continue,
            };
            let place = matches!(meaning, Meaning::Host | Meaning::Zone);
            if *byte == b':' && !quoted && place && is_prose_before(line, key.start) {
                continue;
            }
            let how = Value {
                to_line_end: *byte == b'\\' || *byte == b':' && key.start <= indent && !quoted,
                only_quoted: *byte == b',',
                json: *byte == b':',
            };
            let from = match byte {
                b'\\' => match behind_line_end(line, at) {
                    Some(from) if begins_line(line, key.start) => from,
                    _ => continue,
                },
                b'>' => {
                    let end = line[at..].find("</").map_or(line.len(), |end| at + end);
                    self.quoted_value(line, at + 1..end, meaning);
                    claimed = end;
                    continue;
                }
                _ => at + 1,
            };
            let before = (self.claims.len(), self.hidden.len());
            for range in how.find(line, from) {
                let in_quotes =
                    range.start > from && matches!(bytes[range.start - 1], b'"' | b'\'');
                if in_quotes {
                    self.quoted_value(line, range, meaning);
                } else {
                    self.value(line, range, meaning);
                }
            }
            let claims = self.claims[before.0..].iter().map(|token| token.range.end);
            let hidden = self.hidden[before.1..].iter().map(|range| range.end);
            claimed = claims.chain(hidden).fold(claimed, usize::max);
        }
    }
}

/// `this host: df ended`: a word of a sentence, not a key.
fn is_prose_before(line: &str, key: usize) -> bool {
    let before = line[..key].trim_end();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | ')');
    !begins_line(line, key) && before.len() < key && before.ends_with(word)
}

/// One connection of `CLIENT LIST`: names of clients are names of applications.
fn is_client_line(line: &str) -> bool {
    let has = |field: &str| line.contains(field);
    has("addr=") && (has(" fd=") || has(" laddr=") || has(" name=") && has(" age="))
}

/// `<password>`, which ends at `at`.
fn is_tag(line: &str, start: usize, at: usize) -> bool {
    const LONGEST: usize = 64;
    let legal = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'-' | b'_' | b'.' | b':');
    let bytes = &line.as_bytes()[..at];
    let length = bytes.iter().rev().take(LONGEST).take_while(legal).count();
    start >= at - length && bytes[..at - length].ends_with(b"<")
}

/// What the value of a key called `name` says of the value beside it.
fn meaning_of_name(line: &str, from: usize) -> Option<Meaning> {
    const LONGEST: usize = 64;
    let rest = line.get(from..)?.trim_start_matches([' ', '"', '\'', '\\']);
    let legal = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length = rest.chars().take(LONGEST).take_while(legal).count();
    meaning(&rest[..length]).filter(|m| *m == Meaning::Secret)
}
