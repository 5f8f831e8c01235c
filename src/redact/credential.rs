//! Credentials that show what they are: tokens of services, private keys.

use std::ops::Range;

/// How a token begins, and how many bytes follow at least.
const TOKENS: [(&str, usize); 22] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("dop_v1_", 32),
    ("eyJ", 20),
    ("gho_", 20),
    ("ghp_", 20),
    ("ghr_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("glpat-", 15),
    ("hvs.", 20),
    ("npm_", 30),
    ("pypi-", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxp-", 10),
    ("ya29.", 20),
];

/// The end of the token that begins at `at`, where a word does.
pub(super) fn token_end(line: &str, at: usize, end: usize) -> Option<usize> {
    let text = line.as_bytes().get(at..end)?;
    let first = text.first()?;
    let known = TOKENS
        .iter()
        .filter(|(begins, _)| begins.as_bytes()[0] == *first);
    for (begins, least) in known {
        if let Some(rest) = text.strip_prefix(begins.as_bytes()) {
            let legal =
                |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-' | b'.' | b'=');
            let length = rest.iter().take_while(legal).count();
            // Hosts may be called `sk-…`, too; they are written in small letters.
            let mixed = *begins != "sk-" || rest[..length].iter().any(u8::is_ascii_uppercase);
            if length >= *least && mixed {
                return Some(at + begins.len() + length);
            }
        }
    }
    None
}

/// A private key in its usual armour, over as many lines as it takes.
#[derive(Default)]
pub(super) struct Armour {
    inside: bool,
}

impl Armour {
    /// What of the line is key.
    pub fn line(&mut self, line: &str, hidden: &mut Vec<Range<usize>>) {
        const BEGIN: &str = "-----BEGIN ";
        const END: &str = "-----END ";
        let mut at = 0;
        loop {
            let rest = &line[at..];
            if self.inside {
                let Some(end) = rest.find(END) else {
                    hidden.push(at..line.len());
                    return;
                };
                hidden.push(at..at + end);
                at += end + END.len();
                self.inside = false;
            } else {
                let Some(begin) = rest.find(BEGIN) else {
                    return;
                };
                let label = &rest[begin + BEGIN.len()..];
                at += begin + BEGIN.len();
                let Some(length) = label.find("-----") else {
                    return;
                };
                self.inside = label[..length].contains("PRIVATE KEY");
                at += length + "-----".len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_beginning() {
        for token in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdefghijklmnop",
            "xoxb-1234567890-abc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s-_x",
        ] {
            let line = format!("x {token} y");
            assert_eq!(token_end(&line, 2, line.len()), Some(2 + token.len()));
        }
        for other in [
            "AKIA",
            "skate",
            "sk-1",
            "sk-seoul-redis-cluster-0001.example.com",
            "eyJ",
            "github_path",
            "node",
        ] {
            assert_eq!(token_end(other, 0, other.len()), None, "{other}");
        }
    }

    #[test]
    fn keys_are_hidden_over_lines_and_within_one() {
        let mut armour = Armour::default();
        let mut hidden_of = |line: &str| {
            let mut hidden = Vec::new();
            armour.line(line, &mut hidden);
            hidden
                .into_iter()
                .map(|range| line[range].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(hidden_of("-----BEGIN RSA PRIVATE KEY-----"), [""]);
        assert_eq!(hidden_of("MIIabc"), ["MIIabc"]);
        assert_eq!(hidden_of("-----END RSA PRIVATE KEY-----"), [""]);
        assert_eq!(hidden_of("after"), [] as [&str; 0]);
        assert_eq!(hidden_of("-----BEGIN CERTIFICATE-----"), [] as [&str; 0]);
        assert_eq!(hidden_of("MIIabc"), [] as [&str; 0]);
        assert_eq!(
            hidden_of("\"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\" x"),
            ["\\nMII\\n"]
        );
    }
}
