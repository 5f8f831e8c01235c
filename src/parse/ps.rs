//! `ps`: which server processes run on one host, and which are stopped.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::ProcessRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "ps",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let mut head = head.lines();
    head.any(|line| Columns::of(line).is_some() || looks_like_a_server(line))
}

/// A line of `ps | grep redis-server`, which takes the header away.
fn looks_like_a_server(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let has_pid = words
        .by_ref()
        .take(2)
        .any(|word| word.bytes().all(|b| b.is_ascii_digit()));
    has_pid && server(line, 0, None).is_some()
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    let mut columns = None;
    for (line, text) in block.lines() {
        match Columns::of(text) {
            Some(found) => columns = Some(found),
            None => rows.extend(server(text, line, columns)),
        }
    }
    vec![Section::new(DIALECT.name, block, Facts::Processes(rows))]
}

/// What the header row tells.
#[derive(Clone, Copy)]
struct Columns {
    /// `None` in `ps -ef`.
    state: Option<usize>,
}

impl Columns {
    fn of(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_command = |word: &&str| ["CMD", "COMMAND", "ARGS"].contains(word);
        let is_header = words.contains(&"PID") && words.last().is_some_and(is_command);
        is_header.then(|| Self {
            state: words.iter().position(|w| *w == "STAT" || *w == "S"),
        })
    }
}

fn server(text: &str, line: u32, columns: Option<Columns>) -> Option<ProcessRow> {
    const OTHERS: [&str; 8] = ["grep", "egrep", "awk", "sh", "bash", "vi", "vim", "tail"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| is_server(word))?;
    let (before, args) = (words.get(..at)?, words.get(at + 1..)?);
    if before.iter().any(|word| OTHERS.contains(&base(word))) || args.contains(&"[sentinel]") {
        return None;
    }
    let (ip, port) = endpoint(args)?;
    let state = match columns {
        Some(columns) => columns.state.and_then(|at| before.get(at)).copied(),
        None => headless_state(before),
    };
    Some(ProcessRow {
        line,
        ip,
        port,
        cluster: args.contains(&"[cluster]"),
        stopped: state.is_some_and(|state| state.starts_with(['T', 't'])),
    })
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_server(word: &str) -> bool {
    const SERVERS: [&str; 3] = ["redis-server", "valkey-server", "keydb-server"];
    SERVERS.contains(&base(word).trim_end_matches(':'))
}

/// The state of a line without a header: right behind the pid, or the eighth of `ps aux`.
fn headless_state<'t>(before: &[&'t str]) -> Option<&'t str> {
    let is_number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
    match before {
        [pid, state, ..] if is_number(pid) && !is_number(state) => Some(state),
        [_, pid, cpu, ..] if is_number(pid) && cpu.contains('.') => before.get(7).copied(),
        _ => None,
    }
}

/// Address and port of `*:7000 [cluster]`; else what the arguments set. A port that nothing
/// tells is 0: such a server runs, and may be any.
fn endpoint(args: &[&str]) -> Option<(Option<String>, u16)> {
    let first = args.first()?;
    if let Some((ip, port)) = first.rsplit_once(':')
        && let Ok(port) = port.parse()
    {
        let ip = ip.trim_matches(['[', ']']);
        let anywhere = ["*", "0.0.0.0", "::", ""].contains(&ip);
        return Some(((!anywhere).then(|| ip.to_owned()), port));
    }
    let set = args
        .iter()
        .zip(args.iter().skip(1))
        .find(|(name, _)| **name == "--port" || **name == "-p")
        .and_then(|(_, port)| port.parse().ok());
    let named = || port_in_name(base(first));
    Some((None, set.or_else(named).unwrap_or(0)))
}

/// `redis-18101.conf`
pub(super) fn port_in_name(name: &str) -> Option<u16> {
    let stem = name.strip_suffix(".conf").unwrap_or(name);
    let digits = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let port = stem.get(digits..)?.parse().ok()?;
    (port > 0).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn rows(text: &str) -> Vec<(Option<String>, u16, bool)> {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, [], "{text}");
        match &parsed.sections[0].facts {
            Facts::Processes(rows) => rows
                .iter()
                .map(|r| (r.ip.clone(), r.port, r.stopped))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_every_form() {
        let stopped = [(None, 7000, true)];
        for text in [
            "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\nredis 77 0.1 0.2 1 2 ? Tl 01:00 0:00 redis-server *:7000 [cluster]\n",
            "redis 77 0.1 0.2 1 2 ? Tl Nov20 0:00 /opt/bin/redis-server *:7000 [cluster]\n",
            "  PID STAT COMMAND\n   77 T    valkey-server 0.0.0.0:7000 [cluster]\n",
            "77 Tsl keydb-server *:7000 [cluster]\n",
        ] {
            assert_eq!(rows(text), stopped, "{text}");
        }
        let text = "UID PID PPID C STIME TTY TIME CMD\n\
            root 1 0 0 Nov20 ? 00:00:01 /sbin/init\n\
            redis 9 1 0 Nov20 ? 00:00:01 /x/redis-server 127.0.0.1:7001 [cluster]\n\
            redis 10 1 0 Nov20 ? 00:00:01 redis-server [::1]:7002 [cluster]\n\
            redis 11 1 0 Nov20 ? 00:00:01 redis-server *:26379 [sentinel]\n\
            redis 12 1 0 Nov20 ? 00:00:01 redis-server /etc/redis/redis-7003.conf\n\
            redis 13 1 0 Nov20 ? 00:00:01 redis-server --port 7004 --save\n\
            redis 14 1 0 Nov20 ? 00:00:01 redis-server /etc/redis.conf\n\
            root 15 1 0 Nov20 ? 00:00:01 grep --color=auto redis-server *:7009\n";
        assert_eq!(
            rows(text),
            [
                (Some("127.0.0.1".into()), 7001, false),
                (Some("::1".into()), 7002, false),
                (None, 7003, false),
                (None, 7004, false),
                (None, 0, false),
            ]
        );
    }
}
