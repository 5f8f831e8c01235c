//! What goals take from a problem: who may lead, and who may be moved.

use std::collections::BTreeSet;

use crate::measure;
use crate::model::NodeId;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::policy::Wanted;

impl Problem<'_> {
    /// Nobody leads who must not, and who must is led by no other.
    pub(super) fn heed_goals(&mut self, wanted: &Wanted) {
        let demands = &self.supposed.demands;
        for unit in &mut self.units {
            unit.may_hand_over &= !demands.leading.contains_key(&unit.owner);
            unit.may_hand_over &= !demands.staying.contains(&unit.owner);
            let lists = [&mut unit.fixed, &mut unit.movable, &mut unit.chained];
            for copy in lists.into_iter().flatten() {
                copy.may_lead &= !demands.must_follow(copy.node);
                // Who follows the heir already takes over from nobody else.
                let direct = self.supposed.real.node(copy.node).master() == Some(unit.leader);
                let joined = self.supposed.joined.iter().any(|j| j.node == copy.node);
                copy.may_lead &= unit.leader == unit.owner || direct || joined;
            }
            // Who was told where to be stays there.
            let told = |c: &Copy| demands.joining.contains_key(&c.node);
            let stay: Vec<Copy> = unit.movable.extract_if(.., |c| told(c)).collect();
            unit.fixed.extend(stay);
        }
        for spare in &mut self.spares {
            spare.copy.may_lead &= !demands.must_follow(spare.copy.node);
        }
        if demands.vacated.is_empty() {
            return;
        }
        // Really they have all copies that are wanted.
        let real = self.supposed.real;
        let shards = real.shards();
        let copies = real.copies(&shards);
        let full = shards.iter().zip(copies.shards()).filter(|(shard, of)| {
            let usable = measure::usable_replicas(real, shard).count();
            usable >= wanted.of(real, shard).max(1) as usize
                && !measure::is_unprotected(&copies, *of)
        });
        let full: BTreeSet<NodeId> = full.map(|(shard, _)| shard.owner).collect();
        for unit in &mut self.units {
            unit.short_by_goal = full.contains(&unit.leader);
        }
    }
}
