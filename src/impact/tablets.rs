//! Demands on a cluster of tablets. Name servers elect, so nobody there has a vote, and a loss copies
//! nothing, so no host needs more memory for it.

use std::collections::BTreeSet;

use crate::impact::Demand;
use crate::impact::Unmet;
use crate::impact::demand::Why;
use crate::impact::grow::Losing;
use crate::model::NodeId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::tablets::lose;

/// A demand that says nothing of tablets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` says nothing of tablets: name servers elect, and a loss copies nothing")]
pub struct NotOfTablets(pub Demand);

/// Demands that a cluster of tablets can meet or not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TabletDemands(Vec<Demand>);

impl TabletDemands {
    pub fn new(demands: Vec<Demand>) -> Result<Self, NotOfTablets> {
        let foreign = |demand: &&Demand| matches!(demand, Demand::Majority | Demand::Memory);
        match demands.iter().find(foreign) {
            Some(&demand) => Err(NotOfTablets(demand)),
            None => Ok(Self(demands)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Demand> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that the state does not meet, whatever broke them.
    pub fn unmet(&self, state: &Tablets) -> Vec<Unmet> {
        let unmet = |&demand: &Demand| why(demand, state).map(|why| Unmet { demand, why });
        self.0.iter().filter_map(unmet).collect()
    }
}

fn why(demand: Demand, state: &Tablets) -> Option<Why> {
    match demand {
        Demand::Serve => {
            let led = state
                .partitions
                .iter()
                .filter(|p| state.leader(p).is_some());
            let partitions = state.partitions.len() - led.count();
            (partitions > 0).then_some(Why::Leaderless { partitions })
        }
        Demand::Copies(wanted) => {
            let partitions = state.partitions.iter();
            let in_use = partitions.map(|p| p.copies.iter().filter(|c| state.is_usable(c)).count());
            let fewer: Vec<usize> = in_use.filter(|&n| n < wanted).collect();
            let least = *fewer.iter().min()?;
            Some(Why::FewInUse {
                partitions: fewer.len(),
                wanted,
                least,
            })
        }
        Demand::Majority | Demand::Memory => None,
    }
}

/// Tablets to lose, by the ids of [`Tablets::copies`].
pub(super) struct OnTablets<'a> {
    pub state: &'a Tablets,
    pub demands: &'a TabletDemands,
}

impl Losing for OnTablets<'_> {
    fn is_live(&self, id: NodeId) -> bool {
        self.state.runs(TabletId::from(id))
    }

    fn unmet(&mut self, lost: &BTreeSet<NodeId>) -> Vec<Unmet> {
        let lost = lost.iter().map(|&id| TabletId::from(id)).collect();
        self.demands.unmet(&lose(self.state, &lost).after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impact::grow_tablets;
    use crate::model::testing::tablets;

    #[test]
    fn what_is_left_is_judged() {
        let mut state = tablets("t 0: *a b; t 1: *b a c");
        let demands =
            TabletDemands::new(vec![Demand::Serve, Demand::Copies(2)]).expect("of tablets");
        assert_eq!(demands.unmet(&state), []);
        let lost = BTreeSet::from([TabletId(0)]);
        let said = |state: &Tablets| -> Vec<String> {
            let unmet = demands.unmet(&lose(state, &lost).after);
            unmet.iter().map(|u| u.why.to_string()).collect()
        };
        let few = "1 partition with fewer than 2 copies in use, the least 1";
        let led = "1 partition without a leader that is alive";
        assert_eq!(said(&state), [led, few]);
        state.auto_failover = Some(true);
        assert_eq!(said(&state), [few]);
        assert!(TabletDemands::new(vec![Demand::Majority]).is_err());
    }

    #[test]
    fn as_many_may_go_as_leave_what_is_demanded() {
        let mut state = tablets("t 0: *a b c; t 1: *b c d");
        state.auto_failover = Some(true);
        let demands = TabletDemands::new(vec![Demand::Copies(2)]).expect("of tablets");
        let each: Vec<Vec<NodeId>> = state.tablet_ids().map(|t| vec![t.into()]).collect();
        let grown = grow_tablets(&state, &BTreeSet::new(), &each, &demands);
        // `a` is in one partition and `d` in the other.
        assert_eq!(grown.together, [0, 3]);
        assert!(grown.is_largest && grown.next.len() == 2);
    }
}
