//! Which views could be read whole, and what may be missing where none could.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::inventory::gathered::Listed;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Draft;
use crate::inventory::whose::owner;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::model::Address;
use crate::model::Unread;
use crate::parse::Authority;
use crate::text::Place;

/// A dump that ends between two lines looks whole. That lines are missing is told by the node's
/// own count of the ids that it knows, and by the lack of lines that no server leaves out: its own,
/// and those of masters that it names.
pub(super) fn find_short_views(
    gathered: &mut Gathered,
    used: &[usize],
    drafts: &[Draft],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let addresses: BTreeMap<Token, &Address> = drafts
        .iter()
        .filter_map(|draft| Some((draft.token, draft.address.as_ref()?)))
        .collect();
    let mut lists = Listed::default();
    for &index in used {
        let view = &gathered.views[index];
        let owner = owner(gathered, view);
        let named = view.named.as_ref().filter(|named| !named.is_local());
        let address = match owner {
            Some(token) => addresses.get(&token).copied(),
            None => named,
        };
        let reads_whole = !view.incomplete && !view.garbled && view.authority <= Authority::Disk;
        if !reads_whole {
            continue;
        }
        let listed = view.lines.len();
        let answers = view.authority == Authority::View;
        let known = address.and_then(|address| known_nodes(gathered, address));
        let message = match (address, known.filter(|&known| answers && known > listed)) {
            (Some(address), Some(known)) => format!(
                "{address} lists {listed} of the {known} nodes that it knows by its CLUSTER INFO: lines are missing"
            ),
            (Some(named), None) if owner.is_none() => {
                format!("{named} does not list itself: lines are missing")
            }
            (None, _) if answers && owner.is_none() => {
                "no line is of the node that was asked (`myself`): that line is missing, and perhaps others".to_owned()
            }
            _ if !lists.names_only_listed(gathered, &view.lines) => {
                "a replica names a master that is not listed: a line is missing, or an id is damaged".to_owned()
            }
            _ => continue,
        };
        diagnostics.push(
            Diagnostic::new(Capture::ShortView, message)
                .at(Place {
                    path: view.path.clone(),
                    line: view.lines.first().map_or(1, |l| l.line),
                    column: 1,
                })
                .help("capture `cluster nodes` of this node again"),
        );
        let view = &mut gathered.views[index];
        (view.incomplete, view.whole) = (true, false);
    }
}

/// Says what may be missing. A blank process that nobody met knows only itself: its view tells
/// nothing of the cluster.
pub(super) fn judge(
    gathered: &Gathered,
    used: &[usize],
    unmet: &BTreeSet<Token>,
    inventory: &mut Inventory,
) {
    let views: Vec<&View> = used
        .iter()
        .map(|&v| &gathered.views[v])
        .filter(|v| owner(gathered, v).is_none_or(|o| !unmet.contains(&o)))
        .collect();
    inventory.incomplete = !views.is_empty() && views.iter().all(|v| v.incomplete || v.garbled);
    inventory.garbled = inventory.incomplete && views.iter().any(|v| !v.incomplete);
    let of_nobody = |v: &&View| {
        is_of_nobody(gathered, v, inventory) || is_listed_by_itself(gathered, v, &views)
    };
    if !inventory.incomplete && views.iter().any(of_nobody) {
        inventory.incomplete = true;
        inventory.cluster.unread = Unread {
            nodes: true,
            slots: inventory.cluster.has_unowned_slots(),
        };
    } else if inventory.incomplete {
        inventory.cluster.unread = Unread {
            nodes: lines_are_lost(&views, inventory) && !all_are_listed(gathered, &views),
            slots: inventory.cluster.has_unowned_slots(),
        };
    }
}

/// A view without the line of its own node, which no other view lists either: what was left out
/// of one was left out of all (`grep master`).
fn is_of_nobody(gathered: &Gathered, view: &View, inventory: &Inventory) -> bool {
    let Some(named) = view.named.as_ref().filter(|named| !named.is_local()) else {
        return false;
    };
    let is_named = |address: &Address| {
        address == named || gathered.reached(address).any(|reached| reached == named)
    };
    let mut nodes = inventory.cluster.nodes.iter();
    let known = nodes.any(|node| {
        let mut addresses = node.address.iter().chain(&node.last_address);
        addresses.any(is_named)
    });
    view.incomplete && owner(gathered, view).is_none() && !known
}

/// A node that only its own view lists, which is not whole: the lines of others may have been
/// given to a blank node.
fn is_listed_by_itself(gathered: &Gathered, view: &View, all: &[&View]) -> bool {
    let Some(own) = owner(gathered, view).filter(|_| view.incomplete || view.garbled) else {
        return false;
    };
    let mut others = all
        .iter()
        .filter(|other| owner(gathered, other) != Some(own));
    let lists = |other: &&View| {
        let mut lines = other.lines.iter();
        lines.any(|line| gathered.fact(line).token == own)
    };
    all.len() > 1 && !others.any(lists)
}

/// Of a line with a bad slot the rest was read.
fn lines_are_lost(views: &[&View], inventory: &Inventory) -> bool {
    let paths: BTreeSet<&str> = views.iter().map(|v| &*v.path).collect();
    let mut diagnostics = inventory.diagnostics.iter();
    views.iter().any(|v| v.incomplete)
        || diagnostics.any(|d| {
            matches!(d.code, Code::Parse(_))
                && d.code != Parse::Slot
                && d.severity >= Severity::Warning
                && d.place.as_ref().is_some_and(|p| paths.contains(&*p.path))
        })
}

/// The parts together list as many ids as any node knows.
fn all_are_listed(gathered: &Gathered, views: &[&View]) -> bool {
    let ids: BTreeSet<Token> = views
        .iter()
        .flat_map(|v| &v.lines)
        .map(|line| gathered.fact(line).token)
        .collect();
    let known = gathered.answers.keys();
    let known = known.filter_map(|address| known_nodes(gathered, address));
    known.max().is_some_and(|known| known <= ids.len())
}

/// Ghosts and handshakes count, as they have lines.
fn known_nodes(gathered: &Gathered, address: &Address) -> Option<usize> {
    let answers = gathered.answers.get(address)?;
    let known = answers.cluster_info.get("cluster_known_nodes")?;
    known.trim().parse().ok()
}
