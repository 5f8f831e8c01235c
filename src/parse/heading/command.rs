//! Which nodes the commands on one line ask.

use crate::model::Address;
use crate::text::lex::command::is_client;

/// One command of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::parse) struct Asked {
    /// `None` where nobody can say which.
    pub of: Option<Address>,
    /// The dialect of what it prints, where that is plain.
    pub answer: Option<&'static str>,
    /// What it prints goes to a file.
    pub silent: bool,
}

/// The commands of a line in their order; of a command within another nobody knows.
pub(super) fn asked(words: &str, here: Option<&str>) -> Vec<Asked> {
    let mut found = Vec::new();
    for part in parts(words) {
        let clients = bare_words(part).filter(|w| is_client(w)).count();
        match clients {
            0 => {}
            1 => found.push(one(part, here)),
            more => found.extend((0..more).map(|_| Asked {
                of: None,
                answer: None,
                silent: false,
            })),
        }
    }
    found
}

/// Cut at `;`, `&` and `||` outside quotes. What a command pipes to is part of it.
fn parts(words: &str) -> Vec<&str> {
    let bytes = words.as_bytes();
    let mut parts = Vec::new();
    let mut quote = None;
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|b| bytes.get(b));
        let next = bytes.get(at + 1);
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            // `2>&1` and `&>file` are no ends.
            (None, b'&') if before == Some(&b'>') || next == Some(&b'>') => {}
            (None, b';' | b'&') => {
                parts.extend(words.get(start..at));
                start = at + 1;
            }
            (None, b'|') if next == Some(&b'|') || before == Some(&b'|') => {
                parts.extend(words.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(words.get(start..));
    parts
}

fn bare_words(part: &str) -> impl Iterator<Item = &str> {
    let quotes = ['"', '\'', '(', ')', '`'];
    part.split_whitespace().map(move |w| w.trim_matches(quotes))
}

/// The only client of this command.
fn one(part: &str, here: Option<&str>) -> Asked {
    let words: Vec<&str> = bare_words(part).collect();
    let at = words.iter().position(|w| is_client(w)).unwrap_or(0);
    let (before, client) = words.split_at(at);
    let silent = client
        .iter()
        .any(|w| w.starts_with('>') || w.starts_with("1>") || w.starts_with("&>"));
    Asked {
        of: around(before, here).and_then(|host| address(client, host)),
        answer: answer(client),
        silent,
    }
}

/// Where a client runs.
enum Here<'a> {
    Host(&'a str),
    /// Nothing tells.
    Anywhere,
}

/// The host, the pod or the container that the command runs in; `None` where it cannot be told.
fn around<'a>(before: &[&'a str], here: Option<&'a str>) -> Option<Here<'a>> {
    let is = |names: &'static [&'static str]| {
        move |w: &&str| names.contains(&w.rsplit('/').next().unwrap_or(w))
    };
    if let Some(at) = before.iter().position(is(&[
        "kubectl",
        "oc",
        "docker",
        "podman",
        "nerdctl",
        "docker-compose",
    ])) {
        const VALUED: [&str; 14] = [
            "-n",
            "--namespace",
            "-c",
            "--container",
            "--context",
            "--kubeconfig",
            "-u",
            "--user",
            "-w",
            "--workdir",
            "-e",
            "--env",
            "--env-file",
            "--detach-keys",
        ];
        let rest = before.get(at..)?;
        let exec = rest.iter().position(|w| *w == "exec")?;
        let name = operand(rest.get(exec + 1..)?, &VALUED)?;
        let name = name.strip_prefix("pod/").unwrap_or(name);
        // `deploy/redis` is any of its pods.
        return (!name.contains('/')).then_some(Here::Host(name));
    }
    if let Some(at) = before.iter().position(is(&["ssh"])) {
        const VALUED: [&str; 21] = [
            "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O",
            "-o", "-p", "-Q", "-R", "-S", "-W", "-w",
        ];
        let name = operand(before.get(at + 1..)?, &VALUED)?;
        return Some(Here::Host(name.rsplit('@').next().unwrap_or(name)));
    }
    Some(here.map_or(Here::Anywhere, Here::Host))
}

/// The first word that is neither an option nor the value of one.
fn operand<'a>(words: &[&'a str], valued: &[&str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if valued.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// `-h HOST -p PORT`, or `-u redis://HOST:PORT`, of a client that runs `here`.
fn address(client: &[&str], here: Here) -> Option<Address> {
    let mut host = None;
    let mut port = None;
    let mut words = client.iter().skip(1);
    while let Some(&word) = words.next() {
        match word {
            "-h" => host = Some(*words.next()?),
            "-p" => port = Some(*words.next()?),
            "-u" => {
                let rest = words.next()?.split_once("://")?.1;
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                return place.split('/').next()?.parse().ok();
            }
            // It may be any node that asks, or answers.
            "-s" | "--cluster" => return None,
            _ => {}
        }
    }
    let is_local = |host: &&str| matches!(*host, "localhost" | "127.0.0.1" | "::1");
    let far = host.filter(|host| !is_local(host));
    let (host, port) = match (far, here) {
        (Some(host), _) | (None, Here::Host(host)) => (host, port.unwrap_or("6379")),
        // The file may say on which host that was, but not its port.
        (None, Here::Anywhere) => (host.unwrap_or("127.0.0.1"), port?),
    };
    Address::new(host, port.parse().ok()?).ok()
}

fn answer(client: &[&str]) -> Option<&'static str> {
    let is = |name: &'static str| move |w: &&str| w.eq_ignore_ascii_case(name);
    let has = |name| client.iter().any(is(name));
    match (has("cluster"), has("nodes"), has("info")) {
        (true, true, _) => Some("cluster-nodes"),
        (true, _, true) => Some("cluster-info"),
        (false, _, true) => Some("info"),
        _ if has("ping") => Some("ping"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str, here: Option<&str>) -> Vec<Option<String>> {
        let found = asked(words, here).into_iter();
        found.map(|a| a.of.map(|of| of.to_string())).collect()
    }

    #[test]
    fn every_client_on_a_line_is_a_command_of_its_own() {
        let two = [Some("10.0.0.1:1".to_owned()), Some("10.0.0.2:2".to_owned())];
        for between in [";", " && ", " || ", " & ", " 2>&1; date; "] {
            let line =
                format!("redis-cli -h 10.0.0.1 -p 1 info{between}redis-cli -h 10.0.0.2 -p 2 info");
            assert_eq!(of(&line, None), two, "{line}");
        }
        let inner = "ssh h \"redis-cli -p 1 info; redis-cli -p 2 info\"";
        assert_eq!(of(inner, None), [None, None]);
    }

    #[test]
    fn a_client_asks_where_it_runs() {
        for (line, here, expected) in [
            (
                "redis-cli -p 7000 info",
                Some("10.0.0.2"),
                Some("10.0.0.2:7000"),
            ),
            ("redis-cli info", Some("10.0.0.2"), Some("10.0.0.2:6379")),
            (
                "redis-cli -h 10.0.0.9 info",
                Some("10.0.0.2"),
                Some("10.0.0.9:6379"),
            ),
            ("redis-cli -h $h -p 6380 info", Some("10.0.0.2"), None),
            ("redis-cli -p 7000 info", None, Some("127.0.0.1:7000")),
            ("redis-cli info", None, None),
            (
                "ssh -p 22 op@10.0.0.3 \"redis-cli -p 6380 info\"",
                Some("jump"),
                Some("10.0.0.3:6380"),
            ),
            (
                "ssh jump redis-cli -h 10.0.0.3 info",
                None,
                Some("10.0.0.3:6379"),
            ),
            (
                "kubectl exec -n x -it redis-1 -c c -- redis-cli -h 127.0.0.1 info",
                None,
                Some("redis-1:6379"),
            ),
            (
                "kubectl -n x exec pod/redis-1 -- redis-cli -p 1 info",
                None,
                Some("redis-1:1"),
            ),
            (
                "kubectl exec deploy/redis -- redis-cli -p 1 info",
                None,
                None,
            ),
            (
                "docker exec -it redis-5 redis-cli -p 6380 info",
                None,
                Some("redis-5:6380"),
            ),
            (
                "redis-cli --cluster check 10.0.0.1:1",
                Some("10.0.0.2"),
                None,
            ),
        ] {
            assert_eq!(of(line, here), [expected.map(str::to_owned)], "{line}");
        }
    }
}
