//! Rules of family C: what the files themselves say against each other.

mod epoch_changed;
mod garbled_lines;
mod host_map_contradicts;
mod in_flight;
mod missing_view;
mod unknown_file;
mod unmapped_host;
mod unused_map_rows;
mod views_apart_in_time;
mod views_disagree;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &views_disagree::RULE,
    &missing_view::RULE,
    &views_apart_in_time::RULE,
    &epoch_changed::RULE,
    &in_flight::RULE,
    &unmapped_host::RULE,
    &host_map_contradicts::RULE,
    &garbled_lines::RULE,
    &unknown_file::RULE,
    &unused_map_rows::RULE,
];
