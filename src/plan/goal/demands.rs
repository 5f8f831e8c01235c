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
    /// Nodes that had rather not lead: in how many ways, and the words for the first of them.
    pub weighed: BTreeMap<NodeId, (i64, String)>,
    /// Nodes that lead the shard that they copy.
    pub leading: BTreeMap<NodeId, String>,
    /// Masters that go on leading, unless they must not: a handover would only be of use.
    pub staying: BTreeSet<NodeId>,
    /// Nodes that come to the shard of another one, whatever is decided.
    pub joining: BTreeMap<NodeId, (NodeId, String)>,
    /// Nodes that hold a copy whose place nobody takes.
    pub unpaired: BTreeMap<NodeId, String>,
    /// Nodes that come back, and those that leave for good.
    pub returning: BTreeMap<NodeId, String>,
    pub parting: BTreeMap<NodeId, String>,
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

    /// Something is to be granted before anything is decided: more than wishes, which are weighed.
    pub fn bind(&self) -> bool {
        let weighed = Self {
            weighed: self.weighed.clone(),
            ..Self::default()
        };
        *self != weighed
    }

    /// Somebody is told what to copy, or counts for no copy: more than who leads is asked for.
    pub fn touch_copies(&self) -> bool {
        let of_roles = Self {
            weighed: self.weighed.clone(),
            following: self.following.clone(),
            staying: self.staying.clone(),
            ..Self::default()
        };
        *self != of_roles
    }

    /// What it weighs that the node leads.
    pub fn weight(&self, node: NodeId) -> i64 {
        self.weighed.get(&node).map_or(0, |(weight, _)| *weight)
    }

    /// Lets these nodes count for nothing.
    pub fn vacate(&mut self, nodes: impl IntoIterator<Item = NodeId>, why: &str) {
        let vacated = nodes.into_iter().map(|id| (id, why.to_owned()));
        self.vacated.extend(vacated);
    }

    /// The same of nodes that leave for good.
    pub fn part_with(&mut self, nodes: impl IntoIterator<Item = NodeId>, why: &str) {
        let nodes: Vec<NodeId> = nodes.into_iter().collect();
        self.vacate(nodes.iter().copied(), why);
        let parting = nodes.into_iter().map(|id| (id, why.to_owned()));
        self.parting.extend(parting);
    }

    /// Lets a node lead the shard that it copies.
    pub fn lead(&mut self, node: NodeId, why: String) {
        self.leading.entry(node).or_insert(why);
    }

    /// Lets a node come to the shard of another one.
    pub fn join(
        &mut self,
        node: NodeId,
        to: NodeId,
        why: String,
        real: &Cluster,
    ) -> Result<(), BadGoal> {
        match self.joining.get(&node) {
            Some((other, before)) if real.root(*other) != real.root(to) => {
                Err(BadGoal::Contradiction {
                    node: real.node(node).to_string(),
                    one: before.clone(),
                    other: why,
                })
            }
            Some(_) | None => {
                self.joining.insert(node, (to, why));
                Ok(())
            }
        }
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
        }
        for (&node, why) in &self.returning {
            if let Some(other) = self.parting.get(&node) {
                return Err(contradiction(node, why, other));
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
            let joined = self.joining.get(&node).map_or(node, |(to, _)| *to);
            let shard = real.root(joined).unwrap_or(node);
            if let Some((_, other)) = led.insert(shard, (node, why)) {
                return Err(contradiction(node, other, why));
            }
        }
        Ok(())
    }
}
