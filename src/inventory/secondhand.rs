//! Where no node's view was captured: what other answers that list nodes can still tell.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::inventory::Conflict;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::record::View;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::parse::Authority;
use crate::parse::Flags;
use crate::text::Place;

/// SHARDS, SLOTS and reports say less than a view: beside one they are not used, and what a
/// report complains about is told better.
pub(super) fn drop_lesser_views(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    let told = gathered.views.iter().filter(|v| !v.lines.is_empty());
    let best = told.map(|v| v.authority).min().unwrap_or_default();
    let is_view = |authority| authority <= Authority::Disk;
    let (kept, dropped) = std::mem::take(&mut gathered.views)
        .into_iter()
        .partition(|v| is_view(v.authority) || v.authority == best);
    gathered.views = kept;
    if !is_view(best) {
        return;
    }
    let dropped: Vec<View> = dropped;
    let mut lesser: BTreeSet<&str> = dropped.iter().map(|v| &*v.path).collect();
    for view in &gathered.views {
        // A transcript holds answers of both kinds.
        lesser.remove(&*view.path);
    }
    let is_lesser = |d: &Diagnostic| {
        let place = d.place.as_ref();
        matches!(d.code, Code::Report(_)) || place.is_some_and(|p| lesser.contains(&*p.path))
    };
    // What such an answer can never tell is of no interest then.
    diagnostics
        .retain(|d| !is_lesser(d) || d.code != Parse::ShardSlots && d.code != Capture::NoIds);
    for diagnostic in diagnostics.iter_mut().filter(|d| is_lesser(d)) {
        diagnostic.severity = Severity::Note;
    }
    gathered.lesser_views = dropped;
}

/// The kind of answer that stands in for views, and what it cannot show; `None` where there are
/// views.
pub(super) fn note(
    gathered: &Gathered,
    used: &[usize],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Authority> {
    let first = &gathered.views[*used.first()?];
    let (name, lack) = match first.authority {
        Authority::View | Authority::Disk => return None,
        Authority::Shards => (
            "CLUSTER SHARDS",
            "it has no config epochs, no links, no open slots, and no nodes that were left over",
        ),
        Authority::Check => (
            "the report of a cluster check",
            "it has no config epochs and no links, and leaves out nodes that did not answer",
        ),
        Authority::Slots => (
            "CLUSTER SLOTS",
            "it leaves out failed replicas, replicas that never finished a sync and nodes without slots, so a replica that seems to be missing may be there",
        ),
    };
    diagnostics.push(
        Diagnostic::new(
            Capture::NoClusterNodes,
            format!("no `cluster nodes` in the capture; the nodes are read from {name}: {lack}"),
        )
        .at(Place {
            path: first.path.clone(),
            line: 1,
            column: 1,
        })
        .help("capture `cluster nodes` of every node"),
    );
    Some(first.authority)
}

/// Every slot goes to whom most answers name, the newest on a tie. No config epoch can settle a
/// disagreement here, so each is a conflict.
pub(super) fn settle_slots(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &mut Cluster,
) -> Vec<Conflict> {
    let mut votes: Vec<Vec<Vote>> = vec![Vec::new(); usize::from(SLOT_COUNT)];
    for view in used.iter().map(|&v| &gathered.views[v]) {
        for fact in view.lines.iter().map(|line| gathered.fact(line)) {
            let Some(owner) = index.get(fact.token) else {
                continue;
            };
            let slots = fact
                .slots
                .iter()
                .flat_map(|&(a, b)| a..=b.min(SLOT_COUNT - 1));
            for slot in slots.filter(|_| !fact.flags.has(Flags::REPLICA)) {
                vote(&mut votes[usize::from(slot)], owner, view.clock);
            }
        }
    }
    let mut rivals: BTreeMap<Vec<NodeId>, SlotSet> = BTreeMap::new();
    for (slot, votes) in (0_u16..).zip(&votes) {
        let most = votes
            .iter()
            .max_by_key(|v| (v.count, v.newest, std::cmp::Reverse(v.owner)));
        let Some(most) = most else { continue };
        cluster.node_mut(most.owner).slots.insert(slot);
        if votes.len() > 1 {
            let mut claimants: Vec<NodeId> = votes.iter().map(|v| v.owner).collect();
            claimants.sort_unstable();
            rivals.entry(claimants).or_default().insert(slot);
        }
    }
    let conflict = |(claimants, slots)| Conflict {
        slots,
        claimants,
        own_claims: false,
    };
    rivals.into_iter().map(conflict).collect()
}

/// How many answers name this owner of a slot.
#[derive(Clone)]
struct Vote {
    owner: NodeId,
    count: u32,
    newest: u64,
}

fn vote(votes: &mut Vec<Vote>, owner: NodeId, clock: u64) {
    match votes.iter_mut().find(|v| v.owner == owner) {
        Some(vote) => {
            vote.count += 1;
            vote.newest = vote.newest.max(clock);
        }
        None => votes.push(Vote {
            owner,
            count: 1,
            newest: clock,
        }),
    }
}
