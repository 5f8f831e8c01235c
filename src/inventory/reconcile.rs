//! Decides what is true, as the servers themselves do.
//!
//! A node's own view is the authority for its role, its master and its claims; slots go to the
//! higher config epoch; a node without a view is what most views say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::inventory::clusters::Split;
use crate::inventory::clusters::split_clusters;
use crate::inventory::conf;
use crate::inventory::distribution;
use crate::inventory::gather::Gathered;
use crate::inventory::gather::Token;
use crate::inventory::gather::View;
use crate::inventory::liveness::judge_liveness;
use crate::inventory::liveness::note_failed_but_answering;
use crate::inventory::maps;
use crate::inventory::nodes::Index;
use crate::inventory::nodes::drafts;
use crate::inventory::nodes::nodes;
use crate::inventory::observers::link_observers;
use crate::inventory::observers::note_handshakes;
use crate::inventory::observers::views_behind;
use crate::inventory::origins;
use crate::inventory::owners::owner;
use crate::inventory::owners::settle_owners;
use crate::inventory::owners::used_views;
use crate::inventory::processes;
use crate::inventory::replication;
use crate::inventory::seen::tally;
use crate::inventory::server;
use crate::inventory::slots::claims;
use crate::inventory::slots::settle_slots;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::parse::Authority;
use crate::policy::Policy;
use crate::source::Place;

/// Decides; see the module text.
pub(super) fn reconcile(mut gathered: Gathered, policy: Policy) -> Inventory {
    let mut diagnostics = std::mem::take(&mut gathered.diagnostics);
    drop_lesser_views(&mut gathered, &mut diagnostics);
    settle_owners(&mut gathered, &mut diagnostics);
    let used = used_views(&gathered, &mut diagnostics);
    let Split {
        members,
        unmet,
        views: used,
    } = split_clusters(&gathered, &used, &mut diagnostics);
    let seen = tally(&gathered, &used, &members, &unmet);
    let drafts = drafts(&gathered, &seen, &members, &unmet);
    let index = Index::of(&drafts);
    let mut inventory = Inventory {
        policy,
        diagnostics,
        ..Inventory::default()
    };
    // Files on disk are used only where no running process answered, so all are of one kind.
    inventory.cluster.views = used.len();
    inventory.views_on_disk = used
        .iter()
        .any(|&v| gathered.views[v].authority == Authority::Disk);
    inventory.incomplete = all_cut_off(&gathered, &used, &unmet);
    inventory.cluster.nodes = nodes(&gathered, &seen, &drafts, &index);
    note_handshakes(&gathered, &used, &mut inventory.diagnostics);
    link_observers(&gathered, &used, &index, &mut inventory.cluster);
    let claims = claims(&gathered, &seen, &index);
    inventory.conflicts = settle_slots(&claims, &mut inventory.cluster);
    replication::apply(&gathered, &mut inventory);
    let blind_spot = server::blind_spot(&inventory.cluster.server);
    inventory.diagnostics.extend(blind_spot);
    judge_liveness(&gathered, &seen, &index, &mut inventory.cluster);
    inventory.origins = origins::read(&gathered, &used, &index, &inventory.cluster);
    note_failed_but_answering(&gathered, &used, &seen, &index, &mut inventory);
    let names = maps::apply(&gathered, &mut inventory);
    processes::apply(&gathered, &seen, &index, &names, &mut inventory);
    distribution::compare(&gathered, &names, &mut inventory);
    inventory.views_behind = views_behind(&gathered, &used, &index, &inventory.cluster);
    inventory.conf_faults = conf::judge(&gathered, &inventory.cluster);
    name_files(&mut gathered, &inventory.cluster);
    inventory.files = gathered.files;
    inventory
}

/// SHARDS, SLOTS and reports say less than a view: beside one they are not used, and what a
/// report complains about is told better.
fn drop_lesser_views(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    let told = gathered.views.iter().filter(|v| !v.lines.is_empty());
    let best = told.map(|v| v.authority).min().unwrap_or_default();
    let is_view = |authority| authority <= Authority::Disk;
    let (kept, dropped) = std::mem::take(&mut gathered.views)
        .into_iter()
        .partition(|v| is_view(v.authority) || v.authority == best);
    gathered.views = kept;
    diagnostics.extend(no_views(gathered, best));
    if !is_view(best) {
        return;
    }
    let dropped: Vec<View> = dropped;
    let mut lesser: BTreeSet<&str> = dropped.iter().map(|v| &*v.path).collect();
    for view in &gathered.views {
        // A transcript holds answers of both kinds.
        lesser.remove(&*view.path);
    }
    let is_lesser = |d: &Diagnostic| {
        let place = d.place.as_ref();
        d.code.starts_with("report/") || place.is_some_and(|p| lesser.contains(&*p.path))
    };
    // What such an answer can never tell is of no interest then.
    diagnostics
        .retain(|d| !is_lesser(d) || !["parse/shard-slots", "capture/no-ids"].contains(&d.code));
    for diagnostic in diagnostics.iter_mut().filter(|d| is_lesser(d)) {
        diagnostic.severity = Severity::Note;
    }
}

/// What is not known where nothing better than `best` was captured.
fn no_views(gathered: &Gathered, best: Authority) -> Option<Diagnostic> {
    let missing = match best {
        Authority::View | Authority::Disk => return None,
        Authority::Shards => "CLUSTER SHARDS tells neither epochs nor links nor open slots",
        Authority::Check => "a report of --cluster check lists only the nodes that answered it",
        Authority::Slots => {
            "CLUSTER SLOTS leaves out failed replicas, those that never finished a sync, and \
             masters without slots"
        }
    };
    let view = gathered.views.iter().find(|v| v.authority == best)?;
    let place = Place {
        path: view.path.clone(),
        line: view.lines.first().map_or(1, |l| l.line),
        column: 1,
    };
    let message = format!("no view of a node is here: {missing}");
    let diagnostic = Diagnostic::note("capture/no-views", message).at(place);
    Some(diagnostic.help("capture CLUSTER NODES of every node"))
}

/// A blank process that nobody met knows only itself: its view tells nothing of the cluster.
fn all_cut_off(gathered: &Gathered, used: &[usize], unmet: &BTreeSet<Token>) -> bool {
    let mut views = used
        .iter()
        .map(|&v| &gathered.views[v])
        .filter(|v| owner(gathered, v).is_none_or(|o| !unmet.contains(&o)))
        .peekable();
    views.peek().is_some() && views.all(|v| v.incomplete)
}

/// Notes for every file whose view or answer it holds.
fn name_files(gathered: &mut Gathered, cluster: &Cluster) {
    for view in 0..gathered.views.len() {
        let owner = owner(gathered, &gathered.views[view]);
        let file = gathered.views[view].file;
        if let Some(token) = owner
            && gathered.files[file].view_of.is_none()
        {
            gathered.files[file].view_of = Some(gathered.names[token as usize].clone());
        }
    }
    let by_address: BTreeMap<&Address, NodeId> = cluster
        .iter()
        .filter_map(|(id, n)| Some((n.address.as_ref()?, id)))
        .collect();
    for (address, answers) in &gathered.answers {
        let Some(&id) = by_address.get(address) else {
            continue;
        };
        for &file in &answers.files {
            gathered.files[file]
                .view_of
                .get_or_insert_with(|| cluster.node(id).name.clone());
        }
    }
}
