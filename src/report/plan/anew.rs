//! The actions of a reviewed step on a later capture: as it was, and what takes it back.

use crate::action;
use crate::action::Action;
use crate::action::AddSlots;
use crate::action::BumpEpoch;
use crate::action::Failover;
use crate::action::Flush;
use crate::action::Forget;
use crate::action::Kill;
use crate::action::Kind;
use crate::action::Meet;
use crate::action::MigrateSlots;
use crate::action::Mode;
use crate::action::Replicate;
use crate::action::Reset;
use crate::action::Restart;
use crate::action::SetEpoch;
use crate::action::SetSlot;
use crate::action::StepMode;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::report::Step;

fn find(at: &Cluster, name: &Option<String>) -> Result<NodeId, String> {
    let name = name.as_deref().ok_or("it names no node")?;
    at.find(name)
        .ok_or_else(|| format!("the capture does not list {name}"))
}

/// The step as it was.
pub(super) fn onward(step: &Step, at: &Cluster) -> Result<Action, String> {
    let node = || find(at, &step.node);
    let target = || find(at, &step.target);
    Ok(match step.action {
        Kind::Meet => Meet {
            via: node()?,
            node: target()?,
        }
        .into(),
        Kind::Flush => Flush { node: node()? }.into(),
        Kind::Replicate => {
            let master = target()?;
            Replicate {
                node: node()?,
                // Who took over from it by then.
                master: at.root(master).unwrap_or(master),
            }
            .into()
        }
        Kind::SetSlot => {
            let text = step.slots.as_deref().unwrap_or_default();
            let slots = text.parse().map_err(|_| "its slots are none".to_owned())?;
            SetSlot {
                node: node()?,
                slots,
                moved_later: step.guard.empty.is_none(),
            }
            .into()
        }
        Kind::Failover => Failover {
            node: node()?,
            old: target()?,
            mode: match step.mode {
                Some(mode) => mode.of_failover().ok_or("its mode is none of a failover")?,
                None => Mode::Graceful,
            },
        }
        .into(),
        Kind::SetEpoch => SetEpoch {
            node: node()?,
            epoch: step.epoch.ok_or("it names no epoch")?,
        }
        .into(),
        Kind::AddSlots => {
            let node = node()?;
            let mut slots = slots_of(step)?;
            // Those that came already are no longer free.
            slots.subtract(&at.node(node).slots);
            AddSlots {
                node,
                slots,
                ranges: step.mode != Some(StepMode::Each),
                lost_by: Vec::new(),
            }
            .into()
        }
        Kind::MigrateSlots => {
            let (from, to) = (node()?, target()?);
            // Some may have gone before it was stopped.
            let slots = slots_of(step)?.intersection(&at.node(from).slots);
            migrate(at, step, (from, to), slots).into()
        }
        Kind::BumpEpoch => BumpEpoch {
            node: node()?,
            at_least: step.epoch.unwrap_or(0),
        }
        .into(),
        Kind::Kill => Kill {
            node: node()?,
            after: Vec::new(),
        }
        .into(),
        Kind::Reset => Reset {
            node: node()?,
            after: Vec::new(),
            emptied: step.mode == Some(StepMode::Emptied),
        }
        .into(),
        Kind::Forget => {
            let gone = target()?;
            let knows = |id: NodeId| {
                let seen = at.node(id);
                id != gone
                    && seen.is_live_member()
                    && (at.node(gone).seen.known_by.contains(id) || !seen.seen.has_view)
            };
            let tell = at.iter().map(|(id, _)| id).filter(|&id| knows(id));
            Forget {
                node: gone,
                tell: tell.collect(),
                loses: step
                    .slots
                    .as_deref()
                    .and_then(|s| s.parse().ok())
                    .unwrap_or_default(),
            }
            .into()
        }
        Kind::Restart => Restart {
            node: node()?,
            to: step.guard.version.as_deref().and_then(|v| v.parse().ok()),
        }
        .into(),
    })
}

fn slots_of(step: &Step) -> Result<SlotSet, String> {
    let text = step.slots.as_deref().unwrap_or_default();
    text.parse().map_err(|_| "its slots are none".to_owned())
}

/// A move of those slots as the step makes it.
fn migrate(at: &Cluster, step: &Step, ends: (NodeId, NodeId), slots: SlotSet) -> MigrateSlots {
    let (from, to) = ends;
    let live = at.iter().filter(|(_, n)| n.is_live_member());
    let owner = at.node(from);
    let memory = u128::from(owner.used_memory.unwrap_or(0));
    let share = memory * u128::from(slots.len()) / u128::from(owner.slots.len().max(1));
    MigrateSlots {
        from,
        to,
        slots,
        way: step.mode.map_or(action::Way::Keys, way),
        bytes: u64::try_from(share).unwrap_or(u64::MAX),
        seen_by: live.map(|(id, _)| id).collect(),
    }
}

/// Slots of a move that are where it brought them, whether all came or not.
pub(super) fn moved(step: &Step, at: &Cluster) -> SlotSet {
    let target = step.target.as_deref().and_then(|name| at.find(name));
    let owned = target.map(|id| at.node(id).slots.clone());
    let owned = owned.filter(|_| step.action == Kind::MigrateSlots);
    owned.map_or_else(SlotSet::new, |owned| {
        slots_of(step).unwrap_or_default().intersection(&owned)
    })
}

/// What takes the step back.
pub(super) fn inverse(step: &Step, at: &Cluster) -> Result<Action, String> {
    let node = find(at, &step.node)?;
    match step.action {
        Kind::Failover => Ok(Failover {
            node: find(at, &step.target)?,
            old: node,
            mode: Mode::Graceful,
        }
        .into()),
        Kind::Replicate => Ok(Replicate {
            node,
            master: find(at, &step.guard.master)?,
        }
        .into()),
        Kind::MigrateSlots => {
            let ends = (find(at, &step.target)?, node);
            Ok(migrate(at, step, ends, moved(step, at)).into())
        }
        Kind::Meet
        | Kind::Flush
        | Kind::SetSlot
        | Kind::SetEpoch
        | Kind::AddSlots
        | Kind::BumpEpoch
        | Kind::Kill
        | Kind::Reset
        | Kind::Forget
        | Kind::Restart => Err(format!("nothing takes a {} back", step.action)),
    }
}

/// What moves slots as the step does.
fn way(mode: StepMode) -> action::Way {
    match mode {
        StepMode::Whole => action::Way::Whole,
        StepMode::Import => action::Way::Import,
        StepMode::Keys
        | StepMode::Graceful
        | StepMode::Force
        | StepMode::Takeover
        | StepMode::Stable
        | StepMode::Ranges
        | StepMode::Each
        | StepMode::Plain
        | StepMode::Emptied
        | StepMode::GiveUp => action::Way::Keys,
    }
}
