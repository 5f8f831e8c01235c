//! Rules of family C: what the files themselves say against each other.

mod epoch_changed;
mod in_flight;
mod missing_view;
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
];
