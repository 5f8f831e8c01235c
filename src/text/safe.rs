//! Captured text made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

/// So many marks may stand on one letter; more of them paint over the lines around it.
const MARKS: usize = 4;

/// Spells out what a terminal would obey or hide: control characters, ESC and line breaks among
/// them, bidirectional overrides, characters that look like nothing or like a blank, and marks
/// without a letter below them. The result is one visible line; applying it twice changes
/// nothing.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = MARKS;
    for c in text.chars() {
        let mark = c.width() == Some(0);
        marks = if mark { marks + 1 } else { 0 };
        if is_unsafe(c) || mark && marks > MARKS {
            marks = MARKS;
            spell_out(c, &mut out);
        } else {
            if c == ' ' {
                marks = MARKS;
            }
            out.push(c);
        }
    }
    if out == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(out)
}

fn spell_out(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing into a String cannot fail.
        c if c.is_ascii() => drop(write!(out, "\\x{:02x}", u32::from(c))),
        c => out.extend(c.escape_unicode()),
    }
}

/// A character that does not simply stand on the screen where it is written: it moves something,
/// or nobody sees it. Those behind the white space are what Unicode calls ignorable by default,
/// one that is drawn as a blank, and those that will never be characters.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || c.is_whitespace() && c != ' '
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{13440}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that `text` takes on a terminal once it is safe.
pub fn width(text: &str) -> usize {
    safe(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_not_copied() {
        for text in [
            "10.0.0.1:7000 · <b> \\n ü",
            "레디스-서버-1",
            "漢字 and \u{1112}\u{1161}\u{11ab}",
            "cafe\u{301}",
        ] {
            assert!(matches!(safe(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        let hostile = "\x1b[31m\n\r\t\u{7f}\u{9b}2J\u{202e}\u{2066}\u{200b}\u{2028}";
        let harmless = "\\x1b[31m\\n\\r\\t\\x7f\\u{9b}2J\\u{202e}\\u{2066}\\u{200b}\\u{2028}";
        assert_eq!(safe(hostile), harmless);
        assert_eq!(safe(harmless), harmless);
    }

    #[test]
    fn what_looks_like_nothing_is_spelled_out() {
        for c in "\u{3164}\u{ffa0}\u{115f}\u{1160}\u{17b4}\u{2800}\u{1d173}\u{e0041}\u{e01ef}\u{fe0f}\u{fffb}\
                  \u{a0}\u{3000}\u{180e}\u{2061}\u{feff}\u{85}\u{fffe}\u{10ffff}"
            .chars()
        {
            let escaped = format!("h{}", c.escape_unicode());
            assert_eq!(safe(&format!("h{c}")), escaped);
        }
    }

    #[test]
    fn marks_need_a_letter_and_are_few() {
        assert_eq!(safe("\u{301}a"), "\\u{301}a");
        assert_eq!(safe("a \u{301}"), "a \\u{301}");
        assert_eq!(safe("\x1b\u{301}"), "\\x1b\\u{301}");
        let many = format!("a{}", "\u{301}".repeat(40));
        let text = safe(&many);
        assert_eq!(text.matches('\u{301}').count(), MARKS);
        assert_eq!(safe(&text), text);
    }

    /// Every character: it takes the columns it is said to take, or is spelled out.
    #[test]
    fn nothing_without_a_width_stands_alone() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let shown = safe(&text);
            assert_eq!(safe(&shown), shown, "{:?}", c.escape_unicode());
            assert!(width(&text) > 0, "{:?}", c.escape_unicode());
        }
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("레디스-서버-1"), 13);
        assert_eq!(width("cafe\u{301}"), 4);
        assert_eq!(width("a\x1b"), 5);
    }
}
