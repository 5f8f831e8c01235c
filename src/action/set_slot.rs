//! CLUSTER SETSLOT STABLE: open slots are closed where they are open.

use crate::action::prelude::*;
use crate::model::Direction;
use crate::model::SlotSet;

/// `slots`, open at `node`, are closed there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetSlot {
    pub node: NodeId,
    pub slots: SlotSet,
    /// A later step moves them with whatever keys the ends hold.
    pub moved_later: bool,
}

pub(super) static SPEC: Spec = Spec {
    word: "set-slot",
    shape: Shape {
        slots: Need::Must,
        modes: &[StepMode::Stable],
        usual_mode: Some(StepMode::Stable),
        until: &[Until::Closed],
        ..Shape::OF_NODE
    },
    commands,
    risk: no_risk,
    says,
};

fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let (address, slots) = (step.address?, step.slots?.parse::<SlotSet>().ok()?);
    let close = |slot: u16| {
        let slot = Value(slot.to_string());
        Command::new(
            address,
            [Key("CLUSTER"), Key("SETSLOT"), slot, Key("STABLE")],
        )
    };
    Some(slots.iter().map(close).collect())
}

fn says(step: &Spelled) -> Says {
    let slots = step.slots.unwrap_or_default();
    let one = slots.parse::<u16>().is_ok();
    Says {
        who: step.node_name(),
        becomes: format!("closes {} {slots}", if one { "slot" } else { "slots" }),
    }
}

impl SetSlot {
    /// Some of the slots are open at the node as importing.
    fn imports(&self, at: &Counted) -> bool {
        let open = &at.node(self.node).open_slots;
        open.iter()
            .any(|o| o.direction == Direction::Importing && self.slots.contains(o.slot))
    }
}

impl Act for SetSlot {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            slots: Some(self.slots.clone()),
            mode: Some(StepMode::Stable),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        if !node.is_live() {
            return Err(Unfit(format!("{node} does not live")));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        let mut nodes = vec![self.node];
        // Valkey 8 replicates SETSLOT, so the replicas' own lines close with it.
        nodes.extend(at.followers(self.node));
        at.edit(&[], |cluster| {
            for id in nodes {
                let open = &mut cluster.node_mut(id).open_slots;
                open.retain(|o| !self.slots.contains(o.slot));
            }
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard {
            // Once closed, the keys of a slot that others own are out of reach.
            empty: (!self.moved_later && self.imports(at)).then_some(true),
            ..Guard::as_it_is(at, self.node)
        }
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait::of_node(Until::Closed, self.node, 10_000)
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        1
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Closings, 3)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Closed(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        Vec::new()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
