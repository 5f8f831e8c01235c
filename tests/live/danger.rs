//! Answers that could lose data if they were wrong: a real cluster is broken so that the wrong
//! answer is near, it is captured, the answer is followed, and the data is looked at.

use std::path::PathBuf;

use topoplan::action::StepMode;

use crate::flow::Planned;
use crate::flow::check_with;
use crate::flow::run;
use crate::flow::said;
use crate::flow::topoplan;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;
use crate::versions;

/// Everything that a plan says beside its steps, one a line.
fn words(planned: &Planned) -> Vec<String> {
    let plan = &planned.plan;
    let refusals = plan.refusals.iter();
    refusals
        .map(|r| format!("{}: {}; {}", r.subject, r.reason, r.unlock))
        .chain(plan.advice.iter().cloned())
        .chain(plan.remaining.iter().map(|f| f.help.clone()))
        .collect()
}

/// Some sentence speaks of starting that node again.
fn says_restart(planned: &Planned, address: &str) -> bool {
    words(planned)
        .iter()
        .any(|said| said.contains("restart") && said.contains(address))
}

/// It asks its master for a login that the master does not know, so its link never comes up.
fn lock_out(servers: &Servers, replica: usize) {
    servers.say(replica, &["CONFIG", "SET", "masteruser", "nobody"]);
    servers.say(replica, &["CONFIG", "SET", "masterauth", "nothing"]);
}

fn let_in(servers: &Servers, replica: usize) {
    servers.say(replica, &["CONFIG", "SET", "masterauth", ""]);
    servers.say(replica, &["CONFIG", "SET", "masteruser", ""]);
}

fn wait_link(servers: &Servers, replica: usize, wanted: &str) {
    until("the link is as wanted", || {
        match servers.replication(replica, "master_link_status")? {
            link if link == wanted => Ok(()),
            link => Err(link),
        }
    });
}

fn address(servers: &Servers, i: usize) -> String {
    servers.nodes[i].address.to_string()
}

#[test]
fn a_replica_that_never_synced_is_not_promoted() {
    never_synced("never-synced", None);
}

/// Up to 6.x such a replica tells the unix time as the moment since when its link is down.
#[test]
fn a_replica_that_never_synced_is_not_promoted_on_redis_6() {
    if let Some(program) = versions::program("redis-6", "redis-server") {
        never_synced("never-synced-6", Some(program));
    }
}

fn never_synced(name: &str, server: Option<PathBuf>) {
    let (owner, blank) = (0, 5);
    let mut layout = Layout::of(&[
        (1, None),
        (2, None),
        (3, None),
        (3, Some(1)),
        (1, Some(2)),
        (2, None),
    ]);
    layout.unmet = vec![blank];
    layout.options = vec!["--appendonly", "yes", "--cluster-migration-barrier", "5"];
    layout.server = server;
    let Some(mut servers) = Servers::start(name, layout) else {
        return;
    };
    servers.form();
    lock_out(&servers, blank);
    servers.nodes[blank].met = true;
    servers.meet(0, &[blank]);
    servers.replicate(blank, owner);
    wait_link(&servers, blank, "down");
    until("all see whom it follows", || servers.agreed());
    servers.kill(owner);
    until("the survivors notice", || servers.agreed());

    // It is empty: promoted, it would serve the slots without any of their keys.
    let planned = servers.plan(&[("S001", 1)]);
    assert_eq!(planned.actions(), [""; 0]);
    let dead = address(&servers, owner);
    assert!(says_restart(&planned, &dead), "{:#?}", words(&planned));

    // As told: it wrote its keys down.
    servers.restart(owner);
    let_in(&servers, blank);
    servers.wait_settled();
    servers.assert_keys();
}

#[test]
fn who_joined_after_a_death_is_no_witness_of_a_forget() {
    let (dead, late) = (3, 6);
    let mut layout = Layout::ring(3, 1);
    layout.nodes.push((3, None));
    layout.unmet = vec![late];
    let Some(mut servers) = Servers::start("late-joiner", layout) else {
        return;
    };
    servers.form();
    let gone = servers.id(dead);
    servers.kill(dead);
    until("the survivors notice", || servers.agreed());
    // The most ordinary repair: another one in its place.
    let own = servers.id(late);
    servers.nodes[late].met = true;
    let to = servers.nodes[0].address.clone();
    servers.say(late, &["CLUSTER", "MEET", to.ip(), &to.port().to_string()]);
    until("all survivors know it", || {
        for i in servers.members() {
            if servers.line(i, &own)?.is("handshake") {
                return Err("a handshake".to_owned());
            }
        }
        Ok(())
    });
    servers.replicate(late, 0);
    until("it follows", || servers.linked());
    // It heard of the dead, but not whom they followed.
    if let Ok(line) = servers.line(late, &gone) {
        assert_eq!(line.master, "-", "{line:?}");
    }

    let planned = servers.plan(&[("M003", 1), ("M004", 0)]);
    assert_eq!(planned.count("forget"), 0, "{:#?}", planned.plan.steps);
    // It comes back as what it was, and is known to all.
    servers.restart(dead);
    assert_eq!(servers.wait_settled().len(), 7);
    servers.assert_keys();
}

/// Two of three masters die; they keep nothing on disk.
#[test]
fn nobody_who_would_come_back_empty_is_to_be_restarted() {
    let layout = Layout::of(&[
        (1, None),
        (1, None),
        (2, None),
        (2, Some(0)),
        (3, Some(1)),
        (3, Some(2)),
    ]);
    let Some(mut servers) = Servers::start("keeps-nothing", layout) else {
        return;
    };
    servers.form();
    servers.kill(0);
    servers.kill(1);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("M003", 2), ("S001", 1)]);
    assert_eq!(planned.actions(), ["failover"; 2]);
    // Served again by who comes back empty, the copies would copy that.
    let down = planned.plan.found.iter();
    let down = down.filter(|f| f.code.as_str() == "M003" && f.subject.slots.is_some());
    assert_eq!(down.clone().count(), 2);
    for found in down {
        for words in ["do not restart it before ", "it would come back empty"] {
            assert!(found.help.contains(words), "{found:#?}");
        }
    }
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    // Now they may come back: as replicas of who took over.
    servers.restart(0);
    servers.restart(1);
    servers.wait_settled();
    servers.assert_keys();
}

#[test]
fn a_master_that_came_back_empty_is_not_copied() {
    let (owner, copy) = (0, 3);
    let mut layout = Layout::ring(3, 1);
    layout.node_timeout_ms = 15_000;
    let Some(mut servers) = Servers::start("came-back-empty", layout) else {
        return;
    };
    servers.form();
    assert_eq!(servers.nodes[copy].replicates, Some(owner));
    let held = servers.say(copy, &["DBSIZE"]);
    // Its link is cut at the wrong moment, or the right one: it cannot copy the emptiness.
    lock_out(&servers, copy);
    servers.kill(owner);
    servers.restart(owner);
    assert_eq!(servers.say(owner, &["DBSIZE"]).lines(), "0\n");
    wait_link(&servers, copy, "down");

    let planned = servers.plan(&[("R011", 1)]);
    assert_eq!(planned.count("replicate"), 0, "{:#?}", planned.plan.steps);
    let (empty, full) = (address(&servers, owner), address(&servers, copy));
    assert!(!says_restart(&planned, &empty), "{:#?}", words(&planned));
    let emptied = planned
        .plan
        .remaining
        .iter()
        .find(|f| f.code.as_str() == "R011")
        .expect("it is left to a human");
    let help = format!("stop {empty} now, before {full} copies it; then CLUSTER FAILOVER TAKEOVER");
    assert!(emptied.help.contains(&help), "{}", emptied.help);

    // As told.
    servers.kill(owner);
    servers.say(copy, &["CLUSTER", "FAILOVER", "TAKEOVER"]);
    assert_eq!(servers.say(copy, &["DBSIZE"]), held);
    let_in(&servers, copy);
    servers.restart(owner);
    servers.wait_settled();
    servers.assert_keys();
}

/// One host hears nobody else: either all the others are dead, or it is cut off.
#[test]
fn who_may_be_cut_off_takes_nothing_over() {
    let Some(servers) = Servers::start("cut-off", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let before = servers.wait_settled();
    let silent: Vec<usize> = servers
        .members()
        .into_iter()
        .filter(|&i| servers.nodes[i].host != 1)
        .collect();
    for &i in &silent {
        servers.pause(i);
    }
    let ids: Vec<String> = before.keys().cloned().collect();
    until("it hears nobody", || {
        for i in servers
            .members()
            .into_iter()
            .filter(|i| !silent.contains(i))
        {
            let lines = ids.iter().map(|id| servers.line(i, id));
            let lost = lines.filter(|l| l.as_ref().is_ok_and(|l| l.is("fail?") || l.is("fail")));
            match lost.count() {
                lost if lost == silent.len() => {}
                lost => return Err(format!("{lost} of {}", silent.len())),
            }
        }
        Ok(())
    });
    let capture = servers.capture_without("alone", &silent);
    let report = check_with(&servers.root, &capture, &[]);
    assert!(
        report.findings.iter().any(|f| f.code.as_str() == "Q003"),
        "{:#?}",
        report.findings
    );
    let output = run(topoplan(&servers.root).arg("plan").arg(&capture));
    let text = said(&output);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{text}");
    assert!(!text.contains("takeover 127."), "{text}");
    let output = run(topoplan(&servers.root)
        .arg("plan")
        .arg(&capture)
        .args(["-o", "alone.json"]));
    let text = said(&output);
    assert!(text.contains("--dead"), "what unlocks it is named: {text}");
    if let Ok(plan) = std::fs::read_to_string(servers.root.join("alone.json")) {
        assert!(!plan.contains("\"takeover\""), "{plan}");
    }

    // They lived.
    for &i in &silent {
        servers.resume(i);
    }
    assert_eq!(servers.wait_settled(), before);
    servers.assert_keys();
}

#[test]
fn a_replica_told_nofailover_leads_only_where_nobody_else_can() {
    let layout = Layout::ring(3, 1);
    let Some(mut servers) = Servers::start("nofailover", layout) else {
        return;
    };
    servers.form();
    let (owner, copy) = (0, 3);
    servers.say(
        copy,
        &["CONFIG", "SET", "cluster-replica-no-failover", "yes"],
    );
    let own = servers.id(copy);
    until("all know that it does not want to", || {
        for i in servers.members() {
            if !servers.line(i, &own)?.is("nofailover") {
                return Err(format!("{} does not", servers.nodes[i].address));
            }
        }
        Ok(())
    });
    let planned = servers.plan(&[("R010", 1)]);
    assert_eq!(planned.actions(), [""; 0]);

    // Its master dies, and nobody is elected.
    servers.kill(owner);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("R010", 1), ("S001", 1), ("M003", 1)]);
    assert_eq!(planned.actions(), ["failover"]);
    let promotion = planned.first("failover");
    assert_eq!(promotion.address, Some(address(&servers, copy)));
    assert_eq!(promotion.mode, Some(StepMode::Force));
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    servers.wait_settled();
    servers.assert_keys();

    // Its old master is back: handing over again goes to it, never from it back for balance.
    servers.restart(owner);
    servers.wait_settled();
    servers.assert_keys();
}

/// Balance alone is no reason to promote a copy whose operator said no; its operator may say yes.
#[test]
fn balance_does_not_promote_a_replica_told_nofailover() {
    let Some(servers) = Servers::start("nofailover-balance", Layout::ring(3, 2)) else {
        return;
    };
    servers.form();
    crate::masters::skew(&servers);
    let replicas: Vec<usize> = servers
        .members()
        .into_iter()
        .filter(|&i| !servers.owns_slots(i))
        .collect();
    for &i in &replicas {
        servers.say(i, &["CONFIG", "SET", "cluster-replica-no-failover", "yes"]);
    }
    until("all know that they do not want to", || {
        for i in servers.members() {
            let told = servers
                .view(i)?
                .iter()
                .filter(|l| l.is("nofailover"))
                .count();
            if told != replicas.len() {
                return Err(format!("{told} at {}", servers.nodes[i].address));
            }
        }
        Ok(())
    });
    let found = [("Q001", 1), ("R010", replicas.len())];
    let refused = servers.plan(&found);
    assert_eq!(refused.actions(), [""; 0]);
    assert!(
        words(&refused)
            .iter()
            .any(|w| w.contains("--promote-nofailover")),
        "{:#?}",
        words(&refused)
    );
    let planned = servers.plan_with(&found, &["--promote-nofailover"]);
    assert!(planned.count("failover") > 0, "{:#?}", planned.actions());
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    servers.wait_settled();
    servers.assert_keys();
    let after = check_with(&servers.root, &servers.capture("after"), &[]);
    assert!(after.findings.iter().all(|f| f.code.as_str() != "Q001"));
}
