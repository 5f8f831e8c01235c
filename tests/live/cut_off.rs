//! Moves of slots whose source was failed over on the way: who took over knows nothing of them, and
//! keys are at both ends.

use crate::flow::said;
use crate::reshard::tool_is_content;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

/// Opens slots 100 to 103 for a move, and moves a key of the first.
fn begin(servers: &Servers, from: usize, to: usize, words: [&str; 2]) -> [String; 2] {
    let (source, target) = (servers.id(from), servers.id(to));
    let keys = words.map(|word| servers.key_in_slot("100", word));
    for key in &keys {
        servers.say(from, &["SET", key, key]);
    }
    for slot in ["100", "101", "102", "103"] {
        servers.say(to, &["CLUSTER", "SETSLOT", slot, "IMPORTING", &source]);
        servers.say(from, &["CLUSTER", "SETSLOT", slot, "MIGRATING", &target]);
    }
    let address = &servers.nodes[to].address;
    let port = address.port().to_string();
    servers.say(
        from,
        &["MIGRATE", address.ip(), &port, &keys[0], "0", "5000"],
    );
    for node in [from, to] {
        servers.say(node, &["WAIT", "1", "1000"]);
    }
    keys
}

/// The node dies, and its replica leads.
fn lose(servers: &mut Servers, node: usize) -> usize {
    let replica = servers
        .nodes
        .iter()
        .position(|n| n.replicates == Some(node));
    let replica = replica.expect("every master of a ring has a replica");
    servers.kill(node);
    until("its replica leads", || match servers.owns_slots(replica) {
        true => Ok(()),
        false => Err("not yet".to_owned()),
    });
    replica
}

#[test]
fn a_move_goes_on_with_who_took_over() {
    let Some(mut servers) = Servers::start("cut-off", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    // The target keeps the dead source as the owner of the slots, and answers to nobody.
    let keys = begin(&servers, 0, 1, ["moved", "left"]);
    let heir = lose(&mut servers, 0);
    until("the target stands still", || {
        let info = servers.say(1, &["CLUSTER", "INFO"]).lines();
        match info.contains("cluster_state:fail") {
            true => Ok(()),
            false => Err(info),
        }
    });
    // Some may have come anew where they are looked for: what is there is the newer.
    let planned = servers.plan_with(&[("S003", 4)], &["--settle-slots"]);
    assert_eq!(planned.actions(), ["set-slot", "migrate-slots"]);
    let leads = servers.nodes[heir].address.to_string();
    let source = planned.first("migrate-slots").address.as_ref();
    assert_eq!(source, Some(&leads));
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let again = servers.script(&planned, &["--apply"]);
    assert!(said(&again).contains("Nothing to do"), "{}", said(&again));
    servers.restart(0);
    servers.wait_settled();
    keys.iter()
        .for_each(|key| assert!(servers.has(key), "{key}"));
    servers.assert_keys();
    tool_is_content(&servers);
}
