//! What stands before every line in the output of tools that follow many logs.

use crate::text::lex::time::is_time;

/// A word of a prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Word<'a> {
    /// `10:00:01`, `2026-11-20T10:00:00.123Z`, `Nov`
    Time,
    Number,
    /// `|`, `-`, `*`
    Mark(&'a str),
    /// `stdout`, `stderr` and `F` of container logs.
    Stream,
    /// `P` of container logs: the line goes on in the next one.
    Partial,
    Name(&'a str),
}

impl<'a> Word<'a> {
    pub fn of(text: &'a str) -> Self {
        let bare = text.trim_matches(['[', ']', '(', ')', ',']);
        let bare = bare.strip_suffix(':').unwrap_or(bare);
        match text {
            "stdout" | "stderr" | "F" => Self::Stream,
            "P" => Self::Partial,
            _ if !text.bytes().any(|b| b.is_ascii_alphanumeric()) => Self::Mark(text),
            _ if is_time(bare) => Self::Time,
            _ if is_number(bare) => Self::Number,
            _ => Self::Name(text),
        }
    }

    /// Whether `other` may stand at the same place of another line.
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Mark(a), Self::Mark(b)) => a == b,
            (Self::Name(a), Self::Name(b)) => a.ends_with(':') == b.ends_with(':'),
            (Self::Stream | Self::Partial, Self::Stream | Self::Partial) => true,
            // ` 1` and `10` of days, `[12]` of processes.
            (a, b) => a == b,
        }
    }

    /// No word of a sentence.
    pub fn is_telling(self) -> bool {
        match self {
            Self::Name(name) => name.ends_with(':'),
            Self::Number => false,
            Self::Time | Self::Mark(_) | Self::Stream | Self::Partial => true,
        }
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.len() < 16
        && text.bytes().filter(|&b| b == b'.').count() < 2
        || text
            .strip_suffix(')')
            .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_prefixes_are_told_apart() {
        for (text, word) in [
            ("2026-11-20T10:00:00.123Z", Word::Time),
            ("10:00:01", Word::Time),
            ("Nov", Word::Time),
            ("20", Word::Number),
            ("12:", Word::Number),
            ("[1234.567]", Word::Number),
            ("|", Word::Mark("|")),
            ("F", Word::Stream),
            ("P", Word::Partial),
            ("redis-0", Word::Name("redis-0")),
            ("10.0.0.1:7000", Word::Name("10.0.0.1:7000")),
            ("10.0.0.1:", Word::Name("10.0.0.1:")),
            ("redis[12]:", Word::Name("redis[12]:")),
        ] {
            assert_eq!(Word::of(text), word, "{text}");
        }
    }
}
