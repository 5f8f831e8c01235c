//! Captured text where people read it, and words where a shell does.

/// Captured text as a message may show it: escaped, in backticks, not longer than 40 characters.
pub fn quote(text: &str) -> String {
    quote_up_to(40, text)
}

/// A whole line of what somebody says, escaped and in backticks, cut after 160 characters.
pub fn quote_line(text: &str) -> String {
    quote_up_to(160, text)
}

fn quote_up_to(longest: usize, text: &str) -> String {
    let mut quoted = String::from("`");
    for (index, character) in text.chars().enumerate() {
        if index == longest {
            quoted.push('…');
            break;
        }
        match character {
            '"' | '\'' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    quoted.push('`');
    quoted
}

/// In single quotes, in which a POSIX shell obeys nothing.
pub fn in_shell_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The word so that a POSIX shell reads it back unchanged: in quotes only where it needs them.
pub fn shell_word(word: &str) -> String {
    let safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | ',' | '=');
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(safe) {
        word.to_owned()
    } else {
        in_shell_quotes(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_nothing_that_paints_a_terminal() {
        assert_eq!(quote("a\u{1b}[31m\u{202e}"), "`a\\u{1b}[31m\\u{202e}`");
        assert!(quote(&"x".repeat(1000)).len() < 60);
    }

    #[test]
    fn a_shell_reads_every_word_back() {
        assert_eq!(shell_word("night/"), "night/");
        assert_eq!(shell_word("last night"), "'last night'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("=ls"), "'=ls'");
        assert_eq!(in_shell_quotes("a"), "'a'");
    }
}
