//! Rules of family K: how the servers are set up, and whether they would come back.

mod unloadable_nodes_conf;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[&unloadable_nodes_conf::RULE];
