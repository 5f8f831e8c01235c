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
    let of = |side: &Side, finding: &Finding| about(&side.inventory.cluster, &finding.subject);
    changes_by(
        (old.findings, |finding| of(old, finding)),
        (new.findings, |finding| of(new, finding)),
        new.is_whole(),
    )
}

/// From the findings of the old side to those of the new one, each with what its findings are about.
/// What a new side lacks that is not whole may be there.
pub(super) fn changes_by<About: Ord>(
    old: (&[Finding], impl Fn(&Finding) -> About),
    new: (&[Finding], impl Fn(&Finding) -> About),
    new_is_whole: bool,
) -> FindingChanges {
    let before = by_identity(old.0, old.1);
    let after = by_identity(new.0, new.1);
    let mut changes = FindingChanges::default();
    for (identity, &index) in &before {
        match after.get(identity) {
            Some(&now) if old.0[index].severity != new.0[now].severity => {
                changes.changed.push((index, now));
            }
            Some(_) => {}
            None if new_is_whole => changes.gone.push(index),
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
fn by_identity<About: Ord>(
    findings: &[Finding],
    about: impl Fn(&Finding) -> About,
) -> BTreeMap<(Code, About), usize> {
    let mut all = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let identity = (finding.rule.code, about(finding));
        all.entry(identity).or_insert(index);
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
