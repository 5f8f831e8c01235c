//! Rules of family C: what the files themselves say against each other.

mod views_disagree;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[&views_disagree::RULE];
