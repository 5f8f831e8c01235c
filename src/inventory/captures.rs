//! Several captures of one cluster, taken at different times: only the newest counts.
//!
//! A folder of Tuesday beside a folder of Wednesday is no disagreement of nodes. Where two views
//! of one node are more than a minute apart, what differs in their paths tells the captures
//! apart, and the older one is left out whole: a node that answered only then is dead now.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::owners::best_authority;
use crate::inventory::whose::owner;
use crate::inventory::owners::same_facts;
use crate::inventory::record::Token;
use crate::model::Address;
use crate::model::Millis;
use crate::parse::bundle;
use crate::text::Place;

/// Views of one node that are further apart were not taken in one go.
const APART_MS: u64 = 60_000;

/// The lowest and the highest clock that was told under one name.
type Clocks = (u64, u64);

/// Clocks that nodes told beside their views are better than what their pongs show. Clocks under
/// one name that are far apart are of several captures: nobody can say which of a view.
pub(super) fn settle_clocks(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    type Beside<'a> = (&'a str, String, Option<&'a Address>);
    let mut told: BTreeMap<Beside, Clocks> = BTreeMap::new();
    for of in &gathered.told {
        if let Some(clock) = of.said.told_clock() {
            let (folder, rest) = bundle(&of.spot);
            let beside = told.entry((folder, rest, of.named.as_ref()));
            let (low, high) = beside.or_insert((clock, clock));
            (*low, *high) = ((*low).min(clock), (*high).max(clock));
        }
    }
    let clocks: Vec<Option<Clocks>> = gathered
        .views
        .iter()
        .map(|view| {
            let (folder, rest) = bundle(&view.spot);
            told.get(&(folder, rest, view.named.as_ref())).copied()
        })
        .collect();
    let agree = |&(low, high): &Clocks| high - low <= APART_MS;
    for (view, clock) in gathered.views.iter_mut().zip(&clocks) {
        if let Some((low, _)) = clock.filter(agree) {
            view.clock = low;
        }
    }
    let doubtful = clocks.into_iter().map(|c| c.filter(|c| !agree(c)));
    diagnostics.extend(doubtful_clocks(gathered, &doubtful.collect::<Vec<_>>()));
}

/// Said where the clocks that were told would make another view the newest of its node.
fn doubtful_clocks(gathered: &Gathered, told: &[Option<Clocks>]) -> Option<Diagnostic> {
    let newest = |clock: &dyn Fn(usize) -> u64| {
        let mut newest: BTreeMap<Token, usize> = BTreeMap::new();
        for (index, view) in gathered.views.iter().enumerate() {
            if let Some(owner) = owner(gathered, view) {
                let kept = newest.entry(owner).or_insert(index);
                if clock(index) > clock(*kept) {
                    *kept = index;
                }
            }
        }
        newest
    };
    if told.iter().all(Option::is_none) {
        return None;
    }
    let of_view = |view: usize| gathered.views[view].clock;
    let used = newest(&of_view);
    let lowest = newest(&|view| told[view].map_or(of_view(view), |(low, _)| low));
    let highest = newest(&|view| told[view].map_or(of_view(view), |(_, high)| high));
    let differs = |(owner, view): (&Token, &usize)| {
        (lowest[owner] != *view || highest[owner] != *view).then_some(*view)
    };
    let view = used.iter().find_map(differs)?;
    let (low, high) = told.iter().flatten().next()?;
    let message = format!(
        "clocks under one name are {} apart: nobody can say which of them is of which view, so \
         which view of a node is the newest is judged by its pongs alone",
        Millis(high - low)
    );
    let note = Diagnostic::new(diagnostic::Capture::DoubtfulClock, message).at(Place {
        path: gathered.views[view].path.clone(),
        line: 1,
        column: 1,
    });
    Some(note.help("keep captures of different times in folders of their own"))
}

/// One capture of several: a folder or a file.
type Capture<'a> = &'a str;

/// Leaves out captures that a newer one of the same cluster replaces: views, answers and notes.
/// Maps stay, as hosts and disks seldom move.
pub(super) fn drop_older_captures(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    let older = replaced(gathered);
    if older.is_empty() {
        return;
    }
    say(gathered, &older, diagnostics);
    let dropped: BTreeSet<String> = older.keys().map(|capture| (*capture).to_owned()).collect();
    let files: Vec<bool> = gathered
        .files
        .iter()
        .map(|file| is_in(&dropped, &file.path))
        .collect();
    for view in 0..gathered.views.len() {
        let view = &gathered.views[view];
        if let (Some(owner), true) = (owner(gathered, view), files[view.file]) {
            let name = gathered.names[owner as usize].clone();
            gathered.files[view.file].view_of.get_or_insert(name);
        }
    }
    gathered.views.retain(|view| !files[view.file]);
    gathered.told.retain(|told| !files[told.file]);
    gathered.processes.retain(|of| !is_in(&dropped, &of.path));
}

/// Each capture that is not used, with the newest one that replaces it.
fn replaced(gathered: &Gathered) -> BTreeMap<Capture<'_>, Capture<'_>> {
    let best = best_authority(gathered);
    let mut of_owner: BTreeMap<Token, Vec<usize>> = BTreeMap::new();
    let mut in_file: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, view) in gathered.views.iter().enumerate() {
        let owner = owner(gathered, view).filter(|_| view.authority == best && view.clock > 0);
        if let Some(owner) = owner {
            of_owner.entry(owner).or_default().push(index);
            *in_file.entry(view.file).or_default() += 1;
        }
    }
    let clock = |view: usize| gathered.views[view].clock;
    let mut pairs: BTreeSet<(Capture, Capture)> = BTreeSet::new();
    for views in of_owner.values().filter(|views| views.len() > 1) {
        let Some(&newest) = views.iter().max_by_key(|&&view| clock(view)) else {
            continue;
        };
        let apart = |view: &&usize| clock(newest) - clock(**view) > APART_MS;
        for &view in views.iter().filter(apart) {
            let (old, new) = (&gathered.views[view], &gathered.views[newest]);
            let Some((older, newer)) = parted(&old.path, &new.path) else {
                continue;
            };
            let files = (older.len() == old.path.len(), newer.len() == new.path.len());
            let replaces = match files {
                // One view more of one of many nodes does not replace the others.
                (true, true) => in_file[&old.file] == 1 || in_file[&new.file] > 1,
                (false, false) => true,
                _ => !same_facts(gathered, view, newest),
            };
            if replaces {
                pairs.insert((older, newer));
            }
        }
    }
    // Each newer than the other: their paths do not tell captures apart.
    let odd = |&(older, newer): &(Capture, Capture)| pairs.contains(&(newer, older));
    let replaced: BTreeSet<Capture> = pairs.iter().map(|(older, _)| *older).collect();
    let mut older: BTreeMap<Capture, Capture> = BTreeMap::new();
    for &(old, new) in pairs.iter().filter(|p| !odd(p)) {
        let newest = older.entry(old).or_insert(new);
        if replaced.contains(newest) {
            *newest = new;
        }
    }
    let dropped: BTreeSet<String> = older.keys().map(|capture| (*capture).to_owned()).collect();
    let left = |views: &Vec<usize>| {
        let path = |&view: &usize| is_in(&dropped, &gathered.views[view].path);
        !views.iter().all(path)
    };
    if of_owner.values().any(left) {
        older
    } else {
        BTreeMap::new()
    }
}

/// Both paths up to the first part in which they differ; `None` for one and the same file.
fn parted<'a>(old: &'a str, new: &'a str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for (a, b) in old.split('/').zip(new.split('/')) {
        if a != b {
            return Some((&old[..at + a.len()], &new[..at + b.len()]));
        }
        at += a.len() + 1;
    }
    None
}

fn is_in(captures: &BTreeSet<String>, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.chain([path.len()])
        .any(|end| captures.contains(&path[..end]))
}

fn is_below(capture: &str, path: &str) -> bool {
    path.strip_prefix(capture)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One note for each pair of names, as a capture may be parted below each node's folder.
fn say(gathered: &Gathered, older: &BTreeMap<Capture, Capture>, diagnostics: &mut Vec<Diagnostic>) {
    let last = |capture: &str| capture.rsplit('/').next().unwrap_or_default().to_owned();
    let mut groups: BTreeMap<(String, String), Vec<(Capture, Capture)>> = BTreeMap::new();
    for (&old, &new) in older {
        let key = (last(old), last(new));
        groups.entry(key).or_default().push((old, new));
    }
    let clock = |capture: &str| {
        let views = gathered.views.iter().filter(|v| is_below(capture, &v.path));
        views.map(|v| v.clock).max().unwrap_or(0)
    };
    for pairs in groups.values() {
        let Some(&(old, new)) = pairs.first() else {
            continue;
        };
        let first = gathered.files.iter().find(|f| is_below(old, &f.path));
        let shown = |capture: &str| {
            let is_file = gathered.files.iter().any(|f| f.path == capture);
            let slash = if is_file { "" } else { "/" };
            format!("`{}{slash}`", capture.escape_debug())
        };
        let more = match pairs.len() {
            1 => String::new(),
            n => format!(", as are {} others", n - 1),
        };
        let message = format!(
            "{} is {} older than {}{more}; it was not used",
            shown(old),
            Millis(clock(new).saturating_sub(clock(old))),
            shown(new)
        );
        let note = Diagnostic::new(diagnostic::Capture::OlderCapture, message)
            .help("give one capture alone to judge an older state");
        diagnostics.push(match first {
            Some(file) => note.at(Place {
                path: file.path.as_str().into(),
                line: 1,
                column: 1,
            }),
            None => note,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_part_at_the_first_name_that_differs() {
        let parted = |old, new| parted(old, new);
        assert_eq!(
            parted("night/tue/a/nodes.txt", "night/wed/a/nodes.txt"),
            Some(("night/tue", "night/wed"))
        );
        assert_eq!(
            parted("a/tue.txt", "a/wed.txt"),
            Some(("a/tue.txt", "a/wed.txt"))
        );
        assert_eq!(parted("a/x.txt", "a/x.txt"), None);
    }
}
