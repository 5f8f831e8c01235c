//! Whose view each dump is, and which views count.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::Line;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::inventory::whose::Whose;
use crate::inventory::whose::owner;
use crate::model::Address;
use crate::parse::Authority;
use crate::text::Place;

/// Finds the owners of views without a `myself` line, and says where a name contradicts that line.
/// A dump pasted without its `myself` flag still has an owner
/// if the node told its id beside it, or if the path names a listed node.
pub(super) fn settle_owners(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    let whose = Whose::told(gathered);
    let mut elsewhere = Vec::new();
    for index in 0..gathered.views.len() {
        let view = &gathered.views[index];
        let Some(line) = view.myself else {
            let found = lost_owner(gathered, view, &whose);
            if found.is_none() {
                diagnostics.extend(unknown_owner(view, &whose));
            }
            gathered.views[index].myself = found;
            continue;
        };
        let announced = gathered.fact(&view.lines[line]).address();
        let (Some(name), Some(announced)) = (view.named.as_ref(), announced) else {
            continue;
        };
        if *name == announced || (name.is_local() && name.port() == announced.port()) {
            continue;
        }
        // The name of a container or a machine is no address: nothing contradicts.
        if name.ip().parse::<std::net::IpAddr>().is_err() {
            continue;
        }
        let place = Place {
            path: view.path.clone(),
            line: view.lines[line].line,
            column: 1,
        };
        if whose.names().is_listed(name) {
            diagnostics.push(contradiction(name, &announced).at(place));
        } else if name.is_ip() {
            // What a container or a host is called contradicts nothing.
            elsewhere.push((name.clone(), announced, place));
        }
    }
    note_announced(elsewhere, diagnostics);
}

fn lost_owner(gathered: &Gathered, view: &View, whose: &Whose) -> Option<usize> {
    let told = whose.id_told(&view.spot, view.named.as_ref());
    let by_id = told.and_then(|id| {
        let listed = |line: &Line| gathered.fact(line).token == id;
        view.lines.iter().position(listed)
    });
    by_id.or_else(|| {
        let named = whose.names().find(&view.spot, view.named.as_ref());
        let named = named.or_else(|| view.named.clone())?;
        let at = |line: &Line| gathered.fact(line).address().as_ref() == Some(&named);
        view.lines.iter().position(at)
    })
}

/// Nothing to say where the path does name a node, only none that the view lists.
fn unknown_owner(view: &View, whose: &Whose) -> Option<Diagnostic> {
    // Other answers never name their node.
    if view.authority > Authority::Disk
        || view.named.as_ref().is_some_and(|n| !n.is_local())
        || whose.names().find(&view.spot, None).is_some()
    {
        return None;
    }
    let place = Place {
        path: view.path.clone(),
        line: 1,
        column: 1,
    };
    Some(
        Diagnostic::new(
            Capture::UnknownOwner,
            "no `myself` line and no address in the path: nobody can say whose view this is",
        )
        .at(place),
    )
}

fn contradiction(name: &Address, announced: &Address) -> Diagnostic {
    Diagnostic::new(
        Capture::OwnerContradiction,
        format!(
            "the path or header says `{name}`, the `myself` line says `{announced}`; the line is believed"
        ),
    )
}

/// Behind NAT every name differs: that is one fact, not one for each node.
fn note_announced(elsewhere: Vec<(Address, Address, Place)>, diagnostics: &mut Vec<Diagnostic>) {
    let pairs: BTreeSet<(&Address, &Address)> =
        elsewhere.iter().map(|(name, to, _)| (name, to)).collect();
    let more = pairs.len().saturating_sub(1);
    let Some((name, announced, place)) = elsewhere.first() else {
        return;
    };
    let note = match more {
        0 => contradiction(name, announced),
        more => Diagnostic::new(
            Capture::AnnouncedElsewhere,
            format!(
                "the nodes announce other addresses than the capture names ({name} -> {announced} and {more} more); answers are taken for those of the node that was reached"
            ),
        ),
    };
    diagnostics.push(note.at(place.clone()));
}

/// Views that count: of each owner the newest whole one, all of the most telling kind that is there. So
/// files on disk count only where no running process gave a view at all.
pub(super) fn used_views(gathered: &Gathered, diagnostics: &mut Vec<Diagnostic>) -> Vec<usize> {
    let best = best_authority(gathered);
    let mut newest: BTreeMap<Token, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut elsewhere = Vec::new();
    for (index, view) in gathered.views.iter().enumerate() {
        if view.lines.is_empty() || view.authority != best {
            continue;
        }
        used.insert(index);
        let Some(owner) = owner(gathered, view) else {
            continue;
        };
        let Some(&earlier) = newest.get(&owner) else {
            newest.insert(owner, index);
            continue;
        };
        // CLUSTER REPLICAS is part of a view: it must not take the place of the whole one.
        let rank = |v: usize| (gathered.views[v].whole, gathered.views[v].clock);
        let (kept, dropped) = match rank(index) > rank(earlier) {
            true => (index, earlier),
            false => (earlier, index),
        };
        newest.insert(owner, kept);
        used.remove(&dropped);
        if same_facts(gathered, kept, dropped) {
            continue;
        }
        if let Some(pair) = own_addresses(gathered, kept, dropped) {
            elsewhere.push((pair, dropped));
            continue;
        }
        diagnostics.push(two_views(gathered, kept, dropped));
    }
    diagnostics.extend(same_ids_elsewhere(gathered, &elsewhere));
    used.into_iter().collect()
}

fn two_views(gathered: &Gathered, kept: usize, dropped: usize) -> Diagnostic {
    let what = match (gathered.views[kept].clock).cmp(&gathered.views[dropped].clock) {
        Ordering::Less => "a fuller",
        Ordering::Equal => "another",
        Ordering::Greater => "a newer",
    };
    let there = first_line(gathered, kept);
    let message = match gathered.views[kept].path == gathered.views[dropped].path {
        true => format!(
            "line {} begins {what} view of the same node; this one was not used",
            there.line
        ),
        false => format!(
            "`{}` holds {what} view of the same node; this one was not used",
            there.path.escape_debug()
        ),
    };
    Diagnostic::new(Capture::TwoViews, message).at(first_line(gathered, dropped))
}

/// The addresses of its own that a node gives in two views, the used one first, if they differ.
fn own_addresses(gathered: &Gathered, kept: usize, dropped: usize) -> Option<[Address; 2]> {
    let own = |view: usize| {
        let view = &gathered.views[view];
        let address = gathered.fact(&view.lines[view.myself?]).address()?;
        Some(address).filter(|address| !address.is_local())
    };
    let pair = [own(kept)?, own(dropped)?];
    (pair[0] != pair[1]).then_some(pair)
}

/// One cluster that moved, or a copy of it that was started elsewhere with the files of the
/// first: which of them is meant, the operator must say.
fn same_ids_elsewhere(
    gathered: &Gathered,
    elsewhere: &[([Address; 2], usize)],
) -> Option<Diagnostic> {
    let ([kept, dropped], view) = elsewhere.first()?;
    let (nodes, ids) = match elsewhere.len() {
        1 => ("1 node is".to_owned(), "its id"),
        n => (format!("{n} nodes are"), "their ids"),
    };
    let message = format!(
        "{nodes} here twice, with {ids} and other addresses ({kept} and {dropped}): judged is the first; they moved, or a copy of the cluster runs elsewhere"
    );
    Some(
        Diagnostic::new(Capture::SameIdsElsewhere, message)
            .at(first_line(gathered, *view))
            .help("give the files of one of them alone, from a directory of its own"),
    )
}

pub(super) fn first_line(gathered: &Gathered, view: usize) -> Place {
    let view = &gathered.views[view];
    Place {
        path: view.path.clone(),
        line: view.lines.first().map_or(1, |line| line.line),
        column: 1,
    }
}

/// The most telling kind of answer that lists nodes at all.
pub(super) fn best_authority(gathered: &Gathered) -> Authority {
    let told = gathered.views.iter().filter(|v| !v.lines.is_empty());
    told.map(|v| v.authority).min().unwrap_or_default()
}

/// Both say the same of every node, clocks aside.
pub(super) fn same_facts(gathered: &Gathered, a: usize, b: usize) -> bool {
    let facts = |v: usize| {
        gathered.views[v]
            .lines
            .iter()
            .map(|l| l.fact)
            .collect::<BTreeSet<_>>()
    };
    facts(a) == facts(b)
}
