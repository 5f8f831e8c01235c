//! One line of `CLUSTER NODES` (`clusterGenNodeDescription`); its fields are in `node_field`.
//!
//! The plain form is the hot path of the whole program: no allocation but the slots of masters.

mod glued;

use std::borrow::Cow;

use nom::Parser;
use nom::combinator::all_consuming;

use crate::diagnostic::Parse;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::OpenRef;
use crate::parse::joined::is_id_behind_another;
use crate::parse::node_field::Broken;
use crate::parse::node_field::endpoint;
use crate::parse::node_field::epoch;
use crate::parse::node_field::flag;
use crate::parse::node_field::glued_id;
use crate::parse::node_field::id;
use crate::parse::node_field::link;
use crate::parse::node_field::master;
use crate::parse::node_field::open_slots;
use crate::parse::node_field::slot_range;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::is_hex;
use crate::text::quote::quote;

/// Fields before the slots.
const FIXED_FIELDS: usize = 8;

/// Open slots kept of one dump: ranges of Kvrocks are given slot by slot, and a hostile dump
/// must not be able to fill the memory with them.
const OPEN_SLOTS_MAX: usize = 4 * SLOT_COUNT as usize;

/// Reads the lines of one dump.
#[derive(Default, Debug)]
pub(super) struct LineReader<'a> {
    /// Fields skipped in the line read last; the line itself is good.
    pub skipped: Vec<Broken<'a>>,
    open_slots: usize,
}

impl<'a> LineReader<'a> {
    /// Reads one line without its line end; `line` and `column` are left 0.
    pub fn node_line(&mut self, text: &'a str) -> Result<NodeLine<'a>, Broken<'a>> {
        let broken = match self.fields(text, Fields(text)) {
            Ok(line) => return Ok(line),
            Err(broken) => broken,
        };
        let Some((fields, lost)) = glued::taken_apart(text) else {
            return Err(broken);
        };
        let line = self.fields(text, fields.into_iter()).map_err(|_| broken)?;
        self.skipped
            .extend(lost.into_iter().map(|(part, names)| Broken {
                code: Parse::Glued.code(),
                message: format!(
                    "{} is two fields, {names}, with no blank between them; they were read as two",
                    quote(part)
                ),
                part,
            }));
        Ok(line)
    }

    fn fields(
        &mut self,
        text: &'a str,
        mut fields: impl Iterator<Item = &'a str>,
    ) -> Result<NodeLine<'a>, Broken<'a>> {
        self.skipped.clear();
        let mut seen = 0;
        let mut next = || {
            let field = fields.next().ok_or_else(|| too_short(text, seen))?;
            seen += 1;
            Ok(field)
        };
        let field = id(next()?)?;
        let id = self.unglued(field);
        if is_id_behind_another(id) {
            return Err(Broken {
                code: Parse::NodeId.code(),
                message: format!("{} is longer than an id; the line was skipped", quote(id)),
                part: id,
            });
        }
        let endpoint = endpoint(next()?)?;
        let flags_field = next()?;
        let flags = self.flags(flags_field)?;
        let master = master(next()?)?.map(|id| self.unglued(id));
        let ping_sent = self.time(next()?);
        let pong_received = self.time(next()?);
        let config_epoch = epoch(next()?)?;
        let (connected, odd) = link(next()?)?;
        self.skipped.extend(odd);
        let mut line = NodeLine {
            line: 0,
            column: 0,
            id: Cow::Borrowed(id),
            ip: endpoint.ip,
            port: endpoint.port,
            bus_port: endpoint.bus_port,
            hostname: endpoint.hostname,
            zone: endpoint.zone,
            flags,
            master: master.map(Cow::Borrowed),
            ping_sent,
            pong_received,
            config_epoch,
            connected,
            slots: Vec::new(),
            open: Vec::new(),
        };
        // A server prints no comment, but people write one behind a line.
        for field in fields.take_while(|f| !f.starts_with("//") && !f.starts_with('#')) {
            self.slots(field, &mut line);
        }
        Ok(line)
    }

    /// The id without what stands before or behind it in one word.
    fn unglued(&mut self, field: &'a str) -> &'a str {
        if field.len() <= PLAIN_ID {
            return field;
        }
        let Some(id) = glued_id(field) else {
            return field;
        };
        self.skipped.push(Broken {
            code: Parse::NodeId.code(),
            message: format!(
                "{} has more than an id in it; {} was read",
                quote(field),
                quote(id)
            ),
            part: field,
        });
        id
    }

    fn flags(&mut self, field: &'a str) -> Result<Flags, Broken<'a>> {
        let mut flags = Flags::default();
        let mut known = false;
        for word in field.split(',').filter(|w| !w.is_empty()) {
            match flag(word) {
                Some(flag) => {
                    flags = flags.with(flag);
                    known = true;
                }
                None => self.skipped.push(Broken {
                    code: Parse::Flags.code(),
                    message: format!("unknown flag {}; it was ignored", quote(word)),
                    part: word,
                }),
            }
        }
        if known {
            return Ok(flags);
        }
        Err(Broken {
            code: Parse::Flags.code(),
            message: format!("no known flag in {}; the line was skipped", quote(field)),
            part: field,
        })
    }

    /// Milliseconds. Nothing is decided on them, so a broken one does not cost the line.
    fn time(&mut self, field: &'a str) -> u64 {
        field.parse().unwrap_or_else(|_| {
            self.skipped.push(Broken {
                code: Parse::Time.code(),
                message: format!("{} is not a time in ms; taken for 0", quote(field)),
                part: field,
            });
            0
        })
    }

    fn slots(&mut self, field: &'a str, line: &mut NodeLine<'a>) {
        let understood = if field.starts_with('[') {
            all_consuming(open_slots)
                .parse(field)
                .is_ok_and(|(_, open)| {
                    let count = usize::from(open.last - open.first) + 1;
                    self.open_slots += count;
                    if self.open_slots > OPEN_SLOTS_MAX {
                        return false;
                    }
                    line.open
                        .extend((open.first..=open.last).map(|slot| OpenRef {
                            slot,
                            direction: open.direction,
                            peer: open.peer,
                        }));
                    true
                })
        } else {
            let range = all_consuming(slot_range).parse(field);
            range.is_ok_and(|(_, range)| {
                line.slots.push(range);
                true
            })
        };
        if !understood {
            self.skipped.push(Broken {
                code: Parse::Slot.code(),
                message: format!("{} is no slot and no range; it was ignored", quote(field)),
                part: field,
            });
        }
    }
}

/// A node of which an answer of another kind tells little more than that it is there.
pub(super) fn bare<'a>(line: u32, id: Cow<'a, str>) -> NodeLine<'a> {
    NodeLine {
        line,
        column: 1,
        id,
        ip: "",
        port: 0,
        bus_port: None,
        hostname: None,
        zone: None,
        flags: Flags::default(),
        master: None,
        ping_sent: 0,
        pong_received: 0,
        config_epoch: 0,
        connected: true,
        slots: Vec::new(),
        open: Vec::new(),
    }
}

pub(super) fn covers_all_slots(lines: &[NodeLine]) -> bool {
    let ranges = lines.iter().flat_map(|line| line.slots.iter().copied());
    SlotSet::from_ranges(ranges) == SlotSet::full()
}

/// Cheap: has the shape of a node line, whether or not every field is good.
pub(super) fn looks_like_node(text: &str) -> bool {
    let mut fields = Fields(text);
    let (Some(first), Some(address), Some(flags)) = (fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    id(first).is_ok()
        && address.contains(':')
        && flags.split(',').any(|word| flag(word).is_some())
        && fields.next().is_some()
}

/// Cheap: begins with an id as every server since 3.0 writes it, and goes on as a line of
/// `CLUSTER NODES` does. Wrong answers cost nothing but a heading that begins like that.
pub(super) fn is_plain_node(text: &str) -> bool {
    let text = text.as_bytes();
    text.get(PLAIN_ID) == Some(&b' ')
        && text.len() > PLAIN_ID + 30
        && text.get(..PLAIN_ID).is_some_and(is_hex)
}

/// The address field carries more than `addr,hostname`: only the file on disk has that.
pub(super) fn has_aux_fields(text: &str) -> bool {
    looks_like_node(text) && Fields(text).nth(1).is_some_and(|a| a.contains('='))
}

/// Fields between single blanks; people paste aligned columns, so more blanks are fine.
pub(super) struct Fields<'a>(pub &'a str);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r');
        let mut rest = self.0;
        // One blank is what servers print.
        while rest.as_bytes().first().is_some_and(blank) {
            rest = rest.get(1..).unwrap_or("");
        }
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let end = match bytes.get(..PLAIN_ID) {
            Some(id) if bytes.get(PLAIN_ID) == Some(&b' ') && is_hex(id) => PLAIN_ID,
            _ => bytes.iter().position(blank).unwrap_or(rest.len()),
        };
        let (field, rest) = rest.split_at(end);
        self.0 = rest;
        Some(field)
    }
}

fn too_short(text: &str, seen: usize) -> Broken<'_> {
    Broken {
        code: Parse::Fields.code(),
        message: format!("only {seen} of the {FIXED_FIELDS} fields; the line was skipped"),
        part: text,
    }
}

#[cfg(test)]
mod tests;
