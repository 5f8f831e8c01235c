//! The nouns: ids, addresses, slots, nodes, shards, failure domains, the cluster.
//!
//! Knows nobody. No input, no output, no text formats beyond `FromStr` and `Display` of the
//! small types. Start reading at [`Cluster`].

mod address;
mod cluster;
mod domain;
pub mod graph;
mod liveness;
mod millis;
mod node;
mod persistence;
mod seen;
mod service;
mod shard;
mod slots;
pub mod testing;
mod topology;
mod version;

pub use address::Address;
pub use address::AddressError;
pub use cluster::Cluster;
pub use cluster::Settings;
pub use cluster::Unowned;
pub use cluster::Unread;
pub use domain::Disk;
pub use domain::DiskId;
pub use domain::Domain;
pub use domain::DomainError;
pub use domain::DomainKind;
pub use domain::Domains;
pub use domain::Host;
pub use domain::HostId;
pub use domain::NoSuchDomain;
pub use domain::Zone;
pub use domain::ZoneId;
pub use liveness::Asked;
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
pub use persistence::ToldBy;
pub use seen::Seen;
pub use service::Service;
pub use shard::Shard;
pub use shard::ShardId;
pub use slots::SLOT_COUNT;
pub use slots::SlotSet;
pub use version::Server;
pub use version::Version;
