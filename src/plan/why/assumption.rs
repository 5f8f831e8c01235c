//! What a capture does not show and a plan takes for granted.

use std::fmt;

use crate::model::Domain;
use crate::model::NodeId;
use crate::plan::why::Said;
use crate::plan::why::nodes;
use crate::text::words::count;

/// What a capture does not show and a plan takes for granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Assumption {
    /// The views are files on disk.
    OnDisk,
    OneView,
    /// The operator vouches that these domains are down and stay down.
    Vouched(Vec<Domain>),
    /// So many replicas without INFO are taken for in sync.
    InSync(usize),
    OffsetUnknown(NodeId),
    /// So many nodes without slots are taken for empty.
    Empty(usize),
    /// Every restart ends in a full sync, and so fast.
    FullSyncs {
        mib_per_second: u64,
    },
    /// These idle nodes were taken for shards although others would have done.
    Taken(Vec<NodeId>),
    /// Who becomes a master was chosen before anything else.
    MastersChosen,
    /// Servers may move replicas by themselves meanwhile.
    Migration,
}

impl fmt::Display for Said<'_, Assumption> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Assumption::OnDisk => f.write_str(
                "the views are nodes.conf files, which may be older than the cluster is now: \
                 taken for what is; the script checks every node before it acts on it",
            ),
            Assumption::OneView => f.write_str(
                "one view only: it shows neither un-met nodes nor open slots of other nodes",
            ),
            Assumption::Vouched(domains) => write!(
                f,
                "{} down and will stay down, on the operator's word: if a master there lives, two masters take writes for the same slots",
                match &domains[..] {
                    [one] => format!("{one} is"),
                    all => {
                        let all: Vec<String> = all.iter().map(Domain::to_string).collect();
                        format!("{} are", all.join(", "))
                    }
                }
            ),
            Assumption::InSync(replicas) => write!(
                f,
                "no INFO of {}: taken for in sync; the script checks it before it relies on one",
                count(*replicas, "replica")
            ),
            Assumption::OffsetUnknown(node) => write!(
                f,
                "the replication offset of {} was not captured",
                self.node(*node)
            ),
            Assumption::Taken(taken) => write!(
                f,
                "{} {} chosen as the first copy outside by the fewest masters on the host: what is decided behind that is not proven the least",
                nodes(self.1, taken),
                if taken.len() == 1 { "was" } else { "were" },
            ),
            Assumption::MastersChosen => f.write_str(
                "who becomes a master was chosen by hosts and zones: what is decided behind that is not proven the least",
            ),
            Assumption::FullSyncs { mib_per_second } => write!(
                f,
                "a restart may end in a full sync: counted as one, at {mib_per_second} MiB/s and 10 s for \
                 the process to stop and start"
            ),
            Assumption::Migration => f.write_str(
                "cluster-allow-replica-migration is on: where a master is without a replica for more than \
                 5 s the servers may give it one of another shard, which undoes what is planned; \
                 `CONFIG SET cluster-allow-replica-migration no` on all nodes before, and `yes` after",
            ),
            Assumption::Empty(nodes) => write!(
                f,
                "no keyspace of {}: taken for empty; the script checks it",
                count(*nodes, "slotless node")
            ),
        }
    }
}
