//! CLUSTER BUMPEPOCH: what a master owns by now wins over what others owned before.

use crate::action::prelude::*;

/// `node` takes an epoch that no other has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BumpEpoch {
    pub node: NodeId,
    /// It must come to be at least this.
    pub at_least: u64,
}

pub(super) static SPEC: Spec = Spec {
    word: "bump-epoch",
    shape: Shape {
        until: &[Until::EpochSeen],
        ..Shape::OF_NODE
    },
    commands: |step| {
        let words = [Key("CLUSTER"), Key("BUMPEPOCH")];
        Some(vec![Command::new(step.address?, words)])
    },
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: format!("takes an epoch of {} at least", step.epoch.unwrap_or(0)),
    },
};

impl Act for BumpEpoch {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            epoch: Some(self.at_least),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        if !node.is_live_member() || node.is_replica() {
            return Err(Unfit(format!("{node} is no live master")));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        let epoch = (at.top_epoch() + 1).max(self.at_least);
        at.edit(&[self.node], |cluster| {
            cluster.node_mut(self.node).config_epoch = epoch;
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard::as_it_is(at, self.node)
    }

    /// Two that bump before they heard of each other end up with one epoch: every master must have
    /// heard of it before the next one does.
    fn wait(&self, at: &Counted, _: &Draft, _: &Ahead) -> Wait {
        let masters = at.iter().filter(|(_, n)| n.is_live_member() && n.is_master());
        Wait {
            until: Until::EpochSeen,
            at: Audience::of(masters.map(|(id, _)| id)),
            limit_ms: 30_000 + at.settings.node_timeout_ms,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        2
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Epochs, 0)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        Vec::new()
    }

    fn needs(&self) -> Vec<Milestone> {
        vec![Milestone::SlotsCame(self.node)]
    }

    fn room(&self) -> Room {
        Room {
            alone: true,
            ..Room::default()
        }
    }
}
