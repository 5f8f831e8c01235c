//! The numbers of a brief, for monitors.

use std::collections::BTreeMap;

use crate::diagnostic::Severity;
use crate::render::brief::Row;
use crate::render::brief::RowState;
use crate::report::HostLoad;
use crate::report::Serves;
use crate::report::State;

/// A number for a monitor.
pub struct Gauge {
    pub name: &'static str,
    pub help: &'static str,
    pub samples: Vec<(Vec<(&'static str, String)>, u64)>,
}

pub(super) fn of_state(state: &State) -> Vec<Gauge> {
    let mut gauges = vec![
        single(
            "topoplan_slots_down",
            "Slots without a live owner.",
            u64::from(state.slots_down),
        ),
        Gauge {
            name: "topoplan_voters",
            help: "Masters that own slots: all, live, and how many an election needs.",
            samples: vec![
                (vec![("which", "all".to_owned())], state.voters as u64),
                (vec![("which", "live".to_owned())], state.voters_live as u64),
                (
                    vec![("which", "needed".to_owned())],
                    state.voters_needed as u64,
                ),
            ],
        },
    ];
    let serves = match state.serves {
        Serves::Yes => Some(1),
        Serves::Partly | Serves::No => Some(0),
        Serves::Unknown => None,
    };
    gauges.extend(serves.map(|serves| {
        single(
            "topoplan_serves",
            "Every node that was asked says that the cluster serves.",
            serves,
        )
    }));
    gauges.extend(state.host_losses.map(|losses| {
        single(
            "topoplan_survives_host_losses",
            "So many hosts may be lost at once, whichever they are.",
            losses as u64,
        )
    }));
    gauges.extend(state.taken_ms.map(|ms| {
        single(
            "topoplan_capture_timestamp_seconds",
            "When the first view was taken, by the clock of its node.",
            ms / 1000,
        )
    }));
    gauges
}

pub(super) fn single(name: &'static str, help: &'static str, value: u64) -> Gauge {
    Gauge {
        name,
        help,
        samples: vec![(Vec::new(), value)],
    }
}

pub(super) fn of_findings(name: &'static str, help: &'static str, rows: &[Row]) -> [Gauge; 2] {
    let mut open: BTreeMap<(&str, &str, Severity), u64> = BTreeMap::new();
    let mut allowed: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        match row.state {
            RowState::Open => {
                *open.entry((row.code, &row.name, row.severity)).or_default() += 1;
            }
            RowState::Allowed(_) => *allowed.entry(row.code).or_default() += 1,
            RowState::Cured | RowState::Known | RowState::Passed => {}
        }
    }
    let open = open.into_iter().map(|((code, name, severity), times)| {
        let labels = vec![
            ("code", code.to_owned()),
            ("rule", name.to_owned()),
            ("severity", severity.to_string()),
        ];
        (labels, times)
    });
    let allowed = allowed.into_iter();
    [
        Gauge {
            name,
            help,
            samples: open.collect(),
        },
        Gauge {
            name: "topoplan_findings_allowed",
            help: "Findings that the policy allows.",
            samples: allowed
                .map(|(code, times)| (vec![("code", code.to_owned())], times))
                .collect(),
        },
    ]
}

pub(super) fn of_hosts(loads: &[HostLoad]) -> [Gauge; 3] {
    type Count = fn(&HostLoad) -> usize;
    let gauge = |name, help, count: Count| Gauge {
        name,
        help,
        samples: loads
            .iter()
            .map(|load| (vec![("host", load.host.clone())], count(load) as u64))
            .collect(),
    };
    [
        gauge("topoplan_masters", "Live masters with slots.", |load| {
            load.masters
        }),
        gauge("topoplan_replicas", "Live replicas.", |load| load.replicas),
        gauge("topoplan_spares", "Live nodes without a copy.", |load| {
            load.spares
        }),
    ]
}
