//! The nouns: ids, addresses, slots, nodes, shards, failure domains, the cluster.
//!
//! Knows nobody. No input, no output, no text formats beyond `FromStr` and `Display` of the
//! small types. Start reading at [`Cluster`].

mod address;
mod cluster;
mod copy;
mod domain;
pub mod graph;
mod liveness;
mod millis;
mod node;
mod persistence;
mod seen;
mod service;
mod shard;
mod slot_loads;
mod slots;
mod tablets;
#[cfg(any(test, feature = "internals"))]
pub mod testing;
mod topology;
mod version;

pub use address::Address;
pub use cluster::Cluster;
pub use cluster::Settings;
pub use cluster::Unowned;
pub use cluster::Unread;
pub use copy::Copies;
pub use copy::Copy;
pub use copy::CopyRole;
pub use copy::Holder;
pub use domain::Disk;
pub use domain::DiskId;
pub use domain::Domain;
pub use domain::DomainKind;
pub use domain::Domains;
pub use domain::Host;
pub use domain::HostId;
pub use domain::NoSuchDomain;
pub use domain::Rack;
pub use domain::RackId;
pub use domain::Zone;
pub use domain::ZoneId;
pub use liveness::Asked;
#[cfg(any(test, feature = "internals"))]
pub use liveness::Death;
pub use liveness::Evidence;
pub use liveness::Life;
pub use liveness::Liveness;
pub use liveness::Opinion;
pub use liveness::Process;
pub use liveness::SilentFor;
pub use millis::Millis;
pub use node::Direction;
pub use node::Link;
pub use node::Membership;
pub use node::Node;
pub use node::NodeId;
pub use node::NodeName;
pub use node::NodeSet;
pub use node::OpenSlot;
pub use node::Replication;
pub use node::Role;
pub use node::Sync;
pub use persistence::Comeback;
pub use persistence::Persistence;
#[cfg(test)]
pub use persistence::ToldBy;
pub use service::Service;
pub use shard::Shard;
pub use shard::ShardId;
pub use slot_loads::SlotLoad;
pub use slot_loads::SlotLoads;
pub use slots::SLOT_COUNT;
pub use slots::SlotSet;
pub use tablets::Health;
pub use tablets::Held;
pub use tablets::NameServer;
pub use tablets::Op;
pub use tablets::OpStatus;
pub use tablets::Partition;
pub use tablets::PartitionId;
pub use tablets::Tablet;
pub use tablets::TabletId;
pub use tablets::Tablets;
pub use version::Server;
pub use version::Version;
