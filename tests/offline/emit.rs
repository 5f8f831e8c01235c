//! The scripts as bash runs them, against a client that answers from files.

mod actions;
mod client;
mod fake;
mod guards;
mod journal;
mod moves;

use std::process::Command;

use topoplan::action::GuardLink;
use topoplan::action::StepMode;
use topoplan::emit;
use topoplan::emit::testing;
use topoplan::report::Step;
use topoplan::rules::Phase;

use self::fake::Fake;
use self::fake::M;
use self::fake::OTHER;
use self::fake::R;
use self::fake::SYNCED;
use self::fake::blank_replica;
use self::fake::line;
use self::fake::pair;
use self::fake::script;

fn every_action() -> Vec<Step> {
    let mut steps = vec![
        testing::failover(1, StepMode::Force, R, M, "0-5,7"),
        testing::meet(2, R, OTHER),
        testing::replicate(3, OTHER, R),
        testing::failover(4, StepMode::Graceful, OTHER, R, "0-5,7"),
        testing::failover(5, StepMode::Takeover, R, OTHER, "0-5,7"),
        testing::set_slot(6, R, "9,11-12"),
        testing::flush(7, OTHER),
        testing::forget(8, "dddd", &[R.1, OTHER.1]),
    ];
    steps[3].after = vec![1, 3];
    steps[3].pause_ms = 2000;
    steps[0].guard.link = Some(GuardLink::Synced);
    steps[7].reason =
        "it's `x` $(touch pwned) \"y\" # shellcheck disable=all\n\ntouch pwned".into();
    steps
}

#[test]
fn scripts_are_clean_in_the_eyes_of_shellcheck() {
    let fake = Fake::new("shellcheck");
    for tool in ["redis-cli", "valkey-cli"] {
        for steps in [Vec::new(), every_action()] {
            fake.write("plan.sh", &script(tool, &testing::plan(steps)));
            let shellcheck = Command::new("shellcheck")
                .arg("plan.sh")
                .current_dir(&fake.0)
                .output();
            let Ok(output) = shellcheck else {
                panic!("shellcheck is not on PATH: apt-get install shellcheck");
            };
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stdout)
            );
            let bash = Command::new("bash")
                .args(["-n", "plan.sh"])
                .current_dir(&fake.0)
                .status()
                .expect("bash runs");
            assert!(bash.success());
        }
    }
}

#[test]
fn shows_everything_with_nobody_reachable() {
    let fake = Fake::new("dry-run");
    let run = fake.run(every_action(), &[]);
    run.ends(0, "Nothing was changed").sent(&[]);
    for command in [
        "-h 127.0.0.2 -p 7001 CLUSTER FAILOVER FORCE",
        "-h 127.0.0.2 -p 7001 CLUSTER MEET ::1 7002",
        "-h ::1 -p 7002 CLUSTER REPLICATE bbbb",
        "-h 127.0.0.2 -p 7001 CLUSTER SETSLOT 12 STABLE",
        "-h ::1 -p 7002 FLUSHALL",
        "-h ::1 -p 7002 CLUSTER FORGET dddd",
    ] {
        assert!(run.out.contains(command), "{command}\n{}", run.out);
    }
    assert!(
        !run.out.contains("fake.sh"),
        "the client's options may hold a password"
    );
}

#[test]
fn shows_how_far_each_step_is() {
    let fake = pair("states");
    fake.write(&format!("{}/keys", M.1), "5\n");
    let mut steps = vec![
        testing::replicate(1, R, M),
        testing::failover(2, StepMode::Graceful, R, M, "0-16383"),
        testing::failover(3, StepMode::Graceful, M, R, "0-16383"),
        testing::flush(4, M),
    ];
    steps[2].after = vec![2];
    // Where the cluster is now, the hand-over back is done, and with it the way there.
    fake.run(steps.clone(), &[]).ends(0, "state: already done");
    steps.remove(2);
    let run = fake.run(steps, &[]);
    run.ends(0, "state: already done")
        .ends(0, "state: ready")
        .ends(
            0,
            "state: blocked, slots of 127.0.0.1:7000: expected none, seen 0-16383",
        )
        .sent(&[]);
}

#[test]
fn runs_once_and_then_has_nothing_to_do() {
    let fake = blank_replica("replicate");
    let steps = || {
        vec![
            testing::replicate(1, R, M),
            testing::failover(2, StepMode::Graceful, R, M, "0-16383"),
        ]
    };
    let sent = [
        "127.0.0.2:7001 CLUSTER REPLICATE aaaa",
        "127.0.0.2:7001 CLUSTER FAILOVER",
    ];
    let first = fake.run(steps(), &["--apply"]);
    first.ends(0, "Finished: done 2, skipped 0").sent(&sent);
    // R is no replica of M any more, and still nothing is to be done.
    let second = fake.run(steps(), &["--apply"]);
    second
        .ends(0, "Nothing to do: done 0, skipped 2")
        .sent(&sent);
}

/// Its name, what is wrong, what is said.
type Case = (&'static str, fn(&Fake), &'static str);

#[test]
fn a_guard_that_fails_stops_everything() {
    let cases: [Case; 5] = [
        (
            "keys",
            |f| {
                f.write("127.0.0.2:7001/keyspace", "db0:keys=3,expires=0\r\n");
            },
            "keys of 127.0.0.2:7001: expected none, seen 3",
        ),
        (
            "id",
            |f| {
                f.view(("", R.1), &[&line(("dddd", R.1), "myself,master", "-", "")]);
            },
            "id at 127.0.0.2:7001: expected bbbb, seen dddd",
        ),
        (
            "slots",
            |f| {
                f.view(
                    R,
                    &[
                        &line(R, "myself,master", "-", "5"),
                        &line(M, "master", "-", ""),
                    ],
                );
            },
            "slots of 127.0.0.2:7001: expected none, seen 5",
        ),
        (
            "unknown",
            |f| {
                f.view(R, &[&line(R, "myself,master", "-", "")]);
            },
            "expected it to be known at 127.0.0.2:7001",
        ),
        (
            "failed",
            |f| {
                f.view(
                    R,
                    &[
                        &line(R, "myself,master", "-", ""),
                        &line(M, "master,fail", "-", "1"),
                    ],
                );
            },
            "state of aaaa at 127.0.0.2:7001: expected master, seen master,fail",
        ),
    ];
    for (name, spoil, said) in cases {
        let fake = blank_replica(&format!("guard-{name}"));
        spoil(&fake);
        let steps = vec![testing::replicate(1, R, M), testing::set_slot(2, M, "1")];
        let run = fake.run(steps, &["--apply"]);
        run.ends(1, said).ends(1, "stop  step 1").sent(&[]);
    }
}

#[test]
fn an_effect_that_stays_away_stops_at_its_limit() {
    let fake = blank_replica("timeout");
    fake.write("then/CLUSTER-REPLICATE-aaaa", "");
    let mut step = testing::replicate(1, R, M);
    step.wait.limit_ms = 300;
    let run = fake.run(vec![step, testing::flush(2, OTHER)], &["--apply"]);
    run.ends(1, "no effect within 300 ms")
        .sent(&["127.0.0.2:7001 CLUSTER REPLICATE aaaa"]);
}

#[test]
fn a_refusal_stops_although_the_client_exits_0() {
    let fake = blank_replica("refusal");
    fake.write("127.0.0.2:7001/reply", "ERR no \u{1b}[2J\n");
    let run = fake.run(vec![testing::replicate(1, R, M)], &["--apply"]);
    run.ends(1, "replied: ERR no ?[2J");
    assert!(!run.err.contains('\u{1b}'));
}

#[test]
fn starts_where_it_is_told() {
    let fake = pair("from");
    let steps = || {
        let mut steps = vec![
            testing::set_slot(1, OTHER, "1"),
            testing::failover(2, StepMode::Graceful, R, M, "0-16383"),
        ];
        steps[1].phase = Phase::Spread;
        steps
    };
    for bad in [
        &["--from", "3"][..],
        &["--from", ""],
        &["--from"],
        &["--only-phase", "none"],
        &["--yes"],
    ] {
        fake.run(steps(), bad).ends(2, "--help").sent(&[]);
    }
    fake.run(steps(), &["--help"]).ends(0, "--only-phase PHASE");
    fake.run(steps(), &["--apply"])
        .ends(1, "does not answer")
        .sent(&[]);
    let sent = ["127.0.0.2:7001 CLUSTER FAILOVER"];
    fake.run(steps(), &["--apply", "--from", "2"])
        .ends(0, "done 1, skipped 0, left out 1")
        .sent(&sent);
    fake.run(steps(), &["--apply", "--only-phase", "spread"])
        .ends(0, "done 0, skipped 1, left out 1")
        .sent(&sent);
    fake.run(steps(), &["--apply", "--only-phase=serve"])
        .ends(0, "left out 2")
        .sent(&sent);
}

#[test]
fn hostile_text_is_never_obeyed() {
    let fake = pair("hostile");
    let evil = "$(touch pwned) `touch pwned` '; touch pwned; ' a[$(touch pwned)]";
    let mut step = testing::failover(1, StepMode::Graceful, R, M, "0-16383");
    step.reason = format!("{evil}\ntouch pwned\n");
    step.guard.link = Some(GuardLink::Up);
    let mut plan = testing::plan(vec![step.clone()]);
    plan.plan_id = step.reason.clone();
    plan.cluster.server = step.reason.clone();
    plan.cluster.version = Some(step.reason.clone());
    plan.refused = Some(step.reason.clone());
    // A server may be hostile, too: its numbers must not reach an arithmetic expression.
    let slots = "a[$(touch${IFS}pwned)] a[$(touch${IFS}pwned)]-5 0-$(touch${IFS}pwned)";
    fake.view(
        R,
        &[
            &line(R, "myself,slave", M.0, slots),
            &line(M, "master", "-", slots),
        ],
    );
    let number = format!("{SYNCED}slave_repl_offset:a[$(touch${{IFS}}pwned)]\r\n");
    fake.write(&format!("{}/replication", R.1), &number);
    fake.run_plan(&plan, &[]).ends(0, "state: ready");
    fake.run_plan(&plan, &["--apply"]).ends(0, "done 1");
    fake.run_plan(&plan, &["--from", "a[$(touch${IFS}pwned)]"])
        .ends(2, "no such step");
    assert!(!fake.0.join("pwned").exists());

    for spoil in [
        |s: &mut Step| s.address = Some("127.0.0.1;touch pwned:1".into()),
        |s: &mut Step| s.node = Some("$(touch pwned)".into()),
        |s: &mut Step| s.slots = Some("1$(touch pwned)".into()),
    ] {
        let mut bad = step.clone();
        spoil(&mut bad);
        for emitter in emit::EMITTERS {
            assert!((emitter.emit)(&testing::plan(vec![bad.clone()]), emit::Edits::None).is_err());
        }
    }
}

#[test]
fn old_and_odd_formats_are_read() {
    let fake = blank_replica("formats");
    // Redis 3.0 without a bus port; 7.0 with a name; a node that was never met has no ip; clients
    // warn on the same stream.
    fake.view(
        R,
        &[
            "Warning: Using a password with '-a' option may not be safe.",
            "bbbb :7001 myself,master - 0 0 0 connected\r",
            "aaaa 127.0.0.1:7000@17000,host-1 master - 0 0 3 connected 5461-16383 0-5460",
        ],
    );
    let mut step = testing::replicate(1, R, M);
    step.guard.slots = Some(String::new());
    fake.run(vec![step], &["--apply"]).ends(0, "done 1");
}

#[test]
fn a_silent_node_does_not_hold_the_script() {
    let fake = Fake::new("silent");
    fake.write(&format!("{}/silent", R.1), "");
    let steps = vec![testing::flush(1, R), testing::set_slot(2, R, "1")];
    fake.run(steps, &[]).ends(0, "does not answer within 5 s");
}
