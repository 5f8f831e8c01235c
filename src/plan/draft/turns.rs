//! When a shard gets its copies, and when another copy takes it over: who leads it is to be known of
//! every phase, as whoever comes follows who leads by then.

use crate::model::Membership;
use crate::model::NodeId;
use crate::plan::Phase;
use crate::plan::draft::Writer;
use crate::plan::problem::Copy;

impl Writer<'_> {
    /// Copies that come to a shard, each with the number of replicas that it has by then.
    pub(super) fn comers(&self, index: usize) -> Vec<(i64, Copy)> {
        let unit = &self.problem.units[index];
        // Copies that stay as they are may follow another replica, or a node without slots.
        let present = |c: &Copy| {
            let node = self.problem.cluster.node(c.node);
            unit.fixed.iter().any(|f| f.node == c.node)
                || (node.membership == Membership::Member && node.master() == Some(unit.owner))
        };
        let copies = &self.decision.assignment.copies[index];
        let have = copies
            .iter()
            .filter(|c| present(c) && c.usable && c.node != unit.owner)
            .count() as i64;
        let comers = copies.iter().filter(|c| !present(c)).copied();
        (have..).zip(comers).collect()
    }

    /// The phase in which a copy fills a gap; `None` for one that is left over.
    pub(super) fn needed_in(&self, index: usize, node: NodeId, have: i64) -> Option<Phase> {
        let unit = &self.problem.units[index];
        let surplus = self.spares.contains_key(&node) && have >= unit.wanted.max(1);
        let phase = match unit.short_by_goal {
            true => Phase::Change,
            false => Phase::Protect,
        };
        (!surplus).then_some(phase)
    }

    /// Who leads a shard while copies come to it in a phase: within one they come first.
    pub(super) fn led_in(&self, index: usize, phase: Phase) -> NodeId {
        match phase > self.turns_in(index) {
            true => self.decision.masters[index],
            false => self.problem.units[index].leader,
        }
    }

    /// The phase in which another copy takes over: that of goals where one asks for it, or for the
    /// copy that takes over.
    pub(super) fn turns_in(&self, index: usize) -> Phase {
        let unit = &self.problem.units[index];
        let (node, old) = (self.decision.masters[index], unit.leader);
        let demands = &self.problem.supposed.demands;
        let asked = old != unit.owner
            || demands.weight(node) < demands.weight(old)
            || !self.problem.selection.changes_roles;
        let phase = match asked {
            true => Phase::Change,
            false => Phase::Spread,
        };
        let mut joined = self.problem.supposed.joined.iter();
        let comes = match joined.any(|j| j.node == node) {
            true => Some(Phase::Change),
            false => {
                let mut comers = self.comers(index).into_iter();
                let comer = comers.find(|(_, copy)| copy.node == node);
                comer.and_then(|(have, _)| self.needed_in(index, node, have))
            }
        };
        comes.map_or(phase, |comes| phase.max(comes))
    }
}
