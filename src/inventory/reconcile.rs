//! Decides what is true, as the servers themselves do.
//!
//! A node's own view is the authority for its role, its master and its claims; slots go to the
//! higher config epoch; a node without a view is what most views say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::inventory::ViewOf;
use crate::inventory::captures::drop_older_captures;
use crate::inventory::captures::settle_clocks;
use crate::inventory::clusters::Split;
use crate::inventory::clusters::split_clusters;
use crate::inventory::conf;
use crate::inventory::distribution;
use crate::inventory::doubles;
use crate::inventory::filing::file_answers;
use crate::inventory::foreign::drop_foreign;
use crate::inventory::gathered::Gathered;
use crate::inventory::given;
use crate::inventory::in_flight;
use crate::inventory::links;
use crate::inventory::liveness;
use crate::inventory::maps;
use crate::inventory::moments;
use crate::inventory::moments::settle_roles;
use crate::inventory::moved;
use crate::inventory::nodes::Index;
use crate::inventory::nodes::drafts;
use crate::inventory::nodes::nodes;
use crate::inventory::nodes::sort;
use crate::inventory::observers::link_observers;
use crate::inventory::observers::views_behind;
use crate::inventory::origins;
use crate::inventory::whose::owner;
use crate::inventory::owners::settle_owners;
use crate::inventory::owners::used_views;
use crate::inventory::processes::Processes;
use crate::inventory::record::View;
use crate::inventory::replication;
use crate::inventory::reports;
use crate::inventory::secondhand;
use crate::inventory::seen::tally;
use crate::inventory::server;
use crate::inventory::sights;
use crate::inventory::slot_loads;
use crate::inventory::slots::claims;
use crate::inventory::slots::settle_slots;
use crate::inventory::starts;
use crate::inventory::states;
use crate::inventory::tablets;
use crate::inventory::unseen;
use crate::inventory::values;
use crate::inventory::vitals;
use crate::inventory::wholeness;
use crate::inventory::whose::Whose;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::NodeName;
use crate::parse::Authority;
use crate::policy::Policy;

/// Decides; see the module text.
pub(super) fn reconcile(mut gathered: Gathered, policy: Policy) -> Inventory {
    let mut diagnostics = std::mem::take(&mut gathered.diagnostics);
    given::take_hosts(&mut gathered, &policy);
    secondhand::drop_lesser_views(&mut gathered, &mut diagnostics);
    reports::name_silent(&mut gathered);
    settle_owners(&mut gathered, &mut diagnostics);
    settle_clocks(&mut gathered, &mut diagnostics);
    drop_older_captures(&mut gathered, &mut diagnostics);
    let mut used = used_views(&gathered, &mut diagnostics);
    given::drop_views_of_the_dead(&mut gathered, &mut used, &mut diagnostics);
    given::settle(&mut gathered, &used);
    let split = split_clusters(&gathered, &used, &mut diagnostics);
    drop_foreign(&mut gathered, &split, &mut diagnostics);
    let whose = Whose::of(&gathered, &split.foreign);
    let Split {
        members,
        unmet,
        views: used,
        ..
    } = split;
    let seen = tally(&gathered, &used, &members, &unmet);
    let mut drafts = drafts(&gathered, &seen, &members, &unmet);
    let doubles = doubles::settle(&gathered, &used, &seen, &mut drafts);
    sort(&gathered, &mut drafts);
    let index = Index::of(&drafts);
    file_answers(&mut gathered, &whose, &drafts, &mut diagnostics);
    wholeness::find_short_views(&mut gathered, &used, &drafts, &mut diagnostics);
    let mut inventory = Inventory {
        policy,
        diagnostics,
        torn: doubles.iter().filter_map(|d| d.torn(&gathered)).collect(),
        ..Inventory::default()
    };
    let said = doubles.iter().filter_map(|d| d.diagnostic(&gathered));
    inventory.diagnostics.extend(said);
    // Files on disk are used only where no running process answered, so all are of one kind.
    inventory.cluster.views = used.len();
    inventory.views_on_disk = used
        .iter()
        .any(|&v| gathered.views[v].authority == Authority::Disk);
    inventory.secondhand = secondhand::note(&gathered, &used, &mut inventory.diagnostics);
    inventory.cluster.nodes = nodes(
        &gathered,
        &seen,
        &drafts,
        &index,
        inventory.secondhand.is_some(),
    );
    link_observers(&gathered, &used, &index, &mut inventory.cluster);
    inventory.conflicts = match inventory.secondhand {
        Some(_) => secondhand::settle_slots(&gathered, &used, &index, &mut inventory.cluster),
        None => settle_slots(&claims(&gathered, &seen, &index), &mut inventory.cluster),
    };
    settle_roles(&gathered, &seen, &index, &mut inventory.cluster);
    replication::apply(&gathered, &mut inventory);
    slot_loads::apply(&gathered, &mut inventory.cluster);
    let blind_spot = server::blind_spot(&inventory.cluster.server);
    inventory.diagnostics.extend(blind_spot);
    wholeness::judge(&gathered, &used, &unmet, &mut inventory);
    inventory.origins = origins::read(&gathered, &used, &index, &inventory.cluster);
    let names = maps::apply(&gathered, &mut inventory);
    vitals::read(&gathered, &names, &mut inventory);
    starts::read(&gathered, &names, &mut inventory);
    let processes = Processes::of(&gathered, &used, &names, &mut inventory);
    let shown = processes.of_silent(&gathered, &seen, &index, &mut inventory);
    liveness::judge(&gathered, &seen, &index, &shown, &mut inventory.cluster);
    for (id, silent_for) in liveness::silences(&gathered, &used, &index) {
        inventory.cluster.node_mut(id).seen.silent_for = Some(silent_for);
    }
    reports::take_complaints(&gathered, &mut inventory);
    unseen::find(&gathered, &used, &index, &mut inventory.cluster);
    moments::note(&gathered, &used, &seen, &index, &mut inventory);
    moved::note(&gathered, &used, &seen, &index, &mut inventory);
    liveness::note(&gathered, &seen, &index, &mut inventory);
    processes.note(&gathered, &mut inventory);
    distribution::compare(&gathered, &names, &mut inventory);
    inventory.views_behind = views_behind(&gathered, &used, &index, &inventory.cluster);
    inventory.views = used
        .iter()
        .map(|&v| view_of(&gathered, &gathered.views[v], &index, &inventory.cluster))
        .collect();
    inventory.sights = sights::read(&gathered, &used, &index, &inventory.cluster);
    inventory.states = states::read(&gathered, &inventory.cluster);
    inventory.values = values::read(&gathered, &inventory.cluster);
    inventory.rowcount = values::rowcount(&gathered, &inventory);
    inventory.in_flight = in_flight::read(&gathered, &used, &index, &inventory.cluster);
    inventory.one_way_links = links::one_way(&gathered, &index, &inventory);
    inventory.conf_faults = conf::judge(&gathered, &whose, &inventory.cluster);
    inventory.tablets = tablets::settle(&gathered, &mut inventory.diagnostics);
    name_files(&mut gathered, &inventory.cluster);
    inventory.files = gathered.files;
    inventory
}

/// The views that count, for rules that judge the capture itself.
fn view_of(gathered: &Gathered, view: &View, index: &Index, cluster: &Cluster) -> ViewOf {
    let owner = owner(gathered, view).and_then(|o| index.get(o));
    // Its own line may be among those that were cut off.
    let owner = owner.or_else(|| {
        let named = view.named.as_ref()?;
        let mut nodes = cluster.iter();
        nodes
            .find(|(_, n)| n.address.as_ref() == Some(named))
            .map(|(id, _)| id)
    });
    let address = owner.and_then(|id| cluster.node(id).address.as_ref());
    let answers = address.and_then(|a| gathered.answers.get(a));
    let my_epoch = answers.and_then(|a| a.cluster_info.get("cluster_my_epoch"));
    ViewOf {
        path: view.path.to_string(),
        owner,
        authority: view.authority,
        clock: Some(view.clock).filter(|&clock| clock > 0),
        cluster_current_epoch: answers.and_then(|a| a.epochs),
        my_epoch: my_epoch.and_then(|epoch| epoch.parse().ok()),
        complete: !view.incomplete && !view.garbled,
    }
}

/// Notes for every file whose view or answer it holds; nobody's where it holds those of several.
fn name_files(gathered: &mut Gathered, cluster: &Cluster) {
    let mut of: BTreeMap<usize, BTreeSet<NodeName>> = BTreeMap::new();
    for view in &gathered.views {
        if let Some(token) = owner(gathered, view) {
            let name = gathered.names[token as usize].clone();
            of.entry(view.file).or_default().insert(name);
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
            let name = cluster.node(id).name.clone();
            of.entry(file).or_default().insert(name);
        }
    }
    for (file, names) in of {
        if names.len() == 1 {
            gathered.files[file].view_of = names.into_iter().next();
        }
    }
}
