//! What goals ask of the decision about roles and copies, all of them together.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Goal;

/// What is asked for; nothing by default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Demands {
    /// Nodes whose copies count for nothing, that nothing new is attached to and that lead nothing, with
    /// the words for what asks for it.
    pub vacated: BTreeMap<NodeId, String>,
    /// Nodes that lead nothing, but count.
    pub following: BTreeMap<NodeId, String>,
    /// Nodes that lead the shard that they copy.
    pub leading: BTreeMap<NodeId, String>,
    /// Nodes that come to the shard of another one, whatever is decided.
    pub joining: BTreeMap<NodeId, (NodeId, String)>,
    /// Nothing is copied.
    pub no_copies: bool,
}

impl Demands {
    /// Of all goals; `real` has a live master for every shard that can be served.
    pub fn of(goals: &[Goal], real: &Cluster) -> Result<Self, BadGoal> {
        let mut demands = Self::default();
        for goal in goals {
            goal.ask(real, &mut demands)?;
        }
        demands.agree(real)?;
        Ok(demands)
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Lets these nodes count for nothing.
    pub fn vacate(&mut self, nodes: impl IntoIterator<Item = NodeId>, why: &str) {
        let vacated = nodes.into_iter().map(|id| (id, why.to_owned()));
        self.vacated.extend(vacated);
    }

    /// It must hand over what it leads.
    pub fn must_follow(&self, node: NodeId) -> bool {
        self.vacated.contains_key(&node) || self.following.contains_key(&node)
    }

    /// The words for what asks a node to lead no more.
    pub fn why(&self, node: NodeId) -> Option<&str> {
        let vacated = self.vacated.get(&node);
        vacated
            .or_else(|| self.following.get(&node))
            .map(String::as_str)
    }

    /// No two of them contradict each other.
    fn agree(&self, real: &Cluster) -> Result<(), BadGoal> {
        let contradiction = |node: NodeId, one: &str, other: &str| BadGoal::Contradiction {
            node: real.node(node).to_string(),
            one: one.to_owned(),
            other: other.to_owned(),
        };
        for (&node, why) in &self.leading {
            if let Some(other) = self.why(node) {
                return Err(contradiction(node, other, why));
            }
            if let Some((_, other)) = self.joining.get(&node) {
                return Err(contradiction(node, other, why));
            }
        }
        for (&node, (_, why)) in &self.joining {
            if let Some(other) = self.vacated.get(&node) {
                return Err(contradiction(node, other, why));
            }
        }
        // One shard has one master.
        let mut led: BTreeMap<NodeId, (NodeId, &str)> = BTreeMap::new();
        for (&node, why) in &self.leading {
            let shard = real.root(node).unwrap_or(node);
            if let Some((_, other)) = led.insert(shard, (node, why)) {
                return Err(contradiction(node, other, why));
            }
        }
        let live = |(_, n): &(NodeId, &crate::model::Node)| n.is_live_member();
        let all: BTreeSet<NodeId> = real.iter().filter(live).map(|(id, _)| id).collect();
        let emptied = all.iter().all(|id| self.vacated.contains_key(id));
        match self.vacated.values().next() {
            Some(why) if emptied => Err(BadGoal::Everything(why.clone())),
            Some(_) | None => Ok(()),
        }
    }
}
