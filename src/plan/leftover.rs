//! What the plan leaves, why, and what would unlock it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Severity;
use crate::measure;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::model::Unowned;
use crate::plan::advice::Notes;
use crate::plan::advice::Scene;
use crate::plan::homeward;
use crate::plan::level::Level;
use crate::plan::problem::Aside;
use crate::plan::room::NoRoom;
use crate::plan::why::About;
use crate::plan::why::Chain;
use crate::plan::why::Lost;
use crate::plan::why::NotACopy;
use crate::plan::why::OpenSlot;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Said;
use crate::plan::why::Unlock;
use crate::plan::why::Unused;
use crate::policy::Flag;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::Remedy;
use crate::rules::Rule;
use crate::rules::Subject;

/// Shards and slots that are left alone, and what would free them.
pub fn left_alone(scene: &Scene, notes: &mut Notes) {
    for &(node, slot, why) in &scene.closing.left {
        notes.refusals.push(Refusal {
            about: About::OpenSlot { slot, node },
            reason: Reason::OpenSlot(why),
            unlock: match why {
                OpenSlot::OnReplica | OpenSlot::BothEnds { .. } => Unlock::FinishMove,
                OpenSlot::OtherEndUnnamed => Unlock::CaptureEveryNode,
                OpenSlot::OtherEndUnseen(_) => Unlock::CaptureOtherEnd,
                OpenSlot::OtherEndDead(other) => Unlock::BringBackOtherEnd(other),
                OpenSlot::MayBeMoving => Unlock::SettleSlots,
            },
        });
    }
    let asides = scene.problem.asides.iter();
    notes
        .refusals
        .extend(asides.filter_map(|a| set_aside(scene, a)));
}

fn set_aside(scene: &Scene, aside: &Aside) -> Option<Refusal> {
    let cluster = scene.captured;
    let (about, reason, unlock) = match *aside {
        // Said slot by slot above; here what it means for the shard.
        Aside::OpenSlots { owner } if !something_left(scene, owner) => return None,
        Aside::OpenSlots { owner } => (About::Shard(owner), Reason::ShardOpen, Unlock::CloseSlot),
        Aside::Syncing { owner, replica } => {
            let why = NotACopy::of(cluster.node(replica).replication.sync);
            let unlock = match why {
                NotACopy::FirstSync => Unlock::CaptureWhenSynced,
                NotACopy::Disputed => Unlock::CaptureNodesAndInfo,
                NotACopy::NeverSynced | NotACopy::CopiedBlank => Unlock::SeeWhyNotSynced,
            };
            let reason = Reason::ShardSyncing { replica, why };
            (About::Shard(owner), reason, unlock)
        }
        Aside::Emptied { owner, replica } => (
            About::Shard(owner),
            Reason::Emptied { owner, replica },
            Unlock::StopEmptied { owner, replica },
        ),
        Aside::CutOff { owner } => (
            About::Slots(cluster.node(owner).slots.clone()),
            Reason::CutOff { owner },
            Unlock::SeeWhatIsBetween(owner),
        ),
        Aside::TooOld { node, master } => (
            About::Node(node),
            Reason::TooOld { node, master },
            Unlock::UpgradeFirst(node),
        ),
        Aside::NoRoom(no_room) => (
            About::Node(no_room.node),
            Reason::NoRoom(no_room),
            Unlock::MemoryThere,
        ),
        // Said of the slots: see [`lost`].
        Aside::CouldOwn { .. } => return None,
        Aside::HoldsKeys {
            node,
            keys,
            blocked,
        } => (
            About::Node(node),
            Reason::HoldsKeys { keys, blocked },
            if blocked {
                Unlock::ServeThenFlush
            } else {
                Unlock::FlushStale
            },
        ),
    };
    Some(Refusal {
        about,
        reason,
        unlock,
    })
}

fn something_left(scene: &Scene, owner: NodeId) -> bool {
    let shard: BTreeSet<NodeId> = scene
        .end
        .iter()
        .filter(|&(id, n)| id == owner || n.master() == Some(owner))
        .map(|(id, _)| id)
        .collect();
    scene.remaining.iter().any(|f| {
        scene.selection.has(f.rule.code)
            && matches!(&f.subject, Subject::Node(id) if shard.contains(id))
    })
}

/// Spread is not acted on while a member is dead and may return.
pub fn waiting(scene: &Scene, notes: &mut Notes) {
    let codes: BTreeSet<Code> = scene
        .remaining
        .iter()
        .map(|f| f.rule.code)
        .filter(|c| scene.selection.waiting.contains(c))
        .collect();
    let dead = scene.captured.dead_members().len();
    // Codes about the same hosts or nodes are one refusal; in the order of what those are called.
    let mut groups: BTreeMap<String, (BTreeSet<Code>, Vec<Subject>)> = BTreeMap::new();
    for code in codes {
        let of: Vec<Subject> = subjects(scene, code).cloned().collect();
        let about = About::Findings {
            codes: BTreeSet::new(),
            of: of.clone(),
        };
        let group = groups.entry(Said(&about, scene.end).to_string());
        group
            .or_insert_with(|| (BTreeSet::new(), of))
            .0
            .insert(code);
    }
    for (codes, of) in groups.into_values() {
        notes.refusals.push(Refusal {
            unlock: Unlock::OnlyOrForget(codes.clone()),
            about: About::Findings { codes, of },
            reason: Reason::MayReturn { dead },
        });
    }
}

/// What the findings of a code that remain are about.
fn subjects<'a>(scene: &'a Scene, code: Code) -> impl Iterator<Item = &'a Subject> {
    let of_code = scene.remaining.iter().filter(move |f| f.rule.code == code);
    of_code.map(|f| &f.subject)
}

/// Shards that stay short, and spares that stay unused.
pub fn unpaired(scene: &Scene, notes: &mut Notes) {
    let end = scene.end;
    // In the order of the hosts' names.
    let mut short: BTreeMap<&str, (Option<HostId>, Vec<NodeId>)> = BTreeMap::new();
    for finding in selected(scene) {
        let Subject::Node(id) = finding.subject else {
            continue;
        };
        let host = end.node(id).host;
        let refusal = match finding.rule.cure.remedy() {
            Some(Remedy::Replicate) => {
                let name = host.map_or("no known host", |h| &*end.host(h).name);
                let group = short.entry(name).or_insert_with(|| (host, Vec::new()));
                group.1.push(id);
                None
            }
            Some(Remedy::Pair) => on_one_host(scene, finding, host),
            Some(Remedy::Straighten) => Some(chained(end, id)),
            Some(Remedy::Attach) => unused(scene, id),
            Some(Remedy::Forget) => {
                Some(unforgotten(end, id)).filter(|r| !notes.refusals.contains(r))
            }
            // Said where they are decided, and by [`unmoved`].
            Some(Remedy::Promote | Remedy::Close | Remedy::HandOver) | None => None,
        };
        notes.refusals.extend(refusal);
    }
    unmoved(scene, notes);
    let spares = end.iter().filter(|&(id, _)| end.is_spare(id)).count();
    for (host, masters) in short.into_values() {
        let number = masters.len();
        let mut restart = returning(end, &masters);
        // What the plan itself stops is not asked back.
        restart.retain(|&id| !scene.captured.node(id).is_live());
        notes.refusals.push(Refusal {
            about: About::Masters(masters),
            reason: Reason::Short {
                masters: number,
                host,
                spares,
            },
            unlock: Unlock::AddReplicas {
                number,
                host,
                restart,
            },
        });
    }
}

/// Dead replicas of these masters, and dead masters without slots: failed over, each follows whoever
/// took its slots. Not those that may live.
fn returning(end: &Cluster, masters: &[NodeId]) -> Vec<NodeId> {
    let mut dead = end.dead_members();
    dead.retain(|&id| {
        let node = end.node(id);
        let copies = node.master().is_some_and(|m| masters.contains(&m));
        let failed_over = node.is_master() && node.slots.is_empty();
        let sure = !node.is_only_suspected() && !node.is_only_silent();
        sure && node.address.is_some() && (copies || failed_over)
    });
    dead
}

/// What remains though it was to be cured.
fn selected<'a>(scene: &'a Scene) -> impl Iterator<Item = &'a Finding> {
    let remaining = scene.remaining.iter();
    remaining.filter(|f| scene.selection.has(f.rule.code))
}

/// A healthy replica is moved unasked only to cure an error.
fn stays(scene: &Scene, rule: &Rule) -> bool {
    rule.severity < Severity::Error && !scene.request.has(Flag::AllowMoves)
}

fn on_one_host(scene: &Scene, finding: &Finding, host: Option<HostId>) -> Option<Refusal> {
    if !finding.rule.levels.contains(&Level::SameHost) {
        return None;
    }
    let (reason, unlock) = if stays(scene, finding.rule) {
        (Reason::NotMoved, Unlock::AllowMoves)
    } else {
        (Reason::NoPairing { host }, Unlock::NodeElsewhere)
    };
    Some(Refusal {
        about: About::finding(finding),
        reason,
        unlock,
    })
}

fn chained(end: &Cluster, id: NodeId) -> Refusal {
    let chain = match end.root(id) {
        Some(root) if end.node(root).is_live_member() => Chain::ShardLeftAlone(root),
        Some(root) => Chain::MasterGone(root),
        None if end.unowned() == Unowned::Part => Chain::MayHoldSlots,
        None => Chain::CopiesNothing,
    };
    Refusal {
        about: About::Node(id),
        reason: Reason::Chain(chain),
        unlock: Unlock::CureThatFirst,
    }
}

fn unused(scene: &Scene, id: NodeId) -> Option<Refusal> {
    let mut asides = scene.problem.asides.iter();
    let told = |aside: &Aside| match aside {
        Aside::HoldsKeys { node, .. }
        | Aside::CouldOwn { node }
        | Aside::TooOld { node, .. }
        | Aside::NoRoom(NoRoom { node, .. }) => *node == id,
        Aside::OpenSlots { .. }
        | Aside::Syncing { .. }
        | Aside::Emptied { .. }
        | Aside::CutOff { .. } => false,
    };
    if asides.any(told) {
        return None;
    }
    let units = &scene.problem.units;
    let (why, unlock) = if scene.end.node(id).address.is_none() {
        (Unused::NoAddress, Unlock::NameFile)
    } else if units.is_empty() {
        (Unused::NoShard, Unlock::AssignSlotsOrMaster)
    } else if units.iter().all(|u| !u.free) {
        (Unused::EveryShardLeftAlone, Unlock::SeeShards)
    } else {
        (Unused::CopyOnItsHost, Unlock::AddHostsOrRetire)
    };
    Some(Refusal {
        about: About::Node(id),
        reason: Reason::Unused(why),
        unlock,
    })
}

fn unforgotten(end: &Cluster, id: NodeId) -> Refusal {
    let node = end.node(id);
    let follower = || {
        end.iter()
            .find(|(_, n)| n.is_live() && n.master() == Some(id))
    };
    let (reason, unlock) = if !node.name.is_plain() {
        (Reason::Nameless, Unlock::CaptureEveryNode)
    } else if node.is_only_silent() {
        (Reason::MayLive { node: id }, Unlock::CaptureAgain(id))
    } else if !node.slots.is_empty() {
        (Reason::OwnsSlots(node.slots.clone()), Unlock::CureThatFirst)
    } else if let Some((by, _)) = follower() {
        (Reason::Followed { by }, Unlock::CureThatFirst)
    } else {
        (Reason::Unlisted, Unlock::CureThatFirst)
    };
    Refusal {
        about: About::Forget(id),
        reason,
        unlock,
    }
}

/// Placement that no legal change improves.
fn unmoved(scene: &Scene, notes: &mut Notes) {
    let codes: BTreeSet<Code> = selected(scene).map(|f| f.rule.code).collect();
    for code in codes {
        let rule = code.rule();
        let Some((reason, unlock)) = rule.levels.iter().find_map(|&l| in_the_way(scene, l)) else {
            continue;
        };
        let (reason, unlock) = if stays(scene, rule) && rule.cure.remedy() == Some(Remedy::Pair) {
            (Reason::NotMoved, Unlock::AllowMoves)
        } else {
            (reason, unlock)
        };
        let of: Vec<Subject> = subjects(scene, code).cloned().collect();
        notes.refusals.push(Refusal {
            about: About::Findings {
                codes: [code].into(),
                of,
            },
            reason,
            unlock,
        });
    }
}

/// Some copy could lead, were it not told `nofailover`.
fn unwilling(scene: &Scene) -> bool {
    let copies = scene.end.iter().filter(|(_, n)| n.is_live_member());
    !scene.request.has(Flag::PromoteNofailover)
        && copies
            .filter(|(_, n)| n.is_replica())
            .any(|(_, n)| n.no_failover)
}

/// Why a level of placement is not better, where it is not said pair by pair.
fn in_the_way(scene: &Scene, level: Level) -> Option<(Reason, Unlock)> {
    match level {
        Level::SameDisk => Some((Reason::NoOtherDisk, Unlock::NodeOnOtherDisk)),
        Level::VotesZone | Level::OverZone if unwilling(scene) => {
            let unlock = Unlock::PromoteNofailover { zones: true };
            Some((Reason::ToldNofailover, unlock))
        }
        Level::SameZone | Level::VotesZone | Level::OverZone => {
            Some((Reason::NoBetterZones, Unlock::HostsInOtherZone))
        }
        // Any one of them takes the majority along.
        Level::VotesHost if scene.end.voters() < 3 => {
            Some((Reason::FewVoters, Unlock::ThreeMasters))
        }
        Level::VotesHost | Level::OverHost if unwilling(scene) => {
            let unlock = Unlock::PromoteNofailover { zones: false };
            Some((Reason::ToldNofailover, unlock))
        }
        Level::VotesHost | Level::OverHost => Some((Reason::NoBetterHosts, Unlock::NodesElsewhere)),
        Level::Home => homeward::in_the_way(scene),
        Level::Worse
        | Level::Serve
        | Level::Protect
        | Level::Orphans
        | Level::Missing
        | Level::Drain
        | Level::Remove
        | Level::Pin
        | Level::Masters
        | Level::SameHost
        | Level::Moves
        | Level::Beside
        | Level::Tidy
        | Level::Surplus
        | Level::Risk
        | Level::SyncMib
        | Level::Failovers
        | Level::Actions
        | Level::TieHome
        | Level::Tie => None,
    }
}

/// Slots without any owner, dead or alive.
pub fn lost(scene: &Scene, notes: &mut Notes) {
    let mut owned = SlotSet::new();
    scene
        .captured
        .iter()
        .for_each(|(_, n)| owned.union_with(&n.slots));
    let missing = owned.complement();
    if missing.is_empty() || !scene.selection.has(Code::UncoveredSlots) {
        return;
    }
    let never = owned.is_empty();
    let live_replicas = || {
        let nodes = scene.captured.iter();
        nodes.filter(|(_, n)| n.is_live_member() && n.is_replica())
    };
    let holders: Vec<NodeId> = live_replicas()
        .filter(|(_, n)| n.master().is_none())
        .map(|(id, _)| id)
        .collect();
    let rootless: Vec<NodeId> = live_replicas()
        .filter(|&(id, _)| scene.captured.root(id).is_none())
        .map(|(id, _)| id)
        .collect();
    // Only those that the plan leaves free.
    let still = measure::free_masters(scene.end);
    let mut free = measure::free_masters(scene.captured);
    free.retain(|id| still.contains(id));
    let (why, unlock) = if never {
        (Lost::NeverAssigned, Unlock::AssignSlots(free))
    } else if !holders.is_empty() {
        let unlock = Unlock::CaptureHolders(holders.clone());
        (Lost::MasterForgotten(holders), unlock)
    } else if !rootless.is_empty() {
        (Lost::Rootless(rootless), Unlock::CaptureThenSaveKeys)
    } else {
        (Lost::OwnedByNobody, Unlock::FindOwner(free))
    };
    notes.refusals.push(Refusal {
        about: About::Slots(missing),
        reason: Reason::Lost(why),
        unlock,
    });
}
