//! Runs that are cut off, doubled, or come after others: the journal.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use topoplan::action::GuardLink;
use topoplan::action::StepMode;
use topoplan::emit::testing;
use topoplan::report::Exposure;
use topoplan::report::PlanReport;

use super::fake::Fake;
use super::fake::M;
use super::fake::OTHER;
use super::fake::R;
use super::fake::SYNCED;
use super::fake::blank_replica;
use super::fake::line;
use super::fake::pair;
use super::fake::plan;

const FAILOVER: &str = "127.0.0.2:7001 CLUSTER FAILOVER";

fn hand_over() -> PlanReport {
    let mut step = testing::failover(1, StepMode::Graceful, R, M, "0-16383");
    step.wait.limit_ms = 120_000;
    plan(vec![step])
}

fn until(what: &str, mut look: impl FnMut() -> bool) {
    let start = Instant::now();
    while !look() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run that waits for an effect which stays away until the file `go` is there.
fn waiting(fake: &Fake, plan: &PlanReport) -> Child {
    fake.write("then/CLUSTER-FAILOVER", "");
    let child = fake
        .command(plan, &["--apply"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash runs");
    until("the command is sent", || fake.journal().contains(" reply "));
    child
}

fn promote(fake: &Fake) {
    let promoted = fake.0.join("127.0.0.2:7001/promoted");
    fs::copy(promoted, fake.0.join("127.0.0.2:7001/nodes")).expect("writable");
}

fn ended(child: Child) -> Output {
    child
        .wait_with_output()
        .expect("own child can be waited for")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
fn everything_is_written_down_before_it_is_done() {
    let fake = pair("journal");
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(0, "plan-0123abcd.journal");
    let journal = fake.journal();
    assert!(journal.starts_with("# topoplan journal 1 of plan 0123abcd\n"));
    let words: Vec<&str> = journal
        .lines()
        .skip(1)
        .map(|l| l.splitn(3, ' ').nth(2).expect("time, milliseconds, words"))
        .collect();
    let place = |what: &str| {
        let found = words.iter().position(|w| w.starts_with(what));
        found.unwrap_or_else(|| panic!("no `{what}` in {words:#?}"))
    };
    let order = [
        "run begin ",
        "step 1 begin failover graceful 127.0.0.2:7001",
        "step 1 saw 127.0.0.2:7001 id=bbbb role=replica master=aaaa",
        "step 1 saw 127.0.0.2:7001 link=up",
        "step 1 saw 127.0.0.1:7000 id=aaaa role=master master=- epoch=1 slots=0-16383",
        "step 1 send 127.0.0.2:7001 CLUSTER FAILOVER",
        "step 1 reply 127.0.0.2:7001 OK",
        "step 1 done after ",
        "run end finished",
    ];
    let places: Vec<usize> = order.into_iter().map(place).collect();
    assert!(places.is_sorted(), "{words:#?}");
    // A dry run writes nothing.
    fake.run_plan(&hand_over(), &[]).ends(0, "done at ");
    fake.run_plan(&hand_over(), &["--status"])
        .ends(0, "done at ");
    assert_eq!(fake.journal(), journal);
}

/// A directory of links to what a script needs, without `flock`.
fn without_flock(fake: &Fake) -> String {
    let bin = fake.0.join("bin");
    fs::create_dir_all(&bin).expect("writable");
    for tool in [
        "bash", "timeout", "head", "tail", "tr", "sort", "seq", "sleep", "date", "mkdir", "mv",
        "rm", "cat", "cp",
    ] {
        let found = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(tool));
        let from = found.iter().find(|p| p.exists()).expect("a usual system");
        std::os::unix::fs::symlink(from, bin.join(tool)).expect("writable");
    }
    bin.display().to_string()
}

#[test]
fn two_runs_at_once_exclude_each_other() {
    for (name, bare) in [("flock", false), ("mkdir", true)] {
        let fake = pair(&format!("twice-{name}"));
        let path = if bare {
            without_flock(&fake)
        } else {
            std::env::var("PATH").expect("set")
        };
        fake.write("then/CLUSTER-FAILOVER", "");
        let plan = hand_over();
        let run = |arguments: &[&str]| {
            let mut command = fake.command(&plan, arguments);
            command.env("PATH", &path);
            command
        };
        let first = run(&["--apply"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash runs");
        until("the command is sent", || fake.journal().contains(" reply "));
        let second = run(&["--apply"]).output().expect("bash runs");
        fake.told(&second)
            .ends(1, "another run of this plan is on the way: ")
            .ends(1, &format!(":{} --apply, since ", first.id()))
            .ends(1, "It is at step 1.")
            .sent(&[FAILOVER]);
        let status = run(&["--status"]).output().expect("bash runs");
        fake.told(&status)
            .ends(0, "step 1  failover graceful 127.0.0.2:7001: sent at ");
        promote(&fake);
        fake.told(&ended(first)).ends(0, "Finished: done 1");
        let third = run(&["--apply"]).output().expect("bash runs");
        fake.told(&third).ends(0, "Nothing to do").sent(&[FAILOVER]);
        // The lock of a run that was killed holds nobody off.
        fake.fresh();
        fs::copy(
            fake.0.join("127.0.0.2:7001/replica-nodes"),
            fake.0.join("127.0.0.2:7001/nodes"),
        )
        .expect("writable");
        let mut killed = run(&["--apply"]).spawn().expect("bash runs");
        until("the command is sent", || fake.journal().contains(" reply "));
        killed.kill().expect("own child");
        killed.wait().expect("own child");
        promote(&fake);
        let after = run(&["--apply"]).output().expect("bash runs");
        fake.told(&after)
            .ends(0, "Nothing to do: done 0, skipped 1");
    }
}

#[test]
fn what_a_killed_run_sent_is_looked_for_first() {
    // The command came to pass meanwhile.
    let fake = pair("killed");
    let mut first = waiting(&fake, &hand_over());
    first.kill().expect("own child");
    first.wait().expect("own child");
    promote(&fake);
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(0, "Nothing to do: done 0, skipped 1")
        .sent(&[FAILOVER]);
    assert!(fake.journal().contains(" done, sent by an earlier run"));

    // It did not: that is settled before it is sent again.
    let fake = pair("killed-void");
    let mut first = waiting(&fake, &hand_over());
    first.kill().expect("own child");
    first.wait().expect("own child");
    fake.write("then/CLUSTER-FAILOVER", "cp $node/promoted $node/nodes\n");
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(0, "sent at ")
        .ends(
            0,
            "by an earlier run, looking for its effect: 127.0.0.2:7001 CLUSTER FAILOVER",
        )
        .ends(0, "Finished: done 1")
        .sent(&[FAILOVER, FAILOVER]);
    assert!(fake.journal().contains("step 1 void no effect was seen"));
    // A line that was cut off spoils no other.
    let path = fake.0.join("plan-0123abcd.journal");
    fs::write(&path, fake.journal() + "2026-01-01T00:00:00.000Z 17").expect("writable");
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(0, "skipped 1");
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(0, "skipped 1");
}

#[test]
fn signals_name_the_step() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let fake = pair(&format!("signal-{name}"));
        let child = waiting(&fake, &hand_over());
        signal(&child, name);
        let output = ended(child);
        let run = fake.told(&output);
        assert_eq!(output.status.signal(), None);
        run.ends(
            128 + number,
            &format!("stop  step 1  failover graceful 127.0.0.2:7001: stopped by SIG{name}"),
        )
        .ends(
            128 + number,
            "its effect is not seen yet: 127.0.0.2:7001 CLUSTER FAILOVER",
        )
        .ends(128 + number, "run it again: bash plan.sh --apply")
        .ends(128 + number, "journal: plan-0123abcd.journal");
        promote(&fake);
        fake.run_plan(&hand_over(), &["--apply"])
            .ends(0, "skipped 1");
    }
}

#[test]
fn a_stop_for_good_is_kept() {
    let fake = pair("sticky");
    let view = fs::read_to_string(fake.0.join("127.0.0.2:7001/nodes")).expect("there");
    fake.view(
        R,
        &[
            &line(R, "myself,slave", "dddd", ""),
            &line(M, "master", "-", "0-16383"),
        ],
    );
    let said = "master of 127.0.0.2:7001: expected aaaa, seen dddd";
    fake.run_plan(&hand_over(), &["--apply"])
        .ends(1, said)
        .ends(
            1,
            "The cluster is no longer the planned one: capture and plan again.",
        );
    fake.write("127.0.0.2:7001/nodes", &view);
    for arguments in [&["--apply"][..], &["--apply", "--from", "1"]] {
        fake.run_plan(&hand_over(), arguments)
            .ends(
                1,
                &format!("an earlier run stopped for good, at step 1: {said}"),
            )
            .sent(&[]);
    }
    fake.run_plan(&hand_over(), &[])
        .ends(0, "An earlier run stopped for good");
    fake.run_plan(&hand_over(), &["--status"]).ends(0, said);
    // Another plan is another matter.
    let mut new = hand_over();
    new.plan_id = "4567".into();
    fake.run_plan(&new, &["--apply"]).ends(0, "done 1");
    // One that time may mend is not kept.
    let fake = pair("not-sticky");
    fake.replication(R, &SYNCED.replace("up", "down"));
    fake.run_plan(&hand_over(), &["--apply"]).ends(
        1,
        "Wait until this is settled and run it again: bash plan.sh --apply",
    );
    fake.replication(R, SYNCED);
    fake.run_plan(&hand_over(), &["--apply"]).ends(0, "done 1");
}

#[test]
fn a_journal_is_of_one_plan_and_can_be_written() {
    let fake = pair("other-journal");
    fake.run_plan(&hand_over(), &["--apply", "--journal", "night.log"])
        .ends(0, "Journal: night.log");
    let mut new = hand_over();
    new.plan_id = "4567".into();
    for arguments in [
        &["--apply", "--journal=night.log"][..],
        &["--status", "--journal=night.log"],
    ] {
        fake.run_plan(&new, arguments)
            .ends(2, "night.log is no journal of this plan");
    }
    fake.run_plan(&new, &["--apply", "--journal", "no/such/directory"])
        .ends(2, "cannot write the journal no/such/directory");
    fake.run_plan(&new, &["--journal"])
        .ends(2, "--journal needs a value");
}

#[test]
fn a_done_step_is_not_judged_again_and_not_run_again() {
    let steps = vec![
        testing::replicate(1, R, M),
        testing::failover(2, StepMode::Graceful, R, M, "0-16383"),
    ];
    let mut plan = plan(steps);
    plan.steps[1].after = vec![1];
    let fake = blank_replica("undone");
    let blank = fs::read_to_string(fake.0.join("127.0.0.2:7001/nodes")).expect("there");
    fake.write("then/CLUSTER-FAILOVER", "");
    plan.steps[1].wait.limit_ms = 300;
    fake.run_plan(&plan, &["--apply"])
        .ends(1, "no effect within 300 ms");
    let sent = ["127.0.0.2:7001 CLUSTER REPLICATE aaaa", FAILOVER];
    // Somebody reset the node.
    fake.write("127.0.0.2:7001/nodes", &blank);
    fake.run_plan(&plan, &["--status"])
        .ends(0, ", and undone by somebody since");
    fake.run_plan(&plan, &["--apply"])
        .ends(1, "it was done at ")
        .ends(1, " and is undone by somebody since")
        .ends(1, "capture and plan again")
        .sent(&sent);
}

#[test]
fn steps_that_were_left_out_must_be_done_all_the_same() {
    let fake = pair("after");
    let mut plan = plan(vec![
        testing::set_slot(1, M, "9"),
        testing::failover(2, StepMode::Graceful, R, M, "0-16383"),
    ]);
    plan.steps[1].after = vec![1];
    let open = line(M, "myself,master", "-", "0-16383 [9->-bbbb]");
    fake.view(M, &[&open, &line(R, "slave", M.0, "")]);
    fake.run_plan(&plan, &["--apply", "--from", "2"])
        .ends(1, "it comes after step 1, which is not done")
        .sent(&[]);
    fake.run_plan(&plan, &["--apply", "--only-phase", "serve"])
        .ends(1, "it comes after step 1, which is not done")
        .sent(&[]);
    fake.run_plan(&plan, &["--from", "2"])
        .ends(0, "state: after step 1");
    let closed = line(M, "myself,master", "-", "0-16383");
    fake.view(M, &[&closed, &line(R, "slave", M.0, "")]);
    fake.run_plan(&plan, &["--from", "2"])
        .ends(0, "state: ready");
    fake.run_plan(&plan, &["--apply", "--from", "2"])
        .ends(0, "done 1, skipped 0, left out 1")
        .sent(&[FAILOVER]);
}

#[test]
fn an_error_is_followed_by_a_look_for_the_effect() {
    // The servers elected the replica between the guard and the command.
    let fake = pair("elected");
    fake.dies(M);
    let me = line(R, "myself,slave", M.0, "");
    fake.view(R, &[&me, &line(M, "master,fail", "-", "0-16383")]);
    fake.write(
        "127.0.0.2:7001/reply",
        "ERR You should send CLUSTER FAILOVER to a replica\n",
    );
    fake.write("on-reply", "cp $node/promoted $node/nodes\n");
    let mut step = testing::failover(1, StepMode::Force, R, M, "0-16383");
    step.guard.link = Some(GuardLink::Synced);
    let mut plan = plan(vec![step]);
    plan.cluster.shards[0].live = false;
    fake.run_plan(&plan, &["--apply"])
        .ends(0, "Finished: done 1")
        .sent(&["127.0.0.2:7001 CLUSTER FAILOVER FORCE"]);
}

#[test]
fn after_a_takeover_the_masters_may_elect_by_themselves() {
    let fake = pair("takeover-first");
    fake.dies(M);
    let me = line(R, "myself,slave", M.0, "");
    fake.view(
        R,
        &[
            &me,
            &line(M, "master,fail", "-", "0-8191"),
            &line(("dddd", "127.0.0.4:1"), "master,fail", "-", "8192-16383"),
        ],
    );
    let waits = line(OTHER, "myself,slave", "dddd", "");
    fake.view(
        OTHER,
        &[
            &waits,
            &line(("dddd", "127.0.0.4:1"), "master,fail", "-", "8192-16383"),
        ],
    );
    fake.replication(OTHER, &SYNCED.replace("up", "down"));
    let promoted = line(R, "myself,master", "-", "0-8191");
    fake.write(
        "then/CLUSTER-FAILOVER-TAKEOVER",
        &format!("echo '{promoted}' >$node/nodes\n"),
    );
    let elected = line(OTHER, "myself,master", "-", "8192-16383");
    fake.write(
        "then/CLUSTER-FAILOVER-FORCE",
        &format!("echo '{elected}' >$node/nodes\n"),
    );
    let mut steps = vec![
        testing::failover(1, StepMode::Takeover, R, M, "0-8191"),
        testing::failover(
            2,
            StepMode::Force,
            OTHER,
            ("dddd", "127.0.0.4:1"),
            "8192-16383",
        ),
    ];
    for step in &mut steps {
        step.guard.link = Some(GuardLink::Synced);
    }
    let mut plan = plan(steps);
    plan.cluster.shards = vec![
        testing::shard(M, "0-8191"),
        testing::shard(("dddd", "127.0.0.4:1"), "8192-16383"),
    ];
    for shard in &mut plan.cluster.shards {
        shard.live = false;
    }
    plan.cluster.node_timeout_ms = 700;
    fake.run_plan(&plan, &["--apply"])
        .ends(0, "pause step 2  until ")
        .ends(0, "done 2")
        .sent(&[
            "127.0.0.2:7001 CLUSTER FAILOVER TAKEOVER",
            "::1:7002 CLUSTER FAILOVER FORCE",
        ]);

    // They did: nothing is forced over a master that serves.
    fake.fresh()
        .view(R, &[&me, &line(M, "master,fail", "-", "0-8191")]);
    fake.view(OTHER, &[&waits]);
    fake.write(
        "then/CLUSTER-FAILOVER-TAKEOVER",
        &format!("echo '{promoted}' >$node/nodes\necho '{elected}' >::1:7002/nodes\n"),
    );
    let run = fake.run_plan(&plan, &["--apply"]);
    run.ends(0, "done 1, skipped 1");
    assert_eq!(run.sent.len(), 3, "{:?}", run.sent);
}

#[test]
fn a_sync_that_moves_on_is_waited_for() {
    let fake = blank_replica("moves");
    // It goes on for longer than the limit, and a little further at each look.
    fake.write(
        "on-info",
        "if [[ $node == 127.0.0.2:7001 && -e copying ]]; then\n\
         n=$(cat copying); n=$((n - 1)); echo $n >copying\n\
         if ((n <= 0)); then rm copying; cp $node/synced $node/replication; else\n\
         printf 'role:slave\\r\\nmaster_link_status:down\\r\\nmaster_sync_in_progress:1\\r\\n\
         master_sync_left_bytes:%s\\r\\nslave_repl_offset:0\\r\\n' $n >$node/replication; fi; fi\n",
    );
    fake.write(
        "then/CLUSTER-REPLICATE-aaaa",
        "for at in 127.0.0.1:7000 127.0.0.2:7001; do cp $at/replica-nodes $at/nodes; done\n\
         echo 30 >copying\n",
    );
    let mut step = testing::replicate(1, R, M);
    step.wait.limit_ms = 2500;
    step.wait.expected_ms = 1000;
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(0, ", about 1.0 s expected");

    // One that stands still is not.
    let fake = blank_replica("stands");
    let still = "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:1\r\n\
                 master_sync_left_bytes:5\r\nslave_repl_offset:0\r\n";
    fake.write("127.0.0.2:7001/synced", still);
    step.wait.limit_ms = 500;
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(1, "no effect within 500 ms: 127.0.0.2:7001 is copying");

    // Nor is a master that failed meanwhile, until the limit.
    let fake = blank_replica("failed-meanwhile");
    fake.write("127.0.0.2:7001/synced", still);
    let failed = line(M, "master,fail", "-", "0-16383");
    fake.write(
        "127.0.0.2:7001/replica-nodes",
        &format!("{}\n{failed}\n", line(R, "myself,slave", M.0, "")),
    );
    step.wait.limit_ms = 600_000;
    fake.run_plan(&plan(vec![step]), &["--apply"])
        .ends(1, "failed before 127.0.0.2:7001 had its data");
}

#[test]
fn a_stop_says_who_has_one_copy_and_how_to_go_back() {
    let fake = pair("stop-words");
    fake.write(
        "then/CLUSTER-FAILOVER",
        "cp $node/promoted $node/nodes\ncp $node/alone $node/replication\n",
    );
    fake.write(
        "127.0.0.2:7001/alone",
        "role:master\r\nconnected_slaves:0\r\n",
    );
    let mut plan = plan(vec![
        testing::failover(1, StepMode::Graceful, R, M, "0-16383"),
        testing::set_slot(2, OTHER, "1"),
    ]);
    plan.steps[0].undo = Some("by hand".into());
    plan.exposure = vec![Exposure {
        step: 1,
        shard: "0-16383".into(),
        copies: 1,
        reason: "until it is done".into(),
    }];
    let shown = fake.run_plan(&plan, &[]);
    shown
        .ends(
            0,
            "exposure    step 1: slots 0-16383 have 1 copy, until it is done",
        )
        .ends(0, "undo        not of step 2");
    for arguments in [&["--apply"][..], &["--status"]] {
        let code = i32::from(arguments == ["--apply"]);
        fake.run_plan(&plan, arguments)
            .ends(code, "one copy: slots 0-16383 at 127.0.0.2:7001, because of step 1")
            .ends(code, "to take back what was done, in this order:\n        $REDIS_CLI -h 127.0.0.1 -p 7000 CLUSTER FAILOVER\n");
    }
}

#[test]
fn a_run_ends_with_a_look_at_the_whole() {
    let fake = blank_replica("end");
    // Step 2 undoes what step 1 did, in a way that no step of the plan is meant to.
    let blank = line(R, "myself,master", "-", "");
    let m = line(M, "master", "-", "0-16383");
    fake.write(
        "then/CLUSTER-SETSLOT-1-STABLE",
        &format!(
            "printf '%s\\n' '{blank}' '{m}' >127.0.0.2:7001/nodes\nrm 127.0.0.2:7001/replication\n\
                  echo '{}' >::1:7002/nodes\n",
            line(OTHER, "myself,master", "-", "")
        ),
    );
    fake.view(OTHER, &[&line(OTHER, "myself,master", "-", "[1->-aaaa]")]);
    let plan = plan(vec![
        testing::replicate(1, R, M),
        testing::set_slot(2, OTHER, "1"),
    ]);
    fake.run_plan(&plan, &["--apply"])
        .ends(
            1,
            "Finished: done 2, skipped 0, but the cluster is not at the end of the plan",
        )
        .ends(
            1,
            "step 1, replicate 127.0.0.2:7001, was done and is undone",
        )
        .ends(1, "capture and plan again");
    let fake = blank_replica("end-well");
    fake.run_plan(
        &super::fake::plan(vec![testing::replicate(1, R, M)]),
        &["--apply"],
    )
    .ends(0, "The cluster is at the end of the plan.")
    .ends(0, "Capture again and let `topoplan check` look.");
}

#[test]
fn a_ban_is_told_until_it_ends() {
    let fake = pair("ban");
    let ghost = "dddd :0@0 master,noaddr - 0 0 1 disconnected";
    for at in [M, R] {
        let nodes = fs::read_to_string(fake.0.join(at.1).join("nodes")).expect("there");
        fake.write(&format!("{}/nodes", at.1), &format!("{nodes}{ghost}\n"));
    }
    fake.write(
        "then/CLUSTER-FORGET-dddd",
        "cp $node/replica-nodes $node/nodes\n",
    );
    let plan = plan(vec![testing::forget(1, "dddd", &[M.1, R.1])]);
    fake.run_plan(&plan, &["--apply"])
        .ends(0, "nobody who was told can learn a forgotten id again")
        .ends(0, "--status looks whether it stayed away");
    fake.run_plan(&plan, &["--status"])
        .ends(0, "step 1  forget dddd: done at ");
    // It came back after the ban.
    let nodes = fs::read_to_string(fake.0.join("127.0.0.1:7000/nodes")).expect("there");
    fake.write("127.0.0.1:7000/nodes", &format!("{nodes}{ghost}\n"));
    fake.run_plan(&plan, &["--status"])
        .ends(0, ", and undone by somebody since");
}
