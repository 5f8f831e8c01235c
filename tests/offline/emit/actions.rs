//! Each action: when it runs, when it is done, when it stops.

use std::fs;

use topoplan::action::GuardLink;
use topoplan::action::StepMode;
use topoplan::emit::testing;

use super::fake::Fake;
use super::fake::M;
use super::fake::OTHER;
use super::fake::R;
use super::fake::SYNCED;
use super::fake::blank_replica;
use super::fake::line;
use super::fake::pair;
use super::fake::plan as fake_plan;
use super::fake::sent_at_once;

#[test]
fn a_forced_failover_stops_if_the_old_master_came_back() {
    for mode in [StepMode::Force, StepMode::Takeover] {
        let word = mode.word();
        let fake = pair(&format!("back-{word}"));
        let me = line(R, "myself,slave", M.0, "");
        fake.view(R, &[&me, &line(M, "master,fail?", "-", "0-16383")]);
        let mut step = testing::failover(1, mode, R, M, "0-16383");
        step.guard.link = Some(GuardLink::Synced);
        let run = fake.run(vec![step.clone()], &["--apply"]);
        run.ends(1, "it came back").sent(&[]);

        // Reborn under another id, it is another node.
        fake.fresh()
            .view(M, &[&line(("dddd", M.1), "myself,master", "-", "")]);
        let run = fake.run(vec![step.clone()], &["--apply"]);
        let command = format!("127.0.0.2:7001 CLUSTER FAILOVER {}", word.to_uppercase());
        run.ends(0, "done 1").sent(&[&command]);
    }
}

#[test]
fn a_master_that_lives_for_its_replica_is_not_taken_from() {
    let listed = |flags: &str, link: &str| format!("aaaa {}@17000 {flags} - 0 0 1 {link} 7", M.1);
    let (lives, gone) = (listed("master", "connected"), "127.0.0.9:1");
    let words: [(&str, Option<String>, &str); 6] = [
        ("fail", Some(listed("master,fail", "connected")), "up"),
        ("pfail", Some(listed("master,fail?", "connected")), "up"),
        ("noaddr", Some(listed("master,noaddr", "connected")), "up"),
        ("cut", Some(listed("master", "disconnected")), "up"),
        ("absent", None, "up"),
        ("link", Some(lives.clone()), "down"),
    ];
    let me = line(R, "myself,slave", M.0, "");
    for mode in [StepMode::Force, StepMode::Takeover] {
        let word = mode.word();
        // Nobody answers there: out of reach from here, but not for the replica; or no address.
        for (name, address) in [("silent", Some(gone)), ("nowhere", None)] {
            let mut step = testing::failover(1, mode, R, M, "0-16383");
            step.target_address = address.map(str::to_owned);
            step.guard.link = Some(GuardLink::Synced);
            let fake = pair(&format!("lives-{word}-{name}"));
            fake.view(R, &[&me, &lives]);
            for arguments in [&["--apply"][..], &[]] {
                let code = i32::from(!arguments.is_empty());
                fake.run(vec![step.clone()], arguments)
                    .ends(code, "seen master connected, link up")
                    .ends(code, "the master lives by its own replica's word")
                    .sent(&[]);
            }
            step.target = None;
            fake.run(vec![step.clone()], &["--apply"])
                .ends(1, "state of aaaa at 127.0.0.2:7001")
                .sent(&[]);
        }
        for (name, master, link) in &words {
            let fake = pair(&format!("away-{word}-{name}"));
            let view: Vec<&str> = [Some(me.as_str()), master.as_deref()]
                .into_iter()
                .flatten()
                .collect();
            fake.view(R, &view);
            let said = SYNCED.replace("status:up", &format!("status:{link}"));
            fake.write(&format!("{}/replication", R.1), &said);
            let mut step = testing::failover(1, mode, R, M, "0-16383");
            step.target_address = Some(gone.to_owned());
            step.guard.link = Some(GuardLink::Synced);
            let command = format!("127.0.0.2:7001 CLUSTER FAILOVER {}", word.to_uppercase());
            fake.run(vec![step], &["--apply"])
                .ends(0, "done 1")
                .sent(&[&command]);
        }
    }
}

#[test]
fn a_replica_that_never_synced_is_not_promoted() {
    let fake = pair("unsynced");
    fs::remove_dir_all(fake.0.join(M.1)).expect("it was there");
    let never = SYNCED.replace("up", "down").replace(":77", ":0");
    fake.write(&format!("{}/replication", R.1), &never);
    let mut step = testing::failover(1, StepMode::Force, R, M, "0-16383");
    step.guard.link = Some(GuardLink::Synced);
    let run = fake.run(vec![step.clone()], &["--apply"]);
    run.ends(1, "expected one that finished, seen offset 0")
        .sent(&[]);
    // As old servers print a link that never was up, and as later ones do.
    for since in ["1795000000", "-1"] {
        let never = SYNCED.replace("up", "down") + "master_link_down_since_seconds:" + since;
        fake.fresh().write(&format!("{}/replication", R.1), &never);
        let run = fake.run(vec![step.clone()], &["--apply"]);
        run.ends(1, "seen a link down since ever").sent(&[]);
    }
    let never = SYNCED.replace("up", "down").replace(":77", ":1");
    fake.fresh().write(&format!("{}/replication", R.1), &never);
    let run = fake.run(vec![step.clone()], &["--apply"]);
    run.ends(1, "seen offset 1 and its link down").sent(&[]);
    step.mode = Some(StepMode::Graceful);
    step.guard.link = None;
    let run = fake.fresh().run(vec![step], &["--apply"]);
    run.ends(1, "link of 127.0.0.2:7001: expected up").sent(&[]);
}

#[test]
fn a_failover_without_votes_is_asked_for_again() {
    let fake = pair("again");
    fake.write(
        "then/CLUSTER-FAILOVER",
        "if [[ -e asked ]]; then cp 127.0.0.2:7001/promoted 127.0.0.2:7001/nodes; fi; : >asked\n",
    );
    let mut step = testing::failover(1, StepMode::Graceful, R, M, "0-16383");
    step.wait.limit_ms = 15_000;
    let command = "127.0.0.2:7001 CLUSTER FAILOVER";
    fake.run(vec![step], &["--apply"])
        .ends(0, "asked a 2. time")
        .sent(&[command, command]);
}

#[test]
fn failovers_of_one_shard_keep_their_distance() {
    let fake = pair("pause");
    // The third takes over from the second.
    let r = line(R, "master", "-", "0-16383");
    fake.view(OTHER, &[&line(OTHER, "myself,slave", R.0, ""), &r]);
    fake.write(&format!("{}/replication", OTHER.1), SYNCED);
    fake.write(
        "then/CLUSTER-FAILOVER",
        &format!(
            "if [[ $node == 127.0.0.2:7001 ]]; then cp $node/promoted $node/nodes\n\
             else echo '{}' >$node/nodes; echo '{}' >127.0.0.2:7001/nodes; fi\n",
            line(OTHER, "myself,master", "-", "0-16383"),
            line(R, "myself,slave", OTHER.0, ""),
        ),
    );
    let mut steps = vec![
        testing::failover(1, StepMode::Graceful, R, M, "0-16383"),
        testing::failover(2, StepMode::Graceful, OTHER, R, "0-16383"),
    ];
    steps[1].after = vec![1];
    steps[1].pause_ms = 700;
    let run = fake.run(steps, &["--apply"]);
    run.ends(0, "pause step 2").ends(0, "done 2").sent(&[
        "127.0.0.2:7001 CLUSTER FAILOVER",
        "::1:7002 CLUSTER FAILOVER",
    ]);
}

/// M and R list the ghost `dddd`; each forgets when told.
fn haunted(name: &str, flags: &str, slots: &str) -> Fake {
    let fake = pair(name);
    for at in [M, R] {
        let nodes = fs::read_to_string(fake.0.join(at.1).join("nodes")).expect("there");
        let ghost = format!("dddd :0@0 {flags} - 0 0 1 disconnected {slots}");
        fake.write(&format!("{}/nodes", at.1), &format!("{nodes}{ghost}\n"));
    }
    fake.write(
        "then/CLUSTER-FORGET-dddd",
        "cp $node/replica-nodes $node/nodes\n",
    );
    fake
}

#[test]
fn everyone_forgets_who_still_knows() {
    let fake = haunted("forget", "master,noaddr", "");
    let steps = || vec![testing::forget(1, "dddd", &[M.1, R.1])];
    let sent = [
        "127.0.0.1:7000 CLUSTER FORGET dddd",
        "127.0.0.2:7001 CLUSTER FORGET dddd",
    ];
    let run = fake.run(steps(), &["--apply"]);
    run.ends(0, "done 1");
    sent_at_once(&run, &sent);
    let run = fake.run(steps(), &["--apply"]);
    run.ends(0, "Nothing to do");
    sent_at_once(&run, &sent);
}

#[test]
fn where_a_forget_is_gossiped_one_is_told() {
    let mut plan = fake_plan(vec![testing::forget(1, "dddd", &[M.1, R.1])]);
    plan.cluster.version = Some("7.2.0".into());
    plan.cluster.node_timeout_ms = 500;
    let first = "127.0.0.1:7000 CLUSTER FORGET dddd";
    let heard = haunted("forget-one", "master,noaddr", "");
    heard.write(
        "then/CLUSTER-FORGET-dddd",
        "for at in 127.0.0.1:7000 127.0.0.2:7001; do cp $at/replica-nodes $at/nodes; done\n",
    );
    heard
        .run_plan(&plan, &["--apply"])
        .ends(0, "done 1")
        .sent(&[first]);
    // Who does not hear of it is told.
    let deaf = haunted("forget-deaf", "master,noaddr", "");
    deaf.run_plan(&plan, &["--apply"])
        .ends(0, "done 1")
        .sent(&[first, "127.0.0.2:7001 CLUSTER FORGET dddd"]);
}

#[test]
fn what_others_were_told_of_by_gossip_is_forgotten_too() {
    // Redis from 7.2 and Valkey from 8 spread a FORGET: the second node answers that it knows no
    // such id, or OK while it still bans it.
    let fake = haunted("forget-gossip", "master,noaddr", "");
    fake.write(
        "then/CLUSTER-FORGET-dddd",
        "sleep 0.3\n\
         for at in 127.0.0.1:7000 127.0.0.2:7001; do cp $at/replica-nodes $at/nodes; done\n",
    );
    fake.write("127.0.0.2:7001/reply", "ERR Unknown node dddd\n");
    let steps = || vec![testing::forget(1, "dddd", &[M.1, R.1])];
    let run = fake.run(steps(), &["--apply"]);
    run.ends(0, "127.0.0.2:7001 knows it no more")
        .ends(0, "done 1");
    fake.run(steps(), &["--apply"]).ends(0, "Nothing to do");
    assert_eq!(run.sent.len(), 2);
}

#[test]
fn an_offset_of_zero_is_given_time_to_move() {
    let fake = blank_replica("zero");
    fake.write(
        &format!("{}/synced", R.1),
        &SYNCED.replace("offset:77", "offset:0"),
    );
    let mut step = testing::replicate(1, R, M);
    fake.run(vec![step.clone()], &["--apply"])
        .ends(1, "the offset of 127.0.0.2:7001 is still 0");
    fs::remove_dir_all(&fake.0).expect("it was there");
    // A master that pings once an hour does not hold up the rest.
    let fake = blank_replica("zero");
    fake.write(
        &format!("{}/synced", R.1),
        &SYNCED.replace("offset:77", "offset:0"),
    );
    step.wait.limit_ms = 30_000;
    fake.run(vec![step], &["--apply"]).ends(0, "done 1");
}

#[test]
fn a_node_that_cannot_be_told_is_no_success() {
    let fake = haunted("forget-away", "master,noaddr", "");
    let steps = || vec![testing::forget(1, "dddd", &[M.1, OTHER.1, R.1])];
    let run = fake.run(steps(), &["--apply"]);
    run.ends(1, "Finished: done 1")
        .ends(1, "as they do not answer: ::1:7002");
    assert_eq!(run.sent.len(), 2);
    fake.run(steps(), &["--apply"])
        .ends(1, "as they do not answer: ::1:7002");
    let nobody = vec![testing::forget(1, "dddd", &[OTHER.1])];
    fake.run(nobody, &["--apply"])
        .ends(1, "nobody who is to forget it answers");
}

#[test]
fn what_lives_or_is_needed_is_not_forgotten() {
    let steps = |id| vec![testing::forget(1, id, &[M.1, R.1])];
    let owns = haunted("forget-owner", "master,noaddr", "7");
    owns.run(steps("dddd"), &["--apply"])
        .ends(1, "slots of dddd at 127.0.0.1:7000: expected none, seen 7")
        .sent(&[]);
    let lives = pair("forget-live");
    lives
        .run(steps("bbbb"), &["--apply"])
        .ends(1, "expected failed")
        .sent(&[]);
    lives
        .fresh()
        .run(steps("aaaa"), &["--apply"])
        .ends(1, "127.0.0.1:7000 is the node to be forgotten")
        .sent(&[]);
    let followed = haunted("forget-master", "master,noaddr", "");
    let me = line(R, "myself,slave", "dddd", "");
    followed.view(R, &[&me, "dddd :0@0 master,noaddr - 0 0 1 disconnected"]);
    followed
        .run(steps("dddd"), &["--apply"])
        .ends(
            1,
            "replicas of dddd at 127.0.0.2:7001: expected none, seen bbbb",
        )
        .sent(&[]);
}

#[test]
fn meets_only_who_is_blank_and_alone() {
    let fake = pair("meet");
    let me = line(OTHER, "myself,master", "-", "");
    fake.view(OTHER, &[&me]);
    let met = format!("{}\n{}\n", me, line(M, "master", "-", "0-16383"));
    fake.write("::1:7002/met", &met);
    fake.write(
        "then/CLUSTER-MEET-::1-7002",
        &format!(
            "echo '{}' >>127.0.0.1:7000/nodes; cp ::1:7002/met ::1:7002/nodes\n",
            line(OTHER, "master", "-", "")
        ),
    );
    let steps = || vec![testing::meet(1, M, OTHER)];
    fake.write("::1:7002/keys", "4\n");
    fake.run(steps(), &["--apply"])
        .ends(1, "keys of ::1:7002: expected none, seen 4")
        .sent(&[]);
    fake.fresh().write("::1:7002/keys", "0\n");
    fake.view(
        OTHER,
        &[&me, &line(("eeee", "127.0.0.9:1"), "master", "-", "")],
    );
    fake.run(steps(), &["--apply"])
        .ends(1, "expected itself alone, seen eeee")
        .sent(&[]);
    fake.fresh().view(OTHER, &[&me]);
    let sent = ["127.0.0.1:7000 CLUSTER MEET ::1 7002"];
    fake.run(steps(), &["--apply"])
        .ends(0, "done 1")
        .sent(&sent);
    fake.run(steps(), &["--apply"])
        .ends(0, "skipped 1")
        .sent(&sent);
}

#[test]
fn meets_at_an_unusual_bus_port() {
    let fake = pair("bus-port");
    let me = line(OTHER, "myself,master", "-", "");
    fake.view(OTHER, &[&me]);
    let met = format!("{}\n{}\n", me, line(M, "master", "-", "0-16383"));
    fake.write("::1:7002/met", &met);
    fake.write(
        "then/CLUSTER-MEET-::1-7002-9002",
        &format!(
            "echo '{}' >>127.0.0.1:7000/nodes; cp ::1:7002/met ::1:7002/nodes\n",
            line(OTHER, "master", "-", "")
        ),
    );
    let mut step = testing::meet(1, M, OTHER);
    step.target_bus_port = Some(9002);
    fake.run(vec![step.clone()], &[])
        .ends(0, "-h 127.0.0.1 -p 7000 CLUSTER MEET ::1 7002 9002\n");
    fake.run(vec![step], &["--apply"])
        .ends(0, "done 1")
        .sent(&["127.0.0.1:7000 CLUSTER MEET ::1 7002 9002"]);
}

#[test]
fn says_what_is_lost_for_good_before_it_is() {
    let lost = "DATA LOSS  step 1  127.0.0.2:7001 never finished a sync: what it lacks of the \
                data of slots 0-16383 is lost for good\n";
    for mode in [StepMode::Force, StepMode::Takeover] {
        let word = mode.word();
        let fake = pair(&format!("lost-{word}"));
        fs::remove_dir_all(fake.0.join(M.1)).expect("it was there");
        let down = SYNCED.replace("up", "down").replace(":77", ":0");
        fake.write(&format!("{}/replication", R.1), &down);
        let mut step = testing::failover(1, mode, R, M, "0-16383");
        fake.run(vec![step.clone()], &[]).ends(0, lost).sent(&[]);
        let run = fake.run(vec![step.clone()], &["--apply"]);
        run.ends(0, lost).ends(0, "done 1");
        let (warned, done) = (run.out.find("DATA LOSS"), run.out.find("done  step 1"));
        assert!(warned < done, "{}", run.out);
        step.guard.link = Some(GuardLink::Synced);
        let run = fake.run(vec![step], &[]);
        assert!(!run.out.contains("DATA LOSS"), "{}", run.out);
    }
}

#[test]
fn closes_only_slots_that_are_open() {
    let fake = Fake::new("set-slot");
    let open = line(M, "myself,master", "-", "0-16383 [9->-bbbb] [19-<-bbbb]");
    fake.view(M, &[&open]);
    fake.write(
        "then/CLUSTER-SETSLOT-9-STABLE",
        &format!(
            "echo '{}' >$node/nodes\n",
            line(M, "myself,master", "-", "0-16383 [19-<-bbbb]")
        ),
    );
    let steps = || vec![testing::set_slot(1, M, "8-10")];
    let sent = ["127.0.0.1:7000 CLUSTER SETSLOT 9 STABLE"];
    fake.run(steps(), &["--apply"])
        .ends(0, "done 1")
        .sent(&sent);
    fake.run(steps(), &["--apply"])
        .ends(0, "skipped 1")
        .sent(&sent);
}

#[test]
fn keys_that_only_the_importing_side_has_keep_the_slot_open() {
    let fake = Fake::new("importing");
    let view = |open: &str| line(M, "myself,master", "-", &format!("0-8 {open}"));
    fake.view(M, &[&view("[7->-bbbb] [9-<-bbbb] [10-<-bbbb]")]);
    for (slot, left) in [(7, "[9-<-bbbb] [10-<-bbbb]"), (9, "[10-<-bbbb]"), (10, "")] {
        let effect = format!("echo '{}' >$node/nodes\n", view(left));
        fake.write(&format!("then/CLUSTER-SETSLOT-{slot}-STABLE"), &effect);
    }
    let mut step = testing::set_slot(1, M, "7,9-10");
    step.guard.empty = Some(true);
    // Those of the migrating side are where they belong.
    fake.write("127.0.0.1:7000/keys-in-7", "5\n");
    fake.write("127.0.0.1:7000/keys-in-10", "2\n");
    fake.run(vec![step.clone()], &["--apply"])
        .ends(1, "keys of slot 10 at 127.0.0.1:7000: expected 0, seen 2")
        .sent(&[]);
    fake.fresh().write("127.0.0.1:7000/keys-in-10", "0\n");
    fake.run(vec![step], &["--apply"]).ends(0, "done 1").sent(&[
        "127.0.0.1:7000 CLUSTER SETSLOT 7 STABLE",
        "127.0.0.1:7000 CLUSTER SETSLOT 9 STABLE",
        "127.0.0.1:7000 CLUSTER SETSLOT 10 STABLE",
    ]);
}

#[test]
fn flushes_no_node_while_slots_lack_an_owner() {
    let fake = blank_replica("flush");
    fake.write("127.0.0.2:7001/keys", "4\n");
    fake.write("127.0.0.2:7001/keyspace", "db0:keys=4,expires=0\r\n");
    fake.write("then/FLUSHALL", "rm $node/keys $node/keyspace\n");
    let me = line(R, "myself,master", "-", "");
    let plan = |slots| {
        let mut plan = fake_plan(vec![testing::flush(1, R), testing::replicate(2, R, M)]);
        plan.cluster.shards = vec![testing::shard(M, slots)];
        plan
    };
    let blank = line(R, "master", "-", "");
    fake.view(R, &[&me, &line(M, "master", "-", "0-16383")]);
    fake.view(M, &[&line(M, "myself,master", "-", "0-16382"), &blank]);
    fake.run_plan(&plan("0-16382"), &["--apply"])
        .ends(
            1,
            "slots that live nodes own, at 127.0.0.1:7000: expected 0-16383, seen 0-16382",
        )
        .sent(&[]);
    fake.fresh()
        .view(M, &[&line(M, "myself,master", "-", "0-16383"), &blank]);
    let sent = [
        "127.0.0.2:7001 FLUSHALL",
        "127.0.0.2:7001 CLUSTER REPLICATE aaaa",
    ];
    fake.run_plan(&plan("0-16383"), &["--apply"])
        .ends(0, "done 2")
        .sent(&sent);
    // A replica holds its master's keys: those are not flushed by a second run.
    fake.write("127.0.0.2:7001/keys", "9\n");
    fake.write("127.0.0.2:7001/keyspace", "db0:keys=9,expires=0\r\n");
    for again in [&fake, fake.fresh()] {
        again
            .run_plan(&plan("0-16383"), &["--apply"])
            .ends(0, "skipped 2")
            .sent(&sent);
    }
}
