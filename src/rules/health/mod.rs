//! Rules of family K: how the servers are set up, whether they would come back, and how well
//! they hear each other.

mod failed_but_answers;
mod one_way_link;
mod unloadable_nodes_conf;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &one_way_link::RULE,
    &unloadable_nodes_conf::RULE,
    &failed_but_answers::RULE,
];
