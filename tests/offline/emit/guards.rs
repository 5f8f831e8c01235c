//! A guard looks at every node whose data the step risks or relies on. Each case spoils one thing
//! of a cluster in which the step would run.

use topoplan::action::GuardLink;
use topoplan::action::GuardRole;
use topoplan::action::StepMode;
use topoplan::emit::testing;
use topoplan::report::CopyHeld;
use topoplan::report::Donor;
use topoplan::report::PlanReport;
use topoplan::report::Receiver;
use topoplan::report::Step;

use super::fake::Fake;
use super::fake::M;
use super::fake::OTHER;
use super::fake::R;
use super::fake::SYNCED;
use super::fake::line;
use super::fake::plan;

const STALE: &str = "capture and plan again";
const AGAIN: &str = "run it again";

/// What changed at the nodes since the capture.
type Change = fn(&Fake);

/// What is spoilt, how, what is said of it, and which advice is given.
type Case = (&'static str, Change, &'static str, &'static str);

/// The step runs on the cluster as it is, and not on a spoilt one.
fn holds(name: &str, cluster: fn(&str) -> Fake, plan: &PlanReport, sent: &str, cases: &[Case]) {
    cluster(name)
        .run_plan(plan, &["--apply"])
        .ends(0, "Finished: done 1")
        .sent(&[sent]);
    for (what, spoil, said, advice) in cases {
        let fake = cluster(&format!("{name}-{what}"));
        spoil(&fake);
        fake.run_plan(plan, &["--apply"])
            .ends(1, said)
            .ends(1, advice)
            .sent(&[]);
    }
}

/// INFO replication of a master with so many replicas in sync.
fn feeds(replicas: usize) -> String {
    let one = |i| format!("slave{i}:ip=127.0.0.9,port={i},state=online,offset=77,lag=0\r\n");
    let all: String = (0..replicas).map(one).collect();
    format!("role:master\r\nconnected_slaves:{replicas}\r\n{all}")
}

/// M and OTHER own half of the slots each; R is one of two replicas of M.
fn halves(name: &str) -> Fake {
    let fake = Fake::new(name);
    let (m, o) = (
        line(M, "master", "-", "0-8191"),
        line(OTHER, "master", "-", "8192-16383"),
    );
    let r = line(R, "slave", M.0, "");
    let own = |line: &str| line.replace(" master ", " myself,master ");
    fake.view(R, &[&line(R, "myself,slave", M.0, ""), &m, &o]);
    fake.view(M, &[&own(&m), &o, &r]);
    fake.view(OTHER, &[&own(&o), &m, &r]);
    fake.replication(R, SYNCED);
    fake.replication(M, &feeds(2));
    fake.replication(OTHER, &feeds(0));
    let moved = line(R, "slave", OTHER.0, "");
    fake.write(
        "then/CLUSTER-REPLICATE-cccc",
        &format!(
            "echo '{}' >127.0.0.2:7001/nodes\nprintf '%s\\n' '{}' '{moved}' >::1:7002/nodes\n",
            line(R, "myself,slave", OTHER.0, ""),
            own(&o),
        ),
    );
    fake
}

fn halves_plan(step: Step) -> PlanReport {
    let mut plan = plan(vec![step]);
    plan.cluster.shards.clear();
    plan.cluster.members.clear();
    plan
}

/// R leaves M for OTHER.
fn moving() -> Step {
    let mut step = testing::replicate(1, R, OTHER);
    step.guard.role = Some(GuardRole::Replica);
    step.guard.master = Some(M.0.into());
    step.guard.empty = None;
    step.guard.donor = Some(Donor {
        id: M.0.into(),
        address: M.1.into(),
        slots: "0-8191".into(),
        keeps: 1,
    });
    step.guard.receiver = Some(Receiver {
        slots: "8192-16383".into(),
        replicas: 0,
    });
    step
}

/// R's view with M as given.
fn r_sees(fake: &Fake, m: &str) {
    let o = line(OTHER, "master", "-", "8192-16383");
    fake.view(R, &[&line(R, "myself,slave", M.0, ""), m, &o]);
}

#[test]
fn a_copy_is_not_given_up_while_its_master_may_be_gone() {
    let cases: [Case; 9] = [
        (
            "failed",
            |f| r_sees(f, &line(M, "master,fail", "-", "0-8191")),
            "127.0.0.2:7001 may hold its last copy",
            STALE,
        ),
        (
            "suspected",
            |f| {
                r_sees(
                    f,
                    "aaaa 127.0.0.1:7000@17000 master,fail? - 0 0 1 connected 0-8191",
                )
            },
            "127.0.0.2:7001 may hold its last copy",
            STALE,
        ),
        (
            "cut",
            |f| {
                r_sees(
                    f,
                    "aaaa 127.0.0.1:7000@17000 master - 0 0 1 disconnected 0-8191",
                )
            },
            "127.0.0.2:7001 may hold its last copy",
            STALE,
        ),
        (
            "link",
            |f| {
                f.replication(R, &SYNCED.replace("up", "down"));
            },
            "link of 127.0.0.2:7001: expected up",
            AGAIN,
        ),
        (
            "silent",
            |f| {
                f.dies(M);
            },
            "127.0.0.1:7000 does not answer",
            AGAIN,
        ),
        (
            "reborn",
            |f| {
                f.view(M, &[&line(("dddd", M.1), "myself,master", "-", "")]);
            },
            "id of its old master at 127.0.0.1:7000: expected aaaa, seen dddd",
            STALE,
        ),
        (
            "demoted",
            |f| {
                f.view(M, &[&line(M, "myself,slave", "dddd", "")]);
            },
            "role of its old master at 127.0.0.1:7000: expected master, seen replica",
            STALE,
        ),
        (
            "moved",
            |f| {
                f.view(M, &[&line(M, "myself,master", "-", "0-8000")]);
            },
            "slots of its old master at 127.0.0.1:7000: expected 0-8191, seen 0-8000",
            STALE,
        ),
        (
            "poorer",
            |f| {
                f.replication(M, &feeds(1));
            },
            "other replicas of 127.0.0.1:7000 in sync: expected 1, seen 0",
            STALE,
        ),
    ];
    let sent = "127.0.0.2:7001 CLUSTER REPLICATE cccc";
    holds("donor", halves, &halves_plan(moving()), sent, &cases);
    // A plan that leaves a shard with one copy says so, and then it may.
    let mut alone = moving();
    alone.guard.donor.as_mut().expect("set").keeps = 0;
    let fake = halves("donor-alone");
    fake.replication(M, &feeds(1));
    fake.run_plan(&halves_plan(alone), &["--apply"])
        .ends(0, "done 1");
}

#[test]
fn a_copy_is_given_only_to_the_planned_master_that_still_lacks_it() {
    let cases: [Case; 6] = [
        (
            "silent",
            |f| {
                f.dies(OTHER);
            },
            "::1:7002 does not answer",
            AGAIN,
        ),
        (
            "reborn",
            |f| {
                f.view(OTHER, &[&line(("dddd", OTHER.1), "myself,master", "-", "")]);
            },
            "id of its new master at ::1:7002: expected cccc, seen dddd",
            STALE,
        ),
        (
            "demoted",
            |f| {
                f.view(OTHER, &[&line(OTHER, "myself,slave", M.0, "")]);
            },
            "role of its new master at ::1:7002: expected master, seen replica",
            STALE,
        ),
        (
            "moved",
            |f| {
                f.view(OTHER, &[&line(OTHER, "myself,master", "-", "8192-9000")]);
            },
            "slots of its new master at ::1:7002: expected 8192-16383, seen 8192-9000",
            STALE,
        ),
        (
            "has-one",
            |f| {
                f.replication(OTHER, &feeds(1));
            },
            "replicas of ::1:7002: expected 0, seen 1: it needs this one no more",
            STALE,
        ),
        (
            "importing",
            |f| {
                let me = line(R, "myself,slave", M.0, "[7-<-aaaa]");
                let m = line(M, "master", "-", "0-8191");
                let o = line(OTHER, "master", "-", "8192-16383");
                f.view(R, &[&me, &m, &o]);
            },
            "open slots of 127.0.0.2:7001: expected none",
            STALE,
        ),
    ];
    let sent = "127.0.0.2:7001 CLUSTER REPLICATE cccc";
    holds("receiver", halves, &halves_plan(moving()), sent, &cases);
}

/// R follows `gone`, which nobody owns slots by, as in [`halves`] M and OTHER do.
fn leftover(name: &str) -> Fake {
    let fake = halves(name);
    let m = line(M, "master", "-", "0-8191");
    let o = line(OTHER, "master", "-", "8192-16383");
    let gone = "dddd 127.0.0.8:1@17000 master,fail - 0 0 1 disconnected";
    fake.view(R, &[&line(R, "myself,slave", "dddd", ""), &m, &o, gone]);
    fake.replication(R, &SYNCED.replace("up", "down"));
    fake.write(
        "then/CLUSTER-REPLICATE-cccc",
        &(std::fs::read_to_string(fake.0.join("then/CLUSTER-REPLICATE-cccc")).expect("there")
            + "cp 127.0.0.2:7001/later 127.0.0.2:7001/replication\n"),
    );
    fake.write(&format!("{}/later", R.1), SYNCED);
    fake
}

#[test]
fn what_a_replica_holds_is_dropped_only_where_it_is_held_elsewhere() {
    let mut step = moving();
    step.guard.master = Some("dddd".into());
    step.guard.donor = None;
    let cases: [Case; 2] = [
        (
            "owner",
            |f| {
                let m = line(M, "master", "-", "0-8191");
                let gone = "dddd 127.0.0.8:1@17000 master,fail - 0 0 1 disconnected 7";
                let o = line(OTHER, "master", "-", "8192-16383");
                f.view(R, &[&line(R, "myself,slave", "dddd", ""), &m, &o, gone]);
            },
            "slots of its master dddd at 127.0.0.2:7001: expected none, seen 7",
            STALE,
        ),
        (
            "uncovered",
            |f| {
                let own = line(OTHER, "myself,master", "-", "8192-16383");
                f.view(OTHER, &[&own, &line(M, "master,fail", "-", "0-8191")]);
            },
            "expected 0-16383, seen 8192-16383: 127.0.0.2:7001 may hold what is lost elsewhere",
            STALE,
        ),
    ];
    let sent = "127.0.0.2:7001 CLUSTER REPLICATE cccc";
    holds(
        "leftover",
        leftover,
        &halves_plan(step.clone()),
        sent,
        &cases,
    );
    // Slots that were lost before are no reason.
    step.guard.served = Some("8192-16383".into());
    let fake = leftover("leftover-lost");
    let own = line(OTHER, "myself,master", "-", "8192-16383");
    fake.view(OTHER, &[&own, &line(M, "master,fail", "-", "0-8191")]);
    fake.run_plan(&halves_plan(step), &["--apply"])
        .ends(0, "done 1");
}

/// R and OTHER are replicas of M, which is dead and failed for both; R is to be promoted.
fn orphans(name: &str) -> Fake {
    let fake = Fake::new(name);
    let m = line(M, "master,fail", "-", "0-16383");
    let (r, o) = (line(R, "slave", M.0, ""), line(OTHER, "slave", M.0, ""));
    fake.view(R, &[&line(R, "myself,slave", M.0, ""), &m, &o]);
    fake.view(OTHER, &[&line(OTHER, "myself,slave", M.0, ""), &m, &r]);
    fake.replication(R, &held(MINE, 77));
    fake.replication(OTHER, &held(MINE, 70));
    for mode in ["FORCE", "TAKEOVER"] {
        fake.write(
            &format!("then/CLUSTER-FAILOVER-{mode}"),
            &format!(
                "echo '{}' >$node/nodes\n",
                line(R, "myself,master", "-", "0-16383")
            ),
        );
    }
    fake
}

const MINE: &str = "00000000000000000000000000000000000000aa";
const THEIRS: &str = "00000000000000000000000000000000000000bb";

/// INFO replication of a replica whose master is gone.
fn held(history: &str, offset: u64) -> String {
    format!(
        "role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:0\r\n\
         master_link_down_since_seconds:9\r\nslave_repl_offset:{offset}\r\n\
         master_replid:{history}\r\n\
         master_replid2:0000000000000000000000000000000000000000\r\nsecond_repl_offset:-1\r\n"
    )
}

/// The same of one whose history goes on from another at an offset.
fn went_on(history: &str, from: &str, at: u64, offset: u64) -> String {
    held(history, offset)
        .replace(
            "master_replid2:0000000000000000000000000000000000000000",
            &format!("master_replid2:{from}"),
        )
        .replace("second_repl_offset:-1", &format!("second_repl_offset:{at}"))
}

fn promoting(mode: StepMode) -> PlanReport {
    let mut step = testing::failover(1, mode, R, M, "0-16383");
    step.guard.link = Some(GuardLink::Synced);
    step.guard.copy = Some(CopyHeld {
        offset: Some(77),
        history: Some(MINE.into()),
        rivals: vec![testing::party(OTHER)],
        histories_accepted: false,
    });
    let mut plan = plan(vec![step]);
    plan.cluster.shards[0].live = false;
    plan
}

#[test]
fn only_the_best_copy_is_promoted_by_force() {
    let cases: [Case; 6] = [
        (
            "older",
            |f| {
                f.replication(R, &held(MINE, 76));
            },
            "offset of 127.0.0.2:7001: expected 77 at least, seen 76: it lost what it held",
            STALE,
        ),
        (
            "other-history",
            |f| {
                f.replication(R, &held(THEIRS, 90));
            },
            "what it holds is not what was captured",
            STALE,
        ),
        (
            "better",
            |f| {
                f.replication(OTHER, &held(MINE, 78));
            },
            "offset of ::1:7002: expected at most 77 as at 127.0.0.2:7001, seen 78",
            STALE,
        ),
        (
            "goes-on",
            |f| {
                f.replication(OTHER, &went_on(THEIRS, MINE, 80, 85));
            },
            "history of ::1:7002: it goes on where that of 127.0.0.2:7001 ends",
            STALE,
        ),
        (
            "incomparable",
            |f| {
                f.replication(OTHER, &held(THEIRS, 5));
            },
            "nobody can tell which of them holds more",
            STALE,
        ),
        (
            "silent",
            |f| {
                f.dies(OTHER);
            },
            "lives by the view of 127.0.0.2:7001 and gives no answer: it may hold more",
            AGAIN,
        ),
    ];
    for mode in [StepMode::Force, StepMode::Takeover] {
        let word = mode.word();
        let sent = format!("127.0.0.2:7001 CLUSTER FAILOVER {}", word.to_uppercase());
        holds(
            &format!("best-{word}"),
            orphans,
            &promoting(mode),
            &sent,
            &cases,
        );
    }
}

#[test]
fn a_copy_that_cannot_be_better_stops_no_promotion() {
    let fine: [(&str, Change); 4] = [
        ("dead", |f| {
            let m = line(M, "master,fail", "-", "0-16383");
            let o = line(OTHER, "slave,fail", M.0, "");
            f.dies(OTHER);
            f.view(R, &[&line(R, "myself,slave", M.0, ""), &m, &o]);
        }),
        // What it holds is the beginning of what R holds.
        ("behind", |f| {
            f.replication(R, &went_on(MINE, THEIRS, 60, 77));
            f.replication(OTHER, &held(THEIRS, 50));
        }),
        ("blank", |f| {
            f.replication(OTHER, &held(THEIRS, 0));
        }),
        // Redis before 4.0 has offsets alone.
        ("old", |f| {
            let old = |offset| {
                let text = held(MINE, offset);
                let lines = text.lines().filter(|l| !l.contains("repli"));
                lines.collect::<Vec<_>>().join("\r\n") + "\r\n"
            };
            f.replication(R, &old(77));
            f.replication(OTHER, &old(70));
        }),
    ];
    for (name, change) in fine {
        let fake = orphans(&format!("fine-{name}"));
        change(&fake);
        fake.run_plan(&promoting(StepMode::Force), &["--apply"])
            .ends(0, "done 1");
    }
    // Whoever reviewed the plan said that this one it is.
    let fake = orphans("fine-accepted");
    fake.replication(OTHER, &held(THEIRS, 5));
    let mut plan = promoting(StepMode::Force);
    plan.steps[0]
        .guard
        .copy
        .as_mut()
        .expect("set")
        .histories_accepted = true;
    fake.run_plan(&plan, &["--apply"]).ends(0, "done 1");
}

#[test]
fn a_takeover_asks_the_dead_again() {
    let dead = ("dddd", "127.0.0.4:7003");
    let mut plan = promoting(StepMode::Takeover);
    plan.steps[0].guard.dead = vec![testing::party(dead)];
    let sent = "127.0.0.2:7001 CLUSTER FAILOVER TAKEOVER";
    let cases: [Case; 2] = [
        (
            "back",
            |f| {
                f.view(
                    ("", "127.0.0.4:7003"),
                    &["dddd 127.0.0.4:7003@1 myself,master - 0 0 1 connected 5"],
                );
            },
            "node dddd at 127.0.0.4:7003: expected no answer, seen one: it came back",
            STALE,
        ),
        (
            "loading",
            |f| {
                f.view(
                    ("", "127.0.0.4:7003"),
                    &["LOADING Redis is loading the dataset in memory"],
                );
            },
            "node dddd at 127.0.0.4:7003: expected no answer",
            STALE,
        ),
    ];
    holds("dead", orphans, &plan, sent, &cases);
    // Another process at its address is not it.
    let fake = orphans("dead-reborn");
    fake.view(
        dead,
        &["eeee 127.0.0.4:7003@1 myself,master - 0 0 1 connected"],
    );
    fake.run_plan(&plan, &["--apply"]).ends(0, "done 1");

    plan.steps[0].guard.minority = Some(true);
    let fake = orphans("minority");
    fake.run_plan(&plan, &["--apply"]).ends(0, "done 1");
    let fake = orphans("majority");
    let others = ["f1", "f2"].map(|id| line((id, "127.0.0.7:1"), "master", "-", "9"));
    let m = line(M, "master,fail", "-", "0-16383");
    let me = line(R, "myself,slave", M.0, "");
    fake.view(R, &[&me, &m, &others[0], &others[1]]);
    fake.run_plan(&plan, &["--apply"])
        .ends(
            1,
            "expected no majority, seen 2 of 3: a vote is possible again",
        )
        .ends(1, STALE)
        .sent(&[]);
}

#[test]
fn a_hand_over_looks_at_the_master_first() {
    let step = testing::failover(1, StepMode::Graceful, R, M, "0-8191");
    let handed = |name: &str| {
        let fake = halves(name);
        fake.write(
            "then/CLUSTER-FAILOVER",
            &format!(
                "echo '{}' >$node/nodes\n",
                line(R, "myself,master", "-", "0-8191")
            ),
        );
        fake
    };
    let cases: [Case; 4] = [
        (
            "moved",
            |f| {
                f.view(M, &[&line(M, "myself,master", "-", "40-8191")]);
            },
            "slots of the master at 127.0.0.1:7000: expected 0-8191, seen 40-8191",
            STALE,
        ),
        (
            "open",
            |f| {
                f.view(M, &[&line(M, "myself,master", "-", "0-8191 [7->-cccc]")]);
            },
            "open slots of 127.0.0.1:7000: expected none",
            STALE,
        ),
        (
            "silent",
            |f| {
                f.dies(M);
            },
            "127.0.0.1:7000 does not answer",
            AGAIN,
        ),
        (
            "link",
            |f| {
                f.replication(R, &SYNCED.replace("up", "down"));
            },
            "link of 127.0.0.2:7001: expected up",
            AGAIN,
        ),
    ];
    let sent = "127.0.0.2:7001 CLUSTER FAILOVER";
    holds("hand-over", handed, &halves_plan(step), sent, &cases);
}

/// M owns all slots, R is a slotless master with 4 keys.
fn stale_keys(name: &str) -> Fake {
    let fake = super::fake::blank_replica(name);
    fake.write("127.0.0.2:7001/keys", "4\n");
    fake.write("127.0.0.2:7001/keyspace", "db0:keys=4,expires=0\r\n");
    fake.write("then/FLUSHALL", "rm $node/keys $node/keyspace\n");
    fake
}

#[test]
fn nothing_is_flushed_that_somebody_uses() {
    let mut step = testing::flush(1, R);
    step.guard.keys = Some(4);
    let cases: [Case; 5] = [
        (
            "grown",
            |f| {
                f.write(
                    "127.0.0.2:7001/keyspace",
                    "db0:keys=3,expires=0\r\ndb1:keys=2,expires=0\r\n",
                );
            },
            "keys of 127.0.0.2:7001: expected at most 4, seen 5: somebody writes to it",
            STALE,
        ),
        (
            "importing",
            |f| {
                let m = line(M, "master", "-", "0-16383");
                f.view(R, &[&line(R, "myself,master", "-", "[9-<-aaaa]"), &m]);
            },
            "open slots of 127.0.0.2:7001: expected none, seen [9-<-aaaa]",
            STALE,
        ),
        (
            "moving",
            |f| {
                let own = line(M, "myself,master", "-", "0-16383 [9->-bbbb]");
                f.view(M, &[&own, &line(R, "master", "-", "")]);
            },
            "slots that 127.0.0.1:7000 is moving to bbbb: expected none",
            STALE,
        ),
        (
            "followed",
            |f| {
                let own = line(M, "myself,master", "-", "0-16383");
                let follower = line(OTHER, "slave", R.0, "");
                f.view(M, &[&own, &line(R, "master", "-", ""), &follower]);
            },
            "replicas of 127.0.0.2:7001: expected none, seen one",
            STALE,
        ),
        (
            "owns",
            |f| {
                f.view(R, &[&line(R, "myself,master", "-", "5")]);
            },
            "slots of 127.0.0.2:7001: expected none, seen 5",
            STALE,
        ),
    ];
    let sent = "127.0.0.2:7001 FLUSHALL";
    let flush = plan(vec![step]);
    holds("flush", stale_keys, &flush, sent, &cases);
    // A node that knows nobody cannot tell what the cluster has: an owner of slots is asked.
    let fake = stale_keys("flush-lonely");
    fake.view(R, &[&line(R, "myself,master", "-", "")]);
    fake.view(M, &[&line(M, "myself,master", "-", "0-16000")]);
    let mut lonely = flush;
    lonely.cluster.shards[0].slots = "0-16000".into();
    fake.run_plan(&lonely, &["--apply"])
        .ends(
            1,
            "slots that live nodes own, at 127.0.0.1:7000: expected 0-16383, seen 0-16000",
        )
        .sent(&[]);
}

#[test]
fn a_blank_master_that_slots_are_moved_to_is_not_attached() {
    let step = testing::replicate(1, R, M);
    let cases: [Case; 2] = [
        (
            "importing",
            |f| {
                let m = line(M, "master", "-", "0-16383");
                f.view(R, &[&line(R, "myself,master", "-", "[9-<-aaaa]"), &m]);
            },
            "open slots of 127.0.0.2:7001: expected none, seen [9-<-aaaa]",
            STALE,
        ),
        (
            "moving",
            |f| {
                let own = line(M, "myself,master", "-", "0-16383 [9->-bbbb]");
                f.view(M, &[&own, &line(R, "master", "-", "")]);
            },
            "slots that 127.0.0.1:7000 is moving to bbbb: expected none",
            STALE,
        ),
    ];
    let sent = "127.0.0.2:7001 CLUSTER REPLICATE aaaa";
    holds(
        "attach",
        super::fake::blank_replica,
        &plan(vec![step]),
        sent,
        &cases,
    );
}

#[test]
fn a_node_with_keys_is_met_only_as_it_was_captured() {
    let fake = super::fake::pair("meet-keys");
    let mut step = testing::meet(1, M, OTHER);
    step.guard.empty = None;
    step.guard.keys = Some(4);
    fake.write("::1:7002/keyspace", "db0:keys=5,expires=0\r\n");
    let me = line(OTHER, "myself,master", "-", "");
    fake.view(OTHER, &[&me]);
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(1, "keys of ::1:7002: expected at most 4, seen 5")
        .sent(&[]);
    // Alone it must be all the same: MEET joins clusters.
    fake.fresh()
        .write("::1:7002/keyspace", "db0:keys=4,expires=0\r\n");
    fake.view(
        OTHER,
        &[&me, &line(("eeee", "127.0.0.9:1"), "master", "-", "")],
    );
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(1, "expected itself alone, seen eeee")
        .sent(&[]);
    let open = line(OTHER, "myself,master", "-", "[9-<-eeee]");
    fake.fresh().view(OTHER, &[&open]);
    fake.run_plan(&plan(vec![step]), &["--apply"])
        .ends(1, "open slots of ::1:7002: expected none, seen [9-<-eeee]")
        .sent(&[]);
}

#[test]
fn keys_on_the_other_side_keep_a_slot_open() {
    let fake = halves("migrating");
    let o = line(OTHER, "master", "-", "8192-16383");
    fake.view(
        M,
        &[&line(M, "myself,master", "-", "0-8191 [7->-cccc]"), &o],
    );
    fake.write("::1:7002/keys-in-7", "3\n");
    let plan = halves_plan(testing::set_slot(1, M, "7"));
    fake.run_plan(&plan, &["--apply"])
        .ends(1, "keys of slot 7 at ::1:7002: expected 0, seen 3")
        .sent(&[]);
}

#[test]
fn who_comes_back_is_not_forgotten() {
    let ghost = ("dddd", "127.0.0.4:7003");
    let dead = "dddd 127.0.0.4:7003@17003 slave,fail aaaa 0 0 1 disconnected";
    let haunted = |name: &str| {
        let fake = super::fake::pair(name);
        for at in [M, R] {
            let nodes = std::fs::read_to_string(fake.0.join(at.1).join("nodes")).expect("there");
            fake.write(&format!("{}/nodes", at.1), &format!("{nodes}{dead}\n"));
        }
        fake.write(
            "then/CLUSTER-FORGET-dddd",
            "cp $node/replica-nodes $node/nodes\n",
        );
        fake
    };
    let mut step = testing::forget(1, ghost.0, &[M.1, R.1]);
    step.target_address = Some(ghost.1.into());
    let own = format!(
        "{} {}@1 myself,slave {} 0 0 1 connected",
        ghost.0, ghost.1, M.0
    );
    let fake = haunted("back");
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(0, "done 1");
    let fake = haunted("back-before");
    fake.view(ghost, &[&own]);
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(
            1,
            "node dddd at 127.0.0.4:7003: expected no answer, seen one: it came back",
        )
        .ends(1, STALE)
        .sent(&[]);
    // The address may be told by those who list it alone.
    let mut unaddressed = step.clone();
    unaddressed.target_address = None;
    let fake = haunted("back-listed");
    fake.view(ghost, &[&own]);
    fake.run_plan(&plan(vec![unaddressed]), &["--apply"])
        .ends(1, "it came back")
        .sent(&[]);
    // Told to some already, the way back is said.
    let fake = haunted("back-meanwhile");
    fake.write(
        "then/CLUSTER-FORGET-dddd",
        &format!(
            "cp $node/replica-nodes $node/nodes\nmkdir -p {0}\necho '{own}' >{0}/nodes\n",
            ghost.1
        ),
    );
    fake.run_plan(&plan(vec![step.clone()]), &["--apply"])
        .ends(1, "it came back")
        .ends(1, "CLUSTER MEET 127.0.0.4 7003");
    // Another process at an address that is told is another cluster, or a reborn node.
    let fake = haunted("told-reborn");
    fake.view(R, &[&line(("eeee", R.1), "myself,master", "-", ""), dead]);
    fake.run_plan(&plan(vec![step]), &["--apply"])
        .ends(1, "id at 127.0.0.2:7001: expected bbbb, seen eeee")
        .sent(&[]);
}

#[test]
fn says_that_writes_will_be_refused() {
    let fake = halves("min-replicas");
    fake.write("127.0.0.1:7000/min-replicas", "2\n");
    let said =
        "writes refused: 127.0.0.1:7000 wants 2 replicas in sync (min-replicas-to-write) and has 1";
    let plan = halves_plan(moving());
    fake.run_plan(&plan, &[]).ends(0, said);
    fake.run_plan(&plan, &["--apply"]).ends(0, said);
    let fake = halves("min-replicas-kept");
    fake.write("127.0.0.1:7000/min-replicas", "1\n");
    let run = fake.run_plan(&plan, &["--apply"]);
    run.ends(0, "done 1");
    assert!(!run.out.contains("writes refused"), "{}", run.out);
}

#[test]
fn another_cluster_at_the_addresses_is_told_before_anything_is_sent() {
    let foreign = |name: &str| {
        let fake = super::fake::pair(name);
        for (at, id) in [(M, "e1"), (R, "e2"), (OTHER, "e3")] {
            fake.view(at, &[&line((id, at.1), "myself,master", "-", "0-16383")]);
        }
        fake
    };
    let plans = [
        (
            "forget",
            plan(vec![testing::forget(1, "dddd", &[M.1, R.1])]),
        ),
        ("none", plan(Vec::new())),
        ("unowned", {
            let mut plan = plan(vec![testing::forget(1, "dddd", &[M.1, R.1])]);
            plan.cluster.shards.clear();
            plan
        }),
        ("move", plan(vec![moving()])),
    ];
    for (name, plan) in plans {
        let fake = foreign(&format!("foreign-{name}"));
        fake.run_plan(&plan, &["--apply"])
            .ends(1, "id at 127.0.0.1:7000: expected aaaa, seen e1")
            .ends(1, STALE)
            .sent(&[]);
        fake.run_plan(&plan, &[]).ends(
            0,
            "cluster: not as captured: id at 127.0.0.1:7000: expected aaaa, seen e1",
        );
    }
}

#[test]
fn a_change_that_this_plan_did_not_make_is_told_by_the_epochs() {
    let steps = || vec![testing::failover(1, StepMode::Graceful, R, M, "0-16383")];
    let fake = super::fake::pair("epochs");
    fake.run_plan(&plan(steps()), &[])
        .ends(0, "1 owners of slots answer, with the same config epochs");
    let mut other = plan(steps());
    other.cluster.shards[0].config_epoch = Some(9);
    fake.run_plan(&other, &["--apply"])
        .ends(
            1,
            "config epoch of 127.0.0.1:7000, master of 0-16383: expected 9, seen 1",
        )
        .ends(1, STALE)
        .sent(&[]);
    // Promoted by somebody, as this plan would: that is the step, done.
    let promoted =
        line(R, "myself,master", "-", "0-16383").replace(" 1 connected", " 12 connected");
    let m = line(M, "myself,slave", R.0, "");
    fake.fresh()
        .view(R, &[&promoted, &line(M, "slave", R.0, "")]);
    fake.view(M, &[&m, &line(R, "master", "-", "0-16383")]);
    fake.run_plan(&plan(steps()), &["--apply"])
        .ends(0, "Nothing to do: done 0, skipped 1")
        .sent(&[]);
    // By a plan without that step it is a change.
    fake.fresh()
        .run_plan(&plan(vec![testing::set_slot(1, M, "1")]), &["--apply"])
        .ends(
            1,
            "master of 0-16383: expected 127.0.0.1:7000, seen it as replica of bbbb",
        )
        .ends(1, STALE);
    // So it is if the dead master of the capture serves again.
    let mut dead = plan(steps());
    dead.cluster.shards[0].live = false;
    let fake = super::fake::pair("epochs-dead");
    fake.run_plan(&dead, &["--apply"])
        .ends(1, "was dead when it was captured, and serves again");
}

#[test]
fn an_old_capture_must_show_that_it_still_holds() {
    let mut old = plan(vec![testing::failover(
        1,
        StepMode::Graceful,
        R,
        M,
        "0-16383",
    )]);
    old.cluster.taken = Some(1_000_000_000);
    let fake = super::fake::pair("old");
    fake.run_plan(&old, &[])
        .ends(0, "captured 2001-09-09T01:46:40Z, ");
    // The same epochs: nobody was promoted since.
    fake.run_plan(&old, &["--apply"]).ends(0, "done 1");
    old.cluster.shards[0].config_epoch = None;
    let fake = super::fake::pair("old-epochs");
    fake.run_plan(&old, &["--apply"])
        .ends(
            1,
            "the config epochs cannot show that nothing changed since",
        )
        .sent(&[]);
    old.cluster.taken = None;
    fake.run_plan(&old, &["--apply"])
        .ends(1, "nothing in the capture tells when it was taken")
        .sent(&[]);
    fake.run_plan(&old, &["--apply", "--accept-age"])
        .ends(0, "done 1");
}
