//! Fields of nodes as array replies and reports give them, where only the line is known.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::model::SLOT_COUNT;
use crate::parse::block::Block;
use crate::parse::log::Log;
use crate::parse::node_field;
use crate::parse::reply::Item;
use crate::text::quote::quote;

/// An id, or a warning.
pub(super) fn id<'a>(text: &'a str, line: u32, log: &mut Log) -> Option<&'a str> {
    match node_field::id(text) {
        Ok(id) if !id.is_empty() => Some(id),
        _ => {
            let message = format!("{} is no node id; the node was skipped", quote(text));
            log.at_line(Diagnostic::new(Parse::NodeId, message), line);
            None
        }
    }
}

/// An address without its port, empty for a node that has none; or a warning.
pub(super) fn host<'a>(text: &'a str, line: u32, log: &mut Log) -> Option<&'a str> {
    let host = node_field::host(text);
    if host.is_none() {
        let message = format!(
            "{} has a character that no address has; it was ignored",
            quote(text)
        );
        log.at_line(Diagnostic::new(Parse::Address, message), line);
    }
    host
}

/// First and last slot, closed; or a warning.
pub(super) fn slot_range(first: &Item, last: &Item, log: &mut Log) -> Option<(u16, u16)> {
    let slot = |item: &Item| {
        let number = u16::try_from(item.value.integer()?).ok()?;
        (number < SLOT_COUNT).then_some(number)
    };
    let range = slot(first).zip(slot(last)).filter(|(a, b)| a <= b);
    if range.is_none() {
        let message = "first and last are no range of slots; it was ignored";
        log.at_line(Diagnostic::new(Parse::Slot, message), first.line);
    }
    range
}

/// The answer stops where more must follow.
pub(super) fn cut_off(block: Block, log: &mut Log) {
    let last = block.lines().last().map_or(block.first_line, |(n, _)| n);
    log.at_line(
        Diagnostic::new(
            Parse::Truncated,
            "the answer stops in the middle; nodes or slots are missing",
        ),
        last,
    );
}
