//! What a plan does about a finding: the remedy, its phase, and what asks for it or withholds it.

use crate::policy::Flag;
use crate::rules::Phase;

/// Who cures a finding, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cure {
    /// A default plan.
    Yes(Remedy),
    /// A plan that was asked to: by the code, or by the switch where there is one.
    Asked(Remedy, Option<Flag>),
    /// Only a human.
    No,
}

/// How a plan cures a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// A replica of a dead master takes its slots over.
    Promote,
    /// A shard is given a replica.
    Replicate,
    /// Copies are exchanged between hosts, disks or zones.
    Pair,
    /// A replica of a replica follows the shard's master.
    Straighten,
    /// A slot that is open on one side only is closed.
    Close,
    /// Masters change places with their replicas.
    HandOver,
    /// A node without a copy is given one.
    Attach,
    /// An id is forgotten.
    Forget,
}

impl Remedy {
    pub fn phase(self) -> Phase {
        match self {
            Self::Promote => Phase::Serve,
            Self::Replicate | Self::Pair | Self::Straighten | Self::Close => Phase::Protect,
            Self::HandOver => Phase::Spread,
            Self::Attach | Self::Forget => Phase::Tidy,
        }
    }

    /// The switch that keeps a plan from it, if its code is not asked for.
    pub fn withheld_by(self) -> Option<Flag> {
        match self {
            Self::Attach => Some(Flag::KeepSpares),
            Self::Promote
            | Self::Replicate
            | Self::Pair
            | Self::Straighten
            | Self::Close
            | Self::HandOver
            | Self::Forget => None,
        }
    }
}

impl Cure {
    /// How a plan cures it, if one does.
    pub fn remedy(self) -> Option<Remedy> {
        match self {
            Self::Yes(remedy) | Self::Asked(remedy, _) => Some(remedy),
            Self::No => None,
        }
    }
}
