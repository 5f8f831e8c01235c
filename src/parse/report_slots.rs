//! Slots as reports of `redis-cli --cluster` write them: ranges, and who has open ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nom::Parser;
use nom::combinator::all_consuming;

use crate::diagnostic::Parse;
use crate::model::Direction;
use crate::model::SLOT_COUNT;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::OpenRef;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::parse::node_field;
use crate::text::quote::quote;

/// `[0-5460],[7]`, or without brackets.
pub(super) fn ranges(text: &str, spot: Spot, log: &mut Log) -> Vec<(u16, u16)> {
    let mut ranges = Vec::new();
    for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        let bare = word.trim_matches(['[', ']']);
        match all_consuming(node_field::slot_range).parse(bare) {
            Ok((_, range)) => ranges.push(range),
            Err(_) => {
                let message = format!("{} is no slot and no range; it was ignored", quote(word));
                log.say(Parse::Slot, message, spot);
            }
        }
    }
    ranges
}

/// Open slots of which a report tells no more than the node and the direction.
#[derive(Default)]
pub(super) struct OpenSlots {
    /// Addresses by slot: where it leaves, where it goes.
    seen: BTreeMap<u16, [Vec<String>; 2]>,
}

impl OpenSlots {
    /// `[WARNING] Node 10.0.0.1:7000 has slots in migrating state 100,101.`
    pub fn take(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once(" Node ") else {
            return;
        };
        let Some((address, rest)) = rest.split_once(" has slots in ") else {
            return;
        };
        let Some((direction, slots)) = rest.split_once(" state ") else {
            return;
        };
        let side = match direction {
            "migrating" => 0,
            "importing" => 1,
            _ => return,
        };
        let numbers = slots.split(|c: char| !c.is_ascii_digit());
        for slot in numbers.filter_map(|n| n.parse().ok()) {
            if slot < SLOT_COUNT {
                let sides = self.seen.entry(slot).or_default();
                sides[side].push(address.to_owned());
            }
        }
    }

    /// The other side of an open slot is known where one master gives it and one takes it.
    pub fn settle(&self, nodes: &mut [NodeLine]) {
        // Valkey opens slots on replicas as well.
        let masters: BTreeMap<String, usize> = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.flags.has(Flags::MASTER))
            .map(|(index, node)| (format!("{}:{}", node.ip, node.port), index))
            .collect();
        for (&slot, sides) in &self.seen {
            let [from, to] = sides.each_ref().map(|side| {
                let mut found = side.iter().filter_map(|address| masters.get(address));
                found.next().filter(|_| found.next().is_none()).copied()
            });
            if let (Some(from), Some(to)) = (from, to) {
                open(nodes, from, to, slot, Direction::Migrating);
                open(nodes, to, from, slot, Direction::Importing);
            }
        }
    }
}

fn open(nodes: &mut [NodeLine], at: usize, peer: usize, slot: u16, direction: Direction) {
    let Some(Cow::Borrowed(peer)) = nodes.get(peer).map(|node| node.id.clone()) else {
        return;
    };
    if let Some(node) = nodes.get_mut(at) {
        node.open.push(OpenRef {
            slot,
            direction,
            peer,
        });
    }
}
