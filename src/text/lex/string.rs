//! Strings in quotes: where they end, and what stands in an object of them.

use std::ops::Range;

/// The byte of the quote that closes a string whose inside begins at the byte `from`; a backslash
/// before it makes it text. `None` if nothing closes it.
pub fn closing_quote(text: &str, from: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// A member of an object of JSON: its key, and the bytes of its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member<'a> {
    pub key: &'a str,
    /// Without the quotes of a string.
    pub value: Range<usize>,
    pub is_string: bool,
}

/// The members of the object that `text` is, all of it, the outermost ones only; `None` if it is
/// no object.
pub fn members(text: &str) -> Option<Vec<Member<'_>>> {
    let bytes = text.as_bytes();
    let blank = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
    };
    let mut members = Vec::new();
    let mut at = blank(0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    loop {
        at = blank(at + 1);
        if bytes.get(at) != Some(&b'"') {
            break;
        }
        let end = closing_quote(text, at + 1, b'"')?;
        let key = text.get(at + 1..end)?;
        at = blank(end + 1);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        at = blank(at + 1);
        let is_string = bytes.get(at) == Some(&b'"');
        let (value, end) = match is_string {
            true => {
                let end = closing_quote(text, at + 1, b'"')?;
                (at + 1..end, end + 1)
            }
            false => {
                let end = end_of_value(text, at)?;
                (at..end, end)
            }
        };
        members.push(Member {
            key,
            value,
            is_string,
        });
        at = blank(end);
        if bytes.get(at) != Some(&b',') {
            break;
        }
    }
    let ended = bytes.get(at) == Some(&b'}') && blank(at + 1) == bytes.len();
    ended.then_some(members)
}

/// Where a number, a word, a list or an object ends that begins at `at`.
fn end_of_value(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match bytes.get(at)? {
            b'"' => at = closing_quote(text, at + 1, b'"')?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_quote() {
        assert_eq!(closing_quote(r#"a\"b" c"#, 0, b'"'), Some(4));
        assert_eq!(closing_quote(r#"a\\" c"#, 0, b'"'), Some(3));
        assert_eq!(closing_quote(r#"a\"#, 0, b'"'), None);
    }

    #[test]
    fn members_are_those_of_the_outer_object() {
        let text = r#"{"a": "x\"y", "b":{"c":"}"},"d":[1,{"e":2}], "f":null}"#;
        let found = members(text).expect("an object");
        let found: Vec<_> = found
            .iter()
            .map(|m| (m.key, &text[m.value.clone()], m.is_string))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "x\\\"y", true),
                ("b", "{\"c\":\"}\"}", false),
                ("d", "[1,{\"e\":2}]", false),
                ("f", "null", false),
            ]
        );
        assert_eq!(members(" { } ").map(|m| m.len()), Some(0));
        for text in [
            "",
            "[]",
            "{\"a\"}",
            "{\"a\":1",
            "{\"a\":1} x",
            "{\"a\":\"x}",
        ] {
            assert_eq!(members(text), None, "{text}");
        }
    }
}
