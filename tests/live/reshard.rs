//! Slots that change their owner: masters that come and go, lost slots that are given up, a cluster
//! made of nothing; also where the script is killed on the way.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use topoplan::action::StepMode;

use crate::chaos::Writer;
use crate::chaos::kill;
use crate::chaos::start;
use crate::flow::Planned;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;
use crate::versions::program;

/// Three masters with a replica each, and two nodes more that nobody met.
fn ring_and_two(server: Option<PathBuf>) -> Layout {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.push((1, None));
    layout.nodes.push((2, None));
    layout.unmet = vec![6, 7];
    layout.server = server;
    layout
}

fn address(servers: &Servers, i: usize) -> String {
    servers.nodes[i].address.to_string()
}

/// How many slots a node owns by its own word.
fn slots(servers: &Servers, i: usize) -> u32 {
    let own = servers.line(i, &servers.id(i)).expect("it answers");
    let ends = |range: &String| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u32>().expect("a slot");
        number(last) - number(first) + 1
    };
    own.slots.iter().map(ends).sum()
}

/// As the usual tool sees it.
pub fn tool_is_content(servers: &Servers) {
    let check = Command::new("redis-cli")
        .args(["--cluster", "check", &address(servers, 0)])
        .output()
        .expect("it runs");
    assert!(check.status.success(), "{}", said(&check));
}

/// Runs the script for so long, and ends it without a farewell.
fn cut_off(planned: &Planned, after: Duration) {
    let mut run = Command::new("bash")
        .args(["plan.sh", "--apply"])
        .current_dir(&planned.dir)
        .spawn()
        .expect("bash runs");
    std::thread::sleep(after);
    run.kill().expect("own child can be killed");
    run.wait().expect("own child can be waited for");
    // A client that it had started has its own time limit.
    std::thread::sleep(Duration::from_secs(1));
}

fn comes_and_goes(name: &str, server: Option<PathBuf>, mode: StepMode) {
    let Some(mut servers) = Servers::start(name, ring_and_two(server)) else {
        return;
    };
    servers.form();
    let comer = address(&servers, 6);
    let planned = servers.plan_with(&[("M007", 2)], &["--join", &comer]);
    let reshard = planned.plan.reshard.clone().expect("slots move");
    assert_eq!((reshard.moved, reshard.moved_bound), (4096, 4096));
    assert_eq!((reshard.pairs, reshard.pairs_bound), (3, 3));
    let moves = planned
        .plan
        .steps
        .iter()
        .filter(|s| s.target_address.as_ref() == Some(&comer));
    assert!(moves.clone().all(|s| s.mode.is_none_or(|m| m == mode)));
    cut_off(&planned, Duration::from_secs(6));
    for node in [6, 7] {
        servers.nodes[node].met = true;
    }
    servers.carry_out(&planned, &["Q001", "P005"]);
    assert_eq!(slots(&servers, 6), 4096);
    tool_is_content(&servers);

    let planned = servers.plan_with(&[], &["--leave", &comer, "--leave", &address(&servers, 7)]);
    let reshard = planned.plan.reshard.clone().expect("slots move");
    assert_eq!((reshard.moved, reshard.moved_bound), (4096, 4096));
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    for node in [6, 7] {
        servers.kill(node);
        servers.nodes[node].met = false;
    }
    servers.look_again(&["Q001", "P005"]);
    let counts: Vec<u32> = (0..3).map(|i| slots(&servers, i)).collect();
    assert_eq!(counts.iter().sum::<u32>(), 16384);
    assert!(
        counts.iter().all(|n| (5461..=5462).contains(n)),
        "{counts:?}"
    );
    tool_is_content(&servers);
}

#[test]
fn a_master_comes_and_goes() {
    comes_and_goes("join-leave", None, StepMode::Keys);
}

#[test]
fn a_master_comes_and_goes_on_redis_6() {
    if let Some(server) = program("redis-6", "redis-server") {
        comes_and_goes("join-leave-6", Some(server), StepMode::Keys);
    }
}

#[test]
fn a_master_comes_and_goes_on_redis_8() {
    if let Some(server) = program("redis-8", "redis-server") {
        comes_and_goes("join-leave-8", Some(server), StepMode::Keys);
    }
}

#[test]
fn a_master_comes_and_goes_on_valkey_9() {
    if let Some(server) = program("valkey-9", "valkey-server") {
        comes_and_goes("join-leave-valkey", Some(server), StepMode::Whole);
    }
}

#[test]
fn a_lost_third_is_given_up_and_does_not_come_back() {
    let replicas = [(2, Some(0)), (1, Some(1))];
    let layout = Layout::of(&[&[(1, None), (2, None), (3, None)], &replicas[..]].concat());
    let Some(mut servers) = Servers::start("give-up", layout) else {
        return;
    };
    servers.form();
    let lost = servers
        .line(2, &servers.id(2))
        .expect("it answers")
        .slots
        .join(",");
    let old = servers.id(2);
    servers.kill(2);
    until("it is failed", || {
        match servers.line(0, &old)?.is("fail") && servers.line(1, &old)?.is("fail") {
            true => Ok(()),
            false => Err("not yet".to_owned()),
        }
    });
    let planned = servers.plan_with(&[("S001", 1)], &["--give-up", &lost]);
    let words = [
        "forget",
        "add-slots",
        "add-slots",
        "bump-epoch",
        "bump-epoch",
    ];
    assert_eq!(planned.actions(), words);
    let sockets = servers.nodes.iter().map(|n| n.socket()).collect();
    let writer = Writer::start(sockets);
    let applied = servers.script(&planned, &["--apply"]);
    let text = said(&applied);
    assert_eq!(applied.status.code(), Some(0), "{text}");
    assert!(text.contains("DATA LOSS"), "{text}");
    let again = servers.script(&planned, &["--apply"]);
    assert!(said(&again).contains("Nothing to do"), "{}", said(&again));
    assert_eq!(slots(&servers, 0) + slots(&servers, 1), 16384);
    until("it serves", || {
        let info = servers.say(0, &["CLUSTER", "INFO"]).lines();
        match info.contains("cluster_state:ok") {
            true => Ok(()),
            false => Err(info),
        }
    });
    std::thread::sleep(Duration::from_secs(1));
    let confirmed = writer.stop();
    assert!(!confirmed.is_empty(), "the writer got nowhere");
    // With its files and a meeting it is back, and owns nothing.
    servers.restart(2);
    let port = servers.nodes[2].address.port().to_string();
    let ip = servers.nodes[2].address.ip().to_owned();
    servers.say(0, &["CLUSTER", "MEET", &ip, &port]);
    until("it has heard of it", || match slots(&servers, 2) {
        0 => Ok(()),
        n => Err(format!("{n} slots")),
    });
    assert_eq!(slots(&servers, 0) + slots(&servers, 1), 16384);
    let lost: Vec<&String> = confirmed.iter().filter(|key| !servers.has(key)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
}

/// What the servers move by themselves goes on without the script, and a second run waits for it or
/// begins anew.
#[test]
fn a_script_that_is_killed_while_servers_move_slots_is_taken_up() {
    let Some(server) = program("valkey-9", "valkey-server") else {
        return;
    };
    let mut layout = Layout::ring(3, 1);
    layout.server = Some(server);
    let Some(servers) = Servers::start("killed-move", layout) else {
        return;
    };
    servers.form();
    let (slot, count) = ("50", "40000");
    let tag = format!("{{{}}}", servers.key_in_slot(slot, "big"));
    let fill = "for i = 1, tonumber(ARGV[1]) do \
                redis.call('SET', KEYS[1] .. i, string.rep('x', 1000)) end";
    servers.say(0, &["EVAL", fill, "1", &tag, count]);
    let (from, to) = (address(&servers, 0), address(&servers, 1));
    let asked = ["--move", "0-99", "--from", &from, "--to", &to];
    let planned = servers.plan_with(&[], &asked);
    assert_eq!(planned.actions(), ["migrate-slots"]);
    assert_eq!(planned.plan.steps[0].mode, Some(StepMode::Whole));
    let before = slots(&servers, 1);
    let sockets = servers.nodes.iter().map(|n| n.socket()).collect();
    let writer = Writer::start(sockets);
    let mut script = start(&planned);
    until("the servers are at it", || {
        let jobs = servers.say(0, &["CLUSTER", "GETSLOTMIGRATIONS"]).lines();
        match jobs.contains("0-99") {
            true => Ok(()),
            false => Err(jobs),
        }
    });
    kill(&mut script);
    script.wait().expect("own child can be waited for");
    println!("killed with {} slots moved", slots(&servers, 1) - before);
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let again = servers.script(&planned, &["--apply"]);
    assert!(said(&again).contains("Nothing to do"), "{}", said(&again));
    let confirmed = writer.stop();
    servers.wait_settled();
    assert_eq!(slots(&servers, 1), before + 100);
    let keys = servers.say(1, &["CLUSTER", "COUNTKEYSINSLOT", slot]);
    let there: u32 = keys.lines().trim().parse().expect("a number");
    // A few that the writer or the test itself put there.
    let more = there - count.parse::<u32>().expect("a number");
    assert!(more < 100, "{there} keys");
    let lost: Vec<&String> = confirmed.iter().filter(|key| !servers.has(key)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
    servers.assert_keys();
    tool_is_content(&servers);
    let again = servers.try_plan(&asked);
    assert_eq!(again.map(|p| p.plan.steps.len()), Some(0));
}

#[test]
fn a_cluster_is_made_of_blank_nodes() {
    // Who is to be what stands in the home map of the capture.
    let mut layout = Layout::ring(3, 1);
    layout.unmet = (0..6).collect();
    let Some(mut servers) = Servers::start("create", layout) else {
        return;
    };
    let planned = servers.plan_with(&[("M007", 5)], &["--create"]);
    let count = |word| planned.count(word);
    assert_eq!((count("set-epoch"), count("meet")), (3, 5));
    assert_eq!((count("replicate"), count("add-slots")), (3, 3));
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    servers.nodes.iter_mut().for_each(|node| node.met = true);
    servers.wait_settled();
    let check = servers.plan_with(&[], &[]);
    assert_eq!(
        check
            .plan
            .found
            .iter()
            .filter(|f| f.severity != topoplan::diagnostic::Severity::Note)
            .count(),
        0
    );
    tool_is_content(&servers);
}

#[test]
fn a_move_that_is_open_at_both_ends_is_finished() {
    let Some(servers) = Servers::start("finish-move", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let slot = "100";
    let key = servers.key_in(slot);
    servers.say(0, &["SET", &key, &key]);
    let (from, to) = (servers.id(0), servers.id(1));
    servers.say(1, &["CLUSTER", "SETSLOT", slot, "IMPORTING", &from]);
    servers.say(0, &["CLUSTER", "SETSLOT", slot, "MIGRATING", &to]);
    let found = [("S003", 2)];
    assert_eq!(servers.plan(&found).actions(), [""; 0]);
    let planned = servers.plan_with(&found, &["--settle-slots"]);
    assert_eq!(planned.actions(), ["migrate-slots"]);
    servers.carry_out(&planned, &[]);
    assert!(servers.has(&key));
}
