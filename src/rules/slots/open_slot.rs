//! ## What
//! A slot is open: a node's own line marks it as migrating to, or importing from, another node.
//!
//! ## Why
//! A reshard is running, or was cut off. An open slot answers with redirections and errors, and
//! blocks every later reshard of it. A capture cannot tell a running reshard from a dead one.
//!
//! ## Do
//! See whether a reshard is running. If not, let `topoplan plan --settle-slots` close what is open
//! on one side only, and move to its end what is open on both.
use std::collections::BTreeMap;

use crate::model::Direction;
use crate::model::OpenSlot;
use crate::model::SlotSet;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::OpenSlot,
    id: "open-slot",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Close, Some(Flag::SettleSlots)),
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("open_slot.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    if cx.cluster.iter().all(|(_, n)| n.open_slots.is_empty()) {
        return;
    }
    let by_name: BTreeMap<&str, NodeId> = cx
        .cluster
        .iter()
        .map(|(id, n)| (n.name.as_str(), id))
        .collect();
    for (id, node) in cx.cluster.iter() {
        for open in &node.open_slots {
            let peer = open.peer.as_ref().and_then(|p| by_name.get(p.as_str()));
            out.push(finding(cx.cluster, id, open, peer.copied()));
        }
    }
}

fn finding(cluster: &Cluster, id: NodeId, open: &OpenSlot, peer: Option<NodeId>) -> Finding {
    let node = cluster.node(id);
    let name = words::node(cluster, id);
    let of = if node.is_replica() {
        ", a replica,"
    } else {
        ""
    };
    let (verb, way) = match open.direction {
        Direction::Migrating => ("migrating", "to"),
        Direction::Importing => ("importing", "from"),
    };
    let far = match (peer, &open.peer) {
        (Some(peer), _) => format!("{way} {}", words::node(cluster, peer)),
        (None, Some(name)) => format!("{way} unknown id {}", name.short()),
        (None, None) => format!("{way} a node that the report does not name"),
    };
    let slot = open.slot;
    // Replicas repeat their master's lines; they are no end of a migration.
    let both = peer.is_some_and(|peer| cluster.node(peer).has_other_end(node, open));
    let end = match peer {
        _ if both => ", which has it open, too",
        Some(peer) if cluster.node(peer).seen.has_view => ", which does not have it open",
        Some(_) => ", whose own view is not in the capture",
        None => "",
    };
    let keys = match open.keys {
        Some(keys) => format!("; {} here", words::count(keys as usize, "key")),
        None => String::new(),
    };
    let message = format!("slot {slot} on {name}{of} is {verb} {far}{end}{keys}");
    let help = if both {
        Help::default().promise(
            Some("if no reshard is running"),
            Some(Ask::Flag(Flag::SettleSlots)),
            "moves the remaining keys and closes it",
        )
    } else {
        Help::default().promise(
            Some("if no reshard is running"),
            Some(Ask::Flag(Flag::SettleSlots)),
            "closes it",
        )
    };
    Finding::new(
        &RULE,
        Subject::Slots(SlotSet::from_ranges([(slot, slot)]), Some(id)),
        message,
    )
    .help(help)
    .evidence([id].into_iter().chain(peer).map(Fact::Node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeName;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    fn open(cluster: &mut Cluster, on: &str, direction: Direction, peer: &str) {
        let node = id(cluster, on);
        cluster.node_mut(node).open_slots.push(OpenSlot {
            slot: 100,
            direction,
            peer: Some(NodeName::new(peer)),
            keys: None,
        });
    }

    #[test]
    fn fires_per_slot_and_node_and_tells_one_side_from_two() {
        let mut cluster = healthy();
        open(&mut cluster, "m1", Direction::Migrating, "m2");
        assert!(
            findings(&RULE, &cluster)[0]
                .help
                .to_string()
                .contains("--settle-slots")
        );
        open(&mut cluster, "m2", Direction::Importing, "m1");
        open(&mut cluster, "r1", Direction::Migrating, "m2");
        assert_eq!(subjects(&RULE, &cluster), ["100@m1", "100@r1", "100@m2"]);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.ends_with("which has it open, too"));
        assert!(found[1].message.contains("a replica"));
    }

    #[test]
    fn an_unknown_peer_is_named_by_its_id() {
        let mut cluster = healthy();
        open(&mut cluster, "m3", Direction::Importing, "07c37dfeb235213a");
        let found = findings(&RULE, &cluster);
        assert!(
            found[0]
                .message
                .ends_with("importing from unknown id 07c37dfe")
        );
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
