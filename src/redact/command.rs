//! Passwords and users in what people type and what `ps` and access lists print.

use std::ops::Range;

use crate::parse::settings_of_line;
use crate::redact::key::Meaning;
use crate::redact::key::meaning;
use crate::redact::secret;
use crate::redact::sign::Signs;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::words;

static SERVER: Signs = Signs::new(&["-server"]);

/// What of this line only its neighbours tell.
pub(super) fn claim(line: &str, out: &mut Vec<Token>) {
    settings(line, out);
    if line.contains("://") {
        credentials(line, out);
    }
    if line.contains('@') {
        accounts(line, out);
    }
    secret::claim(line, out);
    if SERVER.stand_in(line) || line.starts_with(['-', 'd']) {
        owner(line, out);
    }
}

/// An answer of CONFIG GET on one line.
fn settings(line: &str, out: &mut Vec<Token>) {
    for (name, value) in settings_of_line(line).into_iter().flatten() {
        let what = match meaning(name) {
            Some(Meaning::Secret) => What::Secret,
            Some(Meaning::User) => What::User,
            _ => continue,
        };
        let start = value.as_ptr() as usize - line.as_ptr() as usize;
        push(out, start..start + value.len(), what);
    }
}

/// `redis://user:password@host`.
fn credentials(line: &str, out: &mut Vec<Token>) {
    // Everything between blanks and quotes is looked at once: a line may be a megabyte of them.
    let mut done = 0;
    for (at, _) in line.match_indices("://") {
        if at < done {
            continue;
        }
        let from = at + 3;
        let rest = &line[from..];
        let over = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<' | b'>');
        let end = rest.bytes().position(over).unwrap_or(rest.len());
        done = from + end;
        let Some(info) = rest[..end].rfind('@') else {
            continue;
        };
        match rest[..info].split_once(':') {
            Some((user, _)) => {
                push(out, from..from + user.len(), What::User);
                push(out, from + user.len() + 1..from + info, What::Secret);
            }
            None => push(out, from..from + info, What::Secret),
        }
    }
}

/// `user@host` of prompts, `ssh` and letters.
fn accounts(line: &str, out: &mut Vec<Token>) {
    let bytes = line.as_bytes();
    let legal = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'.' | b'_' | b'-');
    for (at, _) in line.match_indices('@') {
        let user = bytes[..at].iter().rev().take(64).take_while(legal).count();
        let user = at - user..at;
        let host = bytes[at + 1..].iter().take(255).take_while(legal).count();
        let host = &line[at + 1..at + 1 + host];
        let host = host.trim_end_matches(['.', '-']);
        let name = &line[user.clone()];
        // `10.0.0.1:7000@17000` has a number on both sides, `+@all` nobody before it, and
        // `redis@7000.service` is a unit.
        let person = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && !host.ends_with(".service");
        let is_number = host.bytes().all(|b| b.is_ascii_digit());
        let behind = bytes.get(at + 1 + host.len());
        let six = behind == Some(&b':') && host.bytes().all(|b| b.is_ascii_hexdigit());
        if !person || is_number && !six && behind != Some(&b'[') {
            continue;
        }
        push(out, user, What::User);
        let is_ip = host.parse::<std::net::IpAddr>().is_ok();
        if words::is_host_name(host) && !is_ip && !six && host != "localhost" {
            push(out, at + 1..at + 1 + host.len(), What::Host);
        }
    }
}

/// The account in a line of `ps` or `ls -l`.
fn owner(line: &str, out: &mut Vec<Token>) {
    let words: Vec<Range<usize>> = words_of(line).take(4).collect();
    let text = |at: usize| words.get(at).map_or("", |w| &line[w.clone()]);
    let number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let mode = text(0);
    let is_mode = mode.len() >= 10
        && mode.bytes().take(10).all(|b| b"-dlrwxst".contains(&b))
        && number(text(1));
    let named = |word: &str| words::is_host_name(word) && !words::is_common(word);
    for (at, word) in words.iter().enumerate() {
        let fits = match at {
            0 => number(text(1)) && line.contains("-server"),
            2 | 3 => is_mode,
            _ => false,
        };
        if fits && named(text(at)) {
            push(out, word.clone(), What::User);
        }
    }
}

/// Words between blanks; a quoted one is what stands between its quotes.
fn words_of(line: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let first = *bytes.get(at)?;
        let start = at;
        if matches!(first, b'"' | b'\'')
            && let Some(length) = bytes[at + 1..].iter().position(|b| *b == first)
        {
            at += length + 2;
            return Some(start + 1..start + 1 + length);
        }
        while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace()) {
            at += 1;
        }
        Some(start..at)
    })
}

fn push(out: &mut Vec<Token>, range: Range<usize>, what: What) {
    if !range.is_empty() {
        out.push(Token { range, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(line: &str) -> Vec<(&str, What)> {
        let mut out = Vec::new();
        claim(line, &mut out);
        out.into_iter().map(|t| (&line[t.range], t.what)).collect()
    }

    #[test]
    fn finds_passwords_in_commands() {
        let pw = ("s3cr:et", What::Secret);
        for line in [
            "$ redis-cli -h 10.0.0.1 -a s3cr:et info",
            "redis-cli --pass 's3cr:et' ping",
            "10.0.0.1:7000> AUTH s3cr:et",
            "10.0.0.1:7000> auth s3cr:et",
            "redis-server *:7000 --masterauth s3cr:et",
            "Authorization: Bearer s3cr:et",
        ] {
            assert_eq!(claimed(line), [pw], "{line}");
        }
        // What begins first stands: the rest of the password may look like a user.
        let url = claimed("redis-cli -u redis://joe:s3cr:et@h:7000/0");
        assert_eq!(url[..2], [("joe", What::User), pw]);
        for line in [
            "AUTH failed: WRONGPASS invalid",
            "Warning: Using a password with '-a' or '-u' option",
            "we will auth later",
            "ls -a /data",
        ] {
            assert_eq!(claimed(line), [], "{line}");
        }
    }

    #[test]
    fn finds_passwords_among_settings_on_one_line() {
        let line = "cluster-announce-port 0 requirepass a b-c d masteruser joe masterauth \
                    dir /d port 7000";
        assert_eq!(
            claimed(line),
            [("a b-c d", What::Secret), ("joe", What::User)]
        );
    }

    #[test]
    fn finds_people() {
        assert_eq!(
            claimed("[op@jump ~]$ ls"),
            [("op", What::User), ("jump", What::Host)]
        );
        assert_eq!(
            claimed("\"user joe on #ab ~* +@all\""),
            [("joe", What::User), ("ab", What::Secret)]
        );
        assert_eq!(
            claimed("svc-kv 12 0.1 /usr/bin/redis-server *:7000 [cluster]"),
            [("svc-kv", What::User)]
        );
        for line in [
            "x 10.0.0.1:7000@17000 master",
            "redis@7000.service",
            "+@all",
        ] {
            assert_eq!(claimed(line), [], "{line}");
        }
    }
}
