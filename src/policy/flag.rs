//! The switches of `plan`: what a default plan does not do unless it is told to.

use std::fmt;

macro_rules! flags {
    ($($(#[doc = $help:literal])+ $name:ident $flag:literal,)*) => {
        /// One switch of `plan`. Printed as it is typed: `--forget-dead`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Flag {
            $($(#[doc = $help])+ $name,)*
        }

        impl Flag {
            /// Every switch, in the order in which they are printed.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Without the dashes: `forget-dead`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $flag,)*
                }
            }

            /// What it permits or asks for, in a line: what `--help` says of it.
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($help),+).trim_ascii(),)*
                }
            }
        }
    };
}

flags! {
    /// Forget dead members, too: they will not come back
    ForgetDead "forget-dead",
    /// Healthy replicas may be re-pointed for zones and disks
    AllowMoves "allow-moves",
    /// Close slots that were left migrating or importing
    SettleSlots "settle-slots",
    /// Flush slotless nodes that still hold keys
    FlushStale "flush-stale",
    /// Leave surplus spares alone
    KeepSpares "keep-spares",
    /// Promote a replica that never finished a sync, if it is the only copy
    AcceptDataLoss "accept-data-loss",
    /// Promote replicas that were told `nofailover`, too
    PromoteNofailover "promote-nofailover",
    /// Plan for the shards that no goal is blocked on, and leave the others
    SkipBlocked "skip-blocked",
}

impl Flag {
    /// It asks for a cure by itself, whichever codes are asked for; else it only permits one.
    pub fn asks(self) -> bool {
        match self {
            Self::ForgetDead | Self::SettleSlots | Self::FlushStale => true,
            Self::AllowMoves
            | Self::KeepSpares
            | Self::AcceptDataLoss
            | Self::PromoteNofailover
            | Self::SkipBlocked => false,
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.name())
    }
}
