//! Which server speaks: its family and version.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// `major.minor.patch`; a missing part is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for Version {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split(['.', '-']);
        let major = parts.next().unwrap_or("").parse()?;
        let mut next = || parts.next().and_then(|p| p.parse().ok()).unwrap_or(0);
        Ok(Self {
            major,
            minor: next(),
            patch: next(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The server that wrote the dumps, as INFO told it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// `redis`, `valkey`, …; `redis` when nothing says otherwise.
    pub name: Arc<str>,
    pub version: Option<Version>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: "redis".into(),
            version: None,
        }
    }
}

/// The number at the head of a snapshot. Redis counts on from 12 and Valkey from 80.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RdbFormat(u32);

impl RdbFormat {
    fn loads(self, other: Self) -> bool {
        const OF_REDIS_ALONE: std::ops::Range<u32> = 12..80;
        let foreign = OF_REDIS_ALONE.contains(&other.0) && !OF_REDIS_ALONE.contains(&self.0);
        other.0 <= self.0 && !foreign
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{} {version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Server {
    /// Why the cluster commands of Redis are not for this server; `None` if they are.
    pub fn other_control_plane(&self) -> Option<&'static str> {
        match &*self.name {
            "kvrocks" => Some(
                "Kvrocks takes its topology from `CLUSTERX SETNODES` (its controller pushes it) and \
                 has no CLUSTER MEET, REPLICATE, FAILOVER or FORGET",
            ),
            "dragonfly" => Some(
                "Dragonfly takes its topology from `DFLYCLUSTER CONFIG` and has no cluster bus: \
                 CLUSTER MEET, REPLICATE, FAILOVER and FORGET do nothing there",
            ),
            "garnet" => Some(
                "Garnet has CLUSTER commands of its own making: its failover and its epochs are not \
                 those that the guards of a plan rely on",
            ),
            _ => None,
        }
    }

    /// CLUSTER ADDSLOTSRANGE is there: from 7.0 on.
    pub fn has_slot_ranges(&self) -> bool {
        self.version.is_some_and(|v| v >= Version::new(7, 0, 0))
    }

    /// CLUSTER MIGRATESLOTS is there: Valkey from 9.0 on.
    pub fn moves_slots_itself(&self) -> bool {
        &*self.name == "valkey" && self.version.is_some_and(|v| v >= Version::new(9, 0, 0))
    }

    /// CLUSTER MIGRATION IMPORT is there: Redis from 8.4 on.
    pub fn imports_slots_itself(&self) -> bool {
        &*self.name == "redis" && self.version.is_some_and(|v| v >= Version::new(8, 4, 0))
    }

    /// Whether a full sync of `master` can be loaded: the RDB format must be no newer, and of the same
    /// family (`rdbLoadRioWithLoadingCtx`: "Can't handle RDB format version"). A server that cannot
    /// has dropped its own data before it notices. Where a format is not known a server loads what
    /// is no newer than itself.
    pub fn loads(&self, master: &Self) -> bool {
        if self == master {
            return true;
        }
        match (self.rdb_format(), master.rdb_format()) {
            (Some(own), Some(other)) => own.loads(other),
            (None, _) | (_, None) => self.name == master.name && self.version >= master.version,
        }
    }

    fn rdb_format(&self) -> Option<RdbFormat> {
        let version = self.version?;
        let number = match (&*self.name, version.major, version.minor) {
            ("redis", 3, 2..) => 7,
            ("redis", 4, _) => 8,
            ("redis", 5 | 6, _) => 9,
            ("redis", 7, 0) => 10,
            ("redis", 7, 2) | ("valkey", 7 | 8, _) => 11,
            ("redis", 7, 4) => 12,
            ("valkey", 9, _) => 80,
            _ => return None,
        };
        Some(RdbFormat(number))
    }

    /// The command that assigns ranges of slots (`ADDSLOTSRANGE` since 7.0).
    pub fn add_slots(&self) -> &'static str {
        match self.version {
            Some(version) if version < Version::new(7, 0, 0) => "CLUSTER ADDSLOTS",
            Some(_) | None => "CLUSTER ADDSLOTSRANGE",
        }
    }

    /// One FORGET is gossiped to all nodes (Redis 7.2 and every Valkey; `clusterSendPing`,
    /// FORGOTTEN_NODE extension). Unknown versions are taken for old ones.
    pub fn gossips_forget(&self) -> bool {
        &*self.name == "valkey" || self.version.is_some_and(|v| v >= Version::new(7, 2, 0))
    }
}
