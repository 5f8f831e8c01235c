//! What is fixed for an action, whatever cluster it acts on: its word, the shape of its step in
//! a plan file, its commands, and how it reads.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::action::Until;

/// What the file of an action says of every step of its kind.
pub struct Spec {
    /// As the plan file spells it.
    pub word: &'static str,
    pub shape: Shape,
    /// The server's commands, in order. `None` if the step lacks something that
    /// [`Shape`] asks for.
    pub commands: fn(&Spelled) -> Option<Vec<Command>>,
    /// What a step in that mode may lose for good; `synced`: its guard wants a copy in sync.
    pub risk: fn(mode: Option<StepMode>, synced: bool) -> Option<Risk>,
    pub says: fn(&Spelled) -> Says,
}

/// Which fields a step of a plan file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// `node` and `address`.
    pub node: Need,
    pub target: Need,
    pub target_address: Need,
    pub bus_port: Need,
    pub tell: Need,
    pub slots: Need,
    /// Empty: the action has no modes.
    pub modes: &'static [StepMode],
    /// Taken where the step names none.
    pub usual_mode: Option<StepMode>,
    pub until: &'static [Until],
    pub guarded: Guarded,
}

impl Shape {
    /// Of an act on one node that says no more than which.
    pub(super) const OF_NODE: Self = Self {
        node: Need::Must,
        target: Need::No,
        target_address: Need::No,
        bus_port: Need::No,
        tell: Need::No,
        slots: Need::No,
        modes: &[],
        usual_mode: None,
        until: &[],
        guarded: Guarded::Node,
    };
}

/// Which node changes: the one that the guard of a step is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guarded {
    /// The step's own node; every guard can be kept.
    Node,
    /// The target, a blank master, or who is asked about it.
    Blank,
    /// The target, which is dead and owns no slot.
    Dead,
}

impl Guarded {
    pub fn is_target(self) -> bool {
        match self {
            Self::Node => false,
            Self::Blank | Self::Dead => true,
        }
    }
}

/// What a step may lose for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Writes that the promoted copy had not got yet.
    Writes,
    /// Data that the promoted node lacks, as it never finished a sync.
    Data,
    /// Keys that a node without slots holds.
    Keys,
}

impl Risk {
    pub fn word(self) -> &'static str {
        match self {
            Self::Writes => "writes",
            Self::Data => "data",
            Self::Keys => "keys",
        }
    }
}

/// Nothing is lost, whatever comes.
pub(super) fn no_risk(_: Option<StepMode>, _: bool) -> Option<Risk> {
    None
}

/// Whether a step has a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    No,
    May,
    Must,
}

/// How an action is carried out.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Mode")]
pub enum StepMode {
    /// failover: the master hands over, no write is lost.
    Graceful,
    /// failover: without the master, by a vote of the other masters.
    Force,
    /// failover: without master or vote.
    Takeover,
    /// set-slot: closed.
    Stable,
    /// migrate-slots: key by key, slots given away once they are empty.
    Keys,
    /// migrate-slots: by the servers themselves, all slots at once.
    Whole,
    /// migrate-slots: by the servers themselves, all slots at once, as their target asks.
    Import,
    /// add-slots: in ranges.
    Ranges,
    /// add-slots: one by one, for servers that know no ranges.
    Each,
    /// forget: an id that owns nothing. reset: of a copy, or of nothing.
    Plain,
    /// reset: of a master that gave all its slots away.
    Emptied,
    /// forget: an owner of slots that nobody has a copy of.
    GiveUp,
}

impl StepMode {
    pub fn word(self) -> &'static str {
        match self {
            Self::Graceful => "graceful",
            Self::Force => "force",
            Self::Takeover => "takeover",
            Self::Stable => "stable",
            Self::Keys => "keys",
            Self::Whole => "whole",
            Self::Import => "import",
            Self::Ranges => "ranges",
            Self::Each => "each",
            Self::Plain => "plain",
            Self::Emptied => "emptied",
            Self::GiveUp => "give-up",
        }
    }

    /// A failover without the master's consent.
    pub fn is_forced(self) -> bool {
        match self {
            Self::Force | Self::Takeover => true,
            Self::Graceful
            | Self::Stable
            | Self::Keys
            | Self::Whole
            | Self::Import
            | Self::Ranges
            | Self::Each
            | Self::Plain
            | Self::Emptied
            | Self::GiveUp => false,
        }
    }
}

/// What a step names, as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spelled<'a> {
    pub node: Option<&'a str>,
    pub address: Option<&'a str>,
    pub target: Option<&'a str>,
    pub target_address: Option<&'a str>,
    pub bus_port: Option<u16>,
    pub tell: &'a [&'a str],
    pub slots: Option<&'a str>,
    pub mode: Option<StepMode>,
    pub epoch: Option<u64>,
}

impl<'a> Spelled<'a> {
    /// What a reader calls the node that is sent the command.
    pub(super) fn node_name(&self) -> String {
        name(self.address, self.node)
    }

    /// What a reader calls the other end.
    pub(super) fn target_name(&self) -> String {
        name(self.target_address, self.target)
    }

    /// Host and port of an address; an IPv6 host has colons of its own.
    pub(super) fn split(address: &'a str) -> Option<(&'a str, &'a str)> {
        address.rsplit_once(':')
    }
}

/// Its address, else the start of its id.
fn name(address: Option<&str>, id: Option<&str>) -> String {
    match (address, id) {
        (Some(address), _) => address.to_owned(),
        (None, Some(id)) => short(id),
        (None, None) => "?".to_owned(),
    }
}

/// The start of a long id: enough to find it in a dump.
pub(super) fn short(id: &str) -> String {
    const KEPT: usize = 12;
    if id.chars().count() <= KEPT + 4 {
        return id.to_owned();
    }
    id.chars().take(KEPT).chain(['…']).collect()
}

/// One command of the server's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The address that it is sent to.
    pub at: String,
    pub words: Vec<Word>,
}

/// A word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// In whatever case a tool likes.
    Key(&'static str),
    /// Of the step: as it is.
    Value(String),
}

impl Command {
    pub(super) fn new<const N: usize>(at: &str, words: [Word; N]) -> Self {
        Self {
            at: at.to_owned(),
            words: words.into(),
        }
    }

    /// Without whom it is sent to.
    pub fn line(&self) -> String {
        let words = self.words.iter().map(|word| match word {
            Word::Key(key) => key,
            Word::Value(value) => value.as_str(),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.line(), self.at)
    }
}

/// A step for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Says {
    /// The node that changes.
    pub who: String,
    /// What becomes of it.
    pub becomes: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Kind;

    #[test]
    fn a_step_with_all_that_its_shape_asks_for_has_commands() {
        let tell = ["10.0.0.3:7000"];
        for kind in Kind::ALL {
            let spec = kind.spec();
            let shape = spec.shape;
            let must = |need: Need| need == Need::Must;
            let modes: Vec<Option<StepMode>> = match shape.modes {
                [] => vec![None],
                modes => modes.iter().copied().map(Some).collect(),
            };
            for mode in modes {
                let step = Spelled {
                    node: Some("aa").filter(|_| must(shape.node)),
                    address: Some("10.0.0.1:7000").filter(|_| must(shape.node)),
                    target: Some("bb").filter(|_| must(shape.target)),
                    target_address: Some("10.0.0.2:7000").filter(|_| must(shape.target_address)),
                    bus_port: None,
                    tell: if must(shape.tell) { &tell } else { &[] },
                    slots: Some("0-1").filter(|_| must(shape.slots)),
                    mode,
                    epoch: Some(1),
                };
                let commands = (spec.commands)(&step).unwrap_or_default();
                assert!(!commands.is_empty(), "{kind} {mode:?}");
                assert!(!(spec.says)(&step).becomes.is_empty());
            }
        }
    }
}
