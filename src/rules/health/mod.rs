//! Rules of family K: how the servers are set up, whether they would come back, and how well
//! they hear each other.

pub(super) mod cluster_state_fail;
pub(super) mod failed_but_answers;
pub(super) mod one_way_link;
pub(super) mod unloadable_nodes_conf;
pub(super) mod version_skew;
