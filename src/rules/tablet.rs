//! Rules over tablets: the context that they look at, and the placement rules of both families.
//!
//! Who shares a host or a zone and how leaders are spread is counted by `measure`, over the same
//! copies as those of Redis clusters ([`Tablets::copies`]), and said in words of tablets.

use crate::measure;
use crate::measure::Sharing;
use crate::measure::Spread;
use crate::measure::Tier;
use crate::measure::Zones;
use crate::model::Copies;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::PartitionId;
use crate::model::ShardId;
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
    pub copies: Copies,
    /// Followers that every partition is to have; `None`: nobody said.
    pub wanted: Option<u32>,
}

impl<'a> TabletContext<'a> {
    pub fn new(state: &'a Tablets, wanted: Option<u32>) -> Self {
        Self {
            state,
            copies: state.copies(),
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

    /// Partitions of which somebody is known to lead them, or to have led them, with that tablet.
    fn led(&self) -> impl Iterator<Item = (ShardId, TabletId)> {
        let master = |shard: ShardId| Some((shard, self.copies.master(shard)?.node.into()));
        self.copies.shards().filter_map(master)
    }

    fn host(&self, node: NodeId) -> String {
        let host = self.copies.holder(node).host;
        host.map_or_else(
            || "an unknown host".to_owned(),
            |h| self.state.hosts[h.0 as usize].name.to_string(),
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
    for (shard, leader) in cx.led() {
        let partition = shard.into();
        for Sharing {
            node,
            with,
            with_master,
        } in measure::sharing_hosts(&cx.copies, shard)
        {
            let (of, host) = (cx.partition(partition), cx.host(node));
            let tablet = cx.tablet(node.into());
            let (code, message) = if with_master {
                let rest = match measure::usable_hosts(&cx.copies, shard) {
                    0 | 1 => "the partition is lost with that host",
                    _ => "it does not help when that host is lost",
                };
                let leader = cx.tablet(leader);
                let message =
                    format!("{tablet} and its leader {leader} of {of} both run on {host}: {rest}");
                (Code::ReplicaSharesHost, message)
            } else {
                let other = cx.tablet(with.into());
                let message =
                    format!("{other} and {tablet} both follow {of} on {host}: one loss takes both");
                (Code::ReplicasShareHost, message)
            };
            out.push(copy_finding(code, node, partition, message));
        }
    }
}

/// P003 and P007: only where a zone without a copy exists.
fn shared_zones(cx: &TabletContext, out: &mut Vec<Finding>) {
    let zones = Zones::of(cx.copies.holders());
    for (shard, _) in cx.led() {
        let partition = shard.into();
        for Sharing {
            node,
            with,
            with_master,
        } in zones.sharing(&cx.copies, shard)
        {
            let code = if with_master {
                Code::ReplicaSharesZone
            } else {
                Code::ReplicasShareZone
            };
            let message = format!(
                "{} and {} hold {} in one zone, and another zone has no copy of it",
                cx.tablet(node.into()),
                cx.tablet(with.into()),
                cx.partition(partition)
            );
            out.push(copy_finding(code, node, partition, message));
        }
    }
}

fn copy_finding(code: Code, node: NodeId, partition: PartitionId, message: String) -> Finding {
    let tablet = node.into();
    Finding::new(code.rule(), Subject::copy(partition, tablet), message)
        .help(Help::default().say("migrate this follower to a tablet elsewhere: `topoplan plan --drain` of the tablet, or by hand"))
        .evidence([Fact::copy(partition, tablet)])
}

/// P005.
fn skewed_leaders(cx: &TabletContext, out: &mut Vec<Finding>) {
    let spread = Spread::of(&cx.copies, Tier::Host);
    let relievable = spread.relievable(&cx.copies);
    for (place, _) in relievable.iter().enumerate().filter(|(_, r)| **r) {
        let host = HostId(place as u32);
        let message = format!(
            "{} leads {} of {}, fair share {}",
            cx.state.hosts[place].name,
            spread.masters[place],
            count(spread.total() as usize, "partition"),
            spread.fair_share()
        );
        let here = |tablet: &TabletId| cx.state.tablet(*tablet).host == Some(host);
        let led = cx.led().filter(|(_, tablet)| here(tablet));
        let facts = led.map(|(shard, tablet)| Fact::copy(shard.into(), Some(tablet)));
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
