//! The answer of `list` about tablets: lines of `table pid endpoint`.

use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::OpStatus;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::report;
use crate::report::HostRoles;
use crate::report::ListItem;
use crate::report::ListKind;
use crate::report::ListReport;
use crate::report::SCHEMA_VERSION;
use crate::report::capture;
use crate::report::tablets;

/// What to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TabletList {
    /// Partitions without a leader that is alive, with the row that says so last.
    NoLeader,
    /// Copies that are not alive.
    NotAlive,
    /// Operations that failed or were canceled.
    FailedOps,
    /// Leaders and followers by host.
    Distribution,
}

/// The answer of `list`.
pub fn list_tablets(inventory: &Inventory, seen: &TabletsSeen, list: TabletList) -> ListReport {
    let state = &seen.state;
    let mut items = Vec::new();
    let mut copy = |id: PartitionId, tablet: Option<TabletId>| {
        let endpoint = tablet.map_or("-", |t| state.endpoint(t));
        let host = tablet.and_then(|t| state.tablet(t).host);
        items.push(ListItem {
            id: state.name(id),
            address: tablet.map(|t| state.endpoint(t).to_string()),
            last_address: None,
            host: host.map(|h| state.hosts[h.0 as usize].name.to_string()),
            line: Some(format!("{} {endpoint}", state.name(id))),
        });
    };
    let mut distribution = None;
    let kind = match list {
        TabletList::NoLeader => {
            for (id, partition) in state.partition_ids().zip(&state.partitions) {
                if state.leader(partition).is_none() {
                    let row = partition.copies.iter().find(|held| held.leader);
                    copy(id, row.map(|held| held.tablet));
                }
            }
            ListKind::NoLeader
        }
        TabletList::NotAlive => {
            for (id, partition) in state.partition_ids().zip(&state.partitions) {
                for held in partition.copies.iter().filter(|h| !state.is_usable(h)) {
                    copy(id, Some(held.tablet));
                }
            }
            ListKind::NotAlive
        }
        TabletList::FailedOps => {
            let failed = state.ops.iter();
            let failed =
                failed.filter(|o| matches!(o.status, OpStatus::Failed | OpStatus::Canceled));
            for op in failed {
                let table = op.table.as_deref().unwrap_or("-");
                let pid = op.pid.map_or("-".to_owned(), |pid| pid.to_string());
                items.push(ListItem {
                    id: op.id.to_string(),
                    address: None,
                    last_address: None,
                    host: None,
                    line: Some(format!(
                        "{table} {pid} {} {} {}",
                        op.id,
                        op.kind,
                        op.status.word()
                    )),
                });
            }
            ListKind::FailedOps
        }
        TabletList::Distribution => {
            let loads = tablets::distribution(state).into_iter();
            let roles = |load: crate::report::HostLoad| HostRoles {
                host: load.host,
                masters: load.masters,
                replicas: load.replicas,
            };
            distribution = Some(loads.map(roles).collect());
            ListKind::Distribution
        }
    };
    ListReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        kind,
        items,
        distribution,
        notes: Vec::new(),
        diagnostics: tablets::diagnostics(inventory),
    }
}
