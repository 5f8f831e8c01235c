//! Which server speaks: by INFO, else by what only one of them prints.

use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::model::Server;
use crate::model::Service;
use crate::model::Version;
use crate::parse::NodeLine;

/// INFO key of the version, and the server that prints it. Others print `redis_version` beside
/// their own, so that clients take them for one.
const VERSION_KEYS: [(&str, &str); 5] = [
    ("dragonfly_version", "dragonfly"),
    ("kvrocks_version", "kvrocks"),
    ("garnet_version", "garnet"),
    ("valkey_version", "valkey"),
    ("redis_version", "redis"),
];

/// The most frequent server and version; the lower version on a tie.
pub(super) fn server(gathered: &Gathered, answers: &[(NodeId, &Answers)]) -> Server {
    let mut tally: BTreeMap<(&str, Option<Version>), u32> = BTreeMap::new();
    for (_, of) in answers {
        let Some((name, version)) = told(of) else {
            continue;
        };
        let name = match of.info.get("server_name") {
            Some(told) if told.bytes().all(|b| b.is_ascii_alphanumeric()) => told.as_str(),
            _ => name,
        };
        *tally.entry((name, read(version))).or_default() += 1;
    }
    let best = tally.values().max().copied();
    if let Some(((name, version), _)) = tally.into_iter().find(|(_, n)| Some(*n) == best) {
        return Server {
            name: name.into(),
            version,
        };
    }
    let looks = gathered.views.iter().filter_map(|v| v.looks_like).next();
    looks.map_or_else(Server::default, |name| Server {
        name: name.into(),
        version: None,
    })
}

/// The service that more than half of the nodes are named for.
pub(super) fn service(gathered: &Gathered, cluster: &Cluster) -> Option<Service> {
    let by_host_name = |name: &NodeName| {
        let &token = gathered.tokens.get(name)?;
        let facts = gathered.by_token[token as usize].iter();
        let mut facts = facts.map(|&fact| &gathered.facts[fact as usize]);
        facts.find_map(|fact| Service::of(fact.hostname.as_deref()?))
    };
    let mut tally: BTreeMap<Service, usize> = BTreeMap::new();
    for (_, node) in cluster.iter() {
        let own = node.address.as_ref().and_then(|a| Service::of(a.ip()));
        if let Some(service) = own.or_else(|| by_host_name(&node.name)) {
            *tally.entry(service).or_default() += 1;
        }
    }
    let (service, count) = tally.into_iter().max_by_key(|&(_, count)| count)?;
    (2 * count > cluster.nodes.len()).then_some(service)
}

/// What one node says that it runs.
pub(super) fn runs(of: &Answers) -> Option<Server> {
    let (name, version) = told(of)?;
    Some(Server {
        name: name.into(),
        version: Some(read(version)?),
    })
}

/// The server's name and version, as INFO has them.
fn told(of: &Answers) -> Option<(&'static str, &str)> {
    let mut keys = VERSION_KEYS.iter();
    keys.find_map(|&(key, name)| Some((name, of.info.get(key)?.as_str())))
}

fn read(version: &str) -> Option<Version> {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok()
}

/// A version that INFO gives and nobody can read: some rules depend on it.
pub(super) fn odd_version(answers: &[(NodeId, &Answers)]) -> Option<Diagnostic> {
    const LONGEST: usize = 40;
    let (of, version) = answers
        .iter()
        .filter_map(|(_, of)| Some((of, told(of)?.1)))
        .find(|(_, version)| read(version).is_none())?;
    let shown: String = version.chars().take(LONGEST).collect();
    let message = format!(
        "`{}` is no version: what differs between versions is said as for an unknown one",
        shown.escape_debug()
    );
    let warning = Diagnostic::new(Parse::Version, message);
    Some(match &of.info_place {
        Some(place) => warning.at(place.clone()),
        None => warning,
    })
}

/// What dumps of this server never show.
pub(super) fn blind_spot(server: &Server) -> Option<Diagnostic> {
    let message = match &*server.name {
        "kvrocks" => {
            "Kvrocks prints every node as connected and none as failed: a dead node shows only \
             where it was asked and did not answer"
        }
        "garnet" => {
            "Garnet prints no failure flags: a dead node shows only where it was asked and did not \
             answer, or as disconnected"
        }
        _ => return None,
    };
    Some(Diagnostic::new(Capture::NoFailureFlags, message))
}

/// The store that a dump gives away, where no INFO was captured.
pub(super) fn looks_like(lines: &[NodeLine]) -> Option<&'static str> {
    /// Ticks of 100 ns since the year 1, as Garnet prints times.
    const TICKS: u64 = 100_000_000_000_000_000;
    let all = |test: fn(&NodeLine) -> bool| !lines.is_empty() && lines.iter().all(test);
    // No bus: `cport` is the client port (`ClusterNodesImpl`).
    if all(|l| {
        l.bus_port == Some(l.port) && (l.ping_sent, l.pong_received, l.config_epoch) == (0, 0, 0)
    }) {
        return Some("dragonfly");
    }
    // One version of the topology for all, and both times made up on the spot
    // (`genNodesDescription`).
    let epoch = lines.first().map_or(0, |l| l.config_epoch);
    if lines.len() > 1
        && epoch > 0
        && lines.iter().all(|l| l.config_epoch == epoch)
        && all(|l| l.connected && l.ping_sent > 0 && l.pong_received == l.ping_sent + 1)
    {
        return Some("kvrocks");
    }
    let ticks = |l: &NodeLine| l.ping_sent.max(l.pong_received) > TICKS;
    lines.iter().any(ticks).then_some("garnet")
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Parse;
    use crate::inventory::Inventory;
    use crate::inventory::tests::file;
    use crate::inventory::tests::inventory;

    fn inventory_of(files: &[(&str, &str)]) -> Inventory {
        inventory(files.iter().map(|(path, text)| file(path, text)).collect())
    }

    fn name(files: &[(&str, &str)]) -> String {
        inventory_of(files).cluster.server.name.to_string()
    }

    #[test]
    fn a_dump_gives_its_store_away() {
        for (dump, store) in [
            (
                "abc 10.0.0.1:7000@7000 myself,master - 0 0 0 connected 0-16383\n",
                "dragonfly",
            ),
            (
                "a 10.0.0.1:7000@17000 myself,master - 1700000000000 1700000000001 7 connected 0-16383\n\
                 b 10.0.0.2:7000@17000 slave a 1700000000000 1700000000001 7 connected\n",
                "kvrocks",
            ),
            (
                "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n\
                 b 10.0.0.2:7000@17000 slave a 638875895159094739 0 1 connected\n",
                "garnet",
            ),
            (
                "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n\
                 b 10.0.0.2:7000@17000 slave a 0 1700000000001 1 connected\n",
                "redis",
            ),
        ] {
            assert_eq!(name(&[("nodes.txt", dump)]), store);
        }
    }

    #[test]
    fn a_version_that_is_none_is_said() {
        let dump = "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n";
        let info = "# Server\r\nredis_version:f\u{1b}oo\r\n";
        let found = inventory_of(&[("10.0.0.1_7000/a", dump), ("10.0.0.1_7000/b", info)]);
        assert_eq!(found.cluster.server.version, None);
        let [odd] = &found.diagnostics[..] else {
            panic!("{:?}", found.diagnostics);
        };
        assert_eq!(odd.code, Parse::Version);
        assert!(
            odd.message.starts_with("`f\\u{1b}oo` is no"),
            "{}",
            odd.message
        );
        assert!(odd.place.is_some());
    }

    #[test]
    fn info_says_it_better() {
        let dump = "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n";
        let info = "# Server\r\nredis_version:7.0.0\r\nkvrocks_version:2.9.0\r\n";
        let files = [("10.0.0.1_7000/a", dump), ("10.0.0.1_7000/b", info)];
        let found = inventory_of(&files).cluster.server;
        assert_eq!(
            (
                &*found.name,
                found.version.map(|v| v.to_string()).as_deref()
            ),
            ("kvrocks", Some("2.9.0"))
        );
        let info = "redis_version:7.4.0\ndragonfly_version:df-v1.23.2\n";
        let found = inventory_of(&[files[0], ("10.0.0.1_7000/b", info)])
            .cluster
            .server;
        assert_eq!(
            found.version.map(|v| v.to_string()).as_deref(),
            Some("1.23.2")
        );
    }
}
