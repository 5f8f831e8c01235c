//! Tablets and partitions of FEDB (RTIDB, OpenMLDB).

pub(super) mod alive_on_dead_tablet;
pub(super) mod auto_failover_off;
pub(super) mod empty_tablet;
pub(super) mod failed_op;
pub(super) mod partition_without_leader;
pub(super) mod replica_not_alive;
pub(super) mod skewed_copies;
pub(super) mod stale_leader;
pub(super) mod tablet_offline;
