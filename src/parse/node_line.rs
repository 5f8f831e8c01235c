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
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::model::Direction;

    const ID: &str = "1111111111111111111111111111111111111111";

    fn read(text: &str) -> Result<NodeLine<'_>, Broken<'_>> {
        LineReader::default().node_line(text)
    }

    fn with_address(address: &str) -> String {
        format!("{ID} {address} master - 0 0 1 connected")
    }

    #[test]
    fn reads_every_form_of_an_address() {
        for (address, ip, port, hostname) in [
            ("10.0.0.1:7000", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000,", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000,r-0.x", "10.0.0.1", 7000, Some("r-0.x")),
            ("10.0.0.1:7000@17000,,tls-port=0", "10.0.0.1", 7000, None),
            ("10.0.0.1:0@17000,,tls-port=18007", "10.0.0.1", 18007, None),
            ("fd01::85:14:6379", "fd01::85:14", 6379, None),
            ("[fd01::85:14]:6379@16379", "fd01::85:14", 6379, None),
            ("redis-0.svc:6379@16379", "redis-0.svc", 6379, None),
            (":7001@17001", "", 7001, None),
            (":0@0", "", 0, None),
            (":0", "", 0, None),
        ] {
            let text = with_address(address);
            let line = read(&text).unwrap();
            assert_eq!(
                (line.ip, line.port, line.hostname),
                (ip, port, hostname),
                "{address}"
            );
        }
    }

    #[test]
    fn keeps_the_bus_port_where_there_is_one() {
        for (address, bus_port) in [
            ("10.0.0.1:7000", None),
            ("10.0.0.1:7000@17000", Some(17000)),
            ("10.0.0.1:7000@9999,r-0.x", Some(9999)),
            ("10.0.0.1:60000@70000", None),
            (":0@0", None),
        ] {
            let text = with_address(address);
            assert_eq!(read(&text).unwrap().bus_port, bus_port, "{address}");
        }
    }

    #[test]
    fn finds_the_zone_among_the_aux_fields() {
        let text = with_address("10.0.0.1:7000@17000,,shard-id=ab,availability-zone=eu-1a");
        assert_eq!(read(&text).unwrap().zone, Some("eu-1a"));
    }

    #[test]
    fn names_the_field_that_is_broken() {
        for (text, code) in [
            (format!("{ID} 10.0.0.1:7000 master"), Parse::Fields),
            (with_address("10.0.0.1"), Parse::Address),
            (with_address("10.0.0.1:66000@67000"), Parse::Address),
            (with_address("$(reboot):7000"), Parse::Address),
            (with_address("10.0.0.1:7000@"), Parse::Address),
            (format!("{ID} a:1 boss - 0 0 1 connected"), Parse::Flags),
            (format!("{ID} a:1 master - 0 0 x connected"), Parse::Epoch),
            (
                format!("{ID} a:1 master - 0 0 1 conected"),
                Parse::LinkState,
            ),
            (
                format!("{ID}\" a:1 master - 0 0 1 connected"),
                Parse::NodeId,
            ),
            (
                format!("{ID} a:1 slave \u{1b}[m 0 0 1 connected"),
                Parse::NodeId,
            ),
        ] {
            assert_eq!(read(&text).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn keeps_the_line_when_the_link_state_is_cut_or_quoted() {
        for (word, connected) in [
            ("connecte", Some(true)),
            ("\"connected", Some(true)),
            ("'connected'", Some(true)),
            ("disconnec", Some(false)),
            ("con", None),
            ("conected", None),
            ("connectedx", None),
            ("\"\"", None),
        ] {
            let text = format!("{ID} a:1 master - 0 0 1 {word} 0-10");
            let mut reader = LineReader::default();
            let line = reader.node_line(&text).ok();
            let read = line.as_ref().map(|l| (l.connected, l.slots.clone()));
            assert_eq!(read, connected.map(|c| (c, vec![(0, 10)])), "{word}");
            let codes: Vec<_> = reader.skipped.iter().map(|b| b.code).collect();
            assert_eq!(codes.len(), usize::from(connected.is_some()), "{word}");
        }
    }

    #[test]
    fn keeps_the_line_when_a_slot_or_a_flag_is_odd() {
        let text = format!("{ID} a:1 boss,master - x 0 1 connected 0-10 16384 9-5 7 [3->-");
        let mut reader = LineReader::default();
        let line = reader.node_line(&text).unwrap();
        assert_eq!(line.slots, [(0, 10), (7, 7)]);
        let codes: Vec<_> = reader.skipped.iter().map(|b| b.code).collect();
        assert_eq!(
            codes,
            [
                Parse::Flags,
                Parse::Time,
                Parse::Slot,
                Parse::Slot,
                Parse::Slot
            ]
        );
    }

    #[test]
    fn reads_open_slots_and_ranges_of_them() {
        let text = format!("{ID} a:1 myself,master - 0 0 1 connected [93->-{ID}] [4-5-<-b]");
        let line = read(&text).unwrap();
        let open = |slot, direction, peer| OpenRef {
            slot,
            direction,
            peer,
        };
        assert_eq!(
            line.open,
            [
                open(93, Direction::Migrating, ID),
                open(4, Direction::Importing, "b"),
                open(5, Direction::Importing, "b"),
            ]
        );
    }

    #[test]
    fn cannot_be_made_to_fill_the_memory() {
        let many = " [0-16383->-x]".repeat(100);
        let text = format!("{ID} a:1 myself,master - 0 0 1 connected{many}");
        let mut reader = LineReader::default();
        assert_eq!(reader.node_line(&text).unwrap().open.len(), OPEN_SLOTS_MAX);
        assert_eq!(reader.skipped.len(), 96);
    }

    /// The line as Redis 7 prints it; the bus port is the client port + 10000.
    fn print(line: &NodeLine) -> String {
        let words = [
            (Flags::MYSELF, "myself"),
            (Flags::MASTER, "master"),
            (Flags::REPLICA, "slave"),
            (Flags::SUSPECTED, "fail?"),
            (Flags::FAILED, "fail"),
            (Flags::HANDSHAKE, "handshake"),
            (Flags::NOADDR, "noaddr"),
            (Flags::NOFAILOVER, "nofailover"),
        ];
        let flags: Vec<_> = words
            .into_iter()
            .filter(|&(flag, _)| line.flags.has(flag))
            .map(|(_, word)| word)
            .collect();
        let mut text = format!(
            "{} {}:{}@{}{} {} {} {} {} {} {}",
            line.id,
            line.ip,
            line.port,
            u32::from(line.port) + 10000,
            line.hostname.map_or(String::new(), |h| format!(",{h}")),
            flags.join(","),
            line.master.as_deref().unwrap_or("-"),
            line.ping_sent,
            line.pong_received,
            line.config_epoch,
            if line.connected {
                "connected"
            } else {
                "disconnected"
            },
        );
        for &(first, last) in &line.slots {
            text += &match first == last {
                true => format!(" {first}"),
                false => format!(" {first}-{last}"),
            };
        }
        for open in &line.open {
            let arrow = match open.direction {
                Direction::Migrating => "->-",
                Direction::Importing => "-<-",
            };
            text += &format!(" [{}{arrow}{}]", open.slot, open.peer);
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_printed_is_read_back(
            id in "[0-9a-f]{40}",
            ip in "([0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3})?|[0-9a-f]{1,4}::[0-9a-f]{1,4}",
            port: u16,
            hostname in option::of("[a-z][a-z0-9.-]{0,20}"),
            flags in 1u16..256,
            master in option::of("[0-9a-f]{40}"),
            times: (u64, u64, u64),
            connected: bool,
            slots in vec((0u16..8000, 0u16..8000), 0..4),
            open in vec((0..SLOT_COUNT, any::<bool>(), "[0-9a-f]{40}"), 0..3),
        ) {
            let line = NodeLine {
                line: 0,
                column: 0,
                id: Cow::Borrowed(&id),
                ip: &ip,
                port,
                bus_port: port.checked_add(10000),
                hostname: hostname.as_deref(),
                zone: None,
                flags: Flags(flags),
                master: master.as_deref().map(Cow::Borrowed),
                ping_sent: times.0,
                pong_received: times.1,
                config_epoch: times.2,
                connected,
                slots: slots.iter().map(|&(first, more)| (first, first + more)).collect(),
                open: open.iter().map(|(slot, migrating, peer)| OpenRef {
                    slot: *slot,
                    direction: match migrating {
                        true => Direction::Migrating,
                        false => Direction::Importing,
                    },
                    peer,
                }).collect(),
            };
            let text = print(&line);
            let mut reader = LineReader::default();
            prop_assert_eq!(reader.node_line(&text), Ok(line));
            prop_assert!(reader.skipped.is_empty());
        }

        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let _ = LineReader::default().node_line(&text);
        }
    }
}
