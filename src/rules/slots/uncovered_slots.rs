//! ## What
//! Some slots have no live owner: the owner is dead, has no address, or there is none.
//!
//! ## Why
//! Nobody serves these keys. With `cluster-require-full-coverage yes`, the default, the whole
//! cluster refuses commands.
//!
//! ## Do
//! Promote a live replica of the dead owner (`topoplan plan` takes the one with the highest
//! offset). Only where none can, restart the dead process that still has the data: with `appendonly
//! no` and no `save` it comes back empty.
//! Slots that nobody owned, dead or alive, are assigned by hand: to a master that is free, with
//! CLUSTER ADDSLOTS, or by `redis-cli --cluster fix`.
use crate::measure::MajorityLost;
use crate::model::Comeback;
use crate::model::Node;
use crate::model::Sync;
use crate::rules::prelude::*;
use crate::text::words::plural;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UncoveredSlots,
    id: "uncovered-slots",
    severity: Severity::Error,
    cure: Cure::Yes(Remedy::Promote),
    levels: &[Level::Serve],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("uncovered_slots.rs"),
};

/// Dead owners are the news of a bad night: more of them are named than of anything else.
const OWNERS_LISTED: usize = 12;

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let mut uncovered = cx.cluster.uncovered();
    if cx.cluster.unread.slots {
        // Of what nobody owns here the owner may only not have been read.
        uncovered.subtract(&unowned(cx));
    }
    let Some((first, _)) = cx.cluster.iter().find(|(_, n)| n.is_listed()) else {
        return;
    };
    if uncovered.is_empty() {
        return;
    }
    if cx.shards.is_empty() && followers_of_nobody(cx.cluster).is_empty() {
        out.push(
            Finding::new(
                &RULE,
                Subject::Slots(uncovered, None),
                "no slot was ever assigned to a node: the cluster serves nothing".to_owned(),
            )
            .help(assign_all(cx.cluster))
            .evidence([Fact::Node(first)]),
        );
        return;
    }
    let tale = tell(cx, &uncovered);
    let message = format!(
        "{} without a live owner ({}): {}",
        words::count(uncovered.len() as usize, "slot"),
        words::ranges(&uncovered).0,
        clauses(tale.stuck.into_iter().chain(tale.saved).collect())
    );
    let mut evidence = tale.evidence;
    if evidence.is_empty() {
        evidence.push(Fact::Node(first));
    }
    out.push(
        Finding::new(&RULE, Subject::Slots(uncovered, None), message)
            .help(tale.help)
            .evidence(evidence.into_iter().take(2 * words::LISTED)),
    );
}

/// Nodes that know others are refused by `--cluster create` (`clusterManagerCommandCreate`: "Node is
/// not empty. Either the node already knows other nodes").
fn assign_all(cluster: &Cluster) -> String {
    let mut members = cluster.iter().filter(|(_, n)| n.is_listed());
    let known = members.any(|(_, n)| !n.seen.known_by.is_empty());
    if !known {
        return "assign the slots: `redis-cli --cluster create` makes a new cluster of these nodes"
            .to_owned();
    }
    let free = words::nodes(cluster, measure::free_masters(cluster));
    format!(
        "assign the slots: {} at each of {free}, or `redis-cli --cluster fix`; these nodes know each other, so `--cluster create` refuses them",
        cluster.server.add_slots()
    )
}

/// Clauses have commas of their own, so they are told apart by semicolons.
fn clauses(mut parts: Vec<String>) -> String {
    let rest = parts.len().saturating_sub(OWNERS_LISTED);
    parts.truncate(OWNERS_LISTED);
    if rest > 0 {
        parts.push(format!("and {rest} more"));
    }
    parts.join("; ")
}

/// Why the slots have no owner and what brings each part of them back.
#[derive(Default)]
struct Tale {
    /// What no promotion brings back; told first.
    stuck: Vec<String>,
    saved: Vec<String>,
    help: Help,
    evidence: Vec<Fact>,
    promotable: usize,
    /// Followers of nobody, after a wrong FORGET.
    holders: Vec<NodeId>,
    restarts: Vec<NodeId>,
    /// Owners that may be alive.
    suspected: Vec<NodeId>,
    lost: usize,
    /// Owners that a report could not list.
    unlisted: bool,
    /// Owners whose replicas may stand in lines that were not read.
    unread: usize,
}

fn tell(cx: &Context, uncovered: &SlotSet) -> Tale {
    let mut tale = Tale::default();
    let unowned = unowned(cx).intersection(uncovered);
    for shard in &cx.shards {
        if measure::live_owner(cx.cluster, shard).is_none() {
            tell_shard(cx.cluster, shard, &mut tale);
        }
    }
    if !unowned.is_empty() {
        tell_unowned(cx.cluster, &unowned, &mut tale);
    }
    let mut help = Help::default();
    if !tale.suspected.is_empty() {
        let names = words::nodes(cx.cluster, tale.suspected.iter().copied());
        help = help.say(format!(
            "ask {names} before anything else: who suspects a node may be the one that is cut off"
        ));
    }
    let doubted = MajorityLost::of(cx.cluster).is_some_and(|lost| !lost.is_proven());
    if tale.promotable > 0 && doubted {
        help = help.say(format!(
            "a replica can take over once it is certain that the masters are dead ({})",
            Code::MajorityLost
        ));
    } else if tale.promotable > 0 {
        help = help.promotes(tale.promotable);
    }
    if !tale.holders.is_empty() {
        let names = words::nodes(cx.cluster, tale.holders.iter().copied());
        help = help.say(format!(
            "capture CLUSTER NODES of {names} itself: while it knows its master there, `topoplan plan` promotes it"
        ));
    }
    if !tale.restarts.is_empty() {
        let names = tale.restarts.iter().map(|&id| words::node(cx.cluster, id));
        let names = words::list_up_to(OWNERS_LISTED, &names.collect::<Vec<_>>());
        let text = match doubted {
            true => format!("once it is certain that they are dead, restart {names}"),
            false => format!("restart {names}"),
        };
        help = help.restart(tale.restarts.iter().copied(), text);
    }
    if tale.unlisted {
        help = help
            .say("capture CLUSTER NODES of every node that answers: it shows who owns these slots");
    }
    if tale.unread > 0 {
        help = help.say("capture these nodes again before you decide");
    }
    if tale.lost > 0 {
        let free = measure::free_masters(cx.cluster);
        help = help.say(match free.first() {
            Some(&free) if !unowned.is_empty() => format!(
                "where no copy is known, look for a backup; {} is free and could own {}: {} there, or `redis-cli --cluster fix`",
                words::node(cx.cluster, free),
                words::slots(&unowned),
                cx.cluster.server.add_slots()
            ),
            Some(_) | None => {
                "where no copy is known, look for a backup before you assign the slots anew"
                    .to_owned()
            }
        });
    }
    tale.help = help;
    tale
}

/// Slots that nobody owns, dead or alive.
fn unowned(cx: &Context) -> SlotSet {
    let mut owned = SlotSet::new();
    for shard in &cx.shards {
        owned.union_with(&shard.slots);
    }
    owned.complement()
}

/// A dead owner: who can take over, else whose restart brings the data back.
fn tell_shard(cluster: &Cluster, shard: &Shard, tale: &mut Tale) {
    let owner = cluster.node(shard.owner);
    let name = words::shard(cluster, shard);
    if owner.is_only_suspected() {
        tale.suspected.push(shard.owner);
        tale.evidence.push(Fact::Node(shard.owner));
        tale.stuck.push(format!(
            "{name} is suspected by every view that lists it, flagged `fail` by none"
        ));
        return;
    }
    let state = if owner.is_ghost() {
        "has no address"
    } else {
        "is dead"
    };
    tale.evidence.push(if owner.is_ghost() {
        Fact::Node(shard.owner)
    } else {
        Fact::Unreachable(shard.owner)
    });
    if let Some(best) = measure::best_replica(cluster, shard) {
        tale.promotable += 1;
        tale.evidence.push(Fact::Replication(best));
        let best = words::node(cluster, best);
        tale.saved
            .push(format!("{name} {state}, its replica {best} can take over"));
        return;
    }
    let why = why_nobody_takes_over(cluster, shard);
    let back = process_with_data(cluster, shard);
    if cluster.unread.nodes {
        tale.unread += 1;
        tale.restarts.extend(back);
        tale.stuck.push(format!(
            "{name} {state}; of what was read {why}, and a replica may stand in a line that was not"
        ));
        return;
    }
    let Some(back) = back else {
        tale.lost += 1;
        tale.stuck
            .push(format!("{name} {state} and {why}: nothing to restart"));
        return;
    };
    tale.restarts.push(back);
    let process = if back == shard.owner {
        "its restart".to_owned()
    } else {
        format!("a restart of its replica {}", words::node(cluster, back))
    };
    tale.stuck.push(match cluster.comeback(back) {
        Comeback::Saved(..) => format!(
            "{name} {state} and {why}: {process} brings back what it has saved"
        ),
        comeback @ (Comeback::Empty(_) | Comeback::Unknown) => format!(
            "{name} {state} and {why}: only {process} can bring data back, and it comes back {comeback}"
        ),
    });
}

fn why_nobody_takes_over(cluster: &Cluster, shard: &Shard) -> String {
    let followers = measure::live_followers(cluster, shard);
    if followers.is_empty() {
        return "no replica lives".to_owned();
    }
    // A synced one that named the owner would be usable.
    let synced = |id: &NodeId| cluster.is_synced(*id);
    let chained: Vec<NodeId> = followers.iter().copied().filter(synced).collect();
    let disputed = |id: &NodeId| cluster.node(*id).replication.sync == Sync::Disputed;
    if followers.iter().all(disputed) {
        let names = words::nodes(cluster, followers);
        format!("INFO of {names} names another master, or none")
    } else if chained.is_empty() {
        format!("{} never finished a sync", words::nodes(cluster, followers))
    } else {
        let chained = words::nodes(cluster, chained);
        format!("{chained} follows it through another replica only")
    }
}

/// The dead process whose restart saves the data: the owner, else the dead replica with the
/// highest known offset. A ghost cannot come back.
fn process_with_data(cluster: &Cluster, shard: &Shard) -> Option<NodeId> {
    let may_return = |id: &NodeId| !cluster.node(*id).is_live() && !cluster.node(*id).is_ghost();
    Some(shard.owner).filter(may_return).or_else(|| {
        let replicas = shard.replicas.iter().chain(&shard.chained).copied();
        replicas
            .filter(may_return)
            .filter(|&id| cluster.is_synced(id))
            .max_by_key(|&id| (cluster.node(id).replication.offset, std::cmp::Reverse(id)))
    })
}

/// Slots that not even a dead node owns: after a wrong FORGET their data may be on replicas
/// that follow nobody.
fn tell_unowned(cluster: &Cluster, unowned: &SlotSet, tale: &mut Tale) {
    let slots = words::slots(unowned);
    if tell_unlisted(cluster, &slots, tale) {
        return;
    }
    let holders = followers_of_nobody(cluster);
    if holders.is_empty() {
        tale.lost += 1;
        tale.stuck.push(format!("no node owns {slots}"));
        return;
    }
    tale.holders.extend(&holders);
    let names = words::nodes(cluster, holders.iter().copied());
    let follow = match holders.len() {
        1 => "follows",
        _ => "follow",
    };
    tale.saved.push(format!(
        "no node owns {slots}, whose master was forgotten; {names} {follow} nobody and may hold the only data"
    ));
    tale.evidence.extend(holders.into_iter().map(Fact::Node));
}

/// Where replicas follow masters that a report could not list: whether it tells of such.
fn tell_unlisted(cluster: &Cluster, slots: &str, tale: &mut Tale) -> bool {
    let nodes = || cluster.iter();
    let unlisted = nodes().filter(|(_, n)| n.is_known_by_id_alone());
    let unlisted: Vec<NodeId> = unlisted.map(|(id, _)| id).collect();
    if unlisted.is_empty() {
        return false;
    }
    let follows = |n: &Node| n.is_live() && n.master().is_some_and(|m| unlisted.contains(&m));
    let replicas = nodes().filter(|(_, n)| follows(n)).map(|(id, _)| id);
    let replicas: Vec<NodeId> = replicas.collect();
    let names = words::nodes(cluster, unlisted.iter().copied());
    let masters = plural(unlisted.len(), "master");
    let followers = words::nodes(cluster, replicas.iter().copied());
    let live = match replicas.len() {
        0 => "none of its replicas is listed".to_owned(),
        1 => format!("its replica {followers} lives"),
        _ => format!("their replicas {followers} live"),
    };
    tale.stuck.push(format!(
        "{slots} belong to {masters} that the report could not list ({names}); {live}"
    ));
    let silent = nodes().filter(|(_, n)| n.is_known_by_address_alone());
    tale.restarts.extend(silent.map(|(id, _)| id));
    tale.unlisted = true;
    tale.evidence
        .extend(unlisted.into_iter().chain(replicas).map(Fact::Node));
    true
}

/// Live replicas without a master.
fn followers_of_nobody(cluster: &Cluster) -> Vec<NodeId> {
    cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && n.is_replica() && n.master().is_none())
        .map(|(id, _)| id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Death;
    use crate::model::Liveness;
    use crate::model::Role;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn one_finding_tells_of_every_dead_owner() {
        let mut cluster =
            cluster("m1!@h1 < r1@h2; m2!@h2 < r2!@h1; m3?@h3 < r3~@h1 x3!@h4; m4@h4 < r4@h1");
        // Their hosts refused the connection: nobody may be cut off.
        for name in ["m1", "m2"] {
            let id = id(&cluster, name);
            cluster.node_mut(id).liveness = Liveness::Dead(Death::Refused);
        }
        assert_eq!(subjects(&RULE, &cluster), ["0-12287"]);
        let found = findings(&RULE, &cluster);
        let message = &found[0].message;
        assert!(
            message.contains(
                "10.0.0.1:7001 (0-4095) is dead, its replica 10.0.0.2:7002 can take over"
            ),
            "{message}"
        );
        assert!(
            message.contains(
                "10.0.0.2:7003 (4096-8191) is dead and no replica lives: only its restart"
            ),
            "{message}"
        );
        assert!(
            message.contains(
                "10.0.0.1:7006 never finished a sync: only a restart of its replica 10.0.0.4:7007"
            ),
            "{message}"
        );
        assert_eq!(
            found[0].help.to_string(),
            "`topoplan plan` promotes 1 replica; restart 10.0.0.2:7003, 10.0.0.4:7007"
        );
    }

    #[test]
    fn who_is_only_suspected_is_to_be_asked() {
        let mut cluster = cluster("m1!@h1 < r1@h2; m2@h2 < r2@h3");
        let m1 = id(&cluster, "m1");
        cluster.node_mut(m1).liveness =
            crate::model::Liveness::Dead(crate::model::Death::Suspected);
        let found = findings(&RULE, &cluster);
        assert!(
            found[0].message.ends_with("flagged `fail` by none"),
            "{}",
            found[0].message
        );
        assert!(
            found[0]
                .help
                .to_string()
                .starts_with("ask 10.0.0.1:7001 before"),
            "{}",
            found[0].help
        );
    }

    #[test]
    fn the_best_offset_is_named() {
        let mut cluster = cluster("m1!@h1 < r1@h2 x1@h3; m2@h2 < r2@h3");
        let x1 = id(&cluster, "x1");
        cluster.node_mut(x1).replication.offset = Some(5000);
        assert!(
            findings(&RULE, &cluster)[0]
                .message
                .contains("10.0.0.3:7003 can take over")
        );
    }

    #[test]
    fn a_cluster_that_never_had_slots_says_so() {
        let found = findings(&RULE, &cluster("a@h1 b@h2 c@h3"));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("no slot was ever assigned"));
    }

    #[test]
    fn after_a_wrong_forget_the_follower_of_nobody_is_named() {
        let mut cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3");
        let (m1, r1) = (id(&cluster, "m1"), id(&cluster, "r1"));
        cluster.node_mut(m1).slots = SlotSet::new();
        cluster.node_mut(r1).role = Role::Replica(None);
        assert_eq!(subjects(&RULE, &cluster), ["0-8191"]);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.contains("10.0.0.2:7002 follows nobody"));
        assert!(
            found[0]
                .help
                .to_string()
                .contains("capture CLUSTER NODES of 10.0.0.2:7002")
        );
    }

    #[test]
    fn what_was_not_read_may_own_the_slots_that_nobody_owns_here() {
        let mut cluster = cluster("m1@h1 < r1@h2; m2!@h2 <; m3@h3 < r3@h1");
        let m1 = id(&cluster, "m1");
        cluster.node_mut(m1).slots = SlotSet::new();
        assert_eq!(subjects(&RULE, &cluster), ["0-10921"]);
        cluster.unread.slots = true;
        assert_eq!(subjects(&RULE, &cluster), ["5461-10921"]);
        cluster.unread.nodes = true;
        let found = findings(&RULE, &cluster);
        assert!(
            found[0]
                .message
                .contains("may stand in a line that was not")
        );
        assert!(found[0].help.to_string().contains("restart 10.0.0.2:7003"));
        assert!(
            found[0]
                .help
                .to_string()
                .contains("capture these nodes again")
        );
    }

    #[test]
    fn an_empty_capture_has_no_slots_to_cover() {
        assert!(subjects(&RULE, &Cluster::default()).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
