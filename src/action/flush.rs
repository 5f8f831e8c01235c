//! FLUSHALL: all keys of a slotless master are dropped.

use crate::action::prelude::*;

/// `node` becomes empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flush {
    pub node: NodeId,
}

pub(super) static SPEC: Spec = Spec {
    word: "flush",
    shape: Shape {
        until: &[Until::Empty],
        ..Shape::OF_NODE
    },
    commands: |step| Some(vec![Command::new(step.address?, [Key("FLUSHALL")])]),
    risk: |_, _| Some(Risk::Keys),
    says: |step| Says {
        who: step.node_name(),
        becomes: "becomes empty".to_owned(),
    },
};

impl Act for Flush {
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
        let target = at.node(self.node);
        if !target.slots.is_empty() || target.is_replica() || at.uncovered_slots() > 0 {
            let why = format!("{target} may hold the only copy of some keys");
            return Err(Unfit(why));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[], |cluster| cluster.node_mut(self.node).keys = Some(0));
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard {
            slots: Some(String::new()),
            keys: at.node(self.node).keys.filter(|&k| k > 0),
            ..Guard::as_it_is(at, self.node)
        }
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait::of_node(Until::Empty, self.node, 60_000)
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        1
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Copies, 1)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Emptied(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        // A flush that waits for the meet keeps the guard of the meet simple.
        vec![Milestone::Known(self.node)]
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
