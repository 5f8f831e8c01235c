//! The client that the script is given: what it may be, and how much it may say.

use std::time::Duration;
use std::time::Instant;

use topoplan::action::StepMode;
use topoplan::emit::testing;
use topoplan::report::PlanReport;

use super::fake::Fake;
use super::fake::M;
use super::fake::OTHER;
use super::fake::R;
use super::fake::Run;
use super::fake::line;
use super::fake::pair;
use super::fake::plan;

fn hand_over() -> PlanReport {
    plan(vec![testing::failover(
        1,
        StepMode::Graceful,
        R,
        M,
        "0-16383",
    )])
}

fn with_client(fake: &Fake, client: &str, arguments: &[&str]) -> Run {
    let mut command = fake.command(&hand_over(), arguments);
    fake.told(
        &command
            .env("REDIS_CLI", client)
            .output()
            .expect("bash runs"),
    )
}

#[test]
fn a_client_that_follows_redirections_is_refused() {
    let fake = pair("follows");
    for client in [
        "redis-cli -c",
        "redis-cli --tls -c --cacert ca.pem",
        "/usr/bin/valkey-cli --cluster-mode",
        "redis-cli --cluster",
        "bash ./fake.sh -c",
    ] {
        for arguments in [&["--apply"][..], &[]] {
            with_client(&fake, client, arguments)
                .ends(2, "follows redirections")
                .sent(&[]);
        }
    }
    for client in ["redis-cli -h elsewhere", "redis-cli -r 2", "redis-cli -x"] {
        with_client(&fake, client, &["--apply"])
            .ends(2, "nothing else")
            .sent(&[]);
    }
    with_client(&fake, "no-such-client -a b", &["--apply"])
        .ends(2, "needs no-such-client, which is not here")
        .sent(&[]);
    // What stands before the client's name is of another program.
    fake.write("kubectl", "shift 5\nexec bash ./fake.sh \"$@\"\n");
    with_client(
        &fake,
        "bash ./kubectl exec pod -c redis redis-cli",
        &["--apply"],
    )
    .ends(0, "done 1");
}

#[test]
fn a_client_that_follows_redirections_unseen_is_told_by_what_it_does() {
    // A key belongs to one master: two that answer for it, and the client went elsewhere.
    let fake = pair("follows-unseen");
    let other = line(OTHER, "myself,master", "-", "100");
    fake.view(OTHER, &[&other]);
    let mut plan = hand_over();
    plan.cluster.shards.push(testing::shard(OTHER, "100"));
    fake.write("127.0.0.1:7000/exists", "0\n");
    fake.run_plan(&plan, &[]).ends(0, "cluster: as captured");
    fake.write("::1:7002/exists", "(integer) 0\n");
    fake.run_plan(&plan, &[])
        .ends(0, "the client follows redirections");
    fake.run_plan(&plan, &["--apply"])
        .ends(2, "the client follows redirections")
        .sent(&[]);
}

#[test]
fn long_answers_are_cut_off() {
    // Endless: what the client prints is read no further than need be.
    let long = |lines: usize, line: usize| format!("{}\n", "x".repeat(line)).repeat(lines);
    let view = |open: &str| format!("{} {open}\n", line(R, "myself,slave", M.0, ""));
    let cases: [(&str, &str, String, &str); 6] = [
        (
            "one-line",
            "nodes",
            long(1, 6_000_000),
            "more than 4194304 bytes",
        ),
        (
            "lines",
            "nodes",
            long(60_000, 99),
            "more than 4194304 bytes",
        ),
        (
            "own-line",
            "nodes",
            view(&"5 ".repeat(200_000)),
            "gives no view",
        ),
        (
            "open",
            "nodes",
            view(&"[5->-a] ".repeat(400_000)),
            "gives no view",
        ),
        (
            "info",
            "replication",
            long(1, 6_000_000),
            "more than 65536 bytes",
        ),
        (
            "reply",
            "reply",
            long(1, 6_000_000),
            "more than 65536 bytes",
        ),
    ];
    for (name, file, text, said) in cases {
        let fake = pair(&format!("long-{name}"));
        fake.write(&format!("{}/{file}", R.1), &text);
        let began = Instant::now();
        fake.run_plan(&hand_over(), &["--apply"]).ends(1, said);
        assert!(began.elapsed() < Duration::from_secs(60), "{name}");
    }
    let fake = pair("long-failure");
    fake.write(
        "fail.sh",
        &format!("printf '%s' '{}'\nexit 1\n", "x".repeat(400_000)),
    );
    let began = Instant::now();
    with_client(&fake, "bash ./fail.sh", &["--apply"]).ends(1, "does not answer: xxx");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn bytes_that_no_text_has_do_no_harm() {
    let fake = pair("bytes");
    let nodes = std::fs::read(fake.0.join("127.0.0.2:7001/nodes")).expect("there");
    let odd: Vec<u8> = nodes.iter().flat_map(|&b| [b, 0]).collect();
    std::fs::write(fake.0.join("127.0.0.2:7001/nodes"), odd).expect("writable");
    let run = fake.run_plan(&hand_over(), &["--apply"]);
    run.ends(0, "done 1");
    assert!(!run.err.contains("null byte"), "{}", run.err);
}
