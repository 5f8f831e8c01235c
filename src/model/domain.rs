//! Failure domains, nested: a disk is in a host, a host in a zone.

use std::sync::Arc;

/// Index of a host in [`crate::model::Cluster::hosts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostId(pub u32);

/// Index of a disk in [`crate::model::Cluster::disks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DiskId(pub u32);

/// Index of a zone in [`crate::model::Cluster::zones`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ZoneId(pub u32);

/// A machine: what is lost when its power is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// From the host map, else the IP.
    pub name: Arc<str>,
    pub zone: Option<ZoneId>,
}

/// A disk, or what a disk map calls one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disk {
    /// From the disk map: its `disk` column, else the directory.
    pub name: Arc<str>,
    pub host: HostId,
    /// Data directories on it, as captured: another way to name it.
    pub dirs: Vec<Arc<str>>,
}

/// A rack or an availability zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    pub name: Arc<str>,
}
