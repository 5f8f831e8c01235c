//! CLUSTER REPLICATE: a node becomes a replica of a master that owns slots.

use crate::action::SYNC_MIB_PER_SECOND;
use crate::action::prelude::*;
use crate::model::Link;
use crate::model::Membership;
use crate::model::Role;
use crate::model::SlotSet;
use crate::model::Sync;

/// `node` becomes a replica of `master`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replicate {
    pub node: NodeId,
    pub master: NodeId,
}

pub(super) static SPEC: Spec = Spec {
    word: "replicate",
    shape: Shape {
        node: Need::Must,
        target: Need::Must,
        target_address: Need::Must,
        bus_port: Need::No,
        tell: Need::No,
        slots: Need::No,
        modes: &[],
        usual_mode: None,
        until: &[Until::LinkUp],
        guarded: Guarded::Node,
    },
    commands: |step| {
        let master = step.target?.to_owned();
        Some(vec![replicate(step.address?, master)])
    },
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: format!("becomes replica of {}", step.target_name()),
    },
};

/// Slots with live owners.
fn served(at: &Counted) -> SlotSet {
    if at.uncovered_slots() == 0 {
        return SlotSet::full();
    }
    at.uncovered().complement()
}

fn replicate(at: &str, master: String) -> Command {
    Command::new(at, [Key("CLUSTER"), Key("REPLICATE"), Value(master)])
}

impl Act for Replicate {
    fn operands(&self, _: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            target: Some(self.master),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let (replica, target) = (at.node(self.node), at.node(self.master));
        let refuse = |why: String| Err(Unfit(why));
        if self.node == self.master {
            return refuse(format!("{replica} cannot replicate itself"));
        }
        if !replica.is_live_member() {
            return refuse(format!("{replica} is no live member"));
        }
        if !target.is_live_member() || target.is_replica() {
            return refuse(format!("{target} is no live master"));
        }
        if !replica.slots.is_empty() {
            return refuse(format!(
                "{replica} owns slots: a master must be empty to become a replica"
            ));
        }
        if replica.is_master() && replica.keys.is_some_and(|k| k > 0) {
            return refuse(format!(
                "{replica} holds keys: a master must be empty to become a replica"
            ));
        }
        Ok(())
    }

    /// It counts as no copy until its first full sync.
    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            let copied = cluster.node(self.master).used_memory;
            let replica = cluster.node_mut(self.node);
            replica.role = Role::Replica(Some(self.master));
            replica.used_memory = copied.or(replica.used_memory);
            replica.replication.link = Link::Down;
            replica.replication.sync = Sync::Running;
        });
    }

    fn finish(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            let offset = cluster.node(self.master).replication.offset;
            let replica = cluster.node_mut(self.node);
            replica.replication.link = Link::Up;
            replica.replication.sync = Sync::Done;
            replica.replication.offset = offset;
            replica.seen.masterless_in.clear();
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        let replica = at.node(self.node);
        let donor = Donor::of(at, self.node);
        let leftover = replica.is_replica() && donor.is_none();
        Guard {
            master: replica.master().map(|m| at.node(m).name.to_string()),
            slots: Some(String::new()),
            // A replica may be re-pointed with its keys; a master may not.
            empty: replica.is_master().then_some(true),
            receiver: Some(Receiver::of(at, self.node, self.master)),
            served: leftover.then(|| served(at).to_string()),
            donor,
            ..Guard::as_it_is(at, self.node)
        }
    }

    fn wait(&self, at: &Counted, draft: &Draft, ahead: &Ahead) -> Wait {
        // Voters must know a replica that is to be promoted later.
        let places = if ahead.promoted.contains(self.node) {
            Audience::Crowd(at.voter_crowd(), Some(self.master))
        } else {
            Audience::of([self.master])
        };
        let copying = 20 * draft.mib.unsigned_abs() * 10;
        Wait {
            until: Until::LinkUp,
            at: places,
            limit_ms: 120_000 + copying,
        }
    }

    fn undo(&self, at: &Counted) -> Option<Command> {
        let replica = at.node(self.node);
        let before = at.node(replica.master()?);
        let useful =
            before.is_live() && !before.slots.is_empty() && before.membership == Membership::Member;
        (useful && replica.replication.link != Link::Down)
            .then(|| replicate(&replica.to_string(), before.name.to_string()))
    }

    fn seconds(&self, step: &Step, _: &Settings) -> u64 {
        3 + step.draft.mib.unsigned_abs() / SYNC_MIB_PER_SECOND
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Copies, 2)
    }

    fn gives(&self, at: &Counted) -> Vec<Milestone> {
        let mut given = vec![
            Milestone::Attached(self.node),
            Milestone::Gained(self.master),
        ];
        given.extend(at.node(self.node).master().map(Milestone::Left));
        given
    }

    fn needs(&self) -> Vec<Milestone> {
        vec![
            Milestone::Known(self.node),
            Milestone::Known(self.master),
            Milestone::Emptied(self.node),
            Milestone::Promoted(self.master),
            // Who owns slots follows nobody.
            Milestone::Handed(self.node),
            Milestone::Closed(self.master),
            // Whoever follows this node must leave first, or it would be left chained.
            Milestone::Left(self.node),
        ]
    }

    fn room(&self) -> Room {
        Room {
            busy: vec![self.node, self.master],
            ..Room::default()
        }
    }
}
