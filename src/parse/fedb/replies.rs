//! Commands as they are typed to `ns_client`, and its short replies. It says what it refuses, and
//! ends as if it had done it.

use std::sync::Arc;

use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::Shown;
use crate::parse::fedb::name::is_plain;

pub(super) const NAME: &str = "fedb-reply";

/// A command of `ns_client`, and its words.
#[derive(Debug)]
pub(super) struct Asked {
    command: &'static str,
    words: Vec<String>,
}

impl Asked {
    /// It is answered with a table, on every server.
    pub(super) fn wants_table(&self) -> bool {
        let shows = [
            "showtable",
            "showtablet",
            "showopstatus",
            "showns",
            "confget",
        ];
        shows.contains(&self.command)
    }
}

/// Commands that are typed to `ns_client`.
const COMMANDS: [&str; 19] = [
    "showtable",
    "showtablet",
    "showopstatus",
    "showns",
    "confget",
    "confset",
    "gettablestatus",
    "offlineendpoint",
    "recoverendpoint",
    "recovertable",
    "changeleader",
    "migrate",
    "addreplica",
    "delreplica",
    "updatetablealive",
    "cancelop",
    "deleteop",
    "showschema",
    "info",
];

/// What is printed when it was done.
const DONE: [&str; 13] = [
    "set auto_failover ok",
    "offline endpoint ok",
    "recover endpoint ok",
    "recover table ok",
    "change leader ok",
    "partition migrate ok",
    "AddReplica ok",
    "DelReplica ok",
    "update ok",
    "Cancel op ok!",
    "Delete op ok!",
    "Fail to cancel op!",
    "invalid parameter",
];

/// How what is refused begins: `failed to migrate partition. error msg: …`.
const REFUSED: [&str; 4] = ["failed to ", "Failed to ", "Fail to ", "migrate error"];

/// The command that a line shows: behind a prompt, or in `--cmd=`.
pub(super) fn asked(line: &str) -> Option<Asked> {
    const LONGEST: usize = 4096;
    if line.len() > LONGEST {
        return None;
    }
    let typed = match line.split_once("--cmd=") {
        Some((_, command)) => command.trim_matches(['"', '\'', ' ']),
        None => {
            let (before, typed) = line.rsplit_once('>')?;
            // `172.24.4.55:6531 demo_db> showtable`
            if before.split_whitespace().count() > 4 {
                return None;
            }
            typed.trim()
        }
    };
    let mut words = typed.split_whitespace();
    let first = words.next()?.trim_matches(['"', '\'']);
    let command = COMMANDS.iter().find(|c| **c == first)?;
    let words = words.map(|w| w.trim_matches(['"', '\'', ';']).to_owned());
    Some(Asked {
        command,
        words: words.collect(),
    })
}

/// The database that a line of a session tells of: `--database=DB`, a prompt that names it, or none in a
/// prompt that has room for it; `use DB`. `None`: the line tells nothing.
pub(super) fn database(line: &str) -> Option<Option<Arc<str>>> {
    const LONGEST: usize = 4096;
    let named = |name: &str| {
        let name = name.trim_matches(['"', '\'', ';', '`']);
        is_plain(name).then(|| Some(name.into()))
    };
    if line.len() > LONGEST || !(line.contains('>') || line.contains("--cmd=")) {
        return None;
    }
    if line.contains("--cmd=") || line.contains("--role=ns_client") {
        let of = line.split_once("--database=");
        return match of.and_then(|(_, rest)| rest.split_whitespace().next()) {
            Some(name) => named(name),
            None => Some(None),
        };
    }
    let (before, typed) = line.rsplit_once('>')?;
    let mut typed = typed.split_whitespace();
    if typed
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("use"))
    {
        return named(typed.next()?);
    }
    // `172.24.4.55:6531 demo_db> showtable`
    let mut words = before.split_whitespace().rev();
    let last = words.next()?;
    match words.next() {
        Some(server) if is_server(server) => named(last),
        Some(_) | None if is_server(last) => Some(None),
        Some(_) | None => None,
    }
}

/// Another database is chosen here.
pub(super) fn is_use(line: &str) -> bool {
    let typed = line.rsplit_once('>').map(|(_, typed)| typed);
    let first = typed.and_then(|typed| typed.split_whitespace().next());
    first.is_some_and(|word| word.eq_ignore_ascii_case("use")) && database(line).is_some()
}

fn is_server(word: &str) -> bool {
    let port = word.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    matches!(port, Some(Ok(_)))
}

pub(super) fn shown(asked: Option<&Asked>) -> Shown {
    match asked {
        Some(asked) if asked.command == "showtable" && asked.words.is_empty() => Shown::All,
        Some(asked) if asked.command == "showtable" => Shown::One,
        Some(_) | None => Shown::Unknown,
    }
}

/// A reply that nothing else prints.
pub(super) fn is_telling(line: &str) -> bool {
    let line = bare(line);
    DONE.iter().any(|done| line.starts_with(done)) || is_refusal(line)
}

fn bare(line: &str) -> &str {
    line.trim().trim_start_matches(['>', ' ', '#', '|'])
}

fn is_refusal(line: &str) -> bool {
    REFUSED.iter().any(|begin| line.starts_with(begin)) && line.contains("error msg:")
        || line.starts_with("migrate error.")
}

pub(super) fn reply(line: &str, asked: Option<&Asked>) -> Option<FedbFacts> {
    if !is_telling(line) {
        return None;
    }
    let line = bare(line);
    if line.starts_with("set auto_failover ok") {
        let asked = asked.filter(|asked| asked.command == "confset");
        let value = asked.and_then(|asked| match asked.words.get(1)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        });
        if value.is_some() {
            return Some(FedbFacts::AutoFailover(value));
        }
    }
    let failed = line.starts_with("Fail") || line.starts_with("invalid");
    Some(FedbFacts::Reply {
        refused: failed || is_refusal(line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_tell_their_database() {
        let of = |line: &str| database(line).map(|db| db.map(|db| db.to_string()));
        let named = |name: &str| Some(Some(name.to_owned()));
        assert_eq!(of("172.24.4.55:6531 demo_db> showtable"), named("demo_db"));
        assert_eq!(of("172.24.4.55:6531 > showtable"), Some(None));
        assert_eq!(of("> use demo_db;"), named("demo_db"));
        assert_eq!(of("> showtable"), None);
        assert_eq!(
            of("$ ns_client --database=db1 --cmd=\"showtable\""),
            named("db1")
        );
        assert_eq!(of("$ ns_client --cmd=showtable"), Some(None));
        assert_eq!(of("a -> b > c"), None);
    }
}
