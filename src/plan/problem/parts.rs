//! What can be asked of a copy, a shard and an idle node.

use crate::plan::level::Level;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::problem::Spare;
use crate::plan::problem::Unit;

impl Copy {
    /// A graceful failover may make it the master.
    pub fn leads(&self) -> bool {
        self.usable && self.may_lead
    }
}

impl Unit {
    /// Copies that are there and count, or will once they follow the owner.
    pub fn present(&self) -> i64 {
        let direct = self.fixed.iter().chain(&self.movable);
        direct.filter(|c| c.usable).count() as i64 - 1 + self.chained.len() as i64
    }

    /// A spare would fill a gap: a replica is missing, or a copy on another host.
    pub fn lacks(&self) -> bool {
        let direct = self.fixed.iter().chain(&self.movable);
        let usable = direct.filter(|c| c.usable).count() as i64 - 1;
        usable < self.wanted.max(1) || !self.protected
    }

    /// Whether having no usable replica counts: it is to be cured, or would be new.
    pub fn must_not_be_bare(&self, problem: &Problem) -> bool {
        let had = self.fixed.iter().chain(&self.movable);
        (problem.selection.level(Level::Orphans) && self.wanted > 0)
            || had.filter(|c| c.usable && c.node != self.owner).count() > 0
    }
}

impl Spare {
    /// Commands it takes to attach it.
    pub fn actions(&self) -> i64 {
        1 + i64::from(self.meet) + i64::from(self.flush)
    }
}
