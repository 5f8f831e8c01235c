//! What only a human can do and what it would cure, and what a plan takes for granted.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::action::SYNC_MIB_PER_SECOND;
use crate::action::Step;
use crate::measure;
use crate::measure::MajorityLost;
use crate::model::Cluster;
use crate::model::Comeback;
use crate::model::HostId;
use crate::model::Link;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::Sync;
use crate::plan::Request;
use crate::plan::closing::Closing;
use crate::plan::leftover;
use crate::plan::level::Selection;
use crate::plan::problem::Problem;
use crate::plan::serve::Served;
use crate::plan::why::Advice;
use crate::plan::why::Assumption;
use crate::plan::why::Refusal;
use crate::plan::why::Restart;
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
    pub advice: Vec<Advice>,
    pub assumptions: Vec<Assumption>,
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
    // Nobody is told to restart what may live.
    let told = |id: &NodeId| {
        let node = scene.end.node(*id);
        // Nor what the plan itself stops.
        let stopped = scene.captured.node(*id).is_live();
        !node.is_only_suspected() && node.address.is_some() && !stopped
    };
    let mut dead: Vec<NodeId> = scene.end.dead_members();
    dead.retain(told);
    if dead.is_empty() {
        return;
    }
    // In the order of what they are called.
    let mut groups: BTreeMap<String, (Option<HostId>, Vec<NodeId>)> = BTreeMap::new();
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
        let whole = host.filter(|_| !alone);
        let name = match whole {
            Some(h) => format!("the processes on {}", scene.end.host(h).name),
            None => scene.end.node(id).to_string(),
        };
        groups
            .entry(name)
            .or_insert_with(|| (whole, Vec::new()))
            .1
            .push(id);
    }
    for (host, nodes) in groups.into_values() {
        let cures = cured_by_return(scene, &nodes);
        let perhaps = match cures.is_empty() {
            true => may_follow(scene, &nodes),
            false => Vec::new(),
        };
        if cures.is_empty() && perhaps.is_empty() {
            continue;
        }
        let doubtful = MajorityLost::of(scene.captured).filter(|lost| !lost.is_proven());
        let silent = doubtful.is_some_and(|lost| nodes.iter().any(|id| lost.doubtful.contains(id)))
            || nodes.iter().all(|&id| scene.end.node(id).is_only_silent());
        let (first, comeback) = emptied_by(scene.end, &nodes);
        notes.advice.push(Advice::Restart(Restart {
            nodes,
            host,
            silent,
            first,
            comeback,
            perhaps,
            cures,
            mend: false,
        }));
    }
}

/// The usable copies that would copy an emptiness, and with what the owners of slots come back that
/// these nodes are: the worst of it.
fn emptied_by(cluster: &Cluster, ids: &[NodeId]) -> (Vec<NodeId>, Option<Comeback>) {
    let owners = ids
        .iter()
        .copied()
        .filter(|&id| !cluster.node(id).slots.is_empty());
    let backs: Vec<(NodeId, Comeback)> = owners.map(|id| (id, cluster.comeback(id))).collect();
    let worst = backs.iter().map(|&(_, back)| back);
    let worst = worst.max_by_key(|back| match back {
        Comeback::Saved(..) => 0,
        Comeback::Unknown => 1,
        Comeback::Empty(_) => 2,
    });
    let shards = cluster.shards();
    let first = backs.iter().filter(|(_, back)| back.may_be_empty());
    let first = first.filter_map(|&(owner, _)| {
        let shard = shards.iter().find(|s| s.owner == owner)?;
        measure::best_replica(cluster, shard)
    });
    (first.collect(), worst)
}

/// A dead master without slots was failed over, or never had any: it comes back as a replica of
/// whoever took its slots. The orphans without a dead replica of their own.
fn may_follow(scene: &Scene, ids: &[NodeId]) -> Vec<NodeId> {
    let [id] = *ids else { return Vec::new() };
    let node = scene.end.node(id);
    if !node.is_master() || !node.slots.is_empty() || node.is_only_silent() {
        return Vec::new();
    }
    let mut dead_replicas = scene.end.dead_members();
    dead_replicas.retain(|&dead| scene.end.node(dead).is_replica());
    let followed = |master: NodeId| {
        let mut dead = dead_replicas.iter();
        dead.any(|&dead| scene.end.node(dead).master() == Some(master))
    };
    let orphans = scene
        .remaining
        .iter()
        .filter(|f| f.rule.code == Code::OrphanMaster);
    let orphans = orphans.filter_map(|f| match f.subject {
        Subject::Node(master) => Some(master),
        Subject::Slots(..)
        | Subject::Host(_)
        | Subject::Zone(_)
        | Subject::Capture
        | Subject::Tablets(_) => None,
    });
    orphans.filter(|&master| !followed(master)).collect()
}

fn cured_by_return(scene: &Scene, ids: &[NodeId]) -> Vec<(Code, i64)> {
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
        | Subject::Capture
        | Subject::Tablets(_) => 1,
    }
}

/// Whoever owns what a dead slotless master owned: who takes over by this plan, else its home shard's
/// owner, if the map tells.
fn heir_of(scene: &Scene, id: NodeId) -> Option<NodeId> {
    let mut promotions = scene.served.promotions.iter();
    if let Some(promotion) = promotions.find(|promotion| promotion.old == id) {
        return Some(promotion.node);
    }
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
        notes.assumptions.push(Assumption::OneView);
    }
    let taken = &scene.problem.supposed.taken;
    if !taken.is_empty() {
        notes.assumptions.push(Assumption::Taken(taken.clone()));
    }
    if scene.request.slots.chooses() {
        notes.assumptions.push(Assumption::MastersChosen);
    }
    if !scene.request.dead.is_empty() {
        let domains = scene.request.dead.clone();
        notes.assumptions.push(Assumption::Vouched(domains));
    }
    let unknown = count(&|id| {
        let node = cluster.node(id);
        node.is_live_member()
            && node.is_replica()
            && cluster.root(id).is_some()
            && node.replication.sync == Sync::Unknown
    });
    let fails_over =
        |step: &Step| matches!(step.draft.action.kind(), Kind::Failover | Kind::Replicate);
    if unknown > 0 && scene.steps.iter().any(fails_over) {
        notes.assumptions.push(Assumption::InSync(unknown));
    }
    let offsets = scene.served.unknown_offsets.iter().copied();
    notes
        .assumptions
        .extend(offsets.map(Assumption::OffsetUnknown));
    let blind = scene
        .problem
        .spares
        .iter()
        .filter(|s| {
            cluster.node(s.copy.node).is_master() && cluster.node(s.copy.node).keys.is_none()
        })
        .count();
    restarting(scene, notes);
    migrating(scene, notes);
    if blind > 0 && !scene.steps.is_empty() {
        notes.assumptions.push(Assumption::Empty(blind));
    }
}

/// What a rolling restart takes for granted.
fn restarting(scene: &Scene, notes: &mut Notes) {
    let mut steps = scene.steps.iter();
    if !steps.any(|s| s.draft.action.kind() == Kind::Restart) {
        return;
    }
    let mib_per_second = SYNC_MIB_PER_SECOND;
    notes
        .assumptions
        .push(Assumption::FullSyncs { mib_per_second });
}

/// Where a master has no replica for a while the servers may give it one of a shard that has more than
/// the barrier.
fn migrating(scene: &Scene, notes: &mut Notes) {
    let leaves_one = |s: &Step| {
        let kind = s.draft.action.kind();
        matches!(kind, Kind::Restart | Kind::Replicate | Kind::Kill)
    };
    if !scene.steps.iter().any(leaves_one) {
        return;
    }
    let settings = &scene.captured.settings;
    let barrier = settings.migration_barrier as usize;
    let shards = scene.captured.shards();
    let mut shards = shards.iter();
    let gives = |s: &Shard| measure::usable_replicas(scene.captured, s).count() > barrier.max(1);
    if settings.allow_replica_migration && shards.any(gives) {
        notes.assumptions.push(Assumption::Migration);
    }
}
