//! Masters that are gone, or too many on one host.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use topoplan::action::StepMode;

use crate::expect::assert_apart;
use crate::expect::assert_no_ghosts;
use crate::expect::wait_ghost;
use crate::flow::Planned;
use crate::flow::said;
use crate::resp::Client;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

#[test]
fn a_ghost_that_owns_slots_gives_them_to_its_replica() {
    let mut layout = Layout::ring(3, 1);
    // Longer than the master is away: otherwise its replica would be elected.
    layout.node_timeout_ms = 5000;
    let Some(mut servers) = Servers::start("ghost-owner", layout) else {
        return;
    };
    servers.form();
    let (master, replica) = break_ghost_owner(&mut servers);
    let planned = servers.plan(&[("M001", 1), ("S001", 1), ("M007", 1)]);
    let promotion = planned.first("failover");
    assert_eq!(promotion.mode, Some(StepMode::Force));
    assert_eq!(
        promotion.address,
        Some(servers.nodes[replica].address.to_string())
    );
    assert_eq!((planned.count("meet"), planned.count("replicate")), (1, 1));
    assert_eq!(planned.count("forget"), 1);
    assert_eq!(planned.actions().last(), Some(&"forget"));
    servers.nodes[master].met = true;
    let topology = log_in_again_when_master(&servers, replica, || servers.carry_out(&planned, &[]));
    assert_apart(&servers, &topology);
    assert_no_ghosts(&servers);
}

/// The master on host 1 comes back as a stranger, at once. Its replica must not follow the
/// stranger, or the only copy of the keys would be replaced by nothing: it cannot log in.
fn break_ghost_owner(servers: &mut Servers) -> (usize, usize) {
    let master = 0;
    let replica = (0..servers.nodes.len())
        .find(|&i| servers.nodes[i].replicates == Some(master))
        .expect("every master of a ring has a replica");
    let id = servers.id(master);
    servers.say(replica, &["CONFIG", "SET", "masteruser", "nobody"]);
    servers.say(replica, &["CONFIG", "SET", "masterauth", "nothing"]);
    servers.reborn(master);
    wait_ghost(servers, &id);
    until("the replica waits", || {
        match servers.replication(replica, "master_link_status")?.as_str() {
            "down" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    until("all agree", || servers.agreed());
    (master, replica)
}

#[test]
fn after_a_wrong_forget_only_a_takeover_helps() {
    let mut layout = Layout::ring(3, 1);
    layout.node_timeout_ms = 5000;
    let Some(mut servers) = Servers::start("wrong-forget", layout) else {
        return;
    };
    servers.form();
    let id = servers.id(0);
    let (master, replica) = break_ghost_owner(&mut servers);
    // Nobody else knows the replica's master any more, and who does not cannot vote for it.
    let others = servers.members().into_iter().filter(|&i| i != replica);
    for i in others {
        servers.say(i, &["CLUSTER", "FORGET", &id]);
    }
    until("the replica has no master in the other views", || {
        let own = servers.id(replica);
        match servers.line(1, &own)?.master.as_str() {
            "-" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    let planned = servers.plan(&[("S001", 1), ("M001", 1), ("M007", 1)]);
    let promotion = planned.first("failover");
    assert_eq!(promotion.mode, Some(StepMode::Takeover));
    let heir = servers.nodes[replica].address.to_string();
    assert_eq!(promotion.address, Some(heir.clone()));
    assert_eq!(planned.first("forget").tell, [heir]);
    servers.nodes[master].met = true;
    let topology = log_in_again_when_master(&servers, replica, || servers.carry_out(&planned, &[]));
    assert_apart(&servers, &topology);
    assert_no_ghosts(&servers);
}

/// Once the replica is the master, it may log in anywhere again: it may become a replica later.
fn log_in_again_when_master<T>(servers: &Servers, i: usize, work: impl FnOnce() -> T) -> T {
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    let address = servers.nodes[i].socket();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if let Ok(mut client) = Client::connect(address)
                    && let Ok(role) = client.ask(&["ROLE"])
                    && role.lines().starts_with("master\n")
                    && client.ask(&["CONFIG", "SET", "masterauth", ""]).is_ok()
                    && client.ask(&["CONFIG", "SET", "masteruser", ""]).is_ok()
                {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let _done = Done(&done);
        work()
    })
}

#[test]
fn a_returned_host_gets_its_masters_back() {
    let Some(mut servers) = Servers::start("host-returned", Layout::ring(3, 4)) else {
        return;
    };
    servers.form();
    break_host(&mut servers, 2);
    assert_eq!(masters_per_host(&servers), [4, 0, 8]);
    let planned = servers.plan(&[("P005", 1)]);
    assert_eq!(planned.actions(), ["failover"; 4]);
    let topology = servers.carry_out(&planned, &[]);
    assert_eq!(masters_per_host(&servers), [4, 4, 4]);
    assert_apart(&servers, &topology);
}

/// The host dies, its masters are replaced, and it comes back.
fn break_host(servers: &mut Servers, host: u8) {
    let lost: Vec<usize> = (0..servers.nodes.len())
        .filter(|&i| servers.nodes[i].host == host)
        .collect();
    for &i in &lost {
        servers.kill(i);
    }
    servers.wait_settled();
    for &i in &lost {
        servers.restart(i);
    }
    servers.wait_settled();
}

#[test]
fn without_a_majority_replicas_take_over() {
    let layout = Layout::of(&[
        (1, None),
        (1, None),
        (2, None),
        (2, Some(0)),
        (3, Some(1)),
        (3, Some(2)),
    ]);
    let Some(mut servers) = Servers::start("majority-lost", layout) else {
        return;
    };
    servers.form();
    break_majority(&mut servers);
    let planned = servers.plan(&[("M003", 2), ("S001", 1)]);
    assert_eq!(planned.actions(), ["failover"; 2]);
    let modes: Vec<_> = planned
        .plan
        .steps
        .iter()
        .map(|s| s.mode.map(StepMode::word))
        .collect();
    assert_eq!(modes[0], Some("takeover"));
    assert!(matches!(modes[1], Some("takeover" | "force")), "{modes:?}");
    // The dead may come back: they stay members, their shards stay without a replica, and votes
    // are not spread meanwhile.
    servers.carry_out(&planned, &["M003", "R001", "R002", "Q001"]);
}

fn break_majority(servers: &mut Servers) {
    servers.kill(0);
    servers.kill(1);
    until("the survivors notice", || servers.agreed());
}

#[test]
fn a_script_stops_when_the_cluster_is_not_the_planned_one() {
    let mut layout = Layout::ring(3, 2);
    // No replica may wander off by itself.
    layout.options = vec!["--cluster-migration-barrier", "5"];
    let Some(servers) = Servers::start("stale-guard", layout) else {
        return;
    };
    servers.form();
    skew(&servers);
    let planned = servers.plan(&[("P005", 1)]);
    assert_eq!(planned.actions(), ["failover"; 2]);
    let nodes = planned
        .plan
        .steps
        .iter()
        .map(|step| servers.at(step.address.as_deref()));
    let [first, second] = nodes.collect::<Vec<_>>()[..] else {
        panic!("two steps were counted");
    };
    refuses_a_stale_guard(&servers, &planned, first);
    // Once told that the plan no longer fits, the script needs another.
    let stopped = servers.script(&planned, &["--apply"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", said(&stopped));
    assert!(
        said(&stopped).contains("stopped for good"),
        "{}",
        said(&stopped)
    );
    let planned = servers.plan(&[("P005", 1)]);
    servers.fail_over_to(second);
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    assert!(
        said(&applied).contains("done 1, skipped 1"),
        "{}",
        said(&applied)
    );
    servers.look_again(&[]);
    assert_eq!(masters_per_host(&servers), [2, 2, 2]);
}

/// As if host 2 had died and come back: `2/2, 0/4, 4/0`.
pub fn skew(servers: &Servers) {
    let moved = (0..servers.nodes.len()).filter(|&i| {
        servers.nodes[i]
            .replicates
            .is_some_and(|master| servers.nodes[master].host == 2)
    });
    for i in moved {
        servers.fail_over_to(i);
    }
    assert_eq!(masters_per_host(servers), [2, 0, 4]);
}

/// The replica that the first step would promote follows another master by now: the script must
/// stop before it does anything.
fn refuses_a_stale_guard(servers: &Servers, planned: &Planned, replica: usize) {
    let own = servers.at(planned.plan.steps[0].target_address.as_deref());
    let other = 0;
    assert_ne!(
        own, other,
        "the master on host 1 keeps its role in this plan"
    );
    servers.replicate(replica, other);
    let before = servers.wait_settled();
    let stopped = servers.script(planned, &["--apply"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", said(&stopped));
    assert_eq!(servers.wait_settled(), before, "{}", said(&stopped));
    servers.assert_keys();
    servers.replicate(replica, own);
    servers.wait_settled();
}

/// Slot owners per host, in the order of the hosts.
fn masters_per_host(servers: &Servers) -> Vec<usize> {
    let hosts: BTreeSet<u8> = servers.nodes.iter().map(|node| node.host).collect();
    let view = servers.view(0).expect("the first node runs");
    let owners = |host: &u8| {
        let on = |address: &str| {
            servers
                .nodes
                .iter()
                .any(|n| n.host == *host && n.address.to_string() == address)
        };
        view.iter()
            .filter(|line| line.is("master") && !line.slots.is_empty() && on(&line.address))
            .count()
    };
    hosts.iter().map(owners).collect()
}
