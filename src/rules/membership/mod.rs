//! Rules of family M: who belongs to the cluster.

pub(super) mod dead_node;
pub(super) mod half_forgotten_node;
pub(super) mod noaddr_ghost;
pub(super) mod unmet_node;
