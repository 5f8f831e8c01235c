//! What is said of a plan that stops after so many steps.

use crate::plan::why::About;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;

impl Refusal {
    /// The plan stops after so many steps of all.
    pub fn cut(most: usize, all: usize) -> Self {
        Self {
            about: About::Later(all - most),
            reason: Reason::Cut(most),
            unlock: Unlock::MoreSteps(all),
        }
    }

    /// No order fits both the handovers and the slots that move: these are what was asked for.
    pub fn without_handovers() -> Self {
        Self {
            about: About::Cluster,
            reason: Reason::HandoversLeft,
            unlock: Unlock::PlanAgain,
        }
    }
}

impl Reason {
    /// It says that no plan comes to a better end.
    pub fn judges_the_end(&self) -> bool {
        match self {
            Self::NotMoved
            | Self::NoPairing { .. }
            | Self::NoOtherDisk
            | Self::NoBetterZones
            | Self::NoBetterHosts
            | Self::ToldNofailover
            | Self::FewVoters
            | Self::Chain(_)
            | Self::Unused(_)
            | Self::NobodyAtHome
            | Self::HomeCosts(_)
            | Self::Short { .. } => true,
            Self::NoHeir(_)
            | Self::OpenSlot(_)
            | Self::ShardOpen
            | Self::ShardSyncing { .. }
            | Self::Emptied { .. }
            | Self::CutOff { .. }
            | Self::HoldsKeys { .. }
            | Self::NoRoom(_)
            | Self::MayReturn { .. }
            | Self::MayLive { .. }
            | Self::OwnsSlots(_)
            | Self::Followed { .. }
            | Self::Unlisted
            | Self::Nameless
            | Self::TooOld { .. }
            | Self::Lost(_)
            | Self::NoRestart(_)
            | Self::Blocked(_)
            | Self::HandoversLeft
            | Self::Cut(_) => false,
        }
    }
}
