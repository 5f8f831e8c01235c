//! Planned changes with the writer on: drains, maintenance and back, replaced hosts, pins. Nothing
//! that a replica confirmed is lost, the end is as promised, and a second run does nothing.

use std::collections::BTreeSet;
use std::fs;

use crate::chaos::Writer;
use crate::expect::assert_no_ghosts;
use crate::flow::Planned;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;
use crate::versions::program;

/// Runs the script under writes; the keys that a replica confirmed.
fn run_under_writes(servers: &Servers, planned: &Planned) -> Vec<String> {
    let addresses = servers.nodes.iter().map(|n| n.socket()).collect();
    let writer = Writer::start(addresses);
    let applied = servers.script(planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let confirmed = writer.stop();
    assert!(!confirmed.is_empty(), "the writer got nowhere");
    confirmed
}

fn none_is_lost(servers: &Servers, confirmed: &[String]) {
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
    let confirmed = run_under_writes(&servers, &planned);
    for i in on_host(&servers, 2) {
        until("it is stopped", || match servers.ask(i, &["PING"]) {
            Err(_) => Ok(()),
            Ok(reply) => Err(reply.lines()),
        });
        servers.kill(i);
    }
    servers.wait_settled();
    servers.assert_keys();
    none_is_lost(&servers, &confirmed);
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
    let confirmed = run_under_writes(&servers, &planned);
    servers.wait_settled();
    leads_nothing(&servers, 1);
    does_nothing_again(&servers, &planned);
    let back = servers.root.join("plan.return.json");
    fs::copy(&back, servers.root.join("plan.json")).expect("the way back was written");
    let back = fs::read(back).expect("the way back was written");
    let back = servers.write_script(serde_json::from_slice(&back).expect("a plan file"));
    let written = run_under_writes(&servers, &back);
    none_is_lost(&servers, &written);
    assert_eq!(servers.wait_settled(), before);
    servers.assert_keys();
    none_is_lost(&servers, &confirmed);
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
    let confirmed = run_under_writes(&servers, &planned);
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
    none_is_lost(&servers, &confirmed);
    let hosts: Vec<u8> = servers
        .members()
        .iter()
        .map(|&i| servers.nodes[i].host)
        .collect();
    assert_eq!((topology.len(), hosts.contains(&1)), (6, false));
    does_nothing_again(&servers, &planned);
}

/// The same on another server, by a disk, a zone, and a host that leaves.
#[test]
fn disks_zones_and_another_server_are_drained_and_replaced() {
    let Some(program) = program("valkey-9", "valkey-server") else {
        return;
    };
    let mut layout = Layout::ring(3, 1);
    layout.nodes.extend([(4, None), (4, None)]);
    layout.unmet = vec![6, 7];
    layout.server = Some(program);
    let Some(mut servers) = Servers::start("goals-valkey-9", layout) else {
        return;
    };
    servers.form();
    let disk = format!("disk:host-1:{}", servers.nodes[0].disk());
    let planned = servers.plan_with(&[("M007", 2)], &["--maintain", &disk, "--skip", "M007"]);
    // Nothing is copied, and each of the other hosts leads its share.
    assert_eq!(planned.count("failover"), planned.plan.steps.len());
    let mut confirmed = run_under_writes(&servers, &planned);
    servers.wait_settled();
    assert!(!servers.owns_slots(0));

    let change = ["--replace", "host:host-2=host:host-4"];
    let planned = servers.try_plan(&change).expect("a plan");
    assert_eq!((planned.count("reset"), planned.count("meet")), (2, 2));
    confirmed.extend(run_under_writes(&servers, &planned));
    for i in 0..servers.nodes.len() {
        servers.nodes[i].met = servers.nodes[i].host != 2;
    }
    assert_eq!(servers.wait_settled().len(), 6);
    assert_no_ghosts(&servers);

    let map = servers.root.join("zones.csv");
    let row = |node: &crate::servers::Node| {
        let (host, ip) = (node.host, node.address.ip());
        format!("host-{host},{ip},zone-{host}\n")
    };
    let rows: BTreeSet<String> = servers.nodes.iter().map(row).collect();
    let rows: Vec<String> = rows.into_iter().collect();
    fs::write(&map, format!("host,ip,zone\n{}", rows.concat())).expect("writable");
    let map = map.display().to_string();
    let more = ["--hosts", &map, "--drain", "zone:zone-4"];
    let planned = servers.try_plan(&more).expect("a plan");
    assert!(planned.count("failover") > 0);
    confirmed.extend(run_under_writes(&servers, &planned));
    // Who was reset is taken in again, in place of the copies that do not count.
    servers.see_who_is_met();
    servers.wait_settled();
    leads_nothing(&servers, 4);
    servers.assert_keys();
    none_is_lost(&servers, &confirmed);
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
    let confirmed = run_under_writes(&servers, &planned);
    servers.wait_settled();
    assert!(servers.owns_slots(replica));
    servers.assert_keys();
    none_is_lost(&servers, &confirmed);
    does_nothing_again(&servers, &planned);
}
