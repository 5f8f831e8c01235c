//! A line cut into words as the servers do it (`sdssplitargs`): quotes count.

use std::borrow::Cow;

/// A word, and the byte of the line where it begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word<'a> {
    pub text: Cow<'a, str>,
    pub at: usize,
}

/// The words of a line, into `words`. The error is the byte where a word begins whose quote is
/// not closed, or is followed by something.
pub(super) fn split<'a>(line: &'a str, words: &mut Vec<Word<'a>>) -> Result<(), usize> {
    words.clear();
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        while bytes.get(at).copied().is_some_and(is_space) {
            at += 1;
        }
        if at >= bytes.len() {
            return Ok(());
        }
        let rest = &bytes[at..];
        let plain = rest
            .iter()
            .position(|&b| ends_word(b) || b == b'"' || b == b'\'');
        let end = at + plain.unwrap_or(rest.len());
        if bytes.get(end).is_none_or(|&b| ends_word(b)) {
            // Cut before an ASCII character or at the end.
            let text = Cow::Borrowed(line.get(at..end).unwrap_or(""));
            words.push(Word { text, at });
            at = end;
            continue;
        }
        let (text, end) = quoted(bytes, at).ok_or(at)?;
        let text = Cow::Owned(String::from_utf8_lossy(&text).into_owned());
        words.push(Word { text, at });
        at = end;
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Fewer than [`is_space`], as in the servers.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A word with a quote in it: its text, and the byte behind it.
fn quoted(bytes: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let mut text = Vec::new();
    let mut at = start;
    let mut quote = None;
    while let Some(&byte) = bytes.get(at) {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) if ends_word(byte) => return Some((text, at)),
            (Some(open), _) if byte == open => {
                let next = bytes.get(at + 1);
                return next.is_none_or(|&b| is_space(b)).then_some((text, at + 1));
            }
            (Some(b'"'), b'\\') => {
                let (byte, length) = escaped(&bytes[at + 1..])?;
                text.push(byte);
                at += length;
            }
            (Some(b'\''), b'\\') if bytes.get(at + 1) == Some(&b'\'') => {
                text.push(b'\'');
                at += 1;
            }
            _ => text.push(byte),
        }
        at += 1;
    }
    quote.is_none().then_some((text, at))
}

/// What stands behind a backslash, and how long it is.
fn escaped(rest: &[u8]) -> Option<(u8, usize)> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    if let [b'x', high, low, ..] = *rest
        && let (Some(high), Some(low)) = (hex(high), hex(low))
    {
        return Some(((high * 16 + low) as u8, 3));
    }
    let byte = match *rest.first()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    };
    Some((byte, 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Result<Vec<String>, usize> {
        let mut words = Vec::new();
        split(line, &mut words)?;
        Ok(words.iter().map(|w| w.text.to_string()).collect())
    }

    #[test]
    fn quotes_count() {
        for (line, words) in [
            ("a  b\tc\r", vec!["a", "b", "c"]),
            (" \r", vec![]),
            ("\"a b\" c", vec!["a b", "c"]),
            ("x\"a b\"", vec!["xa b"]),
            ("'a\\'b' \"\\x41\\n\\q\"", vec!["a'b", "A\nq"]),
            ("\"\"", vec![""]),
        ] {
            assert_eq!(
                texts(line).as_deref(),
                Ok(&words.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{line:?}"
            );
        }
        for (line, at) in [("a \"b c", 2), ("\"a\"b", 0), ("a 'b\\'", 2), ("\"a\\", 0)] {
            assert_eq!(texts(line), Err(at), "{line:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_line_is_survived(line in "[a-c\"'\\\\ ü\r\tx4]{0,30}") {
            let _ = texts(&line);
        }
    }
}
