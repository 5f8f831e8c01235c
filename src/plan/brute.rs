//! Every decision of a small problem, one by one: what the solvers must not be worse than.
//!
//! Nothing here is shared with the flows and columns: a decision is expanded and recounted by
//! the rules' own counts, and only what no count of a cluster shows is counted from the
//! decision. The order of levels is that of [`Level`].

mod draw;

use crate::drawn::config;
use crate::measure::Counts;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::plan;
use crate::plan::Decision;
use crate::plan::Kind;
use crate::plan::Level;
use crate::plan::Plan;
use crate::plan::Problem;
use crate::plan::Request;
use crate::plan::Selection;
use crate::plan::Value;
use crate::plan::brute::draw::Draw;
pub use crate::plan::brute::draw::draws;
use crate::plan::closing;
use crate::plan::decision::Assignment;
use crate::plan::goal;
use crate::plan::goal::Demands;
use crate::plan::goal::Drain;
use crate::plan::goal::Goal;
use crate::plan::goal::MastersNever;
use crate::plan::goal::MastersRather;
use crate::plan::level::PRINTED;
use crate::plan::problem;
use crate::plan::problem::Copy;
use crate::plan::problem::Inputs;
use crate::plan::problem::Unit;
use crate::plan::room;
use crate::policy::Wanted;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// More decisions than this take too long to look at.
const MOST: usize = 6_000;

/// By component of [`Level`], up to the last that is printed.
type Tuple = [i64; Level::Actions as usize + 1];

/// A node whose place is to be decided, and where it may go; `None` leaves a spare unused.
struct Mover {
    copy: Copy,
    /// The unit that it is in.
    home: Option<usize>,
    choices: Vec<Option<usize>>,
}

fn movers(problem: &Problem, moves: bool) -> Vec<Mover> {
    let free: Vec<usize> = (0..problem.units.len())
        .filter(|&u| problem.units[u].free)
        .collect();
    let anywhere = || free.iter().map(|&u| Some(u));
    // A spare that is to be kept only fills a gap.
    let lacks = |&u: &usize| problem.units[u].lacks();
    let gaps: Vec<Option<usize>> = match problem.keep_spares {
        true => free.iter().copied().filter(lacks).map(Some).collect(),
        false => anywhere().collect(),
    };
    let spares = problem.spares.iter().map(|s| Mover {
        copy: s.copy,
        home: None,
        choices: std::iter::once(None).chain(gaps.clone()).collect(),
    });
    let chained = problem.units.iter().enumerate();
    let chained = chained.flat_map(|(index, u)| u.chained.iter().map(move |&copy| (index, copy)));
    let loads = |node, unit: usize| problem.cluster.can_copy(node, problem.units[unit].owner);
    let chained = chained.map(|(index, copy)| Mover {
        copy,
        home: Some(index),
        choices: match (0..problem.units.len()).all(|unit| loads(copy.node, unit)) {
            true => anywhere().collect(),
            false => vec![Some(index)],
        },
    });
    let healthy = problem.units.iter().enumerate();
    let healthy = healthy.flat_map(|(index, u)| u.movable.iter().map(move |&copy| (index, copy)));
    let healthy = healthy.map(|(index, copy)| Mover {
        copy,
        home: Some(index),
        choices: if moves {
            anywhere().collect()
        } else {
            vec![Some(index)]
        },
    });
    spares.chain(chained).chain(healthy).collect()
}

/// Counts up through all combinations of `sizes`; false after the last.
fn next(digits: &mut [usize], sizes: &[usize]) -> bool {
    for (digit, &size) in digits.iter_mut().zip(sizes) {
        *digit += 1;
        if *digit < size {
            return true;
        }
        *digit = 0;
    }
    false
}

/// The least tuple over all decisions; `None` if there are too many. A healthy replica moves
/// only where it is allowed to, or where without moves an error is left: a shard on one host, a
/// replica too few, or one beside its master. Of replicas that share a host some decisions may
/// leave one beside its master and others not: then the plan's own is believed.
fn optimum(problem: &Problem, wanted: &Wanted, plan: &Plan) -> Option<Tuple> {
    if problem.allow_moves {
        return least(problem, wanted, true);
    }
    let still = least(problem, wanted, false)?;
    // A goal is no reason to move what works.
    if !problem.supposed.allows_moves() {
        return Some(still);
    }
    let left = |level: Level| still[level as usize] > 0;
    let moves = left(Level::Protect)
        || left(Level::Missing)
        || (left(Level::SameHost) && !plan.target.without_moves);
    match moves {
        true => least(problem, wanted, true),
        false => Some(still),
    }
}

/// Spares that are to be kept only fill gaps.
fn fills_only_gaps(problem: &Problem, copies: &[Vec<Copy>]) -> bool {
    let full = |(unit, copies): (&Unit, &Vec<Copy>)| {
        let usable = replicas(unit, copies);
        let apart = unit.present() + i64::from(!unit.protected);
        let most = match unit.lacks() {
            true => unit.wanted.max(1).max(apart),
            false => unit.present(),
        };
        usable <= most
    };
    !problem.keep_spares || problem.units.iter().zip(copies).all(full)
}

fn least(problem: &Problem, wanted: &Wanted, moves: bool) -> Option<Tuple> {
    let movers = movers(problem, moves);
    let sizes: Vec<usize> = movers.iter().map(|m| m.choices.len()).collect();
    let mut left = MOST.checked_sub(sizes.iter().product())?;
    let mut digits = vec![0; movers.len()];
    let mut best: Option<Tuple> = None;
    loop {
        let mut copies: Vec<Vec<Copy>> = problem.units.iter().map(|u| u.fixed.clone()).collect();
        for (mover, &digit) in movers.iter().zip(&digits) {
            if let Some(unit) = mover.choices[digit] {
                copies[unit].push(match mover.home {
                    Some(home) if home != unit => problem.comes(mover.copy.node),
                    _ => Copy {
                        usable: true,
                        ..mover.copy
                    },
                });
            }
        }
        if !fills_only_gaps(problem, &copies) {
            if next(&mut digits, &sizes) {
                continue;
            }
            return best;
        }
        let of = problem.units.iter().zip(&copies);
        let leaders: Vec<Vec<NodeId>> = of.map(|(u, c)| leaders(u, c)).collect();
        let roles: Vec<usize> = leaders.iter().map(Vec::len).collect();
        if roles.contains(&0) {
            // Nobody came who could be the first copy of a shard.
            if next(&mut digits, &sizes) {
                continue;
            }
            return best;
        }
        left = left.checked_sub(roles.iter().product())?;
        let mut chosen = vec![0; roles.len()];
        loop {
            let masters = leaders.iter().zip(&chosen).map(|(l, &c)| l[c]).collect();
            let assignment = Assignment {
                copies: copies.clone(),
            };
            let tuple = recount(
                problem,
                wanted,
                &Decision {
                    assignment,
                    masters,
                },
            );
            best = Some(best.map_or(tuple, |b| b.min(tuple)));
            if !next(&mut chosen, &roles) {
                break;
            }
        }
        if !next(&mut digits, &sizes) {
            return best;
        }
    }
}

/// Who may lead: the owner, and every usable copy while a majority can vote.
fn leaders(unit: &Unit, copies: &[Copy]) -> Vec<NodeId> {
    let may = |c: &&Copy| match (c.node == unit.owner, unit.first) {
        (true, first) => first.is_none(),
        (false, Some(_)) => c.leads(),
        (false, None) => unit.may_hand_over && c.leads(),
    };
    copies.iter().filter(may).map(|c| c.node).collect()
}

/// Copies that count beside the one that leads; an owner that is to be followed by a first copy is
/// none itself.
fn replicas(unit: &Unit, copies: &[Copy]) -> i64 {
    let usable = copies.iter().filter(|c| c.usable).count() as i64;
    usable - 1 - i64::from(unit.first.is_some())
}

fn recount(problem: &Problem, wanted: &Wanted, decision: &Decision) -> Tuple {
    let end = decision.expand(problem);
    let shards = end.shards();
    let counts = Counts::of(&end, problem.policy, wanted, &shards, problem.shares);
    let mut tuple = [0; Level::Actions as usize + 1];
    for level in PRINTED {
        if let Some(value) = counts.get(level) {
            tuple[level as usize] = value;
        }
    }
    let mut put = |level: Level, amount: i64| tuple[level as usize] += amount;
    let weighed = &problem.supposed.demands.weighed;
    let leads = |id: &NodeId| end.node(*id).is_live_member() && !end.node(*id).slots.is_empty();
    for (_, (weight, _)) in weighed.iter().filter(|(id, _)| leads(id)) {
        put(Level::Masters, *weight);
    }
    // No failover may leave more replicas beside the new master than the old one had.
    for ((unit, copies), &master) in problem
        .units
        .iter()
        .zip(&decision.assignment.copies)
        .zip(&decision.masters)
    {
        let at = |list: &[Copy], node| {
            let place = problem.copy(node, true).place;
            list.iter().filter(|c| c.place == place).count() as i64
        };
        let present = [&unit.fixed[..], &unit.movable[..], &unit.chained[..]].concat();
        let before = match unit.first {
            Some(_) => 1,
            None => at(&present, unit.owner),
        };
        let more = at(copies, master) - before;
        put(
            Level::Beside,
            if master == unit.owner { 0 } else { more.max(0) },
        );
    }
    for (unit, copies) in problem.units.iter().zip(&decision.assignment.copies) {
        let bare = unit.free && unit.must_not_be_bare(problem) && replicas(unit, copies) < 1;
        put(Level::Orphans, i64::from(bare));
    }
    // A spare that may be kept is no finding.
    let attached = |node: NodeId| {
        decision
            .assignment
            .copies
            .iter()
            .flatten()
            .any(|c| c.node == node)
    };
    let kept = problem
        .spares
        .iter()
        .filter(|s| !s.untidy && attached(s.copy.node))
        .count();
    put(Level::Tidy, kept as i64);
    for ((unit, copies), &master) in problem
        .units
        .iter()
        .zip(&decision.assignment.copies)
        .zip(&decision.masters)
    {
        let failover = i64::from(master != unit.leader);
        put(Level::Failovers, failover);
        put(Level::Actions, failover);
        let among = |list: &[Copy], c: &Copy| list.iter().any(|o| o.node == c.node);
        for copy in copies
            .iter()
            .filter(|c| !among(&unit.fixed, c) && !among(&unit.movable, c))
        {
            let spare = problem.spares.iter().find(|s| s.copy.node == copy.node);
            let chained = among(&unit.chained, copy);
            let moved = problem.units.iter().any(|u| among(&u.movable, copy));
            put(Level::SyncMib, if chained { 0 } else { unit.mib });
            put(Level::Moves, i64::from(moved && !problem.allow_moves));
            put(
                Level::Actions,
                spare.map_or(1, |s| 1 + i64::from(s.meet) + i64::from(s.flush)),
            );
        }
        let usable = replicas(unit, copies);
        let direct = unit.fixed.iter().chain(&unit.movable).filter(|c| c.usable);
        let present = direct.count() as i64 - 1 + unit.chained.len() as i64;
        let base = unit.wanted.max(present);
        if unit.free && !problem.allow_moves {
            put(Level::Surplus, (base..usable).sum());
        }
    }
    tuple
}

/// Compares the plan's levels with the optimum, the first that differs first.
fn judge(problem: &Problem, best: &Tuple, values: &[Value]) -> Result<(), String> {
    for value in values {
        let at = |level: Level| best[level as usize];
        let truth = at(value.level);
        // What is kept on purpose still counts in the end.
        let kept = value.level == Level::Tidy && problem.spares.iter().any(|s| !s.untidy);
        if kept || !value.selected {
            continue;
        }
        // A level that the plan itself calls unproven may be above the optimum, and then all
        // later ones are of another decision.
        if value.kind == Kind::None && value.bound <= truth && truth < value.value {
            return Ok(());
        }
        if value.value != truth {
            return Err(format!(
                "{:?} is {} (bound {}, {:?}) and can be {truth}; optimum {best:?}",
                value.level, value.value, value.bound, value.kind
            ));
        }
        if value.bound > truth {
            return Err(format!(
                "{:?} has the bound {} and is {truth}",
                value.level, value.bound
            ));
        }
    }
    Ok(())
}

/// A copy that follows whom it did not follow before, and could not load.
fn unloadable(captured: &Cluster, plan: &Plan) -> Option<String> {
    let follows = |at: &Cluster, id: NodeId| at.node(id).master();
    let mut pairs = plan
        .end
        .iter()
        .filter_map(|(id, _)| Some((id, follows(&plan.end, id)?)));
    let (id, master) = pairs.find(|&(id, master)| {
        follows(captured, id) != Some(master) && !captured.can_copy(id, master)
    })?;
    let name = |id| &captured.node(id).name;
    Some(format!("{} follows {}", name(id), name(master)))
}

proptest! {
    #![proptest_config(config(20, 2_000))]

    #[test]
    fn no_decision_beats_the_plan(draw in draws()) {
        judge_all(&draw, draw.request())?;
    }

    #[test]
    fn no_decision_beats_a_drain(draw in draws(), at in 1..5_usize) {
        let domain = Domain::Host(format!("h{at}"));
        let goal = Drain { domain, stop: false };
        let request = Request {
            goals: vec![goal.into()],
            ..draw.request()
        };
        if goal::check(&request, &draw.cluster()).is_err() {
            return Err(TestCaseError::reject("no such host"));
        }
        judge_all(&draw, request)?;
    }

    #[test]
    fn no_decision_beats_a_wish_about_masters(
        draw in draws(), prefer in 0..6_usize, last in 0..6_usize, never in 0..12_usize,
    ) {
        let cluster = draw.cluster();
        // Hosts first, then zones.
        let domain = |at: usize| match at {
            0..4 => Domain::Host(format!("h{}", at + 1)),
            _ => Domain::Zone(format!("z{}", at - 4)),
        };
        let there = |d: &Domain| Domains::of(&cluster).nodes_in(d).is_ok();
        let some = |at: usize| Some(domain(at)).filter(there);
        let rather = MastersRather {
            prefer: some(prefer).into_iter().collect(),
            last: some(last).into_iter().collect(),
        };
        let never = some(never).map(|domain| Goal::from(MastersNever { domain }));
        let request = Request {
            goals: never.into_iter().chain([rather.into()]).collect(),
            ..draw.request()
        };
        judge_all(&draw, request)?;
    }
}

/// What no draw of a few cases meets.
#[test]
fn no_decision_beats_what_once_was_beaten() {
    let drain = |host: &str| {
        let domain = Domain::Host(host.into());
        vec![Goal::from(Drain {
            domain,
            stop: false,
        })]
    };
    let cases = [
        // The shard turns before the copy that is left over comes to it.
        (
            "m0@h1/z0 < r0x0@h3/z0; m1@h3/z0 < r1x0@h2/z1; x0@h4/z1; x1@h1/z0",
            drain("h2"),
            None,
        ),
        // Who is drained is older than the spare and could not follow it.
        (
            "m0@h2 <; m1@h2 < r1x0@h3; x0@h1",
            drain("h3"),
            Some(9_117_465_880_682_446_440),
        ),
    ];
    for (text, goals, older) in cases {
        let draw = Draw::plain(text).older(older);
        let request = Request {
            goals,
            ..draw.request()
        };
        judge_all(&draw, request).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

/// Holds the plan of a draw against every decision.
fn judge_all(draw: &Draw, request: Request) -> Result<(), TestCaseError> {
    let captured = draw.cluster();
    let policy = draw.policy(&captured);
    let wanted = policy.wanted(&captured);
    let selection = Selection::new(&captured, &request);
    let closing = closing::closings(&captured, &selection);
    let demands =
        Demands::of(&request.goals, &captured).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let rooms = room::Rooms::of(&captured, &policy);
    let supposed = goal::suppose(goal::Inputs {
        real: &captured,
        demands,
        request: &request,
        spares: problem::spares(&captured, &captured, &selection, &request).0,
        settled: &closing.settled,
        firsts: BTreeMap::new(),
        rooms: &rooms,
    });
    if !supposed.blocked.is_empty() {
        return Err(TestCaseError::reject("blocked"));
    }
    let inputs = Inputs {
        captured: &captured,
        supposed: &supposed,
        policy: &policy,
        wanted: &wanted,
        selection: &selection,
        request: &request,
        settled: &closing.settled,
    };
    let problem = match Problem::anew(&inputs) {
        Some(problem) => problem,
        None if supposed.joined.is_empty() => Problem::new(&inputs),
        None => {
            return Err(TestCaseError::reject(
                "what a copy is made for is no decision",
            ));
        }
    };
    let plan = plan::plan(&captured, &policy, &wanted, &request)
        .map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(unloadable(&captured, &plan), None);
    let Some(best) = optimum(&problem, &wanted, &plan) else {
        return Err(TestCaseError::reject("too many decisions"));
    };
    judge(&problem, &best, &plan.values).map_err(TestCaseError::fail)?;
    Ok(())
}
