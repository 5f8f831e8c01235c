//! Planned changes with the writer on: drains, maintenance and back, replaced hosts, pins. Nothing
//! that a replica confirmed is lost, the end is as promised, and a second run does nothing.

use std::fs;

use crate::chaos::Writer;
use crate::expect::assert_no_ghosts;
use crate::flow::Planned;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

/// Runs the script under writes, and nothing that was confirmed is gone at the end.
fn run_under_writes(servers: &Servers, planned: &Planned, after: impl FnOnce()) {
    let addresses = servers.nodes.iter().map(|n| n.socket()).collect();
    let writer = Writer::start(addresses);
    let applied = servers.script(planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    after();
    let confirmed = writer.stop();
    assert!(!confirmed.is_empty(), "the writer got nowhere");
    let lost: Vec<&String> = confirmed.iter().filter(|key| !servers.has(key)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
}

fn does_nothing_again(servers: &Servers, planned: &Planned) {
    let again = servers.script(&servers.rewrite(planned), &["--apply"]);
    let text = said(&again);
    assert_eq!(again.status.code(), Some(0), "{text}");
    assert!(text.contains("Nothing to do"), "{text}");
}

fn on_host(servers: &Servers, host: u8) -> Vec<usize> {
    let nodes = 0..servers.nodes.len();
    nodes.filter(|&i| servers.nodes[i].host == host).collect()
}

fn leads_nothing(servers: &Servers, host: u8) {
    for i in on_host(servers, host) {
        assert!(!servers.owns_slots(i), "{}", servers.nodes[i].address);
    }
}

#[test]
fn a_drained_host_is_stopped_and_nothing_stands_still() {
    let Some(mut servers) = Servers::start("drain-stop", Layout::ring(3, 2)) else {
        return;
    };
    servers.form();
    let planned = servers.plan_with(&[], &["--drain", "host:host-2", "--stop"]);
    // One more than there are masters, so that each host that is left leads half of the shards.
    assert_eq!((planned.count("failover"), planned.count("kill")), (3, 4));
    run_under_writes(&servers, &planned, || ());
    for i in on_host(&servers, 2) {
        until("it is stopped", || match servers.ask(i, &["PING"]) {
            Err(_) => Ok(()),
            Ok(reply) => Err(reply.lines()),
        });
        servers.kill(i);
    }
    servers.wait_settled();
    servers.assert_keys();
    does_nothing_again(&servers, &planned);
    let again = servers.try_plan(&["--drain", "host:host-2", "--stop"]);
    assert_eq!(again.map(|p| p.plan.steps.len()), Some(0));
}

#[test]
fn after_maintenance_the_roles_of_before_come_back() {
    let Some(servers) = Servers::start("maintain", Layout::ring(3, 2)) else {
        return;
    };
    servers.form();
    let before = servers.wait_settled();
    let planned = servers.plan_with(&[], &["--maintain", "host:host-1"]);
    run_under_writes(&servers, &planned, || ());
    servers.wait_settled();
    leads_nothing(&servers, 1);
    does_nothing_again(&servers, &planned);
    let back = servers.root.join("plan.return.json");
    fs::copy(&back, servers.root.join("plan.json")).expect("the way back was written");
    let back = fs::read(back).expect("the way back was written");
    let back = servers.write_script(serde_json::from_slice(&back).expect("a plan file"));
    run_under_writes(&servers, &back, || ());
    assert_eq!(servers.wait_settled(), before);
    servers.assert_keys();
    does_nothing_again(&servers, &back);
}

#[test]
fn a_new_host_takes_the_place_of_an_old_one() {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.extend([(4, None), (4, None)]);
    layout.unmet = vec![6, 7];
    let Some(mut servers) = Servers::start("replace", layout) else {
        return;
    };
    servers.form();
    let (old, new) = ("host:host-1", "host:host-4");
    let planned = servers.plan_with(&[("M007", 2)], &["--replace", &format!("{old}={new}")]);
    let count = |action: &str| planned.count(action);
    assert_eq!((count("meet"), count("replicate")), (2, 2));
    assert_eq!(
        (count("failover"), count("reset"), count("forget")),
        (1, 2, 2)
    );
    run_under_writes(&servers, &planned, || ());
    for i in 0..servers.nodes.len() {
        servers.nodes[i].met = servers.nodes[i].host != 1;
    }
    let topology = servers.wait_settled();
    for i in on_host(&servers, 1) {
        assert_eq!(
            servers.view(i).map(|view| view.len()),
            Ok(1),
            "it knows nobody"
        );
    }
    assert!(on_host(&servers, 4).iter().any(|&i| servers.owns_slots(i)));
    assert_no_ghosts(&servers);
    servers.assert_keys();
    let hosts: Vec<u8> = servers
        .members()
        .iter()
        .map(|&i| servers.nodes[i].host)
        .collect();
    assert_eq!((topology.len(), hosts.contains(&1)), (6, false));
    does_nothing_again(&servers, &planned);
}

#[test]
fn a_pinned_replica_leads_and_a_pinned_master_follows() {
    let Some(servers) = Servers::start("pin", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let replica = (0..6).find(|&i| servers.nodes[i].replicates == Some(1));
    let replica = replica.expect("every master of a ring has a replica");
    let pin = format!("{}=master", servers.nodes[replica].address);
    let planned = servers.plan_with(&[], &["--pin", &pin, "--skip", "P005,Q001"]);
    assert_eq!(planned.actions(), ["failover"]);
    run_under_writes(&servers, &planned, || ());
    servers.wait_settled();
    assert!(servers.owns_slots(replica));
    servers.assert_keys();
    does_nothing_again(&servers, &planned);
}
