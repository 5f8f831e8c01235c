//! Captured text made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Spells out what a terminal would obey or hide: control characters, ESC and line breaks among
/// them, bidirectional overrides, and characters without a width. The result is one visible
/// line; applying it twice changes nothing.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) && c.is_ascii() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A character that does not simply stand on the screen where it is written.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}')
}

/// Columns that `text` takes once it is safe, one per character.
pub(super) fn width(text: &str) -> usize {
    safe(text).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(
            safe("10.0.0.1:7000 · <b> \\n ü"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        let hostile = "\x1b[31m\n\r\t\u{7f}\u{9b}2J\u{202e}\u{2066}\u{200b}\u{2028}";
        let harmless = "\\x1b[31m\\n\\r\\t\\x7f\\u{9b}2J\\u{202e}\\u{2066}\\u{200b}\\u{2028}";
        assert_eq!(safe(hostile), harmless);
        assert_eq!(safe(harmless), harmless);
    }
}
