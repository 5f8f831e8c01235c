//! `CLUSTER SHARDS` (from 7.0): every node with its shard, without epochs, links and open slots.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::node_field;
use crate::parse::node_line::bare;
use crate::parse::node_line::covers_all_slots;
use crate::parse::reply;
use crate::parse::reply::Item;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-shards",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        return json.starts_with("[{\"slots\":[");
    }
    let mut head = head.scalars().peekable();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    head.next() == Some("slots")
        && head.peek().is_some()
        && head
            .find(|text| !text.is_empty() && !is_number(text))
            .is_none_or(|next| next == "nodes" || next.starts_with("(empty "))
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
    let shards = match reply::form(block).is_flat() {
        true => flat_shards(&answer.roots, log),
        false => nested_shards(&answer.roots, log),
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
        let diagnostic = Diagnostic::new(Parse::ShardSlots, message);
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
                Diagnostic::new(
                    Parse::DuplicateId,
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
                Diagnostic::new(
                    Parse::NodeId,
                    "a node has no id that can be read; it was skipped",
                ),
                node.line,
            );
            return None;
        }
    };
    let Some(role) = node.role else {
        log.at_line(
            Diagnostic::new(
                Parse::Flags,
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
            "id" => shard.nodes.push(ShardNode {
                line: item.line,
                ..ShardNode::default()
            }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Parsed;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn source(text: &str) -> Source {
        Source::new("f", text.to_owned(), String::new())
    }

    fn dump<'a, 'p>(parsed: &'p Parsed<'a>) -> &'p NodesDump<'a> {
        match &parsed.sections[0].facts {
            Facts::Nodes(dump) => dump,
            other => panic!("{other:?}"),
        }
    }

    /// As Valkey 9 prints it: a failed master beside the one that took over.
    const FAILED_OVER: &str = r#"[{"slots":[7,7,5461,10921],"nodes":[
        {"id":"aa","port":7002,"ip":"127.82.0.2","endpoint":"","role":"master","health":"fail"},
        {"id":"bb","tls-port":7004,"ip":"127.82.0.1","role":"replica","health":"loading"},
        {"id":"cc","port":7007,"ip":"127.82.0.1","hostname":"h","availability-zone":"z",
         "role":"master","health":"online"}],"id":"ee"},
        {"slots":[0,6],"nodes":[{"id":"dd","ip":"","role":"master","health":"online"}]}]"#;

    #[test]
    fn slots_and_replicas_are_those_of_the_master_that_lives() {
        let source = source(FAILED_OVER);
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, []);
        let dump = dump(&parsed);
        assert_eq!(dump.authority, Authority::Shards);
        let [a, b, c, d] = &dump.lines[..] else {
            panic!("{dump:?}");
        };
        assert_eq!(a.flags, Flags::MASTER.with(Flags::FAILED));
        assert_eq!((a.connected, a.slots.len()), (false, 0));
        assert_eq!(
            (b.master.as_deref(), b.port, b.connected),
            (Some("cc"), 7004, true)
        );
        assert_eq!(c.slots, [(7, 7), (5461, 10921)]);
        assert_eq!((c.hostname, c.zone), (Some("h"), Some("z")));
        assert_eq!(d.flags, Flags::MASTER.with(Flags::NOADDR));
    }

    #[test]
    fn a_pipe_says_the_same_with_the_id_of_a_shard_among_those_of_nodes() {
        let node = |id, role| {
            format!(
                "id\n{id}\nport\n7000\nip\n10.0.0.1\nhostname\n\nrole\n{role}\nhealth\nonline\n"
            )
        };
        let text = format!(
            "slots\n0\n5460\n9000\n9000\nnodes\n{}{}id\nee\nslots\n\nnodes\n{}id\nff\n",
            node("aa", "master"),
            node("bb", "replica"),
            node("cc", "master"),
        );
        let source = source(&text);
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, []);
        let seen: Vec<_> = dump(&parsed)
            .lines
            .iter()
            .map(|n| (&*n.id, n.master.as_deref(), n.line, n.slots.len()))
            .collect();
        assert_eq!(
            seen,
            [
                ("aa", None, 8, 2),
                ("bb", Some("aa"), 20, 0),
                ("cc", None, 37, 0)
            ]
        );
        assert_eq!(dump(&parsed).lines[0].hostname, None);
    }

    #[test]
    fn says_what_is_missing() {
        let whole = FAILED_OVER.replace('\n', "");
        for (text, code) in [
            (whole[..whole.len() / 2].to_owned(), Parse::Truncated.code()),
            (
                whole.replace("7,7,5461,10921", ""),
                Parse::ShardSlots.code(),
            ),
            (whole.replace("\"cc\"", "\"$(id)\""), Parse::NodeId.code()),
            (whole.replace("\"cc\"", "\"aa\""), Parse::DuplicateId.code()),
            (whole.replace("0,6", "0,16384"), Parse::Slot.code()),
        ] {
            let source = source(&text);
            let parsed = parse_file(&source);
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert!(codes.contains(&code), "{codes:?} {text}");
        }
    }
}
