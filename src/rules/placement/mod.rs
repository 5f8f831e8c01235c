//! Rules of family P: which host, disk and zone runs what.

pub(super) mod away_from_home;
pub(super) mod replica_shares_disk;
pub(super) mod replica_shares_host;
pub(super) mod replica_shares_zone;
pub(super) mod replicas_share_host;
pub(super) mod replicas_share_zone;
pub(super) mod skewed_masters;
pub(super) mod skewed_zones;
