//! CLUSTER ADDSLOTS: a master takes slots that nobody owns.

use crate::action::prelude::*;
use crate::model::SlotSet;
use crate::text::words::count;

/// `node` owns `slots` from now on, empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddSlots {
    pub node: NodeId,
    pub slots: SlotSet,
    /// The server knows ADDSLOTSRANGE: from 7.0 on.
    pub ranges: bool,
    /// Ids that own them for those who still list them: all must be forgotten before.
    pub lost_by: Vec<NodeId>,
}

pub(super) static SPEC: Spec = Spec {
    word: "add-slots",
    shape: Shape {
        slots: Need::Must,
        modes: &[StepMode::Ranges, StepMode::Each],
        usual_mode: Some(StepMode::Ranges),
        until: &[Until::SlotsOwned],
        ..Shape::OF_NODE
    },
    commands,
    risk: no_risk,
    says,
};

/// Slots in one command: a line that no client and no terminal minds.
const AT_ONCE: usize = 512;

fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let address = step.address?;
    let slots = step.slots?.parse::<SlotSet>().ok()?;
    let one_by_one = step.mode == Some(StepMode::Each);
    let (verb, words): (&'static str, Vec<u16>) = if one_by_one {
        ("ADDSLOTS", slots.iter().collect())
    } else {
        let ranges = slots.ranges().into_iter();
        let ends = ranges.flat_map(|(first, last)| [first, last]);
        ("ADDSLOTSRANGE", ends.collect())
    };
    let some = |chunk: &[u16]| {
        let mut add = Command::new(address, [Key("CLUSTER"), Key(verb)]);
        add.words.extend(chunk.iter().map(|slot| Value(slot.to_string())));
        add
    };
    Some(words.chunks(AT_ONCE).map(some).collect())
}

fn says(step: &Spelled) -> Says {
    let slots = step.slots.unwrap_or_default();
    let number = slots.parse::<SlotSet>().map_or(0, |s| s.len()) as usize;
    Says {
        who: step.node_name(),
        becomes: format!("takes {}, empty: {slots}", count(number, "slot")),
    }
}

impl Act for AddSlots {
    fn operands(&self, _: &Counted) -> Operands {
        let mode = if self.ranges { StepMode::Ranges } else { StepMode::Each };
        Operands {
            node: Some(self.node),
            slots: Some(self.slots.clone()),
            mode: Some(mode),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    /// `Slot N is already busy` where the node knows any owner, dead or alive
    /// (`clusterCommandSpecial`).
    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        if !node.is_live() || node.is_replica() {
            return Err(Unfit(format!("{node} is no live master")));
        }
        let owner = at.iter().find(|(_, n)| !n.slots.intersection(&self.slots).is_empty());
        match owner {
            Some((_, owner)) => Err(Unfit(format!("{owner} owns some of {}", self.slots))),
            None => Ok(()),
        }
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            cluster.node_mut(self.node).slots.union_with(&self.slots);
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard::as_it_is(at, self.node)
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait::of_node(Until::SlotsOwned, self.node, 30_000)
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        1
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Slots, 1)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::SlotsCame(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        let forgotten = self.lost_by.iter().copied().map(Milestone::Forgotten);
        let own = [Milestone::Epoch(self.node), Milestone::Known(self.node)];
        forgotten.chain(own).collect()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
