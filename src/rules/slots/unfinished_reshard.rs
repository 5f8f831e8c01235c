//! ## What
//! Slots were on their way from one master to another when the capture was taken.
//!
//! ## Why
//! Two masters serve such a slot between them, by redirections and with errors for commands of several
//! keys. Whether it goes on can be told where the source says for how many targets it holds
//! connections: `migrate_cached_sockets` of INFO falls to 0 some ten seconds after the last key went
//! (`migrateCloseTimedoutSockets`).
//!
//! ## Do
//! Where it goes on, wait. Where it stands still, see what became of the tool that moved them: after
//! a time-out or a broken session nobody goes on by itself. A plan finishes it (S003).
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::model::Direction;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnfinishedReshard,
    id: "unfinished-reshard",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("unfinished_reshard.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let mut moves: BTreeMap<(NodeId, NodeId), SlotSet> = BTreeMap::new();
    for (id, node) in cluster.iter().filter(|(_, n)| n.is_live() && n.is_master()) {
        for open in &node.open_slots {
            let peer = open.peer.as_ref().and_then(|p| cluster.find(p.as_str()));
            let Some(peer) = peer else { continue };
            // What is open on one side alone is on its way nowhere.
            if !cluster.node(peer).has_other_end(node, open) {
                continue;
            }
            let ends = match open.direction {
                Direction::Migrating => (id, peer),
                Direction::Importing => (peer, id),
            };
            moves.entry(ends).or_default().insert(open.slot);
        }
    }
    for ((from, to), slots) in moves {
        out.push(finding(inventory, from, to, slots));
    }
}

fn finding(inventory: &Inventory, from: NodeId, to: NodeId, slots: SlotSet) -> Finding {
    let cluster = &inventory.cluster;
    let [source, target] = [from, to].map(|id| words::node(cluster, id));
    let mut message = format!(
        "{} on the way from {source} to {target}: by now {target} owns {} and {source} {}",
        match slots.len() {
            1 => format!("slot {slots} is"),
            _ => format!("slots {slots} are"),
        },
        words::count(cluster.node(to).slots.len() as usize, "slot"),
        cluster.node(from).slots.len(),
    );
    if let Some(keys) = left(cluster, from, &slots) {
        let keys = words::count(keys as usize, "key");
        message.push_str(&format!("; {keys} of them are still at {source}"));
    }
    let vitals = inventory.vitals.get(&from);
    let told = vitals.and_then(|v| v.number("migrate_cached_sockets"));
    let mut severity = RULE.severity;
    let help = match told {
        Some((0, _)) => {
            message.push_str("; no key went for some ten seconds: it stands still");
            "see what became of the tool that moved them; S003 says what a plan does about it"
        }
        Some(_) => {
            message.push_str("; keys went within the last ten seconds: it goes on");
            severity = Severity::Note;
            "wait until it is done, and capture again"
        }
        None => "see whether the tool that moves them still runs; INFO of the source would tell",
    };
    let read = told.map(|(_, at)| Fact::Read(at));
    let evidence = [from, to].map(Fact::Node).into_iter().chain(read);
    Finding::new(&RULE, Subject::Slots(slots, Some(from)), message)
        .severity(severity)
        .help(help)
        .evidence(evidence)
}

/// Keys of the slots at their source, where it tells those of all.
fn left(cluster: &Cluster, from: NodeId, slots: &SlotSet) -> Option<u64> {
    let open = &cluster.node(from).open_slots;
    let each = slots.iter().map(|slot| {
        let told = open.iter().find(|o| o.slot == slot).and_then(|o| o.keys);
        told.or(cluster.slot_loads.get(slot).keys)
    });
    each.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeName;
    use crate::model::OpenSlot;
    use crate::model::SlotLoad;
    use crate::model::SlotLoads;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    fn found(inventory: &Inventory) -> Vec<Finding> {
        let mut out = Vec::new();
        check(inventory, &mut out);
        out
    }

    #[test]
    fn tells_how_far_it_got() {
        let mut cluster = healthy();
        let [m1, m2] = ["m1", "m2"].map(|name| id(&cluster, name));
        for (at, direction, peer) in [
            (m1, Direction::Migrating, m2),
            (m2, Direction::Importing, m1),
        ] {
            let peer = NodeName::new(cluster.node(peer).name.as_str());
            cluster.node_mut(at).open_slots.push(OpenSlot {
                slot: 100,
                direction,
                peer: Some(peer),
                keys: None,
            });
        }
        let load = SlotLoad {
            keys: Some(40),
            bytes: None,
        };
        cluster.slot_loads = SlotLoads::new([(100, load)]);
        let inventory = Inventory {
            cluster,
            ..Inventory::default()
        };
        let found = found(&inventory);
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(
            message.starts_with("slot 100 is on the way from"),
            "{message}"
        );
        assert!(message.contains("owns 5461 slots and"), "{message}");
        assert!(
            message.contains("; 40 keys of them are still at"),
            "{message}"
        );
    }

    #[test]
    fn silent_on_healthy() {
        let inventory = Inventory {
            cluster: healthy(),
            ..Inventory::default()
        };
        assert_eq!(found(&inventory), []);
    }
}
