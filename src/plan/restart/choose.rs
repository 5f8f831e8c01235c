//! Who may be restarted, and what is in the way of the others, shard by shard.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::measure;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NoSuchDomain;
use crate::model::NodeId;
use crate::model::Shard;
use crate::plan::Request;
use crate::plan::problem;
use crate::plan::problem::Aside;
use crate::plan::restart::Ask;
use crate::plan::restart::Unit;
use crate::plan::restart::Which;
use crate::plan::restart::upgraded;
use crate::plan::why::About;
use crate::plan::why::NoRestart;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;
use crate::policy::Flag;

/// Who is restarted, and who is not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chosen {
    pub nodes: BTreeSet<NodeId>,
    /// One entry for each shard or node that is in the way.
    pub blocked: Vec<Refusal>,
    /// Named, and down: nothing of theirs is restarted as a replica in sync.
    pub down: Vec<Refusal>,
}

/// `real` has a live master for every shard that can be served; `settled` are owners whose open
/// slots the plan closes.
pub fn choose(
    ask: &Ask,
    real: &Cluster,
    request: &Request,
    settled: &[NodeId],
) -> Result<Chosen, NoSuchDomain> {
    let named = ask.nodes(real)?;
    let (live, dead): (Vec<NodeId>, Vec<NodeId>) =
        named.into_iter().partition(|&id| real.node(id).is_live());
    let mut chosen = Chosen {
        nodes: live.iter().copied().collect(),
        ..Chosen::default()
    };
    for id in dead {
        chosen.down.push(refusal(
            About::Node(id),
            NoRestart::Down,
            Unlock::CureThatFirst,
        ));
    }
    let judge = Judge {
        ask,
        real,
        request,
        settled,
        named: live.iter().copied().collect(),
        after: upgraded(ask, &chosen.nodes, real),
    };
    let mut in_shards = BTreeSet::new();
    for shard in real.shards() {
        let here: Vec<NodeId> = judge.here(&shard).collect();
        in_shards.extend(here.iter().copied());
        if here.is_empty() {
            continue;
        }
        if let Err((reason, unlock)) = judge.shard(&shard, &here) {
            here.iter().for_each(|id| {
                chosen.nodes.remove(id);
            });
            chosen.blocked.push(Refusal {
                about: About::copies(real, &shard),
                reason,
                unlock,
            });
        }
    }
    for id in live.into_iter().filter(|id| !in_shards.contains(id)) {
        if let Err((reason, unlock)) = judge.idle(id) {
            chosen.nodes.remove(&id);
            chosen
                .blocked
                .push(refusal(About::Node(id), reason, unlock));
        }
    }
    Ok(chosen)
}

fn refusal(about: About, why: NoRestart, unlock: Unlock) -> Refusal {
    Refusal {
        about,
        reason: Reason::NoRestart(why),
        unlock,
    }
}

/// Every other copy could load what that one would send it.
pub(super) fn leads_all(after: &Cluster, copies: &[NodeId], id: NodeId) -> bool {
    let mut others = copies.iter().filter(|&&other| other != id);
    others.all(|&other| after.can_copy(other, id))
}

struct Judge<'a> {
    ask: &'a Ask,
    real: &'a Cluster,
    request: &'a Request,
    settled: &'a [NodeId],
    /// Live ones.
    named: BTreeSet<NodeId>,
    /// With the versions that they come back with.
    after: Cluster,
}

type InTheWay = (Reason, Unlock);

fn stop(why: NoRestart, unlock: Unlock) -> Result<(), InTheWay> {
    Err((Reason::NoRestart(why), unlock))
}

impl Judge<'_> {
    /// Copies of the shard that are to be restarted.
    fn here<'s>(&'s self, shard: &'s Shard) -> impl Iterator<Item = NodeId> + 's {
        let all = std::iter::once(&shard.owner)
            .chain(&shard.replicas)
            .chain(&shard.chained);
        all.copied().filter(|id| self.named.contains(id))
    }

    fn shard(&self, shard: &Shard, here: &[NodeId]) -> Result<(), InTheWay> {
        let (real, owner) = (self.real, shard.owner);
        if !real.node(owner).is_live_member() {
            return stop(NoRestart::NoMaster, Unlock::CureThatFirst);
        }
        let open = problem::open_ends(real);
        match problem::going_on(real, self.settled, shard, &open) {
            Some(Aside::OpenSlots { .. }) => return Err((Reason::ShardOpen, Unlock::CloseSlot)),
            Some(Aside::CutOff { owner }) => {
                return Err((Reason::CutOff { owner }, Unlock::SeeWhatIsBetween(owner)));
            }
            Some(Aside::Emptied { owner, replica }) => {
                let unlock = Unlock::StopEmptied { owner, replica };
                return Err((Reason::Emptied { owner, replica }, unlock));
            }
            Some(Aside::Syncing { replica, .. }) => {
                return stop(NoRestart::NotInSync(replica), Unlock::CaptureWhenSynced);
            }
            Some(
                Aside::CouldOwn { .. }
                | Aside::TooOld { .. }
                | Aside::HoldsKeys { .. }
                | Aside::NoRoom(_),
            )
            | None => {}
        }
        for &id in here {
            if id != owner && real.node(id).master() != Some(owner) {
                return stop(NoRestart::Chained(id), Unlock::CureThatFirst);
            }
            if id != owner && !real.is_usable_replica(id) {
                return stop(NoRestart::NotInSync(id), Unlock::SeeWhyNotSynced);
            }
            self.process(id)?;
        }
        self.copies(shard, here)?;
        self.places(here)?;
        if here.contains(&owner) {
            self.heirs(shard)?;
        }
        Ok(())
    }

    /// A node that holds no copy.
    fn idle(&self, id: NodeId) -> Result<(), (NoRestart, Unlock)> {
        let node = self.real.node(id);
        if node.membership != Membership::Member || !node.seen.contested.is_empty() {
            return Err((NoRestart::NoMaster, Unlock::CureThatFirst));
        }
        if self.real.iter().any(|(_, n)| n.master() == Some(id)) {
            return Err((NoRestart::Chained(id), Unlock::CureThatFirst));
        }
        self.known(id)
    }

    fn process(&self, id: NodeId) -> Result<(), InTheWay> {
        self.known(id)
            .map_err(|(why, unlock)| (Reason::NoRestart(why), unlock))
    }

    /// What it takes to know that it was restarted, and to what.
    fn known(&self, id: NodeId) -> Result<(), (NoRestart, Unlock)> {
        let node = self.real.node(id);
        if node.run.is_none() {
            return Err((NoRestart::UnknownRun(id), Unlock::CaptureNodesAndInfo));
        }
        let runs = node.runs.as_ref().and_then(|s| s.version);
        let told = matches!(self.ask.which, Which::OlderThan(_)) || self.ask.to.is_some();
        match (runs, self.ask.to) {
            (None, _) if told => Err((NoRestart::UnknownVersion(id), Unlock::CaptureNodesAndInfo)),
            (Some(runs), Some(to)) if runs > to => {
                Err((NoRestart::Newer { node: id, to }, Unlock::NewerTarget))
            }
            (None | Some(_), _) => Ok(()),
        }
    }

    /// Enough copies stay live while one is down.
    fn copies(&self, shard: &Shard, here: &[NodeId]) -> Result<(), InTheWay> {
        let live = 1 + measure::usable_replicas(self.real, shard).count();
        let kept = live - 1;
        let wanted = self.ask.keep.unwrap_or(1) as usize;
        if kept == 0 && here.contains(&shard.owner) {
            return stop(NoRestart::OnlyCopy, Unlock::PlanFirst);
        }
        if kept < wanted {
            return stop(NoRestart::TooFew { kept, wanted }, Unlock::LowerKeep);
        }
        Ok(())
    }

    /// No two copies go down together.
    fn places(&self, here: &[NodeId]) -> Result<(), InTheWay> {
        let mut seen: BTreeMap<u32, NodeId> = BTreeMap::new();
        for &id in here {
            let node = self.real.node(id);
            let place = match self.ask.unit {
                Unit::Process => return Ok(()),
                Unit::Host => node.host.map(|h| h.0),
                Unit::Zone => self.real.zone_of(id).map(|z| z.0),
            };
            let unit = self.ask.unit.word();
            let Some(place) = place else {
                return stop(NoRestart::NoPlace { node: id, unit }, Unlock::ByProcess);
            };
            if let Some(other) = seen.insert(place, id) {
                let both = [other, id];
                return stop(NoRestart::Together { both, unit }, Unlock::ByProcess);
            }
        }
        Ok(())
    }

    /// Somebody can lead while the master is down.
    fn heirs(&self, shard: &Shard) -> Result<(), InTheWay> {
        let real = self.real;
        if !real.has_majority() {
            return stop(NoRestart::NoMajority, Unlock::CureThatFirst);
        }
        let told = self.request.has(Flag::PromoteNofailover);
        let usable: Vec<NodeId> = measure::usable_replicas(real, shard).collect();
        let Some(&first) = usable.first() else {
            return stop(NoRestart::OnlyCopy, Unlock::PlanFirst);
        };
        let may = |id: &&NodeId| told || !real.node(**id).no_failover;
        if !usable.iter().any(|id| may(&id)) {
            let unlock = Unlock::PromoteNofailover { zones: false };
            return stop(NoRestart::Nofailover(first), unlock);
        }
        let live = measure::live_copies(real, shard);
        if !usable
            .iter()
            .filter(may)
            .any(|&id| leads_all(&self.after, &live, id))
        {
            return stop(NoRestart::Versions, Unlock::NewerTarget);
        }
        Ok(())
    }
}
