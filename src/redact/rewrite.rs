//! Old text to new text. Lines, quotes and blanks stay; only names change.

use std::ops::Range;

use crate::parse::with_plain_ip;
use crate::redact::collect::names_a_host;
use crate::redact::column;
use crate::redact::context::Scanner;
use crate::redact::info::keyspace_key;
use crate::redact::names::Map;
use crate::redact::names::Names;
use crate::redact::names::REDACTED;
use crate::redact::names::Word;
use crate::redact::names::Words;
use crate::redact::path::Shape;
use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::text::safe::is_unsafe;

/// What became of a text.
pub(super) struct Rewritten {
    pub text: String,
    /// Parts of it that are not shown, as nobody knows what they are.
    pub left_out: usize,
    /// An old name is left in it: this is a bug.
    pub leaks: bool,
}

impl Names {
    /// The new text. What a new name stands beside may say more than what the old one did, so it
    /// is read again until it says nothing more.
    pub(super) fn rewritten(&self, text: &str, scanner: fn() -> Scanner) -> Rewritten {
        const ROUNDS: usize = 16;
        let (text, left_out) = self.text(text, scanner());
        let mut text = self.swept(&text);
        let mut stable = false;
        for _ in 0..ROUNDS {
            let (again, _) = self.text(&text, scanner());
            let again = self.swept(&again);
            stable = again == text;
            text = again;
            if stable {
                break;
            }
        }
        Rewritten {
            leaks: !stable || self.holds_an_old_id(&text),
            text,
            left_out,
        }
    }

    /// The text with the new names, and how much of it is not shown. Applied to its own answer,
    /// it changes nothing.
    pub(super) fn text(&self, text: &str, mut scanner: Scanner) -> (String, usize) {
        let mut out = String::with_capacity(text.len() + text.len() / 16);
        let mut tokens = Vec::new();
        let mut left_out = 0;
        for whole in text.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            tokens.clear();
            scanner.line(line, &mut tokens);
            scanner.hide(&mut tokens);
            let hidden = |t: &&Token| t.what == What::Hidden && !t.range.is_empty();
            let hidden = tokens.iter().filter(hidden);
            left_out += hidden
                .filter(|t| line[t.range.clone()] != *REDACTED)
                .count();
            self.line(line, &tokens, &self.words, &mut out);
            out.push_str(&whole[line.len()..]);
        }
        (out, left_out)
    }

    /// The names that can be nothing else, wherever they are left: whatever the scanner took for
    /// something else is not looked at here. Only keys of INFO are called as they are.
    fn swept(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for whole in text.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            let key = keyspace_key(line);
            out.push_str(&line[..key]);
            replace_words(line, key..line.len(), &self.words, &mut out);
            out.push_str(&whole[line.len()..]);
        }
        out
    }

    /// Whether an id of the capture stands there that is not the new one of another.
    fn holds_an_old_id(&self, text: &str) -> bool {
        let mut runs = text.split(|c: char| !c.is_ascii_hexdigit());
        runs.any(|run| {
            run.len() >= token::OWN_ID
                && self.ids.get(run).is_some_and(|new| new != run)
                && !self.new_ids.contains(run)
        })
    }

    /// The path of a captured file with the new names: relative, and below where it is put.
    pub fn path(&self, path: &str) -> String {
        let mut parts = Vec::new();
        let mut above = "";
        for part in path.split('/') {
            let mut new = String::new();
            // However short it is, here it can only be the name of a host.
            match self.hosts.get(part).filter(|_| names_a_host(above, part)) {
                Some(host) => new.push_str(host),
                None => self.inline(part, &self.path_words, &mut new),
            }
            // No host that is known, so an IP that is written in another way.
            if with_plain_ip(&new).is_some()
                && let Some(plain) = with_plain_ip(part)
            {
                new.clear();
                self.inline(&plain, &self.path_words, &mut new);
            }
            above = part;
            let plain = |c: char| {
                if is_unsafe(c) || matches!(c, '/' | '\\') {
                    '_'
                } else {
                    c
                }
            };
            let new: String = new.chars().map(plain).collect();
            // Hidden files are not read as part of a capture.
            match new.trim_start_matches('.') {
                "" => {}
                _ if new.starts_with('.') => parts.push(format!("_{new}")),
                _ => parts.push(new),
            }
        }
        if parts.is_empty() || parts == ["-"] {
            return "stdin.txt".to_owned();
        }
        parts.join("/")
    }

    fn line(&self, line: &str, tokens: &[Token], words: &Words, out: &mut String) {
        let mut at = 0;
        for token in tokens {
            replace_words(line, at..token.range.start, words, out);
            self.token(&line[token.range.clone()], token.what, out);
            at = token.range.end;
        }
        replace_words(line, at..line.len(), words, out);
    }

    /// Text of which nothing is known but its shape.
    fn inline(&self, text: &str, words: &Words, out: &mut String) {
        let mut tokens = Vec::new();
        token::find(text, 0..text.len(), &mut tokens);
        // A whole host name may begin where a shorter one does.
        tokens.retain(|t| t.what != What::Host);
        self.line(text, &tokens, words, out);
    }

    fn token(&self, text: &str, what: What, out: &mut String) {
        let known = match what {
            What::Hex => return self.hex(text, out),
            What::Ip => self.ips.get(text),
            What::IpAndMaybePort => return self.ip_and_maybe_port(text, out),
            What::Host => match self.hosts.get(text) {
                Some(new) => Some(new),
                // It has an address in it.
                None => return self.inline(text, &self.words, out),
            },
            What::HostCell => return out.push_str(self.cell(&self.hosts, text)),
            What::ZoneCell => return out.push_str(self.cell(&self.zones, text)),
            What::Zone => self.zones.get(text),
            What::User | What::Secret | What::Hidden => return out.push_str(REDACTED),
            What::Component => return self.component(text, out),
            What::Zeros => {
                let zero = |c: char| if c.is_ascii_hexdigit() { '0' } else { c };
                return out.extend(text.chars().map(zero));
            }
            What::Kept => None,
        };
        out.push_str(known.map_or(text, String::as_str));
    }

    /// A cell that is one name: nothing of it stays, unless it is a new one.
    fn cell<'a>(&'a self, names: &'a Map, text: &'a str) -> &'a str {
        match names.get(&*column::said(text)) {
            Some(new) => new,
            None if self.new.contains(text) || text == "localhost" => text,
            None => REDACTED,
        }
    }

    /// An id, or the beginning of one.
    fn hex(&self, text: &str, out: &mut String) {
        let number = text.bytes().all(|b| b.is_ascii_digit());
        let known = self.ids.get(text).map(String::as_str).or_else(|| {
            // Eight digits may be any number.
            let (old, new) = self.ids.range(text.to_owned()..).next()?;
            let begins = old.starts_with(text) && (!number || text.len() >= token::OWN_ID);
            new.get(..text.len()).filter(|_| begins)
        });
        out.push_str(known.unwrap_or(text));
    }

    fn ip_and_maybe_port(&self, text: &str, out: &mut String) {
        let front = text.rsplit_once(':');
        match front.and_then(|(ip, port)| Some((self.ips.get(ip)?, port))) {
            Some((new, port)) => {
                out.push_str(new);
                out.push(':');
                out.push_str(port);
            }
            None => out.push_str(self.ips.get(text).map_or(text, String::as_str)),
        }
    }

    fn component(&self, text: &str, out: &mut String) {
        let shape = Shape::of(text);
        let Some(stem) = &shape.stem else {
            let mut at = 0;
            for piece in &shape.pieces {
                out.push_str(&text[at..piece.range.start]);
                self.token(&text[piece.range.clone()], piece.what, out);
                at = piece.range.end;
            }
            return out.push_str(&text[at..]);
        };
        let Some(new) = self.stems.get(stem) else {
            // A new name, read again.
            return out.push_str(text);
        };
        out.push_str(new);
        for piece in &shape.pieces {
            out.push('-');
            self.token(&text[piece.range.clone()], piece.what, out);
        }
        out.push_str(shape.extension);
    }
}

/// The end of the letters and digits, of any script, that start at `at`.
fn word_end(line: &str, at: usize, end: usize) -> usize {
    let run = token::run_end(line.as_bytes(), at, end);
    if line.as_bytes()[..end].get(run).is_none_or(u8::is_ascii) {
        return run;
    }
    let Some(rest) = line.get(run..end) else {
        return run;
    };
    run + rest
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(rest.len())
}

/// Names that stand where nothing says that they are names.
fn replace_words(line: &str, range: Range<usize>, words: &Words, out: &mut String) {
    let bytes = line.as_bytes();
    let (mut at, mut done) = (range.start, range.start);
    while at < range.end {
        let run = word_end(line, at, range.end);
        if run == at {
            // Behind the bytes of a colour a letter may be cut in two.
            at += match line.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if !c.is_ascii() => c.len_utf8(),
                Some(_) => token::separator(bytes, at),
                None => 1,
            };
            continue;
        }
        let before = &line[done..at];
        match words.find(&line[at..run], before, &line[at..range.end]) {
            Some((length, Word { signs, new })) => {
                out.push_str(&before[..before.len() - signs.len()]);
                out.push_str(new);
                at += length;
                done = at;
            }
            None => at = run,
        }
    }
    out.push_str(&line[done..range.end]);
}
