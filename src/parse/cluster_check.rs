//! Reports of `redis-cli --cluster check`, `fix`, `info`, `create`, and of `redis-trib.rb` before.
//!
//! A check asks every node that answers it for its own line. What it complains about is kept as
//! diagnostics, in its own words. It hangs on a stopped node, so reports are often cut off.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodesDump;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::strip_markup;
use crate::parse::cluster_nodes;
use crate::parse::listed;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::log::quote;
use crate::parse::log::quote_line;
use crate::parse::node_field;
use crate::parse::node_line::bare;
use crate::parse::node_line::covers_all_slots;
use crate::parse::report_slots;
use crate::parse::report_slots::OpenSlots;
use crate::parse::unreachable;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-check",
    sniff,
    parse,
};

const CHECK: &str = ">>> Performing Cluster Check";

fn sniff(block: Block) -> bool {
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
    let of_report = |line: &str| {
        BEGINNINGS.iter().any(|b| line.starts_with(b))
            || line.contains(" keys | ") && line.contains(" slots | ")
    };
    block.head().any(of_report) && !cluster_nodes::lists_nodes(block)
}

/// What was read so far.
#[derive(Default)]
struct Report<'a> {
    dump: NodesDump<'a>,
    /// Replicas that each master says it has, in the order of the nodes.
    replicas: Vec<Option<usize>>,
    open: OpenSlots,
    /// The node that was asked first.
    of: Option<Address>,
    line: Option<u32>,
    unreachable: Vec<Section<'a>>,
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
        let stripped = strip_markup(text);
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
            if let Some(node) = self.dump.lines.last_mut() {
                node.master = master.map(Cow::Borrowed);
            }
        } else if let Some(count) = line.strip_suffix(" additional replica(s)") {
            if let Some(last) = self.replicas.last_mut() {
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
        *self = Self {
            of: of.parse().ok(),
            line: Some(number),
            unreachable,
            summed_up: self.summed_up,
            ..Self::default()
        };
    }

    fn node(&mut self, number: u32, rest: &'a str, role: Flags, spot: Spot, log: &mut Log) {
        let mut words = rest.split_whitespace();
        let (id, address) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let endpoint = match (node_field::id(id), node_field::endpoint(address)) {
            (Ok(_), Ok(endpoint)) if !id.is_empty() => endpoint,
            (Err(broken), _) | (_, Err(broken)) => {
                self.dump.unread += 1;
                log.warning(broken.code, broken.message, spot);
                return;
            }
            _ => return,
        };
        let mut node = bare(number, Cow::Borrowed(id));
        node.ip = endpoint.ip;
        node.port = endpoint.port;
        node.hostname = endpoint.hostname;
        node.flags = role;
        if self.dump.lines.iter().any(|known| known.id == node.id) {
            let message = format!("node {} is already listed; the first counts", quote(id));
            log.note("parse/duplicate-id", message, spot);
        }
        self.line.get_or_insert(number);
        self.dump.lines.push(node);
        self.replicas.push(None);
    }

    /// `[0-5460],[7] (5462 slots) master`; before 5.0 without brackets.
    fn slots(&mut self, rest: &'a str, spot: Spot, log: &mut Log) {
        let Some(node) = self.dump.lines.last_mut() else {
            return;
        };
        let (ranges, rest) = rest.split_once('(').unwrap_or((rest, ""));
        // The number before is no check: redis-cli 5 counts wrongly after a repair.
        let flags = rest.split_once(')').map_or("", |(_, flags)| flags);
        node.slots = report_slots::ranges(ranges, spot, log);
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
        let error = line.starts_with("[ERR] ");
        let warning = line.starts_with("[WARNING] ") || line.starts_with("[Warning] ");
        if error || warning || line.starts_with("*** ") {
            self.open.take(line);
            let code = match error {
                true => "report/error",
                false => "report/warning",
            };
            let message = format!("the report says {}", quote_line(line));
            log.warning(code, message, spot);
        } else if unreachable::is_no_answer(line) {
            let of = unreachable::address(line);
            if of.is_some() && self.unreachable.iter().all(|s| s.of != of) {
                self.unreachable.push(Section {
                    dialect: DIALECT.name,
                    of,
                    host: None,
                    line: spot.line,
                    facts: Facts::Unreachable(line),
                });
            }
        }
    }

    fn finish(mut self, block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
        let lists_nodes = !self.dump.lines.is_empty() && !self.is_plan;
        if lists_nodes {
            self.open.settle(&mut self.dump.lines);
            self.dump.authority = Authority::Check;
            self.dump.incomplete = !self.is_whole();
            if self.dump.incomplete {
                let message = "the report stops before its end, as it does where a node is \
                               stopped; nodes or slots may be missing";
                let line = self.line.unwrap_or(block.first_line);
                log.at_line(Diagnostic::warning("report/cut-off", message), line);
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
        let has = |id: &str| {
            let of = |n: &&crate::parse::NodeLine| n.master.as_deref() == Some(id);
            self.dump.lines.iter().filter(of).count()
        };
        let counted = || {
            let mut pairs = self.dump.lines.iter().zip(&self.replicas);
            pairs.all(|(node, told)| match told {
                Some(told) => has(&node.id) == *told,
                None => true,
            })
        };
        self.ended || covers_all_slots(&self.dump.lines) && counted()
    }
}

fn nothing_listed(report: &Report) -> Diagnostic {
    if report.is_plan {
        return Diagnostic::note(
            "report/plan",
            "the report lists what a new cluster shall be, not what it is; it was not used",
        );
    }
    if report.summed_up > 0 {
        return Diagnostic::note(
            "report/no-nodes",
            "the report gives the first characters of ids only, so its nodes were not used",
        )
        .help("capture CLUSTER NODES, or `redis-cli --cluster check`");
    }
    Diagnostic::note(
        "report/no-nodes",
        "the report stops before it lists a node, as it does where a node is stopped",
    )
    .help("capture CLUSTER NODES of every node that answers")
}
