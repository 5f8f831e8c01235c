//! CLUSTER FAILOVER: a replica takes its master's slots over.

use crate::action::prelude::*;
use crate::model::Link;
use crate::model::Role;
use crate::model::Sync;

/// How a failover is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mode {
    /// The master hands over: no write is lost.
    Graceful,
    /// Without the master, by a vote of the other masters.
    Force,
    /// Without master or vote.
    Takeover,
}

impl StepMode {
    /// The failover that a step of that mode is; `None` for modes of other actions.
    pub fn of_failover(self) -> Option<Mode> {
        match self {
            Self::Graceful => Some(Mode::Graceful),
            Self::Force => Some(Mode::Force),
            Self::Takeover => Some(Mode::Takeover),
            Self::Stable
            | Self::Keys
            | Self::Whole
            | Self::Import
            | Self::Ranges
            | Self::Each
            | Self::Plain
            | Self::Emptied
            | Self::GiveUp => None,
        }
    }
}

impl From<Mode> for StepMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Graceful => Self::Graceful,
            Mode::Force => Self::Force,
            Mode::Takeover => Self::Takeover,
        }
    }
}

/// `node` takes over from `old`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failover {
    pub node: NodeId,
    pub old: NodeId,
    pub mode: Mode,
}

pub(super) static SPEC: Spec = Spec {
    word: "failover",
    shape: Shape {
        node: Need::Must,
        target: Need::May,
        target_address: Need::May,
        bus_port: Need::No,
        tell: Need::No,
        slots: Need::Must,
        modes: &[StepMode::Graceful, StepMode::Force, StepMode::Takeover],
        usual_mode: None,
        until: &[Until::RoleMaster, Until::SlotsOwned],
        guarded: Guarded::Node,
    },
    commands,
    risk,
    says,
};

/// Without the master's consent nobody waits for what it has not handed over.
fn risk(mode: Option<StepMode>, synced: bool) -> Option<Risk> {
    let forced = mode.is_some_and(StepMode::is_forced);
    forced.then_some(if synced { Risk::Writes } else { Risk::Data })
}

fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let how = match step.mode?.of_failover()? {
        Mode::Graceful => None,
        Mode::Force => Some(Key("FORCE")),
        Mode::Takeover => Some(Key("TAKEOVER")),
    };
    let mut failover = graceful(step.address?);
    failover.words.extend(how);
    Some(vec![failover])
}

fn graceful(at: &str) -> Command {
    Command::new(at, [Key("CLUSTER"), Key("FAILOVER")])
}

fn says(step: &Spelled) -> Says {
    let of = match step.slots {
        None | Some("") => String::new(),
        Some(slots) => format!(" of {slots}"),
    };
    Says {
        who: step.node_name(),
        becomes: format!("becomes master{of}, was {}", step.target_name()),
    }
}

impl Act for Failover {
    fn operands(&self, at: &Counted) -> Operands {
        Operands {
            node: Some(self.node),
            target: Some(self.old),
            target_may_be_gone: true,
            slots: Some(at.node(self.old).slots.clone()),
            mode: Some(self.mode.into()),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let (replica, master) = (at.node(self.node), at.node(self.old));
        let refuse = |why: String| Err(Unfit(why));
        if !replica.is_live_member() || replica.master() != Some(self.old) {
            return refuse(format!("{replica} is no live replica of {master}"));
        }
        if master.slots.is_empty() {
            return refuse(format!(
                "{master} owns no slot: there is nothing to take over"
            ));
        }
        match self.mode {
            Mode::Graceful if !master.is_live() => {
                refuse(format!("{master} is down: a graceful failover is refused"))
            }
            Mode::Graceful
                if replica.replication.link == Link::Down || !at.is_synced(self.node) =>
            {
                refuse(format!("{replica} is not in sync with {master}"))
            }
            Mode::Force | Mode::Takeover if master.is_live() => {
                refuse(format!("{master} lives: writes would be lost"))
            }
            Mode::Graceful | Mode::Force if !at.has_majority() => {
                refuse("no majority of masters lives to vote".to_owned())
            }
            Mode::Graceful | Mode::Force | Mode::Takeover => Ok(()),
        }
    }

    /// `node` takes the slots with a higher epoch; `old`, if it lives, and its other replicas
    /// follow it (`clusterUpdateSlotsConfigWith`).
    fn begin(&self, at: &mut Counted) {
        let epoch = at.top_epoch() + 1;
        let mut touched = vec![self.node, self.old];
        let mut siblings = at.followers(self.old).to_vec();
        siblings.retain(|&id| id != self.node);
        touched.extend(&siblings);
        let chained = at.followers(self.node).to_vec();
        at.edit(&touched, |cluster| {
            let old = cluster.node_mut(self.old);
            let slots = std::mem::take(&mut old.slots);
            let offset = old.replication.offset;
            let lives = old.is_live();
            if lives {
                old.role = Role::Replica(Some(self.node));
                old.replication.link = Link::Up;
                old.replication.sync = Sync::Done;
            }
            let leader = cluster.node_mut(self.node);
            leader.role = Role::Master;
            leader.slots = slots;
            leader.config_epoch = epoch;
            leader.replication.link = Link::Up;
            leader.replication.offset = leader.replication.offset.or(offset);
            for &id in &siblings {
                cluster.node_mut(id).role = Role::Replica(Some(self.node));
            }
            // Those of a dead master were waiting with their link down.
            for id in siblings.into_iter().chain(chained).filter(|_| !lives) {
                let follower = cluster.node_mut(id);
                if follower.is_live() && follower.replication.sync == Sync::Done {
                    follower.replication.link = Link::Up;
                }
            }
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        let sync = at.node(self.node).replication.sync;
        let accepted = matches!(sync, Sync::Never | Sync::Running);
        let forced = matches!(self.mode, Mode::Force | Mode::Takeover);
        let takeover = self.mode == Mode::Takeover;
        let voters = || at.iter().filter(|(_, n)| !n.is_live() && !n.slots.is_empty());
        let gone: Vec<NodeId> = if takeover {
            voters().map(|(id, _)| id).filter(|&id| id != self.old).collect()
        } else {
            Vec::new()
        };
        Guard {
            master: Some(at.node(self.old).name.to_string()),
            link: match self.mode {
                Mode::Graceful => Some(GuardLink::Up),
                Mode::Force | Mode::Takeover if accepted => None,
                Mode::Force | Mode::Takeover => Some(GuardLink::Synced),
            },
            copy: forced.then(|| CopyHeld::of(at, self.node, self.old)),
            dead: Party::all(at, &gone, |_, _| true),
            minority: takeover.then(|| !at.has_majority()),
            ..Guard::as_it_is(at, self.node)
        }
    }

    /// Elections take up to `2 * node timeout`, a manual failover up to 5 s
    /// (`CLUSTER_MF_TIMEOUT`), gossip a second or two.
    fn wait(&self, at: &Counted, _: &Draft, _: &Ahead) -> Wait {
        let mut places = vec![self.node];
        let followers = at.followers(self.old).iter().copied();
        places.extend(followers.filter(|&id| id != self.node && at.node(id).is_live()));
        if at.node(self.old).is_live() {
            places.push(self.old);
        }
        Wait {
            until: Until::RoleMaster,
            at: Audience::of(places),
            limit_ms: 30_000 + 4 * at.settings.node_timeout_ms,
        }
    }

    fn undo(&self, at: &Counted) -> Option<Command> {
        match self.mode {
            Mode::Graceful => Some(graceful(&at.node(self.old).to_string())),
            Mode::Force | Mode::Takeover => None,
        }
    }

    fn seconds(&self, step: &Step, settings: &Settings) -> u64 {
        if step.pause {
            2 + 2 * settings.node_timeout_ms / 1000
        } else {
            2
        }
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Promotions, 3)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![
            Milestone::Promoted(self.node),
            Milestone::Handed(self.old),
        ]
    }

    fn needs(&self) -> Vec<Milestone> {
        vec![
            Milestone::Attached(self.node),
            Milestone::Promoted(self.old),
            Milestone::Closed(self.old),
        ]
    }

    /// Concurrent elections race for epochs, so failovers go one at a time; and a vote needs the
    /// voters that a takeover brings back.
    fn room(&self) -> Room {
        Room {
            alone: true,
            holds_up: self.mode == Mode::Takeover,
            ..Room::default()
        }
    }

    /// Who voted in a shard's failover withholds the next vote for twice the node timeout.
    fn rests_after(&self) -> Option<Milestone> {
        Some(Milestone::Promoted(self.old))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    #[test]
    fn a_failover_swaps_the_roles() {
        let mut at = Counted::new(healthy());
        let (old, node) = (id(&at, "m1"), id(&at, "r1"));
        let act = Failover {
            node,
            old,
            mode: Mode::Graceful,
        };
        assert_eq!(act.precondition(&at), Ok(()));
        act.begin(&mut at);
        assert_eq!(at.node(old).master(), Some(node));
        assert_eq!(at.uncovered_slots(), 0);
        assert!(act.precondition(&at).is_err(), "done once is enough");
    }
}
