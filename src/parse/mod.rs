//! Text to facts, one file per dialect.
//!
//! Knows model, source and diagnostic. Never fails: every dialect gives sections and
//! diagnostics, on any bytes. A line that does not parse is a diagnostic and is skipped.
//! Start reading at [`parse`].

mod address_list;
mod bars;
mod block;
mod cluster_check;
mod cluster_info;
mod cluster_links;
mod cluster_myid;
mod cluster_nodes;
mod cluster_shards;
mod cluster_slots;
mod config_get;
mod df;
mod disk_map;
mod distribution;
mod error_reply;
mod file_name;
mod flashbase_reply;
mod heading;
mod home_map;
mod host_ips;
mod host_map;
mod info;
mod listed;
mod log;
mod lsblk;
mod mount;
mod node_field;
mod node_line;
mod nodes_conf;
mod nodes_with_dir;
mod not_needed;
mod pairs;
mod ping;
mod ps;
mod redis_conf;
mod redis_properties;
mod reply;
mod report_slots;
mod table;
mod time;
mod transcript;
mod unreachable;
mod wrapped;

pub use block::Block;
pub use file_name::address_in_path;
pub use file_name::bundle;
pub use file_name::ec2_ip;
pub use file_name::port_in_name;
pub use file_name::spans;
pub use file_name::words;
pub use log::Log;
pub use nodes_conf::Fault;
pub use nodes_conf::LoadFault;
pub use nodes_conf::Loader;
pub use nodes_conf::Outcome;
pub use wrapped::unwrap;

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::model::Direction;
use crate::source::Source;

/// What one file said: its sections in order, and what was odd about it.
#[derive(Debug, Default)]
pub struct Parsed<'a> {
    pub sections: Vec<Section<'a>>,
    pub diagnostics: Vec<Diagnostic>,
}

/// One answer of one node, or one map. Most files hold one; a transcript holds many.
#[derive(Debug)]
pub struct Section<'a> {
    /// Name of the dialect, as reports print it: `cluster-nodes`.
    pub dialect: &'static str,
    /// The node a header inside the file names (`redis client for HOST:PORT`).
    pub of: Option<Address>,
    /// The host a header inside the file names, for facts about a host.
    pub host: Option<&'a str>,
    /// First line of the section, from 1.
    pub line: u32,
    pub facts: Facts<'a>,
}

impl<'a> Section<'a> {
    /// The facts of a whole block, of which nothing says whose they are.
    fn new(dialect: &'static str, block: Block, facts: Facts<'a>) -> Self {
        Self {
            dialect,
            of: None,
            host: None,
            line: block.first_line,
            facts,
        }
    }
}

/// The facts of one section.
#[derive(Debug)]
pub enum Facts<'a> {
    Nodes(NodesDump<'a>),
    /// Key, value, line of `CLUSTER INFO`.
    ClusterInfo(Vec<Pair<'a>>),
    /// Key, value, line of `INFO`, any sections. The heading `# Keyspace` is a key without a
    /// value: below it, no database means no keys.
    Info(Vec<Pair<'a>>),
    /// Key, value, line of `CONFIG GET`.
    Config(Vec<Pair<'a>>),
    /// The node did not answer; the text says how.
    Unreachable(&'a str),
    /// `PONG`.
    Pong,
    /// `CLUSTER LINKS`.
    Links(Vec<LinkRow<'a>>),
    /// `CLUSTER MYID`: the id of the node that answered.
    MyId(&'a str),
    /// `TIME`, or `date` beside it: the clock of the node that answered, unix ms.
    Clock(u64),
    HostMap(Vec<HostRow>),
    DiskMap(Vec<DiskRow>),
    HomeMap(Vec<HomeRow>),
    /// `df`, `mount`, `lsblk`: what is mounted where on one host.
    Mounts(Vec<MountRow>),
    /// The addresses of one host.
    HostIps(Vec<String>),
    /// `ps`: server processes that run on one host.
    Processes(Vec<ProcessRow>),
    /// Home roles by port list: the `redis.properties` of flashbase.
    Properties(Properties),
    /// Masters and replicas by host, as a command of flashbase counts them.
    Distribution(Distribution),
    /// Known, and without anything that other answers do not tell better.
    Nothing,
}

/// One `key:value` or key line followed by a value line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair<'a> {
    pub key: &'a str,
    pub value: &'a str,
    /// Of the key, from 1.
    pub line: u32,
}

/// `CLUSTER NODES`, or the `nodes.conf` on a node's disk.
#[derive(Debug, Default)]
pub struct NodesDump<'a> {
    pub lines: Vec<NodeLine<'a>>,
    /// What kind of answer it is: how much it may be trusted beside others.
    pub authority: Authority,
    /// It was cut off: lines or slots are missing behind its last line.
    pub incomplete: bool,
    /// Lines that could not be read: who is not listed may stand in one of them.
    pub unread: u32,
    /// `vars currentEpoch`, of the file on disk only.
    pub current_epoch: Option<u64>,
    /// What a server would stumble over when it starts with this file; of files on disk only.
    pub load_faults: Vec<LoadFault>,
    /// Of those: the id of the line that says `myself`, also where that line cannot be read.
    pub written_by: Option<String>,
}

/// What kind of answer lists the nodes, the most telling first. Where better ones exist, the
/// others are not used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub enum Authority {
    /// `CLUSTER NODES` of a running process.
    #[default]
    View,
    /// `nodes.conf`: it has the `vars` line or aux fields, and may lag behind.
    Disk,
    /// `CLUSTER SHARDS`: every node, but no epochs, no links, no open slots.
    Shards,
    /// A report of `redis-cli --cluster check` or `redis-trib.rb check`: nodes that answered it.
    Check,
    /// `CLUSTER SLOTS`: no failed replica, none that never finished a sync, no slotless node.
    Slots,
}

/// One line of `CLUSTER NODES` (`clusterGenNodeDescription`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeLine<'a> {
    /// From 1.
    pub line: u32,
    /// Column of the id, from 1 (not 1 behind quotes or list prefixes).
    pub column: u32,
    /// Borrowed, but where an answer names nodes by address alone (`CLUSTER SLOTS` of 3.0).
    pub id: Cow<'a, str>,
    /// Empty for `:0@0` and for a node that never met anyone.
    pub ip: &'a str,
    /// 0 where none is known.
    pub port: u16,
    /// The number behind `@`; `None` where absent, 0 or no port.
    pub bus_port: Option<u16>,
    /// `cluster-announce-hostname`, from 7.0; `None` where absent or empty.
    pub hostname: Option<&'a str>,
    /// The `availability-zone` aux field of Valkey 9.1.
    pub zone: Option<&'a str>,
    pub flags: Flags,
    /// `None` for `-`.
    pub master: Option<Cow<'a, str>>,
    /// Unix ms of the dumping node's clock; 0 means none in flight.
    pub ping_sent: u64,
    pub pong_received: u64,
    pub config_epoch: u64,
    pub connected: bool,
    /// Closed slot ranges, as printed.
    pub slots: Vec<(u16, u16)>,
    pub open: Vec<OpenRef<'a>>,
}

/// `[slot->-id]` or `[slot-<-id]`; ranges of Kvrocks are given slot by slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenRef<'a> {
    pub slot: u16,
    pub direction: Direction,
    pub peer: &'a str,
}

/// The flags field (`redisNodeFlagsTable`), as a set: other stores print other orders.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Flags(u16);

impl Flags {
    pub const MYSELF: Self = Self(1);
    pub const MASTER: Self = Self(2);
    pub const REPLICA: Self = Self(4);
    /// `fail?`
    pub const SUSPECTED: Self = Self(8);
    pub const FAILED: Self = Self(16);
    pub const HANDSHAKE: Self = Self(32);
    pub const NOADDR: Self = Self(64);
    pub const NOFAILOVER: Self = Self(128);

    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }
}

/// One connection of the cluster bus, as `CLUSTER LINKS` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkRow<'a> {
    /// From 1.
    pub line: u32,
    /// Id of the other node.
    pub node: &'a str,
    /// True: this node opened it (`to`). False: the other one did (`from`).
    pub outbound: bool,
}

/// One mounted file system of one host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MountRow {
    /// From 1.
    pub line: u32,
    /// Where it is mounted: an absolute path.
    pub mount: String,
    /// What is mounted: `/dev/nvme0n1p1`, `tank/data`.
    pub device: String,
    /// The physical disk below it, where `lsblk` says so: `nvme0n1`.
    pub disk: Option<String>,
}

/// One server process that runs on one host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProcessRow {
    /// From 1.
    pub line: u32,
    /// As `redis-server *:7000 [cluster]` names it; `None` for `*` and `0.0.0.0`.
    pub ip: Option<String>,
    /// 0 where the listing does not tell.
    pub port: u16,
    /// Stopped by a signal (state `T`): it accepts TCP and never answers.
    pub stopped: bool,
}

/// A row of a host map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostRow {
    pub line: u32,
    pub host: String,
    /// An IP, or an `ip:port` where one machine shares an IP (`address` column).
    pub ip: String,
    pub port: Option<u16>,
    /// `zone`, else `rack`.
    pub zone: Option<String>,
    pub memory_bytes: Option<u64>,
}

/// A row of a disk map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiskRow {
    pub line: u32,
    /// Host name or IP, whichever column the map has.
    pub host: Option<String>,
    pub ip: Option<String>,
    pub port: u16,
    pub dir: Option<String>,
    pub disk: Option<String>,
}

/// A row of a home map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HomeRow {
    pub line: u32,
    pub address: Address,
    pub master_role: bool,
    pub master: Option<Address>,
}

/// The port lists of `redis.properties`: the role of a node is the list its port is in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Properties {
    pub master_hosts: Vec<String>,
    pub master_ports: Vec<u16>,
    pub replica_hosts: Vec<String>,
    pub replica_ports: Vec<u16>,
    pub disk_count: Option<u16>,
    /// `SR2_REDIS_DATA`: where data lies, up to the number of the disk.
    pub data: Option<String>,
}

/// What `check-distribution` printed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Distribution {
    /// The command misses masters whose slots are more than one range, as ltcli does.
    pub one_range_only: bool,
    pub rows: Vec<DistributionRow>,
}

/// One host of a [`Distribution`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DistributionRow {
    /// From 1.
    pub line: u32,
    /// A name or an IP.
    pub host: String,
    pub ip: Option<String>,
    pub masters: u32,
    pub replicas: u32,
}

/// A way of writing facts: one file of this folder.
pub struct Dialect {
    /// Kebab-case, as reports print it.
    pub name: &'static str,
    /// Looks at the first lines, at most at the last few; no two dialects claim one file.
    pub sniff: fn(Block) -> bool,
    pub parse: for<'a> fn(Block<'a>, &mut Log) -> Vec<Section<'a>>,
}

/// Every dialect, in the order in which they are asked.
pub static DIALECTS: &[&Dialect] = &[
    &cluster_nodes::DIALECT,
    &nodes_conf::DIALECT,
    &cluster_info::DIALECT,
    &info::DIALECT,
    &config_get::DIALECT,
    &unreachable::DIALECT,
    &ping::DIALECT,
    &host_map::DIALECT,
    &disk_map::DIALECT,
    &home_map::DIALECT,
    &redis_properties::DIALECT,
    &redis_conf::DIALECT,
    &df::DIALECT,
    &mount::DIALECT,
    &lsblk::DIALECT,
    &ps::DIALECT,
    &host_ips::DIALECT,
    &distribution::DIALECT,
    &nodes_with_dir::DIALECT,
    &address_list::DIALECT,
    &flashbase_reply::DIALECT,
    &cluster_shards::DIALECT,
    &cluster_slots::DIALECT,
    &cluster_links::DIALECT,
    &cluster_myid::DIALECT,
    &cluster_check::DIALECT,
    &time::DIALECT,
    &error_reply::DIALECT,
    &not_needed::DIALECT,
];

/// Reads a file by its content: one answer, or many. A file that nothing claims is one
/// diagnostic.
pub fn parse(source: &Source) -> Parsed<'_> {
    let mut log = Log::new(source);
    let mut parsed = match transcript::sections(Block::of(source), &mut log) {
        Some(sections) => Parsed {
            sections,
            diagnostics: log.finish(),
        },
        None => unclaimed(source),
    };
    nodes_conf::check_loading(source, &mut parsed);
    parsed
}

/// The host map that a flag names, whatever its header looks like.
pub fn host_map(source: &Source) -> Parsed<'_> {
    parse_as(source, &host_map::DIALECT)
}

/// The disk map that a flag names, whatever its header looks like.
pub fn disk_map(source: &Source) -> Parsed<'_> {
    parse_as(source, &disk_map::DIALECT)
}

/// The home map that a flag names, whatever its header looks like.
pub fn home_map(source: &Source) -> Parsed<'_> {
    parse_as(source, &home_map::DIALECT)
}

fn parse_as<'a>(source: &'a Source, dialect: &Dialect) -> Parsed<'a> {
    let mut log = Log::new(source);
    Parsed {
        sections: (dialect.parse)(Block::of(source), &mut log),
        diagnostics: log.finish(),
    }
}

fn unclaimed(source: &Source) -> Parsed<'_> {
    let text = Block::of(source).text;
    let diagnostic = if text.is_empty() {
        Diagnostic::warning(
            "capture/empty-file",
            "the file is empty; the command that should have filled it said nothing",
        )
    } else if text.trim().is_empty() {
        // `CLUSTER SLOTS` of a cluster without slots is one line end.
        Diagnostic::note("capture/empty-file", "the answer in this file is empty")
    } else if is_binary(text) {
        Diagnostic::warning(
            "capture/binary-file",
            "the file is not text; it was not used",
        )
    } else {
        Diagnostic::note(
            "capture/unknown-file",
            "nothing in this file is known to topoplan; it was not used",
        )
    };
    Parsed {
        sections: Vec::new(),
        diagnostics: vec![diagnostic.at(source.place(1, 1))],
    }
}

/// A NUL, or more than a tenth of what no text has, among the first characters.
fn is_binary(text: &str) -> bool {
    const LOOKED_AT: usize = 4096;
    let odd = |c: char| {
        c == char::REPLACEMENT_CHARACTER
            || c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}')
    };
    let head = text.chars().take(LOOKED_AT);
    let (odd_ones, all) = head.clone().fold((0, 0), |(odds, all), c| {
        (odds + usize::from(odd(c)), all + 1)
    });
    head.clone().any(|c| c == '\0') || odd_ones * 10 > all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    /// Files of this folder that are no dialect.
    const SHARED: [&str; 15] = [
        "mod",
        "bars",
        "block",
        "file_name",
        "heading",
        "listed",
        "log",
        "node_field",
        "node_line",
        "pairs",
        "reply",
        "report_slots",
        "table",
        "transcript",
        "wrapped",
    ];

    #[test]
    fn every_dialect_has_its_file_and_every_file_its_dialect() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/parse");
        let files: BTreeSet<String> = fs::read_dir(folder)
            .expect("the folder of this file")
            .map(|entry| entry.expect("a readable folder").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|name| !SHARED.contains(&name.as_str()))
            .collect();
        let names: BTreeSet<String> = DIALECTS.iter().map(|d| d.name.replace('-', "_")).collect();
        assert_eq!(files, names);
        assert_eq!(names.len(), DIALECTS.len());
    }

    #[test]
    fn a_file_without_facts_is_one_diagnostic() {
        for (text, code) in [
            ("", "capture/empty-file"),
            (" \n\n", "capture/empty-file"),
            ("\u{feff}", "capture/empty-file"),
            ("REDIS0011\0\u{1}", "capture/binary-file"),
            ("\u{fffd}\u{fffd}\u{3}abc", "capture/binary-file"),
            ("Dear all,\nthe cluster is fine\n", "capture/unknown-file"),
        ] {
            let source = Source::new("f", text.to_owned(), String::new());
            let parsed = parse(&source);
            assert!(parsed.sections.is_empty(), "{text:?}");
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, [code], "{text:?}");
        }
    }
}
