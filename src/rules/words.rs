//! How messages spell slots, nodes and lists: short enough for one line of a terminal.

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::SlotSet;
pub(super) use crate::text::words::LISTED;
pub(super) use crate::text::words::bytes;
pub(super) use crate::text::words::count;
pub(super) use crate::text::words::list;
pub(super) use crate::text::words::list_up_to;
pub(super) use crate::text::words::plural;

/// `0-5460,7000`; of many ranges the first few and the number of slots.
pub(super) fn slots(slots: &SlotSet) -> String {
    match ranges(slots) {
        (text, true) => text,
        (text, false) => format!("{text} ({} slots)", slots.len()),
    }
}

/// The slots as ranges, and whether these are all of them: of many only the first few are named.
pub(super) fn ranges(slots: &SlotSet) -> (String, bool) {
    let ranges = slots.ranges();
    if ranges.len() <= LISTED {
        return (slots.to_string(), true);
    }
    let first = SlotSet::from_ranges(ranges.into_iter().take(LISTED));
    (format!("{first},…"), false)
}

/// Addresses of nodes as [`list`] spells them.
pub(super) fn nodes(cluster: &Cluster, ids: impl IntoIterator<Item = NodeId>) -> String {
    let names: Vec<String> = ids.into_iter().map(|id| node(cluster, id)).collect();
    list(&names)
}

/// The address; of a ghost `id 07c37dfe`, with its last address where one is known.
pub(super) fn node(cluster: &Cluster, id: NodeId) -> String {
    let node = cluster.node(id);
    match (&node.address, &node.last_address) {
        (Some(address), _) => address.to_string(),
        (None, Some(last)) => format!("id {} (last seen at {last})", node.name.short()),
        (None, None) => format!("id {}", node.name.short()),
    }
}

/// `10.0.0.1:7001 (0-5460)`.
pub(super) fn shard(cluster: &Cluster, shard: &Shard) -> String {
    format!("{} ({})", node(cluster, shard.owner), slots(&shard.slots))
}

/// For how long a node, called so, has been silent; `None` where no view tells times.
pub(super) fn silence(name: &str, node: &Node) -> Option<String> {
    let silent = node.seen.silent_for?;
    match (silent.ping, silent.pong) {
        (Some(ping), _) => Some(format!("{name} has not answered a ping for {ping}")),
        (None, Some(pong)) => Some(format!(
            "no ping to {name} waits for an answer, and its last pong came {pong} before the view was taken"
        )),
        (None, None) => None,
    }
}

/// That those who were captured may be the ones that are cut off.
pub(super) fn cut_off(cluster: &Cluster, side: &[HostId]) -> String {
    let names: Vec<String> = side
        .iter()
        .map(|&h| cluster.host(h).name.to_string())
        .collect();
    let names = list(&names);
    let is = match side {
        [_] => "it is",
        _ => "they are",
    };
    format!(
        "everything outside {names} is taken for dead, and only views from there say so: as likely {is} cut off from the rest"
    )
}

/// `zone a`, or `rack r1` where the zones are racks.
pub(super) fn zone(cluster: &Cluster, id: NodeId) -> String {
    let word = if cluster.zones_are_racks() {
        "rack"
    } else {
        "zone"
    };
    match cluster.zone_of(id) {
        Some(zone) => format!("{word} {}", cluster.zones[zone.0 as usize].name),
        None => format!("an unknown {word}"),
    }
}

/// `rack r1`, with its zone where it has one.
pub(super) fn rack(cluster: &Cluster, id: NodeId) -> String {
    let Some(rack) = cluster.rack_of(id) else {
        return "an unknown rack".to_owned();
    };
    let rack = &cluster.racks[rack.0 as usize];
    match rack.zone {
        Some(zone) => format!(
            "rack {} of zone {}",
            rack.name, cluster.zones[zone.0 as usize].name
        ),
        None => format!("rack {}", rack.name),
    }
}

/// The host's name, or that none is known.
pub(super) fn host(cluster: &Cluster, id: NodeId) -> String {
    match cluster.node(id).host {
        Some(host) => cluster.host(host).name.to_string(),
        None => "an unknown host".to_owned(),
    }
}

/// The disk's name, or that none is known.
pub(super) fn disk(cluster: &Cluster, id: NodeId) -> String {
    match cluster.node(id).disk {
        Some(disk) => cluster.disks[disk.0 as usize].name.to_string(),
        None => "an unknown disk".to_owned(),
    }
}
