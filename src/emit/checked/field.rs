//! The fields of one step under check: each taken for what it must be, or named in the error.

use std::sync::Arc;

use crate::action::GuardRole;
use crate::action::Guarded;
use crate::action::Need;
use crate::action::StepMode;
use crate::emit::EmitError;
use crate::emit::checked::CheckedGuard;
use crate::emit::checked::CheckedStep;
use crate::emit::checked::LONGEST_MS;
use crate::emit::checked::sets::Sets;
use crate::emit::text::one_line;
use crate::model::Address;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::report::Step;
use crate::rules::Code;

/// A step under check.
#[derive(Clone, Copy)]
pub(super) struct At<'a>(pub(super) &'a Step);

impl<'a> At<'a> {
    pub(super) fn wrong(self, field: &str, value: &str, problem: &'static str) -> EmitError {
        EmitError::Field {
            step: self.0.id,
            field: field.to_owned(),
            value: one_line(value),
            problem,
        }
    }

    /// The field if the shape of the action knows it, checked.
    fn field<T>(
        self,
        name: &'static str,
        need: Need,
        value: &'a Option<String>,
        check: impl FnOnce(Self, &str, &'a str) -> Result<T, EmitError>,
    ) -> Result<Option<T>, EmitError> {
        match (need, value) {
            (Need::No, _) | (Need::May, None) => Ok(None),
            (Need::May | Need::Must, Some(value)) => check(self, name, value).map(Some),
            (Need::Must, None) => Err(self.missing(name)),
        }
    }

    pub(super) fn missing(self, field: &'static str) -> EmitError {
        EmitError::Missing {
            step: self.0.id,
            field,
            action: self.0.action,
        }
    }

    pub(super) fn id(self, field: &str, value: &str) -> Result<NodeName, EmitError> {
        let name = NodeName::new(value);
        if name.is_plain() {
            Ok(name)
        } else {
            Err(self.wrong(field, value, "not 1 to 64 letters and digits"))
        }
    }

    pub(super) fn address(self, field: &str, value: &str) -> Result<Address, EmitError> {
        value
            .parse()
            .map_err(|_| self.wrong(field, value, "not an address and port"))
    }

    pub(super) fn slots(self, field: &str, value: &str) -> Result<SlotSet, EmitError> {
        value
            .parse()
            .map_err(|_| self.wrong(field, value, "not slot ranges such as `0-5460,7000`"))
    }

    fn milliseconds(self, field: &str, value: u64) -> Result<u64, EmitError> {
        if value <= LONGEST_MS {
            Ok(value)
        } else {
            Err(self.wrong(field, &value.to_string(), "longer than a month"))
        }
    }

    pub(super) fn check(self, sets: &mut Sets<'a>) -> Result<CheckedStep, EmitError> {
        let step = self.0;
        let shape = step.action.spec().shape;
        let checked = CheckedStep {
            id: step.id,
            phase: step.phase,
            wave: step.wave,
            action: step.action,
            node: self.field("node", shape.node, &step.node, Self::id)?,
            address: self.field("address", shape.node, &step.address, Self::address)?,
            target: self.field("target", shape.target, &step.target, Self::id)?,
            target_address: self.field(
                "target_address",
                shape.target_address,
                &step.target_address,
                Self::address,
            )?,
            bus_port: self.bus_port()?,
            tell: self.tell(sets)?,
            slots: self.field("slots", shape.slots, &step.slots, Self::slots)?,
            mode: self.mode()?,
            epoch: step.epoch.filter(|&e| e <= i64::MAX as u64),
            after: step.after.clone(),
            barrier: step.barrier,
            pause_ms: self.milliseconds("pause_ms", step.pause_ms)?,
            pause_after: None,
            guard: self.guard()?,
            relied: self.relied()?,
            wait_at: sets.list(self, "wait.at", &step.wait.at)?,
            limit_ms: self.milliseconds("wait.limit_ms", step.wait.limit_ms)?,
            expected_ms: self.milliseconds("wait.expected_ms", step.wait.expected_ms)?,
            can_be_undone: step.undo.is_some(),
            cures: Code::join(&step.cures, " "),
            reason: one_line(&step.reason),
        };
        if !shape.until.contains(&step.wait.until) {
            return Err(self.wrong(
                "wait.until",
                step.wait.until.word(),
                "not what this action waits for",
            ));
        }
        self.fits(&checked.guard)?;
        if let Some(risk) = step.risk.filter(|&risk| checked.risk() != Some(risk)) {
            return Err(self.wrong("risk", risk.word(), "not what this step risks"));
        }
        if checked.first_command().is_none() {
            return Err(self.missing("slots"));
        }
        Ok(checked)
    }

    fn bus_port(self) -> Result<Option<u16>, EmitError> {
        let wrong =
            |port: u16, problem| Err(self.wrong("target_bus_port", &port.to_string(), problem));
        match self.0.target_bus_port {
            Some(0) => wrong(0, "not a port"),
            Some(port) if self.0.action.spec().shape.bus_port == Need::No => {
                wrong(port, "only a meet step has one")
            }
            port => Ok(port),
        }
    }

    fn tell(self, sets: &mut Sets<'a>) -> Result<Arc<[Address]>, EmitError> {
        let tell = match self.0.action.spec().shape.tell {
            Need::No => return Ok(Arc::new([])),
            Need::May | Need::Must => sets.list(self, "tell", &self.0.tell)?,
        };
        if tell.is_empty() && self.0.action.spec().shape.tell == Need::Must {
            return Err(self.missing("tell"));
        }
        Ok(tell)
    }

    fn mode(self) -> Result<Option<StepMode>, EmitError> {
        let shape = self.0.action.spec().shape;
        if shape.modes.is_empty() {
            return Ok(None);
        }
        match self.0.mode.or(shape.usual_mode) {
            None => Err(self.missing("mode")),
            Some(mode) if shape.modes.contains(&mode) => Ok(Some(mode)),
            Some(mode) => Err(self.wrong("mode", mode.word(), "not a mode of this action")),
        }
    }

    fn guard(self) -> Result<CheckedGuard, EmitError> {
        let guard = &self.0.guard;
        Ok(CheckedGuard {
            role: guard.role,
            master: self.field("guard.master", Need::May, &guard.master, Self::id)?,
            slots: self.field("guard.slots", Need::May, &guard.slots, Self::slots)?,
            empty: guard.empty.unwrap_or(false),
            link: guard.link,
        })
    }

    /// A guard that the action cannot keep is refused rather than passed over in silence.
    fn fits(self, guard: &CheckedGuard) -> Result<(), EmitError> {
        let (step, guarded) = (self.0, self.0.action.spec().shape.guarded);
        let owner = |id: &Option<String>| step.guard.id.is_none() || step.guard.id == *id;
        let right = match guarded {
            Guarded::Node => owner(&step.node),
            Guarded::Blank => owner(&step.node) || owner(&step.target),
            Guarded::Dead => owner(&step.target),
        };
        if !right {
            let text = step.guard.id.as_deref().unwrap_or_default();
            return Err(self.wrong("guard.id", text, "another node than the step's"));
        }
        // Meet and forget always look for a slotless master and for a dead, slotless id.
        let role = match guarded {
            Guarded::Node => return Ok(()),
            Guarded::Blank => guard.role.filter(|&role| role != GuardRole::Master),
            Guarded::Dead => guard.role,
        };
        let problem = "a guard that this action cannot keep";
        if guard.slots.as_ref().is_some_and(|s| !s.is_empty()) {
            let text = step.guard.slots.as_deref().unwrap_or_default();
            return Err(self.wrong("guard.slots", text, problem));
        }
        if let Some(role) = role {
            return Err(self.wrong("guard.role", role.word(), problem));
        }
        if let Some(master) = &guard.master {
            return Err(self.wrong("guard.master", master.as_str(), problem));
        }
        if let Some(link) = guard.link {
            return Err(self.wrong("guard.link", link.word(), problem));
        }
        Ok(())
    }
}
