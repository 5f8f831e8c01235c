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
