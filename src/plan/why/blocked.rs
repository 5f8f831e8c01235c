//! Why a goal cannot be reached for a shard.

use std::fmt;

use crate::model::NodeId;
use crate::plan::room::NoRoom;
use crate::plan::why::Said;
use crate::plan::why::nodes;
use crate::text::words::bytes;
use crate::text::words::count;

/// Why a shard cannot be given another master. What is easier to mend comes first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Blocked {
    /// The copy that could lead was told `nofailover`.
    ToldNofailover(NodeId),
    /// The copy that could lead is none that works.
    NotInSync(NodeId),
    /// Another copy could not load what it would send.
    TooOld(NodeId),
    /// An idle node could be a copy if its host had the memory; `why` asks for it.
    NoRoom { no_room: NoRoom, why: String },
    /// A handover needs the votes of most masters.
    NoMajority,
    /// No copy is where one could lead, and no idle node either; `why` asks for it.
    NoCopy { copies: Vec<NodeId>, why: String },
    /// No idle node takes the place of this copy.
    NoPartner { copy: NodeId, why: String },
    /// Without the copies that are to go it has fewer than it has and wants.
    Short {
        left: Vec<NodeId>,
        needed: usize,
        why: String,
    },
}

impl fmt::Display for Said<'_, NoRoom> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoRoom { node, needs, has } = *self.0;
        let host = self.1.node(node).host.map(|h| &self.1.host(h).name);
        let host = host.map_or("its host".to_owned(), ToString::to_string);
        write!(
            f,
            "with one more copy the servers on {host} may need {} and it has {}",
            bytes(needs),
            bytes(has)
        )
    }
}

impl fmt::Display for Said<'_, Blocked> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Blocked::ToldNofailover(node) => write!(
                f,
                "the only copy that could lead it, {}, was told `nofailover`",
                self.node(*node)
            ),
            Blocked::NotInSync(node) => write!(
                f,
                "the only copy that could lead it, {}, is not in sync with its master",
                self.node(*node)
            ),
            Blocked::TooOld(node) => write!(
                f,
                "the only copy that could lead it, {}, runs a version that the other copies cannot load",
                self.node(*node)
            ),
            Blocked::NoRoom { no_room, why } => write!(
                f,
                "{} could hold a copy, but {} ({why})",
                self.node(no_room.node),
                Said(no_room, self.1)
            ),
            Blocked::NoMajority => {
                f.write_str("no majority of masters lives to vote for another master")
            }
            Blocked::NoPartner { copy, why } => write!(
                f,
                "no idle node is left there to take the place of {} ({why})",
                self.node(*copy)
            ),
            Blocked::Short { left, needed, why } => {
                match &left[..] {
                    [] => f.write_str("no copy would be left")?,
                    left => write!(f, "only {} would be left", nodes(self.1, left))?,
                }
                write!(
                    f,
                    " of the {} that it has and wants, and no idle node outside can be another ({why})",
                    count(*needed, "usable copy")
                )
            }
            Blocked::NoCopy { copies, why } if copies.is_empty() => {
                write!(
                    f,
                    "it has no replica, and no idle node is left outside ({why})"
                )
            }
            Blocked::NoCopy { copies, why } => write!(
                f,
                "its other live copies ({}) are inside, too, and no idle node is left outside ({why})",
                nodes(self.1, copies)
            ),
        }
    }
}
