//! Names that can be told from their shape alone: ids, addresses, paths, names of machines.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::ops::Range;

use crate::redact::credential;
use crate::redact::words;

/// A part of a line that may be renamed; ranges are bytes of the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub range: Range<usize>,
    pub what: What,
}

/// What a part of a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// Hex digits: an id, the beginning of one, or just a number.
    Hex,
    /// `10.0.0.1`, or an IPv6 address that cannot be anything else.
    Ip,
    /// `fd01::5:7000`: an address, or an address and a port.
    IpAndMaybePort,
    Host,
    /// A whole cell of a map: nothing but its end ends the name.
    HostCell,
    Zone,
    ZoneCell,
    User,
    Secret,
    /// One component of a path.
    Component,
    /// The same digits for everybody from now on.
    Zeros,
    /// Stays as it is.
    Kept,
    /// Not shown, and nothing of it is looked for elsewhere.
    Hidden,
}

/// Shortest stretch of hex digits that can be the beginning of an id: reports shorten so.
pub(super) const SHORT_ID: usize = 8;

/// Shortest stretch of hex digits that is taken for an id on its own.
pub(super) const OWN_ID: usize = 16;

/// Finds the tokens in `line[range]`, in order.
pub(super) fn find(line: &str, range: Range<usize>, out: &mut Vec<Token>) {
    let bytes = line.as_bytes();
    let mut at = range.start;
    while at < range.end {
        let end = match token_at(line, at, range.end) {
            Some(Found::One(token)) => {
                let end = token.range.end;
                out.push(token);
                end
            }
            Some(Found::Path(end)) => {
                components(line, at..end, out);
                end
            }
            None if bytes[at].is_ascii_alphanumeric() => {
                let end = run_end(bytes, at, range.end);
                hex_within(line, at..end, out);
                end
            }
            None if bytes[at].is_ascii() => at + separator(bytes, at),
            None => at + line.get(at..).map_or(1, first_length),
        };
        at = end.max(at + 1);
    }
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

enum Found {
    One(Token),
    /// A path that ends here.
    Path(usize),
}

fn token_at(line: &str, at: usize, end: usize) -> Option<Found> {
    let bytes = line.as_bytes();
    let one = |range: Range<usize>, what| Some(Found::One(Token { range, what }));
    let byte = bytes[at];
    if byte == b'/' {
        return path_end(bytes, at, end).map(Found::Path);
    }
    if !byte.is_ascii() {
        return machine(line, at, end).and_then(|to| one(at..to, What::Host));
    }
    if byte != b':' && !byte.is_ascii_alphanumeric() {
        return None;
    }
    if let Some((to, what)) = ipv6(line, at, end) {
        return one(at..to, what);
    }
    if byte == b':' {
        return None;
    }
    let run = run_end(bytes, at, end);
    if let Some(to) = credential::token_end(line, at, end) {
        return one(at..to, What::Secret);
    }
    if let Some(to) = odd_ip(bytes, at, end) {
        return one(at..to, What::Hidden);
    }
    if let Some(from) = ipv4_start(bytes, at, run)
        && let Some(to) = ipv4_end(bytes, from, end)
    {
        let unspecified = ["0.0.0.0", "255.255.255.255"].contains(&&line[from..to]);
        let what = if unspecified || line[from..to].starts_with("255.") {
            What::Kept
        } else {
            What::Ip
        };
        return one(from..to, what);
    }
    if let Some(to) = uuid(bytes, at, end) {
        return one(at..to, What::Zeros);
    }
    if let Some(to) = machine(line, at, end) {
        return one(at..to, What::Host);
    }
    let hex = bytes[at..run].iter().all(u8::is_ascii_hexdigit);
    (hex && run - at >= SHORT_ID).then_some(Found::One(Token {
        range: at..run,
        what: What::Hex,
    }))
}

/// Bytes of what separates words: an escape such as `\n` and a colour are more than one.
pub(super) fn separator(bytes: &[u8], at: usize) -> usize {
    match bytes[at..] {
        [b'\\', b'n' | b'r' | b't', ..] => 2,
        [0x1b, b'[', ref rest @ ..] => {
            let digits = rest
                .iter()
                .take_while(|b| b.is_ascii_digit() || **b == b';');
            digits.count() + 3
        }
        _ => 1,
    }
}

/// The end of the letters and digits that start at `at`.
pub(super) fn run_end(bytes: &[u8], at: usize, end: usize) -> usize {
    let run = bytes[at..end]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric());
    at + run.count()
}

/// Where an IPv4 address may start in the run: at its start, or with the digits at its end.
fn ipv4_start(bytes: &[u8], at: usize, run: usize) -> Option<usize> {
    if bytes.get(run) != Some(&b'.') {
        return None;
    }
    let digits = bytes[at..run]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit());
    let digits = digits.count();
    let from = run - digits;
    // The middle of a longer dotted number is no address.
    let inside = from >= 2 && bytes[from - 1] == b'.' && bytes[from - 2].is_ascii_digit();
    ((1..=3).contains(&digits) && !inside).then_some(from)
}

fn ipv4_end(bytes: &[u8], from: usize, end: usize) -> Option<usize> {
    let legal = |b: &&u8| b.is_ascii_digit() || **b == b'.';
    let mut to = from + bytes[from..end].iter().take_while(legal).count();
    while to > from && bytes[to - 1] == b'.' {
        to -= 1;
    }
    let text = std::str::from_utf8(&bytes[from..to]).ok()?;
    text.parse::<Ipv4Addr>().is_ok().then_some(to)
}

/// An IPv4 address that some programs read and others refuse: `010.1.2.4`, `0x0a010203`.
fn odd_ip(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let text = &bytes[at..end];
    if let [b'0', b'x' | b'X', rest @ ..] = text {
        let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let over = rest.get(digits).is_none_or(|b| !b.is_ascii_alphanumeric());
        return (digits == 8 && over).then_some(at + 10);
    }
    let mut odd = false;
    let mut to = at;
    for part in 0..4 {
        if part > 0 {
            if bytes.get(to) != Some(&b'.') {
                return None;
            }
            to += 1;
        }
        let digits = bytes[to..end]
            .iter()
            .take(5)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if !(1..=4).contains(&digits) {
            return None;
        }
        odd |= digits > 1 && bytes[to] == b'0';
        to += digits;
    }
    let inside = at > 0 && bytes[at - 1] == b'.';
    let over = bytes
        .get(to)
        .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'.');
    (odd && over && !inside).then_some(to)
}

/// An IPv6 address that starts at `at`, and whether a port may be in it.
fn ipv6(line: &str, at: usize, end: usize) -> Option<(usize, What)> {
    const LONGEST: usize = 54;
    let bytes = line.as_bytes();
    let joined = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.');
    if at > 0 && joined(bytes[at - 1]) && !after_escape(bytes, at) {
        return None;
    }
    let legal = |b: &&u8| b.is_ascii_hexdigit() || matches!(**b, b':' | b'.');
    let length = bytes[at..end]
        .iter()
        .take(LONGEST)
        .take_while(legal)
        .count();
    let mut to = at + length;
    let colons = |to: usize| bytes[at..to].iter().filter(|b| **b == b':').count();
    if colons(to) < 2 || bytes.get(to).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let trails =
        |to: usize| bytes[to - 1] == b'.' || bytes[to - 1] == b':' && !line[at..to].ends_with("::");
    while to > at && trails(to) {
        to -= 1;
    }
    let whole = line[at..to].parse::<Ipv6Addr>().ok();
    let (front, port) = line[at..to].rsplit_once(':')?;
    let front_ip = front.parse::<Ipv6Addr>().ok();
    let front_ip = front_ip.filter(|_| port.parse::<u16>().is_ok());
    let sure = |ip: Ipv6Addr, to| {
        Some(match ip.is_unspecified() {
            true => (to, What::Kept),
            false => (to, What::Ip),
        })
    };
    let bracketed = at > 0 && bytes[at - 1] == b'[' && bytes.get(to) == Some(&b']');
    match (whole, front_ip) {
        (_, Some(ip)) if bytes.get(to) == Some(&b'@') => sure(ip, at + front.len()),
        (Some(ip), _) if bracketed => sure(ip, to),
        (Some(ip), Some(front)) if front.is_unspecified() => sure(ip, to),
        // Nobody lives at `::1:7000`, and every host has a `::1`.
        (Some(_), Some(ip)) if ip.is_loopback() => sure(ip, at + front.len()),
        (Some(_), Some(_)) => Some((to, What::IpAndMaybePort)),
        (Some(ip), None) => sure(ip, to),
        (None, Some(ip)) => sure(ip, at + front.len()),
        (None, None) => None,
    }
}

fn after_escape(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at - 2] == b'\\' && matches!(bytes[at - 1], b'n' | b'r' | b't')
}

fn uuid(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let mut to = at;
    for (index, length) in GROUPS.into_iter().enumerate() {
        if index > 0 {
            if bytes.get(to) != Some(&b'-') {
                return None;
            }
            to += 1;
        }
        let group = bytes.get(to..to + length).filter(|_| to + length <= end)?;
        if !group.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        to += length;
    }
    let over = bytes.get(to).is_none_or(|b| !b.is_ascii_alphanumeric());
    over.then_some(to)
}

/// `db1.example.com`, or the name in `db1:7000`, that starts at `at`.
fn machine(line: &str, at: usize, end: usize) -> Option<usize> {
    let bytes = line.as_bytes();
    // Only where a word begins, in whatever script: else half of it would be found.
    let before = line.get(..at)?.chars().next_back();
    let odd = !bytes[at].is_ascii() || before.is_some_and(|c| !c.is_ascii());
    if before.is_some_and(|c| matches!(c, '-' | '.') || odd && c.is_alphanumeric()) {
        return None;
    }
    let mut to = at;
    while to < end {
        let legal = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'-' | b'.');
        to += bytes[to..end].iter().take_while(legal).count();
        let other = line.get(to..end).and_then(|rest| rest.chars().next());
        match other.filter(|c| !c.is_ascii() && c.is_alphanumeric()) {
            Some(letter) => to += letter.len_utf8(),
            None => break,
        }
    }
    while to > at && matches!(bytes[to - 1], b'.' | b'-') {
        to -= 1;
    }
    let text = &line[at..to];
    if words::is_qualified_name(text) {
        return Some(to);
    }
    let rest = bytes[to..end].strip_prefix(b":")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let over = |b: &u8| {
        matches!(
            b,
            b'@' | b'>' | b' ' | b':' | b',' | b')' | b'"' | b'\'' | b'['
        )
    };
    let port = (4..=5).contains(&digits) && rest.get(digits).is_none_or(over);
    // Keys of INFO have a colon and a number, too, but no digit or dot in the key.
    let is_file = words::EXTENSIONS.iter().any(|end| text.ends_with(end));
    let named = !is_file
        && text.bytes().any(|b| b.is_ascii_digit() || b == b'.')
        && text.starts_with(char::is_alphabetic)
        && (at == 0 || bytes[at - 1] != b'_');
    (port && named && words::is_distinct(text)).then_some(to)
}

/// Long stretches of hex digits in a word that is no id: it may be a damaged one.
fn hex_within(line: &str, range: Range<usize>, out: &mut Vec<Token>) {
    let bytes = line.as_bytes();
    let mut at = range.start;
    while at < range.end {
        let hex = bytes[at..range.end]
            .iter()
            .take_while(|b| b.is_ascii_hexdigit());
        let to = at + hex.count();
        if to - at >= OWN_ID {
            out.push(Token {
                range: at..to,
                what: What::Hex,
            });
        }
        at = to.max(at + 1);
    }
}

/// The end of the absolute path whose first slash is at `at`; `None` if it is none.
fn path_end(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let before = at.checked_sub(1).map(|i| bytes[i]);
    let starts = before.is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'/' | b'<'));
    let first = bytes.get(at + 1).is_some_and(|b| is_path_byte(*b));
    if !starts || !first {
        return None;
    }
    let legal = |b: &&u8| is_path_byte(**b) || **b == b'/';
    Some(at + bytes[at..end].iter().take_while(legal).count())
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%' | b'~')
}

/// From which component on people name a device: `/dev/mapper/VG-LV`, `/dev/VG/LV`.
fn named_device(path: &str) -> Option<usize> {
    const FOLDERS: [&str; 18] = [
        "block",
        "bsg",
        "bus",
        "char",
        "cpu",
        "disk",
        "dri",
        "fd",
        "hugepages",
        "input",
        "mqueue",
        "net",
        "pts",
        "shm",
        "snd",
        "usb",
        "v4l",
        "vfio",
    ];
    let (folder, device) = path.strip_prefix("/dev/")?.split_once('/')?;
    match folder {
        _ if device.is_empty() || FOLDERS.contains(&folder) => None,
        "mapper" | "md" | "zvol" => Some(3),
        _ => Some(2),
    }
}

/// The components of a path that names something; those of the kernel's own trees stay.
pub(super) fn components(line: &str, range: Range<usize>, out: &mut Vec<Token>) {
    let text = &line[range.clone()];
    let mut at = range.start;
    let kernel = ["/dev/", "/proc/", "/sys/"];
    let kept = kernel.iter().any(|tree| text.starts_with(tree));
    let named = named_device(text);
    for (depth, part) in text.split('/').enumerate() {
        let name = part.trim_end_matches('.');
        if !name.is_empty() {
            let kept = kept && named.is_none_or(|from| depth < from);
            out.push(Token {
                range: at..at + name.len(),
                what: if kept { What::Kept } else { What::Component },
            });
        }
        at += part.len() + 1;
    }
}

/// What is renamed for itself inside of a longer name.
pub(super) fn is_structure(token: &Token) -> bool {
    match token.what {
        What::Ip => true,
        What::Hex => token.range.len() >= OWN_ID,
        What::IpAndMaybePort
        | What::Host
        | What::HostCell
        | What::Zone
        | What::ZoneCell
        | What::User
        | What::Secret
        | What::Component
        | What::Zeros
        | What::Kept
        | What::Hidden => false,
    }
}

#[cfg(test)]
mod tests;
