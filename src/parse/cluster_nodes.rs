//! `CLUSTER NODES`, of every version and store, plain or as people paste it.

mod apart;
mod remains;
mod shortened;
mod skipped;
mod split;
mod strange;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::iter::Peekable;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::parse::Authority;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_frame;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::joined::second_line;
use crate::parse::log::Log;
use crate::parse::log::Once;
use crate::parse::log::Spot;
use crate::parse::node_field::Broken;
use crate::parse::node_line::LineReader;
use crate::parse::node_line::covers_all_slots;
use crate::parse::node_line::looks_like_node;
use crate::parse::nodes_conf;
use crate::parse::nodes_conf::Vars;
use crate::text::Source;
use crate::text::quote::quote;

use remains::is_cut_id;
use remains::is_remains;
use shortened::is_shortened;
use skipped::Skipped;
use strange::drop_strange_ids;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cluster-nodes",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lists_nodes() && !head.is_on_disk()
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    sections(DIALECT.name, Authority::View, block, log)
}

/// One section for every dump: `cat` of two files has two `myself` lines.
pub(super) fn sections<'a>(
    dialect: &'static str,
    authority: Authority,
    block: Block<'a>,
    log: &mut Log,
) -> Vec<Section<'a>> {
    let mut reading = read(block, log);
    reading.dump.authority = authority;
    let mut texts = block.lines().peekable();
    split::split(reading, log)
        .into_iter()
        .map(|mut dump| {
            drop_duplicates(&mut dump.lines, &mut texts, log);
            Section {
                line: dump.lines.first().map_or(block.first_line, |l| l.line),
                ..Section::new(dialect, block, Facts::Nodes(dump))
            }
        })
        .collect()
}

/// Nodes of one view: a cluster has 16,384 slots to own.
const VIEW_MAX: usize = 100_000;

/// Lines of all views in one file: a thousand nodes seen from all of them are a million.
const LINES_MAX: usize = 4_000_000;

/// The lines of a block: of one dump, or of several.
#[derive(Default)]
struct Reading<'a> {
    /// As if it were one; what the other fields say is not in it yet.
    dump: NodesDump<'a>,
    /// Lines since somebody said `myself`.
    of_one_view: usize,
    /// Numbers of the lines that could not be read.
    unread: Vec<u32>,
    /// Of those: the lines that say `myself`.
    unread_owners: Vec<u32>,
    /// Numbers of the lines that are several.
    joined: BTreeSet<u32>,
    /// Numbers of the lines that say that others were left out.
    shortened: Vec<u32>,
    /// Line and epoch of every `vars`.
    epochs: Vec<(u32, Option<u64>)>,
    /// The last slots may be cut.
    may_miss_slots: bool,
}

/// What a line of a dump is.
enum LineKind<'a> {
    Node(NodeLine<'a>),
    Vars(Vars),
    /// It says that others were left out.
    Shortened,
    /// Two lines of nodes or more, with no line end between them.
    Joined,
    /// The list stops in it.
    CutOff,
    CommentedOut(&'a str),
    /// It was the line of a node.
    Damaged(Broken<'a>),
    /// Somebody wrote it beside the nodes.
    Text,
    /// It says nothing.
    Noise,
}

/// A line, and where in the block it stands.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: u32,
    text: &'a str,
    /// Nothing is said behind it.
    is_last: bool,
    /// It has a line end.
    ended: bool,
    /// Nodes right above it, without anything between.
    nodes_above: usize,
}

impl<'a> Line<'a> {
    /// The plain line first: everything else is rare. What `reader` skipped in a node's line is
    /// odd, but the line is good.
    fn kind(self, reader: &mut LineReader<'a>) -> LineKind<'a> {
        let text = self.text;
        let read = reader.node_line(text);
        let odd = read.is_err() || !reader.skipped.is_empty();
        if odd && is_shortened(text) {
            return LineKind::Shortened;
        }
        if odd && second_line(text).is_some() {
            return LineKind::Joined;
        }
        let cut = self.is_last && !self.ended;
        let broken = match read {
            // The slots that the line would have had are gone: better no line than no slots.
            Ok(_) if cut && reader.skipped.iter().any(|b| b.code == Parse::LinkState) => {
                return LineKind::CutOff;
            }
            Ok(node) => return LineKind::Node(node),
            Err(broken) => broken,
        };
        let bare = text.trim();
        if let Some(vars) = nodes_conf::vars(bare) {
            return LineKind::Vars(vars);
        }
        if is_noise(text) || says_nothing(bare) {
            return LineKind::Noise;
        }
        if is_remark(bare) {
            return commented_out(bare).map_or(LineKind::Noise, LineKind::CommentedOut);
        }
        let id =
            self.is_last && self.nodes_above > 0 && is_cut_id(bare, self.nodes_above, self.ended);
        let remains = is_remains(bare);
        match id || cut && (remains || "vars".starts_with(bare)) {
            true => LineKind::CutOff,
            false if remains => LineKind::Damaged(broken),
            false => LineKind::Text,
        }
    }
}

/// Every line that can be read. `vars` is understood, so a dump may be of either kind.
fn read<'a>(block: Block<'a>, log: &mut Log) -> Reading<'a> {
    let mut reading = Reading::default();
    let mut skipped = Skipped::default();
    let mut reader = LineReader::default();
    let mut nodes_above = 0;
    let said = block.text.trim_end();
    let mut at = 0;
    for (number, whole) in (block.first_line..).zip(block.text.split_inclusive('\n')) {
        at += whole.len();
        let line = Line {
            number,
            text: whole.trim_end_matches(['\r', '\n']),
            is_last: at >= said.len(),
            ended: whole.ends_with('\n'),
            nodes_above,
        };
        let kind = line.kind(&mut reader);
        let is_node = matches!(kind, LineKind::Node(_) | LineKind::Joined);
        nodes_above = if is_node { nodes_above + 1 } else { 0 };
        if !matches!(
            kind,
            LineKind::Noise | LineKind::Text | LineKind::Damaged(_)
        ) {
            skipped.say(log);
        }
        reading.take(line, kind, &mut reader, &mut skipped, log);
    }
    skipped.say(log);
    drop_strange_ids(&mut reading, block, log);
    let dump = &mut reading.dump;
    if let Some(first) = dump
        .lines
        .first()
        .filter(|_| lists_replicas_only(&dump.lines))
    {
        let message = "only replicas of one master are listed, as CLUSTER REPLICAS does; the rest \
                       of the cluster is not here";
        let diagnostic = Diagnostic::new(Capture::ReplicasOnly, message);
        log.at_line(diagnostic.help("capture CLUSTER NODES too"), first.line);
        dump.incomplete = true;
    }
    // Many editors and pipes drop the last line end; where no slot is missing none was cut off.
    dump.incomplete |= reading.may_miss_slots && !covers_all_slots(&dump.lines);
    reading
}

/// `CLUSTER NODES` lists the master as well, or prints `-` for one that was forgotten.
fn lists_replicas_only(lines: &[NodeLine]) -> bool {
    let master = lines.first().and_then(|line| line.master.as_ref());
    master.is_some_and(|id| {
        let follows = |line: &NodeLine| line.master.as_ref() == Some(id);
        lines.iter().all(|line| follows(line) && line.id != *id)
    })
}

impl<'a> Reading<'a> {
    fn take(
        &mut self,
        line: Line<'a>,
        kind: LineKind<'a>,
        reader: &mut LineReader<'a>,
        skipped: &mut Skipped<'a>,
        log: &mut Log,
    ) {
        let Line { number, text, .. } = line;
        match kind {
            LineKind::Node(node) => {
                if line.is_last && !line.ended && !node.slots.is_empty() {
                    may_be_cut(number, text, log);
                    self.may_miss_slots = true;
                }
                self.keep(reader, node, number, text, log);
            }
            LineKind::Vars(vars) => self.epochs.push((number, vars.current_epoch)),
            LineKind::Shortened => self.shortened(number, text, log),
            LineKind::Joined => apart::apart(self, reader, line, skipped, log),
            LineKind::CutOff => self.cut_off(text.trim(), number, text, log),
            LineKind::CommentedOut(node) => self.commented_out(node, number, text, log),
            LineKind::Damaged(broken) => {
                self.unread(number, text);
                skipped.damaged(broken, number, text, log);
            }
            LineKind::Text => {
                let part = text.trim();
                let line = number;
                log.once(Once::Text, 1, Spot { line, text, part });
            }
            LineKind::Noise => {}
        }
    }

    fn commented_out(&mut self, node: &str, number: u32, text: &str, log: &mut Log) {
        self.unread(number, node);
        let message = "a node is commented out here: the line was skipped, and the view does not \
                       count as whole";
        let (line, part) = (number, text.trim());
        log.say(Parse::CommentedOut, message, Spot { line, text, part });
    }

    fn keep(
        &mut self,
        reader: &LineReader<'a>,
        mut line: NodeLine<'a>,
        number: u32,
        text: &str,
        log: &mut Log,
    ) {
        let is_own = line.flags.has(Flags::MYSELF);
        self.of_one_view = if is_own { 1 } else { self.of_one_view + 1 };
        if self.of_one_view > VIEW_MAX || self.dump.lines.len() >= LINES_MAX {
            return log.too_many(number, "nodes");
        }
        line.line = number;
        line.column = Source::column_of(text, &line.id);
        self.dump.lines.push(line);
        for Broken {
            code,
            message,
            part,
        } in &reader.skipped
        {
            // Whose slots are not known must not be taken for a node without any.
            if *code == Parse::Slot {
                self.unread.push(number);
            }
            let spot = Spot {
                line: number,
                text,
                part,
            };
            log.say(*code, message.as_str(), spot);
        }
    }

    fn shortened(&mut self, number: u32, text: &str, log: &mut Log) {
        self.shortened.push(number);
        let part = text.trim();
        let message = format!(
            "{} says that lines were left out here; the view does not count as whole",
            quote(part)
        );
        let line = number;
        log.say(Parse::Truncated, message, Spot { line, text, part });
    }

    fn unread(&mut self, number: u32, piece: &str) {
        self.unread.push(number);
        if piece.contains("myself") {
            self.unread_owners.push(number);
        }
    }

    fn cut_off(&mut self, piece: &str, number: u32, text: &str, log: &mut Log) {
        self.unread(number, piece);
        self.dump.incomplete = true;
        log.say(
            Parse::Truncated,
            format!(
                "the file stops inside {}; the line was skipped",
                quote(piece)
            ),
            Spot {
                line: number,
                text,
                part: piece,
            },
        );
    }
}

/// Notes that people write between the lines of a dump.
fn is_remark(piece: &str) -> bool {
    piece.starts_with("//") || piece.starts_with('#')
}

/// The node line behind the mark of a remark.
fn commented_out(piece: &str) -> Option<&str> {
    let node = piece.trim_start_matches(['#', '/', ' ', '\t']);
    looks_like_node(node).then_some(node)
}

/// A frame, or what closes a list: no part of a node.
fn says_nothing(piece: &str) -> bool {
    is_frame(piece) || piece.bytes().all(|b| b"[]{}(),;\"'`".contains(&b))
}

/// `0-5460` cut to `0-54` is a good range, so only the missing line end tells.
fn may_be_cut(line: u32, text: &str, log: &mut Log) {
    let message = "the file does not end with a line end; the last slots may be cut";
    let part = text;
    log.at(
        Diagnostic::new(Parse::Truncated, message).severity(Severity::Note),
        Spot { line, text, part },
    );
}

/// The first line of an id stays. `texts` are the lines of the block, from this dump on at the
/// latest.
fn drop_duplicates<'a>(
    lines: &mut Vec<NodeLine<'a>>,
    texts: &mut Peekable<impl Iterator<Item = (u32, &'a str)>>,
    log: &mut Log,
) {
    let mut order: Vec<(&str, usize, u32)> = Vec::with_capacity(lines.len());
    order.extend(lines.iter().enumerate().map(|(i, l)| (&*l.id, i, l.line)));
    order.sort_unstable();
    let mut first = ("", 0);
    let mut doubles: Vec<(usize, &str, u32, u32)> = Vec::new();
    for (id, index, line) in order {
        if id == first.0 {
            doubles.push((index, id, line, first.1));
        } else {
            first = (id, line);
        }
    }
    doubles.sort_unstable();
    for &(_, id, line, first_line) in &doubles {
        while texts.next_if(|&(number, _)| number < line).is_some() {}
        let text = texts.peek().map_or(id, |&(_, text)| text);
        let first_line = log.in_file(first_line);
        log.say(
            Parse::DuplicateId,
            format!(
                "node {} is already on line {first_line}; this line was skipped",
                quote(id)
            ),
            Spot {
                line,
                text,
                part: id,
            },
        );
    }
    let doubles: Vec<usize> = doubles.iter().map(|double| double.0).collect();
    let mut doubles = doubles.into_iter().peekable();
    let mut at = 0;
    lines.retain(|_| {
        let double = doubles.next_if_eq(&at).is_some();
        at += 1;
        !double
    });
}
