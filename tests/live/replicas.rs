//! Replicas that are missing, misplaced, or not where they should be.

use std::time::Duration;

use crate::expect::assert_apart;
use crate::expect::assert_no_ghosts;
use crate::expect::wait_ghost;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

#[test]
fn orphans_are_not_paired_within_their_host() {
    // The replicas of hosts 1 and 2 lie crosswise, and so must the new ones: pairing in address
    // order would put both beside their masters.
    let layout = Layout::of(&[
        (1, None),
        (2, None),
        (3, None),
        (4, None),
        (1, Some(1)),
        (2, Some(0)),
        (3, Some(3)),
        (4, Some(2)),
    ]);
    let Some(mut servers) = Servers::start("orphans", layout) else {
        return;
    };
    servers.form();
    break_orphans(&mut servers);
    let planned = servers.plan(&[("R001", 2), ("R009", 2)]);
    assert_eq!(planned.actions(), ["replicate"; 2]);
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
}

fn break_orphans(servers: &mut Servers) {
    let lost = [4, 5];
    let ids = lost.map(|i| servers.id(i));
    for i in lost {
        servers.kill(i);
    }
    for i in servers.members() {
        for id in &ids {
            servers.say(i, &["CLUSTER", "FORGET", id]);
        }
    }
    for i in lost {
        servers.reborn(i);
        servers.nodes[i].met = true;
        servers.meet(2, &[i]);
    }
    servers.wait_settled();
}

#[test]
fn a_reborn_replica_follows_its_master_again() {
    let Some(mut servers) = Servers::start("reborn", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    break_reborn(&mut servers, true);
    let planned = servers.plan(&[("M001", 1), ("R001", 1), ("R009", 1)]);
    assert_eq!(planned.actions(), ["replicate", "forget"]);
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
    assert_no_ghosts(&servers);
}

#[test]
fn a_reborn_replica_that_nobody_met_is_met() {
    let Some(mut servers) = Servers::start("reborn-unmet", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let reborn = break_reborn(&mut servers, false);
    let planned = servers.plan(&[("M001", 1), ("R001", 1), ("M007", 1)]);
    assert_eq!(planned.actions(), ["meet", "replicate", "forget"]);
    servers.nodes[reborn].met = true;
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
    assert_no_ghosts(&servers);
}

/// The replica on host 2 loses its `nodes.conf`.
fn break_reborn(servers: &mut Servers, met: bool) -> usize {
    let lost = replica_on(servers, 2);
    let id = servers.id(lost);
    servers.reborn(lost);
    wait_ghost(servers, &id);
    if met {
        servers.nodes[lost].met = true;
        servers.meet(0, &[lost]);
    }
    servers.wait_settled();
    lost
}

fn replica_on(servers: &Servers, host: u8) -> usize {
    (0..servers.nodes.len())
        .find(|&i| servers.nodes[i].host == host && servers.nodes[i].replicates.is_some())
        .expect("every host of a ring has a replica")
}

#[test]
fn a_blank_node_is_met_and_used() {
    let mut layout = Layout::ring(3, 1);
    layout.unmet = vec![4];
    let Some(mut servers) = Servers::start("never-met", layout) else {
        return;
    };
    servers.form();
    let planned = servers.plan(&[("M007", 1), ("R001", 1)]);
    assert_eq!(planned.actions(), ["meet", "replicate"]);
    servers.nodes[4].met = true;
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
}

#[test]
fn pairs_on_one_host_are_exchanged() {
    let mut layout = Layout::of(&[
        (1, None),
        (2, None),
        (3, None),
        (1, Some(0)),
        (2, Some(1)),
        (3, Some(2)),
    ]);
    // No replica may wander off by itself.
    layout.options = vec!["--cluster-migration-barrier", "5"];
    let Some(servers) = Servers::start("same-host", layout) else {
        return;
    };
    servers.form();
    let planned = servers.plan(&[("P001", 3)]);
    assert_eq!(planned.actions(), ["replicate"; 3]);
    // Without a spare the first of them leaves its master alone, and no other one does.
    let alone: Vec<_> = planned.plan.exposure.iter().map(|e| e.step).collect();
    assert_eq!(alone, [1], "{:#?}", planned.plan.exposure);
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
}

#[test]
fn a_replica_of_a_replica_follows_the_master() {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.extend([(3, Some(0)), (4, Some(0))]);
    layout.unmet = vec![6, 7];
    layout.options = vec!["--cluster-migration-barrier", "5"];
    let Some(mut servers) = Servers::start("chain", layout) else {
        return;
    };
    servers.form();
    break_chain(&mut servers);
    let planned = servers.plan(&[("R007", 1)]);
    assert_eq!(planned.actions(), ["replicate"]);
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
}

/// A master without slots becomes a replica; its own replica stays with it. Servers up to 7.0
/// leave it at that.
fn break_chain(servers: &mut Servers) {
    let [middle, last] = [6, 7];
    for i in [middle, last] {
        servers.nodes[i].met = true;
    }
    servers.meet(0, &[middle, last]);
    servers.replicate(last, middle);
    until("the second follows the first", || servers.linked());
    servers.replicate(middle, 0);
    servers.wait_settled();
}

#[test]
fn a_dead_node_that_was_given_up_is_forgotten() {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.push((3, Some(0)));
    let Some(mut servers) = Servers::start("given-up", layout) else {
        return;
    };
    servers.form();
    servers.kill(6);
    until("the survivors notice", || servers.agreed());
    let found = [("M003", 1), ("R002", 1)];
    assert_eq!(servers.plan(&found).actions(), [""; 0]);
    let planned = servers.plan_with(&found, &["--forget-dead"]);
    assert_eq!(planned.actions(), ["forget"]);
    // The map still asks for two replicas.
    let topology = servers.carry_out(&planned, &["R002"]);
    assert_eq!(topology.len(), 6);
    // Its address stays in the gossip of those that were told later, but is banned by then.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(servers.wait_settled(), topology);
}
