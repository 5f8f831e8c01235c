//! The cluster changes between the capture and the run. The script must see it, at whichever node
//! it shows, and nothing may be lost.

use std::process::Output;

use crate::flow::Planned;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

/// Exits 1 and says so.
#[track_caller]
fn stops(output: &Output, words: &str) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(words), "`{words}` is not in {text}");
}

/// Three masters, of which the first has two replicas and the last none: one has to move.
fn uneven() -> Layout {
    let mut layout = Layout::of(&[
        (1, None),
        (2, None),
        (3, None),
        (2, Some(0)),
        (3, Some(0)),
        (1, Some(1)),
    ]);
    // No replica may wander off by itself.
    layout.options = vec!["--cluster-migration-barrier", "5"];
    layout
}

/// The replica that the only step moves.
fn moved(servers: &Servers, planned: &Planned) -> usize {
    assert_eq!(planned.actions(), ["replicate"]);
    servers.at(planned.first("replicate").address.as_deref())
}

#[test]
fn the_last_copy_of_a_shard_is_not_given_away() {
    let Some(mut servers) = Servers::start("last-copy", uneven()) else {
        return;
    };
    servers.form();
    let planned = servers.plan(&[("R001", 1)]);
    let copy = moved(&servers, &planned);
    let other = [3, 4].into_iter().find(|&i| i != copy).expect("two");
    let held = servers.say(copy, &["DBSIZE"]);

    // Its writes will be refused while it has one replica; that is said.
    servers.say(0, &["CONFIG", "SET", "min-replicas-to-write", "2"]);
    let shown = servers.script(&planned, &[]);
    assert!(
        said(&shown).contains("writes refused: "),
        "{}",
        said(&shown)
    );
    servers.say(0, &["CONFIG", "SET", "min-replicas-to-write", "0"]);

    // The donor hangs, and nobody takes over.
    for i in [copy, other] {
        servers.say(i, &["CONFIG", "SET", "cluster-replica-no-failover", "yes"]);
    }
    servers.pause(0);
    stops(&servers.script(&planned, &["--apply"]), "does not answer");
    assert_eq!(servers.say(copy, &["DBSIZE"]), held);
    servers.resume(0);
    servers.wait_settled();

    // It has lost its other replica: this one is all there is beside it.
    servers.kill(other);
    until("the donor notices", || servers.agreed());
    stops(
        &servers.script(&planned, &["--apply"]),
        "other replicas of ",
    );
    assert_eq!(servers.say(copy, &["DBSIZE"]), held);

    // It dies.
    servers.kill(0);
    until("the survivors notice", || servers.agreed());
    let planned = servers.rewrite(&planned);
    stops(&servers.script(&planned, &["--apply"]), "does not answer");
    assert_eq!(servers.say(copy, &["DBSIZE"]), held);
    servers.say(
        copy,
        &["CONFIG", "SET", "cluster-replica-no-failover", "no"],
    );
    until("the copy takes over", || servers.serving());
    servers.assert_keys();
}

#[test]
fn a_replica_is_not_moved_to_who_needs_it_no_more() {
    let mut layout = uneven();
    layout.nodes.push((1, Some(2)));
    let Some(mut servers) = Servers::start("needs-no-more", layout) else {
        return;
    };
    servers.form();
    servers.kill(6);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("R001", 1)]);
    moved(&servers, &planned);
    servers.restart(6);
    let before = servers.wait_settled();
    stops(
        &servers.script(&planned, &["--apply"]),
        "it needs this one no more",
    );
    assert_eq!(servers.wait_settled(), before);
    servers.assert_keys();
}

#[test]
fn what_the_servers_moved_by_themselves_is_not_moved_again() {
    let mut layout = uneven();
    layout.nodes.push((1, Some(2)));
    layout.options.clear();
    let Some(mut servers) = Servers::start("moved-by-themselves", layout) else {
        return;
    };
    servers.form();
    servers.kill(6);
    until("the survivors notice", || servers.agreed());
    // Theirs comes 5 s after that.
    let planned = servers.plan(&[("R001", 1)]);
    moved(&servers, &planned);
    let orphan = servers.id(2);
    until("a replica comes by itself", || {
        let view = servers.view(2)?;
        // The one that was killed may still be under suspicion only.
        let dead = |line: &crate::views::Line| line.is("fail") || line.is("fail?");
        let came = |line: &crate::views::Line| line.master == orphan && !dead(line);
        view.iter()
            .any(came)
            .then_some(())
            .ok_or_else(|| "none yet".to_owned())
    });
    let before = servers.wait_settled();
    // Whichever came: the planned one, and the step is done, or another, and it is not needed.
    let applied = servers.script(&planned, &["--apply"]);
    let text = said(&applied);
    assert!(
        text.contains("Nothing to do")
            || text.contains("it needs this one no more")
            || text.contains("other replicas of"),
        "{text}"
    );
    assert_eq!(servers.wait_settled(), before, "{text}");
    servers.assert_keys();
}

/// Three masters, two of them on one host, and two replicas for the first.
fn two_on_one_host() -> Layout {
    Layout::of(&[
        (1, None),
        (1, None),
        (2, None),
        (2, Some(0)),
        (3, Some(0)),
        (3, Some(1)),
        (3, Some(2)),
    ])
}

#[test]
fn a_copy_that_fell_behind_is_not_promoted() {
    let Some(mut servers) = Servers::start("fell-behind", two_on_one_host()) else {
        return;
    };
    servers.form();
    // What is on disk is older than what they hold.
    for i in [3, 4] {
        servers.say(i, &["SAVE"]);
    }
    servers.write_more_keys();
    servers.kill(0);
    servers.kill(1);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("M003", 2), ("S001", 1)]);
    let promoted = planned
        .plan
        .steps
        .iter()
        .map(|step| servers.at(step.address.as_deref()))
        .find(|i| [3, 4].contains(i))
        .expect("the first shard is served again");
    servers.kill(promoted);
    servers.restart(promoted);
    until("it is back", || servers.agreed());
    let stopped = servers.script(&planned, &["--apply"]);
    let text = said(&stopped);
    assert_eq!(stopped.status.code(), Some(1), "{text}");
    assert!(
        text.contains("it lost what it held when it was captured")
            || text.contains("it is the better copy")
            || text.contains("a link down since ever"),
        "{text}"
    );
    // Planned anew, the other one is promoted, and nothing is lost.
    let planned = servers.plan(&[]);
    assert!(
        planned
            .plan
            .steps
            .iter()
            .all(|s| servers.at(s.address.as_deref()) != promoted),
        "{:#?}",
        planned.plan.steps
    );
    let applied = servers.script(&planned, &["--apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    servers.wait_settled();
    servers.assert_keys();
    servers.assert_more_keys();
}

#[test]
fn nobody_is_taken_over_from_who_came_back() {
    let mut layout = two_on_one_host();
    layout.options = vec!["--appendonly", "yes"];
    let Some(mut servers) = Servers::start("came-back", layout) else {
        return;
    };
    servers.form();
    servers.kill(0);
    servers.kill(1);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan(&[("M003", 2), ("S001", 1)]);
    servers.restart(0);
    servers.restart(1);
    let before = servers.wait_settled();
    stops(&servers.script(&planned, &["--apply"]), "serves again");
    assert_eq!(servers.wait_settled(), before);
    servers.assert_keys();
}

#[test]
fn a_node_that_slots_are_moved_to_is_not_flushed() {
    let mut layout = Layout::ring(3, 1);
    layout.unmet = vec![4];
    let Some(mut servers) = Servers::start("moved-to", layout) else {
        return;
    };
    servers.form();
    crate::slots::break_stale_keys(&mut servers, 4);
    let planned = servers.plan_with(&[("R001", 1), ("R009", 1)], &["--flush-stale"]);
    assert_eq!(planned.actions(), ["flush", "replicate"]);
    // Somebody moves a slot there, with what is in it.
    let (slot, key) = ("100", servers.key_in("100"));
    let owner = 0;
    let (ids, to) = (
        [servers.id(4), servers.id(owner)],
        servers.nodes[4].address.clone(),
    );
    servers.say(owner, &["SET", &key, "moved"]);
    servers.say(4, &["CLUSTER", "SETSLOT", slot, "IMPORTING", &ids[1]]);
    servers.say(owner, &["CLUSTER", "SETSLOT", slot, "MIGRATING", &ids[0]]);
    servers.say(
        owner,
        &[
            "MIGRATE",
            to.ip(),
            &to.port().to_string(),
            &key,
            "0",
            "5000",
        ],
    );
    stops(&servers.script(&planned, &["--apply"]), "open slots of ");
    servers.say(4, &["ASKING"]);
    assert_eq!(servers.say(4, &["GET", &key]).text(), "moved");
    // Even where only the count tells: it is another one than was captured.
    servers.say(4, &["CLUSTER", "SETSLOT", slot, "STABLE"]);
    servers.say(owner, &["CLUSTER", "SETSLOT", slot, "STABLE"]);
    let planned = servers.rewrite(&planned);
    stops(
        &servers.script(&planned, &["--apply"]),
        "somebody writes to it",
    );
    servers.say(4, &["CLUSTER", "SETSLOT", slot, "IMPORTING", &ids[1]]);
    servers.say(4, &["ASKING"]);
    assert_eq!(servers.say(4, &["GET", &key]).text(), "moved");
}

#[test]
fn who_came_back_is_not_forgotten() {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.push((3, Some(0)));
    let Some(mut servers) = Servers::start("not-forgotten", layout) else {
        return;
    };
    servers.form();
    servers.kill(6);
    until("the survivors notice", || servers.agreed());
    let planned = servers.plan_with(&[("M003", 1)], &["--forget-dead"]);
    assert_eq!(planned.actions(), ["forget"]);
    servers.restart(6);
    // It answers, and the others may not have noticed yet.
    let stopped = servers.script(&planned, &["--apply"]);
    let text = said(&stopped);
    assert_eq!(stopped.status.code(), Some(1), "{text}");
    assert!(
        text.contains("it came back") || text.contains("expected failed"),
        "{text}"
    );
    assert_eq!(servers.wait_settled().len(), 7);
    servers.assert_keys();
}

#[test]
fn a_resharded_master_is_not_handed_over_blindly() {
    let Some(servers) = Servers::start("resharded", Layout::ring(3, 2)) else {
        return;
    };
    servers.form();
    crate::masters::skew(&servers);
    let planned = servers.plan(&[("P005", 1)]);
    let old = servers.at(planned.plan.steps[0].target_address.as_deref());
    let to = servers
        .members()
        .into_iter()
        .find(|&i| i != old && servers.owns_slots(i))
        .expect("another master");
    let slot = servers.first_slot(old);
    servers.move_empty_slot(&slot, old, to);
    let before = servers.wait_settled();
    stops(&servers.script(&planned, &["--apply"]), "slots of ");
    assert_eq!(servers.wait_settled(), before);
}
