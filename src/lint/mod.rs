//! A list of commands that somebody wrote by hand, tried on a captured cluster.
//!
//! Every command is read as a shell and the tool would read it, held against what the server would
//! say at that point of the list, and then taken as done. Start reading at [`lint`].

mod code;
mod order;
mod rules;
mod scene;
mod shell;
mod tablets;
mod tools;

use std::collections::BTreeMap;

use crate::action::Counted;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::model::NodeId;
use crate::rules::Context;

pub use code::Code;
pub use code::find;
pub use order::Order;
pub use rules::Rule;

use order::Read;
use scene::History;
use scene::Tried;
use scene::Whole;
use shell::Statement;

/// Something about one command of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// In the list, from 1.
    pub line: u32,
    /// The command as the shell hands it over.
    pub command: String,
    pub message: String,
}

/// What was found in a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Linted {
    /// In the order of the list, the worst of a line first.
    pub findings: Vec<Finding>,
    /// Commands that change something, and that were followed.
    pub followed: usize,
    /// Commands that only read, or are no business of a cluster.
    pub passed_over: usize,
    /// There were more commands than are looked at.
    pub cut: bool,
}

/// Tries the list on the captured cluster.
pub fn lint(inventory: &Inventory, text: &str) -> Linted {
    if let Some(seen) = &inventory.tablets {
        return tablets::lint(&seen.state, text);
    }
    let (statements, cut) = shell::statements(text);
    let cluster = &inventory.cluster;
    let mut at = Counted::new(cluster.clone());
    let owned = cluster.iter().filter(|(_, n)| !n.slots.is_empty());
    let mut history = History {
        owned: owned
            .map(|(id, n)| (id, n.slots.clone(), n.config_epoch))
            .collect(),
        ..History::default()
    };
    let mut out = Linted {
        cut,
        ..Linted::default()
    };
    let mut said: Vec<(usize, Code, String)> = Vec::new();
    let mut refused: Vec<(usize, Order)> = Vec::new();
    let mut named: BTreeMap<NodeId, usize> = BTreeMap::new();
    let (mut last, mut blind) = (0, false);
    for (index, statement) in statements.iter().enumerate() {
        let read = order::read(statement, &at, &inventory.policy);
        if read.is_empty() {
            out.passed_over += 1;
            continue;
        }
        out.followed += usize::from(read.iter().any(|r| matches!(r, Read::Order(_))));
        last = index;
        for read in read {
            let order = match read {
                Read::Order(order) => order,
                Read::NotFollowed(why) => {
                    blind = true;
                    said.push((index, Code::NotFollowed, why));
                    continue;
                }
            };
            let tried = Tried {
                refusal: scene::refusal(&order, &at),
                order: &order,
                at: &at,
            };
            let by_tool = matches!(order, Order::Forget { by_tool: true, .. });
            for &code in Code::ALL {
                if let Some(message) = (code.rule().check)(&tried, &history) {
                    said.push((index, code, message));
                }
            }
            if tried.refusal.is_some() {
                // Who tells everybody goes on where one says no.
                if !by_tool {
                    refused.push((index, order));
                }
                continue;
            }
            for id in ends(&order) {
                named.insert(id, index);
            }
            scene::apply(&order, index, &mut at, &mut history);
        }
    }
    let wanted = inventory.policy.wanted(cluster);
    let found = |cluster| {
        let cx = Context::new(cluster, &inventory.policy, &wanted);
        crate::rules::check(&cx)
    };
    let whole = Whole {
        start: cluster,
        end: &at,
        history: &history,
        refused: &refused,
        named: &named,
        last,
        found_before: &found(cluster),
        found_after: &found(&at),
        blind,
    };
    if !statements.is_empty() && out.followed > 0 {
        for &code in Code::ALL {
            let at_end = (code.rule().at_end)(&whole);
            said.extend(
                at_end
                    .into_iter()
                    .map(|(index, message)| (index, code, message)),
            );
        }
    }
    out.findings = findings(&statements, said);
    out
}

/// The nodes that an order is about.
fn ends(order: &Order) -> Vec<NodeId> {
    match order {
        Order::Meet { via, node } => vec![*via, *node],
        Order::Replicate { node, master, .. } => vec![*node, *master],
        Order::Forget { node, .. } => node.iter().copied().collect(),
        Order::GiveSlots { to, .. } => vec![*to],
        Order::Failover { node, .. }
        | Order::AddSlots { node, .. }
        | Order::DelSlots { node, .. }
        | Order::BumpEpoch { node }
        | Order::Flush { node }
        | Order::Reset { node }
        | Order::Stop { node } => vec![*node],
    }
}

/// One finding for each command, code and message, in the order of the list.
fn findings(statements: &[Statement], mut said: Vec<(usize, Code, String)>) -> Vec<Finding> {
    said.sort_by_key(|(index, code, _)| (*index, std::cmp::Reverse(code.rule().severity), *code));
    said.dedup();
    let finding = |(index, code, message): (usize, Code, String)| {
        let statement = &statements[index];
        Finding {
            code,
            severity: code.rule().severity,
            line: statement.line,
            command: shortened(&statement.words),
            message,
        }
    };
    said.into_iter().map(finding).collect()
}

/// Slots one by one are no reading.
fn shortened(words: &[String]) -> String {
    const WORDS: usize = 12;
    match words.len() {
        0..=WORDS => words.join(" "),
        more => {
            let first = words[..WORDS - 3].join(" ");
            let last = words.last().map_or("", String::as_str);
            format!("{first} … {last} ({} words)", more)
        }
    }
}

#[cfg(test)]
mod tests;
