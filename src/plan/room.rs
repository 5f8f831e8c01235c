//! Whether the memory of a host holds the copies that come to it. What nothing tells restricts nothing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::measure;
use crate::measure::Memory;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::plan::Effort;
use crate::plan::decision::Decision;
use crate::plan::problem::Aside;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::target;
use crate::plan::target::Target;
use crate::policy::Policy;

/// A node whose host cannot hold a copy there, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NoRoom {
    pub node: NodeId,
    /// What all servers there would need.
    pub needs: u64,
    pub has: u64,
}

/// The memory of all hosts, and what a copy of each shard takes.
pub struct Rooms<'a> {
    cluster: &'a Cluster,
    memory: Memory,
    /// By owner; nothing of a shard of which nothing tells.
    bytes: BTreeMap<NodeId, u64>,
    /// What copies take, ascending.
    sizes: Vec<u64>,
}

impl<'a> Rooms<'a> {
    pub fn of(cluster: &'a Cluster, policy: &Policy) -> Self {
        let shards = cluster.shards();
        let bytes = shards.iter().filter_map(|shard| {
            let bytes = measure::copy_bytes(cluster, shard.owner, &shard.replicas)?;
            Some((shard.owner, bytes))
        });
        let bytes: BTreeMap<NodeId, u64> = bytes.collect();
        let sizes: BTreeSet<u64> = bytes.values().copied().collect();
        Self {
            cluster,
            memory: Memory::of(cluster, policy.thresholds.forks),
            bytes,
            sizes: sizes.into_iter().collect(),
        }
    }

    /// What a copy of that owner's shard takes.
    pub fn bytes_of(&self, owner: NodeId) -> u64 {
        self.bytes.get(&owner).copied().unwrap_or(0)
    }

    /// The node cannot hold a copy of that shard beside those that come to its host otherwise.
    pub fn lacks(
        &self,
        node: NodeId,
        owner: NodeId,
        others: &[(NodeId, NodeId)],
    ) -> Option<NoRoom> {
        let host = self.cluster.node(node).host?;
        let here = |&&(other, _): &&(NodeId, NodeId)| self.cluster.node(other).host == Some(host);
        let here = others.iter().filter(here).copied();
        let all = here.chain([(node, owner)]);
        let copies: Vec<(NodeId, u64)> = all.map(|(id, of)| (id, self.bytes_of(of))).collect();
        self.short(node, &copies)
    }

    fn short(&self, node: NodeId, copies: &[(NodeId, u64)]) -> Option<NoRoom> {
        if self.memory.has_room_for(self.cluster, copies) != Some(false) {
            return None;
        }
        let then = self.memory.with(self.cluster, copies)?;
        Some(NoRoom {
            node,
            needs: then.needed(),
            has: then.has,
        })
    }

    /// How many of the sizes that copies have are too large for the node: who has the same number may
    /// hold the same.
    pub fn too_large(&self, node: NodeId) -> usize {
        let fits = |&bytes: &u64| self.short(node, &[(node, bytes)]).is_none();
        self.sizes.len() - self.sizes.partition_point(fits)
    }

    /// The shard is one of the so many largest.
    pub fn is_among_largest(&self, owner: NodeId, many: usize) -> bool {
        let bytes = self.bytes_of(owner);
        let larger = self.sizes.len() - self.sizes.partition_point(|&size| size < bytes);
        larger <= many && self.bytes.contains_key(&owner)
    }
}

impl Problem<'_> {
    /// Idle nodes that can hold no copy of any shard are none that could be given one.
    pub(super) fn leave_cramped(&mut self) {
        let units = self.units.iter().filter(|u| u.free);
        let owners: Vec<NodeId> = units.map(|u| u.leader).collect();
        let Some(&least) = owners.iter().min_by_key(|&&o| self.rooms.bytes_of(o)) else {
            return;
        };
        let rooms = &self.rooms;
        let cramped = self.spares.extract_if(.., |spare| {
            rooms.lacks(spare.copy.node, least, &[]).is_some()
        });
        let cramped: Vec<NodeId> = cramped.map(|spare| spare.copy.node).collect();
        let asides = cramped
            .into_iter()
            .filter_map(|node| rooms.lacks(node, least, &[]));
        self.asides.extend(asides.map(Aside::NoRoom));
    }

    /// A node that could be given a copy of the shard if its host had the memory.
    pub fn cramped(&self, owner: NodeId) -> Option<NoRoom> {
        let asides = self.asides.iter().filter_map(|aside| match aside {
            Aside::NoRoom(no_room) => Some(no_room.node),
            Aside::OpenSlots { .. }
            | Aside::Syncing { .. }
            | Aside::Emptied { .. }
            | Aside::CutOff { .. }
            | Aside::CouldOwn { .. }
            | Aside::TooOld { .. }
            | Aside::HoldsKeys { .. } => None,
        });
        let mut nodes = asides.chain(self.spares.iter().map(|s| s.copy.node));
        let follows = |node: &NodeId| !self.supposed.demands.must_follow(*node);
        nodes.find_map(|node| {
            self.rooms
                .lacks(node, owner, &[])
                .filter(|_| follows(&node))
        })
    }

    /// Copies that come to a host beyond what it holds, the later nodes first.
    fn overfull(&self, decision: &Decision) -> Vec<NodeId> {
        let mut coming: BTreeMap<HostId, Vec<(NodeId, NodeId)>> = BTreeMap::new();
        let real = self.supposed.real;
        let mut come = |node: NodeId, owner: NodeId| {
            if let Some(host) = real.node(node).host {
                coming.entry(host).or_default().push((node, owner));
            }
        };
        let joined: BTreeSet<NodeId> = self.supposed.joined.iter().map(|j| j.node).collect();
        for joined in &self.supposed.joined {
            come(joined.node, joined.owner);
        }
        for (unit, copies) in self.units.iter().zip(&decision.assignment.copies) {
            let stays = |c: &Copy| unit.fixed.iter().any(|f| f.node == c.node);
            let comes = |c: &&Copy| {
                !stays(c) && !joined.contains(&c.node) && real.root(c.node) != Some(unit.leader)
            };
            let mut nodes: Vec<NodeId> = copies.iter().filter(comes).map(|c| c.node).collect();
            nodes.sort_unstable();
            nodes.into_iter().for_each(|node| come(node, unit.leader));
        }
        let mut dropped = Vec::new();
        for mut list in coming.into_values() {
            while let Some((node, owner)) = list.pop() {
                if joined.contains(&node) || self.rooms.lacks(node, owner, &list).is_none() {
                    break;
                }
                dropped.push(node);
            }
        }
        dropped
    }
}

/// Decides. Where copies that fit one by one do not fit together, the last of them stays where it is,
/// and nothing that is decided then is called the best.
pub fn decide(problem: &mut Problem, effort: Effort) -> Target {
    loop {
        let target = target::decide(problem, effort);
        let dropped = problem.overfull(&target.decision);
        if dropped.is_empty() {
            return target;
        }
        problem.held_back = true;
        let gone: BTreeSet<NodeId> = dropped.into_iter().collect();
        let spares = problem.spares.len();
        problem.spares.retain(|s| !gone.contains(&s.copy.node));
        let mut still = 0;
        for unit in &mut problem.units {
            let stay: Vec<Copy> = unit
                .movable
                .extract_if(.., |copy| gone.contains(&copy.node))
                .collect();
            still += stay.len();
            unit.fixed.extend(stay);
        }
        if spares == problem.spares.len() && still == 0 {
            return target;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Cluster;
    use crate::model::Domain;
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::plan;
    use crate::plan::Kind;
    use crate::plan::NoPlan;
    use crate::plan::Plan;
    use crate::plan::Request;
    use crate::plan::goal::Drain;
    use crate::plan::goal::Goal;
    use crate::plan::goal::Remove;
    use crate::plan::room::NoRoom;
    use crate::plan::why::Blocked;
    use crate::plan::why::Reason;
    use crate::policy::Policy;

    const GIB: u64 = 1 << 30;

    /// Every server holds so many GiB and has no limit; the hosts have so much memory.
    fn at(text: &str, used: &[(&str, u64)], has: &[(&str, u64)]) -> Cluster {
        let mut at = cluster(text);
        for node in &mut at.nodes {
            node.memory_limit = Some(0);
            node.used_memory = Some(0);
        }
        for (name, gib) in used {
            let node = id(&at, name);
            at.node_mut(node).used_memory = Some(gib * GIB);
        }
        for host in &mut at.hosts {
            let known = has.iter().find(|(name, _)| **name == *host.name);
            host.memory_bytes = known.map(|(_, gib)| gib * GIB);
        }
        at
    }

    fn asked(at: &Cluster, goal: Option<Goal>) -> Result<Plan, NoPlan> {
        let mut policy = Policy::default();
        policy.thresholds.forks = 0;
        let request = Request {
            goals: goal.into_iter().collect(),
            ..Request::default()
        };
        plan::plan(at, &policy, &policy.wanted(at), &request)
    }

    fn follows(plan: &Plan, node: &str) -> Option<String> {
        let master = plan.end.node(id(&plan.end, node)).master()?;
        Some(plan.end.node(master).name.to_string())
    }

    const TWO: &str = "m1@h1 <; m2@h2 < r2@h1; m3@h2 < r3@h1; x@h3";

    #[test]
    fn a_copy_comes_to_no_host_that_cannot_hold_it() {
        let holds = |plan: &Plan| plan.end.root(id(&plan.end, "x")).is_some();
        let plan = asked(&at(TWO, &[("m1", 8)], &[("h3", 8)]), None).expect("a plan");
        assert!(holds(&plan));
        let cramped = at(TWO, &[("m1", 8), ("m2", 9), ("m3", 9)], &[("h3", 7)]);
        let plan = asked(&cramped, None).expect("a plan");
        assert!(!holds(&plan));
        let told = plan.refusals.iter().find_map(|r| match &r.reason {
            Reason::NoRoom(no_room) => Some(*no_room),
            _ => None,
        });
        let expected = NoRoom {
            node: id(&cramped, "x"),
            needs: 8 * GIB,
            has: 7 * GIB,
        };
        assert_eq!(told, Some(expected));
        // What nobody knows restricts nothing.
        let plan = asked(&at(TWO, &[("m1", 8)], &[]), None).expect("a plan");
        assert!(holds(&plan));
    }

    #[test]
    fn a_small_shard_gets_what_is_too_small_for_a_large_one() {
        let text = "m1@h1 <; m2@h2 <; x@h3 y@h4";
        let at = at(text, &[("m1", 8), ("m2", 2)], &[("h3", 4), ("h4", 16)]);
        let plan = asked(&at, None).expect("a plan");
        let small = at.node(id(&at, "m2")).name.to_string();
        let large = at.node(id(&at, "m1")).name.to_string();
        assert_eq!(follows(&plan, "x"), Some(small));
        assert_eq!(follows(&plan, "y"), Some(large));
        assert!(plan.values.iter().all(|v| v.kind != Kind::None));
    }

    #[test]
    fn what_fits_one_by_one_and_not_together_is_held_back_without_a_proof() {
        let text = "m1@h1 <; m2@h2 <; x@h3 y@h3";
        let at = at(text, &[("m1", 5), ("m2", 5)], &[("h3", 8)]);
        let plan = asked(&at, None).expect("a plan");
        let come = ["x", "y"].map(|node| follows(&plan, node).is_some());
        assert_eq!(come, [true, false]);
        assert!(plan.values.iter().any(|v| v.kind == Kind::None));
    }

    /// The one refusal of a plan that is blocked.
    fn no_room(at: &Cluster, goal: impl Into<Goal>) -> NoRoom {
        let Err(NoPlan::Blocked(refusals)) = asked(at, Some(goal.into())) else {
            panic!("it needs the memory");
        };
        let [refusal] = &refusals[..] else {
            panic!("{refusals:?}");
        };
        let Reason::Blocked(Blocked::NoRoom { no_room, .. }) = &refusal.reason else {
            panic!("{refusal:?}");
        };
        *no_room
    }

    #[test]
    fn drains_and_removals_are_blocked_by_memory_in_numbers() {
        let domain = Domain::Host("h1".into());
        let used = [("m1", 8), ("m2", 8), ("m3", 8)];
        let drain = || Drain {
            domain: domain.clone(),
            stop: false,
        };
        let alone = "m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h2; x@h4";
        assert!(asked(&at(alone, &used, &[("h4", 8)]), Some(drain().into())).is_ok());
        let cramped = at(alone, &used, &[("h4", 7)]);
        let told = no_room(&cramped, drain());
        assert_eq!((told.needs, told.has), (8 * GIB, 7 * GIB));

        let remove = || Remove {
            domain: domain.clone(),
        };
        let pairs = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h2; x@h4";
        assert!(asked(&at(pairs, &used, &[("h4", 8)]), Some(remove().into())).is_ok());
        let told = no_room(&at(pairs, &used, &[("h4", 7)]), remove());
        assert_eq!((told.needs, told.has), (8 * GIB, 7 * GIB));
    }
}
