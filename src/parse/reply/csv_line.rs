//! Answers of `redis-cli --csv`: all values on one line, nothing where a list is empty.

use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::reply::Item;
use crate::parse::reply::Value;
use crate::text::lex::escape::unescaped;

/// A text in quotes, or a number, and more behind it.
pub(super) fn starts(line: &str) -> bool {
    let line = line.trim();
    let quoted = line.starts_with('"') && line.contains("\",");
    let number = line.bytes().take_while(u8::is_ascii_digit).count();
    quoted || number > 0 && line.as_bytes().get(number) == Some(&b',') && line.contains('"')
}

pub(super) fn read(block: Block<'_>) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        let item = |text| Item {
            line,
            value: Value::Text(unescaped(text)),
        };
        items.extend(fields(text).map(item));
    }
    items
}

/// The fields of a line, without their quotes.
pub(in crate::parse) fn fields(line: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(line.trim());
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end_of_field(text);
        let (field, behind) = text.split_at(end);
        rest = behind.strip_prefix(',');
        let inner = field.strip_prefix('"').unwrap_or(field);
        Some(inner.strip_suffix('"').unwrap_or(inner))
    })
}

/// The comma behind the first field, or the end.
fn end_of_field(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_in_quotes_belong_to_the_value() {
        let all: Vec<_> = fields(r#"0,"a,b","c\"d",,"e"#).collect();
        assert_eq!(all, ["0", "a,b", r#"c\"d"#, "", "e"]);
    }

    #[test]
    fn one_value_is_no_list() {
        assert!(starts(r#""dir","/d""#) && starts(r#"0,5,"?""#));
        for text in [r#""PONG""#, "host,ip", "1,2", "12) \"a\"", ""] {
            assert!(!starts(text), "{text}");
        }
    }
}
