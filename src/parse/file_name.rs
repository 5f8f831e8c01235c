//! Whose a file is, by its name and its folders.

use crate::model::Address;

/// The address that a folder or file name gives: `10.0.0.1_7000`, `10.0.0.1:7000`,
/// `10.0.0.1-7000`, also before an extension or between other words (`nodes-10.0.0.1_7000.txt`).
/// The name nearest to the file counts. A folder with an IP alone gives the IP to a port below
/// it: `10.0.0.1/7000/info.txt`, `10.0.0.1/nodes-7000.conf`.
pub fn address_in_path(path: &str) -> Option<Address> {
    if let Some(address) = path.rsplit('/').find_map(address_in_name) {
        return Some(address);
    }
    let mut port = None;
    for name in path.rsplit('/') {
        port = port.or_else(|| port_in_name(name));
        if let (Some(ip), Some(port)) = (ip_in_name(name), port) {
            return Address::new(ip, port).ok();
        }
    }
    None
}

fn address_in_name(name: &str) -> Option<Address> {
    let bare = without_extension(name);
    // What stands behind the port may be a word: `10.0.0.1_7000_info`.
    let ends = std::iter::once(bare.len()).chain(bare.rmatch_indices(['-', '_', '.']).map(|m| m.0));
    ends.take(WORDS_MAX)
        .find_map(|end| address_at_end(&bare[..end]))
}

/// More words than any name that says something.
const WORDS_MAX: usize = 12;

fn address_at_end(name: &str) -> Option<Address> {
    let at = name.rfind(['_', ':', '-'])?;
    let port: u16 = name.get(at + 1..)?.parse().ok()?;
    Address::new(ip_at_end(&name[..at])?, port).ok()
}

/// What stands before the IP may be a word such as `nodes-`.
fn ip_at_end(text: &str) -> Option<&str> {
    let starts = std::iter::once(0).chain(text.match_indices(['-', '_']).map(|(i, _)| i + 1));
    starts
        .take(WORDS_MAX)
        .map(|start| text[start..].trim_matches(['[', ']']))
        .find(|ip| ip.parse::<std::net::IpAddr>().is_ok())
}

fn ip_in_name(name: &str) -> Option<&str> {
    ip_at_end(name).or_else(|| ip_at_end(without_extension(name)))
}

/// A port among the words of a name: `7000`, `redis-7000.conf`, `port_7000`.
fn port_in_name(name: &str) -> Option<u16> {
    // Numbers below are versions, counts and days.
    const LOWEST: u16 = 1024;
    without_extension(name)
        .split(['-', '_'])
        .filter(|word| word.len() >= 4 && word.bytes().all(|b| b.is_ascii_digit()))
        .find_map(|word| word.parse().ok().filter(|&port| port >= LOWEST))
}

fn without_extension(name: &str) -> &str {
    const EXTENSIONS: [&str; 11] = [
        ".txt", ".log", ".conf", ".out", ".nodes", ".info", ".json", ".gz", ".csv", ".cfg", ".dump",
    ];
    let mut bare = name;
    while let Some(shorter) = EXTENSIONS.iter().find_map(|end| bare.strip_suffix(end)) {
        bare = shorter;
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_in_names() {
        let find = |path| address_in_path(path).map(|a| a.to_string());
        for path in [
            "nodes/10.0.0.1_7000/cluster-nodes.txt",
            "10.0.0.1:7000.log",
            "nodes-10.0.0.1_7000.txt",
            "10.0.0.1-7000.txt",
            "10.0.0.1_7000_cluster_nodes.txt",
            "redis-10.0.0.1-7000-info.txt",
            "10.0.0.1/7000/cluster-nodes.txt",
            "10.0.0.1/nodes-7000.conf",
            "host-10.0.0.1/redis-7000.conf",
            "a/10.0.0.1_7000.out.gz",
        ] {
            assert_eq!(find(path).as_deref(), Some("10.0.0.1:7000"), "{path}");
        }
        assert_eq!(find("::1_7000/info.txt").as_deref(), Some("::1:7000"));
        assert_eq!(find("[fd01::5]:7000").as_deref(), Some("fd01::5:7000"));
        for path in [
            "nodes.txt",
            "cluster-nodes.txt",
            "h1/nodes.txt",
            "2026-11-20/nodes.txt",
            "10.0.0.1/cluster-nodes.txt",
            "v7.0.15/7000.txt",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
