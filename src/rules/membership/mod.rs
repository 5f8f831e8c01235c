//! Rules of family M: who belongs to the cluster.

mod dead_node;
mod half_forgotten_node;
mod noaddr_ghost;
mod unmet_node;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &noaddr_ghost::RULE,
    &dead_node::RULE,
    &half_forgotten_node::RULE,
    &unmet_node::RULE,
];
