//! What a step relies on at other nodes, under check.

use crate::action::Kind;
use crate::action::StepMode;
use crate::emit::EmitError;
use crate::emit::checked::CheckedParty;
use crate::emit::checked::field::At;
use crate::model::SlotSet;
use crate::model::Version;
use crate::report;

/// The master that gives a copy up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::emit) struct CheckedDonor {
    pub party: CheckedParty,
    pub slots: SlotSet,
    pub keeps: u32,
}

/// The master that gets a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::emit) struct CheckedReceiver {
    pub slots: SlotSet,
    pub replicas: u32,
}

/// The copy that is promoted by force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::emit) struct CheckedCopy {
    pub offset: Option<u64>,
    pub history: Option<String>,
    pub rivals: Vec<CheckedParty>,
    pub histories_accepted: bool,
}

/// Everything a step relies on beyond its own node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::emit) struct Relied {
    pub keys: Option<u64>,
    pub donor: Option<CheckedDonor>,
    pub receiver: Option<CheckedReceiver>,
    pub served: Option<SlotSet>,
    pub copy: Option<CheckedCopy>,
    pub dead: Vec<CheckedParty>,
    pub minority: bool,
    /// The process that is to go.
    pub run: Option<String>,
    pub version: Option<Version>,
}

/// Bash counts in 63 bits.
const HIGHEST: u64 = i64::MAX as u64;

impl At<'_> {
    pub(super) fn relied(self) -> Result<Relied, EmitError> {
        let guard = &self.0.guard;
        self.belong()?;
        self.proof_of_death()?;
        Ok(Relied {
            keys: self.count("guard.keys", guard.keys)?,
            donor: match &guard.donor {
                Some(donor) => Some(CheckedDonor {
                    party: self.party("guard.donor", &donor.id, &donor.address)?,
                    slots: self.slots("guard.donor.slots", &donor.slots)?,
                    keeps: donor.keeps,
                }),
                None => None,
            },
            receiver: match &guard.receiver {
                Some(receiver) => Some(CheckedReceiver {
                    slots: self.slots("guard.receiver.slots", &receiver.slots)?,
                    replicas: receiver.replicas,
                }),
                None => None,
            },
            served: match &guard.served {
                Some(slots) => Some(self.slots("guard.served", slots)?),
                None => None,
            },
            copy: match &guard.copy {
                Some(copy) => Some(self.copy(copy)?),
                None => None,
            },
            dead: self.parties("guard.dead", &guard.dead)?,
            minority: guard.minority.unwrap_or(false),
            run: match &guard.run {
                Some(run) => Some(self.id("guard.run", run)?.to_string()),
                // Without it nobody could tell whether the step is done.
                None if self.0.action == Kind::Restart => return Err(self.missing("guard.run")),
                None => None,
            },
            version: match &guard.version {
                Some(version) => Some(self.version("guard.version", version)?),
                None => None,
            },
        })
    }

    /// A takeover without a vote splits the cluster in two where the others live: what says that
    /// they do not must be looked at again, so a file that does not tell is refused.
    fn proof_of_death(self) -> Result<(), EmitError> {
        let takeover = self.0.mode == Some(StepMode::Takeover);
        let told = !self.0.guard.dead.is_empty() || self.0.guard.minority.is_some();
        match takeover && !told {
            true => Err(EmitError::Unproven { step: self.0.id }),
            false => Ok(()),
        }
    }

    /// A guard that the action does not look at is refused rather than passed over in silence.
    fn belong(self) -> Result<(), EmitError> {
        let (guard, action) = (&self.0.guard, self.0.action);
        let replicate = action == Kind::Replicate;
        let restart = action == Kind::Restart;
        let forced = action == Kind::Failover && self.0.mode.is_some_and(StepMode::is_forced);
        let takeover = forced && self.0.mode == Some(StepMode::Takeover);
        let flushed = matches!(action, Kind::Meet | Kind::Flush);
        let gives = matches!(action, Kind::Replicate | Kind::Kill | Kind::Reset);
        let set = [
            ("guard.keys", guard.keys.is_some(), flushed),
            ("guard.donor", guard.donor.is_some(), gives || restart),
            ("guard.receiver", guard.receiver.is_some(), replicate),
            ("guard.served", guard.served.is_some(), replicate),
            ("guard.copy", guard.copy.is_some(), forced),
            ("guard.dead", !guard.dead.is_empty(), takeover),
            ("guard.minority", guard.minority.is_some(), takeover),
            ("guard.run", guard.run.is_some(), restart),
            ("guard.version", guard.version.is_some(), restart),
        ];
        match set.iter().find(|(_, set, fits)| *set && !fits) {
            Some((field, ..)) => {
                Err(self.wrong(field, "set", "a guard that this action cannot keep"))
            }
            None => Ok(()),
        }
    }

    fn copy(self, copy: &report::CopyHeld) -> Result<CheckedCopy, EmitError> {
        let history = copy.history.as_deref();
        Ok(CheckedCopy {
            offset: self.count("guard.copy.offset", copy.offset)?,
            history: history
                .map(|text| self.id("guard.copy.history", text).map(|id| id.to_string()))
                .transpose()?,
            rivals: self.parties("guard.copy.rivals", &copy.rivals)?,
            histories_accepted: copy.histories_accepted,
        })
    }

    fn parties(
        self,
        field: &str,
        parties: &[report::Party],
    ) -> Result<Vec<CheckedParty>, EmitError> {
        let each = parties.iter().enumerate();
        each.map(|(i, p)| self.party(&format!("{field}[{i}]"), &p.id, &p.address))
            .collect()
    }

    fn party(self, field: &str, id: &str, address: &str) -> Result<CheckedParty, EmitError> {
        Ok(CheckedParty {
            id: self.id(&format!("{field}.id"), id)?,
            address: self.address(&format!("{field}.address"), address)?,
        })
    }

    fn version(self, field: &str, value: &str) -> Result<Version, EmitError> {
        let version: Option<Version> = value.parse().ok();
        version
            .filter(|version| version.to_string() == value)
            .ok_or_else(|| self.wrong(field, value, "not a version such as `7.2.5`"))
    }

    fn count(self, field: &str, value: Option<u64>) -> Result<Option<u64>, EmitError> {
        match value {
            Some(n) if n > HIGHEST => Err(self.wrong(field, &n.to_string(), "more than 2^63 - 1")),
            within => Ok(within),
        }
    }
}
