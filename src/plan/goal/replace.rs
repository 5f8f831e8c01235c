//! `--replace host:H=host:N`: the idle nodes of N take the places of those of H, pair by pair, and H
//! leaves.

use crate::action::Draft;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::Membership;
use crate::model::NodeId;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Decided;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::leaving;
use crate::plan::goal::spelled;
use crate::plan::why::Refusal;

pub(super) const WORD: &str = "replace";

/// What is replaced, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replace {
    pub old: Domain,
    pub new: Domain,
}

impl Replace {
    fn why(&self) -> String {
        format!("{} replaces {}", self.new, self.old)
    }

    /// Every node that holds a copy with the one that takes its place. That is who copies its shard by
    /// now, as an earlier plan was cut off, or an idle one: of the same port where there is one, else
    /// in the order of addresses.
    fn pairs(&self, real: &Cluster) -> Result<Vec<(NodeId, Option<NodeId>)>, BadGoal> {
        let domains = Domains::of(real);
        let port = |id: NodeId| real.node(id).address.as_ref().map(|a| a.port());
        let same_port = |one: NodeId, other: NodeId| port(one) == port(other);
        let same_shard = |one: NodeId, other: NodeId| real.root(one) == real.root(other);
        let holds = |id: &NodeId| real.node(*id).is_live_member() && real.root(*id).is_some();
        let idle = |id: &NodeId| {
            let node = real.node(*id);
            let known = matches!(node.membership, Membership::Member | Membership::Unmet);
            known && node.is_live() && node.slots.is_empty() && real.root(*id).is_none()
        };
        let mut old = domains.nodes_in(&self.old)?;
        old.retain(holds);
        let new = domains.nodes_in(&self.new)?;
        let mut there: Vec<NodeId> = new.iter().copied().filter(holds).collect();
        let mut idle: Vec<NodeId> = new.into_iter().filter(idle).collect();
        let mut pairs: Vec<(NodeId, Option<NodeId>)> = Vec::new();
        for &node in &old {
            let at = |of: &[NodeId], fits: &dyn Fn(NodeId) -> bool| of.iter().position(|&o| fits(o));
            let came = at(&there, &|o| same_port(o, node) && same_shard(o, node));
            let partner = came.map(|at| there.remove(at)).or_else(|| {
                let same = at(&idle, &|o| same_port(o, node))?;
                Some(idle.remove(same))
            });
            pairs.push((node, partner));
        }
        let mut left = pairs.iter().filter(|(_, partner)| partner.is_none()).count();
        for (node, partner) in pairs.iter_mut().filter(|(_, partner)| partner.is_none()) {
            // As long as there is an idle one for each, a copy that is there is one more.
            let came = there.iter().position(|&o| same_shard(o, *node));
            let came = came.filter(|_| idle.len() < left);
            *partner = match came {
                Some(at) => Some(there.remove(at)),
                None if idle.is_empty() => None,
                None => Some(idle.remove(0)),
            };
            left -= 1;
        }
        Ok(pairs)
    }
}

impl Wish for Replace {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let pair = format!("{}={}", self.old, self.new);
        vec![format!("--replace {}", spelled(&pair, quote))]
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let why = self.why();
        for (node, partner) in self.pairs(real)? {
            let Some(partner) = partner else {
                demands.unpaired.insert(node, why.clone());
                continue;
            };
            demands.joining.insert(partner, (node, why.clone()));
            if !real.node(node).slots.is_empty() {
                demands.leading.insert(partner, why.clone());
            }
        }
        demands.part_with(Domains::of(real).nodes_in(&self.old)?, &why);
        Ok(())
    }

    fn drafts(&self, scene: &Decided) -> Vec<Draft> {
        leaving::farewells(scene, &leaving::nodes(scene.end, &self.old), &self.why())
    }

    fn blocked(&self, scene: &Decided) -> Vec<Refusal> {
        leaving::blocked(scene, &leaving::nodes(scene.end, &self.old), &self.why())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Remove)
    }

    fn left(&self, at: &Cluster) -> i64 {
        leaving::members(at, &leaving::nodes(at, &self.old)) as i64
    }

    fn says(&self, reached: &Reached) -> String {
        let old = reached.of_domain(&self.old, "sent away");
        let new = leaving::nodes(reached.start, &self.new);
        format!(
            "{old}; {}: {} -> {} masters",
            self.new,
            leaving::masters(reached.start, &new),
            leaving::masters(reached.end, &new)
        )
    }

    fn domain(&self) -> Option<&Domain> {
        Some(&self.old)
    }
}
