//! The nodes that one answer lists, and how far the answer is to be trusted.

use std::borrow::Cow;

use crate::model::Address;
use crate::model::Direction;
use crate::parse::LoadFault;

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
    /// What a report of a cluster check says is wrong.
    pub complaints: Vec<Complaint>,
    /// What a server would stumble over when it starts with this file; of files on disk only.
    pub load_faults: Vec<LoadFault>,
    /// Of those: the id of the line that says `myself`, also where that line cannot be read.
    pub written_by: Option<String>,
}

/// A sentence of a report of `--cluster check`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// From 1.
    pub line: u32,
    pub what: Wrong,
}

/// What is wrong by a report. Nodes are named by their addresses, as the client that wrote it
/// reached them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// The nodes name different owners of slots; which do, and which slots, it does not say.
    NodesDisagree,
    SlotsUncovered,
    /// Without what the other end tells: lines of nodes hold those that have both ends.
    OpenSlots {
        node: Address,
        direction: Direction,
        slots: Vec<u16>,
    },
    ManyOwners {
        slot: u16,
        owners: Vec<Address>,
    },
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

impl Authority {
    /// What is typed to get it.
    pub fn command(self) -> &'static str {
        match self {
            Self::View => "cluster nodes",
            Self::Disk => "nodes.conf",
            Self::Shards => "cluster shards",
            Self::Check => "--cluster check",
            Self::Slots => "cluster slots",
        }
    }
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
pub struct Flags(pub(super) u16);

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
    /// No server prints it: a report names the node, by its id or by its address, and could not
    /// ask it.
    pub const UNLISTED: Self = Self(256);

    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }
}
