//! Refusals: the process runs, and does not say what was asked.

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote_line;

pub(super) static DIALECT: Dialect = Dialect {
    name: "error-reply",
    sniff,
    parse,
};

/// A refusal that an operator can do something about.
struct Refusal {
    /// How the answer begins.
    begins: &'static str,
    means: &'static str,
    help: &'static str,
}

const PASSWORD: &str = "give the password with REDISCLI_AUTH (for valkey-cli VALKEYCLI_AUTH) in the environment and \
     capture again";

const REFUSALS: &[Refusal] = &[
    Refusal {
        begins: "NOAUTH",
        means: "the node wants a password",
        help: PASSWORD,
    },
    Refusal {
        begins: "WRONGPASS",
        means: "the password or the user is wrong",
        help: PASSWORD,
    },
    Refusal {
        begins: "ERR invalid password",
        means: "the password is wrong",
        help: PASSWORD,
    },
    Refusal {
        begins: "NOPERM",
        means: "the user may not ask that",
        help: "capture as a user who may run CLUSTER, INFO and CONFIG GET",
    },
    Refusal {
        begins: "DENIED",
        means: "the node is in protected mode and answers its own host only",
        help: "capture on the host itself, through the loopback address",
    },
    Refusal {
        begins: "LOADING",
        means: "the node runs and is still loading its data",
        help: "capture again when it has loaded; until then it serves nothing",
    },
    Refusal {
        begins: "MASTERDOWN",
        means: "the node is a replica that lost its master and may not serve old data",
        help: "look at the link to its master (INFO replication)",
    },
    Refusal {
        begins: "MISCONF",
        means: "the node cannot write its data to disk and takes no writes",
        help: "look at its disk and its log",
    },
    Refusal {
        begins: "BUSY",
        means: "a script keeps the node busy",
        help: "capture again when the script has ended",
    },
    Refusal {
        begins: "ERR This instance has cluster support disabled",
        means: "the node is no cluster node",
        help: "is this the right port? A cluster node runs with cluster-enabled yes",
    },
    Refusal {
        begins: "ERR max number of clients reached",
        means: "the node takes no more clients",
        help: "close clients or raise maxclients, and capture again",
    },
    Refusal {
        begins: "ERR unknown command",
        means: "the node does not know the command: renamed, or of a later version",
        help: "look for rename-command in its configuration",
    },
    Refusal {
        begins: "ERR Unknown subcommand",
        means: "the node does not know the command: it is of a later version",
        help: "CLUSTER NODES is known to every version",
    },
    Refusal {
        begins: "ERR unknown subcommand",
        means: "the node does not know the command: it is of a later version",
        help: "CLUSTER NODES is known to every version",
    },
];

/// Commands and subcommands that some version or configuration does not know. What else a server
/// does not know was mistyped.
const RENAMED_OR_LATER: [&str; 22] = [
    "acl",
    "auth",
    "client",
    "cluster",
    "command",
    "config",
    "dbsize",
    "failover",
    "hello",
    "info",
    "links",
    "memory",
    "migration",
    "module",
    "myshardid",
    "ping",
    "replicas",
    "role",
    "shards",
    "slot-stats",
    "slots",
    "time",
];

/// Whether the refusal names a command that no version knows.
fn is_mistyped(answer: &str) -> bool {
    let unknown = [
        "ERR unknown command",
        "ERR Unknown subcommand",
        "ERR unknown subcommand",
    ];
    let named = answer.split(['\'', '`']).nth(1);
    unknown.iter().any(|begins| answer.starts_with(begins))
        && named.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            let name = name.rsplit(['|', ' ']).next().unwrap_or("");
            !RENAMED_OR_LATER.contains(&name)
        })
}

/// First words of refusals that say nothing of the node.
const OTHERS: [&str; 15] = [
    "ERR",
    "ASK",
    "MOVED",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "TRYAGAIN",
    "READONLY",
    "NOREPLICAS",
    "NOPROTO",
    "EXECABORT",
    "UNKILLABLE",
    "OOM",
    "WRONGTYPE",
    "INPROG",
    "IOERR",
];

/// The answer without what clients put before it, if it is a refusal.
pub(super) fn refusal(line: &str) -> Option<&str> {
    let marked = line.strip_prefix("(error) ");
    let text = marked.unwrap_or(line);
    let text = text.strip_prefix('-').unwrap_or(text);
    // Asked of every line.
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let word = text.split([' ', ':']).next()?;
    let known = OTHERS.contains(&word)
        || REFUSALS
            .iter()
            .any(|r| r.begins.split(' ').next() == Some(word));
    // What a client marks so is the word of a server, also one that is new or of a module.
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let marked = marked.is_some() && word.len() > 1 && word.bytes().all(capital);
    (marked || known && text.len() > word.len()).then_some(text)
}

/// Refusals, and between them nothing that says more than that a command was done.
fn sniff(head: &Head) -> bool {
    let mut refused = false;
    let all = head.lines().all(|line| {
        let is_refusal = refusal(line).is_some();
        refused |= is_refusal;
        is_refusal || is_done(line)
    });
    all && refused
}

/// `OK`, a count, `BUMPED 7` or `STILL 7`, an id.
fn is_done(line: &str) -> bool {
    const ID: usize = 40;
    let rest = ["BUMPED ", "STILL "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    let all = |is: fn(&u8) -> bool| !rest.is_empty() && rest.bytes().all(|b| is(&b));
    line == "OK" || all(u8::is_ascii_digit) || rest.len() == ID && all(u8::is_ascii_hexdigit)
}

/// The key under which a refusal to write goes with what INFO tells: PING answers it as well.
pub const MISCONF: &str = "MISCONF";

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut said: Vec<&str> = Vec::new();
    let mut misconf = None;
    let mut others = 0;
    for (line, text) in block.lines().filter(|(_, text)| !is_noise(text)) {
        let Some(answer) = refusal(text.trim()) else {
            continue;
        };
        let known = REFUSALS.iter().find(|r| answer.starts_with(r.begins));
        if answer.starts_with(MISCONF) {
            misconf.get_or_insert((line, answer));
        }
        match known.filter(|_| !is_mistyped(answer)) {
            Some(refusal) if !said.contains(&refusal.begins) => {
                said.push(refusal.begins);
                let message = format!("the answer is {}: {}", quote_line(answer), refusal.means);
                log.at_line(
                    Diagnostic::new(Capture::Refused, message).help(refusal.help),
                    line,
                );
            }
            Some(_) => {}
            None => {
                others += 1;
                if others == 1 {
                    let spot = Spot {
                        line,
                        text,
                        part: answer,
                    };
                    let message = format!("a command was refused with {}", quote_line(answer));
                    let diagnostic = Diagnostic::new(Capture::Refused, message);
                    log.at(diagnostic.severity(Severity::Note), spot);
                }
            }
        }
    }
    let facts = match misconf {
        Some((line, answer)) => Facts::Info(vec![Pair {
            key: MISCONF,
            value: answer.into(),
            line,
        }]),
        None => Facts::Pong,
    };
    vec![Section::new(DIALECT.name, block, facts)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn a_refusal_tells_that_the_process_runs_and_what_to_do() {
        for (text, severity, help) in [
            (
                "NOAUTH Authentication required.\n",
                Severity::Warning,
                "REDISCLI_AUTH",
            ),
            (
                "(error) NOAUTH Authentication required.\n",
                Severity::Warning,
                "REDISCLI_AUTH",
            ),
            (
                "LOADING Redis is loading the dataset in memory\n",
                Severity::Warning,
                "again",
            ),
            (
                "10.0.0.1:7000> cluster nodes\n(error) ERR This instance has cluster support disabled\n",
                Severity::Warning,
                "port",
            ),
            (
                "-DENIED Redis is running in protected mode because\n",
                Severity::Warning,
                "host",
            ),
            (
                "ERR unknown command `config`\n",
                Severity::Warning,
                "rename",
            ),
            (
                "10.0.0.1:7000> cluster slots\n(error) MOVED\n",
                Severity::Note,
                "",
            ),
            ("(error) NOTREADY wait\n", Severity::Note, ""),
            (
                "OK\nERR Unknown node 00\nBUMPED 7\nERR Unknown node 01\n",
                Severity::Note,
                "",
            ),
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            assert_eq!(parsed.sections[0].dialect, "error-reply", "{text}");
            assert!(matches!(parsed.sections[0].facts, Facts::Pong), "{text}");
            assert_eq!(parsed.diagnostics.len(), 1, "{text}");
            let said = &parsed.diagnostics[0];
            assert_eq!(said.severity, severity, "{text}");
            assert!(said.help.as_deref().unwrap_or("").contains(help), "{text}");
        }
    }

    #[test]
    fn what_else_is_said_is_no_refusal() {
        for text in [
            "OK\n",
            "ERR\n",
            "ERROR 1045: Access denied\n",
            "NOAUTH Authentication required.\nrole:master\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(!sniff(&Head::of(Block::of(&source))), "{text}");
        }
    }
}
