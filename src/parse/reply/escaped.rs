//! Escapes within the quotes of a terminal or of CSV (`sdscatrepr`).

use std::borrow::Cow;

/// The text; what is no escape of a server stays as it is. Bytes that are not UTF-8 are replaced.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, length) = match (first, behind) {
            (b'\\', [b'x', high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (16 * high + low, 4),
                _ => (first, 1),
            },
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'a', ..]) => (7, 2),
            (b'\\', [b'b', ..]) => (8, 2),
            (b'\\', [quoted @ (b'\\' | b'"'), ..]) => (*quoted, 2),
            _ => (first, 1),
        };
        bytes.push(byte);
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
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
        ] {
            assert_eq!(unescape(text), read, "{text}");
        }
    }
}
