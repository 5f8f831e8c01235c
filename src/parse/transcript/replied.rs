//! Answers that nobody needs, but that only a server gives: they show that it runs.

use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::unreachable::is_no_answer;

/// As reports print it.
pub(super) const NAME: &str = "reply";

/// A client that shows a reply on a terminal marks its type. Text without a mark may be anybody's:
/// of the client itself, or of who wrote that it hangs.
pub(super) fn is_reply(body: Block) -> bool {
    let mut lines = body
        .lines()
        .map(|(_, text)| text.trim())
        .filter(|text| !is_noise(text))
        .peekable();
    let first = lines.peek().copied();
    // Quotation marks and the numbers of a list are markup, too.
    first.is_some_and(|text| is_marked(text) || is_marked(text.trim()))
        && !lines.any(|text| is_no_answer(text.trim()))
}

fn is_marked(line: &str) -> bool {
    const TYPES: [&str; 7] = [
        "(nil)",
        "(integer) ",
        "(double) ",
        "(true)",
        "(false)",
        "(error) ",
        "(empty ",
    ];
    let quoted = || line.len() > 1 && line.starts_with('"') && line.ends_with('"');
    let listed = || line.starts_with("1) ") || line.starts_with("1# ") || line.starts_with("1~ ");
    // `CLIENT LIST`
    let client = || line.starts_with("id=") && line.contains(" addr=");
    ["OK", "QUEUED"].contains(&line)
        || TYPES.iter().any(|t| line.starts_with(t))
        || quoted()
        || listed()
        || client()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_server_says_is_a_reply() {
        let is_reply = |text| {
            is_reply(Block {
                text,
                first_line: 1,
            })
        };
        for text in [
            "(nil)\n",
            "(integer) 7\n(0.52s)\n",
            "OK\n",
            "\"some value\"\n",
            "1) \"a\"\n2) \"b\"\n",
            "id=3 addr=10.0.0.9:50000 laddr=10.0.0.1:7000 fd=8\n",
        ] {
            assert!(is_reply(text), "{text}");
        }
        for text in [
            "",
            "it hangs and never comes back\n",
            "Could not connect to Redis at 10.0.0.1:7000: Connection refused\n",
            "OK\nError: Server closed the connection\n",
            "Error: Connection reset by peer\n",
            "Invalid argument(s)\n",
            "bash: redis-cli: command not found\n",
        ] {
            assert!(!is_reply(text), "{text}");
        }
    }
}
