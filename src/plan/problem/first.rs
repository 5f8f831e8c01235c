//! Shards of which no copy outside of a domain may lead: one of the idle nodes becomes the first.
//!
//! Whichever of them was taken for it to begin with is put back among the idle ones, and the real
//! owner stands for the shard until one of them is decided on: it leads no more, and is no copy.

use std::collections::BTreeMap;

use crate::model::NodeId;
use crate::plan::decision::Assignment;
use crate::plan::decision::Decision;
use crate::plan::goal::Joined;
use crate::plan::problem::Copy;
use crate::plan::problem::Inputs;
use crate::plan::problem::Problem;
use crate::plan::problem::Spare;
use crate::plan::problem::Unit;
use crate::policy::Flag;

impl<'a> Problem<'a> {
    /// The problem in which first copies are yet to be chosen; `None` where none was chosen among
    /// several, or where the decision could not say what that choice asks.
    pub fn anew(inputs: &Inputs<'a>) -> Option<Self> {
        let supposed = inputs.supposed;
        // A copy that works would have to leave its shard, and a shard that is left for good would
        // have to be chosen, too.
        if supposed.taken.is_empty()
            || !supposed.blocked.is_empty()
            || inputs.request.has(Flag::AllowMoves)
        {
            return None;
        }
        let problem = Self::with(inputs, true);
        problem.says_who_fits().then_some(problem)
    }

    /// Whoever was taken is idle again, and its shard without a leader.
    pub(super) fn lead_anew(&mut self) {
        let taken: Vec<Joined> = self.taken().collect();
        for joined in taken {
            let Some(spare) = joined.spare else { continue };
            let place = self.cluster.hosts.len() + joined.owner.index();
            let unit = self.units.iter_mut().find(|u| u.owner == joined.node);
            let Some(unit) = unit else { continue };
            unit.first = Some(joined.node);
            unit.owner = joined.owner;
            unit.led_from = place;
            unit.fixed[0] = Copy {
                node: joined.owner,
                place,
                disk: None,
                zone: None,
                usable: true,
                may_lead: false,
            };
            let copy = self.copy(joined.node, true);
            self.spares.push(Spare { copy, ..spare });
        }
        self.spares.sort_by_key(|spare| spare.copy.node);
    }

    /// Of a shard that is led anew no copy that is there leads.
    pub(super) fn only_spares_lead(&mut self) {
        for unit in self.units.iter_mut().filter(|u| u.first.is_some()) {
            let lists = [&mut unit.fixed, &mut unit.movable, &mut unit.chained];
            lists
                .into_iter()
                .flatten()
                .for_each(|copy| copy.may_lead = false);
        }
    }

    /// Idle nodes that no goal sent to where they are, and that lead there.
    fn taken(&self) -> impl Iterator<Item = Joined> + use<'a> {
        let supposed = self.supposed;
        let told = |joined: &&Joined| !supposed.demands.joining.contains_key(&joined.node);
        let leads = |joined: &&Joined| supposed.handed.get(&joined.node) == Some(&joined.owner);
        let joined = supposed.joined.iter();
        joined
            .filter(move |j| j.spare.is_some() && told(j) && leads(j))
            .copied()
    }

    /// Every shard that is led anew may be led by just those who may lead any.
    fn says_who_fits(&self) -> bool {
        let anew: Vec<&Unit> = self.units.iter().filter(|u| u.first.is_some()).collect();
        let fits = |unit: &Unit, spare: &Spare| {
            let node = spare.copy.node;
            let willing = self.promote_nofailover || !self.cluster.node(node).no_failover;
            willing
                && !self.supposed.demands.must_follow(node)
                && self.cluster.can_copy(node, unit.owner)
                && self.cluster.can_copy(unit.owner, node)
        };
        let says = |unit: &&Unit| {
            let mut spares = self.spares.iter();
            // An owner that is only not to lead stays a copy.
            let gone = self.supposed.demands.vacated.contains_key(&unit.owner);
            unit.free && gone && spares.all(|spare| fits(unit, spare) == spare.copy.leads())
        };
        !anew.is_empty() && anew.len() == self.taken().count() && anew.iter().all(says)
    }

    /// Who is to be the first copy, by the real owner.
    pub fn firsts(&self, decision: &Decision) -> BTreeMap<NodeId, NodeId> {
        let led = self.units.iter().zip(&decision.masters);
        led.filter(|(unit, _)| unit.first.is_some())
            .map(|(unit, &master)| (unit.leader, master))
            .collect()
    }

    /// The decision on a problem in which it is chosen who leads anew, for this one, in which that is
    /// done; `None` if they do not fit.
    pub fn adopt(&self, other: &Problem, decision: &Decision) -> Option<Decision> {
        let by_leader: BTreeMap<NodeId, usize> = other
            .units
            .iter()
            .enumerate()
            .map(|(index, unit)| (unit.leader, index))
            .collect();
        let (mut copies, mut masters) = (Vec::new(), Vec::new());
        for unit in &self.units {
            let &index = by_leader.get(&unit.leader)?;
            let theirs = &decision.assignment.copies[index];
            let mut list = theirs.clone();
            if other.units[index].first.is_some() {
                list.retain(|copy| copy.node != unit.leader);
                let at = list.iter().position(|copy| copy.node == unit.owner)?;
                let owner = list.remove(at);
                list.insert(0, owner);
            }
            copies.push(list);
            masters.push(decision.masters[index]);
        }
        (self.units.len() == other.units.len()).then_some(Decision {
            assignment: Assignment { copies },
            masters,
        })
    }
}
