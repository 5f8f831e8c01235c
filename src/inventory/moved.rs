//! Nodes that the views show at more than one address.

use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Address;
use crate::model::NodeId;
use crate::text::Place;

/// Says which nodes some views show elsewhere than they are taken to be: they moved and the news
/// is still on its way, or the capture holds both sides of an address translation.
pub(super) fn note(
    gathered: &Gathered,
    used: &[usize],
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    inventory: &mut Inventory,
) {
    let mut moved: Vec<(NodeId, u32, &Seen)> = Vec::new();
    for (id, of) in index.of_each(seen) {
        let Some(address) = &inventory.cluster.node(id).address else {
            continue;
        };
        let elsewhere = of.count(gathered, |f| {
            f.address().is_some_and(|a| a != *address && !a.is_local())
        });
        if elsewhere > 0 {
            moved.push((id, elsewhere, of));
        }
    }
    moved.sort_by_key(|&(id, ..)| id);
    let Some(&(id, count, of)) = moved.first() else {
        return;
    };
    let node = inventory.cluster.node(id);
    let Some((other, place)) = elsewhere(gathered, used, node.address.as_ref(), of) else {
        return;
    };
    let more = match moved.len() - 1 {
        0 => String::new(),
        more => format!("; so it is with {more} more"),
    };
    let message = format!(
        "{count} of {} views that list {node} show it at {other}{more}: the addresses of the nodes' own views are used, or those of most",
        of.listed
    );
    inventory.diagnostics.push(
        Diagnostic::new(Capture::TwoAddresses, message)
            .at(place)
            .help("if it moved, capture again once all views agree; behind an address translation, capture all nodes from one side"),
    );
}

/// The first line that shows it elsewhere, and where.
fn elsewhere(
    gathered: &Gathered,
    used: &[usize],
    address: Option<&Address>,
    of: &Seen,
) -> Option<(Address, Place)> {
    used.iter().find_map(|&view| {
        let view = &gathered.views[view];
        view.lines.iter().find_map(|line| {
            if !of.facts.contains_key(&line.fact) {
                return None;
            }
            let other = gathered.fact(line).address()?;
            let place = Place {
                path: view.path.clone(),
                line: line.line,
                column: line.column,
            };
            (Some(&other) != address && !other.is_local()).then_some((other, place))
        })
    })
}
