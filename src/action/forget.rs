//! CLUSTER FORGET: every node that lists a dead id drops it.

use std::sync::Arc;

use crate::action::prelude::*;
use crate::action::spec::short;
use crate::model::Membership;
use crate::model::SlotSet;
use crate::text::words::count;

/// Every node of `tell` drops the id of `node`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forget {
    pub node: NodeId,
    /// Shared by all that are told to the same nodes.
    pub tell: Arc<[NodeId]>,
    /// Slots that are given up with it, as nobody has a copy of them; mostly none.
    pub loses: SlotSet,
}

pub(super) static SPEC: Spec = Spec {
    word: "forget",
    shape: Shape {
        node: Need::No,
        target: Need::Must,
        target_address: Need::May,
        bus_port: Need::No,
        tell: Need::Must,
        slots: Need::May,
        modes: &[StepMode::GiveUp],
        usual_mode: None,
        until: &[Until::Gone],
        guarded: Guarded::Dead,
    },
    commands,
    risk: |mode, _| (mode == Some(StepMode::GiveUp)).then_some(Risk::Data),
    says,
};

fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let ghost = step.target?;
    let forget = |at: &&str| {
        let ghost = Value(ghost.to_owned());
        Command::new(at, [Key("CLUSTER"), Key("FORGET"), ghost])
    };
    Some(step.tell.iter().map(forget).collect())
}

fn says(step: &Spelled) -> Says {
    let told = count(step.tell.len(), "node");
    let id = match (step.target_address, step.target) {
        (Some(_), Some(id)) => format!(", id {}", short(id)),
        _ => String::new(),
    };
    let lost = match step.slots {
        None | Some("") => String::new(),
        Some(slots) => format!(", and with it the data of slots {slots}"),
    };
    Says {
        who: step.target_name(),
        becomes: format!("is forgotten by {told}{id}{lost}"),
    }
}

impl Act for Forget {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            target: Some(self.node),
            tell: Some(self.tell.clone()),
            slots: (!self.loses.is_empty()).then(|| self.loses.clone()),
            mode: (!self.loses.is_empty()).then_some(StepMode::GiveUp),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let ghost = at.node(self.node);
        let refuse = |why: String| Err(Unfit(why));
        if ghost.is_live() {
            return refuse(format!("{ghost} lives: it would come back"));
        }
        // FORGET of a slot owner is accepted by every server, and loses the slots.
        if ghost.slots != self.loses {
            return refuse(format!("{ghost} still owns slots {}", ghost.slots));
        }
        let mut followers = at.followers(self.node).iter().map(|&id| at.node(id));
        if let Some(follower) = followers.find(|n| n.is_live()) {
            return refuse(format!(
                "{follower} still replicates {ghost} and would refuse"
            ));
        }
        if self.tell.is_empty() {
            return refuse(format!("nobody lists {ghost}"));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            let ghost = cluster.node_mut(self.node);
            self.tell.iter().for_each(|&t| ghost.seen.known_by.remove(t));
            ghost.membership = Membership::Forgotten;
            ghost.lose();
            ghost.slots = SlotSet::new();
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard::id(at, self.node)
    }

    fn wait(&self, _: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait {
            until: Until::Gone,
            at: Audience::Crowd(self.tell.clone()),
            limit_ms: 60_000,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        1 + self.tell.len() as u64 / 20
    }

    /// What is given up must be free before somebody else can take it.
    fn rank(&self) -> (Rank, u8) {
        match self.loses.is_empty() {
            true => (Rank::Last, 3),
            false => (Rank::Slots, 0),
        }
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Forgotten(self.node)]
    }

    fn needs(&self) -> Vec<Milestone> {
        Vec::new()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}
