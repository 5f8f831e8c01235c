//! What must still be true when the command of a step is sent.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::Counted;
use crate::action::relied::CopyHeld;
use crate::action::relied::Donor;
use crate::action::relied::Party;
use crate::action::relied::Receiver;
use crate::model::Cluster;
use crate::model::NodeId;

/// What must still be true for a step to run; null where it does not matter, and from `keys` on
/// missing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Guard {
    /// The id that must answer at the step's address.
    pub id: Option<String>,
    /// What it must be.
    pub role: Option<GuardRole>,
    /// Id of the master it must follow.
    pub master: Option<String>,
    /// Slots it must own, exactly; empty for none.
    pub slots: Option<String>,
    /// True: it must hold no key and no slot; for set-slot: no key in those of the step's slots
    /// that it is importing.
    pub empty: Option<bool>,
    /// What its replication link must be.
    pub link: Option<GuardLink>,
    /// meet, flush: most keys that the node may hold, as captured; null if not known or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
    /// replicate, restart: whose copy the node gives up, or lacks for a while; null if its master
    /// owns no slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor: Option<Donor>,
    /// replicate: who gets the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Receiver>,
    /// replicate, of a replica without a donor: slots that must have live owners, so that what it
    /// holds is held elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<String>,
    /// failover force and takeover: what the promoted copy holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyHeld>,
    /// failover takeover: voting masters on whose death it rests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<Party>,
    /// failover takeover: no majority of masters lives to vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minority: Option<bool>,
    /// restart: the `run_id` of the process that is to go; another one means that it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// restart: the version that it comes back with; null if it need not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The role that a node must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuardRole {
    Master,
    Replica,
}

/// The state that a replication link must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuardLink {
    /// It is up.
    Up,
    /// The node finished a sync once.
    Synced,
}

impl GuardRole {
    pub fn word(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Replica => "replica",
        }
    }
}

impl GuardLink {
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Synced => "synced",
        }
    }
}

impl Guard {
    /// The id of the node and nothing else.
    pub(super) fn id(cluster: &Cluster, node: NodeId) -> Self {
        Self {
            id: Some(cluster.node(node).name.to_string()),
            ..Self::default()
        }
    }

    /// Id and role as they are.
    pub(super) fn as_it_is(cluster: &Cluster, node: NodeId) -> Self {
        let role = if cluster.node(node).is_master() {
            GuardRole::Master
        } else {
            GuardRole::Replica
        };
        Self {
            role: Some(role),
            ..Self::id(cluster, node)
        }
    }

    /// A node that owns no slot, with the master that it follows and what others have of its copy.
    pub(super) fn of_copy(cluster: &Counted, node: NodeId) -> Self {
        let master = cluster.node(node).master();
        Self {
            master: master.map(|m| cluster.node(m).name.to_string()),
            slots: Some(String::new()),
            donor: Donor::of(cluster, node),
            ..Self::as_it_is(cluster, node)
        }
    }
}
