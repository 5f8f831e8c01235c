//! Goals on small clusters drawn at random: reached, reached once, and nothing done beside them.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::action::Action;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::NodeId;
use crate::model::testing::cluster;
use crate::model::testing::id;
use crate::plan;
use crate::plan::NoPlan;
use crate::plan::Plan;
use crate::plan::Request;
use crate::plan::brute::draws;
use crate::plan::goal;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Drain;
use crate::plan::goal::Goal;
use crate::plan::goal::Maintain;
use crate::plan::goal::MastersNever;
use crate::plan::goal::MastersRather;
use crate::plan::goal::Pin;
use crate::plan::goal::PinnedRole;
use crate::plan::goal::Remove;
use crate::plan::goal::Replace;
use crate::plan::goal::leaving;
use crate::plan::slots::SlotGoals;
use crate::plan::why::Blocked;
use crate::plan::why::Reason;
use crate::policy::Flag;
use crate::policy::Policy;
use crate::policy::Replicas;
use crate::rules::Code;

fn asking(goals: impl IntoIterator<Item = Goal>) -> Request {
    Request {
        goals: goals.into_iter().collect(),
        ..Request::default()
    }
}

fn planned(at: &Cluster, request: &Request) -> Result<Plan, NoPlan> {
    // As many as there are would count those that a goal lets count for nothing.
    let policy = Policy {
        replicas: Replicas::Exactly(1),
        ..Policy::default()
    };
    plan::plan(at, &policy, &policy.wanted(at), request)
}

fn host(name: &str) -> Domain {
    Domain::Host(name.to_owned())
}

fn actions(plan: &Plan) -> Vec<&'static str> {
    let steps = plan.steps.iter();
    steps.map(|s| s.draft.action.kind().spec().word).collect()
}

fn drain(name: &str, stop: bool) -> Goal {
    let domain = host(name);
    Drain { domain, stop }.into()
}

#[test]
fn what_is_drained_leads_nothing_and_is_stopped_last() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let plan = planned(&at, &asking([drain("h1", true)])).expect("ready");
    assert_eq!(actions(&plan), ["failover", "kill", "kill"]);
    assert_eq!(
        leaving::masters(&plan.end, &leaving::nodes(&at, &host("h1"))),
        0
    );
}

#[test]
fn what_two_goals_name_is_stopped_or_sent_away_once() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let domain = || Domain::Node(at.node(id(&at, "r3")).to_string());
    let (stop, again) = (
        drain("h1", true),
        Drain {
            domain: domain(),
            stop: true,
        },
    );
    let both = planned(&at, &asking([stop.clone(), again.into()])).expect("ready");
    assert_eq!(actions(&both), ["failover", "kill", "kill"]);

    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h4; y@h4");
    let away = |domain| Goal::from(Remove { domain });
    let both = planned(&at, &asking([away(host("h1")), away(domain())]));
    let alone = planned(&at, &asking([away(host("h1"))]));
    assert_eq!(
        actions(&both.expect("ready")),
        actions(&alone.expect("ready"))
    );
    let both = planned(&at, &asking([stop, away(domain())])).expect("ready");
    let acts = actions(&both);
    let count = |word| acts.iter().filter(|a| **a == word).count();
    assert_eq!((count("kill"), count("reset")), (1, 1));
}

#[test]
fn who_leaves_is_drained_and_removed_by_that_and_pinned_to_nothing() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; m4@h4 < r4@h5");
    let name = at.node(id(&at, "m4")).to_string();
    let leaver = Domain::Node(name.clone());
    let slots = SlotGoals {
        leave: vec![leaver.clone()],
        ..SlotGoals::default()
    };
    let asking = |goals: &[Goal]| Request {
        slots: slots.clone(),
        goals: goals.to_vec(),
        ..Request::default()
    };
    let alone = planned(&at, &asking(&[])).expect("ready");
    let stop = false;
    let domain = leaver.clone();
    for goal in [
        Drain {
            domain: leaver,
            stop,
        }
        .into(),
        Remove { domain }.into(),
    ] {
        let request = asking(&[goal]);
        assert_eq!(goal::check(&request, &at), Ok(()));
        let both = planned(&at, &request).expect("ready");
        assert_eq!(actions(&both), actions(&alone));
    }
    let address = at.node(id(&at, "m4")).address.clone().expect("an address");
    let role = PinnedRole::Master;
    let pinned = asking(&[Pin { address, role }.into()]);
    let wrong = goal::check(&pinned, &at);
    assert!(matches!(wrong, Err(BadGoal::Contradiction { node, .. }) if node == name));
}

#[test]
fn a_copy_told_nofailover_blocks_a_drain_that_nobody_else_could_take() {
    let mut at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let r1 = id(&at, "r1");
    at.node_mut(r1).no_failover = true;
    let mut request = asking([drain("h1", false)]);
    let Err(NoPlan::Blocked(why)) = planned(&at, &request) else {
        panic!("nobody may lead the shard of m1");
    };
    assert_eq!(why[0].reason, Reason::Blocked(Blocked::ToldNofailover(r1)));
    request.flags.insert(Flag::SkipBlocked);
    assert!(planned(&at, &request).is_ok_and(|plan| plan.steps.is_empty()));
    request.flags = [Flag::PromoteNofailover].into();
    assert_eq!(planned(&at, &request).map(|p| p.steps.len()).ok(), Some(1));
}

#[test]
fn a_shard_without_a_copy_outside_gets_one_before_it_is_drained() {
    let at = cluster("m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h2; x@h3");
    let plan = planned(&at, &asking([drain("h1", false)])).expect("ready");
    assert_eq!(actions(&plan)[..2], ["replicate", "failover"]);
    let without = cluster("m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h2");
    let refused = planned(&without, &asking([drain("h1", false)]));
    assert!(matches!(refused, Err(NoPlan::Blocked(why)) if why.len() == 1));
}

#[test]
fn maintenance_copies_nothing() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h3");
    let goal = Maintain { domain: host("h1") };
    let plan = planned(&at, &asking([goal.into()])).expect("ready");
    assert_eq!(actions(&plan), ["failover"]);
}

#[test]
fn who_is_removed_leaves_only_where_others_have_its_copies() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h3 y@h2");
    let goal = Remove { domain: host("h1") };
    let plan = planned(&at, &asking([goal.clone().into()])).expect("ready");
    let words = actions(&plan);
    let count = |word: &str| words.iter().filter(|w| **w == word).count();
    assert_eq!((count("replicate"), count("failover")), (2, 1));
    assert_eq!((count("reset"), count("forget")), (2, 2));
    // Three masters on two hosts.
    let left: Vec<Code> = plan.remaining.iter().map(|f| f.rule.code).collect();
    assert_eq!(left, [Code::HostHoldsMajority]);
    let short = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h3");
    let blocked = planned(&short, &asking([goal.into()]));
    assert!(matches!(blocked, Err(NoPlan::Blocked(why)) if why.len() == 1));
}

#[test]
fn two_hosts_that_leave_do_not_count_on_each_other() {
    let at = cluster(
        "m1@h3 < r1@h1 s1@h2; m2@h4 < r2@h3; m3@h5 < r3@h4; m4@h3 < r4@h5 s4@h1; m5@h4 < r5@h5",
    );
    let remove = |name: &str| -> Goal { Remove { domain: host(name) }.into() };
    for name in ["h1", "h2"] {
        assert!(planned(&at, &asking([remove(name)])).is_ok());
    }
    let mut both = asking([remove("h1"), remove("h2")]);
    let Err(NoPlan::Blocked(why)) = planned(&at, &both) else {
        panic!("m1 would be left alone");
    };
    let m1 = id(&at, "m1");
    let short = |reason: &Reason| match reason {
        Reason::Blocked(Blocked::Short { left, needed, .. }) => (left.clone(), *needed),
        other => panic!("{other:?}"),
    };
    let short: Vec<_> = why.iter().map(|r| short(&r.reason)).collect();
    assert_eq!(short, [(vec![m1], 2)]);
    // The rest goes.
    both.flags.insert(Flag::SkipBlocked);
    let plan = planned(&at, &both).expect("ready");
    let member = |name: &str| plan.end.node(id(&at, name)).is_live_member();
    assert!(member("r1") && member("s1") && !member("s4"));
}

#[test]
fn first_copies_are_chosen_with_the_rest_and_proven() {
    // The first copy of m1 stands where it evens out masters, the other idle node where it is missed.
    let at = cluster("m1@h1 <; m2@h2 < r2@h3; m3@h2 < r3@h3; m4@h3 <; x@h3 y@h4 z@h2");
    let plan = planned(&at, &asking([drain("h1", false)])).expect("ready");
    assert!(plan.values.iter().all(|v| v.kind != plan::Kind::None));
    let y = id(&at, "y");
    assert!(!plan.end.node(y).slots.is_empty(), "{:?}", actions(&plan));
    let taken = |a: &plan::Assumption| matches!(a, plan::Assumption::Taken(_));
    assert!(!plan.assumptions.iter().any(taken));
}

#[test]
fn pairs_stand_where_the_new_host_is() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h4 y@h4");
    let goal = Replace {
        old: host("h1"),
        new: host("h4"),
    };
    let plan = planned(&at, &asking([goal.clone().into()])).expect("ready");
    let inside = leaving::nodes(&at, &host("h4"));
    assert_eq!(leaving::masters(&plan.end, &inside), 1);
    assert_eq!(
        leaving::members(&plan.end, &leaving::nodes(&at, &host("h1"))),
        0
    );
    let short = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h4");
    let blocked = planned(&short, &asking([goal.clone().into()]));
    assert!(matches!(blocked, Err(NoPlan::Blocked(why)) if why.len() == 1));
    // A script that was cut off is taken up by a plan of what is left.
    for halfway in [
        "m1@h1 < r1@h2 x@h4; m2@h2 < r2@h3; m3@h3 < r3@h1; y@h4",
        "m1@h1 < r1@h2 x@h4; m2@h2 < r2@h3; m3@h3 < r3@h1 y@h4",
        "x@h4 < m1@h1 r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1 y@h4",
        "x@h4 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1 y@h4",
    ] {
        let at = cluster(halfway);
        let plan = planned(&at, &asking([goal.clone().into()])).expect("ready");
        let inside = leaving::nodes(&at, &host("h4"));
        assert_eq!(leaving::masters(&plan.end, &inside), 1, "{halfway}");
        let old = leaving::nodes(&at, &host("h1"));
        assert_eq!(leaving::members(&plan.end, &old), 0, "{halfway}");
        let kept = inside.iter().all(|&id| plan.end.root(id).is_some());
        assert!(kept, "{halfway}: {:?}", actions(&plan));
    }
}

#[test]
fn pins_hold_and_contradict_each_other() {
    let at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let address = |name: &str| at.node(id(&at, name)).address.clone().expect("has one");
    let master = |name: &str| -> Goal {
        let (address, role) = (address(name), PinnedRole::Master);
        Pin { address, role }.into()
    };
    let plan = planned(&at, &asking([master("r1")])).expect("ready");
    assert!(!plan.end.node(id(&at, "r1")).slots.is_empty());
    for other in [master("m1"), drain("h2", false)] {
        let bad = planned(&at, &asking([master("r1"), other]));
        assert!(matches!(bad, Err(NoPlan::BadGoal(_))));
    }
    // Of a shard as it is led, and of one that turns for it.
    for (master, first) in [
        ("m3", ["failover", "replicate"]),
        ("r3", ["failover", "failover"]),
    ] {
        let follows = Pin {
            address: address("m1"),
            role: PinnedRole::ReplicaOf(address(master)),
        };
        let plan = planned(&at, &asking([follows.into()])).expect("ready");
        assert_eq!(actions(&plan)[..2], first);
        let node = plan.end.node(id(&at, "m1"));
        assert_eq!(node.master(), Some(id(&at, master)));
    }
}

fn zone(name: &str) -> Domain {
    Domain::Zone(name.to_owned())
}

#[test]
fn a_zone_that_never_holds_masters_hands_them_over_or_blocks() {
    let at = cluster("m1@h1/a < r1@h2/b; m2@h2/b < r2@h3/c; m3@h3/c < r3@h1/a");
    let never = |name| Goal::from(MastersNever { domain: zone(name) });
    let plan = planned(&at, &asking([never("a")])).expect("ready");
    assert_eq!(actions(&plan), ["failover"]);
    let value = |plan: &Plan, level| plan.values.iter().find(|v| v.level == level).copied();
    let drained = value(&plan, Level::Drain).expect("asked for");
    assert_eq!((drained.before, drained.value), (1, 0));
    // What is there counts still: nothing is missing.
    assert!(plan.values.iter().all(|v| v.kind != plan::Kind::None));
    let again = planned(&plan.end, &asking([never("a")])).expect("ready");
    assert!(again.steps.is_empty());
    // Of m1 both copies are where nobody may lead.
    let Err(NoPlan::Blocked(why)) = planned(&at, &asking([never("a"), never("b")])) else {
        panic!("nobody may lead the shard of m1");
    };
    assert_eq!(why.len(), 1);
    let mut skipping = asking([never("a"), never("b")]);
    skipping.flags.insert(Flag::SkipBlocked);
    let plan = planned(&at, &skipping).expect("ready");
    assert_eq!(actions(&plan), ["failover"]);
}

#[test]
fn masters_go_where_they_are_preferred_and_stay_last_where_they_must() {
    let at = cluster(
        "m1@h1/a < r1@h3/b; m2@h2/a < r2@h4/b; m3@h3/b < r3@h1/a; m4@h4/b < r4@h5/c; m5@h5/c < r5@h6/c",
    );
    let wish = |prefer: &[&str], last: &[&str]| MastersRather {
        prefer: prefer.iter().map(|name| zone(name)).collect(),
        last: last.iter().map(|name| zone(name)).collect(),
    };
    let masters = |plan: &Plan| {
        let level = plan.values.iter().find(|v| v.level == Level::Masters);
        let level = level.expect("asked for");
        assert_ne!(level.kind, plan::Kind::None);
        (level.before, level.value)
    };
    // Nobody of m4 and m5 could lead in a.
    let plan = planned(&at, &asking([wish(&["a"], &[]).into()])).expect("ready");
    assert_eq!(masters(&plan), (3, 2));
    assert_eq!(actions(&plan), ["failover"]);
    let plan = planned(&at, &asking([wish(&[], &["c"]).into()])).expect("ready");
    assert_eq!((masters(&plan), plan.steps.len()), ((1, 1), 0));
    // It is not waited for: a wish is no repair.
    let mut dead = cluster(
        "m1@h1/a < r1@h3/b; m2@h2/a < r2@h4/b; m3@h3/b < r3@h1/a s3!@h4/b; m4@h4/b < r4@h5/c",
    );
    let plan = planned(&dead, &asking([wish(&["a"], &[]).into()])).expect("ready");
    assert_eq!((masters(&plan), actions(&plan)), ((2, 1), vec!["failover"]));
    assert_eq!(plan.steps[0].draft.phase, plan::Phase::Change);
    // Who was told not to lead does not.
    let r3 = id(&dead, "r3");
    dead.node_mut(r3).no_failover = true;
    let plan = planned(&dead, &asking([wish(&["a"], &[]).into()])).expect("ready");
    assert_eq!(masters(&plan), (2, 2));
}

/// What is drained leads nothing, and copies what it copied or leads no more.
fn is_drained(start: &Cluster, plan: &Plan, inside: &[NodeId]) -> Result<(), String> {
    let shard = |at: &Cluster, id: NodeId| at.root(id).map(|root| at.node(root).slots.clone());
    for &node in inside {
        let end = plan.end.node(node);
        if end.is_live_member() && !end.slots.is_empty() {
            return Err(format!("{end} leads"));
        }
        if end.is_live_member() && shard(&plan.end, node) != shard(start, node) {
            return Err(format!("{end} came to another shard"));
        }
    }
    for step in &plan.steps {
        if let Action::Kill(kill) = &step.draft.action {
            let root = plan.end.root(kill.node);
            if root.is_some_and(|root| inside.contains(&root) || !plan.end.node(root).is_live()) {
                return Err("stopped without a copy outside".to_owned());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 150,
        rng_seed: RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_drain_is_reached_once_and_for_all(draw in draws(), at in 1..5_usize, stop: bool) {
        let mut captured = draw.cluster();
        // Who may come to a shard decides who may lead it: that is another matter.
        captured.nodes.iter_mut().for_each(|node| node.runs = None);
        let name = format!("h{at}");
        let inside = leaving::nodes(&captured, &host(&name));
        prop_assume!(!inside.is_empty());
        let mut request = asking([drain(&name, stop)]);
        let plan = match planned(&captured, &request) {
            Err(NoPlan::Blocked(why)) => {
                prop_assert!(!why.is_empty());
                request.flags.insert(Flag::SkipBlocked);
                let skipping = planned(&captured, &request);
                prop_assert!(skipping.is_ok(), "{:?}", skipping.err());
                return Ok(());
            }
            other => other.map_err(|e| TestCaseError::fail(e.to_string()))?,
        };
        is_drained(&captured, &plan, &inside).map_err(TestCaseError::fail)?;
        let again = planned(&plan.end, &request).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(again.steps.iter().map(|s| s.draft.action.clone()).collect::<Vec<_>>(), []);
    }

    #[test]
    fn who_is_removed_is_gone_and_nothing_is_lost(draw in draws(), at in 1..5_usize) {
        let captured = draw.cluster();
        let domain = host(&format!("h{at}"));
        let inside = leaving::nodes(&captured, &domain);
        prop_assume!(!inside.is_empty());
        let request = asking([Remove { domain }.into()]);
        let plan = match planned(&captured, &request) {
            Err(NoPlan::Blocked(why)) => {
                prop_assert!(!why.is_empty());
                return Ok(());
            }
            other => other.map_err(|e| TestCaseError::fail(e.to_string()))?,
        };
        prop_assert_eq!(leaving::members(&plan.end, &inside), 0);
        prop_assert_eq!(plan.end.uncovered(), captured.uncovered());
        let listed = inside.iter().filter(|&&id| plan.end.node(id).is_listed());
        prop_assert_eq!(listed.count(), 0);
    }
}
