//! Rules of family M: who belongs to the cluster.

pub(super) mod dead_node;
pub(super) mod half_forgotten_node;
pub(super) mod islands;
pub(super) mod noaddr_ghost;
pub(super) mod shared_address;
pub(super) mod unmet_node;
pub(super) mod unreachable_address;
