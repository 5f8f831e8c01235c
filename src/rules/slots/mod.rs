//! Rules of family S: who owns and serves the slots.

mod contested_slots;
mod open_slot;
mod uncovered_slots;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &uncovered_slots::RULE,
    &contested_slots::RULE,
    &open_slot::RULE,
];
