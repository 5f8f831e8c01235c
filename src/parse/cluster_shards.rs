//! `CLUSTER SHARDS` (from 7.0): every node with its shard, without epochs, links and open slots.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::log::quote;
use crate::parse::node_field;
use crate::parse::node_line::bare;
use crate::parse::node_line::covers_all_slots;
use crate::parse::reply;
use crate::parse::reply::Form;
use crate::parse::reply::Item;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-shards",
    sniff,
    parse,
};

fn sniff(block: Block) -> bool {
    if let Some(head) = reply::json_head(block) {
        return head.starts_with("[{\"slots\":[");
    }
    let mut head = reply::scalars(block);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    head.next() == Some("slots")
        && head
            .next()
            .is_some_and(|next| next == "nodes" || next.starts_with("(empty ") || is_number(next))
}

/// One shard as it is listed.
#[derive(Default)]
struct Shard<'a> {
    slots: Vec<(u16, u16)>,
    nodes: Vec<ShardNode<'a>>,
}

/// One node as it is listed: its keys in any order.
#[derive(Default)]
struct ShardNode<'a> {
    line: u32,
    id: Option<&'a str>,
    /// `None` where the key is not there.
    ip: Option<&'a str>,
    port: u16,
    tls_port: u16,
    hostname: Option<&'a str>,
    zone: Option<&'a str>,
    role: Option<Flags>,
    health: Option<Health>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    /// `online`, or `loading`: a replica that never finished a sync.
    Answers,
    Failed,
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let answer = reply::read(block);
    let shards = match reply::form(block) {
        Form::Flat => flat_shards(&answer.roots, log),
        _ => nested_shards(&answer.roots, log),
    };
    let mut dump = NodesDump {
        authority: Authority::Shards,
        ..NodesDump::default()
    };
    let last_is_short = shards
        .last()
        .and_then(|s| s.nodes.last())
        .is_none_or(|n| n.role.is_none() || n.health.is_none());
    let loses_slots = shards.iter().any(loses_slots);
    let mut seen = BTreeSet::new();
    for shard in shards {
        nodes(shard, &mut dump, &mut seen, log);
    }
    let all_slots = covers_all_slots(&dump.lines);
    if !answer.complete && !all_slots || last_is_short {
        dump.incomplete = true;
        listed::cut_off(block, log);
    } else if loses_slots && !all_slots {
        dump.incomplete = true;
        let message = "a shard whose master failed is listed without slots, as Redis 7 does by \
                       mistake; who owns them is not told here";
        let diagnostic = Diagnostic::warning("parse/shard-slots", message);
        log.at_line(
            diagnostic.help("capture CLUSTER NODES too"),
            block.first_line,
        );
    }
    vec![Section::new(DIALECT.name, block, Facts::Nodes(dump))]
}

/// Redis 7 prints the slots of the first master it finds, also when that one failed and lost them.
fn loses_slots(shard: &Shard) -> bool {
    let is_failed_master =
        |n: &ShardNode| n.role == Some(Flags::MASTER) && n.health == Some(Health::Failed);
    shard.slots.is_empty() && shard.nodes.iter().any(is_failed_master)
}

/// The nodes of one shard: its slots and its replicas are those of the master that lives.
fn nodes<'a>(
    shard: Shard<'a>,
    dump: &mut NodesDump<'a>,
    seen: &mut BTreeSet<&'a str>,
    log: &mut Log,
) {
    let masters = || {
        let masters = shard.nodes.iter().filter(|n| n.role == Some(Flags::MASTER));
        masters.filter(|n| n.id.is_some())
    };
    let master = masters()
        .find(|n| n.health != Some(Health::Failed))
        .or_else(|| masters().next())
        .and_then(|n| n.id);
    let mut slots = shard.slots;
    for node in &shard.nodes {
        let Some(mut line) = node_line(node, log) else {
            dump.unread += 1;
            continue;
        };
        if node.id.is_some_and(|id| !seen.insert(id)) {
            log.at_line(
                Diagnostic::warning(
                    "parse/duplicate-id",
                    format!("node {} is already listed; skipped", quote(&line.id)),
                ),
                node.line,
            );
            continue;
        }
        if line.flags.has(Flags::REPLICA) {
            line.master = master.map(Cow::Borrowed);
        } else if node.id == master {
            line.slots = std::mem::take(&mut slots);
        }
        dump.lines.push(line);
    }
}

fn node_line<'a>(node: &ShardNode<'a>, log: &mut Log) -> Option<NodeLine<'a>> {
    let id = match node.id {
        Some(id) => id,
        None => {
            log.at_line(
                Diagnostic::warning(
                    "parse/node-id",
                    "a node has no id that can be read; it was skipped",
                ),
                node.line,
            );
            return None;
        }
    };
    let Some(role) = node.role else {
        log.at_line(
            Diagnostic::warning(
                "parse/flags",
                format!("node {} has no role; it was skipped", quote(id)),
            ),
            node.line,
        );
        return None;
    };
    let mut line = bare(node.line, Cow::Borrowed(id));
    line.ip = node.ip.unwrap_or("");
    line.port = match node.port {
        0 => node.tls_port,
        port => port,
    };
    line.hostname = node.hostname;
    line.zone = node.zone;
    line.flags = role;
    if node.health == Some(Health::Failed) {
        line.flags = line.flags.with(Flags::FAILED);
        line.connected = false;
    }
    // Listed without an address; a person who shortens an answer leaves out the key as well.
    if node.ip == Some("") && line.port == 0 {
        line.flags = line.flags.with(Flags::NOADDR);
        line.connected = false;
    }
    Some(line)
}

impl<'a> ShardNode<'a> {
    fn set(&mut self, key: &str, item: &Item<'a>, log: &mut Log) {
        let text = item.value.text();
        let filled = || text.filter(|t| !t.is_empty());
        let port = || {
            let number = item.value.integer();
            number.and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
        };
        match key {
            "id" => {
                self.line = item.line;
                self.id = text.and_then(|id| listed::id(id, item.line, log));
            }
            "ip" => self.ip = text.and_then(|ip| listed::host(ip, item.line, log)),
            "port" => self.port = port(),
            "tls-port" => self.tls_port = port(),
            "hostname" => self.hostname = filled(),
            "availability-zone" => self.zone = filled(),
            "role" => {
                self.role = text
                    .and_then(node_field::flag)
                    .filter(|&f| f == Flags::MASTER || f == Flags::REPLICA);
            }
            "health" => {
                self.health = match text {
                    Some("online" | "loading") => Some(Health::Answers),
                    Some("fail") => Some(Health::Failed),
                    _ => None,
                };
            }
            // endpoint, replication-offset and what later versions add.
            _ => {}
        }
    }
}

fn nested_shards<'a>(roots: &[Item<'a>], log: &mut Log) -> Vec<Shard<'a>> {
    let mut shards = Vec::new();
    for listed in roots.iter().flat_map(|root| root.value.items()) {
        let mut shard = Shard::default();
        for (key, item) in listed.value.pairs() {
            match key {
                "slots" => shard.slots = ranges(item.value.items(), log),
                "nodes" => {
                    for listed in item.value.items() {
                        let mut node = ShardNode {
                            line: listed.line,
                            ..ShardNode::default()
                        };
                        for (key, item) in listed.value.pairs() {
                            node.set(key, item, log);
                        }
                        shard.nodes.push(node);
                    }
                }
                // The id of the shard (Valkey 9).
                _ => {}
            }
        }
        shards.push(shard);
    }
    shards
}

/// First and last slot in turn.
fn ranges<'a>(items: &[Item<'a>], log: &mut Log) -> Vec<(u16, u16)> {
    items
        .chunks(2)
        .filter_map(|pair| match pair {
            [first, last] => listed::slot_range(first, last, log),
            _ => None,
        })
        .collect()
}

/// `slots`, numbers, `nodes`, then key and value in turn. The `id` of a node has its port behind
/// it, the `id` of a shard (Valkey 9) the next `slots` or nothing.
fn flat_shards<'a>(items: &[Item<'a>], log: &mut Log) -> Vec<Shard<'a>> {
    let text = |at: usize| items.get(at).and_then(|i| i.value.text());
    let mut shards: Vec<Shard> = Vec::new();
    let mut at = 0;
    while let Some(key) = text(at) {
        if key == "slots" {
            let numbers = at + 1;
            while text(at).is_some_and(|t| t != "nodes") {
                at += 1;
            }
            // No slots is an empty line.
            let numbers: Vec<Item> = items
                .get(numbers..at)
                .unwrap_or_default()
                .iter()
                .filter(|i| i.value.text() != Some(""))
                .cloned()
                .collect();
            shards.push(Shard {
                slots: ranges(&numbers, log),
                nodes: Vec::new(),
            });
            at += 1;
            continue;
        }
        let (Some(shard), Some(item)) = (shards.last_mut(), items.get(at + 1)) else {
            break;
        };
        let is_of_shard = matches!(text(at + 2), None | Some("slots" | ""));
        match key {
            "id" if is_of_shard && !shard.nodes.is_empty() => {}
            "id" => shard.nodes.push(ShardNode::default()),
            _ => {}
        }
        if !(key == "id" && is_of_shard)
            && let Some(node) = shard.nodes.last_mut()
        {
            node.set(key, item, log);
        }
        at += 2;
    }
    shards
}
