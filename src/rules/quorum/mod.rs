//! Rules of family Q: whether the rest can vote after a loss.

mod host_holds_majority;
mod zone_holds_majority;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[&host_holds_majority::RULE, &zone_holds_majority::RULE];
