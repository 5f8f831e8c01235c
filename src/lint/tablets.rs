//! A list of commands of `ns_client`, tried on captured tablets.

use std::collections::BTreeSet;

use crate::lint::Code;
use crate::lint::Linted;
use crate::lint::findings;
use crate::lint::shell;
use crate::lint::shell::Statement;
use crate::lint::shell::without_prompt;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::tablets::Act;
use crate::tablets::Refused;
use crate::text::quote::quote;

/// Tries the list on the captured tablets.
pub(super) fn lint(captured: &Tablets, text: &str) -> Linted {
    let (statements, cut) = shell::statements(text);
    let mut state = captured.clone();
    let mut out = Linted {
        cut,
        ..Linted::default()
    };
    let mut said: Vec<(usize, Code, String)> = Vec::new();
    let mut off = None;
    for (index, statement) in statements.iter().enumerate() {
        let acts = match acts(statement, &state) {
            Ok(acts) if acts.is_empty() => {
                out.passed_over += 1;
                continue;
            }
            Ok(acts) => acts,
            Err(why) => {
                said.push((index, Code::NotFollowed, why));
                continue;
            }
        };
        out.followed += 1;
        for act in acts {
            if act.needs_manual() && state.auto_failover.is_none() {
                let why = "nothing tells that auto_failover is off: it is refused where it is on";
                said.push((index, Code::NeedsManual, why.to_owned()));
            }
            match act.guard(&state) {
                Ok(()) => act.apply(&mut state),
                Err(refused) => said.push((index, code(refused), spoken(refused))),
            }
            match act {
                Act::SetAutoFailover(false) if captured.auto_failover == Some(true) => {
                    off = Some(index);
                }
                Act::SetAutoFailover(_) => off = None,
                Act::OfflineEndpoint(_)
                | Act::ChangeLeader { .. }
                | Act::Restart(_)
                | Act::RestartNameServer(_)
                | Act::RecoverEndpoint(_)
                | Act::RecoverTable { .. }
                | Act::Migrate { .. }
                | Act::AddReplica { .. }
                | Act::DelReplica { .. }
                | Act::Kill(_) => {}
            }
        }
    }
    if let Some(index) = off {
        let why = "auto_failover was on and stays off: the next tablet that dies keeps its leaders";
        said.push((index, Code::MakesFinding, why.to_owned()));
    }
    let leaderless = |at: &Tablets| -> BTreeSet<PartitionId> {
        let ids = at.partition_ids();
        ids.filter(|&id| at.leader(at.partition(id)).is_none())
            .collect()
    };
    let before = leaderless(captured);
    let last = statements.len().saturating_sub(1);
    for id in leaderless(&state).difference(&before) {
        let why = format!("{} has no leader that serves at the end", state.name(*id));
        said.push((last, Code::MakesFinding, why));
    }
    out.findings = findings(&statements, said);
    out
}

fn code(refused: Refused) -> Code {
    match refused {
        Refused::AutoFailover => Code::NeedsManual,
        Refused::Nothing => Code::Needless,
        Refused::NotHealthy
        | Refused::NoFollower
        | Refused::NoAliveFollower
        | Refused::NoLeader
        | Refused::LeaderOffline
        | Refused::IsLeader
        | Refused::NotThere
        | Refused::AlreadyThere
        | Refused::Alive
        | Refused::HoldsCopies
        | Refused::CannotDeleteLeader => Code::Refused,
    }
}

fn spoken(refused: Refused) -> String {
    match refused {
        Refused::Nothing => "the name server says ok and does nothing: no copy there is marked as \
                           gone (`offlineendpoint` does that), or no leader is left to copy from"
            .to_owned(),
        Refused::AutoFailover
        | Refused::NotHealthy
        | Refused::NoFollower
        | Refused::NoAliveFollower
        | Refused::NoLeader
        | Refused::LeaderOffline
        | Refused::IsLeader
        | Refused::NotThere
        | Refused::AlreadyThere
        | Refused::Alive
        | Refused::HoldsCopies
        | Refused::CannotDeleteLeader => format!("it would be refused: {refused}"),
    }
}

/// The acts of one command; none if it changes nothing.
fn acts(statement: &Statement, at: &Tablets) -> Result<Vec<Act>, String> {
    let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
    let (_, words) = without_prompt(&words);
    let given = words.iter().find_map(|word| word.strip_prefix("--cmd="));
    let words: Vec<&str> = match given {
        Some(command) => command.split_whitespace().collect(),
        None => words.to_vec(),
    };
    let Some((first, rest)) = words.split_first() else {
        return Ok(Vec::new());
    };
    let tablet = |name: &str| {
        let found = at.find(name);
        found.ok_or_else(|| format!("the capture shows no tablet {}", quote(name)))
    };
    let one = |act: Act| Ok(vec![act]);
    match (first.trim_start_matches('>'), rest) {
        ("confset", [key, value, ..]) if *key == "auto_failover" => match *value {
            "true" => one(Act::SetAutoFailover(true)),
            "false" => one(Act::SetAutoFailover(false)),
            other => Err(format!("auto_failover is never {}", quote(other))),
        },
        ("offlineendpoint", [endpoint, ..]) => one(Act::OfflineEndpoint(tablet(endpoint)?)),
        ("recoverendpoint", [endpoint, ..]) => one(Act::RecoverEndpoint(tablet(endpoint)?)),
        ("changeleader", [table, pid, more @ ..]) => {
            let partition = partition(at, table, pid)?;
            let heir = match more.first() {
                Some(name) if *name != "auto" => Some(tablet(name)?),
                Some(_) | None => at.heir(at.partition(partition)).map(|held| held.tablet),
            };
            let heir = heir.ok_or("no follower is alive to lead it")?;
            let leader = at.listed_leader(at.partition(partition));
            one(Act::ChangeLeader {
                partition,
                to: heir,
                from: leader.map(|held| held.tablet),
            })
        }
        ("recovertable", [table, pid, endpoint]) => one(Act::RecoverTable {
            partition: partition(at, table, pid)?,
            tablet: tablet(endpoint)?,
        }),
        ("migrate", [from, table, pids, to]) => {
            let (from, to) = (tablet(from)?, tablet(to)?);
            let migrate = |partition: PartitionId| Act::Migrate {
                partition,
                from,
                to,
            };
            Ok(partitions(at, table, pids, from)?
                .into_iter()
                .map(migrate)
                .collect())
        }
        ("addreplica", [table, pid, endpoint]) => one(Act::AddReplica {
            partition: partition(at, table, pid)?,
            to: tablet(endpoint)?,
        }),
        ("delreplica", [table, pid, endpoint]) => one(Act::DelReplica {
            partition: partition(at, table, pid)?,
            from: tablet(endpoint)?,
        }),
        (
            "offlineendpoint" | "recoverendpoint" | "changeleader" | "recovertable" | "migrate"
            | "addreplica" | "delreplica",
            _,
        ) => Err(format!("{} lacks words", quote(&words.join(" ")))),
        (
            command @ ("create" | "drop" | "recoverdata" | "cancelop" | "updatetablealive"
            | "setlimit" | "addtablefield"),
            _,
        ) => Err(format!("what `{command}` leads to is not known")),
        _ => Ok(Vec::new()),
    }
}

fn partition(at: &Tablets, table: &str, pid: &str) -> Result<PartitionId, String> {
    let number: Option<u32> = pid.parse().ok();
    let found = at.partition_ids().find(|&id| {
        let partition = at.partition(id);
        *partition.table == *table && Some(partition.pid) == number
    });
    found.ok_or_else(|| {
        format!(
            "the capture shows no partition {}",
            quote(&format!("{table} {pid}"))
        )
    })
}

/// `3`, `3,5`, `3-6`, or `all` that the tablet holds as a follower.
fn partitions(
    at: &Tablets,
    table: &str,
    pids: &str,
    from: TabletId,
) -> Result<Vec<PartitionId>, String> {
    const MOST: u32 = 10_000;
    if pids == "all" {
        let held = at.held_by(from);
        let of_table = held.filter(|(id, held)| !held.leader && *at.partition(*id).table == *table);
        return Ok(of_table.map(|(id, _)| id).collect());
    }
    let mut all = Vec::new();
    for part in pids.split(',') {
        let ends = part.split_once('-').unwrap_or((part, part));
        let (Ok(first), Ok(last)) = (ends.0.parse::<u32>(), ends.1.parse::<u32>()) else {
            return Err(format!("{} is no partition", quote(part)));
        };
        if last.saturating_sub(first) > MOST {
            return Err(format!(
                "{} are more partitions than there are",
                quote(part)
            ));
        }
        for pid in first..=last {
            all.push(partition(at, table, &pid.to_string())?);
        }
    }
    Ok(all)
}
