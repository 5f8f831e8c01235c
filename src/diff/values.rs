//! The values that a runbook writes down before its work and compares after it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diff::Side;
use crate::inventory::State;
use crate::inventory::Values;
use crate::model::Address;
use crate::model::Node;
use crate::model::NodeId;

/// What is compared.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nodes that answer `cluster_state:ok`, of those that were asked.
    StateOk,
    /// Nodes that answer `isOOM:true`, of those that tell.
    OutOfMemory,
    /// Rows of all tables of the cluster.
    Rowcount,
    /// Keys of the masters, over all databases.
    Keys,
    /// Keys that linked replicas have more or fewer than their masters.
    ReplicaKeysOff,
    /// Of these, those in memory.
    MemKeys,
    /// Row groups of the masters.
    RowGroups,
    FlashDbTtl,
    /// How full row groups were when they were evicted, in percent, on average over the masters.
    FullPercent,
    /// MiB that the hosts have left, of those that tell in both captures.
    MemoryAvailableMib,
    /// How far a shard's master had written its replication stream.
    Offset,
}

impl Value {
    /// As printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::StateOk => "state-ok",
            Self::OutOfMemory => "out-of-memory",
            Self::Rowcount => "rowcount",
            Self::Keys => "keys",
            Self::ReplicaKeysOff => "replica-keys-off",
            Self::MemKeys => "mem-keys",
            Self::RowGroups => "row-groups",
            Self::FlashDbTtl => "flash-db-ttl",
            Self::FullPercent => "full-percent",
            Self::MemoryAvailableMib => "memory-available-mib",
            Self::Offset => "offset",
        }
    }
}

/// What a difference of a value means.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Same,
    /// As it does under traffic: this is no change of the cluster.
    Moved,
    Better,
    Worse,
    /// One side does not tell.
    Unknown,
}

/// One value of one side.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Amount {
    Number(u64),
    /// `12 of 14`, `81.50`.
    Text(String),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A value before and after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValueChange {
    pub what: Value,
    /// Of one node; `None` of the cluster.
    pub address: Option<Address>,
    /// Of one shard.
    pub slots: Option<String>,
    pub old: Option<Amount>,
    pub new: Option<Amount>,
    pub verdict: Verdict,
}

/// Everything that either side tells, by what it is; of single nodes and shards only what is
/// another, or worse.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<ValueChange> {
    let mut all = Vec::new();
    all.extend(state_ok(old, new));
    all.extend(out_of_memory(old, new));
    let count = |what, was, is, less| of_cluster(what, was, is, less);
    let sum = |side: &Side, of: fn(&Values) -> Option<u64>| {
        over_masters(side, |id, _| side.inventory.values.get(&id).and_then(of))
    };
    let keys = |side: &Side| over_masters(side, |_, node| node.keys);
    let rows = |side: &Side| side.inventory.rowcount;
    all.extend(count(Value::Rowcount, rows(old), rows(new), Verdict::Worse));
    all.extend(count(Value::Keys, keys(old), keys(new), Verdict::Worse));
    all.extend(keys_of_shards(old, new));
    all.extend(replica_keys(old, new));
    let mem = |side: &Side| sum(side, |v| v.mem_keys);
    all.extend(count(Value::MemKeys, mem(old), mem(new), Verdict::Moved));
    let groups = |side: &Side| sum(side, |v| v.row_groups);
    all.extend(count(
        Value::RowGroups,
        groups(old),
        groups(new),
        Verdict::Moved,
    ));
    all.extend(ttl(old, new));
    all.extend(full_percent(old, new));
    all.extend(memory_available(old, new));
    all.extend(offsets(old, new));
    all
}

/// A count over the cluster: more is traffic, fewer is `less`.
fn of_cluster(
    what: Value,
    old: Option<u64>,
    new: Option<u64>,
    less: Verdict,
) -> Option<ValueChange> {
    if old.is_none() && new.is_none() {
        return None;
    }
    Some(ValueChange {
        what,
        address: None,
        slots: None,
        old: old.map(Amount::Number),
        new: new.map(Amount::Number),
        verdict: match (old, new) {
            (Some(old), Some(new)) if new < old => less,
            (Some(old), Some(new)) if new > old => Verdict::Moved,
            (Some(_), Some(_)) => Verdict::Same,
            (None, _) | (_, None) => Verdict::Unknown,
        },
    })
}

/// The sum over the masters that own slots, if each of them tells.
fn over_masters(side: &Side, of: impl Fn(NodeId, &Node) -> Option<u64>) -> Option<u64> {
    let masters = side.inventory.cluster.iter();
    let mut masters = masters.filter(|(_, n)| !n.slots.is_empty()).peekable();
    masters.peek()?;
    masters
        .map(|(id, node)| of(id, node))
        .try_fold(0u64, |sum, number| sum.checked_add(number?))
}

fn tally(
    old: (usize, usize),
    new: (usize, usize),
    what: Value,
    verdict: Verdict,
) -> Option<ValueChange> {
    let text =
        |(number, of): (usize, usize)| (of > 0).then(|| Amount::Text(format!("{number} of {of}")));
    let (was, is) = (text(old), text(new));
    if was.is_none() && is.is_none() {
        return None;
    }
    let verdict = match (&was, &is) {
        (Some(_), Some(_)) => verdict,
        (None, _) | (_, None) => Verdict::Unknown,
    };
    Some(ValueChange {
        what,
        address: None,
        slots: None,
        old: was,
        new: is,
        verdict,
    })
}

fn state_ok(old: &Side, new: &Side) -> Option<ValueChange> {
    let of = |side: &Side| {
        let states = &side.inventory.states;
        let ok = states.values().filter(|s| **s == State::Ok).count();
        (ok, states.len())
    };
    let (was, is) = (of(old), of(new));
    let failing = |(ok, asked): (usize, usize)| asked - ok;
    let verdict = match failing(is).cmp(&failing(was)) {
        std::cmp::Ordering::Greater => Verdict::Worse,
        std::cmp::Ordering::Less => Verdict::Better,
        // A node fewer that answers.
        std::cmp::Ordering::Equal if is.0 < was.0 => Verdict::Worse,
        std::cmp::Ordering::Equal if is.0 > was.0 => Verdict::Better,
        std::cmp::Ordering::Equal => Verdict::Same,
    };
    tally(was, is, Value::StateOk, verdict)
}

fn out_of_memory(old: &Side, new: &Side) -> Option<ValueChange> {
    let of = |side: &Side| {
        let told = side
            .inventory
            .values
            .values()
            .filter_map(|v| v.out_of_memory);
        let told: Vec<bool> = told.collect();
        (told.iter().filter(|full| **full).count(), told.len())
    };
    let (was, is) = (of(old), of(new));
    let verdict = match is.0.cmp(&was.0) {
        std::cmp::Ordering::Greater => Verdict::Worse,
        std::cmp::Ordering::Less => Verdict::Better,
        std::cmp::Ordering::Equal => Verdict::Same,
    };
    tally(was, is, Value::OutOfMemory, verdict)
}

/// The master of every shard whose slots are the same in both, by its slots.
fn masters<'a>(side: &'a Side) -> BTreeMap<String, &'a Node> {
    let nodes = side.inventory.cluster.iter();
    let owners = nodes.filter(|(_, n)| !n.slots.is_empty());
    owners.map(|(_, n)| (n.slots.to_string(), n)).collect()
}

fn keys_of_shards(old: &Side, new: &Side) -> Vec<ValueChange> {
    let before = masters(old);
    let fewer = |(slots, node): (String, &Node)| {
        let (was, is) = (before.get(&slots)?.keys?, node.keys?);
        (is < was).then(|| ValueChange {
            what: Value::Keys,
            address: node.address.clone(),
            slots: Some(slots),
            old: Some(Amount::Number(was)),
            new: Some(Amount::Number(is)),
            verdict: Verdict::Worse,
        })
    };
    masters(new).into_iter().filter_map(fewer).collect()
}

/// What replicas in sync have more or fewer than their masters: a few under traffic; more than one in
/// a hundred is no traffic.
fn replica_keys(old: &Side, new: &Side) -> Option<ValueChange> {
    const TRAFFIC: u64 = 100;
    let of = |side: &Side| {
        let cluster = &side.inventory.cluster;
        let pairs = cluster.iter().filter_map(|(id, node)| {
            let master = node.master().filter(|_| cluster.is_usable_replica(id))?;
            Some((node.keys?, cluster.node(master).keys?))
        });
        let (mut off, mut all, mut told) = (0u64, 0u64, false);
        for (own, wanted) in pairs {
            told = true;
            off = off.saturating_add(own.abs_diff(wanted));
            all = all.saturating_add(wanted);
        }
        told.then_some((off, all))
    };
    let (was, is) = (of(old), of(new));
    if was.is_none() && is.is_none() {
        return None;
    }
    let text = |(off, all): (u64, u64)| Amount::Text(format!("{off} of {all}"));
    Some(ValueChange {
        what: Value::ReplicaKeysOff,
        address: None,
        slots: None,
        old: was.map(text),
        new: is.map(text),
        verdict: match (was, is) {
            (Some((was, _)), Some((is, _))) if was == is => Verdict::Same,
            (Some((was, _)), Some((is, all))) if is > was && is > all / TRAFFIC => Verdict::Worse,
            (Some(_), Some(_)) => Verdict::Moved,
            (None, _) | (_, None) => Verdict::Unknown,
        },
    })
}

/// What `free` or the kernel calls available, by the name of the host.
fn memory_available(old: &Side, new: &Side) -> Option<ValueChange> {
    let of = |side: &Side| -> BTreeMap<String, u64> {
        let machines = side.inventory.machines.iter();
        let told = machines.filter_map(|(&host, machine)| {
            let name = side.inventory.cluster.host(host).name.to_string();
            Some((name, machine.available.as_ref()?.value))
        });
        told.collect()
    };
    let (was, is) = (of(old), of(new));
    let both = was
        .iter()
        .filter_map(|(name, was)| Some((was, is.get(name)?)));
    let both: Vec<(&u64, &u64)> = both.collect();
    if both.is_empty() {
        return None;
    }
    let add = |sum: u64, bytes: &u64| sum.saturating_add(*bytes);
    let was = both.iter().map(|(was, _)| *was).fold(0, add) >> 20;
    let is = both.iter().map(|(_, is)| *is).fold(0, add) >> 20;
    Some(ValueChange {
        what: Value::MemoryAvailableMib,
        address: None,
        slots: None,
        old: Some(Amount::Number(was)),
        new: Some(Amount::Number(is)),
        verdict: match was == is {
            true => Verdict::Same,
            false => Verdict::Moved,
        },
    })
}

/// The TTL of the cluster where all nodes have one, and each node whose TTL is another.
fn ttl(old: &Side, new: &Side) -> Vec<ValueChange> {
    let of = |side: &Side| -> BTreeMap<Address, String> {
        let values = side.inventory.values.iter();
        let told = values.filter_map(|(&id, values)| {
            let address = side.inventory.cluster.node(id).address.clone()?;
            Some((address, values.flash_db_ttl.clone()?))
        });
        told.collect()
    };
    let one = |told: &BTreeMap<Address, String>| {
        let all: BTreeSet<&String> = told.values().collect();
        match all.len() {
            0 => None,
            1 => all.first().map(|one| Amount::Text(one.to_string())),
            more => Some(Amount::Text(format!("{more} different"))),
        }
    };
    let (before, after) = (of(old), of(new));
    let (was, is) = (one(&before), one(&after));
    if was.is_none() && is.is_none() {
        return Vec::new();
    }
    let verdict = match (&was, &is) {
        (Some(was), Some(is)) if was == is => Verdict::Same,
        (Some(_), Some(_)) => Verdict::Worse,
        (None, _) | (_, None) => Verdict::Unknown,
    };
    let whole = ValueChange {
        what: Value::FlashDbTtl,
        address: None,
        slots: None,
        old: was,
        new: is,
        verdict,
    };
    let differs = |(address, is): (&Address, &String)| {
        let was = before.get(address).filter(|was| *was != is)?;
        Some(ValueChange {
            what: Value::FlashDbTtl,
            address: Some(address.clone()),
            slots: None,
            old: Some(Amount::Text(was.clone())),
            new: Some(Amount::Text(is.clone())),
            verdict: Verdict::Worse,
        })
    };
    let single = after.iter().filter_map(differs);
    std::iter::once(whole).chain(single).collect()
}

/// Less full row groups mean that eviction works for less; how much is too little nobody knows.
fn full_percent(old: &Side, new: &Side) -> Option<ValueChange> {
    let of = |side: &Side| {
        let nodes = side.inventory.values.iter();
        let masters = nodes.filter(|(id, _)| !side.inventory.cluster.node(**id).slots.is_empty());
        let told: Vec<u64> = masters.filter_map(|(_, v)| v.full_percent).collect();
        let sum = told.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        sum.checked_div(told.len() as u64)
    };
    let text = |n: u64| Amount::Text(format!("{}.{:02}", n / 100, n % 100));
    let (was, is) = (of(old), of(new));
    if was.is_none() && is.is_none() {
        return None;
    }
    Some(ValueChange {
        what: Value::FullPercent,
        address: None,
        slots: None,
        old: was.map(text),
        new: is.map(text),
        verdict: match (was, is) {
            (Some(was), Some(is)) if was == is => Verdict::Same,
            (Some(_), Some(_)) => Verdict::Moved,
            (None, _) | (_, None) => Verdict::Unknown,
        },
    })
}

/// An offset that fell under the same replication id: writes are gone that were once there. Under
/// another id it counts something else.
fn offsets(old: &Side, new: &Side) -> Vec<ValueChange> {
    let before = masters(old);
    let fell = |(slots, node): (String, &Node)| {
        let master = before.get(&slots)?;
        let (was, is) = (master.replication.offset?, node.replication.offset?);
        let shared = node
            .histories
            .iter()
            .any(|id| master.histories.contains(id));
        (shared && is < was).then(|| ValueChange {
            what: Value::Offset,
            address: node.address.clone(),
            slots: Some(slots),
            old: Some(Amount::Number(was)),
            new: Some(Amount::Number(is)),
            verdict: Verdict::Worse,
        })
    };
    masters(new).into_iter().filter_map(fell).collect()
}
