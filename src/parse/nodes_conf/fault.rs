//! What is wrong with a `nodes.conf`, and which servers refuse to start with it
//! (`clusterLoadConfig`).

use crate::model::Version;

/// One fault of a `nodes.conf`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadFault {
    pub fault: Fault,
    /// In the file, from 1.
    pub line: u32,
    pub column: u32,
    /// Goes on from the line, or from the file (see [`Fault::is_of_line`]): `has a quote that is
    /// not closed`. Captured text is escaped.
    pub what: String,
}

/// The kind of a fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// No byte at all: for a server the same as no file.
    Empty,
    /// A line of blanks: only a line without any character is skipped.
    Blank,
    /// A quote that is not closed, or that something follows.
    Quote,
    /// Fewer than the eight fields of a node line.
    Fields,
    /// A node id that is not 40 times `0-9a-z`.
    Id,
    /// The same of a master, or of the other end of an open slot.
    Peer,
    Address,
    /// An aux field that no server knows, or with a value that none takes.
    Aux,
    /// An aux field that Valkey knows from 8.0 on.
    AuxOfValkey8,
    /// An aux field that Valkey knows from 9.1 on.
    AuxOfValkey91,
    Flag,
    /// `nofailover`, which Redis knows from 4.0.9 on.
    FlagNoFailover,
    /// `primary` or `replica`.
    FlagOfValkey,
    /// A slot number beyond the last one.
    Slot,
    /// An open slot without its arrow.
    OpenSlot,
    NoMyself,
    /// Nothing but blank lines and NULs.
    NoNode,
    /// A byte order mark, which is no part of an id.
    Mark,
    TwoMyself,
    /// `myself` is neither master nor replica, or a replica of nobody.
    Role,
    /// A name without a value in the `vars` line.
    Vars,
    /// A replica with another shard id than its master above it.
    ShardId,
    /// Two lines of one id.
    Duplicate,
    /// A NUL: what stands behind it in the line is not read.
    Nul,
    /// A word that is read as slots which it does not say, or a range from high to low, which
    /// is read as no slots.
    OddSlot,
    /// The `vars` line that ends every file is missing.
    CutOff,
    /// The current epoch is lower than a config epoch: nobody but an editor writes that.
    EpochBehind,
    /// `myself` is another node that lives; only the rest of the capture shows it.
    OfAnother,
}

/// What a server makes of a fault, the harmless first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    Loads,
    /// Starts and puts it right by itself.
    Repairs,
    /// Starts, and believes something else than what was written.
    Misreads,
    /// Starts as a new node, with a new id and without slots.
    Forgets,
    /// Starts under the id of another node.
    Impersonates,
    /// Depends on the version, which is not known or not told apart here.
    MayRefuse,
    /// Ends at once, with an error or a crash.
    Refuses,
}

/// The servers whose loader is known. KeyDB is taken for the Redis that its version names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loader {
    Redis(Version),
    Valkey(Version),
    Unknown,
}

impl Fault {
    /// What that server does with it.
    pub fn outcome(self, loader: Loader) -> Outcome {
        use Loader::Redis;
        use Loader::Unknown;
        use Loader::Valkey;
        use Outcome::Forgets;
        use Outcome::Loads;
        use Outcome::MayRefuse;
        use Outcome::Misreads;
        use Outcome::Refuses;
        let v = Version::new;
        match self {
            Self::Empty => Forgets,
            Self::Nul | Self::OddSlot | Self::CutOff => Misreads,
            Self::EpochBehind => Outcome::Repairs,
            Self::OfAnother => Outcome::Impersonates,
            // Before 5.0 slots and vars, and before 4.0 fields, were read beyond the end of a
            // table instead: whatever then happens, it is no start to hope for.
            Self::Blank
            | Self::Quote
            | Self::Fields
            | Self::Address
            | Self::Flag
            | Self::Slot
            | Self::OpenSlot
            | Self::NoMyself
            | Self::NoNode
            | Self::TwoMyself
            | Self::Vars => Refuses,
            // Whoever copied the file may have put it there.
            Self::Mark => MayRefuse,
            Self::Id | Self::Peer => match loader {
                Redis(version) if version < v(7, 0, 0) => Misreads,
                Unknown => MayRefuse,
                Redis(_) | Valkey(_) => Refuses,
            },
            Self::Aux => match loader {
                Redis(version) if version < v(7, 2, 0) => Loads,
                Unknown => MayRefuse,
                Redis(_) | Valkey(_) => Refuses,
            },
            // Somebody wrote it: without a version it is taken for the server's own hand.
            Self::AuxOfValkey8 | Self::AuxOfValkey91 => {
                let since = if self == Self::AuxOfValkey8 {
                    v(8, 0, 0)
                } else {
                    v(9, 1, 0)
                };
                match loader {
                    Redis(version) if version >= v(7, 2, 0) => Refuses,
                    Valkey(version) if version < since => Refuses,
                    Redis(_) | Valkey(_) | Unknown => Loads,
                }
            }
            Self::FlagNoFailover => match loader {
                Redis(version) if version < v(4, 0, 9) => Refuses,
                Redis(_) | Valkey(_) | Unknown => Loads,
            },
            Self::FlagOfValkey => match loader {
                Valkey(version) if version >= v(8, 0, 0) => Loads,
                Unknown => MayRefuse,
                Redis(_) | Valkey(_) => Refuses,
            },
            Self::Role => match loader {
                // redis#13443, which 7.4.2 has; 7.2 and Valkey were not looked at.
                Redis(version) if version >= v(7, 4, 2) => Refuses,
                Redis(version) if version < v(7, 2, 7) => Misreads,
                Redis(version) if version >= v(7, 4, 0) => Misreads,
                Redis(_) | Valkey(_) | Unknown => MayRefuse,
            },
            Self::ShardId => match loader {
                Redis(version) if version < v(7, 2, 0) => Loads,
                Redis(version) if version <= v(7, 2, 6) => Refuses,
                Redis(version) if (v(7, 4, 0)..=v(7, 4, 1)).contains(&version) => Refuses,
                // redis#13468: 7.4.5 and 8.0.6 have it.
                Redis(version) if version >= v(7, 4, 5) => Loads,
                Valkey(version) if version <= v(8, 1, 1) => Refuses,
                // valkey#2174: 9.1.2 has it.
                Valkey(version) if version >= v(9, 1, 0) => Loads,
                Redis(_) | Valkey(_) | Unknown => MayRefuse,
            },
            Self::Duplicate => match loader {
                // valkey#2852 came after 9.0.
                Valkey(version) if version >= v(9, 0, 0) => MayRefuse,
                Redis(_) | Valkey(_) | Unknown => Misreads,
            },
        }
    }

    /// False of what only the whole file shows.
    pub fn is_of_line(self) -> bool {
        !matches!(
            self,
            Self::Empty | Self::NoMyself | Self::NoNode | Self::Mark | Self::CutOff
        )
    }

    /// Who refuses it, where not all do.
    pub fn versions(self) -> Option<&'static str> {
        match self {
            Self::Id | Self::Peer => Some("Redis from 7.0 on and Valkey refuse that"),
            Self::Aux => Some("Redis from 7.2 on and Valkey refuse that"),
            Self::AuxOfValkey8 => Some("only Valkey from 8.0 on knows it"),
            Self::AuxOfValkey91 => Some("only Valkey from 9.1 on knows it"),
            Self::FlagNoFailover => Some("Redis knows it from 4.0.9 on"),
            Self::FlagOfValkey => Some("only Valkey from 8.0 on knows it"),
            Self::Role => Some("Redis from 7.4.2 on refuses that, others may crash later"),
            Self::ShardId => Some("Redis 7.2 and 7.4.0 to 7.4.1 and Valkey up to 8.1 refuse that"),
            Self::Duplicate => Some("newer Valkey refuses that, others keep the last line"),
            Self::Empty
            | Self::Blank
            | Self::Quote
            | Self::Fields
            | Self::Address
            | Self::Flag
            | Self::Slot
            | Self::OpenSlot
            | Self::NoMyself
            | Self::NoNode
            | Self::Mark
            | Self::TwoMyself
            | Self::Vars
            | Self::Nul
            | Self::OddSlot
            | Self::CutOff
            | Self::EpochBehind
            | Self::OfAnother => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_decide_where_servers_differ() {
        let redis = |text: &str| Loader::Redis(text.parse().unwrap());
        let valkey = |text: &str| Loader::Valkey(text.parse().unwrap());
        for (fault, loader, outcome) in [
            (Fault::Quote, redis("3.0.7"), Outcome::Refuses),
            (Fault::Id, redis("6.2.16"), Outcome::Misreads),
            (Fault::Id, redis("7.0.0"), Outcome::Refuses),
            (Fault::Id, Loader::Unknown, Outcome::MayRefuse),
            (Fault::Aux, redis("7.0.15"), Outcome::Loads),
            (Fault::Aux, valkey("7.2.5"), Outcome::Refuses),
            (Fault::AuxOfValkey91, valkey("9.1.2"), Outcome::Loads),
            (Fault::AuxOfValkey91, valkey("8.1.1"), Outcome::Refuses),
            (Fault::AuxOfValkey8, redis("8.0.6"), Outcome::Refuses),
            (Fault::FlagNoFailover, redis("4.0.8"), Outcome::Refuses),
            (Fault::FlagOfValkey, redis("7.0.15"), Outcome::Refuses),
            (Fault::ShardId, redis("7.2.6"), Outcome::Refuses),
            (Fault::ShardId, redis("7.4.1"), Outcome::Refuses),
            (Fault::ShardId, redis("7.4.2"), Outcome::MayRefuse),
            (Fault::ShardId, redis("8.0.6"), Outcome::Loads),
            (Fault::ShardId, redis("7.0.15"), Outcome::Loads),
            (Fault::ShardId, valkey("8.1.1"), Outcome::Refuses),
            (Fault::ShardId, valkey("9.1.2"), Outcome::Loads),
            (Fault::Role, redis("7.4.2"), Outcome::Refuses),
            (Fault::Role, redis("7.0.15"), Outcome::Misreads),
            (Fault::Empty, redis("7.0.15"), Outcome::Forgets),
        ] {
            assert_eq!(fault.outcome(loader), outcome, "{fault:?} {loader:?}");
        }
    }

    #[test]
    fn who_refuses_is_named_where_servers_differ() {
        let redis = Loader::Redis(Version::new(7, 4, 2));
        for fault in [Fault::Id, Fault::ShardId, Fault::Duplicate, Fault::Role] {
            assert!(fault.versions().is_some(), "{fault:?} {redis:?}");
        }
        assert_eq!(Fault::Quote.versions(), None);
    }
}
