//! Findings that are gone, and that are new: the same rule on the same subject is the same finding.

use std::collections::BTreeMap;

use crate::diff::Side;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::Subject;

/// Indexes into the findings of the two sides, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FindingChanges {
    /// Of the old side.
    pub gone: Vec<usize>,
    /// Of the old side, where the new one is not whole: it may be there.
    pub unknown: Vec<usize>,
    /// Of the new side.
    pub new: Vec<usize>,
    /// Old and new index where the severity is another.
    pub changed: Vec<(usize, usize)>,
}

/// What a finding is about, in words that hold in both captures.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Capture,
    Node(String),
    Slots(String, Option<String>),
    Host(String),
    Zone(String),
}

pub(super) fn changes(old: &Side, new: &Side) -> FindingChanges {
    let before = by_identity(old);
    let after = by_identity(new);
    let mut changes = FindingChanges::default();
    for (identity, &index) in &before {
        match after.get(identity) {
            Some(&now) if old.findings[index].severity != new.findings[now].severity => {
                changes.changed.push((index, now));
            }
            Some(_) => {}
            None if new.is_whole() => changes.gone.push(index),
            None => changes.unknown.push(index),
        }
    }
    let fresh = after
        .iter()
        .filter(|(identity, _)| !before.contains_key(*identity));
    changes.new.extend(fresh.map(|(_, &index)| index));
    changes.gone.sort_unstable();
    changes.unknown.sort_unstable();
    changes.new.sort_unstable();
    changes.changed.sort_unstable();
    changes
}

/// Of findings with one identity the first.
fn by_identity(side: &Side) -> BTreeMap<(Code, About), usize> {
    let cluster = &side.inventory.cluster;
    let mut all = BTreeMap::new();
    for (index, finding) in side.findings.iter().enumerate() {
        let Finding { rule, subject, .. } = finding;
        all.entry((rule.code, about(cluster, subject)))
            .or_insert(index);
    }
    all
}

fn about(cluster: &Cluster, subject: &Subject) -> About {
    let name = |id: NodeId| cluster.node(id).name.to_string();
    match subject {
        // Those of tablets are compared by themselves.
        Subject::Capture | Subject::Tablets(_) => About::Capture,
        Subject::Node(id) => About::Node(name(*id)),
        Subject::Slots(slots, node) => About::Slots(slots.to_string(), node.map(name)),
        Subject::Host(host) => About::Host(cluster.host(*host).name.to_string()),
        Subject::Zone(zone) => About::Zone(cluster.zones[zone.0 as usize].name.to_string()),
    }
}
