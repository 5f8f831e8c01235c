//! Rules over tablets: the context that they look at, and the placement rules of both families.
//!
//! Who shares a host or a zone and how leaders are spread is counted by `measure`, over one node for
//! each copy ([`Tablets::cluster`]); the rules are those of Redis clusters, in words of tablets.

use std::collections::BTreeMap;

use crate::measure;
use crate::measure::Spread;
use crate::measure::Tier;
use crate::measure::Zones;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::PartitionId;
use crate::model::Projected;
use crate::model::Shard;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Check;
use crate::rules::Code;
use crate::rules::Fact;
use crate::rules::Finding;
use crate::rules::Help;
use crate::rules::Subject;
use crate::rules::all;
use crate::rules::finding::sort;
use crate::text::words::count;

/// What a rule of tablets looks at.
pub struct TabletContext<'a> {
    pub state: &'a Tablets,
    /// One node for each copy.
    pub copies: Projected,
    pub shards: Vec<Shard>,
    /// Followers that every partition is to have; `None`: nobody said.
    pub wanted: Option<u32>,
}

impl<'a> TabletContext<'a> {
    pub fn new(state: &'a Tablets, wanted: Option<u32>) -> Self {
        let copies = state.cluster();
        let shards = copies.cluster.shards();
        Self {
            state,
            copies,
            shards,
            wanted,
        }
    }

    pub(super) fn tablet(&self, id: TabletId) -> &str {
        self.state.endpoint(id)
    }

    /// `flow 0`
    pub(super) fn partition(&self, id: PartitionId) -> String {
        self.state.name(id)
    }

    fn tablet_of(&self, node: NodeId) -> TabletId {
        self.copies.of[node.index()].tablet
    }

    fn partition_of(&self, node: NodeId) -> Option<PartitionId> {
        self.copies.of[node.index()].partition
    }

    fn host(&self, node: NodeId) -> String {
        let cluster = &self.copies.cluster;
        let host = cluster.node(node).host;
        host.map_or_else(
            || "an unknown host".to_owned(),
            |h| cluster.host(h).name.to_string(),
        )
    }
}

/// What all rules find that look at tablets: worst first, then by code, then in their order.
pub fn check_tablets(cx: &TabletContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in all() {
        if let Check::Tablets(check) = rule.check {
            check(cx, &mut findings);
        }
    }
    shared_hosts(cx, &mut findings);
    shared_zones(cx, &mut findings);
    skewed_leaders(cx, &mut findings);
    missing_replicas(cx, &mut findings);
    running(cx, &mut findings);
    sort(&mut findings);
    findings
}

/// P001 and P004.
fn shared_hosts(cx: &TabletContext, out: &mut Vec<Finding>) {
    let cluster = &cx.copies.cluster;
    for shard in &cx.shards {
        let Some(partition) = cx.partition_of(shard.owner) else {
            continue;
        };
        let owner = measure::live_owner(cluster, shard);
        let leader = owner.and_then(|owner| cluster.node(owner).host);
        let mut seen: BTreeMap<HostId, NodeId> = BTreeMap::new();
        for id in measure::live_followers(cluster, shard) {
            let Some(host) = cluster.node(id).host else {
                continue;
            };
            let tablet = cx.tablet_of(id);
            let (code, message) = if Some(host) == leader {
                let rest = match measure::usable_hosts(cluster, shard) {
                    0 | 1 => "the partition is lost with that host",
                    _ => "it does not help when that host is lost",
                };
                let owner = cx.tablet(cx.tablet_of(shard.owner));
                let message = format!(
                    "{} and its leader {owner} of {} both run on {}: {rest}",
                    cx.tablet(tablet),
                    cx.partition(partition),
                    cx.host(id)
                );
                (Code::ReplicaSharesHost, message)
            } else if let Some(other) = seen.insert(host, id) {
                let message = format!(
                    "{} and {} both follow {} on {}: one loss takes both",
                    cx.tablet(cx.tablet_of(other)),
                    cx.tablet(tablet),
                    cx.partition(partition),
                    cx.host(id)
                );
                (Code::ReplicasShareHost, message)
            } else {
                continue;
            };
            out.push(copy_finding(cx, code, id, partition, message));
        }
    }
}

/// P003 and P007: only where a zone without a copy exists.
fn shared_zones(cx: &TabletContext, out: &mut Vec<Finding>) {
    let cluster = &cx.copies.cluster;
    let zones = Zones::of(cluster);
    for shard in &cx.shards {
        let Some(partition) = cx.partition_of(shard.owner) else {
            continue;
        };
        for sharing in zones.sharing(cluster, shard) {
            let code = match sharing.with == shard.owner {
                true => Code::ReplicaSharesZone,
                false => Code::ReplicasShareZone,
            };
            let message = format!(
                "{} and {} hold {} in one zone, and another zone has no copy of it",
                cx.tablet(cx.tablet_of(sharing.node)),
                cx.tablet(cx.tablet_of(sharing.with)),
                cx.partition(partition)
            );
            out.push(copy_finding(cx, code, sharing.node, partition, message));
        }
    }
}

fn copy_finding(
    cx: &TabletContext,
    code: Code,
    node: NodeId,
    partition: PartitionId,
    message: String,
) -> Finding {
    let tablet = cx.tablet_of(node);
    Finding::new(code.rule(), Subject::copy(partition, tablet), message)
        .help(Help::default().say("migrate this follower to a tablet elsewhere: `topoplan plan --drain` of the tablet, or by hand"))
        .evidence([Fact::copy(partition, tablet)])
}

/// P005.
fn skewed_leaders(cx: &TabletContext, out: &mut Vec<Finding>) {
    let cluster = &cx.copies.cluster;
    let spread = Spread::of(cluster, Tier::Host);
    let relievable = spread.relievable(cluster, &cx.shards);
    for (place, _) in relievable.iter().enumerate().filter(|(_, r)| **r) {
        let host = HostId(place as u32);
        let message = format!(
            "{} leads {} of {}, fair share {}",
            cluster.host(host).name,
            spread.masters[place],
            count(spread.total() as usize, "partition"),
            spread.fair_share()
        );
        let here = cx.shards.iter().map(|shard| shard.owner);
        let here = here.filter(|&owner| cluster.node(owner).host == Some(host));
        let facts = here.filter_map(|owner| {
            Some(Fact::copy(
                cx.partition_of(owner)?,
                Some(cx.tablet_of(owner)),
            ))
        });
        out.push(
            Finding::new(Code::SkewedMasters.rule(), Subject::Host(host), message)
                .help(match cx.state.topic {
                    true => Help::from("kafka-leader-election with the preferred leaders"),
                    false => Help::default().plan("hands some of them over"),
                })
                .evidence(facts),
        );
    }
}

/// R002, of a number that somebody wants: tables may have been made with different ones.
fn missing_replicas(cx: &TabletContext, out: &mut Vec<Finding>) {
    let Some(wanted) = cx.wanted else {
        return;
    };
    let state = cx.state;
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let Some(leader) = state.leader(partition).map(|held| held.tablet) else {
            continue;
        };
        let usable = partition.copies.iter().filter(|held| state.is_usable(held));
        let have = usable.filter(|held| held.tablet != leader).count();
        if have >= wanted as usize {
            continue;
        }
        let message = format!(
            "{} has {have} of {wanted} wanted followers that are alive",
            cx.partition(id)
        );
        out.push(
            Finding::new(Code::MissingReplica.rule(), Subject::partition(id), message)
                .help(Help::default().plan("adds them"))
                .evidence([Fact::copy(id, Some(leader))]),
        );
    }
}

/// C005: operations that run.
fn running(cx: &TabletContext, out: &mut Vec<Finding>) {
    let running: Vec<_> = cx
        .state
        .ops
        .iter()
        .filter(|op| op.status.is_running())
        .collect();
    let Some(first) = running.first() else {
        return;
    };
    let what = match &first.task {
        Some(task) => format!("{} {} ({task})", first.id, first.kind),
        None => format!("{} {}", first.id, first.kind),
    };
    let message = match running.len() {
        1 => format!("operation {what} was running when this was captured"),
        n => {
            format!("{n} operations were running when this was captured, the first of them {what}")
        }
    };
    out.push(
        Finding::new(Code::InFlight.rule(), Subject::Capture, message)
            .help(
                "wait until `showopstatus` shows none of them kInited or kDoing, and capture again",
            )
            .evidence(running.iter().map(|op| Fact::op(op.id))),
    );
}
