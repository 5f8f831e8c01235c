//! Slots as reports of `redis-cli --cluster` write them: ranges, and who has open ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nom::Parser;
use nom::combinator::all_consuming;

use crate::diagnostic::Parse;
use crate::model::Address;
use crate::model::Direction;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::OpenRef;
use crate::parse::Wrong;
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

/// The other side of an open slot is known where one master gives it and one takes it. What has
/// both sides is no complaint any more.
pub(super) fn settle(dump: &mut NodesDump) {
    // Valkey opens slots on replicas as well.
    let masters: BTreeMap<Address, usize> = dump
        .lines
        .iter()
        .enumerate()
        .filter(|(_, node)| node.flags.has(Flags::MASTER))
        .filter_map(|(index, node)| Some((Address::new(node.ip, node.port).ok()?, index)))
        .collect();
    // Masters by slot: where it leaves, where it goes.
    let mut sides: BTreeMap<u16, [Vec<usize>; 2]> = BTreeMap::new();
    for complaint in &dump.complaints {
        if let Wrong::OpenSlots {
            node,
            direction,
            slots,
        } = &complaint.what
            && let Some(&master) = masters.get(node)
        {
            for &slot in slots {
                sides.entry(slot).or_default()[*direction as usize].push(master);
            }
        }
    }
    let pairs =
        sides
            .iter()
            .filter_map(|(&slot, sides)| match sides.each_ref().map(Vec::as_slice) {
                [[from], [to]] => Some((slot, *from, *to)),
                _ => None,
            });
    let pairs: Vec<(u16, usize, usize)> = pairs.collect();
    for &(slot, from, to) in &pairs {
        open(&mut dump.lines, from, to, slot, Direction::Migrating);
        open(&mut dump.lines, to, from, slot, Direction::Importing);
    }
    for complaint in &mut dump.complaints {
        if let Wrong::OpenSlots { slots, .. } = &mut complaint.what {
            slots.retain(|slot| pairs.iter().all(|pair| pair.0 != *slot));
        }
    }
    dump.complaints
        .retain(|c| !matches!(&c.what, Wrong::OpenSlots { slots, .. } if slots.is_empty()));
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
