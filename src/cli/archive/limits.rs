//! How much may come out of one archive.

use std::cell::Cell;
use std::io;

/// What one outermost archive may come to, everything in it included.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Limits {
    /// Bytes in all.
    pub unpacked: u64,
    /// Bytes of one member; a larger one is left out.
    pub member: u64,
    /// Members of every kind, those that are not read included.
    pub members: u64,
    /// Unpacked bytes for each packed one.
    pub ratio: u64,
    /// Unpacked bytes up to which the ratio does not matter.
    pub ratio_from: u64,
    /// Archives in archives; a deeper one is left out.
    pub depth: usize,
}

/// A thousand nodes fill 150 MB, so every real capture is far below these.
///
/// The ratio is that high because captures compress so well. A thousand views of a thousand
/// nodes shrink to a thirtieth at most, for each has its own clocks; but a thousand answers to
/// `CLUSTER SLOTS` are all the same, and zstd makes a 2,500th of them. Only runs of a single
/// byte come to more, up to 32,000.
pub(in crate::cli) const LIMITS: Limits = Limits {
    unpacked: 1 << 30,
    member: 256 << 20,
    members: 100_000,
    ratio: 10_000,
    ratio_from: 16 << 20,
    depth: 3,
};

/// Why an archive is not read at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused(pub String);

#[derive(Clone, Copy, Debug)]
enum Limit {
    Unpacked,
    Members,
    Ratio,
}

/// What one outermost archive came to so far.
#[derive(Debug)]
pub(super) struct Budget {
    pub limits: Limits,
    packed: Cell<u64>,
    /// Bytes that came out of decoders.
    unpacked: Cell<u64>,
    /// Bytes of members in memory: a sparse member has more than was stored.
    kept: Cell<u64>,
    members: Cell<u64>,
    broken: Cell<Option<Limit>>,
}

impl Budget {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            packed: Cell::new(0),
            unpacked: Cell::new(0),
            kept: Cell::new(0),
            members: Cell::new(0),
            broken: Cell::new(None),
        }
    }

    /// There were so many packed bytes, or more of them.
    pub fn packed(&self, bytes: u64) {
        self.packed.set(self.packed.get().saturating_add(bytes));
    }

    /// So many bytes more were unpacked. Readers know no refusal, so a broken limit is an error
    /// to them; whoever reads asks [`Self::check`] next.
    pub fn unpacked(&self, bytes: usize) -> io::Result<()> {
        let all = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(all);
        let by_ratio = self.packed.get().saturating_mul(self.limits.ratio);
        if all > self.limits.unpacked {
            self.broken.set(Some(Limit::Unpacked));
        } else if all > self.limits.ratio_from && all > by_ratio {
            self.broken.set(Some(Limit::Ratio));
        }
        match self.broken.get() {
            Some(_) => Err(io::Error::other("a limit was reached")),
            None => Ok(()),
        }
    }

    /// So many bytes more stay in memory.
    pub fn keep(&self, bytes: usize) -> Result<(), Refused> {
        let all = self.kept.get().saturating_add(bytes as u64);
        self.kept.set(all);
        if all > self.limits.unpacked {
            self.broken.set(Some(Limit::Unpacked));
        }
        self.check()
    }

    /// So many bytes are needed no more.
    pub fn forget(&self, bytes: usize) {
        self.kept.set(self.kept.get().saturating_sub(bytes as u64));
    }

    pub fn count_member(&self) -> Result<(), Refused> {
        let all = self.members.get().saturating_add(1);
        self.members.set(all);
        if all > self.limits.members {
            self.broken.set(Some(Limit::Members));
        }
        self.check()
    }

    /// There are more members than anyone could want to count.
    pub fn too_many_members(&self) -> Result<(), Refused> {
        self.broken.set(Some(Limit::Members));
        self.check()
    }

    /// Whether a limit was broken.
    pub fn check(&self) -> Result<(), Refused> {
        let Limits {
            unpacked,
            members,
            ratio,
            ratio_from,
            member: _,
            depth: _,
        } = self.limits;
        let Some(limit) = self.broken.get() else {
            return Ok(());
        };
        Err(Refused(match limit {
            Limit::Unpacked => format!(
                "it unpacks to more than {}, the most that is read of one archive",
                bytes(unpacked)
            ),
            Limit::Members => {
                format!("it has more than {members} members, the most that are read of one archive")
            }
            Limit::Ratio => format!(
                "it unpacks to more than {ratio} times its size, which from {} on no capture does",
                bytes(ratio_from)
            ),
        }))
    }
}

/// In the largest unit that divides it.
pub(super) fn bytes(count: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if count >> shift << shift == count && count > 0 {
            return format!("{} {unit}", count >> shift);
        }
    }
    format!("{count} bytes")
}
