//! Who the lists of an operator name: the questions behind the `find-*` commands of flashbase.
//!
//! One function a list. Each also names the dead nodes that would be in it if they lived, so
//! that a short list is never taken for a whole one.

use crate::measure;
use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;
use crate::policy::HomeRole;
use crate::policy::Policy;

/// The nodes of one list, in node order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    pub live: Vec<NodeId>,
    /// Known and not live; their role and slots are what the others last knew.
    pub dead: Vec<NodeId>,
}

/// Masters without slots, members or un-met. Not the loser of a slot conflict: by its own view
/// it owns what it claims, and servers would refuse to make it a replica.
pub fn no_slot(cluster: &Cluster) -> Listed {
    listed(cluster, |_, node| {
        node.is_master() && node.slots.is_empty() && node.seen.contested.is_empty()
    })
}

/// Masters with slots that no live node replicates: what R001 fires on. A live replica whose
/// link is down counts as one. It may be about to sync, and who pairs by this list would
/// give its master a second one.
pub fn no_replica(cluster: &Cluster) -> Listed {
    let shards = cluster.shards();
    let mut alone = vec![false; cluster.nodes.len()];
    for shard in &shards {
        alone[shard.owner.index()] = measure::live_replicas(cluster, shard).next().is_none();
    }
    listed(cluster, |id, _| alone[id.index()])
}

/// Home replicas that are masters, with or without slots: a home replica that came back blank
/// is among them, as it is for flashbase, whereas P009 speaks of those that took over slots.
pub fn failovered(cluster: &Cluster, policy: &Policy) -> Listed {
    let home = |id| policy.home_role(cluster, id) == Some(HomeRole::Replica);
    listed(cluster, |id, node| node.is_master() && home(id))
}

/// Home masters that are replicas.
pub fn failbacked(cluster: &Cluster, policy: &Policy) -> Listed {
    let home = |id| policy.home_role(cluster, id) == Some(HomeRole::Master);
    listed(cluster, |id, node| node.is_replica() && home(id))
}

/// Ids without an address. None of them lives.
pub fn noaddr(cluster: &Cluster) -> Listed {
    let ghosts = cluster.iter().filter(|(_, node)| node.is_ghost());
    Listed {
        live: Vec::new(),
        dead: ghosts.map(|(id, _)| id).collect(),
    }
}

/// Live nodes of one host, by what they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Roles {
    /// With slots. A slotless master is in neither count.
    pub masters: usize,
    /// Also those of a master without slots.
    pub replicas: usize,
}

/// What one node adds to the distribution.
pub fn role(node: &Node) -> Roles {
    Roles {
        masters: usize::from(node.is_live() && !node.slots.is_empty()),
        replicas: usize::from(node.is_live() && node.is_replica()),
    }
}

/// Ghosts are no nodes that could do anything: they are left to [`noaddr`].
fn listed(cluster: &Cluster, test: impl Fn(NodeId, &Node) -> bool) -> Listed {
    let found = cluster
        .iter()
        .filter(|&(id, node)| !node.is_ghost() && test(id, node))
        .map(|(id, _)| id);
    let (live, dead) = found.partition(|&id| cluster.node(id).is_live());
    Listed { live, dead }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::policy::Home;

    fn names(cluster: &Cluster, listed: &Listed) -> (String, String) {
        let join = |ids: &[NodeId]| {
            let names: Vec<&str> = ids.iter().map(|&i| cluster.node(i).name.as_str()).collect();
            names.join(" ")
        };
        (join(&listed.live), join(&listed.dead))
    }

    fn both(live: &str, dead: &str) -> (String, String) {
        (live.to_owned(), dead.to_owned())
    }

    #[test]
    fn masters_without_slots() {
        let mut cluster = cluster("m1@h1 < r1@h2; blank@h1 dead!@h1 gone?@h1 new*@h2 lost@h3");
        assert_eq!(
            names(&cluster, &no_slot(&cluster)),
            both("blank new lost", "dead")
        );
        let lost = id(&cluster, "lost");
        cluster.node_mut(lost).seen.contested.insert(7);
        assert_eq!(
            names(&cluster, &no_slot(&cluster)),
            both("blank new", "dead")
        );
    }

    #[test]
    fn masters_without_a_live_replica() {
        let cluster = cluster(
            "m1@h1 < r1!@h2; m2@h2 < r2@h1 r3!@h3; m3@h3 < r4~@h1; m4!@h4 <; m5@h5 < r5?@h6; x@h1",
        );
        // The link of r4 is down, but it runs.
        assert_eq!(names(&cluster, &no_replica(&cluster)), both("m1 m5", "m4"));
    }

    #[test]
    fn roles_other_than_home() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2!@h1; m3!@h3 < r3@h1; blank@h3 new*@h3");
        let mut policy = Policy::default();
        for (name, role) in [
            ("m1", HomeRole::Replica),
            ("r1", HomeRole::Master),
            ("m2", HomeRole::Master),
            ("r2", HomeRole::Master),
            ("m3", HomeRole::Replica),
            ("blank", HomeRole::Replica),
            ("new", HomeRole::Replica),
        ] {
            let address = cluster.node(id(&cluster, name)).address.clone();
            let home = Home { role, master: None };
            policy.home.insert(address.expect("no ghost"), home);
        }
        assert_eq!(
            names(&cluster, &failovered(&cluster, &policy)),
            both("m1 blank new", "m3")
        );
        assert_eq!(
            names(&cluster, &failbacked(&cluster, &policy)),
            both("r1", "r2")
        );
    }

    #[test]
    fn ghosts_are_in_one_list_only() {
        let cluster = cluster("m1@h1 < gone?@h2; old?@h1");
        assert_eq!(names(&cluster, &noaddr(&cluster)), both("", "gone old"));
        assert_eq!(names(&cluster, &no_slot(&cluster)), both("", ""));
    }

    #[test]
    fn the_dead_and_the_blank_do_nothing() {
        let cluster = cluster("m1@h1 < r1!@h1 r2@h1; m2!@h1 <; blank@h1");
        let all = cluster.iter().map(|(_, node)| role(node));
        let sum = all.fold((0, 0), |(m, r), n| (m + n.masters, r + n.replicas));
        assert_eq!(sum, (1, 1));
    }
}
