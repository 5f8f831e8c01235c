//! Machines and users that typed commands name.

use std::net::IpAddr;
use std::ops::Range;

use crate::redact::secret::CLIENTS;
use crate::redact::secret::Line;
use crate::redact::sign::Signs;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::words;

/// What a line that names one has in it, in lower case.
pub(super) static SIGNS: Signs = Signs::new(&[
    "ssh",
    "sudo",
    "runuser",
    "telnet",
    "nc ",
    "meet",
    "replicaof",
    "slaveof",
    "monitor",
    "sentinel ",
    "linux ",
    "scp",
    "deluser",
    "kill",
    "password for",
]);

/// Nobody names more at once, and a line may be a megabyte.
const NEAR: usize = 64;

/// What the word at `at` says of those behind it.
pub(super) fn claim(line: &Line, at: usize, out: &mut Vec<Token>) {
    /// Of the words below.
    const LONGEST: usize = 10;
    let text = line.bare(at);
    let before = |word: &str| at > 0 && line.is(at - 1, word);
    let mut lower = String::new();
    if text.len() <= LONGEST {
        lower.push_str(text);
        lower.make_ascii_lowercase();
    }
    match lower.as_str() {
        "-h" | "--host" | "--hostname" | "--sni" if line.client && line.is_of(at, &CLIENTS) => {
            line.next(at).into_iter().for_each(|n| host(line, n, out));
        }
        "meet" if before("cluster") => served(line, line.next(at), out),
        "replicaof" | "slaveof" => served(line, line.next(at), out),
        "monitor" if before("sentinel") => {
            line.next(at).into_iter().for_each(|n| user(line, n, out));
            served(line, line.next(at).and_then(|n| line.next(n)), out);
        }
        // `sentinel auth-pass NAME …`: what a sentinel calls whom it watches.
        _ if before("sentinel") && text.contains('-') => {
            line.next(at).into_iter().for_each(|n| user(line, n, out));
        }
        "deluser" if before("acl") => {
            let mut next = line.next(at);
            for _ in 0..NEAR {
                let Some(name) = next else { return };
                user(line, name, out);
                next = line.next(name);
            }
        }
        "user" if before("kill") => line.next(at).into_iter().for_each(|n| user(line, n, out)),
        // `[sudo] password for NAME:`
        "for" if before("password") && at > 1 && line.is(at - 2, "sudo") => {
            line.next(at).into_iter().for_each(|n| user(line, n, out));
        }
        // `uname -a`
        "linux" if is_called(line, at) => {
            let kernel = line.bare(at + 2).starts_with(|c: char| c.is_ascii_digit());
            if kernel && line.bare(at + 2).contains('.') {
                host(line, at + 1, out);
            }
        }
        _ if is_called(line, at) => program(line, at, text, out),
        _ => {}
    }
}

/// Where a command begins: first of all, or behind a prompt, a pipe, or what calls others.
fn is_called(line: &Line, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return true;
    };
    let before_text = line.words[before].text(line.text);
    line.words[at].opens()
        || line.words[at].line != line.words[before].line
        || before_text.ends_with(['$', '#', '>', '|', ';', '&', '('])
        || ["sudo", "exec", "time", "nohup", "do", "then"].contains(&before_text)
}

/// A program that is called, and what its options are.
fn program(line: &Line, at: usize, text: &str, out: &mut Vec<Token>) {
    // Options of these that have a value, which is no machine.
    let (names_users, valued): (&[&str], &[&str]) = match text.rsplit('/').next().unwrap_or(text) {
        "ssh" => (
            &["-l"],
            &[
                "-p", "-i", "-o", "-F", "-L", "-R", "-D", "-c", "-b", "-E", "-W",
            ],
        ),
        "telnet" => (&["-l"], &["-b"]),
        "nc" | "ncat" => (&[], &["-w", "-p", "-s", "-i", "-q", "-x", "-X"]),
        "sudo" | "runuser" => (&["-u", "--user"], &["-g", "-h", "-p"]),
        _ => return,
    };
    let is_shell = text.ends_with("sudo") || text.ends_with("runuser");
    let mut next = line.next(at);
    for _ in 0..NEAR {
        let Some(word) = next else { return };
        let option = line.bare(word);
        next = line.next(word);
        if names_users.contains(&option) {
            next.into_iter().for_each(|n| user(line, n, out));
            next = next.and_then(|n| line.next(n));
        } else if valued.contains(&option) {
            next = next.and_then(|n| line.next(n));
        } else if !option.starts_with('-') {
            if !is_shell {
                host(line, word, out);
            }
            return;
        }
    }
}

/// A machine with a port behind it: else the words are those of a sentence.
fn served(line: &Line, at: Option<usize>, out: &mut Vec<Token>) {
    let Some(at) = at else { return };
    let port = line.next(at).map_or("", |n| line.bare(n));
    if port.parse::<u16>().is_ok() {
        host(line, at, out);
    }
}

fn host(line: &Line, at: usize, out: &mut Vec<Token>) {
    let (range, text) = named(line, at);
    let text = text.split_once('@').map_or(text, |(_, host)| host);
    let range = range.end - text.len()..range.end;
    // Addresses are found by their shape.
    let is_ip = text.parse::<IpAddr>().is_ok();
    if words::is_host_name(text) && !is_ip && !words::is_common(text) {
        out.push(Token {
            range,
            what: What::Host,
        });
    }
}

fn user(line: &Line, at: usize, out: &mut Vec<Token>) {
    let (range, text) = named(line, at);
    if words::is_host_name(text) && !words::is_common(text) {
        out.push(Token {
            range,
            what: What::User,
        });
    }
}

/// The word without what a shell or a sentence puts behind it.
fn named<'a>(line: &Line<'a, '_>, at: usize) -> (Range<usize>, &'a str) {
    let word = line.words.get(at).map_or(0..0, |w| w.range.clone());
    let text = &line.text[word.clone()];
    let begun = text.trim_start_matches(['[', '(', '{', ',']);
    let start = word.end - begun.len();
    let text = begun.trim_end_matches([']', ')', '}', ',', ';', ':', '&', '|', '.']);
    (start..start + text.len(), text)
}
