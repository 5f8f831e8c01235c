//! ## What
//! A live master owns slots and has no live replica, or none that ever finished a sync.
//!
//! ## Why
//! There is one copy of its data. When the process dies, its slots are gone until it is back;
//! when its disk dies, the data is.
//!
//! ## Do
//! Restart its dead replica, or give it another node to copy it (`topoplan plan` takes a spare,
//! or a replica from a shard that has more than it needs).
use crate::model::Address;
use crate::model::Sync;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::OrphanMaster,
    id: "orphan-master",
    severity: Severity::Error,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[Level::Protect, Level::Orphans, Level::Missing],
    needs: &[Need::Nodes],
    check: Check::Cluster(check),
    page: include_str!("orphan_master.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    for shard in &cx.shards {
        // Two nodes that claim the same slots: what has how many copies nobody can say.
        let disputed = !cx.cluster.node(shard.owner).seen.contested.is_empty();
        let live = !disputed && measure::live_owner(cx.cluster, shard).is_some();
        let copies = |id: NodeId| cx.cluster.node(id).replication.sync != Sync::Never;
        let mut replicas = measure::live_replicas(cx.cluster, shard);
        if live && !replicas.any(copies) {
            out.push(finding(cx, shard));
        }
    }
}

fn finding(cx: &Context, shard: &Shard) -> Finding {
    let name = words::shard(cx.cluster, shard);
    let empty: Vec<NodeId> = measure::live_replicas(cx.cluster, shard).collect();
    if !empty.is_empty() {
        return no_copies(cx, shard, &empty);
    }
    let mut message = format!("{name} has no live replica: its data has one copy");
    let dead: Vec<NodeId> = dead_replicas(cx.cluster, shard).collect();
    let silent = cx
        .cluster
        .iter()
        .filter(|(_, n)| n.is_known_by_address_alone());
    let silent: Vec<NodeId> = silent.map(|(id, _)| id).collect();
    if !silent.is_empty() {
        let names = words::nodes(cx.cluster, silent.iter().copied());
        let may = if silent.len() == 1 {
            "may be its replica"
        } else {
            "its replica may be among them"
        };
        message.push_str(&format!("; {names} did not answer: {may}"));
    }
    let help = if dead.is_empty() {
        Help::default().plan("gives it a replica")
    } else {
        let names = words::nodes(cx.cluster, dead.iter().copied());
        message.push_str(&format!("; dead: {names}"));
        Help::default()
            .restart(
                dead.iter().copied(),
                format!("restart the dead {}", words::plural(dead.len(), "replica")),
            )
            .plan("gives it another replica")
    };
    let away: Vec<String> = home_without_member(cx, shard).collect();
    if !away.is_empty() {
        let names = words::list(&away);
        let (is, member) = if away.len() == 1 {
            ("is", "no member")
        } else {
            ("are", "no members")
        };
        message.push_str(&format!(
            "; by the home map {names} {is} of this shard, and {is} {member}"
        ));
    }
    let help = match away.first() {
        Some(_) => help.say("capture who is at home there, too: a plan meets a node that is blank"),
        None => help,
    };
    let dead = dead.into_iter().take(words::LISTED).map(Fact::Unreachable);
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .help(help)
        .evidence([Fact::Node(shard.owner)].into_iter().chain(dead))
}

/// Its replicas live, and none of them is a copy.
fn no_copies(cx: &Context, shard: &Shard, replicas: &[NodeId]) -> Finding {
    let names = words::nodes(cx.cluster, replicas.iter().copied());
    let message = format!(
        "{} has no replica with its data: {names} never finished a sync, so its data has one copy",
        words::shard(cx.cluster, shard)
    );
    Finding::new(&RULE, Subject::Node(shard.owner), message)
        .help(format!(
            "see why {names} does not sync (its log): authentication, address, output buffer limits"
        ))
        .evidence(
            [Fact::Node(shard.owner)].into_iter().chain(
                replicas
                    .iter()
                    .take(words::LISTED)
                    .map(|&r| Fact::Replication(r)),
            ),
        )
}

/// Addresses that the home map gives the shard of this owner and that no node of the capture has.
fn home_without_member<'a>(cx: &'a Context, shard: &Shard) -> impl Iterator<Item = String> + 'a {
    let own = cx.cluster.node(shard.owner).address.as_ref();
    let group = own.and_then(|own| cx.policy.home_group(own));
    let known = |address: &Address| {
        let mut nodes = cx.cluster.iter();
        nodes.any(|(_, n)| n.is_listed() && n.address.as_ref() == Some(address))
    };
    let homes = cx.policy.home.keys();
    homes
        .filter(move |a| group.is_some() && cx.policy.home_group(a) == group)
        .filter(move |a| !known(a))
        .map(ToString::to_string)
}

/// Replicas of the owner that are dead and may come back where they are listed, in node order.
pub(super) fn dead_replicas<'a>(
    cluster: &'a Cluster,
    shard: &'a Shard,
) -> impl Iterator<Item = NodeId> + 'a {
    let dead = |id: &NodeId| {
        let node = cluster.node(*id);
        !node.is_live() && !node.is_ghost() && node.address.is_some()
    };
    shard.replicas.iter().copied().filter(dead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::policy::Home;
    use crate::policy::HomeRole;
    use crate::policy::Policy;
    use crate::rules::testing::findings;
    use crate::rules::testing::findings_under;
    use crate::rules::testing::subjects;

    #[test]
    fn who_is_at_home_there_and_no_member_is_named() {
        let cluster = cluster("m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h1");
        let address = |text: &str| -> Address { text.parse().expect("legal") };
        let home = |role, master| Home { role, master };
        let mut policy = Policy::default();
        policy
            .home
            .insert(address("10.0.0.1:7001"), home(HomeRole::Master, None));
        let at = Some(address("10.0.0.1:7001"));
        policy
            .home
            .insert(address("10.0.0.9:7002"), home(HomeRole::Replica, at));
        let found = findings_under(&RULE, &cluster, &policy);
        assert!(
            found[0]
                .message
                .ends_with("10.0.0.9:7002 is of this shard, and is no member"),
            "{}",
            found[0].message
        );
    }

    #[test]
    fn fires_on_live_owners_without_a_live_replica() {
        let cluster = cluster("m1@h1 < r1!@h2; m2@h2 < r2@h1; m3@h3 <; m4!@h4 <");
        assert_eq!(subjects(&RULE, &cluster), ["m1", "m3"]);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.ends_with("dead: 10.0.0.2:7002"));
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
