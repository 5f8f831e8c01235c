//! One indivisible act, one file each: its words, its two ends, what must hold before it, its
//! effect, its inverse, its cost, what is waited for, and its place in the order of a plan.
//!
//! Preconditions are those of `clusterCommandSpecial` (`cluster_legacy.c`), named at each;
//! effects are what all nodes see once gossip has spread. Start reading at [`Act`].
//!
//! To add an action, write its file (a struct that is an [`Act`], and its [`Spec`]) and add one
//! line to the list below: the compiler names whatever else has to decide about it.

mod counted;
mod guard;
mod order;
mod prelude;
mod relied;
mod spec;
mod step;
mod wait;

use std::sync::Arc;

use crate::model::NodeId;
use crate::model::Settings;
use crate::model::SlotSet;

pub use counted::Counted;
pub use failover::Mode;
pub use guard::Guard;
pub use guard::GuardLink;
pub use guard::GuardRole;
pub use migrate_slots::Way;
pub use order::Milestone;
pub use order::Rank;
pub use order::Room;
pub use relied::CopyHeld;
pub use relied::Donor;
pub use relied::Party;
pub use relied::Receiver;
pub use spec::Command;
pub use spec::Guarded;
pub use spec::Need;
pub use spec::Risk;
pub use spec::Says;
pub use spec::Shape;
pub use spec::Spec;
pub use spec::Spelled;
pub use spec::StepMode;
pub use spec::Word;
pub use step::Draft;
pub use step::Leave;
pub use step::Step;
pub use wait::Ahead;
pub use wait::Audience;
pub use wait::Until;
pub use wait::Wait;

/// Declares the file of every action, its variant of [`Action`] and its word.
macro_rules! actions {
    ($($file:ident => $Act:ident),* $(,)?) => {
        $(mod $file; pub use $file::$Act;)*

        /// One act.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Action {
            $($Act($Act),)*
        }

        /// The word of an action.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        #[schemars(rename = "Action")]
        pub enum Kind {
            $($Act,)*
        }

        impl Kind {
            /// Every action there is.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$Act,)*];

            /// What the action's own file says of every step of this kind.
            pub fn spec(self) -> &'static Spec {
                match self {
                    $(Self::$Act => &$file::SPEC,)*
                }
            }
        }

        impl Action {
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$Act(_) => Kind::$Act,)*
                }
            }
        }

        /// An action does what its own file says.
        impl std::ops::Deref for Action {
            type Target = dyn Act;

            fn deref(&self) -> &(dyn Act + 'static) {
                match self {
                    $(Self::$Act(act) => act,)*
                }
            }
        }

        $(impl From<$Act> for Action {
            fn from(act: $Act) -> Self {
                Self::$Act(act)
            }
        })*
    };
}

actions! {
    meet => Meet,
    flush => Flush,
    replicate => Replicate,
    set_slot => SetSlot,
    failover => Failover,
    restart => Restart,
    set_epoch => SetEpoch,
    add_slots => AddSlots,
    migrate_slots => MigrateSlots,
    bump_epoch => BumpEpoch,
    kill => Kill,
    reset => Reset,
    forget => Forget,
}

/// How fast a full sync is taken to be.
pub const SYNC_MIB_PER_SECOND: u64 = 50;

/// What the file of an action answers about one act on a cluster.
pub trait Act {
    /// Whom it names, and with what.
    fn operands(&self, at: &Counted) -> Operands;

    /// The node that changes.
    fn subject(&self) -> NodeId;

    /// Checks what the server would check, and what would lose data.
    fn precondition(&self, at: &Counted) -> Result<(), Unfit>;

    /// What the cluster looks like while the act goes on: the moment at which it is judged.
    fn begin(&self, at: &mut Counted);

    /// What it looks like once the act is done and known everywhere.
    fn finish(&self, _at: &mut Counted) {}

    /// What must still be true when the command is sent.
    fn guard(&self, at: &Counted) -> Guard;

    /// What is waited for after it.
    fn wait(&self, at: &Counted, draft: &Draft, ahead: &Ahead) -> Wait;

    /// The command that takes it back, where there is one.
    fn undo(&self, at: &Counted) -> Option<Command>;

    /// Rough running time.
    fn seconds(&self, step: &Step, settings: &Settings) -> u64;

    /// Within a phase, smaller first; among equals by the node that changes, then by the number.
    fn rank(&self) -> (Rank, u8);

    /// What later acts may wait for. `at` is the captured cluster.
    fn gives(&self, at: &Counted) -> Vec<Milestone>;

    /// What it waits for, where the plan brings it about.
    fn needs(&self) -> Vec<Milestone>;

    /// What it shares with no other step of its wave.
    fn room(&self) -> Room;

    /// The milestone after which servers refuse the act for a while.
    fn rests_after(&self) -> Option<Milestone> {
        None
    }
}

impl dyn Act {
    /// The whole act.
    pub fn apply(&self, at: &mut Counted) {
        self.begin(at);
        self.finish(at);
    }
}

/// Whom an act names, and with what; see the fields of a plan file's step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Operands {
    /// Who is sent the command.
    pub node: Option<NodeId>,
    /// The other end.
    pub target: Option<NodeId>,
    /// The target is sent nothing: where it was last seen is as good as an address.
    pub target_may_be_gone: bool,
    pub tell: Option<Arc<[NodeId]>>,
    pub slots: Option<SlotSet>,
    pub mode: Option<StepMode>,
    /// Of the target, where it has to be told.
    pub bus_port: Option<u16>,
    /// set-epoch: the epoch; bump-epoch: what it must be at least.
    pub epoch: Option<u64>,
}

/// Why a server would refuse, or the act would do harm.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec().word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_an_action_is_its_name_in_json() {
        for kind in Kind::ALL {
            let json = serde_json::to_string(kind).expect("a word");
            assert_eq!(json, format!("{:?}", kind.to_string()));
        }
    }
}
