//! Whose view each dump is, and which views count.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::inventory::gather::Gathered;
use crate::inventory::gather::Line;
use crate::inventory::gather::Token;
use crate::inventory::gather::View;
use crate::parse::Authority;
use crate::source::Place;

/// The id of the process that wrote the view: its `myself` line, else the listed id whose
/// address the header or the path names.
pub(super) fn owner(gathered: &Gathered, view: &View) -> Option<Token> {
    view.myself
        .map(|line| gathered.fact(&view.lines[line]).token)
}

// A dump pasted without its `myself` flag still has an owner if the path names a listed address.
pub(super) fn settle_owners(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    for index in 0..gathered.views.len() {
        let view = &gathered.views[index];
        let named = view.named.clone();
        let at = |line: &&Line| gathered.fact(line).address() == named;
        match (view.myself, &named) {
            (None, Some(_)) => {
                let found = view.lines.iter().position(|l| at(&l));
                gathered.views[index].myself = found;
            }
            (Some(line), Some(name)) => {
                let fact = gathered.fact(&view.lines[line]);
                if let Some(address) = fact.address()
                    && address != *name
                {
                    diagnostics.push(
                        Diagnostic::note(
                            "capture/owner-contradiction",
                            format!(
                                "the path or header says `{name}`, the `myself` line says `{address}`; the line is believed"
                            ),
                        )
                        .at(Place { path: view.path.clone(), line: view.lines[line].line, column: 1 }),
                    );
                }
            }
            (Some(_), None) => {}
            // Other answers never name their node.
            (None, None) if view.authority > Authority::Disk => {}
            (None, None) => diagnostics.push(
                Diagnostic::note(
                    "capture/unknown-owner",
                    "no `myself` line and no address in the path: nobody can say whose view this is",
                )
                .at(Place { path: view.path.clone(), line: 1, column: 1 }),
            ),
        }
    }
}

/// Views that count: of each owner the newest whole one, all of the most telling kind that is there. So
/// files on disk count only where no running process gave a view at all.
pub(super) fn used_views(gathered: &Gathered, diagnostics: &mut Vec<Diagnostic>) -> Vec<usize> {
    let told = gathered.views.iter().filter(|v| !v.lines.is_empty());
    let best = told.map(|v| v.authority).min().unwrap_or_default();
    let mut newest: BTreeMap<Token, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
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
        diagnostics.push(
            Diagnostic::note(
                "capture/two-views",
                format!(
                    "`{}` holds a {} view of the same node; this one was not used",
                    gathered.views[kept].path,
                    match gathered.views[kept].clock < gathered.views[dropped].clock {
                        true => "fuller",
                        false => "newer",
                    }
                ),
            )
            .at(Place {
                path: gathered.views[dropped].path.clone(),
                line: 1,
                column: 1,
            }),
        );
    }
    used.into_iter().collect()
}

fn same_facts(gathered: &Gathered, a: usize, b: usize) -> bool {
    let facts = |v: usize| {
        gathered.views[v]
            .lines
            .iter()
            .map(|l| l.fact)
            .collect::<BTreeSet<_>>()
    };
    facts(a) == facts(b)
}
