//! Reconciling, from texts as a capture holds them.
//!
//! A node is a letter: `a` has the id `aaaa…`, the address 10.0.0.1:7001 and the folder
//! `nodes/10.0.0.1_7001`, `b` is 10.0.0.2:7002, and so on.

mod answers;
mod captures;
mod conf;
mod foreign;
mod given;
mod hostfacts;
mod liveness;
mod maps;
mod membership;
mod named;
mod nat;
mod replication;
mod secondhand;
mod sights;
mod slots;
mod views;
mod whose;

use crate::diagnostic::Code;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::read;
use crate::model::Node;
use crate::model::NodeId;
use crate::parse::Facts;
use crate::parse::Parsed;
use crate::parse::Section;
use crate::policy::Policy;
use crate::text::Source;

/// Masters `a` and `b`, replicas `c` of `a` and `d` of `b`.
const FOUR: &str = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2";

pub(crate) fn inventory(files: Vec<Source>) -> Inventory {
    read(files, Policy::default())
}

pub(crate) fn file(path: &str, text: &str) -> Source {
    Source::new(path, text.to_owned(), String::new())
}

/// Takes in facts as a dialect gives them.
fn take<'a>(gathered: &mut Gathered, source: &'a Source, of: Option<char>, facts: Facts<'a>) {
    let section = Section {
        dialect: "test",
        of: of.map(|node| address(node).parse().expect("legal")),
        host: None,
        doubt: crate::parse::Doubt::None,
        line: 1,
        facts,
    };
    let parsed = Parsed {
        sections: vec![section],
        diagnostics: Vec::new(),
    };
    let before = parsed.sections.iter().map(|s| gathered.before(&s.facts));
    let before = before.collect();
    gathered.take(source, parsed, before);
}

/// A file in the folder of a node.
pub(crate) fn of(node: char, name: &str, text: &str) -> Source {
    file(&format!("{}/{name}", folder(node)), text)
}

/// The `cluster nodes` of a node, in its folder: [`dump`] with its line marked.
pub(crate) fn view(node: char, lines: &str) -> Source {
    let text = dump(lines).replace(
        &format!("{} ", endpoint(node)),
        &format!("{} myself,", endpoint(node)),
    );
    of(node, "cluster-nodes.txt", &text)
}

/// Views of all these nodes, all with the same lines.
pub(crate) fn views(nodes: &str, lines: &str) -> Vec<Source> {
    nodes.chars().map(|n| view(n, lines)).collect()
}

/// `node[@ADDRESS] FLAGS MASTER EPOCH [down] SLOTS…`, lines parted by `;`.
pub(crate) fn dump(lines: &str) -> String {
    lines.split(';').map(|l| line(l) + "\n").collect()
}

fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [node, flags, master, epoch, rest @ ..] = &words[..] else {
        panic!("`{text}` is no line");
    };
    let letter = |word: &str| word.chars().next().expect("a word is not empty");
    let address = match node.split_once('@') {
        Some((_, address)) => address.to_owned(),
        None => endpoint(letter(node)),
    };
    let master = match *master {
        "-" => "-".to_owned(),
        master => name(letter(master)),
    };
    let (link, slots) = match rest {
        ["down", slots @ ..] => ("disconnected", slots),
        slots => ("connected", slots),
    };
    let slots: String = slots.iter().map(|s| format!(" {s}")).collect();
    let id = name(letter(node));
    format!("{id} {address} {flags} {master} 0 0 {epoch} {link}{slots}")
}

/// Hex digits, as servers make ids.
pub(crate) fn name(node: char) -> String {
    match node.is_ascii_hexdigit() {
        true => node.to_string().repeat(40),
        false => format!("{:02x}", u32::from(node)).repeat(20),
    }
}

pub(crate) fn address(node: char) -> String {
    let number = number(node);
    format!("10.0.0.{number}:{}", 7000 + number)
}

pub(crate) fn endpoint(node: char) -> String {
    format!("{}@{}", address(node), 17000 + number(node))
}

fn folder(node: char) -> String {
    format!("nodes/{}", address(node).replace(':', "_"))
}

fn number(node: char) -> u32 {
    u32::from(node) - u32::from('a') + 1
}

pub(crate) fn id(inventory: &Inventory, node: char) -> NodeId {
    let found = inventory.cluster.find(&name(node));
    found.unwrap_or_else(|| panic!("no node `{node}`"))
}

pub(crate) fn node(inventory: &Inventory, node: char) -> &Node {
    inventory.cluster.node(id(inventory, node))
}

/// Letters of all nodes, in node order.
fn members(inventory: &Inventory) -> String {
    let first = |n: &Node| n.name.as_str().chars().next();
    inventory.cluster.nodes.iter().filter_map(first).collect()
}

pub(crate) fn codes(inventory: &Inventory) -> Vec<Code> {
    inventory.diagnostics.iter().map(|d| d.code).collect()
}
