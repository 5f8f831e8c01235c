//! Rules of family R: how many copies there are, and whether they are good.

pub(super) mod chained_replica;
pub(super) mod emptied_master;
pub(super) mod lagging_replica;
pub(super) mod missing_replica;
pub(super) mod nothing_promotable;
pub(super) mod orphan_master;
pub(super) mod slotless_master;
pub(super) mod uneven_replicas;
pub(super) mod unsynced_replica;
