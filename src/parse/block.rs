//! A stretch of whole lines of one source, and what people paste around them.

use crate::text::Source;

/// A file, or one section of a transcript.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub text: &'a str,
    /// Number of its first line in the file, from 1.
    pub first_line: u32,
}

impl<'a> Block<'a> {
    /// The whole file, without a byte order mark.
    pub fn of(source: &'a Source) -> Self {
        Self {
            text: source.text.strip_prefix('\u{feff}').unwrap_or(&source.text),
            first_line: 1,
        }
    }

    /// Lines with their numbers in the file, without `\n` or `\r\n`.
    pub fn lines(self) -> impl Iterator<Item = (u32, &'a str)> {
        (self.first_line..).zip(self.text.lines())
    }

    /// False if the file stops in the middle of a line.
    pub fn ends_with_line_end(self) -> bool {
        self.text.ends_with('\n')
    }
}

/// A blank line, a prompt with its command, or what clients and wrappers print on stderr.
pub(super) fn is_noise(line: &str) -> bool {
    const WARNINGS: [&str; 4] = [
        "Warning: Using a password",
        "Defaulted container",
        "Unable to use a TTY",
        "AUTH failed",
    ];
    let line = line.trim();
    // The answer of a node may be one line of a megabyte.
    if line.len() > LONGEST_NOISE {
        return false;
    }
    let Some(first) = line.bytes().next() else {
        return true;
    };
    let begins = || WARNINGS.iter().any(|w| line.starts_with(w)) || line.starts_with("$ ");
    // Asked of every line: a search for one byte costs a tenth of a search for a word.
    let has = |byte: u8| line.as_bytes().contains(&byte);
    let calls = || line.contains("redis-cli ") || line.contains("valkey-cli ");
    matches!(first, b'W' | b'D' | b'U' | b'A' | b'$') && begins()
        || has(b'-') && line.contains("-cli ") && calls()
        || has(b'>') && is_prompt(line)
}

/// Nobody types a longer command.
const LONGEST_NOISE: usize = 4096;

/// `127.0.0.1:6379> cluster nodes`; the address may be an IPv6 one or a name.
fn is_prompt(line: &str) -> bool {
    const COMMANDS: [&str; 7] = ["cluster", "info", "config", "ping", "auth", "time", "role"];
    let Some((before, command)) = line.split_once('>') else {
        return false;
    };
    if before.is_empty() {
        // What is quoted begins so, too.
        let command = command.trim();
        return ASKED.iter().any(|c| command.eq_ignore_ascii_case(c));
    }
    let word = command.split_whitespace().next().unwrap_or("");
    !before.contains(' ')
        && (word.is_empty() || COMMANDS.iter().any(|c| word.eq_ignore_ascii_case(c)))
}

/// Commands as they are typed to a client, and echoed above what it answers.
const ASKED: [&str; 6] = [
    "cluster nodes",
    "cluster info",
    "cluster slots",
    "cluster shards",
    "info",
    "info replication",
];

/// A rule, a bar or the edge of a box: it frames what stands beside it, and says nothing.
pub(super) fn is_frame(line: &str) -> bool {
    const SHORTEST: usize = 3;
    let text = line.trim();
    let of_frame = |c: char| {
        matches!(
            c,
            '=' | '-' | '_' | '*' | '~' | '#' | ':' | '+' | '|' | '—' | '–' | '\u{2500}'
                ..='\u{257f}' | ' '
        )
    };
    let directive = || text.starts_with(".. ") && text.contains("::");
    text.len() >= SHORTEST && text.chars().all(of_frame) || directive()
}

/// Nothing between a heading and the answer below it, but what frames the answer or asks for it.
pub(super) fn is_between(line: &str) -> bool {
    let text = line.trim();
    let asks = || {
        let command = text.strip_prefix('>').unwrap_or(text).trim();
        ASKED.iter().any(|c| command.eq_ignore_ascii_case(c))
    };
    text.is_empty() || text.len() <= LONGEST_NOISE && (is_frame(text) || asks())
}

/// The line without quoting, split where an escaped `\n` stands for a line end, and between the
/// texts of a JSON list.
///
/// What comes out is always a slice of what went in, so that columns can be told.
pub(super) fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let text = strip_markup(line);
    let has = |byte: u8| text.as_bytes().contains(&byte);
    let (whole, joined) = match has(b'\\') || has(b'"') {
        true => (None, Some(text)),
        false => (Some(text), None),
    };
    let parts = joined.into_iter().flat_map(|text| text.split("\\n"));
    let parts = parts.flat_map(|text| text.split("\",\""));
    whole
        .into_iter()
        .chain(parts)
        .map(|piece| piece.strip_suffix("\\r").unwrap_or(piece).trim())
        .filter(|piece| !piece.is_empty())
}

/// Takes off `> `, `12) `, quotes, `**` and colours, from both ends, as often as they stand there.
pub(super) fn strip_markup(line: &str) -> &str {
    const BEFORE: [&str; 9] = ["b'", "b\"", "[\"", "\"", "'", "**", "txt:", "`", "“"];
    const AFTER: [&str; 10] = [
        "\",",
        "\"]",
        "\"",
        "',",
        "'",
        "**",
        "\u{1b}[0m",
        "`",
        "”",
        " +",
    ];
    let mut text = line.trim();
    if is_bare(text) {
        return text;
    }
    for _ in 0..LAYERS_MAX {
        let before = text;
        text = strip_colour(text);
        text = strip_list_number(text);
        text = strip_length(text);
        // Headings of `redis-cli --cluster` are no quotation and no bold text.
        if text.starts_with(">>>") || text.starts_with("*** ") {
            return text;
        }
        text = text.strip_prefix('>').unwrap_or(text);
        for mark in BEFORE {
            text = text.strip_prefix(mark).unwrap_or(text);
        }
        for mark in AFTER {
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        text = text.trim();
        if text.len() == before.len() {
            return text;
        }
    }
    text
}

/// Cheap: begins and ends as nothing does that is taken off.
fn is_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = match bytes {
        [b'b' | b't', ..] | [] => false,
        [b's', b't', b'r', b'i', b'n', b'g', b'(', ..] => false,
        [b'a'..=b'z' | b'A'..=b'Z', ..] => true,
        [b'0'..=b'9', ..] => {
            let behind = bytes.iter().find(|b| !b.is_ascii_digit());
            !matches!(behind, Some(b')' | b'#'))
        }
        _ => false,
    };
    // The last of a colour is an `m`.
    let ends = |b: &u8| b.is_ascii_alphanumeric() && *b != b'm' || matches!(b, b'.' | b'-' | b':');
    begins && bytes.last().is_some_and(ends)
}

/// Nobody quotes a quotation more often.
const LAYERS_MAX: usize = 64;

/// `1) ` of a list, `1# ` of a RESP3 map.
fn strip_list_number(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.get(digits..) {
        Some(rest) if digits > 0 => rest
            .strip_prefix(") ")
            .or_else(|| rest.strip_prefix("# "))
            .unwrap_or(text),
        _ => text,
    }
}

/// `string(765) "`, as PHP shows what a variable holds.
fn strip_length(text: &str) -> &str {
    let behind = || {
        let (length, rest) = text.strip_prefix("string(")?.split_once(") \"")?;
        length.bytes().all(|b| b.is_ascii_digit()).then_some(rest)
    };
    behind().unwrap_or(text)
}

/// `redis-cli --cluster` colours its output even into a file.
fn strip_colour(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("\u{1b}[") else {
        return text;
    };
    match rest.split_once('m') {
        Some((code, rest)) if code.bytes().all(|b| b.is_ascii_digit() || b == b';') => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_off_what_people_paste() {
        for line in [
            "a b",
            "> a b",
            "> > \"a b\"",
            "12) \"a b\"",
            "  3) 1) \"a b\"",
            "**a b**",
            "\u{1b}[32;1ma b\u{1b}[0m",
            "b'a b'",
            "string(3) \"a b\"",
            "“a b”",
            "'a b',",
            "'a b' +",
            "string(900) \"a b",
            "```a b",
            "a b```",
            "`a b`",
        ] {
            assert_eq!(strip_markup(line), "a b", "{line:?}");
        }
    }

    #[test]
    fn layers_without_end_are_left() {
        let text = "\"".repeat(1000);
        assert!(strip_markup(&text).len() > 500);
        assert_eq!(strip_markup(&format!("{}a", "> ".repeat(60))), "a");
    }

    #[test]
    fn frames_say_nothing() {
        for frame in [
            "-----",
            "::::::::::",
            "───────┬─────",
            "=====",
            "+----+---+",
            "| --- |",
            ".. code-block:: text",
        ] {
            assert!(is_frame(frame) && is_between(frame), "{frame}");
        }
        for line in ["...", "[...]", "- a", "--", "::1", "- -1"] {
            assert!(!is_frame(line), "{line}");
        }
        assert!(is_between("> CLUSTER NODES") && is_between(" "));
        assert!(!is_between("10.0.0.1:7000"));
    }

    #[test]
    fn splits_an_escaped_answer() {
        let found: Vec<_> = pieces("\"a b\\nc d\\r\\n\"").collect();
        assert_eq!(found, ["a b", "c d"]);
    }

    #[test]
    fn knows_a_prompt_from_an_answer() {
        for noise in [
            "127.0.0.1:6379> cluster nodes",
            "[::1]:6379> CLUSTER NODES",
            "10.0.0.1:7000>",
            "> CLUSTER NODES",
            "$ redis-cli -p 7000 cluster nodes",
            "",
        ] {
            assert!(is_noise(noise), "{noise:?}");
        }
        for fact in [
            "> info is odd",
            "> abc 10.0.0.1:7000 master",
            "[1->-abc]",
            "role:master",
        ] {
            assert!(!is_noise(fact), "{fact:?}");
        }
    }
}
