//! Why a process cannot be restarted.

use std::fmt;

use crate::model::NodeId;
use crate::model::Version;
use crate::plan::why::Said;
use crate::text::words::count;

/// What is in the way of a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoRestart {
    /// It is no process that runs.
    Down,
    /// Nobody serves what it holds.
    NoMaster,
    NoMajority,
    /// A master without a copy that could lead meanwhile.
    OnlyCopy,
    /// The copy that could lead was told not to.
    Nofailover(NodeId),
    NotInSync(NodeId),
    /// The others could not load what any copy would send once all run what they come back with.
    Versions,
    /// It follows a replica, or is followed as one.
    Chained(NodeId),
    /// So many live copies would be left.
    TooFew {
        kept: usize,
        wanted: usize,
    },
    /// Host by host nothing else is done.
    RepairFirst,
    /// Two copies of the shard are in one host or zone.
    Together {
        both: [NodeId; 2],
        unit: &'static str,
    },
    /// Nobody knows its host or zone.
    NoPlace {
        node: NodeId,
        unit: &'static str,
    },
    /// Its `run_id` was not captured.
    UnknownRun(NodeId),
    UnknownVersion(NodeId),
    /// It runs more than it is to come back with.
    Newer {
        node: NodeId,
        to: Version,
    },
}

impl fmt::Display for Said<'_, NoRestart> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NoRestart::Down => f.write_str(
                "it is down: only a replica in sync is restarted, and nothing is to be stopped there",
            ),
            NoRestart::NoMaster => f.write_str("no live master serves what it may hold"),
            NoRestart::NoMajority => {
                f.write_str("no majority of masters lives to vote for another master")
            }
            NoRestart::OnlyCopy => f.write_str(
                "its master is the only copy in sync: nobody could lead while it is restarted",
            ),
            NoRestart::Nofailover(node) => write!(
                f,
                "who could lead while its master is restarted, {}, was told `nofailover`",
                self.node(*node)
            ),
            NoRestart::NotInSync(node) => write!(
                f,
                "{} is not in sync with its master: one copy goes down at a time",
                self.node(*node)
            ),
            NoRestart::Versions => f.write_str(
                "no copy could lead while its master is restarted: others run what cannot load its data",
            ),
            NoRestart::Chained(node) => write!(
                f,
                "{} is in a chain of replicas: whoever follows a process that goes down is cut off, too",
                self.node(*node)
            ),
            NoRestart::TooFew { kept, wanted } => write!(
                f,
                "{} would be left while one of them is restarted, and {wanted} must stay live",
                count(*kept, "copy"),
            ),
            NoRestart::RepairFirst => f.write_str(
                "shards lack a live master or a copy where it belongs: host by host only a cluster in \
                 order is restarted",
            ),
            NoRestart::Together { both: [a, b], unit } => write!(
                f,
                "{} and {} are in one {unit}: both copies would go down together",
                self.node(*a),
                self.node(*b)
            ),
            NoRestart::NoPlace { node, unit } => {
                write!(f, "the capture does not tell the {unit} of {}", self.node(*node))
            }
            NoRestart::UnknownRun(node) => write!(
                f,
                "the `run_id` of {} was not captured: nobody could tell whether it was restarted",
                self.node(*node)
            ),
            NoRestart::UnknownVersion(node) => {
                write!(f, "the version of {} was not captured", self.node(*node))
            }
            NoRestart::Newer { node, to } => write!(
                f,
                "{} runs a newer version than {to}, and what it saved may not be loaded by that",
                self.node(*node)
            ),
        }
    }
}
