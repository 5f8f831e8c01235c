//! Words of which one stands in a line before more of it is worth a look.
//!
//! Asked of every line of a capture, so a line is read once for all the words.

/// Words in lower case.
pub(super) struct Signs {
    words: &'static [&'static str],
    /// The bytes that one of them begins with, in lower or upper case.
    first: [bool; 256],
}

impl Signs {
    pub const fn new(words: &'static [&'static str]) -> Self {
        let mut first = [false; 256];
        let mut at = 0;
        while at < words.len() {
            if let [byte, ..] = words[at].as_bytes() {
                first[*byte as usize] = true;
                first[byte.to_ascii_uppercase() as usize] = true;
            }
            at += 1;
        }
        Self { words, first }
    }

    /// Whether any of the words stands in the line, in whatever case.
    pub fn stand_in(&self, line: &str) -> bool {
        let bytes = line.as_bytes();
        let begins = |at: usize, word: &&str| {
            let text = bytes.get(at..at + word.len());
            text.is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
        };
        let mut starts = (0..bytes.len()).filter(|at| self.first[usize::from(bytes[*at])]);
        starts.any(|at| self.words.iter().any(|word| begins(at, word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_at_both_ends() {
        static SIGNS: Signs = Signs::new(&["auth", "-key"]);
        for line in ["AUTH x", "xAuth", "a-KEY", "auauth"] {
            assert!(SIGNS.stand_in(line), "{line}");
        }
        for line in ["", "aut", "key", "au th", "é"] {
            assert!(!SIGNS.stand_in(line), "{line}");
        }
    }
}
