//! `redis-18101.conf`, or what `grep -H '^dir '` finds in many of them: what a server is started
//! with.

use std::net::IpAddr;

use crate::diagnostic::Capture;
use crate::model::Address;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::config_get;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::ps::port_in_name;

pub(super) static DIALECT: Dialect = Dialect {
    name: "redis-conf",
    sniff,
    parse,
};

/// Directives by which such a file is known.
const KNOWN: [&str; 40] = [
    "appendfilename",
    "appendfsync",
    "appendonly",
    "bind",
    "cluster-announce-bus-port",
    "cluster-announce-ip",
    "cluster-announce-port",
    "cluster-config-file",
    "cluster-enabled",
    "cluster-migration-barrier",
    "cluster-node-timeout",
    "cluster-replica-validity-factor",
    "cluster-require-full-coverage",
    "cluster-slave-validity-factor",
    "daemonize",
    "databases",
    "dbfilename",
    "dir",
    "hz",
    "include",
    "loadmodule",
    "logfile",
    "loglevel",
    "masterauth",
    "maxclients",
    "maxmemory",
    "maxmemory-policy",
    "pidfile",
    "port",
    "protected-mode",
    "rdbcompression",
    "replicaof",
    "requirepass",
    "save",
    "slaveof",
    "supervised",
    "tcp-backlog",
    "tcp-keepalive",
    "timeout",
    "unixsocket",
];

/// What is nobody's business here.
const SECRETS: [&str; 5] = [
    "masterauth",
    "masteruser",
    "requirepass",
    "user",
    "rename-command",
];

fn sniff(head: &Head) -> bool {
    is_conf(head) && !config_get::is_answer_by_line(head) && !config_get::is_one_line(head)
}

/// The file may begin with pages of comments, so the first directives are looked for.
pub(super) fn is_conf(head: &Head) -> bool {
    const LOOKED_AT: usize = 8;
    let lines = head.raw_lines().filter(|line| !is_noise(line));
    let lines = lines.filter(|line| !line.trim_start().starts_with('#'));
    let (mut all, mut known) = (0, 0);
    for line in lines.take(LOOKED_AT) {
        let text = found_in(line).map_or(line, |(_, text)| text);
        let Some((key, _)) = directive(text) else {
            return false;
        };
        all += 1;
        known += usize::from(KNOWN.contains(&key));
    }
    known > 0 && known * 2 >= all
}

/// Key and value of a line; a value is not empty.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(char::is_whitespace)?;
    let is_name = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    is_name.then(|| (key, unquote(value.trim())))
}

fn unquote(value: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// `conf/redis/redis-18101.conf:dir /data`: the file, and what stands in it.
fn found_in(line: &str) -> Option<(&str, &str)> {
    let at = line.find(".conf:")? + ".conf".len();
    let (file, text) = (line.get(..at)?, line.get(at + 1..)?);
    // `grep -n` puts the number of the line between them.
    let text = match text.split_once(':') {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => text,
    };
    (!file.contains(char::is_whitespace)).then_some((file, text))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let lines = block.lines().filter(|(_, text)| !is_noise(text));
    let mut files: Vec<(Option<&str>, Vec<Pair>)> = Vec::new();
    let mut include = None;
    for (line, text) in lines {
        let (file, rest) = match found_in(text) {
            Some((file, rest)) => (Some(file), rest),
            None => (None, text),
        };
        // Comments, and lists of users over many lines.
        let Some((key, value)) = directive(rest).filter(|(key, _)| !SECRETS.contains(key)) else {
            continue;
        };
        if key == "include" {
            include.get_or_insert((line, text));
        }
        let value = value.into();
        let pair = Pair { key, value, line };
        match files.last_mut() {
            Some((last, pairs)) if *last == file => pairs.push(pair),
            _ => files.push((file, vec![pair])),
        }
    }
    let tells = |key: &str| files.iter().any(|(_, pairs)| value(pairs, key).is_some());
    if let Some((line, text)) = include
        && !(tells("dir") && tells("port"))
    {
        log.say(
            Capture::Include,
            "the port or the directory stands in the included file; capture that file too",
            Spot {
                line,
                text,
                part: text,
            },
        );
    }
    files
        .into_iter()
        .map(|(file, pairs)| section(file, pairs))
        .collect()
}

fn section<'a>(file: Option<&'a str>, mut pairs: Vec<Pair<'a>>) -> Section<'a> {
    let line = pairs.first().map_or(1, |p| p.line);
    if value(&pairs, "port").is_none()
        && let Some(port) = file.and_then(port_digits)
    {
        pairs.push(Pair {
            key: "port",
            value: port.into(),
            line,
        });
    }
    let port = value(&pairs, "cluster-announce-port")
        .filter(|port| *port != "0")
        .or_else(|| value(&pairs, "port"))
        .and_then(|port| port.parse().ok());
    let ip = value(&pairs, "cluster-announce-ip")
        .or_else(|| value(&pairs, "bind").and_then(bound))
        .or_else(|| {
            file?
                .split('/')
                .rev()
                .find(|part| part.parse::<IpAddr>().is_ok())
        });
    let of = ip.zip(port);
    let of = of.and_then(|(ip, port)| Address::new(ip, port).ok());
    Section {
        dialect: DIALECT.name,
        of,
        host: None,
        doubt: crate::parse::Doubt::None,
        line,
        facts: Facts::Config(pairs),
    }
}

/// The last one counts, as in the servers.
fn value<'p>(pairs: &'p [Pair], key: &str) -> Option<&'p str> {
    let pair = pairs.iter().rev().find(|p| p.key == key)?;
    (!pair.value.is_empty()).then_some(&*pair.value)
}

fn port_digits(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".conf")?;
    port_in_name(file.rsplit('/').next()?)?;
    let digits = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    stem.get(digits..)
}

/// The one address of `bind` by which others can reach the node.
fn bound(bind: &str) -> Option<&str> {
    let own = |ip: &&str| {
        let ip = ip.parse::<IpAddr>();
        ip.is_ok_and(|ip| {
            !ip.is_unspecified() && !["127.0.0.1", "::1"].contains(&ip.to_string().as_str())
        })
    };
    let mut ips = bind
        .split_whitespace()
        .map(|ip| unquote(ip).trim_start_matches('-'))
        .filter(own);
    let first = ips.next()?;
    ips.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    type Settings = Vec<(String, String)>;

    fn sections(text: &str) -> Vec<(Option<String>, Settings)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        parsed
            .sections
            .iter()
            .map(|s| match &s.facts {
                Facts::Config(pairs) => (
                    s.of.as_ref().map(Address::to_string),
                    pairs
                        .iter()
                        .map(|p| (p.key.to_owned(), p.value.to_string()))
                        .collect(),
                ),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn reads_directives_behind_pages_of_comments() {
        let text = "# a comment\n".repeat(100)
            + "bind 127.0.0.1 10.0.0.1 -::1\nport 7000\ndir \"/data/x\"\nrequirepass geheim\n# end\n";
        let found = sections(&text);
        assert_eq!(found[0].0.as_deref(), Some("10.0.0.1:7000"));
        let keys: Vec<_> = found[0].1.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(keys, ["bind", "port", "dir"]);
        assert_eq!(found[0].1[2].1, "/data/x");
    }

    #[test]
    fn what_is_announced_counts_more_than_what_is_bound() {
        for (text, of) in [
            ("port 7000\nbind 0.0.0.0\n", None),
            ("port 7000\nbind 10.0.0.1 10.0.1.1\n", None),
            (
                "port 7000\nbind 10.0.0.1\ncluster-announce-ip 10.9.0.1\n",
                Some("10.9.0.1:7000"),
            ),
            (
                "port 7000\nbind 10.0.0.1\ncluster-announce-port 17000\n",
                Some("10.0.0.1:17000"),
            ),
        ] {
            assert_eq!(sections(text)[0].0.as_deref(), of, "{text}");
        }
    }

    #[test]
    fn grep_names_the_file_of_each_line() {
        let text = "conf/redis/redis-18101.conf:dir /data/1\n\
            h/10.0.0.1/redis-18102.conf:7:dir /data/2\n";
        let found = sections(text);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            found[0],
            (None, vec![pair("dir", "/data/1"), pair("port", "18101")])
        );
        assert_eq!(found[1].0.as_deref(), Some("10.0.0.1:18102"));
    }

    #[test]
    fn other_texts_are_not_claimed() {
        for text in [
            "Dear all\n",
            "dir\n/data\n",
            "please help me\nport me\nto x\n",
            "# x\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(!sniff(&Head::of(Block::of(&source))), "{text}");
        }
    }

    #[test]
    fn an_include_that_is_needed_is_said() {
        let source = Source::new(
            "f",
            "include /etc/common.conf\nport 7000\n".into(),
            String::new(),
        );
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics[0].code, Capture::Include);
    }
}
