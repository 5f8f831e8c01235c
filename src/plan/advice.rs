//! What only a human can do and what it would cure, and what a plan takes for granted.

use std::collections::BTreeMap;

use crate::action::Step;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Sync;
use crate::plan::Refusal;
use crate::plan::Request;
use crate::plan::closing::Closing;
use crate::plan::leftover;
use crate::plan::level::Selection;
use crate::plan::problem::Problem;
use crate::plan::serve::Served;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules;
use crate::rules::Code;
use crate::rules::Context;
use crate::rules::Finding;
use crate::rules::Phase;
use crate::rules::Subject;

/// Everything that notes are made from.
pub struct Scene<'a> {
    pub captured: &'a Cluster,
    pub policy: &'a Policy,
    pub wanted: &'a Wanted,
    pub request: &'a Request,
    pub selection: &'a Selection,
    pub problem: &'a Problem<'a>,
    pub served: &'a Served,
    pub closing: &'a Closing,
    pub end: &'a Cluster,
    pub remaining: &'a [Finding],
    pub steps: &'a [Step],
}

/// The notes of a plan.
#[derive(Debug, Default)]
pub struct Notes {
    pub refusals: Vec<Refusal>,
    pub advice: Vec<String>,
    pub assumptions: Vec<String>,
}

/// Collects the notes; see the module text.
pub fn advice(scene: &Scene) -> Notes {
    let mut notes = Notes {
        refusals: scene.served.refusals.clone(),
        ..Notes::default()
    };
    leftover::left_alone(scene, &mut notes);
    leftover::waiting(scene, &mut notes);
    leftover::unpaired(scene, &mut notes);
    leftover::lost(scene, &mut notes);
    restarts(scene, &mut notes);
    assumptions(scene, &mut notes);
    notes.refusals.dedup();
    notes
}

/// Dead members whose restart would cure something that the plan leaves.
fn restarts(scene: &Scene, notes: &mut Notes) {
    let dead: Vec<NodeId> = scene.end.dead_members();
    if dead.is_empty() {
        return;
    }
    let mut groups: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for &id in &dead {
        let host = scene.end.node(id).host;
        let alone = host.is_none_or(|h| {
            scene
                .end
                .iter()
                .any(|(_, n)| n.host == Some(h) && n.is_live())
                || dead
                    .iter()
                    .filter(|&&d| scene.end.node(d).host == Some(h))
                    .count()
                    == 1
        });
        let name = match host {
            Some(h) if !alone => format!("the processes on {}", scene.end.host(h).name),
            _ => scene.end.node(id).to_string(),
        };
        groups.entry(name).or_default().push(id);
    }
    for (name, ids) in groups {
        let cured = cured_by_return(scene, &ids);
        if cured.is_empty() {
            continue;
        }
        let count = if ids.len() > 1 {
            format!(" ({})", ids.len())
        } else {
            String::new()
        };
        // A restart of a node that lives would be an outage more.
        let silent = ids.iter().all(|&id| scene.end.node(id).is_only_silent());
        let what = match silent {
            true => format!("ask {name}{count} again, and restart what is dead"),
            false => format!("restart {name}{count}"),
        };
        notes
            .advice
            .push(format!("{what}: cures {}", cured.join(", ")));
    }
}

fn cured_by_return(scene: &Scene, ids: &[NodeId]) -> Vec<String> {
    let mut back = scene.end.clone();
    for &id in ids {
        let node = back.node_mut(id);
        node.revive();
        node.membership = Membership::Member;
        if node.is_replica() {
            node.replication.link = Link::Up;
            node.replication.sync = Sync::Done;
        }
    }
    // An old master whose slots were taken over comes back as a replica of the new owner.
    for &id in ids {
        let heir = heir_of(scene, id);
        let node = back.node_mut(id);
        if let (Some(heir), true) = (heir, node.is_master() && node.slots.is_empty()) {
            node.role = crate::model::Role::Replica(Some(heir));
            node.replication.link = Link::Up;
            node.replication.sync = Sync::Done;
        }
    }
    let after = rules::check(&Context::new(&back, scene.policy, scene.wanted));
    let mut tally: BTreeMap<Code, i64> = BTreeMap::new();
    for finding in scene.remaining {
        *tally.entry(finding.rule.code).or_default() += weight(finding);
    }
    for finding in &after {
        *tally.entry(finding.rule.code).or_default() -= weight(finding);
    }
    let untidy = |code: Code| code.rule().phase().is_none_or(|phase| phase == Phase::Tidy);
    let mut cured: Vec<(Code, i64)> = tally
        .into_iter()
        .filter(|&(code, n)| n > 0 && !untidy(code))
        .collect();
    // Service first.
    cured.sort_by_key(|&(code, _)| code != Code::UncoveredSlots);
    cured
        .into_iter()
        .map(|(code, n)| {
            if code == Code::UncoveredSlots {
                format!("{n} uncovered slots ({code})")
            } else if n == 1 {
                code.to_string()
            } else {
                format!("{n} × {code}")
            }
        })
        .collect()
}

/// Slots count one by one.
fn weight(finding: &Finding) -> i64 {
    match &finding.subject {
        Subject::Slots(slots, _) if finding.rule.code == Code::UncoveredSlots => {
            i64::from(slots.len())
        }
        Subject::Slots(..)
        | Subject::Node(_)
        | Subject::Host(_)
        | Subject::Zone(_)
        | Subject::Capture => 1,
    }
}

/// Whoever owns what a dead slotless master owned: its home shard's owner, if the map tells.
fn heir_of(scene: &Scene, id: NodeId) -> Option<NodeId> {
    let address = scene.end.node(id).address.as_ref()?;
    let group = scene.policy.home_group(address)?;
    scene
        .end
        .iter()
        .find(|(_, n)| {
            n.is_live_member()
                && !n.slots.is_empty()
                && n.address.as_ref().and_then(|a| scene.policy.home_group(a)) == Some(group)
        })
        .map(|(owner, _)| owner)
}

fn assumptions(scene: &Scene, notes: &mut Notes) {
    let cluster = scene.captured;
    let count = |test: &dyn Fn(NodeId) -> bool| cluster.iter().filter(|&(id, _)| test(id)).count();
    if cluster.views <= 1 && cluster.nodes.len() > 1 {
        notes.assumptions.push(
            "one view only: it shows neither un-met nodes nor open slots of other nodes".to_owned(),
        );
    }
    let unknown = count(&|id| {
        let node = cluster.node(id);
        node.is_live_member()
            && node.is_replica()
            && cluster.root(id).is_some()
            && node.replication.sync == Sync::Unknown
    });
    if unknown > 0 {
        notes.assumptions.push(format!(
            "no INFO of {unknown} replica{}: taken for in sync; the script checks it before every failover",
            if unknown == 1 { "" } else { "s" }
        ));
    }
    for &node in &scene.served.unknown_offsets {
        notes.assumptions.push(format!(
            "the replication offset of {} was not captured",
            cluster.node(node)
        ));
    }
    let blind = scene
        .problem
        .spares
        .iter()
        .filter(|s| {
            cluster.node(s.copy.node).is_master() && cluster.node(s.copy.node).keys.is_none()
        })
        .count();
    if blind > 0 && !scene.steps.is_empty() {
        notes.assumptions.push(format!(
            "no keyspace of {blind} slotless node{}: taken for empty; the script checks it",
            if blind == 1 { "" } else { "s" }
        ));
    }
}
