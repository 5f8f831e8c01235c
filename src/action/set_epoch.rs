//! CLUSTER SET-CONFIG-EPOCH: masters of a new cluster start with epochs of their own.

use crate::action::prelude::*;

/// `node`, which knows nobody, starts with that epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetEpoch {
    pub node: NodeId,
    pub epoch: u64,
}

pub(super) static SPEC: Spec = Spec {
    word: "set-epoch",
    shape: Shape {
        until: &[Until::EpochSeen],
        ..Shape::OF_NODE
    },
    commands: |step| {
        let epoch = Value(step.epoch?.to_string());
        let words = [Key("CLUSTER"), Key("SET-CONFIG-EPOCH"), epoch];
        Some(vec![Command::new(step.address?, words)])
    },
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: format!("starts with epoch {}", step.epoch.unwrap_or(0)),
    },
};

impl Act for SetEpoch {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            epoch: Some(self.epoch),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    /// Only a node that knows nobody and has none yet takes one (`clusterCommandSpecial`).
    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        if !node.is_live() || node.config_epoch != 0 {
            return Err(Unfit(format!("{node} has epoch {}", node.config_epoch)));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            cluster.node_mut(self.node).config_epoch = self.epoch;
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard {
            slots: Some(String::new()),
            ..Guard::as_it_is(at, self.node)
        }
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait::of_node(Until::EpochSeen, self.node, 10_000)
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        1
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Copies, 0)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Epoch(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        vec![Milestone::Emptied(self.node)]
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
