//! Whether the cluster serves, who has the majority, and of when the capture is.

use crate::inventory::Inventory;
use crate::inventory::State;
use crate::measure;
use crate::measure::Memory;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::report;
use crate::report::Serves;

/// What stands at the top of every answer.
pub(super) fn state(inventory: &Inventory) -> report::State {
    let cluster = &inventory.cluster;
    let asked = inventory.states.len();
    let ok = inventory.states.values().filter(|s| **s == State::Ok);
    let ok = ok.count();
    let slots_down = cluster.uncovered().len();
    let mut contested = SlotSet::new();
    for (_, node) in cluster.iter().filter(|(_, n)| n.is_live_member()) {
        contested.union_with(&node.seen.contested);
    }
    let (voters, voters_live) = (cluster.voters(), cluster.live_voters());
    let whole = !inventory.incomplete && !cluster.unread.nodes && !cluster.unread.slots;
    let votes = cluster.server.other_control_plane().is_none() && whole && voters > 0;
    let majority = votes.then(|| cluster.has_majority());
    let clocks = || inventory.views.iter().filter_map(|view| view.clock);
    let mut state = report::State {
        serves: Serves::Unknown,
        ok,
        asked,
        slots_down,
        slots_contested: contested.len(),
        voters,
        voters_live,
        voters_needed: cluster.votes_needed(),
        majority,
        host_losses: None,
        host_losses_by_copies: None,
        taken_ms: clocks().min(),
        taken_until_ms: clocks().max(),
        whole,
    };
    state.serves = serves(inventory, &state);
    if !matches!(state.serves, Serves::No | Serves::Partly) && whole {
        let shards = cluster.shards();
        let memory = Memory::of(cluster, inventory.policy.thresholds.forks);
        state.host_losses = measure::host_losses(cluster, &shards, Some(&memory));
        let by_copies = measure::host_losses(cluster, &shards, None);
        state.host_losses_by_copies = by_copies.filter(|_| by_copies != state.host_losses);
    }
    state
}

fn serves(inventory: &Inventory, state: &report::State) -> Serves {
    let all_say = |said: usize| state.asked > 0 && said == state.asked;
    if all_say(state.asked - state.ok) || state.majority == Some(false) {
        Serves::No
    } else if !state.whole || inventory.cluster.nodes.is_empty() {
        Serves::Unknown
    } else if state.slots_down == u32::from(SLOT_COUNT) {
        Serves::No
    } else if state.slots_down > 0 || state.ok < state.asked || !inventory.conflicts.is_empty() {
        Serves::Partly
    } else if all_say(state.ok) {
        Serves::Yes
    } else {
        Serves::Unknown
    }
}
