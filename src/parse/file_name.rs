//! Whose a file is, by its name and its folders: the one place that takes names apart.
//!
//! A name is words with gaps between them. What the words mean to a cluster, `inventory` knows;
//! what can be read without one, an address or a port, is read here.

use std::net::IpAddr;
use std::net::Ipv6Addr;

use crate::model::Address;

/// More words than any name that says something.
const WORDS_MAX: usize = 24;

/// The address that a folder or file name gives: `10.0.0.1_7000`, `10.0.0.1:7000`,
/// `10.0.0.1-7000`, `ip-10-0-0-1_7000`, `fd01--5_7000`, also between other words
/// (`nodes-10.0.0.1_7000.txt`). The name nearest to the file counts, and the last in a name. A
/// folder with an IP alone gives the IP to a port below it or right above it:
/// `10.0.0.1/7000/info.txt`, `10.0.0.1/nodes-7000.conf`, `7000/10.0.0.1.txt`.
pub fn address_in_path(path: &str) -> Option<Address> {
    if let Some(address) = path.rsplit('/').find_map(address_in_name) {
        return Some(address);
    }
    let mut port = None;
    let mut names = path.rsplit('/');
    while let Some(name) = names.next() {
        port = port.or_else(|| port_in_name(name));
        if let Some(ip) = ip_in_name(name) {
            let above = || names.next().filter(|n| !is_year(n)).and_then(port_of_word);
            return Address::new(&ip.to_string(), port.or_else(above)?).ok();
        }
    }
    None
}

/// A port among the words of a name: `7000`, `redis-7000.conf`, `port_7000`, `redis7000`. No day,
/// no time of a day, no part of an IP.
pub fn port_in_name(name: &str) -> Option<u16> {
    let name = &*plain(name);
    let ip = ip_span(name).map_or(0..0, |(_, span)| span);
    let cuts = cuts(name);
    let is_port = |&(at, &(start, end)): &(usize, &(usize, usize))| {
        let behind_day = at > 0 && is_day(&name[cuts[at - 1].0..cuts[at - 1].1]);
        let is_other = ip.contains(&start) || is_date(name, &cuts[at..]) || behind_day;
        start < end && !is_other
    };
    let words = cuts.iter().enumerate().filter(is_port);
    let mut words = words.map(|(_, &(start, end))| &name[start..end]);
    words.find_map(|word| {
        const SERVERS: [&str; 6] = ["redis", "valkey", "port", "p", "node", "nodes"];
        let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let before = &word[..word.len() - digits.len()];
        let is_server = before.is_empty() || SERVERS.iter().any(|s| before.eq_ignore_ascii_case(s));
        port_of_word(digits).filter(|_| is_server)
    })
}

/// A word that is a port. Numbers below are versions, counts and days.
fn port_of_word(word: &str) -> Option<u16> {
    const LOWEST: u16 = 1024;
    let is_number = word.len() >= 4 && word.bytes().all(|b| b.is_ascii_digit());
    let port = word.parse().ok().filter(|_| is_number);
    port.filter(|&port| port >= LOWEST)
}

/// The words of a folder's or a file's name.
pub fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(is_gap).filter(|word| !word.is_empty())
}

/// Every run of words of a folder's or a file's name, as it stands there.
pub fn spans(name: &str) -> impl Iterator<Item = &str> {
    let cuts = cuts(name);
    let ends = cuts.clone();
    cuts.into_iter()
        .enumerate()
        .flat_map(move |(at, (start, _))| {
            let ends: Vec<usize> = ends[at..].iter().map(|&(_, end)| end).collect();
            ends.into_iter().map(move |end| &name[start..end])
        })
        .filter(|span| !span.is_empty())
}

/// What stands in one folder under one name tells of one node: the folder, and the file's name
/// without the words that say what was asked. `x/redis-0-info.txt` gives `x` and `redis-0`.
pub fn bundle(path: &str) -> (&str, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let words: Vec<String> = words(name)
        .map(str::to_ascii_lowercase)
        .filter(|word| !ASKED.contains(&word.as_str()))
        .collect();
    (folder, words.join("-"))
}

/// The IP that a machine of EC2 is called by, unless it is given a name: `ip-172-31-34-115`,
/// also before a domain.
pub fn ec2_ip(name: &str) -> Option<IpAddr> {
    let first = name.split('.').next()?;
    let prefix = first.get(..3)?;
    let numbers = first
        .get(3..)
        .filter(|_| prefix.eq_ignore_ascii_case("ip-"));
    numbers?.replace('-', ".").parse().ok()
}

/// The name with the IP in it as everybody writes it, where it is written as file systems want it:
/// `10-0-0-1_7000`, `ip-10-0-0-1.txt`, `fd01--5_7000`, `10.0.0.1%3A7000`. `None` where there is none.
pub fn with_plain_ip(name: &str) -> Option<String> {
    let decoded = plain(name);
    let cuts = cuts(&decoded);
    let spans = (0..cuts.len()).flat_map(|at| (at..cuts.len()).rev().map(move |end| (at, end)));
    for (at, end) in spans {
        let range = cuts[at].0..cuts[end].1;
        let text = &decoded[range.clone()];
        let port_follows = || {
            let next = cuts.get(end + 1).map(|&(start, end)| &decoded[start..end]);
            next.and_then(port_of_word).is_some()
        };
        let ip = ec2_ip(text).filter(|_| !text.contains('.'));
        if let Some(ip) = ip.or_else(|| dashed_ip(text).filter(|_| port_follows())) {
            let (before, behind) = (&decoded[..range.start], &decoded[range.end..]);
            return Some(format!("{before}{ip}{behind}"));
        }
    }
    (decoded != name).then(|| decoded.into_owned())
}

/// Words of file names that say what was asked, not whom.
const ASKED: [&str; 31] = [
    "cluster",
    "nodes",
    "node",
    "info",
    "config",
    "get",
    "slots",
    "slot",
    "shards",
    "links",
    "myid",
    "ping",
    "pong",
    "time",
    "date",
    "before",
    "after",
    "unreachable",
    "replication",
    "server",
    "keyspace",
    "memory",
    "stats",
    "all",
    "conf",
    "txt",
    "log",
    "json",
    "out",
    "dump",
    "csv",
];

fn is_gap(c: char) -> bool {
    matches!(
        c,
        '-' | '_' | '.' | ':' | ' ' | '@' | '[' | ']' | '(' | ')' | '=' | '+' | ','
    )
}

/// Start and end of each word, also of the empty ones between two gaps.
fn cuts(name: &str) -> Vec<(usize, usize)> {
    let gaps = || name.match_indices(is_gap);
    let starts = std::iter::once(0).chain(gaps().map(|(at, gap)| at + gap.len()));
    let ends = gaps().map(|(at, _)| at).chain([name.len()]);
    starts.zip(ends).take(WORDS_MAX).collect()
}

/// The name without the `%3A` of a URL.
fn plain(name: &str) -> std::borrow::Cow<'_, str> {
    if !name.contains('%') {
        return name.into();
    }
    let mut plain = name.to_owned();
    for (code, mark) in [("%3A", ":"), ("%5B", "["), ("%5D", "]"), ("%20", " ")] {
        plain = plain.replace(code, mark);
        plain = plain.replace(&code.to_ascii_lowercase(), mark);
    }
    plain.into()
}

fn address_in_name(name: &str) -> Option<Address> {
    let name = &*plain(name);
    let cuts = cuts(name);
    (1..cuts.len()).rev().find_map(|at| {
        let (start, end) = cuts[at];
        let word = &name[start..end];
        // Who writes a colon means a port, however low.
        let port = match name[..start].ends_with(':') {
            true => word.parse().ok(),
            false => port_of_word(word).filter(|_| !is_date(name, &cuts[at..])),
        }?;
        let before = cuts[at - 1].1;
        let ip = cuts[..at].iter().find_map(|&(start, _)| {
            let text = name[start..before].trim_end_matches(['[', ']', '_', '-', ' ', '(', '.']);
            let text = text
                .strip_suffix("port")
                .map_or(text, |t| t.trim_end_matches(['_', '-', ' ']));
            ip_of(text).or_else(|| dashed_ip(text))
        })?;
        Address::new(&ip.to_string(), port).ok()
    })
}

fn ip_in_name(name: &str) -> Option<IpAddr> {
    Some(ip_span(&plain(name))?.0)
}

/// The first IP in a name, and where it stands.
fn ip_span(name: &str) -> Option<(IpAddr, std::ops::Range<usize>)> {
    let cuts = cuts(name);
    let mut starts = cuts.iter().enumerate();
    starts.find_map(|(at, &(start, _))| {
        let mut ends = cuts[at..].iter().rev();
        ends.find_map(|&(_, end)| Some((ip_of(&name[start..end])?, start..end)))
    })
}

fn ip_of(text: &str) -> Option<IpAddr> {
    // `::` is any address, and `a::` no name that anybody gives.
    let plain = text.parse().ok().filter(|_| !text.ends_with(':'));
    plain.or_else(|| ec2_ip(text))
}

/// An IP of which colons or dots were replaced, as some file systems want it: `10-0-0-1`,
/// `fd01--5`. Only where a port follows: the rest of such words are days and versions.
fn dashed_ip(text: &str) -> Option<IpAddr> {
    let mark = text.chars().find(|c| !c.is_ascii_alphanumeric())?;
    if !matches!(mark, '-' | '_') {
        return None;
    }
    if let Ok(ip) = text.replace(mark, ".").parse() {
        return Some(IpAddr::V4(ip));
    }
    let ip: Ipv6Addr = text.replace(mark, ":").parse().ok()?;
    // `a--b` is no address of any network.
    (ip.is_loopback() || ip.segments()[0] >= 0x2000).then_some(IpAddr::V6(ip))
}

/// `2026-11-20`, from the first of these words on.
fn is_date(name: &str, cuts: &[(usize, usize)]) -> bool {
    let [(start, end), (next, next_end), ..] = *cuts else {
        return false;
    };
    let month = name[next..next_end].parse().unwrap_or(0);
    is_year(&name[start..end]) && next_end - next == 2 && (1..=12).contains(&month)
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20"))
}

/// `20261120`, before which or behind which a time of the day may stand.
fn is_day(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Option<String> {
        address_in_path(path).map(|a| a.to_string())
    }

    #[test]
    fn finds_addresses_in_names() {
        for path in [
            "nodes/10.0.0.1_7000/cluster-nodes.txt",
            "10.0.0.1:7000.log",
            "nodes-10.0.0.1_7000.txt",
            "10.0.0.1-7000.txt",
            "10.0.0.1.7000.txt",
            "10.0.0.1_7000_cluster_nodes.txt",
            "redis-10.0.0.1-7000-info.txt",
            "10.0.0.1/7000/cluster-nodes.txt",
            "7000/10.0.0.1/cluster-nodes.txt",
            "10.0.0.1/nodes-7000.conf",
            "10.0.0.1/redis7000.conf",
            "host-10.0.0.1/redis-7000.conf",
            "a/10.0.0.1_7000.out.gz",
            "10.0.0.1_7000 (1).txt",
            "10.0.0.1_7000(2).TXT",
            "10.0.0.1 7000.txt",
            "10.0.0.1%3A7000.txt",
            "10.0.0.1_port_7000.txt",
            "10.0.0.1_7000_2026-11-20.txt",
            "2026-11-20_10.0.0.1_7000.txt",
            "10.0.0.1:7000@17000.txt",
            "ip-10-0-0-1_7000.txt",
            "ip-10-0-0-1.eu-west-1.compute.internal_7000.txt",
            "IP-10-0-0-1/7000/info.txt",
            "10-0-0-1_7000.txt",
            "10_0_0_1_7000.txt",
        ] {
            assert_eq!(find(path).as_deref(), Some("10.0.0.1:7000"), "{path}");
        }
        for path in [
            "[fd01::5]:7000",
            "FD01::5_7000/x",
            "fd01--5_7000.txt",
            "[fd01::5]_7000.txt",
            "fd01%3A%3A5_7000",
        ] {
            assert_eq!(find(path).as_deref(), Some("fd01::5:7000"), "{path}");
        }
        for path in ["::1_7000/info.txt", "--1_7000.txt"] {
            assert_eq!(find(path).as_deref(), Some("::1:7000"), "{path}");
        }
        assert_eq!(find("10.0.0.1:80.txt").as_deref(), Some("10.0.0.1:80"));
    }

    #[test]
    fn spells_addresses_out() {
        for (name, expected) in [
            ("10-0-0-1_7000.txt", Some("10.0.0.1_7000.txt")),
            ("nodes-10-0-0-1-7000.txt", Some("nodes-10.0.0.1-7000.txt")),
            ("ip-10-0-0-1.txt", Some("10.0.0.1.txt")),
            ("ip-10-0-0-1_info", Some("10.0.0.1_info")),
            ("fd01--5_7000", Some("fd01::5_7000")),
            ("10.0.0.1%3A7000", Some("10.0.0.1:7000")),
            ("10.0.0.1_7000", None),
            ("2026-11-20_nodes.txt", None),
            ("é-10-0-0-1", None),
        ] {
            assert_eq!(with_plain_ip(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn finds_no_address_where_there_is_none() {
        for path in [
            "nodes.txt",
            "cluster-nodes.txt",
            "h1/nodes.txt",
            "2026-11-20/nodes.txt",
            "10.0.0.1/cluster-nodes.txt",
            "10.0.0.1-2.txt",
            "10.0.0.1 (3).txt",
            "10.0.0.1-2026-11-20.txt",
            "10.0.0.1/nodes-20261120-1504.txt",
            "2026/10.0.0.1/nodes.txt",
            "[fd01:1234::5]/nodes.txt",
            "a--b_7000.txt",
            "v7.0.15/7000.txt",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn finds_ports_in_names() {
        for (name, expected) in [
            ("redis-18101.conf", Some(18101)),
            ("redis18101.conf", Some(18101)),
            ("7000", Some(7000)),
            ("redis-7.conf", None),
            ("redis-0080.conf", None),
            ("redis-99999.conf", None),
            ("build12345.conf", None),
            ("nodes-2026-11-20.conf", None),
        ] {
            assert_eq!(port_in_name(name), expected, "{name}");
        }
    }

    #[test]
    fn spans_are_all_runs_of_words() {
        let found: Vec<&str> = spans("a-b.c").collect();
        assert_eq!(found, ["a", "a-b", "a-b.c", "b", "b.c", "c"]);
        // However long a name is.
        assert!(spans(&"a-".repeat(5000)).count() < 1000);
    }

    #[test]
    fn a_bundle_is_what_is_left_without_what_was_asked() {
        for (path, expected) in [
            ("x/cluster-nodes.txt", ("x", "")),
            ("x/info.txt", ("x", "")),
            ("UNREACHABLE", ("", "")),
            ("x/redis-0-info.txt", ("x", "redis-0")),
            ("x/redis-0_cluster_nodes.txt", ("x", "redis-0")),
        ] {
            let (folder, rest) = bundle(path);
            assert_eq!((folder, rest.as_str()), expected);
        }
    }
}
