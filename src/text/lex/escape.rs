//! Escapes behind a backslash: of JSON, of the servers (`sdscatrepr`) and of the languages in
//! which people print what a client gave them. They differ in what they write, not in what they
//! mean.

use std::borrow::Cow;

use crate::text::Extract;

/// A stretch of text without escapes, or what one escape stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece<'a> {
    Plain(&'a str),
    Escape(String),
}

/// The text that is written with escapes; what is no escape stays as it is. Bytes that are not
/// UTF-8 are replaced.
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    for (_, piece) in pieces(text) {
        match piece {
            Piece::Plain(plain) => read.push_str(plain),
            Piece::Escape(meant) => read.push_str(&meant),
        }
    }
    Cow::Owned(read)
}

/// The same, put behind what was taken out before: `text` begins at the byte `at` of its outer
/// text.
pub fn unescape(text: &str, at: usize, out: &mut Extract) {
    for (offset, piece) in pieces(text) {
        match piece {
            Piece::Plain(plain) => out.put(plain, at + offset),
            Piece::Escape(meant) => out.put(&meant, at + offset),
        }
    }
}

/// Pieces with the byte at which each begins.
fn pieces(text: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (start, piece, length) = match escape(rest) {
            Some((meant, length)) => (at, Piece::Escape(meant), length),
            None => {
                // Behind the backslash that is none, up to the next.
                let next = rest.get(1..).and_then(|rest| rest.find('\\'));
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let length = match rest.starts_with('\\') {
                    true => next.map_or(rest.len(), |next| next + 1),
                    false => rest.find('\\').unwrap_or(rest.len()),
                };
                let length = length.max(first);
                (at, Piece::Plain(rest.get(..length).unwrap_or(rest)), length)
            }
        };
        at += length;
        Some((start, piece))
    })
}

/// What the escape means with which `text` begins, and its length.
fn escape(text: &str) -> Option<(String, usize)> {
    let kind = *text.strip_prefix('\\')?.as_bytes().first()?;
    let one = |meant: char| Some((meant.to_string(), 2));
    match kind {
        b'n' => one('\n'),
        b'r' => one('\r'),
        b't' => one('\t'),
        b'a' => one('\u{7}'),
        b'b' => one('\u{8}'),
        b'f' => one('\u{c}'),
        b'e' => one('\u{1b}'),
        b'\\' | b'"' | b'\'' | b'/' => one(char::from(kind)),
        b'x' => bytes(text),
        b'u' => units(text),
        b'0' if text.starts_with("\\033") => Some(("\u{1b}".to_owned(), 4)),
        _ => None,
    }
}

/// `\xc3\xa9`: the bytes of as many characters as follow each other.
fn bytes(text: &str) -> Option<(String, usize)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix("\\x").and_then(|r| r.get(..2)) {
        let Ok(byte) = u8::from_str_radix(digits, 16) else {
            break;
        };
        found.push(byte);
        rest = rest.get(4..).unwrap_or("");
        // An ASCII character is whole by itself.
        if byte.is_ascii() {
            break;
        }
    }
    let meant = String::from_utf8_lossy(&found).into_owned();
    (!found.is_empty()).then_some((meant, 4 * found.len()))
}

/// `\u001b`, and two of them where a character needs it.
fn units(text: &str) -> Option<(String, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let first = unit(text)?;
    let second = text.get(6..).and_then(unit);
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match pair.filter(|c| c.len_utf16() == 2) {
        Some(pair) => Some((pair.to_string(), 12)),
        None => {
            let alone = char::from_u32(u32::from(first));
            let alone = alone.unwrap_or(char::REPLACEMENT_CHARACTER);
            Some((alone.to_string(), 6))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_client_wrote() {
        for (text, read) in [
            ("plain", "plain"),
            (r#"a\\b\"c\x41\n\r\t\a\b"#, "a\\b\"cA\n\r\t\u{7}\u{8}"),
            (r"\xc3\xa9\xff", "é\u{fffd}"),
            (r"C:\data\x4", "C:\\data\\x4"),
            ("\\", "\\"),
            ("é\\é", "é\\é"),
            (r"\u001b[0m\u00e9\ud834\udd1e\ud834", "\u{1b}[0mé𝄞\u{fffd}"),
            (r"a\/b\'", "a/b'"),
        ] {
            assert_eq!(unescaped(text), read, "{text}");
        }
    }

    #[test]
    fn what_is_read_keeps_its_places() {
        let text = r"x\n\xc3\xa9y";
        let mut extract = Extract::default();
        unescape(text, 0, &mut extract);
        assert_eq!(extract.text(), "x\néy");
        let file = std::sync::Arc::new(crate::text::LineStarts::of(text));
        let places = crate::text::Places::in_file(&extract, file);
        assert_eq!(places.of(2, 1), (1, 4));
        assert_eq!(places.of(2, 3), (1, 12));
    }
}
