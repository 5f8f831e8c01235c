//! The answer of `show` about tablets: partitions are shards, tablets are nodes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Held;
use crate::model::HostId;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report;
use crate::report::SCHEMA_VERSION;
use crate::report::ShowReport;
use crate::report::ShownHost;
use crate::report::ShownNode;
use crate::report::ShownRole;
use crate::report::ShownShard;
use crate::report::ShownSync;
use crate::report::capture;
use crate::report::tablets;
use crate::report::tablets::check;
use crate::report::tablets::list::TabletList;
use crate::report::tablets::list::list_tablets;
use crate::rules;
use crate::rules::Code;
use crate::rules::OfTablets;
use crate::rules::Subject;

/// The answer of `show`.
pub fn show_tablets(inventory: &Inventory, seen: &TabletsSeen) -> ShowReport {
    let state = &seen.state;
    let found = tablets::found(inventory, state);
    let marks = Marks::of(&found);
    let mut shards: Vec<ShownShard> = state
        .partition_ids()
        .map(|id| shard(state, id, &marks))
        .collect();
    // Stable: in the order of tables and pids.
    shards.sort_by_key(|shard| {
        let led = shard.copies.first().is_some_and(|first| {
            first.live && first.role == ShownRole::Master && first.sync == ShownSync::Alive
        });
        (led, shard.usable.min(2), Reverse(shard.worst))
    });
    let loads = state.loads();
    let empty = state.tablet_ids().filter(|t| loads[t.index()] == 0);
    let hosts = (0..).zip(&state.hosts).map(|(index, host)| ShownHost {
        host: host.name.to_string(),
        zone: host.zone.map(|z| state.zones[z.0 as usize].name.to_string()),
        live: state
            .tablet_ids()
            .any(|t| state.tablet(t).host == Some(HostId(index)) && state.runs(t)),
    });
    ShowReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        server: check::server(state),
        views: check::views(),
        state: check::state(state),
        tablets: Some(check::facts(state)),
        inputs: capture::inputs(inventory),
        summary: tablets::summary(state, &found),
        shards,
        others: empty.map(|t| node(state, t, None, &marks)).collect(),
        hosts: hosts.collect(),
        uncovered: String::new(),
        open: Vec::new(),
        sights: Vec::new(),
        distribution: list_tablets(inventory, seen, TabletList::Distribution),
        diagnostics: tablets::diagnostics(inventory),
    }
}

/// What is found, by what it is about.
#[derive(Default)]
struct Marks {
    partitions: BTreeMap<PartitionId, Vec<(Code, Severity)>>,
    copies: BTreeMap<(PartitionId, TabletId), Vec<Code>>,
    tablets: BTreeMap<TabletId, Vec<Code>>,
}

impl Marks {
    fn of(found: &[rules::Finding]) -> Self {
        let mut marks = Self::default();
        for finding in found.iter().filter(|f| f.allowed.is_none()) {
            let (code, severity) = (finding.rule.code, finding.severity);
            let mut partition = |id: PartitionId| {
                let of = marks.partitions.entry(id).or_default();
                of.push((code, severity));
            };
            match finding.subject {
                Subject::Tablets(OfTablets::Tablet(tablet)) => {
                    marks.tablets.entry(tablet).or_default().push(code);
                }
                Subject::Tablets(OfTablets::Partition(id))
                | Subject::Tablets(OfTablets::Op(_, Some(id))) => partition(id),
                Subject::Tablets(OfTablets::Copy(id, tablet)) => {
                    partition(id);
                    marks.copies.entry((id, tablet)).or_default().push(code);
                }
                Subject::Tablets(OfTablets::Op(_, None))
                | Subject::Node(_)
                | Subject::Slots(..)
                | Subject::Host(_)
                | Subject::Zone(_)
                | Subject::Capture => {}
            }
        }
        marks
    }
}

fn shard(state: &Tablets, id: PartitionId, marks: &Marks) -> ShownShard {
    let partition = state.partition(id);
    let leader = state.leader(partition).map(|held| held.tablet);
    let mut copies: Vec<&Held> = partition.copies.iter().collect();
    // Who leads comes first, then who said so last.
    copies.sort_by_key(|held| (Some(held.tablet) != leader, !held.leader));
    let found = marks.partitions.get(&id);
    let mut codes: Vec<Code> = found.into_iter().flatten().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    ShownShard {
        name: state.name(id),
        table: Some(partition.table.to_string()),
        pid: Some(partition.pid),
        slots: String::new(),
        size: 0,
        usable: copies.iter().filter(|held| state.is_usable(held)).count(),
        copies: copies
            .iter()
            .map(|held| node(state, held.tablet, Some((id, held, leader)), marks))
            .collect(),
        codes,
        worst: found
            .into_iter()
            .flatten()
            .map(|(_, severity)| *severity)
            .max(),
    }
}

/// `of`: which copy it holds, and who leads that.
fn node(
    state: &Tablets,
    tablet: TabletId,
    of: Option<(PartitionId, &Held, Option<TabletId>)>,
    marks: &Marks,
) -> ShownNode {
    let runs = state.runs(tablet);
    let host = state.tablet(tablet).host.map(|h| &state.hosts[h.0 as usize]);
    let zone = host.and_then(|host| host.zone);
    let role = match of {
        None => ShownRole::Spare,
        Some((_, _, Some(leader))) if leader == tablet => ShownRole::Master,
        // Nobody leads: who did is told from those that followed.
        Some((_, held, None)) if held.leader => ShownRole::Master,
        Some(_) => ShownRole::Replica,
    };
    let copy = of.and_then(|(id, ..)| marks.copies.get(&(id, tablet)));
    // Of a tablet that runs only what is found about this copy.
    let own = marks.tablets.get(&tablet).filter(|_| of.is_none() || !runs);
    let mut codes: Vec<Code> = copy.into_iter().chain(own).flatten().copied().collect();
    codes.sort_unstable();
    codes.dedup();
    ShownNode {
        id: state.endpoint(tablet).to_string(),
        address: Some(state.endpoint(tablet).to_string()),
        last_address: None,
        host: host.map(|host| host.name.to_string()),
        zone: zone.map(|z| state.zones[z.0 as usize].name.to_string()),
        disk: None,
        role,
        follows: None,
        live: runs,
        sync: match of {
            Some((_, held, _)) if !held.alive => ShownSync::NotAlive,
            Some(_) | None => ShownSync::Alive,
        },
        offset: of.and_then(|(_, held, _)| held.offset),
        codes,
    }
}
