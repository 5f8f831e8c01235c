//! A small set of scenarios on other servers than the installed one: the client stays the same.
//!
//! `tests/run` fetches the servers; they lie in `target/servers`, or where
//! `TOPOPLAN_LIVE_SERVERS` says. One that is not there is said so and left out.

use std::path::Path;
use std::path::PathBuf;

use crate::expect::assert_apart;
use crate::expect::assert_no_ghosts;
use crate::expect::wait_ghost;
use crate::flow::Planned;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

#[test]
fn on_valkey_9() {
    // From Redis 7.2 and in every Valkey a FORGET is gossiped: one is told, 6 hear of it.
    cures("valkey-9", "valkey-server", 3);
}

#[test]
fn on_redis_8() {
    cures("redis-8", "redis-server", 3);
}

#[test]
fn on_redis_6() {
    cures("redis-6", "redis-server", 6);
}

/// The program of a server that was fetched.
pub fn program(kind: &str, name: &str) -> Option<PathBuf> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
    let dir = std::env::var_os("TOPOPLAN_LIVE_SERVERS").map_or_else(usual, PathBuf::from);
    let program = dir.join(kind).join(name);
    if program.is_file() {
        return Some(program);
    }
    println!(
        "{kind}: left out, {} is not there; tests/run fetches it",
        program.display()
    );
    None
}

/// Three cures one after the other: a dead node forgotten, one that lost its id taken back in, and
/// a majority restored. `told` is how many FORGET the first may take at most.
fn cures(kind: &str, name: &str, told: usize) {
    let Some(program) = program(kind, name) else {
        return;
    };
    let mut layout = Layout::ring(3, 1);
    layout.nodes.push((3, Some(0)));
    layout.server = Some(program);
    layout.options = vec!["--cluster-migration-barrier", "5"];
    let Some(mut servers) = Servers::start(kind, layout) else {
        return;
    };
    servers.form();

    servers.kill(6);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan_with(&[("M003", 1)], &["--forget-dead"]);
    assert_eq!(planned.actions(), ["forget"]);
    // The map still asks for two replicas.
    assert_eq!(servers.carry_out(&planned, &["R002"]).len(), 6);
    let sent = sent(&planned, "FORGET");
    assert!((1..=told).contains(&sent), "{sent} FORGET were sent");

    let id = servers.id(4);
    servers.reborn(4);
    wait_ghost(&servers, &id);
    until("all agree", || servers.agreed());
    let planned = servers.plan(&[("M001", 1), ("M007", 1)]);
    assert_eq!(planned.count("replicate"), 1);
    servers.nodes[4].met = true;
    let topology = servers.carry_out(&planned, &["R002"]);
    assert_apart(&servers, &topology);
    assert_no_ghosts(&servers);

    servers.kill(0);
    servers.kill(1);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("M003", 2), ("S001", 1)]);
    assert_eq!(planned.actions(), ["failover"; 2]);
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    servers.wait_settled();
    servers.assert_keys();
}

/// How many commands with that word the script sent.
fn sent(planned: &Planned, word: &str) -> usize {
    let journal = planned.journal();
    let sends = journal.lines().filter(|line| line.contains(" send "));
    sends.filter(|line| line.contains(word)).count()
}
