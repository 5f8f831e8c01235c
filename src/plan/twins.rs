//! The goals of a policy file, beside those of the command line.
//!
//! What is typed goes before what stands in a file; what contradicts it is an error. What a file asks
//! for once and for all never keeps a plan from repairing: where it cannot be planned now it waits,
//! and that is said.

use crate::inventory::Inventory;
use crate::model::Address;
use crate::model::Domain;
use crate::model::Domains;
use crate::plan;
use crate::plan::Goal;
use crate::plan::Request;
use crate::plan::goal::Drain;
use crate::plan::goal::Maintain;
use crate::plan::goal::Pin;
use crate::plan::goal::PinnedRole;
use crate::plan::goal::Remove;
use crate::plan::goal::Replace;
use crate::plan::goal::Restart;
use crate::plan::restart::Ask;
use crate::plan::restart::Roles;
use crate::plan::restart::Unit;
use crate::plan::restart::Which;
use crate::plan::slots::Balance;
use crate::plan::slots::Basis;
use crate::plan::slots::SlotGoals;
use crate::plan::why::Said;
use crate::policy::HomeRole;
use crate::policy::ShareOf;
use crate::policy::SlotWishes;
use crate::policy::Upgrade;
use crate::policy::UpgradeUnit;

/// What is typed and what stands in the policy cannot both be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{option}` and `{file}` of the policy ({place}) contradict each other")]
pub struct Contradiction {
    option: String,
    file: String,
    place: String,
}

/// Adds what the policy asks for; what of it does not count this time, and why.
pub fn of_policy(
    request: &mut Request,
    inventory: &Inventory,
) -> Result<Vec<String>, Contradiction> {
    let mut said = Vec::new();
    let standing = &inventory.policy.standing;
    let goals = goals(inventory);
    if request.restart().is_some() && !goals.is_empty() {
        said.push(
            "the goals of the policy do not count: --restart goes with no other goal".to_owned(),
        );
    } else {
        for goal in goals {
            if !request.goals.iter().any(|typed| covers(typed, &goal)) {
                request.goals.push(goal);
            }
        }
    }
    if let Some(wishes) = &standing.slots {
        said.extend(slots(request, inventory, wishes)?);
    }
    if let Some(upgrade) = &standing.upgrade {
        said.extend(restart(request, inventory, upgrade));
    }
    Ok(said)
}

/// What is asked for by the file was typed, too.
fn covers(typed: &Goal, goal: &Goal) -> bool {
    let same_kind = typed.kind() == goal.kind();
    typed == goal || (same_kind && goal.domain().is_some() && typed.domain() == goal.domain())
}

/// What is not there is said elsewhere.
fn goals(inventory: &Inventory) -> Vec<Goal> {
    let (policy, cluster) = (&inventory.policy, &inventory.cluster);
    let standing = &policy.standing;
    let domains = Domains::of(cluster);
    let there = |domain: &Domain| domains.nodes_in(domain).is_ok_and(|nodes| !nodes.is_empty());
    let mut goals: Vec<Goal> = Vec::new();
    let mut add = |goal: Goal| {
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    };
    let mut drains: Vec<_> = policy.drains.iter().filter(|d| there(&d.domain)).collect();
    drains.sort_by_key(|drain| &drain.domain);
    for drain in drains {
        let (domain, stop) = (drain.domain.clone(), drain.stop);
        add(Drain { domain, stop }.into());
    }
    for place in standing.maintained.iter().filter(|p| there(&p.domain)) {
        let domain = place.domain.clone();
        add(Maintain { domain }.into());
    }
    for place in standing.removed.iter().filter(|p| there(&p.domain)) {
        let domain = place.domain.clone();
        add(Remove { domain }.into());
    }
    let both = |old: &Domain, new: &Domain| there(old) && there(new);
    let replaced = standing.replaced.iter();
    for replaced in replaced.filter(|r| both(&r.old, &r.new)) {
        let (old, new) = (replaced.old.clone(), replaced.new.clone());
        add(Replace { old, new }.into());
    }
    let is_there = |address: &Address| cluster.at(address).next().is_some();
    for pin in policy.pins.iter().filter(|pin| is_there(&pin.address)) {
        let role = match (pin.role, &pin.master) {
            (HomeRole::Master, _) => PinnedRole::Master,
            (HomeRole::Replica, Some(master)) if is_there(master) => {
                PinnedRole::ReplicaOf(master.clone())
            }
            (HomeRole::Replica, Some(_) | None) => continue,
        };
        let address = pin.address.clone();
        add(Pin { address, role }.into());
    }
    goals
}

/// Old processes are restarted where nothing else is to be done and everybody lives.
fn restart(request: &mut Request, inventory: &Inventory, upgrade: &Upgrade) -> Option<String> {
    let cluster = &inventory.cluster;
    let ask = Ask {
        which: Which::OlderThan(upgrade.to),
        unit: match upgrade.unit {
            UpgradeUnit::Process => Unit::Process,
            UpgradeUnit::Host => Unit::Host,
            UpgradeUnit::Zone => Unit::Zone,
        },
        to: Some(upgrade.to),
        keep: upgrade.keep,
        roles: Roles::Balance,
    };
    let old = ask.nodes(cluster).unwrap_or_default();
    let known = |id: &crate::model::NodeId| cluster.node(*id).runs.is_some();
    if request.restart().is_some() || !old.iter().any(known) {
        return None;
    }
    let waits = |why: &str| Some(format!("the upgrade of the policy waits: {why}"));
    if !request.goals.is_empty() || request.slots != SlotGoals::default() {
        return waits("a restart goes with no other goal");
    }
    if !cluster.dead_members().is_empty() || !cluster.uncovered().is_empty() {
        return waits("not everybody lives, or slots have no owner");
    }
    request.goals.push(Restart { ask }.into());
    None
}

/// Slots are shared as the policy says, unless that cannot be planned now.
fn slots(
    request: &mut Request,
    inventory: &Inventory,
    wishes: &SlotWishes,
) -> Result<Option<String>, Contradiction> {
    let typed = &request.slots;
    contradicts(typed, wishes)?;
    let waits = |why: String| Ok(Some(format!("[slots] of the policy waits: {why}")));
    let wanted = wanted(inventory, wishes);
    if wanted == SlotGoals::default() {
        return Ok(None);
    }
    if typed.create.is_some() || typed.give_up.is_some() || !typed.moves.is_empty() {
        return waits("other slots are moved now".to_owned());
    }
    if request.restart().is_some() {
        return waits("--restart goes with no other goal".to_owned());
    }
    let mut both = request.clone();
    let slots = &mut both.slots;
    slots.shards = slots.shards.or(wanted.shards);
    slots.balance = slots.balance.or(wanted.balance);
    slots.join.extend(wanted.join);
    slots.empty.extend(wanted.empty);
    slots.leave.extend(wanted.leave);
    slots.join.sort();
    slots.join.dedup();
    slots.empty.sort();
    slots.empty.dedup();
    slots.leave.sort();
    slots.leave.dedup();
    if let Some(why) = plan::slot_trouble(inventory, &both) {
        return waits(Said(&why, &inventory.cluster).to_string());
    }
    *request = both;
    Ok(None)
}

/// What of it is not so yet, of those that are there.
fn wanted(inventory: &Inventory, wishes: &SlotWishes) -> SlotGoals {
    let cluster = &inventory.cluster;
    let owns = |address: &Address| {
        let mut there = cluster.at(address).filter(|&id| cluster.node(id).is_live());
        there.next().map(|id| !cluster.node(id).slots.is_empty())
    };
    let domains = Domains::of(cluster);
    let there = |domain: &&Domain| domains.nodes_in(domain).is_ok_and(|nodes| !nodes.is_empty());
    let join = wishes.join.iter().filter(|at| owns(at) == Some(false));
    let empty = wishes.empty.iter().filter(|at| owns(at) == Some(true));
    SlotGoals {
        shards: wishes.shards.map(|n| n as usize),
        balance: wishes.balance.map(|share| Balance {
            by: basis(share),
            within: wishes.within.map_or(default_within(share), u32::from),
        }),
        join: join.cloned().collect(),
        empty: empty.cloned().collect(),
        leave: wishes.leave.iter().filter(there).cloned().collect(),
        ..SlotGoals::default()
    }
}

fn basis(share: ShareOf) -> Basis {
    match share {
        ShareOf::Slots => Basis::Slots,
        ShareOf::Keys => Basis::Keys,
        ShareOf::Memory => Basis::Memory,
    }
}

fn default_within(share: ShareOf) -> u32 {
    match share {
        ShareOf::Slots => 0,
        ShareOf::Keys | ShareOf::Memory => 2,
    }
}

/// Two numbers for one thing.
fn contradicts(typed: &SlotGoals, wishes: &SlotWishes) -> Result<(), Contradiction> {
    let differ = |option: String, file: String| {
        let place = format!("{}:{}", wishes.at.path, wishes.at.line);
        Err(Contradiction {
            option,
            file,
            place,
        })
    };
    if let (Some(typed), Some(file)) = (typed.shards, wishes.shards)
        && typed != file as usize
    {
        return differ(format!("--shards {typed}"), format!("shards = {file}"));
    }
    if let (Some(typed), Some(file)) = (typed.balance, wishes.balance)
        && typed.by != basis(file)
    {
        let file = format!("balance = \"{}\"", basis(file));
        return differ(format!("--balance-slots={}", typed.by), file);
    }
    let joins = |at: &&Address| wishes.empty.contains(at);
    if let Some(at) = typed.join.iter().find(joins) {
        return differ(format!("--join {at}"), format!("empty = [\"{at}\"]"));
    }
    let empties = |at: &&Address| wishes.join.contains(at);
    if let Some(at) = typed.empty.iter().find(empties) {
        return differ(format!("--empty {at}"), format!("join = [\"{at}\"]"));
    }
    Ok(())
}
