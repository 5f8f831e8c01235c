//! What a file may say: its sections, and the facts of one. Start reading at [`Facts`].
//!
//! The nodes that a view lists are in `nodes_dump`.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::model::SlotLoad;
use crate::parse::FedbFacts;
use crate::parse::NodesDump;
use crate::parse::block::Block;

/// What one file said: its sections in order, and what was odd about it.
#[derive(Debug, Default)]
pub struct Parsed<'a> {
    pub sections: Vec<Section<'a>>,
    pub diagnostics: Vec<Diagnostic>,
}

/// How far it is unknown whose an answer is that no header names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Doubt {
    /// It may be of the node of which its file is.
    #[default]
    None,
    /// It stands among answers of other nodes: only what the path says can tell.
    InFile,
    /// Nothing can tell.
    Everywhere,
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
    pub doubt: Doubt,
    /// First line of the section, from 1.
    pub line: u32,
    pub facts: Facts<'a>,
}

impl<'a> Section<'a> {
    /// The facts of a whole block, of which nothing says whose they are.
    pub(super) fn new(dialect: &'static str, block: Block, facts: Facts<'a>) -> Self {
        Self {
            dialect,
            of: None,
            host: None,
            doubt: Doubt::default(),
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
    /// `CLUSTER SLOT-STATS`.
    SlotStats(Vec<SlotRow>),
    /// `CLUSTER MYID`: the id of the node that answered.
    MyId(&'a str),
    /// `TIME`, or `date` beside it: the clock of the node that answered, unix ms.
    Clock(u64),
    HostMap(Vec<HostRow>),
    DiskMap(Vec<DiskRow>),
    HomeMap(Vec<HomeRow>),
    /// `df`, `mount`, `lsblk`: what is mounted where on one host.
    Mounts(Vec<MountRow>),
    /// Memory, cores and kernel settings of one host.
    Machine(Vec<MachineRow>),
    /// The addresses of one host.
    HostIps(Vec<String>),
    /// `ps`: server processes that run on one host.
    Processes(Vec<ProcessRow>),
    /// Home roles by port list: the `redis.properties` of flashbase.
    Properties(Properties),
    /// Masters and replicas by host, as a command of flashbase counts them.
    Distribution(Distribution),
    /// Rows of all tables of the cluster, as `flashbase cluster-rowcount` counts them.
    Rows(u64),
    /// What the name server of the other family prints.
    Fedb(FedbFacts),
    /// Known, and without anything that other answers do not tell better.
    Nothing,
}

/// One `key:value` or key line followed by a value line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair<'a> {
    pub key: &'a str,
    /// Borrowed, but where a client printed it with escapes.
    pub value: Cow<'a, str>,
    /// Of the key, from 1.
    pub line: u32,
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

/// What one slot holds, as `CLUSTER SLOT-STATS` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotRow {
    pub slot: u16,
    pub load: SlotLoad,
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
    /// Where `df` tells.
    pub space: Option<Space>,
}

/// How full a file system is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Space {
    /// For who is not root.
    pub free_bytes: u64,
    pub used_percent: u8,
}

/// One thing that is told of a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MachineRow {
    /// From 1.
    pub line: u32,
    pub what: MachineFact,
}

/// What is told of a host; sizes in bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MachineFact {
    Memory(u64),
    Available(u64),
    /// More than nothing.
    SwapUsed(u64),
    Cores(u32),
    /// Transparent huge pages.
    HugePages {
        never: bool,
    },
    /// `vm.overcommit_memory`
    Overcommit(u64),
    /// `net.core.somaxconn`
    Somaxconn(u64),
    /// The soft limit of a server, or of the shell that was asked.
    OpenFiles(u64),
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
    /// Its title says that it runs in cluster mode.
    pub cluster: bool,
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
    pub zone: Option<String>,
    /// In its zone.
    pub rack: Option<String>,
    pub memory_bytes: Option<u64>,
    /// The file lists more than what belongs to the cluster: a row of no node is no slip.
    pub of_more: bool,
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
