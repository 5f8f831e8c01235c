//! Reports of `redis-cli --cluster check`, `fix`, `info`, `create`, and of `redis-trib.rb` before.
//!
//! A check asks every node that answers it for its own line. What it complains about is kept as
//! diagnostics, in its own words. It hangs on a stopped node, so reports are often cut off.

mod complaint;
mod slots;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::model::Address;
use crate::parse::Authority;
use crate::parse::Complaint;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::Section;
use crate::parse::Wrong;
use crate::parse::block::Block;
use crate::parse::cluster_check::complaint::Sentence;
use crate::parse::head::Head;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::log::Once;
use crate::parse::log::Spot;
use crate::parse::node_field;
use crate::parse::node_line::bare;
use crate::parse::node_line::covers_all_slots;
use crate::parse::unreachable;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-check",
    sniff,
    parse,
};

const CHECK: &str = ">>> Performing Cluster Check";

fn sniff(head: &Head) -> bool {
    head.lines().any(is_of_report) && !head.lists_nodes()
}

/// No other answer has a line that begins so.
pub(super) fn is_of_report(line: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        ">>> ",
        "*** ",
        "[OK] ",
        "[ERR] ",
        "[WARNING] ",
        "[Warning] ",
        "M: ",
        "S: ",
        "slots:",
        "replicates ",
        "Master[0] -> Slots",
        // What a wrapper writes when the report hung on a stopped node.
        "(no more output",
        "[harness: killed",
    ];
    BEGINNINGS.iter().any(|b| line.starts_with(b))
        || line.contains(" keys | ") && line.contains(" slots | ")
}

/// What was read so far.
#[derive(Default)]
struct Report<'a> {
    dump: NodesDump<'a>,
    /// Replicas that each master says it has, in the order of the nodes.
    replicas: Vec<Option<usize>>,
    seen: BTreeSet<&'a str>,
    /// The node above could not be used, and so is what stands below it.
    skips: bool,
    /// The node that was asked first.
    of: Option<Address>,
    line: Option<u32>,
    unreachable: Vec<Section<'a>>,
    /// The nodes that these are about: a report says so of each more than once.
    silent: BTreeSet<Address>,
    /// Masters that replicas name and the report could not list, and the line that says so.
    unlisted: BTreeMap<&'a str, u32>,
    /// The report came to its last sentence, about the coverage of slots.
    ended: bool,
    /// Masters that are summed up by the first eight characters of their ids.
    summed_up: usize,
    /// The nodes listed are those that somebody wants to make.
    is_plan: bool,
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut report = Report::default();
    for (number, text) in block.lines() {
        let stripped = text.trim();
        if !stripped.is_empty() {
            report.line(number, text, stripped, log);
        }
    }
    report.finish(block, log)
}

impl<'a> Report<'a> {
    fn line(&mut self, number: u32, text: &'a str, line: &'a str, log: &mut Log) {
        let spot = Spot {
            line: number,
            text,
            part: line,
        };
        if let Some(rest) = line.strip_prefix(CHECK) {
            self.begin(number, rest);
        } else if let Some(rest) = line.strip_prefix("M: ") {
            self.node(number, rest, Flags::MASTER, spot, log);
        } else if let Some(rest) = line.strip_prefix("S: ") {
            self.node(number, rest, Flags::REPLICA, spot, log);
        } else if let Some(rest) = line.strip_prefix("slots:") {
            self.slots(rest, spot, log);
        } else if let Some(id) = line.strip_prefix("replicates ") {
            let master = listed::id(id.trim(), number, log);
            if let Some(node) = self.node_above() {
                node.master = master.map(Cow::Borrowed);
            }
        } else if let Some(count) = line.strip_suffix(" additional replica(s)") {
            if let Some(last) = self.replicas.last_mut().filter(|_| !self.skips) {
                *last = count.parse().ok();
            }
        } else if line.contains(" keys | ") && line.contains(" slots | ") {
            self.summed_up += 1;
        } else if line.starts_with(">>> Performing hash slots allocation") {
            self.is_plan = true;
        } else {
            self.says(line, spot, log);
        }
    }

    /// What stood above is a plan, or the check before a repair.
    fn begin(&mut self, number: u32, rest: &str) {
        let of = rest
            .trim()
            .trim_start_matches("(using node ")
            .trim_end_matches(')');
        let unreachable = std::mem::take(&mut self.unreachable);
        let silent = std::mem::take(&mut self.silent);
        // Who could not be reached, and whom a replica follows, is said before the check.
        let unlisted = std::mem::take(&mut self.unlisted);
        *self = Self {
            unlisted,
            of: of.parse().ok(),
            line: Some(number),
            unreachable,
            silent,
            summed_up: self.summed_up,
            ..Self::default()
        };
    }

    fn node(&mut self, number: u32, rest: &'a str, role: Flags, spot: Spot, log: &mut Log) {
        self.skips = true;
        let mut words = rest.split_whitespace();
        let (id, address) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let endpoint = match (node_field::id(id), node_field::endpoint(address)) {
            (Ok(_), Ok(endpoint)) if !id.is_empty() => endpoint,
            (Err(broken), _) | (_, Err(broken)) => {
                self.dump.unread += 1;
                log.say(broken.code, broken.message, spot);
                return;
            }
            _ => return,
        };
        let mut node = bare(number, Cow::Borrowed(id));
        node.ip = endpoint.ip;
        node.port = endpoint.port;
        node.hostname = endpoint.hostname;
        node.flags = role;
        if !self.seen.insert(id) {
            let message = format!("node {} is already listed; skipped", quote(id));
            log.say(Parse::DuplicateId, message, spot);
            return;
        }
        self.skips = false;
        self.line.get_or_insert(number);
        self.dump.lines.push(node);
        self.replicas.push(None);
    }

    fn node_above(&mut self) -> Option<&mut NodeLine<'a>> {
        self.dump.lines.last_mut().filter(|_| !self.skips)
    }

    /// `[0-5460],[7] (5462 slots) master`; before 5.0 without brackets.
    fn slots(&mut self, rest: &'a str, spot: Spot, log: &mut Log) {
        let Some(node) = self.node_above() else {
            return;
        };
        let (ranges, rest) = rest.split_once('(').unwrap_or((rest, ""));
        // The number before is no check: redis-cli 5 counts wrongly after a repair.
        let flags = rest.split_once(')').map_or("", |(_, flags)| flags);
        node.slots = slots::ranges(ranges, spot, log);
        for flag in flags.trim().split(',').filter_map(node_field::flag) {
            // The letter before the id told the role.
            if flag != Flags::MASTER && flag != Flags::REPLICA && flag != Flags::MYSELF {
                node.flags = node.flags.with(flag);
            }
        }
        node.connected = !node.flags.has(Flags::FAILED) && !node.flags.has(Flags::NOADDR);
    }

    /// Sentences of the report about the cluster.
    fn says(&mut self, line: &'a str, spot: Spot, log: &mut Log) {
        if line.contains("slots covered") || line.contains("slots are covered") {
            self.ended = true;
        }
        if let Some(Wrong::ManyOwners { owners, .. }) = self.last_complaint()
            && let Some(owner) = complaint::owner(line)
        {
            owners.push(owner);
            return;
        }
        match complaint::complaint(line) {
            Some(Sentence::Wrong(what)) => {
                let line = spot.line;
                self.dump.complaints.push(Complaint { line, what });
            }
            Some(Sentence::UnknownMaster(id)) => {
                self.unlisted.entry(id).or_insert(spot.line);
            }
            Some(Sentence::Silent(address)) => self.silent(address, line, spot.line),
            None if unreachable::is_no_answer(line) => {
                if let Some(address) = unreachable::address(line) {
                    self.silent(address, line, spot.line);
                }
            }
            None if is_warning(line) && !complaint::repeats(line) => {
                log.once(Once::Report, 1, spot);
            }
            None => {}
        }
    }

    fn last_complaint(&mut self) -> Option<&mut Wrong> {
        let last = self.dump.complaints.last_mut();
        last.map(|complaint| &mut complaint.what)
    }

    /// A report says so of each more than once.
    fn silent(&mut self, address: Address, line: &'a str, number: u32) {
        if self.silent.insert(address.clone()) {
            self.unreachable.push(Section {
                dialect: DIALECT.name,
                of: Some(address),
                host: None,
                doubt: crate::parse::Doubt::None,
                line: number,
                facts: Facts::Unreachable(line),
            });
        }
    }

    /// Masters that replicas name and the report does not list: their ids do not say where they
    /// are.
    fn name_unlisted(&mut self) {
        if self.ended {
            // Not every version says so of each.
            let listed = self.dump.lines.iter();
            let named = listed.filter_map(|node| match &node.master {
                Some(Cow::Borrowed(master)) => Some((*master, node.line)),
                Some(Cow::Owned(_)) | None => None,
            });
            for (master, line) in named {
                self.unlisted.entry(master).or_insert(line);
            }
        }
        for (id, &line) in &self.unlisted {
            if !self.seen.contains(id) {
                self.dump.lines.push(unlisted(line, Cow::Borrowed(id)));
            }
        }
    }

    fn finish(mut self, block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
        let lists_nodes = !self.dump.lines.is_empty() && !self.is_plan;
        if lists_nodes {
            self.dump.incomplete = !self.is_whole();
            slots::settle(&mut self.dump);
            self.name_unlisted();
            self.dump.authority = Authority::Check;
            if self.dump.incomplete {
                let message = "the report stops before its end, as it does where a node is \
                               stopped; nodes or slots may be missing";
                let line = self.line.unwrap_or(block.first_line);
                log.at_line(Diagnostic::new(diagnostic::Report::CutOff, message), line);
            }
        } else {
            log.at_line(nothing_listed(&self), block.first_line);
        }
        let mut sections = Vec::new();
        if lists_nodes {
            sections.push(Section {
                of: self.of,
                line: self.line.unwrap_or(block.first_line),
                ..Section::new(DIALECT.name, block, Facts::Nodes(self.dump))
            });
        }
        sections.extend(self.unreachable);
        sections
    }

    /// It came to its end, or nobody can be missing: all slots are there, and so are all replicas
    /// that the masters count.
    fn is_whole(&self) -> bool {
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        for master in self.dump.lines.iter().filter_map(|n| n.master.as_deref()) {
            *of.entry(master).or_default() += 1;
        }
        let counted = || {
            let mut pairs = self.dump.lines.iter().zip(&self.replicas);
            pairs.all(|(node, told)| match told {
                Some(told) => of.get(&*node.id).copied().unwrap_or(0) == *told,
                None => true,
            })
        };
        self.ended || covers_all_slots(&self.dump.lines) && counted()
    }
}

fn unlisted(line: u32, id: Cow<'_, str>) -> NodeLine<'_> {
    NodeLine {
        flags: Flags::MASTER.with(Flags::UNLISTED),
        connected: false,
        ..bare(line, id)
    }
}

fn is_warning(line: &str) -> bool {
    ["[ERR] ", "[WARNING] ", "[Warning] ", "*** "]
        .iter()
        .any(|begin| line.starts_with(begin))
}

fn nothing_listed(report: &Report) -> Diagnostic {
    if report.is_plan {
        return Diagnostic::new(
            diagnostic::Report::Plan,
            "the report lists what a new cluster shall be, not what it is; it was not used",
        );
    }
    if report.summed_up > 0 {
        return Diagnostic::new(
            diagnostic::Report::NoNodes,
            "the report gives the first characters of ids only, so its nodes were not used",
        )
        .help("capture CLUSTER NODES, or `redis-cli --cluster check`");
    }
    Diagnostic::new(
        diagnostic::Report::NoNodes,
        "the report stops before it lists a node, as it does where a node is stopped",
    )
    .help("capture CLUSTER NODES of every node that answers")
}

#[cfg(test)]
mod tests;
