//! What moving slots comes to, counted again from the steps and from what was asked: no choice is
//! made here, and nothing that chooses takes part.

use std::collections::BTreeMap;

use crate::action::Kind;
use crate::model::SlotSet;
use crate::report::PlanReport;
use crate::report::Step;
use crate::report::verify::flaw::Flaws;
use crate::rules::Phase;

pub(super) fn check(plan: &PlanReport, flaws: &mut Flaws) {
    let Some(told) = &plan.reshard else { return };
    let counted = Counted::of(plan);
    let asked = Asked::of(&plan.options);
    if told.moved_bound > told.moved {
        flaws.cannot("reshard.moved_bound", &told.moved_bound, "above the value");
    }
    if told.pairs_bound > told.pairs {
        flaws.cannot("reshard.pairs_bound", &told.pairs_bound, "above the value");
    }
    // A plan that was cut tells what the whole of it would come to.
    if asked.cut {
        return;
    }
    flaws.same("reshard.moved", told.moved, counted.moved);
    flaws.same("reshard.pairs", told.pairs, counted.pairs);
    let mut listed: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for master in &told.masters {
        listed.insert(&master.id, (master.before, master.after));
    }
    // Without the shards of the first version nobody's slots are known.
    if !plan.cluster.shards.is_empty() {
        for (&id, &(before, after)) in &counted.masters {
            let (b, a) = listed.remove(id).unwrap_or((0, 0));
            flaws.same(&format!("reshard.masters.{id}.before"), b, before);
            flaws.same(&format!("reshard.masters.{id}.after"), a, after);
        }
        for (id, _) in listed {
            flaws.cannot("reshard.masters", &id, "it owns no slot, before or after");
        }
    }
    if let Some((moved, pairs)) = asked.fewest(plan, &counted) {
        flaws.same("reshard.moved_bound", told.moved_bound, moved);
        flaws.same("reshard.pairs_bound", told.pairs_bound, pairs);
    }
}

/// What the steps do.
struct Counted<'a> {
    moved: u32,
    pairs: usize,
    /// Slots before and after by the id of who owns some: before is once every shard is served.
    masters: BTreeMap<&'a str, (u32, u32)>,
    /// Slots that come without leaving anybody.
    added: BTreeMap<&'a str, u32>,
}

impl<'a> Counted<'a> {
    fn of(plan: &'a PlanReport) -> Self {
        let shards = plan.cluster.shards.iter();
        let mut owned: BTreeMap<&str, (bool, u32)> = shards
            .map(|s| (s.owner.as_str(), (s.live, length(Some(&s.slots)))))
            .collect();
        let of_phase = |step: &&Step, kind| step.phase == Phase::Serve && step.action == kind;
        for step in plan.steps.iter().filter(|s| of_phase(s, Kind::Failover)) {
            if let (Some(node), Some(old)) = (&step.node, &step.target)
                && let Some((_, slots)) = owned.remove(old.as_str())
            {
                owned.insert(node, (true, slots));
            }
        }
        let live = owned.into_iter().filter(|(_, (live, _))| *live);
        let mut counted = Self {
            moved: 0,
            pairs: 0,
            masters: live.map(|(id, (_, slots))| (id, (slots, slots))).collect(),
            added: BTreeMap::new(),
        };
        for step in &plan.steps {
            let slots = length(step.slots.as_deref());
            let (node, target) = (step.node.as_deref(), step.target.as_deref());
            if step.action == Kind::MigrateSlots {
                counted.moved = counted.moved.saturating_add(slots);
                counted.pairs += 1;
                let from = node.and_then(|n| counted.masters.get_mut(n));
                from.into_iter()
                    .for_each(|(_, after)| *after = after.saturating_sub(slots));
                counted.gets(target, slots);
            } else if step.action == Kind::AddSlots {
                counted.gets(node, slots);
                if let Some(node) = node {
                    *counted.added.entry(node).or_default() += slots;
                }
            }
        }
        counted
    }

    fn gets(&mut self, id: Option<&'a str>, slots: u32) {
        if let Some(id) = id {
            let (_, after) = self.masters.entry(id).or_default();
            *after = after.saturating_add(slots);
        }
    }
}

fn length(slots: Option<&str>) -> u32 {
    let slots = slots.and_then(|s| s.parse::<SlotSet>().ok());
    slots.map_or(0, |s| s.len())
}

/// What was asked about slots, as far as it bounds what moves.
struct Asked<'a> {
    cut: bool,
    /// Everybody is to get a share.
    shares: bool,
    /// By slots, and not by what they hold, which the file does not tell.
    by_slots: bool,
    balance: bool,
    /// In parts of a hundred.
    within: u64,
    moves: usize,
    /// By address.
    weights: BTreeMap<&'a str, u64>,
}

impl<'a> Asked<'a> {
    fn of(options: &'a [String]) -> Self {
        let mut asked = Self {
            cut: false,
            shares: false,
            by_slots: true,
            balance: false,
            within: 0,
            moves: 0,
            weights: BTreeMap::new(),
        };
        for option in options {
            let (name, value) = option.split_once(' ').unwrap_or((option, ""));
            asked.cut |= name == "--max-steps";
            asked.moves += usize::from(name == "--move");
            asked.balance |= name == "--balance-slots";
            asked.by_slots &= !name.starts_with("--balance-slots=");
            asked.shares |=
                asked.balance || ["--join", "--empty", "--leave", "--shards"].contains(&name);
            if name == "--within" {
                asked.within = value.trim_end_matches('%').parse().unwrap_or(0);
            }
            if let Some((address, weight)) = value.split_once('=').filter(|_| name == "--weight") {
                asked.weights.insert(address, weight.parse().unwrap_or(1));
            }
        }
        asked
    }

    /// The fewest slots and pairs, where the file tells enough.
    fn fewest(&self, plan: &PlanReport, counted: &Counted) -> Option<(u32, usize)> {
        if !self.by_slots || plan.cluster.shards.is_empty() {
            return None;
        }
        match (self.shares, self.moves) {
            // What is named to be moved is moved, by whatever plan; what is there already is not.
            (false, moves) => Some((counted.moved, moves.min(counted.pairs))),
            (true, 0) => Some(fewest(&self.limits(plan, counted))),
            (true, _) => None,
        }
    }

    /// Everybody's slots, and between how many they may end with.
    fn limits(&self, plan: &PlanReport, counted: &Counted) -> Vec<Limits> {
        let members = plan.cluster.members.iter();
        let addresses: BTreeMap<&str, &str> = members
            .filter_map(|m| Some((m.id.as_str(), m.address.as_deref()?)))
            .collect();
        let masters = counted.masters.iter().map(|(id, &(before, after))| {
            let have = before + counted.added.get(id).copied().unwrap_or(0);
            let address = addresses.get(id);
            let weight = address.and_then(|a| self.weights.get(a)).copied();
            // Who owned some and owns none any more was to give all away.
            let weight = match have > 0 && after == 0 {
                true => 0,
                false => weight.unwrap_or(1),
            };
            (have, after, weight)
        });
        let masters: Vec<(u32, u32, u64)> = masters.collect();
        let total: u64 = masters.iter().map(|m| u64::from(m.0)).sum();
        let weights: u64 = masters.iter().map(|m| m.2).sum::<u64>().max(1);
        let limits = masters.into_iter().map(|(have, after, weight)| {
            let have = u64::from(have);
            let parts = total * weight;
            let (down, up) = (parts / weights, parts.div_ceil(weights));
            let off = down * self.within / 100;
            let (least, most) = if have > 0 && after == 0 {
                (0, 0)
            } else if have == 0 {
                (down, up)
            } else if self.balance {
                (down.saturating_sub(off), up + off)
            } else {
                (have.min(down), have.max(up))
            };
            Limits { have, least, most }
        });
        limits.collect()
    }
}

struct Limits {
    have: u64,
    least: u64,
    most: u64,
}

/// Slots that must leave or come, whichever are more. In pairs is everybody who must give or take,
/// and as many of the others, who could the most, as it takes to give or take all of them.
fn fewest(limits: &[Limits]) -> (u32, usize) {
    let over: u64 = limits.iter().map(|l| l.have.saturating_sub(l.most)).sum();
    let under: u64 = limits.iter().map(|l| l.least.saturating_sub(l.have)).sum();
    let moved = over.max(under);
    let side = |must: fn(&Limits) -> bool, could: fn(&Limits) -> u64| {
        let (all, mut others): (Vec<u64>, Vec<u64>) = (
            limits.iter().filter(|l| must(l)).map(could).collect(),
            limits.iter().filter(|l| !must(l)).map(could).collect(),
        );
        others.sort_unstable_by_key(|&could| std::cmp::Reverse(could));
        let (mut count, mut sum) = (all.len(), all.iter().sum::<u64>());
        for could in others {
            if sum >= moved {
                break;
            }
            (count, sum) = (count + 1, sum + could);
        }
        count
    };
    let pairs = match moved {
        0 => 0,
        _ => side(|l| l.have > l.most, |l| l.have.saturating_sub(l.least)).max(side(
            |l| l.have < l.least,
            |l| l.most.saturating_sub(l.have),
        )),
    };
    (u32::try_from(moved).unwrap_or(u32::MAX), pairs)
}
