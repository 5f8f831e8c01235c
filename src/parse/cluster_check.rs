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
mod tests {
    use super::*;
    use crate::model::Direction;
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

    const REPORT: &str = "10.0.0.1:7000 (aa...) -> 0 keys | 5461 slots | 1 slaves.\n\
        \u{1b}[29;1m>>> Performing Cluster Check (using node 10.0.0.1:7000)\n\
        \u{1b}[0mM: aa 10.0.0.1:7000\n   slots:[0-5460],[5462] (5462 slots) master\n   1 additional replica(s)\n\
        S: bb ::1:7001\n   slots: (0 slots) slave,nofailover\n   replicates aa\n\
        M: cc 10.0.0.3:7000\n   slots:5463-16383 (10921 slots) master,fail\n\
        \u{1b}[0m\u{1b}[31;1m[WARNING] Node 10.0.0.1:7000 has slots in migrating state 100,101.\n\
        [WARNING] Node 10.0.0.3:7000 has slots in importing state (100).\n\
        [WARNING] Node ::1:7001 has slots in migrating state 100.\n\
        Could not connect to Redis at 10.0.0.4:7000: Connection refused\n\
        [ERR] Not all 16384 slots are covered by nodes.\n";

    #[test]
    fn a_report_lists_nodes_and_keeps_its_complaints() {
        let source = source(REPORT);
        let parsed = parse_file(&source);
        let dump = dump(&parsed);
        assert!(!dump.incomplete);
        let [a, b, c] = &dump.lines[..] else {
            panic!("{dump:?}");
        };
        assert_eq!(
            (a.slots.as_slice(), a.line),
            ([(0, 5460), (5462, 5462)].as_slice(), 3)
        );
        assert_eq!(b.flags, Flags::REPLICA.with(Flags::NOFAILOVER));
        assert_eq!(
            (b.ip, b.port, b.master.as_deref()),
            ("::1", 7001, Some("aa"))
        );
        assert_eq!((c.flags.has(Flags::FAILED), c.connected), (true, false));
        // Slot 101 has no other side, and the replica only copies its master's.
        let open: Vec<_> = dump.lines.iter().flat_map(|n| n.open.clone()).collect();
        assert_eq!(
            open.iter()
                .map(|o| (o.slot, o.direction, o.peer))
                .collect::<Vec<_>>(),
            [
                (100, Direction::Migrating, "cc"),
                (100, Direction::Importing, "aa")
            ]
        );
        assert_eq!(parsed.diagnostics, []);
        let said: Vec<_> = dump.complaints.iter().map(|c| (c.line, &c.what)).collect();
        let open = |node: &str, slots: &[u16]| Wrong::OpenSlots {
            node: node.parse().expect("an address"),
            direction: Direction::Migrating,
            slots: slots.to_vec(),
        };
        assert_eq!(
            said,
            [
                (11, &open("10.0.0.1:7000", &[101])),
                (15, &Wrong::SlotsUncovered)
            ]
        );
        let of = |s: &Section| s.of.as_ref().map(Address::to_string);
        assert_eq!(of(&parsed.sections[0]).as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(of(&parsed.sections[1]).as_deref(), Some("10.0.0.4:7000"));
        assert!(matches!(parsed.sections[1].facts, Facts::Unreachable(_)));
    }

    #[test]
    fn a_report_that_was_cut_off_is_incomplete() {
        let end = REPORT.find("M: cc").expect("the third node");
        for (text, incomplete) in [
            (REPORT[..end].to_owned(), true),
            ("M: aa 10.0.0.1:7000\n   slots:0-16383 (16384 slots) master\n   0 additional replica(s)\n".into(), false),
            ("M: aa 10.0.0.1:7000\n   slots:0-16383 (16384 slots) master\n   1 additional replica(s)\n".into(), true),
        ] {
            let source = source(&text);
            let parsed = parse_file(&source);
            assert_eq!(dump(&parsed).incomplete, incomplete, "{text}");
            let said = parsed.diagnostics.iter().any(|d| d.code == diagnostic::Report::CutOff);
            assert_eq!(said, incomplete, "{text}");
        }
    }

    #[test]
    fn what_a_new_cluster_shall_be_is_no_fact_until_it_was_checked() {
        let plan = ">>> Performing hash slots allocation on 1 nodes...\nMaster[0] -> Slots 0 - 16383\nM: aa 10.0.0.1:7000\n   slots:[0-16383] (16384 slots) master\n";
        let file = source(plan);
        let parsed = parse_file(&file);
        assert!(parsed.sections.is_empty());
        assert_eq!(parsed.diagnostics[0].code, diagnostic::Report::Plan);
        let made = source(&format!("{plan}{REPORT}"));
        let parsed = parse_file(&made);
        assert_eq!(dump(&parsed).lines.len(), 3);
    }

    #[test]
    fn what_stands_below_a_node_that_cannot_be_read_is_skipped_too() {
        for (broken, code) in [
            ("S: $(x) 10.0.0.2:7001", Parse::NodeId),
            ("M: aa ::1:9", Parse::DuplicateId),
        ] {
            let text = format!(
                "M: aa 10.0.0.1:7000\n   slots:0-9 (10 slots) master\n{broken}\n   slots:10-19 (10 slots) slave\n   replicates bb\n"
            );
            let source = source(&text);
            let parsed = parse_file(&source);
            let [node] = &dump(&parsed).lines[..] else {
                panic!("{parsed:?}");
            };
            assert_eq!(
                (node.slots.as_slice(), &node.master),
                ([(0, 9)].as_slice(), &None)
            );
            assert_eq!(parsed.diagnostics[0].code, code);
        }
    }

    #[test]
    fn a_report_without_nodes_is_one_note() {
        for text in [
            "10.0.0.1:7000 (a5f1acac...) -> 62 keys | 5461 slots | 1 slaves.\n[OK] 62 keys in 1 masters.\n",
            "(no more output; interrupted after 8 s)\n",
        ] {
            let source = source(text);
            let parsed = parse_file(&source);
            assert!(parsed.sections.is_empty(), "{text}");
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, [diagnostic::Report::NoNodes], "{text}");
        }
    }
}
