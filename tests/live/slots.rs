//! Slots and keys that a cut-off reshard left behind: touched on request only.

use crate::expect::assert_apart;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

#[test]
fn open_slots_are_closed_on_request() {
    let Some(servers) = Servers::start("open-slots", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let (importing, migrating) = ("100", "16000");
    servers.say(
        1,
        &["CLUSTER", "SETSLOT", importing, "IMPORTING", &servers.id(0)],
    );
    servers.say(
        2,
        &["CLUSTER", "SETSLOT", migrating, "MIGRATING", &servers.id(0)],
    );
    let found = [("S003", 2)];
    assert_eq!(servers.plan(&found).actions(), [""; 0]);
    let planned = servers.plan_with(&found, &["--settle-slots"]);
    assert_eq!(planned.actions(), ["set-slot"; 2]);
    let empty: Vec<_> = planned.plan.steps.iter().map(|s| s.guard.empty).collect();
    assert_eq!(empty, [Some(true), None]);
    // A key that only the importing side has would be out of reach.
    let key = servers.key_in(importing);
    servers.say(1, &["ASKING"]);
    servers.say(1, &["SET", &key, "stray"]);
    let before = servers.wait_settled();
    let stopped = servers.script(&planned, &["--apply"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", said(&stopped));
    assert!(
        said(&stopped).contains("keys of slot 100 at"),
        "{}",
        said(&stopped)
    );
    assert_eq!(servers.wait_settled(), before);
    servers.say(1, &["ASKING"]);
    servers.say(1, &["DEL", &key]);
    let planned = servers.plan_with(&found, &["--settle-slots"]);
    servers.carry_out(&planned, &[]);
}

#[test]
fn a_node_with_stale_keys_is_flushed_on_request() {
    let mut layout = Layout::ring(3, 1);
    layout.unmet = vec![4];
    let Some(mut servers) = Servers::start("stale-keys", layout) else {
        return;
    };
    servers.form();
    break_stale_keys(&mut servers, 4);
    let found = [("R001", 1), ("R009", 1)];
    let refused = servers.plan(&found);
    assert_eq!(refused.actions(), [""; 0]);
    let unlocks = refused.plan.refusals.iter().map(|r| r.unlock.as_str());
    assert!(
        unlocks.clone().any(|u| u.contains("--flush-stale")),
        "{:#?}",
        refused.plan.refusals
    );
    let planned = servers.plan_with(&found, &["--flush-stale"]);
    assert_eq!(planned.actions(), ["flush", "replicate"]);
    let topology = servers.carry_out(&planned, &[]);
    assert_apart(&servers, &topology);
}

/// The node once owned slots with keys in them, elsewhere; it lost the slots and kept the keys.
pub fn break_stale_keys(servers: &mut Servers, stale: usize) {
    servers.say(stale, &["CLUSTER", "ADDSLOTS", "0"]);
    servers.say(
        stale,
        &["CONFIG", "SET", "cluster-require-full-coverage", "no"],
    );
    let key = servers.key_in("0");
    until("it serves its slot", || {
        servers
            .ask(stale, &["SET", &key, "stale"])
            .map_err(|trouble| trouble.to_string())
    });
    servers.say(stale, &["CLUSTER", "DELSLOTS", "0"]);
    servers.say(
        stale,
        &["CONFIG", "SET", "cluster-require-full-coverage", "yes"],
    );
    servers.nodes[stale].met = true;
    servers.meet(0, &[stale]);
    servers.wait_settled();
    assert_eq!(servers.say(stale, &["DBSIZE"]).lines(), "1\n");
}
