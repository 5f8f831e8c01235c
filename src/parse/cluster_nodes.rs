//! `CLUSTER NODES`, of every version and store, plain or as people paste it.

mod apart;
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
use crate::parse::block::pieces;
use crate::parse::block::strip_markup;
use crate::parse::head::Head;
use crate::parse::joined::second_line;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_field::Broken;
use crate::parse::node_field::PLAIN_ID;
use crate::parse::node_field::flag;
use crate::parse::node_line::LineReader;
use crate::parse::node_line::covers_all_slots;
use crate::parse::node_line::looks_like_node;
use crate::parse::nodes_conf;
use crate::text::Source;
use crate::text::quote::quote;

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
}

/// Every line that can be read. `vars` is understood, so a dump may be of either kind.
fn read<'a>(block: Block<'a>, log: &mut Log) -> Reading<'a> {
    let mut reading = Reading::default();
    let mut skipped = Skipped::default();
    let mut may_miss_slots = false;
    let mut reader = LineReader::default();
    let last = match block.ends_with_line_end() {
        true => None,
        false => block.text.lines().last().map(str::as_ptr),
    };
    for (number, text) in block.lines() {
        // The plain line first: cleaning is for what people paste.
        let cut = last == Some(text.as_ptr());
        let plain = reader.node_line(text);
        let is_odd = plain.is_err() || !reader.skipped.is_empty();
        // What closes a quotation stands behind the whole line.
        let closed = is_odd && (text.ends_with('`') || goes_on_below(text));
        let cut = cut && !closed;
        if closed && let Ok(line) = reader.node_line(strip_markup(text)) {
            skipped.say(log);
            reading.keep(&reader, line, number, text, log);
        } else if is_odd && is_shortened(text) {
            skipped.say(log);
            reading.shortened(number, text, log);
        } else if is_odd && second_line(text).is_some() {
            let spot = Spot {
                line: number,
                text,
                part: text,
            };
            skipped.say(log);
            apart::apart(&mut reading, &mut reader, spot, cut, &mut skipped, log);
        } else if cut && reader.skipped.iter().any(|b| b.code == Parse::LinkState) {
            // The slots that the line would have had are gone: better no line than no slots.
            skipped.say(log);
            reading.cut_off(text, number, text, log);
        } else if let Ok(line) = plain {
            if cut && !line.slots.is_empty() {
                may_be_cut(number, text, log);
                may_miss_slots = true;
            }
            skipped.say(log);
            reading.keep(&reader, line, number, text, log);
        } else if !is_noise(text) {
            for piece in pieces(text) {
                match reader.node_line(piece) {
                    Ok(line) => {
                        skipped.say(log);
                        reading.keep(&reader, line, number, text, log);
                    }
                    Err(_) if cut && !is_remark(piece) && !says_nothing(piece) => {
                        skipped.say(log);
                        reading.cut_off(piece, number, text, log);
                    }
                    Err(_) if is_cut_id(piece) && reading.stops_at(number, text, block) => {
                        skipped.say(log);
                        reading.cut_off(piece, number, text, log);
                    }
                    Err(broken) => {
                        reading.not_a_node(broken, piece, number, text, &mut skipped, log)
                    }
                }
            }
        }
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
    dump.incomplete |= may_miss_slots && !covers_all_slots(&dump.lines);
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

    /// The line is the last of the block, right below a node.
    fn stops_at(&self, number: u32, text: &str, block: Block) -> bool {
        let last = block.text.trim_end().rsplit('\n').next();
        last.is_some_and(|last| last.as_ptr() == text.as_ptr())
            && self
                .dump
                .lines
                .last()
                .is_some_and(|line| line.line + 1 == number)
    }

    fn unread(&mut self, number: u32, piece: &str) {
        self.unread.push(number);
        if piece.contains("myself") {
            self.unread_owners.push(number);
        }
    }

    fn cut_off(&mut self, piece: &str, number: u32, text: &str, log: &mut Log) {
        if let Some(nodes_conf::Vars { current_epoch }) = nodes_conf::vars(piece) {
            self.epochs.push((number, current_epoch));
            return;
        }
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

    fn not_a_node(
        &mut self,
        broken: Broken<'a>,
        piece: &'a str,
        number: u32,
        text: &'a str,
        skipped: &mut Skipped<'a>,
        log: &mut Log,
    ) {
        match nodes_conf::vars(piece) {
            Some(nodes_conf::Vars { current_epoch }) => self.epochs.push((number, current_epoch)),
            None if is_remark(piece) => {
                if let Some(node) = commented_out(piece) {
                    skipped.say(log);
                    self.unread(number, node);
                    let message = "a node is commented out here: the line was skipped, and the \
                                   view does not count as whole";
                    let line = number;
                    let part = piece;
                    log.say(Parse::CommentedOut, message, Spot { line, text, part });
                }
            }
            None if says_nothing(piece) => {}
            None => {
                let is_prose = is_prose(piece);
                if !is_prose {
                    self.unread(number, piece);
                }
                let spot = Spot {
                    line: number,
                    text,
                    part: if is_prose { piece } else { broken.part },
                };
                skipped.add(broken, is_prose, piece, spot, log);
            }
        }
    }
}

/// The beginning of an id: what is left where a dump stops inside the first word of a line.
fn is_cut_id(piece: &str) -> bool {
    piece.len() < PLAIN_ID && !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_hexdigit())
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

/// Nothing in it comes from a node line: no address, no flags, nothing like an id.
fn is_prose(text: &str) -> bool {
    let from_a_node = |word: &str| {
        if is_clock(word) || word.starts_with(':') && word.ends_with(':') {
            return false;
        }
        let hex = word.bytes().filter(u8::is_ascii_hexdigit).count();
        hex >= 8
            || word.contains(|c: char| c.is_ascii_digit()) && word.contains([':', '@'])
            || matches!(word, "connected" | "disconnected")
            || word.split(',').any(|part| flag(part).is_some())
    };
    !text.split_whitespace().any(from_a_node)
}

/// `… connected 0-5460 +`, as `psql` ends the lines of a value.
fn goes_on_below(text: &str) -> bool {
    let before = text.trim_end().strip_suffix(" +");
    before.is_some_and(|line| !line.ends_with(['"', '\'']))
}

/// A frame, or what closes a list: no part of a node.
fn says_nothing(piece: &str) -> bool {
    is_frame(piece) || piece.bytes().all(|b| b"[]{}(),;".contains(&b))
}

/// `9:00`: no port has so few digits behind so short a name.
fn is_clock(word: &str) -> bool {
    let is_number = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    let parts = word.split_once(':');
    parts.is_some_and(|(hours, minutes)| {
        is_number(hours) && !hours.is_empty() && is_number(minutes) && minutes.len() == 2
    })
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
