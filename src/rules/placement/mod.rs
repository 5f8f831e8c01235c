//! Rules of family P: which host, disk and zone runs what.

mod away_from_home;
mod replica_shares_disk;
mod replica_shares_host;
mod replica_shares_zone;
mod replicas_share_host;
mod skewed_masters;
mod skewed_zones;

use crate::rules::Rule;

/// In the order of codes.
pub(super) static RULES: &[&Rule] = &[
    &replica_shares_host::RULE,
    &replica_shares_disk::RULE,
    &replica_shares_zone::RULE,
    &replicas_share_host::RULE,
    &skewed_masters::RULE,
    &skewed_zones::RULE,
    &away_from_home::RULE,
];
