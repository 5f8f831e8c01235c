//! What is waited for before the next step may start.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::Action;
use crate::action::Counted;
use crate::action::Milestone;
use crate::model::NodeId;
use crate::model::NodeSet;

/// The effect that is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// The node is a master there.
    RoleMaster,
    /// Its link is up, and it is seen in sync.
    LinkUp,
    /// Each lists the other.
    Known,
    /// The id is listed no more.
    Gone,
    /// The slots are the node's.
    SlotsOwned,
    /// It holds no key.
    Empty,
    /// The slots are open no more.
    Closed,
    /// Another process than before answers under its id, and is in sync.
    Restarted,
    /// Its epoch is the one that is wanted, or above.
    EpochSeen,
    /// Nobody answers there.
    Down,
    /// It lists itself alone, under another id.
    Alone,
}

impl Until {
    pub fn word(self) -> &'static str {
        match self {
            Self::RoleMaster => "role-master",
            Self::LinkUp => "link-up",
            Self::Known => "known",
            Self::Gone => "gone",
            Self::SlotsOwned => "slots-owned",
            Self::Empty => "empty",
            Self::Closed => "closed",
            Self::Restarted => "restarted",
            Self::EpochSeen => "epoch-seen",
            Self::Down => "down",
            Self::Alone => "alone",
        }
    }
}

/// What is waited for, where it is looked at, and how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    pub until: Until,
    pub at: Audience,
    pub limit_ms: u64,
}

impl Wait {
    /// It is looked at the node itself.
    pub(super) fn of_node(until: Until, node: NodeId, limit_ms: u64) -> Self {
        Self {
            until,
            at: Audience::of([node]),
            limit_ms,
        }
    }
}

/// Where something is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Nodes of this step alone, in order.
    Nodes(Vec<NodeId>),
    /// Nodes that many steps have in common; this one of them first, where they are not named
    /// by their group.
    Crowd(Arc<[NodeId]>, Option<NodeId>),
}

impl Audience {
    pub(super) fn of(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self::Nodes(nodes.into_iter().collect())
    }
}

/// What the rest of the plan makes of a step's nodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ahead {
    /// Nodes that some step promotes.
    pub promoted: NodeSet,
}

impl Ahead {
    pub fn of<'a>(actions: impl Iterator<Item = &'a Action>, at: &Counted) -> Self {
        let mut ahead = Self::default();
        for action in actions {
            for given in action.gives(at) {
                if let Milestone::Promoted(node) = given {
                    ahead.promoted.insert(node);
                }
            }
        }
        ahead
    }
}
