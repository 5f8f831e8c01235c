//! What changed between two captures of tablets.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff::FindingChanges;
use crate::diff::Strangers;
use crate::diff::Verdict;
use crate::diff::findings::changes_by;
use crate::model::Held;
use crate::model::Partition;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Finding;
use crate::rules::OfTablets;
use crate::rules::Subject;

/// One of the two captures, and what its rules find.
pub struct TabletSide<'a> {
    pub state: &'a Tablets,
    pub findings: &'a [Finding],
}

impl TabletSide<'_> {
    /// What it lacks is not there.
    pub fn is_whole(&self) -> bool {
        self.state.tables_known && !self.state.torn
    }
}

/// What became of a tablet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TabletChanged {
    Died,
    Returned,
    Joined,
    /// It is listed no more.
    Vanished,
    /// Its process is younger than before.
    Restarted,
}

impl TabletChanged {
    pub fn word(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Returned => "returned",
            Self::Joined => "joined",
            Self::Vanished => "vanished",
            Self::Restarted => "restarted",
        }
    }

    pub fn is_worse(self) -> bool {
        match self {
            Self::Died | Self::Vanished => true,
            Self::Returned | Self::Joined | Self::Restarted => false,
        }
    }
}

/// What became of a partition or of one of its copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionChanged {
    /// Nobody leads it any more.
    LeaderLost,
    LeaderFound,
    LeaderChanged,
    /// A copy is out of use.
    OutOfUse,
    /// A copy is in use again.
    Recovered,
    /// A copy went from one tablet to another.
    Moved,
    Added,
    Removed,
    Created,
    Dropped,
}

impl PartitionChanged {
    pub fn word(self) -> &'static str {
        match self {
            Self::LeaderLost => "leaderless",
            Self::LeaderFound => "led again",
            Self::LeaderChanged => "handed over",
            Self::OutOfUse => "out of use",
            Self::Recovered => "recovered",
            Self::Moved => "moved",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Created => "created",
            Self::Dropped => "dropped",
        }
    }

    pub fn is_worse(self) -> bool {
        match self {
            Self::LeaderLost | Self::OutOfUse | Self::Removed | Self::Dropped => true,
            Self::LeaderFound
            | Self::LeaderChanged
            | Self::Recovered
            | Self::Moved
            | Self::Added
            | Self::Created => false,
        }
    }
}

/// A change of one partition, and the endpoints that it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionChange {
    pub change: PartitionChanged,
    /// As texts call it.
    pub name: String,
    pub table: String,
    pub pid: u32,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// A value that an operator compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TabletValue {
    AutoFailover,
    /// Of the leader of a partition; smaller than before: writes are lost.
    LeaderOffset,
    /// Partitions whose leader took writes in between.
    Written,
}

impl TabletValue {
    pub fn word(self) -> &'static str {
        match self {
            Self::AutoFailover => "auto_failover",
            Self::LeaderOffset => "offset of the leader",
            Self::Written => "partitions with new writes",
        }
    }
}

/// A value before and after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TabletValueChange {
    pub what: TabletValue,
    pub partition: Option<String>,
    pub old: Option<String>,
    pub new: Option<String>,
    pub verdict: Verdict,
}

/// What is another in the new capture than in the old one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TabletDifference {
    pub tablets: Vec<(String, TabletChanged)>,
    pub partitions: Vec<PartitionChange>,
    pub findings: FindingChanges,
    pub values: Vec<TabletValueChange>,
}

/// What changed from `old` to `new`.
pub fn compare_tablets(old: &TabletSide, new: &TabletSide) -> Result<TabletDifference, Strangers> {
    let (was, is) = (old.state, new.state);
    if !was.tablets.iter().any(|t| is.find(&t.endpoint).is_some()) {
        return Err(Strangers);
    }
    let mut difference = TabletDifference {
        tablets: tablets(was, is),
        findings: findings(old, new),
        ..TabletDifference::default()
    };
    let before = by_name(was);
    let after = by_name(is);
    let mut grown = 0;
    let mut compared = 0;
    for (key, partition) in &before {
        let Some(now) = after.get(key) else {
            if new.is_whole() {
                difference
                    .partitions
                    .push(change(PartitionChanged::Dropped, partition));
            }
            continue;
        };
        of_partition(was, partition, is, now, &mut difference.partitions);
        let offset = |state: &Tablets, of: &Partition| state.leader(of).and_then(|h| h.offset);
        if let (Some(then), Some(now_at)) = (offset(was, partition), offset(is, now)) {
            compared += 1;
            grown += usize::from(now_at > then);
            if now_at < then {
                difference.values.push(TabletValueChange {
                    what: TabletValue::LeaderOffset,
                    partition: Some(now.to_string()),
                    old: Some(then.to_string()),
                    new: Some(now_at.to_string()),
                    verdict: Verdict::Worse,
                });
            }
        }
    }
    for (key, partition) in &after {
        if !before.contains_key(key) && old.is_whole() {
            difference
                .partitions
                .push(change(PartitionChanged::Created, partition));
        }
    }
    if compared > 0 {
        difference.values.push(TabletValueChange {
            what: TabletValue::Written,
            partition: None,
            old: None,
            new: Some(format!("{grown} of {compared}")),
            verdict: Verdict::Moved,
        });
    }
    difference.values.extend(switch(was, is));
    Ok(difference)
}

fn switch(was: &Tablets, is: &Tablets) -> Option<TabletValueChange> {
    let word = |value: Option<bool>| value.map(|on| if on { "on" } else { "off" }.to_owned());
    let verdict = match (was.auto_failover, is.auto_failover) {
        (old, new) if old == new => return None,
        (Some(true), Some(false)) => Verdict::Worse,
        (Some(false), Some(true)) => Verdict::Better,
        (Some(_), Some(_)) => Verdict::Same,
        (None, _) | (_, None) => Verdict::Unknown,
    };
    Some(TabletValueChange {
        what: TabletValue::AutoFailover,
        partition: None,
        old: word(was.auto_failover),
        new: word(is.auto_failover),
        verdict,
    })
}

/// Databases are told by some captures only, numbers by all of today; a table that was made anew is
/// another one.
type Key<'a> = (&'a str, Option<u64>, u32);

fn by_name(state: &Tablets) -> BTreeMap<Key<'_>, &Partition> {
    let partitions = state.partitions.iter();
    partitions.map(|p| ((&*p.table, p.tid, p.pid), p)).collect()
}

fn change(change: PartitionChanged, of: &Partition) -> PartitionChange {
    PartitionChange {
        change,
        name: of.to_string(),
        table: of.table.to_string(),
        pid: of.pid,
        from: None,
        to: None,
    }
}

fn tablets(was: &Tablets, is: &Tablets) -> Vec<(String, TabletChanged)> {
    let mut changes = Vec::new();
    for id in was.tablet_ids() {
        let old = was.tablet(id);
        let Some(now) = is.find(&old.endpoint) else {
            if is.health_known {
                changes.push((old.endpoint.to_string(), TabletChanged::Vanished));
            }
            continue;
        };
        let younger = match (old.age_ms, is.tablet(now).age_ms) {
            (Some(then), Some(now)) => now < then,
            (None, _) | (_, None) => false,
        };
        let changed = match (was.runs(id), is.runs(now)) {
            (true, false) => Some(TabletChanged::Died),
            (false, true) => Some(TabletChanged::Returned),
            (true, true) if younger => Some(TabletChanged::Restarted),
            (true, true) | (false, false) => None,
        };
        changes.extend(changed.map(|changed| (old.endpoint.to_string(), changed)));
    }
    for id in is.tablet_ids() {
        let endpoint = is.endpoint(id);
        if was.find(endpoint).is_none() {
            changes.push((endpoint.to_string(), TabletChanged::Joined));
        }
    }
    changes
}

fn of_partition(
    was: &Tablets,
    old: &Partition,
    is: &Tablets,
    new: &Partition,
    out: &mut Vec<PartitionChange>,
) {
    let mut say = |changed: PartitionChanged, from: Option<&str>, to: Option<&str>| {
        out.push(PartitionChange {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            ..change(changed, new)
        });
    };
    let name = |state: &Tablets, t: TabletId| state.endpoint(t).to_string();
    let led = was.leader(old).map(|held| name(was, held.tablet));
    let leads = is.leader(new).map(|held| name(is, held.tablet));
    match (&led, &leads) {
        (Some(then), None) => say(PartitionChanged::LeaderLost, Some(then), None),
        (None, Some(now)) => say(PartitionChanged::LeaderFound, None, Some(now)),
        (Some(then), Some(now)) if then != now => {
            say(PartitionChanged::LeaderChanged, Some(then), Some(now));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    let before: BTreeMap<String, &Held> = held(was, old);
    let after: BTreeMap<String, &Held> = held(is, new);
    let names = |map: &BTreeMap<String, &Held>| map.keys().cloned().collect::<BTreeSet<String>>();
    let gone: Vec<String> = names(&before).difference(&names(&after)).cloned().collect();
    let came: Vec<String> = names(&after).difference(&names(&before)).cloned().collect();
    for (from, to) in gone.iter().zip(&came) {
        say(PartitionChanged::Moved, Some(from), Some(to));
    }
    for from in gone.iter().skip(came.len()) {
        say(PartitionChanged::Removed, Some(from), None);
    }
    for to in came.iter().skip(gone.len()) {
        say(PartitionChanged::Added, None, Some(to));
    }
    for (endpoint, then) in &before {
        let Some(now) = after.get(endpoint) else {
            continue;
        };
        match (was.is_usable(then), is.is_usable(now)) {
            (true, false) => say(PartitionChanged::OutOfUse, Some(endpoint), None),
            (false, true) => say(PartitionChanged::Recovered, None, Some(endpoint)),
            (true, true) | (false, false) => {}
        }
    }
}

fn held<'a>(state: &Tablets, partition: &'a Partition) -> BTreeMap<String, &'a Held> {
    let copies = partition.copies.iter();
    copies
        .map(|held| (state.endpoint(held.tablet).to_string(), held))
        .collect()
}

/// What a finding is about, in words that hold in both captures.
fn about(state: &Tablets, subject: &Subject) -> String {
    match subject {
        Subject::Tablets(OfTablets::Tablet(tablet)) => state.endpoint(*tablet).to_string(),
        Subject::Tablets(OfTablets::Partition(id)) => state.name(*id),
        Subject::Tablets(OfTablets::Copy(id, tablet)) => {
            format!("{} {}", state.name(*id), state.endpoint(*tablet))
        }
        Subject::Tablets(OfTablets::Op(id, _)) => id.to_string(),
        Subject::Host(host) => state.hosts[host.0 as usize].name.to_string(),
        Subject::Zone(zone) => state.zones[zone.0 as usize].name.to_string(),
        Subject::Node(_) | Subject::Slots(..) | Subject::Capture => String::new(),
    }
}

fn findings(old: &TabletSide, new: &TabletSide) -> FindingChanges {
    changes_by(
        (old.findings, |finding| about(old.state, &finding.subject)),
        (new.findings, |finding| about(new.state, &finding.subject)),
        new.is_whole(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;

    fn changes(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (tablets(old), tablets(new));
        let side = |state| TabletSide {
            state,
            findings: &[],
        };
        let made = compare_tablets(&side(&old), &side(&new)).expect("the same cluster");
        let tablets = made
            .tablets
            .iter()
            .map(|(e, c)| format!("{e} {}", c.word()));
        let of = |c: &PartitionChange| format!("{} {}", c.name, c.change.word());
        tablets.chain(made.partitions.iter().map(of)).collect()
    }

    #[test]
    fn what_became_of_tablets_and_copies() {
        let was = "t 0: *a b; t 1: *b a; c";
        assert!(changes(was, was).is_empty());
        assert_eq!(
            changes(was, "t 0: *a- *b; t 1: *b a-; c a!"),
            [
                "10.0.0.1:1 died",
                "t 0 handed over",
                "t 0 out of use",
                "t 1 out of use"
            ]
        );
        assert_eq!(
            changes(was, "t 0: *a c; t 1: *b; c"),
            ["t 0 moved", "t 1 removed"]
        );
        assert_eq!(
            changes(was, "t 0: *a b d; c; d"),
            ["10.0.0.4:1 joined", "t 0 added", "t 1 dropped"]
        );
    }

    #[test]
    fn an_offset_that_shrank_is_said() {
        let (old, mut new) = (tablets("t 0: *a b"), tablets("t 0: *a- *b"));
        new.partitions[0].copies[1].offset = Some(90);
        let side = |state| TabletSide {
            state,
            findings: &[],
        };
        let made = compare_tablets(&side(&old), &side(&new)).expect("the same cluster");
        assert_eq!(made.values[0].what, TabletValue::LeaderOffset);
        assert_eq!(made.values[0].verdict, Verdict::Worse);
    }
}
