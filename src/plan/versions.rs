//! Who can load the full sync of whom: no pair is made that would leave an empty replica.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Server;
use crate::plan::goal::Supposed;
use crate::plan::problem::Problem;
use crate::plan::problem::Unit;

/// Live masters that own slots.
fn owners(cluster: &Cluster) -> impl Iterator<Item = NodeId> + '_ {
    let owners = cluster.iter();
    let owners = owners.filter(|(_, n)| n.is_live_member() && !n.slots.is_empty());
    owners.map(|(id, _)| id)
}

/// What runs somewhere, each server once: of many nodes nearly all run the same.
#[derive(Default)]
pub struct Servers<'a>(Vec<&'a Server>);

impl<'a> Servers<'a> {
    pub fn new(cluster: &'a Cluster, nodes: impl Iterator<Item = NodeId>) -> Self {
        let mut distinct: Vec<&Server> = Vec::new();
        for server in nodes.filter_map(|id| cluster.node(id).runs.as_ref()) {
            if !distinct.contains(&server) {
                distinct.push(server);
            }
        }
        Self(distinct)
    }

    /// Of live masters that own slots.
    pub fn of_owners(cluster: &'a Cluster) -> Self {
        Self::new(cluster, owners(cluster))
    }

    /// Whether the node can take a full sync from each, as far as its version is known.
    pub fn are_loaded_by(&self, cluster: &Cluster, id: NodeId) -> bool {
        let runs = cluster.node(id).runs.as_ref();
        runs.is_none_or(|own| self.0.iter().all(|master| own.loads(master)))
    }

    /// Whether each can take a full sync from the node.
    pub fn load(&self, cluster: &Cluster, id: NodeId) -> bool {
        let runs = cluster.node(id).runs.as_ref();
        runs.is_none_or(|own| self.0.iter().all(|replica| replica.loads(own)))
    }
}

/// A live slot owner whose full sync the node could not load, after it had dropped what it holds.
pub fn too_new_for(cluster: &Cluster, id: NodeId) -> Option<NodeId> {
    owners(cluster).find(|&owner| !cluster.can_copy(id, owner))
}

/// Replicas that a goal lets count for nothing, with whom they really follow: they are told to
/// follow whoever leads all the same.
pub fn followers_left_out<'a>(
    supposed: &'a Supposed<'_>,
) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    let real = supposed.real;
    let left_out = supposed.demands.vacated.keys().copied();
    let live = left_out.filter(|&id| real.node(id).is_live_member());
    let followers = live.filter_map(|id| Some((id, real.root(id)?)));
    followers.filter(|(id, root)| id != root)
}

/// Nobody is made the master of a copy that could not load its full sync, nor of one of `others`.
pub fn keep(cluster: &Cluster, unit: &mut Unit, others: &[NodeId]) {
    let all = unit.fixed.iter().chain(&unit.movable).chain(&unit.chained);
    let all = all.map(|copy| copy.node).chain(others.iter().copied());
    let all: Vec<NodeId> = all.collect();
    let lists = [&mut unit.fixed, &mut unit.movable, &mut unit.chained];
    for copy in lists.into_iter().flatten() {
        let follows = |&other: &NodeId| other == copy.node || cluster.can_copy(other, copy.node);
        copy.may_lead &= all.iter().all(follows);
    }
}

/// Nor of one that may join it: who comes to a shard is not known beforehand.
pub fn keep_from_comers(problem: &mut Problem) {
    let cluster = problem.cluster;
    let spares = problem.spares.iter().map(|s| s.copy.node);
    let moving = problem.units.iter().filter(|u| u.free);
    let moving = moving.flat_map(|u| u.movable.iter().chain(&u.chained));
    let moving = moving.map(|c| c.node);
    let moving = moving.filter(|&id| problem.owners.are_loaded_by(cluster, id));
    let comers = Servers::new(cluster, spares.chain(moving));
    let copies = problem.units.iter().flat_map(|u| {
        let all = u.fixed.iter().chain(&u.movable);
        all.chain(&u.chained)
    });
    let spares = problem.spares.iter().map(|s| &s.copy);
    let left_out = followers_left_out(problem.supposed).map(|(id, _)| id);
    let everyone = copies.chain(spares).map(|c| c.node).chain(left_out);
    let everyone = Servers::new(cluster, everyone);
    for unit in &mut problem.units {
        let lists = [&mut unit.fixed, &mut unit.movable, &mut unit.chained];
        for copy in lists.into_iter().flatten() {
            copy.may_lead &= comers.load(cluster, copy.node);
        }
    }
    for spare in &mut problem.spares {
        spare.copy.may_lead &= everyone.load(cluster, spare.copy.node);
    }
    problem.everyone = everyone;
}

#[cfg(test)]
mod tests {
    use crate::action::Kind;
    use crate::model::Cluster;
    use crate::model::Server;
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::plan::Plan;
    use crate::plan::Request;
    use crate::plan::plan;
    use crate::plan::why::Reason;
    use crate::policy::Flag;
    use crate::policy::Policy;

    fn planned(cluster: &Cluster, flags: &[Flag]) -> Plan {
        let policy = Policy::default();
        let request = Request {
            flags: flags.iter().copied().collect(),
            ..Request::default()
        };
        plan(cluster, &policy, &policy.wanted(cluster), &request).unwrap()
    }

    fn runs(cluster: &mut Cluster, version: impl Fn(&str) -> &'static str) {
        let names: Vec<String> = cluster.nodes.iter().map(|n| n.name.to_string()).collect();
        for name in names {
            let node = id(cluster, &name);
            cluster.node_mut(node).runs = Some(Server {
                name: "redis".into(),
                version: Some(version(&name).parse().unwrap()),
            });
        }
    }

    #[test]
    fn an_older_node_is_not_attached_below_a_newer_master() {
        let mut at = cluster("m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h1; old@h2");
        runs(&mut at, |_| "7.2.4");
        assert_eq!(planned(&at, &[]).steps.len(), 1);
        runs(
            &mut at,
            |name| if name == "old" { "6.2.14" } else { "7.2.4" },
        );
        let plan = planned(&at, &[]);
        assert!(plan.steps.is_empty());
        let told = |r: &Reason| matches!(r, Reason::TooOld { .. });
        assert!(plan.refusals.iter().any(|r| told(&r.reason)));
        // The same format on disk, and the other way round.
        runs(
            &mut at,
            |name| if name == "old" { "5.0.14" } else { "6.2.14" },
        );
        assert_eq!(planned(&at, &[]).steps.len(), 1);
        runs(
            &mut at,
            |name| if name == "old" { "7.2.4" } else { "6.2.14" },
        );
        assert_eq!(planned(&at, &[]).steps.len(), 1);
    }

    #[test]
    fn no_newer_replica_is_promoted_over_older_copies_for_balance() {
        let mut at = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h1 < r3@h2; m4@h2 < r4@h3");
        runs(&mut at, |_| "7.0.15");
        let failovers = |plan: &Plan| {
            let steps = plan.steps.iter();
            steps
                .filter(|s| s.draft.action.kind() == Kind::Failover)
                .count()
        };
        assert!(failovers(&planned(&at, &[])) > 0);
        runs(&mut at, |name| {
            if name.starts_with('r') {
                "7.2.4"
            } else {
                "7.0.15"
            }
        });
        assert_eq!(failovers(&planned(&at, &[])), 0);
    }

    #[test]
    fn who_was_told_nofailover_leads_only_if_asked_or_alone() {
        let failovers = |plan: &Plan| {
            let steps = plan.steps.iter();
            steps
                .filter(|s| s.draft.action.kind() == Kind::Failover)
                .count()
        };
        let mut at = cluster("m1@h1 < r1@h2; m2@h1 < r2@h3; m3@h1 < r3@h2; m4@h2 < r4@h3");
        for name in ["r1", "r2", "r3", "r4"] {
            let node = id(&at, name);
            at.node_mut(node).no_failover = true;
        }
        assert_eq!(failovers(&planned(&at, &[])), 0);
        assert!(failovers(&planned(&at, &[Flag::PromoteNofailover])) > 0);
        // The only copy of a dead master, and one of two.
        let mut at =
            cluster("m1!@h1 < r1@h2; m2!@h1 < r2@h3 s2@h2; m3@h2 <; m4@h3 <; m5@h2 <; m6@h3 <");
        let [r1, r2, s2] = ["r1", "r2", "s2"].map(|name| id(&at, name));
        for node in [r1, r2] {
            at.node_mut(node).no_failover = true;
            at.node_mut(node).replication.offset = Some(100);
        }
        at.node_mut(s2).replication.offset = Some(90);
        let end = planned(&at, &[]).end;
        let leads = |node| !end.node(node).slots.is_empty();
        assert!(leads(r1) && leads(s2) && !leads(r2));
    }

    #[test]
    fn free_masters_are_kept_for_slots_that_have_no_owner() {
        let mut at = cluster("m1@h1 <; m2@h2 <; m3@h3 < r3@h1; a@h1 b@h2");
        assert!(!planned(&at, &[]).steps.is_empty());
        let m3 = id(&at, "m3");
        at.node_mut(m3).slots = crate::model::SlotSet::new();
        at.node_mut(m3).membership = crate::model::Membership::Forgotten;
        let r3 = id(&at, "r3");
        at.node_mut(r3).membership = crate::model::Membership::Forgotten;
        let plan = planned(&at, &[]);
        assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    }
}
