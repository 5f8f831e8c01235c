//! What servers themselves say of their trouble: provoked on them, saved by the printed script, found.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use topoplan::report::CheckReport;

use crate::flow::check_with;
use crate::flow::run;
use crate::flow::said;
use crate::flow::topoplan;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::server_program;
use crate::servers::until;

/// What is found of this machine is no trouble of the servers.
const OF_THE_MACHINE: [&str; 4] = ["K007", "K008", "K009", "K012"];

#[test]
fn trouble_that_servers_tell_of_is_found_and_nothing_else() {
    let mut layout = Layout::ring(3, 1);
    // A key takes half a second in a snapshot, so that there is time to end it.
    layout.options = vec!["--rdb-key-save-delay", "500000"];
    let Some(mut servers) = Servers::start("health", layout) else {
        return;
    };
    servers.form();
    assert_eq!(found(&servers, "well", &[]), BTreeSet::new());

    let address = |i: usize| servers.nodes[i].address.to_string();
    end_its_snapshot(&servers, 0);
    servers.say(0, &["CONFIG", "SET", "save", "3600 1"]);
    servers.say(1, &["CONFIG", "SET", "maxmemory", "1000000"]);
    servers.say(2, &["CONFIG", "SET", "min-replicas-to-write", "2"]);
    servers.say(5, &["CONFIG", "SET", "cluster-node-timeout", "2500"]);
    // What is found is what clients meet.
    for (i, refusal) in [(0, "MISCONF"), (1, "OOM"), (2, "NOREPLICAS")] {
        let key = servers.key_in(&servers.first_slot(i));
        let refused = servers.ask(i, &["SET", &key, "x"]).map(|_| ());
        let refused = refused.expect_err("no write is taken").to_string();
        assert!(refused.contains(refusal), "{refused}");
    }
    let expected = [
        ("K005", address(0)),
        ("K005", address(2)),
        ("K006", address(1)),
        // One setting each: the timeout, the limit, and the snapshots among the masters.
        ("K010", address(0)),
        ("K010", address(1)),
        ("K010", address(5)),
    ];
    let expected = expected.map(|(code, at)| (code.to_owned(), at));
    assert_eq!(found(&servers, "sick", &[]), BTreeSet::from(expected));

    // A slot that nobody serves stops all of them.
    let slot = servers.first_slot(2);
    servers.say(2, &["CLUSTER", "DELSLOTS", &slot]);
    until("the cluster is down for its owner", || {
        match servers.say(2, &["CLUSTER", "INFO"]).text() {
            text if text.contains("cluster_state:fail") => Ok(()),
            text => Err(text.to_owned()),
        }
    });
    let down = found(&servers, "down", &[]);
    let codes = codes(&down);
    assert!(
        codes.contains("K004") && codes.contains("S001"),
        "{codes:?}"
    );
    servers.say(2, &["CLUSTER", "ADDSLOTS", &slot]);

    // A master dies that its replica had lost before, and the last other copy of a shard that
    // keeps nothing on disk.
    servers.say(4, &["CONFIG", "SET", "cluster-replica-no-failover", "yes"]);
    servers.say(1, &["CONFIG", "SET", "requirepass", "secret"]);
    servers.say(1, &["CLIENT", "KILL", "TYPE", "replica"]);
    std::thread::sleep(std::time::Duration::from_millis(3500));
    servers.kill(1);
    servers.kill(5);
    let policy = servers.root.join("policy.toml");
    fs::write(&policy, "[limits]\nstale_heir = \"1s\"\n").expect("writable");
    let policy = policy.display().to_string();
    let died = found(&servers, "died", &["--policy", &policy]);
    let codes = self::codes(&died);
    assert!(
        codes.contains("K013") && codes.contains("K011"),
        "{codes:?}"
    );
}

/// An append-only file on a full disk, a replica that hangs, and a backlog that is too small for what is
/// written.
#[test]
fn what_shows_only_under_load_is_found() {
    let Some(servers) = Servers::start("health-load", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let address = |i: usize| servers.nodes[i].address.to_string();

    // The server opens what lies there under the name of the file that it writes next
    // (`openNewIncrAofForAppend`), and every write to it says that the disk is full.
    let folder = servers.nodes[0].dir.join("appendonlydir");
    fs::create_dir_all(&folder).expect("writable");
    let next = folder.join("temp-appendonly.aof.incr");
    std::os::unix::fs::symlink("/dev/full", next).expect("writable");
    servers.say(0, &["CONFIG", "SET", "appendonly", "yes"]);
    let key = servers.key_in(&servers.first_slot(0));
    until("the write to the file fails", || {
        let refused = servers.ask(0, &["SET", &key, "x"]).map(|_| ());
        match refused.map_err(|trouble| trouble.to_string()) {
            Err(text) if text.contains("MISCONF") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });

    // Four megabytes and a backlog of 16 KiB.
    servers.say(1, &["CONFIG", "SET", "repl-backlog-size", "16384"]);
    let key = servers.key_in(&servers.first_slot(1));
    let value = "x".repeat(1 << 20);
    for _ in 0..4 {
        servers.say(1, &["SET", &key, &value]);
    }

    // What the master of one that hangs says meanwhile.
    let of_2 = (0..servers.nodes.len()).find(|&i| servers.nodes[i].replicates == Some(2));
    let replica = of_2.expect("every master has one");
    servers.pause(replica);
    let lagging = until("the master has heard nothing for seconds", || {
        let text = servers.say(2, &["INFO", "all"]).text().to_owned();
        let line = text.lines().find(|line| line.starts_with("slave0:"));
        let lag = line.and_then(|line| line.trim().rsplit_once("lag="));
        match lag.and_then(|(_, lag)| lag.parse::<u64>().ok()) {
            Some(lag) if lag >= 3 => Ok(text),
            other => Err(format!("{other:?}")),
        }
    });
    servers.resume(replica);
    until("nobody takes it for failed", || {
        let views = (0..servers.nodes.len()).map(|i| servers.say(i, &["CLUSTER", "NODES"]));
        match views.filter(|view| view.text().contains("fail")).count() {
            0 => Ok(()),
            n => Err(format!("{n} do")),
        }
    });

    collect(&servers, "load");
    let info = |i: usize| {
        let node = format!("nodes/{}/info.txt", address(i).replace(':', "_"));
        servers.root.join("load").join(node)
    };
    fs::write(info(2), lagging).expect("writable");
    // A rate is told of what has run for ten minutes: as if the same had come at the same pace.
    let text = fs::read_to_string(info(1)).expect("captured");
    let number = |field: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|n| n.trim().parse().ok())
            .expect("INFO has it")
    };
    let (uptime, offset) = (number("uptime_in_seconds:"), number("master_repl_offset:"));
    assert!(offset > 4 << 20, "{offset}");
    let later = text.replace(
        &format!("uptime_in_seconds:{uptime}"),
        "uptime_in_seconds:600",
    );
    fs::write(info(1), later).expect("writable");
    let policy = servers.root.join("policy.toml");
    fs::write(&policy, "[limits]\nlag = \"3s\"\n").expect("writable");
    let policy = policy.display().to_string();
    let all = judged(&servers, "load", &["--policy", &policy]);
    for (code, i) in [("K005", 0), ("K016", 1), ("R005", replica)] {
        assert!(
            all.contains(&(code.to_owned(), address(i))),
            "{code}: {all:?}"
        );
    }
    let expected = ["K005", "K016", "R005"];
    // The settings that were changed here are told of, and nothing else.
    let others = codes(&all)
        .into_iter()
        .filter(|code| !expected.contains(code));
    assert_eq!(others.collect::<Vec<_>>(), ["K010"]);
}

/// A file with which a server ends at its start is said to be one, and no secret of it is saved.
#[test]
fn a_file_that_would_end_a_server_is_named() {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.truncate(1);
    let Some(servers) = Servers::start("health-conf", layout) else {
        return;
    };
    let node = &servers.nodes[0];
    let conf = servers.root.join("conf/redis.conf");
    fs::create_dir_all(conf.parent().expect("a folder")).expect("writable");
    let (ip, port) = (node.address.ip(), node.address.port());
    let text = format!(
        "# made by hand\nport {port}\nbind {ip}\ncluster-enable yes\nrequirepass R3quiredSecret\n\
         masterauth \"M4sterSecret\"\nuser x on >Us3rSecret\nrename-command FLUSHALL H1ddenSecret\n"
    );
    fs::write(&conf, text).expect("writable");
    let started = run(Command::new(server_program()).arg(&conf));
    assert!(!started.status.success(), "{}", said(&started));
    write_collector(&servers);
    let output = run(Command::new("sh")
        .args(["collect.sh", "--local", "-o", "local", "conf"])
        .current_dir(&servers.root));
    assert!(output.status.success(), "{}", said(&output));
    let local = servers.root.join("local");
    let kept = run(Command::new("grep").args(["-rl", "Secret"]).arg(&local));
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "");
    // Beside what the node says of itself; others may run servers on this machine as well.
    fs::remove_dir_all(local.join("nodes")).expect("writable");
    let view = local.join(format!("nodes/{ip}_{port}/cluster-nodes.txt"));
    fs::create_dir_all(view.parent().expect("a folder")).expect("writable");
    fs::write(&view, servers.say(0, &["CLUSTER", "NODES"]).text()).expect("writable");
    let report = check_with(&servers.root, &local, &[]);
    let refused = report.findings.iter().find(|f| f.code.as_str() == "K015");
    let refused = refused.unwrap_or_else(|| panic!("{:#?}", report.findings));
    assert_eq!(refused.evidence[0].line, 4);
    assert!(refused.message.contains("`cluster-enable`"), "{refused:?}");
}

/// The child that writes the snapshot is killed, as by a kernel without memory.
fn end_its_snapshot(servers: &Servers, i: usize) {
    let number = |section: &str, field: &str| {
        let info = servers.say(i, &["INFO", section]).text().to_owned();
        let value = info.lines().find_map(|line| line.strip_prefix(field));
        value.map(|v| v.trim().to_owned()).expect("INFO has it")
    };
    let process = number("server", "process_id:");
    servers.say(i, &["BGSAVE"]);
    let child = until("the snapshot has begun", || {
        let listed = run(Command::new("ps").args(["-o", "pid=", "--ppid", &process]));
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let child = listed.split_whitespace().next().map(str::to_owned);
        child.ok_or_else(|| format!("no child of {process}"))
    });
    let sent = run(Command::new("kill").args(["-KILL", &child]));
    assert!(sent.status.success(), "{}", said(&sent));
    until("the server knows that it failed", || {
        match number("persistence", "rdb_last_bgsave_status:").as_str() {
            "err" => Ok(()),
            status => Err(status.to_owned()),
        }
    });
}

fn write_collector(servers: &Servers) {
    let seed = servers.nodes[0].address.to_string();
    let script = run(topoplan(&servers.root).args(["collect", "--seed", &seed]));
    assert!(script.status.success(), "{}", said(&script));
    fs::write(servers.root.join("collect.sh"), script.stdout).expect("writable");
}

/// Code and address of what `check` says of a fresh capture, but of the machine.
fn found(servers: &Servers, name: &str, options: &[&str]) -> BTreeSet<(String, String)> {
    collect(servers, name);
    judged(servers, name, options)
}

fn collect(servers: &Servers, name: &str) {
    write_collector(servers);
    let output = run(Command::new("sh")
        .args(["collect.sh", "-o", name, "-t", "10"])
        .env_remove("REDIS_CLI")
        .env_remove("REDISCLI_AUTH")
        .current_dir(&servers.root));
    assert!(output.status.success(), "{}", said(&output));
}

fn judged(servers: &Servers, name: &str, options: &[&str]) -> BTreeSet<(String, String)> {
    let capture: PathBuf = servers.root.join(name);
    // Loopback addresses are hosts here.
    let hosts: BTreeSet<String> = servers
        .nodes
        .iter()
        .map(|node| format!("host-{},{}\n", node.host, node.address.ip()))
        .collect();
    let map = servers.root.join("hosts.csv");
    let rows: Vec<String> = hosts.into_iter().collect();
    fs::write(&map, format!("host,ip\n{}", rows.concat())).expect("writable");
    let map = map.display().to_string();
    let mut all = vec!["--hosts", map.as_str()];
    all.extend(options);
    let report: CheckReport = check_with(&servers.root, &capture, &all);
    let findings = report.findings.iter();
    let theirs = findings.filter(|f| !OF_THE_MACHINE.contains(&f.code.as_str()));
    theirs
        .map(|f| {
            let address = f.subject.address.clone().unwrap_or_default();
            (f.code.to_string(), address)
        })
        .collect()
}

fn codes(found: &BTreeSet<(String, String)>) -> BTreeSet<&str> {
    found.iter().map(|(code, _)| code.as_str()).collect()
}
