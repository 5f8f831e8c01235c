//! Slot goals over clusters drawn at random: the plan leads to what is asked for, every slot has an
//! owner at every moment, nothing moves that could stay, a second plan does nothing, and the plan's
//! file holds up by itself.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use topoplan::action::Action;
use topoplan::action::Counted;
use topoplan::action::Reset;
use topoplan::inventory::Inventory;
use topoplan::model::Cluster;
use topoplan::model::Life;
use topoplan::model::Liveness;
use topoplan::model::Membership;
use topoplan::model::NodeId;
use topoplan::model::Role;
use topoplan::model::SlotSet;
use topoplan::model::testing;
use topoplan::plan;
use topoplan::plan::NoPlan;
use topoplan::plan::Plan;
use topoplan::plan::Request;
use topoplan::plan::slots::Balance;
use topoplan::plan::slots::Basis;
use topoplan::plan::slots::MoveSlots;
use topoplan::plan::slots::SlotGoals;
use topoplan::plan::slots::SomeSlots;
use topoplan::policy::Policy;
use topoplan::report;
use topoplan::rules;
use topoplan::rules::Code;
use topoplan::rules::Context;

use super::oracles;

/// What is asked; numbers choose a node, modulo how many fit.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Join(usize),
    Leave(usize),
    Empty(usize),
    Shards(usize),
    Even {
        within: u32,
    },
    Weighed {
        node: usize,
        weight: u32,
    },
    /// By keys or bytes, which the numbers spread over the masters: little more than a server takes
    /// when it is empty, or a lot.
    Laden {
        by: Basis,
        within: u32,
        loads: [u64; 3],
    },
    Move {
        from: usize,
        to: usize,
        first: u16,
    },
}

#[derive(Clone, Debug)]
pub struct Draw {
    text: String,
    /// Slots that went from one master to another before.
    skew: Vec<(usize, usize, u16)>,
    asked: Asked,
}

fn laden() -> impl Strategy<Value = Asked> {
    let by = prop_oneof![Just(Basis::Keys), Just(Basis::Memory)];
    let load = || prop_oneof![0..90_u64, 0..90_000_u64, 0..(900_u64 << 20)];
    let loads = [load(), load(), load()];
    (by, 0..6_u32, loads).prop_map(|(by, within, loads)| Asked::Laden { by, within, loads })
}

pub fn draws() -> impl Strategy<Value = Draw> {
    let replica = (prop_oneof![9 => Just(""), 1 => Just("!")], 0..5_usize);
    let shards = vec((0..5_usize, vec(replica, 0..3)), 2..7);
    let blanks = vec(
        (prop_oneof![1 => Just(""), 1 => Just("*")], 0..5_usize),
        0..4,
    );
    let node = || 0..64_usize;
    let asked = prop_oneof![
        3 => node().prop_map(Asked::Join),
        3 => node().prop_map(Asked::Leave),
        1 => node().prop_map(Asked::Empty),
        2 => (2..9_usize).prop_map(Asked::Shards),
        2 => (0..6_u32).prop_map(|within| Asked::Even { within }),
        1 => (node(), 0..5_u32).prop_map(|(node, weight)| Asked::Weighed { node, weight }),
        1 => laden(),
        1 => (node(), node(), 0..200_u16)
            .prop_map(|(from, to, first)| Asked::Move { from, to, first }),
    ];
    let skew = vec((node(), node(), 1..900_u16), 0..3);
    (2..6_usize, shards, blanks, skew, asked).prop_map(|(hosts, shards, blanks, skew, asked)| {
        let place = |host: usize| format!("h{}", host % hosts + 1);
        let mut groups = Vec::new();
        for (index, (host, replicas)) in shards.into_iter().enumerate() {
            let mut group = format!("m{index}@{} <", place(host));
            for (at, (mark, host)) in replicas.into_iter().enumerate() {
                group += &format!(" r{index}x{at}{mark}@{}", place(host));
            }
            groups.push(group);
        }
        for (index, (mark, host)) in blanks.into_iter().enumerate() {
            groups.push(format!("x{index}{mark}@{}", place(host)));
        }
        Draw {
            text: groups.join("; "),
            skew,
            asked,
        }
    })
}

impl Draw {
    fn cluster(&self) -> Cluster {
        let mut cluster = testing::cluster(&self.text);
        for &(from, to, number) in &self.skew {
            let owners = owners(&cluster);
            let (from, to) = (owners[from % owners.len()], owners[to % owners.len()]);
            let some: Vec<u16> = cluster
                .node(from)
                .slots
                .iter()
                .take(number.into())
                .collect();
            if from == to || some.len() as u32 == cluster.node(from).slots.len() {
                continue;
            }
            for slot in some {
                cluster.node_mut(from).slots.remove(slot);
                cluster.node_mut(to).slots.insert(slot);
            }
        }
        if let Asked::Laden { loads, .. } = self.asked {
            let owners = owners(&cluster);
            for id in (0..cluster.nodes.len() as u32).map(NodeId) {
                let at = owners.iter().position(|&o| cluster.root(id) == Some(o));
                let load = at.map_or(0, |at| loads[at % 3]);
                let node = cluster.node_mut(id);
                node.keys = Some(load);
                node.used_memory = Some((2 << 20) + load);
            }
        }
        cluster
    }

    /// What is asked of which node; nothing where no node fits.
    fn goals(&self, at: &Cluster) -> Option<(SlotGoals, Option<NodeId>)> {
        let owners = owners(at);
        let blanks: Vec<NodeId> = at
            .iter()
            .filter(|(_, n)| n.is_live() && n.is_master() && n.slots.is_empty())
            .map(|(id, _)| id)
            .collect();
        let members: Vec<NodeId> = at
            .iter()
            .filter(|(_, n)| n.is_live())
            .map(|(id, _)| id)
            .collect();
        let pick = |of: &[NodeId], n: usize| (!of.is_empty()).then(|| of[n % of.len()]);
        let address = |id: NodeId| at.node(id).address.clone().expect("the living have one");
        let even = |within| {
            let by = Basis::Slots;
            Some(Balance { by, within })
        };
        let mut goals = SlotGoals::default();
        let about = match self.asked {
            Asked::Join(n) => {
                let id = pick(&blanks, n)?;
                goals.join = vec![address(id)];
                Some(id)
            }
            Asked::Leave(n) => {
                let id = pick(&members, n)?;
                let domain = format!("node:{}", address(id));
                goals.leave = vec![domain.parse().expect("a domain")];
                Some(id)
            }
            Asked::Empty(n) => {
                let id = pick(&owners, n)?;
                goals.empty = vec![address(id)];
                Some(id)
            }
            Asked::Shards(n) => {
                goals.shards = Some(n);
                None
            }
            Asked::Even { within } => {
                goals.balance = even(within);
                None
            }
            Asked::Weighed { node, weight } => {
                let id = pick(&owners, node)?;
                goals.balance = even(0);
                goals.weights = [(address(id), weight.max(1))].into();
                Some(id)
            }
            Asked::Laden { by, within, .. } => {
                goals.balance = Some(Balance { by, within });
                None
            }
            Asked::Move { from, to, first } => {
                let (from, to) = (pick(&owners, from)?, pick(&owners, to)?);
                let own: Vec<u16> = at.node(from).slots.iter().collect();
                let number = 1 + usize::from(first) % own.len().min(300);
                if from == to || number == own.len() {
                    return None;
                }
                goals.moves = vec![MoveSlots {
                    slots: SomeSlots::These(SlotSet::from_ranges(
                        own[..number].iter().map(|&slot| (slot, slot)),
                    )),
                    from: address(from),
                    to: address(to),
                }];
                None
            }
        };
        Some((goals, about))
    }
}

fn owners(at: &Cluster) -> Vec<NodeId> {
    let owns = at.iter().filter(|(_, n)| !n.slots.is_empty());
    owns.map(|(id, _)| id).collect()
}

/// Says what is wrong with the plan of the draw; nothing where there is rightly none.
pub fn judge(draw: &Draw) -> Result<(), String> {
    let cluster = draw.cluster();
    let Some((goals, about)) = draw.goals(&cluster) else {
        return Ok(());
    };
    let policy = Policy::default();
    let request = Request {
        slots: goals.clone(),
        ..Request::default()
    };
    let wanted = policy.wanted(&cluster);
    let made = match plan::plan(&cluster, &policy, &wanted, &request) {
        Ok(made) => made,
        Err(NoPlan::Slots(_) | NoPlan::Blocked(_)) => return Ok(()),
        Err(other) => return Err(format!("{other:?}")),
    };
    oracles::prefixes(&cluster, &made)?;
    // Of another number of masters, another number is half: that is asked for, not made worse.
    let counted_anew = owners(&cluster).len() != owners(&made.end).len();
    let found = |at: &Cluster| {
        let mut found = rules::check(&Context::new(at, &policy, &wanted));
        found.retain(|f| !counted_anew || f.rule.code != Code::HostHoldsMajority);
        found
    };
    oracles::nothing_worse(&cluster, &made, &found(&cluster), &found(&made.end))?;
    reached(draw, &cluster, &made, about)?;
    // Few slots may hold much: it is what they hold that is least.
    if !matches!(draw.asked, Asked::Laden { .. }) {
        fewest(&goals, &cluster, &made)?;
    }
    has_copies(&cluster, &made)?;
    let again = plan::plan(&recaptured(&cluster, &made), &policy, &wanted, &request);
    match again {
        Ok(again) if again.steps.is_empty() => {}
        other => return Err(format!("planned again it goes on: {other:?}")),
    }
    let inventory = Inventory {
        policy,
        cluster,
        ..Inventory::default()
    };
    holds_up(&inventory, &request)
}

/// The file of the plan, read back, is accepted.
fn holds_up(inventory: &Inventory, request: &Request) -> Result<(), String> {
    let report = report::plan(inventory, request)?;
    let text = serde_json::to_string(&report).map_err(|e| e.to_string())?;
    let file = report::read_plan(&text).map_err(|e| e.to_string())?;
    let verified = report::verify(&file);
    match verified.flaws.is_empty() {
        true => Ok(()),
        false => Err(format!("its file is refused: {:?}", verified.flaws)),
    }
}

/// What a capture after the plan shows: who was reset runs on, blank and under a new id.
fn recaptured(start: &Cluster, made: &Plan) -> Cluster {
    let mut later = made.end.clone();
    for step in &made.steps {
        // Who copied it holds what it holds.
        if let Action::Failover(failover) = &step.draft.action {
            let old = later.node(failover.old);
            let held = (old.keys, old.used_memory);
            let node = later.node_mut(failover.node);
            (node.keys, node.used_memory) = held;
        }
        let Action::Reset(Reset { node: id, .. }) = step.draft.action else {
            continue;
        };
        for node in &mut later.nodes {
            node.seen.known_by.remove(id);
        }
        let node = later.node_mut(id);
        node.seen.known_by = Default::default();
        node.last_address = None;
        node.address = start.node(id).address.clone();
        node.host = start.node(id).host;
        node.membership = Membership::Unmet;
        node.liveness = Liveness::Live(Life::Answers);
        node.role = Role::Master;
        node.keys = Some(0);
    }
    later
}

/// Who becomes a master has its replica before its slots, where anybody was free to be one. A replica
/// that it has in the end and not then was no spare: it came later with its own master's slots,
/// or could be spared only by then.
fn has_copies(start: &Cluster, made: &Plan) -> Result<(), String> {
    let mut at = Counted::new(start.clone());
    for step in &made.steps {
        if let Action::MigrateSlots(moved) = &step.draft.action
            && at.node(moved.to).slots.is_empty()
        {
            let follows = |id: NodeId| at.node(id).master() == Some(moved.to);
            let shard = made.end.root(moved.to);
            let spare = |id: NodeId| start.node(id).is_live() && start.root(id).is_none();
            let copies = |id: NodeId| shard.is_some() && made.end.root(id) == shard;
            let others = || at.iter().map(|(id, _)| id).filter(|&id| id != moved.to);
            let late = others().find(|&id| spare(id) && copies(id) && !follows(id));
            if let (false, Some(late)) = (others().any(follows), late) {
                return Err(format!(
                    "{} gets slots before {} copies it",
                    at.node(moved.to),
                    at.node(late)
                ));
            }
        }
        step.draft.action.apply(&mut at);
    }
    Ok(())
}

/// Slots that are in the end owned by the node, or by whom it handed its shard over to: a handover
/// moves no slot from one shard to another, so it counts as no move.
fn held(made: &Plan, id: NodeId) -> u32 {
    let origin = |mut owner: NodeId| {
        for step in made.steps.iter().rev() {
            if let Action::Failover(failover) = &step.draft.action
                && failover.node == owner
            {
                owner = failover.old;
            }
        }
        owner
    };
    let own = owners(&made.end).into_iter().filter(|&e| origin(e) == id);
    own.map(|e| made.end.node(e).slots.len()).sum()
}

fn reached(draw: &Draw, start: &Cluster, made: &Plan, about: Option<NodeId>) -> Result<(), String> {
    let end = &made.end;
    let counts: Vec<u32> = owners(end)
        .iter()
        .map(|&id| end.node(id).slots.len())
        .collect();
    let all: u32 = counts.iter().sum();
    let apart: BTreeSet<u16> = end.iter().flat_map(|(_, n)| n.slots.iter()).collect();
    if all != 16384 || apart.len() != 16384 {
        return Err(format!(
            "{all} slots are owned, {} of them once",
            apart.len()
        ));
    }
    let share = |number: usize| {
        let number = number.max(1) as u32;
        16384 / number..=16384_u32.div_ceil(number)
    };
    let fits = match draw.asked {
        // Who is named leads in the end: what it has is its own, and not that of its shard.
        Asked::Join(_) => {
            about.is_some_and(|id| share(counts.len()).contains(&end.node(id).slots.len()))
        }
        Asked::Leave(_) => about.is_some_and(|id| {
            let node = end.node(id);
            !node.is_live_member() && node.slots.is_empty()
        }),
        Asked::Empty(_) => about.is_some_and(|id| end.node(id).slots.is_empty()),
        Asked::Shards(number) => counts.len() == number,
        Asked::Even { within } => {
            let (least, most) = share(counts.len()).into_inner();
            let off = least * within / 100;
            counts
                .iter()
                .all(|n| (least - off..=most + off).contains(n))
        }
        // A weight is one of the shard, whoever leads it.
        Asked::Weighed { weight, .. } => about.is_some_and(|id| {
            let weight = weight.max(1);
            let parts = counts.len() as u32 - 1 + weight;
            let exact = 16384 * weight / parts;
            let root = end.root(id).unwrap_or(id);
            end.node(root).slots.len().abs_diff(exact) <= weight
        }),
        // What whole slots make of it is held to its bounds where it is decided.
        Asked::Laden { .. } => counts.len() == owners(start).len(),
        Asked::Move { from, to, first } => {
            let owners = owners(start);
            let (from, to) = (owners[from % owners.len()], owners[to % owners.len()]);
            let number = 1 + u32::from(first) % start.node(from).slots.len().min(300);
            end.node(to).slots.len() == start.node(to).slots.len() + number
        }
    };
    match fits {
        true => Ok(()),
        false => Err(format!("the end is not as asked: {counts:?}")),
    }
}

/// No plan moves fewer slots: what each master must give, counted here once more.
fn fewest(goals: &SlotGoals, start: &Cluster, made: &Plan) -> Result<(), String> {
    let Some(tally) = &made.slots else {
        return Err("the plan does not say how many slots move".to_owned());
    };
    let given = |id: &NodeId| {
        let before = start.node(*id).slots.len();
        u64::from(before.saturating_sub(held(made, *id)))
    };
    let must: u64 = owners(start).iter().map(given).sum();
    let exact = goals.shards.is_none() || tally.moved == tally.moved_bound;
    if u64::from(tally.moved) != must || tally.moved < tally.moved_bound || !exact {
        return Err(format!("{must} slots must move: {tally:?}"));
    }
    Ok(())
}
