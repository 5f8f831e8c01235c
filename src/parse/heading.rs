//! Lines that say whose answer follows: prompts, commands, banners of loops and tools.
//!
//! Nothing here reads an answer. A heading that names a node by address gives it; what a shell
//! prompt or a rule of dashes gives is only that the answer before it is over.

mod ansible;
mod command;
mod filter;
mod prose;
mod title;

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::transcript;
use crate::text::lex::command::CLIENTS;
use crate::text::lex::command::is_client;
use crate::text::lex::time::is_time;

pub(super) use command::Asked;
pub(super) use filter::filter;
pub(super) use prose::prose;
pub(super) use title::title;

/// What a heading says of the answer below it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Heading<'a> {
    /// The node that answers.
    pub of: Option<Address>,
    /// The host that answers, where no port is named.
    pub host: Option<&'a str>,
    /// What stands where an address should, and is none.
    pub bad_name: Option<&'a str>,
    /// The first line of the answer, where it stands behind the heading.
    pub rest: Option<&'a str>,
    pub kind: Kind,
    /// What the commands on the line ask, where they are those of a client.
    pub asked: Vec<Asked>,
    /// Nobody can say whose the answer is.
    pub lost: bool,
}

/// How a heading came to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Kind {
    /// Written to tell answers apart: an answer must follow.
    #[default]
    Banner,
    /// An address alone: `echo` in a loop, or one line of a list of addresses.
    Bare,
    /// A command typed at a prompt: an answer of any program, or none, may follow.
    Command,
    /// A line of three backquotes: goes on with what the heading before it said.
    Fence,
    /// A prompt without a command: the end of an answer.
    End,
    /// What a program prints of itself, and nobody misses, follows.
    Rule,
}

/// The heading that this line is.
pub(super) fn heading(line: &str) -> Option<Heading<'_>> {
    let text = trimmed(line);
    // Nearly every line of a capture ends here.
    if text.is_empty() || is_word(text) {
        return None;
    }
    if text.len() > LONGEST {
        // The line of a node may be long, and stand behind its address.
        return fence(text)
            .or_else(|| title::row(text))
            .or_else(|| call(text))
            .or_else(|| ansible::of_task(text));
    }
    cli_all(text)
        .or_else(|| fence(text))
        .or_else(|| file(text))
        .or_else(|| prompt(text))
        .or_else(|| title::session(text))
        .or_else(|| title::stamp(text))
        .or_else(|| title::row(text))
        .or_else(|| ansible::ansible(text))
        .or_else(|| command(text))
        .or_else(|| rule(text))
        .or_else(|| call(text))
        .or_else(|| banner(text))
}

/// Without blanks at its ends, and without what cannot be seen there.
fn trimmed(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || title::is_invisible(c))
}

/// Cheap: one word that holds no address, as values and settings are; an IP that is not decorated
/// is none either. A key of INFO may have anything in its value, but no IP has an underscore.
fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let of_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let Some(end) = bytes.iter().position(|b| !of_word(b)) else {
        let edges = [bytes.first(), bytes.last()];
        return edges.iter().flatten().all(|b| b.is_ascii_alphanumeric());
    };
    let (key, value) = bytes.split_at(end);
    let of_value = |b: &u8| of_word(b) || matches!(b, b':' | b',' | b'=' | b'/' | b'+');
    value.first() == Some(&b':')
        && key.contains(&b'_')
        && key.first().is_some_and(u8::is_ascii_lowercase)
        && value.iter().all(of_value)
        && value.last().is_some_and(|b| b.is_ascii_alphanumeric())
}

/// No longer line is a heading, but one with an answer behind its address.
const LONGEST: usize = 300;

/// No longer text is looked at for an address; the line it begins may be a megabyte.
const LONGEST_NAME: usize = 100;

/// `redis client for 10.0.0.1:7000`, as `flashbase cli-all` prints it.
fn cli_all(text: &str) -> Option<Heading<'_>> {
    if !text.contains("redis client for ") {
        return None;
    }
    let name = text.trim().strip_prefix("redis client for ")?;
    let name = name.trim().trim_end_matches(':');
    let of = name.parse().ok();
    Some(Heading {
        bad_name: of.is_none().then_some(name),
        of,
        ..Heading::default()
    })
}

/// A fence, alone or with a word that names the language. In a chat the answer begins behind it.
fn fence(text: &str) -> Option<Heading<'_>> {
    let mark = text.get(..3).filter(|m| matches!(*m, "```" | "~~~"))?;
    let info = text.strip_prefix(mark)?.trim();
    let of_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-');
    let is_language = info.len() <= LONGEST_LANGUAGE && info.bytes().all(of_word);
    // Backquotes behind the text may close the fence, too; in its midst they quote a word.
    let inside = info.strip_suffix(mark).unwrap_or(info);
    if !is_language && (mark == "~~~" || inside.contains('`') || inside.is_empty()) {
        return None;
    }
    Some(Heading {
        kind: Kind::Fence,
        rest: (!is_language).then_some(info),
        ..Heading::default()
    })
}

const LONGEST_LANGUAGE: usize = 20;

/// `==> nodes/10.0.0.1_7000/info.txt <==`, as `head` and `tail` print it.
fn file(text: &str) -> Option<Heading<'_>> {
    let path = text.strip_prefix("==> ")?.strip_suffix(" <==")?;
    let of = address_in_path(path).or_else(|| path.parse().ok());
    Some(Heading {
        // It may name the node as the path of a file does.
        host: of.is_none().then_some(path),
        of,
        ..Heading::default()
    })
}

/// `10.0.0.1:7000> cluster nodes`, `10.0.0.1:7000[1]>`, `not connected>`.
fn prompt(text: &str) -> Option<Heading<'_>> {
    let (before, command) = text.split_once('>')?;
    let name = match before.strip_suffix(']').and_then(|b| b.rsplit_once('[')) {
        Some((name, db)) if db.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => before,
    };
    let of: Option<Address> = name.parse().ok();
    let known = of.is_some() || CLIENTS.contains(&name) || name == "not connected";
    // `10.0.0.1:7000>>>` is no prompt; a banner may be.
    if !known || command.starts_with('>') {
        return None;
    }
    let kind = match command.trim().is_empty() {
        true => Kind::End,
        false => Kind::Command,
    };
    Some(Heading {
        of,
        kind,
        ..Heading::default()
    })
}

/// `$ redis-cli -h 10.0.0.1 -p 7000 info`, at any shell prompt, as `set -x` shows it, or behind the
/// `> ` that stands for a prompt in a runbook.
fn command(text: &str) -> Option<Heading<'_>> {
    let (prompted, here, words) = match behind_shell_prompt(text) {
        Some((here, words)) => (true, here, words),
        None => {
            let marked = text.strip_prefix("+ ").or_else(|| text.strip_prefix("> "));
            (false, None, marked.unwrap_or(text))
        }
    };
    let at = words
        .split_whitespace()
        .position(|word| is_client(word.trim_matches(['"', '\'', '(', ')', '`'])));
    // Without a prompt the client must come first: prose may speak of it, too.
    match (at, prompted) {
        (Some(0), _) | (Some(_), true) => {}
        (None, true) => {
            return Some(Heading {
                kind: if words.trim().is_empty() {
                    Kind::End
                } else {
                    Kind::Command
                },
                ..Heading::default()
            });
        }
        _ => return None,
    }
    if !prompted && !words.contains(" -") && !words.contains("cluster") && !words.contains("info") {
        return None;
    }
    let asked = command::asked(words, here);
    Some(Heading {
        of: match &asked[..] {
            [only] => only.of.clone(),
            _ => None,
        },
        asked,
        kind: Kind::Command,
        ..Heading::default()
    })
}

/// What stands behind `$ `, `# ` of `root@host:~#`, or `[user@host dir]$ `, and the host there.
fn behind_shell_prompt(text: &str) -> Option<(Option<&str>, &str)> {
    if text == "$" {
        return Some((None, ""));
    }
    if let Some(words) = behind_drive(text) {
        return Some((None, words));
    }
    if let Some(words) = text.strip_prefix("$ ") {
        return Some((None, words));
    }
    let end = text.find(['$', '#', '%'])?;
    let (prompt, rest) = text.split_at(end);
    let rest = rest.get(1..)?;
    let blanks = prompt.bytes().filter(|&b| b == b' ').count();
    let is_prompt = prompt.contains('@')
        && (blanks == 0 || prompt.starts_with('[') && blanks <= 2)
        && (rest.is_empty() || rest.starts_with(' '));
    let host = prompt
        .split_once('@')
        .and_then(|(_, at)| at.split([':', ' ', ']']).next());
    // A name is that of a jump host, as often as not.
    let host = host.filter(|host| host.parse::<std::net::Ipv4Addr>().is_ok());
    is_prompt.then_some((host, rest.trim_start()))
}

/// What stands behind `C:\redis>` or `PS C:\redis>`.
fn behind_drive(text: &str) -> Option<&str> {
    let folder = text.strip_prefix("PS ").unwrap_or(text);
    let drive = folder.get(..3)?.as_bytes();
    let is_drive = drive.first().is_some_and(u8::is_ascii_alphabetic) && drive.ends_with(b":\\");
    let (_, words) = folder.split_once('>').filter(|_| is_drive)?;
    Some(words.trim_start())
}

/// `-h HOST -p PORT`, or `-u redis://HOST:PORT`; the host may be that of `ssh HOST`.
pub(super) fn address_of_command(words: &str) -> Option<Address> {
    let mut host = None;
    let mut port = None;
    let mut words = words
        .split_whitespace()
        .map(|w| w.trim_matches(['"', '\'']));
    while let Some(word) = words.next() {
        match word {
            "-h" => host = words.next(),
            "-p" => port = words.next(),
            "-u" => {
                let url = words.next()?;
                let rest = url.split_once("://")?.1;
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                return place.split('/').next()?.parse().ok();
            }
            "ssh" => host = words.next().map(|h| h.rsplit('@').next().unwrap_or(h)),
            _ => {}
        }
    }
    Address::new(host?, port?.parse().ok()?).ok()
}

/// `------ CLUSTER NODES OUTPUT ------` and its like in the log of a crash, and what
/// `redis-cli --cluster call` says before it asks.
fn rule(text: &str) -> Option<Heading<'_>> {
    let in_log = || {
        let name = text.strip_prefix("------ ")?.strip_suffix(" ------")?;
        let capital = |c: char| c.is_ascii_uppercase() || c == ' ' || c.is_ascii_digit();
        name.chars().all(capital).then_some(())
    };
    let found = text.starts_with(">>> Calling ") || in_log().is_some();
    found.then(|| Heading {
        kind: Kind::Rule,
        ..Heading::default()
    })
}

/// `10.0.0.1:7000: …`, where `redis-cli --cluster call` puts the answer behind the address. It
/// calls the node that was asked first as the user did.
fn call(text: &str) -> Option<Heading<'_>> {
    let longest = text.len().min(LONGEST_NAME);
    let end = text
        .as_bytes()
        .get(..longest)?
        .windows(2)
        .position(|w| w == b": ")?;
    let (name, rest) = (text.get(..end)?, text.get(end + 2..)?);
    let by_name = || {
        let of: Address = name.parse().ok()?;
        // A time is no address.
        let named = !of.ip().bytes().all(|b| b.is_ascii_digit());
        transcript::class(rest).filter(|_| named).map(|_| of)
    };
    let of = address_in_digits(name).or_else(by_name)?;
    Some(Heading {
        of: Some(of),
        rest: Some(rest),
        ..Heading::default()
    })
}

/// An address whose host part is an IP: names are too many things in prose.
fn address_in_digits(text: &str) -> Option<Address> {
    let address: Address = text.parse().ok()?;
    address
        .ip()
        .parse::<std::net::IpAddr>()
        .is_ok()
        .then_some(address)
}

/// `=== 10.0.0.1:7000 ===`, `# node 10.0.0.1:7000 cluster info`, `10.0.0.1 | CHANGED | rc=0 >>`:
/// one address, or a decorated IP, and nothing but words that belong to such lines.
fn banner(text: &str) -> Option<Heading<'_>> {
    const WORDS: [&str; 38] = [
        "node",
        "nodes",
        "host",
        "server",
        "instance",
        "redis",
        "valkey",
        "port",
        "cluster",
        "info",
        "slots",
        "shards",
        "links",
        "config",
        "get",
        "ping",
        "dir",
        "replication",
        "output",
        "of",
        "from",
        "on",
        "for",
        "at",
        "and",
        "result",
        "changed",
        "success",
        "ok",
        "rc=0",
        "master",
        "slave",
        "replica",
        "primary",
        "view",
        "myid",
        "time",
        "dump",
    ];
    // An IP has one or the other.
    if !text.bytes().any(|b| matches!(b, b'.' | b':')) {
        return None;
    }
    let decoration = |c: char| {
        matches!(
            c,
            '=' | '-' | '#' | '*' | '>' | '<' | '[' | ']' | '|' | '/' | ':'
        )
    };
    let decorated = text.starts_with(decoration) || text.ends_with(decoration);
    let mut of: Option<Address> = None;
    let mut host = None;
    for word in text.split_whitespace() {
        // A bracket may belong to an IPv6 address.
        let bare = word.trim_matches(['=', '-', '#', '*', '>', '<', '|', '/', ',', '(', ')']);
        let bare = bare.strip_suffix(':').unwrap_or(bare);
        let inner = bare.trim_matches(['[', ']']);
        let is_known = |known: &&str| known.eq_ignore_ascii_case(inner);
        if bare.is_empty() || WORDS.iter().any(is_known) {
            continue;
        }
        if let Some(address) = address_in_digits(bare).or_else(|| address_in_digits(inner)) {
            if of.replace(address).is_some() {
                return None;
            }
        } else if inner.parse::<std::net::IpAddr>().is_ok() && host.is_none() && decorated {
            host = Some(inner);
        } else if of.is_none() && host.is_some() && inner.parse::<u16>().is_ok_and(|p| p > 0) {
            // `--- 10.0.0.1 7000 ---`
            of = Address::new(host.take()?, inner.parse().ok()?).ok();
        } else if !is_time(inner) && !is_count(inner) {
            return None;
        }
    }
    let kind = match text.parse::<Address>() {
        Ok(_) => Kind::Bare,
        Err(_) => Kind::Banner,
    };
    (of.is_some() || host.is_some()).then(|| Heading {
        of,
        host,
        kind,
        ..Heading::default()
    })
}

/// `[1]`, as `pssh` prints it.
fn is_count(word: &str) -> bool {
    word.len() < 6 && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests;
