//! How far a plan of tablets is by a later capture.
//!
//! A step is known by what it changes: the rows of partitions, and the health of a tablet. The same
//! rows may come again later in a plan (a tablet is taken out and recovered), so the capture is put
//! beside every moment of the plan, and the latest that it may be counts; a process that was running
//! before counts as restarted only if `showtablet` tells a younger one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Health;
use crate::model::Held;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::report::Progress;
use crate::report::StepProgress;
use crate::report::StepState;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::plan::TabletStep;
use crate::report::tablets::step::Steps;
use crate::tablets::Act;

/// Tablet, role and life of the copies of a partition.
type Rows = BTreeSet<(TabletId, bool, bool)>;

/// What a step changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Partition(PartitionId),
    /// Its health.
    Tablet(TabletId),
}

/// A part as one of the moments has it.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Looks {
    Rows(Rows),
    Healthy(bool),
}

/// Judges every step by what `at` shows; `state` is the one that the plan was made on.
pub(super) fn progress(plan: &TabletPlan, state: Tablets, at: &Tablets) -> Progress {
    let mut progress = Progress::default();
    let steps = Steps::of(&state);
    let acts: Option<Vec<Act>> = plan.steps.iter().map(|step| steps.act(step)).collect();
    // The file was verified, so every step is one.
    let acts = acts.unwrap_or_default();
    let seen = Seen::of(&state, at, &mut progress.drift);
    let moments = Moments::of(&state, &acts);
    let done = seen.done(&state, &acts, &moments);
    let mut now = seen.state;
    let mut stuck: Option<u32> = None;
    let mut waits: Option<u32> = None;
    for (index, (step, act)) in plan.steps.iter().zip(&acts).enumerate() {
        let (mut state, mut why) = (StepState::Done, None);
        if !done[index] {
            (state, why) = judge(step, act, &now, stuck, at);
            if state == StepState::Pending {
                act.apply(&mut now);
                if let Some(first) = waits {
                    why = Some(format!("it comes after step {first}"));
                }
                waits.get_or_insert(step.id);
            }
        }
        match state {
            StepState::Done => progress.done += 1,
            StepState::Pending => progress.pending += 1,
            StepState::Blocked => progress.blocked += 1,
            StepState::Drifted => progress.drifted += 1,
        }
        if state == StepState::Drifted {
            stuck = Some(step.id);
        }
        progress.steps.push(StepProgress {
            id: step.id,
            state,
            says: step.said(),
            why,
        });
    }
    progress
}

/// A step that is not seen to be done.
fn judge(
    step: &TabletStep,
    act: &Act,
    now: &Tablets,
    stuck: Option<u32>,
    at: &Tablets,
) -> (StepState, Option<String>) {
    if let Some(stuck) = stuck {
        let why = format!("it comes after step {stuck}");
        return (StepState::Blocked, Some(why));
    }
    if let Some(why) = held_up(step, act, now) {
        return (StepState::Drifted, Some(why));
    }
    if let Err(why) = act.guard(now) {
        let mut after = now.clone();
        act.apply(&mut after);
        return match after.partitions == now.partitions {
            true => (StepState::Done, None),
            false => (StepState::Drifted, Some(why.to_string())),
        };
    }
    let running = at.ops.iter().find(|op| op.status.is_running());
    let why = match (act, running) {
        (_, Some(op)) => Some(format!("operation {} {} is running", op.id, op.kind)),
        (Act::SetAutoFailover(_), None) if at.auto_failover.is_none() => {
            Some("no confget was captured".to_owned())
        }
        (Act::Restart(_), None) => {
            let why = "showtablet tells no younger process than before";
            Some(why.to_owned())
        }
        (Act::RestartNameServer(_), None) => {
            Some("no capture tells it; the journal of the script does".to_owned())
        }
        (
            Act::SetAutoFailover(_)
            | Act::OfflineEndpoint(_)
            | Act::ChangeLeader { .. }
            | Act::RecoverEndpoint(_)
            | Act::RecoverTable { .. }
            | Act::Migrate { .. }
            | Act::AddReplica { .. }
            | Act::DelReplica { .. }
            | Act::Kill(_),
            None,
        ) => None,
    };
    (StepState::Pending, why)
}

/// What the step relies on, as its guard in the file says it.
fn held_up(step: &TabletStep, act: &Act, now: &Tablets) -> Option<String> {
    let runs = |endpoint: &String| now.find(endpoint).is_some_and(|t| now.runs(t));
    if let Some(down) = step.guard.healthy.iter().find(|e| !runs(e)) {
        return Some(format!("{down} does not run"));
    }
    if let Some(back) = step.guard.offline.iter().find(|e| runs(e)) {
        return Some(format!(
            "{back} came back: taking it out would stop what it leads"
        ));
    }
    let partition = act.partition()?;
    let leader = now.leader(now.partition(partition));
    let leader = leader.map(|held| now.endpoint(held.tablet).to_string());
    let name = |leader: &Option<String>| leader.clone().unwrap_or_else(|| "nobody".to_owned());
    (leader != step.guard.leader).then(|| {
        format!(
            "expected {} as the leader of {}, seen {}",
            name(&step.guard.leader),
            now.name(partition),
            name(&leader)
        )
    })
}

/// Every part that some step changes, with the moments at which it changes: from 0, before the first
/// step.
struct Moments(BTreeMap<Part, Vec<(usize, Looks)>>);

impl Moments {
    fn of(state: &Tablets, acts: &[Act]) -> Self {
        let mut moments = BTreeMap::new();
        let mut walked = state.clone();
        for (index, act) in acts.iter().enumerate() {
            let parts = parts(act, &walked);
            for part in &parts {
                moments
                    .entry(*part)
                    .or_insert_with(|| vec![(0, look(state, *part))]);
            }
            act.apply(&mut walked);
            for part in parts {
                let looks = look(&walked, part);
                let known = moments.entry(part).or_default();
                if known.last().is_none_or(|(_, last)| *last != looks) {
                    known.push((index + 1, looks));
                }
            }
        }
        // What nothing changes tells nothing.
        moments.retain(|_, known| known.len() > 1);
        Self(moments)
    }
}

fn parts(act: &Act, state: &Tablets) -> Vec<Part> {
    let mut parts: Vec<Part> = act.partition().map(Part::Partition).into_iter().collect();
    if let (None, Some(tablet)) = (act.partition(), act.tablet()) {
        parts.extend(state.held_by(tablet).map(|(id, _)| Part::Partition(id)));
        if matches!(act, Act::Restart(_) | Act::Kill(_)) {
            parts.push(Part::Tablet(tablet));
        }
    }
    parts
}

fn look(state: &Tablets, part: Part) -> Looks {
    let row = |held: &Held| (held.tablet, held.leader, held.alive);
    match part {
        Part::Partition(id) => Looks::Rows(state.partition(id).copies.iter().map(row).collect()),
        Part::Tablet(tablet) => Looks::Healthy(state.runs(tablet)),
    }
}

/// The later capture, with the ids of the plan.
struct Seen {
    state: Tablets,
    /// Tablets whose process is younger than it was.
    anew: BTreeSet<TabletId>,
}

impl Seen {
    fn of(planned: &Tablets, at: &Tablets, drift: &mut Vec<String>) -> Self {
        let mut state = planned.clone();
        let mut anew = BTreeSet::new();
        state.auto_failover = at.auto_failover;
        for tablet in planned.tablet_ids() {
            let now = at.find(planned.endpoint(tablet)).map(|t| at.tablet(t));
            let known = &mut state.tablets[tablet.index()];
            known.health = match now {
                Some(now) if at.health_known => now.health,
                None if at.health_known => Health::Offline,
                Some(_) | None => known.health,
            };
            let ages = (now.and_then(|t| t.age_ms), planned.tablet(tablet).age_ms);
            if let (Some(now), Some(then)) = ages
                && now < then
            {
                anew.insert(tablet);
            }
        }
        let ids: BTreeMap<(&str, u32, Option<u64>), usize> = at
            .partitions
            .iter()
            .enumerate()
            .map(|(index, p)| ((&*p.table, p.pid, p.tid), index))
            .collect();
        let mut missing = 0;
        for partition in &mut state.partitions {
            let key = (&*partition.table, partition.pid, partition.tid);
            let Some(now) = ids.get(&key).map(|&index| &at.partitions[index]) else {
                missing += 1;
                if missing == 1 {
                    drift.push(format!("the capture does not list {partition}"));
                }
                continue;
            };
            let mut copies = Vec::new();
            for held in &now.copies {
                match planned.find(at.endpoint(held.tablet)) {
                    Some(tablet) => copies.push(Held {
                        tablet,
                        ..held.clone()
                    }),
                    None => drift.push(format!(
                        "{partition} has a copy on {}, which this plan does not know",
                        at.endpoint(held.tablet)
                    )),
                }
            }
            partition.copies = copies;
        }
        if missing > 1 {
            drift.push(format!("nor {} more partitions", missing - 1));
        }
        Self { state, anew }
    }

    fn done(&self, planned: &Tablets, acts: &[Act], moments: &Moments) -> Vec<bool> {
        let is_switch = |act: &Act| matches!(act, Act::SetAutoFailover(_));
        let mut done = match self.moment(planned, acts, moments) {
            Some(moment) => (0..acts.len()).map(|index| index < moment).collect(),
            None => self.apart(acts, moments),
        };
        let all = acts
            .iter()
            .zip(&done)
            .all(|(act, done)| *done || is_switch(act));
        for (index, act) in acts.iter().enumerate() {
            if let Act::SetAutoFailover(value) = act {
                let is_so = self.state.auto_failover == Some(*value);
                done[index] = match value {
                    // Turned on again when all is done.
                    false => all || is_so,
                    true => all && is_so,
                };
            }
        }
        done
    }

    /// So many steps are done that this moment of the plan, and no later one, looks as the capture.
    fn moment(&self, planned: &Tablets, acts: &[Act], moments: &Moments) -> Option<usize> {
        let most = acts.len();
        let mut fits = vec![0_i64; most + 2];
        for (part, known) in &moments.0 {
            let now = look(&self.state, *part);
            for (index, (from, looks)) in known.iter().enumerate() {
                let to = known.get(index + 1).map_or(most + 1, |(next, _)| *next);
                if *looks == now {
                    fits[*from] += 1;
                    fits[to] -= 1;
                }
            }
        }
        let mut all = 0;
        let mut latest = None;
        for (moment, change) in fits.iter().take(most + 1).enumerate() {
            all += change;
            if all == moments.0.len() as i64 {
                latest = Some(moment);
            }
            let unseen = match acts.get(moment) {
                Some(Act::Restart(t)) => planned.runs(*t) && !self.anew.contains(t),
                Some(_) | None => false,
            };
            if unseen {
                break;
            }
        }
        // Name servers tell nothing of themselves, so only what comes after them does.
        let mut moment = latest?;
        let tells = |act: &Act| !matches!(act, Act::RestartNameServer(_) | Act::SetAutoFailover(_));
        while moment > 0 && !tells(&acts[moment - 1]) {
            moment -= 1;
        }
        Some(moment)
    }

    /// No moment of the plan looks as the capture: each step by itself.
    fn apart(&self, acts: &[Act], moments: &Moments) -> Vec<bool> {
        let mut done: Vec<bool> = acts
            .iter()
            .map(|act| !matches!(act, Act::RestartNameServer(_)))
            .collect();
        for (part, known) in &moments.0 {
            let now = look(&self.state, *part);
            let fits = known.iter().filter(|(_, looks)| *looks == now);
            let reached = fits.map(|(moment, _)| *moment).max().unwrap_or(0);
            for (moment, _) in known.iter().filter(|(moment, _)| *moment > reached) {
                done[moment - 1] = false;
            }
        }
        for (index, act) in acts.iter().enumerate() {
            if let Act::Restart(tablet) = act {
                done[index] &= self.anew.contains(tablet);
            }
        }
        done
    }
}
