//! What many findings follow from: a dead host, a lost disk, a cluster in two sides.
//!
//! Whether a finding follows from dead nodes is asked of the rules: it does if it is gone with
//! these nodes alive. From a split follows what is said of who hears whom and who owns what.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Life;
use crate::model::Link;
use crate::model::Liveness;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Sync;
use crate::report::Cause;
use crate::report::CauseKind;
use crate::rules;
use crate::rules::Check;
use crate::rules::Code;
use crate::rules::Context;
use crate::rules::Finding;
use crate::rules::Subject;
use crate::text::words;
use crate::text::words::count;

/// Fewer processes than this are named one by one.
const MANY: usize = 2;

/// The causes, each with the places of what follows from it in `found`.
pub(super) fn causes(inventory: &Inventory, found: &[Finding]) -> Vec<Cause> {
    let cluster = &inventory.cluster;
    let mut causes = Vec::new();
    let hosts = dead_places(cluster, |id| cluster.node(id).host);
    for (&host, nodes) in &hosts {
        let name = &cluster.host(host).name;
        let all = all(nodes.len());
        causes.push(Cause {
            cause: CauseKind::HostDead,
            message: format!("{name}: {all} are dead"),
            nodes: names(cluster, nodes),
            follows: gone_without(inventory, found, nodes),
        });
    }
    let disks = dead_places(cluster, |id| cluster.node(id).disk);
    for (disk, nodes) in disks {
        let disk = &cluster.disks[disk.0 as usize];
        if hosts.contains_key(&disk.host) {
            continue;
        }
        let (host, all) = (&cluster.host(disk.host).name, all(nodes.len()));
        causes.push(Cause {
            cause: CauseKind::DiskDead,
            message: format!(
                "disk {} of {host}: {all} on it are dead, others of the host live",
                disk.name
            ),
            nodes: names(cluster, &nodes),
            follows: gone_without(inventory, found, &nodes),
        });
    }
    causes.extend(split(inventory, found));
    causes
}

fn all(processes: usize) -> String {
    match processes {
        2 => "both processes".to_owned(),
        n => format!("all {n} processes"),
    }
}

fn names(cluster: &Cluster, nodes: &[NodeId]) -> Vec<String> {
    let nodes = nodes.iter().map(|&id| cluster.node(id).to_string());
    nodes.collect()
}

/// Places of which every member is dead, with their members.
fn dead_places<P: Ord>(
    cluster: &Cluster,
    place: impl Fn(NodeId) -> Option<P>,
) -> BTreeMap<P, Vec<NodeId>> {
    let mut places: BTreeMap<P, (Vec<NodeId>, bool)> = BTreeMap::new();
    for (id, node) in cluster.iter() {
        let counts = matches!(node.membership, Membership::Member | Membership::Unmet);
        let Some(place) = place(id).filter(|_| counts) else {
            continue;
        };
        let (dead, live) = places.entry(place).or_default();
        if node.is_live() {
            *live = true;
        } else {
            dead.push(id);
        }
    }
    let lost = places
        .into_iter()
        .filter(|(_, (dead, live))| !live && dead.len() >= MANY);
    lost.map(|(place, (dead, _))| (place, dead)).collect()
}

/// The findings that are gone while these nodes live.
fn gone_without(inventory: &Inventory, found: &[Finding], dead: &[NodeId]) -> Vec<usize> {
    let cluster = &inventory.cluster;
    let mut alive = cluster.clone();
    for &id in dead {
        let heir = heir(inventory, id);
        let node = alive.node_mut(id);
        node.liveness = Liveness::Live(Life::Listed);
        if let (Some(heir), true) = (heir, node.is_master() && node.slots.is_empty()) {
            node.role = Role::Replica(Some(heir));
        }
        if node.is_replica() {
            node.replication.link = Link::Up;
            node.replication.sync = Sync::Done;
        }
    }
    let wanted = inventory.policy.wanted(cluster);
    let left = rules::check(&Context::new(&alive, &inventory.policy, &wanted));
    let serves = |cluster: &Cluster| cluster.uncovered().is_empty() && cluster.has_majority();
    let revived = !serves(cluster) && serves(&alive);
    let follows = |finding: &Finding| match finding.rule.check {
        Check::Cluster(_) => !left.iter().any(|f| f.is_same(finding)),
        Check::Tablets(_) => false,
        Check::Capture(_) => revived && finding.rule.code == Code::ClusterStateFail,
    };
    places(found, follows)
}

fn places(found: &[Finding], follows: impl Fn(&Finding) -> bool) -> Vec<usize> {
    let found = found.iter().enumerate();
    found.filter(|(_, f)| follows(f)).map(|(n, _)| n).collect()
}

/// Whoever leads the shard that was a dead slotless master's by the home map.
fn heir(inventory: &Inventory, id: NodeId) -> Option<NodeId> {
    let group = |id: NodeId| {
        let address = inventory.cluster.node(id).address.as_ref()?;
        inventory.policy.home_group(address)
    };
    let home = group(id)?;
    let mut leaders = inventory
        .cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && !n.slots.is_empty());
    leaders
        .find(|&(leader, _)| group(leader) == Some(home))
        .map(|(leader, _)| leader)
}

/// Groups of views that hold each other for failed or lost.
fn split(inventory: &Inventory, found: &[Finding]) -> Option<Cause> {
    if inventory.views_on_disk {
        return None;
    }
    let cluster = &inventory.cluster;
    let sides = sides(inventory);
    if sides.len() < 2 {
        return None;
    }
    let host = |id: NodeId| cluster.node(id).host;
    let hosts: Vec<BTreeSet<Option<HostId>>> = sides
        .iter()
        .map(|side| side.iter().map(|&id| host(id)).collect())
        .collect();
    let mut seen = BTreeSet::new();
    let apart = hosts
        .iter()
        .flatten()
        .all(|h| h.is_some() && seen.insert(*h));
    let named = sides.iter().zip(&hosts).map(|(side, hosts)| {
        let who: Vec<String> = if apart {
            let hosts = hosts.iter().flatten();
            hosts.map(|&h| cluster.host(h).name.to_string()).collect()
        } else {
            names(cluster, side)
        };
        format!("{} ({})", count(side.len(), "node"), words::list(&who))
    });
    let named: Vec<String> = named.collect();
    let of_the_split = |code: Code| {
        matches!(
            code,
            Code::ContestedSlots
                | Code::ViewsDisagree
                | Code::FailedButAnswers
                | Code::ClusterStateFail
                | Code::EpochChanged
        )
    };
    let follows = |f: &Finding| of_the_split(f.rule.code) || is_disputed(cluster, &f.subject);
    Some(Cause {
        cause: CauseKind::Split,
        message: format!(
            "{} sides that do not reach each other: {}",
            sides.len(),
            named.join(", ")
        ),
        nodes: sides
            .concat()
            .iter()
            .map(|&id| cluster.node(id).to_string())
            .collect(),
        follows: places(found, follows),
    })
}

/// It is about who owns what the sides both claim.
fn is_disputed(cluster: &Cluster, subject: &Subject) -> bool {
    let claims = |id: NodeId| !cluster.node(id).seen.contested.is_empty();
    let at = |host: HostId| {
        let mut nodes = cluster.iter();
        nodes.any(|(id, n)| n.host == Some(host) && claims(id))
    };
    match subject {
        Subject::Node(id) | Subject::Slots(_, Some(id)) => claims(*id),
        Subject::Host(host) => at(*host),
        Subject::Slots(_, None) | Subject::Zone(_) | Subject::Capture | Subject::Tablets(_) => {
            false
        }
    }
}

/// Observers that are connected to each other, the largest group first. Who is doubted by
/// nobody and doubts nobody was never met: it is on no side.
fn sides(inventory: &Inventory) -> Vec<Vec<NodeId>> {
    let sights = &inventory.sights;
    let live = |id: &&NodeId| inventory.cluster.node(**id).is_live_member();
    let observers: Vec<NodeId> = sights.observers().iter().filter(live).copied().collect();
    let sees = |a, b| sights.of(a, b);
    let is_lost = |sight| {
        matches!(
            sight,
            Some(Sight::Failed | Sight::Suspected | Sight::Disconnected)
        )
    };
    let mut side: Vec<usize> = (0..observers.len()).collect();
    let mut doubted = BTreeSet::new();
    for (i, &a) in observers.iter().enumerate() {
        for (j, &b) in observers.iter().enumerate().skip(i + 1) {
            let (there, back) = (sees(a, b), sees(b, a));
            if there == Some(Sight::Connected) || back == Some(Sight::Connected) {
                let (from, to) = (side[j], side[i]);
                if from != to {
                    side.iter_mut()
                        .filter(|s| **s == from)
                        .for_each(|s| *s = to);
                }
            } else if is_lost(there) && is_lost(back) {
                doubted.extend([a, b]);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
    for (&id, side) in observers.iter().zip(side) {
        groups.entry(side).or_default().push(id);
    }
    let mut groups: Vec<Vec<NodeId>> = groups.into_values().collect();
    groups.retain(|group| group.iter().any(|id| doubted.contains(id)));
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::read;
    use crate::model::testing::cluster;
    use crate::policy::Policy;
    use crate::report::capture;
    use crate::text::Source;

    /// Messages of the causes, and the codes that follow from each.
    fn of(inventory: &Inventory) -> Vec<(String, Vec<&'static str>)> {
        let found = capture::found(inventory);
        let code = |&place: &usize| found[place].rule.code.as_str();
        causes(inventory, &found)
            .into_iter()
            .map(|c| (c.message, c.follows.iter().map(code).collect()))
            .collect()
    }

    fn in_cluster(text: &str) -> Vec<(String, Vec<&'static str>)> {
        of(&Inventory {
            cluster: cluster(text),
            ..Inventory::default()
        })
    }

    #[test]
    fn a_dead_host_is_the_cause_of_what_would_be_gone_with_it_alive() {
        let said = in_cluster("m1@h1 < r1!@h2; m2@h3 < r2!@h2; m3@h4 < r3@h4");
        let follows = vec!["R001", "R001", "M003", "M003"];
        assert_eq!(said, [("h2: both processes are dead".to_owned(), follows)]);
        assert!(in_cluster("m1@h1 < r1!@h2; m2@h2 < r2@h1; m3@h3 < r3@h1").is_empty());
    }

    #[test]
    fn a_lost_disk_is_told_where_others_of_its_host_live() {
        let said = in_cluster(
            "m1@h1/-/d1 < r1!@h2/-/d1; m2@h3/-/d1 < r2!@h2/-/d1; m3@h2/-/d2 < r3@h1/-/d1",
        );
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0]
                .0
                .ends_with("both processes on it are dead, others of the host live")
        );
        assert!(said[0].1.contains(&"R001"), "{said:?}");
    }

    #[test]
    fn sides_are_who_still_hear_each_other() {
        let view = |of: u32| {
            let line = |n: u32| {
                let flags = match n {
                    _ if n == of => "myself,master",
                    _ if (n == 3) != (of == 3) => "master,fail",
                    _ => "master",
                };
                let id = n.to_string().repeat(40);
                let slots = (n - 1) * 5461;
                format!(
                    "{id} 10.0.0.{n}:7000@17000 {flags} - 0 0 {n} connected {slots}-{}\n",
                    slots + 5460
                )
            };
            let text: String = (1..=3).map(line).collect();
            Source::new(&format!("{of}.txt"), text, String::new())
        };
        let said = of(&read((1..=3).map(view), Policy::default()));
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(
            said[0].0,
            "2 sides that do not reach each other: 2 nodes (10.0.0.1, 10.0.0.2), 1 node (10.0.0.3)"
        );
        assert!(said[0].1.contains(&"K003"), "{said:?}");
    }
}
