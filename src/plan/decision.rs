//! What is decided for every shard: who copies it, and who leads it.

use crate::action::Act;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Mode;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Sync;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;

/// Who copies what after the plan: for every unit its copies, the present owner first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    pub copies: Vec<Vec<Copy>>,
}

impl Assignment {
    /// Everything as it is.
    pub fn present(problem: &Problem) -> Self {
        let copies = |u: &Unit| {
            let all = u.fixed.iter().chain(&u.movable).chain(&u.chained);
            let mut all: Vec<Copy> = all.copied().collect();
            all.extend(u.first.map(|first| problem.copy(first, true)));
            all
        };
        Self {
            copies: problem.units.iter().map(copies).collect(),
        }
    }
}

/// A whole decision: copies and masters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    pub assignment: Assignment,
    /// The master of every unit.
    pub masters: Vec<NodeId>,
}

impl Decision {
    /// Everything as it is.
    pub fn present(problem: &Problem) -> Self {
        Self {
            assignment: Assignment::present(problem),
            masters: problem
                .units
                .iter()
                .map(|u| u.first.unwrap_or(u.owner))
                .collect(),
        }
    }

    /// The real cluster as the decision leaves it, what goals supposed included.
    pub fn reach(&self, problem: &Problem) -> Cluster {
        let supposed = problem.supposed;
        let mut at = Counted::new(supposed.real.clone());
        let first = |node| problem.units.iter().any(|u| u.first == Some(node));
        for joined in supposed.joined.iter().filter(|j| !first(j.node)) {
            attach(&mut at, &[joined.node], joined.owner);
        }
        self.carry_out(problem, at, |unit| unit.leader)
    }

    /// The supposed cluster as the decision leaves it: every copy attached, in sync, and every master
    /// in place. Ghosts and dead members stay.
    pub fn expand(&self, problem: &Problem) -> Cluster {
        if problem.units.iter().any(|u| u.first.is_some()) {
            let end = self.reach(problem);
            return problem.supposed.seen(&end).into_owned();
        }
        let at = Counted::new(problem.cluster.clone());
        self.carry_out(problem, at, |unit| unit.owner)
    }

    fn carry_out(
        &self,
        problem: &Problem,
        mut at: Counted,
        leader: impl Fn(&Unit) -> NodeId,
    ) -> Cluster {
        let units = problem.units.iter().zip(&self.assignment.copies);
        for ((unit, copies), &master) in units.zip(&self.masters) {
            let leader = leader(unit);
            let moves = |copy: &&Copy| {
                let node = at.node(copy.node);
                let member = node.membership == Membership::Member;
                let leads = copy.node == leader;
                let stays = member && (leads || node.master() == Some(leader));
                !stays && unit.fixed.iter().all(|f| f.node != copy.node)
            };
            let moved: Vec<NodeId> = copies.iter().filter(moves).map(|c| c.node).collect();
            attach(&mut at, &moved, leader);
            if master != leader {
                let act = Failover {
                    node: master,
                    old: leader,
                    mode: Mode::Graceful,
                };
                act.begin(&mut at);
            }
        }
        at.into_cluster()
    }
}

/// They copy the shard, in sync.
fn attach(at: &mut Counted, nodes: &[NodeId], owner: NodeId) {
    at.edit(nodes, |cluster| {
        for &id in nodes {
            let node = cluster.node_mut(id);
            node.membership = Membership::Member;
            node.role = Role::Replica(Some(owner));
            node.replication.sync = Sync::Done;
            node.replication.link = Link::Up;
        }
    });
}
