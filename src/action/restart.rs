//! A process is stopped and started again, by whoever can: no server has a command for it.

use crate::action::SYNC_MIB_PER_SECOND;
use crate::action::prelude::*;
use crate::model::Life;
use crate::model::Link;
use crate::model::Liveness;
use crate::model::Sync;
use crate::model::Version;

/// `node` runs anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    pub node: NodeId,
    /// The version that it comes back with, if it is to be another.
    pub to: Option<Version>,
}

pub(super) static SPEC: Spec = Spec {
    word: "restart",
    shape: Shape {
        target: Need::May,
        target_address: Need::May,
        until: &[Until::Restarted],
        ..Shape::OF_NODE
    },
    commands: |step| Some(vec![Command::new(step.address?, [Key("RESTART")])]),
    risk: no_risk,
    says: |step| Says {
        who: step.node_name(),
        becomes: match step.target_address {
            Some(master) => format!("runs anew, as a replica of {master}"),
            None => "runs anew, owning nothing".to_owned(),
        },
    },
};

impl Restart {
    /// The master whose copy it holds.
    fn master(&self, at: &Counted) -> Option<NodeId> {
        let master = at.node(self.node).master()?;
        (!at.node(master).slots.is_empty()).then_some(master)
    }
}

impl Act for Restart {
    fn operands(&self, at: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            target: self.master(at),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    /// A master that goes down is failed over by nobody's plan, and without persistence its replicas
    /// copy what it comes back with.
    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let node = at.node(self.node);
        let refuse = |why: String| Err(Unfit(why));
        if !node.is_live_member() {
            return refuse(format!("{node} is no live member"));
        }
        if !node.slots.is_empty() {
            return refuse(format!("{node} owns slots: only a replica is restarted"));
        }
        if !at.followers(self.node).is_empty() {
            return refuse(format!("{node} has replicas of its own"));
        }
        let Some(master) = self.master(at) else {
            return Ok(());
        };
        if !at.node(master).is_live_member() {
            return refuse(format!("the master of {node} is down"));
        }
        if node.replication.link == Link::Down || !at.is_synced(self.node) {
            return refuse(format!("{node} is not in sync with its master"));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| cluster.node_mut(self.node).lose());
    }

    fn finish(&self, at: &mut Counted) {
        at.edit(&[self.node], |cluster| {
            let node = cluster.node_mut(self.node);
            node.liveness = Liveness::Live(Life::Answers);
            node.replication.link = Link::Up;
            node.replication.sync = Sync::Done;
            node.run = None;
            if let (Some(to), Some(server)) = (self.to, &mut node.runs) {
                server.version = Some(to);
            }
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        let node = at.node(self.node);
        let copies = self.master(at).is_some();
        Guard {
            master: node.master().map(|m| at.node(m).name.to_string()),
            slots: Some(String::new()),
            link: copies.then_some(GuardLink::Up),
            donor: Donor::of(at, self.node),
            run: node.run.as_ref().map(ToString::to_string),
            version: self.to.map(|v| v.to_string()),
            ..Guard::as_it_is(at, self.node)
        }
    }

    /// Where nothing restarts it by itself, somebody has to go there.
    fn wait(&self, _: &Counted, draft: &Draft, _: &Ahead) -> Wait {
        let copying = 20 * draft.mib.unsigned_abs() * 10;
        Wait {
            until: Until::Restarted,
            at: Audience::of([self.node]),
            limit_ms: 1_800_000 + copying,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    /// It stops, starts, and copies what its master holds.
    fn seconds(&self, step: &Step, _: &Settings) -> u64 {
        10 + step.draft.mib.unsigned_abs() / SYNC_MIB_PER_SECOND
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Promotions, 4)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        Vec::new()
    }

    fn needs(&self) -> Vec<Milestone> {
        Vec::new()
    }

    fn room(&self) -> Room {
        Room::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn only_a_replica_in_sync_is_restarted_and_counts_as_no_copy_meanwhile() {
        let at = cluster("m1@h1 < r1@h2 s1@h3; m2@h2 < r2~@h3; m3@h3 < r3@h1; x@h1");
        let mut at = Counted::new(at);
        let restart = |at: &Counted, name: &str| Restart {
            node: id(at, name),
            to: Version::new(7, 2, 5).into(),
        };
        for name in ["m1", "r2"] {
            assert!(restart(&at, name).precondition(&at).is_err(), "{name}");
        }
        for name in ["r1", "x"] {
            assert_eq!(restart(&at, name).precondition(&at), Ok(()), "{name}");
        }
        let (m1, act) = (id(&at, "m1"), restart(&at, "r1"));
        let guard = act.guard(&at);
        assert_eq!(guard.donor.map(|d| d.keeps), Some(1));
        assert_eq!(guard.version.as_deref(), Some("7.2.5"));
        act.begin(&mut at);
        assert_eq!(at.copies(m1), 2);
        act.finish(&mut at);
        assert_eq!(at.copies(m1), 3);
    }
}
