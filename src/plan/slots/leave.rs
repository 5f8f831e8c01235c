//! Who leaves the cluster for good.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Forget;
use crate::action::Reset;
use crate::model::Domains;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::reshape::Shaper;
use crate::rules::Phase;

impl Shaper<'_> {
    /// Live members that are to leave the cluster, in node order.
    pub(super) fn leavers(&self) -> Result<BTreeSet<NodeId>, SlotTrouble> {
        let mut leavers = self.named()?;
        leavers.retain(|&id| self.at.node(id).is_live_member());
        Ok(leavers)
    }

    /// Who is to leave and is no member, in node order.
    pub(super) fn out(&self) -> Result<BTreeSet<NodeId>, SlotTrouble> {
        let mut out = self.named()?;
        out.retain(|&id| self.at.node(id).membership == Membership::Unmet);
        Ok(out)
    }

    fn named(&self) -> Result<BTreeSet<NodeId>, SlotTrouble> {
        let domains = Domains::of(&self.at);
        let mut leavers = BTreeSet::new();
        for domain in &self.goals.leave {
            let nodes = domains.nodes_in(domain);
            let nodes = nodes.map_err(|e| SlotTrouble::NoDomain(e.to_string()))?;
            leavers.extend(nodes);
        }
        Ok(leavers)
    }

    /// Who leaves is reset and then forgotten: the other way round it would come back, as it lives and
    /// knows the others.
    pub(super) fn say_goodbye(&mut self) -> Result<(), SlotTrouble> {
        let leavers = self.leavers()?;
        for &node in &leavers {
            let emptied = self.displaced.contains(&node);
            let master = self
                .at
                .root(node)
                .filter(|root| !emptied && !leavers.contains(root));
            let reset = Reset {
                node,
                after: master.into_iter().collect(),
                emptied,
            };
            let name = self.at.node(node).to_string();
            let reason = format!("{name} leaves, and would come back if it still knew anybody");
            self.push(reset.into(), Phase::Change, Vec::new(), reason);
        }
        let stay: Arc<[NodeId]> = {
            let live = self.at.iter().filter(|(_, n)| n.is_live_member());
            live.map(|(id, _)| id).collect()
        };
        for &node in &leavers {
            let forget = Forget {
                node,
                tell: stay.clone(),
                loses: SlotSet::new(),
            };
            let reason = "it left, and its old id is nobody's any more".to_owned();
            self.push(forget.into(), Phase::Tidy, Vec::new(), reason);
        }
        Ok(())
    }
}
