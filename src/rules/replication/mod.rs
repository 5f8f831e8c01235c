//! Rules of family R: how many copies there are, and whether they are good.

mod chained_replica;
mod missing_replica;
mod orphan_master;
mod slotless_master;
mod unsynced_replica;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &orphan_master::RULE,
    &missing_replica::RULE,
    &unsynced_replica::RULE,
    &chained_replica::RULE,
    &slotless_master::RULE,
];
