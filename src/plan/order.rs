//! Actions to steps: an order in which every prefix is safe.
//!
//! Phases come first. Within a phase a graph says what must precede what; a cycle of replica
//! moves is broken where the least data is exposed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Action;
use crate::action::Mode;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::graph::Graph;
use crate::plan::Phase;

/// An action with what decides its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    pub action: Action,
    pub phase: Phase,
    /// Within a phase, smaller first: orphans before shards that have a replica.
    pub urgency: u8,
    pub cures: Vec<&'static str>,
    pub reason: String,
    /// MiB it copies.
    pub mib: i64,
    /// The shard a replica is taken from, by its owner, and whether that leaves it exposed.
    pub leaves: Option<Leave>,
}

/// A replica move seen from the shard that gives the replica up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leave {
    pub owner: NodeId,
    /// The shard has another usable copy beside its master, whatever comes.
    pub covered: bool,
    /// MiB of the shard: what is at stake while it waits for its new replica.
    pub mib: i64,
}

/// A step: an action in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub draft: Draft,
    pub wave: u32,
    /// Positions of steps that must be done before, ascending.
    pub after: Vec<usize>,
    /// Two failovers of one shard: votes are withheld for twice the node timeout.
    pub pause: bool,
}

/// Orders the drafts; see the module text.
pub fn order(cluster: &Cluster, drafts: Vec<Draft>) -> Vec<Step> {
    let mut graph = dependencies(cluster, &drafts);
    break_cycles(&mut graph, &drafts);
    let key = |index: usize| {
        let draft = &drafts[index];
        (
            draft.phase,
            kind(&draft.action),
            draft.urgency,
            address_rank(&draft.action),
            index,
        )
    };
    let order = graph.topological_by(key).expect("cycles were broken");
    let mut position = vec![0; drafts.len()];
    for (place, &index) in order.iter().enumerate() {
        position[index] = place;
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for index in 0..drafts.len() {
        for next in graph.successors(index) {
            after[position[next]].push(position[index]);
        }
    }
    let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let mut steps: Vec<Step> = Vec::with_capacity(order.len());
    let mut waves = Waves::default();
    for (place, &index) in order.iter().enumerate() {
        let Some(draft) = slots[index].take() else {
            continue;
        };
        let mut after = std::mem::take(&mut after[place]);
        after.sort_unstable();
        let ready = after.iter().map(|&a| steps[a].wave + 1).max().unwrap_or(1);
        let wave = waves.place(cluster, &draft, ready);
        let pause = pause(&steps, &draft);
        steps.push(Step {
            draft,
            wave,
            after,
            pause,
        });
    }
    steps
}

/// Forgets last; see the phases for the rest. A closing waits for the copies that do not wait for
/// it: what lost its copies is in more danger than what has a slot open.
fn kind(action: &Action) -> u8 {
    match action {
        Action::Meet { .. } | Action::Flush { .. } | Action::Replicate { .. } => 0,
        Action::Stable { .. } => 1,
        Action::Failover { .. } => 2,
        Action::Forget { .. } => 3,
    }
}

fn address_rank(action: &Action) -> (NodeId, u8) {
    match action {
        Action::Meet { node, .. } => (*node, 0),
        Action::Flush { node } => (*node, 1),
        Action::Replicate { node, .. } => (*node, 2),
        Action::Failover { node, .. }
        | Action::Forget { node, .. }
        | Action::Stable { node, .. } => (*node, 3),
    }
}

fn dependencies(cluster: &Cluster, drafts: &[Draft]) -> Graph {
    let mut graph = Graph::new(drafts.len());
    let mut prepares: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    let mut replicates: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut into: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
    let mut promoted: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut closed: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        match &draft.action {
            Action::Meet { node, .. } | Action::Flush { node } => {
                prepares.entry(*node).or_default().push(index)
            }
            Action::Replicate { node, master } => {
                replicates.insert(*node, index);
                into.entry(*master).or_default().push(index);
            }
            Action::Failover { node, .. } => {
                promoted.insert(*node, index);
            }
            Action::Stable { node, .. } => {
                closed.insert(*node, index);
            }
            Action::Forget { .. } => {}
        }
    }
    for (index, draft) in drafts.iter().enumerate() {
        let mut needs: BTreeSet<usize> = BTreeSet::new();
        match &draft.action {
            Action::Meet { .. } => {}
            Action::Flush { node } => {
                // A flush that waits for the meet keeps the guard of the meet simple.
                needs.extend(prepares[node].iter().filter(|&&p| p < index));
            }
            Action::Replicate { node, master } => {
                needs.extend(prepares.get(node).into_iter().flatten());
                needs.extend(promoted.get(master));
                needs.extend(closed.get(master));
                // Whoever follows this node must leave first, or it would be left chained.
                let followers = cluster
                    .iter()
                    .filter(|(_, n)| n.live && n.master() == Some(*node));
                needs.extend(followers.filter_map(|(id, _)| replicates.get(&id)));
                if let Some(leave) = draft.leaves.filter(|l| !l.covered) {
                    // What comes in a later phase comes on top of what was wanted.
                    let into = into.get(&leave.owner).into_iter().flatten();
                    needs.extend(into.filter(|&&i| drafts[i].phase <= draft.phase));
                }
            }
            Action::Failover { node, old, .. } => {
                needs.extend(replicates.get(node));
                needs.extend(promoted.get(old));
                needs.extend(closed.get(old));
            }
            Action::Stable { .. } => {}
            Action::Forget { .. } => {}
        }
        needs.remove(&index);
        needs
            .into_iter()
            .for_each(|before| graph.connect(before, index));
    }
    chain_takeovers(&mut graph, drafts);
    forgets_last(&mut graph, drafts);
    graph
}

/// Every forget waits for whatever nothing else waits for.
fn forgets_last(graph: &mut Graph, drafts: &[Draft]) {
    let forget = |d: &usize| matches!(drafts[*d].action, Action::Forget { .. });
    let ends: Vec<usize> = (0..drafts.len())
        .filter(|d| !forget(d) && graph.successors(*d).is_empty())
        .collect();
    for forget in (0..drafts.len()).filter(forget) {
        ends.iter().for_each(|&end| graph.connect(end, forget));
    }
}

/// Takeovers go one at a time, and a vote needs the voters that they bring back.
fn chain_takeovers(graph: &mut Graph, drafts: &[Draft]) {
    let serving: Vec<usize> = (0..drafts.len())
        .filter(|&d| {
            drafts[d].phase == Phase::Serve && matches!(drafts[d].action, Action::Failover { .. })
        })
        .collect();
    let takeover = |&d: &usize| {
        matches!(
            drafts[d].action,
            Action::Failover {
                mode: Mode::Takeover,
                ..
            }
        )
    };
    for (at, &first) in serving.iter().enumerate().filter(|(_, d)| takeover(d)) {
        for &later in &serving[at + 1..] {
            graph.connect(first, later);
        }
    }
}

/// A cycle of moves has no safe first step: the shard with the least data goes first, exposed
/// until its new replica is in sync.
fn break_cycles(graph: &mut Graph, drafts: &[Draft]) {
    while let Some(cycle) = graph.cycles().into_iter().next() {
        let members: BTreeSet<usize> = cycle.iter().copied().collect();
        let exposed = |&d: &usize| drafts[d].leaves.map_or((i64::MAX, d), |l| (l.mib, d));
        let first = cycle
            .iter()
            .copied()
            .min_by_key(exposed)
            .expect("a cycle has members");
        for &before in &members {
            graph.disconnect(before, first);
        }
    }
}

/// Waves: steps of one wave may run at the same time. Failovers go one at a time, as
/// concurrent elections race for epochs; a host takes part in one full sync at a time, as each
/// forks the master and can double its memory; a move that exposes a shard goes alone.
#[derive(Default)]
struct Waves {
    last: u32,
    phase: Option<Phase>,
    floor: u32,
    alone: BTreeSet<u32>,
    taken: BTreeMap<u32, BTreeSet<HostId>>,
    used: BTreeSet<u32>,
}

impl Waves {
    fn place(&mut self, cluster: &Cluster, draft: &Draft, ready: u32) -> u32 {
        if self.phase != Some(draft.phase) {
            self.phase = Some(draft.phase);
            self.floor = self.last + 1;
        }
        let exclusive = matches!(draft.action, Action::Failover { .. })
            || draft.leaves.is_some_and(|l| !l.covered);
        let hosts: BTreeSet<HostId> = match &draft.action {
            Action::Replicate { node, master } => [*node, *master]
                .iter()
                .filter_map(|&n| cluster.node(n).host)
                .collect(),
            _ => BTreeSet::new(),
        };
        let mut wave = ready.max(self.floor);
        while self.alone.contains(&wave)
            || (exclusive && self.used.contains(&wave))
            || self
                .taken
                .get(&wave)
                .is_some_and(|t| !t.is_disjoint(&hosts))
        {
            wave += 1;
        }
        if exclusive {
            self.alone.insert(wave);
        }
        self.used.insert(wave);
        self.taken.entry(wave).or_default().extend(hosts);
        self.last = self.last.max(wave);
        wave
    }
}

fn pause(steps: &[Step], draft: &Draft) -> bool {
    let Action::Failover { old, .. } = &draft.action else {
        return false;
    };
    steps
        .iter()
        .any(|s| matches!(&s.draft.action, Action::Failover { node, .. } if node == old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotSet;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    fn draft(action: Action) -> Draft {
        Draft {
            action,
            phase: Phase::Protect,
            urgency: 0,
            cures: Vec::new(),
            reason: String::new(),
            mib: 1,
            leaves: None,
        }
    }

    #[test]
    fn a_closing_waits_for_the_copies_that_do_not_wait_for_it() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 <; m3@h3 <; x@h3 y@h1");
        let closing = Action::Stable {
            node: id(&cluster, "m2"),
            slots: SlotSet::from_ranges([(6000, 6000)]),
        };
        let copy = |node: &str, master: &str| Action::Replicate {
            node: id(&cluster, node),
            master: id(&cluster, master),
        };
        let drafts = [closing, copy("x", "m2"), copy("y", "m3")].map(draft);
        let steps = order(&cluster, drafts.to_vec());
        let order: Vec<&Action> = steps.iter().map(|s| &s.draft.action).collect();
        assert_eq!(order[0], &copy("y", "m3"));
        assert!(matches!(order[1], Action::Stable { .. }));
        assert_eq!(order[2], &copy("x", "m2"));
    }
}
