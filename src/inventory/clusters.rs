//! Which of the listed ids are one cluster.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::whose::owner;
use crate::inventory::paths::folder;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::model::SlotSet;
use crate::parse::Authority;
use crate::parse::Flags;
use crate::text::Place;
use crate::text::words::count;

/// What belongs to the cluster.
pub(super) struct Split {
    /// Ids that the cluster's own views list.
    pub members: BTreeSet<Token>,
    /// Ids of running blank processes that nobody else lists.
    pub unmet: BTreeSet<Token>,
    /// Ids that only views of another cluster list.
    pub foreign: BTreeSet<Token>,
    /// Views of members and un-met nodes; those of another cluster are left out.
    pub views: Vec<usize>,
}

/// Ids of the cluster, and running blank processes that nobody lists. Groups that do not know each
/// other and own slots of which no other owns any are one cluster that never met or fell apart.
/// Anything else that hangs together on its own is another cluster: said, and left out.
pub(super) fn split_clusters(
    gathered: &Gathered,
    used: &[usize],
    diagnostics: &mut Vec<Diagnostic>,
) -> Split {
    let mut parent: Vec<usize> = (0..gathered.names.len()).collect();
    for &view in used {
        let view = &gathered.views[view];
        let Some(first) = view.lines.first() else {
            continue;
        };
        let anchor = owner(gathered, view).unwrap_or(gathered.fact(first).token) as usize;
        for line in &view.lines {
            let fact = gathered.fact(line);
            // A ghost or a handshake may be left over from another cluster: it joins nobody.
            if !fact.flags.has(Flags::NOADDR) && !fact.flags.has(Flags::HANDSHAKE) {
                let (a, b) = (
                    root(&mut parent, anchor),
                    root(&mut parent, fact.token as usize),
                );
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &view in used {
        let lines = &gathered.views[view].lines;
        let anchor = owner(gathered, &gathered.views[view])
            .or(lines.first().map(|l| gathered.fact(l).token));
        if let Some(anchor) = anchor {
            groups
                .entry(root(&mut parent, anchor as usize))
                .or_default()
                .push(view);
        }
    }
    let claims_slots = |views: &[usize]| {
        views.iter().any(|&v| {
            gathered.views[v]
                .lines
                .iter()
                .any(|l| !gathered.fact(l).slots.is_empty())
        })
    };
    // The cluster is where slots are, then where most views are; the first file decides a tie.
    let main = groups
        .iter()
        .max_by_key(|(_, views)| {
            (
                claims_slots(views),
                views.len(),
                Reverse(views.first().copied()),
            )
        })
        .map(|(&group, _)| group);
    let (mut members, mut unmet) = (BTreeSet::new(), BTreeSet::new());
    let mut foreign = BTreeSet::new();
    let mut kept = Vec::new();
    let is_lonely = |views: &[usize]| {
        let view = &gathered.views[views[0]];
        views.len() == 1
            && view.lines.len() == 1
            && view.myself == Some(0)
            && view.authority != Authority::Disk
    };
    let ours = main.map_or_else(BTreeSet::new, |main| islands(gathered, &groups, main));
    let others = groups.iter().filter(|(group, _)| !ours.contains(group));
    let strangers = others.filter(|(_, views)| claims_slots(views) && !is_lonely(views));
    let strangers: Vec<usize> = strangers.flat_map(|(_, views)| views).copied().collect();
    let chosen: Vec<usize> = ours
        .iter()
        .flat_map(|group| &groups[group])
        .copied()
        .collect();
    let chosen = &chosen[..];
    for (group, views) in &groups {
        let ids = listed(gathered, views);
        if ours.contains(group) {
            members.extend(ids);
            kept.extend(views);
            continue;
        }
        let lonely = is_lonely(views);
        if lonely && !claims_slots(views) {
            let ours = strangers.is_empty()
                || is_nearer(gathered, &gathered.views[views[0]], chosen, &strangers);
            if ours {
                unmet.extend(ids);
                kept.extend(views);
            } else {
                diagnostics.push(blank_left_out(&gathered.views[views[0]]));
                foreign.extend(ids);
            }
            continue;
        }
        diagnostics.push(left_out(gathered, views, chosen, lonely));
        foreign.extend(ids);
    }
    foreign.retain(|id| !members.contains(id) && !unmet.contains(id));
    kept.sort_unstable();
    Split {
        members,
        unmet,
        foreign,
        views: kept,
    }
}

/// The groups that are one cluster with `main`: together they own no slot twice.
fn islands(
    gathered: &Gathered,
    groups: &BTreeMap<usize, Vec<usize>>,
    main: usize,
) -> BTreeSet<usize> {
    let mut owned = claimed(gathered, &groups[&main]);
    let mut ours = BTreeSet::from([main]);
    if owned.is_empty() {
        return ours;
    }
    for (&group, views) in groups.iter().filter(|(group, _)| **group != main) {
        let slots = claimed(gathered, views);
        if !slots.is_empty() && slots.intersection(&owned).is_empty() {
            owned.union_with(&slots);
            ours.insert(group);
        }
    }
    ours
}

/// The slots that these views give to somebody.
fn claimed(gathered: &Gathered, views: &[usize]) -> SlotSet {
    let mut facts = BTreeSet::new();
    for &view in views {
        facts.extend(gathered.views[view].lines.iter().map(|l| l.fact));
    }
    let facts = facts.into_iter().map(|f| &gathered.facts[f as usize]);
    SlotSet::from_ranges(facts.flat_map(|fact| fact.slots.iter().copied()))
}

/// Whether a blank node is beside our nodes rather than beside those of another cluster: by its
/// IP, else by where its file lies. In doubt it is not: the other cluster may be waiting for it.
fn is_nearer(gathered: &Gathered, blank: &View, ours: &[usize], theirs: &[usize]) -> bool {
    let own = blank
        .myself
        .and_then(|line| gathered.fact(&blank.lines[line]).address());
    let own = blank.named.clone().or(own);
    let has_ip = |views: &[usize]| {
        let lines = views.iter().flat_map(|&v| &gathered.views[v].lines);
        let mut facts = lines.map(|line| gathered.fact(line));
        own.as_ref()
            .is_some_and(|own| facts.any(|fact| fact.address().is_some_and(|a| a.ip() == own.ip())))
    };
    let shared = |views: &[usize]| {
        let paths = views.iter().map(|&v| &*gathered.views[v].path);
        paths.map(|path| shared_folders(path, &blank.path)).max()
    };
    match (has_ip(ours), has_ip(theirs)) {
        (true, false) => true,
        (false, true) => false,
        _ => shared(ours) > shared(theirs),
    }
}

/// Folders that both paths begin with.
fn shared_folders(a: &str, b: &str) -> usize {
    let (a, b) = (folder(a).split('/'), folder(b).split('/'));
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn blank_left_out(view: &View) -> Diagnostic {
    Diagnostic::new(
        Capture::WhoseBlank,
        "a node that knows only itself, and nothing says that it is meant for the cluster that is judged: it was left out",
    )
    .at(Place {
        path: view.path.clone(),
        line: view.lines.first().map_or(1, |l| l.line),
        column: 1,
    })
    .help("capture each cluster into a directory of its own")
}

/// Names both, so that a wrong choice is seen.
fn left_out(gathered: &Gathered, views: &[usize], chosen: &[usize], lonely: bool) -> Diagnostic {
    let view = &gathered.views[views[0]];
    let (other, ours) = (
        Portrait::of(gathered, views),
        Portrait::of(gathered, chosen),
    );
    let in_parts = views.iter().any(|&v| {
        let view = &gathered.views[v];
        view.incomplete || view.garbled
    });
    let what = match lonely {
        true => {
            "a node that lists only itself, but claims slots: not a blank node, and not of this cluster"
        }
        // The lines that would join them may be those that are missing.
        false if in_parts => {
            "no member with the rest: another cluster, or one whose lines were cut off or garbled"
        }
        false => "no member with the rest: another cluster",
    };
    let size = match other.nodes {
        _ if lonely => String::new(),
        1 => "1 node that shares ".to_owned(),
        n => format!("{n} nodes that share "),
    };
    let files = match other.files {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let message = format!(
        "{size}{what}; it was left out with its {}, {} and `{}`{files}; judged is the one with {}, {} and {}",
        count(other.slots as usize, "slot"),
        other.example,
        view.path.escape_debug(),
        count(ours.nodes, "node"),
        count(ours.slots as usize, "slot"),
        ours.example,
    );
    let help = if other.nodes >= ours.nodes {
        "nothing says which one is meant: give the files of one cluster alone, from a directory of its own"
    } else {
        "capture each cluster into a directory of its own"
    };
    Diagnostic::new(Capture::SecondCluster, message)
        .at(Place {
            path: view.path.clone(),
            line: view.lines.first().map_or(1, |l| l.line),
            column: 1,
        })
        .help(help)
}

/// What a cluster is recognised by.
struct Portrait {
    nodes: usize,
    slots: u32,
    /// Its lowest address.
    example: String,
    files: usize,
}

impl Portrait {
    fn of(gathered: &Gathered, views: &[usize]) -> Self {
        let mut slots = SlotSet::new();
        let mut addresses = BTreeSet::new();
        let mut facts = BTreeSet::new();
        let mut files = BTreeSet::new();
        for &view in views {
            let view = &gathered.views[view];
            facts.extend(view.lines.iter().map(|l| l.fact));
            files.insert(view.file);
        }
        for fact in facts.iter().map(|&f| &gathered.facts[f as usize]) {
            if !fact.flags.has(Flags::REPLICA) {
                slots.union_with(&SlotSet::from_ranges(fact.slots.iter().copied()));
            }
            if !fact.flags.has(Flags::NOADDR) {
                addresses.extend(fact.address());
            }
        }
        let example = addresses.first().map(ToString::to_string);
        Self {
            nodes: listed(gathered, views).len(),
            slots: slots.len(),
            example: example.unwrap_or_else(|| "no address".to_owned()),
            files: files.len(),
        }
    }
}

fn listed(gathered: &Gathered, views: &[usize]) -> BTreeSet<Token> {
    let mut facts = BTreeSet::new();
    for &view in views {
        facts.extend(gathered.views[view].lines.iter().map(|l| l.fact));
    }
    facts
        .into_iter()
        .map(|f| &gathered.facts[f as usize])
        .filter(|f| !f.flags.has(Flags::HANDSHAKE))
        .map(|f| f.token)
        .collect()
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}
