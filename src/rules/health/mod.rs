//! Rules of family K: how the servers are set up, whether they would come back, and how well
//! they hear each other.

pub(super) mod cluster_state_fail;
pub(super) mod conf_refused;
pub(super) mod disk_full;
pub(super) mod failed_but_answers;
pub(super) mod host_memory_overcommitted;
pub(super) mod host_tuning;
pub(super) mod known_data_loss_bug;
pub(super) mod more_servers_than_cores;
pub(super) mod no_persistence;
pub(super) mod one_way_link;
pub(super) mod out_of_memory;
pub(super) mod replica_may_migrate;
pub(super) mod settings_differ;
pub(super) mod small_backlog;
pub(super) mod stale_heir;
pub(super) mod unloadable_nodes_conf;
pub(super) mod version_skew;
pub(super) mod writes_refused;
