//! The answer of `check` about tablets.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Tablets;
use crate::report;
use crate::report::CheckReport;
use crate::report::SCHEMA_VERSION;
use crate::report::Server;
use crate::report::Serves;
use crate::report::State;
use crate::report::Views;
use crate::report::capture;
use crate::report::tablets;
use crate::rules;
use crate::rules::Code;

/// What only clusters of tablets have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TabletFacts {
    /// Null where no `confget` was captured.
    pub auto_failover: Option<bool>,
    /// A `showtablet` says which tablets run.
    pub health_known: bool,
    /// Tablets that are offline.
    pub offline: usize,
    /// Partitions with a leader that is alive.
    pub led: usize,
    /// Operations that were running.
    pub running: usize,
}

pub(super) fn facts(state: &Tablets) -> TabletFacts {
    TabletFacts {
        auto_failover: state.auto_failover,
        health_known: state.health_known,
        offline: state.tablet_ids().filter(|&t| !state.runs(t)).count(),
        led: state
            .partitions
            .iter()
            .filter(|p| state.leader(p).is_some())
            .count(),
        running: state.ops.iter().filter(|op| op.status.is_running()).count(),
    }
}

pub(super) fn server(state: &Tablets) -> Server {
    Server {
        name: if state.topic { "kafka" } else { "fedb" }.to_owned(),
        version: None,
    }
}

pub(super) fn views() -> Views {
    Views {
        read: 0,
        behind: 0,
        unmet: 0,
        on_disk: false,
        instead: Some("showtable".to_owned()),
    }
}

pub(super) fn state(state: &Tablets) -> State {
    let led = facts(state).led;
    let all = state.partitions.len();
    let whole = state.tables_known && !state.torn && (state.health_known || state.topic);
    let serves = match (all, led) {
        _ if !whole && led == all => Serves::Unknown,
        (0, _) => Serves::Unknown,
        (all, led) if led == all => Serves::Yes,
        (_, 0) => Serves::No,
        (_, _) => Serves::Partly,
    };
    State {
        serves,
        whole,
        ..State::default()
    }
}

/// The answer of `check`.
///
/// Of the rules whose codes are wanted.
pub fn check_tablets(
    inventory: &Inventory,
    seen: &TabletsSeen,
    wanted: impl Fn(Code) -> bool,
) -> CheckReport {
    let of = &seen.state;
    let mut found = tablets::found(inventory, of);
    let notes = rules::notes_of_tablets(inventory, of, &found);
    found.retain(|finding| wanted(finding.rule.code));
    let promises = tablets::Promises::of(inventory, of, &found);
    let mut told = tablets::diagnostics(inventory);
    told.extend(capture::told(&notes));
    CheckReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        server: server(of),
        views: views(),
        state: state(of),
        tablets: Some(facts(of)),
        outlook: promises.outlook(),
        causes: Vec::new(),
        inputs: capture::inputs(inventory),
        summary: tablets::summary(of, &found),
        distribution: tablets::distribution(of),
        findings: found
            .iter()
            .map(|f| tablets::finding(seen, of, f, &promises))
            .collect(),
        diagnostics: told,
    }
}
