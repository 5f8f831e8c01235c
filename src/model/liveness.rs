//! Whether a node lives, and what shows it.

use std::fmt;

use crate::model::millis::Millis;

/// Whether a node lives, by the strongest evidence there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    Live(Life),
    Dead(Death),
    /// It has no address any more: it cannot come back under its id.
    Gone,
}

/// What shows that a node lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// It answered.
    Answers,
    /// It answered, and more than half of the views of others flag it `fail`: cut off from them,
    /// or dead since it answered.
    AnswersOutvoted,
    /// Nobody asked it, and the views of others do not agree that it is gone.
    Listed,
}

/// What shows that a node is dead, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Death {
    /// The operator says so.
    Vouched,
    /// Its host answered, and no process listens there.
    Refused,
    /// Its host does not run it, by the list of its processes.
    NotRunning,
    /// Flagged `fail`: a majority of the voters agreed on it.
    Failed,
    /// Its process is stopped (state `T`): it accepts connections and answers nobody.
    Stopped,
    /// It was asked and gave no answer in time.
    Silent,
    /// Every view that lists it suspects it (`fail?`) or has no link to it, and nobody asked it.
    Suspected,
}

impl Liveness {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// What shows that it is dead; `None` of who lives or is gone.
    pub fn death(self) -> Option<Death> {
        match self {
            Self::Dead(death) => Some(death),
            Self::Live(_) | Self::Gone => None,
        }
    }
}

impl Death {
    /// Nobody who is cut off from the node could think it dead by mistake: who knows it saw its
    /// host.
    pub fn is_proven(self) -> bool {
        match self {
            Self::Vouched | Self::Refused | Self::NotRunning => true,
            Self::Failed | Self::Stopped | Self::Silent | Self::Suspected => false,
        }
    }
}

impl fmt::Display for Death {
    /// What follows `it is dead:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vouched => "the operator says so",
            Self::Refused => "its host refused the connection",
            Self::NotRunning => "its host does not run it",
            Self::Failed => "flagged `fail`",
            Self::Stopped => "its process is stopped",
            Self::Silent => "it gave no answer",
            Self::Suspected => "suspected by every view that lists it",
        })
    }
}

/// How the views of other nodes speak of one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Opinion {
    /// Views that list it.
    pub listed: u32,
    /// Of these, views that flag it `fail` or `fail?`, or show its link as down.
    pub doubted: u32,
    /// Of these, views that flag it `fail`.
    pub failed: u32,
}

impl Opinion {
    /// More than half of the views flag it `fail`.
    pub fn outvotes(self) -> bool {
        2 * self.failed > self.listed
    }

    /// Some view lists it, and every one that does doubts it.
    fn is_unanimous(self) -> bool {
        self.listed > 0 && self.doubted == self.listed
    }
}

/// What became of the attempt to ask a node.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Asked {
    /// Nothing in the capture says that anybody did.
    #[default]
    Never,
    Answered,
    /// A time-out, a reset connection, no route.
    Silent,
    Refused,
}

/// What the process list of a node's host shows, if it is no older than the views.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Process {
    Absent,
    Stopped,
    Runs,
}

/// All that is known about whether a member lives.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Evidence {
    pub asked: Asked,
    pub process: Option<Process>,
    pub opinion: Opinion,
}

impl Evidence {
    /// The strongest of it decides. A client may give up on one command while another is answered,
    /// so an answer beats a failed attempt; a note beats what the views say of links: a stopped
    /// process keeps its own.
    pub fn judge(self) -> Liveness {
        let opinion = self.opinion;
        match (self.asked, self.process) {
            (Asked::Answered, _) if opinion.outvotes() => Liveness::Live(Life::AnswersOutvoted),
            (Asked::Answered, _) => Liveness::Live(Life::Answers),
            (Asked::Refused, _) => Liveness::Dead(Death::Refused),
            (_, Some(Process::Absent)) => Liveness::Dead(Death::NotRunning),
            _ if opinion.outvotes() || (opinion.failed > 0 && opinion.is_unanimous()) => {
                Liveness::Dead(Death::Failed)
            }
            (_, Some(Process::Stopped)) => Liveness::Dead(Death::Stopped),
            (Asked::Silent, _) => Liveness::Dead(Death::Silent),
            (Asked::Never, _) if opinion.is_unanimous() => Liveness::Dead(Death::Suspected),
            (Asked::Never, _) => Liveness::Live(Life::Listed),
        }
    }
}

/// For how long a node has been silent, as the view that waits longest has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SilentFor {
    /// Since the oldest ping that it has not answered; `None` where none is on its way.
    pub ping: Option<Millis>,
    /// Since its newest pong that anybody shows.
    pub pong: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(listed: u32, doubted: u32, failed: u32) -> Opinion {
        Opinion {
            listed,
            doubted,
            failed,
        }
    }

    #[test]
    fn the_strongest_evidence_decides() {
        let judge = |asked, process, opinion| {
            Evidence {
                asked,
                process,
                opinion,
            }
            .judge()
        };
        let (well, all_fail) = (opinion(5, 0, 0), opinion(5, 5, 5));
        for (asked, process, opinion, expected) in [
            (Asked::Never, None, well, Liveness::Live(Life::Listed)),
            (
                Asked::Never,
                None,
                opinion(5, 4, 0),
                Liveness::Live(Life::Listed),
            ),
            (
                Asked::Never,
                None,
                opinion(5, 5, 0),
                Liveness::Dead(Death::Suspected),
            ),
            (
                Asked::Never,
                None,
                opinion(5, 5, 1),
                Liveness::Dead(Death::Failed),
            ),
            (
                Asked::Never,
                None,
                opinion(5, 3, 3),
                Liveness::Dead(Death::Failed),
            ),
            (
                Asked::Never,
                None,
                opinion(5, 3, 2),
                Liveness::Live(Life::Listed),
            ),
            (
                Asked::Never,
                None,
                opinion(0, 0, 0),
                Liveness::Live(Life::Listed),
            ),
            (Asked::Silent, None, well, Liveness::Dead(Death::Silent)),
            (Asked::Silent, None, all_fail, Liveness::Dead(Death::Failed)),
            (Asked::Refused, None, well, Liveness::Dead(Death::Refused)),
            (
                Asked::Refused,
                Some(Process::Runs),
                all_fail,
                Liveness::Dead(Death::Refused),
            ),
            (Asked::Answered, None, well, Liveness::Live(Life::Answers)),
            (
                Asked::Answered,
                Some(Process::Absent),
                all_fail,
                Liveness::Live(Life::AnswersOutvoted),
            ),
            (
                Asked::Silent,
                Some(Process::Absent),
                well,
                Liveness::Dead(Death::NotRunning),
            ),
            (
                Asked::Silent,
                Some(Process::Stopped),
                well,
                Liveness::Dead(Death::Stopped),
            ),
            (
                Asked::Silent,
                Some(Process::Stopped),
                all_fail,
                Liveness::Dead(Death::Failed),
            ),
            (
                Asked::Silent,
                Some(Process::Runs),
                well,
                Liveness::Dead(Death::Silent),
            ),
            (
                Asked::Never,
                Some(Process::Absent),
                well,
                Liveness::Dead(Death::NotRunning),
            ),
        ] {
            assert_eq!(
                judge(asked, process, opinion),
                expected,
                "{asked:?} {process:?} {opinion:?}"
            );
        }
    }

    #[test]
    fn who_is_cut_off_cannot_prove_a_death() {
        let proven = [Death::Vouched, Death::Refused, Death::NotRunning];
        let not = [
            Death::Failed,
            Death::Stopped,
            Death::Silent,
            Death::Suspected,
        ];
        assert!(proven.iter().all(|d| d.is_proven()) && !not.iter().any(|d| d.is_proven()));
    }
}
