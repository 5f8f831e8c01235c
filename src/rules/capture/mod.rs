//! Rules of family C: what the files themselves say against each other.

pub(super) mod epoch_changed;
pub(super) mod garbled_lines;
pub(super) mod host_map_contradicts;
pub(super) mod in_flight;
pub(super) mod missing_view;
pub(super) mod unknown_file;
pub(super) mod unmapped_host;
pub(super) mod unused_map_rows;
pub(super) mod views_apart_in_time;
pub(super) mod views_disagree;
