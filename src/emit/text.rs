//! Free text and values as a script may hold them.

/// Longest free text that goes into a script.
const LONGEST: usize = 600;

/// One line of printable ASCII: white space becomes a blank, whatever a shell or a terminal
/// could obey becomes `?` (a backtick a quote), and what is too long is cut.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .take(LONGEST)
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            // Inert in single quotes and in comments, but a reader who copies them has them run.
            '`' => '"',
            '$' | '\\' => '?',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_nothing_to_obey() {
        assert_eq!(
            one_line("a\nb\r\tc\u{1b}[31m$(x) `y` \u{202e}é"),
            "a b  c?[31m?(x) \"y\" ??"
        );
        assert_eq!(one_line(&"x".repeat(10_000)).len(), LONGEST);
    }
}
