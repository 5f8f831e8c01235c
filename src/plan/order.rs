//! Actions to steps: an order in which every prefix is safe.
//!
//! Phases come first. Within a phase a graph says what must precede what, by the milestones that
//! actions give and need; a cycle of replica moves is broken where the least data is exposed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Counted;
use crate::action::Draft;
use crate::action::Milestone;
use crate::action::Rank;
use crate::action::Step;
use crate::model::Cluster;
use crate::model::graph::Graph;
use crate::plan::budget;
use crate::plan::moving::Moving;
use crate::plan::rolling::processes::Limits;
use crate::rules::Phase;

/// More steps than this are not named one by one by each that waits for them all.
const NAMED: usize = 8;

/// Orders the drafts; see the module text. No wave has more syncs than the limits permit.
pub fn order(cluster: &Counted, drafts: Vec<Draft>, limits: &Limits) -> Vec<Step> {
    let given = Given::new(cluster, &drafts);
    let mut graph = dependencies(cluster, &drafts, &given);
    break_cycles(&mut graph, &drafts);
    let barrier = last_waits(&mut graph, &drafts);
    let order = schedule(cluster, &graph, &drafts);
    let mut position = vec![0; drafts.len()];
    for (place, &index) in order.iter().enumerate() {
        position[index] = place;
    }
    let (mut after, ends) = waits(&graph, barrier, &position);
    let pauses = |draft: &Draft| {
        let rests = draft.action.rests_after().map(|m| given.by(m));
        let places = rests.into_iter().flatten().map(|&index| position[index]);
        places.max()
    };
    let paused: Vec<bool> = order
        .iter()
        .enumerate()
        .map(|(place, &index)| pauses(&drafts[index]).is_some_and(|earlier| earlier < place))
        .collect();
    let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let mut steps: Vec<Step> = Vec::with_capacity(order.len());
    let mut waves = Waves::new(limits);
    // The last step that does not go last, and the last wave of such.
    let (mut last_before, mut steps_end) = (None, None);
    for (place, &index) in order.iter().enumerate() {
        let Some(draft) = slots[index].take() else {
            continue;
        };
        let mut after = std::mem::take(&mut after[place]);
        let is_last = draft.action.rank().0 == Rank::Last;
        if is_last && ends.len() <= NAMED {
            after.extend(&ends);
        }
        after.sort_unstable();
        // The barrier held it back until all others were placed.
        let barrier = last_before.filter(|_| is_last && ends.len() > NAMED);
        let waits_for = after.iter().copied().map(|a| steps[a].wave);
        let through = barrier.and(steps_end);
        let ready = waits_for.chain(through).max().map_or(1, |wave| wave + 1);
        let wave = waves.place(cluster, &draft, ready);
        if !is_last {
            last_before = Some(place);
            steps_end = steps_end.max(Some(wave));
        }
        steps.push(Step {
            draft,
            wave,
            after,
            barrier,
            pause: paused[place],
        });
    }
    steps
}

/// What each position waits for, and what the barrier waits for.
fn waits(graph: &Graph, barrier: usize, position: &[usize]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut after = vec![Vec::new(); position.len()];
    let mut ends = Vec::new();
    for (index, &place) in position.iter().enumerate() {
        for next in graph.successors(index) {
            if next == barrier {
                ends.push(place);
            } else {
                after[position[next]].push(place);
            }
        }
    }
    (after, ends)
}

/// Which drafts bring a milestone about.
struct Given {
    by: BTreeMap<Milestone, Vec<usize>>,
}

impl Given {
    fn new(cluster: &Counted, drafts: &[Draft]) -> Self {
        let mut by: BTreeMap<Milestone, Vec<usize>> = BTreeMap::new();
        for (index, draft) in drafts.iter().enumerate() {
            for milestone in draft.action.gives(cluster) {
                by.entry(milestone).or_default().push(index);
            }
        }
        Self { by }
    }

    fn by(&self, milestone: Milestone) -> &[usize] {
        self.by.get(&milestone).map_or(&[], Vec::as_slice)
    }
}

/// One node for every draft, and behind them the barrier of [`last_waits`].
fn dependencies(cluster: &Cluster, drafts: &[Draft], given: &Given) -> Graph {
    let moving = Moving::of(cluster, drafts);
    let mut graph = Graph::new(drafts.len() + 1);
    for (index, draft) in drafts.iter().enumerate() {
        let needs = draft.action.needs();
        let mut before: BTreeSet<usize> =
            needs.iter().flat_map(|&m| given.by(m)).copied().collect();
        if let Some(leave) = draft.leaves.filter(|l| !l.covered) {
            // What comes in a later phase comes on top of what was wanted.
            let gains = given.by(Milestone::Gained(leave.owner)).iter().copied();
            before.extend(gains.filter(|&i| drafts[i].phase <= draft.phase));
        }
        if let Some(moving) = &moving {
            moving.mend(index, &mut before);
        }
        before.remove(&index);
        before.into_iter().for_each(|b| graph.connect(b, index));
    }
    hold_up(&mut graph, drafts);
    graph
}

/// What holds others up goes before all that come behind it in its phase and rank.
fn hold_up(graph: &mut Graph, drafts: &[Draft]) {
    let mut groups: BTreeMap<(Phase, Rank), Option<usize>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let holder = groups
            .entry((draft.phase, draft.action.rank().0))
            .or_default();
        if let Some(holder) = *holder {
            graph.connect(holder, index);
        }
        if draft.action.room().holds_up {
            *holder = Some(index);
        }
    }
}

/// Every draft behind what it waits for, the least key first among those that are ready; but no
/// replica leaves a shard where that would leave a second shard with a single copy, as long as
/// anything else can be done first.
fn schedule(start: &Counted, graph: &Graph, drafts: &[Draft]) -> Vec<usize> {
    let key = |index: usize| {
        // A barrier is passed as soon as nothing holds it up.
        let draft = drafts.get(index)?;
        let (rank, number) = draft.action.rank();
        let subject = draft.action.subject();
        Some((draft.phase, rank, draft.urgency, (subject, number), index))
    };
    let (mut at, most_thin) = (start.clone(), start.thin().len() + 1);
    let mut blockers = graph.predecessor_counts();
    let first = (0..blockers.len()).filter(|&index| blockers[index] == 0);
    let mut ready: BTreeSet<_> = first.map(|index| (key(index), index)).collect();
    let mut held_back = BTreeSet::new();
    let mut order = Vec::with_capacity(drafts.len());
    while let Some((_, index)) = next(&at, most_thin, drafts, &mut ready, &mut held_back) {
        if let Some(draft) = drafts.get(index) {
            draft.action.apply(&mut at);
            order.push(index);
        }
        for next in graph.successors(index) {
            blockers[next] -= 1;
            if blockers[next] == 0 {
                ready.insert((key(next), next));
            }
        }
    }
    order
}

/// Takes out who goes next.
fn next<K: Ord + Copy>(
    at: &Counted,
    most_thin: usize,
    drafts: &[Draft],
    ready: &mut BTreeSet<(K, usize)>,
    held_back: &mut BTreeSet<(K, usize)>,
) -> Option<(K, usize)> {
    if at.thin().len() < most_thin {
        ready.append(held_back);
    }
    let phase = |of: &BTreeSet<(K, usize)>| of.first().map(|&(_, index)| phase_of(drafts, index));
    let running = phase(ready).into_iter().chain(phase(held_back)).min()?;
    while phase(ready) == Some(running) {
        let (key, index) = ready.pop_first()?;
        let exposes = drafts.get(index).is_some_and(|draft| exposes(at, draft));
        if at.thin().len() < most_thin || !exposes {
            return Some((key, index));
        }
        held_back.insert((key, index));
    }
    // What came to a shard meanwhile may have made room; if not, no order is better.
    let fits = |&&(_, index): &&(K, usize)| !exposes(at, &drafts[index]);
    let next = *held_back.iter().find(fits).or(held_back.first())?;
    held_back.remove(&next);
    Some(next)
}

/// Of a barrier: none, before all phases.
fn phase_of(drafts: &[Draft], index: usize) -> Option<Phase> {
    drafts.get(index).map(|draft| draft.phase)
}

/// The shard that gives a replica up comes to have a single copy.
fn exposes(at: &Counted, draft: &Draft) -> bool {
    let node = draft.action.subject();
    let counts = at.is_synced(node) && at.node(node).slots.is_empty();
    let from = draft.leaves.and_then(|_| at.root(node)).filter(|_| counts);
    from.is_some_and(|owner| at.copies(owner) == 2)
}

/// What goes last waits, behind one barrier, for whatever nothing else waits for. The node of
/// the barrier.
fn last_waits(graph: &mut Graph, drafts: &[Draft]) -> usize {
    let barrier = drafts.len();
    for (index, draft) in drafts.iter().enumerate() {
        if draft.action.rank().0 == Rank::Last {
            graph.connect(barrier, index);
        } else if graph.successors(index).is_empty() {
            graph.connect(index, barrier);
        }
    }
    barrier
}

/// A cycle of moves has no safe first step: the shard with the least data goes first, exposed
/// until its new replica is in sync.
fn break_cycles(graph: &mut Graph, drafts: &[Draft]) {
    let mut cycles = graph.cycles();
    while let Some(cycle) = cycles.pop() {
        let exposed = |&d: &usize| drafts[d].leaves.map_or((i64::MAX, d), |l| (l.mib, d));
        let first = cycle
            .iter()
            .copied()
            .min_by_key(exposed)
            .expect("a cycle has members");
        for &before in &cycle {
            graph.disconnect(before, first);
        }
        // Who goes first waits for no other member, so only the rest can still be a cycle.
        cycles.extend(graph.cycles_among(&cycle));
    }
}

/// Waves: steps of one wave may run at the same time. What goes alone does, as does a move that
/// exposes a shard; a host takes part in one full sync at a time unless the policy says otherwise,
/// as each forks the master and can double its memory.
struct Waves<'a> {
    limits: &'a Limits,
    last: u32,
    phase: Option<Phase>,
    floor: u32,
    /// Waves that are taken by a step that goes alone.
    alone: Taken,
    /// By what syncs burden, the waves in which it carries no more.
    busy: BTreeMap<usize, Taken>,
    /// Syncs by what they burden and by wave, where it carries more than one.
    syncs: BTreeMap<(usize, u32), usize>,
    /// Syncs of each wave, and the waves that hold no more.
    in_all: BTreeMap<u32, usize>,
    full: Taken,
    /// Waves with any step.
    used: Taken,
}

impl<'a> Waves<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            last: 0,
            phase: None,
            floor: 0,
            alone: Taken::default(),
            busy: BTreeMap::new(),
            syncs: BTreeMap::new(),
            in_all: BTreeMap::new(),
            full: Taken::default(),
            used: Taken::default(),
        }
    }

    /// One more sync in that wave.
    fn burden(&mut self, burdens: &[usize], wave: u32) {
        for &burden in burdens {
            let Some(room) = self.limits.rooms.get(&burden) else {
                continue;
            };
            let syncs = self.syncs.entry((burden, wave)).or_default();
            *syncs += 1;
            if *syncs >= room.most {
                self.busy.entry(burden).or_default().take(wave);
            }
        }
        let syncs = self.in_all.entry(wave).or_default();
        *syncs += 1;
        if self.limits.in_all.is_some_and(|most| *syncs >= most) {
            self.full.take(wave);
        }
    }

    fn place(&mut self, cluster: &Cluster, draft: &Draft, ready: u32) -> u32 {
        if self.phase != Some(draft.phase) {
            self.phase = Some(draft.phase);
            self.floor = self.last + 1;
        }
        let room = draft.action.room();
        let alone = room.alone || draft.leaves.is_some_and(|l| !l.covered);
        let burdens = budget::burdens(cluster, &room.busy);
        let copies = !room.busy.is_empty();
        let mut wave = ready.max(self.floor);
        loop {
            let mut free = self.alone.next_free(wave);
            if alone {
                free = self.used.next_free(free);
            }
            if copies {
                free = self.full.next_free(free);
            }
            for burden in &burdens {
                free = self.busy.entry(*burden).or_default().next_free(free);
            }
            if free == wave {
                break;
            }
            wave = free;
        }
        if alone {
            self.alone.take(wave);
        }
        self.used.take(wave);
        if copies {
            self.burden(&burdens, wave);
        }
        self.last = self.last.max(wave);
        wave
    }
}

/// A set of numbers that answers which is the next one outside it, in about constant time.
#[derive(Default)]
struct Taken {
    /// A number in the set to one that is nearer to the next free one.
    ahead: BTreeMap<u32, u32>,
}

impl Taken {
    fn take(&mut self, number: u32) {
        self.ahead.entry(number).or_insert(number + 1);
    }

    fn next_free(&mut self, from: u32) -> u32 {
        let mut free = from;
        while let Some(&next) = self.ahead.get(&free) {
            free = next;
        }
        // Who asks again gets there at once.
        let mut at = from;
        while at != free {
            let next = self.ahead.insert(at, free);
            at = next.unwrap_or(free);
        }
        free
    }
}

#[cfg(test)]
mod tests;
