//! The decision that is left once every shard has a live master: who copies what, and who leads.

mod first;
mod goals;
mod parts;

use std::collections::BTreeSet;

use crate::measure;
use crate::measure::Shares;
use crate::measure::Zones;
use crate::model::Cluster;
use crate::model::DiskId;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::ShardId;
use crate::model::Sync;
use crate::model::Unowned;
use crate::model::ZoneId;
use crate::plan::Request;
use crate::plan::goal::Supposed;
use crate::plan::level::Selection;
use crate::plan::mib::MibTable;
use crate::plan::room::NoRoom;
use crate::plan::room::Rooms;
use crate::plan::versions;
use crate::plan::versions::Servers;
use crate::policy::Flag;
use crate::policy::HomeRole;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules::Code;
use crate::rules::Phase;

/// Index of a host, real or of a single node without one.
pub type Place = usize;

/// Fewer masters with slots can elect nobody once one of them is lost.
const MASTERS_MIN: usize = 3;

/// A shard with a live master.
#[derive(Clone, Debug)]
pub struct Unit {
    pub owner: NodeId,
    /// Replicas wanted, lowered to what must not get worse where the shortage is not to be cured.
    pub wanted: i64,
    /// Copies that stay where they are, the owner first.
    pub fixed: Vec<Copy>,
    /// Replicas that may be re-pointed.
    pub movable: Vec<Copy>,
    /// Replicas of replicas that must be re-pointed.
    pub chained: Vec<Copy>,
    /// MiB that a new replica copies.
    pub mib: i64,
    /// False: left alone, as something may be going on.
    pub free: bool,
    /// Another copy may lead it: a graceful failover needs the vote of a majority.
    pub may_hand_over: bool,
    /// Usable copies were on two hosts before.
    pub protected: bool,
    /// The place of who led it in the capture: what a level that is not to be cured is held to.
    pub led_from: Place,
    /// Who leads it really: the owner, or whom a goal lets hand over to it.
    pub leader: NodeId,
    /// None of its copies may lead, and the owner is none any more: a spare becomes the first copy, this
    /// one if nobody decides otherwise.
    pub first: Option<NodeId>,
    /// What it is short of, it is because a goal lets copies count for nothing.
    pub short_by_goal: bool,
}

/// A live copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copy {
    pub node: NodeId,
    pub place: Place,
    pub disk: Option<DiskId>,
    pub zone: Option<ZoneId>,
    /// Can take over and counts as a replica.
    pub usable: bool,
    /// A graceful failover may promote it: it was not told `nofailover`, and who would follow it can
    /// load what it runs.
    pub may_lead: bool,
}

/// A live node without a copy that may be given one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spare {
    pub copy: Copy,
    pub meet: bool,
    pub flush: bool,
    /// Leaving it without a copy is a finding to be cured.
    pub untidy: bool,
}

/// Why a shard or a node takes no part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Aside {
    /// Slots are open at one of its ends.
    OpenSlots { owner: NodeId },
    /// A first sync is running, or never came to an end.
    Syncing { owner: NodeId, replica: NodeId },
    /// The master came back empty, and this replica still holds keys.
    Emptied { owner: NodeId, replica: NodeId },
    /// It answers, and most views flag it `fail`.
    CutOff { owner: NodeId },
    /// A master without slots while slots have no owner and too few masters are left to own them.
    CouldOwn { node: NodeId },
    /// A spare that could not load a full sync of this master, after it had dropped what it holds.
    TooOld { node: NodeId, master: NodeId },
    /// A spare that holds keys, and why it is not flushed.
    HoldsKeys {
        node: NodeId,
        keys: u64,
        blocked: bool,
    },
    /// A spare whose host has no memory for a copy of any shard.
    NoRoom(NoRoom),
}

/// What is to be decided.
pub struct Problem<'a> {
    /// After the serve phase: every promotable shard has its new master; and as goals suppose it.
    pub cluster: &'a Cluster,
    pub supposed: &'a Supposed<'a>,
    pub policy: &'a Policy,
    pub selection: &'a Selection,
    pub allow_moves: bool,
    /// A spare only fills a gap.
    pub keep_spares: bool,
    /// Copies that were told `nofailover` may lead.
    pub promote_nofailover: bool,
    pub units: Vec<Unit>,
    pub spares: Vec<Spare>,
    pub asides: Vec<Aside>,
    /// Masters per place that may not be exceeded without harm: see `measure::votes_to_spare`.
    pub votes_to_spare: i64,
    pub zones: Zones,
    /// What masters are held to: the shares of the captured cluster and of the spares that are to
    /// join it.
    pub shares: Shares,
    /// What owners run, and what all copies and spares do.
    pub owners: Servers<'a>,
    pub everyone: Servers<'a>,
    /// Who is restarted: a master of them hands over once, or twice to lead again.
    pub restarting: BTreeSet<NodeId>,
    /// What hosts can hold.
    pub rooms: Rooms<'a>,
    /// Nodes were held back that another decision could have used.
    pub held_back: bool,
}

/// What the problem is made of.
pub struct Inputs<'a> {
    pub captured: &'a Cluster,
    pub supposed: &'a Supposed<'a>,
    pub policy: &'a Policy,
    pub wanted: &'a Wanted,
    pub selection: &'a Selection,
    pub request: &'a Request,
    /// Owners whose open slots the plan closes.
    pub settled: &'a [NodeId],
}

impl<'a> Problem<'a> {
    pub fn new(inputs: &Inputs<'a>) -> Self {
        Self::with(inputs, false)
    }

    /// `anew`: who becomes the first copy of shards that have none which may lead is decided with the
    /// rest; see [`first`].
    fn with(inputs: &Inputs<'a>, anew: bool) -> Self {
        let cluster = &*inputs.supposed.cluster;
        let shards = cluster.shards();
        // An idle node that is supposed to lead does not hold what its shard does.
        let real = inputs.supposed.real;
        let mib = MibTable::new(real, &real.shards());
        let copies = cluster.copies(&shards);
        let zones = Zones::of(copies.holders());
        let owners = Servers::of_owners(cluster);
        let mut asides = Vec::new();
        let mut units = Vec::new();
        let open = open_ends(cluster);
        // What a goal asks of roles does not wait for members to return.
        let weighed = !inputs.supposed.demands.weighed.is_empty();
        let asked = weighed && !inputs.request.is_late(Phase::Change);
        let turns = (inputs.selection.changes_roles || asked) && cluster.has_majority();
        let served = |id: &ShardId| copies.live_master(*id).is_some();
        for id in copies.shards().filter(served) {
            let shard = &shards[id.index()];
            let aside = going_on(cluster, inputs.settled, shard, &open);
            let free = aside.is_none() && !inputs.supposed.left.contains(&shard.owner);
            let mut unit = unit(inputs, zones, shard, free, &mib, &owners);
            unit.may_hand_over = free && turns;
            unit.protected = !measure::is_unprotected(&copies, id);
            units.push(unit);
            asides.extend(aside);
        }
        let mut problem = Self {
            cluster,
            supposed: inputs.supposed,
            policy: inputs.policy,
            selection: inputs.selection,
            allow_moves: inputs.request.has(Flag::AllowMoves),
            keep_spares: inputs.request.has(Flag::KeepSpares),
            promote_nofailover: inputs.request.has(Flag::PromoteNofailover),
            units,
            spares: Vec::new(),
            asides,
            votes_to_spare: measure::votes_to_spare(cluster) as i64,
            zones,
            shares: Shares::of(&copies),
            owners,
            everyone: Servers::default(),
            restarting: BTreeSet::new(),
            rooms: Rooms::of(real, inputs.policy),
            held_back: false,
        };
        let (spares, left) = spares(cluster, inputs.captured, inputs.selection, inputs.request);
        problem.asides.extend(left);
        if !inputs.supposed.demands.no_copies {
            problem.spares = spares;
            problem.leave_cramped();
        }
        if anew {
            problem.lead_anew();
        }
        problem.heed_goals(inputs.wanted);
        versions::keep_from_comers(&mut problem);
        problem.only_spares_lead();
        let lacks = problem.units.iter().any(|u| u.free && u.lacks());
        let joining = problem.spares.iter().filter(|s| s.untidy || lacks);
        problem.shares = Shares::with(&copies, joining.map(|s| s.copy.node));
        problem
    }

    pub fn copy(&self, node: NodeId, usable: bool) -> Copy {
        let promote = self.promote_nofailover;
        let mut copy = copy(self.cluster, self.zones, node, usable, promote);
        copy.may_lead &= !self.supposed.demands.must_follow(node);
        copy
    }

    /// A copy as it is where it comes to: a spare, or one of another shard.
    pub fn comes(&self, node: NodeId) -> Copy {
        let mut copy = self.copy(node, true);
        copy.may_lead &= self.everyone.load(self.cluster, node);
        copy
    }

    pub fn home_role(&self, node: NodeId) -> Option<HomeRole> {
        self.policy.home_role(self.cluster, node)
    }

    /// The node belongs to the same home shard as the unit's owner.
    pub fn at_home(&self, node: NodeId, unit: &Unit) -> bool {
        let group = |id: NodeId| {
            let address = self.cluster.node(id).address.as_ref()?;
            self.policy.home_group(address)
        };
        group(node).is_some_and(|g| Some(g) == group(unit.owner))
    }
}

/// Nodes that may be given a copy, and those that may not though they are idle.
pub fn spares(
    cluster: &Cluster,
    captured: &Cluster,
    selection: &Selection,
    request: &Request,
) -> (Vec<Spare>, Vec<Aside>) {
    let (zones, owners) = (Zones::of(&cluster.holders()), Servers::of_owners(cluster));
    let (mut spares, mut asides) = (Vec::new(), Vec::new());
    let unowned = cluster.unowned();
    let all_served = captured.uncovered().is_empty()
        && !captured
            .iter()
            .any(|(_, n)| n.is_ghost() && !n.slots.is_empty());
    let needed = unowned != Unowned::Nothing && cluster.live_voters() < MASTERS_MIN;
    for (id, node) in cluster.iter() {
        // Whoever claims slots in its own view takes writes, and may hold what nobody else has.
        if !node.seen.contested.is_empty() {
            continue;
        }
        let member = node.membership == Membership::Member;
        // No command reaches a node whose address nobody knows.
        if node.address.is_none()
            || !(member || node.membership == Membership::Unmet)
            || !cluster.is_spare_given(id, unowned)
        {
            continue;
        }
        // A new cluster of some nodes takes in nobody else.
        if let Some(list) = &request.slots.create_of
            && !node
                .address
                .as_ref()
                .is_some_and(|a| list.addresses.contains(a))
        {
            continue;
        }
        if needed && member && node.is_master() {
            asides.push(Aside::CouldOwn { node: id });
            continue;
        }
        if !owners.are_loaded_by(cluster, id)
            && let Some(master) = versions::too_new_for(cluster, id)
        {
            asides.push(Aside::TooOld { node: id, master });
            continue;
        }
        let keys = node.keys.unwrap_or(0);
        // A replica may be re-pointed with keys: REPLICATE drops them (`clusterSetMaster`).
        let flush = node.is_master() && keys > 0;
        if flush && !(request.has(Flag::FlushStale) && all_served) {
            asides.push(Aside::HoldsKeys {
                node: id,
                keys,
                blocked: !all_served,
            });
            continue;
        }
        let untidy = !request.has(Flag::KeepSpares)
            && if member {
                selection.has(Code::SlotlessMaster)
            } else {
                selection.has(Code::UnmetNode)
            };
        spares.push(Spare {
            copy: copy(
                cluster,
                zones,
                id,
                true,
                request.has(Flag::PromoteNofailover),
            ),
            meet: !member,
            flush,
            untidy,
        });
    }
    (spares, asides)
}

fn copy(
    cluster: &Cluster,
    zones: Zones,
    node: NodeId,
    usable: bool,
    promote_nofailover: bool,
) -> Copy {
    let host = cluster.node(node).host;
    Copy {
        node,
        place: host.map_or(cluster.hosts.len() + node.index(), |h| h.0 as usize),
        disk: cluster.node(node).disk,
        zone: zones.apart(cluster.zone_of(node)),
        usable,
        may_lead: promote_nofailover || !cluster.node(node).no_failover,
    }
}

fn unit(
    inputs: &Inputs,
    zones: Zones,
    shard: &Shard,
    free: bool,
    mib: &MibTable,
    owners: &Servers,
) -> Unit {
    let (cluster, selection) = (&*inputs.supposed.cluster, inputs.selection);
    let promote = inputs.request.has(Flag::PromoteNofailover);
    let usable = measure::usable_replicas(cluster, shard).count() as i64;
    let wanted = i64::from(inputs.wanted.of(cluster, shard));
    let wanted = match (
        selection.has(Code::MissingReplica),
        selection.has(Code::OrphanMaster),
    ) {
        // Where none is wanted a master without any is an orphan all the same.
        (true, _) => wanted.max(usable.min(1)),
        (false, true) => wanted.min(usable.max(1)),
        (false, false) => wanted.min(usable),
    };
    let mut unit = Unit {
        owner: shard.owner,
        wanted,
        fixed: vec![copy(cluster, zones, shard.owner, true, promote)],
        movable: Vec::new(),
        chained: Vec::new(),
        mib: mib.of(inputs.supposed.leader(shard.owner)),
        free,
        may_hand_over: false,
        protected: false,
        led_from: copy(cluster, zones, shard.owner, true, promote).place,
        leader: inputs.supposed.leader(shard.owner),
        first: None,
        short_by_goal: false,
    };
    let straighten = selection.has(Code::ChainedReplica);
    for id in measure::live_followers(cluster, shard) {
        let direct = cluster.node(id).master() == Some(shard.owner);
        let usable = cluster.is_usable_replica(id);
        let list = match (free, direct) {
            (true, false) if straighten && cluster.can_copy(id, shard.owner) => &mut unit.chained,
            (true, true) if usable && owners.are_loaded_by(cluster, id) => &mut unit.movable,
            _ => &mut unit.fixed,
        };
        list.push(copy(cluster, zones, id, usable, promote));
    }
    let left_out = versions::followers_left_out(inputs.supposed);
    let own = left_out.filter(|&(_, owner)| owner == unit.leader);
    let own: Vec<NodeId> = own.map(|(id, _)| id).collect();
    versions::keep(cluster, &mut unit, &own);
    unit
}

/// Nodes with open slots.
pub fn open_ends(cluster: &Cluster) -> Vec<NodeId> {
    let open = cluster.iter().filter(|(_, n)| !n.open_slots.is_empty());
    open.map(|(id, _)| id).collect()
}

/// What may be going on in a shard, that a capture cannot tell from a stuck state; `settled` are
/// owners whose open slots the plan closes, `open` the [`open_ends`].
pub fn going_on(
    cluster: &Cluster,
    settled: &[NodeId],
    shard: &Shard,
    open: &[NodeId],
) -> Option<Aside> {
    let owner = cluster.node(shard.owner);
    // It may be dead since it answered, and nobody can say whether the others elect a successor.
    if owner.is_outvoted() {
        return Some(Aside::CutOff { owner: shard.owner });
    }
    if let Some(replica) = measure::still_full(cluster, shard) {
        let owner = shard.owner;
        return Some(Aside::Emptied { owner, replica });
    }
    let touches = |id: NodeId| {
        cluster
            .node(id)
            .open_slots
            .iter()
            .any(|o| id == shard.owner || o.may_end_at(owner))
    };
    let is_open = |&id: &NodeId| touches(id) || shard.replicas.contains(&id);
    if open.iter().any(is_open) && !settled.contains(&shard.owner) {
        return Some(Aside::OpenSlots { owner: shard.owner });
    }
    let syncing = measure::live_followers(cluster, shard)
        .into_iter()
        .find(|&r| {
            matches!(
                cluster.node(r).replication.sync,
                Sync::Running | Sync::Never | Sync::Disputed
            )
        });
    syncing.map(|replica| Aside::Syncing {
        owner: shard.owner,
        replica,
    })
}
