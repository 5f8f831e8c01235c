//! Rules of family K: how well the nodes are configured and hear each other.

mod one_way_link;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[&one_way_link::RULE];
