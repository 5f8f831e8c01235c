//! Names that can be told only from what stands beside them: values behind keys, columns of
//! maps, passwords of commands, users of prompts.

mod assignment;

use std::cmp::Reverse;
use std::ops::Range;

use crate::redact::column::Claims;
use crate::redact::column::Map;
use crate::redact::command;
use crate::redact::credential::Armour;
use crate::redact::info;
use crate::redact::item::Items;
use crate::redact::key::Meaning;
use crate::redact::key::is_no_value;
use crate::redact::key::meaning;
use crate::redact::listing::Listing;
use crate::redact::remote;
use crate::redact::secret;
use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::value::core;
use crate::redact::volume;
use crate::redact::words;

/// Goes through one text line by line: a value may stand on the line below its key, the header
/// of a map counts for all its rows, and a key in armour has many lines.
#[derive(Default)]
pub(super) struct Scanner {
    /// What the line above says of this one.
    pending: Option<Pending>,
    /// What the line above says of the length of this one, in RESP; and before it of the list.
    length: Option<usize>,
    elements: usize,
    listing: Listing,
    items: Items,
    hidden: Vec<Range<usize>>,
    /// `name: REDIS_PASSWORD`: what a `value` is, on this line or on so many more.
    named: Option<(Meaning, usize)>,
    map: Map,
    armour: Armour,
    claims: Vec<Token>,
}

/// What a line says of the one below it.
struct Pending {
    meaning: Meaning,
    /// Stood before the key, and stands before the value.
    prefix: String,
    /// RESP says how long the value is, before it.
    resp: bool,
    /// It says so of that many values.
    times: usize,
}

/// Free text that nobody wrote: what servers are set to, and the libraries that everybody uses.
const DEFAULTS: [&str; 16] = [
    "redis",
    "{title} {listen-addr} {server-mode}",
    "StackExchange.Redis",
    "SE.Redis",
    "go-redis",
    "hiredis",
    "ioredis",
    "jedis",
    "lettuce",
    "node-redis",
    "phpredis",
    "predis",
    "redis-py",
    "redis-rs",
    "redisson",
    "valkey-py",
];

/// No name is longer; behind that may be anything.
const LONGEST_NAME: usize = 255;

impl Scanner {
    /// For a text that is a map, and nothing else.
    pub fn of_map() -> Self {
        Self {
            map: Map::alone(),
            ..Self::default()
        }
    }

    /// Takes the place of everything that is not shown of the line that was looked at last.
    pub fn hide(&self, tokens: &mut Vec<Token>) {
        if self.hidden.is_empty() {
            return;
        }
        let mut hidden = self.hidden.clone();
        hidden.sort_by_key(|range| range.start);
        let mut hidden = hidden.into_iter().peekable();
        let mut rest = std::mem::take(tokens).into_iter().peekable();
        while let Some(mut range) = hidden.next() {
            while let Some(token) = rest.next_if(|t| t.range.end <= range.start) {
                tokens.push(token);
            }
            // What is over its edge is not shown either: half a token is none.
            loop {
                let over = rest.next_if(|t| t.range.start < range.end).map(|t| t.range);
                let over = over.or_else(|| hidden.next_if(|other| other.start < range.end));
                let Some(over) = over else { break };
                range = range.start.min(over.start)..range.end.max(over.end);
            }
            let what = What::Hidden;
            tokens.push(Token { range, what });
        }
        tokens.extend(rest);
    }

    /// All tokens of the next line, in order, none over another.
    pub fn line(&mut self, line: &str, out: &mut Vec<Token>) {
        self.claims.clear();
        self.hidden.clear();
        self.claim(line);
        self.claims
            .sort_by_key(|t| (t.range.start, Reverse(t.range.end)));
        let mut at = 0;
        for claim in &self.claims {
            if claim.range.start < at || claim.range.is_empty() {
                continue;
            }
            token::find(line, at..claim.range.start, out);
            at = claim.range.end;
            out.push(claim.clone());
        }
        token::find(line, at..line.len(), out);
    }

    fn claim(&mut self, line: &str) {
        self.armour.line(line, &mut self.hidden);
        let resp = self
            .length
            .take()
            .is_some_and(|length| length == line.len());
        if let Some(length) = line.strip_prefix('$').and_then(number)
            && !resp
            && self.pending.as_ref().is_none_or(|pending| pending.resp)
        {
            self.length = Some(length);
            return;
        }
        if let Some(count) = line.strip_prefix('*').and_then(number) {
            self.elements = count;
        }
        let pending = self.pending.take();
        if let Some(pending) = pending.filter(|p| p.resp || !names_a_node(line)) {
            self.value(line, value_line(line, &pending.prefix), pending.meaning);
            self.item(line);
            self.pending = (pending.times > 1).then(|| Pending {
                times: pending.times - 1,
                ..pending
            });
            return;
        }
        if line.trim().is_empty() {
            return;
        }
        if is_view_line(line) {
            self.assignments(line, b"=");
            return;
        }
        if resp && line.eq_ignore_ascii_case("auth") {
            self.pending = Some(Pending {
                meaning: Meaning::Secret,
                prefix: String::new(),
                resp,
                times: self.elements.clamp(2, 3) - 1,
            });
            return;
        }
        let mut claims = Claims {
            tokens: &mut self.claims,
            hidden: &mut self.hidden,
        };
        if self.map.line(line, &mut claims) {
            return;
        }
        self.item(line);
        // Nothing but signs says nothing.
        if !line
            .bytes()
            .any(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
        {
            return;
        }
        self.listing.line(line, &mut self.claims, &mut self.hidden);
        self.assignments(line, b"=:,\\>");
        info::claim(line, &mut self.claims, &mut self.hidden);
        self.directive(line);
        self.key_line(line, resp);
        remote::claim(line, &mut self.claims);
        volume::claim(line, &mut self.claims);
        command::claim(line, &mut self.claims);
    }

    /// A word of a command that is written one word a line.
    fn item(&mut self, line: &str) {
        if let Some((range, what)) = self.items.line(line) {
            self.claims.push(Token { range, what });
        }
    }

    /// A value of which the key says what it is; in quotes it is one name.
    fn quoted_value(&mut self, line: &str, range: Range<usize>, meaning: Meaning) {
        let what = match meaning {
            Meaning::Host => What::HostCell,
            Meaning::Zone => What::ZoneCell,
            Meaning::Secret
            | Meaning::User
            | Meaning::Path
            | Meaning::Build
            | Meaning::Version
            | Meaning::Free => return self.value(line, range, meaning),
        };
        let text = &line[range.clone()];
        // Of one word, a port may be behind it, and an address is found by its shape.
        if text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '"')) {
            self.claims.push(Token { range, what });
        } else {
            self.value(line, range, meaning);
        }
    }

    /// A value of which the key says what it is.
    fn value(&mut self, line: &str, range: Range<usize>, meaning: Meaning) {
        let text = &line[range.clone()];
        let named = match meaning {
            Meaning::User | Meaning::Host | Meaning::Zone | Meaning::Version => true,
            Meaning::Secret | Meaning::Path | Meaning::Build | Meaning::Free => false,
        };
        if named && has_long_word(text) {
            return self.hidden.push(range);
        }
        let mut push = |range, what| self.claims.push(Token { range, what });
        if is_no_value(text) {
            return;
        }
        match meaning {
            Meaning::Secret => push(range, What::Secret),
            Meaning::Free if DEFAULTS.contains(&text) => {}
            Meaning::Free => self.hidden.push(range),
            Meaning::Build => push(range, What::Zeros),
            Meaning::Version if is_version(text) => push(range, What::Kept),
            Meaning::Version => {}
            Meaning::Path => {
                // Quotes of a terminal form may still be there.
                let inner = text.trim_end_matches(['"', '\'']).len();
                token::components(line, range.start..range.start + inner, &mut self.claims);
            }
            Meaning::User => {
                let word = first_word(text);
                if !["default", "root", "on", "off"].contains(&word) {
                    push(range.start..range.start + word.len(), What::User);
                }
            }
            Meaning::Host | Meaning::Zone => {
                let mut word = first_word(text);
                // Addresses are found by their shape.
                let is_ip = word.parse::<std::net::IpAddr>().is_ok();
                if meaning == Meaning::Host && !is_ip {
                    word = word.split_once(':').map_or(word, |(name, _)| name);
                }
                let is_ip = is_ip || word.parse::<std::net::IpAddr>().is_ok();
                let (named, what) = if meaning == Meaning::Host {
                    (words::is_host_name(word) && !is_state(word), What::Host)
                } else {
                    (
                        !word.is_empty() && !word.starts_with(['[', '{']),
                        What::Zone,
                    )
                };
                if named && !is_ip {
                    push(range.start..range.start + word.len(), what);
                }
            }
        }
    }

    /// `masterauth secret`, as configuration files have it.
    fn directive(&mut self, line: &str) {
        let text = line.trim_start_matches([' ', '\t', '#']);
        let start = line.len() - text.len();
        let Some((key, rest)) = text.split_once([' ', '\t']) else {
            return;
        };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let Some(meaning) = meaning(key).filter(|_| key.bytes().all(plain)) else {
            return;
        };
        let value = rest.trim();
        let from = start + key.len() + 1 + (rest.len() - rest.trim_start().len());
        let range = match value.strip_prefix(['"', '\'']) {
            Some(inner) => {
                let inner = inner.strip_suffix(['"', '\'']).unwrap_or(inner);
                from + 1..from + 1 + inner.len()
            }
            None if [Meaning::Secret, Meaning::Free].contains(&meaning) => from..from + value.len(),
            None => from..from + first_word(value).len(),
        };
        let word = &line[range.clone()];
        if key == "loadmodule" && word.contains(['/', '.']) {
            let args = line[range.end..].trim_start_matches(['"', '\'']).trim();
            let end = line.trim_end().len();
            if !args.is_empty() {
                self.hidden.push(end - args.len()..end);
            }
        }
        match meaning {
            // In prose these are words like others.
            Meaning::User | Meaning::Build | Meaning::Version => {}
            Meaning::Host | Meaning::Zone if !words::is_distinct(word) => {}
            // So are these; the others are nothing but settings.
            Meaning::Path
                if !word.contains(['/', '.'])
                    && ["dir", "include", "executable"].contains(&key) => {}
            meaning => self.value(line, range, meaning),
        }
    }

    /// A key alone on its line: its value is the next line.
    fn key_line(&mut self, line: &str, resp: bool) {
        let range = core(line);
        let text = &line[range];
        let plain =
            |b: u8| b.is_ascii_lowercase() || matches!(b, b'-' | b'_') || b.is_ascii_digit();
        let mut found = None;
        if text.bytes().all(plain) {
            found = match meaning(text) {
                // Words of prose and of other lists.
                Some(Meaning::User) if text == "username" && line.contains(") ") => {
                    Some(Meaning::User)
                }
                Some(Meaning::User) if text != "masteruser" && text != "primaryuser" => None,
                _ if ["host", "machine", "include", "login", "pw", "pwd"].contains(&text) => None,
                other => other,
            };
        }
        let found = match found {
            Some(meaning) => Some((meaning, "")),
            None => secret::pending(line),
        };
        self.pending = found.map(|(meaning, prefix)| Pending {
            meaning,
            prefix: prefix.to_owned(),
            resp,
            times: 1,
        });
    }
}

/// The value below a key that had `prefix` before it.
fn value_line(line: &str, prefix: &str) -> Range<usize> {
    let skipped = line.strip_prefix(prefix).map_or(0, |_| prefix.len());
    let range = core(&line[skipped..]);
    let range = range.start + skipped..range.end + skipped;
    // Of `name: PASSWORD` in YAML.
    match line[range.clone()].strip_prefix("value:") {
        Some(value) => {
            let inner = core(value);
            let start = range.end - value.len();
            start + inner.start..start + inner.end
        }
        None => range,
    }
}

fn number(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A heading where a value should be: the last value was empty, and its line got lost.
fn names_a_node(line: &str) -> bool {
    let mut tokens = Vec::new();
    token::find(line, 0..line.len(), &mut tokens);
    line.trim().contains(' ') && tokens.iter().any(|t| t.what == What::Ip)
}

/// A line of a view: nearly all lines of a capture, so it must cost little.
fn is_view_line(line: &str) -> bool {
    let id = line.bytes().take_while(u8::is_ascii_hexdigit).count();
    id >= token::OWN_ID && line.as_bytes().get(id) == Some(&b' ')
}

/// Words that stand where a host may stand and say that there is none.
fn is_state(word: &str) -> bool {
    ["no", "one", "NO", "ONE", "unknown", "localhost", "none"].contains(&word)
}

/// Numbers, dots and what a build puts behind them.
fn is_version(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".+-~_".contains(&b);
    let text = text.trim_start_matches('v');
    let mut runs = text.split(|c: char| !c.is_ascii_hexdigit());
    text.len() <= LONGEST_NAME
        && runs.all(|run| run.len() < token::OWN_ID)
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(legal)
}

fn has_long_word(text: &str) -> bool {
    let mut word = text.bytes().take(LONGEST_NAME + 1);
    text.len() > LONGEST_NAME && word.all(|b| !matches!(b, b' ' | b'\t' | b',' | b'"'))
}

fn first_word(text: &str) -> &str {
    text.split([' ', '\t', ',', '"']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests;
