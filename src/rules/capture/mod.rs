//! Rules of family C: what the files themselves say against each other.

mod garbled_lines;
mod host_map_contradicts;
mod unknown_file;
mod unmapped_host;
mod unused_map_rows;
mod views_disagree;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &views_disagree::RULE,
    &unmapped_host::RULE,
    &host_map_contradicts::RULE,
    &garbled_lines::RULE,
    &unknown_file::RULE,
    &unused_map_rows::RULE,
];
