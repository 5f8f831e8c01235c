use super::*;
use crate::model::testing::cluster;
use crate::model::testing::id;
use crate::plan;
use crate::plan::NoPlan;
use crate::plan::Plan;
use crate::plan::Request;
use crate::plan::slots::Balance;
use crate::plan::slots::Create;
use crate::plan::slots::MoveSlots;
use crate::plan::slots::SomeSlots;

fn planned(cluster: &Cluster, goals: &SlotGoals) -> Result<Plan, NoPlan> {
    let policy = Policy::default();
    let request = Request {
        slots: goals.clone(),
        ..Request::default()
    };
    plan::plan(cluster, &policy, &policy.wanted(cluster), &request)
}

fn made(cluster: &Cluster, goals: &SlotGoals) -> Plan {
    planned(cluster, goals).expect("a plan")
}

fn address(cluster: &Cluster, name: &str) -> Address {
    cluster
        .node(id(cluster, name))
        .address
        .clone()
        .expect("it has one")
}

fn even() -> SlotGoals {
    SlotGoals {
        balance: Some(Balance {
            by: Basis::Slots,
            within: 0,
        }),
        ..SlotGoals::default()
    }
}

fn words(plan: &Plan) -> Vec<&'static str> {
    let steps = plan.steps.iter();
    steps.map(|s| s.draft.action.kind().spec().word).collect()
}

const RING: &str = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x*@h1 y*@h2";

#[test]
fn who_joins_has_its_replica_before_its_slots() {
    let at = cluster(RING);
    let goals = SlotGoals {
        join: vec![address(&at, "x")],
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals);
    let expected = ["meet", "meet", "replicate"];
    assert_eq!(words(&plan)[..3], expected);
    assert_eq!(words(&plan)[3..], ["migrate-slots"; 3]);
    let tally = plan.slots.clone().expect("slots move");
    assert_eq!((tally.moved, tally.moved_bound), (4096, 4096));
    assert_eq!((tally.pairs, tally.pairs_bound), (3, 3));
    assert_eq!(plan.end.node(id(&at, "x")).slots.len(), 4096);
    assert!(plan.exposure.is_empty());
    // Four masters on three hosts: two of them are half of all.
    let left = plan.remaining.iter().map(|f| f.rule.code);
    assert_eq!(left.collect::<Vec<_>>(), [Code::HostHoldsMajority]);
    assert_eq!(words(&made(&plan.end, &even())), [""; 0]);
    // And back.
    let goals = SlotGoals {
        leave: vec!["node:10.0.0.1:7007".parse().expect("a domain")],
        ..SlotGoals::default()
    };
    let back = made(&plan.end, &goals);
    let last = [
        "migrate-slots",
        "migrate-slots",
        "migrate-slots",
        "reset",
        "forget",
    ];
    assert_eq!(words(&back), last);
    let counts: Vec<u32> = ["m1", "m2", "m3"]
        .map(|m| back.end.node(id(&at, m)).slots.len())
        .into();
    assert_eq!(counts.iter().sum::<u32>(), 16384);
    assert!(counts.iter().all(|n| (5461..=5462).contains(n)));
    assert!(back.remaining.is_empty(), "{:?}", back.remaining);
}

#[test]
fn who_left_is_not_taken_in_again() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x*@h1");
    let policy = Policy {
        replicas: crate::policy::Replicas::Exactly(2),
        ..Policy::default()
    };
    let request = Request {
        slots: SlotGoals {
            leave: vec!["node:10.0.0.1:7007".parse().expect("a domain")],
            ..SlotGoals::default()
        },
        ..Request::default()
    };
    let plan = plan::plan(&at, &policy, &policy.wanted(&at), &request);
    assert_eq!(words(&plan.expect("a plan")), [""; 0]);
}

#[test]
fn a_cluster_keeps_three_masters() {
    let at = cluster(RING);
    let goals = SlotGoals {
        empty: vec![address(&at, "m1")],
        ..SlotGoals::default()
    };
    let few = planned(&at, &goals).err();
    assert_eq!(few, Some(NoPlan::Slots(SlotTrouble::TooFew { masters: 2 })));
    let goals = SlotGoals {
        shards: Some(6),
        ..SlotGoals::default()
    };
    let lacking = planned(&at, &goals).err();
    assert_eq!(
        lacking,
        Some(NoPlan::Slots(SlotTrouble::TooFewSpares { lacking: 1 }))
    );
}

#[test]
fn exactly_what_is_lost_is_given_up() {
    let at = cluster("m1@h1 <; m2@h2 <; m3!@h3 <");
    let lost = at.node(id(&at, "m3")).slots.clone();
    let goals = |slots: SlotSet| SlotGoals {
        give_up: Some(slots),
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals(lost.clone()));
    let expected = [
        "forget",
        "add-slots",
        "add-slots",
        "bump-epoch",
        "bump-epoch",
    ];
    assert_eq!(words(&plan), expected);
    assert!(plan.end.uncovered().is_empty());
    let counts = ["m1", "m2"].map(|m| plan.end.node(id(&at, m)).slots.len());
    assert_eq!(counts, [8192, 8192]);
    let mut fewer = lost.clone();
    fewer.remove(16383);
    let more = planned(&at, &goals(fewer)).err();
    assert!(matches!(
        more,
        Some(NoPlan::Slots(SlotTrouble::LostToo { .. }))
    ));
    let mut others = lost;
    others.insert(0);
    let held = planned(&at, &goals(others)).err();
    let m1 = id(&at, "m1");
    assert!(
        matches!(held, Some(NoPlan::Slots(SlotTrouble::HasCopy { node, .. })) if node == m1)
    );
}

#[test]
fn nothing_with_a_live_replica_is_given_up() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3!@h3 < r3~@h1");
    let lost = at.node(id(&at, "m3")).slots.clone();
    let goals = SlotGoals {
        give_up: Some(lost),
        ..SlotGoals::default()
    };
    let held = planned(&at, &goals).err();
    let r3 = id(&at, "r3");
    assert!(
        matches!(held, Some(NoPlan::Slots(SlotTrouble::HasCopy { node, .. })) if node == r3)
    );
}

#[test]
fn a_new_cluster_is_clean() {
    let at = cluster("a*@h1 b*@h2 c*@h3 d*@h1 e*@h2 f*@h3");
    let goals = SlotGoals {
        create: Some(Create {
            masters: None,
            replicas: None,
        }),
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals);
    let of = |word| words(&plan).iter().filter(|w| **w == word).count();
    assert_eq!(
        (
            of("set-epoch"),
            of("meet"),
            of("add-slots"),
            of("replicate")
        ),
        (3, 5, 3, 3)
    );
    assert_eq!(plan.remaining, []);
    assert_eq!(words(&made(&plan.end, &SlotGoals::default())), [""; 0]);
}

/// The steps of the kind stand behind every move of slots at whom they are about.
fn behind_the_moves(plan: &Plan, word: &str) -> usize {
    let words = words(plan);
    let last = words.iter().rposition(|w| *w == "migrate-slots");
    let found = words.iter().enumerate().filter(|(_, w)| **w == word);
    let found: Vec<usize> = found.map(|(place, _)| place).collect();
    assert!(found.iter().all(|&place| Some(place) > last), "{words:?}");
    let named = |&&place: &&usize| {
        let after = plan.steps[place].after.iter();
        after.clone().any(|&a| words[a] == "migrate-slots")
    };
    found.iter().filter(named).count()
}

#[test]
fn who_gives_or_gets_is_handed_over_after_that() {
    let at = cluster("m0@h1 <; m1@h1 < r1x0@h2; m2@h1 <; m3@h1 <");
    for (from, to) in [("m1", "m2"), ("m2", "m1")] {
        let mut at = at.clone();
        let some: Vec<u16> = at.node(id(&at, to)).slots.iter().take(9).collect();
        for slot in some {
            let (from, to) = (id(&at, from), id(&at, to));
            at.node_mut(to).slots.remove(slot);
            at.node_mut(from).slots.insert(slot);
        }
        let plan = made(&at, &even());
        assert_eq!(behind_the_moves(&plan, "failover"), 1);
    }
    // Who was named as a master stays one.
    let first = at.node(id(&at, "m1")).slots.iter().next();
    let goals = SlotGoals {
        moves: vec![MoveSlots {
            slots: SomeSlots::These(SlotSet::from_ranges(first.map(|slot| (slot, slot)))),
            from: address(&at, "m1"),
            to: address(&at, "m2"),
        }],
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals);
    assert_eq!(words(&plan), ["migrate-slots"]);
    assert_eq!(words(&made(&plan.end, &goals)), [""; 0]);
}

#[test]
fn who_gave_everything_is_attached_after_that() {
    let at = cluster("m0@h1 <; m1@h2 <; m2@h1 <; m3@h1 <");
    let goals = SlotGoals {
        empty: vec![address(&at, "m3")],
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals);
    assert!(plan.end.node(id(&at, "m3")).is_replica());
    behind_the_moves(&plan, "replicate");
    let at = cluster("m0@h2 <; m1@h2 < r1x0@h1; m2@h1 <; m3@h1 <; m4@h1 <");
    let goals = SlotGoals {
        shards: Some(3),
        ..SlotGoals::default()
    };
    let plan = made(&at, &goals);
    // The replica leaves once the shard has what comes to it, and with that other copies.
    let words = words(&plan);
    let copied = words.iter().position(|w| *w == "replicate");
    let waits = copied.map(|place| &plan.steps[place].after[..]);
    assert!(waits.is_some_and(|after| after.iter().any(|&a| words[a] == "migrate-slots")));
}

#[test]
fn a_thousand_masters_and_a_hundred_more() {
    let mut text: Vec<String> = (0..1000).map(|n| format!("m{n}@h{n} <")).collect();
    let blanks: Vec<String> = (0..100).map(|n| format!("x{n}@y{n}")).collect();
    text.push(blanks.join(" "));
    let at = cluster(&text.join(";"));
    let goals = SlotGoals {
        shards: Some(1100),
        ..even()
    };
    let reshaped = reshape(&at, &Policy::default(), &goals);
    let tally = reshaped.ok().flatten().expect("slots move").tally;
    assert_eq!(tally.moved, tally.moved_bound);
    assert_eq!((tally.pairs, tally.pairs_bound), (1000, 1000));
}
