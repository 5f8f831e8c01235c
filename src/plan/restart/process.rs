//! Process by process: all replicas of a shard, then its failover, then who led it before.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Counted;
use crate::action::Draft;
use crate::action::Failover;
use crate::action::Mode;
use crate::action::Restart;
use crate::measure;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Shard;
use crate::plan::budget;
use crate::plan::restart::Ask;
use crate::plan::restart::Rolled;
use crate::plan::restart::choose::leads_all;
use crate::plan::rolling::processes;
use crate::plan::rolling::processes::Job;
use crate::plan::rolling::processes::Limits;
use crate::rules::Phase;

/// What is scheduled, and on what.
pub struct Scene<'a> {
    pub ask: &'a Ask,
    /// The cluster by then.
    pub at: &'a Counted,
    /// The same with what the chosen processes come back with.
    pub after: Cluster,
    pub nodes: &'a BTreeSet<NodeId>,
    /// The failover that leads a shard to its last master, by who leads it by now; a shard without
    /// one is led as before.
    pub handovers: BTreeMap<NodeId, Draft>,
    /// MiB that a replica copies, by owner.
    pub mib: &'a BTreeMap<NodeId, i64>,
    pub limits: &'a Limits,
    pub promote_nofailover: bool,
}

impl Scene<'_> {
    pub(super) fn name(&self, id: NodeId) -> String {
        self.at.node(id).to_string()
    }

    pub(super) fn mib_of(&self, owner: NodeId) -> i64 {
        self.mib.get(&owner).copied().unwrap_or(1)
    }

    /// Who may lead a shard beside its owner, in node order.
    pub(super) fn heirs(&self, shard: &Shard) -> Vec<NodeId> {
        let live = measure::live_copies(self.at, shard);
        let may = |id: &NodeId| self.promote_nofailover || !self.at.node(*id).no_failover;
        let usable = measure::usable_replicas(self.at, shard).filter(may);
        usable
            .filter(|&id| leads_all(&self.after, &live, id))
            .collect()
    }

    pub(super) fn restart(&self, node: NodeId, mib: i64, reason: String) -> Draft {
        draft(
            Restart {
                node,
                to: self.ask.to,
            },
            mib,
            reason,
        )
    }

    /// Chosen processes that copy nothing.
    pub(super) fn idle(&self) -> impl Iterator<Item = NodeId> {
        let none = |id: &NodeId| self.at.root(*id).is_none();
        self.nodes.iter().copied().filter(none)
    }
}

pub(super) fn draft(action: impl Into<crate::action::Action>, mib: i64, reason: String) -> Draft {
    Draft {
        action: action.into(),
        phase: Phase::Change,
        urgency: 0,
        cures: Vec::new(),
        reason,
        mib,
        leaves: None,
    }
}

pub(super) fn failover(node: NodeId, old: NodeId, reason: String) -> Draft {
    let mode = Mode::Graceful;
    draft(Failover { node, old, mode }, 0, reason)
}

/// Deals restarts out to waves, with the failovers that come before each.
pub fn by_process(scene: &Scene) -> Rolled {
    let mut jobs = Vec::new();
    let mut tasks = Vec::new();
    // Failovers that bring a master back, at the end.
    let mut back = Vec::new();
    for (group, shard) in scene.at.shards().iter().enumerate() {
        tasks_of(scene, group, shard, &mut jobs, &mut tasks, &mut back);
    }
    for node in scene.idle() {
        jobs.push(Job {
            group: None,
            last: false,
            burdens: Vec::new(),
        });
        let reason = "it holds no copy".to_owned();
        tasks.push((None, scene.restart(node, 0, reason)));
    }
    let (dealt, length) = processes::waves(&jobs, scene.limits);
    let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
    let mut waves = Vec::new();
    for wave in dealt {
        let taken = wave.iter().filter_map(|&job| tasks[job].take());
        let (before, restarts): (Vec<_>, Vec<_>) = taken.unzip();
        // Elections race for epochs: each goes alone.
        waves.extend(before.into_iter().flatten().map(|failover| vec![failover]));
        waves.push(restarts);
    }
    waves.extend(back.into_iter().map(|failover| vec![failover]));
    Rolled {
        waves,
        length,
        proof: None,
    }
}

type Task = (Option<Draft>, Draft);

fn tasks_of(
    scene: &Scene,
    group: usize,
    shard: &Shard,
    jobs: &mut Vec<Job>,
    tasks: &mut Vec<Task>,
    back: &mut Vec<Draft>,
) {
    let owner = shard.owner;
    let mib = scene.mib_of(owner);
    let burdens = |ids: [NodeId; 2]| budget::burdens(scene.at, &ids);
    let goes = |id: &NodeId| scene.nodes.contains(id);
    for replica in measure::live_followers(scene.at, shard)
        .into_iter()
        .filter(goes)
    {
        jobs.push(Job {
            group: Some(group),
            last: false,
            burdens: burdens([replica, owner]),
        });
        let reason = format!("a replica of {}, in sync", scene.name(owner));
        tasks.push((None, scene.restart(replica, mib, reason)));
    }
    if !goes(&owner) {
        return;
    }
    let handover = scene.handovers.get(&owner);
    let (before, heir) = match handover {
        Some(draft) => (draft.clone(), draft.action.subject()),
        None => {
            let Some(heir) = meanwhile(scene, shard) else {
                return;
            };
            let reason = format!("{} is to be restarted as a replica", scene.name(owner));
            let home = format!("{} is back, and leads again", scene.name(owner));
            back.push(failover(owner, heir, home));
            (failover(heir, owner, reason), heir)
        }
    };
    jobs.push(Job {
        group: Some(group),
        last: true,
        burdens: burdens([owner, heir]),
    });
    let reason = format!("it handed over to {}", scene.name(heir));
    tasks.push((Some(before), scene.restart(owner, mib, reason)));
}

/// Who leads while the master is restarted: of those that may the furthest, then the lowest.
fn meanwhile(scene: &Scene, shard: &Shard) -> Option<NodeId> {
    let heirs = scene.heirs(shard).into_iter();
    heirs.max_by_key(|&id| {
        let offset = scene.at.node(id).replication.offset;
        (offset, std::cmp::Reverse(id))
    })
}
