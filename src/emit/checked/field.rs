//! The fields of one step under check: each taken for what it must be, or named in the error.

use crate::emit::EmitError;
use crate::emit::checked::Act;
use crate::emit::checked::CheckedGuard;
use crate::emit::checked::CheckedStep;
use crate::emit::checked::LONGEST_MS;
use crate::emit::checked::Mode;
use crate::emit::checked::Party;
use crate::emit::checked::slot_set;
use crate::emit::text::one_line;
use crate::model::Address;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::report::Step;

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

    pub(super) fn need(
        self,
        field: &'static str,
        value: &'a Option<String>,
    ) -> Result<&'a str, EmitError> {
        value.as_deref().ok_or_else(|| EmitError::Missing {
            step: self.0.id,
            field,
            action: one_line(&self.0.action),
        })
    }

    pub(super) fn word(
        self,
        field: &str,
        value: &str,
        words: &[&'static str],
        problem: &'static str,
    ) -> Result<&'static str, EmitError> {
        let known = words.iter().find(|w| **w == value).copied();
        known.ok_or_else(|| self.wrong(field, value, problem))
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

    pub(super) fn addresses(
        self,
        field: &str,
        values: &[String],
    ) -> Result<Vec<Address>, EmitError> {
        let each = values.iter().enumerate();
        each.map(|(i, a)| self.address(&format!("{field}[{i}]"), a))
            .collect()
    }

    pub(super) fn slots(self, field: &str, value: &str) -> Result<SlotSet, EmitError> {
        slot_set(value)
            .ok_or_else(|| self.wrong(field, value, "not slot ranges such as `0-5460,7000`"))
    }

    pub(super) fn milliseconds(self, field: &str, value: u64) -> Result<u64, EmitError> {
        if value <= LONGEST_MS {
            Ok(value)
        } else {
            Err(self.wrong(field, &value.to_string(), "longer than a month"))
        }
    }

    pub(super) fn node(self) -> Result<Party, EmitError> {
        Ok(Party {
            id: self.id("node", self.need("node", &self.0.node)?)?,
            address: self.address("address", self.need("address", &self.0.address)?)?,
        })
    }

    pub(super) fn target(self) -> Result<NodeName, EmitError> {
        self.id("target", self.need("target", &self.0.target)?)
    }

    pub(super) fn target_address(self) -> Result<Option<Address>, EmitError> {
        let text = self.0.target_address.as_deref();
        text.map(|a| self.address("target_address", a)).transpose()
    }

    pub(super) fn check(self) -> Result<CheckedStep, EmitError> {
        let step = self.0;
        self.bus_port()?;
        let act = self.act()?;
        let guard = self.guard()?;
        self.fits(&act, &guard)?;
        Ok(CheckedStep {
            id: step.id,
            phase: self.word(
                "phase",
                &step.phase,
                &["serve", "protect", "spread", "tidy"],
                "not a phase",
            )?,
            act,
            after: step.after.clone(),
            pause_ms: self.milliseconds("pause_ms", step.pause_ms)?,
            pause_after: None,
            guard,
            wait_at: self.addresses("wait.at", &step.wait.at)?,
            limit_ms: self.milliseconds("wait.limit_ms", step.wait.limit_ms)?,
            cures: one_line(&step.cures.join(" ")),
            reason: one_line(&step.reason),
        })
    }

    pub(super) fn bus_port(self) -> Result<(), EmitError> {
        let wrong =
            |port: u16, problem| Err(self.wrong("target_bus_port", &port.to_string(), problem));
        match self.0.target_bus_port {
            Some(0) => wrong(0, "not a port"),
            Some(port) if self.0.action != "meet" => wrong(port, "only a meet step has one"),
            _ => Ok(()),
        }
    }

    pub(super) fn act(self) -> Result<Act, EmitError> {
        let step = self.0;
        let act = match step.action.as_str() {
            "meet" => Act::Meet {
                asked: self.node()?,
                met: Party {
                    id: self.target()?,
                    address: self.address(
                        "target_address",
                        self.need("target_address", &step.target_address)?,
                    )?,
                },
                bus_port: step.target_bus_port,
            },
            "replicate" => Act::Replicate {
                replica: self.node()?,
                master: self.target()?,
                master_address: self.target_address()?,
            },
            "failover" => Act::Failover {
                replica: self.node()?,
                mode: self.mode()?,
                old: match &step.target {
                    Some(id) => Some(self.id("target", id)?),
                    None => None,
                },
                old_address: self.target_address()?,
                slots: self.slots("slots", self.need("slots", &step.slots)?)?,
            },
            "forget" => {
                if step.tell.is_empty() {
                    self.need("tell", &None)?;
                }
                Act::Forget {
                    id: self.target()?,
                    tell: self.addresses("tell", &step.tell)?,
                }
            }
            "set-slot" => {
                let mode = step.mode.as_deref().unwrap_or("stable");
                self.word("mode", mode, &["stable"], "not a mode of set-slot")?;
                Act::SetSlotStable {
                    node: self.node()?,
                    slots: self.slots("slots", self.need("slots", &step.slots)?)?,
                }
            }
            "flush" => Act::Flush { node: self.node()? },
            other => return Err(self.wrong("action", other, "not an action this tool has")),
        };
        let until: &[&'static str] = match act {
            Act::Meet { .. } => &["known"],
            Act::Replicate { .. } => &["link-up"],
            Act::Failover { .. } => &["role-master", "slots-owned"],
            Act::Forget { .. } => &["gone"],
            Act::SetSlotStable { .. } => &["closed"],
            Act::Flush { .. } => &["empty"],
        };
        let problem = "not what this action waits for";
        self.word("wait.until", &step.wait.until, until, problem)?;
        Ok(act)
    }

    pub(super) fn mode(self) -> Result<Mode, EmitError> {
        match self.need("mode", &self.0.mode)? {
            "graceful" => Ok(Mode::Graceful),
            "force" => Ok(Mode::Force),
            "takeover" => Ok(Mode::Takeover),
            other => Err(self.wrong("mode", other, "not a mode of failover")),
        }
    }

    pub(super) fn guard(self) -> Result<CheckedGuard, EmitError> {
        let guard = &self.0.guard;
        let word = |field, value: &Option<String>, words: &[&'static str]| {
            let text = value.as_deref();
            text.map(|v| self.word(field, v, words, "not a word of this guard"))
                .transpose()
        };
        Ok(CheckedGuard {
            role: word("guard.role", &guard.role, &["master", "replica"])?,
            master: match &guard.master {
                Some(id) => Some(self.id("guard.master", id)?),
                None => None,
            },
            slots: match &guard.slots {
                Some(slots) => Some(self.slots("guard.slots", slots)?),
                None => None,
            },
            empty: guard.empty.unwrap_or(false),
            link: word("guard.link", &guard.link, &["up", "synced"])?,
        })
    }

    /// A guard that the action cannot keep is refused rather than passed over in silence.
    pub(super) fn fits(self, act: &Act, guard: &CheckedGuard) -> Result<(), EmitError> {
        let id = self.0.guard.id.as_deref();
        let owner = |name: &NodeName| id.is_none_or(|id| id == name.as_str());
        let right = match act {
            Act::Meet { asked, met, .. } => owner(&asked.id) || owner(&met.id),
            Act::Replicate { replica, .. } | Act::Failover { replica, .. } => owner(&replica.id),
            Act::Forget { id, .. } => owner(id),
            Act::SetSlotStable { node, .. } | Act::Flush { node } => owner(&node.id),
        };
        if !right {
            let text = id.unwrap_or_default();
            return Err(self.wrong("guard.id", text, "another node than the step's"));
        }
        // Meet and forget always look for a slotless master and for a dead, slotless id.
        let (master_only, slotless_only) = match act {
            Act::Meet { .. } => (true, true),
            Act::Forget { .. } => (false, true),
            _ => return Ok(()),
        };
        let problem = "a guard that this action cannot keep";
        if guard.slots.as_ref().is_some_and(|s| !s.is_empty()) && slotless_only {
            let text = self.0.guard.slots.as_deref().unwrap_or_default();
            return Err(self.wrong("guard.slots", text, problem));
        }
        if let Some(role) = guard.role.filter(|r| !master_only || *r != "master") {
            return Err(self.wrong("guard.role", role, problem));
        }
        if let Some(master) = &guard.master {
            return Err(self.wrong("guard.master", master.as_str(), problem));
        }
        if let Some(link) = guard.link {
            return Err(self.wrong("guard.link", link, problem));
        }
        Ok(())
    }
}
