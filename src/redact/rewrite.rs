//! Old text to new text. Lines, quotes and blanks stay; only names change.

use std::ops::Range;

use crate::parse::with_plain_ip;
use crate::redact::collect::names_a_host;
use crate::redact::context::Scanner;
use crate::redact::names::Names;
use crate::redact::names::REDACTED;
use crate::redact::names::Word;
use crate::redact::names::Words;
use crate::redact::path::Shape;
use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;

impl Names {
    /// The text with the new names. Applied to its own answer, it changes nothing.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 16);
        let mut scanner = Scanner::default();
        let mut tokens = Vec::new();
        for whole in text.split_inclusive('\n') {
            let line = whole.trim_end_matches(['\n', '\r']);
            tokens.clear();
            scanner.line(line, &mut tokens);
            scanner.hide(&mut tokens);
            self.line(line, &tokens, &self.words, &mut out);
            out.push_str(&whole[line.len()..]);
        }
        out
    }

    /// The path of a captured file with the new names: relative, and below where it is put.
    pub fn path(&self, path: &str) -> String {
        let mut parts = Vec::new();
        let mut above = "";
        for part in path.split(['/', '\\']) {
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
            let new: String = new
                .chars()
                .map(|c| if is_unseen(c) || c == '/' { '_' } else { c })
                .collect();
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

/// Nobody sees it in a listing, or it turns what stands beside it around.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
        let known = words.get(&line[at..run]).into_iter().flatten();
        let (before, rest) = (&line[done..at], &line[at..range.end]);
        let mut fits = known.filter(|word| {
            let behind = rest.strip_prefix(word.old.as_str());
            behind.is_some_and(|b| !b.starts_with(char::is_alphanumeric))
                && before.ends_with(word.signs.as_str())
        });
        match fits.next() {
            Some(Word { signs, old, new }) => {
                out.push_str(&before[..before.len() - signs.len()]);
                out.push_str(new);
                at += old.len();
                done = at;
            }
            None => at = run,
        }
    }
    out.push_str(&line[done..range.end]);
}
