//! SHUTDOWN NOSAVE: a process that leads nothing is stopped.

use crate::action::prelude::*;

/// `node` is stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kill {
    pub node: NodeId,
    /// Who must lead before.
    pub after: Vec<NodeId>,
}

pub(super) static SPEC: Spec = Spec {
    word: "kill",
    shape: Shape {
        until: &[Until::Down],
        ..Shape::OF_NODE
    },
    // Saved or not makes no difference to who comes back as a replica.
    commands: |step| {
        let words = [Key("SHUTDOWN"), Key("NOSAVE")];
        Some(vec![Command::new(step.address?, words)])
    },
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: "is stopped".to_owned(),
    },
};

impl Act for Kill {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        dispensable(at, self.node)
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| cluster.node_mut(self.node).lose());
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard::of_copy(at, self.node)
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait::of_node(Until::Down, self.node, 60_000)
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
        let own = [Milestone::Gained(self.node)];
        promoted.chain(gained).chain(own).collect()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}

/// A live node that owns no slot, and whose shard has another live, synced copy.
pub(super) fn dispensable(at: &Counted, id: NodeId) -> Result<(), Unfit> {
    let node = at.node(id);
    if !node.is_live_member() {
        return Err(Unfit(format!("{node} is no live member")));
    }
    if !node.slots.is_empty() {
        return Err(Unfit(format!("{node} owns slots {}", node.slots)));
    }
    if let Some(root) = at.root(id) {
        let own = u32::from(at.is_synced(id));
        if at.copies(root) <= own {
            return Err(Unfit(format!("{node} is the last copy of its shard")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn only_what_nobody_needs_is_stopped() {
        let mut at = Counted::new(cluster("m1@h1 < r1@h2 s1@h3; m2!@h2 < r2@h1; x@h3"));
        let kill = |name: &str| Kill {
            node: id(&at, name),
            after: Vec::new(),
        };
        let [m1, r1, r2, x] = ["m1", "r1", "r2", "x"].map(kill);
        for (act, may) in [(&m1, false), (&r1, true), (&r2, false), (&x, true)] {
            assert_eq!(act.precondition(&at).is_ok(), may, "{:?}", act);
        }
        r1.begin(&mut at);
        assert!(!at.node(r1.node).is_live());
        assert_eq!(at.copies(m1.node), 2);
        assert!(r1.precondition(&at).is_err(), "stopped once is enough");
    }
}
