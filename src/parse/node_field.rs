//! The fields of a node line, one parser each; see `node_line` for the line.

use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::bytes::complete::take_till1;
use nom::character::complete::char;
use nom::character::complete::u16 as number;
use nom::combinator::opt;
use nom::combinator::value;
use nom::combinator::verify;
use nom::sequence::delimited;
use nom::sequence::preceded;

use crate::diagnostic::Code;
use crate::diagnostic::Parse;
use crate::model::Address;
use crate::model::Direction;
use crate::model::SLOT_COUNT;
use crate::parse::Flags;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::is_plain_id;
use crate::text::quote::quote;

/// Why a line or a field was skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Broken<'a> {
    pub code: Code,
    pub message: String,
    pub part: &'a str,
}

/// A table, because every byte of every id is looked up: ids are half of a dump.
static ID_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        byte += 1;
    }
    table
};

/// Any token: Dragonfly takes what it is given. Quotes and brackets belong to what people paste
/// around a line, never to an id.
pub(super) fn id(field: &str) -> Result<&str, Broken<'_>> {
    const LONGEST: usize = 128;
    let legal = |b: u8| ID_BYTES[usize::from(b)];
    if is_plain_id(field) {
        return Ok(field);
    }
    if field.len() <= LONGEST && field.bytes().all(legal) && !field.starts_with('-') {
        return Ok(field);
    }
    Err(Broken {
        code: Parse::NodeId.code(),
        message: format!("{} is no node id; the line was skipped", quote(field)),
        part: field,
    })
}

/// The id that stands whole in a field, before or behind what does not belong to it: the rest of
/// a heading, the number of a line, the end of a quotation.
pub(super) fn glued_id(field: &str) -> Option<&str> {
    let hex = |at: usize| field.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let rest = field.len().checked_sub(PLAIN_ID).filter(|&rest| rest > 0)?;
    let (first, last) = (field.get(..PLAIN_ID)?, field.get(rest..)?);
    // More hex digits beside it, and nobody knows where it begins.
    match (is_plain_id(first), is_plain_id(last)) {
        (true, false) if !hex(PLAIN_ID) => Some(first),
        (false, true) if !hex(rest - 1) => Some(last),
        _ => None,
    }
}

#[derive(PartialEq, Eq, Debug)]
pub(super) struct Endpoint<'a> {
    pub ip: &'a str,
    pub port: u16,
    pub bus_port: Option<u16>,
    pub hostname: Option<&'a str>,
    pub zone: Option<&'a str>,
}

/// `ip:port[@cport][,hostname][,key=value…]`. IPv6 is printed bare, so the last colon counts.
pub(super) fn endpoint(field: &str) -> Result<Endpoint<'_>, Broken<'_>> {
    plain_endpoint(field).map_or_else(|| any_endpoint(field), Ok)
}

/// `10.0.0.1:7000@17000`, and a name behind it: what nearly every line has.
fn plain_endpoint(field: &str) -> Option<Endpoint<'_>> {
    let is_ip = |b: &u8| b.is_ascii_digit() || *b == b'.';
    let end = field.bytes().position(|b| !is_ip(&b))?;
    let (ip, rest) = field.split_at(end);
    let (port, rest) = number_of(rest.strip_prefix(':')?)?;
    let (bus_port, rest) = number_of(rest.strip_prefix('@')?)?;
    let hostname = match rest.as_bytes().split_first() {
        None => None,
        Some((b',', name)) if !name.iter().any(|b| matches!(b, b',' | b'=')) => rest.get(1..),
        Some(_) => return None,
    };
    Some(Endpoint {
        ip,
        port,
        bus_port: Some(bus_port).filter(|&p| p != 0),
        hostname: hostname.filter(|name| !name.is_empty()),
        zone: None,
    })
}

/// The number at the start, and what stands behind it.
fn number_of(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

fn any_endpoint(field: &str) -> Result<Endpoint<'_>, Broken<'_>> {
    let broken = |why: &str| Broken {
        code: Parse::Address.code(),
        message: format!("{} {why}; the line was skipped", quote(field)),
        part: field,
    };
    let mut parts = field.split(',');
    let address = parts.next().unwrap_or("");
    let (address, bus_port) = match address.split_once('@') {
        Some((address, port)) => (address, port),
        None => (address, "0"),
    };
    let (ip, port) = address
        .rsplit_once(':')
        .ok_or_else(|| broken("is no address"))?;
    let mut port: u16 = port
        .parse()
        .map_err(|_| broken("has no port from 0 to 65535"))?;
    if bus_port.is_empty() || !bus_port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(broken("has a bus port that is no number"));
    }
    let (mut hostname, mut zone) = (None, None);
    for part in parts.filter(|p| !p.is_empty()) {
        match part.split_once('=') {
            None => hostname = hostname.or(Some(part)),
            Some(("availability-zone", name)) if !name.is_empty() => zone = Some(name),
            // A node that listens with TLS only is written `ip:0@cport,,tls-port=N`.
            Some(("tls-port", number)) if port == 0 => port = number.parse().unwrap_or(0),
            // shard-id, nodename and what later versions add.
            Some(_) => {}
        }
    }
    let ip = host(ip).ok_or_else(|| broken("has a character that no address has"))?;
    Ok(Endpoint {
        ip,
        port,
        bus_port: bus_port.parse().ok().filter(|&p| p != 0),
        hostname,
        zone,
    })
}

/// May be empty: `:7001` of a node that never met anyone, `:0` of one without an address.
pub(super) fn host(text: &str) -> Option<&str> {
    let ip = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text);
    let plain = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    (ip.bytes().all(plain) || Address::new(ip, 1).is_ok()).then_some(ip)
}

pub(super) fn flag(word: &str) -> Option<Flags> {
    Some(match word {
        "myself" => Flags::MYSELF,
        "master" | "primary" => Flags::MASTER,
        "slave" | "replica" => Flags::REPLICA,
        "fail?" => Flags::SUSPECTED,
        "fail" => Flags::FAILED,
        "handshake" => Flags::HANDSHAKE,
        "noaddr" => Flags::NOADDR,
        "nofailover" => Flags::NOFAILOVER,
        "noflags" => Flags::default(),
        _ => return None,
    })
}

pub(super) fn master(field: &str) -> Result<Option<&str>, Broken<'_>> {
    if field == "-" {
        return Ok(None);
    }
    id(field).map(Some)
}

pub(super) fn epoch(field: &str) -> Result<u64, Broken<'_>> {
    field.parse().map_err(|_| Broken {
        code: Parse::Epoch.code(),
        message: format!("{} is no config epoch; the line was skipped", quote(field)),
        part: field,
    })
}

/// Connected or not, and what is odd about the word. A word that was quoted or cut still tells,
/// as long as it can be no other; what cannot be read costs the line.
pub(super) fn link(field: &str) -> Result<(bool, Option<Broken<'_>>), Broken<'_>> {
    const SHORTEST: usize = 4;
    let broken = |end: &str| Broken {
        code: Parse::LinkState.code(),
        message: format!("unknown link state {}; {end}", quote(field)),
        part: field,
    };
    match field {
        "connected" => return Ok((true, None)),
        "disconnected" => return Ok((false, None)),
        _ => {}
    }
    let bare = field.trim_matches(['"', '\'']);
    let is_cut_from = |word: &str| bare.len() >= SHORTEST && word.starts_with(bare);
    let connected = match () {
        () if is_cut_from("connected") => true,
        () if is_cut_from("disconnected") => false,
        () => return Err(broken("the line was skipped")),
    };
    let taken = match connected {
        true => "taken for `connected`",
        false => "taken for `disconnected`",
    };
    Ok((connected, Some(broken(taken))))
}

fn slot(input: &str) -> IResult<&str, u16> {
    verify(number, |&slot| slot < SLOT_COUNT).parse(input)
}

/// `7` or `0-5460`, closed.
pub(super) fn slot_range(input: &str) -> IResult<&str, (u16, u16)> {
    (slot, opt(preceded(char('-'), slot)))
        .map(|(first, last)| (first, last.unwrap_or(first)))
        .parse(input)
        .and_then(|(rest, (first, last))| match first <= last {
            true => Ok((rest, (first, last))),
            false => Err(nom::Err::Error(nom::error::Error::new(
                input,
                nom::error::ErrorKind::Verify,
            ))),
        })
}

pub(super) struct OpenSlots<'a> {
    pub first: u16,
    pub last: u16,
    pub direction: Direction,
    pub peer: &'a str,
}

/// `[93->-id]`, `[93-<-id]`, and of Kvrocks `[0-100->-id]`.
pub(super) fn open_slots(input: &str) -> IResult<&str, OpenSlots<'_>> {
    let direction = alt((
        value(Direction::Migrating, tag("->-")),
        value(Direction::Importing, tag("-<-")),
    ));
    let peer = verify(take_till1(|c| c == ']'), |peer: &str| id(peer).is_ok());
    delimited(char('['), (slot_range, direction, peer), char(']'))
        .map(|((first, last), direction, peer)| OpenSlots {
            first,
            last,
            direction,
            peer,
        })
        .parse(input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_forms_are_read_the_short_way() {
        for field in [
            "10.0.0.1:7000@17000",
            "10.0.0.1:7000@17000,",
            "10.0.0.1:7000@17000,redis-0",
            ":0@0",
        ] {
            let short = plain_endpoint(field).expect(field);
            assert_eq!(any_endpoint(field), Ok(short), "{field}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_short_way_says_nothing_else(field in "[0-9.:]{0,12}[:@][0-9]{0,6}[@,]?[0-9a-z,=@-]{0,12}") {
            if let Some(short) = plain_endpoint(&field) {
                prop_assert_eq!(any_endpoint(&field), Ok(short));
            }
        }
    }
}
