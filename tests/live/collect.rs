//! The printed script against real servers, one of them stopped.

use std::fs;
use std::process::Command;

use topoplan::report::CheckReport;
use topoplan::report::Finding;
use topoplan::report::Subject;
use topoplan::rules::Code;

use crate::flow::check_with;
use crate::flow::run;
use crate::flow::said;
use crate::flow::topoplan;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

/// Seconds for one answer: a loaded machine is slow, a stopped server is for ever.
const ANSWER_LIMIT_SECONDS: &str = "10";

#[test]
fn the_printed_script_saves_what_a_capture_by_hand_does() {
    let Some(mut servers) = Servers::start("collect", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let stopped = (0..servers.nodes.len())
        .find(|&i| servers.nodes[i].replicates.is_some())
        .expect("a ring has replicas");
    let id = servers.id(stopped);
    servers.pause(stopped);
    until("the stopped node is given up", || {
        for i in servers.members().into_iter().filter(|&i| i != stopped) {
            if !servers.line(i, &id)?.is("fail") {
                return Err(format!("not by {}", servers.nodes[i].address));
            }
        }
        Ok(())
    });

    let silent = servers.nodes[stopped].address.clone();
    collect(
        &servers,
        &format!("5 of 6 nodes answered; {silent} did not (timeout)"),
    );
    let collected = servers.root.join("collected");
    assert!(servers.root.join("collected.tar.gz").is_file());
    let node = |i: usize| {
        let address = &servers.nodes[i].address;
        collected.join(format!("nodes/{}_{}", address.ip(), address.port()))
    };
    assert_eq!(
        fs::read_to_string(node(stopped).join("UNREACHABLE")).expect("a note"),
        format!("timeout: no reply from {silent} in {ANSWER_LIMIT_SECONDS} s\n")
    );
    for file in ["info.txt", "time.txt", "nodes.conf", "epoch-after.txt"] {
        assert!(node(0).join(file).is_file(), "{file}");
    }

    // By hand nothing can be asked of a stopped server either.
    servers.kill(stopped);
    let by_hand = servers.capture("by-hand");
    let maps = ["hosts", "disks", "layout"].map(|m| by_hand.join(format!("{m}.csv")));
    let [hosts, disks, home] = maps.map(|path| path.display().to_string());
    let maps = ["--hosts", &hosts, "--disks", &disks, "--home", &home];
    let expected = check_with(&servers.root, &by_hand, &[]);
    let report = check_with(&servers.root, &collected, &maps);
    assert_eq!(found(&report), found(&expected));
    assert_eq!(report.summary, expected.summary);
    assert_eq!(report.distribution, expected.distribution);
    let silent = Some(silent.to_string());
    let dead = |f: &Finding| f.code == Code::DeadNode && f.subject.address == silent;
    assert!(report.findings.iter().any(dead), "{:?}", report.findings);

    no_client_makes_it_save_a_password(&servers);
}

/// However the client is told to print its answers.
fn no_client_makes_it_save_a_password(servers: &Servers) {
    servers.say(0, &["CONFIG", "SET", "masterauth", "M4sterSecret"]);
    servers.say(0, &["CONFIG", "SET", "requirepass", "R3quiredSecret"]);
    let seed = servers.nodes[0].address.to_string();
    let run_with = |client: &str, out: &str| {
        run(Command::new("sh")
            .args(["collect.sh", "-o", out, "--only-given", &seed])
            .env("REDIS_CLI", client)
            .env("REDISCLI_AUTH", "R3quiredSecret")
            .env("FAKETTY", "1")
            .current_dir(&servers.root))
    };
    for (number, form) in ["--no-raw", "--csv", "--json", "-D |", "-2"]
        .iter()
        .enumerate()
    {
        let out = format!("secret-{number}");
        let output = run_with(&format!("redis-cli {form}"), &out);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let node = servers
            .root
            .join(format!("{out}/nodes/{}", seed.replace(':', "_")));
        let settings = fs::read_to_string(node.join("config-get.txt")).expect("some are saved");
        assert!(
            settings.contains("requirepass\n(set)"),
            "{form}: {settings}"
        );
        assert!(settings.contains("masterauth\n(set)"), "{form}: {settings}");
        for file in fs::read_dir(&node).expect("a folder") {
            let path = file.expect("a readable folder").path();
            let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
            assert!(!text.contains("Secret"), "{form}: {}", path.display());
        }
    }
    for form in ["-3", "-c"] {
        let output = run_with(&format!("redis-cli {form}"), "refused");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}

/// Runs the script, seeded with the first node alone.
fn collect(servers: &Servers, summary: &str) {
    let seed = servers.nodes[0].address.to_string();
    let script = run(topoplan(&servers.root).args(["collect", "--seed", &seed]));
    assert_eq!(script.status.code(), Some(0), "{}", said(&script));
    fs::write(servers.root.join("collect.sh"), script.stdout).expect("writable");
    let output = run(Command::new("sh")
        .args(["collect.sh", "-o", "collected", "-t", ANSWER_LIMIT_SECONDS])
        .env_remove("REDIS_CLI")
        .current_dir(&servers.root));
    println!("{}", said(&output));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(output.stdout, b"collected.tar.gz\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains(summary));
}

/// The findings, without the places where they were read.
fn found(report: &CheckReport) -> Vec<(&str, &Subject, &str)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.code.as_str(), &f.subject, f.message.as_str()))
        .collect()
}
