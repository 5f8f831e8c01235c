//! CLUSTER RESET HARD: a node that leads nothing forgets everybody, and takes a new id.

use crate::action::kill::dispensable;
use crate::action::prelude::*;
use crate::model::Liveness;
use crate::model::Membership;
use crate::model::Role;

/// `node` becomes blank: for the others its old id has no address any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reset {
    pub node: NodeId,
    /// Who must lead before.
    pub after: Vec<NodeId>,
    /// It gave all its slots away: what it copies by now is another shard's, and new.
    pub emptied: bool,
}

pub(super) static SPEC: Spec = Spec {
    word: "reset",
    shape: Shape {
        modes: &[StepMode::Plain, StepMode::Emptied],
        usual_mode: Some(StepMode::Plain),
        until: &[Until::Alone],
        ..Shape::OF_NODE
    },
    commands: |step| {
        let words = [Key("CLUSTER"), Key("RESET"), Key("HARD")];
        Some(vec![Command::new(step.address?, words)])
    },
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: "leaves the cluster, blank".to_owned(),
    },
};

impl Act for Reset {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            mode: self.emptied.then_some(StepMode::Emptied),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    /// A master with keys refuses (`clusterCommandSpecial`), a replica drops what it holds
    /// (`clusterReset`).
    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        if node.is_master() && node.keys.is_some_and(|k| k > 0) {
            return Err(Unfit(format!("{node} is a master that holds keys")));
        }
        if at.followers(self.node).iter().any(|&f| at.node(f).is_live()) {
            return Err(Unfit(format!("{node} has replicas")));
        }
        dispensable(at, self.node)
    }

    /// Who pings its address finds another id there, and takes the old one's address away
    /// (`clusterProcessPacket`, a PONG with another sender).
    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            let node = cluster.node_mut(self.node);
            node.role = Role::Master;
            node.liveness = Liveness::Gone;
            node.membership = Membership::Ghost;
            node.last_address = node.address.take();
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        // Whether it follows who got its last slot, and since when, is the server's choice: before 7.0
        // it may stay a master of nothing.
        if self.emptied {
            return Guard {
                slots: Some(String::new()),
                ..Guard::id(at, self.node)
            };
        }
        Guard::of_copy(at, self.node)
    }

    /// The others must have seen it before they can forget it.
    fn wait(&self, at: &Counted, _: &Draft, _: &Ahead) -> Wait {
        let others = at.iter().filter(|(id, n)| *id != self.node && n.is_live_member());
        Wait {
            until: Until::Alone,
            at: Audience::of(others.map(|(id, _)| id)),
            limit_ms: 60_000,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        2
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Stops, 1)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Stopped(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        let promoted = self.after.iter().copied().map(Milestone::Promoted);
        let gained = self.after.iter().copied().map(Milestone::Gained);
        let own = [
            Milestone::Gained(self.node),
            Milestone::SlotsLeft(self.node),
        ];
        promoted.chain(gained).chain(own).collect()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
