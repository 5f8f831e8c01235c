//! Who logs in, and with what: `AUTH`, `HELLO`, tokens, rules of access lists.

use crate::redact::argument::Word;
use crate::redact::secret::Line;
use crate::redact::secret::NEAR;
use crate::redact::secret::push;
use crate::redact::token::Token;
use crate::redact::token::What;

impl Line<'_, '_> {
    /// `AUTH\r\n$6\r\npassword`, as RESP is written in one line.
    pub(super) fn written_login(&self, at: usize, out: &mut Vec<Token>) {
        if !self.is(at, "auth") {
            return;
        }
        let length = |at: usize| {
            let digits = self.bare(at).strip_prefix('$');
            digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        };
        for value in [at + 2, at + 4] {
            if !length(value - 1) || self.bare(value).is_empty() {
                return;
            }
            push(out, self.words[value].range.clone(), What::Secret);
        }
    }

    /// `AUTH password`, `AUTH user password`, `HELLO 3 AUTH …`, `Bearer token`.
    pub(super) fn login(&self, at: usize, out: &mut Vec<Token>) {
        const NOT: [&str; 4] = ["failed", "failed:", "<password>", "called"];
        let text = self.bare(at);
        // `Authorization: Basic …`, and whatever other kinds there are.
        let header = at > 0
            && self
                .bare(at - 1)
                .to_ascii_lowercase()
                .ends_with("authorization");
        if header && !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic()) {
            if let Some(next) = self
                .next(at)
                .filter(|n| self.words[*n].is_beside(&self.words[at]))
            {
                self.value(next, What::Secret, out);
            }
            return;
        }
        let lower = text.eq_ignore_ascii_case("auth") || text.eq_ignore_ascii_case("auth2");
        // In lower case it is a word of prose, unless it is where a command begins.
        let prompt = at > 0 && self.words[at - 1].text(self.text).ends_with('>');
        let command =
            || prompt || self.client || self.begins_line(at, false) || self.words[at].opens();
        let mut near = at.saturating_sub(NEAR)..at;
        let mut follows = || near.any(|b| self.is(b, "hello") || self.is(b, "migrate"));
        let found = match text {
            "AUTH" | "AUTH2" | "Bearer" => true,
            _ => lower && (command() || follows()),
        };
        let first = self.next(at).filter(|_| found);
        let Some(first) = first else { return };
        if NOT.contains(&self.words[first].text(self.text)) {
            return;
        }
        self.value(first, What::Secret, out);
        let second = self.next(first).filter(|s| {
            let text = self.words[*s].text(self.text);
            !text.starts_with('"') && !["KEYS", "keys", "setname", "SETNAME"].contains(&text)
        });
        if let Some(second) = second {
            self.value(second, What::Secret, out);
        }
    }

    /// `user NAME on >password #hash ~* +@all`, in a file, a command or an answer.
    pub(super) fn access_rule(&self, at: usize, out: &mut Vec<Token>) {
        let text = self.bare(at);
        if text.eq_ignore_ascii_case("setname") {
            if let Some(name) = self.next(at).filter(|_| at > 0) {
                self.value(name, What::User, out);
            }
            return;
        }
        if !self.names_a_user(at) {
            return;
        }
        let Some(name) = self.next(at) else { return };
        let number = self.words[at].line;
        let text = |w: &Word| w.text(self.text);
        // Up to the next one, however it is written: each rule is looked at for one user.
        let rules = (name + 1..self.words.len())
            .take_while(|n| self.words[*n].line == number)
            .take_while(|n| !text(&self.words[*n]).starts_with("--") && !self.names_a_user(*n));
        let rules: Vec<&Word> = rules.map(|n| &self.words[n]).collect();
        if !rules.iter().any(|w| is_rule(text(w))) {
            return;
        }
        if self.bare(name) != "default" {
            self.value(name, What::User, out);
        }
        for rule in rules {
            let (word, range) = (text(rule), rule.value(self.text));
            let pattern = word.trim_start_matches(['%', 'R', 'W', '~', '&']);
            if word.len() > 1 && word.starts_with(['>', '<', '#', '!']) {
                push(out, range.start + 1..range.end, What::Secret);
            } else if word.starts_with(['~', '&', '%']) && !["*", ""].contains(&pattern) {
                // What keys and channels are called tells what they are for.
                push(out, range.end - pattern.len()..range.end, What::Hidden);
            }
        }
    }

    /// `user` or `setuser`, behind whatever prefix.
    fn names_a_user(&self, at: usize) -> bool {
        let word = self.bare(at).trim_start_matches("--");
        let word = word.rsplit(':').next().unwrap_or(word);
        ["user", "setuser"]
            .iter()
            .any(|w| word.eq_ignore_ascii_case(w))
    }

    /// `machine h login joe password X`, as `.netrc` has it.
    pub(super) fn netrc(&self, at: usize, out: &mut Vec<Token>) {
        let near = &self.words[at.saturating_sub(6)..at];
        let line = self.words[at].line;
        let behind = |word: &str| {
            near.iter()
                .any(|w| w.line == line && w.text(self.text) == word)
        };
        let what = match self.bare(at) {
            "login" if behind("machine") => What::User,
            "password" if behind("login") => What::Secret,
            _ => return,
        };
        if let Some(next) = self.next(at) {
            self.value(next, what, out);
        }
    }
}

fn is_rule(word: &str) -> bool {
    const WORDS: [&str; 7] = [
        "on",
        "off",
        "nopass",
        "allkeys",
        "resetpass",
        "resetkeys",
        "allcommands",
    ];
    WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
        || word.starts_with(['>', '#', '~', '&', '+', '<', '!']) && word.len() > 1
}
