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
        return is_asked(command.trim());
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

pub(super) fn is_asked(command: &str) -> bool {
    ASKED.iter().any(|c| command.eq_ignore_ascii_case(c))
}

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
    let asks = || is_asked(text.strip_prefix('>').unwrap_or(text).trim());
    text.is_empty() || text.len() <= LONGEST_NOISE && (is_frame(text) || asks())
}

#[cfg(test)]
mod tests {
    use super::*;

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
