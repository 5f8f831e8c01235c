//! Restarts of small clusters, held against trying everything.

use std::collections::BTreeMap;

use crate::action::Act;
use crate::action::Action;
use crate::action::Counted;
use crate::action::Failover;
use crate::action::Mode;
use crate::measure::Counts;
use crate::measure::Shares;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::NodeId;
use crate::model::Server;
use crate::model::Version;
use crate::model::testing::cluster;
use crate::model::testing::id;
use crate::plan::Level;
use crate::plan::NoPlan;
use crate::plan::Plan;
use crate::plan::Request;
use crate::plan::goal;
use crate::plan::plan;
use crate::plan::restart::Ask;
use crate::plan::restart::Roles;
use crate::plan::restart::Unit;
use crate::plan::restart::Which;
use crate::plan::why::NoRestart;
use crate::plan::why::Reason;
use crate::policy::Flag;
use crate::policy::Policy;

fn ask() -> Ask {
    Ask {
        which: Which::All,
        unit: Unit::Process,
        to: None,
        keep: None,
        roles: Roles::Balance,
    }
}

/// With a `run_id` and a version at every node.
fn running(text: &str) -> Cluster {
    let mut at = cluster(text);
    for (number, node) in at.nodes.iter_mut().enumerate() {
        node.run = Some(format!("run{number}").into());
        node.runs = Some(Server {
            name: "redis".into(),
            version: Some(Version::new(7, 0, 15)),
        });
    }
    at
}

fn planned(at: &Cluster, ask: Ask, flags: &[Flag]) -> Result<Plan, NoPlan> {
    let policy = Policy::default();
    let request = Request {
        goals: vec![goal::Restart { ask }.into()],
        flags: flags.iter().copied().collect(),
        ..Request::default()
    };
    plan(at, &policy, &policy.wanted(at), &request)
}

fn restarted(plan: &Plan) -> Vec<NodeId> {
    let steps = plan.steps.iter();
    let restarts = steps.filter_map(|s| match &s.draft.action {
        Action::Restart(restart) => Some(restart.node),
        _ => None,
    });
    restarts.collect()
}

fn failovers(plan: &Plan) -> Vec<(usize, &Failover)> {
    let steps = plan.steps.iter().enumerate();
    let all = steps.filter_map(|(place, s)| match &s.draft.action {
        Action::Failover(failover) => Some((place, failover)),
        _ => None,
    });
    all.collect()
}

fn blocked(result: Result<Plan, NoPlan>) -> Vec<NoRestart> {
    let Err(NoPlan::Blocked(refusals)) = result else {
        panic!("not blocked: {result:?}");
    };
    let why = refusals.into_iter().map(|r| match r.reason {
        Reason::NoRestart(why) => why,
        other => panic!("{other:?}"),
    });
    why.collect()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// Shards of two or three copies, each on another host.
    fn cluster(&mut self) -> String {
        let hosts = 3 + self.below(3);
        let shards = 3 + self.below(3);
        let shard = |number: usize, dice: &mut Self| {
            let mut free: Vec<usize> = (1..=hosts).collect();
            let mut place = |dice: &mut Self| free.remove(dice.below(free.len()));
            let master = format!("m{number}@h{}", place(dice));
            let copies = 1 + dice.below(2);
            let replicas: Vec<String> = (0..copies)
                .map(|r| format!("r{number}x{r}@h{}", place(dice)))
                .collect();
            format!("{master} < {}", replicas.join(" "))
        };
        let all: Vec<String> = (0..shards).map(|n| shard(n, self)).collect();
        all.join("; ")
    }
}

/// The best votes, shares and failovers over every choice of last masters.
fn best(at: &Cluster) -> (i64, i64, i64) {
    let policy = Policy::default();
    let wanted = policy.wanted(at);
    let shares = Shares::of(&at.copies(&at.shards()));
    let shards = at.shards();
    let choices: Vec<Vec<NodeId>> = shards
        .iter()
        .map(|s| {
            std::iter::once(s.owner)
                .chain(s.replicas.iter().copied())
                .collect()
        })
        .collect();
    let all: usize = choices.iter().map(Vec::len).product();
    let cost = |mut number: usize| {
        let mut end = Counted::new(at.clone());
        let mut failovers = 0;
        for (shard, choice) in shards.iter().zip(&choices) {
            let node = choice[number % choice.len()];
            number /= choice.len();
            failovers += if node == shard.owner { 2 } else { 1 };
            if node != shard.owner {
                let (old, mode) = (shard.owner, Mode::Graceful);
                Failover { node, old, mode }.begin(&mut end);
            }
        }
        let end = end.into_cluster();
        let counts = Counts::of(&end, &policy, &wanted, &end.shards(), shares);
        (counts.votes_host, counts.over_host, failovers)
    };
    (0..all).map(cost).min().expect("there is one")
}

#[test]
fn failovers_of_a_restart_are_the_fewest_that_trying_all_roles_finds() {
    let mut dice = Dice(17);
    for _ in 0..20 {
        let text = dice.cluster();
        let at = running(&text);
        let plan = planned(&at, ask(), &[]).unwrap_or_else(|e| panic!("{text}: {e}"));
        let level = |level: Level| {
            let value = plan.values.iter().find(|v| v.level == level);
            let value = value.expect("every level is there");
            assert_eq!(value.value, value.bound, "{text}: {value:?}");
            value.value
        };
        let found = (
            level(Level::VotesHost),
            level(Level::OverHost),
            level(Level::Failovers),
        );
        assert_eq!(found, best(&at), "{text}");
        let mut nodes = restarted(&plan);
        nodes.sort_unstable();
        let all: Vec<NodeId> = at.iter().map(|(id, _)| id).collect();
        assert_eq!(nodes, all, "{text}: each once");
    }
}

#[test]
fn replicas_go_before_the_failover_of_their_shard_and_masters_right_after() {
    let mut dice = Dice(5);
    for round in 0..14 {
        let text = dice.cluster();
        let at = running(&text);
        let roles = [Roles::Balance, Roles::AsBefore][round % 2];
        let plan = planned(&at, Ask { roles, ..ask() }, &[]).expect("healthy");
        let place: BTreeMap<NodeId, usize> = plan
            .steps
            .iter()
            .enumerate()
            .filter_map(|(place, s)| match &s.draft.action {
                Action::Restart(restart) => Some((restart.node, place)),
                _ => None,
            })
            .collect();
        for shard in at.shards() {
            let first = failovers(&plan)
                .into_iter()
                .find(|(_, f)| f.old == shard.owner);
            let (first, _) = first.expect("its master is restarted");
            assert!(shard.replicas.iter().all(|r| place[r] < first), "{text}");
            assert!(place[&shard.owner] > first, "{text}");
            // One copy of a shard in a wave.
            let mut waves: Vec<u32> = std::iter::once(&shard.owner)
                .chain(&shard.replicas)
                .map(|id| plan.steps[place[id]].wave)
                .collect();
            waves.sort_unstable();
            let all = waves.len();
            waves.dedup();
            assert_eq!(waves.len(), all, "{text}");
        }
        if roles == Roles::AsBefore {
            let led =
                |at: &Cluster| -> Vec<NodeId> { at.shards().iter().map(|s| s.owner).collect() };
            assert_eq!(led(&plan.end), led(&at), "{text}");
        }
    }
}

#[test]
fn hosts_go_down_as_a_whole_and_shares_are_no_worse_in_the_end() {
    let mut dice = Dice(23);
    let mut proven = 0;
    for round in 0..14 {
        let text = dice.cluster();
        let at = running(&text);
        let roles = [Roles::Balance, Roles::AsBefore][round % 2];
        let unit = Unit::Host;
        let asked = Ask {
            roles,
            unit,
            ..ask()
        };
        let plan = planned(&at, asked, &[]).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(restarted(&plan).len(), at.nodes.len());
        let mut waves: BTreeMap<u32, Vec<NodeId>> = BTreeMap::new();
        for step in &plan.steps {
            if let Action::Restart(restart) = &step.draft.action {
                waves.entry(step.wave).or_default().push(restart.node);
            }
        }
        for nodes in waves.values() {
            let hosts: Vec<_> = nodes.iter().map(|&n| at.node(n).host).collect();
            let inside = |n: &crate::model::Node| hosts.contains(&n.host);
            let there = at.iter().filter(|(_, n)| inside(n)).count();
            assert_eq!(there, nodes.len(), "{text}");
        }
        let summary = plan.restart.as_ref().expect("it is one");
        assert!(summary.failovers.bound <= summary.failovers.value);
        assert!(summary.proof.is_some(), "{text} {summary:?}");
        proven += usize::from(summary.failovers.is_proven());
        assert_eq!(summary.failovers.value, failovers(&plan).len() as i64);
        let policy = Policy::default();
        let counts = |c: &Cluster| {
            Counts::of(
                c,
                &policy,
                &policy.wanted(&at),
                &c.shards(),
                Shares::of(&at.copies(&at.shards())),
            )
        };
        let (before, after) = (counts(&at), counts(&plan.end));
        let of = |c: Counts| (c.votes_host, c.over_host);
        assert!(of(after) <= of(before), "{text}");
    }
    // Where votes count before shares the bound may be lower.
    assert!(proven >= 12, "{proven} of 14 proven");
}

#[test]
fn no_older_replica_follows_a_newer_master_but_who_has_just_handed_over() {
    let mut dice = Dice(31);
    for round in 0..16 {
        let text = dice.cluster();
        let at = running(&text);
        let asked = Ask {
            to: Some(Version::new(7, 2, 5)),
            unit: [Unit::Process, Unit::Host][round % 2],
            ..ask()
        };
        let plan = planned(&at, asked, &[]).unwrap_or_else(|e| panic!("{text}: {e}"));
        let mut now = Counted::new(at.clone());
        let mut fresh = None;
        for step in &plan.steps {
            if let Action::Failover(failover) = &step.draft.action {
                fresh = Some(failover.old);
            }
            step.draft.action.apply(&mut now);
            for (id, node) in now.iter().filter(|(id, _)| Some(*id) != fresh) {
                let handed = plan
                    .steps
                    .iter()
                    .any(|s| matches!(&s.draft.action, Action::Failover(f) if f.old == id));
                if let Some(master) = node.master().filter(|_| !handed) {
                    assert!(now.can_copy(id, master), "{text}: {node}");
                }
            }
        }
        let newer = plan
            .end
            .iter()
            .all(|(_, n)| n.runs.as_ref().and_then(|s| s.version) == Some(Version::new(7, 2, 5)));
        assert!(newer, "{text}");
    }
}

#[test]
fn what_is_in_the_way_is_named() {
    let two = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1";
    let at = running(two);
    let keep = Some(2);
    let why = blocked(planned(&at, Ask { keep, ..ask() }, &[]));
    assert_eq!(why.len(), 3);
    assert!(matches!(why[0], NoRestart::TooFew { kept: 1, wanted: 2 }));

    let at = running("m1@h1 < r1@h1; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let unit = Unit::Host;
    let why = blocked(planned(&at, Ask { unit, ..ask() }, &[]));
    assert!(matches!(
        why[..],
        [NoRestart::Together { unit: "host", .. }]
    ));

    let at = running("m1@h1 <; m2@h2 < r2@h3; m3@h3 < r3@h1; m4@h1 < r4@h2");
    let why = blocked(planned(&at, ask(), &[]));
    assert!(matches!(why[..], [NoRestart::OnlyCopy]));
    let plan = planned(&at, ask(), &[Flag::SkipBlocked]).expect("the others");
    assert_eq!((restarted(&plan).len(), plan.blocked), (6, 1));

    let mut at = running(two);
    let r1 = id(&at, "r1");
    at.node_mut(r1).no_failover = true;
    let why = blocked(planned(&at, ask(), &[]));
    assert!(matches!(why[..], [NoRestart::Nofailover(node)] if node == r1));
    assert!(planned(&at, ask(), &[Flag::PromoteNofailover]).is_ok());
    at.node_mut(r1).no_failover = false;
    at.node_mut(r1).run = None;
    let why = blocked(planned(&at, ask(), &[]));
    assert!(matches!(why[..], [NoRestart::UnknownRun(node)] if node == r1));
    at.node_mut(r1).run = Some("again".into());
    let to = Some(Version::new(6, 2, 0));
    let why = blocked(planned(&at, Ask { to, ..ask() }, &[]));
    assert!(matches!(why[0], NoRestart::Newer { .. }));
}

#[test]
fn only_the_named_are_restarted() {
    let mut at = running("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1");
    let which = Which::In(Domain::Host("h1".to_owned()));
    let plan = planned(&at, Ask { which, ..ask() }, &[]).expect("healthy");
    let mut nodes = restarted(&plan);
    nodes.sort_unstable();
    let mut expected = ["m1", "r3"].map(|n| id(&at, n));
    expected.sort_unstable();
    assert_eq!(nodes, expected);
    // Its shares would be worse without the way back.
    assert_eq!(failovers(&plan).len(), 2);
    let m2 = id(&at, "m2");
    let server = at.node_mut(m2).runs.as_mut().expect("set");
    server.version = Some(Version::new(6, 2, 14));
    let which = Which::OlderThan(Version::new(7, 0, 0));
    let asked = Ask { which, ..ask() };
    // It would come back as it is, under a master whose data it cannot load.
    let why = blocked(planned(&at, asked.clone(), &[]));
    assert!(matches!(why[..], [NoRestart::Versions]));
    let to = Some(Version::new(7, 0, 15));
    let plan = planned(&at, Ask { to, ..asked }, &[]).expect("healthy");
    assert_eq!(restarted(&plan), [m2]);
}
