//! What files said, as it is kept: facts that many lines share, views, and answers of nodes and hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Address;
use crate::model::Direction;
use crate::parse::Authority;
use crate::parse::Complaint;
use crate::parse::FedbFacts;
use crate::parse::Flags;
use crate::parse::LoadFault;
use crate::parse::Pair;
use crate::parse::directive_meant;
use crate::text::Place;

/// Index of an id in [`super::gathered::Gathered::names`], in order of appearance.
pub(super) type Token = u32;

/// What one line says, without its clocks. Equal lines of many views share one.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub token: Token,
    pub ip: Arc<str>,
    pub port: u16,
    pub bus_port: Option<u16>,
    pub hostname: Option<Arc<str>>,
    pub zone: Option<Arc<str>>,
    pub flags: Flags,
    pub master: Option<Token>,
    pub config_epoch: u64,
    pub connected: bool,
    pub slots: Vec<(u16, u16)>,
    pub open: Vec<(u16, Direction, Token)>,
}

impl Fact {
    /// A replica owns no slots, so its flags or its slots are not what the server said.
    pub fn contradicts_itself(&self) -> bool {
        self.flags.has(Flags::REPLICA) && !self.slots.is_empty()
    }

    pub fn address(&self) -> Option<Address> {
        Address::new(&self.ip, self.port).ok()
    }
}

/// One line of a view: which fact, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub fact: u32,
    pub line: u32,
    pub column: u32,
}

/// When a view last heard of a node that it doubts, by its own clock; 0 where it does not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Doubted {
    /// Which of the view's lines.
    pub line: usize,
    /// When the ping was sent that the node has not answered; unix ms.
    pub ping_sent: u64,
    pub pong_received: u64,
}

/// One dump.
#[derive(Debug)]
pub(super) struct View {
    pub path: Arc<str>,
    /// The path, and below it the host that a header names.
    pub spot: Arc<str>,
    /// Index in [`super::gathered::Gathered::files`].
    pub file: usize,
    /// Its `myself` line, as an index into `lines`.
    pub myself: Option<usize>,
    pub lines: Vec<Line>,
    /// Of the lines that flag a node or show its link as down.
    pub doubted: Vec<Doubted>,
    pub authority: Authority,
    /// The dump was cut off, or lists fewer nodes than there must be.
    pub incomplete: bool,
    /// Some of its lines could not be read.
    pub garbled: bool,
    /// Nothing shows that lines are missing, so who is not listed is not known there.
    pub whole: bool,
    /// The address that a header, a folder or a file name gives.
    pub named: Option<Address>,
    /// Its node's clock, unix ms: the newest pong of a peer that answers, or what the node told
    /// beside it. 0 where nothing tells.
    pub clock: u64,
    /// Of a report: what it says is wrong, with its lines in the file.
    pub complaints: Vec<Complaint>,
    /// The store that the dump gives away.
    pub looks_like: Option<&'static str>,
}

/// A `nodes.conf` as it was taken in.
#[derive(Debug)]
pub(super) struct ConfRead {
    pub path: Arc<str>,
    pub written_by: Option<String>,
    /// The address that a header, a folder or a file name gives.
    pub named: Option<Address>,
    /// With lines and columns of the file.
    pub faults: Vec<LoadFault>,
}

/// One table or reply of the other family, and where it begins.
#[derive(Debug)]
pub(super) struct Said {
    pub path: Arc<str>,
    pub facts: FedbFacts,
    pub place: Place,
    /// Place of each row, in order.
    pub rows: Vec<Place>,
}

/// What one file says of one host.
#[derive(Clone, Debug)]
pub(super) struct HostFacts<Row> {
    pub path: Arc<str>,
    /// The host that a header names; else the path tells.
    pub host: Option<String>,
    pub rows: Vec<Row>,
}

/// What one server of a host is started with.
#[derive(Clone, Debug)]
pub(super) struct Conf {
    pub port: u16,
    pub config: BTreeMap<String, String>,
}

/// What of a configuration file decides whether its server starts.
#[derive(Clone, Debug)]
pub(super) struct StartedWith {
    pub port: Option<u16>,
    pub address: Option<Address>,
    pub dir: Option<String>,
    /// `cluster-config-file` and its line.
    pub nodes_conf: Option<(String, u32)>,
    /// Directives that no server knows, what was meant, and the line.
    pub slips: Vec<(String, &'static str, u32)>,
}

impl StartedWith {
    pub fn of(port: Option<u16>, address: Option<Address>, pairs: &[Pair]) -> Self {
        let last = |key: &str| pairs.iter().rev().find(|p| p.key == key);
        let slip = |pair: &Pair| {
            let meant = directive_meant(pair.key)?;
            Some((pair.key.to_owned(), meant, pair.line))
        };
        Self {
            port,
            address,
            dir: last("dir").map(|p| p.value.to_string()),
            nodes_conf: last("cluster-config-file").map(|p| (p.value.to_string(), p.line)),
            slips: pairs.iter().filter_map(slip).collect(),
        }
    }
}
