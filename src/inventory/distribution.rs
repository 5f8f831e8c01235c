//! What `check-distribution` counted, beside what the views say.

use std::sync::Arc;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::whose_host::HostNames;
use crate::model::Cluster;
use crate::model::HostId;
use crate::parse::Distribution;
use crate::parse::DistributionRow;
use crate::text::Place;
use crate::text::words;

/// Says where the counts differ. The command counts only nodes that answered it, so it may show
/// less than there is; it never decides anything here.
pub(super) fn compare(gathered: &Gathered, names: &HostNames, inventory: &mut Inventory) {
    if inventory.cluster.nodes.is_empty() {
        return;
    }
    let counts = counts(&inventory.cluster);
    for (path, table) in &gathered.distributions {
        for row in &table.rows {
            if let Some(note) = difference(path, table, row, names, &counts) {
                inventory.diagnostics.push(note);
            }
        }
    }
}

/// Of one host, by the views.
#[derive(Clone, Copy, Default)]
struct Count {
    masters: u32,
    /// Of them those whose slots are one range.
    one_range: u32,
    replicas: u32,
}

fn counts(cluster: &Cluster) -> Vec<Count> {
    let mut counts = vec![Count::default(); cluster.hosts.len()];
    for node in cluster.nodes.iter().filter(|n| n.is_live_member()) {
        let Some(count) = node.host.and_then(|h| counts.get_mut(h.0 as usize)) else {
            continue;
        };
        count.replicas += u32::from(node.is_replica());
        if node.is_master() && !node.slots.is_empty() {
            count.masters += 1;
            // An open slot is one more field of its line.
            let whole = node.slots.ranges().len() == 1 && node.open_slots.is_empty();
            count.one_range += u32::from(whole);
        }
    }
    counts
}

fn difference(
    path: &Arc<str>,
    table: &Distribution,
    row: &DistributionRow,
    names: &HostNames,
    counts: &[Count],
) -> Option<Diagnostic> {
    let place = Place {
        path: path.clone(),
        line: row.line,
        column: 1,
    };
    let name = row.host.escape_debug();
    let by_ip = row.ip.as_deref().and_then(|ip| names.called(ip));
    let host: Option<HostId> = by_ip.or_else(|| names.called(&row.host));
    let Some(count) = host.and_then(|h| counts.get(h.0 as usize)) else {
        let message = format!("no node of the cluster is on `{name}`, which this table counts");
        return Some(Diagnostic::new(Capture::Distribution, message).at(place));
    };
    if (row.masters, row.replicas) == (count.masters, count.replicas) {
        return None;
    }
    let message = format!(
        "`{name}` has {} and {} here, but {} with slots and {} that live by the views; the views count",
        words::count(row.masters as usize, "master"),
        words::count(row.replicas as usize, "replica"),
        words::count(count.masters as usize, "master"),
        words::count(count.replicas as usize, "replica"),
    );
    let note = Diagnostic::new(Capture::Distribution, message).at(place);
    let missed =
        table.one_range_only && row.replicas == count.replicas && row.masters == count.one_range;
    Some(note.help(if missed {
        "this command leaves out masters whose slots are more than one range"
    } else {
        "this command counts only the nodes that answered it, at the time it ran"
    }))
}
