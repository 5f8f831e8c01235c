//! `CLUSTER SLOTS`: who serves what. It leaves out failed replicas, those that never finished a
//! sync, and masters without slots.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diagnostic::Capture;
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
use crate::parse::reply::Value;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-slots",
    sniff,
    parse,
};

/// Start, end, endpoint, port; of an unknown endpoint through a pipe nothing is left but its line.
fn sniff(head: &Head) -> bool {
    if let Some(json) = head.json() {
        // First and last slot of a range.
        let inner = json.strip_prefix("[[").unwrap_or_default();
        let rest = inner.trim_start_matches(|c: char| c.is_ascii_digit());
        let next = rest.strip_prefix(',').unwrap_or_default();
        return rest.len() < inner.len()
            && (rest.is_empty() || next.starts_with(|c: char| c.is_ascii_digit()));
    }
    let slot = |text: &str| {
        text.parse()
            .is_ok_and(|n: u16| n < crate::model::SLOT_COUNT)
    };
    let port = |text: &str| text.parse::<u16>().is_ok();
    let head: Vec<&str> = head.scalars().take(5).collect();
    match head.as_slice() {
        [first, last, endpoint, rest @ ..] if slot(first) && slot(last) => match rest.first() {
            Some(text) if !port(endpoint) => port(text),
            Some(text) => port(endpoint) && is_id(text),
            None => false,
        },
        _ => false,
    }
}

/// One node of one entry.
#[derive(Default)]
struct Listed<'a> {
    line: u32,
    /// An IP, a name, or `?`; `None` where the node has not announced the wanted kind.
    endpoint: Option<&'a str>,
    port: u16,
    /// From 3.2.
    id: Option<&'a str>,
    /// From 7.0.
    ip: Option<&'a str>,
    hostname: Option<&'a str>,
    zone: Option<&'a str>,
}

/// A range of slots, its master and its replicas.
struct Entry<'a> {
    slots: Option<(u16, u16)>,
    nodes: Vec<Listed<'a>>,
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let answer = reply::read(block);
    let entries = match reply::form(block).is_flat() {
        true => flat_entries(&answer.roots, log),
        false => {
            let lists = answer.roots.iter().flat_map(|root| root.value.items());
            lists.map(|list| nested_entry(list, log)).collect()
        }
    };
    let mut dump = NodesDump {
        authority: Authority::Slots,
        ..NodesDump::default()
    };
    let last_is_short = entries.last().is_none_or(|e| e.nodes.is_empty());
    let mut places: BTreeMap<Cow<str>, usize> = BTreeMap::new();
    for entry in entries {
        take(entry, &mut dump, &mut places, log);
    }
    if last_is_short || !answer.complete && !covers_all_slots(&dump.lines) {
        dump.incomplete = true;
        listed::cut_off(block, log);
    }
    vec![Section::new(DIALECT.name, block, Facts::Nodes(dump))]
}

/// A node that serves several ranges is listed with each of them.
fn take<'a>(
    entry: Entry<'a>,
    dump: &mut NodesDump<'a>,
    places: &mut BTreeMap<Cow<'a, str>, usize>,
    log: &mut Log,
) {
    let mut master: Option<Cow<str>> = None;
    for (index, node) in entry.nodes.iter().enumerate() {
        let Some(mut line) = node_line(node, dump.lines.is_empty(), log) else {
            dump.unread += 1;
            if index == 0 {
                // Without its master the range belongs to nobody.
                return;
            }
            continue;
        };
        let role = if index == 0 {
            Flags::MASTER
        } else {
            Flags::REPLICA
        };
        line.flags = line.flags.with(role);
        if index > 0 {
            line.master.clone_from(&master);
        } else {
            master = Some(line.id.clone());
        }
        let place = *places.entry(line.id.clone()).or_insert_with(|| {
            dump.lines.push(line);
            dump.lines.len() - 1
        });
        if index == 0
            && let Some(known) = dump.lines.get_mut(place)
        {
            known.slots.extend(entry.slots);
        }
    }
}

fn node_line<'a>(node: &Listed<'a>, is_first: bool, log: &mut Log) -> Option<NodeLine<'a>> {
    let named = node.endpoint.filter(|e| !e.is_empty() && *e != "?");
    let ip = node.ip.or(named).unwrap_or("");
    let ip = listed::host(ip, node.line, log)?;
    let id = match node.id {
        Some(id) => Cow::Borrowed(listed::id(id, node.line, log)?),
        None if ip.is_empty() || node.port == 0 => {
            let message = "a node has neither an id nor an address; it was skipped";
            log.at_line(Diagnostic::new(Parse::NodeId, message), node.line);
            return None;
        }
        None => {
            if is_first {
                let message = "CLUSTER SLOTS of this version gives no ids; nodes are named by \
                               their addresses here";
                let diagnostic = Diagnostic::new(Capture::NoIds, message);
                log.at_line(diagnostic.help("capture CLUSTER NODES too"), node.line);
            }
            Cow::Owned(format!("{ip}:{}", node.port))
        }
    };
    let mut line = bare(node.line, id);
    line.ip = ip;
    line.port = node.port;
    let is_name = |name: &&str| name.parse::<IpAddr>().is_err();
    line.hostname = node.hostname.or(named.filter(is_name));
    line.zone = node.zone;
    if ip.is_empty() && node.port == 0 {
        line.flags = Flags::NOADDR;
        line.connected = false;
    }
    Some(line)
}

impl<'a> Listed<'a> {
    fn set_about(&mut self, key: &str, value: Option<&'a str>) {
        let value = value.filter(|v| !v.is_empty());
        match key {
            "ip" => self.ip = value,
            "hostname" => self.hostname = value,
            "availability-zone" => self.zone = value,
            _ => {}
        }
    }
}

fn nested_entry<'a>(entry: &Item<'a>, log: &mut Log) -> Entry<'a> {
    let (slots, nodes) = match entry.value.items() {
        [first, last, nodes @ ..] => (listed::slot_range(first, last, log), nodes),
        _ => (None, [].as_slice()),
    };
    let nodes = nodes.iter().map(|node| {
        let field = |at: usize| node.value.items().get(at).map(|i| &i.value);
        let mut listed = Listed {
            line: node.line,
            endpoint: field(0).and_then(Value::text),
            port: port(field(1)),
            id: field(2).and_then(Value::text),
            ..Listed::default()
        };
        for (key, item) in field(3).map(Value::pairs).unwrap_or_default() {
            listed.set_about(key, item.value.text());
        }
        listed
    });
    Entry {
        slots,
        nodes: nodes.collect(),
    }
}

fn port(value: Option<&Value>) -> u16 {
    let number = value.and_then(Value::integer);
    number.and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// Start and end, then of every node endpoint, port, from 3.2 its id, and from 7.0 what is known
/// about it: key and value in turn, or an empty line. An endpoint is never a number, so two
/// numbers are the next entry.
fn flat_entries<'a>(items: &[Item<'a>], log: &mut Log) -> Vec<Entry<'a>> {
    let text = |at: usize| items.get(at).and_then(|i| i.value.text());
    let number = |at: usize| text(at).is_some_and(is_number);
    let id = |at: usize| text(at).is_some_and(is_id);
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    while let Some(first) = items.get(at) {
        if number(at) {
            let Some(last) = items.get(at + 1) else {
                break;
            };
            entries.push(Entry {
                slots: listed::slot_range(first, last, log),
                nodes: Vec::new(),
            });
            at += 2;
            continue;
        }
        // The end of the file may be an empty line more.
        let (Some(entry), true) = (entries.last_mut(), number(at + 1)) else {
            at += 1;
            continue;
        };
        let mut node = Listed {
            line: first.line,
            endpoint: text(at),
            port: port(items.get(at + 1).map(|i| &i.value)),
            ..Listed::default()
        };
        at += 2;
        if id(at) {
            node.id = text(at);
            at += 1;
            // An empty line is an endpoint nobody knows, if a port and an id follow it.
            if text(at) == Some("") && !(number(at + 1) && id(at + 2)) {
                at += 1;
            }
            while let Some(key) = text(at)
                && ABOUT.contains(&key)
            {
                node.set_about(key, text(at + 1));
                at += 2;
            }
        }
        entry.nodes.push(node);
    }
    entries
}

/// What may be told about a node.
const ABOUT: [&str; 4] = ["ip", "hostname", "availability-zone", "shard-id"];

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// As servers make them; in an answer without ids the next endpoint stands there.
fn is_id(text: &str) -> bool {
    const LENGTH: usize = 40;
    text.len() == LENGTH && node_field::id(text).is_ok() && !text.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
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

    /// Id, address, master, count of ranges.
    fn nodes(text: &str) -> (Vec<String>, Vec<Code>) {
        let source = source(text);
        let parsed = parse_file(&source);
        assert_eq!(parsed.sections[0].dialect, "cluster-slots", "{text}");
        let nodes = dump(&parsed).lines.iter().map(|n| {
            let master = n.master.as_deref().unwrap_or("-");
            format!(
                "{} {}:{} {master} {}",
                &n.id[..2],
                n.ip,
                n.port,
                n.slots.len()
            )
        });
        (
            nodes.collect(),
            parsed.diagnostics.iter().map(|d| d.code).collect(),
        )
    }

    fn id(c: char) -> String {
        c.to_string().repeat(40)
    }

    #[test]
    fn a_node_of_many_ranges_is_one_node() {
        let (a, b) = (id('a'), id('b'));
        let text = format!(
            "[[0,6,[\"10.0.0.1\",7000,\"{a}\",{{}}],[\"10.0.0.2\",7001,\"{b}\",{{}}]],[8,9,[\"10.0.0.1\",7000,\"{a}\",{{}}]]]\n"
        );
        let expected = vec![
            "aa 10.0.0.1:7000 - 2".to_owned(),
            format!("bb 10.0.0.2:7001 {a} 0"),
        ];
        assert_eq!(nodes(&text), (expected, vec![]));
    }

    #[test]
    fn a_pipe_leaves_lines_empty_for_what_is_not_there() {
        let (a, b, c) = (id('a'), id('b'), id('c'));
        // From 7.0: nothing about the first, an endpoint nobody knows, and no address at all.
        let seven =
            format!("0\n6\n10.0.0.1\n7000\n{a}\n\n\n7001\n{b}\nip\n10.0.0.2\n7\n9\n\n0\n{c}\n\n");
        // Before: an empty line is the address of one that has none.
        let six = format!("0\n6\n10.0.0.1\n7000\n{a}\n10.0.0.2\n7001\n{b}\n7\n9\n\n0\n{c}\n");
        for text in [seven, six] {
            let expected = vec![
                "aa 10.0.0.1:7000 - 1".to_owned(),
                format!("bb 10.0.0.2:7001 {a} 0"),
                "cc :0 - 1".to_owned(),
            ];
            assert_eq!(nodes(&text), (expected, vec![]), "{text}");
        }
    }

    #[test]
    fn without_ids_the_addresses_name_the_nodes() {
        let text = "0\n5460\n10.0.0.1\n7000\n10.0.0.2\n7001\n5461\n16383\n::1\n7002\n";
        let source = source(text);
        let parsed = parse_file(&source);
        let names: Vec<_> = dump(&parsed).lines.iter().map(|n| &*n.id).collect();
        assert_eq!(names, ["10.0.0.1:7000", "10.0.0.2:7001", "::1:7002"]);
        assert_eq!(
            dump(&parsed).lines[1].master.as_deref(),
            Some("10.0.0.1:7000")
        );
        assert_eq!(parsed.diagnostics.len(), 1);
        assert_eq!(parsed.diagnostics[0].code, Capture::NoIds);
    }

    #[test]
    fn the_ip_wins_over_the_name() {
        let a = id('a');
        let text = format!(
            "1) 1) (integer) 0\n   2) (integer) 9\n   3) 1) \"redis-0.svc\"\n      2) (integer) 7000\n      3) \"{a}\"\n      4) 1) \"ip\"\n         2) \"10.0.0.1\"\n"
        );
        let source = source(&text);
        let parsed = parse_file(&source);
        let node = &dump(&parsed).lines[0];
        assert_eq!(
            (node.ip, node.hostname, node.line),
            ("10.0.0.1", Some("redis-0.svc"), 3)
        );
    }

    #[test]
    fn a_range_whose_master_cannot_be_read_belongs_to_nobody() {
        let (nodes, codes) =
            nodes("[[0,6,[\"10.0.0.1\",7000,\"$(id)\"],[\"10.0.0.2\",7001,\"bb\"]]]\n");
        assert!(nodes.is_empty(), "{nodes:?}");
        assert_eq!(codes, [Parse::NodeId]);
    }
}
